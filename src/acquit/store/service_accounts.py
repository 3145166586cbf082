"""Service accounts, their rights and the tokens that live."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, CredentialId, ServiceAccountId
from acquit.core.service_account import ServiceAccount
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction


def of_account(account_id: AccountId) -> Selection:
    """Select the account's service accounts."""
    source: LiteralString = "service_account WHERE account_id = %(account_id)s"
    return Selection("service_account_id", source, {"account_id": account_id})


FIND_MANY: Final[LiteralString] = """
    SELECT s.service_account_id, s.account_id, s.name, s.description, s.created_at,
           ARRAY(SELECT r.action FROM service_account_right r
                  WHERE r.account_id = s.account_id AND r.service_account_id = s.service_account_id
                  ORDER BY r.action) AS actions
      FROM service_account s
     WHERE s.account_id = %(account_id)s AND s.service_account_id = ANY(%(ids)s)
"""


def find_many(tx: Transaction, account_id: AccountId, ids: Sequence[str]) -> list[ServiceAccount]:
    """Return the account's service accounts of these ids, in no order; the others are left out."""
    return [_found(row) for row in tx.all(FIND_MANY, account_id=account_id, ids=list(ids))]


def find(tx: Transaction, account_id: AccountId, service_account_id: str) -> ServiceAccount | None:
    """Return the account's service account, or None."""
    return next(iter(find_many(tx, account_id, [service_account_id])), None)


@dataclass(frozen=True, slots=True)
class Keyed:
    """Whose a service account is, and the hash of its secret."""

    account_id: AccountId
    secret_hash: bytes = field(repr=False)


FIND_KEYED: Final[LiteralString] = """
    SELECT s.account_id, s.secret_hash
      FROM service_account s
      JOIN account a ON a.account_id = s.account_id
     WHERE s.service_account_id = %(service_account_id)s AND a.state <> 'closed'
"""


def find_keyed(tx: Transaction, service_account_id: str) -> Keyed | None:
    """Return whose the service account is; None when there is none, or its account is closed."""
    row = tx.one_or_none(FIND_KEYED, service_account_id=service_account_id)
    return None if row is None else Keyed(AccountId(row.account_id), bytes(row.secret_hash))


COUNT: Final[LiteralString] = "SELECT count(*) FROM service_account WHERE account_id = %(account_id)s"


def count(tx: Transaction, account_id: AccountId) -> int:
    """Return how many service accounts the account has."""
    return int(tx.one(COUNT, account_id=account_id)[0])


ADD: Final[LiteralString] = """
    INSERT INTO service_account (service_account_id, account_id, name, description, secret_hash)
    VALUES (%(service_account_id)s, %(account_id)s, %(name)s, %(description)s, %(secret_hash)s)
"""


def add(
    tx: Transaction,
    account_id: AccountId,
    service_account_id: ServiceAccountId,
    name: str,
    description: str,
    secret_hash: bytes,
) -> None:
    """Keep a new service account."""
    tx.run(
        ADD,
        account_id=account_id,
        service_account_id=service_account_id,
        name=name,
        description=description,
        secret_hash=secret_hash,
    )


CHANGE: Final[LiteralString] = """
    UPDATE service_account SET name = %(name)s, description = %(description)s
     WHERE account_id = %(account_id)s AND service_account_id = %(service_account_id)s
"""


def change(tx: Transaction, changed: ServiceAccount) -> None:
    """Write its name and description."""
    tx.run(
        CHANGE,
        account_id=changed.account_id,
        service_account_id=changed.service_account_id,
        name=changed.name,
        description=changed.description,
    )


GIVE: Final[LiteralString] = """
    INSERT INTO service_account_right (account_id, service_account_id, action)
    SELECT %(account_id)s, %(service_account_id)s, unnest(%(actions)s::text[])
        ON CONFLICT DO NOTHING
"""

TAKE: Final[LiteralString] = """
    DELETE FROM service_account_right
     WHERE account_id = %(account_id)s AND service_account_id = %(service_account_id)s
       AND action = ANY(%(actions)s)
"""


def give(
    tx: Transaction, account_id: AccountId, service_account_id: ServiceAccountId, actions: Sequence[str]
) -> int:
    """Give rights; return how many are new."""
    return tx.run(GIVE, account_id=account_id, service_account_id=service_account_id, actions=list(actions))


def take(
    tx: Transaction, account_id: AccountId, service_account_id: ServiceAccountId, actions: Sequence[str]
) -> int:
    """Take rights away; return how many there were."""
    return tx.run(TAKE, account_id=account_id, service_account_id=service_account_id, actions=list(actions))


