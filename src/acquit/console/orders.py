"""Purchase orders as pages show them."""

from collections.abc import Sequence
from datetime import date

from acquit.core.purchase_order import OrderStatus, PurchaseOrder


def order_state(order: PurchaseOrder, today: date) -> str:
    """Return where an order is in its life on that day, as the badges name it."""
    if order.status is OrderStatus.DELETED:
        return "deleted"
    if not order.active:
        return "suspended"
    if order.end_on is not None and order.end_on <= today:
        return "ended"
    if order.start_on > today:
        return "upcoming"
    return "spent" if order.left_minor is not None and order.left_minor <= 0 else "active"


def orders_in_use(orders: Sequence[PurchaseOrder], today: date) -> list[PurchaseOrder]:
    """Return the orders that cover the day, those with a maximum first."""
    running = [order for order in orders if order_state(order, today) in ("active", "spent")]
    return sorted(running, key=lambda order: (order.amount_max_minor is None, order.start_on))
