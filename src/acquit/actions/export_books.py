"""Hand the books out as files: journal, FEC, aged balance. A file is whole, or not there.

All that a file says is of one instant; memory does not grow with the number of entries.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain, groupby
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in
from acquit.core.account import LegalEntity
from acquit.core.aged_balance import AgedRow, OpenAmount, aged
from acquit.core.errors import Conflict
from acquit.core.exchange_rate import ExchangeRates
from acquit.core.identifiers import LegalEntityId
from acquit.core.money import Currency
from acquit.core.period import Span
from acquit.documents import book_tables, fec
from acquit.documents.fec import FecLine
from acquit.documents.parquet import write_parquet
from acquit.store import bill_tables, exchange_rates, ledgers, receivables
from acquit.store.transaction import Transaction

Encoding = Literal["utf-8", "iso-8859-15"]
Form = Literal["csv", "parquet"]

PROFIT: Final = ("120000", "Résultat de l'exercice (bénéfice)")
LOSS: Final = ("129000", "Résultat de l'exercice (perte)")
BEGINNING: Final = date(1, 1, 1)
Sums = dict[tuple[str, str, str, str], int]
"""Amounts by number and name of the ledger account, payer and its name."""

RESULT_CLASSES: Final = ("6", "7")
"""Classes of the French chart whose balances make the result of a year. Source: plan comptable général."""


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
    another currency are told in that of the books at the rate of their day, their own amounts beside it:
    the rates given, else those that were imported.
    Raises NoSuchLegalEntity, NoSiren, RateMissing.
    """
    with context.database.snapshot() as tx:
        entity = entity_in(tx, legal_entity_id)
        if not entity.siren:
            raise NoSiren(f"{legal_entity_id} has no SIREN, by which a FEC is named.")
        target = path / fec.file_name(entity.siren, span.last_on) if path.is_dir() else path
        return written(target, fec_lines_in(tx, entity, span, encoding, rates), headings=1)


def fec_lines_in(
    tx: Transaction,
    entity: LegalEntity,
    span: Span,
    encoding: Encoding = "utf-8",
    rates: ExchangeRates | None = None,
) -> Iterator[bytes]:
    """Yield the FEC line by line, within a snapshot. Raises RateMissing."""
    if rates is None:
        rates = exchange_rates.between(tx, BEGINNING, span.last_on)
    opening = _opening(_opening_sums(tx, entity, span, rates), span)
    lines = chain(opening, _booked(tx, entity, span, rates))
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


def _opening_sums(tx: Transaction, entity: LegalEntity, span: Span, rates: ExchangeRates) -> Sums:
    """Return what stands before the span, in the currency of the books; entries abroad one by one."""
    rows = ledgers.opening(tx, entity.legal_entity_id, span.first_on)
    if all(row.currency == entity.currency for row in rows):
        return {(row.ledger, row.ledger_name, row.payer_id, row.payer_name): row.amount_minor for row in rows}
    before = Span("", BEGINNING, span.first_on - timedelta(days=1))
    sums: Sums = {}
    for each in _booked(tx, entity, before, rates):
        key = (each.ledger, each.ledger_name, each.auxiliary, each.auxiliary_name)
        sums[key] = sums.get(key, 0) + each.amount_minor
    return {key: minor for key, minor in sorted(sums.items()) if minor}


def _opening(sums: Sums, span: Span) -> list[FecLine]:
    """Return an entry of what stands on the accounts of the balance sheet; income and expense as one line."""
    before = span.first_on - timedelta(days=1)
    kept, result = list[FecLine](), 0
    for (ledger, name, payer_id, payer_name), minor in sums.items():
        if ledger.startswith(RESULT_CLASSES):
            result += minor
            continue
        kept.append(_opening_line(span, before, (ledger, name), payer_id, payer_name, minor))
    if result:
        kept.append(_opening_line(span, before, PROFIT if result < 0 else LOSS, "", "", result))
    return kept


def _opening_line(
    span: Span, before: date, account: tuple[str, str], payer_id: str, payer_name: str, minor: int
) -> FecLine:
    return FecLine(
        ("", 0), "opening", span.first_on, *account, payer_id, payer_name, f"AN{span.first_on:%Y%m%d}",
        before, minor, "", None, span.first_on, False,
    )  # fmt: skip


def _booked(tx: Transaction, entity: LegalEntity, span: Span, rates: ExchangeRates) -> Iterator[FecLine]:
    """Yield the postings of the span in the currency of the books, entry by entry."""
    zone = ZoneInfo(entity.zone)
    rows = ledgers.postings(tx, entity.legal_entity_id, span.first_on, span.last_on)
    for _, members in groupby(rows, key=lambda row: (row.account_id, row.entry_no, row.currency)):
        entry = list(members)
        currency, amounts = Currency(entry[0].currency), [row.amount_minor for row in entry]
        if currency == entity.currency:
            yield from (_fec_line(row, zone, row.amount_minor, None) for row in entry)
            continue
        local = rates.converted_entry(amounts, currency, entity.currency, entry[0].booked_on)
        for row, minor in zip(entry, local, strict=True):
            if minor:
                yield _fec_line(row, zone, minor, (row.amount_minor, currency))


def _fec_line(row: Any, zone: ZoneInfo, minor: int, foreign: tuple[int, Currency] | None) -> FecLine:
    letter = (row.letter or "", row.letter_on) if foreign is None else ("", None)
    return FecLine(
        (row.account_id, row.entry_no), row.kind, row.booked_on, row.ledger, row.ledger_name, row.payer_id,
        row.payer_name, row.reference, row.document_on, minor, letter[0], letter[1],
        max(row.booked_at.astimezone(zone).date(), row.booked_on), row.moves_bank, foreign,
    )  # fmt: skip
