"""/me/identity: logins of the account, their groups and their tokens."""

from collections.abc import Mapping, Sequence
from typing import Any

from acquit.actions.add_identity_user import add_identity_user
from acquit.actions.change_identity_group import (
    add_identity_group,
    change_identity_group,
    join_identity_group,
    leave_identity_group,
    remove_identity_group,
)
from acquit.actions.change_identity_user import (
    LoginChange,
    change_identity_user,
    disable_identity_user,
    enable_identity_user,
    remove_identity_user,
)
from acquit.actions.create_personal_token import (
    change_personal_token,
    create_personal_token,
    revoke_personal_token,
)
from acquit.api import wire
from acquit.api.listing import Column, Listing
from acquit.api.request import Request
from acquit.core.identity import (
    DEFAULT_GROUP,
    BearerToken,
    Group,
    Login,
    LoginType,
    NoSuchGroup,
    NoSuchLogin,
    NoSuchToken,
    Role,
    refuse_unless_admin,
)
from acquit.store import identities, tokens
from acquit.store.transaction import Transaction

LOGIN_COLUMNS = {
    "creation": Column("created_at"),
    "lastUpdate": Column("updated_at"),
    "login": Column("login"),
    "group": Column("group_name"),
    "status": Column("status"),
}

# ---------------------------------------------------------------- logins


def list_users(request: Request) -> Listing[str]:
    """GET /me/identity/user: the account's logins, without its own."""
    account_id = request.caller.account_id
    return Listing(
        identities.of_account(account_id), lambda tx, logins: _users(tx, request, logins), LOGIN_COLUMNS
    )


def get_user(request: Request) -> object:
    """GET /me/identity/user/{user}: one login."""
    login = request.path["user"]
    found = get_many_users(request, [login])
    if login not in found:
        raise NoSuchLogin(login)
    return found[login]


def get_many_users(request: Request, logins: Sequence[str]) -> Mapping[str, object]:
    """Read several logins with one statement."""
    with request.read() as tx:
        return _users(tx, request, logins)


def create_user(request: Request) -> None:
    """POST /me/identity/user: one more login; its password must be hard to guess."""
    must_be_admin(request)
    body = request.body
    add_identity_user(
        request.context,
        request.caller.account_id,
        body["login"],
        body.get("password"),
        by=request.caller.actor,
        email=body.get("email"),
        description=body.get("description", ""),
        group=body.get("group", DEFAULT_GROUP),
        kind=LoginType(body.get("type", LoginType.USER)),
    )


def edit_user(request: Request) -> None:
    """PUT /me/identity/user/{user}: address, description and first group."""
    must_be_admin(request)
    body = request.body
    email = (body["email"] or "") if "email" in body else None
    change = LoginChange(email, body.get("description"), body.get("group"))
    change_identity_user(
        request.context, request.caller.account_id, request.path["user"], change, by=request.caller.actor
    )


def delete_user(request: Request) -> None:
    """DELETE /me/identity/user/{user}: the login, its sessions, tokens and keys end."""
    must_be_admin(request)
    remove_identity_user(
        request.context, request.caller.account_id, request.path["user"], by=request.caller.actor
    )


def disable_user(request: Request) -> None:
    """POST /me/identity/user/{user}/disable: nobody signs in with it, no key of it works."""
    must_be_admin(request)
    disable_identity_user(
        request.context, request.caller.account_id, request.path["user"], by=request.caller.actor
    )


def enable_user(request: Request) -> None:
    """POST /me/identity/user/{user}/enable: what was disabled works again."""
    must_be_admin(request)
    enable_identity_user(
        request.context, request.caller.account_id, request.path["user"], by=request.caller.actor
    )


def _users(tx: Transaction, request: Request, logins: Sequence[str]) -> dict[str, object]:
    found = identities.find_many(tx, request.caller.account_id, logins)
    return {login.login: _user(login, request) for login in found}


def _user(login: Login, request: Request) -> dict[str, Any]:
    return {
        "creation": wire.instant(login.created_at, request.zone),
        "description": login.description,
        "email": login.email,
        "group": login.group,
        "groups": list(login.groups),
        "lastUpdate": wire.instant(login.updated_at, request.zone),
        "login": login.login,
        "passwordLastUpdate": wire.instant_or_none(login.password_updated_at, request.zone),
        "status": login.status.value,
        "type": login.type.value,
        "urn": _urn(request, "user", login.login),
    }


# ---------------------------------------------------------------- groups


def list_groups(request: Request) -> Listing[str]:
    """GET /me/identity/group: the groups that every account has, and those it made."""
    account_id = request.caller.account_id

    def names(tx: Transaction) -> list[str]:
        return [group.name for group in identities.groups(tx, account_id)]

    def shown(tx: Transaction, wanted: Sequence[str]) -> dict[str, object]:
        groups = identities.groups(tx, account_id)
        return {group.name: _group(group, request) for group in groups if group.name in wanted}

    return Listing(names, shown)


def get_group(request: Request) -> object:
    """GET /me/identity/group/{group}: one group."""
    with request.read() as tx:
        return _group(_found_group(tx, request), request)


def create_group(request: Request) -> object:
    """POST /me/identity/group: one more group; its role is NONE unless another is given."""
    must_be_admin(request)
    body = request.body
    made = add_identity_group(
        request.context,
        request.caller.account_id,
        body["name"],
        Role(body.get("role", Role.NONE)),
        body.get("description"),
        by=request.caller.actor,
    )
    return _group(made, request)


