"""Identity providers of accounts, browsers on their way to them, and the people that they proved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.identifiers import AccountId
from acquit.core.saml import AccountProvider, Certificate, Metadata, RequestedAttribute, Wishes
from acquit.store.transaction import Transaction

FIND: Final[LiteralString] = """
    SELECT p.account_id, p.entity_id, p.sign_on_url, p.certificates, p.subjects, p.ends_at,
           p.login_attribute, p.group_attribute, p.shuts_out_logins, p.signs_requests, p.requested,
           p.created_at, p.updated_at
      FROM identity_provider AS p
      JOIN account AS a ON a.account_id = p.account_id
     WHERE p.account_id = %(account_id)s AND a.state <> 'closed'
"""

ADD: Final[LiteralString] = """
    INSERT INTO identity_provider (account_id, entity_id, sign_on_url, certificates, subjects, ends_at,
                                   login_attribute, group_attribute, shuts_out_logins, signs_requests,
                                   requested)
    VALUES (%(account_id)s, %(entity_id)s, %(sign_on_url)s, %(certificates)s, %(subjects)s, %(ends_at)s,
            %(login_attribute)s, %(group_attribute)s, %(shuts_out_logins)s, %(signs_requests)s, %(requested)s)
    ON CONFLICT DO NOTHING
"""

LOCK: Final[LiteralString] = "SELECT 1 FROM identity_provider WHERE account_id = %(account_id)s FOR UPDATE"

CHANGE: Final[LiteralString] = """
    UPDATE identity_provider
       SET sign_on_url = %(sign_on_url)s, certificates = %(certificates)s,
           subjects = %(subjects)s, ends_at = %(ends_at)s,
           login_attribute = %(login_attribute)s, group_attribute = %(group_attribute)s,
           shuts_out_logins = %(shuts_out_logins)s, signs_requests = %(signs_requests)s,
           requested = %(requested)s, updated_at = instant()
     WHERE account_id = %(account_id)s AND entity_id = %(entity_id)s
"""

REMOVE: Final[LiteralString] = "DELETE FROM identity_provider WHERE account_id = %(account_id)s"

SHUTS_OUT: Final[LiteralString] = """
    SELECT EXISTS (SELECT FROM identity_provider
                    WHERE account_id = %(account_id)s AND shuts_out_logins) AS shuts_out
"""


def find(tx: Transaction, account_id: AccountId) -> AccountProvider | None:
    """Return the account's identity provider, or None; a closed account has none."""
    row = tx.one_or_none(FIND, account_id=account_id)
    return None if row is None else _provider(row)


def lock(tx: Transaction, account_id: AccountId) -> AccountProvider | None:
    """Return the account's identity provider and keep others from changing it until the transaction ends."""
    tx.all(LOCK, account_id=account_id)
    return find(tx, account_id)


def add(tx: Transaction, account_id: AccountId, metadata: Metadata, wishes: Wishes) -> bool:
    """Write the account's identity provider; False when it has one."""
    return tx.run(ADD, **_values(account_id, metadata, wishes)) == 1


def change(tx: Transaction, account_id: AccountId, metadata: Metadata, wishes: Wishes) -> None:
    """Write what the account's identity provider is now; its entity id stays."""
    changed = tx.run(CHANGE, **_values(account_id, metadata, wishes))
    assert changed == 1, "the account's provider is locked, and it is this one"


def remove(tx: Transaction, account_id: AccountId) -> bool:
    """Remove the account's identity provider and who is on the way to it; False when there was none."""
    return tx.run(REMOVE, account_id=account_id) == 1


def shuts_out_logins(tx: Transaction, account_id: AccountId) -> bool:
    """Return whether identity users of the account sign in by its identity provider alone."""
    return bool(tx.one(SHUTS_OUT, account_id=account_id).shuts_out)


# ---------------------------------------------------------------- on the way there and back

BEGIN_ONE: Final[LiteralString] = """
    WITH over AS (DELETE FROM saml_request WHERE expires_at <= %(now)s)
    INSERT INTO saml_request (account_id, request_hash, browser_hash, next, is_trial, expires_at)
    VALUES (%(account_id)s, %(request_hash)s, %(browser_hash)s, %(next)s, %(is_trial)s, %(expires_at)s)
"""

ANSWER: Final[LiteralString] = """
    UPDATE saml_request
       SET code_hash = %(code_hash)s, login = %(login)s, told_groups = %(told_groups)s,
           session_ends_at = %(session_ends_at)s
     WHERE account_id = %(account_id)s AND request_hash = %(request_hash)s AND code_hash IS NULL
       AND expires_at > %(now)s
"""

