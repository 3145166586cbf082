"""What actions on consumer keys share: random keys, their hashes, where a browser may be sent."""

import hashlib
import secrets
import string
from typing import Final
from urllib.parse import urlsplit

from acquit.core.errors import Invalid

ALPHABET: Final = string.ascii_letters + string.digits
REDIRECTION_MAX: Final = 2_000


class BadRedirection(Invalid):
    """The browser cannot be sent there."""

    code = "bad-redirection"

    def __init__(self) -> None:
        super().__init__(
            "[redirection] Given data is not valid: an absolute http or https URL is needed",
            parameter="redirection",
        )


def random_key(length: int) -> str:
    """Return so many random letters and digits (32 of them hold 190 bits)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def key_hash(key: str) -> bytes:
    """Return the SHA-256 under which a consumer key or a validation token is kept.

    A plain hash is enough: the key is long and random, so it cannot be guessed from its hash.
    """
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def check_redirection(url: str | None) -> str | None:
    """Return the URL, None for none. Raises BadRedirection unless it is an absolute http or https URL."""
    if url is None or not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        raise BadRedirection from None
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > REDIRECTION_MAX:
        raise BadRedirection
    return url
