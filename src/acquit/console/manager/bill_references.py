"""What bills of the account name for its bookkeeping: a cost account and a contract."""

from acquit.actions.set_bill_references import set_bill_references
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Redirect, Reply, Visit


def ask_references(visit: Visit) -> Page:
    """GET /manager/bill-references: what bills name today."""
    with visit.read() as tx:
        place = own_place(visit, tx)
    return page("bill_references.html", place)


def send_references(visit: Visit) -> Reply:
    """POST /manager/bill-references: bills name these from now on; an empty field names nothing."""
    form = visit.form
    set_bill_references(
        visit.context,
        visit.account_id,
        cost_account=form.text("cost_account"),
        contract=form.text("contract"),
        by=visit.actor,
    )
    return Redirect("/manager/bill-references")
