"""What stands at the other end of a wire that is not ours: one small Protocol each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from acquit.core import delivery
from acquit.core.delivery import Attached, Flow, FlowTold, Mail
from acquit.core.official_finding import Finding
from acquit.core.single_sign_on import Proven, SignOnRules
from acquit.core.vat_check import Answer


class Clock(Protocol):
    """Tells instants (real, UTC) and business dates (of a legal entity's time zone)."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...

    def today(self, zone: str) -> date:
        """Return the business date in the IANA time zone `zone`."""
        ...


class Archive(Protocol):
    """Keeps documents by their SHA-256; what was put once can be got until the law lets it be removed."""

    def put(self, content: bytes) -> str:
        """Keep the bytes durably and return their SHA-256 in lower-case hexadecimal."""
        ...

    def get(self, sha256: str) -> bytes:
        """Return the bytes kept under that hash. Raises KeyError when there are none."""
        ...

    def remove(self, sha256: str) -> None:
        """Keep nothing under that hash any more; nothing happens when nothing was kept."""
        ...


class Mailer(Protocol):
    """Sends one letter."""

    def send(self, to: str, subject: str, text: str, account_id: str = "") -> None:
        """Hand the letter over: it is kept until a mail server has it, or said loudly that none will.

        With an account, that account can read it again once it was sent: never with a token to give back.
        """
        ...


class MailServer(Protocol):
    """Takes messages to deliver, with their files, to several recipients each."""

    def post(self, mails: Sequence[Mail]) -> Iterator[delivery.Answer]:
        """Yield what became of each mail, in their order, as it happens. Never raises."""
        ...


class EInvoicingPlatform(Protocol):
    """Takes e-invoices and statuses of them, and tells what became of them."""

    def submit(self, flows: Sequence[Flow]) -> Iterator[delivery.Answer]:
        """Yield what became of each flow, in their order, as it happens. Never raises."""
        ...

    def told_since(self, since: datetime) -> list[FlowTold]:
        """Return every flow that changed after an instant, oldest change first. Raises Unreachable."""
        ...

    def fetch(self, flow_id: str) -> bytes:
        """Return the file of a flow that came in. Raises Unreachable."""
        ...


class HandOver(Protocol):
    """Takes files for somebody who carries them on."""

    def hand_over(self, files: Sequence[Attached]) -> Iterator[delivery.Answer]:
        """Yield what became of each file, in their order; a file is there whole or not at all."""
        ...


class Unreachable(Exception):
    """The other end gives no usable answer now; the text says why."""


@dataclass(frozen=True, slots=True)
class Ways:
    """What stands behind the channels by which bills leave."""

    mail_server: MailServer
    platform: EInvoicingPlatform
    peppol: HandOver


class IdentityProvider(Protocol):
    """Proves who people are (OpenID Connect): the browser is sent there and comes back with a code."""

    def link(self, back: str, state: str, nonce: str, verifier: str) -> str:
        """Return where the browser is sent; it comes back to `back`. Raises Unreachable."""
        ...

    def prove(self, back: str, code: str, nonce: str, verifier: str) -> Proven:
        """Return who came back with the code. Raises IdentityRefused, Unreachable."""
        ...

    def leave_link(self, back: str) -> str:
        """Return where the browser ends its session there, empty when nowhere. Raises Unreachable."""
        ...

    @property
    def issuer(self) -> str:
        """The provider's name, as it signs."""
        ...


@dataclass(frozen=True, slots=True)
class SignOn:
    """The identity provider of a door, and whom of its people we take."""

    provider: IdentityProvider
    rules: SignOnRules


class Sealer(Protocol):
    """Encrypts small secrets at rest, derives the tokens of document links, and signs."""

    def seal(self, secret: str) -> bytes:
        """Return the secret encrypted and authenticated."""
        ...

    def unseal(self, sealed: bytes) -> str:
        """Return the secret that was sealed. Raises ValueError when it was tampered with."""
        ...

    def token(self, purpose: str) -> str:
        """Return the unguessable token (24 characters of base64url) that belongs to `purpose`."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the installation's Ed25519 signature (64 bytes, RFC 8032) of the message."""
        ...

    def public_key(self) -> bytes:
        """Return the 32 bytes by which anybody checks a signature."""
        ...


@dataclass(frozen=True, slots=True)
class LogTarget:
    """Where lines of logs are to be taken; `header` is sent with https alone, `content_type` too."""

    host: str
    port: int
    path: str | None
    """None: lines go over TLS as they are, and that all were read is shown by the end of the connection."""
    content_type: str = ""
    header: tuple[str, str] | None = field(default=None, repr=False)
    authorities: str = ""


class LogCarrier(Protocol):
    """Carries lines of logs to wherever accounts collect them, never to where it must not reach."""

    def carry(self, target: LogTarget, lines: bytes) -> None:
        """Return once the other end has taken all of them. Raises Unreachable; its words tell no secret."""
        ...


class VatRegister(Protocol):
    """Knows which VAT ids exist."""

    def check(self, vat_id: str, asked_by: str) -> Answer:
        """Return what the register says of the id; `asked_by` is the id of who asks. Never raises."""
        ...


class RulesNotRun(Exception):
    """The official rules cannot be run here; the message says why."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A file that the rules of EN 16931 judge, and those of France where they bind it."""

    xml: bytes
    is_french: bool


class Judge(Protocol):
    """Runs the official rules of electronic bills over files."""

    one_in: int
    """Of how many bills of a run one is judged as a sample; 0: none."""

    @property
    def version(self) -> str:
        """Which files are run; empty when they are not installed."""
        ...

    def judge(self, files: Sequence[Judged]) -> list[tuple[Finding, ...]]:
        """Return what the rules find wrong in each file. Raises RulesNotRun."""
        ...
