"""Accounts: search, and one account with all that staff needs to know of it."""

from acquit.actions.explain_bill import explain_bill
from acquit.actions.loading import applicant_in
from acquit.console.bill_story import bill_story, paper, receipt, ubl
from acquit.console.listing import ROWS, listing, page_number
from acquit.console.orders import order_state
from acquit.console.place import Place, place_of
from acquit.console.staff.frame import page
from acquit.console.timeline import state_of
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.bill import NoSuchBill
from acquit.core.explanation_text import told
from acquit.core.identifiers import AccountId, BillId
from acquit.core.purchase_order import used_percent
from acquit.core.terms import Grant, warnings
from acquit.store import (
    account_searches,
    accounts,
    bill_searches,
    contract_texts,
    payment_methods,
    purchase_order_pages,
    reverse_lists,
    terms,
)
from acquit.store.bill_searches import Wanted
from acquit.store.purchase_order_pages import NEWEST

BILLS = 10
GRANTS = 10
ORDERS = 5
FAMILY = 10


def list_accounts(visit: Visit) -> Page:
    """GET /office/accounts: by part of an id, a name, an address of mail, or by a bill's number."""
    text = visit.query.get("q", "").strip()[:100]
    with visit.read() as tx:
        found = account_searches.search(tx, text, ROWS * (page_number(visit) - 1), ROWS)
    shown = listing(visit, found.total)
    return page("accounts.html", visit, found=found.accounts, text=text, listing=shown, is_more=found.is_more)


def show_account(visit: Visit) -> Page:
    """GET /office/accounts/{account_id}."""
    account_id = account_id_of(visit)
    with visit.snapshot() as tx:
        place = place_of(visit, tx, account_id)
        grants = terms.of_account(tx, account_id)
        orders = purchase_order_pages.page(tx, account_id, NEWEST, ORDERS + 1)
        family = accounts.page_of_parent(tx, account_id, 0, FAMILY + 1)
        bills = bill_searches.search(tx, account_id, Wanted(), place.today, 0, BILLS)
        values = {
            "tags": accounts.tags(tx, account_id),
            "attributes": terms.attributes(tx, account_id),
            "methods": payment_methods.of_account(tx, place.account.payer_id),
            "contracts": contract_texts.presented(tx, account_id, place.today),
            "lost": warnings(applicant_in(tx, place.account)) if any(map(_runs, grants)) else [],
        }
    return page(
        "account.html",
        visit,
        place=place,
        zone=place.entity.zone,
        grants=[(grant, grant_state(grant, place)) for grant in reversed(grants[-GRANTS:])],
        orders=[(order, order_state(order, place.today), used_percent(order)) for order in orders[:ORDERS]],
        more_orders=len(orders) > ORDERS,
        family=family[:FAMILY],
        more_family=len(family) > FAMILY,
        rows=[(head, state_of(head, place.today)) for head in bills.heads],
        **values,
    )


def show_bill(visit: Visit) -> Reply:
    """GET /office/accounts/{account_id}/bills/{bill_id}; a reverse bill has a page of its own."""
    account_id, bill_id = account_id_of(visit), BillId(visit.path_values["bill_id"])
    with visit.snapshot() as tx:
        place = place_of(visit, tx, account_id)
        if reverse_lists.some(tx, account_id, [bill_id]):
            return Redirect(f"/office/reverse-bills/{account_id}/{bill_id}")
        story = bill_story(visit, tx, place, account_id, bill_id)
    return page("bill.html", visit, place=place, zone=place.entity.zone, **story)


def explain(visit: Visit) -> Page:
    """GET /office/accounts/{account_id}/bills/{bill_id}/why: each cent walked back to where it comes from."""
    account_id, bill_id = account_id_of(visit), BillId(visit.path_values["bill_id"])
    with visit.read() as tx:
        place = place_of(visit, tx, account_id)
        if bill_searches.find(tx, account_id, bill_id) is None:
            raise NoSuchBill(bill_id)
    found = explain_bill(visit.context, bill_id)
    return page(
        "why.html", visit, place=place, zone=place.entity.zone, bill=found.bill,
        sentences=told(found, visit.language), path=f"/office/accounts/{account_id}/bills/{bill_id}",
    )  # fmt: skip


def show_paper(visit: Visit) -> Reply:
    """GET /office/accounts/{account_id}/bills/{bill_id}/pdf."""
    return paper(visit, account_id_of(visit))


def show_ubl(visit: Visit) -> Reply:
    """GET /office/accounts/{account_id}/bills/{bill_id}/ubl."""
    return ubl(visit, account_id_of(visit))


def show_receipt(visit: Visit) -> Reply:
    """GET /office/accounts/{account_id}/bills/{bill_id}/receipt."""
    return receipt(visit, account_id_of(visit))


def account_id_of(visit: Visit) -> AccountId:
    """Return the account that the address names."""
    return AccountId(visit.path_values["account_id"])


def grant_state(grant: Grant, place: Place) -> str:
    """Return where a grant is in its life, as the badges name it."""
    if grant.end_on is not None and grant.end_on <= place.today:
        return "ended"
    if not grant.is_approved:
        return "waits"
    return "in force" if grant.holds_on(place.today) else "upcoming"


def _runs(grant: Grant) -> bool:
    return grant.end_on is None
