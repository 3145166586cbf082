"""Change, disable, enable and remove a login of an account."""

from dataclasses import dataclass, replace

from acquit.actions.context import Context
from acquit.core.access_event import Trace, state_of_login
from acquit.core.identifiers import AccountId
from acquit.core.identity import (
    Login,
    LoginStatus,
    NoSuchGroup,
    NoSuchLogin,
    checked_description,
    checked_email,
)
from acquit.store import access, access_events, identities, second_factors, sessions
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class LoginChange:
    """What is to be changed; None stays as it is, and an empty address is none."""

    email: str | None = None
    description: str | None = None
    group: str | None = None


def change_identity_user(
    context: Context, account_id: AccountId, login: str, change: LoginChange, *, by: str
) -> Login:
    """Write the changes to the login. Raises NoSuchLogin, BadIdentity, NoSuchGroup."""
    email = None if change.email is None else checked_email(change.email or None)
    with context.database.write() as tx:
        before = _locked(tx, account_id, login)
        after = replace(
            before,
            email=before.email if change.email is None else email,
            description=checked_description(
                before.description if change.description is None else change.description
            ),
            group=before.group if change.group is None else change.group,
        )
        if after.group != before.group and identities.find_group(tx, account_id, after.group) is None:
            raise NoSuchGroup(after.group)
        identities.change(tx, after)
        access.tell_change(tx)
        changed = _locked(tx, account_id, login)
        trace = _trace(context, before, changed)
        access_events.record(
            tx, by, "change_identity_user", account_id, login, trace=trace, group=after.group
        )
        return changed


def disable_identity_user(context: Context, account_id: AccountId, login: str, *, by: str) -> None:
    """Shut the login out: no signing in, no session, no key of its own works. Raises NoSuchLogin."""
    with context.database.write() as tx:
        found = _locked(tx, account_id, login)
        identities.change(tx, replace(found, status=LoginStatus.DISABLED))
        sessions.end_of_account(tx, account_id, login)
        access.tell_change(tx)
        trace = _trace(context, found, replace(found, status=LoginStatus.DISABLED))
        access_events.record(tx, by, "disable_identity_user", account_id, login, trace=trace)


def enable_identity_user(context: Context, account_id: AccountId, login: str, *, by: str) -> None:
    """Let a login in again that was disabled. Raises NoSuchLogin."""
    with context.database.write() as tx:
        found = _locked(tx, account_id, login)
        if found.status is LoginStatus.DISABLED:
            identities.change(tx, replace(found, status=LoginStatus.OK))
            access.tell_change(tx)
        trace = _trace(context, found, _locked(tx, account_id, login))
        access_events.record(tx, by, "enable_identity_user", account_id, login, trace=trace)


def remove_identity_user(context: Context, account_id: AccountId, login: str, *, by: str) -> None:
    """Remove the login with its sessions, tokens and consumer keys. Raises NoSuchLogin."""
    with context.database.write() as tx:
        found = _locked(tx, account_id, login)
        sessions.end_of_account(tx, account_id, login)
        identities.remove_credentials(tx, account_id, login)
        second_factors.remove_all(tx, account_id, login)
        identities.remove(tx, account_id, login)
        access.tell_change(tx)
        trace = _trace(context, found, None)
        access_events.record(tx, by, "remove_identity_user", account_id, login, trace=trace)


def _trace(context: Context, before: Login, after: Login | None) -> Trace:
    state = None if after is None else state_of_login(after)
    return Trace(context.caller_address, before=state_of_login(before), after=state)


def _locked(tx: Transaction, account_id: AccountId, login: str) -> Login:
    found = identities.lock(tx, account_id, login)
    if found is None:
        raise NoSuchLogin(login)
    return found
