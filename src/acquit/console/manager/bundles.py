"""Bundles: several bills, one transfer, one reference, and the papers that go with it."""

from acquit.actions.bundle_bills import Papers, bundle_bills, find_bundle, payment_sheet
from acquit.console.listing import LAST, ROWS, cut, key_in
from acquit.console.place import own_place, page
from acquit.console.visit import Download, Page, Redirect, Reply, Visit
from acquit.core.bundle import NoSuchBundle
from acquit.core.identifiers import BillId
from acquit.core.match import OpenDebt
from acquit.store import bank_evidence, bundles


def ask_bundle(visit: Visit) -> Page:
    """GET /manager/pay?bill=…: what one transfer would pay; without bills all that the account owes."""
    ticked = visit.ticked("bill") or visit.form.text("bills").split()
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        owed = bank_evidence.open_of_payers(tx, [visit.account_id]).get(visit.account_id, [])
        in_hand = bank_evidence.credit(tx, [visit.account_id], place.today).get(visit.account_id, {})
    debts = [debt for debt in owed if not ticked or debt.bill_id in ticked]
    paid = sorted(set(ticked) - {debt.bill_id for debt in debts})
    currencies = {debt.currency for debt in debts}
    return page(
        "pay.html",
        place,
        debts=_in_one_currency(debts),
        others=sorted(currencies)[1:],
        paid=paid,
        in_hand=[(each, minor) for each, minor in in_hand.items() if each in sorted(currencies)[:1]],
    )


def make_bundle(visit: Visit) -> Reply:
    """POST /manager/pay: the bills have one reference from now on."""
    bill_ids = [BillId(each) for each in visit.form.text("bills").split()]
    with_credit = "with_credit" in visit.form.fields
    made = bundle_bills(visit.context, visit.account_id, bill_ids, by=visit.actor, with_credit=with_credit)
    return Redirect(f"/manager/bundles/{made.bundle.bundle_id}?done=bundled")


def list_bundles(visit: Visit) -> Page:
    """GET /manager/bundles: the bundles that were made, newest first."""
    with visit.read() as tx:
        place = own_place(visit, tx)
        made = bundles.page(tx, visit.account_id, key_in(visit, "before", LAST), ROWS + 1)
    return page("bundles.html", place, bundles=cut(visit, made, "before", lambda each: each.bundle_id))


def show_bundle(visit: Visit) -> Page:
    """GET /manager/bundles/{bundle_id}: what to transfer, with its code, and what that pays."""
    with visit.read() as tx:
        place = own_place(visit, tx)
    return page("bundle.html", place, papers=_papers(visit))


def show_sheet(visit: Visit) -> Reply:
    """GET /manager/bundles/{bundle_id}/sheet: the payment sheet."""
    bundle_id = _papers(visit).bundle.bundle_id
    sheet = payment_sheet(visit.context, visit.account_id, bundle_id)
    return Download(sheet, "application/pdf", f"payment-sheet-{bundle_id}.pdf", inline=True)


def download_advice(visit: Visit) -> Reply:
    """GET /manager/bundles/{bundle_id}/advice: what the transfer pays, as a table for software."""
    papers = _papers(visit)
    name = f"remittance-advice-{papers.bundle.bundle_id}.csv"
    return Download(papers.table, "text/csv; charset=utf-8", name)


def _papers(visit: Visit) -> Papers:
    text = visit.path_values["bundle_id"]
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NoSuchBundle("There is no such bundle.")
    return find_bundle(visit.context, visit.account_id, int(text))


def _in_one_currency(debts: list[OpenDebt]) -> list[OpenDebt]:
    first = min((debt.currency for debt in debts), default=None)
    return [debt for debt in debts if debt.currency == first]
