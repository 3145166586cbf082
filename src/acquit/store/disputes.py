"""Disputes of accounts on their bills."""

from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.dispute import Dispute, DisputeState
from acquit.core.identifiers import AccountId, BillId
from acquit.store.transaction import Transaction

_DISPUTES: Final[LiteralString] = """
    SELECT account_id, dispute_id, bill_id, detail_no, amount_minor, reason, state, opened_by, opened_at,
           deadline_on, closed_by, closed_at, outcome
      FROM dispute
"""

FIND: Final[LiteralString] = _DISPUTES + "WHERE account_id = %(account_id)s AND dispute_id = %(dispute_id)s"

OF_BILL: Final[LiteralString] = (
    _DISPUTES + "WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s ORDER BY dispute_id"
)

OF_ACCOUNT: Final[LiteralString] = _DISPUTES + "WHERE account_id = %(account_id)s ORDER BY dispute_id DESC"

OPEN_ONE: Final[LiteralString] = """
    INSERT INTO dispute (account_id, bill_id, detail_no, amount_minor, reason, opened_by, deadline_on)
    VALUES (%(account_id)s, %(bill_id)s, %(detail_no)s, %(amount_minor)s, %(reason)s, %(opened_by)s,
           %(deadline_on)s)
    RETURNING account_id, dispute_id, bill_id, detail_no, amount_minor, reason, state, opened_by, opened_at,
           deadline_on, closed_by, closed_at, outcome
"""

CLOSE: Final[LiteralString] = """
    UPDATE dispute
       SET state = %(state)s, outcome = %(outcome)s, closed_by = %(closed_by)s, closed_at = instant()
     WHERE account_id = %(account_id)s AND dispute_id = %(dispute_id)s
    RETURNING account_id, dispute_id, bill_id, detail_no, amount_minor, reason, state, opened_by, opened_at,
           deadline_on, closed_by, closed_at, outcome
"""


def find(tx: Transaction, account_id: AccountId, dispute_id: int) -> Dispute | None:
    """Return the account's dispute, or None."""
    row = tx.one_or_none(FIND, account_id=account_id, dispute_id=dispute_id)
    return None if row is None else _dispute(row)


def of_bill(tx: Transaction, account_id: AccountId, bill_id: BillId) -> list[Dispute]:
    """Return the disputes on the account's bill, oldest first."""
    return [_dispute(row) for row in tx.all(OF_BILL, account_id=account_id, bill_id=bill_id)]


def of_account(tx: Transaction, account_id: AccountId) -> list[Dispute]:
    """Return the account's disputes, newest first."""
    return [_dispute(row) for row in tx.all(OF_ACCOUNT, account_id=account_id)]


def open_one(
    tx: Transaction,
    account_id: AccountId,
    bill_id: BillId,
    detail_no: int | None,
    amount_minor: int,
    reason: str,
    opened_by: str,
    deadline_on: date,
) -> Dispute:
    """Write a new dispute and return it."""
    row = tx.one(
        OPEN_ONE,
        account_id=account_id,
        bill_id=bill_id,
        detail_no=detail_no,
        amount_minor=amount_minor,
        reason=reason,
        opened_by=opened_by,
        deadline_on=deadline_on,
    )
    return _dispute(row)


def close(tx: Transaction, dispute: Dispute, state: DisputeState, outcome: str, closed_by: str) -> Dispute:
    """Write how the dispute ended and return it."""
    row = tx.one(
        CLOSE,
        account_id=dispute.account_id,
        dispute_id=dispute.dispute_id,
        state=state.value,
        outcome=outcome,
        closed_by=closed_by,
    )
    return _dispute(row)


def _dispute(row: Any) -> Dispute:
    return Dispute(**row._asdict() | {"state": DisputeState(row.state)})
