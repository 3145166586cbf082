"""What paying a reverse bill writes in the books: its supplier is owed less, and its VAT is deducted."""

from datetime import date

from acquit.actions.settling import Books, book_in
from acquit.core.bill import Bill
from acquit.core.identifiers import AccountId, BillId
from acquit.core.journal import EntryKind, require_role
from acquit.core.refund import Refund, RefundState
from acquit.core.reverse_bill import NoSuchReverseBill, Standing, issued_postings, paid_postings, roles_for
from acquit.core.self_billing import Regime
from acquit.store import reverse_bills
from acquit.store.reverse_bills import Facts
from acquit.store.transaction import Transaction


def require_roles_in(books: Books, regime: Regime) -> None:
    """Pass when the chart has the accounts that such bills are booked on. Raises ChartIncomplete."""
    require_role(books.chart, books.entity.legal_entity_id, *roles_for(regime))


def book_bill_in(tx: Transaction, books: Books, bill: Bill, facts: Facts) -> None:
    """Book what an issued reverse bill owes, or, for its credit note, no longer owes."""
    is_credit = bill.corrects_bill_id is not None
    kind = EntryKind.REVERSE_CREDIT if is_credit else EntryKind.REVERSE_BILL
    postings = issued_postings(books.chart, bill, facts.vat, -1 if is_credit else 1)
    book_in(tx, bill.account_id, kind, bill.issued_on, bill.bill_id, postings)


def book_paid_in(tx: Transaction, books: Books, refund: Refund, on: date) -> None:
    """Book that the bank paid a reverse bill, after its payment was told so."""
    _book(tx, books, refund, refund.amount_minor, EntryKind.REVERSE_PAID, on)


def book_returned_in(tx: Transaction, books: Books, refund: Refund) -> None:
    """Book that a payment came back, after that was told; one that never left the bank booked nothing."""
    if refund.state is RefundState.PAID:
        _book(tx, books, refund, -refund.amount_minor, EntryKind.REVERSE_RETURNED, books.today)


def _book(tx: Transaction, books: Books, refund: Refund, minor: int, kind: EntryKind, on: date) -> None:
    bill_id = refund.reverse_bill_id
    assert bill_id is not None, "a payment of a reverse bill names it"
    standing = standing_in(tx, refund.account_id, bill_id)
    vat = reverse_bills.facts(tx, refund.account_id, bill_id).vat
    settled = standing.set_off_minor + standing.paid_minor
    deducted = vat.share(standing.total_minor).moved(settled - minor, settled)
    postings = paid_postings(books.chart, minor, deducted, refund.currency)
    book_in(tx, refund.account_id, kind, on, f"{bill_id}/{refund.refund_id}", postings)


def standing_in(tx: Transaction, account_id: AccountId, bill_id: BillId) -> Standing:
    """Return how the account's reverse bill stands. Raises NoSuchReverseBill, also for a credit note."""
    found = reverse_bills.standing(tx, account_id, bill_id)
    if found is None:
        raise NoSuchReverseBill(bill_id)
    return found
