"""Operators: the provider's staff."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from acquit.core.identifiers import OperatorId
from acquit.core.operator import Operator, Role
from acquit.store.transaction import Transaction

FIND: Final[LiteralString] = """
    SELECT operator_id, name, email, role, active
      FROM operator
     WHERE operator_id = %(operator_id)s
"""

BEARING: Final[LiteralString] = """
    SELECT operator_id, name, email, role, active
      FROM operator
     WHERE token_hash = %(token_hash)s AND active
"""

EVERY: Final[LiteralString] = """
    SELECT operator_id, name, email, role, active
      FROM operator
     ORDER BY operator_id
"""

SIGN_IN_HASH: Final[LiteralString] = """
    SELECT password_hash
      FROM operator
     WHERE operator_id = %(operator_id)s AND active
"""

ADD: Final[LiteralString] = """
    INSERT INTO operator (operator_id, name, email, role, password_hash)
    VALUES (%(operator_id)s, %(name)s, %(email)s, %(role)s, %(password_hash)s)
    ON CONFLICT (operator_id) DO NOTHING
"""

LOCK_ALL: Final[LiteralString] = "SELECT operator_id FROM operator ORDER BY operator_id FOR UPDATE"

CHANGE: Final[LiteralString] = """
    UPDATE operator
       SET role = %(role)s, active = %(active)s, token_hash = CASE WHEN %(active)s THEN token_hash END
     WHERE operator_id = %(operator_id)s
"""

SET_BEARING: Final[LiteralString] = """
    UPDATE operator
       SET token_hash = %(token_hash)s
     WHERE operator_id = %(operator_id)s AND active
"""

HAS_BEARING: Final[LiteralString] = """
    SELECT token_hash IS NOT NULL AS held
      FROM operator
     WHERE operator_id = %(operator_id)s
"""


def find(tx: Transaction, operator_id: OperatorId) -> Operator | None:
    """Return the operator, active or not, or None."""
    row = tx.one_or_none(FIND, operator_id=operator_id)
    return None if row is None else _operator(row)


def of_token(tx: Transaction, token_hash: bytes) -> Operator | None:
    """Return the active operator whose bearer token has that SHA-256, or None."""
    row = tx.one_or_none(BEARING, token_hash=token_hash)
    return None if row is None else _operator(row)


def every(tx: Transaction) -> Sequence[Operator]:
    """Return all operators in the order of their ids."""
    return [_operator(row) for row in tx.all(EVERY)]


def password_hash(tx: Transaction, operator_id: str) -> str | None:
    """Return the active operator's password hash, or None."""
    row = tx.one_or_none(SIGN_IN_HASH, operator_id=operator_id)
    return None if row is None else str(row.password_hash)


def add(tx: Transaction, operator: Operator, password_hash: str) -> bool:
    """Write the operator; False when the id is taken."""
    return (
        tx.run(
            ADD,
            operator_id=operator.operator_id,
            name=operator.name,
            email=operator.email,
            role=operator.role.value,
            password_hash=password_hash,
        )
        == 1
    )


def lock_all(tx: Transaction) -> None:
    """Hold every operator until the transaction ends: changes to the staff come one after the other."""
    tx.all(LOCK_ALL)


def change(tx: Transaction, operator: Operator) -> None:
    """Write the operator's role and whether it is active; one that is not has no bearer token."""
    tx.run(CHANGE, operator_id=operator.operator_id, role=operator.role.value, active=operator.active)


def set_token(tx: Transaction, operator_id: OperatorId, token_hash: bytes) -> bool:
    """Replace the operator's bearer token; False when there is no such active operator."""
    return tx.run(SET_BEARING, operator_id=operator_id, token_hash=token_hash) == 1


def has_token(tx: Transaction, operator_id: OperatorId) -> bool:
    """Whether the operator has a bearer token."""
    row = tx.one_or_none(HAS_BEARING, operator_id=operator_id)
    return row is not None and bool(row.held)


def _operator(row: Any) -> Operator:
    return Operator(OperatorId(row.operator_id), row.name, row.email, Role(row.role), row.active)
