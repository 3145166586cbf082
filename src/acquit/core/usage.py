"""Usage: events that tell what a service used, checked one by one before they are kept.

An event bears its sender's id: it counts once. The instant is UTC; the legal entity's day of it decides the
period. An interval counts on the day on which it begins. Checks in order: id, account, service, meter,
quantity, instant, the service's own days, price.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from acquit.core.errors import Conflict
from acquit.core.identifiers import AccountId, LegalEntityId, ServiceId
from acquit.core.meter import QUANTITY_MAX_E4
from acquit.core.money import E4_PER_ONE, Currency
from acquit.core.problem import Problem

EVENT_ID: Final = re.compile(r"[!-~]{1,128}")
SOURCE: Final = re.compile(r"[A-Za-z0-9._:@/-]{1,64}")
_SCALES: Final = (10_000, 1_000, 100, 10, 1)
_QUANTITY: Final = re.compile(r"(-?)([0-9]{1,24})(?:\.([0-9]{1,24}))?")


class UsageDiffers(Conflict):
    """The control totals of usage do not add up: nothing is billed before somebody has looked."""

    code = "usage-differs"


class Fate(StrEnum):
    """What became of an event that was sent."""

    ACCEPTED = "accepted"
    AGAIN = "again"
    REJECTED = "rejected"


class Sent(NamedTuple):
    """An event as its sender wrote it; `properties` are canonical JSON."""

    source: str
    event_id: str
    account: str
    service: str
    meter: str
    quantity: str
    at: str
    until: str = ""
    properties: str = ""
    corrects: str = ""


@dataclass(frozen=True, slots=True)
class Using:
    """What is asked of a service before its use is accepted."""

    service_id: ServiceId
    resource_name: str
    plan_code: str
    started_on: date
    terminated_on: date | None
    is_option: bool = False


@dataclass(frozen=True, slots=True)
class Consumer:
    """An account whose services are used, with its services by number and by name."""

    account_id: AccountId
    legal_entity_id: LegalEntityId
    currency: Currency
    by_number: Mapping[str, Using]
    by_name: Mapping[str, Sequence[Using]]


@dataclass(frozen=True, slots=True)
class Limits:
    """The days of which a legal entity takes usage."""

    today: date
    past_days: int
    future_days: int


@dataclass(frozen=True, slots=True)
class Event:
    """An event that passed every check; `corrects_no` is the number of the one that it corrects."""

    source: str
    event_id: str
    account_id: AccountId
    service_id: ServiceId
    meter: str
    quantity_e4: int
    used_on: date
    used_at: datetime
    until_at: datetime | None
    properties: str
    corrects_no: int | None = None

    @property
    def period(self) -> date:
        """The first day of the month that it counts for."""
        return self.used_on.replace(day=1)


def quantity_e4(text: str) -> int | Problem:
    """Return a quantity of at most four decimals, or what is wrong with it."""
    whole, dot, part = text.partition(".")
    is_plain = whole.isdigit() and (part.isdigit() or not dot) and text.isascii()
    if is_plain and len(whole) <= 10 and len(part) <= 4:
        return int(whole + part) * _SCALES[len(part)]
    return _odd_quantity_e4(text)


def _odd_quantity_e4(text: str) -> int | Problem:
    """Return what is written otherwise than in few digits, or what is wrong with it."""
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return Problem(
            "bad-quantity", f"{text[:40]!r} is no quantity: write digits and a dot, as in 12.5.", "quantity"
        )
    sign, whole, part = found[1], found[2], (found[3] or "").rstrip("0")
    if len(part) > 4:
        return Problem(
            "too-many-decimals", f"The quantity {text[:40]} has more than four decimals.", "quantity"
        )
    count_e4 = int(whole) * E4_PER_ONE + int(part.ljust(4, "0"))
    if sign and count_e4:
        return Problem(
            "negative-quantity",
            f"The quantity {text[:40]} is negative: correct the event instead.",
            "quantity",
        )
    if count_e4 > QUANTITY_MAX_E4:
        most = QUANTITY_MAX_E4 // E4_PER_ONE
        return Problem("quantity-too-large", f"The quantity {text[:40]} is more than {most}.", "quantity")
    return count_e4


def instant(text: str, where: str) -> datetime | Problem:
    """Return an instant in UTC, or what is wrong: it needs a date, a time and Z or an offset."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is UTC:
            return at
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return Problem(
        "bad-instant", f"{text[:40]!r} is no instant with its offset, as in 2026-11-23T08:30:00Z.", where
    )


def id_problem(sent: Sent) -> Problem | None:
    """Return what is wrong with the sender's names."""
    if not EVENT_ID.fullmatch(sent.event_id):
        return Problem("bad-event-id", "An id has 1 to 128 printable ASCII characters without spaces.", "id")
    if not SOURCE.fullmatch(sent.source):
        return Problem("bad-source", "A source has 1 to 64 letters, digits and . _ : @ / -", "source")
    return None


def day_problem(used_on: date, limits: Limits) -> Problem | None:
    """Return whether the day is one of which usage is not taken."""
    ahead = used_on.toordinal() - limits.today.toordinal()
    if ahead > limits.future_days:
        return Problem("from-the-future", f"{used_on} is after today, {limits.today}.", "at")
    if -ahead > limits.past_days:
        return Problem("too-old", f"{used_on} is more than {limits.past_days} days ago.", "at")
    return None


def using(consumer: Consumer, service: str, used_on: date) -> Using | Problem:
    """Return the service of that number or name which was there on the day (itself before an option)."""
    by_number = consumer.by_number.get(service)
    named = (by_number,) if by_number is not None else consumer.by_name.get(service, ())
    if not named:
        text = f"Account {consumer.account_id} has no service {service[:80]}."
        return Problem("no-such-service", text, "service")
    for each in named:
        if each.started_on <= used_on and (each.terminated_on is None or used_on < each.terminated_on):
            return each
    last = named[0]
    if used_on < last.started_on:
        return Problem("service-not-begun", f"{service[:80]} begins on {last.started_on}.", "service")
    return Problem("service-ended", f"{service[:80]} ended on {last.terminated_on}.", "service")
