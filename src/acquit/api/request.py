"""What a handler is given and what it may return: the seam of the wire.

A handler is `def get_bill(request: Request) -> object`. It returns a value that the wire encodes
(None is the answer `null` of a void route), an `Answer` when it must set headers, or a `Listing`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from acquit.actions.context import Context
from acquit.api.contract import Route
from acquit.core.access import Rule
from acquit.core.identifiers import (
    AccountId,
    ApplicationId,
    CredentialId,
    LegalEntityId,
    ServiceAccountId,
)
from acquit.core.service_account import login_of
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Caller:
    """The account that a consumer key speaks for, the program that uses it, and its seller's ways."""

    account_id: AccountId
    application_id: ApplicationId
    credential_id: CredentialId
    login: str | None
    rules: tuple[Rule, ...]
    legal_entity_id: LegalEntityId
    currency: str
    zone: ZoneInfo
    test_on: date | None = None
    service_account_id: ServiceAccountId | None = None
    actions: tuple[str, ...] = ()

    @property
    def actor(self) -> str:
        """How the register of acts names the caller."""
        name = login_of(self.service_account_id) if self.service_account_id else self.login
        return f"account:{self.account_id}" + (f"/{name}" if name else "")

    @property
    def identity(self) -> str:
        """The caller's URN."""
        if self.service_account_id:
            return f"urn:v1:eu:identity:credential:{self.account_id}/{login_of(self.service_account_id)}"
        if self.login:
            return f"urn:v1:eu:identity:user:{self.account_id}/{self.login}"
        return f"urn:v1:eu:identity:account:{self.account_id}"


@dataclass(slots=True)
class Request:
    """One call that passed every check; `path`, `query` and `body` hold typed values by name.

    `query` has every declared name (None when absent); `body` only the members that were given.
    `origin` is the public `scheme://host[:port]`, `base` the branch as called (`/1.0` or `/v1`).
    """

    route: Route
    path: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    context: Context
    origin: str
    base: str
    address: str
    zone: ZoneInfo
    headers: Mapping[str, str] = field(default_factory=dict)
    signed_in: Caller | None = None
    application_id: ApplicationId | None = None

    @property
    def caller(self) -> Caller:
        """Who calls; only a route that needs no authentication has nobody."""
        assert self.signed_in is not None, f"{self.route.path} is open to anyone: it has no caller"
        return self.signed_in

    @property
    def today(self) -> date:
        """The business date of the caller's seller: in a sandbox that of its test clock."""
        return self.caller.test_on or self.context.clock.today(self.zone.key)

    def read(self) -> AbstractContextManager[Transaction]:
        """Lend a read-only session of the store."""
        return self.context.database.read()


@dataclass(frozen=True, slots=True)
class Answer:
    """A value with its status and headers, for the rare handler that must set them."""

    value: object = None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[Request], object]


@dataclass(frozen=True, slots=True)
class Batched:
    """A handler of one object that can also read many with one statement, for batches.

    `many` returns the objects found by key, the key being the last path value; for a key that it
    leaves out `one` is asked, which refuses in its own words.
    """

    one: Handler
    many: Callable[[Request, Sequence[Any]], Mapping[Any, object]]