TAKE: Final[LiteralString] = """
    DELETE FROM saml_request
     WHERE account_id = %(account_id)s AND code_hash = %(code_hash)s AND browser_hash = %(browser_hash)s
       AND expires_at > %(now)s
    RETURNING login, told_groups, next, is_trial, session_ends_at
"""

SPEND: Final[LiteralString] = """
    WITH over AS (
        DELETE FROM saml_assertion
         WHERE expires_at <= %(now)s
           AND NOT (account_id = %(account_id)s AND assertion_hash = %(assertion_hash)s)
    )
    INSERT INTO saml_assertion (account_id, assertion_hash, expires_at)
    VALUES (%(account_id)s, %(assertion_hash)s, %(expires_at)s)
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """Whom the provider proved to a browser that is back, with the groups it told, and where that wanted.

    `session_ends_at`: when the provider's own session is over; None where it did not say.
    """

    login: str
    told_groups: tuple[str, ...]
    next: str
    is_trial: bool
    session_ends_at: datetime | None


def begin(
    tx: Transaction,
    account_id: AccountId,
    request_hash: bytes,
    browser_hash: bytes,
    next_: str,
    *,
    is_trial: bool,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Write that a browser was sent to the account's identity provider."""
    tx.run(
        BEGIN_ONE,
        account_id=account_id,
        request_hash=request_hash,
        browser_hash=browser_hash,
        next=next_,
        is_trial=is_trial,
        now=now,
        expires_at=expires_at,
    )


def answer(
    tx: Transaction,
    account_id: AccountId,
    request_hash: bytes,
    code_hash: bytes,
    login: str,
    told_groups: Sequence[str],
    session_ends_at: datetime | None,
    now: datetime,
) -> bool:
    """Write whom the answer to a request proved; False when nobody asked, or it was answered."""
    answered = tx.run(
        ANSWER,
        account_id=account_id,
        request_hash=request_hash,
        code_hash=code_hash,
        login=login,
        told_groups=list(told_groups),
        session_ends_at=session_ends_at,
        now=now,
    )
    return answered == 1


def spend(
    tx: Transaction, account_id: AccountId, assertion_hash: bytes, now: datetime, expires_at: datetime
) -> bool:
    """Write that an assertion was taken; False when it had been."""
    spent = tx.run(
        SPEND, account_id=account_id, assertion_hash=assertion_hash, now=now, expires_at=expires_at
    )
    return spent == 1


def take(
    tx: Transaction, account_id: AccountId, code_hash: bytes, browser_hash: bytes, now: datetime
) -> Answered | None:
    """Return whom the provider proved to this browser and forget it; None when nobody, or too long ago."""
    row = tx.one_or_none(TAKE, account_id=account_id, code_hash=code_hash, browser_hash=browser_hash, now=now)
    if row is None:
        return None
    return Answered(row.login, tuple(row.told_groups), row.next, row.is_trial, row.session_ends_at)


# ---------------------------------------------------------------- its people

GROUPS_OF: Final[LiteralString] = """
    SELECT u.group_name,
           ARRAY(SELECT g.group_name FROM identity_group_user AS g
                  WHERE g.account_id = u.account_id AND g.login = u.login) AS more_groups
      FROM identity_user AS u
     WHERE u.account_id = %(account_id)s AND u.login = %(login)s AND u.type = 'FEDERATED'
"""

KNOW: Final[LiteralString] = """
    INSERT INTO identity_user AS u (account_id, login, type, group_name, password_hash)
    VALUES (%(account_id)s, %(login)s, 'FEDERATED', %(group)s, '!')
    ON CONFLICT (account_id, login) DO UPDATE
       SET group_name = excluded.group_name, updated_at = instant()
     WHERE u.type = 'FEDERATED'
"""

GROUP: Final[LiteralString] = """
    WITH others AS (
        DELETE FROM identity_group_user
         WHERE account_id = %(account_id)s AND login = %(login)s AND group_name <> ALL(%(groups)s)
    )
    INSERT INTO identity_group_user (account_id, group_name, login)
    SELECT %(account_id)s, named, %(login)s FROM unnest(%(groups)s::text[]) AS named
    ON CONFLICT DO NOTHING
"""

