"""Make a service account, change it, give it rights, take it away."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from acquit.actions.consumer_keys import key_hash, random_key
from acquit.actions.context import Context
from acquit.actions.developer_mode import require_developer_mode
from acquit.actions.loading import locked_account_in
from acquit.core.access_event import Trace, state_of_service_account
from acquit.core.identifiers import AccountId, ServiceAccountId
from acquit.core.service_account import (
    RIGHTS_MAX,
    SERVICE_ACCOUNTS_MAX,
    NoSuchServiceAccount,
    ServiceAccount,
    TooManyServiceAccounts,
    checked_action,
    checked_description,
    checked_name,
)
from acquit.store import access, access_events, acts, service_accounts
from acquit.store.transaction import Transaction

ID_LENGTH: Final = 16
SECRET_LENGTH: Final = 32


@dataclass(frozen=True, slots=True)
class NewServiceAccount:
    """A service account's id and secret, which is shown here and never again."""

    service_account_id: ServiceAccountId
    secret: str = field(repr=False)


def create_service_account(
    context: Context, account_id: AccountId, name: str, description: str, *, by: str
) -> NewServiceAccount:
    """The account has one more service account, without any right.

    Raises NoSuchAccount, BadServiceAccount, TooManyServiceAccounts, DeveloperModeOff.
    """
    name, description = checked_name(name), checked_description(description)
    made = NewServiceAccount(ServiceAccountId(random_key(ID_LENGTH)), random_key(SECRET_LENGTH))
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        require_developer_mode(tx, account_id)
        if service_accounts.count(tx, account_id) >= SERVICE_ACCOUNTS_MAX:
            raise TooManyServiceAccounts(
                f"An account has at most {SERVICE_ACCOUNTS_MAX} service accounts: delete one first"
            )
        hashed = key_hash(made.secret)
        service_accounts.add(tx, account_id, made.service_account_id, name, description, hashed)
        found = _found(tx, account_id, made.service_account_id)
        trace = Trace(context.caller_address, after=state_of_service_account(found))
        access_events.record(
            tx, by, "create_service_account", account_id, made.service_account_id, trace=trace, name=name
        )
    return made


def change_service_account(
    context: Context,
    account_id: AccountId,
    service_account_id: str,
    *,
    by: str,
    name: str | None = None,
    description: str | None = None,
) -> None:
    """Write the name and the description that are given. Raises NoSuchServiceAccount, BadServiceAccount."""
    with context.database.write() as tx:
        found = _found(tx, account_id, service_account_id)
        changed = replace(
            found,
            name=found.name if name is None else checked_name(name),
            description=found.description if description is None else checked_description(description),
        )
        service_accounts.change(tx, changed)
        trace = _trace(context, found, changed)
        access_events.record(tx, by, "change_service_account", account_id, service_account_id, trace=trace)


def give_rights(
    context: Context, account_id: AccountId, service_account_id: str, actions: Sequence[str], *, by: str
) -> ServiceAccount:
    """The service account may carry out these actions too, in every process at once.

    Raises NoSuchServiceAccount, BadServiceAccount, TooManyServiceAccounts.
    """
    given = [checked_action(action) for action in actions]
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        found = _found(tx, account_id, service_account_id)
        if len({*found.actions, *given}) > RIGHTS_MAX:
            raise TooManyServiceAccounts(f"A service account has at most {RIGHTS_MAX} rights: use * in some")
        service_accounts.give(tx, account_id, found.service_account_id, given)
        access.tell_change(tx)
        after = _found(tx, account_id, service_account_id)
        trace = _trace(context, found, after)
        access_events.record(
            tx, by, "give_rights", account_id, service_account_id, trace=trace, actions=given
        )
        return after


def take_rights(
    context: Context, account_id: AccountId, service_account_id: str, actions: Sequence[str], *, by: str
) -> ServiceAccount:
    """The service account has these rights no longer. Raises NoSuchServiceAccount."""
    with context.database.write() as tx:
        found = _found(tx, account_id, service_account_id)
        service_accounts.take(tx, account_id, found.service_account_id, actions)
        access.tell_change(tx)
        after = _found(tx, account_id, service_account_id)
        trace = _trace(context, found, after)
        access_events.record(
            tx, by, "take_rights", account_id, service_account_id, trace=trace, actions=list(actions)
        )
        return after


def remove_service_account(
    context: Context, account_id: AccountId, service_account_id: str, *, by: str
) -> None:
    """The service account is gone, its tokens open nothing any more. Raises NoSuchServiceAccount."""
    with context.database.write() as tx:
        found = _found(tx, account_id, service_account_id)
        service_accounts.end_tokens(tx, account_id, found.service_account_id)
        service_accounts.remove(tx, account_id, found.service_account_id)
        access.tell_change(tx)
        trace = _trace(context, found, None)
        access_events.record(tx, by, "remove_service_account", account_id, service_account_id, trace=trace)


def end_tokens(context: Context, account_id: AccountId, service_account_id: str, *, by: str) -> None:
    """End every token of the service account that lives. Raises NoSuchServiceAccount when none does."""
    with context.database.write() as tx:
        found = _found(tx, account_id, service_account_id)
        if not service_accounts.end_tokens(tx, account_id, found.service_account_id):
            raise NoSuchServiceAccount(service_account_id)
        access.tell_change(tx)
        acts.record(tx, by, "end_tokens", account_id, service_account_id)


def _trace(context: Context, before: ServiceAccount, after: ServiceAccount | None) -> Trace:
    state = None if after is None else state_of_service_account(after)
    return Trace(context.caller_address, before=state_of_service_account(before), after=state)


def _found(tx: Transaction, account_id: AccountId, service_account_id: str) -> ServiceAccount:
    found = service_accounts.find(tx, account_id, service_account_id)
    if found is None:
        raise NoSuchServiceAccount(service_account_id)
    return found
