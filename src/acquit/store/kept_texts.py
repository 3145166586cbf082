"""Public keys and preferences of accounts, and addresses that they asked for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.core.kept_text import EMAIL_CHANGE_LIFE, EmailChange
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction

# ---------------------------------------------------------------- public keys


def keys_of(account_id: AccountId) -> Selection:
    """Select the account's public keys by name."""
    return Selection("name", "ssh_key WHERE account_id = %(account_id)s", {"account_id": account_id})


FIND_KEYS: Final[LiteralString] = """
    SELECT name, key FROM ssh_key WHERE account_id = %(account_id)s AND name = ANY(%(names)s)
"""

ADD_KEY: Final[LiteralString] = """
    INSERT INTO ssh_key (account_id, name, key)
    SELECT %(account_id)s, %(name)s, %(key)s
     WHERE (SELECT count(*) FROM ssh_key WHERE account_id = %(account_id)s) < %(most)s
        ON CONFLICT DO NOTHING
"""

REMOVE_KEY: Final[LiteralString] = "DELETE FROM ssh_key WHERE account_id = %(account_id)s AND name = %(name)s"


def find_keys(tx: Transaction, account_id: AccountId, names: Sequence[str]) -> Mapping[str, str]:
    """Return the account's public keys of these names."""
    return {row.name: row.key for row in tx.all(FIND_KEYS, account_id=account_id, names=list(names))}


def add_key(tx: Transaction, account_id: AccountId, name: str, key: str, most: int) -> bool:
    """Keep a public key; False when the name is taken, or so many are kept."""
    return tx.run(ADD_KEY, account_id=account_id, name=name, key=key, most=most) == 1


def remove_key(tx: Transaction, account_id: AccountId, name: str) -> bool:
    """Remove a public key; False when there is none of that name."""
    return tx.run(REMOVE_KEY, account_id=account_id, name=name) == 1


# ---------------------------------------------------------------- preferences


def preferences_of(account_id: AccountId) -> Selection:
    """Select the account's preferences by name."""
    return Selection("name", "preference WHERE account_id = %(account_id)s", {"account_id": account_id})


FIND_PREFERENCES: Final[LiteralString] = """
    SELECT name, value FROM preference WHERE account_id = %(account_id)s AND name = ANY(%(names)s)
"""

ADD_PREFERENCE: Final[LiteralString] = """
    INSERT INTO preference (account_id, name, value)
    SELECT %(account_id)s, %(name)s, %(value)s
     WHERE (SELECT count(*) FROM preference WHERE account_id = %(account_id)s) < %(most)s
        ON CONFLICT DO NOTHING
"""

CHANGE_PREFERENCE: Final[LiteralString] = """
    UPDATE preference SET value = %(value)s WHERE account_id = %(account_id)s AND name = %(name)s
"""

REMOVE_PREFERENCE: Final[LiteralString] = (
    "DELETE FROM preference WHERE account_id = %(account_id)s AND name = %(name)s"
)


def find_preferences(tx: Transaction, account_id: AccountId, names: Sequence[str]) -> Mapping[str, str]:
    """Return the account's preferences of these names."""
    rows = tx.all(FIND_PREFERENCES, account_id=account_id, names=list(names))
    return {row.name: row.value for row in rows}


def add_preference(tx: Transaction, account_id: AccountId, name: str, value: str, most: int) -> bool:
    """Keep a preference; False when the name is taken, or so many are kept."""
    return tx.run(ADD_PREFERENCE, account_id=account_id, name=name, value=value, most=most) == 1


def change_preference(tx: Transaction, account_id: AccountId, name: str, value: str) -> bool:
    """Write another value; False when there is none of that name."""
    return tx.run(CHANGE_PREFERENCE, account_id=account_id, name=name, value=value) == 1


def remove_preference(tx: Transaction, account_id: AccountId, name: str) -> bool:
    """Remove a preference; False when there is none of that name."""
    return tx.run(REMOVE_PREFERENCE, account_id=account_id, name=name) == 1


# ---------------------------------------------------------------- addresses asked for


def email_changes_of(account_id: AccountId, state: str | None, now: datetime) -> Selection:
    """Select the addresses that the account asked for, in one state when given."""
    source: LiteralString = "email_change WHERE account_id = %(account_id)s"
    if state is not None:
        source += (
            " AND (CASE WHEN state = 'todo' AND asked_at <= %(before)s THEN 'aborted' ELSE state END)"
            " = %(state)s"
        )
    values = {"account_id": account_id, "state": state, "before": now - EMAIL_CHANGE_LIFE}
    return Selection("email_change_id", source, values)


FIND_CHANGES: Final[LiteralString] = """
    SELECT email_change_id, new_email, state, asked_at, done_at
      FROM email_change
     WHERE account_id = %(account_id)s AND email_change_id = ANY(%(ids)s)
"""

ASK_CHANGE: Final[LiteralString] = """
    WITH earlier AS (
        UPDATE email_change SET state = 'aborted'
         WHERE account_id = %(account_id)s AND state = 'todo'
    )
    INSERT INTO email_change (account_id, new_email)
    VALUES (%(account_id)s, %(new_email)s)
    RETURNING email_change_id, new_email, state, asked_at, done_at
"""

END_CHANGE: Final[LiteralString] = """
    UPDATE email_change SET state = %(state)s, done_at = %(at)s
     WHERE account_id = %(account_id)s AND email_change_id = %(email_change_id)s AND state = 'todo'
"""


def find_changes(tx: Transaction, account_id: AccountId, ids: Sequence[int]) -> list[EmailChange]:
    """Return the changes of these ids; the others are left out."""
    return [_change(row) for row in tx.all(FIND_CHANGES, account_id=account_id, ids=list(ids))]


def ask_change(tx: Transaction, account_id: AccountId, new_email: str) -> EmailChange:
    """Write that the account asks for the address; what it asked for before is aborted."""
    return _change(tx.one(ASK_CHANGE, account_id=account_id, new_email=new_email))


def end_change(
    tx: Transaction, account_id: AccountId, email_change_id: int, state: str, at: datetime
) -> bool:
    """Write how the change ended; False when it had."""
    return tx.run(END_CHANGE, account_id=account_id, email_change_id=email_change_id, state=state, at=at) == 1


def _change(row: Any) -> EmailChange:
    return EmailChange(int(row.email_change_id), row.new_email, row.state, row.asked_at, row.done_at)
