"""Make carts, fill them, give them to an account. Nothing is subscribed by any of it."""

import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from acquit.actions.cart_prices import (
    PricedCart,
    configurations_in,
    day_of,
    held_cart_in,
    plans_in,
    price_cart,
    shopper_in,
)
from acquit.actions.context import Context
from acquit.actions.loading import account_in, entity_in
from acquit.core.cart import (
    DAYS_OPEN,
    DAYS_OPEN_MAX,
    DESCRIPTION_MAX,
    LINES_MAX,
    BadCart,
    Cart,
    CartLine,
    Configuration,
    NoSuchLine,
    Shopper,
    refuse_option,
    refuse_other_price,
    refuse_unchangeable_cart,
    refuse_value,
    told_of,
    wish_of,
)
from acquit.core.catalogue import of_code
from acquit.core.errors import Conflict
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.printed_text import refuse_texts
from acquit.core.subscription import Wish, option_mode, refuse_bad_wish
from acquit.documents.glyphs import missing_glyphs
from acquit.store import carts, catalogues
from acquit.store.transaction import Transaction


class ForeignCart(Conflict):
    """The cart shows the prices of another seller than the account's."""

    code = "foreign-cart"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is put into a cart: a plan, or an option of the line `parent_line_id`."""

    plan_code: str
    mode: str
    months: int
    quantity: int = 1
    parent_line_id: int | None = None


def create_cart(
    context: Context,
    legal_entity_id: LegalEntityId,
    account_id: AccountId | None = None,
    description: str = "",
    expires_at: datetime | None = None,
) -> Cart:
    """There is a new, empty cart of the account, or of nobody yet; it is kept for a day if not told longer.

    Raises NoSuchLegalEntity, BadCart; ForeignCart when another seller sells to the account.
    """
    now = context.clock.now()
    until = expires_at or now + timedelta(days=DAYS_OPEN)
    _refuse_bad(description, until, now)
    cart_id = str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))
    with context.database.write() as tx:
        entity = entity_in(tx, legal_entity_id)
        cart = Cart(cart_id, account_id, entity.legal_entity_id, description, until)
        if account_id is not None:
            _refuse_foreign(tx, cart, account_id)
        carts.forget_left_behind(tx, now)
        carts.add(tx, cart)
    return cart


def assign_cart(context: Context, cart_id: str, account_id: AccountId) -> None:
    """The cart is the account's; asked again, it stays so. Raises NoSuchCart, ForeignCart."""
    with context.database.write() as tx:
        cart = held_cart_in(tx, cart_id, account_id)
        if cart.account_id is None:
            refuse_unchangeable_cart(cart, context.clock.now())
            _refuse_foreign(tx, cart, account_id)
            carts.assign(tx, cart_id, account_id)


def edit_cart(
    context: Context,
    cart_id: str,
    account_id: AccountId | None,
    description: str | None,
    expires_at: datetime | None,
) -> Cart:
    """The cart is called so and kept so long; None leaves it. Raises NoSuchCart, CartOrdered, BadCart."""
    now = context.clock.now()
    with context.database.write() as tx:
        cart = held_cart_in(tx, cart_id, account_id)
        refuse_unchangeable_cart(cart, now)
        changed = replace(
            cart,
            description=cart.description if description is None else description,
            expires_at=expires_at or cart.expires_at,
        )
        _refuse_bad(changed.description, changed.expires_at, now)
        carts.change(tx, cart_id, changed.description, changed.expires_at)
    return changed


def delete_cart(context: Context, cart_id: str, account_id: AccountId | None) -> None:
    """The cart is gone; an order that was made of it stays. Raises NoSuchCart."""
    with context.database.write() as tx:
        held_cart_in(tx, cart_id, account_id)
        carts.remove(tx, cart_id)


def add_line(
    context: Context, cart_id: str, account_id: AccountId | None, asked: Asked
) -> tuple[PricedCart, CartLine]:
    """The cart has the plan or option, told at the prices of the day; return it with the new line.

    Raises:
        NoSuchCart, NoSuchLine, CartOrdered, CartExpired, BadCart: it cannot be put in there.
        NoSuchPlan, PlanRetired, NotSoldAlone, OptionRefused, NotPriced, NotRenewable, ForeignCurrency,
        BadWish: it is not sold like that.
    """
    with context.database.write() as tx:
        cart = _open_cart(context, tx, cart_id, account_id)
        if len(cart.lines) >= LINES_MAX:
            raise BadCart(f"A cart has at most {LINES_MAX} lines: order these first.")
        shopper = shopper_in(tx, cart)
        on = day_of(context, tx, shopper)
        line = CartLine(
            0, asked.plan_code, asked.mode, asked.months, asked.quantity, (), asked.parent_line_id
        )
        if asked.parent_line_id is None:
            _refuse_bad_wish(wish_of(cart, line, on))
        else:
            _refuse_unfit(tx, cart, shopper_in(tx, cart), line, on)
        line = replace(line, line_id=carts.add_line(tx, cart_id, line))
        return _told(tx, cart_id, line.line_id, on)


