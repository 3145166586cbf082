"""What is in a cart: /order/cart/{cartId}/item, and the catalogue that it is filled from."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from acquit.actions.cart_prices import (
    PricedCart,
    cart_in,
    configurations_in,
    day_of,
    price_cart,
    shopper_in,
)
from acquit.actions.change_cart import (
    Asked,
    add_line,
    configure_line,
    edit_line,
    remove_line,
    unconfigure_line,
)
from acquit.actions.selling import offered_in
from acquit.api import wire
from acquit.api.carts import full_minor, owner
from acquit.api.listing import Listing
from acquit.api.refusals import BadParameter, NoSuchObject
from acquit.api.request import Request
from acquit.core.cart import Cart, CartLine, Configuration
from acquit.core.catalogue import Kind, Plan, Pricing, Unit
from acquit.core.money import E4_PER_ONE, Currency, amount_minor
from acquit.core.service_order import DetailKind
from acquit.core.subscription import QUANTITY_MAX
from acquit.store import catalogues
from acquit.store.transaction import Transaction

PERIOD: Final = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,3})M)?", re.ASCII)
PRODUCT_TYPE: Final = "cloud_service"
PRICING_TYPES: Final = ("consumption", "purchase", "rental")


def months_of(text: str) -> int:
    """Return the months of a period: `P1M`, `P12M`, `P1Y`. Raises BadParameter."""
    found = PERIOD.fullmatch(text)
    count = 0 if found is None else int(found[1] or 0) * 12 + int(found[2] or 0)
    if not count:
        raise BadParameter(f"[duration] {text} is no period of months or years, as P1M", parameter="duration")
    return count


def quantity_of(given: int) -> int:
    """Return a quantity. Raises BadParameter."""
    if not 1 <= given <= QUANTITY_MAX:
        raise BadParameter(f"[quantity] 1 to {QUANTITY_MAX}, not {given}", parameter="quantity")
    return given


# ---------------------------------------------------------------- lines


def list_lines(request: Request) -> Listing[int]:
    """GET /order/cart/{cartId}/item: plans and options, in the order in which they were put in."""
    with request.read() as tx:
        cart = cart_in(tx, request.path["cartId"], owner(request))
    ids = [line.line_id for line in cart.lines]
    return Listing(lambda tx: ids, lambda tx, keys: _lines(tx, request, keys))


def get_line(request: Request) -> object:
    """GET /order/cart/{cartId}/item/{itemId}: a plan or an option at the prices of the day."""
    line_id = request.path["itemId"]
    with request.read() as tx:
        found = _lines(tx, request, [line_id])
    if line_id not in found:
        raise NoSuchObject(line_id)
    return found[line_id]


def get_many_lines(request: Request, line_ids: Sequence[int]) -> Mapping[int, object]:
    """Read several lines at once."""
    with request.read() as tx:
        return _lines(tx, request, line_ids)


def edit(request: Request) -> object:
    """PUT /order/cart/{cartId}/item/{itemId}: period and quantity; its prices are told anew."""
    body = request.body
    months = None if body.get("duration") is None else months_of(body["duration"])
    quantity = None if body.get("quantity") is None else quantity_of(body["quantity"])
    path = request.path
    return _line(
        *edit_line(request.context, path["cartId"], owner(request), path["itemId"], months, quantity)
    )


def delete(request: Request) -> None:
    """DELETE /order/cart/{cartId}/item/{itemId}: it and its options are out of the cart."""
    remove_line(request.context, request.path["cartId"], owner(request), request.path["itemId"])


def _lines(tx: Transaction, request: Request, line_ids: Sequence[int]) -> dict[int, object]:
    cart = cart_in(tx, request.path["cartId"], owner(request))
    wanted = [line for line in cart.lines if line.line_id in line_ids]
    if not wanted:
        return {}
    found = price_cart(tx, cart, day_of(request.context, tx, shopper_in(tx, cart)))
    return {line.line_id: _line(found, line) for line in wanted}


def _line(found: PricedCart, line: CartLine) -> dict[str, Any]:
    currency = found.shopper.currency
    details = found.of_line(line)
    periods = [detail for detail in details if detail.kind is DetailKind.PERIOD]
    fee = sum(detail.net_minor for detail in details if detail.kind is DetailKind.INSTALLATION)
    full = sum(full_minor(detail, currency) for detail in periods)
    period = sum(detail.net_minor for detail in periods)
    prices = {"PRICE": full, "DISCOUNT": full - period, "FEE": fee, "RENEW": full, "TOTAL": fee + period}
    return {
        "cartId": found.cart.cart_id,
        "configurations": [each.configuration_id for each in line.configurations],
        "duration": wire.months(line.months),
        "itemId": line.line_id,
        "offerId": None,
        "options": [option.line_id for option in found.cart.options_of(line.line_id)],
        "parentItemId": line.parent_line_id,
        "prices": [{"label": label, "price": wire.price(minor, currency)} for label, minor in prices.items()],
        "productId": "eco",
        "settings": {"planCode": line.plan_code, "pricingMode": line.mode, "quantity": line.quantity},
    }


# ---------------------------------------------------------------- configurations


def list_configurations(request: Request) -> Listing[int]:
    """GET …/item/{itemId}/configuration: what was configured, under one label if it is given."""
    label = request.query["label"]
    shown = {
        each.configuration_id: _configuration(each)
        for each in _configured(request)
        if label in (None, each.label)
    }
    return Listing(lambda tx: list(shown), lambda tx, ids: {key: shown[key] for key in ids})


def get_configuration(request: Request) -> object:
    """GET …/item/{itemId}/configuration/{configurationId}: a label and its value."""
    wanted = request.path["configurationId"]
    for each in _configured(request):
        if each.configuration_id == wanted:
            return _configuration(each)
    raise NoSuchObject(wanted)


def configure(request: Request) -> object:
    """POST …/item/{itemId}/configuration: the value stands under the label, in place of another one."""
    path, body = request.path, request.body
    return _configuration(
        configure_line(
            request.context, path["cartId"], owner(request), path["itemId"], body["label"], body["value"]
        )
    )


def unconfigure(request: Request) -> None:
    """DELETE …/item/{itemId}/configuration/{configurationId}: the label has no value."""
    path = request.path
    unconfigure_line(request.context, path["cartId"], owner(request), path["itemId"], path["configurationId"])


def list_required(request: Request) -> list[dict[str, Any]]:
    """GET …/item/{itemId}/requiredConfiguration: labels, the values that they take, which are needed."""
    with request.read() as tx:
        cart = cart_in(tx, request.path["cartId"], owner(request))
        line = cart.line(request.path["itemId"])
        shopper = shopper_in(tx, cart)
        on = day_of(request.context, tx, shopper)
        known = configurations_in(tx, shopper, cart, line, on)
    return [
        {
            "allowedValues": list(each.values),
            "fields": [],
            "label": each.label,
            "required": each.is_mandatory,
            "type": "string",
        }
        for each in known
    ]


def _configured(request: Request) -> tuple[Configuration, ...]:
    with request.read() as tx:
        cart = cart_in(tx, request.path["cartId"], owner(request))
    return cart.line(request.path["itemId"]).configurations


def _configuration(each: Configuration) -> dict[str, Any]:
    return {"id": each.configuration_id, "label": each.label, "value": each.value}


# ---------------------------------------------------------------- what can be put in


def list_plans(request: Request) -> list[dict[str, Any]]:
    """GET /order/cart/{cartId}/eco: the plans that the seller sells today, or the one of that code."""
    with request.read() as tx:
        cart = cart_in(tx, request.path["cartId"], owner(request))
        plans, currency = _sold(tx, request, cart)
    wanted = request.query["planCode"]
    return [
        product_shown(plan, currency)
        for plan in plans.values()
        if plan.kind is Kind.PLAN and wanted in (None, plan.plan_code)
    ]


def list_options(request: Request) -> list[dict[str, Any]]:
    """GET /order/cart/{cartId}/eco/options: the add-ons of one plan, by family."""
    with request.read() as tx:
        cart = cart_in(tx, request.path["cartId"], owner(request))
        shopper = shopper_in(tx, cart)
        on = day_of(request.context, tx, shopper)
        offered = offered_in(tx, shopper, request.query["planCode"], on)
        codes = [code for family in offered.plan.families for code in family.options]
        plans = catalogues.plans(tx, offered.catalogue_id, codes)
    return [
        product_shown(plans[code], shopper.currency)
        | {"exclusive": family.exclusive, "family": family.name, "mandatory": family.mandatory}
        for family in offered.plan.families
        for code in family.options
        if code in plans
    ]


def add_plan(request: Request) -> object:
    """POST /order/cart/{cartId}/eco: the cart has the plan."""
    return _added(request, None)


def add_option(request: Request) -> object:
    """POST /order/cart/{cartId}/eco/options: the plan in the cart has the option."""
    return _added(request, request.body["itemId"])


def _added(request: Request, parent_line_id: int | None) -> dict[str, Any]:
    body = request.body
    asked = Asked(
        body["planCode"],
        body["pricingMode"],
        months_of(body["duration"]),
        quantity_of(body["quantity"]),
        parent_line_id,
    )
    return _line(*add_line(request.context, request.path["cartId"], owner(request), asked))


def _sold(tx: Transaction, request: Request, cart: Cart) -> tuple[dict[str, Plan], Currency]:
    """Return every plan of the versions in force; of two of one code the newer version's."""
    shopper = shopper_in(tx, cart)
    on = day_of(request.context, tx, shopper)
    found: dict[str, Plan] = {}
    for catalogue_id in catalogues.in_force(tx, shopper.legal_entity_id, shopper.currency, on):
        found = dict(catalogues.plans(tx, catalogue_id)) | found
    return found, shopper.currency


