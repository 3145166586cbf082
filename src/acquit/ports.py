"""What stands at the other end of a wire that is not ours: one small Protocol each."""

from datetime import date, datetime
from typing import Protocol

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
    """Sends one message."""

    def send(self, to: str, subject: str, text: str) -> None:
        """Hand the message over for delivery."""
        ...


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


class VatRegister(Protocol):
    """Knows which VAT ids exist."""

    def check(self, vat_id: str, asked_by: str) -> Answer:
        """Return what the register says of the id; `asked_by` is the id of who asks. Never raises."""
        ...
