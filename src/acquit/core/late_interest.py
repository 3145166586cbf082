"""Late interest and recovery fees: what a payer owes for paying late, by law or by contract.

Interest runs from the day after the due date, without a reminder, on what is open at the beginning of each
day; neither it nor the fee bears VAT. It is rounded once per rate that applied, half away from zero, over a
year of 365 days.

Source: Code de commerce L441-10, II (European Central Bank's refinancing rate of 1 January or 1 July, plus 10
points; a contract may not go below three times the legal rate) and D441-5 (40 EUR per bill).
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from acquit.core.errors import Conflict, Invalid
from acquit.core.money import rounded

YEAR_DAYS: Final = 365
BP: Final = 10_000
HALF_YEAR_DAYS: Final = 184
_DAY: Final = timedelta(days=1)


class NoLateRate(Conflict):
    """The table has no rate for the days that are late."""

    code = "no-late-rate"


class BadLateRate(Invalid):
    """A rate is of 0 to 100 % and begins on 1 January or 1 July."""

    code = "bad-late-rate"


@dataclass(frozen=True, slots=True)
class LateRate:
    """The rate in law from a day on; `floor_bp` is what a contract may not go below, where it is known."""

    from_on: date
    rate_bp: int
    floor_bp: int | None = None


LATE_RATES: Final[dict[str, tuple[LateRate, ...]]] = {
    "FR": (
        LateRate(date(2023, 1, 1), 1250, 618),
        LateRate(date(2023, 7, 1), 1400, 1266),
        LateRate(date(2024, 1, 1), 1450, 1521),
        LateRate(date(2024, 7, 1), 1425, 1476),
        LateRate(date(2025, 1, 1), 1315, 1113),
        LateRate(date(2025, 7, 1), 1215, 828),
        LateRate(date(2026, 1, 1), 1215, 786),
    )
}
"""What a new seller begins with; a half-year that is not here is warned of where it is used.

Source: ECB main refinancing rate of the first day (2.50, 4.00, 4.50, 4.25, 3.15, 2.15, 2.15 %) plus 10
points; the legal rate between professionals (2.06, 4.22, 5.07, 4.92, 3.71, 2.76, 2.62 %), as decreed each
half-year, three times. Where each was read: docs/compliance.md.
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """So much was open at the beginning of every day from `from_on` to `to_on`, both counted."""

    from_on: date
    to_on: date
    open_minor: int


@dataclass(frozen=True, slots=True)
class Interest:
    """Interest of one rate: the days from `from_on` to `to_on`, and what they come to."""

    from_on: date
    to_on: date
    rate_bp: int
    amount_minor: int


def rate_of(rates: Sequence[LateRate], on: date, agreed_bp: int | None = None) -> int:
    """Return the yearly rate of a day in 1/10,000: the agreed one, but not below its floor, else the law's.

    `rates` begin with the oldest; the last one goes on. Raises NoLateRate before the first.
    """
    place = bisect_right(rates, on, key=lambda each: each.from_on)
    if agreed_bp is not None:
        floor_bp = rates[place - 1].floor_bp if place else None
        return max(agreed_bp, floor_bp or 0)
    if not place:
        raise NoLateRate(
            f"No rate of late interest is known for {on}: add that of its half-year with "
            "`acquit dunning rate add`."
        )
    return rates[place - 1].rate_bp


def is_stale(rates: Sequence[LateRate], on: date) -> bool:
    """Whether the newest rate is older than the half-year that the day is in."""
    begun = date(on.year, 1 if on.month < 7 else 7, 1)
    return not rates or rates[-1].from_on < begun


def refuse_rate(rate: LateRate) -> None:
    """Pass when such a rate may stand in the table. Raises BadLateRate."""
    if not 0 <= rate.rate_bp <= BP or (rate.from_on.month, rate.from_on.day) not in ((1, 1), (7, 1)):
        raise BadLateRate(
            "A rate of late interest is 0 to 100 % and holds from 1 January or 1 July "
            f"(Code de commerce, L441-10), not {rate.rate_bp} hundredths of a percent from {rate.from_on}."
        )


def standings(
    due_on: date, amount_minor: int, changes: Iterable[tuple[date, int]], from_on: date, to_on: date
) -> list[Standing]:
    """Return what was open on the late days between two dates, as stretches of one amount.

    `changes` are the effects of operations by their day: what happens on a day counts from the next one.
    """
    effects: dict[date, int] = {}
    for on, effect_minor in changes:
        effects[on] = effects.get(on, 0) + effect_minor
    start = max(from_on, due_on + _DAY)
    marks = sorted({start, *(on + _DAY for on in effects if start < on + _DAY <= to_on)})
    found = []
    for mark, following in zip(marks, [*marks[1:], to_on + _DAY], strict=True):
        open_minor = amount_minor + sum(minor for on, minor in effects.items() if on < mark)
        if open_minor > 0 and mark <= to_on:
            found.append(Standing(mark, following - _DAY, open_minor))
    return found


def interest(
    stretches: Iterable[Standing], rates: Sequence[LateRate], agreed_bp: int | None = None
) -> list[Interest]:
    """Return the interest per rate, oldest first; stretches of one rate that adjoin are one amount."""
    weighed: list[tuple[date, date, int, int]] = []
    for stretch in stretches:
        for from_on, to_on in _by_rate(stretch, rates):
            rate_bp = rate_of(rates, from_on, agreed_bp)
            weight = stretch.open_minor * ((to_on - from_on).days + 1)
            last = weighed[-1] if weighed else None
            if last is not None and last[2] == rate_bp and last[1] + _DAY == from_on:
                weighed[-1] = (last[0], to_on, rate_bp, last[3] + weight)
            else:
                weighed.append((from_on, to_on, rate_bp, weight))
    return [
        Interest(from_on, to_on, rate_bp, rounded(weight * rate_bp, YEAR_DAYS * BP))
        for from_on, to_on, rate_bp, weight in weighed
    ]


def _by_rate(stretch: Standing, rates: Sequence[LateRate]) -> list[tuple[date, date]]:
    """Cut a stretch where another rate begins."""
    cuts = [each.from_on for each in rates if stretch.from_on < each.from_on <= stretch.to_on]
    starts = [stretch.from_on, *cuts]
    ends = [*(cut - _DAY for cut in cuts), stretch.to_on]
    return list(zip(starts, ends, strict=True))
