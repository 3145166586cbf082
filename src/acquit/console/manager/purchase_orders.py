"""Purchase orders: which are quoted on bills, and how much of them is left."""

from datetime import date

from acquit.console import typed
from acquit.console.listing import ROWS, cut, is_number
from acquit.console.orders import order_state
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Visit
from acquit.core.purchase_order import Draw, NoSuchPurchaseOrder, PurchaseOrder, exhausted_on, used_percent
from acquit.store import purchase_order_pages
from acquit.store.purchase_order_pages import NEWEST, Before


def list_purchase_orders(visit: Visit) -> Page:
    """GET /manager/purchase-orders: the account's own and those of its family, newest first."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        found = purchase_order_pages.page(tx, visit.account_id, _before(visit), ROWS + 1)
    orders = cut(visit, found, "before", _place)
    rows = [(order, order_state(order, place.today), used_percent(order)) for order in orders.rows]
    return page("purchase_orders.html", place, rows=rows, orders=orders)


def show_purchase_order(visit: Visit) -> Page:
    """GET /manager/purchase-orders/{purchase_order_id}: what bills took from it, and until when it lasts.

    Whoever shares a family's order sees what is left of it, and of its bills only those of its own.
    """
    wanted = visit.path_values["purchase_order_id"]
    number = int(wanted) if is_number(wanted) else 0
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        order = purchase_order_pages.find(tx, visit.account_id, number)
        if order is None:
            raise NoSuchPurchaseOrder(wanted)
        is_own = order.account_id == visit.account_id
        of = None if is_own else visit.account_id
        draws = purchase_order_pages.draws(tx, order, of, _drawn_before(visit), ROWS + 1)
        opened = purchase_order_pages.opened_by(tx, visit.account_id, draws)
        by_day = purchase_order_pages.drawn_by_day(tx, order)
    return page(
        "purchase_order.html",
        place,
        order=order,
        state=order_state(order, place.today),
        used=used_percent(order),
        draws=cut(visit, draws, "before", _draw_place),
        opened=opened,
        is_own=is_own,
        spent_on=exhausted_on(order, by_day, place.today),
    )


def _place(order: PurchaseOrder) -> str:
    return f"{order.start_on}/{order.purchase_order_id}"


def _before(visit: Visit) -> Before:
    """Return where the list goes on; the beginning when the address does not say."""
    on, _, number = visit.query.get("before", "").partition("/")
    day = typed.found_day(on)
    return Before(day, int(number)) if day is not None and is_number(number) else NEWEST


def _draw_place(draw: Draw) -> str:
    return f"{draw.drawn_on}/{draw.bill_id}"


def _drawn_before(visit: Visit) -> tuple[date, str]:
    on, _, bill_id = visit.query.get("before", "").partition("/")
    return typed.found_day(on) or date.max, bill_id
