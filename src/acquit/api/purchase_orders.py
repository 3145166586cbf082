"""/me/billing/purchaseOrder: the references that the account wants quoted on its bills."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acquit.actions.change_purchase_order import change_purchase_order, delete_purchase_order
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.api import wire
from acquit.api.listing import Column, Listing
from acquit.api.request import Request
from acquit.core.identifiers import BillingGroupId, PurchaseOrderId
from acquit.core.order_change import UNCHANGED, OrderChange, OrderTerms, Unchanged
from acquit.core.purchase_order import NoSuchPurchaseOrder, OrderType
from acquit.store import purchase_order_lists
from acquit.store.purchase_order_lists import ListedOrder
from acquit.store.transaction import Transaction

COLUMNS: Final = {
    "active": Column("active"),
    "creationDate": Column("created_at"),
    "id": Column("purchase_order_id"),
    "lastUpdate": Column("updated_at"),
    "reference": Column("reference"),
    "startDate": Column("start_on"),
    "status": Column("status"),
    "type": Column("type"),
}


def list_orders(request: Request) -> Listing[int]:
    """GET /me/billing/purchaseOrder: the account's orders, without deleted ones."""
    selection = purchase_order_lists.of_account(request.caller.account_id, request.query["billingGroupId"])
    return Listing(selection, lambda tx, ids: _orders(tx, request, ids), COLUMNS)


def get_order(request: Request) -> object:
    """GET /me/billing/purchaseOrder/{id}: one order; a deleted one says so."""
    key = request.path["id"]
    found = get_many_orders(request, [key])
    if key not in found:
        raise NoSuchPurchaseOrder(key)
    return found[key]


def get_many_orders(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several orders with one statement."""
    with request.read() as tx:
        return _orders(tx, request, ids)


def create_order(request: Request) -> object:
    """POST /me/billing/purchaseOrder: bills from its first day on quote it."""
    body = request.body
    active = body.get("active")
    terms = OrderTerms(
        reference=body["reference"],
        start_on=body["startDate"],
        end_on=body.get("endDate"),
        type=OrderType(body["type"]),
        billing_group_id=_group(body.get("billingGroupId")),
        active=True if active is None else active,
        description=body.get("description"),
    )
    made = set_purchase_order(request.context, request.caller.account_id, terms, by=request.caller.actor)
    return get_many_orders(request, [made.purchase_order_id])[made.purchase_order_id]


def edit_order(request: Request) -> None:
    """PUT /me/billing/purchaseOrder/{id}: the members that are given; a null end leaves it open."""
    body = request.body
    kind = _given(body, "type")
    change = OrderChange(
        reference=_given(body, "reference"),
        type=kind if kind is UNCHANGED else OrderType(kind),
        start_on=_given(body, "startDate"),
        end_on=body.get("endDate", UNCHANGED),
        billing_group_id=_changed_group(body),
        active=_given(body, "active"),
        description=body.get("description", UNCHANGED),
    )
    change_purchase_order(
        request.context,
        request.caller.account_id,
        PurchaseOrderId(request.path["id"]),
        change,
        by=request.caller.actor,
    )


def delete_order(request: Request) -> None:
    """DELETE /me/billing/purchaseOrder/{id}: no later bill quotes it; bills that do stay as they are."""
    delete_purchase_order(
        request.context,
        request.caller.account_id,
        PurchaseOrderId(request.path["id"]),
        by=request.caller.actor,
    )


def _given(body: Mapping[str, Any], name: str) -> Any:
    """Return what was given for a member that is never without a value; null leaves it as it is."""
    value = body.get(name)
    return UNCHANGED if value is None else value


def _changed_group(body: Mapping[str, Any]) -> BillingGroupId | Unchanged | None:
    return _group(body["billingGroupId"]) if "billingGroupId" in body else UNCHANGED


def _group(key: int | None) -> BillingGroupId | None:
    return None if key is None else BillingGroupId(key)


def _orders(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    found = purchase_order_lists.find_many(tx, request.caller.account_id, ids)
    return {order.purchase_order_id: _order(order, request) for order in found}


def _order(order: ListedOrder, request: Request) -> dict[str, Any]:
    return {
        "active": order.active and order.status != "DELETED",
        "billingGroupId": order.billing_group_id,
        "creationDate": wire.instant(order.created_at, request.zone),
        "description": order.description,
        "endDate": wire.day_or_none(order.end_on),
        "id": order.purchase_order_id,
        "lastUpdate": wire.instant(order.updated_at, request.zone),
        "reference": order.reference,
        "startDate": wire.day(order.start_on),
        "status": order.status,
        "type": order.type,
    }
