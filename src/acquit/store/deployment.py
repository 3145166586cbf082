"""Facts of this installation, by name."""

from typing import Final, LiteralString

from acquit.store.transaction import Transaction

DEMO: Final = "demo"
BUSINESS_DAYS_AHEAD: Final = "business_days_ahead"

FIND: Final[LiteralString] = """
    SELECT value
      FROM deployment
     WHERE name = %(name)s
"""

PUT: Final[LiteralString] = """
    INSERT INTO deployment (name, value)
    VALUES (%(name)s, %(value)s)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""


def find(tx: Transaction, name: str) -> str | None:
    """Return the fact of that name, or None."""
    row = tx.one_or_none(FIND, name=name)
    return None if row is None else str(row.value)


def put(tx: Transaction, name: str, value: str) -> None:
    """Write the fact; a former one of that name is replaced."""
    tx.run(PUT, name=name, value=value)


def business_days_ahead(tx: Transaction) -> int:
    """Return how many days business dates run ahead of the machine's clock (negative: behind)."""
    return int(find(tx, BUSINESS_DAYS_AHEAD) or 0)
