"""The API as its explorer shows it: what can be called, what is given and what comes back."""

from dataclasses import dataclass
from enum import StrEnum

from acquit.core.errors import Forbidden, Invalid, NotFound
from acquit.core.identifiers import AccountId


class NoSuchOperation(NotFound):
    """The API has no such call."""

    code = "no-such-call"


class NeedsKey(Forbidden):
    """The call is about the key that makes it."""

    code = "needs-key"


class BadValue(Invalid):
    """What was typed cannot be written as the call asks."""

    code = "bad-value"


class Place(StrEnum):
    """Where a value of a call stands."""

    PATH = "path"
    QUERY = "query"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Given:
    """One value of a call: where it stands, its type, and the texts that it is one of, if it is."""

    name: str
    place: Place
    type: str
    required: bool = False
    choices: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """The name of its field in a form."""
        return f"{self.place}.{self.name}"

    @property
    def is_secret(self) -> bool:
        """Whether it is not shown while it is typed."""
        return self.type == "password"


@dataclass(frozen=True, slots=True)
class Shape:
    """A type of the answer: its members with their types, or the texts that it is one of."""

    name: str
    members: tuple[tuple[str, str], ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the API; one that is not served answers 501."""

    method: str
    path: str
    purpose: str
    is_served: bool
    is_old: bool
    answer: str
    given: tuple[Given, ...] = ()
    shapes: tuple[Shape, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class Written:
    """A call as it is sent: its target with the query, and its body, empty for none."""

    method: str
    target: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys by which a program calls."""

    application_key: str
    application_secret: str
    consumer_key: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who calls by a session: `login` equals the account for its own login."""

    account_id: AccountId
    login: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What a call answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    text: str