def edit_line(
    context: Context,
    cart_id: str,
    account_id: AccountId | None,
    line_id: int,
    months: int | None,
    quantity: int | None,
) -> tuple[PricedCart, CartLine]:
    """The line has that period and quantity, told at the prices of the day; its options follow their plan."""
    with context.database.write() as tx:
        cart = _open_cart(context, tx, cart_id, account_id)
        line = cart.line(line_id)
        on = day_of(context, tx, shopper_in(tx, cart))
        changed = replace(line, months=months or line.months, quantity=quantity or line.quantity)
        if line.parent_line_id is None:
            _refuse_bad_wish(wish_of(cart, changed, on))
        else:
            _refuse_unfit(tx, cart, shopper_in(tx, cart), changed, on)
        carts.change_line(tx, cart_id, changed)
        if changed.quantity != line.quantity:
            for option in cart.options_of(line_id):
                carts.change_line(tx, cart_id, replace(option, quantity=changed.quantity))
                _told(tx, cart_id, option.line_id, on)
        return _told(tx, cart_id, line_id, on)


def remove_line(context: Context, cart_id: str, account_id: AccountId | None, line_id: int) -> None:
    """The line and its options are out of the cart. Raises NoSuchCart, NoSuchLine, CartOrdered."""
    with context.database.write() as tx:
        cart = _open_cart(context, tx, cart_id, account_id)
        line = cart.line(line_id)
        below = [option.line_id for option in cart.options_of(line.line_id)]
        carts.remove_lines(tx, cart_id, [line.line_id, *below])


def configure_line(
    context: Context, cart_id: str, account_id: AccountId | None, line_id: int, label: str, value: str
) -> Configuration:
    """The line has that value under the label. Raises BadCart when its catalogue does not know it."""
    with context.database.write() as tx:
        cart = _open_cart(context, tx, cart_id, account_id)
        line = cart.line(line_id)
        shopper = shopper_in(tx, cart)
        on = day_of(context, tx, shopper)
        refuse_value(configurations_in(tx, shopper, cart, line, on), label, value)
        return carts.configure(tx, cart_id, line_id, label, value)


def unconfigure_line(
    context: Context, cart_id: str, account_id: AccountId | None, line_id: int, configuration_id: int
) -> None:
    """The line has that configuration no more. Raises NoSuchLine when it had none of that id."""
    with context.database.write() as tx:
        cart = _open_cart(context, tx, cart_id, account_id)
        if configuration_id not in {each.configuration_id for each in cart.line(line_id).configurations}:
            raise NoSuchLine(configuration_id)
        carts.unconfigure(tx, cart_id, line_id, configuration_id)


def _open_cart(context: Context, tx: Transaction, cart_id: str, account_id: AccountId | None) -> Cart:
    cart = held_cart_in(tx, cart_id, account_id)
    refuse_unchangeable_cart(cart, context.clock.now())
    return cart


def _told(tx: Transaction, cart_id: str, line_id: int, on: date) -> tuple[PricedCart, CartLine]:
    """Write what the line is told at today, and return the cart with it."""
    cart = carts.find(tx, cart_id)
    assert cart is not None, "the cart is held"
    found = price_cart(tx, cart, on)
    line = cart.line(line_id)
    details = found.of_line(line)
    if any(detail.months != line.months for detail in details):
        raise BadCart(
            f"[duration] {line.plan_code} goes with its plan for another period.", member="duration"
        )
    told = replace(line, told=told_of(details, line.plan_code))
    carts.change_line(tx, cart_id, told)
    return found, told


def _refuse_unfit(tx: Transaction, cart: Cart, shopper: Shopper, line: CartLine, on: date) -> None:
    """Pass when an option fits its plan: known, not twice, sold in that mode and for that period."""
    assert line.parent_line_id is not None, "an option has a plan"
    head = cart.line(line.parent_line_id)
    if head.parent_line_id is not None:
        raise BadCart(f"[itemId] Item {head.line_id} is an option itself.", member="itemId")
    if line.quantity != head.quantity:
        raise BadCart(
            f"[quantity] An option has the quantity of its plan, {head.quantity}.", member="quantity"
        )
    others = [each.plan_code for each in cart.options_of(head.line_id) if each.line_id != line.line_id]
    wish = wish_of(cart, head, on)
    offered, _ = plans_in(tx, shopper, wish)
    refuse_option(offered.plan, others, line.plan_code)
    option = of_code(catalogues.plans(tx, offered.catalogue_id, [line.plan_code]), line.plan_code)
    mode, months = option_mode(option, head.mode, head.months)
    refuse_other_price(line.plan_code, (line.mode, line.months), (mode, months))
    if mode != line.mode:
        raise BadCart(
            f"[pricingMode] {line.plan_code} goes with its plan in mode {mode}.", member="pricingMode"
        )


def _refuse_foreign(tx: Transaction, cart: Cart, account_id: AccountId) -> None:
    account = account_in(tx, account_id)
    if account.legal_entity_id != cart.legal_entity_id:
        raise ForeignCart(
            f"This cart shows the prices of {cart.legal_entity_id}; {account.legal_entity_id} sells to "
            f"account {account_id}. Start a cart of {account.legal_entity_id}.",
            legal_entity=account.legal_entity_id,
        )


def _refuse_bad(description: str, until: datetime, now: datetime) -> None:
    if len(description) > DESCRIPTION_MAX or not (description.isprintable()):
        raise BadCart(f"[description] At most {DESCRIPTION_MAX} printable characters.", member="description")
    if not now < until <= now + timedelta(days=DAYS_OPEN_MAX):
        raise BadCart(
            f"[expire] A cart is kept until an instant to come, {DAYS_OPEN_MAX} days ahead at most.",
            member="expire",
        )


def _refuse_bad_wish(wish: Wish) -> None:
    refuse_bad_wish(wish)
    refuse_texts([("The service's name", wish.resource_name)], missing_glyphs)
