"""Disputes: an objection to a bill or a detail of it, with its amount; the rest stays due."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from acquit.actions.add_operator import NoSuchOperator
from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.loading import (
    account_in,
    locked_account_in,
    require_if_staff,
    require_staff,
    today_of,
)
from acquit.actions.tell_statuses import note_dispute_in
from acquit.core.bill import Bill, NoSuchBill
from acquit.core.credit import Part
from acquit.core.dispute import (
    Dispute,
    DisputeClosed,
    DisputeState,
    Message,
    NoSuchDispute,
    credited_net_minor,
    refuse_closed,
    refuse_dispute,
    refuse_message,
    refuse_wrong_document,
)
from acquit.core.identifiers import AccountId, BillId, OperatorId
from acquit.core.operator import Right
from acquit.store import acts, bills, disputes, operators
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
        note_dispute_in(tx, dispute)
        acts.record(
            tx, by, "open_dispute", account_id, bill_id, amount_minor=amount_minor, currency=bill.currency
        )
    return dispute


def close_dispute(
    context: Context,
    account_id: AccountId,
    dispute_id: int,
    state: DisputeState,
    outcome: str,
    settled_by: BillId | None = None,
    *,
    by: str,
) -> Dispute:
    """The dispute ended in a credit, a correction (of which the document is named) or a rejection.

    What was disputed is due again, as far as it is still owed. Raises NoSuchDispute, DisputeClosed.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CORRECT_BILLS)
        locked_account_in(tx, account_id)
        dispute = dispute_in(tx, account_id, dispute_id)
        refuse_closed(dispute, state)
        document = None if settled_by is None else bills.find(tx, account_id, settled_by)
        refuse_wrong_document(dispute, state, document)
        closed = disputes.close(tx, dispute, state, outcome, by, settled_by)
        acts.record(tx, by, "close_dispute", account_id, dispute.bill_id, state=state.value, outcome=outcome)
    return closed


def credit_dispute(
    context: Context, account_id: AccountId, dispute_id: int, outcome: str, *, by: str
) -> tuple[Dispute, Bill]:
    """The account was right: a credit note gives back what is disputed, and the dispute ends in it.

    Of a detail the disputed amount, of a bill that is disputed whole all of it; anything else is credited
    by lines first, and the credit note named at the end. Raises NoSuchDispute, DisputeClosed, and as
    credit_bill.
    """
    with context.database.read() as tx:
        dispute = dispute_in(tx, account_id, dispute_id)
        refuse_closed(dispute, DisputeState.CREDITED)
        bill = _bill_in(tx, account_id, dispute.bill_id)
    if dispute.detail_no is None and dispute.amount_minor != bill.total_minor:
        raise DisputeClosed(
            f"Dispute {dispute_id} is about a part of bill {bill.bill_id} and names no line: credit the "
            "lines with `acquit bills credit`, then end the dispute with the credit note's number.",
            bill=bill.bill_id,
        )
    parts = []
    if dispute.detail_no is not None:
        line = next(each for each in bill.details if each.detail_no == dispute.detail_no)
        parts = [Part(line.detail_no, min(credited_net_minor(dispute, bill), line.net_minor))]
    note = credit_bill(context, account_id, bill.bill_id, outcome, parts, by=by)
    state = DisputeState.CREDITED
    return close_dispute(context, account_id, dispute_id, state, outcome, note.bill_id, by=by), note


def add_message(
    context: Context,
    account_id: AccountId,
    dispute_id: int,
    body: str,
    file: tuple[str, bytes] | None = None,
    *,
    by: str,
) -> Message:
    """Something was said about the dispute, perhaps with a file. Raises NoSuchDispute, BadMessage."""
    name, content = file or (None, b"")
    refuse_message(body, name, content)
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.CORRECT_BILLS)
        locked_account_in(tx, account_id)
        dispute = dispute_in(tx, account_id, dispute_id)
        kept = None if name is None else (name, context.archive.put(content), len(content))
        message = disputes.add_message(tx, dispute, body.strip(), kept, by)
        acts.record(tx, by, "add_dispute_message", account_id, dispute.bill_id, message_no=message.message_no)
    return message


def assign_dispute(
    context: Context,
    account_id: AccountId,
    dispute_id: int,
    owner: OperatorId | None = None,
    deadline_on: date | None = None,
    *,
    by: str,
) -> Dispute:
    """An operator answers for the dispute, by a day. Raises NoSuchDispute, DisputeClosed, NoSuchOperator."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.CORRECT_BILLS)
        locked_account_in(tx, account_id)
        dispute = dispute_in(tx, account_id, dispute_id)
        refuse_closed(dispute, DisputeState.REJECTED)
        if owner is not None and operators.find(tx, owner) is None:
            raise NoSuchOperator(f"There is no operator {owner}.")
        named = owner or dispute.owner
        assigned = disputes.assign(tx, dispute, named, deadline_on or dispute.deadline_on)
        acts.record(
            tx, by, "assign_dispute", account_id, dispute.bill_id, owner=named,
            deadline_on=str(assigned.deadline_on),
        )  # fmt: skip
    return assigned


def show_dispute(context: Context, account_id: AccountId, dispute_id: int) -> tuple[Dispute, list[Message]]:
    """Return the dispute and what was said about it. Raises NoSuchDispute."""
    with context.database.read() as tx:
        return dispute_in(tx, account_id, dispute_id), disputes.messages(tx, account_id, dispute_id)


def dispute_file(
    context: Context, account_id: AccountId, dispute_id: int, message_no: int
) -> tuple[str, bytes]:
    """Return name and bytes of a message's file. Raises NoSuchDispute, also when it has none."""
    _, said = show_dispute(context, account_id, dispute_id)
    for message in said:
        if message.message_no == message_no and message.file_name and message.file_sha256:
            return message.file_name, context.archive.get(message.file_sha256)
    raise NoSuchDispute(f"Message {message_no} of dispute {dispute_id} has no file.")


def waiting_disputes(
    context: Context, after: tuple[date, int] = (date.min, 0), rows_max: int | None = None
) -> Sequence[Dispute]:
    """Return the open disputes, the one to be answered first before the others, after one."""
    with context.database.read() as tx:
        return disputes.waiting(tx, after, rows_max)


def dispute_in(tx: Transaction, account_id: AccountId, dispute_id: int) -> Dispute:
    """Return the account's dispute. Raises NoSuchDispute."""
    dispute = disputes.find(tx, account_id, dispute_id)
    if dispute is None:
        raise NoSuchDispute(f"Account {account_id} has no dispute {dispute_id}.")
    return dispute


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
