"""One bill as both the manager and the office show it."""

from collections.abc import Mapping

from acquit.actions.paper_receipts import receipt_file
from acquit.actions.render_document import bill_pdf, bill_ubl
from acquit.console.listing import cut, key_in
from acquit.console.place import Place
from acquit.console.timeline import state_of, timeline
from acquit.console.visit import Download, Visit
from acquit.core import debt as debts
from acquit.core.bill import NoSuchBill
from acquit.core.dispute import disputed_minor
from acquit.core.identifiers import AccountId, BillId
from acquit.store import bill_searches, bills, disputes, down_payments, stamps
from acquit.store.documents import PDF
from acquit.store.transaction import Transaction

LINES = 100
USES = 100


def paper(visit: Visit, account_id: AccountId) -> Download:
    """Return the paper of the account's bill that the address names. Raises NoSuchBill."""
    bill_id = BillId(visit.path_values["bill_id"])
    content = bill_pdf(visit.context, account_id, bill_id)
    return Download(content, "application/pdf", f"{bill_id}.pdf", inline="download" not in visit.query)


def ubl(visit: Visit, account_id: AccountId) -> Download:
    """Return the account's bill as UBL. Raises NoSuchBill, NoElectronicForm."""
    bill_id = BillId(visit.path_values["bill_id"])
    content = bill_ubl(visit.context, account_id, bill_id)
    return Download(content, "application/xml", f"{bill_id}.xml")


def receipt(visit: Visit, account_id: AccountId) -> Download:
    """Return the receipt of the account's bill that the address names. Raises NoReceiptYet."""
    bill_id = BillId(visit.path_values["bill_id"])
    content = receipt_file(visit.context, account_id, bill_id)
    return Download(content, "application/json", f"{bill_id.replace('/', '_')}.pdf.receipt.json")


def bill_story(
    visit: Visit, tx: Transaction, place: Place, account_id: AccountId, bill_id: BillId
) -> Mapping[str, object]:
    """Return all that the page of one bill shows, of its lines a page.

    Raises NoSuchBill: another account's does not exist here.
    """
    head = bill_searches.find(tx, account_id, bill_id)
    if head is None:
        raise NoSuchBill(bill_id)
    lines = bills.details(tx, account_id, bill_id, key_in(visit, "after", 0), LINES + 1)
    owed, argued = head.owed, disputes.of_bill(tx, account_id, bill_id)
    return {
        "head": head,
        "state": state_of(head, place.today),
        "amounts": (
            debts.amounts(owed.debt, owed.operations, place.today, owed.collecting_minor) if owed else None
        ),
        "details": cut(visit, lines, "after", lambda line: line.detail_no, LINES),
        "taxes": bills.taxes(tx, account_id, bill_id),
        "uses": down_payments.uses(tx, account_id, bill_id, USES),
        "timeline": timeline(head, argued, place.today),
        "disputed_minor": disputed_minor(argued),
        "has_receipt": stamps.is_stamped(tx, account_id, bill_id, PDF),
    }
