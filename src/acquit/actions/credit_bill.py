"""Take an issued bill back whole by a credit note; what was paid for it is unapplied again."""

from datetime import datetime
from zoneinfo import ZoneInfo

from acquit.actions.context import Context
from acquit.actions.defer_papers import defer_papers
from acquit.actions.loading import account_in, require_staff
from acquit.actions.settling import Books, Owed, book_in, books_in, hold_in, owed_in, undo_in, vat_share_in
from acquit.core import snapshot
from acquit.core.bill import Bill, Issuing, NoSuchBill
from acquit.core.credit import NotCreditable, credit_note, given_back, refuse_credit
from acquit.core.debt import Means, OperationKind, standing
from acquit.core.identifiers import AccountId, BillId, DebtId, OrderId
from acquit.core.journal import EntryKind, credit_postings
from acquit.core.money import Currency
from acquit.core.operator import Right
from acquit.store import acts, bills, debts, purchase_orders, series
from acquit.store.transaction import Transaction


def credit_bill(context: Context, account_id: AccountId, bill_id: BillId, reason: str, *, by: str) -> Bill:
    """A credit note takes the bill back: nothing is owed for it and its purchase order has its amount again.

    Raises NoSuchAccount, NoSuchBill, CreditReasonMissing, NotCreditable.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CORRECT_BILLS)
        account = account_in(tx, account_id)
        hold_in(tx, account.payer_id, [account_id])
        purchase_orders.lock_concerning(tx, [account_id])
        bill = bills.find(tx, account_id, bill_id)
        if bill is None:
            raise NoSuchBill(bill_id)
        refuse_credit(bill, bills.corrections(tx, account_id, bill_id), reason)
        books = books_in(tx, account.legal_entity_id)
        owed = _unpaid(context, tx, books, bill, reason)
        note = _issue(context, tx, books, bill, reason)
        _book(tx, books, owed, note)
        acts.record(tx, by, "credit_bill", account_id, bill_id, credit_note=note.bill_id, reason=reason)
    return note


def _unpaid(context: Context, tx: Transaction, books: Books, bill: Bill, reason: str) -> Owed:
    """Undo what settled the debt and return it as it is then. Raises NotCreditable when it was given up."""
    debt_id = DebtId(bill.order_id)
    owed = owed_in(tx, bill.account_id, debt_id)
    today = context.clock.today(books.entity.zone)
    for each in standing(owed.operations):
        if each.kind is not OperationKind.PAYMENT:
            raise NotCreditable(f"The debt of bill {bill.bill_id} was given up.", bill=bill.bill_id)
        undo_in(tx, books, owed, each, OperationKind.REOPENED, today, reason)
        owed = owed_in(tx, bill.account_id, debt_id)
    return owed


def _issue(context: Context, tx: Transaction, books: Books, bill: Bill, reason: str) -> Bill:
    """Number the credit note and write it."""
    entity = books.entity
    seller = snapshot.snapshot(snapshot.seller(entity))
    bills.keep_snapshots(tx, [seller])
    (order_id,) = bills.next_order_ids(tx, 1)
    on = max(context.clock.today(entity.zone), bill.issued_on)
    block = series.take(tx, entity.credit_series_id, 1, on, or_later=True)
    zone = ZoneInfo(entity.zone)
    time_of_day = context.clock.now().astimezone(zone).time()
    issuing = Issuing(
        entity.legal_entity_id,
        block.series,
        None,
        block.issued_on,
        datetime.combine(block.issued_on, time_of_day, zone),
        seller.hash,
    )
    note = credit_note(bill, issuing, block.first, OrderId(order_id), reason)
    bills.write(tx, [note], block.series.series_id, [block.first])
    defer_papers(tx.connection, [note])
    draw = given_back(bill, note)
    purchase_orders.draw(tx, [] if draw is None else [draw])
    return note


def _book(tx: Transaction, books: Books, owed: Owed, note: Bill) -> None:
    """Let the credit note settle the debt, and take revenue and VAT back as the bill had booked them."""
    debt, currency = owed.debt, Currency(note.currency)
    debts.add_operation(
        tx, debt.account_id, debt.debt_id, OperationKind.CREDIT, Means.CREDIT_NOTE, note.total_minor,
        note.issued_on, reason=note.bill_id,
    )  # fmt: skip
    on_debits = vat_share_in(tx, books, debt).pending_minor == 0
    postings = credit_postings(books.chart, note.net_minor, note.tax_minor, currency, on_debits)
    book_in(tx, note.account_id, EntryKind.CREDIT_NOTE, note.issued_on, note.bill_id, postings)
