"""Bills: the list, one bill, its paper."""

from acquit.console.bill_story import bill_story, paper, receipt, ubl
from acquit.console.listing import ROWS, listing, page_number
from acquit.console.place import Place, own_place, page
from acquit.console.timeline import state_of
from acquit.console.typed import found_amount, found_day
from acquit.console.visit import Page, Reply, Visit
from acquit.core.identifiers import BillId
from acquit.store import bill_searches, families
from acquit.store.bill_searches import Wanted


def list_bills(visit: Visit) -> Page:
    """GET /manager/bills: the account's documents, searched, filtered, in pages."""
    with visit.read() as tx:
        place = own_place(visit, tx)
        wanted = _wanted(visit, place)
        offset = ROWS * (page_number(visit) - 1)
        found = bill_searches.search(tx, visit.account_id, wanted, place.today, offset, ROWS)
        parts = families.recent_parts(tx, visit.account_id)
    rows = [(head, state_of(head, place.today)) for head in found.heads]
    return page(
        "bills.html", place, rows=rows, wanted=wanted, parts=parts, listing=listing(visit, found.total)
    )


def show_bill(visit: Visit) -> Page:
    """GET /manager/bills/{bill_id}: lines, VAT, debt and what happened on it."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        story = bill_story(tx, place, visit.account_id, BillId(visit.path_values["bill_id"]))
    return page("bill.html", place, **story)


def show_paper(visit: Visit) -> Reply:
    """GET /manager/bills/{bill_id}/pdf: the bill's paper."""
    return paper(visit, visit.account_id)


def show_ubl(visit: Visit) -> Reply:
    """GET /manager/bills/{bill_id}/ubl: the bill for the buyer's software."""
    return ubl(visit, visit.account_id)


def show_receipt(visit: Visit) -> Reply:
    """GET /manager/bills/{bill_id}/receipt: what proves the paper."""
    return receipt(visit, visit.account_id)


def _wanted(visit: Visit, place: Place) -> Wanted:
    query, text = visit.query, visit.query.get("q", "").strip()[:100]
    return Wanted(
        text=text,
        amount_minor=found_amount(text, place.account.currency),
        state=query.get("state", ""),
        from_on=found_day(query.get("from", "")),
        to_on=found_day(query.get("to", "")),
    )
