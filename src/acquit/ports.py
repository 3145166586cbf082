"""What stands at the other end of a wire that is not ours: one small Protocol each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from acquit.core.official_finding import Finding
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
    """Keeps documents by their SHA-256; what was put once can be got for ever."""

    def put(self, content: bytes) -> str:
        """Keep the bytes durably and return their SHA-256 in lower-case hexadecimal."""
        ...

    def get(self, sha256: str) -> bytes:
        """Return the bytes kept under that hash. Raises KeyError when there are none."""
        ...


class Mailer(Protocol):
    """Sends one message."""

    def send(self, to: str, subject: str, text: str) -> None:
        """Hand the message over for delivery."""
        ...


class Sealer(Protocol):
    """Encrypts small secrets at rest and derives the tokens of document links."""

    def seal(self, secret: str) -> bytes:
        """Return the secret encrypted and authenticated."""
        ...

    def unseal(self, sealed: bytes) -> str:
        """Return the secret that was sealed. Raises ValueError when it was tampered with."""
        ...

    def token(self, purpose: str) -> str:
        """Return the unguessable token (24 characters of base64url) that belongs to `purpose`."""
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
