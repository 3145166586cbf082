"""Exports of bills that accounts asked for; one that is not made yet waits for the worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.bill_export import ArchiveType, BillExport
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

_EXPORTS: Final[LiteralString] = """
    SELECT account_id, export_id, archive_type, bill_ids, email, origin, asked_at, sha256
      FROM bill_export
"""

ADD: Final[LiteralString] = """
    INSERT INTO bill_export (account_id, archive_type, bill_ids, email, origin, asked_by)
    VALUES (%(account_id)s, %(archive_type)s, %(bill_ids)s, %(email)s, %(origin)s, %(asked_by)s)
    RETURNING account_id, export_id, archive_type, bill_ids, email, origin, asked_at, sha256
"""

FIND: Final[LiteralString] = _EXPORTS + "WHERE export_id = %(export_id)s"

WAITING: Final[LiteralString] = _EXPORTS + "WHERE sha256 IS NULL ORDER BY export_id LIMIT %(rows_max)s"

FINISH: Final[LiteralString] = """
    UPDATE bill_export
       SET sha256 = %(sha256)s, built_at = now()
     WHERE account_id = %(account_id)s AND export_id = %(export_id)s AND sha256 IS NULL
"""

ROWS: Final[LiteralString] = """
    SELECT bill_id, issued_on, order_id, category, currency, net_minor, tax_minor, total_minor, due_on,
           coalesce(purchase_order_reference, '') AS purchase_order,
           kind = 'credit-note' AS is_credit_note
      FROM bill
     WHERE account_id = %(account_id)s AND bill_id = ANY(%(bill_ids)s)
     ORDER BY bill_id
"""


@dataclass(frozen=True, slots=True)
class ExportedBill:
    """A line of the table."""

    bill_id: BillId
    issued_on: date
    order_id: int
    category: str
    currency: Currency
    net_minor: int
    tax_minor: int
    total_minor: int
    due_on: date
    purchase_order: str
    is_credit_note: bool


def add(
    tx: Transaction,
    account_id: AccountId,
    archive_type: ArchiveType,
    bill_ids: Sequence[str],
    email: str,
    origin: str,
    asked_by: str,
) -> BillExport:
    """Write that the account wants these bills and return the export."""
    row = tx.one(
        ADD,
        account_id=account_id,
        archive_type=archive_type.value,
        bill_ids=list(bill_ids),
        email=email,
        origin=origin,
        asked_by=asked_by,
    )
    return _export(row)


def find(tx: Transaction, export_id: int) -> BillExport | None:
    """Return the export, whoever asked for it: for the link that opens it without a login."""
    row = tx.one_or_none(FIND, export_id=export_id)
    return None if row is None else _export(row)


def waiting(tx: Transaction, rows_max: int) -> list[BillExport]:
    """Return exports that are not made yet, oldest first."""
    return [_export(row) for row in tx.all(WAITING, rows_max=rows_max)]


def finish(tx: Transaction, export: BillExport, sha256: str) -> bool:
    """Write that the archive is made; False when another worker was first."""
    finished = tx.run(FINISH, account_id=export.account_id, export_id=export.export_id, sha256=sha256)
    return finished == 1


def rows(tx: Transaction, export: BillExport) -> list[ExportedBill]:
    """Return the export's bills in the order of their numbers."""
    return of_bills(tx, export.account_id, export.bill_ids)


def of_bills(tx: Transaction, account_id: AccountId, bill_ids: Sequence[str]) -> list[ExportedBill]:
    """Return the lines of these bills of the account, in the order of their numbers."""
    return [ExportedBill(*row) for row in tx.all(ROWS, account_id=account_id, bill_ids=list(bill_ids))]


def _export(row: Any) -> BillExport:
    return BillExport(
        account_id=AccountId(row.account_id),
        export_id=row.export_id,
        archive_type=ArchiveType(row.archive_type),
        bill_ids=tuple(BillId(bill_id) for bill_id in row.bill_ids),
        email=row.email,
        origin=row.origin,
        asked_at=row.asked_at,
        sha256=row.sha256,
    )
