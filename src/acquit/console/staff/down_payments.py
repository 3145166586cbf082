"""Down payments of an account: what became of each, and asking for another one."""

from acquit.actions.ask_down_payment import Wanted, ask_down_payment
from acquit.console import typed
from acquit.console.listing import cut, key_in
from acquit.console.place import place_of
from acquit.console.staff.accounts import account_id_of
from acquit.console.staff.frame import page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.down_payment import For, deductible_minor
from acquit.core.identifiers import AccountId, OrderId, ServiceId
from acquit.core.money import Currency, scaled
from acquit.core.service import NoSuchService, State
from acquit.core.service_order import NoSuchOrder, OrderState
from acquit.store import down_payments, service_orders, services
from acquit.store.transaction import Transaction

ROWS = 50
OFFERED_MAX = 100
"""So many orders, the newest, and services are offered; `acquit bills down-payment` takes any."""


def show_down_payments(visit: Visit) -> Page:
    """GET /office/accounts/{account_id}/down-payments: those that are there, and a form."""
    account_id = account_id_of(visit)
    with visit.snapshot() as tx:
        place = place_of(visit, tx, account_id)
        before = key_in(visit, "before", down_payments.LAST)
        found = down_payments.of_account(tx, account_id, before, ROWS + 1)
        orders = service_orders.newest(tx, account_id, OFFERED_MAX)
        active = services.page(tx, account_id, 0, OFFERED_MAX)
    rows = cut(visit, found, "before", lambda each: each.order_id, ROWS)
    return page(
        "down_payments.html",
        visit,
        place=place,
        zone=place.entity.zone,
        found=rows,
        left={each.bill_id: deductible_minor(each.sums) for each in rows.rows},
        orders=[each for each in orders if each.state(place.today) is not OrderState.LAPSED],
        services=[each for each in active if each.state is not State.TERMINATED],
    )


def ask(visit: Visit) -> Reply:
    """POST /office/accounts/{account_id}/down-payments: issue one."""
    account_id, form = account_id_of(visit), visit.form
    with visit.read() as tx:
        place = place_of(visit, tx, account_id)
        what = _what(form.text("what"))
        currency = _currency(tx, account_id, what, place.account.currency)
    percent = form.text("percent").strip().replace(",", ".")
    days = form.text("days").strip()
    wanted = Wanted(
        what,
        form.text("reason"),
        typed.amount(form.text("amount"), currency),
        scaled(percent, 2) if percent else None,
        typed.whole(days) if days else None,
    )
    made = ask_down_payment(visit.context, account_id, wanted, by=visit.actor)
    return Redirect(f"/office/accounts/{account_id}/bills/{made.bill_id}?done=asked-down-payment")


def _what(text: str) -> For:
    """Return what `order:100000001` or `service:7` is for; nothing is whatever the account is billed."""
    kind, _, number = text.partition(":")
    if not kind:
        return For()
    is_number = number.isascii() and number.isdigit() and len(number) < 19
    if kind == "order":
        if not is_number:
            raise NoSuchOrder(0)
        return For(order_id=OrderId(int(number)))
    if kind != "service" or not is_number:
        raise NoSuchService(f"The account has no service {number[:40]}.")
    return For(service_id=ServiceId(int(number)))


def _currency(tx: Transaction, account_id: AccountId, what: For, currency: Currency) -> Currency:
    """Return the currency that an amount is typed in: the order's, the service's, else the account's."""
    if what.order_id is not None:
        order = service_orders.find(tx, account_id, what.order_id)
        return currency if order is None else order.currency
    if what.service_id is not None:
        service = services.find(tx, account_id, what.service_id)
        return currency if service is None else service.currency
    return currency
