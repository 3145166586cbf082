"""Give a login a bearer token, change it, take it away."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from acquit.actions.context import Context
from acquit.actions.developer_mode import require_developer_mode
from acquit.actions.grant_consumer_key import application_for_tokens, grant_in
from acquit.core.access_event import Trace, state_of_token
from acquit.core.identifiers import AccountId
from acquit.core.identity import (
    BearerToken,
    NoSuchLogin,
    NoSuchToken,
    TokenTaken,
    checked_description,
    checked_token_name,
    end_of_token,
)
from acquit.store import access, access_events, identities, tokens
from acquit.store.transaction import Transaction

TOKENS_NAME: Final = "Personal access tokens"
"""The name of the application that the tokens of an account's logins belong to."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token of a login and its text, which is shown here and never again."""

    token: BearerToken
    text: str = field(repr=False)


def create_personal_token(
    context: Context,
    account_id: AccountId,
    login: str,
    name: str,
    description: str,
    *,
    by: str,
    expires_at: datetime | None = None,
    expires_in: int | None = None,
) -> NewToken:
    """Give the login a token that opens everything the login may do; its end is optional.

    Raises NoSuchLogin, BadIdentity, BadEnd, TokenTaken, DeveloperModeOff.
    """
    checked_token_name(name)
    checked_description(description)
    end = end_of_token(context.clock.now(), expires_at, expires_in)
    with context.database.write() as tx:
        if identities.lock(tx, account_id, login) is None:
            raise NoSuchLogin(login)
        require_developer_mode(tx, account_id)
        application_id = application_for_tokens(context, tx, account_id, TOKENS_NAME)
        granted = grant_in(tx, application_id, account_id, by=by, login=login, expires_at=end)
        if not tokens.add(tx, account_id, login, name, description, granted.credential_id):
            raise TokenTaken(name)
        made = _token(tx, account_id, login, name)
        trace = Trace(context.caller_address, after=state_of_token(made))
        access_events.record(tx, by, "create_personal_token", account_id, login, trace=trace, token=name)
        return NewToken(made, granted.consumer_key)


def change_personal_token(
    context: Context,
    account_id: AccountId,
    login: str,
    name: str,
    *,
    by: str,
    description: str | None = None,
    expires_at: datetime | None = None,
    expires_in: int | None = None,
    endless: bool = False,
) -> BearerToken:
    """Write the description and the end that are given; `endless` takes the end away.

    Raises NoSuchToken, BadIdentity, BadEnd.
    """
    end = end_of_token(context.clock.now(), expires_at, expires_in)
    with context.database.write() as tx:
        found = _token(tx, account_id, login, name)
        changed = replace(
            found,
            description=checked_description(found.description if description is None else description),
            expires_at=end or (None if endless else found.expires_at),
        )
        tokens.change(tx, account_id, changed)
        access.tell_change(tx)
        trace = Trace(context.caller_address, before=state_of_token(found), after=state_of_token(changed))
        access_events.record(tx, by, "change_personal_token", account_id, login, trace=trace, token=name)
        return _token(tx, account_id, login, name)


def revoke_personal_token(context: Context, account_id: AccountId, login: str, name: str, *, by: str) -> None:
    """Take the token away: it opens nothing any more. Raises NoSuchToken."""
    with context.database.write() as tx:
        found = _token(tx, account_id, login, name)
        access.delete_credential(tx, account_id, found.credential_id)
        access.tell_change(tx)
        trace = Trace(context.caller_address, before=state_of_token(found))
        access_events.record(tx, by, "revoke_personal_token", account_id, login, trace=trace, token=name)


def _token(tx: Transaction, account_id: AccountId, login: str, name: str) -> BearerToken:
    found = tokens.find(tx, account_id, login, name)
    if found is None:
        raise NoSuchToken(name)
    return found