REMOVE: Final[LiteralString] = """
    DELETE FROM service_account
     WHERE account_id = %(account_id)s AND service_account_id = %(service_account_id)s
"""


def remove(tx: Transaction, account_id: AccountId, service_account_id: ServiceAccountId) -> None:
    """Remove the service account with its rights; its tokens are ended before."""
    tx.run(REMOVE, account_id=account_id, service_account_id=service_account_id)


# ---------------------------------------------------------------- tokens


@dataclass(frozen=True, slots=True)
class LiveToken:
    """An access token of a service account that has not ended."""

    credential_id: CredentialId
    created_at: datetime
    expires_at: datetime
    last_use_at: datetime | None


ADD_TOKEN: Final[LiteralString] = """
    INSERT INTO access_token (credential_id, account_id, service_account_id, parent_id)
    VALUES (%(credential_id)s, %(account_id)s, %(service_account_id)s, %(parent_id)s)
"""


def add_token(
    tx: Transaction,
    account_id: AccountId,
    credential_id: CredentialId,
    service_account_id: ServiceAccountId | None,
    parent_id: CredentialId | None = None,
) -> None:
    """Write that the credential is a token of the service account, or traded for its parent."""
    tx.run(
        ADD_TOKEN,
        credential_id=credential_id,
        account_id=account_id,
        service_account_id=service_account_id,
        parent_id=parent_id,
    )


COUNT_LIVE: Final[LiteralString] = """
    SELECT count(*)
      FROM access_token t
      JOIN credential c ON c.credential_id = t.credential_id
     WHERE t.account_id = %(account_id)s AND c.account_id = %(account_id)s AND c.expires_at > %(now)s
"""


def count_live(tx: Transaction, account_id: AccountId, now: datetime) -> int:
    """Return how many access tokens of the account live."""
    return int(tx.one(COUNT_LIVE, account_id=account_id, now=now)[0])


PURGE: Final[LiteralString] = """
    DELETE FROM credential c
     USING access_token t
     WHERE t.credential_id = c.credential_id AND t.account_id = %(account_id)s
       AND c.account_id = %(account_id)s AND c.expires_at <= %(now)s
"""


def purge(tx: Transaction, account_id: AccountId, now: datetime) -> int:
    """Forget the account's access tokens that have ended."""
    return tx.run(PURGE, account_id=account_id, now=now)


END_TOKENS: Final[LiteralString] = """
    DELETE FROM credential c
     USING access_token t
     WHERE t.credential_id = c.credential_id AND t.account_id = %(account_id)s
       AND c.account_id = %(account_id)s AND t.service_account_id = %(service_account_id)s
"""


def end_tokens(tx: Transaction, account_id: AccountId, service_account_id: ServiceAccountId) -> int:
    """End every token of the service account; return how many there were."""
    return tx.run(END_TOKENS, account_id=account_id, service_account_id=service_account_id)


LIVE: Final[LiteralString] = """
    SELECT t.service_account_id, c.credential_id, c.created_at, c.expires_at, u.last_use_at
      FROM access_token t
      JOIN credential c ON c.credential_id = t.credential_id
      LEFT JOIN credential_use u ON u.credential_id = t.credential_id
     WHERE t.account_id = %(account_id)s AND c.account_id = %(account_id)s
       AND t.service_account_id = ANY(%(ids)s) AND c.expires_at > %(now)s
     ORDER BY c.credential_id
"""


def holders(account_id: AccountId, now: datetime) -> Selection:
    """Select the account's service accounts that have a living token."""
    source: LiteralString = (
        "service_account WHERE account_id = %(account_id)s AND EXISTS ("
        " SELECT FROM access_token t JOIN credential c ON c.credential_id = t.credential_id"
        " WHERE t.account_id = %(account_id)s AND t.service_account_id = service_account.service_account_id"
        " AND c.account_id = %(account_id)s AND c.expires_at > %(now)s)"
    )
    return Selection("service_account_id", source, {"account_id": account_id, "now": now})


def live(
    tx: Transaction, account_id: AccountId, ids: Sequence[str], now: datetime
) -> Mapping[str, list[LiveToken]]:
    """Return the living tokens by service account."""
    found: dict[str, list[LiveToken]] = {}
    for row in tx.all(LIVE, account_id=account_id, ids=list(ids), now=now):
        token = LiveToken(CredentialId(row.credential_id), row.created_at, row.expires_at, row.last_use_at)
        found.setdefault(row.service_account_id, []).append(token)
    return found


def _found(row: Any) -> ServiceAccount:
    return ServiceAccount(
        ServiceAccountId(row.service_account_id),
        AccountId(row.account_id),
        row.name,
        row.description,
        row.created_at,
        tuple(row.actions),
    )
