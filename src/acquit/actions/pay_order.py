"""Pay an order of services, on the payment term of its payer or with points: they begin, or are renewed."""

from collections.abc import Sequence
from datetime import date

from acquit.actions.bill_order import bill_at_once
from acquit.actions.cart_prices import price_wishes
from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_if_staff, today_of
from acquit.actions.order_renewal import refuse_other_renewals_in, renew_ordered_in
from acquit.actions.settling import books_in
from acquit.actions.subscribe_service import Subscription, subscribe_in
from acquit.actions.use_points import pay_with_points_in
from acquit.core.account import Account
from acquit.core.cart import Shopper
from acquit.core.identifiers import AccountId, OrderId, PaymentMethodId, ServiceId
from acquit.core.operator import Right
from acquit.core.payment_method import NoSuchPaymentMethod, PaymentMethod
from acquit.core.service_order import (
    NoSuchOrder,
    NotPayable,
    OrderedLine,
    OrderMeans,
    OrderPayment,
    OrderPriceChanged,
    ServiceOrder,
    refuse_lapsed,
    refuse_other_prices,
)
from acquit.core.subscription import Wish, first_net_minor
from acquit.core.terms import refuse_over_credit
from acquit.store import accounts, acts, payment_methods, service_orders, terms
from acquit.store.service_orders import Made
from acquit.store.transaction import Transaction


def pay_order(
    context: Context,
    account_id: AccountId,
    order_id: OrderId,
    payment_method_id: PaymentMethodId | None,
    *,
    by: str,
    with_points: bool = False,
) -> ServiceOrder:
    """The order is on the payment term behind the method, and its services have begun: all of them, or none.

    Services that it renews ahead are renewed, from the day and at the prices that were ordered.

    The next bill run bills them, or, where the seller wants that, a bill of their own at once.
    Paid before, nothing happens again. An order that costs nothing needs no
    method (None); for another one None is the payer's preferred method. `with_points`: as few points of the
    account as are worth the order are credit, which pays its bill.

    Raises:
        NoSuchOrder, NoSuchPaymentMethod, OrderLapsed: there is nothing to pay, or nothing to pay it with.
        NotPayable: the method is not a payment term: no collector takes money here.
        OrderPriceChanged, RenewedMeanwhile: it would cost another sum, or renew other days.
        CreditLimitExceeded: the payer's open debts, its orders that are not billed yet and this one are more
            than sales allowed.
        NotThePayer, NotEnoughPoints: the account has no points, or not so many.
        What `subscribe_service` raises.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.CHANGE_SERVICES)
        account = account_in(tx, account_id)
        accounts.lock(tx, account.payer_id)
        accounts.lock(tx, account_id)
        order = service_orders.find(tx, account_id, order_id)
        if order is None:
            raise NoSuchOrder(order_id)
        method = _method_in(tx, account, payment_method_id)
        if order.payment is not None:
            return order
        if with_points and order.total_minor:
            books = books_in(context, tx, account.legal_entity_id)
            pay_with_points_in(tx, books, account_id, order.total_minor, order_id, by)
            paid = pay_in(tx, account, order, None, books.today, by, with_points=True)
        else:
            method = method or preferred_in(tx, account, order)
            paid = pay_in(tx, account, order, method, today_of(context, tx, account), by)
    bill_at_once(context, account_id, paid, by=by)
    return paid


def preferred_in(tx: Transaction, account: Account, order: ServiceOrder) -> PaymentMethod | None:
    """Return the payer's preferred method; None for an order that costs nothing. Raises NotPayable."""
    if not order.total_minor:
        return None
    methods = payment_methods.of_account(tx, account.payer_id)
    found = next((each for each in methods if each.is_default and each.is_usable), None)
    if found is None:
        raise NotPayable(
            f"Account {account.payer_id} has no preferred payment method: ask sales for a payment term.",
            account=account.payer_id,
        )
    return found


