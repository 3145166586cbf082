"""Make, change and remove groups of logins, and say who is in them."""

from dataclasses import replace

from acquit.actions.context import Context
from acquit.core.access_event import Trace, state_of_group, state_of_login
from acquit.core.identifiers import AccountId
from acquit.core.identity import (
    BadIdentity,
    Group,
    GroupInUse,
    GroupTaken,
    Login,
    NoSuchGroup,
    NoSuchLogin,
    Role,
    checked_description,
    checked_group,
    refuse_default_group,
)
from acquit.store import access, access_events, identities
from acquit.store.transaction import Transaction


def add_identity_group(
    context: Context,
    account_id: AccountId,
    name: str,
    role: Role = Role.NONE,
    description: str | None = None,
    *,
    by: str,
) -> Group:
    """Add a group of logins. Raises BadIdentity, GroupTaken."""
    checked_group(name)
    checked_description(description or "")
    with context.database.write() as tx:
        if identities.find_group(tx, account_id, name) is not None:
            raise GroupTaken(name)
        if not identities.add_group(tx, account_id, name, role, description):
            raise GroupTaken(name)
        made = _group(tx, account_id, name)
        trace = Trace(context.caller_address, after=state_of_group(made))
        access_events.record(tx, by, "add_identity_group", account_id, name, trace=trace, role=role.value)
        return made


def change_identity_group(
    context: Context,
    account_id: AccountId,
    name: str,
    *,
    by: str,
    role: Role | None = None,
    description: str | None = None,
) -> Group:
    """Write the role and the description that are given. Raises NoSuchGroup, DefaultGroup, BadIdentity."""
    checked_description(description or "")
    with context.database.write() as tx:
        found = _group(tx, account_id, name)
        refuse_default_group(name)
        changed = replace(
            found,
            role=found.role if role is None else role,
            description=found.description if description is None else description,
        )
        identities.change_group(tx, changed)
        access.tell_change(tx)
        trace = Trace(context.caller_address, before=state_of_group(found), after=state_of_group(changed))
        role_said = changed.role.value
        access_events.record(tx, by, "change_identity_group", account_id, name, trace=trace, role=role_said)
        return _group(tx, account_id, name)


def remove_identity_group(context: Context, account_id: AccountId, name: str, *, by: str) -> None:
    """Remove the group. Raises NoSuchGroup, DefaultGroup, GroupInUse while it is a login's first group."""
    with context.database.write() as tx:
        found = _group(tx, account_id, name)
        refuse_default_group(name)
        if (held := identities.logins_that_begin_with(tx, account_id, name)) > 0:
            raise GroupInUse(f"{held} identity users have {name} as their group: give them another one first")
        identities.remove_group(tx, account_id, name)
        access.tell_change(tx)
        trace = Trace(context.caller_address, before=state_of_group(found))
        access_events.record(tx, by, "remove_identity_group", account_id, name, trace=trace)


def join_identity_group(context: Context, account_id: AccountId, name: str, login: str, *, by: str) -> None:
    """Put the login in the group besides its first one. Raises NoSuchGroup, NoSuchLogin."""
    with context.database.write() as tx:
        _group(tx, account_id, name)
        found = identities.lock(tx, account_id, login)
        if found is None:
            raise NoSuchLogin(login)
        identities.join(tx, account_id, name, login)
        access.tell_change(tx)
        trace = _trace(context, tx, found)
        access_events.record(tx, by, "join_identity_group", account_id, login, trace=trace, group=name)


def leave_identity_group(context: Context, account_id: AccountId, name: str, login: str, *, by: str) -> None:
    """Take the login out of the group.

    Raises NoSuchGroup, NoSuchLogin when it is not in it, BadIdentity when it is its first group.
    """
    with context.database.write() as tx:
        _group(tx, account_id, name)
        found = identities.lock(tx, account_id, login)
        if found is None or name not in found.groups:
            raise NoSuchLogin(login)
        if found.group == name:
            raise BadIdentity(f"{name} is the first group of {login}: give it another one by changing it")
        identities.leave(tx, account_id, name, login)
        access.tell_change(tx)
        trace = _trace(context, tx, found)
        access_events.record(tx, by, "leave_identity_group", account_id, login, trace=trace, group=name)


def _trace(context: Context, tx: Transaction, before: Login) -> Trace:
    after = identities.find(tx, before.account_id, before.login)
    assert after is not None, "a login that is locked stays"
    return Trace(context.caller_address, before=state_of_login(before), after=state_of_login(after))


def _group(tx: Transaction, account_id: AccountId, name: str) -> Group:
    found = identities.find_group(tx, account_id, name)
    if found is None:
        raise NoSuchGroup(name)
    return found
