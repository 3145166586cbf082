"""Carts: what somebody looks at before ordering, at the prices of the day.

A cart holds lines: plans, and options below them. Nothing is subscribed by it. Prices are those that a
subscription would get on the same day, promotions included; what was told when a line was put in is kept, so
that a price that changed since is said before anything is ordered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from acquit.core.catalogue import OptionRefused, Plan, of_code, options_of
from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, LegalEntityId, OrderId
from acquit.core.money import E4_PER_ONE, Currency, amount_minor, plain
from acquit.core.plan_configuration import PlanConfiguration
from acquit.core.service_order import DetailKind, OrderDetail
from acquit.core.subscription import Part, Wish, option_mode, parts, parts_of

DAYS_OPEN: Final = 1
"""How long a cart is kept when nobody says until when."""
DAYS_OPEN_MAX: Final = 366
LINES_MAX: Final = 200
DESCRIPTION_MAX: Final = 255
VALUE_MAX: Final = 255


class NoSuchCart(NotFound):
    """There is no such cart, or it is another account's."""

    code = "no-such-cart"

    def __init__(self, cart_id: str) -> None:
        super().__init__(f"The requested object ({cart_id}) does not exist", cart=cart_id)


class NoSuchLine(NotFound):
    """The cart has no such line or configuration."""

    code = "no-such-cart-line"

    def __init__(self, line_id: int) -> None:
        super().__init__(f"The requested object ({line_id}) does not exist", line=str(line_id))


class CartExpired(Conflict):
    """The cart was kept until a day that is past."""

    code = "cart-expired"


class CartOrdered(Conflict):
    """The cart became an order and changes no more."""

    code = "cart-ordered"


class CartEmpty(Conflict):
    """There is nothing in the cart to order."""

    code = "cart-empty"


class BadCart(Invalid):
    """What should be put into the cart, or said of it, cannot be true."""

    code = "bad-cart"


class PriceChanged(Conflict):
    """A price is another one than the account was told."""

    code = "price-changed"


class ConfigurationMissing(Conflict):
    """A plan has to be configured before it is ordered."""

    code = "configuration-missing"


Told = tuple[tuple[str, int, int], ...]
"""What was told of a line: kind, quantity and unit price of each detail."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A label and a value that a line was given."""

    configuration_id: int
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class CartLine:
    """A plan, or an option of the line `parent_line_id`, with what was told of its price."""

    line_id: int
    plan_code: str
    mode: str
    months: int
    quantity: int
    told: Told
    parent_line_id: int | None = None
    configurations: tuple[Configuration, ...] = ()


@dataclass(frozen=True, slots=True)
class Cart:
    """A draft of an order; `account_id` is None until it is assigned, `order_id` is what it became."""

    cart_id: str
    account_id: AccountId | None
    legal_entity_id: LegalEntityId
    description: str
    expires_at: datetime
    order_id: OrderId | None = None
    lines: tuple[CartLine, ...] = ()

    @property
    def heads(self) -> tuple[CartLine, ...]:
        """The plans in it."""
        return tuple(line for line in self.lines if line.parent_line_id is None)

    def options_of(self, line_id: int) -> tuple[CartLine, ...]:
        """Return the options below a line."""
        return tuple(line for line in self.lines if line.parent_line_id == line_id)

    def line(self, line_id: int) -> CartLine:
        """Return a line. Raises NoSuchLine."""
        found = next((line for line in self.lines if line.line_id == line_id), None)
        if found is None:
            raise NoSuchLine(line_id)
        return found


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who looks: an account, or nobody yet (an empty id) at a seller's prices."""

    account_id: AccountId
    legal_entity_id: LegalEntityId
    currency: Currency


def refuse_unchangeable_cart(cart: Cart, now: datetime) -> None:
    """Pass for a cart that may still change. Raises CartOrdered, CartExpired."""
    if cart.order_id is not None:
        raise CartOrdered(
            f"This cart became the order {cart.order_id}: start a new cart.", order=str(cart.order_id)
        )
    if cart.expires_at <= now:
        raise CartExpired(
            f"This cart was kept until {cart.expires_at:%Y-%m-%d %H:%M} UTC: start a new cart.",
            cart=cart.cart_id,
        )


def wish_of(cart: Cart, head: CartLine, on: date) -> Wish:
    """Return what a plan of the cart and its options ask for, from a day on."""
    options = tuple(option.plan_code for option in cart.options_of(head.line_id))
    return Wish(head.plan_code, on, head.quantity, head.mode, head.months, options)


def parts_looked_at(
    plans: Mapping[str, Plan], wish: Wish, left: Mapping[tuple[str, str], int]
) -> tuple[Part, ...]:
    """Return what a wish that is not complete yet is made of: the plan, and the options chosen so far."""
    plan = of_code(plans, wish.plan_code)
    found = parts_of(plan, wish.quantity, wish.mode, wish.months, wish.starts_on, left)
    for code in wish.options:
        option = of_code(plans, code)
        mode, months = option_mode(option, wish.mode, found[0].line.pricing.months)
        found += parts_of(option, wish.quantity, mode, months, wish.starts_on, left)
    return found


def is_complete(plan: Plan, wish: Wish) -> bool:
    """Whether each family that needs an option has one, or a default."""
    try:
        options_of(plan, wish.options)
    except OptionRefused:
        return False
    return True


def priced(
    plans: Mapping[str, Plan],
    wish: Wish,
    left: Mapping[tuple[str, str], int],
    currency: Currency,
    line_no: int,
) -> tuple[OrderDetail, ...]:
    """Return what the wish costs first: what is charged once, then one period, part by part.

    `left` says how many units of limited promotions remain. Options that mandatory families add by default
    are there once every family has what it needs.
    """
    whole = is_complete(of_code(plans, wish.plan_code), wish)
    of_parts = parts(plans, wish, left) if whole else parts_looked_at(plans, wish, left)
    return tuple(detail for part in of_parts for detail in _details(part, currency, line_no))


