"""The start page: what is owed and when, how it is paid, what the orders still hold."""

from dataclasses import replace

from acquit.console.orders import order_state, orders_in_use
from acquit.console.place import own_place, page
from acquit.console.timeline import state_of
from acquit.console.visit import Page, Visit
from acquit.core.sales_request import RequestState
from acquit.store import bill_searches, payment_methods, purchase_orders, requests
from acquit.store.bill_searches import DueDay, Wanted

LATEST = 5


def show_overview(visit: Visit) -> Page:
    """GET /manager."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        due_days = bill_searches.due_days(tx, visit.account_id)
        methods = payment_methods.of_account(tx, place.account.payer_id)
        orders = orders_in_use(purchase_orders.concerning(tx, [visit.account_id]), place.today)
        latest = bill_searches.search(tx, visit.account_id, Wanted(), place.today, 0, LATEST)
        asked = requests.of_account(tx, visit.account_id)
    late = [each for each in due_days if each.due_on < place.today]
    coming = [each for each in due_days if each.due_on >= place.today]
    return page(
        "overview.html",
        place,
        owed=_by_currency(due_days, place.account.currency),
        others=_by_currency([replace(each, open_minor=each.others_minor) for each in due_days]),
        late=_by_currency(late, place.account.currency),
        coming=coming[:LATEST],
        method=next((method for method in methods if method.is_default), None),
        orders=[(order, order_state(order, place.today)) for order in orders],
        rows=[(head, state_of(head, place.today)) for head in latest.heads],
        waiting=[request for request in asked if request.state is RequestState.WAITING],
    )


def _by_currency(due_days: list[DueDay], currency: str | None = None) -> list[tuple[int, str]]:
    """Add up per currency; the given currency is told even when nothing is owed in any."""
    sums = {currency: 0} if currency else {}
    for each in due_days:
        sums[each.currency] = sums.get(each.currency, 0) + each.open_minor
    return [(minor, each) for each, minor in sums.items() if minor or sums.keys() == {currency}]
