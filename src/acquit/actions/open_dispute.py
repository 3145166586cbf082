"""Disputes: an objection to a bill or a detail of it, with its amount; the rest stays due."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from acquit.actions.context import Context
from acquit.actions.loading import account_in, locked_account_in, require_staff, today_of
from acquit.core.bill import Bill, NoSuchBill
from acquit.core.dispute import (
    Dispute,
    DisputeState,
    NoSuchDispute,
    refuse_closed,
    refuse_dispute,
)
from acquit.core.identifiers import AccountId, BillId
from acquit.core.operator import Right
from acquit.store import acts, bills, disputes
from acquit.store.transaction import Transaction

DEADLINE_DAYS: Final = 30


def open_dispute(
    context: Context,
    account_id: AccountId,
    bill_id: BillId,
    amount_minor: int,
    reason: str,
    *,
    detail_no: int | None = None,
    deadline_on: date | None = None,
    by: str,
) -> Dispute:
    """The amount of the bill (or of one detail of it) is disputed until the deadline.

    Raises NoSuchBill; NotDisputable when nothing is said, or more than the bill is or is left of it.
    """
    with context.database.write() as tx:
        account = locked_account_in(tx, account_id)
        bill = _bill_in(tx, account_id, bill_id)
        others = disputes.of_bill(tx, account_id, bill_id)
        refuse_dispute(bill, detail_no, amount_minor, reason, others)
        today = today_of(context, tx, account)
        until = deadline_on or today + timedelta(days=DEADLINE_DAYS)
        dispute = disputes.open_one(
            tx, account_id, bill_id, detail_no, amount_minor, reason.strip(), by, until
        )
        acts.record(tx, by, "open_dispute", account_id, bill_id, amount_minor=amount_minor)
    return dispute


def close_dispute(
    context: Context, account_id: AccountId, dispute_id: int, state: DisputeState, outcome: str, *, by: str
) -> Dispute:
    """The dispute ended in a credit, a correction or a rejection. Raises NoSuchDispute, DisputeClosed."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.CORRECT_BILLS)
        locked_account_in(tx, account_id)
        dispute = disputes.find(tx, account_id, dispute_id)
        if dispute is None:
            raise NoSuchDispute(f"Account {account_id} has no dispute {dispute_id}.")
        refuse_closed(dispute, state)
        closed = disputes.close(tx, dispute, state, outcome, by)
        acts.record(tx, by, "close_dispute", account_id, dispute.bill_id, state=state.value, outcome=outcome)
    return closed


def list_disputes(context: Context, account_id: AccountId) -> Sequence[Dispute]:
    """Return the account's disputes, newest first. Raises NoSuchAccount."""
    with context.database.read() as tx:
        account_in(tx, account_id)
        return disputes.of_account(tx, account_id)


def _bill_in(tx: Transaction, account_id: AccountId, bill_id: BillId) -> Bill:
    bill = bills.find(tx, account_id, bill_id)
    if bill is None:
        raise NoSuchBill(bill_id)
    return bill