def _details(part: Part, currency: Currency, line_no: int) -> list[OrderDetail]:
    renewing = part.line.pricing
    found = []
    for kind, of_lines in ((DetailKind.INSTALLATION, part.installation), (DetailKind.PERIOD, (part.line,))):
        for line in of_lines:
            if kind is DetailKind.INSTALLATION and not line.price_ucents:
                continue
            found.append(
                OrderDetail(
                    detail_no=0,
                    line_no=line_no,
                    kind=kind,
                    plan_code=part.plan.plan_code,
                    mode=renewing.mode,
                    months=renewing.months,
                    description=part.plan.invoice_name,
                    quantity=line.quantity,
                    unit_price_ucents=line.price_ucents,
                    full_price_ucents=line.pricing.price_ucents,
                    net_minor=amount_minor(line.quantity * E4_PER_ONE, line.price_ucents, currency),
                    promotion="" if line.promotion is None else line.promotion.name,
                )
            )
    return found


def used_up(
    left: Mapping[tuple[str, str], int], details: Sequence[OrderDetail]
) -> dict[tuple[str, str], int]:
    """Return what is left of limited promotions once these details are sold.

    The installation of a unit and its first period count once. A service counts by its tier, as
    `subscription.promotions_used` does.
    """
    most: dict[tuple[str, str], int] = {}
    for kind in DetailKind:
        taken: dict[tuple[str, str], int] = {}
        for detail in details:
            key = (detail.plan_code, detail.promotion)
            if detail.kind is kind and key in left:
                taken[key] = taken.get(key, 0) + detail.quantity
        most = {key: max(most.get(key, 0), taken.get(key, 0)) for key in {*most, *taken}}
    return {key: units - most.get(key, 0) for key, units in left.items()}


def told_of(details: Sequence[OrderDetail], plan_code: str) -> Told:
    """Return what is told of one plan code's price."""
    return tuple(
        (detail.kind.value, detail.quantity, detail.unit_price_ucents)
        for detail in details
        if detail.plan_code == plan_code
    )


def refuse_changed_price(line: CartLine, details: Sequence[OrderDetail], currency: Currency) -> None:
    """Pass when a line still costs what was told. Raises PriceChanged, which names both."""
    now = told_of(details, line.plan_code)
    if now != line.told:
        before, after = (_amount(told, currency) for told in (line.told, now))
        raise PriceChanged(
            f"{line.plan_code} costs {after} {currency} now; it was told at {before} {currency} when "
            f"it was put into the cart. Change item {line.line_id} (its quantity may stay) to take the new "
            "price, or take it out.",
            line=str(line.line_id),
            told=before,
            now=after,
        )


def _amount(told: Told, currency: Currency) -> str:
    return plain(
        sum(amount_minor(units * E4_PER_ONE, ucents, currency) for _, units, ucents in told), currency
    )


def refuse_option(plan: Plan, chosen: Sequence[str], code: str) -> None:
    """Pass when an option may join those chosen. Raises OptionRefused."""
    if code in chosen:
        raise OptionRefused(f"{plan.plan_code} has the option {code} already.", option=code)
    known = {option for family in plan.families for option in family.options}
    if code not in known:
        raise OptionRefused(f"{plan.plan_code} does not take the option {code}.", option=code)
    for family in plan.families:
        there = next((each for each in chosen if each in family.options), None)
        if family.exclusive and code in family.options and there is not None:
            raise OptionRefused(
                f"{plan.plan_code} takes one option of {family.name}: take {there} out of the cart first.",
                family=family.name,
            )


def refuse_other_price(code: str, asked: tuple[str, int], sold: tuple[str, int | None]) -> None:
    """Pass when an option is asked for as it goes with its plan. Raises OptionRefused."""
    if sold[1] is not None and asked != sold:
        raise OptionRefused(
            f"{code} goes with its plan in mode {sold[0]} for {sold[1]} months, not in mode {asked[0]} for "
            f"{asked[1]}.",
            option=code,
        )


def refuse_value(known: Sequence[PlanConfiguration], label: str, value: str) -> None:
    """Pass when a plan takes that value under that label. Raises BadCart, which names what it takes."""
    found = next((each for each in known if each.label == label), None)
    if found is None:
        names = ", ".join(each.label for each in known) or "nothing"
        raise BadCart(f"[label] There is no {label} to configure here, but {names}.", member="label")
    if found.values and not found.is_free and value not in found.values:
        raise BadCart(f"[value] {label} is one of {', '.join(found.values)}, not {value}.", member="value")
    if not value.strip() or len(value) > VALUE_MAX or not value.isprintable():
        raise BadCart(f"[value] {label} has 1 to {VALUE_MAX} printable characters.", member="value")


def refuse_unconfigured(line: CartLine, known: Sequence[PlanConfiguration]) -> None:
    """Pass when all that a plan needs is configured. Raises ConfigurationMissing."""
    given = {each.label for each in line.configurations}
    missing = [each.label for each in known if each.is_mandatory and each.label not in given]
    if missing:
        raise ConfigurationMissing(
            f"Item {line.line_id} ({line.plan_code}) needs: {', '.join(missing)}. "
            "See its required configuration.",
            line=str(line.line_id),
        )


def numbered(details: Sequence[OrderDetail]) -> tuple[OrderDetail, ...]:
    """Return the details numbered from 1."""
    return tuple(replace(detail, detail_no=number) for number, detail in enumerate(details, 1))
