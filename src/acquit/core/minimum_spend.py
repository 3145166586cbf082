"""Minimum spend: an account, or a payer with all that it pays for, agreed to be billed at least so much.

It is counted per month, quarter or year from its first day. What counts is the net amount of
everything whose period starts in the interval, after discounts, on whichever bill. When the interval is over,
what is missing becomes one line, an adjustment of the account that agreed: it is billed once and stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from acquit.core.charge import Charge, ChargeKind
from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, MinimumSpendId, ServiceId
from acquit.core.money import E4_PER_ONE, Currency, ucents_per_minor
from acquit.core.service import months_after

_DAY: Final = timedelta(days=1)
LOOKED_BACK_DAYS: Final = 366
"""An interval that was over longer ago is settled, one way or the other."""


class NoSuchMinimumSpend(NotFound):
    """The account has no such minimum spend."""

    code = "no-such-minimum-spend"


class BadMinimumSpend(Invalid):
    """A minimum spend is more than nothing, for a time that is not empty."""

    code = "bad-minimum-spend"


class MinimumSpendEnded(Conflict):
    """The minimum spend ends on that day already, or before."""

    code = "minimum-spend-ended"


class Interval(StrEnum):
    """How long spending is counted before what is missing is billed."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many months the interval has."""
        return {"month": 1, "quarter": 3, "year": 12}[self.value]


class Whose(StrEnum):
    """Whose charges count: the account's, or those of all that it pays for."""

    ACCOUNT = "account"
    PAYER = "payer"


@dataclass(frozen=True, slots=True)
class MinimumSpend:
    """At least so much net per interval; `end_on` is the first day without it."""

    account_id: AccountId
    minimum_spend_id: MinimumSpendId
    name: str
    amount_minor: int
    currency: Currency
    interval: Interval
    whose: Whose
    from_on: date
    end_on: date | None = None

    @property
    def part(self) -> str:
        """The part of the line that bills what is missing."""
        return f"minimum:{self.minimum_spend_id}"


@dataclass(frozen=True, slots=True)
class Counted:
    """What counts towards a minimum: the first day of a period, and its net amount."""

    starts_on: date
    net_minor: int


def refuse_minimum_spend(minimum: MinimumSpend) -> None:
    """Pass when the minimum can be agreed. Raises BadMinimumSpend."""
    if minimum.amount_minor <= 0:
        raise BadMinimumSpend("A minimum spend is more than 0.")
    if minimum.end_on is not None and minimum.end_on <= minimum.from_on:
        raise BadMinimumSpend(f"A minimum from {minimum.from_on} cannot end on {minimum.end_on}.")
    if not minimum.name.strip():
        raise BadMinimumSpend("A minimum spend needs a name: it is printed on the bill.")


def refuse_end(minimum: MinimumSpend, end_on: date) -> None:
    """Pass when it may end on that day, its first day without it. Raises MinimumSpendEnded."""
    if minimum.end_on is not None and minimum.end_on <= end_on:
        raise MinimumSpendEnded(f"Minimum spend {minimum.minimum_spend_id} ends on {minimum.end_on} already.")


def intervals(minimum: MinimumSpend, until_on: date) -> list[tuple[date, date]]:
    """Return first and last day of each interval that is over by that day, since a year.

    An interval that its end cuts short is not counted.
    """
    found: list[tuple[date, date]] = []
    since_on = until_on - timedelta(days=LOOKED_BACK_DAYS)
    start = minimum.from_on
    while True:
        after = months_after(start, minimum.interval.months, minimum.from_on.day)
        cut_short = minimum.end_on is not None and after > minimum.end_on
        if after - _DAY > until_on or cut_short:
            return found
        if after > since_on:
            found.append((start, after - _DAY))
        start = after


def true_ups(
    minimum: MinimumSpend, counted: Iterable[Counted], billed_starts: frozenset[date], until_on: date
) -> list[Charge]:
    """Return what is missing of each interval that is over and was not settled before."""
    known = list(counted)
    charges = []
    for start, end in intervals(minimum, until_on):
        spent = sum([each.net_minor for each in known if start <= each.starts_on <= end])
        missing = minimum.amount_minor - spent
        if missing > 0 and start not in billed_starts:
            charges.append(_line(minimum, start, end, missing))
    return charges


def _line(minimum: MinimumSpend, start: date, end: date, missing_minor: int) -> Charge:
    return Charge(
        ServiceId(0),
        ChargeKind.ADJUSTMENT.value,
        start,
        end,
        minimum.name,
        "",
        E4_PER_ONE,
        missing_minor * ucents_per_minor(minimum.currency),
        minimum.currency,
        part=minimum.part,
    )
