"""The second factor of an operator: enrol a device, confirm it, spend codes, draw backup codes, take it away.

An operator has one device and ten backup codes. A code is looked at under the same limit of attempts as a
password; an administrator who resets a factor needs none, and the act tells it.
"""

import os
from collections.abc import Callable
from typing import Final

from acquit.actions.add_operator import NoSuchOperator
from acquit.actions.attempts import attempted, succeeded
from acquit.actions.change_second_factor import NewGenerator, device_link, random_code, shown_secret
from acquit.actions.context import Context
from acquit.actions.loading import require_staff
from acquit.core.identifiers import OperatorId
from acquit.core.operator import Right
from acquit.core.second_factor import (
    BACKUP_CODES,
    SECRET_BYTES,
    NoSuchFactor,
    WrongCode,
    WrongState,
    matching_step,
    plain_code,
)
from acquit.store import acts, operator_factors, operators, sessions, sign_ons
from acquit.store.operator_factors import Device
from acquit.store.transaction import Transaction

CODES: Final = "office-code"
"""How attempts at operators' codes are told from attempts at passwords."""
ISSUER: Final = "Acquit"


def enrol_device(context: Context, operator_id: OperatorId, *, by: str) -> NewGenerator:
    """The operator has a device, asked for once it made a code. Raises WrongState when one is in use."""
    secret = os.urandom(SECRET_BYTES)
    with context.database.write() as tx:
        _known(tx, operator_id)
        if not operator_factors.enrol(tx, operator_id, context.sealer.seal(secret.hex())):
            raise WrongState("A device is in use: take it away with a code of it first, then set up another.")
        acts.record(tx, by, "enrol_device", None, operator_id)
    return _new(secret, operator_id)


def unconfirmed_device(context: Context, operator_id: OperatorId) -> NewGenerator | None:
    """Return the device that waits for its first code, with its secret; None when there is none."""
    with context.database.read() as tx:
        device = operator_factors.find(tx, operator_id)
    if device is None or device.confirmed:
        return None
    return _new(_secret(context, device), operator_id)


def confirm_device(
    context: Context, operator_id: OperatorId, code: str, *, address: str, keep: int, by: str
) -> list[str]:
    """The device made this code and is asked for from now on; return its backup codes, shown once.

    Every other session than the one numbered `keep` is ended: it was opened without a code.
    Raises NoSuchFactor, WrongState, WrongCode, TooManyAttempts.
    """
    codes = [random_code() for _ in range(BACKUP_CODES)]

    def confirm(tx: Transaction) -> bool:
        device = _device(tx, operator_id)
        if device.confirmed:
            raise WrongState("This device was confirmed before.")
        if not _is_of_device(context, tx, device, code):
            return False
        operator_factors.draw_codes(tx, operator_id, _macs(context, operator_id, codes))
        ended = sessions.end_others_of_operator(tx, operator_id, keep)
        acts.record(tx, by, "confirm_device", None, operator_id, sessions_ended=ended)
        return True

    _attempt(context, operator_id, address, confirm)
    return codes


def draw_operator_codes(
    context: Context, operator_id: OperatorId, code: str, *, address: str, by: str
) -> list[str]:
    """The operator has a new list of backup codes, shown once. Raises NoSuchFactor, WrongCode."""
    codes = [random_code() for _ in range(BACKUP_CODES)]

    def draw(tx: Transaction) -> bool:
        if not _is_spent(context, tx, operator_id, code):
            return False
        operator_factors.draw_codes(tx, operator_id, _macs(context, operator_id, codes))
        acts.record(tx, by, "draw_operator_codes", None, operator_id)
        return True

    _attempt(context, operator_id, address, draw)
    return codes


def remove_device(context: Context, operator_id: OperatorId, code: str, *, address: str, by: str) -> None:
    """No code is asked for any more; one is spent to say so. Raises NoSuchFactor, WrongCode."""

    def remove(tx: Transaction) -> bool:
        if not _is_spent(context, tx, operator_id, code):
            return False
        operator_factors.remove(tx, operator_id)
        acts.record(tx, by, "remove_device", None, operator_id)
        return True

    _attempt(context, operator_id, address, remove)


def spend_operator_code(
    context: Context, tx: Transaction, operator_id: OperatorId, code: str, address: str
) -> None:
    """A code of the device, or a backup code, was given and is spent. Raises NoSuchFactor, WrongCode.

    The attempt was counted before, by `attempted` under `CODES`.
    """
    if not _is_spent(context, tx, operator_id, code):
        raise WrongCode
    succeeded(tx, CODES, operator_id, address)


def reset_factor(context: Context, operator_id: OperatorId, *, by: str) -> int:
    """Device, codes and links to identity providers are gone, sessions ended; return how many these were.

    Raises NoSuchOperator, NoSuchFactor, RoleForbids for an operator who may not manage staff.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.MANAGE_STAFF)
        _known(tx, operator_id)
        is_unlinked = sign_ons.unlink_operator(tx, operator_id)
        if not operator_factors.remove(tx, operator_id) and not is_unlinked:
            raise NoSuchFactor(operator_id)
        operator_factors.forget_owed(tx, operator_id)
        ended = sessions.end_of_operator(tx, operator_id)
        acts.record(tx, by, "reset_factor", None, operator_id, sessions_ended=ended)
    return ended


# ---------------------------------------------------------------- codes


def _attempt(
    context: Context, operator_id: OperatorId, address: str, spend: Callable[[Transaction], bool]
) -> None:
    attempted(context, CODES, operator_id, address)
    with context.database.write() as tx:
        if not spend(tx):
            raise WrongCode
        succeeded(tx, CODES, operator_id, address)


def _is_spent(context: Context, tx: Transaction, operator_id: OperatorId, code: str) -> bool:
    device = _device(tx, operator_id)
    if not device.confirmed:
        return False
    if _is_of_device(context, tx, device, code):
        return True
    return operator_factors.spend(tx, operator_id, _macs(context, operator_id, [code])[0])


def _is_of_device(context: Context, tx: Transaction, device: Device, code: str) -> bool:
    now = context.clock.now()
    step = matching_step(_secret(context, device), plain_code(code), int(now.timestamp()), device.last_step)
    if step is not None:
        operator_factors.use(tx, device.operator_id, step, now)
    return step is not None


def _device(tx: Transaction, operator_id: OperatorId) -> Device:
    device = operator_factors.lock(tx, operator_id)
    if device is None:
        raise NoSuchFactor(operator_id)
    return device


def _secret(context: Context, device: Device) -> bytes:
    return bytes.fromhex(context.sealer.unseal(device.secret_sealed))


def _macs(context: Context, operator_id: OperatorId, codes: list[str]) -> list[str]:
    return [context.sealer.token(f"operator-backup:{operator_id}:{plain_code(code)}") for code in codes]


def _new(secret: bytes, operator_id: OperatorId) -> NewGenerator:
    return NewGenerator(0, shown_secret(secret), device_link(secret, ISSUER, operator_id))


def _known(tx: Transaction, operator_id: OperatorId) -> None:
    operator = operators.find(tx, operator_id)
    if operator is None or not operator.active:
        raise NoSuchOperator(f"There is no active operator {operator_id}.")
