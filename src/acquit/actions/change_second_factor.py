"""Devices and backup codes of a login: enrol, confirm by a code, set aside, remove.

A code is looked at under the same limit of attempts as a password.
"""

import base64
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import quote, urlencode

from acquit.actions.attempts import attempted, succeeded
from acquit.actions.context import Context
from acquit.actions.loading import account_in, entity_of, locked_account_in
from acquit.core.identifiers import AccountId
from acquit.core.second_factor import (
    BACKUP_CODES,
    DIGITS,
    GENERATORS_MAX,
    SECRET_BYTES,
    STEP_SECONDS,
    BackupCodes,
    NoSuchFactor,
    State,
    WrongCode,
    WrongState,
    checked_description,
    matching_step,
    must_be,
    plain_code,
)
from acquit.documents.payment_code import drawn
from acquit.store import acts, second_factors
from acquit.store.second_factors import Sealed
from acquit.store.transaction import Transaction

CODES: Final = "code"
"""How attempts at codes are told from attempts at passwords."""
TOTP: Final = "totp"
BACKUP_CODE: Final = "backup-code"
BACKUP_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
BACKUP_LENGTH: Final = 12


@dataclass(frozen=True, slots=True)
class NewGenerator:
    """A device's secret, which is shown here and never again."""

    code_generator_id: int
    secret: str = field(repr=False)
    link: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """A login of an account, and where its call came from."""

    account_id: AccountId
    login: str
    address: str

    @property
    def name(self) -> str:
        """How attempts name the login."""
        return f"{self.account_id}/{self.login}"


def enrol_generator(context: Context, person: Person, *, by: str) -> NewGenerator:
    """The login has a device more, which is asked for once a code confirmed it. Raises WrongState."""
    secret = os.urandom(SECRET_BYTES)
    with context.database.write() as tx:
        account = locked_account_in(tx, person.account_id)
        if len(second_factors.lock_generators(tx, person.account_id, person.login)) >= GENERATORS_MAX:
            raise WrongState(f"A login has at most {GENERATORS_MAX} devices: remove one first")
        sealed = context.sealer.seal(secret.hex())
        made = second_factors.add_generator(tx, person.account_id, person.login, sealed)
        acts.record(tx, by, "enrol_generator", person.account_id, str(made))
        issuer = entity_of(tx, account).name
    return NewGenerator(made, shown_secret(secret), device_link(secret, issuer, person.name))


def unconfirmed_generator(context: Context, person: Person) -> NewGenerator | None:
    """Return the login's latest device that waits for its first code, with its secret; None without one."""
    with context.database.read() as tx:
        waiting = second_factors.waiting_generator(tx, person.account_id, person.login)
        issuer = entity_of(tx, account_in(tx, person.account_id)).name
    if waiting is None:
        return None
    secret = bytes.fromhex(context.sealer.unseal(waiting.secret_sealed))
    number = waiting.generator.code_generator_id
    return NewGenerator(number, shown_secret(secret), device_link(secret, issuer, person.name))


def validate_generator(
    context: Context, person: Person, code_generator_id: int, code: str, *, by: str
) -> None:
    """The device made this code: from now on a sign-in asks for one.

    Raises NoSuchFactor, WrongState, WrongCode, TooManyAttempts.
    """
    _with_code(context, person, code_generator_id, code, (State.NEW,), State.ENABLED, by)


def enable_generator(context: Context, person: Person, code_generator_id: int, code: str, *, by: str) -> None:
    """A device that was set aside is asked for again. Raises NoSuchFactor, WrongState, WrongCode."""
    _with_code(context, person, code_generator_id, code, (State.DISABLED,), State.ENABLED, by)


def disable_generator(
    context: Context, person: Person, code_generator_id: int, code: str, *, by: str
) -> None:
    """The device is set aside; a backup code does too. Raises NoSuchFactor, WrongState, WrongCode."""
    _with_code(context, person, code_generator_id, code, (State.ENABLED,), State.DISABLED, by)


def describe_generator(
    context: Context, person: Person, code_generator_id: int, description: str | None, *, by: str
) -> None:
    """Write what the device is called, if it is given. Raises NoSuchFactor, BadFactor."""
    checked_description(description or "")
    with context.database.write() as tx:
        found = _sealed(tx, person, code_generator_id).generator
        text = found.description if description is None else description
        second_factors.change_generator(tx, person.account_id, replace(found, description=text))
        acts.record(tx, by, "describe_generator", person.account_id, str(code_generator_id))


def remove_generator(context: Context, person: Person, code_generator_id: int, *, by: str) -> None:
    """The device is gone; one in use is disabled by a code first. Raises NoSuchFactor, WrongState."""
    with context.database.write() as tx:
        found = _sealed(tx, person, code_generator_id).generator
        must_be(found.state, State.NEW, State.DISABLED)
        second_factors.remove_generator(tx, person.account_id, code_generator_id)
        acts.record(tx, by, "remove_generator", person.account_id, str(code_generator_id))


def draw_backup_codes(context: Context, person: Person, *, by: str) -> list[str]:
    """The login has a new list of codes, shown here and never again. Raises WrongState: one is in use."""
    codes = [random_code() for _ in range(BACKUP_CODES)]
    with context.database.write() as tx:
        locked_account_in(tx, person.account_id)
        found = second_factors.find_codes(tx, person.account_id, person.login)
        if found is not None:
            must_be(found.state, State.NEW, State.DISABLED)
        macs = [_mac(context, person, code) for code in codes]
        second_factors.draw_codes(tx, person.account_id, person.login, macs)
        acts.record(tx, by, "draw_backup_codes", person.account_id, person.login)
    return codes


