"""Give unapplied money back to its payer: asked for, approved above an amount, paid by the bank.

What a reverse bill owes is paid the same way: only its entries are others.

An approved refund is owed to the payer; whoever writes payment files takes it from there, and tells here
that the bank paid it or sent it back.
"""

from datetime import date

from acquit.actions import reverse_booking
from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_staff
from acquit.actions.settling import Books, book_in, books_in, hold_in
from acquit.core.account import Account
from acquit.core.approval import needs_second, refuse_second
from acquit.core.debt import NoSuchDeposit
from acquit.core.identifiers import AccountId
from acquit.core.journal import EntryKind, Role, refund_paid_postings, refund_postings, require_role
from acquit.core.operator import Right
from acquit.core.refund import (
    NoSuchRefund,
    Refund,
    RefundNotThere,
    RefundState,
    refuse_refund,
    refuse_step,
)
from acquit.core.write_off import refuse_without_reason
from acquit.store import acts, debts, refund_lines, refunds
from acquit.store.transaction import Transaction


def refund_money(
    context: Context,
    payer_id: AccountId,
    deposit_id: str,
    reason: str,
    amount_minor: int | None = None,
    *,
    by: str,
) -> Refund:
    """So much of the deposit (all that is unapplied) is to go back; above an amount a second person agrees.

    Raises NoSuchAccount, NoSuchDeposit, NotRefundable, ReasonMissing, ChartIncomplete, StaffOnly,
    RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.GIVE_UP_MONEY)
        refuse_without_reason(reason)
        account = account_in(tx, payer_id)
        hold_in(tx, payer_id, [])
        deposit = debts.find_deposit(tx, payer_id, deposit_id)
        if deposit is None:
            raise NoSuchDeposit(f"Account {payer_id} has no deposit {deposit_id}.", deposit=deposit_id)
        left = deposit.amount_minor - debts.applied_minor(tx, payer_id, deposit_id)
        asked = left if amount_minor is None else amount_minor
        refuse_refund(asked, left, deposit.currency, deposit_id)
        books = _books(context, tx, account)
        refund_id = refunds.add(
            tx, payer_id, deposit_id, deposit.currency, asked, "refund", reason.strip(), books.today, by
        )
        acts.record(tx, by, "ask_refund", payer_id, deposit_id, refund=refund_id, amount_minor=asked)
        refund = _found(tx, payer_id, refund_id)
        if not needs_second(asked, books.entity):
            approve_in(tx, books, refund, by)
        return _found(tx, payer_id, refund_id)


def approve_refund(context: Context, payer_id: AccountId, refund_id: int, *, by: str) -> Refund:
    """A second person agrees: the refund is to be paid.

    Raises NoSuchRefund, RefundNotThere, NobodyNamed, SamePersonApproves.
    """
    with context.database.write() as tx:
        books, refund = _held(context, tx, payer_id, refund_id, by)
        refuse_step(refund, RefundState.APPROVED)
        refuse_second(f"Refund {refund_id}", refund.asked_by, by)
        approve_in(tx, books, refund, by)
        return _found(tx, payer_id, refund_id)


def refuse_refund_asked(
    context: Context, payer_id: AccountId, refund_id: int, reason: str, *, by: str
) -> Refund:
    """The money stays unapplied. Raises NoSuchRefund, RefundNotThere, ReasonMissing."""
    with context.database.write() as tx:
        books, refund = _held(context, tx, payer_id, refund_id, by)
        refuse_without_reason(reason)
        refuse_step(refund, RefundState.REFUSED)
        _tell(tx, refund, RefundState.REFUSED, books.today, reason, by)
        return _found(tx, payer_id, refund_id)


def record_refund_paid(
    context: Context, payer_id: AccountId, refund_id: int, paid_on: date, told: str = "", *, by: str
) -> Refund:
    """The bank paid the refund: it is owed no more. Raises NoSuchRefund, RefundNotThere."""
    with context.database.write() as tx:
        books, refund = _held(context, tx, payer_id, refund_id, by)
        _refuse_in_file(tx, refund)
        pay_refund_in(tx, books, refund, paid_on, told, by)
        return _found(tx, payer_id, refund_id)


def record_refund_failed(
    context: Context, payer_id: AccountId, refund_id: int, told: str, *, by: str
) -> Refund:
    """The refund was not paid, or came back: its money is unapplied again.

    Raises NoSuchRefund, RefundNotThere.
    """
    with context.database.write() as tx:
        books, refund = _held(context, tx, payer_id, refund_id, by)
        _refuse_in_file(tx, refund)
        fail_refund_in(tx, books, refund, told, by)
        return _found(tx, payer_id, refund_id)


def pay_refund_in(tx: Transaction, books: Books, refund: Refund, paid_on: date, told: str, by: str) -> None:
    """Book that the bank paid an approved refund; hold its payer before. Raises RefundNotThere."""
    refuse_step(refund, RefundState.PAID)
    _tell(tx, refund, RefundState.PAID, paid_on, told, by)
    if refund.reverse_bill_id is not None:
        reverse_booking.book_paid_in(tx, books, refund, paid_on)
        return
    postings = refund_paid_postings(books.chart, refund.amount_minor, refund.currency)
    book_in(tx, refund.account_id, EntryKind.REFUND_PAID, paid_on, str(refund.refund_id), postings)


def fail_refund_in(tx: Transaction, books: Books, refund: Refund, told: str, by: str) -> None:
    """Book that a refund was not paid, or that its money came back. Raises RefundNotThere."""
    refuse_step(refund, RefundState.FAILED)
    _tell(tx, refund, RefundState.FAILED, books.today, told, by)
    if refund.reverse_bill_id is not None:
        reverse_booking.book_returned_in(tx, books, refund)
        return
    source = Role.BANK if refund.state is RefundState.PAID else Role.REFUND_PAYABLE
    postings = refund_postings(books.chart, -refund.amount_minor, refund.currency, source)
    book_in(tx, refund.account_id, EntryKind.REFUND_FAILED, books.today, str(refund.refund_id), postings)


def list_refunds(context: Context, payer_id: AccountId) -> list[Refund]:
    """Return the payer's refunds, newest first. Raises NoSuchAccount."""
    with context.database.read() as tx:
        account_in(tx, payer_id)
        return refunds.of_account(tx, payer_id)


