"""Events of access: who signed in to an account, and who changed who may do what there.

An event is an act with what is kept beside it for a while: from where, by which browser, how it was before
and after. The act stays; the rest is forgotten with its day.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from acquit.core.identifiers import AccountId
from acquit.core.identity import BearerToken, Group, Login
from acquit.core.saml import AccountProvider
from acquit.core.service_account import ServiceAccount
from acquit.core.session import Means

KEPT_DAYS: Final = 365
LISTED_MAX: Final = 1_000
"""So many of the latest events are told at once; a link, a page or a stream tells of all that are kept."""

State = Mapping[str, Any]


class EventType(StrEnum):
    """What happened."""

    SIGNED_IN = "LOGIN_SUCCESS"
    ACCOUNT_PASSWORD = "ACCOUNT_PASSWORD_CHANGED"  # noqa: S105 - a word, no password
    LOGIN_PASSWORD = "USER_PASSWORD_CHANGED"  # noqa: S105 - a word, no password
    LOGIN_ADDED = "USER_CREATED"
    LOGIN_CHANGED = "USER_MODIFIED"
    LOGIN_REMOVED = "USER_DELETED"
    GROUP_ADDED = "GROUP_CREATED"
    GROUP_CHANGED = "GROUP_MODIFIED"
    GROUP_REMOVED = "GROUP_DELETED"
    TOKEN_ADDED = "TOKEN_CREATED"  # noqa: S105 - a word, no token
    TOKEN_CHANGED = "TOKEN_MODIFIED"  # noqa: S105 - a word, no token
    TOKEN_REMOVED = "TOKEN_DELETED"  # noqa: S105 - a word, no token
    PROVIDER_ADDED = "PROVIDER_CREATED"
    PROVIDER_CHANGED = "PROVIDER_MODIFIED"
    PROVIDER_REMOVED = "PROVIDER_DELETED"
    RIGHTS_ADDED = "POLICY_CREATED"
    RIGHTS_CHANGED = "POLICY_MODIFIED"
    RIGHTS_REMOVED = "POLICY_DELETED"


class Topic(StrEnum):
    """What events are about, for a reader who chooses."""

    SIGN_IN = "sign-in"
    PASSWORD = "password"  # noqa: S105 - a word, no password
    LOGIN = "login"
    GROUP = "group"
    TOKEN = "token"  # noqa: S105 - a word, no token
    PROVIDER = "provider"
    RIGHTS = "rights"


TYPES: Final[Mapping[str, EventType]] = {
    "sign_in": EventType.SIGNED_IN,
    "set_password": EventType.ACCOUNT_PASSWORD,
    "reset_password": EventType.LOGIN_PASSWORD,
    "add_identity_user": EventType.LOGIN_ADDED,
    "change_identity_user": EventType.LOGIN_CHANGED,
    "disable_identity_user": EventType.LOGIN_CHANGED,
    "enable_identity_user": EventType.LOGIN_CHANGED,
    "join_identity_group": EventType.LOGIN_CHANGED,
    "leave_identity_group": EventType.LOGIN_CHANGED,
    "remove_identity_user": EventType.LOGIN_REMOVED,
    "add_identity_group": EventType.GROUP_ADDED,
    "change_identity_group": EventType.GROUP_CHANGED,
    "remove_identity_group": EventType.GROUP_REMOVED,
    "create_personal_token": EventType.TOKEN_ADDED,
    "change_personal_token": EventType.TOKEN_CHANGED,
    "revoke_personal_token": EventType.TOKEN_REMOVED,
    "attach_identity_provider": EventType.PROVIDER_ADDED,
    "change_identity_provider": EventType.PROVIDER_CHANGED,
    "renew_identity_provider": EventType.PROVIDER_CHANGED,
    "remove_identity_provider": EventType.PROVIDER_REMOVED,
    "create_service_account": EventType.RIGHTS_ADDED,
    "change_service_account": EventType.RIGHTS_CHANGED,
    "give_rights": EventType.RIGHTS_CHANGED,
    "take_rights": EventType.RIGHTS_CHANGED,
    "remove_service_account": EventType.RIGHTS_REMOVED,
}
"""Which acts are events of access; the password of the account's own login has a type of its own."""

