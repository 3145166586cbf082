"""Service accounts: programs that sign in as themselves, and which actions they may carry out.

A right names an action as routes name it (`account:apiovh:me/bill/get`), in which `*` stands for
anything. A new service account has no right. What no action names needs the right `*`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, ServiceAccountId

TOKEN_LIFE: Final = timedelta(hours=1)
EVERY_ACTION: Final = "*"
NAME_MAX: Final = 100
DESCRIPTION_MAX: Final = 500
SERVICE_ACCOUNTS_MAX: Final = 100
TOKENS_MAX: Final = 1_000
RIGHTS_MAX: Final = 200
_ACTION: Final = re.compile(r"[A-Za-z0-9:/._{}*-]{1,200}")


class NoSuchServiceAccount(NotFound):
    """The account has no such service account."""

    code = "no-such-service-account"

    def __init__(self, service_account_id: str) -> None:
        super().__init__(f"There is no service account {service_account_id}", id=service_account_id)


class BadServiceAccount(Invalid):
    """A name, a description or a right has not the form of one."""

    code = "bad-service-account"


class TooManyServiceAccounts(Conflict):
    """The account has as many service accounts as one may have, or one of them as many rights."""

    code = "too-many-service-accounts"


class TooManyTokens(Conflict):
    """As many tokens live as may live at once."""

    code = "too-many-tokens"

    def __init__(self) -> None:
        super().__init__(
            f"{TOKENS_MAX} tokens live already: use one until it ends, or delete those that nobody needs"
        )


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A program that signs in as itself; its secret is kept as a hash."""

    service_account_id: ServiceAccountId
    account_id: AccountId
    name: str
    description: str
    created_at: datetime
    actions: tuple[str, ...] = ()

    @property
    def login(self) -> str:
        """How it is named among those who act for the account."""
        return login_of(self.service_account_id)


def login_of(service_account_id: ServiceAccountId) -> str:
    """Return how a service account is named among those who act for the account."""
    return f"oauth2-{service_account_id}"


def checked_name(name: str) -> str:
    """Return the name. Raises BadServiceAccount unless it has 1 to 100 printable characters."""
    if not 1 <= len(name.strip()) <= NAME_MAX or not name.isprintable():
        raise BadServiceAccount(
            f"A service account has a name of 1 to {NAME_MAX} printable characters", parameter="name"
        )
    return name.strip()


def checked_description(text: str) -> str:
    """Return the description. Raises BadServiceAccount when it is too long."""
    if len(text) > DESCRIPTION_MAX:
        raise BadServiceAccount(
            f"A description has at most {DESCRIPTION_MAX} characters", parameter="description"
        )
    return text


def checked_action(action: str) -> str:
    """Return the right. Raises BadServiceAccount when it cannot be the name of an action."""
    if not _ACTION.fullmatch(action):
        raise BadServiceAccount(
            f"{action!r} is no action: write one as in account:apiovh:me/bill/get, account:apiovh:me/* or *",
            action=action,
        )
    return action


def missing_actions(rights: Sequence[str], needed: Sequence[str]) -> tuple[str, ...]:
    """Return which of the needed actions no right covers; without any, the right `*` is needed."""
    patterns = [re.compile(re.escape(right).replace(r"\*", ".*")) for right in rights]
    return tuple(
        action
        for action in needed or (EVERY_ACTION,)
        if not any(pattern.fullmatch(action) for pattern in patterns)
    )
