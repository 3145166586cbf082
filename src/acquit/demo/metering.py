"""What one service of the leading customer uses: the data that its vault gives back, told once a week."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from acquit.actions.context import Context
from acquit.actions.import_meters import import_meters
from acquit.actions.receive_usage import receive_usage
from acquit.core.identifiers import AccountId
from acquit.demo.cast import FR, LEAD, VAULT
from acquit.demo.stage import Calendar

SOURCE: Final = "vault"
TOLD_ON: Final = (1, 8, 15, 22)
"""The days of a month on which the machine tells what was used since the last one."""

MONTHLY_MINOR: Final = 700
"""What a month of it costs, at most, on the average of several."""

METERS: Final = b"""
[[meter]]
code = "restored"
unit = "GB"
from = 2000-01-01
description = { fr = "Donn\xc3\xa9es restaur\xc3\xa9es", en = "Restored data" }

[[price]]
meter = "restored"
from = 2000-01-01
included = 50
price = "0.04"
"""


def define_meters(context: Context) -> None:
    """The seller measures restored data, of which some is free."""
    import_meters(context, METERS, by="cli", legal_entity_id=FR)


def weeks(calendar: Calendar, begins_on: date) -> Iterator[tuple[date, date]]:
    """Yield the days from which and before which use is told, on the latter; the last one ends the play."""
    told_on = {calendar.as_of}
    for first in calendar.firsts:
        told_on |= {first.replace(day=day) for day in TOLD_ON}
    yield from pairwise([begins_on, *sorted(each for each in told_on if begins_on < each <= calendar.as_of)])


def tell_use(context: Context, since_on: date, until_on: date, by: str) -> None:
    """The machine sends one event for each of the days. All are accepted."""
    days = (since_on + timedelta(days=count) for count in range((until_on - since_on).days))
    events = [_event(LEAD.account_id, on) for on in days]
    accepted = receive_usage(context, events, source=SOURCE, by=by)
    assert accepted.accepted == len(events), "every event of the play is accepted"


def _event(account_id: AccountId, on: date) -> bytes:
    """Return the event of a day: a few gigabytes, more on the days on which something went wrong."""
    tenths = 20 + on.toordinal() * 37 % 61 + (400 if on.toordinal() % 19 == 0 else 0)
    return json.dumps(
        {
            "id": f"{VAULT}-{on}", "account": account_id, "service": VAULT, "meter": "restored",
            "quantity": f"{tenths // 10}.{tenths % 10}", "at": f"{on}T03:15:00Z",
        }
    ).encode()  # fmt: skip
