"""Bills: the list, many at once as a table or an archive, one bill, its paper."""

from acquit.actions.hand_out_bills import MOST, Key, archive_of_bills, table_of_bills
from acquit.console.bill_story import bill_story, paper, receipt, ubl
from acquit.console.listing import ROWS, listing, page_number
from acquit.console.manager.bill_filters import chosen_of, wanted_of
from acquit.console.manager.one_bill import told_of
from acquit.console.manager.seen import seen_bill
from acquit.console.place import own_place, page
from acquit.console.timeline import state_of
from acquit.console.visit import Download, Page, Reply, Stream, Visit
from acquit.core.identifiers import AccountId
from acquit.store import accounts, bill_searches, families, purchase_order_pages

OPTIONS_MAX = 200
"""So many purchase orders and sub-accounts are offered as filters."""


def list_bills(visit: Visit) -> Page:
    """GET /manager/bills: what the account was billed and what it owes for others, filtered, in pages."""
    with visit.read() as tx:
        place = own_place(visit, tx)
        wanted = wanted_of(visit, tx, place)
        offset = min(ROWS * (page_number(visit) - 1), bill_searches.COUNTED_MAX)
        found = bill_searches.search(tx, visit.account_id, wanted, place.today, offset, ROWS)
        parts = families.recent_parts(tx, visit.account_id)
        family = [each for each in accounts.of_parent(tx, visit.account_id) if not each.pays_itself]
        orders = purchase_order_pages.references(tx, visit.account_id, OPTIONS_MAX)
    rows = [(head, state_of(head, place.today)) for head in found.heads]
    return page(
        "bills.html",
        place,
        rows=rows,
        wanted=wanted,
        parts=parts,
        family=family[:OPTIONS_MAX],
        orders=orders,
        found=found,
        kept=visit.kept("page", "bill"),
        sorts=visit.kept("page", "bill", "sort"),
        listing=listing(visit, found.total),
    )


def download_table(visit: Visit) -> Reply:
    """GET /manager/bills/csv: the ticked bills, or all that fit, a line each."""
    table = table_of_bills(visit.context, _chosen(visit))
    return Download(table, "text/csv; charset=utf-8", f"bills-{visit.account_id}.csv")


def download_archive(visit: Visit) -> Reply:
    """GET /manager/bills/zip: the papers of the ticked bills, or of all that fit, and their table."""
    parts = archive_of_bills(visit.context, _chosen(visit))
    return Stream(parts, "application/zip", f"bills-{visit.account_id}.zip")


def show_bill(visit: Visit) -> Page:
    """GET /manager/bills/{bill_id}: lines, VAT, debt and what happened on it."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        account_id, bill_id = seen_bill(visit, tx)
        story = bill_story(visit, tx, place, account_id, bill_id)
        told = told_of(tx, account_id, bill_id)
    return page("bill.html", place, **story, **told)


def show_paper(visit: Visit) -> Reply:
    """GET /manager/bills/{bill_id}/pdf: the bill's paper."""
    return paper(visit, _owner(visit))


def show_ubl(visit: Visit) -> Reply:
    """GET /manager/bills/{bill_id}/ubl: the bill for the buyer's software."""
    return ubl(visit, _owner(visit))


def show_receipt(visit: Visit) -> Reply:
    """GET /manager/bills/{bill_id}/receipt: what proves the paper."""
    return receipt(visit, _owner(visit))


def _owner(visit: Visit) -> AccountId:
    with visit.read() as tx:
        return seen_bill(visit, tx)[0]


def _chosen(visit: Visit) -> list[Key]:
    with visit.read() as tx:
        place = own_place(visit, tx)
        wanted = chosen_of(visit, tx, place)
        return bill_searches.keys(tx, visit.account_id, wanted, place.today, MOST + 1)
