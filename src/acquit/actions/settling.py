"""What settling a debt and undoing it have in common: each writes an operation and a balanced entry.

The callers hold the payer and the accounts, so that neither a debt nor a chain of entries is changed by two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in
from acquit.core import journal
from acquit.core.account import LegalEntity
from acquit.core.debt import (
    Allocation,
    Debt,
    Means,
    NoSuchDebt,
    Operation,
    OperationKind,
    paid_minor,
    refuse_over_open,
    standing,
)
from acquit.core.identifiers import AccountId, BillId, DebtId, LegalEntityId
from acquit.core.journal import Chart, EntryKind, Posting, Role, VatShare, chained
from acquit.core.money import Currency
from acquit.core.period import booking_day
from acquit.core.reverse_bill import paid_postings
from acquit.core.snapshot import Snapshot, seller, snapshot
from acquit.store import (
    accounts,
    acquirer_events,
    billables,
    credit_movements,
    debts,
    journals,
    periods,
    reverse_bills,
)
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Books:
    """The seller, its chart of accounts, its business date and its copy as it is printed now."""

    entity: LegalEntity
    chart: Chart
    today: date
    seller: Snapshot


@dataclass(frozen=True, slots=True)
class Owed:
    """A debt with its operations, oldest first."""

    debt: Debt
    operations: tuple[Operation, ...]


def hold_in(tx: Transaction, payer_id: AccountId, account_ids: Sequence[AccountId]) -> None:
    """Hold the payer, then the accounts in order."""
    accounts.lock(tx, payer_id)
    accounts.lock(tx, *sorted({*account_ids} - {payer_id}))


def books_in(context: Context, tx: Transaction, legal_entity_id: LegalEntityId) -> Books:
    """Return the books of a legal entity. Raises NoSuchLegalEntity, ChartIncomplete."""
    entity = entity_in(tx, legal_entity_id)
    chart = billables.chart(tx, entity.legal_entity_id)
    journal.refuse_incomplete(chart, entity.legal_entity_id)
    return Books(entity, chart, date_of(context, entity), snapshot(seller(entity)))


def owed_in(tx: Transaction, account_id: AccountId, debt_id: DebtId) -> Owed:
    """Return the debt with its operations. Raises NoSuchDebt."""
    debt = debts.find(tx, account_id, debt_id)
    if debt is None:
        raise NoSuchDebt(f"Account {account_id} has no debt {debt_id}.", account=account_id)
    return Owed(debt, tuple(debts.operations(tx, account_id, debt_id)))


def vat_share_in(tx: Transaction, books: Books, owed: Owed) -> VatShare:
    """Return the VAT of the debt's bill that waits for payment (none when it was due with the bill).

    What credit notes took back counts no more.
    """
    debt, pending = owed.debt, books.chart[Role.VAT_PENDING]
    posted = journals.posted_minor(tx, debt.account_id, EntryKind.BILL.value, debt.bill_id, pending)
    credited = 0
    for each in standing(owed.operations):
        if each.kind is OperationKind.CREDIT:
            note_id, kind = each.reason, EntryKind.CREDIT_NOTE.value
            posted += journals.posted_minor(tx, debt.account_id, kind, note_id, pending)
            credited += each.amount_minor
    return VatShare(debt.amount_minor - credited, -posted)


def book_in(
    tx: Transaction,
    account_id: AccountId,
    kind: EntryKind,
    booked_on: date,
    reference: str,
    postings: Sequence[Posting],
) -> None:
    """Write an entry at the end of the account's chain; of a closed month, on the first open day."""
    on = booking_day(booked_on, periods.open_from(tx, account_id))
    entry = chained(journals.head(tx, account_id), account_id, kind.value, on, reference, postings)
    journals.write(tx, [entry])


def settle_in(
    tx: Transaction,
    books: Books,
    owed: Owed,
    allocation: Allocation,
    deposit: debts.Deposit,
    on: date,
    automatic: bool,
) -> int:
    """Let a part of a deposit settle a debt; return the id of the operation. Raises BadAmount, NotOwed."""
    debt, amount_minor = owed.debt, allocation.amount_minor
    refuse_over_open(debt, owed.operations, amount_minor)
    operation_id = debts.add_operation(
        tx, debt.account_id, debt.debt_id, OperationKind.PAYMENT, deposit.means, amount_minor, on,
        deposit=(deposit.account_id, deposit.deposit_id), automatic=automatic,
    )  # fmt: skip
    paid = paid_minor(owed.operations)
    moved = vat_share_in(tx, books, owed).moved(paid, paid + amount_minor)
    postings = journal.settlement_postings(books.chart, amount_minor, moved, debt.currency)
    book_in(tx, debt.account_id, EntryKind.SETTLEMENT, on, f"{debt.bill_id}/{operation_id}", postings)
    return operation_id