TOPICS: Final[Mapping[Topic, frozenset[str]]] = {
    Topic.SIGN_IN: frozenset({"sign_in"}),
    Topic.PASSWORD: frozenset({"set_password", "reset_password"}),
    Topic.LOGIN: frozenset(verb for verb, type_ in TYPES.items() if type_.value.startswith("USER_"))
    - {"reset_password"},
    Topic.GROUP: frozenset(verb for verb, type_ in TYPES.items() if type_.value.startswith("GROUP_")),
    Topic.TOKEN: frozenset(verb for verb, type_ in TYPES.items() if type_.value.startswith("TOKEN_")),
    Topic.PROVIDER: frozenset(verb for verb, type_ in TYPES.items() if type_.value.startswith("PROVIDER_")),
    Topic.RIGHTS: frozenset(verb for verb, type_ in TYPES.items() if type_.value.startswith("POLICY_")),
}


@dataclass(frozen=True, slots=True)
class Trace:
    """What is kept beside an act for a while; never a secret."""

    address: str = ""
    browser: str = ""
    before: State | None = None
    after: State | None = None


@dataclass(frozen=True, slots=True)
class AccessEvent:
    """One event; `subject` is the login, group or service account that it is about."""

    event_id: int
    account_id: AccountId
    at: datetime
    actor: str
    verb: str
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict)
    trace: Trace = Trace()

    @property
    def type(self) -> EventType:
        """What happened."""
        found = TYPES[self.verb]
        is_own = found is EventType.LOGIN_PASSWORD and self.subject == self.account_id
        return EventType.ACCOUNT_PASSWORD if is_own else found

    @property
    def login(self) -> str | None:
        """Which login of the account did it; None when nobody of the account did."""
        who = f"account:{self.account_id}"
        if self.actor == who:
            return str(self.account_id)
        return self.actor.removeprefix(f"{who}/") if self.actor.startswith(f"{who}/") else None

    @property
    def is_by_provider(self) -> bool:
        """Whether an identity provider said who signed in."""
        return bool(self.details.get("means") == Means.SINGLE_SIGN_ON.value)

    @property
    def factor(self) -> str:
        """Which code a sign-in took: totp, backup-code, none, or unknown (not kept, or not asked by us)."""
        said = self.details.get("factor")
        if isinstance(said, str):
            return said
        return "none" if self.details.get("means") == Means.PASSWORD.value else "unknown"

    @property
    def name(self) -> str:
        """What the event is about, as people call it."""
        state = self.trace.after or self.trace.before or {}
        if self.type.value.startswith(("TOKEN_", "POLICY_")):
            return str(
                state.get("name") or self.details.get("token") or self.details.get("name") or self.subject
            )
        return self.subject or str(self.account_id)


def state_of_login(login: Login) -> State:
    """Return what an event keeps of a login."""
    return {
        "description": login.description,
        "group": login.group,
        "groups": list(login.groups),
        "email": login.email,
        "type": login.type.value,
        "status": login.status.value,
        "created_at": login.created_at.isoformat(),
    }


def state_of_group(group: Group) -> State:
    """Return what an event keeps of a group."""
    return {"name": group.name, "role": group.role.value, "description": group.description}


def state_of_token(token: BearerToken) -> State:
    """Return what an event keeps of a token: never the token."""
    return {
        "name": token.name,
        "description": token.description,
        "expires_at": None if token.expires_at is None else token.expires_at.isoformat(),
        "created_at": token.created_at.isoformat(),
    }


def state_of_provider(provider: AccountProvider) -> State:
    """Return what an event keeps of an identity provider."""
    metadata, wishes = provider.metadata, provider.wishes
    return {
        "sign_on_url": metadata.sign_on_url,
        "certificates": [f"{each.subject} {each.ends_at.date()}" for each in metadata.certificates],
        "login_attribute": wishes.login_attribute,
        "group_attribute": wishes.group_attribute,
        "shuts_out_logins": wishes.shuts_out_logins,
        "signs_requests": wishes.signs_requests,
    }


def state_of_service_account(account: ServiceAccount) -> State:
    """Return what an event keeps of a service account: never its secret."""
    return {"name": account.name, "description": account.description, "actions": list(account.actions)}
