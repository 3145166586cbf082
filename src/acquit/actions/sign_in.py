"""Sign people in and out: password, rate limit, session.

Every attempt is written as failed before its password is looked at, so that a hundred attempts at
once count as a hundred; a success is written after it. Names that do not exist take as long and
are answered alike.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from acquit.actions import passwords
from acquit.actions.context import Context
from acquit.core.errors import Forbidden
from acquit.core.identifiers import AccountId, OperatorId
from acquit.core.session import Door
from acquit.store import acts, operators, sessions
from acquit.store.transaction import Transaction

SESSION_LIFE: Final = timedelta(hours=12)
WINDOW: Final = timedelta(minutes=15)
ATTEMPTS_KEPT: Final = timedelta(days=30)
FAILURES_FROM_ONE_ADDRESS_MAX: Final = 5
FAILURES_ON_ONE_NAME_MAX: Final = 30
FAILURES_OF_AN_ADDRESS_MAX: Final = 60
NAME_MAX: Final = 100


class SignInRefused(Forbidden):
    """The name or the password is wrong, or the account may not sign in; which one is not told."""

    code = "sign-in-refused"


class TooManyAttempts(Forbidden):
    """Too many wrong passwords in a short time; `details['retry_seconds']` says how long to wait."""

    code = "too-many-attempts"


def sign_in_account(context: Context, name: str, password: str, *, address: str) -> str:
    """Open a session for `account` or `account/login` and return its token.

    Raises SignInRefused, or TooManyAttempts before the password is looked at.
    """
    account_id, login = _split(name)

    def hash_of(tx: Transaction) -> str | None:
        return sessions.password_hash(tx, account_id, login)

    _verify(context, Door.MANAGER, f"{account_id}/{login}", address, password, hash_of)
    token = secrets.token_urlsafe(32)
    with context.database.write() as tx:
        _welcome(context, tx, Door.MANAGER, f"{account_id}/{login}", address)
        expires_at = context.clock.now() + SESSION_LIFE
        sessions.open_account(tx, session_hash(token), AccountId(account_id), login, expires_at)
        acts.record(tx, f"account:{account_id}/{login}", "sign_in", AccountId(account_id), address=address)
    return token


def sign_in_operator(context: Context, name: str, password: str, *, address: str) -> str:
    """Open an office session for the operator and return its token.

    Raises SignInRefused, or TooManyAttempts before the password is looked at.
    """
    operator_id = name.strip()[:NAME_MAX]

    def hash_of(tx: Transaction) -> str | None:
        return operators.password_hash(tx, operator_id)

    _verify(context, Door.OFFICE, operator_id, address, password, hash_of)
    token = secrets.token_urlsafe(32)
    with context.database.write() as tx:
        _welcome(context, tx, Door.OFFICE, operator_id, address)
        expires_at = context.clock.now() + SESSION_LIFE
        sessions.open_operator(tx, session_hash(token), OperatorId(operator_id), expires_at)
        acts.record(tx, f"operator:{operator_id}", "sign_in", None, operator_id, address=address)
    return token


def sign_out(context: Context, token: str) -> None:
    """End the session: its token opens nothing any more."""
    with context.database.write() as tx:
        sessions.end(tx, session_hash(token))


def end_account_sessions(
    context: Context, account_id: AccountId, *, by: str, login: str | None = None
) -> int:
    """End every session of the account (or of one login) and return how many there were."""
    with context.database.write() as tx:
        ended = sessions.end_of_account(tx, account_id, login)
        acts.record(tx, by, "end_account_sessions", account_id, login or "", sessions=ended)
    return ended


def session_hash(token: str) -> bytes:
    """Return the SHA-256 under which a session is kept."""
    return hashlib.sha256(token.encode()).digest()


def _split(name: str) -> tuple[str, str]:
    account_id, slash, login = name.strip()[:NAME_MAX].partition("/")
    account_id = account_id.lower()
    return account_id, login if slash else account_id


def _verify(
    context: Context,
    door: Door,
    login: str,
    address: str,
    password: str,
    hash_of: Callable[[Transaction], str | None],
) -> None:
    if "\0" in login:
        raise _refused()
    with context.database.write() as tx:
        sessions.lock_name(tx, door, login)
        _check_rate(context, tx, door, login, address)
        sessions.record_attempt(tx, door, login, address, succeeded=False)
        password_hash = hash_of(tx)
    if not passwords.matches(password_hash, password):
        raise _refused()


def _check_rate(context: Context, tx: Transaction, door: Door, login: str, address: str) -> None:
    since = context.clock.now() - WINDOW
    from_here, from_anywhere = sessions.name_failures(tx, door, login, address, since)
    if (
        from_here >= FAILURES_FROM_ONE_ADDRESS_MAX
        or from_anywhere >= FAILURES_ON_ONE_NAME_MAX
        or sessions.address_failures(tx, address, since) >= FAILURES_OF_AN_ADDRESS_MAX
    ):
        raise TooManyAttempts(
            "Too many wrong passwords: wait 15 minutes, then try again.",
            retry_seconds=str(int(WINDOW.total_seconds())),
        )


def _welcome(context: Context, tx: Transaction, door: Door, login: str, address: str) -> None:
    sessions.record_attempt(tx, door, login, address, succeeded=True)
    sessions.end_expired(tx)
    sessions.forget_attempts(tx, context.clock.now() - ATTEMPTS_KEPT)


def _refused() -> SignInRefused:
    return SignInRefused("This name and password do not match. Check both, then try again.")
