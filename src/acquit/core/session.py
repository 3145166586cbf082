"""Sessions: a person who signed in at one of the console's two doors."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acquit.core.errors import NotFound
from acquit.core.identifiers import AccountId
from acquit.core.identity import FEDERATED_PREFIX
from acquit.core.operator import Operator


class Door(StrEnum):
    """Where people sign in: customers at the manager, staff at the office."""

    MANAGER = "manager"
    OFFICE = "office"


class Means(StrEnum):
    """By what somebody proved who they are: a password, a password and a code, or an identity provider."""

    PASSWORD = "password"  # noqa: S105 - a word, no password
    CODE = "code"
    SINGLE_SIGN_ON = "single-sign-on"


class NoSuchSession(NotFound):
    """Nobody has this session, or it is not one of those asked about."""

    code = "no-such-session"


@dataclass(frozen=True, slots=True)
class Opening:
    """From where a session is opened, by which browser, and by what means; `factor`: which code was given."""

    address: str
    browser: str = ""
    means: Means = Means.PASSWORD
    factor: str = ""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A live session as its owner sees it."""

    session_no: int
    name: str
    opened: Opening
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AccountSession:
    """Somebody signed in to an account; `login` equals the account for its own login."""

    account_id: AccountId
    login: str
    language: str
    expires_at: datetime
    session_no: int = 0

    @property
    def actor(self) -> str:
        """Return how the record of acts names this person."""
        return f"account:{self.account_id}/{self.login}"

    @property
    def is_federated(self) -> bool:
        """Return whether the account's own identity provider proves this person: there is no password."""
        return self.login.startswith(FEDERATED_PREFIX)


@dataclass(frozen=True, slots=True)
class OperatorSession:
    """A member of the staff who signed in to the office."""

    operator: Operator
    expires_at: datetime
    session_no: int = 0
    means: Means = Means.PASSWORD
    has_device: bool = False

    def lacks_factor(self, roles: Collection[str]) -> bool:
        """Return whether one of these roles was signed in to by a password alone."""
        return self.operator.role in roles and self.means is Means.PASSWORD and not self.has_device

    @property
    def actor(self) -> str:
        """Return how the record of acts names this person."""
        return f"operator:{self.operator.operator_id}"
