"""An answer: named columns and rows. What a column holds is told by its name, so that every form shows it
alike.

`…_minor` is money in the row's `currency`, `…_on` a day, `month_on` a month, `…_count` a number, `…_days`
days; a
name of WORDS holds a word of ours that each language says in its own way. All else is text of the provider.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any, Final

from acquit.collector.cost_centres import Rules

Row = tuple[Any, ...]

WORDS: Final = frozenset({"falls", "bucket", "source", "reason", "why", "state", "figure", "amount_source"})
ROWS_MAX: Final = 1_000_000
LONG: Final = frozenset(
    {
        "due-orders", "ageing-accounts", "change-accounts", "change-services", "accounts", "services",
        "without-order", "changed", "debts-without-bill", "completeness",
    }
)  # fmt: skip
"""Answers that may have very many rows; `top` limits these alone."""


class Kind(Enum):
    """How a value is to be read."""

    TEXT = "text"
    WORD = "word"
    DAY = "day"
    MONTH = "month"
    MONEY = "money"
    COUNT = "count"


def kind_of(column: str) -> Kind:
    """Return what the column holds, by its name."""
    if column in WORDS:
        return Kind.WORD
    if column == "month_on":
        return Kind.MONTH
    ending = column.rpartition("_")[2]
    return {"minor": Kind.MONEY, "on": Kind.DAY, "count": Kind.COUNT, "days": Kind.COUNT}.get(
        ending, Kind.TEXT
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows under named columns; `totals` has a row for each currency, of all rows, also those left out."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Row] = ()
    totals: Sequence[Row] = ()
    left_out: int = 0

    def value(self, row: Row, column: str) -> Any:
        """Return the row's value in the column."""
        return row[self.columns.index(column)]

    def currency(self, row: Row) -> str:
        """Return the currency of the row's amounts; empty when none is known."""
        return str(self.value(row, "currency") or "") if "currency" in self.columns else ""

    def records(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Return the rows as named values."""
        return [dict(zip(self.columns, row, strict=True)) for row in rows]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: bills from `since` to `until`, of these accounts (none: all), looked at on `as_of`.

    `month_on` is the month that is compared with the one before it; `top` limits long lists, 0 does not.
    """

    as_of: date
    rules: Rules = field(default_factory=Rules)
    since: date | None = None
    until: date | None = None
    accounts: tuple[str, ...] = ()
    month: date | None = None
    top: int = 0

    @property
    def until_on(self) -> date:
        """The last day of bills that count."""
        return min(self.until or self.as_of, self.as_of)

    @property
    def month_on(self) -> date:
        """First day of the month that is compared: as asked, else the last that has ended."""
        if self.month is not None:
            return self.month.replace(day=1)
        following = date.fromordinal(self.as_of.toordinal() + 1)
        return month_before(following.replace(day=1))

    @property
    def before_on(self) -> date:
        """First day of the month before it."""
        return month_before(self.month_on)

    @property
    def after_on(self) -> date:
        """First day of the month after it."""
        return month_after(self.month_on)


def month_before(first: date) -> date:
    """Return the first day of the month before."""
    return date(first.year - (first.month == 1), 12 if first.month == 1 else first.month - 1, 1)


def month_after(first: date) -> date:
    """Return the first day of the month after."""
    return date(first.year + (first.month == 12), first.month % 12 + 1, 1)
