"""How the text of each setting is read: what cannot be raises ValueError, which says what it should be."""

from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from acquit.core.operator import Role

WORKERS_MAX: Final = 256
CALLS_MAX: Final = 100_000_000
SAMPLE_MAX: Final = 1_000_000_000
SECRET_KEY_BYTES_MIN: Final = 32
SECURITIES: Final = ("starttls", "tls", "none")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
DAYS_MAX: Final = 36_500


def directory(text: str) -> Path:
    """Return the directory, which need not exist."""
    path = Path(text).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise ValueError("is a file; name a directory.")
    return path


def installation(text: str) -> Path:
    """Return the directory above PostgreSQL's bin."""
    path = directory(text)
    home = path.parent if path.name == "bin" else path
    if not (home / "bin" / "postgres").exists():
        raise ValueError("holds no bin/postgres; name the directory above PostgreSQL's bin.")
    return path


def database_url(text: str) -> str:
    """Return the address of a PostgreSQL."""
    if urlsplit(text).scheme not in ("postgresql", "postgres"):
        raise ValueError("begins with postgresql://, as in postgresql://acquit@db.example.net/acquit.")
    return text


def origin(text: str) -> str:
    """Return an origin without its closing slash."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is an origin, as in https://billing.example.net.")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ValueError("is an origin alone: no path, no query, no login.")
    _ = parts.port
    return text.rstrip("/")


def networks(text: str) -> tuple[str, ...]:
    """Return networks, as they are written."""
    try:
        return tuple(str(ip_network(part.strip())) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("lists addresses or networks, as in 10.0.0.0/8,192.0.2.7.") from None


def port(text: str) -> int:
    """Return a port; 0 is a free one."""
    return number(text, 0, 65535)


def workers(text: str) -> int:
    """Return a number of processes."""
    return number(text, 1, WORKERS_MAX)


def calls(text: str) -> int:
    """Return a number of calls."""
    return number(text, 0, CALLS_MAX)


def number(text: str, least: int, most: int) -> int:
    """Return a whole number between two others."""
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise ValueError(f"is a whole number from {least} to {most}.")
    return int(text)


def sample(text: str) -> int:
    """Return of how many one is taken."""
    return number(text, 0, SAMPLE_MAX)


def roles(text: str) -> tuple[str, ...]:
    """Return roles of operators."""
    asked = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    if asked == ("all",):
        return tuple(Role)
    if not set(asked) <= set(Role):
        raise ValueError(f"lists roles of {', '.join(Role)}, or is all.")
    return asked


def domains(text: str) -> tuple[str, ...]:
    """Return domains of mail."""
    named = tuple(filter(None, (part.strip().lower() for part in text.split(","))))
    if any("@" in each or "." not in each for each in named):
        raise ValueError("lists domains, as in example.com,example.net.")
    return named


def groups(text: str) -> tuple[tuple[str, Role], ...]:
    """Return which group gives which role."""
    pairs = [part.strip().rpartition("=") for part in text.split(",") if part.strip()]
    if not all(group and role in tuple(Role) for group, _, role in pairs):
        raise ValueError(f"lists GROUP=ROLE with roles of {', '.join(Role)}: bookkeepers=treasury.")
    return tuple((group, Role(role)) for group, _, role in pairs)


def held(text: str) -> str:
    """Return a secret: the text itself, or after `file:` what a file holds."""
    if not text.startswith("file:"):
        return text
    return file(text.removeprefix("file:")).read_text(encoding="utf-8").strip()


def level(text: str) -> str:
    """Return a level of the log."""
    if text.lower() not in LOG_LEVELS:
        raise ValueError(f"is one of {', '.join(LOG_LEVELS)}.")
    return text.lower()


def secret(text: str) -> bytes:
    """Return the bytes of a secret."""
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) < SECRET_KEY_BYTES_MIN:
        raise ValueError("is at least 64 hexadecimal digits; `openssl rand -hex 32` makes one.")
    return secret


def host(text: str) -> str:
    """Return an address or the name of a host."""
    if any(character.isspace() or character == "/" for character in text):
        raise ValueError("is an address or a host name, as in 127.0.0.1 or 0.0.0.0.")
    return text


def security(text: str) -> str:
    """Return how a mail server is spoken to."""
    if text.lower() not in SECURITIES:
        raise ValueError(f"is one of {', '.join(SECURITIES)}.")
    return text.lower()


def sender(text: str) -> str:
    """Return an address that mails come from."""
    address = parseaddr(text)[1]
    if "@" not in address.strip("@") or any(each.isspace() for each in address):
        raise ValueError("is an address, perhaps with a name: Billing <billing@example.com>.")
    return text


def url(text: str) -> str:
    """Return an https address, or one of this machine."""
    parts = urlsplit(text)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise ValueError("begins with https://, as in https://api.flow.example.com/flow-service.")
    return text.rstrip("/")


def there(text: str) -> Path:
    """Return a directory that exists."""
    path = Path(text).expanduser().absolute()
    if not path.is_dir():
        raise ValueError("is no directory; make it, or mount it, first.")
    return path


def file(text: str) -> Path:
    """Return a file that exists."""
    path = Path(text).expanduser().absolute()
    if not path.is_file():
        raise ValueError("is no file.")
    return path


def ascii_text(text: str) -> str:
    """Return a text of ASCII alone."""
    if not text.isascii():
        raise ValueError("has signs beyond ASCII, which the protocol cannot carry; choose another.")
    return text


def days(text: str) -> int:
    """Return a number of days."""
    return number(text, 1, DAYS_MAX)