def pay_in(
    tx: Transaction,
    account: Account,
    order: ServiceOrder,
    method: PaymentMethod | None,
    on: date,
    by: str,
    *,
    with_points: bool = False,
) -> ServiceOrder:
    """Pay an order of a held payer and account inside a transaction of the caller's; raises the same.

    With points they were taken before.
    """
    refuse_lapsed(order, on)
    payment = (
        OrderPayment(OrderMeans.POINTS, None, on, order.ordered_at)
        if with_points
        else _payment(order, method, on)
    )
    if order.renews:
        refuse_other_renewals_in(tx, account, order, on)
    else:
        wishes = [_wish(line, on) for line in order.lines]
        refuse_other_prices(order, price_wishes(tx, _shopper(account), wishes))
    if payment.means is OrderMeans.TERMS:
        _refuse_over_credit(tx, account, order, on)
    service_orders.pay(tx, order, payment, by)
    made = (
        renew_ordered_in(tx, account, order, on, by)
        if order.renews
        else [
            Made(line.line_no, service_id)
            for line in order.lines
            for service_id in _delivered(tx, account, order, line, on, by)
        ]
    )
    service_orders.deliver(tx, account.account_id, order.order_id, made)
    acts.record(tx, by, "pay_order", account.account_id, f"order:{order.order_id}", means=payment.means.value)
    paid = service_orders.find(tx, account.account_id, order.order_id)
    assert paid is not None, "an order that was paid is there"
    return paid


def _delivered(
    tx: Transaction, account: Account, order: ServiceOrder, line: OrderedLine, on: date, by: str
) -> Sequence[ServiceId]:
    """Subscribe one line and return its services. Raises OrderPriceChanged when it costs another sum."""
    found: Subscription = subscribe_in(tx, account.account_id, _wish(line, on), by)
    ordered = sum(detail.net_minor for detail in order.details if detail.line_no == line.line_no)
    if first_net_minor(found.services, found.charges) != ordered:
        raise OrderPriceChanged(
            f"{line.plan_code} of order {order.order_id} costs another sum than was ordered. Nothing was "
            "subscribed: order again.",
            order=str(order.order_id),
        )
    return [service.service_id for service in found.services]


def _method_in(
    tx: Transaction, account: Account, payment_method_id: PaymentMethodId | None
) -> PaymentMethod | None:
    if payment_method_id is None:
        return None
    found = payment_methods.find(tx, account.payer_id, payment_method_id)
    if found is None:
        raise NoSuchPaymentMethod(payment_method_id)
    return found


def _payment(order: ServiceOrder, method: PaymentMethod | None, on: date) -> OrderPayment:
    if not order.total_minor:
        return OrderPayment(OrderMeans.FREE, None, on, order.ordered_at)
    if method is None or not method.is_granted or not method.is_usable:
        named = "That method" if method is None else f"Payment method {method.payment_method_id}"
        raise NotPayable(
            f"{named} is no payment term that is in force: no money is collected here. Pay with the method "
            "that came with the payment term, or ask sales for one.",
            order=str(order.order_id),
        )
    return OrderPayment(OrderMeans.TERMS, method.payment_method_id, on, order.ordered_at)


def _refuse_over_credit(tx: Transaction, account: Account, order: ServiceOrder, on: date) -> None:
    """The whole order counts, and what was ordered before and is on no bill yet."""
    left_minor = terms.credit_left_on(tx, account.payer_id, on)
    if left_minor is not None:
        left_minor -= service_orders.not_billed_minor(tx, account.payer_id)
    refuse_over_credit(account.payer_id, left_minor, order.total_minor)


def _shopper(account: Account) -> Shopper:
    return Shopper(account.account_id, account.legal_entity_id, account.currency)


def _wish(line: OrderedLine, on: date) -> Wish:
    return Wish(line.plan_code, on, line.quantity, line.mode, line.months, line.options)
