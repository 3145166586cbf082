"""Links by which people set a new password; only their SHA-256 is kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.store.transaction import Transaction

OF_LOGIN: Final[LiteralString] = """
    SELECT a.account_id, coalesce(u.login, a.account_id) AS login, a.language,
           CASE WHEN %(login)s = a.account_id THEN a.email ELSE coalesce(u.email, '') END AS email
      FROM account a
      LEFT JOIN identity_user u ON u.account_id = a.account_id AND u.login = %(login)s
     WHERE a.account_id = %(account_id)s AND a.state <> 'closed' AND coalesce(u.status, 'OK') <> 'DISABLED'
       AND (%(login)s = a.account_id OR (u.type = 'USER' AND u.password_hash <> '!'))
"""

OF_ADDRESS: Final[LiteralString] = """
    SELECT a.account_id, a.account_id AS login, a.language, a.email
      FROM account a
      LEFT JOIN identity_user u ON u.account_id = a.account_id AND u.login = a.account_id
     WHERE lower(a.email) = lower(%(email)s) AND a.state <> 'closed'
       AND coalesce(u.status, 'OK') <> 'DISABLED'
     ORDER BY a.account_id
     LIMIT %(rows_max)s
"""

NEWEST: Final[LiteralString] = """
    SELECT max(asked_at) AS asked_at
      FROM password_link
     WHERE account_id = %(account_id)s AND login = %(login)s AND NOT spent
"""

ADD: Final[LiteralString] = """
    INSERT INTO password_link (link_hash, account_id, login, asked_at, expires_at)
    VALUES (%(link_hash)s, %(account_id)s, %(login)s, %(asked_at)s, %(expires_at)s)
"""

FORGET: Final[LiteralString] = "DELETE FROM password_link WHERE expires_at <= %(now)s"

FIND: Final[LiteralString] = """
    SELECT p.account_id, p.login, p.spent, a.language
      FROM password_link p
      JOIN account a ON a.account_id = p.account_id
     WHERE p.link_hash = %(link_hash)s AND p.expires_at > %(now)s AND a.state <> 'closed'
"""

SPEND: Final[LiteralString] = """
    UPDATE password_link SET spent = true WHERE account_id = %(account_id)s AND login = %(login)s
"""

SET_PASSWORD: Final[LiteralString] = """
    UPDATE identity_user
       SET password_hash = %(password_hash)s, status = 'OK', password_updated_at = instant(),
           updated_at = instant()
     WHERE account_id = %(account_id)s AND login = %(login)s AND type = 'USER' AND status <> 'DISABLED'
       AND password_hash <> '!'
"""


@dataclass(frozen=True, slots=True)
class Reached:
    """A login, and the address and language in which it is written to; no address where none is known."""

    account_id: AccountId
    login: str
    language: str
    email: str


@dataclass(frozen=True, slots=True)
class Link:
    """Whose password a link sets; a spent one sets none any more."""

    account_id: AccountId
    login: str
    spent: bool
    language: str


def of_login(tx: Transaction, account_id: str, login: str) -> Reached | None:
    """Return how a login that may have a password is reached, or None."""
    row = tx.one_or_none(OF_LOGIN, account_id=account_id, login=login)
    return None if row is None else _reached(row)


def of_address(tx: Transaction, email: str, most: int) -> list[Reached]:
    """Return the accounts' own logins that are written to at the address, so many at most."""
    return [_reached(row) for row in tx.all(OF_ADDRESS, email=email, rows_max=most)]


def newest(tx: Transaction, reached: Reached) -> datetime | None:
    """Return when the login's newest link that is not spent was asked for."""
    found: datetime | None = tx.one(NEWEST, account_id=reached.account_id, login=reached.login).asked_at
    return found


def add(tx: Transaction, link_hash: bytes, reached: Reached, asked_at: datetime, until: datetime) -> None:
    """Write a link of the login; links that are over are forgotten."""
    tx.run(FORGET, now=asked_at)
    tx.run(
        ADD, link_hash=link_hash, account_id=reached.account_id, login=reached.login, asked_at=asked_at,
        expires_at=until,
    )  # fmt: skip


def find(tx: Transaction, link_hash: bytes, now: datetime) -> Link | None:
    """Return the link unless it is over, or None."""
    row = tx.one_or_none(FIND, link_hash=link_hash, now=now)
    return None if row is None else Link(AccountId(row.account_id), row.login, row.spent, row.language)


def spend(tx: Transaction, account_id: AccountId, login: str) -> None:
    """Write that no link of the login that was sent so far sets a password."""
    tx.run(SPEND, account_id=account_id, login=login)


def set_password(tx: Transaction, account_id: AccountId, login: str, password_hash: str) -> None:
    """Write the password of a login that is not the account's own and may have one."""
    tx.run(SET_PASSWORD, account_id=account_id, login=login, password_hash=password_hash)


def _reached(row: Any) -> Reached:
    return Reached(AccountId(row.account_id), row.login, row.language, row.email)
