"""Give a payer credit, or make credit of its unapplied money; the next run uses it before anything else."""

from dataclasses import dataclass
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_staff
from acquit.actions.settling import Books, book_in, books_in, hold_in
from acquit.core.credit_balance import (
    BadCredit,
    CreditLot,
    CreditType,
    refuse_credit_lot,
    refuse_not_in_hand,
)
from acquit.core.debt import NoSuchDeposit
from acquit.core.identifiers import AccountId
from acquit.core.journal import EntryKind, credit_added_postings, refuse_incomplete
from acquit.core.money import Currency
from acquit.core.operator import Right
from acquit.core.terms import NotThePayer
from acquit.store import acts, credit_movements, debts
from acquit.store.credit_movements import Movement
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Credit:
    """What is added to a balance; money names the deposit that brought it."""

    amount_minor: int
    currency: Currency
    type: CreditType
    source: str
    balance: str = "credit"
    expires_on: date | None = None
    deposit_id: str | None = None


def add_credit(context: Context, payer_id: AccountId, credit: Credit, *, by: str) -> CreditLot:
    """The payer has so much credit more, booked as what it is; return it.

    Raises NoSuchAccount, NotThePayer, BadCredit, NoSuchDeposit, NotInHand, ChartIncomplete, StaffOnly,
    RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.ADD_CREDIT)
        account = account_in(tx, payer_id)
        if not account.pays_itself:
            raise NotThePayer(
                f"{account.payer_id} pays for {payer_id}: credit helps {account.payer_id}.", account=payer_id
            )
        books = books_in(context, tx, account.legal_entity_id)
        refuse_credit_lot(credit.amount_minor, credit.currency, credit.source, credit.expires_on, books.today)
        hold_in(tx, payer_id, [])
        _refuse_without_money(tx, payer_id, credit)
        lot = add_lot_in(tx, books, payer_id, credit, by)
        acts.record(
            tx, by, "add_credit", payer_id, str(lot.movement_id), amount_minor=credit.amount_minor,
            currency=credit.currency, type=credit.type.value, source=credit.source,
        )  # fmt: skip
    return lot


def add_lot_in(tx: Transaction, books: Books, payer_id: AccountId, credit: Credit, by: str) -> CreditLot:
    """Write the credit as a lot and book it; hold the payer before. Raises ChartIncomplete."""
    refuse_incomplete(books.chart, books.entity.legal_entity_id, for_credit=True)
    movement_id = credit_movements.add(
        tx, payer_id, credit.balance, credit.type, credit.amount_minor, credit.currency,
        expires_on=credit.expires_on, source=credit.source, deposit_id=credit.deposit_id,
        on=books.today, by=by,
    )  # fmt: skip
    postings = credit_added_postings(books.chart, credit.amount_minor, credit.currency, credit.type.is_money)
    book_in(tx, payer_id, EntryKind.CREDIT_ADDED, books.today, str(movement_id), postings)
    return CreditLot(
        payer_id, movement_id, credit.balance, credit.type, credit.currency, credit.amount_minor,
        credit.expires_on,
    )  # fmt: skip


def credit_of(context: Context, payer_id: AccountId) -> tuple[list[CreditLot], list[Movement]]:
    """Return what is left of the payer's credit, lot by lot, and every movement. Raises NoSuchAccount."""
    with context.database.snapshot() as tx:
        account_in(tx, payer_id)
        lots = credit_movements.lots(tx, [payer_id]).get(payer_id, ())
        return list(lots), credit_movements.history(tx, payer_id)


def _refuse_without_money(tx: Transaction, payer_id: AccountId, credit: Credit) -> None:
    """Pass when what is called money is unapplied money of the payer, and what was given is not."""
    if credit.type.is_money != (credit.deposit_id is not None):
        raise BadCredit(
            f"{credit.type.value} is money that the payer sent: name the deposit that brought it."
            if credit.type.is_money
            else f"{credit.type.value} is given, not paid: it has no deposit."
        )
    if credit.deposit_id is None:
        return
    deposit = debts.find_deposit(tx, payer_id, credit.deposit_id)
    if deposit is None:
        raise NoSuchDeposit(f"Account {payer_id} has no deposit {credit.deposit_id}.")
    if deposit.currency != credit.currency:
        raise BadCredit(f"Deposit {deposit.deposit_id} is in {deposit.currency}, not in {credit.currency}.")
    refuse_not_in_hand(
        deposit.amount_minor - debts.applied_minor(tx, payer_id, deposit.deposit_id),
        credit.amount_minor,
        credit.currency,
        deposit.deposit_id,
    )
