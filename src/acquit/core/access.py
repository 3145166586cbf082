"""Who may call what: applications, consumer keys, their rules and the signature of a request.

Refusals, in the order in which a request meets them (protocol 6, "Order of checks"; an unknown
route is refused before any of them):

1. InvalidApplicationKey   no such application, or it is not in use
2. NotSignedIn             no consumer key
3. InvalidCredential       the key is unknown, pending, refused or expired, or of another application
4. OutOfTime               the time stamp is outside the window
5. InvalidSignature        the signature is not that of this request
6. AddressNotAllowed       the caller's address is outside the key's blocks
7. CallNotGranted          no rule of the key covers the call
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from acquit.core.errors import Conflict, Forbidden, Invalid
from acquit.core.identifiers import AccountId, ApplicationId, CredentialId

METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH")
WINDOW_SECONDS: Final = 30
PENDING_FOR: Final = timedelta(days=1)
RULES_MAX: Final = 500
RULE_PATH_MAX: Final = 1000
BLOCKS_MAX: Final = 100
TIMESTAMP_DIGITS_MAX: Final = 12

Block = IPv4Network | IPv6Network


class InvalidApplicationKey(Forbidden):
    """The application key belongs to no application in use."""

    code = "invalid-application-key"

    def __init__(self) -> None:
        super().__init__("This application key is invalid")


class NotSignedIn(Forbidden):
    """The request carries no consumer key."""

    code = "not-signed-in"

    def __init__(self) -> None:
        super().__init__("You must login first")


class InvalidCredential(Forbidden):
    """The consumer key is unknown, pending, refused, expired, or another application's."""

    code = "invalid-credential"

    def __init__(self) -> None:
        super().__init__("This credential is not valid")


class OutOfTime(Invalid):
    """The request's time stamp is missing, malformed or outside the window."""

    code = "out-of-time"

    def __init__(self) -> None:
        super().__init__("Query out of time")


class InvalidSignature(Invalid):
    """The signature is not that of this request."""

    code = "invalid-signature"

    def __init__(self) -> None:
        super().__init__("Invalid signature")


class AddressNotAllowed(Forbidden):
    """The caller's address is outside the blocks that the consumer key is limited to."""

    code = "address-not-allowed"

    def __init__(self) -> None:
        super().__init__("This credential may not be used from your IP address")


class CallNotGranted(Forbidden):
    """No rule of the consumer key covers the call."""

    code = "call-not-granted"

    def __init__(self) -> None:
        super().__init__("This call has not been granted")


class MalformedRules(Invalid):
    """The access rules of a credential request are not a list of method and path."""

    code = "malformed-rules"

    def __init__(self) -> None:
        super().__init__("Body parameter accessRules isn't formated correctly", parameter="accessRules")


class MalformedBlock(Invalid):
    """A text is not an address or a block of addresses."""

    code = "malformed-block"

    def __init__(self, text: str, parameter: str = "allowedIPs") -> None:
        super().__init__(
            f"[{parameter}] Given data ({text}) is not valid for type ipBlock", parameter=parameter
        )


class NotPending(Conflict):
    """The credential was answered already, or waited too long."""

    code = "not-pending"

    def __init__(self) -> None:
        super().__init__("This request has been answered already or is too old: ask for a new consumer key")


# ---------------------------------------------------------------- rules


@dataclass(frozen=True, slots=True)
class Rule:
    """A grant of one method on one path, in which `*` stands for anything, also across `/`."""

    method: str
    path: str

    def covers(self, method: str, path: str) -> bool:
        """Return whether the rule grants the call; `path` has neither base nor query."""
        return method == self.method and _matches(self.path, path)


def _matches(pattern: str, path: str) -> bool:
    first, *rest = pattern.split("*")
    if not rest:
        return path == pattern
    *middle, last = rest
    if not path.startswith(first):
        return False
    reached = len(first)
    for part in middle:
        found = path.find(part, reached)
        if found < 0:
            return False
        reached = found + len(part)
    return len(path) - reached >= len(last) and path.endswith(last)


def is_granted(rules: Sequence[Rule], method: str, path: str) -> bool:
    """Return whether any rule covers the call."""
    return any(rule.covers(method, path) for rule in rules)


def read_rules(given: object) -> tuple[Rule, ...]:
    """Return the rules of a list of method and path, each once. Raises MalformedRules."""
    if not isinstance(given, Sequence) or isinstance(given, str) or not 1 <= len(given) <= RULES_MAX:
        raise MalformedRules
    return tuple(dict.fromkeys(_read_rule(rule) for rule in given))


def _read_rule(given: object) -> Rule:
    if not isinstance(given, Mapping) or set(given) != {"method", "path"}:
        raise MalformedRules
    method, path = given["method"], given["path"]
    if method not in METHODS or not isinstance(path, str) or not _is_rule_path(path):
        raise MalformedRules
    return Rule(method, "/*" if path == "*" else path)


def _is_rule_path(path: str) -> bool:
    return len(path) <= RULE_PATH_MAX and path.isprintable() and path.startswith(("/", "*"))


# ---------------------------------------------------------------- addresses


def read_block(text: str, parameter: str = "allowedIPs") -> Block:
    """Return the block of addresses that the text names; one address is a block of one."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        raise MalformedBlock(text, parameter) from None


def read_blocks(texts: Sequence[str] | None) -> tuple[Block, ...] | None:
    """Return the blocks, or None when the key is not limited. Raises MalformedBlock."""
    if texts is None:
        return None
    if not 1 <= len(texts) <= BLOCKS_MAX:
        raise MalformedBlock(f"{len(texts)} blocks")
    return tuple(dict.fromkeys(read_block(text) for text in texts))


def is_address_allowed(blocks: Sequence[Block] | None, address: str) -> bool:
    """Return whether the address is in a block; an address that cannot be read is in none."""
    if blocks is None:
        return True
    read = read_address(address)
    return read is not None and any(read in block for block in blocks)


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address, an IPv4 one inside IPv6 as itself; None when it cannot be read."""
    try:
        read = ip_address(text)
    except ValueError:
        return None
    return (read.ipv4_mapped or read) if isinstance(read, IPv6Address) else read


