"""Browsers on their way to an identity provider, and which of its people logins and operators are."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, OperatorId
from acquit.core.session import Door
from acquit.store.transaction import Transaction

BEGIN_ONE: Final[LiteralString] = """
    WITH over AS (DELETE FROM sign_on WHERE expires_at <= now())
    INSERT INTO sign_on (sign_on_hash, door, nonce, verifier_sealed, account_id, next, expires_at)
    VALUES (%(sign_on_hash)s, %(door)s, %(nonce)s, %(verifier_sealed)s,
            (SELECT account_id FROM account WHERE account_id = %(account_id)s), %(next)s, %(expires_at)s)
"""

TAKE: Final[LiteralString] = """
    DELETE FROM sign_on
     WHERE sign_on_hash = %(sign_on_hash)s AND door = %(door)s
    RETURNING nonce, verifier_sealed, account_id, next, expires_at > now() AS is_live
"""

OPERATOR_OF: Final[LiteralString] = """
    SELECT operator_id FROM operator_identity WHERE issuer = %(issuer)s AND subject = %(subject)s
"""

OPERATORS_BY_EMAIL: Final[LiteralString] = """
    SELECT o.operator_id
      FROM operator AS o
     WHERE o.email <> '' AND lower(o.email) = lower(%(email)s) AND o.active
       AND NOT EXISTS (SELECT FROM operator_identity AS i
                        WHERE i.operator_id = o.operator_id AND i.issuer = %(issuer)s)
     ORDER BY o.operator_id
"""

LINK_OPERATOR: Final[LiteralString] = """
    INSERT INTO operator_identity (issuer, subject, operator_id)
    VALUES (%(issuer)s, %(subject)s, %(operator_id)s)
"""

UNLINK_OPERATOR: Final[LiteralString] = "DELETE FROM operator_identity WHERE operator_id = %(operator_id)s"

LOGINS_OF: Final[LiteralString] = """
    SELECT i.account_id, i.login
      FROM account_identity AS i
      JOIN identity_user AS u ON u.account_id = i.account_id AND u.login = i.login
      JOIN account AS a ON a.account_id = i.account_id
     WHERE i.issuer = %(issuer)s AND i.subject = %(subject)s
       AND i.account_id = coalesce(%(account_id)s::text, i.account_id)
       AND u.type = 'USER' AND u.status <> 'DISABLED' AND a.state <> 'closed'
     ORDER BY i.account_id
"""

LOGINS_BY_EMAIL: Final[LiteralString] = """
    SELECT u.account_id, u.login
      FROM identity_user AS u
      JOIN account AS a ON a.account_id = u.account_id
     WHERE lower(u.email) = lower(%(email)s) AND u.type = 'USER' AND u.status <> 'DISABLED'
       AND u.account_id = coalesce(%(account_id)s::text, u.account_id) AND a.state <> 'closed'
       AND NOT EXISTS (SELECT FROM account_identity AS i
                        WHERE i.account_id = u.account_id AND i.login = u.login AND i.issuer = %(issuer)s)
     ORDER BY u.account_id, u.login
     LIMIT 50
"""

LINK_LOGIN: Final[LiteralString] = """
    INSERT INTO account_identity (account_id, login, issuer, subject)
    VALUES (%(account_id)s, %(login)s, %(issuer)s, %(subject)s)
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """A browser that was sent to an identity provider: what its answer has to bear, and where it wanted."""

    nonce: str
    verifier_sealed: bytes = field(repr=False)
    account_id: AccountId | None
    next: str
    is_live: bool


def begin(
    tx: Transaction,
    sign_on_hash: bytes,
    door: Door,
    nonce: str,
    verifier_sealed: bytes,
    account_id: str | None,
    next_: str,
    expires_at: datetime,
) -> None:
    """Write that a browser was sent away; an account that does not exist is left out."""
    tx.run(
        BEGIN_ONE,
        sign_on_hash=sign_on_hash,
        door=door,
        nonce=nonce,
        verifier_sealed=verifier_sealed,
        account_id=account_id,
        next=next_,
        expires_at=expires_at,
    )


def take(tx: Transaction, sign_on_hash: bytes, door: Door) -> Begun | None:
    """Return what was begun and forget it: an answer counts once. None when nothing was."""
    row = tx.one_or_none(TAKE, sign_on_hash=sign_on_hash, door=door)
    if row is None:
        return None
    return Begun(row.nonce, bytes(row.verifier_sealed), row.account_id, row.next, row.is_live)


def operator_of(tx: Transaction, issuer: str, subject: str) -> OperatorId | None:
    """Return the operator who is this person of the provider, or None."""
    row = tx.one_or_none(OPERATOR_OF, issuer=issuer, subject=subject)
    return None if row is None else OperatorId(row.operator_id)


def operators_by_email(tx: Transaction, issuer: str, email: str) -> list[OperatorId]:
    """Return the active operators of the address who are nobody of the provider yet."""
    return [OperatorId(row.operator_id) for row in tx.all(OPERATORS_BY_EMAIL, issuer=issuer, email=email)]


def link_operator(tx: Transaction, issuer: str, subject: str, operator_id: OperatorId) -> None:
    """Write that the operator is this person of the provider."""
    tx.run(LINK_OPERATOR, issuer=issuer, subject=subject, operator_id=operator_id)


def unlink_operator(tx: Transaction, operator_id: OperatorId) -> bool:
    """Write that the operator is nobody of any provider; False when that was so."""
    return tx.run(UNLINK_OPERATOR, operator_id=operator_id) > 0


def logins_of(
    tx: Transaction, issuer: str, subject: str, account_id: AccountId | None
) -> list[tuple[AccountId, str]]:
    """Return the logins that may sign in and are this person, of one account or of all."""
    rows = tx.all(LOGINS_OF, issuer=issuer, subject=subject, account_id=account_id)
    return [(AccountId(row.account_id), str(row.login)) for row in rows]


def logins_by_email(
    tx: Transaction, issuer: str, email: str, account_id: AccountId | None
) -> list[tuple[AccountId, str]]:
    """Return the logins of people of the address that may sign in and are nobody of the provider yet."""
    rows = tx.all(LOGINS_BY_EMAIL, issuer=issuer, email=email, account_id=account_id)
    return [(AccountId(row.account_id), str(row.login)) for row in rows]


def link_login(tx: Transaction, account_id: AccountId, login: str, issuer: str, subject: str) -> None:
    """Write that the login is this person of the provider."""
    tx.run(LINK_LOGIN, account_id=account_id, login=login, issuer=issuer, subject=subject)