def edit_group(request: Request) -> None:
    """PUT /me/identity/group/{group}: role and description of a group that the account made."""
    must_be_admin(request)
    body = request.body
    change_identity_group(
        request.context,
        request.caller.account_id,
        request.path["group"],
        by=request.caller.actor,
        role=Role(body["role"]) if "role" in body else None,
        description=(body["description"] or "") if "description" in body else None,
    )


def delete_group(request: Request) -> None:
    """DELETE /me/identity/group/{group}: a group that is no login's first one."""
    must_be_admin(request)
    remove_identity_group(
        request.context, request.caller.account_id, request.path["group"], by=request.caller.actor
    )


def list_group_users(request: Request) -> list[str]:
    """GET /me/identity/group/{group}/user: the logins in the group."""
    with request.read() as tx:
        group = _found_group(tx, request)
        return identities.members(tx, request.caller.account_id, group.name)


def add_group_user(request: Request) -> None:
    """POST /me/identity/group/{group}/user: put a login in the group."""
    must_be_admin(request)
    join_identity_group(
        request.context,
        request.caller.account_id,
        request.path["group"],
        request.body.get("user", ""),
        by=request.caller.actor,
    )


def remove_group_user(request: Request) -> None:
    """DELETE /me/identity/group/{group}/user/{user}: take a login out of the group."""
    must_be_admin(request)
    leave_identity_group(
        request.context,
        request.caller.account_id,
        request.path["group"],
        request.path["user"],
        by=request.caller.actor,
    )


def _found_group(tx: Transaction, request: Request) -> Group:
    group = identities.find_group(tx, request.caller.account_id, request.path["group"])
    if group is None:
        raise NoSuchGroup(request.path["group"])
    return group


def _group(group: Group, request: Request) -> dict[str, Any]:
    return {
        "creation": wire.instant(group.created_at, request.zone),
        "defaultGroup": group.is_default,
        "description": group.description,
        "lastUpdate": wire.instant(group.updated_at, request.zone),
        "name": group.name,
        "role": group.role.value,
        "urn": _urn(request, "group", group.name),
    }


# ---------------------------------------------------------------- tokens


def list_tokens(request: Request) -> Listing[str]:
    """GET /me/identity/user/{user}/token: the names of the login's tokens."""
    account_id, login = request.caller.account_id, request.path["user"]
    with request.read() as tx:
        if identities.find(tx, account_id, login) is None:
            raise NoSuchLogin(login)
    return Listing(tokens.of_login(account_id, login), lambda tx, names: _tokens(tx, request, names))


def get_token(request: Request) -> object:
    """GET /me/identity/user/{user}/token/{name}: one token, without its text."""
    name = request.path["name"]
    found = get_many_tokens(request, [name])
    if name not in found:
        raise NoSuchToken(name)
    return found[name]


def get_many_tokens(request: Request, names: Sequence[str]) -> Mapping[str, object]:
    """Read several tokens of one login with one statement."""
    with request.read() as tx:
        return _tokens(tx, request, names)


def create_token(request: Request) -> object:
    """POST /me/identity/user/{user}/token: a token; its text is in this answer and nowhere else."""
    must_be_admin(request)
    body = request.body
    made = create_personal_token(
        request.context,
        request.caller.account_id,
        request.path["user"],
        body["name"],
        body["description"],
        by=request.caller.actor,
        expires_at=body.get("expiresAt"),
        expires_in=body.get("expiresIn"),
    )
    return {**_token(made.token, request), "token": made.text}


def edit_token(request: Request) -> object:
    """PUT /me/identity/user/{user}/token/{name}: its description and its end."""
    must_be_admin(request)
    body = request.body
    ends = [body[member] for member in ("expiresAt", "expiresIn") if member in body]
    changed = change_personal_token(
        request.context,
        request.caller.account_id,
        request.path["user"],
        request.path["name"],
        by=request.caller.actor,
        description=body.get("description"),
        expires_at=body.get("expiresAt"),
        expires_in=body.get("expiresIn"),
        endless=bool(ends) and all(end is None for end in ends),
    )
    return _token(changed, request)


def delete_token(request: Request) -> None:
    """DELETE /me/identity/user/{user}/token/{name}: the token opens nothing any more."""
    must_be_admin(request)
    revoke_personal_token(
        request.context,
        request.caller.account_id,
        request.path["user"],
        request.path["name"],
        by=request.caller.actor,
    )


def _tokens(tx: Transaction, request: Request, names: Sequence[str]) -> dict[str, object]:
    found = tokens.find_many(tx, request.caller.account_id, request.path["user"], names)
    return {token.name: _token(token, request) for token in found}


def _token(token: BearerToken, request: Request) -> dict[str, Any]:
    return {
        "creation": wire.instant(token.created_at, request.zone),
        "description": token.description,
        "expiresAt": wire.instant_or_none(token.expires_at, request.zone),
        "lastUsed": wire.instant_or_none(token.last_use_at, request.zone),
        "name": token.name,
    }


# ---------------------------------------------------------------- who may


def must_be_admin(request: Request) -> None:
    """The account's own login may; another only with the role ADMIN. Raises RoleTooLow."""
    caller = request.caller
    if caller.login is None or caller.login == caller.account_id:
        return
    with request.read() as tx:
        refuse_unless_admin(identities.roles(tx, caller.account_id, caller.login))


def _urn(request: Request, kind: str, name: str) -> str:
    return f"urn:v1:eu:identity:{kind}:{request.caller.account_id}/{name}"
