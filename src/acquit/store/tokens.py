"""Bearer tokens of logins; a token is a credential of the account's application for tokens."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, ApplicationId, CredentialId
from acquit.core.identity import BearerToken
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction


def of_login(account_id: AccountId, login: str) -> Selection:
    """Select the login's tokens by name."""
    source: LiteralString = "identity_token WHERE account_id = %(account_id)s AND login = %(login)s"
    return Selection("name", source, {"account_id": account_id, "login": login})


FIND_MANY: Final[LiteralString] = """
    SELECT t.name, t.description, t.credential_id, t.created_at, c.expires_at, u.last_use_at
      FROM identity_token t
      JOIN credential c ON c.credential_id = t.credential_id
      LEFT JOIN credential_use u ON u.credential_id = t.credential_id
     WHERE t.account_id = %(account_id)s AND t.login = %(login)s AND t.name = ANY(%(names)s)
"""


def find_many(tx: Transaction, account_id: AccountId, login: str, names: Sequence[str]) -> list[BearerToken]:
    """Return the login's tokens of these names, in no order; the others are left out."""
    rows = tx.all(FIND_MANY, account_id=account_id, login=login, names=list(names))
    return [_token(row) for row in rows]


OF_LOGINS: Final[LiteralString] = """
    SELECT l.login, t.name, t.description, t.credential_id, t.created_at, c.expires_at, u.last_use_at
      FROM unnest(%(logins)s::text[]) AS l(login)
     CROSS JOIN LATERAL (
           SELECT name, description, credential_id, created_at
             FROM identity_token
            WHERE account_id = %(account_id)s AND login = l.login
            ORDER BY name
            LIMIT %(rows_max)s) t
      JOIN credential c ON c.credential_id = t.credential_id
      LEFT JOIN credential_use u ON u.credential_id = t.credential_id
     ORDER BY l.login, t.name
"""


def of_logins(
    tx: Transaction, account_id: AccountId, logins: Sequence[str], rows_max: int
) -> dict[str, list[BearerToken]]:
    """Return the tokens of these logins by name, at most so many of each."""
    found: dict[str, list[BearerToken]] = {login: [] for login in logins}
    for row in tx.all(OF_LOGINS, account_id=account_id, logins=list(logins), rows_max=rows_max):
        found[row.login].append(_token(row))
    return found


def find(tx: Transaction, account_id: AccountId, login: str, name: str) -> BearerToken | None:
    """Return the login's token, or None."""
    return next(iter(find_many(tx, account_id, login, [name])), None)


APPLICATION: Final[LiteralString] = """
    SELECT application_id
      FROM application
     WHERE account_id = %(account_id)s AND name = %(name)s AND status = 'trusted'
     ORDER BY application_id
     LIMIT 1
"""


def application_of(tx: Transaction, account_id: AccountId, name: str) -> ApplicationId | None:
    """Return the account's application of that name for tokens, or None before the first token."""
    row = tx.one_or_none(APPLICATION, account_id=account_id, name=name)
    return None if row is None else ApplicationId(row.application_id)


TRUST: Final[LiteralString] = """
    UPDATE application SET status = 'trusted' WHERE application_id = %(application_id)s
"""


def trust(tx: Transaction, application_id: ApplicationId) -> None:
    """Mark the application as the provider's own."""
    tx.run(TRUST, application_id=application_id)


ADD: Final[LiteralString] = """
    INSERT INTO identity_token (account_id, login, name, description, credential_id)
    VALUES (%(account_id)s, %(login)s, %(name)s, %(description)s, %(credential_id)s)
    ON CONFLICT (account_id, login, name) DO NOTHING
"""


def add(
    tx: Transaction,
    account_id: AccountId,
    login: str,
    name: str,
    description: str,
    credential_id: CredentialId,
) -> bool:
    """Write the token; False when the login has one of that name."""
    added = tx.run(
        ADD,
        account_id=account_id,
        login=login,
        name=name,
        description=description,
        credential_id=credential_id,
    )
    return added == 1


CHANGE: Final[LiteralString] = """
    WITH described AS (
        UPDATE identity_token
           SET description = %(description)s
         WHERE account_id = %(account_id)s AND credential_id = %(credential_id)s
    )
    UPDATE credential
       SET expires_at = %(expires_at)s
     WHERE account_id = %(account_id)s AND credential_id = %(credential_id)s
"""


def change(tx: Transaction, account_id: AccountId, token: BearerToken) -> None:
    """Write the token's description and its end."""
    tx.run(
        CHANGE,
        account_id=account_id,
        credential_id=token.credential_id,
        description=token.description,
        expires_at=token.expires_at,
    )


def _token(row: Any) -> BearerToken:
    return BearerToken(
        name=row.name,
        description=row.description,
        credential_id=CredentialId(row.credential_id),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_use_at=row.last_use_at,
    )
