"""Debts: /me/debtAccount, and the same debts below the bills that they are owed on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from acquit.actions.order_payment import order_payment
from acquit.api import links, wire
from acquit.api.bills import takes_down_payments
from acquit.api.listing import Column, Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.core.debt import (
    RAISING,
    Amounts,
    DebtStatus,
    Means,
    NoSuchDebt,
    Operation,
    OperationKind,
    amounts,
    standing,
    status,
)
from acquit.core.identifiers import BillId, DebtId, PaymentMethodId
from acquit.core.money import Currency
from acquit.core.payment_order import PaymentOrder
from acquit.core.prepayment import PrepayOrder, Retrieval
from acquit.store import accounts, debt_lists, payment_methods
from acquit.store.debt_lists import Event, Owed
from acquit.store.transaction import Transaction

COLUMNS: Final = {
    "date": Column("opened_at"),
    "debtId": Column("debt_id"),
    "orderId": Column("debt_id"),
}

PAYMENT_TYPES: Final[Mapping[Means, str]] = {
    Means.TRANSFER: "transfer",
    Means.DIRECT_DEBIT: "paymentMandate",
    Means.CARD: "creditCard",
    Means.CREDIT_NOTE: "refund",
    Means.CREDIT_BALANCE: "creditAccount",
    Means.LOSS: "none",
    Means.SET_OFF: "debtAccount",
}

MEANS: Final[Mapping[Means, str]] = {
    Means.TRANSFER: "TRANSFER",
    Means.DIRECT_DEBIT: "SEPA_DIRECT_DEBIT",
    Means.CARD: "CREDIT_CARD",
    Means.CREDIT_BALANCE: "CREDIT_ACCOUNT",
    Means.SET_OFF: "CURRENT_ACCOUNT",
}

# ---------------------------------------------------------------- the account's balance


def get_debt_account(request: Request) -> object:
    """GET /me/debtAccount: what the account owes; 404 for an account that never owed anything."""
    caller = request.caller
    with request.read() as tx:
        owed = debt_lists.open_of_account(tx, caller.account_id)
        if not owed and not debt_lists.has_any(tx, caller.account_id):
            raise NoSuchDebt("This account never owed anything")
    on = _today(request)
    parts = [
        amounts(one.debt, one.operations, on, one.collecting_minor)
        for one in owed
        if one.debt.currency == caller.currency
    ]
    return {
        "active": True,
        "dueAmount": wire.price(sum(part.due_minor for part in parts), caller.currency),
        "pendingAmount": wire.price(sum(part.pending_minor for part in parts), caller.currency),
        "todoAmount": wire.price(sum(part.todo_minor for part in parts), caller.currency),
        "unmaturedAmount": wire.price(sum(part.unmatured_minor for part in parts), caller.currency),
    }


def pay_all(request: Request) -> object:
    """POST /me/debtAccount/pay: an order for everything that is open, or for the orders that are named."""
    caller, body = request.caller, request.body
    if "paymentMethodId" in body:
        with request.read() as tx:
            account = accounts.find(tx, caller.account_id)
            payer_id = caller.account_id if account is None else account.payer_id
            if payment_methods.find(tx, payer_id, PaymentMethodId(body["paymentMethodId"])) is None:
                raise NoSuchObject(body["paymentMethodId"])
    return _pay(request, body.get("orderIds"))


# ---------------------------------------------------------------- debts


def list_debts(request: Request) -> Listing[int]:
    """GET /me/debtAccount/debt: every debt of the account's bills, settled ones too."""
    account_id = request.caller.account_id
    return Listing(debt_lists.of_account(account_id), lambda tx, ids: _debts(tx, request, ids), COLUMNS)


def get_debt(request: Request) -> object:
    """GET /me/debtAccount/debt/{debtId}: one debt as it stands today."""
    return _debt(_owed(request), request)


def get_many_debts(request: Request, debt_ids: Sequence[int]) -> Mapping[int, object]:
    """Read several debts at once."""
    with request.read() as tx:
        return _debts(tx, request, debt_ids)


