"""What a command gets to work with: the composition root fills a `Program`, commands only read it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from acquit.cli.screen import Screen
from acquit.core.errors import Invalid

if TYPE_CHECKING:
    from acquit.actions.context import Context
    from acquit.actions.share_run import Crew
    from acquit.ports import VatRegister
    from acquit.store.backups import Backup

Ready = Callable[[str, str | None], None]
"""Called with the origin, such as `http://127.0.0.1:8080`, and that of https, once all of it answers."""


class WrongUsage(Invalid):
    """The words of the command do not go together; it exits with 2."""

    code = "usage"


@dataclass(frozen=True, slots=True)
class Options:
    """The options that every command takes, wherever they stand on the line."""

    json: bool = False
    as_of: date | None = None
    data: Path | None = None


@dataclass(frozen=True, slots=True)
class AlsoTls:
    """https beside http: its port (0: a free one), certificate and key."""

    port: int
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Serving:
    """How the server is asked to run; None leaves it to the settings."""

    host: str | None = None
    port: int | None = None
    workers: int | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    with_worker: bool = True
    also_tls: AlsoTls | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """Everything a command may do, as callables that the composition root filled.

    `open` lends the migrated world of the data directory (or of the external database). `serve` and `work`
    block until they are told to stop. `at` is the same program on another data directory, embedded there;
    `empty` leaves the database without a table. `refuse_port` passes when nobody listens on the port yet.
    `crew` lends so many processes that bill beside this one. `vat_register` is one by its name: `format`,
    `vies`.
    """

    options: Options
    screen: Screen
    data: Path
    port: int
    open: Callable[[], AbstractContextManager["Context"]]
    serve: Callable[[Serving, Ready], None]
    work: Callable[[], None]
    empty: Callable[[], None]
    back_up: Callable[[Path], "Backup"]
    restore: Callable[[Path], "Backup"]
    refuse_port: Callable[[int | None], None]
    at: Callable[[Path], "Program"]
    crew: Callable[[int], AbstractContextManager["Crew"]]
    vat_register: Callable[[str], "VatRegister"]


Given = Annotated[Program, Parameter(parse=False)]
"""The annotation of a command's `program` parameter: given by the frame, never typed by a person."""

Yes = Annotated[bool, Parameter(name="--yes", negative="")]
"""The annotation of a `yes` parameter: go on without asking."""
