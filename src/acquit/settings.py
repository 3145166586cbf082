"""One frozen value, read once from the environment, refused early with every fault listed.

Every setting is a row of `ALL`, from which `docs/reference/settings.md` is written (a test compares them). A
variable that begins with ACQUIT_ and is no setting stops the start: a typing error must not go unnoticed.
"""

import difflib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from acquit.core.errors import Refusal

PREFIX: Final = "ACQUIT_"
WORKERS_MAX: Final = 256
SAMPLE_MAX: Final = 1_000_000_000
SECRET_KEY_BYTES_MIN: Final = 32
LOG_LEVELS: Final = ("debug", "info", "warning", "error")


class SettingsRefused(Refusal):
    """The environment asks for something that cannot be; the message lists every fault."""

    code = "settings-refused"


@dataclass(frozen=True, slots=True)
class Settings:
    """How this installation runs. None means: not set, and the program decides."""

    data: Path
    database_url: str | None
    postgresql: Path | None
    public_url: str | None
    trusted_proxies: tuple[str, ...]
    host: str
    port: int
    workers: int
    log: str
    secret_key: bytes | None
    judged_one_in: int


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its field of `Settings`, what it is without a variable, and how its text is read.

    `read` raises ValueError with a sentence that says what the text should have been.
    """

    field: str
    default: Callable[[Mapping[str, str]], object]
    default_said: str
    meaning: str
    read: Callable[[str], object]

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.field.upper()


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of an environment; an empty variable counts as not set.

    Raises:
        SettingsRefused: a value cannot be read or a variable is unknown; the message lists every fault.
    """
    values: dict[str, Any] = {}
    faults = [_unknown(name) for name in sorted(environment) if _is_unknown(name)]
    for setting in ALL:
        text = environment.get(setting.variable, "").strip()
        try:
            values[setting.field] = setting.read(text) if text else setting.default(environment)
        except ValueError as error:
            shown = "" if setting.field in SECRET else f"={text}"
            faults.append(f"{setting.variable}{shown}: {error}")
    if faults:
        raise SettingsRefused("These settings cannot be used:\n" + "\n".join(f"- {each}" for each in faults))
    return Settings(**values)


def default_data(environment: Mapping[str, str]) -> Path:
    """Return the data directory that the platform suggests; for root `/var/lib/acquit`."""
    if os.geteuid() == 0:
        return Path("/var/lib/acquit")
    home = Path(environment.get("HOME") or os.path.expanduser("~"))
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "acquit"
    return Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "acquit"


def _is_unknown(name: str) -> bool:
    return name.startswith(PREFIX) and name not in {setting.variable for setting in ALL}


def _unknown(name: str) -> str:
    known = [setting.variable.removeprefix(PREFIX) for setting in ALL]
    near = difflib.get_close_matches(name.removeprefix(PREFIX), known, n=1)
    hint = (
        f"did you mean {PREFIX}{near[0]}?" if near else "docs/reference/settings.md lists those that exist."
    )
    return f"{name} is no setting; {hint}"


def _directory(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise ValueError("is a file; name a directory.")
    return path


def _installation(text: str) -> Path:
    path = _directory(text)
    home = path.parent if path.name == "bin" else path
    if not (home / "bin" / "postgres").exists():
        raise ValueError("holds no bin/postgres; name the directory above PostgreSQL's bin.")
    return path


def _database_url(text: str) -> str:
    if urlsplit(text).scheme not in ("postgresql", "postgres"):
        raise ValueError("begins with postgresql://, as in postgresql://acquit@db.example.net/acquit.")
    return text


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is an origin, as in https://billing.example.net.")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ValueError("is an origin alone: no path, no query, no login.")
    _ = parts.port
    return text.rstrip("/")


def _networks(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(part.strip())) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("lists addresses or networks, as in 10.0.0.0/8,192.0.2.7.") from None


def _port(text: str) -> int:
    return _number(text, 0, 65535)


def _workers(text: str) -> int:
    return _number(text, 1, WORKERS_MAX)


def _number(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise ValueError(f"is a whole number from {least} to {most}.")
    return int(text)


def _sample(text: str) -> int:
    return _number(text, 0, SAMPLE_MAX)


def _level(text: str) -> str:
    if text.lower() not in LOG_LEVELS:
        raise ValueError(f"is one of {', '.join(LOG_LEVELS)}.")
    return text.lower()


def _secret(text: str) -> bytes:
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) < SECRET_KEY_BYTES_MIN:
        raise ValueError("is at least 64 hexadecimal digits; `openssl rand -hex 32` makes one.")
    return secret


def _host(text: str) -> str:
    if any(character.isspace() or character == "/" for character in text):
        raise ValueError("is an address or a host name, as in 127.0.0.1 or 0.0.0.0.")
    return text


def _nothing(_: Mapping[str, str]) -> None:
    return None


SECRET: Final = frozenset({"secret_key", "database_url"})

ALL: Final[tuple[Setting, ...]] = (
    Setting(
        "data",
        default_data,
        "the platform's user data directory; `/var/lib/acquit` for root",
        "Directory of the embedded database, the papers and the secret key; made on first use, mode 700.",
        _directory,
    ),
    Setting(
        "database_url",
        _nothing,
        "an embedded PostgreSQL in the data directory",
        "An external PostgreSQL (15 or newer) as `postgresql://…`. Its login owns the database and may take "
        "the role `acquit_app`; `acquit migrate` says what a database administrator has to do when it may "
        "not.",
        _database_url,
    ),
    Setting(
        "postgresql",
        _nothing,
        "the PostgreSQL that acquit brings, then the system's",
        "Directory above the `bin` of the PostgreSQL that runs the embedded database.",
        _installation,
    ),
    Setting(
        "public_url",
        _nothing,
        "the origin of each request, as trusted proxies report it",
        "Origin behind a proxy, such as `https://billing.example.net`: what links on papers and pages "
        "begin with.",
        _origin,
    ),
    Setting(
        "trusted_proxies",
        lambda _: ("127.0.0.0/8", "::1/128"),
        "`127.0.0.0/8,::1/128`",
        "Networks whose X-Forwarded-Proto, -Host, -Port and -For are believed.",
        _networks,
    ),
    Setting("host", lambda _: "127.0.0.1", "`127.0.0.1`", "Address that `acquit serve` listens on.", _host),
    Setting(
        "port", lambda _: 8080, "`8080`", "Port that `acquit serve` listens on; 0 takes a free one.", _port
    ),
    Setting(
        "workers",
        lambda _: os.cpu_count() or 1,
        "one per core",
        "How many processes serve requests.",
        _workers,
    ),
    Setting(
        "log",
        lambda _: "info",
        "`info`",
        "The least serious level logged: debug, info, warning or error.",
        _level,
    ),
    Setting(
        "secret_key",
        _nothing,
        "a file `secret.key` of mode 600 in the data directory",
        "At least 64 hexadecimal digits that seal application secrets and derive the links to papers. Every "
        "process on one database needs the same; lost, every application needs a new secret.",
        _secret,
    ),
    Setting(
        "judged_one_in",
        lambda _: 10_000,
        "`10000`",
        "Of how many bills of a run one is judged by the official rules of electronic bills before it has a "
        "number, besides the first of each form; 0 judges no sample.",
        _sample,
    ),
)
