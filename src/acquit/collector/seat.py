"""What the command line lends the collector's commands.

The frame's own program, seen through a narrow window.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Protocol

import platformdirs
from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from acquit.collector.access import Accounts

ARCHIVE: Final = Path("acquit-archive")


class Screen(Protocol):
    """Answers on standard output, all else on standard error."""

    @property
    def json(self) -> bool:
        """Whether one JSON document is wanted."""
        ...

    @property
    def err(self) -> Console:
        """Where progress goes."""
        ...

    @property
    def is_attended(self) -> bool:
        """Whether a person can answer a question."""
        ...

    def answer(self, document: object, *shown: object) -> None:
        """Print the document as JSON, or for a person what is shown."""
        ...

    def say(self, text: str) -> None:
        """Tell what happens."""
        ...

    def warn(self, text: str) -> None:
        """Tell what a person should look at."""
        ...

    def ask(self, question: str, default: str = "") -> str:
        """Return what the person typed."""
        ...

    def ask_secret(self, question: str) -> str:
        """Return what was typed unseen; from a pipe, its next line."""
        ...


class Options(Protocol):
    """What every command may be told."""

    @property
    def as_of(self) -> date | None:
        """The business date; None: today."""
        ...


class Seat(Protocol):
    """A command's view of the program."""

    @property
    def options(self) -> Options:
        """What every command may be told."""
        ...

    @property
    def screen(self) -> Screen:
        """Where to print."""
        ...


Given = Annotated[Seat, Parameter(parse=False)]
Archive = Annotated[Path, Parameter(help="Directory of the archive.")]
Config = Annotated[
    Path | None, Parameter(help="Directory of the collector's own files; the platform's if not given.")
]


def config_in(config: Path | None) -> Path:
    """Return the directory of the collector's own files: the platform's place if none is given."""
    return config or Path(platformdirs.user_config_dir("acquit-collect"))


def accounts_in(config: Path | None) -> "Accounts":
    """Return the accounts that the collector's own files name."""
    # Imported here: a report starts without keys and network.
    from acquit.collector.access import Accounts

    return Accounts(config_in(config))


def today_of(program: Seat) -> date:
    """Return the business date: as given with --as-of, else this machine's."""
    return program.options.as_of or datetime.now().astimezone().date()


def table(*columns: str, rows: Iterable[Sequence[object]]) -> Table:
    """Return a table; a column whose name begins with `>` is aligned right."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left")
    for row in rows:
        shown.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
    return shown


def minutes(seconds: float) -> str:
    """Return a duration as people say it, rounded up."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    whole = -(-int(seconds) // 60)
    return f"{whole} min" if whole < 120 else f"{whole // 60} h {whole % 60:02d} min"
