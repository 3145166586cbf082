"""A report for a terminal: a table for each answer, or one row below the other where it is too narrow."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from acquit.collector.report.answer import Answer, Kind, Row, kind_of
from acquit.collector.report.whole import Report
from acquit.collector.report.words import Words

RIGHT: Final = (Kind.MONEY, Kind.COUNT)
FOLDED: Final = (Kind.TEXT, Kind.WORD)
READABLE: Final = 16
BETWEEN: Final = 2
BRIEF: Final = {"orders": ("first_on", "last_on", "total_minor", "amount_source")}
"""Columns that only sheets and JSON have room for."""


def shown(report: Report, words: Words) -> Iterator[RenderableType]:
    """Yield what a person sees of the report, in its order."""
    yield Text(words.title("report"), style="bold")
    yield Text(words.scope(report.question))
    if report.is_complete is not None:
        yield Text(words.say("complete" if report.is_complete else "incomplete"))
    if report.later_count:
        yield Text(words.say("later", count=words.count(report.later_count)))
    for section in report.sections:
        for answer in report.section(section):
            yield Text("")
            yield Shown(answer, words)


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as a console can show it: columns that say nothing are left out."""

    answer: Answer
    words: Words

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield what fits the console."""
        yield Text(self.words.title(self.answer.name), style="bold underline")
        if note := self.words.note(self.answer.name):
            yield Text(note, style="dim")
        if not self.answer.rows:
            yield Text(self.words.say("nothing"))
            return
        places = telling(self.answer)
        if self._width(places) <= options.max_width:
            yield self._table(places)
        else:
            yield from self._records(places)
        if self.answer.left_out:
            yield Text(self.words.say("more", count=self.words.count(self.answer.left_out)))

    def _table(self, places: list[int]) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for place in places:
            column = self.answer.columns[place]
            folds = _folds(column)
            table.add_column(
                self.words.label(column),
                justify="right" if kind_of(column) in RIGHT else "left",
                no_wrap=not folds,
                overflow="fold",
                min_width=self._least(place) if folds else None,
            )
        for row in self.answer.rows:
            table.add_row(*(escape(self._cell(row, place)) for place in places))
        for row in self.answer.totals if len(self.answer.rows) > 1 else ():
            table.add_row(*(escape(self._cell(row, place)) for place in places), style="bold")
        return table

    def _width(self, places: list[int]) -> int:
        """Return the least width of the table; an amount is never cut, a text may fold."""
        return sum(map(self._least, places)) + BETWEEN * (len(places) - 1)

    def _least(self, place: int) -> int:
        column = self.answer.columns[place]
        rows = [*self.answer.rows, *self.answer.totals]
        longest = max((cell_len(self._cell(row, place)) for row in rows), default=0)
        if _folds(column):
            return max(min(READABLE, longest), *map(cell_len, self.words.label(column).split()))
        return max(longest, cell_len(self.words.label(column)))

    def _records(self, places: list[int]) -> Iterator[RenderableType]:
        totals = self.answer.totals if len(self.answer.rows) > 1 else ()
        for number, row in enumerate((*self.answer.rows, *totals)):
            if number:
                yield Text("")
            if number >= len(self.answer.rows):
                yield Text(self.words.say("total"), style="bold")
            record = Table(box=None, pad_edge=False, show_header=False)
            record.add_column(style="bold")
            record.add_column(overflow="fold")
            for place in places:
                if cell := self._cell(row, place):
                    record.add_row(escape(self.words.label(self.answer.columns[place])), escape(cell))
            yield record

    def _cell(self, row: Row, place: int) -> str:
        return self.words.cell(self.answer, row, place)


def _folds(column: str) -> bool:
    return kind_of(column) in FOLDED and column != "currency"


def telling(answer: Answer) -> list[int]:
    """Return the places of columns that say something: an amount or number that is not zero, a text, a
    day."""
    return [
        place
        for place, column in enumerate(answer.columns)
        if (any(row[place] for row in answer.rows) and column not in BRIEF.get(answer.name, ()))
        or column in ("due_minor", "net_minor", "difference_minor")
    ]