END_KEYS: Final[LiteralString] = """
    DELETE FROM credential AS c
     USING identity_user AS u
     WHERE c.account_id = %(account_id)s AND u.account_id = c.account_id AND u.login = c.login
       AND u.type = 'FEDERATED'
"""

END_SESSIONS: Final[LiteralString] = """
    DELETE FROM session AS s
     USING identity_user AS u
     WHERE s.account_id = %(account_id)s AND u.account_id = s.account_id AND u.login = s.login
       AND u.type = 'FEDERATED'
"""

END_SHUT_OUT: Final[LiteralString] = """
    DELETE FROM session AS s
     USING identity_user AS u
     WHERE s.account_id = %(account_id)s AND u.account_id = s.account_id AND u.login = s.login
       AND u.type = 'USER'
"""

FORGET: Final[LiteralString] = """
    DELETE FROM identity_user WHERE account_id = %(account_id)s AND type = 'FEDERATED'
"""


def know(tx: Transaction, account_id: AccountId, login: str, groups: Sequence[str]) -> bool:
    """Write the person as the provider tells it now, in just these groups; False when that was so."""
    before = tx.one_or_none(GROUPS_OF, account_id=account_id, login=login)
    if before is not None and {before.group_name, *before.more_groups} == set(groups):
        return False
    known = tx.run(KNOW, account_id=account_id, login=login, group=groups[0])
    assert known == 1, "no identity user has the name of a person of a provider"
    tx.run(GROUP, account_id=account_id, login=login, groups=list(groups[1:]))
    return True


def forget_people(tx: Transaction, account_id: AccountId) -> int:
    """Remove the people of the provider with their sessions and keys; return how many there were."""
    tx.run(END_SESSIONS, account_id=account_id)
    tx.run(END_KEYS, account_id=account_id)
    return tx.run(FORGET, account_id=account_id)


def end_shut_out(tx: Transaction, account_id: AccountId) -> int:
    """End the sessions of the account's identity users; return how many there were."""
    return tx.run(END_SHUT_OUT, account_id=account_id)


# ---------------------------------------------------------------- our key

FIND_KEY: Final[LiteralString] = "SELECT key_sealed, certificate FROM sign_on_key"

ADD_KEY: Final[LiteralString] = """
    INSERT INTO sign_on_key (key_sealed, certificate) VALUES (%(key_sealed)s, %(certificate)s)
    ON CONFLICT DO NOTHING
"""


def find_key(tx: Transaction) -> tuple[bytes, bytes] | None:
    """Return the installation's key for requests, sealed, and its certificate; None before there is one."""
    row = tx.one_or_none(FIND_KEY)
    return None if row is None else (bytes(row.key_sealed), bytes(row.certificate))


def add_key(tx: Transaction, key_sealed: bytes, certificate: bytes) -> None:
    """Write the installation's key, unless there is one."""
    tx.run(ADD_KEY, key_sealed=key_sealed, certificate=certificate)


# ---------------------------------------------------------------- rows to values


def _values(account_id: AccountId, metadata: Metadata, wishes: Wishes) -> dict[str, object]:
    return {
        "account_id": account_id,
        "entity_id": metadata.entity_id,
        "sign_on_url": metadata.sign_on_url,
        "certificates": [each.der for each in metadata.certificates],
        "subjects": [each.subject for each in metadata.certificates],
        "ends_at": [each.ends_at for each in metadata.certificates],
        "login_attribute": wishes.login_attribute,
        "group_attribute": wishes.group_attribute,
        "shuts_out_logins": wishes.shuts_out_logins,
        "signs_requests": wishes.signs_requests,
        "requested": Jsonb([_told(each) for each in wishes.requested]),
    }


def _told(each: RequestedAttribute) -> dict[str, object]:
    return {
        "name": each.name,
        "is_required": each.is_required,
        "name_format": each.name_format,
        "values": list(each.values),
    }


def _provider(row: Any) -> AccountProvider:
    requested = tuple(
        RequestedAttribute(one["name"], one["is_required"], one["name_format"], tuple(one["values"]))
        for one in row.requested
    )
    rows = zip(row.subjects, row.ends_at, row.certificates, strict=True)
    certificates = tuple(Certificate(subject, ends_at, bytes(der)) for subject, ends_at, der in rows)
    return AccountProvider(
        account_id=AccountId(row.account_id),
        metadata=Metadata(row.entity_id, row.sign_on_url, certificates),
        wishes=Wishes(
            row.login_attribute, row.group_attribute, row.shuts_out_logins, row.signs_requests, requested
        ),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
