"""Payment orders: an account asks to pay what is open, all at once or some of it.

An order is a fact that says what was open when it was made; it settles nothing by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from acquit.core.debt import Debt, Operation, open_minor
from acquit.core.errors import Conflict, NotFound
from acquit.core.identifiers import AccountId, BillId, DebtId, OrderId
from acquit.core.money import Currency


class NothingToPay(Conflict):
    """Nothing is open on what should be paid."""

    code = "nothing-to-pay"


class NoSuchPaymentOrder(NotFound):
    """There is no such order, or the link to it is wrong."""

    code = "no-such-payment-order"


@dataclass(frozen=True, slots=True)
class OrderedDebt:
    """What was open of one debt when its payment was asked for."""

    debt_id: DebtId
    bill_id: BillId
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """An account's wish to pay these debts; its page says how."""

    account_id: AccountId
    order_id: OrderId
    currency: Currency
    amount_minor: int
    ordered_at: datetime
    debts: tuple[OrderedDebt, ...]


def open_parts(
    owed: Sequence[tuple[Debt, Sequence[Operation]]], currency: Currency
) -> tuple[OrderedDebt, ...]:
    """Return what is open of each debt in the currency, by debt. Raises NothingToPay when that is nothing."""
    parts = tuple(
        OrderedDebt(debt.debt_id, debt.bill_id, due)
        for debt, operations in sorted(owed, key=lambda pair: pair[0].debt_id)
        if debt.currency == currency and (due := open_minor(debt, operations)) > 0
    )
    if not parts:
        raise NothingToPay("Nothing is left to pay here: it was paid, refunded or written off")
    return parts
