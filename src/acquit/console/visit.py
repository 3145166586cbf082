"""What a page's handler is given, and what it may give back: the seam of the console.

A handler is `def show_bill(visit: Visit) -> Reply`. It reads through `visit.read()`, changes things
by calling one action, and returns a page, a redirection or a file.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from acquit.actions.context import Context
from acquit.console.exploring import Explorer
from acquit.core.errors import NotFound
from acquit.core.identifiers import AccountId
from acquit.core.operator import Operator
from acquit.core.session import AccountSession, Door, OperatorSession
from acquit.store.transaction import Transaction


class NoSuchPage(NotFound):
    """The address leads to no page."""

    code = "no-such-page"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form, not looked at yet."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a submitted form (first value of each) and its files; `upload` is the last of them."""

    fields: Mapping[str, str] = field(default_factory=dict)
    upload: Upload | None = None
    uploads: tuple[Upload, ...] = ()

    def chosen(self, prefix: str) -> list[str]:
        """Return the rest of the name of every field that begins with the prefix: ticked boxes."""
        return [name.removeprefix(prefix) for name in self.fields if name.startswith(prefix)]

    def text(self, name: str) -> str:
        """Return the field without spaces around it, or an empty text."""
        return self.fields.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class SessionChange:
    """The browser's session at a door from now on; an empty token ends it."""

    door: Door
    token: str


@dataclass(frozen=True, slots=True)
class Page:
    """A template and its values; `form_targets` are other origins that its forms may lead to.

    With `script` it may load our own script and look at our own pages with it; it works without.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    status: int = 200
    form_targets: tuple[str, ...] = ()
    session: SessionChange | None = None
    script: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on there with GET."""

    location: str
    session: SessionChange | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A file; `inline` ones open in the browser. A path is sent piece by piece and then removed."""

    content: bytes | Path
    type: str
    name: str
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """A file that is made while it is sent, one part in memory at a time."""

    parts: Iterator[bytes]
    type: str
    name: str


Reply = Page | Redirect | Download | Stream


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page, with whoever signed in at its door.

    `pairs` are the query's names and values in order; `once` names this showing of a form.
    """

    context: Context
    method: str
    path: str
    path_values: Mapping[str, str]
    pairs: tuple[tuple[str, str], ...]
    form: Form
    language: str
    address: str
    origin: str
    form_secret: str
    account: AccountSession | None = None
    staff: OperatorSession | None = None
    browser: str = ""
    explorer: Explorer | None = None
    is_accountant: bool = False

    @property
    def signed_in(self) -> AccountSession:
        """Who signed in to the manager; only a route without a door has nobody."""
        assert self.account is not None, f"{self.path} has no door"
        return self.account

    @property
    def account_id(self) -> AccountId:
        """The account of whoever signed in to the manager."""
        return self.signed_in.account_id

    @property
    def office_session(self) -> OperatorSession:
        """The session of whoever signed in to the office."""
        assert self.staff is not None, f"{self.path} has no door"
        return self.staff

    @property
    def operator(self) -> Operator:
        """Who signed in to the office."""
        assert self.staff is not None, f"{self.path} has no door"
        return self.staff.operator

    @property
    def is_signed_in(self) -> bool:
        """Whether somebody has a session at this page's door."""
        return self.account is not None or self.staff is not None

    @property
    def actor(self) -> str:
        """How the register of acts names whoever signed in."""
        session = self.staff or self.account
        assert session is not None, f"{self.path} has no door"
        return session.actor

    @property
    def query(self) -> dict[str, str]:
        """The first value of each name of the query."""
        return dict(reversed(self.pairs))

    def kept(self, *without: str) -> str:
        """Return the address's query with all that is not empty but these names, to be added to a link."""
        return urlencode([(name, text) for name, text in self.pairs if text and name not in without])

    def ticked(self, name: str) -> list[str]:
        """Return every value of the name in the query, each once: ticked boxes."""
        return list(dict.fromkeys(text for each, text in self.pairs if each == name))

    @property
    def is_review(self) -> bool:
        """Whether the form comes back after a new sign-in, to be looked at again and not carried out."""
        return "_review" in self.form.fields

    def read(self) -> AbstractContextManager[Transaction]:
        """Lend a read-only session of the store."""
        return self.context.database.read()

    def snapshot(self) -> AbstractContextManager[Transaction]:
        """Lend a read-only transaction in which all statements see the same instant."""
        return self.context.database.snapshot()