def undo_in(
    tx: Transaction,
    books: Books,
    owed: Owed,
    undone: Operation,
    kind: OperationKind,
    on: date,
    reason: str,
) -> int:
    """Undo a payment or a write-off: reopened, money is unapplied again; returned, it was taken back.

    Return the id of the operation that undoes it.
    """
    debt = owed.debt
    deposit = (undone.deposit_payer, undone.deposit_id)
    operation_id = debts.add_operation(
        tx, debt.account_id, debt.debt_id, kind, undone.means, undone.amount_minor, on,
        deposit=None if deposit[0] is None or deposit[1] is None else (deposit[0], deposit[1]),
        reverses_id=undone.operation_id, reason=reason,
    )  # fmt: skip
    if undone.kind is OperationKind.WRITE_OFF:
        postings = journal.write_off_postings(books.chart, -undone.amount_minor, debt.currency)
        book_in(tx, debt.account_id, EntryKind.REOPENED, on, f"{debt.bill_id}/{operation_id}", postings)
        return operation_id
    paid = paid_minor(owed.operations)
    moved = vat_share_in(tx, books, owed).moved(paid - undone.amount_minor, paid)
    if undone.means is Means.CREDIT_BALANCE:
        _give_credit_back(tx, books, debt, undone, operation_id, moved, on)
        return operation_id
    if undone.means is Means.SET_OFF:
        _owe_supplier_again(tx, books, debt, (undone, operation_id), moved, on)
        return operation_id
    if kind is OperationKind.RETURNED:
        holder = acquirer_events.holder_of(tx, undone.deposit_payer, undone.deposit_id)
        postings = journal.returned_postings(books.chart, undone.amount_minor, moved, debt.currency, holder)
        entry_kind = EntryKind.RETURNED
    else:
        postings = journal.reopened_postings(books.chart, undone.amount_minor, moved, debt.currency)
        entry_kind = EntryKind.REOPENED
    book_in(tx, debt.account_id, entry_kind, on, f"{debt.bill_id}/{operation_id}", postings)
    return operation_id


def write_off_in(tx: Transaction, books: Books, owed: Owed, amount_minor: int, on: date, reason: str) -> int:
    """Give up so much of a debt, booked as a loss; return the id of the operation.

    Its VAT stays pending, or due, until the loss is proved (CGI 272-1). Raises BadAmount, NotOwed.
    """
    debt = owed.debt
    refuse_over_open(debt, owed.operations, amount_minor)
    operation_id = debts.add_operation(
        tx,
        debt.account_id,
        debt.debt_id,
        OperationKind.WRITE_OFF,
        Means.LOSS,
        amount_minor,
        on,
        reason=reason,
    )
    postings = journal.write_off_postings(books.chart, amount_minor, debt.currency)
    book_in(tx, debt.account_id, EntryKind.WRITE_OFF, on, f"{debt.bill_id}/{operation_id}", postings)
    return operation_id


def undo_write_off_in(
    tx: Transaction, books: Books, owed: Owed, undone: Operation, on: date, reason: str
) -> int:
    """Owe again what was given up; return the id of the operation that undoes it."""
    debt = owed.debt
    operation_id = debts.add_operation(
        tx, debt.account_id, debt.debt_id, OperationKind.REOPENED, Means.LOSS, undone.amount_minor, on,
        reverses_id=undone.operation_id, reason=reason,
    )  # fmt: skip
    postings = journal.write_off_postings(books.chart, -undone.amount_minor, debt.currency)
    book_in(tx, debt.account_id, EntryKind.REOPENED, on, f"{debt.bill_id}/{operation_id}", postings)
    return operation_id


def _give_credit_back(
    tx: Transaction, books: Books, debt: Debt, undone: Operation, operation_id: int, moved: int, on: date
) -> None:
    """Put what a use of credit had taken back into its lots, and book it."""
    whose = (debt.account_id, debt.debt_id)
    credit_movements.give_back(tx, debt.payer_id, whose, undone.operation_id, operation_id, on, "system")
    postings = journal.credit_used_postings(books.chart, -undone.amount_minor, -moved, debt.currency)
    book_in(tx, debt.account_id, EntryKind.REOPENED, on, f"{debt.bill_id}/{operation_id}", postings)


def _owe_supplier_again(
    tx: Transaction, books: Books, debt: Debt, undone: tuple[Operation, int], moved: int, on: date
) -> None:
    """Book that a set-off is undone: the debt is open, and the reverse bill is owed to its account again.

    Its account is the payer of the debt, which the caller holds.
    """
    operation, new_id = undone
    owner = reverse_bills.set_off_by(tx, (debt.account_id, debt.debt_id), operation.operation_id)
    postings = set_off_postings_in(tx, books, owner, -operation.amount_minor, -moved, debt.currency)
    book_in(tx, debt.account_id, EntryKind.REOPENED, on, f"{debt.bill_id}/{new_id}", postings)


def set_off_postings_in(
    tx: Transaction, books: Books, owner: tuple[AccountId, BillId], minor: int, moved: int, currency: Currency
) -> tuple[Posting, ...]:
    """Return the postings of a set-off that was just written, or undone (negative amounts).

    `moved` is VAT of the debt that becomes due; what the reverse bill lets deduct moves with it.
    """
    vat = reverse_bills.facts(tx, *owner).vat
    standing_now = reverse_bills.standing(tx, *owner)
    assert standing_now is not None, "what sets off is there"
    settled = standing_now.set_off_minor + standing_now.paid_minor
    deducted = vat.share(standing_now.total_minor).moved(settled - minor, settled)
    paid = paid_postings(books.chart, minor, deducted, currency, Role.RECEIVABLE)
    return (*paid, *journal.vat_moves(books.chart, moved, currency))