def get_bill_debt(request: Request) -> object:
    """GET /me/bill/{billId}/debt: the debt of one bill as it stands today."""
    return _debt(_owed(request), request)


def pay_debt(request: Request) -> object:
    """POST …/pay below a debt or a bill: an order for what is open on it."""
    return _pay(request, [_owed(request).debt.debt_id])


def _debts(tx: Transaction, request: Request, debt_ids: Sequence[int]) -> dict[int, object]:
    found = debt_lists.find_many(tx, request.caller.account_id, debt_ids)
    return {one.debt.debt_id: _debt(one, request) for one in found}


def _owed(request: Request) -> Owed:
    """Return the debt that the path names by itself, its bill or the order behind it. Raises NoSuchObject."""
    account_id, path = request.caller.account_id, request.path
    number = path.get("debtId", path.get("orderId"))
    with request.read() as tx:
        if "billId" in path:
            found = debt_lists.of_bill(
                tx, account_id, BillId(path["billId"]), with_down_payments=takes_down_payments(request)
            )
        else:
            found = debt_lists.find(tx, account_id, DebtId(number))
    if found is None:
        raise NoSuchObject(path.get("billId", number))
    return found


def _debt(owed: Owed, request: Request) -> dict[str, Any]:
    debt, on = owed.debt, _today(request)
    said = amounts(debt, owed.operations, on, owed.collecting_minor)
    return {
        **_amounts(said, debt.currency),
        "date": wire.instant(debt.opened_at, request.zone),
        "debtId": debt.debt_id,
        "dueDate": wire.midnight(debt.due_on, request.zone),
        "orderId": debt.debt_id,
        "status": status(debt, owed.operations, on, owed.unpaid_after_days).value,
    }


def _amounts(said: Amounts, currency: str) -> dict[str, object]:
    return {
        "amount": wire.price(said.amount_minor, currency),
        "dueAmount": wire.price(said.due_minor, currency),
        "pendingAmount": wire.price(said.pending_minor, currency),
        "todoAmount": wire.price(said.todo_minor, currency),
        "unmaturedAmount": wire.price(said.unmatured_minor, currency),
    }


def _pay(request: Request, debt_ids: Sequence[int] | None) -> dict[str, Any]:
    caller = request.caller
    currency = Currency(caller.currency)
    made = order_payment(request.context, caller.account_id, currency, debt_ids, by=caller.actor)
    return order_shown(made, request)


def order_shown(order: PaymentOrder | PrepayOrder | Retrieval, request: Request) -> dict[str, Any]:
    """Return an order to pay what is owed, or of prepaid money, as the wire shows it: neither bears VAT."""
    password = links.order_password(request, order.order_id)
    link = links.order_link(request, order.order_id, password)
    return {
        "date": wire.instant(order.ordered_at, request.zone),
        "expirationDate": None,
        "metadatas": None,
        "orderId": order.order_id,
        "password": password,
        "pdfUrl": link,
        "retractionDate": None,
        "url": link,
        **wire.prices(order.amount_minor, 0, order.amount_minor, order.currency),
    }


# ---------------------------------------------------------------- how a bill was paid


def get_payment(request: Request) -> object:
    """GET /me/bill/{billId}/payment: how the bill was paid; 404 while anything of it is open."""
    owed = _owed(request)
    state = status(owed.debt, owed.operations, _today(request), owed.unpaid_after_days)
    kept = standing(owed.operations)
    if state not in (DebtStatus.PAID, DebtStatus.REFUNDED) or not kept:
        raise NoSuchObject(owed.debt.bill_id)
    last = kept[-1]
    return {
        "paymentDate": _when(last, request),
        "paymentIdentifier": last.reason if last.means is Means.SET_OFF else last.deposit_id,
        "paymentType": PAYMENT_TYPES[last.means],
    }


# ---------------------------------------------------------------- operations


