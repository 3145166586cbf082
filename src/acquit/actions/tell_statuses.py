"""What happened to bills that went to an e-invoicing platform becomes statuses, and the platform is told.

"Paid" (212) is told where VAT is due with the money, with the amount per rate; money that goes back
is told as a negative amount. "Disputed" (207) is kept as a status; it is the buyer's to tell, so nothing is
sent.
"""

from typing import Final

from acquit.actions.context import Context
from acquit.actions.queue_deliveries import queue_in
from acquit.core.delivery import Channel, Queued
from acquit.core.dispute import Dispute
from acquit.core.identifiers import AccountId, BillId
from acquit.core.life_cycle import (
    DISPUTED,
    PAID,
    SaidBy,
    Status,
    collected_by_rate,
    left_by_rate,
)
from acquit.store import accounts, bill_statuses, deliveries
from acquit.store.bill_statuses import ToldOperation
from acquit.store.transaction import Transaction

PAGE: Final = 200
OTHER_REASON: Final = "AUTRE"


def tell_statuses(context: Context) -> int:
    """Every settlement of a bill that went to a platform is a status, and is to leave; return how many."""
    count = 0
    while True:
        with context.database.read() as tx:
            waiting = bill_statuses.bills_waiting(tx, PAGE)
        if not waiting:
            return count
        for account_id, bill_id in waiting:
            with context.database.write() as tx:
                count += _tell(tx, account_id, bill_id)


def note_dispute_in(tx: Transaction, dispute: Dispute) -> None:
    """The bill is disputed, as a status of its e-invoice; a bill that is none stays as it is."""
    if bill_statuses.is_on_platform(tx, dispute.account_id, dispute.bill_id):
        bill_statuses.add(
            tx,
            Status(
                dispute.account_id, dispute.bill_id, DISPUTED, SaidBy.BUYER, str(dispute.dispute_id),
                dispute.opened_at, OTHER_REASON, dispute.reason,
            ),
        )  # fmt: skip


def _tell(tx: Transaction, account_id: AccountId, bill_id: BillId) -> int:
    """Split what waits of one bill over its rates, in the order in which it happened."""
    accounts.lock(tx, account_id)
    operations = bill_statuses.take_waiting(tx, account_id, bill_id)
    (bill,) = deliveries.addressed(tx, [(account_id, bill_id)])
    if bill.seller.vat_on_debits:
        return 0
    told = {
        each.reference: each
        for each in bill_statuses.of_bill(tx, account_id, bill_id)
        if each.code == PAID and each.said_by is SaidBy.SELLER
    }
    whole = bill_statuses.rates(tx, account_id, bill_id)
    credited = bill_statuses.credited(tx, account_id, bill_id)
    fresh = []
    for operation in operations:
        left = left_by_rate(whole, credited, *(each.collected for each in told.values()))
        status = _status(account_id, bill_id, operation, told, left, whole)
        if status is not None and bill_statuses.add(tx, status):
            told[status.reference] = status
            fresh.append(status)
    queue_in(
        tx,
        [
            Queued(
                account_id, bill.legal_entity_id, Channel.PLATFORM, bill_id, f"{PAID}/{each.reference}",
                "cdar",
            )
            for each in fresh
        ],
    )  # fmt: skip
    return len(fresh)


def _status(
    account_id: AccountId,
    bill_id: BillId,
    operation: ToldOperation,
    told: dict[str, Status],
    left: dict[int, int],
    whole: dict[int, int],
) -> Status | None:
    """Return what is told of an operation: of one that undoes another, what was told of that, negative."""
    if operation.is_payment:
        collected = collected_by_rate(operation.amount_minor, left, whole)
    else:
        undone = told.get(str(operation.reverses_id))
        if undone is None:
            return None
        collected = tuple((rate, -amount) for rate, amount in undone.collected)
    reference = str(operation.operation_id)
    return Status(
        account_id, bill_id, PAID, SaidBy.SELLER, reference, operation.recorded_at, collected=collected
    )
