"""Codes that a sign-in asks for besides the password: by time from a device, or from a list kept in a drawer.

Source: RFC 6238 (time-based one-time passwords, SHA-1, 30 seconds, 6 digits) over RFC 4226, section 5.3.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Forbidden, Invalid, NotFound

STEP_SECONDS: Final = 30
DIGITS: Final = 6
DRIFT_STEPS: Final = 1
SECRET_BYTES: Final = 20
GENERATORS_MAX: Final = 10
BACKUP_CODES: Final = 10
DESCRIPTION_MAX: Final = 200


class NoSuchFactor(NotFound):
    """The login has no such device, or no backup codes."""

    code = "no-such-factor"

    def __init__(self, key: object) -> None:
        super().__init__(f"The requested object ({key}) does not exist")


class WrongCode(Forbidden):
    """The code is not the one of now, was used before, or is none of the list."""

    code = "wrong-code"

    def __init__(self) -> None:
        super().__init__(
            "This code is not valid. A code is taken once: wait for the next one, then try again."
        )


class WrongState(Conflict):
    """The device or the list is not in the state that this needs."""

    code = "wrong-state"


class BadFactor(Invalid):
    """A description is too long."""

    code = "bad-factor"


class State(StrEnum):
    """Whether a device or a list is asked for: not confirmed by a code yet, in use, or set aside."""

    NEW = "new"
    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class CodeGenerator:
    """A device of a login that makes codes by time; its secret is kept apart, sealed."""

    code_generator_id: int
    login: str
    description: str
    state: State
    last_step: int
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class BackupCodes:
    """The list of codes of a login: how many are left."""

    state: State
    remaining: int
    created_at: datetime
    last_used_at: datetime | None


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a step. Source: RFC 4226, section 5.3 (dynamic truncation)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: bytes, code: str, now_seconds: int, last_step: int) -> int | None:
    """Return the step whose code this is, one away from now at most and after `last_step`, else None.

    Source: RFC 6238, section 5.2: a code is taken once, and a delay of one step is allowed.
    """
    given, now, found = code.encode(), now_seconds // STEP_SECONDS, None
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), given) and step > last_step:
            found = step
    return found


def plain_code(code: str) -> str:
    """Return a code as it is compared: without blanks and hyphens, in capitals."""
    return code.replace(" ", "").replace("-", "").upper()[:64]


def checked_description(text: str) -> str:
    """Return the description. Raises BadFactor when it is too long."""
    if len(text) > DESCRIPTION_MAX:
        raise BadFactor(f"A description has at most {DESCRIPTION_MAX} characters", parameter="description")
    return text


def must_be(state: State, *wanted: State) -> None:
    """Pass in one of the wanted states. Raises WrongState."""
    if state not in wanted:
        needed = " or ".join(wanted)
        raise WrongState(f"This is {state}; it has to be {needed} for that", state=state.value)