def list_operations(request: Request) -> Listing[int]:
    """GET …/operation: what happened on the debt, all of it or what one deposit did."""
    owed, deposit = _owed(request), request.query["depositOrderId"]
    shown = {
        event.operation.operation_id: _operation(event, owed, request)
        for event in owed.events
        if deposit is None or _carrier(event) == deposit
    }
    return Listing(lambda tx: list(shown), lambda tx, ids: {key: shown[key] for key in ids})


def get_operation(request: Request) -> object:
    """GET …/operation/{operationId}: one event on the debt."""
    owed = _owed(request)
    return _operation(_event(owed, request), owed, request)


def get_associated_object(request: Request) -> object:
    """GET …/operation/{operationId}/associatedObject: what carried the event."""
    owed = _owed(request)
    event = _event(owed, request)
    operation = event.operation
    if operation.kind in RAISING:
        return _associated("DebtOperation", str(owed.debt.debt_id), _text(operation.reverses_id))
    if operation.deposit_id is not None:
        return _associated("Deposit", operation.deposit_id, None, _payment_of(event))
    if operation.means is Means.CREDIT_NOTE:
        return _associated("Refund", operation.reason or None, None)
    if operation.means is Means.CREDIT_BALANCE:
        return _associated("OvhAccountMovement", _text(event.carrier_order_id), None)
    return _associated("Bill", owed.debt.bill_id, None)


def _event(owed: Owed, request: Request) -> Event:
    wanted = request.path["operationId"]
    for event in owed.events:
        if event.operation.operation_id == wanted:
            return event
    raise NoSuchObject(wanted)


def _operation(event: Event, owed: Owed, request: Request) -> dict[str, Any]:
    operation = event.operation
    return {
        "amount": wire.price(operation.amount_minor, owed.debt.currency),
        "date": _when(operation, request),
        "depositOrderId": _carrier(event),
        "operationId": operation.operation_id,
        "status": _operation_status(operation, owed.operations),
        "type": _operation_type(operation, owed),
    }


def _when(operation: Operation, request: Request) -> str:
    """The instant at which it was recorded, if that was on its day; else the day's first moment."""
    if operation.recorded_at.astimezone(request.zone).date() == operation.occurred_on:
        return wire.instant(operation.recorded_at, request.zone)
    return wire.midnight(operation.occurred_on, request.zone)


def _carrier(event: Event) -> int:
    """The order of what carried the event; 0 when nothing did (a loss)."""
    return event.carrier_order_id or 0


def _operation_status(operation: Operation, all_operations: Iterable[Operation]) -> str:
    undone = next((other for other in all_operations if other.reverses_id == operation.operation_id), None)
    if undone is None:
        return "DONE"
    return "FAILED" if undone.kind is OperationKind.RETURNED else "CANCELLED"


def _operation_type(operation: Operation, owed: Owed) -> str:
    means = (
        "ENTERPRISE" if owed.on_terms and operation.means is Means.TRANSFER else MEANS.get(operation.means)
    )
    if operation.kind is OperationKind.REOPENED:
        return "CANCEL"
    if operation.kind is OperationKind.RETURNED:
        return f"UNPAID_{means}" if means is not None and means != "TRANSFER" else "CANCEL"
    if operation.kind is OperationKind.WRITE_OFF or operation.means is Means.LOSS:
        return "REFUND_LOSS"
    if operation.means is Means.CREDIT_NOTE:
        return "REFUND"
    if means == "TRANSFER":
        return "RECOVERY_TRANSFER_AUTOMATIC" if operation.automatic else "TRANSFER_MANUAL"
    if means == "CREDIT_ACCOUNT":
        return "CREDIT_ACCOUNT_AUTOMATIC"
    return f"{means}_{'AUTOMATIC' if operation.automatic else 'MANUAL'}"


def _associated(
    kind: str, key: str | None, sub_key: str | None, payment: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {"id": key, "paymentInfo": payment, "subId": sub_key, "type": kind}


def _payment_of(event: Event) -> dict[str, Any]:
    return {
        "description": event.deposit_reference or None,
        "paymentType": PAYMENT_TYPES[event.operation.means],
        "publicLabel": event.deposit_label or None,
    }


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _today(request: Request) -> date:
    return request.today