def product_shown(plan: Plan, currency: Currency) -> dict[str, Any]:
    """Return a plan with its prices as the wire shows what is sold."""
    return {
        "planCode": plan.plan_code,
        "prices": list(pricings_shown(plan.pricings, currency)),
        "productName": plan.invoice_name,
        "productType": PRODUCT_TYPE,
    }


def pricings_shown(pricings: Sequence[Pricing], currency: Currency) -> Iterable[dict[str, Any]]:
    """Yield the prices that a plan is sold at: once, or per month or year."""
    for pricing in pricings:
        if not pricing.months and pricing.interval_unit is not Unit.NONE:
            continue
        yield {
            "capacities": sorted(each.value for each in pricing.capacities),
            "description": pricing.description,
            "duration": wire.months(pricing.months) if pricing.months else "P0M",
            "interval": pricing.interval_count,
            "maximumQuantity": pricing.quantity_max,
            "maximumRepeat": None,
            "minimumQuantity": pricing.quantity_min,
            "minimumRepeat": 1,
            "price": wire.price(amount_minor(E4_PER_ONE, pricing.price_ucents, currency), currency),
            "priceInUcents": pricing.price_ucents,
            "pricingMode": pricing.mode,
            "pricingType": pricing.type if pricing.type in PRICING_TYPES else "rental",
        }
