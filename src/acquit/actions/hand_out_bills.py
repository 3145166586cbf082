"""Hand out many bills at once: a table, or an archive that is made while it is sent."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Final

from acquit.actions.context import Context
from acquit.actions.export_bills import EARLIEST, bill_table
from acquit.actions.render_document import bill_pdf
from acquit.core.bill_export import BILLS_MAX, ArchiveType, refuse_selection
from acquit.core.identifiers import AccountId, BillId
from acquit.core.retention import PaperRemoved
from acquit.store import bill_exports

Key = tuple[AccountId, BillId]
MOST: Final = BILLS_MAX[ArchiveType.ZIP]


class _Outlet(io.RawIOBase):
    """A file that is written on one side and emptied on the other."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: object) -> int:
        content = bytes(part)  # type: ignore[call-overload]
        self._written.append(content)
        return len(content)

    def taken(self) -> bytes:
        """Return what was written since it was asked last."""
        content = b"".join(self._written)
        self._written.clear()
        return content


def table_of_bills(context: Context, keys: Sequence[Key]) -> bytes:
    """Return the bills as CSV, a line each. Raises NoBillsToExport, ExportTooLarge."""
    refuse_selection(ArchiveType.ZIP, [bill_id for _, bill_id in keys], None)
    with context.database.snapshot() as tx:
        rows = [
            row
            for account_id, found in groupby(sorted(keys), key=lambda key: key[0])
            for row in bill_exports.of_bills(tx, account_id, [bill_id for _, bill_id in found])
        ]
    return bill_table(rows)


def archive_of_bills(context: Context, keys: Sequence[Key]) -> Iterator[bytes]:
    """Return the parts of a ZIP of these bills' papers and their table; one paper is in memory at a time.

    Papers that were removed after their years are left out. Raises NoBillsToExport, ExportTooLarge.
    """
    return _archived(context, keys, table_of_bills(context, keys))


def _archived(context: Context, keys: Sequence[Key], table: bytes) -> Iterator[bytes]:
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("bills.csv", EARLIEST), table)
        for account_id, bill_id in keys:
            with suppress(PaperRemoved):
                paper = bill_pdf(context, account_id, bill_id)
                archive.writestr(zipfile.ZipInfo(f"{bill_id.replace('/', '_')}.pdf", EARLIEST), paper)
            yield outlet.taken()
    yield outlet.taken()
