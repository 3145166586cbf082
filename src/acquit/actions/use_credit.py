"""Let credit pay what is open of bills, because its payer wants that; or take back what it paid so.

Credit pays bills by itself when they are issued. What came later can pay what was billed before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_if_staff
from acquit.actions.settling import Books, Owed, book_in, books_in, hold_in, owed_in, undo_in, vat_share_in
from acquit.core.credit_balance import CreditKept, CreditLot, CreditType, CreditUse, NoSuchCredit, pay
from acquit.core.debt import Means, NoSuchDebt, OperationKind, open_minor, paid_minor, standing
from acquit.core.identifiers import AccountId, DebtId
from acquit.core.journal import EntryKind, credit_used_postings, refuse_incomplete
from acquit.core.money import Currency
from acquit.core.operator import Right
from acquit.core.payment_order import NothingToPay
from acquit.store import acts, credit_movements, debt_lists, debts
from acquit.store.transaction import Transaction

WHY = "the payer takes its credit back"


@dataclass(frozen=True, slots=True)
class Balance:
    """One credit balance of a payer."""

    type: CreditType
    name: str
    currency: Currency

    def holds(self, lot: CreditLot) -> bool:
        """Whether the lot is on this balance."""
        return (lot.type, lot.balance, lot.currency) == (self.type, self.name, self.currency)


def use_credit(
    context: Context, account_id: AccountId, debt_ids: Sequence[int], balance: Balance, *, by: str
) -> int:
    """The balance pays what is open of these debts, the oldest first, as far as it goes; return how much.

    What a direct debit under way takes up is left to it. Raises NoSuchAccount, NoSuchDebt, NoSuchCredit,
    NothingToPay, ChartIncomplete, RoleForbids.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.SETTLE_DEBTS)
        account = account_in(tx, account_id)
        hold_in(tx, account_id, [])
        books = books_in(context, tx, account.legal_entity_id)
        refuse_incomplete(books.chart, books.entity.legal_entity_id, for_credit=True)
        found = _owed(tx, account_id, debt_ids)
        lots = [
            lot for lot in credit_movements.lots(tx, [account_id]).get(account_id, ()) if balance.holds(lot)
        ]
        if not lots:
            raise NoSuchCredit(f"Nothing is left on balance {balance.name} of account {account_id}.")
        used_minor = 0
        for owed in found:
            room_minor = open_minor(owed.debt, owed.operations) - owed.collecting_minor
            if owed.debt.currency == balance.currency and room_minor > 0:
                uses, lots = pay(lots, balance.currency, room_minor, books.today)
                for use in uses:
                    _use(tx, books, owed_in(tx, account_id, owed.debt.debt_id), use, books.today, by)
                used_minor += sum(use.amount_minor for use in uses)
        if not used_minor:
            raise NothingToPay(
                "Nothing is open here that this credit could pay: it was paid, is being debited, is of "
                "another currency, or the credit is over."
            )
        acts.record(
            tx, by, "use_credit", account_id, balance.name, type=balance.type.value, amount_minor=used_minor
        )
        return used_minor


def take_credit_back(
    context: Context, account_id: AccountId, debt_ids: Sequence[int], balance: Balance, *, by: str
) -> int:
    """What the balance paid of these debts by `use_credit` is credit again; return how much.

    Raises NoSuchAccount, NoSuchDebt, NoSuchCredit (it paid nothing here), CreditKept (only what it paid when
    the bill was issued, or with a transfer), RoleForbids.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.SETTLE_DEBTS)
        account = account_in(tx, account_id)
        hold_in(tx, account_id, [])
        books = books_in(context, tx, account.legal_entity_id)
        ids = [owed.debt.debt_id for owed in _owed(tx, account_id, debt_ids)]
        found = [
            used
            for used in credit_movements.on_debts(tx, account_id, ids)
            if (used.type, used.balance, used.currency) == (balance.type, balance.name, balance.currency)
        ]
        if not found:
            raise NoSuchCredit(f"Balance {balance.name} of account {account_id} pays nothing here.")
        by_hand = [used for used in found if not used.automatic]
        if not by_hand:
            raise CreditKept(
                "This credit paid the bill when it was issued, or together with a transfer: the bill says "
                "so, and it stays."
            )
        for used in by_hand:
            owed = owed_in(tx, account_id, used.debt_id)
            (undone,) = [each for each in standing(owed.operations) if each.operation_id == used.operation_id]
            undo_in(tx, books, owed, undone, OperationKind.REOPENED, books.today, WHY)
        back_minor = sum(used.amount_minor for used in by_hand)
        acts.record(
            tx, by, "take_credit_back", account_id, balance.name, type=balance.type.value,
            amount_minor=back_minor,
        )  # fmt: skip
        return back_minor


def _owed(tx: Transaction, account_id: AccountId, debt_ids: Sequence[int]) -> list[debt_lists.Owed]:
    """Return the debts, oldest first; they are the account's, and it pays them itself."""
    found = {
        one.debt.debt_id: one
        for one in debt_lists.find_many(tx, account_id, debt_ids)
        if one.debt.payer_id == account_id
    }
    missing = [debt_id for debt_id in debt_ids if DebtId(debt_id) not in found]
    if missing:
        raise NoSuchDebt(f"Account {account_id} pays no debt {missing[0]}.", account=account_id)
    return [found[debt_id] for debt_id in sorted(found)]


def _use(tx: Transaction, books: Books, owed: Owed, use: CreditUse, on: date, by: str) -> None:
    debt, amount_minor = owed.debt, use.amount_minor
    operation_id = debts.add_operation(
        tx, debt.account_id, debt.debt_id, OperationKind.PAYMENT, Means.CREDIT_BALANCE, amount_minor, on
    )
    ((_, movement_id),) = credit_movements.next_ids(tx, 1)
    row = (
        use.lot.account_id, movement_id, use.lot.balance, use.lot.type.value, use.lot.currency, -amount_minor,
        use.lot.movement_id, debt.account_id, debt.debt_id, operation_id, on, by,
    )  # fmt: skip
    credit_movements.write(tx, [row])
    paid = paid_minor(owed.operations)
    moved = vat_share_in(tx, books, owed).moved(paid, paid + amount_minor)
    postings = credit_used_postings(books.chart, amount_minor, moved, debt.currency)
    book_in(tx, debt.account_id, EntryKind.SETTLEMENT, on, f"{debt.bill_id}/{operation_id}", postings)
