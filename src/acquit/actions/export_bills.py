"""Export bills: an account asks, the worker makes the archive, a letter brings the link to it.

What was asked for and is not made yet is the worker's queue: a crash loses nothing, and two workers at
once send one letter.
"""

import csv
import hmac
import io
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from acquit.actions.ask_for_termination import address_of
from acquit.actions.context import Context
from acquit.actions.loading import account_in
from acquit.actions.render_document import bill_pdf
from acquit.core.bill_export import ArchiveType, BillExport, NoSuchExport, cell, refuse_selection
from acquit.core.identifiers import AccountId
from acquit.core.money import plain
from acquit.core.retention import PaperRemoved
from acquit.store import acts, bill_exports, bill_lists, receipt_lists
from acquit.store.bill_exports import ExportedBill
from acquit.store.selection import Selection, keys
from acquit.store.transaction import Transaction

AT_ONCE: Final = 10
HEADINGS: Final = (
    "bill", "date", "order", "category", "currency", "without_tax", "tax", "with_tax", "due_date",
    "purchase_order",
)  # fmt: skip
EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive: the same bills give the same bytes."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An archive and the name under which it is handed out."""

    name: str
    content: bytes


def ask_for_export(
    context: Context,
    account_id: AccountId,
    archive_type: str,
    *,
    origin: str,
    by: str,
    bill_ids: Sequence[str] | None = None,
    issued_from: datetime | None = None,
    issued_to: datetime | None = None,
    credit_notes: bool = False,
) -> BillExport:
    """Write that the account wants these bills (None: all, or those issued between two instants).

    With `credit_notes` it is these that are meant.

    Raises NoBillsToExport, ExportTooLarge, NoAddress when there is nowhere to send the link.
    """
    kind = ArchiveType(archive_type)
    with context.database.write() as tx:
        choose = receipt_lists.notes_of if credit_notes else bill_lists.of_account
        found = _selected(tx, choose(account_id, issued_from=issued_from, issued_to=issued_to), bill_ids)
        refuse_selection(kind, found, bill_ids)
        email = address_of(tx, account_in(tx, account_id))
        export = bill_exports.add(tx, account_id, kind, found, email, origin, by)
        acts.record(tx, by, "ask_for_export", account_id, str(export.export_id), bills=len(found))
    return export


def build_exports(context: Context, limit: int = AT_ONCE) -> int:
    """Make archives that are waited for and send their links; return how many. Zero: none waits."""
    with context.database.read() as tx:
        waiting = bill_exports.waiting(tx, limit)
    return sum(_build(context, export) for export in waiting)


def exported(context: Context, export_id: int, token: str) -> Exported:
    """Return the archive that a link leads to. Raises NoSuchExport, also for a wrong link."""
    if not hmac.compare_digest(token.encode(), export_token(context, export_id).encode()):
        raise NoSuchExport("There is no such export")
    with context.database.read() as tx:
        export = bill_exports.find(tx, export_id)
    if export is None or export.sha256 is None:
        raise NoSuchExport("There is no such export")
    return Exported(export.file_name, context.archive.get(export.sha256))


def export_token(context: Context, export_id: int) -> str:
    """Return the secret part of the link to an export."""
    return context.sealer.token(f"export:{export_id}")


def bill_table(rows: Sequence[ExportedBill]) -> bytes:
    """Return the bills as CSV, with a line of headings."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for row in rows:
        amounts = (plain(minor, row.currency) for minor in (row.net_minor, row.tax_minor, row.total_minor))
        writer.writerow(
            (
                row.bill_id, row.issued_on.isoformat(), row.order_id, row.category, row.currency, *amounts,
                row.due_on.isoformat(), cell(row.purchase_order),
            )
        )  # fmt: skip
    return out.getvalue().encode()


def _selected(tx: Transaction, selection: Selection, bill_ids: Sequence[str] | None) -> list[str]:
    found: list[str] = keys(tx, selection)
    if bill_ids is None:
        return found
    wanted = set(bill_ids)
    return [bill_id for bill_id in found if bill_id in wanted]


def _build(context: Context, export: BillExport) -> int:
    with context.database.read() as tx:
        rows = bill_exports.rows(tx, export)
    table, said = bill_table(rows), "credit notes" if all(row.is_credit_note for row in rows) else "bills"
    content = table if export.archive_type is ArchiveType.CSV else _zipped(context, export, table)
    sha256 = context.archive.put(content)
    with context.database.write() as tx:
        if not bill_exports.finish(tx, export, sha256):
            return 0
        acts.record(tx, "system", "build_export", export.account_id, str(export.export_id))
    link = (
        f"{export.origin}/cgi-bin/order/bills.cgi?export={export.export_id}"
        f"&passwd={export_token(context, export.export_id)}"
    )
    context.mailer.send(
        export.email,
        f"Your {said} ({len(export.bill_ids)})",
        f"The archive of {len(export.bill_ids)} {said} of account {export.account_id} is ready:\n\n{link}\n\n"
        f"Whoever has this link can read the {said}: do not pass it on.\n",
    )
    return 1


def _zipped(context: Context, export: BillExport, table: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("bills.csv", EARLIEST), table)
        for bill_id in export.bill_ids:
            with suppress(PaperRemoved):
                paper = bill_pdf(context, export.account_id, bill_id)
                archive.writestr(zipfile.ZipInfo(f"{bill_id.replace('/', '_')}.pdf", EARLIEST), paper)
    return out.getvalue()
