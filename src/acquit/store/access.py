"""Applications, consumer keys and the traces of their use."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg.types.json import Jsonb

from acquit.core.access import Application, Block, Credential, Rule, read_block, read_blocks
from acquit.core.address_rule import UNRESTRICTED, AddressRule, AddressRules, Verdict
from acquit.core.identifiers import (
    AccountId,
    ApplicationId,
    CredentialId,
    LegalEntityId,
    ServiceAccountId,
)
from acquit.core.identity import LoginType, narrowed, roles_of
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction

CHANNEL: Final = "acquit_access"

# ---------------------------------------------------------------- applications

ADD_APPLICATION: Final[LiteralString] = """
    INSERT INTO application (application_key, secret_sealed, account_id, name, description)
    VALUES (%(application_key)s, %(secret_sealed)s, %(account_id)s, %(name)s, %(description)s)
    RETURNING application_id, application_key, account_id, name, description, status
"""

FIND_APPLICATION: Final[LiteralString] = """
    SELECT application_id, application_key, account_id, name, description, status
      FROM application
     WHERE application_id = %(application_id)s
"""

FIND_APPLICATION_BY_KEY: Final[LiteralString] = """
    SELECT application_id, application_key, account_id, name, description, status
      FROM application
     WHERE application_key = %(application_key)s
"""

FIND_APPLICATIONS: Final[LiteralString] = """
    SELECT application_id, application_key, account_id, name, description, status
      FROM application
     WHERE account_id = %(account_id)s AND application_id = ANY(%(application_ids)s)
"""

FIND_SOME_APPLICATIONS: Final[LiteralString] = """
    SELECT application_id, application_key, account_id, name, description, status
      FROM application
     WHERE application_id = ANY(%(application_ids)s)
"""

FIND_SEALED: Final[LiteralString] = """
    SELECT secret_sealed FROM application WHERE application_id = %(application_id)s
"""

DELETE_APPLICATION: Final[LiteralString] = """
    DELETE FROM application WHERE account_id = %(account_id)s AND application_id = %(application_id)s
"""


def add_application(
    tx: Transaction,
    account_id: AccountId,
    application_key: str,
    secret_sealed: bytes,
    name: str,
    description: str,
) -> Application:
    """Register a program of the account and return it."""
    row = tx.one(
        ADD_APPLICATION,
        application_key=application_key,
        secret_sealed=secret_sealed,
        account_id=account_id,
        name=name,
        description=description,
    )
    return _application(row)


def find_application(tx: Transaction, application_id: ApplicationId) -> Application | None:
    """Return the application, whoever owns it, or None."""
    row = tx.one_or_none(FIND_APPLICATION, application_id=application_id)
    return None if row is None else _application(row)


def find_application_by_key(tx: Transaction, application_key: str) -> Application | None:
    """Return the application that has the key, or None."""
    row = tx.one_or_none(FIND_APPLICATION_BY_KEY, application_key=application_key)
    return None if row is None else _application(row)


def find_applications(
    tx: Transaction, account_id: AccountId, application_ids: Sequence[ApplicationId]
) -> list[Application]:
    """Return those of the applications that the account owns."""
    rows = tx.all(FIND_APPLICATIONS, account_id=account_id, application_ids=list(application_ids))
    return [_application(row) for row in rows]


def some_applications(
    tx: Transaction, application_ids: Sequence[ApplicationId]
) -> dict[ApplicationId, Application]:
    """Return these applications by id, whoever owns them."""
    rows = tx.all(FIND_SOME_APPLICATIONS, application_ids=list(application_ids))
    return {ApplicationId(row.application_id): _application(row) for row in rows}


def find_secret(tx: Transaction, application_id: ApplicationId) -> bytes | None:
    """Return the sealed secret of the application, or None."""
    row = tx.one_or_none(FIND_SEALED, application_id=application_id)
    return None if row is None else bytes(row.secret_sealed)


def applications_of(account_id: AccountId) -> Selection:
    """Return the list of the account's own applications."""
    return Selection(
        "application_id", "application WHERE account_id = %(account_id)s", {"account_id": account_id}
    )


