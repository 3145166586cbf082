"""Exports: archives of an account's bills, asked for at once and made in the background."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from acquit.core.errors import Invalid, NotFound
from acquit.core.identifiers import AccountId, BillId


class NoBillsToExport(NotFound):
    """Nothing is in the export: no bill was issued between the days, or one that was named is not there."""

    code = "no-bills-to-export"


class ExportTooLarge(Invalid):
    """The export would hold more bills than one archive takes."""

    code = "export-too-large"


class NoSuchExport(NotFound):
    """There is no such export, it is not made yet, or the link to it is wrong."""

    code = "no-such-export"


class ArchiveType(StrEnum):
    """Papers and a table, or the table alone."""

    ZIP = "zip"
    CSV = "csv"


BILLS_MAX: Final = {ArchiveType.ZIP: 1_000, ArchiveType.CSV: 50_000}
"""How many bills one archive takes."""


@dataclass(frozen=True, slots=True)
class BillExport:
    """An archive that an account asked for; `sha256` names its bytes once it is made."""

    account_id: AccountId
    export_id: int
    archive_type: ArchiveType
    bill_ids: tuple[BillId, ...]
    email: str
    origin: str
    asked_at: datetime
    sha256: str | None = None

    @property
    def file_name(self) -> str:
        """The name under which the archive is handed out."""
        return f"bills-{self.account_id}-{self.export_id}.{self.archive_type.value}"


def refuse_selection(archive_type: ArchiveType, found: Sequence[str], named: Sequence[str] | None) -> None:
    """Pass when there are bills and not too many, and every bill that was named is among them.

    Raises NoBillsToExport, ExportTooLarge.
    """
    missing = sorted(set(named or ()) - set(found))
    if missing:
        raise NoBillsToExport(f"The requested object ({missing[0]}) does not exist", bill=missing[0])
    if not found:
        raise NoBillsToExport("No bill was issued between these dates")
    most = BILLS_MAX[archive_type]
    if len(found) > most:
        raise ExportTooLarge(
            f"{len(found)} bills are too many for one {archive_type.value} archive of at most {most}: "
            "narrow the dates",
            max=str(most),
        )


def cell(text: str) -> str:
    """Return the text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
