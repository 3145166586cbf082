"""Savings plans: so many units of use a day, committed for a period at a lower price, used or not.

A plan runs from its first day through periods of so many months. What was said last before a period ends
decides whether another one begins; where its service is gone by then, none does. A plan that has not begun
may be cancelled; one that runs may grow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from acquit.core.errors import Invalid, NotFound
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.money import Currency
from acquit.core.service import months_after
from acquit.core.terms import end_of_month

SIZE_MAX: Final = 1_000_000
NAME_MAX: Final = 255
AHEAD_MAX: Final = timedelta(days=366)
"""How far ahead a plan may begin."""


class NoSuchSavingsPlan(NotFound):
    """The service has no such savings plan."""

    code = "no-such-savings-plan"


class NoSuchOffer(NotFound):
    """The seller offers no such savings plan."""

    code = "no-such-savings-offer"


class OfferNotForService(Invalid):
    """The offer is not open today, or the service has no use that it would cover."""

    code = "savings-offer-not-for-service"


class BadSize(Invalid):
    """The size is no number of units that can be committed."""

    code = "bad-savings-size"


class SizeStays(Invalid):
    """The plan has that size already."""

    code = "savings-size-stays"


class SizeShrinks(Invalid):
    """What was committed is not taken back: a plan grows."""

    code = "savings-size-shrinks"


class StartsInThePast(Invalid):
    """The first day is over."""

    code = "savings-start-past"


class StartsTooLate(Invalid):
    """The first day lies too far ahead."""

    code = "savings-start-too-late"


class BadPlanName(Invalid):
    """A plan's name has 1 to 255 printable characters."""

    code = "bad-savings-name"


class SavingsPlanEnded(Invalid):
    """The plan has ended: nothing about it changes any more."""

    code = "savings-plan-ended"


class SavingsPlanRuns(Invalid):
    """The plan has begun: it ends with its period."""

    code = "savings-plan-runs"


class PeriodEnd(StrEnum):
    """What follows the running period."""

    ANOTHER = "another"
    ENDS = "ends"


class PlanStatus(StrEnum):
    """Where a plan is on a day."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SavingsOffer:
    """A plan as it is sold: `per_day_e4` units of a meter a day for each unit of size, at a price each."""

    offer: str
    meter: str
    flavor: str
    product: str
    months: int
    per_day_e4: int
    price_ucents: int
    currency: Currency
    deployment: str
    from_on: date
    until_on: date | None = None

    def is_open(self, on: date) -> bool:
        """Whether it is sold on a day."""
        return self.from_on <= on and (self.until_on is None or on <= self.until_on)


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What was said about a plan from a day on; None says nothing."""

    from_on: date
    name: str | None = None
    size: int | None = None
    period_end: PeriodEnd | None = None
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class SavingsPlan:
    """A plan that an account holds for a service; `changes` are in order, the first tells name and size."""

    account_id: AccountId
    plan_id: str
    service_id: ServiceId
    offer: SavingsOffer
    starts_on: date
    changes: tuple[PlanChange, ...]
    gone_on: date | None = None

    @property
    def name(self) -> str:
        """What its account calls it."""
        return [each.name for each in self.changes if each.name is not None][-1]

    @property
    def cancelled_on(self) -> date | None:
        """The day on which it was cancelled before it began."""
        return next((each.from_on for each in self.changes if each.is_cancelled), None)

    @property
    def period_end(self) -> PeriodEnd:
        """What follows the running period, as was said last."""
        return self._period_end(date.max)

    def size(self, on: date) -> int:
        """Return how many units are committed on a day; before the first, what will be."""
        sizes = [(each.from_on, each.size) for each in self.changes if each.size is not None]
        told = [size for from_on, size in sizes if from_on <= max(on, self.starts_on)]
        return told[-1]

    def status(self, on: date) -> PlanStatus:
        """Where the plan is on a day."""
        if self.cancelled_on is not None or self.ends_by(on):
            return PlanStatus.ENDED
        return PlanStatus.PENDING if on < self.starts_on else PlanStatus.ACTIVE

    def ends_by(self, on: date) -> bool:
        """Whether its last period ended on or before a day."""
        return on >= self.starts_on and not any(first <= on < after for first, after in self.periods(on))

    def periods(self, until_on: date) -> Iterator[tuple[date, date]]:
        """Yield first day and first day after of each period that begins by a day, the first in any case."""
        number, first = 0, self.starts_on
        while self.cancelled_on is None and (number == 0 or first <= until_on):
            number += 1
            after = months_after(self.starts_on, number * self.offer.months, self.starts_on.day)
            yield first, after
            if self._period_end(after) is PeriodEnd.ENDS or self._is_gone(after):
                return
            first = after

    def committed_e4(self, period: date) -> int:
        """Return how much of its meter is committed in a month, day by day."""
        last = end_of_month(period)
        days = [
            on
            for first, after in self.periods(last)
            for on in _days(max(first, period), min(after, last + timedelta(days=1)))
        ]
        return sum(self.size(on) * self.offer.per_day_e4 for on in days)

    def _period_end(self, before_on: date) -> PeriodEnd:
        said = [each.period_end for each in self.changes if each.from_on < before_on and each.period_end]
        return said[-1] if said else PeriodEnd.ENDS

    def _is_gone(self, on: date) -> bool:
        return self.gone_on is not None and self.gone_on <= on