def set_backup_codes(
    context: Context, person: Person, code: str, wanted: tuple[State, ...], state: State, *, by: str
) -> BackupCodes:
    """Spend a code in order to confirm the list, set it aside, or take it up again.

    Raises NoSuchFactor, WrongState, WrongCode, TooManyAttempts.
    """

    def spend(tx: Transaction) -> bool:
        mac = _mac(context, person, code)
        if not second_factors.spend(tx, person.account_id, person.login, mac, context.clock.now()):
            return False
        second_factors.set_codes(tx, person.account_id, person.login, state)
        acts.record(tx, by, "set_backup_codes", person.account_id, state.value)
        return True

    with context.database.read() as tx:
        must_be(_codes(tx, person).state, *wanted)
    _attempt(context, person, spend)
    with context.database.read() as tx:
        return _codes(tx, person)


def remove_backup_codes(context: Context, person: Person, *, by: str) -> None:
    """The list is thrown away; one in use is disabled by a code first. Raises NoSuchFactor, WrongState."""
    with context.database.write() as tx:
        must_be(_codes(tx, person).state, State.NEW, State.DISABLED)
        second_factors.remove_codes(tx, person.account_id, person.login)
        acts.record(tx, by, "remove_backup_codes", person.account_id, person.login)


def spend_code(context: Context, person: Person, code: str) -> str:
    """A code of a device or list in use was given, and is spent; return of which (TOTP, BACKUP_CODE).

    Raises WrongCode, TooManyAttempts.
    """
    _attempt(context, person, lambda tx: _is_spent(context, tx, person, code))
    return BACKUP_CODE if len(plain_code(code)) == BACKUP_LENGTH else TOTP


def shown_secret(secret: bytes) -> str:
    """Return the secret in base32, as devices take it."""
    return base64.b32encode(secret).decode()


def device_picture(link: str) -> str:
    """Return the QR code that a device reads the link from, as SVG."""
    return drawn(link)


def device_link(secret: bytes, issuer: str, name: str) -> str:
    """Return the link that a device reads from a QR code."""
    label = quote(f"{issuer}:{name}", safe="")
    asked = {"secret": shown_secret(secret), "issuer": issuer, "digits": DIGITS, "period": STEP_SECONDS}
    return f"otpauth://totp/{label}?{urlencode(asked, quote_via=quote)}"


# ---------------------------------------------------------------- codes


def _with_code(
    context: Context,
    person: Person,
    code_generator_id: int,
    code: str,
    wanted: tuple[State, ...],
    state: State,
    by: str,
) -> None:
    def spend(tx: Transaction) -> bool:
        is_backup_taken = state is State.DISABLED
        if not _is_spent(context, tx, person, code, code_generator_id, is_backup_taken=is_backup_taken):
            return False
        found = _sealed(tx, person, code_generator_id).generator
        second_factors.change_generator(tx, person.account_id, replace(found, state=state))
        acts.record(tx, by, f"{state.value}_generator", person.account_id, str(code_generator_id))
        return True

    with context.database.write() as tx:
        must_be(_sealed(tx, person, code_generator_id).generator.state, *wanted)
    _attempt(context, person, spend)


def _attempt(context: Context, person: Person, spend: Callable[[Transaction], bool]) -> None:
    """Count the attempt before the code is looked at, as for a password."""
    attempted(context, CODES, person.name, person.address)
    with context.database.write() as tx:
        if not spend(tx):
            raise WrongCode
        succeeded(tx, CODES, person.name, person.address)


def _is_spent(
    context: Context,
    tx: Transaction,
    person: Person,
    code: str,
    only: int | None = None,
    *,
    is_backup_taken: bool = True,
) -> bool:
    """Take a code of the device (or of any in use), else of the list in use; each is taken once."""
    given = plain_code(code)
    for sealed in second_factors.lock_generators(tx, person.account_id, person.login):
        found = sealed.generator
        is_meant = found.state is State.ENABLED if only is None else found.code_generator_id == only
        if is_meant and _take(context, tx, person, sealed, given):
            return True
    codes = second_factors.find_codes(tx, person.account_id, person.login) if is_backup_taken else None
    if codes is None or codes.state is not State.ENABLED:
        return False
    mac = _mac(context, person, given)
    return second_factors.spend(tx, person.account_id, person.login, mac, context.clock.now())


def _take(context: Context, tx: Transaction, person: Person, sealed: Sealed, code: str) -> bool:
    found, now = sealed.generator, context.clock.now()
    secret = bytes.fromhex(context.sealer.unseal(sealed.secret_sealed))
    step = matching_step(secret, code, int(now.timestamp()), found.last_step)
    if step is None:
        return False
    used = replace(found, last_step=step, last_used_at=now)
    second_factors.change_generator(tx, person.account_id, used)
    return True


def _sealed(tx: Transaction, person: Person, code_generator_id: int) -> Sealed:
    for sealed in second_factors.lock_generators(tx, person.account_id, person.login):
        if sealed.generator.code_generator_id == code_generator_id:
            return sealed
    raise NoSuchFactor(code_generator_id)


def _codes(tx: Transaction, person: Person) -> BackupCodes:
    found = second_factors.find_codes(tx, person.account_id, person.login)
    if found is None:
        raise NoSuchFactor("backupCode")
    return found


def _mac(context: Context, person: Person, code: str) -> str:
    return context.sealer.token(f"backup:{person.name}:{plain_code(code)}")


def random_code() -> str:
    """Return a backup code that nobody guesses."""
    return "".join(secrets.choice(BACKUP_ALPHABET) for _ in range(BACKUP_LENGTH))
