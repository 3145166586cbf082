"""Hand the books out as files: journal, FEC, aged balance, down payments. A file is whole, or not there.

All that a file says is of one instant; memory does not grow with the number of entries.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from acquit.actions.context import Context
from acquit.actions.fec_lines import fec_lines_in
from acquit.actions.loading import date_of, entity_in
from acquit.core.aged_balance import AgedRow, OpenAmount, aged
from acquit.core.errors import Conflict
from acquit.core.exchange_rate import ExchangeRates
from acquit.core.identifiers import LegalEntityId
from acquit.core.period import Span
from acquit.documents import book_tables, fec
from acquit.documents.parquet import write_parquet
from acquit.store import bill_tables, ledgers, receivables
from acquit.store.transaction import Transaction

Encoding = Literal["utf-8", "iso-8859-15"]
Form = Literal["csv", "parquet"]


class NoSiren(Conflict):
    """A FEC is named by the SIREN of its company."""

    code = "no-siren"


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that was written: its name, rows without the names of columns, and the SHA-256 of its bytes."""

    path: Path
    rows: int
    bytes: int
    sha256: str


def export_journal(
    context: Context, legal_entity_id: LegalEntityId, span: Span, path: Path, form: Form = "csv"
) -> Handed:
    """The postings dated in the span are in a CSV or Parquet file. Raises NoSuchLegalEntity."""
    with context.database.snapshot() as tx:
        entity_in(tx, legal_entity_id)
        rows = ledgers.postings(tx, legal_entity_id, span.first_on, span.last_on)
        if form == "csv":
            return written(path, book_tables.journal_csv(rows), headings=1)
        with tempfile.TemporaryDirectory(dir=path.parent) as place:
            table = Path(place) / "journal.csv"
            count = written(table, book_tables.journal_csv(rows), headings=1).rows
            write_parquet(table, Path(place) / "journal.parquet", book_tables.JOURNAL_TYPES)
            made = written(path, [(Path(place) / "journal.parquet").read_bytes()])
    return replace(made, rows=count)


def export_bills_of(context: Context, legal_entity_id: LegalEntityId, span: Span, path: Path) -> Handed:
    """The documents issued in the span are in a CSV file. Raises NoSuchLegalEntity."""
    with context.database.snapshot() as tx:
        entity_in(tx, legal_entity_id)
        rows = bill_tables.issued(tx, legal_entity_id, span.first_on, span.last_on)
        return written(path, book_tables.bills_csv(rows), headings=1)


def export_down_payments(
    context: Context, legal_entity_id: LegalEntityId, on: date | None, path: Path
) -> Handed:
    """What became of each down payment by the end of a day, today without one, is in a CSV file.

    Its column `carried` adds up, by currency, to the balance of the ledger account of down payments then.
    Raises NoSuchLegalEntity.
    """
    with context.database.snapshot() as tx:
        entity = entity_in(tx, legal_entity_id)
        rows = bill_tables.down_payments(tx, legal_entity_id, on or date_of(context, entity))
        return written(path, book_tables.down_payments_csv(rows), headings=1)


def export_fec(
    context: Context,
    legal_entity_id: LegalEntityId,
    span: Span,
    path: Path,
    encoding: Encoding = "utf-8",
    rates: ExchangeRates | None = None,
) -> Handed:
    """The entries dated in the span are in a file of the form that French law asks for.

    It begins with the balances before the span. `path` that is a directory gets the lawful name. Entries in
    another currency are told in that of the books, their own amounts beside it, and so are the exchange
    differences that follow: at the rates given, else those that were imported.
    Raises NoSuchLegalEntity, NoSiren, RateMissing, ChartIncomplete.
    """
    with context.database.snapshot() as tx:
        entity = entity_in(tx, legal_entity_id)
        if not entity.siren:
            raise NoSiren(f"{legal_entity_id} has no SIREN, by which a FEC is named.")
        target = path / fec.file_name(entity.siren, span.last_on) if path.is_dir() else path
        lines = fec_lines_in(tx, entity, span, rates, today=date_of(context, entity))
        return written(target, fec.render(lines, entity.currency, encoding), headings=1)


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
