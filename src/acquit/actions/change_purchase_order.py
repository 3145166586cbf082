"""Change, close, raise, replace or delete a purchase order. Bills that quote it stay as they were issued."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in, today_of
from acquit.actions.set_purchase_order import (
    refuse_order_texts,
    require_orders_right,
    set_order_in,
)
from acquit.core import order_change as law
from acquit.core.billing_group import NoSuchBillingGroup
from acquit.core.identifiers import AccountId, PurchaseOrderId
from acquit.core.order_change import OrderChange
from acquit.core.purchase_order import NoSuchPurchaseOrder, OrderStatus, PurchaseOrder
from acquit.store import acts, purchase_orders
from acquit.store.transaction import Transaction


def change_purchase_order(
    context: Context,
    account_id: AccountId,
    purchase_order_id: PurchaseOrderId,
    change: OrderChange,
    *,
    by: str,
) -> PurchaseOrder:
    """Later bills see the order as changed.

    Raises NoSuchPurchaseOrder, BadPurchaseOrder, NoSuchBillingGroup, OrderOverlaps.
    """
    return _changed(
        context,
        account_id,
        purchase_order_id,
        by,
        "change_purchase_order",
        lambda order, _today: law.changed(order, change),
    )


def delete_purchase_order(
    context: Context, account_id: AccountId, purchase_order_id: PurchaseOrderId, *, by: str
) -> None:
    """The order is in no list any more and applies to no later bill. Raises NoSuchPurchaseOrder."""
    _changed(
        context,
        account_id,
        purchase_order_id,
        by,
        "delete_purchase_order",
        lambda order, _today: replace(order, status=OrderStatus.DELETED),
    )


def close_purchase_order(
    context: Context,
    account_id: AccountId,
    purchase_order_id: PurchaseOrderId,
    *,
    by: str,
    end_on: date | None = None,
) -> PurchaseOrder:
    """The order covers no day from `end_on` on (default today).

    Raises NoSuchPurchaseOrder, BadPurchaseOrder.
    """
    return _changed(
        context,
        account_id,
        purchase_order_id,
        by,
        "close_purchase_order",
        lambda order, today: law.closed(order, end_on or today),
    )


def raise_purchase_order(
    context: Context,
    account_id: AccountId,
    purchase_order_id: PurchaseOrderId,
    amount_max_minor: int,
    *,
    by: str,
) -> PurchaseOrder:
    """The order has the higher maximum. Raises NoSuchPurchaseOrder, NotARaise."""
    return _changed(
        context,
        account_id,
        purchase_order_id,
        by,
        "raise_purchase_order",
        lambda order, _today: law.raised(order, amount_max_minor),
    )


def replace_purchase_order(
    context: Context,
    account_id: AccountId,
    purchase_order_id: PurchaseOrderId,
    reference: str,
    *,
    by: str,
    from_on: date | None = None,
    end_on: date | None = None,
    amount_max_minor: int | None = None,
) -> PurchaseOrder:
    """The order ends on `from_on` (default today); a new one of the same scope and kind covers from there.

    Without `end_on` and `amount_max_minor` the new order has the old one's. Return the new order. Raises
    NoSuchPurchaseOrder, BadPurchaseOrder, OrderOverlaps.
    """
    with context.database.write() as tx:
        old, today = _held(context, tx, account_id, purchase_order_id, by)
        begins_on = from_on or today
        _write(tx, old, law.closed(old, begins_on), by, "close_purchase_order")
        terms = replace(
            law.terms_of(old),
            reference=reference,
            start_on=begins_on,
            end_on=end_on or old.end_on,
            amount_max_minor=amount_max_minor or old.amount_max_minor,
            succeeds_id=None,
            active=True,
        )
        new = set_order_in(context, tx, account_id, terms, by)
        acts.record(
            tx, by, "replace_purchase_order", account_id, str(old.purchase_order_id),
            replaced_by=new.purchase_order_id,
        )  # fmt: skip
        return new


def _changed(
    context: Context,
    account_id: AccountId,
    purchase_order_id: PurchaseOrderId,
    by: str,
    verb: str,
    decide: Callable[[PurchaseOrder, date], PurchaseOrder],
) -> PurchaseOrder:
    with context.database.write() as tx:
        before, today = _held(context, tx, account_id, purchase_order_id, by)
        after = decide(before, today)
        refuse_order_texts(law.terms_of(after))
        group = after.billing_group_id
        if group is not None and not purchase_orders.has_group(tx, account_id, group):
            raise NoSuchBillingGroup(account_id, group)
        law.refuse_overlap(after, purchase_orders.of_account(tx, account_id))
        _write(tx, before, after, by, verb)
        return purchase_orders.find(tx, account_id, purchase_order_id) or after


def _held(
    context: Context, tx: Transaction, account_id: AccountId, purchase_order_id: PurchaseOrderId, by: str
) -> tuple[PurchaseOrder, date]:
    """Return the order, whose account is held, and the business date."""
    require_orders_right(tx, by, account_id)
    account = locked_account_in(tx, account_id)
    order = purchase_orders.find(tx, account_id, purchase_order_id)
    if order is None:
        raise NoSuchPurchaseOrder(purchase_order_id)
    return order, today_of(context, tx, account)


def _write(tx: Transaction, before: PurchaseOrder, after: PurchaseOrder, by: str, verb: str) -> None:
    """Write what changed and record it, old value and new."""
    purchase_orders.update(tx, after)
    names = (
        "reference",
        "type",
        "start_on",
        "end_on",
        "billing_group_id",
        "amount_max_minor",
        "active",
        "status",
    )
    differences = {
        name: [_text(getattr(before, name)), _text(getattr(after, name))]
        for name in names
        if getattr(before, name) != getattr(after, name)
    }
    acts.record(tx, by, verb, after.account_id, str(after.purchase_order_id), **differences)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
