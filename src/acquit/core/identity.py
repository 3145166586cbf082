"""Logins of an account and the groups that give them a role.

The account's own login (type ROOT) is named like the account and is changed elsewhere. Every
account has four groups that nobody made and nobody removes: ACCOUNTANT, ADMIN, DEFAULT and UNPRIVILEGED.
An accountant sees and pays bills in the manager, and calls no API.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from acquit.core.access import Rule
from acquit.core.errors import Conflict, Forbidden, Invalid, NotFound
from acquit.core.identifiers import AccountId, CredentialId

_LOGIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{1,63}")
_GROUP: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,63}")
_LOG_OUT: Final = "/auth/logout"
DESCRIPTION_MAX: Final = 500
TOKEN_LIFE_MAX: Final = timedelta(days=3650)


class NoSuchLogin(NotFound):
    """The account has no such login."""

    code = "no-such-login"

    def __init__(self, login: str) -> None:
        super().__init__(f"There is no identity user {login}", login=login)


class NoSuchGroup(NotFound):
    """The account has no such group."""

    code = "no-such-group"

    def __init__(self, group: str) -> None:
        super().__init__(f"There is no identity group {group}", group=group)


class LoginTaken(Conflict):
    """The account has a login of this name."""

    code = "login-taken"

    def __init__(self, login: str) -> None:
        super().__init__(f"There is already an identity user {login}: choose another login", login=login)


class GroupTaken(Conflict):
    """The account has a group of this name."""

    code = "group-taken"

    def __init__(self, group: str) -> None:
        super().__init__(f"There is already an identity group {group}: choose another name", group=group)


class GroupInUse(Conflict):
    """Logins have this group as their first one."""

    code = "group-in-use"


class DefaultGroup(Forbidden):
    """A group that every account has is neither changed nor removed."""

    code = "default-group"


class RoleTooLow(Forbidden):
    """Only the account's own login and logins with the role ADMIN change who may sign in."""

    code = "role-too-low"


class ReadsOnly(Forbidden):
    """The login's groups let it read and change nothing."""

    code = "reads-only"


class OutOfSight(Forbidden):
    """The login's groups do not let it see this."""

    code = "out-of-sight"


class NoSuchToken(NotFound):
    """The login has no such token."""

    code = "no-such-token"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no token {name}", token=name)


class TokenTaken(Conflict):
    """The login has a token of this name."""

    code = "token-taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is already a token {name}: choose another name", token=name)


class BadEnd(Invalid):
    """A token ends at one instant, and that is still to come."""

    code = "bad-end"


class BadIdentity(Invalid):
    """A login, a group's name, an address or a description has not the form of one."""

    code = "bad-identity"


class Role(StrEnum):
    """What the logins of a group may do: everything, all but changing identities, only read, nothing."""

    ADMIN = "ADMIN"
    REGULAR = "REGULAR"
    UNPRIVILEGED = "UNPRIVILEGED"
    NONE = "NONE"


class LoginType(StrEnum):
    """The account's own login, a person, a program without a password, or a person of the account's provider.

    What is FEDERATED signs in by the identity provider alone; the wire does not list it.
    """

    ROOT = "ROOT"
    USER = "USER"
    SERVICE = "SERVICE"
    FEDERATED = "FEDERATED"


class LoginStatus(StrEnum):
    """Whether a login may sign in."""

    OK = "OK"
    DISABLED = "DISABLED"
    PASSWORD_CHANGE_REQUIRED = "PASSWORD_CHANGE_REQUIRED"  # noqa: S105 - a state, no password


FEDERATED_PREFIX: Final = "sso:"
"""How the name of a login begins that an account's own identity provider proves; no other can."""

DEFAULT_GROUP: Final = "DEFAULT"
ACCOUNTANTS: Final = "ACCOUNTANT"
DEFAULT_GROUPS: Final = {
    ACCOUNTANTS: Role.NONE,
    "ADMIN": Role.ADMIN,
    DEFAULT_GROUP: Role.REGULAR,
    "UNPRIVILEGED": Role.UNPRIVILEGED,
}
"""The groups of every account and their roles."""


