"""Orders: /me/order. Of services, behind bills, to pay what is owed, of prepaid money; in one shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from acquit.actions.pay_order import pay_order
from acquit.api import debts, links, payment_methods, prepaid_orders, wire
from acquit.api.bills import DETAILS_PER_ORDER
from acquit.api.carts import DETAIL_TYPES, NOT_NAMED, unit_price
from acquit.api.listing import Column, Listing
from acquit.api.refusals import MissingParameter, NoSuchObject
from acquit.api.request import Request
from acquit.core.debt import open_minor
from acquit.core.errors import Conflict
from acquit.core.identifiers import OrderId, PaymentMethodId
from acquit.core.payment_method import PaymentMethod
from acquit.core.payment_order import PaymentOrder
from acquit.core.point import usable
from acquit.core.service_order import NotPayable, OrderMeans, OrderState, ServiceOrder
from acquit.store import (
    bill_lists,
    debt_lists,
    order_lists,
    payment_orders,
    points,
    prepayments,
    retrievals,
    service_orders,
    services,
)
from acquit.store.bill_lists import BillSummary, DetailSummary
from acquit.store.order_lists import OrderKind
from acquit.store.transaction import Transaction

STATES: Final[Mapping[OrderState, str]] = {
    OrderState.OPEN: "notPaid",
    OrderState.DELIVERED: "delivered",
    OrderState.LAPSED: "cancelled",
}
PAID_WITH: Final[Mapping[OrderMeans, str]] = {
    OrderMeans.TERMS: "debtAccount",
    OrderMeans.FREE: "free",
    OrderMeans.POINTS: "fidelityPoints",
}
DEFERRED: Final = "deferredPaymentAccount"
NO_MEANS: Final = (
    "creditCard", "edinar", "fidelityPoints", "ideal", "multibanco", "ovhAccount", "paypal", "promotion",
)  # fmt: skip
POINTS: Final = "fidelityAccount"
FREE_MEANS: Final = (POINTS, "ovhAccount")
"""Means that an order that costs nothing may be closed with, as clients do; points pay others as well."""


class NotAnOrderOfServices(Conflict):
    """The order came with a bill, asks for its payment or is of prepaid money: no method pays it."""

    code = "not-an-order-of-services"


@dataclass(frozen=True, slots=True)
class Order:
    """An order of one of the four kinds."""

    order_id: OrderId
    services: ServiceOrder | None = None
    bill: BillSummary | None = None
    payment: PaymentOrder | None = None
    prepaid: prepaid_orders.Prepaid | None = None


# ---------------------------------------------------------------- orders


def list_orders(request: Request) -> Listing[int]:
    """GET /me/order: every order of the account, between two instants if they are given."""
    selection = order_lists.of_account(
        request.caller.account_id,
        ordered_from=request.query["date.from"],
        ordered_to=request.query["date.to"],
    )
    columns = {"orderId": Column("order_id"), "date": Column("ordered_at")}
    return Listing(selection, lambda tx, ids: _orders(tx, request, ids), columns)


def get_order(request: Request) -> object:
    """GET /me/order/{orderId}: when it was made, what it costs, and the link to its page."""
    with request.read() as tx:
        return _shown(order_of(tx, request), request)


def get_many_orders(request: Request, order_ids: Sequence[int]) -> Mapping[int, object]:
    """Read several orders at once."""
    with request.read() as tx:
        return _orders(tx, request, order_ids)


def get_status(request: Request) -> str:
    """GET /me/order/{orderId}/status: where it is."""
    with request.read() as tx:
        found = order_of(tx, request)
        if found.services is not None:
            return STATES[found.services.state(request.today)]
        if found.prepaid is not None:
            return prepaid_orders.status(found.prepaid)
        if found.payment is None:
            return "delivered"
        ids = [part.debt_id for part in found.payment.debts]
        owed = debt_lists.find_many(tx, request.caller.account_id, ids)
    is_settled = all(open_minor(one.debt, one.operations) <= 0 for one in owed)
    return "delivered" if is_settled else "notPaid"


def get_associated_object(request: Request) -> object:
    """GET /me/order/{orderId}/associatedObject: its bill or receipt; before there is one, nulls."""
    with request.read() as tx:
        found = order_of(tx, request)
        if found.prepaid is not None:
            kind, key = prepaid_orders.associated(found.prepaid)
            return {"id": key, "type": kind}
        bill_id = None if found.bill is None else found.bill.bill_id
        if found.services is not None:
            billed = service_orders.first_bills(tx, request.caller.account_id, [found.order_id])
            bill_id = billed.get(found.order_id)
    return {"id": bill_id, "type": None if bill_id is None else "Bill"}


def get_payment(request: Request) -> object:
    """GET /me/order/{orderId}/payment: how and when; 404 while it is not paid."""
    with request.read() as tx:
        found = order_of(tx, request)
        if found.prepaid is not None:
            return prepaid_orders.payment(tx, found.prepaid, request)
    if found.bill is not None:
        return debts.get_payment(request)
    if found.services is None or found.services.payment is None:
        raise NoSuchObject(found.order_id)
    payment = found.services.payment
    return {
        "paymentDate": wire.instant(payment.paid_at, request.zone),
        "paymentIdentifier": None if payment.payment_method_id is None else str(payment.payment_method_id),
        "paymentType": PAID_WITH[payment.means],
    }


def _orders(tx: Transaction, request: Request, order_ids: Sequence[int]) -> dict[int, object]:
    return {key: _shown(found, request) for key, found in _read(tx, request, order_ids).items()}


def order_of(tx: Transaction, request: Request) -> Order:
    """Return the order that the path names. Raises NoSuchObject."""
    order_id = request.path["orderId"]
    found = _read(tx, request, [order_id]).get(order_id)
    if found is None:
        raise NoSuchObject(order_id)
    return found


def _read(tx: Transaction, request: Request, order_ids: Sequence[int]) -> dict[int, Order]:
    account_id = request.caller.account_id
    kinds = order_lists.kinds(tx, account_id, order_ids)
    of_kind = {kind: [key for key, (found, _) in kinds.items() if found is kind] for kind in OrderKind}
    bill_ids = [bill_id for _, bill_id in kinds.values() if bill_id is not None]
    found: dict[int, Order] = {
        **{one.order_id: Order(one.order_id, services=one)
           for one in service_orders.find_several(tx, account_id, of_kind[OrderKind.SERVICES])},
        **{one.order_id: Order(OrderId(one.order_id), bill=one)
           for one in bill_lists.find_many(tx, account_id, bill_ids)},
        **{one.order_id: Order(one.order_id, payment=one)
           for key in of_kind[OrderKind.PAYMENT]
           if (one := payment_orders.find(tx, account_id, OrderId(key))) is not None},
        **{one.order_id: Order(one.order_id, prepaid=one)
           for one in prepayments.find_several(tx, account_id, of_kind[OrderKind.PREPAY])},
        **{one.order_id: Order(one.order_id, prepaid=one)
           for one in retrievals.find_several(tx, account_id, of_kind[OrderKind.RETRIEVAL])},
    }  # fmt: skip
    return {key: found[key] for key in order_ids if key in found}


def _shown(order: Order, request: Request) -> dict[str, Any]:
    if order.payment is not None:
        return debts.order_shown(order.payment, request)
    if order.bill is not None:
        return _behind_bill(order.bill, request)
    if order.prepaid is not None:
        return debts.order_shown(order.prepaid, request)
    made = order.services
    assert made is not None, "an order is of one of four kinds"
    password = links.order_password(request, made.order_id)
    link = links.order_link(request, made.order_id, password)
    return {
        "date": wire.instant(made.ordered_at, request.zone),
        "expirationDate": wire.midnight(made.expires_on, request.zone),
        "metadatas": None,
        "orderId": made.order_id,
        "password": password,
        "pdfUrl": link,
        "retractionDate": None,
        "url": link,
        **wire.prices(made.net_minor, made.tax_minor, made.total_minor, made.currency),
    }


def _behind_bill(bill: BillSummary, request: Request) -> dict[str, Any]:
    return {
        "date": wire.instant(bill.issued_at, request.zone),
        "expirationDate": None,
        "metadatas": None,
        "orderId": bill.order_id,
        "retractionDate": None,
        **wire.prices(bill.net_minor, bill.tax_minor, bill.total_minor, bill.currency),
        **links.bill_links(request, bill.bill_id),
    }


# ---------------------------------------------------------------- details


def list_details(request: Request) -> Listing[int]:
    """GET /me/order/{orderId}/details: the order's lines, in their order."""
    with request.read() as tx:
        shown = _details(tx, order_of(tx, request), request)
    return Listing(lambda tx: list(shown), lambda tx, ids: {key: shown[key] for key in ids})


