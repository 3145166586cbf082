"""Logs of an account, and the streams that they are forwarded to.

A stream is where an account collects its logs: an https address, or a collector that speaks GELF or syslog
over TLS. A forwarding sends one kind of log to one stream, in the order in which it is written, at least
once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from acquit.core.access_event import AccessEvent
from acquit.core.api_call import ApiCall
from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, CredentialId

STREAMS_MAX: Final = 10
WAITING_MAX: Final = 10_000
"""So many records of a forwarding wait at most; what is forgotten beyond is told as a gap."""
BATCH_MAX: Final = 500
LINK_LIFE: Final = timedelta(hours=1)
LINKED_MAX: Final = 10_000
"""So many of the latest records a link tells."""
NAME_MAX: Final = 60
PATH_MAX: Final = 500
PORT_MAX: Final = 65_535
SECRET_MAX: Final = 1_000
AUTHORITIES_MAX: Final = 20_000
FIRST_PAUSE: Final = timedelta(seconds=5)
DOUBLED_MAX: Final = 10
LONGEST_PAUSE: Final = timedelta(minutes=15)
_HOST: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
)
_ADDRESS: Final = re.compile(
    r"(?:([A-Za-z]{1,10})://)?([^\s/?#@:\[\]]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?([/?][!\"$-~]*)?"
)
_NUMBERS: Final = re.compile(r"[0-9a-f:.]{2,45}")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,60}")
_FIELD: Final = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_ELEMENT: Final = re.compile(r"[A-Za-z0-9_.-]{1,20}@[0-9]{1,10}/[A-Za-z0-9_.-]{1,32}")
_TEXT: Final = re.compile(r"[!-~]([ -~]*[!-~])?")
_OURS: Final = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "user-agent", "expect"}
)


class NoSuchStream(NotFound):
    """The account has no such stream."""

    code = "no-such-stream"

    def __init__(self, stream_id: object) -> None:
        super().__init__(f"There is no log stream {stream_id}: the manager and the provider can add one")


class NoSuchForwarding(NotFound):
    """The account forwards no logs under this id."""

    code = "no-such-forwarding"

    def __init__(self, forwarding_id: object) -> None:
        super().__init__(f"The requested object ({forwarding_id}) does not exist")


class NoSuchKind(NotFound):
    """There is no such kind of log."""

    code = "no-such-log-kind"

    def __init__(self, name: object) -> None:
        super().__init__(f"There is no kind of log {name}")


class BadStream(Invalid):
    """A stream cannot be reached as it was described."""

    code = "bad-stream"


class TooManyStreams(Conflict):
    """The account has as many streams as one may have."""

    code = "too-many-streams"


class AlreadyForwarded(Conflict):
    """This kind of log goes to this stream already."""

    code = "already-forwarded"


class LogKind(StrEnum):
    """Which log: the calls of programs, or the events of access."""

    CALLS = "api"
    ACCESS = "audit"


class LogFormat(StrEnum):
    """How a stream takes its logs."""

    HTTPS = "https"
    GELF = "gelf"
    SYSLOG = "syslog"


PORTS: Final[Mapping[LogFormat, int]] = {LogFormat.HTTPS: 443, LogFormat.GELF: 12202, LogFormat.SYSLOG: 6514}
FIELDS: Final[Mapping[LogKind, tuple[str, ...]]] = {
    LogKind.CALLS: ("method", "route", "path", "ip"),
    LogKind.ACCESS: (
        "type", "actor", "login", "subject", "name", "ip", "user_agent", "mfa_type", "rights", "before",
        "after",
    ),
}  # fmt: skip
"""What a record tells besides its number, its account and its instant."""

Said = str | int | Mapping[str, object] | list[str] | None


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One line of a log; `said` is by the names of FIELDS."""

    kind: LogKind
    number: int
    account_id: AccountId
    at: datetime
    summary: str
    said: Mapping[str, Said] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogStream:
    """Where an account collects logs; the secret is named here and kept sealed elsewhere."""

    account_id: AccountId
    stream_id: str
    name: str
    format: LogFormat
    host: str
    port: int
    path: str
    secret_name: str
    authorities: str
    created_at: datetime

    @property
    def address(self) -> str:
        """The stream's address, as people write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = {LogFormat.HTTPS: "https", LogFormat.GELF: "gelf+tls", LogFormat.SYSLOG: "syslog+tls"}[
            self.format
        ]
        return f"{scheme}://{host}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class NewStream:
    """A stream as it is asked for: its secret is taken in and never shown again."""

    name: str
    format: LogFormat
    host: str
    port: int
    path: str = ""
    secret_name: str = ""
    secret: str = field(default="", repr=False)
    authorities: str = ""


@dataclass(frozen=True, slots=True)
class Forwarding:
    """One kind of log that goes to one stream, and how that goes."""

    account_id: AccountId
    forwarding_id: str
    kind: LogKind
    stream_id: str
    created_at: datetime
    failures: int = 0
    problem: str = ""
    sent: int = 0
    sent_at: datetime | None = None
    lost: int = 0
    lost_from: datetime | None = None
    lost_to: datetime | None = None


def stream_at(
    name: str,
    format_: LogFormat,
    address: str,
    *,
    secret_name: str = "",
    secret: str = "",
    authorities: str = "",
) -> NewStream:
    """Return the stream at `https://host/path`, or at `host:port` of a collector. Raises BadStream."""
    scheme, host, port, path = _cut(address.strip(), PORTS[format_])
    if format_ is LogFormat.HTTPS and scheme != "https":
        raise BadStream("[address] An https stream has an address as https://logs.example.com/in")
    if format_ is not LogFormat.HTTPS and (scheme or path not in ("", "/")):
        raise BadStream("[address] A collector has a host and a port, as in logs.example.com:6514")
    if format_ is not LogFormat.HTTPS:
        path = ""
    elif not path.startswith("/"):
        path = f"/{path}"
    name = name.strip()
    if not 0 < len(name) <= NAME_MAX or not name.isprintable():
        raise BadStream(f"[name] A stream has a name of 1 to {NAME_MAX} characters in one line")
    _check_secret(format_, secret_name, secret)
    if len(authorities) > AUTHORITIES_MAX:
        raise BadStream(f"[authorities] Certificates have at most {AUTHORITIES_MAX} characters")
    return NewStream(name, format_, host, port, path, secret_name, secret, authorities.strip())


def _cut(text: str, default_port: int) -> tuple[str, str, int, str]:
    """Return scheme (perhaps none), host, port and the rest of an address. Raises BadStream."""
    parts = _ADDRESS.fullmatch(text)
    if parts is None:
        raise BadStream(
            "[address] An address has a host, perhaps a port and a path of ASCII; give a secret apart"
        )
    scheme, host, port, path = (parts[1] or "").lower(), parts[2].lower(), parts[3], parts[4] or ""
    host = host.strip("[]").removesuffix(".")
    if not (_HOST.fullmatch(host) or (":" in host and _NUMBERS.fullmatch(host))):
        raise BadStream("[address] The host is a name or a number of the internet, as in logs.example.com")
    if len(path) > PATH_MAX:
        raise BadStream(f"[address] A path has at most {PATH_MAX} signs")
    number = default_port if port is None else int(port)
    if not 0 < number <= PORT_MAX:
        raise BadStream(f"[address] A port is 1 to {PORT_MAX}")
    return scheme, host, number, path


def _check_secret(format_: LogFormat, name: str, secret: str) -> None:
    """Pass when the secret can be sent under that name as the format sends it. Raises BadStream."""
    if not name and not secret:
        return
    if not (name and secret):
        raise BadStream("[secret] A secret has a name and a value, or there is none")
    form = {LogFormat.HTTPS: _HEADER, LogFormat.GELF: _FIELD, LogFormat.SYSLOG: _ELEMENT}[format_]
    if not form.fullmatch(name) or name.lower() in _OURS or (format_ is LogFormat.GELF and name == "id"):
        raise BadStream(
            "[secretName] Name the header (https), the additional field (gelf), or the element and its "
            "parameter, as in token@12345/key (syslog)"
        )
    if len(secret) > SECRET_MAX or not _TEXT.fullmatch(secret):
        raise BadStream(f"[secret] A secret has 1 to {SECRET_MAX} printable signs of ASCII in one line")


# ---------------------------------------------------------------- records


def record_of_call(call: ApiCall) -> LogRecord:
    """Return the line that tells of a call."""
    said: dict[str, Said] = {
        "method": call.method, "route": call.route, "path": call.path, "ip": call.address or None,
    }  # fmt: skip
    summary = f"{call.method} {call.path}"
    return LogRecord(LogKind.CALLS, call.call_id, call.account_id, call.at, summary, said)


def record_of_event(event: AccessEvent) -> LogRecord:
    """Return the line that tells of an event of access."""
    trace, is_sign_in = event.trace, event.verb == "sign_in"
    rights = event.details.get("actions")
    said: dict[str, Said] = {
        "type": event.type.value,
        "actor": event.actor,
        "login": event.login,
        "subject": event.subject,
        "name": event.name,
        "ip": trace.address or None,
        "user_agent": trace.browser or None,
        "mfa_type": event.factor if is_sign_in else None,
        "rights": list(rights) if isinstance(rights, list) else None,
        "before": trace.before,
        "after": trace.after,
    }
    summary = f"{event.type.value} {event.name} by {event.actor}"
    return LogRecord(LogKind.ACCESS, event.event_id, event.account_id, event.at, summary, said)


def record_of_gap(forwarding: Forwarding, now: datetime) -> LogRecord:
    """Return the line that tells how many records were forgotten before they could be sent, and of when."""
    said: dict[str, Said] = {
        "lost": forwarding.lost,
        "lost_from": None if forwarding.lost_from is None else forwarding.lost_from.isoformat(),
        "lost_to": None if forwarding.lost_to is None else forwarding.lost_to.isoformat(),
    }
    summary = f"GAP {forwarding.lost} records were forgotten before they could be sent"
    return LogRecord(forwarding.kind, 0, forwarding.account_id, now, summary, said)


# ---------------------------------------------------------------- time


def next_try(now: datetime, failures: int) -> datetime:
    """Return when a stream that failed so often in a row is tried again: later each time."""
    pauses: int = 2 ** min(max(failures - 1, 0), DOUBLED_MAX)
    return now + min(FIRST_PAUSE * pauses, LONGEST_PAUSE)


def link_maker(account_id: AccountId, credential_id: CredentialId, login: str | None) -> str:
    """Return how a link names who asked for it: a key by its number, a person in the manager by the login."""
    return str(credential_id) if credential_id else f"/{login or account_id}"


def link_purpose(account_id: str, kind: LogKind, until: int, maker: str) -> str:
    """Return what the secret of a link to a log is sealed for."""
    return f"log:{kind.value}:{account_id}:{until}:{maker}"
