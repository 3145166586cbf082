"""Add a member of the provider's staff, and give one a bearer token."""

import hashlib
import re
import secrets
from typing import Final

from acquit.actions import passwords
from acquit.actions.context import Context
from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import OperatorId
from acquit.core.operator import Operator, Role
from acquit.store import acts, operators
from acquit.store.transaction import Transaction

OPERATOR_ID: Final = re.compile(r"[a-z][a-z0-9._-]{1,39}")
NAME_MAX: Final = 255


class OperatorExists(Conflict):
    """The id belongs to another operator."""

    code = "operator-exists"


class NoSuchOperator(NotFound):
    """No active operator has that id."""

    code = "no-such-operator"


def add_operator(
    context: Context, operator_id: str, name: str, role: str, password: str, *, by: str, email: str = ""
) -> Operator:
    """Add an operator who can log in to the office with the password.

    Raises Invalid for a malformed id, an unknown role or a weak password, OperatorExists when the
    id is taken.
    """
    operator = _operator(operator_id, name, role, email)
    with context.database.write() as tx:
        add_operator_in(tx, operator, password, by)
    return operator


def add_operator_in(tx: Transaction, operator: Operator, password: str, by: str) -> None:
    """Add an operator inside a transaction that is the caller's. Raises OperatorExists, Invalid."""
    _operator(operator.operator_id, operator.name, operator.role, operator.email)
    passwords.check(password, [operator.operator_id, operator.name, operator.email])
    if not operators.add(tx, operator, passwords.hashed(password)):
        raise OperatorExists(f"There is already an operator {operator.operator_id}: choose another id.")
    acts.record(tx, by, "add_operator", None, operator.operator_id, role=operator.role.value)


def create_operator_token(context: Context, operator_id: str, *, by: str) -> str:
    """Give the operator a new bearer token for the office's JSON doors; the former one stops working.

    The token is shown here and never again: only its SHA-256 is kept.
    """
    token = secrets.token_urlsafe(32)
    with context.database.write() as tx:
        if not operators.set_token(tx, OperatorId(operator_id), token_hash(token)):
            raise NoSuchOperator(f"There is no active operator {operator_id}.")
        acts.record(tx, by, "create_operator_token", None, operator_id)
    return token


def token_hash(token: str) -> bytes:
    """Return the SHA-256 under which a token is kept."""
    return hashlib.sha256(token.encode()).digest()


def _operator(operator_id: str, name: str, role: str, email: str) -> Operator:
    if not OPERATOR_ID.fullmatch(operator_id):
        raise Invalid("An operator's id has 2 to 40 of a-z 0-9 . _ - and begins with a letter.")
    if not 1 <= len(name.strip()) <= NAME_MAX or not (name + email).isprintable():
        raise Invalid(f"An operator has a name of 1 to {NAME_MAX} printable characters.")
    if role not in tuple(Role):
        raise Invalid(f"There is no role {role}: choose one of {', '.join(Role)}.")
    return Operator(OperatorId(operator_id), name.strip(), email, Role(role))