def get_detail(request: Request) -> object:
    """GET /me/order/{orderId}/details/{orderDetailId}: one line."""
    wanted = request.path["orderDetailId"]
    with request.read() as tx:
        shown = _details(tx, order_of(tx, request), request)
    if wanted not in shown:
        raise NoSuchObject(wanted)
    return shown[wanted]


def get_extension(request: Request) -> object:
    """GET …/details/{orderDetailId}/extension: plan, mode, period; nulls where there is no plan."""
    with request.read() as tx:
        found = order_of(tx, request)
        shown = _details(tx, found, request)
    wanted = request.path["orderDetailId"]
    if wanted not in shown:
        raise NoSuchObject(wanted)
    plan: dict[str, Any] = {"code": None, "duration": None, "pricingMode": None, "quantity": None}
    action: str | None = None
    configurations: tuple[tuple[str, str], ...] = ()
    if found.services is not None:
        detail = found.services.details[wanted % DETAILS_PER_ORDER - 1]
        line = found.services.lines[detail.line_no - 1]
        action, configurations = "renew" if found.services.renews else "installation", line.configurations
        plan = {
            "code": detail.plan_code,
            "duration": wire.months(detail.months),
            "pricingMode": detail.mode,
            "quantity": detail.quantity,
        }
    return {
        "order": {
            "action": action,
            "configurations": [{"label": label, "value": value} for label, value in configurations],
            "plan": plan | {"product": {"name": None}},
            "type": "plan",
        }
    }


