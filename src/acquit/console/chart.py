"""Charts that the server draws: stacked bars of months, with the figures of the table behind them.

Everything is counted in whole units of a drawing of 1,200 by 1,000, which the page stretches to its width.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.core.money import Currency
from acquit.store.month_totals import MonthTotal

WIDTH: Final = 1_200
HEIGHT: Final = 1_000
GAP: Final = 24
SERIES_MAX: Final = 5
MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a column: `series` is its colour, `month` and `amount_minor` what it says."""

    x: int
    y: int
    width: int
    height: int
    series: int
    month: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Twelve columns in one currency; `rows` are the table: a month, its cells by series, their sum.

    An empty name in `names` stands for all the accounts beyond the largest five.
    """

    currency: Currency
    names: tuple[str, ...]
    months: tuple[date, ...]
    bars: tuple[Bar, ...]
    top_minor: int
    rows: tuple[tuple[date, tuple[int, ...], int], ...]

    @property
    def sums_minor(self) -> tuple[int, ...]:
        """The sum of each series over all months."""
        return tuple(sum(cells[at] for _, cells, _ in self.rows) for at in range(len(self.names)))


def twelve_months(until: date) -> tuple[date, ...]:
    """Return the first days of the month of that day and of the eleven before, oldest first."""
    number = until.year * 12 + until.month - 1
    return tuple(date(each // 12, each % 12 + 1, 1) for each in range(number - MONTHS + 1, number + 1))


def month_charts(totals: Sequence[MonthTotal], until: date) -> list[Chart]:
    """Return a chart for each currency that anything was billed in, the largest sum first."""
    by_currency: dict[Currency, list[MonthTotal]] = defaultdict(list)
    for each in totals:
        by_currency[each.currency].append(each)
    charts = [_chart(currency, found, twelve_months(until)) for currency, found in by_currency.items()]
    return sorted(charts, key=lambda chart: -sum(chart.sums_minor))


def _chart(currency: Currency, totals: Sequence[MonthTotal], months: tuple[date, ...]) -> Chart:
    series_of, names = _series(totals)
    cells: dict[date, list[int]] = {month: [0] * len(names) for month in months}
    for each in totals:
        if each.month in cells:
            cells[each.month][series_of[each.owner_id]] += each.total_minor
    rows = tuple((month, tuple(row), sum(row)) for month, row in cells.items())
    top = _round_up(max((sum(max(cell, 0) for cell in row) for _, row, _ in rows), default=0))
    return Chart(currency, names, months, tuple(_bars(rows, top)), top, rows)


def _series(totals: Sequence[MonthTotal]) -> tuple[Mapping[str, int], tuple[str, ...]]:
    """Return the series of each account and the names of the series, the largest first, then the rest."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for each in totals:
        sums[each.owner_id, each.owner_name] += each.total_minor
    ranked = sorted(sums, key=lambda owner: (-sums[owner], owner))
    own, rest = ranked[:SERIES_MAX], ranked[SERIES_MAX:]
    series_of = {owner: at for at, (owner, _) in enumerate(own)} | {owner: len(own) for owner, _ in rest}
    return series_of, (*(name for _, name in own), *(("",) if rest else ()))


def _bars(rows: Sequence[tuple[date, tuple[int, ...], int]], top_minor: int) -> list[Bar]:
    """Return the pieces from the bottom up; what is not more than nothing is in the table alone."""
    step, bars = WIDTH // MONTHS, []
    for column, (month, cells, _) in enumerate(rows):
        reached = 0
        for series, amount in enumerate(cells):
            height = amount * HEIGHT // top_minor if amount > 0 else 0
            if height:
                reached += height
                bars.append(
                    Bar(column * step + GAP, HEIGHT - reached, step - 2 * GAP, height, series, month, amount)
                )
    return bars


def _round_up(minor: int) -> int:
    """Return the next of 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150 … that is at least the amount."""
    power = 1
    while 80 * power < minor:
        power *= 10
    return next(digits * power for digits in (10, 15, 20, 25, 30, 40, 50, 60, 80) if digits * power >= minor)
