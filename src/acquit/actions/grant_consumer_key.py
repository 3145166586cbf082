"""Give an application a consumer key at once, without a validation page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from acquit.actions.consumer_keys import key_hash, random_key
from acquit.actions.context import Context
from acquit.core.access import Rule, check_application, read_blocks
from acquit.core.identifiers import AccountId, ApplicationId, CredentialId
from acquit.store import access, acts, tokens
from acquit.store.transaction import Transaction

KEY_LENGTH: Final = 32
APPLICATION_KEY_LENGTH: Final = 16
SECRET_LENGTH: Final = 32
EVERYTHING: Final = tuple(Rule(method, "/*") for method in ("GET", "POST", "PUT", "DELETE"))


@dataclass(frozen=True, slots=True)
class GrantedKey:
    """A consumer key, which is shown here and never again."""

    credential_id: CredentialId
    consumer_key: str = field(repr=False)


def grant_consumer_key(
    context: Context,
    application_id: ApplicationId,
    account_id: AccountId,
    rules: Sequence[Rule] = EVERYTHING,
    *,
    by: str,
    allowed_ips: Sequence[str] | None = None,
    expires_at: datetime | None = None,
    login: str | None = None,
    by_staff: bool = False,
) -> GrantedKey:
    """Let the application act for the account within the rules, from now on.

    Raises InvalidApplicationKey when there is no such application in use, MalformedBlock.
    """
    with context.database.write() as tx:
        return grant_in(
            tx,
            application_id,
            account_id,
            rules,
            by=by,
            allowed_ips=allowed_ips,
            expires_at=expires_at,
            login=login,
            by_staff=by_staff,
        )


def grant_in(
    tx: Transaction,
    application_id: ApplicationId,
    account_id: AccountId,
    rules: Sequence[Rule] = EVERYTHING,
    *,
    by: str,
    allowed_ips: Sequence[str] | None = None,
    expires_at: datetime | None = None,
    login: str | None = None,
    by_staff: bool = False,
) -> GrantedKey:
    """Do the same in a transaction of the caller's."""
    check_application(access.find_application(tx, application_id))
    key = random_key(KEY_LENGTH)
    credential_id = access.add_credential(
        tx,
        application_id,
        key_hash(key),
        rules,
        read_blocks(allowed_ips),
        status="validated",
        account_id=account_id,
        login=login,
        by_staff=by_staff,
        expires_at=expires_at,
    )
    acts.record(tx, by, "grant_consumer_key", account_id, str(credential_id), application_id=application_id)
    return GrantedKey(credential_id, key)


def application_for_tokens(
    context: Context, tx: Transaction, account_id: AccountId, name: str
) -> ApplicationId:
    """Return the account's application of that name for tokens, made when missing; its secret is nobody's."""
    known = tokens.application_of(tx, account_id, name)
    if known is not None:
        return known
    sealed = context.sealer.seal(random_key(SECRET_LENGTH))
    key = random_key(APPLICATION_KEY_LENGTH)
    made = access.add_application(tx, account_id, key, sealed, name, "Belongs to bearer tokens")
    tokens.trust(tx, made.application_id)
    return made.application_id
