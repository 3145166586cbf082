"""Hand the books out as files: journal, FEC, aged balance. A file is whole, or not there.

All that a file says is of one instant; memory does not grow with the number of entries.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in
from acquit.core.account import LegalEntity
from acquit.core.aged_balance import AgedRow, OpenAmount, aged
from acquit.core.errors import Conflict
from acquit.core.identifiers import LegalEntityId
from acquit.core.period import Span
from acquit.documents import book_tables, fec
from acquit.documents.fec import FecLine
from acquit.store import bill_tables, ledgers, receivables
from acquit.store.transaction import Transaction

Encoding = Literal["utf-8", "iso-8859-15"]

PROFIT: Final = ("120000", "Résultat de l'exercice (bénéfice)")
LOSS: Final = ("129000", "Résultat de l'exercice (perte)")
RESULT_CLASSES: Final = ("6", "7")
"""Classes of the French chart whose balances make the result of a year. Source: plan comptable général."""


class NoSiren(Conflict):
    """A FEC is named by the SIREN of its company."""

    code = "no-siren"


class ForeignAmounts(Conflict):
    """A FEC is in one currency; amounts of another have no rate."""

    code = "foreign-amounts"


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that was written: its name, rows without the names of columns, and the SHA-256 of its bytes."""

    path: Path
    rows: int
    bytes: int
    sha256: str


def export_journal(context: Context, legal_entity_id: LegalEntityId, span: Span, path: Path) -> Handed:
    """The postings dated in the span are in a CSV file. Raises NoSuchLegalEntity."""
    with context.database.snapshot() as tx:
        entity_in(tx, legal_entity_id)
        rows = ledgers.postings(tx, legal_entity_id, span.first_on, span.last_on)
        return written(path, book_tables.journal_csv(rows), headings=1)


def export_bills_of(context: Context, legal_entity_id: LegalEntityId, span: Span, path: Path) -> Handed:
    """The documents issued in the span are in a CSV file. Raises NoSuchLegalEntity."""
    with context.database.snapshot() as tx:
        entity_in(tx, legal_entity_id)
        rows = bill_tables.issued(tx, legal_entity_id, span.first_on, span.last_on)
        return written(path, book_tables.bills_csv(rows), headings=1)


def export_fec(
    context: Context, legal_entity_id: LegalEntityId, span: Span, path: Path, encoding: Encoding = "utf-8"
) -> Handed:
    """The entries dated in the span are in a file of the form that French law asks for.

    It begins with the balances before the span. `path` that is a directory gets the lawful name. Raises
    NoSuchLegalEntity, NoSiren, ForeignAmounts.
    """
    with context.database.snapshot() as tx:
        entity = entity_in(tx, legal_entity_id)
        if not entity.siren:
            raise NoSiren(f"{legal_entity_id} has no SIREN, by which a FEC is named.")
        target = path / fec.file_name(entity.siren, span.last_on) if path.is_dir() else path
        return written(target, fec_lines_in(tx, entity, span, encoding), headings=1)


def fec_lines_in(
    tx: Transaction, entity: LegalEntity, span: Span, encoding: Encoding = "utf-8"
) -> Iterator[bytes]:
    """Yield the FEC line by line, within a snapshot. Raises ForeignAmounts."""
    opening = _opening(ledgers.opening(tx, entity.legal_entity_id, span.first_on), entity, span)
    told = ledgers.postings(tx, entity.legal_entity_id, span.first_on, span.last_on)
    zone = ZoneInfo(entity.zone)
    lines = chain(opening, (_fec_line(row, entity, zone) for row in told))
    yield from fec.render(lines, entity.currency, encoding)


def export_aged_balance(
    context: Context, legal_entity_id: LegalEntityId, on: date | None, path: Path
) -> Handed:
    """What each payer owes at the end of a day, today without one, is in a CSV file by how late it is.

    Raises NoSuchLegalEntity.
    """
    with context.database.snapshot() as tx:
        entity = entity_in(tx, legal_entity_id)
        rows = aged_in(tx, legal_entity_id, on or date_of(context, entity))
        return written(path, book_tables.aged_csv(rows), headings=1)


def aged_in(tx: Transaction, legal_entity_id: LegalEntityId, on: date) -> Iterator[AgedRow]:
    """Yield the aged balance within a snapshot."""
    names = receivables.payer_names(tx, legal_entity_id, on)
    amounts = (OpenAmount(*row) for row in receivables.open_amounts(tx, legal_entity_id, on))
    yield from aged(amounts, on, names)


def written(path: Path, chunks: Iterable[bytes], headings: int = 0) -> Handed:
    """The chunks are in the file, all of them, once they all came; return what was written."""
    digest, size, lines = hashlib.sha256(), 0, 0
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as out:
            for chunk in chunks:
                out.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                lines += chunk.count(b"\n")
        Path(name).chmod(0o600)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Handed(path, lines - headings, size, digest.hexdigest())


def _opening(rows: Iterable[Any], entity: LegalEntity, span: Span) -> list[FecLine]:
    """Return an entry of what stands on the accounts of the balance sheet; income and expense as one line."""
    before = span.first_on - timedelta(days=1)
    kept, result = list[FecLine](), 0
    for row in rows:
        _refuse_foreign(row, entity)
        if row.ledger.startswith(RESULT_CLASSES):
            result += row.amount_minor
            continue
        account = (row.ledger, row.ledger_name)
        kept.append(_opening_line(span, before, account, row.payer_id, row.payer_name, row.amount_minor))
    if result:
        kept.append(_opening_line(span, before, PROFIT if result < 0 else LOSS, "", "", result))
    return kept


def _opening_line(
    span: Span, before: date, account: tuple[str, str], account_id: str, account_name: str, minor: int
) -> FecLine:
    return FecLine(
        ("", 0), "opening", span.first_on, *account, account_id, account_name, f"AN{span.first_on:%Y%m%d}",
        before, minor, "", None, span.first_on, False,
    )  # fmt: skip


def _fec_line(row: Any, entity: LegalEntity, zone: ZoneInfo) -> FecLine:
    _refuse_foreign(row, entity)
    return FecLine(
        (row.account_id, row.entry_no), row.kind, row.booked_on, row.ledger, row.ledger_name,
        row.payer_id, row.payer_name,
        row.reference, row.document_on, row.amount_minor, row.letter or "", row.letter_on,
        max(row.booked_at.astimezone(zone).date(), row.booked_on), row.moves_bank,
    )  # fmt: skip


def _refuse_foreign(row: Any, entity: LegalEntity) -> None:
    if row.currency != entity.currency:
        raise ForeignAmounts(
            f"Ledger account {row.ledger} has postings in {row.currency}; the books of "
            f"{entity.legal_entity_id} are in {entity.currency}.",
            currency=row.currency,
        )
