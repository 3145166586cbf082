"""Order credit for a prepaid account; let money that came otherwise pay such an order; set its threshold."""

from typing import Final

from acquit.actions.add_credit import Credit, add_lot_in
from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_if_staff, require_staff
from acquit.actions.order_points import bring_in, ordered_type
from acquit.actions.settling import books_in, hold_in
from acquit.core.account import Account
from acquit.core.bundle import refuse_clash
from acquit.core.credit_balance import BadCredit, CreditLot, refuse_not_in_hand
from acquit.core.debt import NoSuchDeposit
from acquit.core.identifiers import AccountId, OrderId
from acquit.core.operator import Right
from acquit.core.prepayment import (
    NoSuchPrepayOrder,
    PrepayOrder,
    refuse_paid,
    refuse_prepayment,
    refuse_threshold,
)
from acquit.core.terms import NotThePayer
from acquit.store import acts, bank_evidence, debts, prepayments
from acquit.store.transaction import Transaction

LOOKED_AT: Final = 100
"""Among how many orders that are awaited one of the same amount is looked for."""


def order_prepayment(context: Context, payer_id: AccountId, amount_minor: int, *, by: str) -> PrepayOrder:
    """There is an order with a reference: a transfer of the amount that quotes it is credit of the payer.

    Asked again for the same amount while its money is awaited, it is the same order. Raises NoSuchAccount,
    NotThePayer, BadPrepayment, ReferenceClash, RoleForbids.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.ADD_CREDIT)
        account = _payer_in(tx, payer_id)
        refuse_prepayment(amount_minor, account.currency)
        refuse_clash(bank_evidence.bill_series(tx, account.legal_entity_id))
        hold_in(tx, payer_id, [])
        for known in prepayments.open_of(tx, payer_id, LOOKED_AT):
            if (known.amount_minor, known.currency, known.points) == (amount_minor, account.currency, 0):
                return known
        made = prepayments.add(tx, payer_id, account.currency, amount_minor, by)
        acts.record(
            tx, by, "order_prepayment", payer_id, str(made.order_id), amount_minor=amount_minor,
            currency=account.currency,
        )  # fmt: skip
        return made


def pay_prepay_order(
    context: Context, payer_id: AccountId, order_id: OrderId, deposit_id: str, *, by: str
) -> CreditLot:
    """So much unapplied money of the deposit is the credit, or buys the points, of the order; return the lot.

    For money that came without the order's reference. Raises NoSuchAccount, NoSuchPrepayOrder,
    PrepaidAlready, NoSuchDeposit, BadCredit (of another currency), NotInHand, ChartIncomplete, StaffOnly,
    RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.ADD_CREDIT)
        account = account_in(tx, payer_id)
        books = books_in(context, tx, account.legal_entity_id)
        hold_in(tx, payer_id, [])
        order = prepayments.find(tx, payer_id, order_id)
        if order is None:
            raise NoSuchPrepayOrder(f"Account {payer_id} has no order {order_id} of credit.")
        refuse_paid(order)
        deposit = debts.find_deposit(tx, payer_id, deposit_id)
        if deposit is None:
            raise NoSuchDeposit(f"Account {payer_id} has no deposit {deposit_id}.", deposit=deposit_id)
        if deposit.currency != order.currency:
            raise BadCredit(f"Deposit {deposit_id} is in {deposit.currency}, not in {order.currency}.")
        left_minor = deposit.amount_minor - debts.applied_minor(tx, payer_id, deposit_id)
        refuse_not_in_hand(left_minor, order.amount_minor, order.currency, deposit_id)
        credit = Credit(
            order.amount_minor, order.currency, ordered_type(order), f"order {order_id}",
            deposit_id=deposit_id,
        )  # fmt: skip
        lot = add_lot_in(tx, books, payer_id, credit, by)
        bring_in(tx, order, lot.movement_id, books.today, by)
        acts.record(tx, by, "pay_prepay_order", payer_id, str(order_id), deposit=deposit_id)
        return lot


def set_balance_threshold(
    context: Context, payer_id: AccountId, threshold_minor: int | None, *, by: str
) -> None:
    """The payer gets a letter when its prepaid account falls below the amount; with None never.

    Raises NoSuchAccount, NotThePayer, BadThreshold.
    """
    with context.database.write() as tx:
        account = _payer_in(tx, payer_id)
        refuse_threshold(threshold_minor, account.currency)
        hold_in(tx, payer_id, [])
        prepayments.set_threshold(tx, payer_id, threshold_minor, by)
        acts.record(tx, by, "set_balance_threshold", payer_id, threshold_minor=threshold_minor)


def _payer_in(tx: Transaction, payer_id: AccountId) -> Account:
    account = account_in(tx, payer_id)
    if not account.pays_itself:
        raise NotThePayer(
            f"{account.payer_id} pays for {payer_id}: the prepaid account is {account.payer_id}'s.",
            account=payer_id,
        )
    return account
