"""Ask to pay what an account owes: an order whose page says what, to whom and with which references."""

from collections.abc import Sequence

from acquit.actions.context import Context
from acquit.core.debt import NoSuchDebt
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency
from acquit.core.payment_order import PaymentOrder, open_parts
from acquit.store import acts, debt_lists, payment_orders
from acquit.store.transaction import Transaction


def order_payment(
    context: Context,
    account_id: AccountId,
    currency: Currency,
    debt_ids: Sequence[int] | None = None,
    *,
    by: str,
) -> PaymentOrder:
    """Make an order for what is open of these debts of the account (None: of all).

    Asked twice for the same, the account gets the same order. Raises NoSuchDebt, NothingToPay.
    """
    with context.database.write() as tx:
        payment_orders.lock_account(tx, account_id)
        parts = open_parts([(one.debt, one.operations) for one in _owed(tx, account_id, debt_ids)], currency)
        latest = payment_orders.latest(tx, account_id)
        if latest is not None and (latest.debts, latest.currency) == (parts, currency):
            return latest
        made = payment_orders.add(tx, account_id, currency, parts, by)
        acts.record(tx, by, "order_payment", account_id, str(made.order_id), amount_minor=made.amount_minor)
        return made


def _owed(tx: Transaction, account_id: AccountId, debt_ids: Sequence[int] | None) -> list[debt_lists.Owed]:
    if debt_ids is None:
        return debt_lists.open_of_account(tx, account_id)
    found = debt_lists.find_many(tx, account_id, debt_ids)
    missing = sorted(set(debt_ids) - {one.debt.debt_id for one in found})
    if missing:
        raise NoSuchDebt(f"The requested object ({missing[0]}) does not exist")
    return found
