"""Series of numbers. The row of a series is the last lock of a transaction, held for milliseconds."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import LegalEntityId
from acquit.core.numbering import Block, DocumentKind, Series, refuse_date, refuse_exhausted, refuse_series
from acquit.store.transaction import Transaction

FIND: Final[LiteralString] = """
    SELECT series_id, legal_entity_id, document, prefix, digits, reference_code, next_number, last_on
      FROM series
     WHERE series_id = %(series_id)s
"""

LOCK: Final[LiteralString] = """
    SELECT series_id, legal_entity_id, document, prefix, digits, reference_code, next_number, last_on
      FROM series
     WHERE series_id = %(series_id)s
       FOR NO KEY UPDATE
"""

EVERY: Final[LiteralString] = """
    SELECT series_id, legal_entity_id, document, prefix, digits, reference_code, next_number, last_on
      FROM series
     ORDER BY series_id
"""

INSERT: Final[LiteralString] = """
    INSERT INTO series (series_id, legal_entity_id, document, prefix, digits, reference_code)
    VALUES (%(series_id)s, %(legal_entity_id)s, %(document)s, %(prefix)s, %(digits)s, %(reference_code)s)
"""

ENSURE: Final[LiteralString] = INSERT + "    ON CONFLICT (series_id) DO NOTHING"

ADVANCE: Final[LiteralString] = """
    UPDATE series
       SET next_number = %(next_number)s, last_on = %(last_on)s
     WHERE series_id = %(series_id)s
"""


def find(tx: Transaction, series_id: str) -> Series | None:
    """Return the series as it is now, or None."""
    row = tx.one_or_none(FIND, series_id=series_id)
    return None if row is None else _series(row)


def every(tx: Transaction) -> Sequence[Series]:
    """Return all series by name."""
    return [_series(row) for row in tx.all(EVERY)]


def insert(tx: Transaction, series: Series) -> None:
    """Set up a series. Raises BadSeries when its numbers or references are not lawful or not its own."""
    refuse_series(series, every(tx))
    tx.run(INSERT, **_values(series))


def ensure(tx: Transaction, series: Series) -> None:
    """Set up a series unless it is there; of two at once one waits for the other. Raises BadSeries."""
    if find(tx, series.series_id) is None:
        refuse_series(series, every(tx))
        tx.run(ENSURE, **_values(series))


def _values(series: Series) -> dict[str, object]:
    return {
        "series_id": series.series_id,
        "legal_entity_id": series.legal_entity_id,
        "document": series.document.value,
        "prefix": series.prefix,
        "digits": series.digits,
        "reference_code": series.reference_code,
    }


def take(tx: Transaction, series_id: str, count: int, on: date, *, or_later: bool = False) -> Block:
    """Hold the series to the end of the transaction and return its next `count` numbers, dated `on`.

    With `or_later` they bear the series' last date when that is later. Nothing may be refused after it.
    Raises DateBeforeSeries, SeriesExhausted.
    """
    series = _series(tx.one(LOCK, series_id=series_id))
    if or_later and series.last_on is not None:
        on = max(on, series.last_on)
    refuse_date(series, on)
    refuse_exhausted(series, count)
    tx.run(ADVANCE, series_id=series_id, next_number=series.next_number + count, last_on=on)
    return Block(series, series.next_number, count, on)


def _series(row: Any) -> Series:
    return Series(
        row.series_id,
        LegalEntityId(row.legal_entity_id),
        DocumentKind(row.document),
        row.prefix,
        row.digits,
        row.reference_code,
        row.next_number,
        row.last_on,
    )
