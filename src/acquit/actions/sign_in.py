"""Sign people in and out: password, rate limit, session.

Attempts are limited (`attempts`). Names that do not exist take as long and are answered alike. What a right
password still lacks, an accepted address or a code, is told only after it.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from acquit.actions import passwords
from acquit.actions.attempts import attempted, attempted_in, succeeded
from acquit.actions.change_operator_factor import CODES, spend_operator_code
from acquit.actions.change_second_factor import Person, spend_code
from acquit.actions.context import Context
from acquit.core.access_event import Trace
from acquit.core.errors import Forbidden
from acquit.core.identifiers import AccountId, OperatorId
from acquit.core.saml import PasswordsOff
from acquit.core.session import Door, Means, Opening
from acquit.store import (
    access_events,
    accounts,
    acts,
    address_rules,
    identity_providers,
    operator_factors,
    operators,
    second_factors,
    sessions,
)
from acquit.store.transaction import Transaction

SESSION_LIFE: Final = timedelta(hours=12)
CODE_LIFE: Final = timedelta(minutes=10)
ATTEMPTS_KEPT: Final = timedelta(days=30)
NAME_MAX: Final = 100


class SignInRefused(Forbidden):
    """The name or the password is wrong, or the account may not sign in; which one is not told."""

    code = "sign-in-refused"


class AddressRefused(Forbidden):
    """The name and password are right; the account is not reached from this address."""

    code = "address-refused"


class CodeNeeded(Forbidden):
    """The name and password are right, a code is owed; `pending` names the sign-in to whoever owes it."""

    code = "code-needed"

    def __init__(self, pending: str) -> None:
        super().__init__("Give the code that your device shows, or one of your backup codes.")
        self.pending = pending


class SignInOver(Forbidden):
    """The code came too late, or nobody asked for it."""

    code = "sign-in-over"


def sign_in_account(context: Context, name: str, password: str, *, address: str, browser: str = "") -> str:
    """Open a session for `account` or `account/login` and return its token.

    Raises SignInRefused, TooManyAttempts before the password is looked at; PasswordsOff, AddressRefused,
    CodeNeeded when the password is right.
    """
    account_id, login = _split(name)

    def hash_of(tx: Transaction) -> str | None:
        return sessions.password_hash(tx, account_id, login)

    _verify(context, Door.MANAGER, f"{account_id}/{login}", address, password, hash_of)
    known = AccountId(account_id)
    refuse_shut_out(context, known, login)
    check_address(context, known, login, address)
    with context.database.write() as tx:
        owes = second_factors.is_asked(tx, account_id, login)
        if not owes:
            return open_account_in(context, tx, known, login, Opening(address, browser))
        pending = secrets.token_urlsafe(32)
        until = context.clock.now() + CODE_LIFE
        second_factors.owe(tx, session_hash(pending), known, login, until)
    raise CodeNeeded(pending)


def sign_in_with_code(context: Context, pending: str, code: str, *, address: str, browser: str = "") -> str:
    """Open the session of a sign-in that owed a code and return its token.

    Raises SignInOver, WrongCode, TooManyAttempts, PasswordsOff, AddressRefused.
    """
    hashed = session_hash(pending)
    with context.database.read() as tx:
        owed = second_factors.who_owes(tx, hashed)
    if owed is None:
        raise _over()
    account_id, login = owed
    refuse_shut_out(context, account_id, login)
    check_address(context, account_id, login, address)
    factor = spend_code(context, Person(account_id, login, address), code)
    with context.database.write() as tx:
        if sessions.password_hash(tx, account_id, login) is None or not second_factors.settle(tx, hashed):
            raise _over()
        opening = Opening(address, browser, Means.CODE, factor)
        return open_account_in(context, tx, account_id, login, opening)


def open_account_in(
    context: Context,
    tx: Transaction,
    account_id: AccountId,
    login: str,
    opening: Opening,
    lasts: timedelta = SESSION_LIFE,
) -> str:
    """Open a session of a login that proved who it is, and return its token."""
    token, until = secrets.token_urlsafe(32), context.clock.now() + lasts
    _welcome(context, tx, Door.MANAGER, f"{account_id}/{login}", opening.address)
    sessions.open_account(tx, session_hash(token), account_id, login, until, opening)
    by = f"account:{account_id}/{login}"
    said = {"address": opening.address, "means": opening.means.value}
    if opening.factor:
        said["factor"] = opening.factor
    trace = Trace(opening.address, opening.browser)
    access_events.record(tx, by, "sign_in", account_id, trace=trace, **said)
    return token


def refuse_shut_out(context: Context, account_id: AccountId, login: str) -> None:
    """Pass when the login may sign in by other means than the account's identity provider; its own may.

    Raises PasswordsOff.
    """
    if login == account_id:
        return
    with context.database.read() as tx:
        if identity_providers.shuts_out_logins(tx, account_id):
            raise PasswordsOff


def check_address(context: Context, account_id: AccountId, login: str, address: str) -> None:
    """Pass when the account is reached from the address; a rule may want a letter either way.

    Raises AddressRefused.
    """
    with context.database.read() as tx:
        verdict = address_rules.find(tx, account_id).decide(address)
        account = accounts.find(tx, account_id)
    if verdict.warns and account is not None and account.email:
        context.mailer.send(account.email, *_warning(account.language, login, address, verdict.accepts))
    if not verdict.accepts:
        with context.database.write() as tx:
            by = f"account:{account_id}/{login}"
            acts.record(tx, by, "sign_in_refused", account_id, address=address)
        raise AddressRefused(
            "This account is not reached from your address: sign in from one that is, or ask the provider."
        )


def _warning(language: str, login: str, address: str, accepts: bool) -> tuple[str, str]:
    """Return subject and text of the letter that tells of a sign-in."""
    if language.startswith("fr"):
        said = "a été acceptée" if accepts else "a été refusée"
        return (
            f"Connexion de {login}",
            f"Une connexion de {login} depuis l'adresse {address}, avec le bon mot de passe, {said}.\n\n"
            "Si ce n'était pas vous, changez votre mot de passe.\n",
        )
    said = "accepted" if accepts else "refused"
    return (
        f"Sign-in of {login}",
        f"A sign-in of {login} from the address {address}, with the right password, was {said}.\n\n"
        "If this was not you, change your password.\n",
    )


def sign_in_operator(context: Context, name: str, password: str, *, address: str, browser: str = "") -> str:
    """Open an office session for the operator and return its token.

    Raises SignInRefused, TooManyAttempts before the password is looked at; CodeNeeded when it is right.
    """
    operator_id = OperatorId(name.strip()[:NAME_MAX])

    def hash_of(tx: Transaction) -> str | None:
        return operators.password_hash(tx, operator_id)

    _verify(context, Door.OFFICE, operator_id, address, password, hash_of)
    with context.database.write() as tx:
        device = operator_factors.find(tx, operator_id)
        if device is None or not device.confirmed:
            return open_operator_in(context, tx, operator_id, Opening(address, browser))
        pending = secrets.token_urlsafe(32)
        operator_factors.owe(tx, session_hash(pending), operator_id, context.clock.now() + CODE_LIFE)
    raise CodeNeeded(pending)


def sign_in_operator_with_code(
    context: Context, pending: str, code: str, *, address: str, browser: str = ""
) -> str:
    """Open the office session of a sign-in that owed a code and return its token.

    Raises SignInOver, WrongCode, TooManyAttempts.
    """
    hashed = session_hash(pending)
    with context.database.read() as tx:
        operator_id = operator_factors.who_owes(tx, hashed)
    if operator_id is None:
        raise _over()
    attempted(context, CODES, operator_id, address)
    with context.database.write() as tx:
        spend_operator_code(context, tx, operator_id, code, address)
        if not second_factors.settle(tx, hashed):
            raise _over()
        return open_operator_in(context, tx, operator_id, Opening(address, browser, Means.CODE))


def open_operator_in(context: Context, tx: Transaction, operator_id: OperatorId, opening: Opening) -> str:
    """Open an office session of an operator who proved who it is, and return its token."""
    token, until = secrets.token_urlsafe(32), context.clock.now() + SESSION_LIFE
    _welcome(context, tx, Door.OFFICE, operator_id, opening.address)
    sessions.open_operator(tx, session_hash(token), operator_id, until, opening)
    by, means = f"operator:{operator_id}", opening.means.value
    acts.record(tx, by, "sign_in", None, operator_id, address=opening.address, means=means)
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
        attempted_in(context, tx, door, login, address)
        password_hash = hash_of(tx)
    if not passwords.matches(password_hash, password):
        raise _refused()


def _welcome(context: Context, tx: Transaction, door: Door, login: str, address: str) -> None:
    succeeded(tx, door, login, address)
    sessions.end_expired(tx)
    sessions.forget_attempts(tx, context.clock.now() - ATTEMPTS_KEPT)


def _over() -> SignInOver:
    return SignInOver("This sign-in is over: give your name and password again.")


def _refused() -> SignInRefused:
    return SignInRefused("This name and password do not match. Check both, then try again.")