def _details(tx: Transaction, order: Order, request: Request) -> dict[int, dict[str, Any]]:
    if order.services is not None:
        made = order.services
        renewed = [(line.line_no, line.service_id) for line in made.lines if line.service_id is not None]
        of_lines = renewed or list(made.services)
        numbers = [service_id for _, service_id in of_lines]
        names = {s.service_id: s.resource_name for s in services.find_several(tx, made.account_id, numbers)}
        named = {line_no: names[service_id] for line_no, service_id in of_lines if service_id in names}
        return dict(_service_details(made, named))
    if order.bill is not None:
        of_bill = bill_lists.details(
            tx, request.caller.account_id, order.bill.bill_id, with_down_payments=True
        )
        return dict(_bill_detail(order.bill, detail) for detail in of_bill)
    if order.prepaid is not None:
        return dict(_prepaid_details(order.prepaid))
    assert order.payment is not None, "an order is of one of four kinds"
    return dict(_payment_details(order.payment))


def detail_key(order_id: int, number: int) -> int:
    """Return the id of an order's detail."""
    return order_id * DETAILS_PER_ORDER + number


def _service_details(order: ServiceOrder, named: Mapping[int, str]) -> list[tuple[int, dict[str, Any]]]:
    return [
        _detail(
            detail_key(order.order_id, each.detail_no),
            each.description,
            DETAIL_TYPES[each.kind],
            named.get(each.line_no, NOT_NAMED.format(line_no=each.line_no)),
            str(each.quantity),
            unit_price(each.unit_price_ucents, order.currency),
            wire.price(each.net_minor, order.currency),
        )
        for each in order.details
    ]


def _bill_detail(bill: BillSummary, detail: DetailSummary) -> tuple[int, dict[str, Any]]:
    return _detail(
        detail_key(bill.order_id, detail.detail_no),
        detail.description,
        None,
        detail.domain,
        wire.quantity(detail.quantity_e4),
        unit_price(detail.unit_price_ucents, detail.currency),
        wire.price(detail.net_minor, detail.currency),
    )


def _payment_details(order: PaymentOrder) -> list[tuple[int, dict[str, Any]]]:
    return [
        _detail(
            detail_key(order.order_id, number),
            part.bill_id,
            "OTHER",
            part.bill_id,
            "1",
            wire.price(part.amount_minor, order.currency),
            wire.price(part.amount_minor, order.currency),
        )
        for number, part in enumerate(order.debts, 1)
    ]


def _prepaid_details(order: prepaid_orders.Prepaid) -> list[tuple[int, dict[str, Any]]]:
    found = []
    for number, (description, domain, amount_minor) in enumerate(prepaid_orders.lines(order), 1):
        price = wire.price(amount_minor, order.currency)
        key = detail_key(order.order_id, number)
        found.append(_detail(key, description, "OTHER", domain, "1", price, price))
    return found


