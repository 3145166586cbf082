"""Exchange rates of the euro, as they were published day by day."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, LiteralString

from acquit.core.exchange_rate import DAYS_MAX, ExchangeRates
from acquit.store.transaction import Transaction

EARLIEST: Final = date(1999, 1, 4)
"""The first day on which rates of the euro were published."""

BETWEEN: Final[LiteralString] = """
    SELECT currency, published_on, per_euro_e8
      FROM exchange_rate
     WHERE published_on BETWEEN %(first_on)s AND %(last_on)s
       AND (%(currencies)s::text[] IS NULL OR currency = ANY(%(currencies)s::text[]))
     ORDER BY currency, published_on
"""

ADD: Final[LiteralString] = """
    INSERT INTO exchange_rate (currency, published_on, per_euro_e8, imported_by)
    SELECT given.currency, given.published_on, given.per_euro_e8, %(imported_by)s
      FROM unnest(%(currencies)s::text[], %(days)s::date[], %(rates)s::bigint[])
             AS given(currency, published_on, per_euro_e8)
     ORDER BY given.currency, given.published_on
        ON CONFLICT (currency, published_on) DO NOTHING
"""

DIFFERING: Final[LiteralString] = """
    SELECT r.currency, r.published_on, r.per_euro_e8
      FROM unnest(%(currencies)s::text[], %(days)s::date[], %(rates)s::bigint[])
             AS given(currency, published_on, per_euro_e8)
      JOIN exchange_rate r ON r.currency = given.currency AND r.published_on = given.published_on
     WHERE r.per_euro_e8 <> given.per_euro_e8
     ORDER BY r.published_on DESC, r.currency
     LIMIT 1
"""


def between(
    tx: Transaction, first_on: date, last_on: date, currencies: Iterable[str] | None = None
) -> ExchangeRates:
    """Return the rates that hold on these days, of these currencies or of all."""
    wanted = None if currencies is None else sorted(currencies)
    since = max(first_on, EARLIEST) - timedelta(days=DAYS_MAX)
    dated: dict[str, list[tuple[date, int]]] = {}
    for row in tx.all(BETWEEN, first_on=since, last_on=last_on, currencies=wanted):
        dated.setdefault(row.currency, []).append((row.published_on, row.per_euro_e8))
    return ExchangeRates({currency: tuple(each) for currency, each in dated.items()})


def add(tx: Transaction, rates: ExchangeRates, by: str) -> int:
    """Write those of the rates that are not known yet; return how many."""
    return tx.run(ADD, imported_by=by, **_columns(rates))


def differing(tx: Transaction, rates: ExchangeRates) -> tuple[str, date, int] | None:
    """Return the latest known rate that is another in `rates`, or None."""
    row = tx.one_or_none(DIFFERING, **_columns(rates))
    return None if row is None else (row.currency, row.published_on, row.per_euro_e8)


def _columns(rates: ExchangeRates) -> dict[str, list[object]]:
    told = [(currency, on, rate) for currency, dated in rates.per_euro.items() for on, rate in dated]
    return {
        "currencies": [currency for currency, _, _ in told],
        "days": [on for _, on, _ in told],
        "rates": [rate for _, _, rate in told],
    }
