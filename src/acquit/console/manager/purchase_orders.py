"""Purchase orders: which are quoted on bills, and how much of them is left."""

from acquit.console.orders import order_state
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Visit
from acquit.core.identifiers import PurchaseOrderId
from acquit.core.purchase_order import NoSuchPurchaseOrder, exhausted_on, used_percent
from acquit.store import purchase_orders


def list_purchase_orders(visit: Visit) -> Page:
    """GET /manager/purchase-orders: the account's own and those of its family, newest first."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        orders = purchase_orders.concerning(tx, [visit.account_id])
    newest = sorted(orders, key=lambda order: order.start_on, reverse=True)
    rows = [(order, order_state(order, place.today), used_percent(order)) for order in newest]
    return page("purchase_orders.html", place, rows=rows)


def show_purchase_order(visit: Visit) -> Page:
    """GET /manager/purchase-orders/{purchase_order_id}: what bills took from it, and until when it lasts.

    Whoever shares a family's order sees what is left of it, and of its bills only those of its own.
    """
    wanted = visit.path_values["purchase_order_id"]
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        orders = purchase_orders.concerning(tx, [visit.account_id])
        order = next((each for each in orders if str(each.purchase_order_id) == wanted), None)
        if order is None:
            raise NoSuchPurchaseOrder(wanted)
        draws = purchase_orders.draws(tx, order.account_id, PurchaseOrderId(order.purchase_order_id))
    is_own = order.account_id == visit.account_id
    seen = [draw for draw in draws if is_own or draw.bill_account_id == visit.account_id]
    return page(
        "purchase_order.html",
        place,
        order=order,
        state=order_state(order, place.today),
        used=used_percent(order),
        draws=list(reversed(seen)),
        is_own=is_own,
        spent_on=exhausted_on(order, draws, place.today),
    )
