"""What a person (or a program behind a pipe) sees: answers on standard output, all else on standard error."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from getpass import getpass
from typing import Final

import msgspec
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from acquit.core.errors import Invalid

PIPE_COLUMNS: Final = 1000

Advance = Callable[[int], None]


class NotConfirmed(Invalid):
    """The command destroys or changes something that a person did not agree to."""

    code = "not-confirmed"


@dataclass(frozen=True, slots=True)
class Screen:
    """Standard output carries the answer alone: tables for a person, one JSON document with `json`."""

    json: bool = False
    out: Console = field(default_factory=lambda: _console(stderr=False))
    err: Console = field(default_factory=lambda: _console(stderr=True))

    def answer(self, document: object, *shown: object) -> None:
        """Print `document` as JSON, or for a person each of `shown` (texts and tables)."""
        if self.json:
            sys.stdout.buffer.write(encode(document) + b"\n")
            sys.stdout.flush()
            return
        for part in shown:
            self.out.print(escape(part) if isinstance(part, str) else part, soft_wrap=isinstance(part, str))

    def answer_line(self, text: str) -> None:
        """Print one line of a long answer as soon as it is known; with `json` say it on standard error."""
        (self.err if self.json else self.out).print(escape(text), soft_wrap=True)

    def say(self, text: str) -> None:
        """Tell what happens, on standard error."""
        self.err.print(escape(text))

    def warn(self, text: str) -> None:
        """Tell what a person should look at, on standard error."""
        self.err.print(f"[yellow]{escape(text)}[/]")

    def fail(self, text: str) -> None:
        """Tell why nothing was done, on standard error."""
        self.err.print(f"[bold red]{escape(text)}[/]")

    @property
    def is_attended(self) -> bool:
        """Whether a person can answer a question."""
        return sys.stdin is not None and sys.stdin.isatty()

    def ask(self, question: str, default: str = "") -> str:
        """Return what the person typed, or the default on an empty line or when nobody is there."""
        if not self.is_attended:
            return default
        hint = f" [{default}]" if default else ""
        self.err.print(f"{escape(question + hint)}: ", end="")
        return input().strip() or default

    def ask_secret(self, question: str) -> str:
        """Return what was typed unseen; from a pipe, its next line."""
        if self.is_attended:
            return getpass(f"{question}: ")
        return sys.stdin.readline().rstrip("\n")

    def confirm(self, question: str, yes: bool = False) -> None:
        """Return if `yes` was given or a person agrees. Raises NotConfirmed."""
        if yes:
            return
        if not self.is_attended:
            raise NotConfirmed(
                f"{question} Nobody is here to answer: repeat the command with --yes to go on."
            )
        if self.ask(f"{question} (yes/no)", "no").lower() not in ("y", "yes"):
            raise NotConfirmed("Nothing was done.")

    @contextmanager
    def progress(self, title: str, total: int | None = None) -> Iterator[Advance]:
        """Show a bar on a terminal, nothing in a pipe; call what is lent with the count of steps done."""
        if not self.err.is_terminal:
            yield lambda _steps: None
            return
        from rich.progress import Progress

        with Progress(console=self.err, transient=True) as bar:
            task = bar.add_task(escape(title), total=total)
            yield lambda steps: bar.advance(task, steps)


def _console(*, stderr: bool) -> Console:
    """Return a console that fits the terminal; in a pipe lines are as long as they are."""
    piped = not (sys.stderr if stderr else sys.stdout).isatty() and "COLUMNS" not in os.environ
    return Console(stderr=stderr, highlight=False, width=PIPE_COLUMNS if piped else None)


def encode(document: object) -> bytes:
    """Return the document as JSON; dates are ISO 8601, values of core are objects."""
    return msgspec.json.format(msgspec.json.encode(document, enc_hook=_plain), indent=2)


def _plain(value: object) -> str:
    return str(value)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as a table, or one below the other where the terminal is too narrow for their longest words."""

    columns: Sequence[str]
    cells: Sequence[Sequence[str]]
    title: str | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield what fits the console."""
        wide = self._table()
        if not self.cells or Measurement.get(console, options, wide).minimum < options.max_width:
            yield wide
            return
        if self.title:
            yield Text(self.title)
        for number, row in enumerate(self.cells):
            yield from [Text("")] * (number > 0)
            yield self._record(row)

    def _table(self) -> Table:
        shown = Table(title=self.title, box=None, pad_edge=False, header_style="bold", title_justify="left")
        for column in self.columns:
            right = column.startswith(">")
            shown.add_column(column.removeprefix(">"), justify="right" if right else "left", overflow="fold")
        for row in self.cells:
            shown.add_row(*map(escape, row))
        return shown

    def _record(self, row: Sequence[str]) -> Table:
        shown = _facts()
        for column, cell in zip(self.columns, row, strict=True):
            if cell:
                shown.add_row(escape(column.removeprefix(">")), escape(cell))
        return shown


def table(*columns: str, rows: Iterable[Sequence[object]], title: str | None = None) -> Rows:
    """Return a table; a column whose name begins with `>` is aligned right."""
    return Rows(columns, [["" if cell is None else str(cell) for cell in row] for row in rows], title)


def facts(**named: object) -> Table:
    """Return a table of names and values; an underscore in a name is shown as a space."""
    shown = _facts()
    for name, value in named.items():
        shown.add_row(name.replace("_", " "), escape("" if value is None else str(value)))
    return shown


def _facts() -> Table:
    shown = Table(box=None, pad_edge=False, show_header=False)
    shown.add_column(style="bold")
    shown.add_column(overflow="fold")
    return shown
