"""Revenue by the day: what was billed for days to come is none yet, what is earned and not billed is some.

A line is earned day by day over the days that it covers. What has not been earned at the end of a month
waits on a ledger account of its own; later months release it. Rounded once per line and day, so that what
is released in the end is exactly what was deferred.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from acquit.core.identifiers import AccountId
from acquit.core.money import Currency, amount_minor, rounded


@dataclass(frozen=True, slots=True)
class Spread:
    """What an account has to book at the end of a month: `fresh` is deferred, `released` earned since."""

    account_id: AccountId
    currency: Currency
    fresh_minor: int
    released_minor: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to book."""
        return not (self.fresh_minor or self.released_minor)


@dataclass(frozen=True, slots=True)
class Unbilled:
    """A charge that no bill had at the end of a month; `period_end` is the last day that it covers."""

    account_id: AccountId
    currency: Currency
    quantity_e4: int
    unit_price_ucents: int
    period_start: date
    period_end: date


def earned_minor(net_minor: int, start: date, end: date, on: date) -> int:
    """Return what of a line for `start` to `end` (both covered) is earned when the day `on` is over.

    Nothing before its first day, all of it from its last; between, in proportion to the days, rounded once,
    halves away from zero. Source: Code de commerce L123-21.
    """
    days = (end - start).days + 1
    gone = min(max((on - start).days + 1, 0), days)
    return rounded(net_minor * gone, days)


def deferred_minor(net_minor: int, start: date, end: date, on: date) -> int:
    """Return what of the line waits when the day `on` is over; earned and deferred add up to the line."""
    return net_minor - earned_minor(net_minor, start, end, on)


def sum_accrued_minor(unbilled: Iterable[Unbilled], on: date) -> dict[tuple[AccountId, Currency], int]:
    """Return per account and currency what of its charges is earned when the day `on` is over.

    A charge whose last day lies before its first is of its first day.
    """
    found: dict[tuple[AccountId, Currency], int] = {}
    for each in unbilled:
        net_minor = amount_minor(each.quantity_e4, each.unit_price_ucents, each.currency)
        key = (each.account_id, each.currency)
        end = max(each.period_start, each.period_end)
        earned = earned_minor(net_minor, each.period_start, end, on)
        found[key] = found.get(key, 0) + earned
    return {key: minor for key, minor in found.items() if minor}


def sum_deferred_minor(spreads: Iterable[Spread]) -> int:
    """Return by how much the deferred balance grows (shrinks, when negative)."""
    return sum(each.fresh_minor - each.released_minor for each in spreads)