def delete_application(tx: Transaction, account_id: AccountId, application_id: ApplicationId) -> bool:
    """Delete the account's application and every consumer key of it; False when it has none such."""
    return tx.run(DELETE_APPLICATION, account_id=account_id, application_id=application_id) == 1


# ---------------------------------------------------------------- credentials

CREDENTIAL_STATUS: Final[LiteralString] = (
    "(CASE WHEN status = 'validated' AND expires_at <= now() THEN 'expired' ELSE status END)"
)

ADD_CREDENTIAL: Final[LiteralString] = """
    INSERT INTO credential (application_id, account_id, login, key_hash, token_hash, status, rules,
                            allowed_ips, redirection, by_staff, expires_at)
    VALUES (%(application_id)s, %(account_id)s, %(login)s, %(key_hash)s, %(token_hash)s, %(status)s,
            %(rules)s, %(allowed_ips)s, %(redirection)s, %(by_staff)s, %(expires_at)s)
    RETURNING credential_id
"""

COUNT_PENDING: Final[LiteralString] = """
    SELECT count(*) FROM credential
     WHERE application_id = %(application_id)s AND status = 'pendingValidation'
"""

PURGE_PENDING: Final[LiteralString] = """
    DELETE FROM credential
     WHERE application_id = %(application_id)s AND status IN ('pendingValidation', 'refused')
       AND created_at < %(before)s
"""

FIND_CREDENTIALS: Final[LiteralString] = """
    SELECT c.credential_id, c.application_id, c.account_id, c.login, c.status, c.rules, c.allowed_ips,
           c.redirection, c.by_staff, c.created_at, c.expires_at, u.last_use_at
      FROM credential c LEFT JOIN credential_use u USING (credential_id)
     WHERE c.account_id = %(account_id)s AND c.credential_id = ANY(%(credential_ids)s)
"""

FIND_ASKED: Final[LiteralString] = """
    SELECT credential_id, application_id, account_id, login, status, rules, allowed_ips,
           redirection, by_staff, created_at, expires_at, NULL::timestamptz AS last_use_at
      FROM credential
     WHERE token_hash = %(token_hash)s
"""

LOCK_ASKED: Final[LiteralString] = FIND_ASKED + " FOR UPDATE"

SETTLE_PENDING: Final[LiteralString] = """
    UPDATE credential
       SET status = %(status)s, account_id = %(account_id)s, login = %(login)s, expires_at = %(expires_at)s
     WHERE credential_id = %(credential_id)s AND status = 'pendingValidation'
"""

LIMIT: Final[LiteralString] = """
    UPDATE credential SET allowed_ips = %(allowed_ips)s
     WHERE account_id = %(account_id)s AND credential_id = %(credential_id)s
"""

EXPIRE: Final[LiteralString] = """
    UPDATE credential SET status = 'expired', expires_at = %(at)s
     WHERE account_id = %(account_id)s AND credential_id = %(credential_id)s AND status = 'validated'
"""

DELETE_CREDENTIAL: Final[LiteralString] = """
    DELETE FROM credential WHERE account_id = %(account_id)s AND credential_id = %(credential_id)s
"""


def add_credential(
    tx: Transaction,
    application_id: ApplicationId,
    key_hash: bytes,
    rules: Sequence[Rule],
    blocks: Sequence[Block] | None,
    *,
    status: str,
    token_hash: bytes | None = None,
    redirection: str | None = None,
    account_id: AccountId | None = None,
    login: str | None = None,
    by_staff: bool = False,
    expires_at: datetime | None = None,
) -> CredentialId:
    """Keep a new consumer key by its hash and return the id of its record."""
    row = tx.one(
        ADD_CREDENTIAL,
        application_id=application_id,
        account_id=account_id,
        login=login,
        key_hash=key_hash,
        token_hash=token_hash,
        status=status,
        rules=Jsonb([{"method": rule.method, "path": rule.path} for rule in rules]),
        allowed_ips=None if blocks is None else [str(block) for block in blocks],
        redirection=redirection,
        by_staff=by_staff,
        expires_at=expires_at,
    )
    return CredentialId(row.credential_id)


