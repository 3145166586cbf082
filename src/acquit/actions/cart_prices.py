"""What is in a cart, at the prices of a day: for whoever looks at it, and once more when it is ordered."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_in
from acquit.actions.selling import Offered, left_in, offered_in
from acquit.core.cart import (
    Cart,
    CartLine,
    NoSuchCart,
    Shopper,
    is_complete,
    numbered,
    priced,
    used_up,
    wish_of,
)
from acquit.core.catalogue import Plan, options_of
from acquit.core.identifiers import AccountId
from acquit.core.plan_configuration import PlanConfiguration, configurations
from acquit.core.service_order import OrderDetail
from acquit.core.snapshot import buyer, seller
from acquit.core.subscription import Wish
from acquit.core.tax import TaxCase, tax_case, tax_line
from acquit.store import billables, carts, catalogues, legal_entities, legal_parties
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class PricedCart:
    """A cart with what each of its plans costs first, in the order of its plans, and the VAT of it all.

    Without an account the VAT is that of a buyer in the seller's country.
    """

    cart: Cart
    shopper: Shopper
    on: date
    details: tuple[OrderDetail, ...]
    tax_minor: int

    @property
    def net_minor(self) -> int:
        """What it costs without VAT."""
        return sum(detail.net_minor for detail in self.details)

    def of_line(self, line: CartLine) -> tuple[OrderDetail, ...]:
        """Return the details of one plan or option of the cart."""
        head_id = line.parent_line_id or line.line_id
        line_no = next(number for number, head in enumerate(self.cart.heads, 1) if head.line_id == head_id)
        return tuple(
            detail
            for detail in self.details
            if detail.line_no == line_no and detail.plan_code == line.plan_code
        )


def cart_in(tx: Transaction, cart_id: str, account_id: AccountId | None) -> Cart:
    """Return the cart if it is that account's, or nobody's yet. Raises NoSuchCart."""
    return allowed(carts.find(tx, cart_id), cart_id, account_id)


def held_cart_in(tx: Transaction, cart_id: str, account_id: AccountId | None) -> Cart:
    """Return the cart and hold it until the transaction ends. Raises NoSuchCart."""
    return allowed(carts.locked(tx, cart_id), cart_id, account_id)


def allowed(cart: Cart | None, cart_id: str, account_id: AccountId | None) -> Cart:
    """Return the cart if it is that account's, or nobody's yet. Raises NoSuchCart."""
    if cart is None or cart.account_id not in (None, account_id):
        raise NoSuchCart(cart_id)
    return cart


def shopper_in(tx: Transaction, cart: Cart) -> Shopper:
    """Return whose prices the cart shows."""
    if cart.account_id is not None:
        account = account_in(tx, cart.account_id)
        return Shopper(account.account_id, account.legal_entity_id, account.currency)
    entity = entity_in(tx, cart.legal_entity_id)
    return Shopper(AccountId(""), entity.legal_entity_id, entity.currency)


def day_of(context: Context, tx: Transaction, shopper: Shopper) -> date:
    """Return the business date of the seller."""
    return date_of(context, entity_in(tx, shopper.legal_entity_id))


def price_cart(tx: Transaction, cart: Cart, on: date) -> PricedCart:
    """Return the cart at the prices of a day; limited promotions go to its first lines.

    Raises what a subscription raises: NoSuchPlan, PlanRetired, NotPriced, OptionRefused, ForeignCurrency.
    """
    shopper = shopper_in(tx, cart)
    wishes = [wish_of(cart, head, on) for head in cart.heads]
    details = price_wishes(tx, shopper, wishes)
    net_minor = sum(detail.net_minor for detail in details)
    return PricedCart(cart, shopper, on, details, tax_minor(tx, shopper, on, net_minor))


def price_wishes(tx: Transaction, shopper: Shopper, wishes: Sequence[Wish]) -> tuple[OrderDetail, ...]:
    """Return what wishes cost first, one after the other, numbered."""
    left: dict[tuple[str, str], int] = {}
    found: list[OrderDetail] = []
    for line_no, wish in enumerate(wishes, 1):
        _, plans = plans_in(tx, shopper, wish)
        left = left_in(tx, shopper, plans, wish.starts_on) | left
        details = priced(plans, wish, left, shopper.currency, line_no)
        left = used_up(left, details)
        found += details
    return numbered(found)


def plans_in(tx: Transaction, shopper: Shopper, wish: Wish) -> tuple[Offered, Mapping[str, Plan]]:
    """Return the plan that a wish names as it is sold, and it with its options by code."""
    offered = offered_in(tx, shopper, wish.plan_code, wish.starts_on)
    chosen = options_of(offered.plan, wish.options) if is_complete(offered.plan, wish) else wish.options
    return offered, catalogues.plans(tx, offered.catalogue_id, [wish.plan_code, *chosen])


def configurations_in(
    tx: Transaction, shopper: Shopper, cart: Cart, line: CartLine, on: date
) -> tuple[PlanConfiguration, ...]:
    """Return what is to be configured of a line, as the catalogue in force says."""
    head = line if line.parent_line_id is None else cart.line(line.parent_line_id)
    offered = offered_in(tx, shopper, head.plan_code, on)
    return configurations(gzip.decompress(catalogues.content(tx, offered.catalogue_id)), line.plan_code)


def tax_minor(tx: Transaction, shopper: Shopper, on: date, net_minor: int) -> int:
    """Return the VAT of a net amount, as a bill of that day would have it; 0 where the case is not known."""
    entity = legal_entities.find(tx, shopper.legal_entity_id)
    party = legal_parties.of_account(tx, shopper.account_id, on) if shopper.account_id else None
    if entity is None:
        return 0
    rates = billables.rates(tx)
    if party is None:
        dated = [rate for day, rate in rates.get(entity.country, ()) if day <= on]
        case = TaxCase("S", dated[-1]) if dated else None
    else:
        found = tax_case(seller(entity), buyer(party), on, rates)
        case = found if isinstance(found, TaxCase) else None
    return 0 if case is None else tax_line(case, net_minor).tax_minor
