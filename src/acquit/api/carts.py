"""Carts: /order/cart, what is in them and the orders that they become."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acquit.actions.cart_prices import PricedCart, cart_in
from acquit.actions.change_cart import assign_cart, create_cart, delete_cart, edit_cart
from acquit.actions.check_out import check_out, preview_cart, preview_order
from acquit.api import links, wire
from acquit.api.agreements import contracts_to_order
from acquit.api.listing import Column, Listing
from acquit.api.me import subsidiary
from acquit.api.refusals import BadParameter
from acquit.api.request import Request
from acquit.core.cart import Cart
from acquit.core.identifiers import AccountId, LegalEntityId, OrderId
from acquit.core.money import E4_PER_ONE, Currency, amount_minor
from acquit.core.service_order import DetailKind, OrderDetail
from acquit.store import carts, legal_entities
from acquit.store.transaction import Transaction

DETAIL_TYPES: Final[Mapping[DetailKind, str]] = {
    DetailKind.INSTALLATION: "INSTALLATION",
    DetailKind.PERIOD: "DURATION",
    DetailKind.RENEWAL: "RENEW",
}
NOT_NAMED: Final = "*{line_no:03d}"
"""What stands for a service that has no name yet: the number of its plan in the order."""


def owner(request: Request) -> AccountId | None:
    """Return the account that calls, None for somebody who did not sign."""
    return None if request.signed_in is None else request.signed_in.account_id


def list_carts(request: Request) -> Listing[str]:
    """GET /order/cart: the account's carts, those of one description if it is given."""
    selection = carts.of_account(request.caller.account_id, request.query["description"])
    columns = {"cartId": Column("cart_id"), "description": Column("description")}
    return Listing(selection, lambda tx, ids: _carts(tx, request, ids), columns)


def create(request: Request) -> object:
    """POST /order/cart: an empty cart of the caller, or of nobody when the call is not signed."""
    body = request.body
    made = create_cart(
        request.context,
        _seller(request, body["ovhSubsidiary"]),
        owner(request),
        body.get("description") or "",
        body.get("expire"),
    )
    return _cart(made, request)


def get_cart(request: Request) -> object:
    """GET /order/cart/{cartId}: what it is called, until when it is kept, what is in it."""
    with request.read() as tx:
        return _cart(cart_in(tx, request.path["cartId"], owner(request)), request)


def get_many_carts(request: Request, cart_ids: Sequence[str]) -> Mapping[str, object]:
    """Read several carts at once."""
    with request.read() as tx:
        return _carts(tx, request, cart_ids)


def edit(request: Request) -> object:
    """PUT /order/cart/{cartId}: description and expiry, where given."""
    body = request.body
    changed = edit_cart(
        request.context, request.path["cartId"], owner(request), body.get("description"), body.get("expire")
    )
    return _cart(changed, request)


def delete(request: Request) -> None:
    """DELETE /order/cart/{cartId}: it is gone with all that is in it; an order made of it stays."""
    delete_cart(request.context, request.path["cartId"], owner(request))


def assign(request: Request) -> None:
    """POST /order/cart/{cartId}/assign: it is the caller's from now on."""
    assign_cart(request.context, request.path["cartId"], request.caller.account_id)


def get_summary(request: Request) -> object:
    """GET /order/cart/{cartId}/summary: prices, also of a cart that lacks something yet."""
    return _priced(request, preview_cart(request.context, request.path["cartId"], owner(request)))


def get_checkout(request: Request) -> object:
    """GET /order/cart/{cartId}/checkout: what the order would be; refused as making it would be."""
    found = preview_order(request.context, request.path["cartId"], request.caller.account_id)
    return _priced(request, found) | _made(request, found.cart.order_id)


def post_checkout(request: Request) -> object:
    """POST /order/cart/{cartId}/checkout: the order; asked again, the same one."""
    order = check_out(
        request.context,
        request.path["cartId"],
        request.caller.account_id,
        by=request.caller.actor,
        pays=bool(request.body.get("autoPayWithPreferredPaymentMethod")),
    )
    lines = {line.line_no: line.cart_line_id or 0 for line in order.lines}
    shown = _shown(order.details, lines, order.tax_minor, order.currency)
    contracts = contracts_to_order(request, request.caller.legal_entity_id)
    return {**shown, "contracts": contracts} | _made(request, order.order_id)


