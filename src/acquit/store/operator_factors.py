"""Devices and backup codes of operators, and sign-ins of theirs that still owe a code."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, LiteralString

from acquit.core.identifiers import OperatorId
from acquit.store.transaction import Transaction

FIND: Final[LiteralString] = """
    SELECT d.operator_id, d.secret_sealed, d.confirmed, d.last_step, d.created_at, d.last_used_at,
           (SELECT count(*) FROM operator_backup_code AS c WHERE c.operator_id = d.operator_id) AS codes_left
      FROM operator_device AS d
     WHERE d.operator_id = %(operator_id)s
"""

EVERY: Final[LiteralString] = """
    SELECT d.operator_id, d.secret_sealed, d.confirmed, d.last_step, d.created_at, d.last_used_at,
           (SELECT count(*) FROM operator_backup_code AS c WHERE c.operator_id = d.operator_id) AS codes_left
      FROM operator_device AS d
"""

LOCK: Final[LiteralString] = """
    SELECT operator_id FROM operator_device WHERE operator_id = %(operator_id)s FOR UPDATE
"""

ENROL: Final[LiteralString] = """
    INSERT INTO operator_device (operator_id, secret_sealed)
    VALUES (%(operator_id)s, %(secret_sealed)s)
    ON CONFLICT (operator_id) DO UPDATE
       SET secret_sealed = excluded.secret_sealed, last_step = 0, created_at = instant()
     WHERE NOT operator_device.confirmed
"""

USE: Final[LiteralString] = """
    UPDATE operator_device
       SET last_step = %(last_step)s, last_used_at = %(at)s, confirmed = true
     WHERE operator_id = %(operator_id)s
"""

REMOVE: Final[LiteralString] = "DELETE FROM operator_device WHERE operator_id = %(operator_id)s"

DROP_CODES: Final[LiteralString] = "DELETE FROM operator_backup_code WHERE operator_id = %(operator_id)s"

ADD_CODES: Final[LiteralString] = """
    INSERT INTO operator_backup_code (operator_id, code_mac)
    SELECT %(operator_id)s, unnest(%(macs)s::text[])
"""

SPEND: Final[LiteralString] = """
    DELETE FROM operator_backup_code WHERE operator_id = %(operator_id)s AND code_mac = %(mac)s
"""

OWE: Final[LiteralString] = """
    WITH over AS (DELETE FROM pending_sign_in WHERE expires_at <= now())
    INSERT INTO pending_sign_in (pending_hash, operator_id, expires_at)
    VALUES (%(pending_hash)s, %(operator_id)s, %(expires_at)s)
"""

WHO_OWES: Final[LiteralString] = """
    SELECT p.operator_id
      FROM pending_sign_in AS p
      JOIN operator AS o ON o.operator_id = p.operator_id
     WHERE p.pending_hash = %(pending_hash)s AND p.expires_at > now() AND o.active
"""

FORGET_OWED: Final[LiteralString] = "DELETE FROM pending_sign_in WHERE operator_id = %(operator_id)s"


@dataclass(frozen=True, slots=True)
class Device:
    """The device of an operator, its secret sealed; asked for once it is confirmed by a code of its own."""

    operator_id: OperatorId
    secret_sealed: bytes = field(repr=False)
    confirmed: bool
    last_step: int
    created_at: datetime
    last_used_at: datetime | None
    codes_left: int


def find(tx: Transaction, operator_id: OperatorId) -> Device | None:
    """Return the operator's device, or None."""
    row = tx.one_or_none(FIND, operator_id=operator_id)
    return None if row is None else _device(row)


def every(tx: Transaction) -> dict[OperatorId, Device]:
    """Return the devices of all operators."""
    return {OperatorId(row.operator_id): _device(row) for row in tx.all(EVERY)}


def lock(tx: Transaction, operator_id: OperatorId) -> Device | None:
    """Return the operator's device, held until the transaction ends, or None."""
    tx.one_or_none(LOCK, operator_id=operator_id)
    return find(tx, operator_id)


def enrol(tx: Transaction, operator_id: OperatorId, secret_sealed: bytes) -> bool:
    """Keep a device to be confirmed, in the place of one that never was; False when one is in use."""
    return tx.run(ENROL, operator_id=operator_id, secret_sealed=secret_sealed) == 1


def use(tx: Transaction, operator_id: OperatorId, last_step: int, at: datetime) -> None:
    """Write that the device made the code of this step, which confirms it."""
    tx.run(USE, operator_id=operator_id, last_step=last_step, at=at)


def remove(tx: Transaction, operator_id: OperatorId) -> bool:
    """Remove the operator's device with its backup codes; False when there was none."""
    return tx.run(REMOVE, operator_id=operator_id) == 1


def draw_codes(tx: Transaction, operator_id: OperatorId, macs: Sequence[str]) -> None:
    """Keep a new list of codes in the place of the old one."""
    tx.run(DROP_CODES, operator_id=operator_id)
    tx.run(ADD_CODES, operator_id=operator_id, macs=list(macs))


def spend(tx: Transaction, operator_id: OperatorId, mac: str) -> bool:
    """Spend a backup code; False when the operator has none such."""
    return tx.run(SPEND, operator_id=operator_id, mac=mac) == 1


def owe(tx: Transaction, pending_hash: bytes, operator_id: OperatorId, until: datetime) -> None:
    """Write that the operator gave the right password and owes a code until then."""
    tx.run(OWE, pending_hash=pending_hash, operator_id=operator_id, expires_at=until)


def who_owes(tx: Transaction, pending_hash: bytes) -> OperatorId | None:
    """Return the active operator of a sign-in that owes a code, or None."""
    row = tx.one_or_none(WHO_OWES, pending_hash=pending_hash)
    return None if row is None else OperatorId(row.operator_id)


def forget_owed(tx: Transaction, operator_id: OperatorId) -> None:
    """Forget every sign-in of the operator that still owes a code."""
    tx.run(FORGET_OWED, operator_id=operator_id)


def _device(row: Any) -> Device:
    return Device(
        OperatorId(row.operator_id),
        bytes(row.secret_sealed),
        row.confirmed,
        int(row.last_step),
        row.created_at,
        row.last_used_at,
        int(row.codes_left),
    )