def refunds_in_state(
    context: Context, state: RefundState, after_id: int = 0, rows_max: int | None = None
) -> list[Refund]:
    """Return the refunds that stand so, oldest first, after one: asked (to approve), approved (to pay)."""
    with context.database.read() as tx:
        return refunds.in_state(tx, state, after_id, rows_max)


def _held(
    context: Context, tx: Transaction, payer_id: AccountId, refund_id: int, by: str
) -> tuple[Books, Refund]:
    require_staff(tx, by, Right.GIVE_UP_MONEY)
    account = account_in(tx, payer_id)
    hold_in(tx, payer_id, [])
    return _books(context, tx, account), _found(tx, payer_id, refund_id)


def _books(context: Context, tx: Transaction, account: Account) -> Books:
    books = books_in(context, tx, account.legal_entity_id)
    require_role(books.chart, account.legal_entity_id, Role.REFUND_PAYABLE)
    return books


def _refuse_in_file(tx: Transaction, refund: Refund) -> None:
    """Pass when no file under way pays the refund. Raises RefundNotThere."""
    number = refund_lines.pending_in(tx, refund.account_id, refund.refund_id)
    if number is not None:
        raise RefundNotThere(
            f"Refund {refund.refund_id} is a line of the file {number}: take in what the bank tells of it, "
            "or cancel the file.",
            remittance=number,
        )


def approve_in(tx: Transaction, books: Books, refund: Refund, by: str) -> None:
    """The refund is to be paid. What a reverse bill owes stays on its supplier's account until then."""
    _tell(tx, refund, RefundState.APPROVED, books.today, "", by)
    if refund.reverse_bill_id is not None:
        return
    postings = refund_postings(books.chart, refund.amount_minor, refund.currency)
    book_in(tx, refund.account_id, EntryKind.REFUND, books.today, str(refund.refund_id), postings)


def _tell(tx: Transaction, refund: Refund, state: RefundState, on: date, told: str, by: str) -> None:
    refunds.tell(tx, (refund.account_id, refund.refund_id), state, on, told.strip(), by)
    acts.record(tx, by, f"refund_{state.value}", refund.account_id, f"refund:{refund.refund_id}", told=told)


def _found(tx: Transaction, payer_id: AccountId, refund_id: int) -> Refund:
    found = refunds.find(tx, payer_id, refund_id)
    if found is None:
        raise NoSuchRefund(f"Account {payer_id} has no refund {refund_id}.")
    return found
