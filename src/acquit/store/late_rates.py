"""Rates of late interest in law, per country and half-year."""

from collections.abc import Iterable, Mapping
from typing import Final, LiteralString

from acquit.core.late_interest import LateRate
from acquit.store.transaction import Transaction

ADD: Final[LiteralString] = """
    INSERT INTO late_rate (country, from_on, rate_bp, floor_bp)
    VALUES (%(country)s, %(from_on)s, %(rate_bp)s, %(floor_bp)s)
        ON CONFLICT (country, from_on) DO NOTHING
"""

OF_COUNTRY: Final[LiteralString] = """
    SELECT from_on, rate_bp, floor_bp FROM late_rate WHERE country = %(country)s ORDER BY from_on
"""


def add(tx: Transaction, rates: Mapping[str, Iterable[LateRate]]) -> int:
    """Write the rates that are not there yet and return how many; a rate that is there stays."""
    return sum(
        tx.run(
            ADD, country=country, from_on=each.from_on, rate_bp=each.rate_bp, floor_bp=each.floor_bp
        )
        for country, dated in rates.items()
        for each in dated
    )  # fmt: skip


def of_country(tx: Transaction, country: str) -> tuple[LateRate, ...]:
    """Return the country's rates, oldest first."""
    return tuple(LateRate(*row) for row in tx.all(OF_COUNTRY, country=country))