@dataclass(frozen=True, slots=True)
class Login:
    """One who may sign in to an account; `groups` are all of its groups, `group` the first."""

    account_id: AccountId
    login: str
    type: LoginType
    email: str | None
    description: str
    group: str
    groups: tuple[str, ...]
    status: LoginStatus
    password_updated_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """Logins that share a role."""

    account_id: AccountId
    name: str
    role: Role
    description: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def is_default(self) -> bool:
        """Whether every account has it."""
        return self.name in DEFAULT_GROUPS


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A token of a login; the token itself is shown once and kept as a hash."""

    name: str
    description: str
    credential_id: CredentialId
    created_at: datetime
    expires_at: datetime | None
    last_use_at: datetime | None = None


def checked_login(login: str) -> str:
    """Return the login. Raises BadIdentity when it has not the form of one."""
    if not _LOGIN.fullmatch(login):
        raise BadIdentity("A login has 2 to 64 of a-z A-Z 0-9 . _ @ + - and begins with a letter or a digit")
    return login


def checked_group(name: str) -> str:
    """Return the group's name. Raises BadIdentity when it has not the form of one."""
    if not _GROUP.fullmatch(name):
        raise BadIdentity(
            "A group's name has 1 to 64 of a-z A-Z 0-9 . _ - and begins with a letter or a digit"
        )
    return name


def checked_email(email: str | None) -> str | None:
    """Return the address, or None for none. Raises BadIdentity when it has not the form of one."""
    if email is not None and not _EMAIL.fullmatch(email):
        raise BadIdentity("[email] Given data is not an e-mail address", parameter="email")
    return email


def checked_description(text: str) -> str:
    """Return the description. Raises BadIdentity when it is too long."""
    if len(text) > DESCRIPTION_MAX:
        raise BadIdentity(f"A description has at most {DESCRIPTION_MAX} characters")
    return text


def checked_token_name(name: str) -> str:
    """Return the token's name. Raises BadIdentity when it has not the form of one."""
    if not _TOKEN.fullmatch(name):
        raise BadIdentity(
            "A token's name has 1 to 64 of a-z A-Z 0-9 . _ - and begins with a letter or a digit"
        )
    return name


def end_of_token(now: datetime, at: datetime | None, seconds: int | None) -> datetime | None:
    """Return when a token ends: at an instant, after so many seconds, or never when neither is given.

    Raises BadEnd when both are given, when it is past, or more than ten years away.
    """
    if at is None and seconds is None:
        return None
    if at is not None and seconds is not None:
        raise BadEnd("Give expiresAt or expiresIn, not both")
    if seconds is not None and not 0 < seconds <= TOKEN_LIFE_MAX.total_seconds():
        raise BadEnd("[expiresIn] Given data is not a number of seconds within ten years")
    end = at if at is not None else now + timedelta(seconds=seconds or 0)
    if not now < end <= now + TOKEN_LIFE_MAX:
        raise BadEnd("[expiresAt] Given data is not an instant within the next ten years")
    return end


def refuse_default_group(name: str) -> None:
    """Pass when the account made the group itself. Raises DefaultGroup."""
    if name in DEFAULT_GROUPS:
        raise DefaultGroup(f"The group {name} belongs to every account: it is neither changed nor removed")


def roles_of(groups: Iterable[str], roles: Iterable[str]) -> frozenset[Role]:
    """Return the roles of a login: those of its groups that every account has, and those of the others."""
    given = [DEFAULT_GROUPS[group] for group in groups if group in DEFAULT_GROUPS]
    return frozenset([*given, *map(Role, roles)])


def narrowed(rules: Sequence[Rule], roles: frozenset[Role]) -> tuple[Rule, ...]:
    """Return which rules of a key its login's roles leave; whoever may call at all may log out."""
    if Role.ADMIN in roles or Role.REGULAR in roles:
        return tuple(rules)
    reads = tuple(rule for rule in rules if rule.method == "GET" and Role.UNPRIVILEGED in roles)
    leaves = any(rule.covers("POST", _LOG_OUT) for rule in rules)
    return (*reads, Rule("POST", _LOG_OUT)) if leaves else reads


def refuse_reader(roles: frozenset[Role]) -> None:
    """Pass when one of the roles lets its login change something. Raises ReadsOnly."""
    if not roles & {Role.ADMIN, Role.REGULAR}:
        raise ReadsOnly("This login may only read: ask somebody with the role ADMIN or REGULAR to do it.")


def sees_all(roles: frozenset[Role]) -> bool:
    """Return whether one of the roles lets its login see all of the account."""
    return bool(roles & {Role.ADMIN, Role.REGULAR, Role.UNPRIVILEGED})


def refuse_unless_admin(roles: frozenset[Role]) -> None:
    """Pass when one of the roles is ADMIN. Raises RoleTooLow."""
    if Role.ADMIN not in roles:
        raise RoleTooLow(
            "Only the account's own login and identity users with the role ADMIN change identities"
        )
