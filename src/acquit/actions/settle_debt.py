"""Record money received from a payer, and let it settle debts; undo either by new facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_staff
from acquit.actions.settling import Books, book_in, books_in, hold_in, owed_in, settle_in, undo_in
from acquit.core.debt import (
    Allocation,
    BadAmount,
    CannotReverse,
    Means,
    NoSuchDeposit,
    NotOwed,
    Operation,
    OperationKind,
    refuse_over_open,
    refuse_reversal,
)
from acquit.core.identifiers import AccountId, DebtId
from acquit.core.journal import EntryKind, Role, deposit_postings
from acquit.core.money import Currency, plain
from acquit.core.numbering import document_id
from acquit.core.operator import Right
from acquit.store import acquirer_events, acts, debts, series
from acquit.store.debts import Deposit
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Settled:
    """A deposit, the operations that it made, and what is left of it."""

    deposit: Deposit
    operation_ids: tuple[int, ...]
    unapplied_minor: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that came in: when, how much, by what means, and what the bank told."""

    received_on: date
    amount_minor: int
    currency: Currency
    means: Means = Means.TRANSFER
    bank_reference: str = ""
    label: str = ""
    automatic: bool = False


def settle_debt(
    context: Context,
    payer_id: AccountId,
    receipt: Receipt,
    allocations: Sequence[Allocation] = (),
    *,
    by: str,
) -> Settled:
    """The money is booked as a numbered deposit and settles these debts; the rest stays unapplied.

    Raises:
        NoSuchAccount, NoSuchDebt: there is no such payer or debt, or another pays it.
        BadAmount: an amount is not positive, or of another currency than the debt.
        NotOwed: more than is open on a debt, or in all more than came in.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        entity_id = account_in(tx, payer_id).legal_entity_id
        hold_in(tx, payer_id, [each.account_id for each in allocations])
        books = books_in(context, tx, entity_id)
        refuse_allocations_in(tx, payer_id, receipt.currency, receipt.amount_minor, allocations)
        deposit = book_deposit_in(tx, books, payer_id, receipt)
        debts.mark_by_hand(tx, payer_id, deposit.deposit_id, entity_id)
        ids = [_settle(tx, books, each, deposit, receipt.automatic) for each in allocations]
        left = receipt.amount_minor - sum(each.amount_minor for each in allocations)
        acts.record(
            tx, by, "settle_debt", payer_id, deposit.deposit_id, amount_minor=receipt.amount_minor,
            currency=receipt.currency, unapplied_minor=left, debts=[each.debt_id for each in allocations],
        )  # fmt: skip
    return Settled(deposit, tuple(ids), left)


def apply_deposit(
    context: Context, payer_id: AccountId, deposit_id: str, allocations: Sequence[Allocation], *, by: str
) -> Settled:
    """What is unapplied of a deposit settles these debts too. Raises NoSuchDeposit and as settle_debt."""
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        entity_id = account_in(tx, payer_id).legal_entity_id
        hold_in(tx, payer_id, [each.account_id for each in allocations])
        deposit = debts.find_deposit(tx, payer_id, deposit_id)
        if deposit is None:
            raise NoSuchDeposit(f"Account {payer_id} has no deposit {deposit_id}.", deposit=deposit_id)
        unapplied = deposit.amount_minor - debts.applied_minor(tx, payer_id, deposit_id)
        books = books_in(context, tx, entity_id)
        refuse_allocations_in(tx, payer_id, deposit.currency, unapplied, allocations)
        ids = [_settle(tx, books, each, deposit, False) for each in allocations]
        left = unapplied - sum(each.amount_minor for each in allocations)
        acts.record(
            tx, by, "apply_deposit", payer_id, deposit_id, unapplied_minor=left,
            debts=[each.debt_id for each in allocations],
        )  # fmt: skip
    return Settled(deposit, tuple(ids), left)


def reopen_debt(
    context: Context, account_id: AccountId, debt_id: DebtId, operation_id: int, reason: str, *, by: str
) -> int:
    """The payment no longer settles the debt; its money is unapplied again. Return the new operation.

    What was given up of the debt can be reopened too: it is owed again.

    Raises NoSuchDebt, NoSuchOperation, CannotReverse.
    """
    return _undo(context, account_id, debt_id, operation_id, OperationKind.REOPENED, reason, by)


def return_payment(
    context: Context, account_id: AccountId, debt_id: DebtId, operation_id: int, reason: str, *, by: str
) -> int:
    """The bank took the payment back: the debt is open again and unpaid. Return the new operation.

    Raises NoSuchDebt, NoSuchOperation, CannotReverse.
    """
    return _undo(context, account_id, debt_id, operation_id, OperationKind.RETURNED, reason, by)


def refuse_allocations_in(
    tx: Transaction,
    payer_id: AccountId,
    currency: Currency,
    amount_minor: int,
    allocations: Sequence[Allocation],
) -> None:
    """Pass when the payer owes these debts and the money is enough. Raises NoSuchDebt, NotOwed, BadAmount."""
    for each in allocations:
        owed = owed_in(tx, each.account_id, each.debt_id)
        if owed.debt.payer_id != payer_id:
            raise NotOwed(f"{owed.debt.payer_id}, not {payer_id}, owes bill {owed.debt.bill_id}.")
        if owed.debt.currency != currency:
            raise BadAmount(f"Bill {owed.debt.bill_id} is owed in {owed.debt.currency}, not in {currency}.")
        refuse_over_open(owed.debt, owed.operations, each.amount_minor)
    given = sum(each.amount_minor for each in allocations)
    if amount_minor <= 0 or given > amount_minor:
        raise NotOwed(
            f"{plain(given, currency)} {currency} would be settled with {plain(amount_minor, currency)}."
        )


def book_deposit_in(
    tx: Transaction, books: Books, payer_id: AccountId, receipt: Receipt, into: Role = Role.BANK
) -> Deposit:
    """Number a deposit and book its money as unapplied, held by the bank or by an acquirer."""
    block = series.take(tx, books.entity.deposit_series_id, 1, receipt.received_on, or_later=True)
    deposit = debts.add_deposit(
        tx, payer_id, document_id(block.series, block.first), books.entity.legal_entity_id,
        receipt.received_on, receipt.amount_minor, receipt.currency, receipt.means, receipt.bank_reference,
        receipt.label,
    )  # fmt: skip
    postings = deposit_postings(books.chart, receipt.amount_minor, receipt.currency, into)
    book_in(tx, payer_id, EntryKind.DEPOSIT, receipt.received_on, deposit.deposit_id, postings)
    return deposit


def _settle(tx: Transaction, books: Books, each: Allocation, deposit: Deposit, automatic: bool) -> int:
    owed = owed_in(tx, each.account_id, each.debt_id)
    return settle_in(tx, books, owed, each, deposit, deposit.received_on, automatic)


def _undo(
    context: Context,
    account_id: AccountId,
    debt_id: DebtId,
    operation_id: int,
    kind: OperationKind,
    reason: str,
    by: str,
) -> int:
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        account = account_in(tx, account_id)
        hold_in(tx, account.payer_id, [account_id])
        owed = owed_in(tx, account_id, debt_id)
        undone = refuse_reversal(owed.debt, owed.operations, operation_id)
        is_loss = undone.kind is OperationKind.WRITE_OFF and kind is OperationKind.REOPENED
        if undone.kind is not OperationKind.PAYMENT and not is_loss:
            raise CannotReverse(f"Operation {operation_id} on bill {owed.debt.bill_id} is no payment.")
        if kind is OperationKind.RETURNED and undone.means is Means.CREDIT_BALANCE:
            raise CannotReverse(f"No bank took operation {operation_id} back: it was paid from credit.")
        if kind is OperationKind.RETURNED and undone.means is Means.SET_OFF:
            raise CannotReverse(f"No bank took operation {operation_id} back: it was set off.")
        if kind is OperationKind.RETURNED:
            _refuse_held_by_acquirer(tx, undone)
        books = books_in(context, tx, account.legal_entity_id)
        on = books.today
        new_id = undo_in(tx, books, owed, undone, kind, on, reason)
        verb = "return_payment" if kind is OperationKind.RETURNED else "reopen_debt"
        acts.record(tx, by, verb, account_id, owed.debt.bill_id, operation_id=operation_id, reason=reason)
    return new_id


def _refuse_held_by_acquirer(tx: Transaction, undone: Operation) -> None:
    """Pass when a bank can have taken the money back. Raises CannotReverse for what an acquirer collected."""
    if acquirer_events.holder_of(tx, undone.deposit_payer, undone.deposit_id) is Role.ACQUIRER:
        raise CannotReverse(
            f"An acquirer collected operation {undone.operation_id}: take in its charge-back with "
            "`acquit acquirer import`, which undoes all that the payment settled."
        )