def refuse_bad_plan(size: int, name: str, starts_on: date, today: date) -> None:
    """Pass for a size, a name and a first day that can be. Raises BadSize, BadPlanName, StartsInThePast,
    StartsTooLate.
    """
    if not 1 <= size <= SIZE_MAX:
        raise BadSize(f"A size is 1 to {SIZE_MAX}, not {size}.", parameter="size")
    refuse_bad_name(name)
    if starts_on < today:
        raise StartsInThePast(f"A plan begins on {today} or later, not on {starts_on}.")
    if starts_on > today + AHEAD_MAX:
        raise StartsTooLate(f"A plan begins within a year, on {today + AHEAD_MAX} at the latest.")


def refuse_bad_name(name: str) -> None:
    """Pass for a name of 1 to 255 printable characters. Raises BadPlanName."""
    if not (1 <= len(name) <= NAME_MAX and name.isprintable()):
        raise BadPlanName(f"A plan's name has 1 to {NAME_MAX} printable characters.")


def refuse_ended_plan(plan: SavingsPlan, on: date) -> None:
    """Pass for a plan that waits or runs. Raises SavingsPlanEnded."""
    if plan.status(on) is PlanStatus.ENDED:
        raise SavingsPlanEnded(f"The savings plan {plan.name} has ended: subscribe another one.")


def refuse_other_size(plan: SavingsPlan, size: int, on: date) -> None:
    """Pass when the plan may have that size from a day on. Raises BadSize, SizeStays, SizeShrinks."""
    if not 1 <= size <= SIZE_MAX:
        raise BadSize(f"A size is 1 to {SIZE_MAX}, not {size}.", parameter="size")
    now = plan.size(on)
    if size == now:
        raise SizeStays(f"The savings plan {plan.name} has the size {size}.", parameter="size")
    if size < now:
        raise SizeShrinks(
            f"The savings plan {plan.name} is committed to {now}: it grows, and ends with its period.",
            parameter="size",
        )


def committed(plans: Sequence[SavingsPlan], period: date) -> dict[tuple[str, int], int]:
    """Return what plans of one service and meter commit in a month, by offer and price."""
    found: dict[tuple[str, int], int] = {}
    for plan in plans:
        quantity_e4 = plan.committed_e4(period)
        if quantity_e4:
            key = (plan.offer.offer, plan.offer.price_ucents)
            found[key] = found.get(key, 0) + quantity_e4
    return dict(sorted(found.items()))


def _days(first: date, after: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range(max(0, (after - first).days)))
