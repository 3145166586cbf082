"""Refunds and what happened to each."""

from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency
from acquit.core.refund import Refund, RefundState
from acquit.store.transaction import Transaction

_REFUNDS: Final[LiteralString] = """
    SELECT account_id, refund_id, coalesce(deposit_id, '') AS deposit_id, order_id, currency, amount_minor,
           cause, reason, asked_on, asked_by, asked_at, state, state_on, reverse_bill_id
      FROM refund_state
"""

FIND: Final[LiteralString] = _REFUNDS + "WHERE account_id = %(account_id)s AND refund_id = %(refund_id)s"

OF_ACCOUNT: Final[LiteralString] = (
    _REFUNDS + "WHERE account_id = %(account_id)s ORDER BY refund_id DESC LIMIT %(rows_max)s"
)

IN_STATE: Final[LiteralString] = (
    _REFUNDS
    + """
     WHERE state = %(state)s AND cause <> 'charged-back' AND refund_id > %(after_id)s
     ORDER BY refund_id
     LIMIT %(rows_max)s
"""
)

ADD: Final[LiteralString] = """
    INSERT INTO refund (account_id, deposit_id, currency, amount_minor, cause, reason, asked_on, asked_by)
    VALUES (%(account_id)s, %(deposit_id)s, %(currency)s, %(amount_minor)s, %(cause)s, %(reason)s,
           %(asked_on)s, %(asked_by)s)
    RETURNING refund_id
"""

ADD_FOR_BILL: Final[LiteralString] = """
    INSERT INTO refund (account_id, reverse_bill_id, currency, amount_minor, cause, reason, asked_on,
           asked_by)
    VALUES (%(account_id)s, %(bill_id)s, %(currency)s, %(amount_minor)s, 'reverse-bill', %(reason)s,
            %(asked_on)s, %(asked_by)s)
    RETURNING refund_id
"""

TELL: Final[LiteralString] = """
    INSERT INTO refund_event (account_id, refund_id, event_no, state, happened_on, told, recorded_by)
    SELECT %(account_id)s, %(refund_id)s, coalesce(max(event_no), 0) + 1, %(state)s, %(happened_on)s,
           %(told)s, %(recorded_by)s
      FROM refund_event
     WHERE account_id = %(account_id)s AND refund_id = %(refund_id)s
"""


def find(tx: Transaction, payer_id: AccountId, refund_id: int) -> Refund | None:
    """Return the payer's refund as it stands, or None."""
    row = tx.one_or_none(FIND, account_id=payer_id, refund_id=refund_id)
    return None if row is None else _refund(row)


def of_account(tx: Transaction, payer_id: AccountId, rows_max: int | None = None) -> list[Refund]:
    """Return the payer's refunds, newest first."""
    return [_refund(row) for row in tx.all(OF_ACCOUNT, account_id=payer_id, rows_max=rows_max)]


def in_state(
    tx: Transaction, state: RefundState, after_id: int = 0, rows_max: int | None = None
) -> list[Refund]:
    """Return the refunds that stand so, oldest first, after one; not what acquirers took back themselves."""
    rows = tx.all(IN_STATE, state=state.value, after_id=after_id, rows_max=rows_max)
    return [_refund(row) for row in rows]


def add(
    tx: Transaction,
    payer_id: AccountId,
    deposit_id: str,
    currency: Currency,
    amount_minor: int,
    cause: str,
    reason: str,
    on: date,
    by: str,
) -> int:
    """Write that so much of the deposit is to go back; return the id."""
    row = tx.one(
        ADD, account_id=payer_id, deposit_id=deposit_id, currency=currency, amount_minor=amount_minor,
        cause=cause, reason=reason, asked_on=on, asked_by=by,
    )  # fmt: skip
    return int(row.refund_id)


def add_for_bill(
    tx: Transaction, payer_id: AccountId, bill_id: BillId, currency: Currency, amount_minor: int, on: date,
    by: str,
) -> int:  # fmt: skip
    """Write that so much of a reverse bill is to be paid; return the id."""
    row = tx.one(
        ADD_FOR_BILL, account_id=payer_id, bill_id=bill_id, currency=currency, amount_minor=amount_minor,
        reason=f"Payment of {bill_id}", asked_on=on, asked_by=by,
    )  # fmt: skip
    return int(row.refund_id)


def tell(
    tx: Transaction, refund: tuple[AccountId, int], state: RefundState, on: date, told: str, by: str
) -> None:
    """Write what happened to a refund; hold its payer before."""
    tx.run(
        TELL, account_id=refund[0], refund_id=refund[1], state=state.value, happened_on=on, told=told,
        recorded_by=by,
    )  # fmt: skip


def _refund(row: Any) -> Refund:
    return Refund(**row._asdict() | {"state": RefundState(row.state)})
