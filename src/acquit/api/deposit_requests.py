"""/me/depositRequest: orders to pay what is owed, as American sellers show them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acquit.api import wire
from acquit.api.listing import Column, Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.core.payment_order import PaymentOrder
from acquit.store import payment_orders
from acquit.store.transaction import Transaction

COLUMNS: Final = {"id": Column("order_id"), "creationDate": Column("ordered_at")}


def list_requests(request: Request) -> Listing[int]:
    """GET /me/depositRequest: the account's orders to pay what it owes, between two instants if given."""
    selection = payment_orders.of_account(
        request.caller.account_id,
        ordered_from=request.query["creationDate.from"],
        ordered_to=request.query["creationDate.to"],
    )
    return Listing(selection, lambda tx, ids: _requests(tx, request, ids), COLUMNS)


def get_request(request: Request) -> object:
    """GET /me/depositRequest/{id}: one of them, with the orders behind the bills that it pays."""
    key = request.path["id"]
    found = get_many_requests(request, [key])
    if key not in found:
        raise NoSuchObject(key)
    return found[key]


def get_many_requests(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several at once."""
    with request.read() as tx:
        return _requests(tx, request, ids)


def _requests(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    found = payment_orders.find_several(tx, request.caller.account_id, ids)
    return {order.order_id: _shown(order, request) for order in found}


def _shown(order: PaymentOrder, request: Request) -> dict[str, Any]:
    return {
        "creationDate": wire.instant(order.ordered_at, request.zone),
        "id": order.order_id,
        "orderIds": [part.debt_id for part in order.debts],
    }
