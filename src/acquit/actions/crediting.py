"""What crediting and correcting a bill have in common: the notes before, the debt set free, the note issued.

The callers hold the payer, the account and its purchase orders.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from acquit.actions.defer_papers import defer_papers
from acquit.actions.settling import (
    Books,
    Owed,
    book_in,
    owed_in,
    settle_in,
    undo_in,
    vat_share_in,
)  # fmt: skip
from acquit.core.bill import Bill, BillKind, Detail, Issuing, NoSuchBill
from acquit.core.claim import FEE, INTEREST, shares
from acquit.core.credit import NotCreditable, credit_note, credited_taxes, given_back
from acquit.core.debt import Allocation, Debt, Means, Operation, OperationKind, open_minor, standing
from acquit.core.down_payment import advances_minor, uses_of
from acquit.core.identifiers import AccountId, BillId, DebtId, OrderId
from acquit.core.journal import EntryKind, VatShare, claim_postings, credit_postings
from acquit.core.numbering import Block
from acquit.ports import Clock
from acquit.store import bills, debts, down_payments, purchase_orders, series
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Taken:
    """A bill, the credit notes that took something of it back before, and the lines to take back now."""

    bill: Bill
    notes: tuple[Bill, ...]
    details: tuple[Detail, ...] = ()


def bill_in(tx: Transaction, account_id: AccountId, bill_id: BillId) -> Taken:
    """Return the bill with its credit notes, oldest first. Raises NoSuchBill."""
    bill = bills.find(tx, account_id, bill_id)
    if bill is None:
        raise NoSuchBill(bill_id)
    found = [bills.find(tx, account_id, each) for each in bills.corrections(tx, account_id, bill_id)]
    notes = [each for each in found if each is not None and each.kind is BillKind.CREDIT_NOTE]
    return Taken(bill, tuple(sorted(notes, key=lambda note: note.order_id)))


def set_free_in(
    tx: Transaction, books: Books, taken: Taken, total_minor: int, on: date, reason: str
) -> tuple[Owed, list[Operation]]:
    """Undo what settled the debt, where the credit needs it; return the debt then, and what was undone.

    Nothing is undone when so much is open and the VAT that is due for what was paid stays the same.
    Raises NotCreditable when the debt was given up.
    """
    bill = taken.bill
    debt_id = DebtId(bill.order_id)
    owed = owed_in(tx, bill.account_id, debt_id)
    undone = [each for each in standing(owed.operations) if each.kind is not OperationKind.CREDIT]
    if any(each.kind is OperationKind.WRITE_OFF for each in undone):
        raise NotCreditable(f"The debt of bill {bill.bill_id} was given up.", bill=bill.bill_id)
    if _may_stay(tx, books, taken, owed, undone, total_minor):
        return owed, []
    for each in undone:
        undo_in(tx, books, owed, each, OperationKind.REOPENED, on, reason)
        owed = owed_in(tx, bill.account_id, debt_id)
    return owed, undone


def _may_stay(
    tx: Transaction, books: Books, taken: Taken, owed: Owed, paid: Sequence[Operation], total_minor: int
) -> bool:
    left = open_minor(owed.debt, owed.operations)
    if left < total_minor:
        return False
    before = vat_share_in(tx, books, owed)
    tax_minor = sum(each.tax_minor for each in credited_taxes(taken.bill, taken.notes, taken.details))
    pending = before.pending_minor - (tax_minor if before.pending_minor else 0)
    after = VatShare(before.total_minor - total_minor, pending)
    paid_minor = sum(each.amount_minor for each in paid)
    return paid_minor == 0 or (after.total_minor > 0 and after.due(paid_minor) == before.due(paid_minor))


def note_in(clock: Clock, tx: Transaction, books: Books, taken: Taken, reason: str) -> Bill:
    """Number the credit note over the lines taken back, and write it."""
    bill, entity = taken.bill, books.entity
    on = max(books.today, bill.issued_on)
    (order_id,) = bills.next_order_ids(tx, 1)
    block = series.take(tx, entity.credit_series_id, 1, on, or_later=True)
    issuing = issuing_in(clock, books, block)
    note = credit_note(
        bill, taken.notes, taken.details, issuing, block.first, OrderId(order_id), reason
    )  # fmt: skip
    bills.write(tx, [note], block.series.series_id, [block.first])
    down_payments.use(tx, uses_of(note))
    defer_papers(tx.connection, [note])
    draw = given_back(bill, note)
    purchase_orders.draw(tx, [] if draw is None else [draw])
    return note


def issuing_in(clock: Clock, books: Books, block: Block) -> Issuing:
    """Return what a document that is numbered now bears; the copy of the seller is kept before."""
    zone = ZoneInfo(books.entity.zone)
    issued_at = datetime.combine(block.issued_on, clock.now().astimezone(zone).time(), zone)
    return Issuing(
        books.entity.legal_entity_id, block.series, None, block.issued_on, issued_at, books.seller.hash
    )


def book_note_in(tx: Transaction, books: Books, owed: Owed, note: Bill) -> None:
    """Let the credit note settle the debt, and take revenue and VAT back as the bill had booked them."""
    debt = owed.debt
    on_debits = vat_share_in(tx, books, owed).pending_minor == 0
    if note.total_minor:
        debts.add_operation(
            tx, debt.account_id, debt.debt_id, OperationKind.CREDIT, Means.CREDIT_NOTE, note.total_minor,
            note.issued_on, reason=note.bill_id,
        )  # fmt: skip
    interest_minor, fee_minor = shares(note.details)
    if any(detail.kind in (INTEREST, FEE) for detail in note.details):
        postings = claim_postings(books.chart, -interest_minor, -fee_minor, note.currency)
    else:
        postings = credit_postings(
            books.chart, note.net_minor, note.tax_minor, note.currency, on_debits, advances_minor(note)
        )
    book_in(tx, note.account_id, EntryKind.CREDIT_NOTE, note.issued_on, note.bill_id, postings)


def settle_again_in(tx: Transaction, books: Books, debt: Debt, undone: Sequence[Operation], on: date) -> int:
    """Let the money that was set free settle the debt, as far as it is owed; return how much did."""
    settled = 0
    for each in undone:
        if each.deposit_payer is None or each.deposit_id is None:
            continue
        owed = owed_in(tx, debt.account_id, debt.debt_id)
        amount_minor = min(each.amount_minor, open_minor(owed.debt, owed.operations))
        deposit = debts.find_deposit(tx, each.deposit_payer, each.deposit_id)
        if amount_minor <= 0 or deposit is None:
            continue
        part = Allocation(debt.account_id, debt.debt_id, amount_minor)
        settle_in(tx, books, owed, part, deposit, on, each.automatic)
        settled += amount_minor
    return settled
