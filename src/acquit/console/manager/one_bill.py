"""What else the page of a bill leads to: why each cent, how it reached its buyer, an objection to it."""

from collections.abc import Mapping

from acquit.actions.explain_bill import explain_bill
from acquit.actions.open_dispute import open_dispute
from acquit.console import typed
from acquit.console.manager.seen import seen_bill
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.bill import NoSuchBill
from acquit.core.dispute import disputed_minor
from acquit.core.explanation_text import told
from acquit.core.identifiers import AccountId, BillId
from acquit.store import bill_searches, bill_statuses, bills, delivery_lists, disputes
from acquit.store.transaction import Transaction

DELIVERIES_MAX = 50
LINES_MAX = 200


def explain(visit: Visit) -> Page:
    """GET /manager/bills/{bill_id}/why: each cent walked back to where it comes from, in sentences."""
    with visit.read() as tx:
        place = own_place(visit, tx)
        _, bill_id = seen_bill(visit, tx)
    found = explain_bill(visit.context, bill_id)
    sentences = told(found, visit.language)
    return page("why.html", place, bill=found.bill, sentences=sentences, path=f"/manager/bills/{bill_id}")


def ask_dispute(visit: Visit) -> Page:
    """GET /manager/bills/{bill_id}/dispute: which amount or line is objected to, and why."""
    with visit.read() as tx:
        place = own_place(visit, tx)
        account_id, bill_id = seen_bill(visit, tx)
        head = bill_searches.find(tx, account_id, bill_id)
        if head is None:
            raise NoSuchBill(bill_id)
        lines = bills.details(tx, account_id, bill_id, rows_max=LINES_MAX + 1)
        left = head.total_minor - disputed_minor(disputes.of_bill(tx, account_id, bill_id))
    return page("dispute.html", place, bill=head, left_minor=left, lines=lines, lines_max=LINES_MAX)


def send_dispute(visit: Visit) -> Reply:
    """POST /manager/bills/{bill_id}/dispute: the amount is not asked for until the objection is answered."""
    form = visit.form
    with visit.read() as tx:
        account_id, bill_id = seen_bill(visit, tx)
        bill = bills.find(tx, account_id, bill_id)
    if bill is None:
        raise NoSuchBill(bill_id)
    lines = [str(detail.detail_no) for detail in bill.details]
    line = typed.one_of(form.text("line").strip(), ["", *lines])
    open_dispute(
        visit.context,
        account_id,
        bill_id,
        typed.amount(form.text("amount"), bill.currency) or 0,
        form.text("reason"),
        detail_no=int(line) if line else None,
        by=visit.actor,
    )
    return Redirect(f"/manager/bills/{bill_id}?done=disputed")


def told_of(tx: Transaction, account_id: AccountId, bill_id: BillId) -> Mapping[str, object]:
    """Return how the bill left, what platform and buyer told of it, and the mandate that it is debited by."""
    debit = bills.debit(tx, account_id, bill_id)
    return {
        "deliveries": delivery_lists.find(tx, (), bill_id, DELIVERIES_MAX),
        "statuses": bill_statuses.of_bill(tx, account_id, bill_id),
        "debit": debit and debit[0],
        "collected_on": debit and debit[1],
    }