def count_pending(tx: Transaction, application_id: ApplicationId) -> int:
    """Return how many consumer keys of the application wait for an answer."""
    return int(tx.one(COUNT_PENDING, application_id=application_id)[0])


def purge_pending(tx: Transaction, application_id: ApplicationId, before: datetime) -> int:
    """Forget keys of the application that were asked for before that instant and never became valid."""
    return tx.run(PURGE_PENDING, application_id=application_id, before=before)


def find_credential(tx: Transaction, account_id: AccountId, credential_id: CredentialId) -> Credential | None:
    """Return the account's credential, or None."""
    return next(iter(find_credentials(tx, account_id, [credential_id])), None)


def find_credentials(
    tx: Transaction, account_id: AccountId, credential_ids: Sequence[CredentialId]
) -> list[Credential]:
    """Return those of the credentials that are the account's, with their last use."""
    rows = tx.all(FIND_CREDENTIALS, account_id=account_id, credential_ids=list(credential_ids))
    return [_credential(row) for row in rows]


def credentials_of(
    account_id: AccountId, application_id: ApplicationId | None = None, status: str | None = None
) -> Selection:
    """Return the list of the account's credentials, of one application or in one state when given."""
    source: LiteralString = "credential WHERE account_id = %(account_id)s"
    if application_id is not None:
        source += " AND application_id = %(application_id)s"
    if status is not None:
        source += " AND " + CREDENTIAL_STATUS + " = %(status)s"
    values = {"account_id": account_id, "application_id": application_id, "status": status}
    return Selection("credential_id", source, values)


def find_by_token(tx: Transaction, token_hash: bytes, *, lock: bool = False) -> Credential | None:
    """Return the credential that the validation page with that token speaks of, or None."""
    row = tx.one_or_none(LOCK_ASKED if lock else FIND_ASKED, token_hash=token_hash)
    return None if row is None else _credential(row)


def settle_pending(
    tx: Transaction,
    credential_id: CredentialId,
    status: str,
    account_id: AccountId | None,
    login: str | None,
    expires_at: datetime | None,
) -> bool:
    """Write a person's answer; False when the credential was answered already."""
    touched = tx.run(
        SETTLE_PENDING,
        credential_id=credential_id,
        status=status,
        account_id=account_id,
        login=login,
        expires_at=expires_at,
    )
    return touched == 1


def limit(
    tx: Transaction, account_id: AccountId, credential_id: CredentialId, blocks: Sequence[Block] | None
) -> bool:
    """Limit the key to the blocks (None: no limit); False when the account has no such credential."""
    texts = None if blocks is None else [str(block) for block in blocks]
    return tx.run(LIMIT, account_id=account_id, credential_id=credential_id, allowed_ips=texts) == 1


def expire(tx: Transaction, account_id: AccountId, credential_id: CredentialId, at: datetime) -> bool:
    """End a valid key; its record stays. False when it was not valid."""
    return tx.run(EXPIRE, account_id=account_id, credential_id=credential_id, at=at) == 1


def delete_credential(tx: Transaction, account_id: AccountId, credential_id: CredentialId) -> bool:
    """Delete the account's credential; False when it has no such credential."""
    return tx.run(DELETE_CREDENTIAL, account_id=account_id, credential_id=credential_id) == 1


# ---------------------------------------------------------------- who signs

