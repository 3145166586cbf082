"""Texts that an account keeps here: public keys of servers, preferences of pages; and a new address."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from acquit.core.errors import Conflict, Invalid, NotFound

EMAIL_CHANGE_LIFE: Final = timedelta(days=7)
KEPT_MAX: Final = 200
VALUE_MAX: Final = 20_000
KEY_MAX: Final = 8_000
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@ -]{0,99}")
_PREFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")
KINDS: Final = (
    "ssh-rsa",
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)


class NoSuchText(NotFound):
    """The account keeps nothing under that name, or asked for no such change."""

    code = "no-such-text"

    def __init__(self, name: object) -> None:
        super().__init__(f"The requested object ({name}) does not exist")


class TextTaken(Conflict):
    """The account keeps something under that name, or as much as one may."""

    code = "text-taken"


class BadText(Invalid):
    """A name, a key or a value has not the form of one."""

    code = "bad-text"


class ChangeOver(Conflict):
    """The change was accepted, refused, or waited too long."""

    code = "change-over"

    def __init__(self) -> None:
        super().__init__("This change of address is over: ask for a new one")


@dataclass(frozen=True, slots=True)
class EmailChange:
    """Another address that an account asked for."""

    email_change_id: int
    new_email: str
    state: str
    asked_at: datetime
    done_at: datetime | None

    def state_at(self, now: datetime) -> str:
        """Return the state at that instant: what waited a week is `aborted` without being rewritten."""
        is_over = self.state == "todo" and self.asked_at + EMAIL_CHANGE_LIFE <= now
        return "aborted" if is_over else self.state


def checked_key_name(name: str) -> str:
    """Return the key's name. Raises BadText."""
    if not _NAME.fullmatch(name):
        raise BadText("[keyName] has 1 to 100 letters, digits, blanks or . _ @ -", parameter="keyName")
    return name


def no_key() -> BadText:
    """Return the refusal of what is no public key."""
    return BadText("[key] is one line of a public key, as in 'ssh-ed25519 AAAA… name'", parameter="key")


def key_words(text: str) -> tuple[str, str]:
    """Return kind and encoding of a public key, one line that may end in a comment. Raises BadText."""
    words = text.split(maxsplit=2)
    if len(text) > KEY_MAX or not text.isprintable() or len(words) < 2 or words[0] not in KINDS:
        raise no_key()
    return words[0], words[1]


def checked_preference(name: str, value: str) -> tuple[str, str]:
    """Return name and value. Raises BadText."""
    if not _PREFERENCE.fullmatch(name):
        raise BadText("[key] has 1 to 200 letters, digits or . _ : -", parameter="key")
    if len(value) > VALUE_MAX or "\0" in value:
        raise BadText(f"[value] has at most {VALUE_MAX} characters", parameter="value")
    return name, value
