"""Requests to sales: ask for a payment term or a purchase order, and see what became of it."""

from datetime import date, timedelta

from acquit.actions.ask_sales import ask_sales
from acquit.actions.loading import applicant_in
from acquit.console import forms, typed
from acquit.console.attached import attached, request_id_of
from acquit.console.listing import LAST, ROWS, cut, key_in
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.bill import NoSuchBill
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import OrderKind, OrderType
from acquit.core.sales_request import (
    BUYER_MEMBERS,
    Asked,
    AskedCorrection,
    AskedOrder,
    AskedTerm,
    NoSuchRequest,
    SalesRequest,
)
from acquit.core.terms import Method, Term, warnings
from acquit.store import accounts, bills, requests
from acquit.store.transaction import Transaction


def list_requests(visit: Visit) -> Page:
    """GET /manager/requests: everything asked so far, newest first."""
    with visit.read() as tx:
        place = own_place(visit, tx)
        asked = requests.page(tx, visit.account_id, key_in(visit, "before", LAST), ROWS + 1)
    return page("requests.html", place, requests=cut(visit, asked, "before", lambda each: each.request_id))


def show_request(visit: Visit) -> Page:
    """GET /manager/requests/{request_id}: what was asked and how sales answered."""
    with visit.read() as tx:
        place = own_place(visit, tx)
        request = _own_request(visit, tx)
    return page("request.html", place, request=request)


def download_file(visit: Visit) -> Reply:
    """GET /manager/requests/{request_id}/file: the file that came with it."""
    with visit.read() as tx:
        request = _own_request(visit, tx)
        return attached(tx, request)


def ask_term(visit: Visit) -> Page:
    """GET /manager/requests/term: which terms the seller grants, and what the account lacks for one."""
    with visit.read() as tx:
        place = own_place(visit, tx)
        lacks = warnings(applicant_in(tx, place.account))
    return page("ask_term.html", place, days=place.entity.granted_days, lacks=lacks, methods=typed.METHODS)


def send_term(visit: Visit) -> Reply:
    """POST /manager/requests/term."""
    form = visit.form
    with visit.read() as tx:
        place = own_place(visit, tx)
    days = typed.one_of(form.text("days"), [str(offered) for offered in place.entity.granted_days])
    method = Method(typed.one_of(form.text("method"), [value for value, _ in typed.METHODS]))
    return _send(visit, AskedTerm(Term(int(days), method), from_on=typed.day(form.text("from_on"))))


def ask_order(visit: Visit) -> Page:
    """GET /manager/requests/purchase-order: the reference to quote, its dates, its maximum, who shares it."""
    with visit.read() as tx:
        place = own_place(visit, tx)
        family = accounts.of_parent(tx, visit.account_id)
    return page("ask_order.html", place, family=family)


def send_order(visit: Visit) -> Reply:
    """POST /manager/requests/purchase-order."""
    with visit.read() as tx:
        place = own_place(visit, tx)
        family = {each.account_id for each in accounts.of_parent(tx, visit.account_id)}
    chosen = {AccountId(name) for name in visit.form.chosen("member:")} & family
    members = frozenset({visit.account_id, *chosen}) if chosen else frozenset[AccountId]()
    return _send(visit, AskedOrder(_terms(visit, place.account.currency, place.today, members)))


def ask_correction(visit: Visit) -> Page:
    """GET /manager/requests/correction?bill=…: what of the bill should be otherwise."""
    bill_id = BillId(visit.query.get("bill") or visit.form.text("bill"))
    with visit.read() as tx:
        place = own_place(visit, tx)
        bill = bills.find(tx, visit.account_id, bill_id)
        if bill is None:
            raise NoSuchBill(bill_id)
        buyer = bills.snapshots(tx, [bill.buyer_hash]).get(bill.buyer_hash, {})
    return page("ask_correction.html", place, bill=bill, buyer=buyer)


def send_correction(visit: Visit) -> Reply:
    """POST /manager/requests/correction."""
    form = visit.form
    members = {name: value for name in BUYER_MEMBERS if (value := form.text(name))}
    reference = "" if form.text("no_order") else form.text("order_reference") or None
    return _send(visit, AskedCorrection(BillId(form.text("bill")), members, reference))


def _terms(visit: Visit, currency: Currency, today: date, members: frozenset[AccountId]) -> OrderTerms:
    form = visit.form
    last_on, maximum = typed.day(form.text("last_on")), typed.amount(form.text("amount"), currency)
    return OrderTerms(
        reference=form.text("reference"),
        start_on=typed.day(form.text("start_on")) or today,
        end_on=None if last_on is None else last_on + timedelta(days=1),
        type=OrderType(typed.one_of(form.text("type"), list(OrderType))),
        kind=OrderKind.OPEN if maximum is None else OrderKind.BLANKET,
        amount_max_minor=maximum,
        members=members,
    )


def _send(visit: Visit, asked: Asked) -> Reply:
    file = forms.checked(visit.form.upload)
    message = visit.form.text("message")
    sent = ask_sales(visit.context, visit.account_id, asked, by=visit.actor, message=message, file=file)
    return Redirect(f"/manager/requests/{sent.request_id}?done=requested")


def _own_request(visit: Visit, tx: Transaction) -> SalesRequest:
    wanted = visit.path_values["request_id"]
    request = requests.find(tx, visit.account_id, request_id_of(wanted))
    if request is None:
        raise NoSuchRequest(wanted)
    return request
