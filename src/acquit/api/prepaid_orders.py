"""Orders around a prepaid account as /me/order shows them: to put money onto it, and to have it back."""

from collections.abc import Mapping
from typing import Any, Final

from acquit.api import debts, wire
from acquit.api.refunds import withdrawal_id
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.core.debt import Means
from acquit.core.prepayment import PrepayOrder, Retrieval, RetrievalState
from acquit.core.refund import RefundState
from acquit.store import debts as debt_store
from acquit.store import refunds
from acquit.store.transaction import Transaction

Prepaid = PrepayOrder | Retrieval
STATES: Final[Mapping[RetrievalState, str]] = {
    RetrievalState.ASKED: "checking",
    RetrievalState.APPROVED: "delivering",
    RetrievalState.PAID: "delivered",
    RetrievalState.ENDED: "cancelled",
}


def status(order: Prepaid) -> str:
    """Return where the order is."""
    if isinstance(order, Retrieval):
        return STATES[order.state]
    return "delivered" if order.is_paid else "notPaid"


def associated(order: Prepaid) -> tuple[str | None, str | None]:
    """Return the kind and number of the receipt that the order became, or nothing yet."""
    if isinstance(order, Retrieval):
        paid = [part for part in order.parts if part.state is RefundState.PAID]
        return ("Withdrawal", withdrawal_id(paid[0].refund_id)) if paid else (None, None)
    return ("Deposit", order.deposit_id) if order.is_paid else (None, None)


def payment(tx: Transaction, order: Prepaid, request: Request) -> dict[str, Any]:
    """Return how and when money moved. Raises NoSuchObject while it did not."""
    account_id = request.caller.account_id
    if isinstance(order, Retrieval):
        paid = {part.refund_id for part in order.parts if part.state is RefundState.PAID}
        found = [each for each in refunds.of_account(tx, account_id) if each.refund_id in paid]
        if order.state is not RetrievalState.PAID or not found:
            raise NoSuchObject(order.order_id)
        last = max(each.state_on or each.asked_on for each in found)
        return {
            "paymentDate": wire.midnight(last, request.zone),
            "paymentIdentifier": str(order.payment_method_id),
            "paymentType": "transfer",
        }
    deposit = None
    if order.deposit_id is not None:
        deposit = debt_store.find_deposit(tx, account_id, order.deposit_id)
    if deposit is None:
        raise NoSuchObject(order.order_id)
    return {
        "paymentDate": wire.midnight(deposit.received_on, request.zone),
        "paymentIdentifier": deposit.bank_reference or None,
        "paymentType": debts.PAYMENT_TYPES[Means(deposit.means)],
    }


def lines(order: Prepaid) -> list[tuple[str, str, int]]:
    """Return the order's lines: description, what it is about, amount."""
    if isinstance(order, Retrieval):
        return [(f"Refund {part.refund_id}", part.deposit_id, part.amount_minor) for part in order.parts]
    return [
        (f"{order.points} points" if order.points else "Prepaid account", order.reference, order.amount_minor)
    ]
