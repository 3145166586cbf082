"""Make an order of a cart: its prices hold until it is paid or lapses; nothing is subscribed yet."""

from datetime import timedelta

from acquit.actions.bill_order import bill_at_once
from acquit.actions.cart_prices import (
    PricedCart,
    cart_in,
    configurations_in,
    day_of,
    held_cart_in,
    price_cart,
    shopper_in,
)
from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_if_staff
from acquit.actions.pay_order import pay_in, preferred_in
from acquit.actions.selling import offered_in
from acquit.core.account import AccountState
from acquit.core.cart import (
    Cart,
    CartEmpty,
    refuse_changed_price,
    refuse_unchangeable_cart,
    refuse_unconfigured,
    wish_of,
)
from acquit.core.catalogue import options_of
from acquit.core.errors import Conflict
from acquit.core.identifiers import AccountId, OrderId
from acquit.core.operator import Right
from acquit.core.service_order import DAYS_TO_PAY, OrderedLine, ServiceOrder
from acquit.core.terms import AccountNotOpen
from acquit.store import accounts, acts, carts, service_orders
from acquit.store.transaction import Transaction


class CartNotAssigned(Conflict):
    """The cart belongs to no account, so nobody can order it."""

    code = "cart-not-assigned"


def preview_cart(context: Context, cart_id: str, account_id: AccountId | None) -> PricedCart:
    """Return what an order of the cart would cost today; it may still lack what an order needs.

    Raises NoSuchCart, and what a subscription raises when a plan is not sold any more.
    """
    with context.database.snapshot() as tx:
        cart = cart_in(tx, cart_id, account_id)
        return price_cart(tx, cart, day_of(context, tx, shopper_in(tx, cart)))


def preview_order(context: Context, cart_id: str, account_id: AccountId) -> PricedCart:
    """Return what the order would be; raises all that making it would raise."""
    with context.database.snapshot() as tx:
        cart = cart_in(tx, cart_id, account_id)
        if cart.order_id is not None:
            return price_cart(tx, cart, day_of(context, tx, shopper_in(tx, cart)))
        return _orderable(context, tx, cart, account_id)


def check_out(
    context: Context, cart_id: str, account_id: AccountId, *, by: str, pays: bool = False
) -> ServiceOrder:
    """The cart is an order; with `pays` it is put on the account's preferred method in the same moment.

    Asked again, the same order is returned, and paid if it was not. All of it is done or nothing.

    Raises:
        NoSuchCart, CartExpired, CartEmpty, ConfigurationMissing: there is nothing to order yet.
        PriceChanged: a price is another one than was told.
        AccountNotOpen: the account orders nothing.
        NoSuchPlan, PlanRetired, OptionRefused, NotPriced, NotRenewable, ForeignCurrency: it is not sold.
        What `pay_order` raises, with `pays`.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.CHANGE_SERVICES)
        account = account_in(tx, account_id)
        accounts.lock(tx, account.payer_id)
        accounts.lock(tx, account_id)
        cart = held_cart_in(tx, cart_id, account_id)
        order = (
            _order(context, tx, cart, account_id, by)
            if cart.order_id is None
            else _ordered(tx, account_id, cart.order_id)
        )
        if pays and order.payment is None:
            on = day_of(context, tx, shopper_in(tx, cart))
            order = pay_in(tx, account, order, preferred_in(tx, account, order), on, by)
    if pays:
        bill_at_once(context, account_id, order, by=by)
    return order


def _ordered(tx: Transaction, account_id: AccountId, order_id: OrderId) -> ServiceOrder:
    found = service_orders.find(tx, account_id, order_id)
    assert found is not None, "a cart names the order that it became"
    return found


def _order(context: Context, tx: Transaction, cart: Cart, account_id: AccountId, by: str) -> ServiceOrder:
    found = _orderable(context, tx, cart, account_id)
    order = ServiceOrder(
        account_id=account_id,
        order_id=OrderId(0),
        cart_id=cart.cart_id,
        currency=found.shopper.currency,
        net_minor=found.net_minor,
        tax_minor=found.tax_minor,
        ordered_on=found.on,
        expires_on=found.on + timedelta(days=DAYS_TO_PAY),
        ordered_at=context.clock.now(),
        lines=_lines(found.cart),
        details=found.details,
    )
    made = service_orders.add(tx, order, by)
    carts.become(tx, cart.cart_id, made.order_id)
    acts.record(
        tx, by, "order_services", account_id, f"order:{made.order_id}", total_minor=str(made.total_minor)
    )
    return made


def _orderable(context: Context, tx: Transaction, cart: Cart, account_id: AccountId) -> PricedCart:
    """Return the priced cart when an order can be made of it."""
    refuse_unchangeable_cart(cart, context.clock.now())
    if cart.account_id is None:
        raise CartNotAssigned(
            "This cart belongs to nobody yet: assign it to the account that orders first.", cart=cart.cart_id
        )
    account = account_in(tx, account_id)
    if account.state in (AccountState.SUSPENDED, AccountState.CLOSED):
        raise AccountNotOpen(
            f"Account {account_id} is {account.state}: it orders nothing.", account=account_id
        )
    if not cart.heads:
        raise CartEmpty("There is nothing in this cart: put a plan into it first.", cart=cart.cart_id)
    shopper = shopper_in(tx, cart)
    on = day_of(context, tx, shopper)
    for head in cart.heads:
        options_of(offered_in(tx, shopper, head.plan_code, on).plan, wish_of(cart, head, on).options)
    found = price_cart(tx, cart, on)
    for line in cart.lines:
        refuse_changed_price(line, found.of_line(line), shopper.currency)
        refuse_unconfigured(line, configurations_in(tx, shopper, cart, line, on))
    return found


def _lines(cart: Cart) -> tuple[OrderedLine, ...]:
    return tuple(
        OrderedLine(
            line_no=number,
            cart_line_id=head.line_id,
            plan_code=head.plan_code,
            mode=head.mode,
            months=head.months,
            quantity=head.quantity,
            options=tuple(option.plan_code for option in cart.options_of(head.line_id)),
            configurations=tuple(
                (each.label, each.value)
                for line in (head, *cart.options_of(head.line_id))
                for each in line.configurations
            ),
        )
        for number, head in enumerate(cart.heads, 1)
    )