_SIGNER: Final[LiteralString] = """
    SELECT a.application_id, a.application_key, a.account_id, a.name, a.description, a.status,
           a.secret_sealed,
           c.credential_id, c.account_id AS caller_id, c.login,
           CASE WHEN n.state = 'closed' OR i.status = 'DISABLED' THEN 'expired'
                ELSE c.status END AS key_status,
           c.rules, c.allowed_ips, c.redirection, c.by_staff, c.created_at, c.expires_at,
           n.legal_entity_id, n.currency, e.zone, e.test_on, i.type AS login_type,
           ARRAY(SELECT jsonb_build_array(r.address_rule_id, r.block::text, r.accepts) FROM address_rule r
                  WHERE r.account_id = c.account_id) AS address_rules,
           coalesce((SELECT d.accepts FROM address_default d
                      WHERE d.account_id = c.account_id), true) AS accepts_others,
           ARRAY(SELECT i.group_name
                  UNION
                 SELECT m.group_name FROM identity_group_user m
                  WHERE m.account_id = i.account_id AND m.login = i.login) AS login_groups,
           ARRAY(SELECT g.role FROM identity_group g
                  WHERE g.account_id = i.account_id
                    AND (g.name = i.group_name OR EXISTS (
                         SELECT FROM identity_group_user m
                          WHERE m.account_id = i.account_id AND m.login = i.login
                            AND m.group_name = g.name))) AS login_roles
"""

FIND_SIGNER: Final[LiteralString] = (
    _SIGNER
    + """, NULL::text AS service_account_id, NULL::text[] AS actions
      FROM application a
      LEFT JOIN credential c ON c.key_hash = %(key_hash)s AND c.application_id = a.application_id
      LEFT JOIN account n ON n.account_id = c.account_id
      LEFT JOIN legal_entity e ON e.legal_entity_id = n.legal_entity_id
      LEFT JOIN identity_user i ON i.account_id = c.account_id AND i.login = c.login
     WHERE a.application_key = %(application_key)s
"""
)

_RIGHTS: Final[LiteralString] = """, o.service_account_id,
           ARRAY(SELECT r.action FROM service_account_right r
                  WHERE r.account_id = o.account_id
                    AND r.service_account_id = o.service_account_id) AS actions
"""

FIND_BEARER: Final[LiteralString] = (
    _SIGNER
    + _RIGHTS
    + """
      FROM credential c
      LEFT JOIN identity_token t ON t.credential_id = c.credential_id
      LEFT JOIN access_token o ON o.credential_id = c.credential_id
      LEFT JOIN credential p ON p.credential_id = o.parent_id
      JOIN application a ON a.application_id = c.application_id
      JOIN account n ON n.account_id = c.account_id
      JOIN legal_entity e ON e.legal_entity_id = n.legal_entity_id
      LEFT JOIN identity_user i ON i.account_id = c.account_id AND i.login = c.login
     WHERE c.key_hash = %(key_hash)s
       AND (t.credential_id IS NOT NULL OR o.credential_id IS NOT NULL)
       AND (o.parent_id IS NULL OR p.status = 'validated' AND coalesce(p.expires_at, 'infinity') > now())
"""
)


@dataclass(frozen=True, slots=True)
class Signer:
    """All that admits a signed request: the program, its sealed secret, the key, its account's seller."""

    application: Application
    secret_sealed: bytes
    credential: Credential | None
    legal_entity_id: LegalEntityId | None
    currency: str
    zone: str
    test_on: date | None = None
    service_account_id: ServiceAccountId | None = None
    actions: tuple[str, ...] = ()
    address_rules: AddressRules = UNRESTRICTED


def find_signer(tx: Transaction, application_key: str, key_hash: bytes) -> Signer | None:
    """Return the application and, if it is the application's, the consumer key; None without application.

    A key of a closed account or of a disabled login counts as expired; one of another login than the
    account's own may do no more than the login's roles.
    """
    row = tx.one_or_none(FIND_SIGNER, application_key=application_key, key_hash=key_hash)
    return None if row is None else _signer(row)


