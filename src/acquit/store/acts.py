"""The record of who did what."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.identifiers import AccountId
from acquit.store.transaction import Transaction

RECORD: Final[LiteralString] = """
    INSERT INTO act (actor, verb, account_id, subject, details)
    VALUES (%(actor)s, %(verb)s, %(account_id)s, %(subject)s, %(details)s)
"""

OF_ACCOUNT: Final[LiteralString] = """
    SELECT act_id, at, actor, verb, account_id, subject, details
      FROM act
     WHERE account_id = %(account_id)s
     ORDER BY act_id
"""


def record(
    tx: Transaction, actor: str, verb: str, account_id: AccountId | None, subject: str = "", **details: object
) -> None:
    """Write that `actor` did `verb` (an action's name) to the account; never pass a secret."""
    tx.run(RECORD, actor=actor, verb=verb, account_id=account_id, subject=subject, details=Jsonb(details))


def of_account(tx: Transaction, account_id: AccountId) -> Sequence[Any]:
    """Return the acts on an account, oldest first."""
    return tx.all(OF_ACCOUNT, account_id=account_id)
