"""Passwords: argon2 hashes, and which passwords are too easily guessed."""

from collections.abc import Sequence
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from acquit.core.errors import Invalid

LENGTH_MIN: Final = 8
LENGTH_MAX: Final = 256
SCORE_MIN: Final = 3
_HASHER: Final = PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)


class WeakPassword(Invalid):
    """The password is too short, too long or too easily guessed."""

    code = "weak-password"


def hashed(password: str) -> str:
    """Return an argon2id hash of the password with a salt of its own."""
    return _HASHER.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Return whether the password has that hash; None takes as long and matches nothing."""
    try:
        return _HASHER.verify(password_hash or _nobody(), password[:LENGTH_MAX]) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def check(password: str, known: Sequence[str] = ()) -> None:
    """Return when the password is hard to guess for one who knows the texts in `known`.

    Raises WeakPassword when it is shorter than 8 or longer than 256 characters, or when zxcvbn
    gives it less than 3 of 4.
    """
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise WeakPassword(f"A password has {LENGTH_MIN} to {LENGTH_MAX} characters.")
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # lists of words, rarely wanted

    verdict = zxcvbn(password[:72], user_inputs=list(known))
    if verdict["score"] < SCORE_MIN:
        advice = " ".join(filter(None, [verdict["feedback"]["warning"], *verdict["feedback"]["suggestions"]]))
        raise WeakPassword(f"This password is too easily guessed. {advice}".strip())


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")
