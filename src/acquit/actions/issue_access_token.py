"""Give out access tokens that live an hour at most: to service accounts, or for a credential in use."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from acquit.actions.consumer_keys import key_hash
from acquit.actions.context import Context
from acquit.actions.grant_consumer_key import EVERYTHING, application_for_tokens, grant_in
from acquit.core.access import InvalidCredential
from acquit.core.errors import Forbidden
from acquit.core.identifiers import AccountId, CredentialId, ServiceAccountId
from acquit.core.service_account import TOKEN_LIFE, TOKENS_MAX, TooManyTokens, login_of
from acquit.store import access, service_accounts
from acquit.store.transaction import Transaction

SERVICE_TOKENS_NAME: Final = "Service accounts"
"""The name of the application that the access tokens of an account belong to."""
_NOBODY: Final = key_hash("nobody has this secret")


class WrongSecret(Forbidden):
    """No service account has that id and secret; which of both is wrong is not told."""

    code = "wrong-secret"

    def __init__(self) -> None:
        super().__init__("No service account has this id and secret")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token's text, which is shown here and never again, and its end."""

    expires_at: datetime
    text: str = field(repr=False)


def issue_access_token(context: Context, service_account_id: str, secret: str) -> AccessToken:
    """Give the service account a token with its rights, for an hour. Raises WrongSecret, TooManyTokens."""
    with context.database.read() as tx:
        keyed = service_accounts.find_keyed(tx, service_account_id)
    right = hmac.compare_digest(_NOBODY if keyed is None else keyed.secret_hash, key_hash(secret))
    if keyed is None or not right:
        raise WrongSecret
    known, now = ServiceAccountId(service_account_id), context.clock.now()
    with context.database.write() as tx:
        _make_room(tx, keyed.account_id, now)
        application_id = application_for_tokens(context, tx, keyed.account_id, SERVICE_TOKENS_NAME)
        by = f"account:{keyed.account_id}/{login_of(known)}"
        ends = now + TOKEN_LIFE
        granted = grant_in(tx, application_id, keyed.account_id, EVERYTHING, by=by, expires_at=ends)
        service_accounts.add_token(tx, keyed.account_id, granted.credential_id, known)
    return AccessToken(ends, granted.consumer_key)


def trade_for_token(
    context: Context,
    account_id: AccountId,
    credential_id: CredentialId,
    service_account_id: ServiceAccountId | None,
    *,
    by: str,
) -> AccessToken:
    """Give a token that may do what the credential may, for an hour; it ends with the credential.

    Raises InvalidCredential, TooManyTokens.
    """
    now = context.clock.now()
    with context.database.write() as tx:
        parent = access.find_credential(tx, account_id, credential_id)
        if parent is None or parent.status_at(now) != "validated":
            raise InvalidCredential
        _make_room(tx, account_id, now)
        ends = min(now + TOKEN_LIFE, parent.expires_at or now + TOKEN_LIFE)
        granted = grant_in(
            tx,
            application_for_tokens(context, tx, account_id, SERVICE_TOKENS_NAME),
            account_id,
            parent.rules,
            by=by,
            allowed_ips=None if parent.blocks is None else [str(block) for block in parent.blocks],
            expires_at=ends,
            login=parent.login,
        )
        service_accounts.add_token(
            tx, account_id, granted.credential_id, service_account_id, parent.credential_id
        )
    return AccessToken(ends, granted.consumer_key)


def _make_room(tx: Transaction, account_id: AccountId, now: datetime) -> None:
    service_accounts.purge(tx, account_id, now)
    if service_accounts.count_live(tx, account_id, now) >= TOKENS_MAX:
        raise TooManyTokens
