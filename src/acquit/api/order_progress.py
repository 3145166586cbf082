"""How far an order is, how a transfer pays it, and that businesses do not withdraw: below /me/order."""

from datetime import date, datetime
from typing import Any, Final, NoReturn

from acquit.api import links, orders, prepaid_orders, wire
from acquit.api.request import Request
from acquit.core.debt import open_minor
from acquit.core.service_order import NoWithdrawal, OrderState, ServiceOrder
from acquit.store import debt_lists

DONE: Final = "DONE"
DOING: Final = "DOING"
NOT_BEGUN: Final = "".join(("TO", "DO"))
"""The wire's word, written so that nobody takes it for a note of ours."""

PREPAID_STEPS: Final = {
    "notPaid": (DOING, NOT_BEGUN),
    "checking": (DOING, NOT_BEGUN),
    "delivering": (DONE, DOING),
    "delivered": (DONE, DONE),
    "cancelled": ("ERROR", NOT_BEGUN),
}
"""How far validation and delivery are, by the status of an order of prepaid money."""

Moment = tuple[str, datetime, str]
"""What happened (as the wire calls it), when, and in words."""


def follow(request: Request) -> list[object]:
    """GET /me/order/{orderId}/followUp: validated (paid), delivered, available, with what happened when."""
    with request.read() as tx:
        order = orders.order_of(tx, request)
        if order.services is not None:
            return _of_services(request, order.services)
        if order.bill is not None:
            begun = order.bill.issued_at
            return _steps(request, DONE, DONE, [("INVOICE_SENT", begun, "Bill issued")], [])
        if order.prepaid is not None:
            return _of_prepaid(request, order.prepaid)
        payment = order.payment
        assert payment is not None, "an order is of one of four kinds"
        ids = [part.debt_id for part in payment.debts]
        owed = debt_lists.find_many(tx, request.caller.account_id, ids)
    is_settled = all(open_minor(one.debt, one.operations) <= 0 for one in owed)
    asked: Moment = ("PAYMENT_INITIATED", payment.ordered_at, "Payment asked for")
    return _steps(request, DONE if is_settled else DOING, DONE if is_settled else NOT_BEGUN, [asked], [])


def list_means(request: Request) -> list[object]:
    """GET /me/order/{orderId}/availablePaymentMean: a transfer, as the order's page tells; else none."""
    with request.read() as tx:
        order = orders.order_of(tx, request)
    if order.services is not None or order.bill is not None or orders.get_status(request) != "notPaid":
        return []
    password = links.order_password(request, order.order_id)
    page = links.order_link(request, order.order_id, password)
    return [{"fields": None, "integration": "REDIRECT", "name": "transfer", "url": page}]


def retract(request: Request) -> NoReturn:
    """POST /me/order/{orderId}/retraction: refused: the right of withdrawal is the consumers'."""
    with request.read() as tx:
        order = orders.order_of(tx, request)
    raise NoWithdrawal(
        f"Order {order.order_id} was made by a business, and the right to withdraw within 14 days is the "
        "consumers': an order that is not paid lapses by itself, a service is ended by its termination",
        source="Code de la consommation, L221-18",
    )


def waive_retraction(request: Request) -> None:
    """POST /me/order/{orderId}/waiveRetraction: without effect, as there is nothing to waive."""
    with request.read() as tx:
        orders.order_of(tx, request)


def _of_services(request: Request, order: ServiceOrder) -> list[object]:
    started: Moment = ("ORDER_STARTED", order.ordered_at, "Order made")
    payment = order.payment
    if payment is None:
        return _steps(request, _validating(order, request.today), NOT_BEGUN, [started], [])
    paid: Moment = ("PAYMENT_CONFIRMED", payment.paid_at, "Order paid")
    delivered: Moment = (
        "DELIVERY",
        payment.paid_at,
        "Services renewed" if order.renews else "Services begun",
    )
    return _steps(request, DONE, DONE, [started, paid], [delivered])


def _of_prepaid(request: Request, order: prepaid_orders.Prepaid) -> list[object]:
    started: Moment = ("ORDER_STARTED", order.ordered_at, "Order made")
    validating, delivering = PREPAID_STEPS[prepaid_orders.status(order)]
    return _steps(request, validating, delivering, [started], [])


def _validating(order: ServiceOrder, today: date) -> str:
    return "ERROR" if order.state(today) is OrderState.LAPSED else DOING


def _steps(
    request: Request, validating: str, delivering: str, first: list[Moment], then: list[Moment]
) -> list[object]:
    return [
        _step(request, "VALIDATING", validating, first),
        _step(request, "DELIVERING", delivering, then),
        _step(request, "AVAILABLE", delivering, []),
    ]


def _step(request: Request, step: str, status: str, moments: list[Moment]) -> dict[str, Any]:
    return {
        "history": [
            {"date": wire.instant(at, request.zone), "description": told, "label": label}
            for label, at, told in moments
        ],
        "status": status,
        "step": step,
    }
