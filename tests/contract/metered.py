"""Use of a service of the world: a month that was rated, and some of today."""

import json
from dataclasses import replace
from datetime import date

from acquit.actions.context import Context
from acquit.actions.import_meters import import_meters
from acquit.actions.rate_usage import rate_usage
from acquit.actions.receive_usage import receive_usage
from acquit.adapters.clock import FixedClock
from acquit.core.bill_run import period
from acquit.core.usage import Fate

from .world import FR, SHOP

METERS = b"""
[[meter]]
code = "traffic"
unit = "GB"
from = 2026-01-01
description = { fr = "Trafic sortant", en = "Outgoing traffic" }
[[price]]
meter = "traffic"
from = 2026-01-01
included = 10
price = "0.10"
[[savings]]
offer = "traffic-1m"
meter = "traffic"
flavor = "out"
product = "network"
months = 1
per_day = 2
price = "0.06"
from = 2026-01-01
"""


def use_some(context: Context) -> int:
    """The shop's server used 60.5 GB in October, which is rated, and some today; return its number."""
    import_meters(context, METERS, by="cli", legal_entity_id=FR)
    name = "ns-ab20002.example.net"
    today = date.today()  # noqa: DTZ011 - the server's business date is the machine's
    sent = [("october", "60.5", date(2026, 10, 10)), ("today", "11.25", today)]
    lines = [
        json.dumps(
            {"id": each, "account": SHOP, "service": name, "meter": "traffic", "quantity": quantity,
             "at": f"{on}T00:00:00Z"}
        ).encode()
        for each, quantity, on in sent
    ]  # fmt: skip
    old = replace(context, clock=FixedClock(date(2026, 11, 23)))
    told = [
        receive_usage(old, lines[:1], source="test", by="cli"),
        receive_usage(replace(context, clock=FixedClock(today)), lines[1:], source="test", by="cli"),
    ]
    assert [each.told[0].fate for each in told] == [Fate.ACCEPTED, Fate.ACCEPTED]
    rate_usage(old, FR, period("2026-10"), by="cli")
    with context.database.read() as tx:
        row = tx.one("SELECT min(service_id) AS service_id FROM service WHERE account_id = %(id)s", id=SHOP)
    return int(row.service_id)
