"""Inputs that were carried out once, by scope and key, and what they answered."""

from collections.abc import Mapping
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.store.transaction import Transaction

ADD: Final[LiteralString] = """
    INSERT INTO idempotency_key (scope, key, input_hash, answer)
    VALUES (%(scope)s, %(key)s, %(input_hash)s, %(answer)s)
    ON CONFLICT (scope, key) DO NOTHING
"""

INPUT_HASH: Final[LiteralString] = """
    SELECT input_hash FROM idempotency_key WHERE scope = %(scope)s AND key = %(key)s
"""

ANSWER: Final[LiteralString] = """
    SELECT answer FROM idempotency_key WHERE scope = %(scope)s AND key = %(key)s
"""


def add(tx: Transaction, scope: str, key: str, input_hash: bytes, answer: Mapping[str, object]) -> bool:
    """Write the key; False when it is there already (a concurrent writer is waited for)."""
    return tx.run(ADD, scope=scope, key=key, input_hash=input_hash, answer=Jsonb(dict(answer))) == 1


def input_hash(tx: Transaction, scope: str, key: str) -> bytes | None:
    """Return the SHA-256 of the input that came with the key, or None."""
    row = tx.one_or_none(INPUT_HASH, scope=scope, key=key)
    return None if row is None else bytes(row.input_hash)


def answer(tx: Transaction, scope: str, key: str) -> dict[str, Any] | None:
    """Return what was answered, or None."""
    row = tx.one_or_none(ANSWER, scope=scope, key=key)
    return None if row is None else dict(row.answer)