def _detail(
    key: int, description: str, kind: str | None, domain: str, quantity: str, unit: object, total: object
) -> tuple[int, dict[str, Any]]:
    return key, {
        "cancelled": False,
        "description": description,
        "detailType": kind,
        "domain": domain,
        "orderDetailId": key,
        "quantity": quantity,
        "totalPrice": total,
        "unitPrice": unit,
    }


# ---------------------------------------------------------------- paying


def pay(request: Request) -> None:
    """POST /me/order/{orderId}/pay: put it on the payment term behind a method; its services begin."""
    with request.read() as tx:
        _services_of(order_of(tx, request))
    method_id = (request.body["paymentMethod"] or {}).get("id")
    if method_id is None:
        raise MissingParameter("paymentMethod.id")
    _pay(request, PaymentMethodId(method_id))


def pay_with_mean(request: Request) -> None:
    """POST /me/order/{orderId}/payWithRegisteredPaymentMean: the same, the method named by its kind."""
    mean, wanted = request.body["paymentMean"], request.body.get("paymentMeanId")
    found: PaymentMethodId | None = None
    with request.read() as tx:
        order = _services_of(order_of(tx, request))
        with_points = mean == POINTS and bool(points.balance(tx, request.caller.account_id))
        if with_points or (not order.total_minor and mean in FREE_MEANS):
            pass
        else:
            methods = [
                method
                for method in _granted(tx, request)
                if mean in (method.payment_type, DEFERRED) and wanted in (None, method.payment_method_id)
            ]
            if not methods:
                raise NotPayable(f"There is no registered {mean} to pay with", order=str(order.order_id))
            found = methods[0].payment_method_id
    _pay(request, found, with_points=with_points)


def list_registered(request: Request) -> list[dict[str, Any]]:
    """GET …/availableRegisteredPaymentMean: kinds that would pay this order now."""
    methods = payable_with(request)
    kinds = dict.fromkeys([*(method.payment_type for method in methods), DEFERRED] if methods else [])
    if _points_pay(request):
        kinds[POINTS] = None
    return [{"paymentMean": kind} for kind in kinds]


def _points_pay(request: Request) -> bool:
    """Whether the account's points are worth the order of services of the path, which waits."""
    with request.read() as tx:
        order = order_of(tx, request).services
        if order is None or order.state(request.today) is not OrderState.OPEN or not order.total_minor:
            return False
        there = usable(points.lots(tx, request.caller.account_id), request.today)
    return sum(lot.left * lot.worth_minor for lot in there) >= order.total_minor


def payable_with(request: Request) -> list[PaymentMethod]:
    """Return the registered methods that would pay the order of the path now."""
    with request.read() as tx:
        order = order_of(tx, request).services
        methods = _granted(tx, request)
    return [] if order is None or order.state(request.today) is not OrderState.OPEN else methods


def get_means(request: Request) -> object:
    """GET /me/order/{orderId}/paymentMeans: none: nothing is collected on a page of ours."""
    with request.read() as tx:
        order_of(tx, request)
    return dict.fromkeys(NO_MEANS)


def get_methods(request: Request) -> object:
    """GET /me/order/{orderId}/paymentMethods: the registered methods that would pay this order now."""
    methods = payable_with(request)
    return {
        "available": [],
        "paymentMethods": [payment_methods.method_shown(method, request) for method in methods],
        "registered": [method.payment_method_id for method in methods],
    }


def _pay(request: Request, payment_method_id: PaymentMethodId | None, *, with_points: bool = False) -> None:
    with request.read() as tx:
        order = _services_of(order_of(tx, request))
    caller, order_id = request.caller, order.order_id
    pay_order(
        request.context,
        caller.account_id,
        order_id,
        payment_method_id,
        by=caller.actor,
        with_points=with_points,
    )


def _services_of(order: Order) -> ServiceOrder:
    if order.services is None:
        raise NotAnOrderOfServices(
            f"Order {order.order_id} is settled by a transfer: quote the reference on its page, or have a "
            "bill of it paid"
        )
    return order.services


def _granted(tx: Transaction, request: Request) -> list[PaymentMethod]:
    methods = payment_methods.of_caller(tx, request)
    return [method for method in methods if method.is_granted and method.is_usable]