def _seller(request: Request, wanted: str) -> LegalEntityId:
    """Return the seller that the wire's code means: the caller's own, or the one of that id or country."""
    with request.read() as tx:
        if request.signed_in is not None:
            entity = legal_entities.of_account(tx, request.signed_in.account_id)
            if entity is not None and subsidiary(entity) == wanted:
                return entity.legal_entity_id
        else:
            for entity in legal_entities.every(tx):
                if subsidiary(entity) == wanted:
                    return entity.legal_entity_id
    raise BadParameter(f"[ovhSubsidiary] {wanted} does not sell to you here", parameter="ovhSubsidiary")


def _carts(tx: Transaction, request: Request, cart_ids: Sequence[str]) -> dict[str, object]:
    found = (carts.find(tx, cart_id) for cart_id in cart_ids)
    mine = (None, owner(request))
    return {cart.cart_id: _cart(cart, request) for cart in found if cart and cart.account_id in mine}


def _cart(cart: Cart, request: Request) -> dict[str, Any]:
    return {
        "cartId": cart.cart_id,
        "description": cart.description,
        "expire": wire.instant(cart.expires_at, request.zone),
        "items": [line.line_id for line in cart.lines],
        "readOnly": cart.order_id is not None,
    }


def _made(request: Request, order_id: OrderId | None) -> dict[str, Any]:
    if order_id is None:
        return {"orderId": None, "url": None}
    password = links.order_password(request, order_id)
    return {"orderId": order_id, "url": links.order_link(request, order_id, password)}


def _priced(request: Request, found: PricedCart) -> dict[str, Any]:
    heads = {number: head.line_id for number, head in enumerate(found.cart.heads, 1)}
    contracts = contracts_to_order(request, found.shopper.legal_entity_id)
    return {
        **_shown(found.details, heads, found.tax_minor, found.shopper.currency),
        "contracts": contracts,
    }


def _shown(
    details: Sequence[OrderDetail], lines: Mapping[int, int], tax_minor: int, currency: Currency
) -> dict[str, Any]:
    full = sum(full_minor(detail, currency) for detail in details)
    net = sum(detail.net_minor for detail in details)
    return {
        "details": [_detail(detail, lines[detail.line_no], currency) for detail in details],
        "orderId": None,
        "prices": {
            "originalWithoutTax": wire.price(full, currency),
            "reduction": wire.price(full - net, currency),
            "tax": wire.price(tax_minor, currency),
            "withTax": wire.price(net + tax_minor, currency),
            "withoutTax": wire.price(net, currency),
        },
        "url": None,
    }


def full_minor(detail: OrderDetail, currency: Currency) -> int:
    """Return what the detail would cost without its promotion."""
    return amount_minor(detail.quantity * E4_PER_ONE, detail.full_price_ucents, currency)


def unit_price(ucents: int, currency: Currency) -> dict[str, Any]:
    """Return an `order.Price` of a unit price, rounded to what a price of the wire shows."""
    return wire.price(amount_minor(E4_PER_ONE, ucents, currency), currency)


def _detail(detail: OrderDetail, line_id: int, currency: Currency) -> dict[str, Any]:
    full = full_minor(detail, currency)
    return {
        "cartItemID": line_id,
        "description": detail.description,
        "detailType": DETAIL_TYPES[detail.kind],
        "domain": NOT_NAMED.format(line_no=detail.line_no),
        "originalTotalPrice": wire.price(full, currency),
        "quantity": detail.quantity,
        "reductionTotalPrice": wire.price(full - detail.net_minor, currency),
        "reductions": [_reduction(detail, full, currency)] if detail.promotion else [],
        "totalPrice": wire.price(detail.net_minor, currency),
        "unitPrice": unit_price(detail.unit_price_ucents, currency),
    }


def _reduction(detail: OrderDetail, full: int, currency: Currency) -> dict[str, Any]:
    return {
        "context": "promotion",
        "description": detail.promotion,
        "price": wire.price(detail.net_minor, currency),
        "reductionDescription": detail.promotion,
        "type": "fixed_amount",
        "value": wire.price(full - detail.net_minor, currency),
    }
