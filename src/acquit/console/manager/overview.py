"""The start page: what is owed and when, what needs somebody, twelve months, what the orders still hold."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from acquit.console.chart import month_charts, twelve_months
from acquit.console.listing import LAST
from acquit.console.manager.alerts import ANSWERED_DAYS, alerts
from acquit.console.orders import order_state, orders_in_use
from acquit.console.place import own_place, page
from acquit.console.timeline import state_of
from acquit.console.visit import Page, Visit
from acquit.core.identifiers import AccountId
from acquit.core.money import E4_PER_ONE, amount_minor
from acquit.core.planned_change import takes_effect_on
from acquit.core.sales_request import RequestState
from acquit.core.service import Service
from acquit.core.terms import grant_on
from acquit.store import (
    bank_evidence,
    bill_searches,
    disputes,
    month_totals,
    payment_methods,
    planned_changes,
    purchase_order_pages,
    requests,
    services,
    terms,
)
from acquit.store.bill_searches import DueDay, Wanted
from acquit.store.transaction import Transaction

LATEST = 5
ORDERS_MAX = 12
PRICES_MAX = 10
WAITING_MAX = 10


@dataclass(frozen=True, slots=True)
class AnnouncedPrice:
    """What one unit of a service costs now and from a renewal on."""

    service: Service
    now_minor: int
    then_minor: int
    from_on: date
    reason: str


def show_overview(visit: Visit) -> Page:
    """GET /manager."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        due_days = bill_searches.due_days(tx, visit.account_id)
        methods = payment_methods.of_account(tx, place.account.payer_id)
        in_use = purchase_order_pages.in_use(tx, visit.account_id, place.today, ORDERS_MAX)
        latest = bill_searches.search(tx, visit.account_id, Wanted(), place.today, 0, LATEST)
        waiting = requests.page(tx, visit.account_id, LAST, WAITING_MAX, RequestState.WAITING)
        prices = _announced(tx, visit.account_id)
        totals = month_totals.of_family(tx, visit.account_id, twelve_months(place.today)[0])
        in_hand = bank_evidence.credit(tx, [visit.account_id], place.today).get(visit.account_id, {})
        since = visit.context.clock.now() - timedelta(days=ANSWERED_DAYS + 1)
        argued = disputes.answered(tx, visit.account_id, since, LATEST)
        grants = terms.of_account(tx, place.account.payer_id)
    orders = orders_in_use(in_use, place.today)
    holding = grant_on(grants, place.today)
    late = [each for each in due_days if each.due_on < place.today]
    coming = [each for each in due_days if each.due_on >= place.today]
    return page(
        "overview.html",
        place,
        owed=_by_currency(due_days, place.account.currency),
        others=_by_currency([replace(each, open_minor=each.others_minor) for each in due_days]),
        late=_by_currency(late, place.account.currency),
        in_hand=sorted(in_hand.items()),
        alerts=alerts(late, orders, argued, grants, place.today),
        charts=month_charts(totals, place.today),
        coming=coming[:LATEST],
        method=next((method for method in methods if method.is_default), None),
        orders=[(order, order_state(order, place.today)) for order in orders],
        rows=[(head, state_of(head, place.today)) for head in latest.heads],
        prices=prices[:PRICES_MAX],
        more_prices=max(len(prices) - PRICES_MAX, 0),
        waiting=waiting,
        term=holding and holding.term,
    )


def _by_currency(due_days: list[DueDay], currency: str | None = None) -> list[tuple[int, str]]:
    """Add up per currency; the given currency is told even when nothing is owed in any."""
    sums = {currency: 0} if currency else {}
    for each in due_days:
        sums[each.currency] = sums.get(each.currency, 0) + each.open_minor
    return [(minor, each) for each, minor in sums.items() if minor or sums.keys() == {currency}]


def _announced(tx: Transaction, account_id: AccountId) -> list[AnnouncedPrice]:
    """Return the prices that were announced to the account, the earliest first."""
    waiting = planned_changes.prices_of_account(tx, account_id)
    found = services.find_several(tx, account_id, [each.service_id for each in waiting]) if waiting else []
    by_id = {each.service_id: each for each in found}
    return [
        AnnouncedPrice(
            service,
            amount_minor(E4_PER_ONE, service.unit_price_ucents, service.currency),
            amount_minor(E4_PER_ONE, change.unit_price_ucents or 0, service.currency),
            takes_effect_on(change, service),
            change.reason,
        )
        for change in waiting
        for service in (by_id[change.service_id],)
    ]