# ---------------------------------------------------------------- applications and credentials


@dataclass(frozen=True, slots=True)
class Application:
    """A registered program of an account; its secret is kept apart, sealed."""

    application_id: ApplicationId
    application_key: str
    account_id: AccountId
    name: str
    description: str
    status: str

    @property
    def is_in_use(self) -> bool:
        """Whether requests of this program are taken at all."""
        return self.status in ("active", "trusted")


@dataclass(frozen=True, slots=True)
class Credential:
    """What is known of a consumer key; an unlimited key has neither blocks nor an end."""

    credential_id: CredentialId
    application_id: ApplicationId
    account_id: AccountId | None
    login: str | None
    status: str
    rules: tuple[Rule, ...]
    blocks: tuple[Block, ...] | None
    redirection: str | None
    by_staff: bool
    created_at: datetime
    expires_at: datetime | None
    last_use_at: datetime | None = None

    def status_at(self, now: datetime) -> str:
        """Return the state at that instant: what ended by time is `expired` without being rewritten."""
        if self.status == "validated" and self.expires_at is not None and self.expires_at <= now:
            return "expired"
        if self.status == "pendingValidation" and self.created_at + PENDING_FOR <= now:
            return "expired"
        return self.status

    def must_be_pending(self, now: datetime) -> None:
        """Raises NotPending unless a person may still answer the request."""
        if self.status_at(now) != "pendingValidation":
            raise NotPending


# ---------------------------------------------------------------- the signature


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came: `target` is the raw path and query, `rule_path` what rules speak of."""

    method: str
    target: str
    rule_path: str
    body: bytes
    timestamp: str
    signature: str
    address: str


def sign(secret: str, consumer_key: str, method: str, url: str, body: bytes, timestamp: str) -> str:
    """Return the value of X-Ovh-Signature. Source: protocol 3."""
    start = f"{secret}+{consumer_key}+{method}+{url}+".encode("utf-8", "surrogateescape")
    end = f"+{timestamp}".encode("utf-8", "surrogateescape")
    return "$1$" + hashlib.sha1(start + body + end, usedforsecurity=False).hexdigest()


def candidate_urls(origins: Sequence[str], target: str) -> tuple[str, ...]:
    """Return the URLs the caller may have signed: each origin as it is, and without its port.

    A bare `?` at the end is signed by who writes it, and lost on the way.
    """
    ends = (target,) if "?" in target else (target, target + "?")
    return tuple(origin + end for end in ends for origin in _forms(tuple(origins)))


@lru_cache(maxsize=64)
def _forms(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Return each origin as it is and without its port, each once."""
    return tuple(dict.fromkeys(form for origin in origins for form in (origin, _without_port(origin))))


def _without_port(origin: str) -> str:
    start, colon, end = origin.rpartition(":")
    return start if colon and end.isdigit() else origin


def is_signed(call: Call, secret: str, consumer_key: str, origins: Sequence[str]) -> bool:
    """Return whether the signature is that of the call, compared in constant time."""
    given = call.signature.encode("utf-8", "surrogateescape")
    return any(
        hmac.compare_digest(
            sign(secret, consumer_key, call.method, url, call.body, call.timestamp).encode(), given
        )
        for url in candidate_urls(origins, call.target)
    )


def is_in_time(timestamp: str, now_seconds: int) -> bool:
    """Return whether the time stamp (decimal seconds) is within the window around now."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= TIMESTAMP_DIGITS_MAX):
        return False
    return abs(int(timestamp) - now_seconds) <= WINDOW_SECONDS


def check_application(application: Application | None) -> Application:
    """Return the application. Raises InvalidApplicationKey: rung 1."""
    if application is None or not application.is_in_use:
        raise InvalidApplicationKey
    return application


def admit(
    call: Call,
    application: Application | None,
    secret: str,
    consumer_key: str,
    credential: Credential | None,
    origins: Sequence[str],
    now: datetime,
) -> Credential:
    """Return the credential that the call is made with, or raise the first refusal of the ladder above."""
    if application is None and not consumer_key:
        raise NotSignedIn
    known = check_application(application)
    if not consumer_key:
        raise NotSignedIn
    if (
        credential is None
        or credential.application_id != known.application_id
        or credential.status_at(now) != "validated"
    ):
        raise InvalidCredential
    if not is_in_time(call.timestamp, int(now.timestamp())):
        raise OutOfTime
    if not is_signed(call, secret, consumer_key, origins):
        raise InvalidSignature
    return _within_its_limits(call, credential)


def admit_bearer(
    call: Call, application: Application | None, credential: Credential | None, now: datetime
) -> Credential:
    """Return the credential of a bearer token: the ladder above without time stamp and signature."""
    if application is None or credential is None or not application.is_in_use:
        raise InvalidCredential
    if credential.status_at(now) != "validated":
        raise InvalidCredential
    return _within_its_limits(call, credential)


def _within_its_limits(call: Call, credential: Credential) -> Credential:
    if not is_address_allowed(credential.blocks, call.address):
        raise AddressNotAllowed
    if not is_granted(credential.rules, call.method, call.rule_path):
        raise CallNotGranted
    return credential
