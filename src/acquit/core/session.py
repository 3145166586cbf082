"""Sessions: a person who signed in at one of the console's two doors."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acquit.core.identifiers import AccountId
from acquit.core.operator import Operator


class Door(StrEnum):
    """Where people sign in: customers at the manager, staff at the office."""

    MANAGER = "manager"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class AccountSession:
    """Somebody signed in to an account; `login` equals the account for its own login."""

    account_id: AccountId
    login: str
    language: str
    expires_at: datetime

    @property
    def actor(self) -> str:
        """Return how the record of acts names this person."""
        return f"account:{self.account_id}/{self.login}"


@dataclass(frozen=True, slots=True)
class OperatorSession:
    """A member of the staff who signed in to the office."""

    operator: Operator
    expires_at: datetime

    @property
    def actor(self) -> str:
        """Return how the record of acts names this person."""
        return f"operator:{self.operator.operator_id}"
