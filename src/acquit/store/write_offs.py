"""Write-offs that were asked for, and how each was decided."""

from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, DebtId
from acquit.core.write_off import Decision, WriteOff
from acquit.store.transaction import Transaction

_WRITE_OFFS: Final[LiteralString] = """
    SELECT w.account_id, w.write_off_id, w.debt_id, d.bill_id, d.currency, w.amount_minor, w.reason,
           w.asked_on, w.asked_by, coalesce(c.decision, 'asked') AS decision, c.operation_id, c.decided_by
      FROM write_off w
      JOIN debt d ON d.account_id = w.account_id AND d.debt_id = w.debt_id
      LEFT JOIN write_off_decision c ON c.account_id = w.account_id AND c.write_off_id = w.write_off_id
"""

FIND: Final[LiteralString] = (
    _WRITE_OFFS + "WHERE w.account_id = %(account_id)s AND w.write_off_id = %(write_off_id)s"
)

OF_ACCOUNT: Final[LiteralString] = (
    _WRITE_OFFS + "WHERE w.account_id = %(account_id)s ORDER BY w.write_off_id DESC"
)

WAITING: Final[LiteralString] = (
    _WRITE_OFFS
    + """
     WHERE c.decision IS NULL AND w.write_off_id > %(after_id)s
     ORDER BY w.write_off_id
     LIMIT %(rows_max)s
"""
)

ASK: Final[LiteralString] = """
    INSERT INTO write_off (account_id, debt_id, amount_minor, reason, asked_on, asked_by)
    VALUES (%(account_id)s, %(debt_id)s, %(amount_minor)s, %(reason)s, %(asked_on)s, %(asked_by)s)
    RETURNING write_off_id
"""

DECIDE: Final[LiteralString] = """
    INSERT INTO write_off_decision (account_id, write_off_id, decision, operation_id, reason, decided_by)
    VALUES (%(account_id)s, %(write_off_id)s, %(decision)s, %(operation_id)s, %(reason)s, %(decided_by)s)
"""


def find(tx: Transaction, account_id: AccountId, write_off_id: int) -> WriteOff | None:
    """Return the account's write-off, or None."""
    row = tx.one_or_none(FIND, account_id=account_id, write_off_id=write_off_id)
    return None if row is None else _write_off(row)


def of_account(tx: Transaction, account_id: AccountId) -> list[WriteOff]:
    """Return the account's write-offs, newest first."""
    return [_write_off(row) for row in tx.all(OF_ACCOUNT, account_id=account_id)]


def waiting(tx: Transaction, after_id: int = 0, rows_max: int | None = None) -> list[WriteOff]:
    """Return the write-offs that wait for a second person, oldest first, after one."""
    return [_write_off(row) for row in tx.all(WAITING, after_id=after_id, rows_max=rows_max)]


def ask(
    tx: Transaction,
    account_id: AccountId,
    debt_id: DebtId,
    amount_minor: int,
    reason: str,
    on: date,
    by: str,
) -> int:
    """Write that so much of the debt should be given up; return the id."""
    row = tx.one(
        ASK, account_id=account_id, debt_id=debt_id, amount_minor=amount_minor, reason=reason, asked_on=on,
        asked_by=by,
    )  # fmt: skip
    return int(row.write_off_id)


def decide(
    tx: Transaction,
    account_id: AccountId,
    write_off_id: int,
    decision: Decision,
    operation_id: int | None,
    reason: str,
    by: str,
) -> None:
    """Write how it was decided."""
    tx.run(
        DECIDE, account_id=account_id, write_off_id=write_off_id, decision=decision.value,
        operation_id=operation_id, reason=reason, decided_by=by,
    )  # fmt: skip


def _write_off(row: Any) -> WriteOff:
    return WriteOff(**row._asdict() | {"decision": Decision(row.decision)})