def find_bearer(tx: Transaction, token_hash: bytes) -> Signer | None:
    """Return what a bearer token opens (of a login, of a service account, or traded for a key), or None."""
    row = tx.one_or_none(FIND_BEARER, key_hash=token_hash)
    return None if row is None else _signer(row)


# ---------------------------------------------------------------- traces of use, changes told to all

RECORD_USE: Final[LiteralString] = """
    INSERT INTO credential_use AS u (credential_id, last_use_at, calls)
    SELECT * FROM unnest(%(credential_ids)s::bigint[], %(last_uses)s::timestamptz[], %(calls)s::bigint[])
        ON CONFLICT (credential_id) DO UPDATE
       SET last_use_at = greatest(u.last_use_at, excluded.last_use_at), calls = u.calls + excluded.calls
"""

TELL: Final[LiteralString] = "SELECT pg_notify('acquit_access', '')"

HEAR: Final[LiteralString] = "LISTEN acquit_access"


def record_use(tx: Transaction, uses: Mapping[CredentialId, tuple[datetime, int]]) -> None:
    """Add calls to the keys' counters and move their last use forward."""
    ordered = sorted(uses.items())
    tx.run(
        RECORD_USE,
        credential_ids=[credential_id for credential_id, _ in ordered],
        last_uses=[at for _, (at, _) in ordered],
        calls=[calls for _, (_, calls) in ordered],
    )


def tell_change(tx: Transaction) -> None:
    """Tell every process, when the transaction commits, to forget what it remembers of access."""
    tx.all(TELL)


def hear_changes(url: str, pause_seconds: float) -> Iterator[bool]:
    """Yield False every `pause_seconds` and True when access changed, until the connection breaks."""
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute(HEAR)
        yield True
        while True:
            yield any(True for _ in connection.notifies(timeout=pause_seconds, stop_after=1))


# ---------------------------------------------------------------- rows to values


def _signer(row: Any) -> Signer:
    credential = None
    if row.credential_id is not None:
        credential = _credential(row, account_id=row.caller_id, status=row.key_status, last_use_at=None)
    if credential is not None and row.login_type not in (None, LoginType.ROOT):
        roles = roles_of(row.login_groups, row.login_roles)
        credential = replace(credential, rules=narrowed(credential.rules, roles))
    return Signer(
        application=_application(row),
        secret_sealed=bytes(row.secret_sealed),
        credential=credential,
        legal_entity_id=row.legal_entity_id,
        currency=row.currency or "",
        zone=row.zone or "UTC",
        test_on=row.test_on,
        service_account_id=row.service_account_id,
        actions=tuple(row.actions or ()),
        address_rules=AddressRules(
            tuple(AddressRule(no, read_block(block), Verdict(to)) for no, block, to in row.address_rules),
            Verdict(row.accepts_others),
        ),
    )


def _application(row: Any) -> Application:
    return Application(
        application_id=ApplicationId(row.application_id),
        application_key=row.application_key,
        account_id=AccountId(row.account_id),
        name=row.name,
        description=row.description,
        status=row.status,
    )


def _credential(row: Any, **other: Any) -> Credential:
    """Return the credential of a row; `other` names the members that the row calls otherwise."""
    names = ("account_id", "status", "last_use_at")
    value: dict[str, Any] = {name: other.get(name) if name in other else getattr(row, name) for name in names}
    return Credential(
        credential_id=CredentialId(row.credential_id),
        application_id=ApplicationId(row.application_id),
        login=row.login,
        rules=tuple(Rule(rule["method"], rule["path"]) for rule in row.rules),
        blocks=read_blocks(row.allowed_ips),
        redirection=row.redirection,
        by_staff=row.by_staff,
        created_at=row.created_at,
        expires_at=row.expires_at,
        **value,
    )
