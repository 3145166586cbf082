"""Orders by which accounts ask to pay what they owe."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, BillId, DebtId, OrderId
from acquit.core.money import Currency
from acquit.core.payment_order import OrderedDebt, PaymentOrder
from acquit.store.transaction import Transaction

FIND: Final[LiteralString] = """
    SELECT account_id, order_id, currency, amount_minor, ordered_at
      FROM payment_order
     WHERE account_id = %(account_id)s AND order_id = %(order_id)s
"""

LATEST: Final[LiteralString] = """
    SELECT account_id, order_id, currency, amount_minor, ordered_at
      FROM payment_order
     WHERE account_id = %(account_id)s
     ORDER BY order_id DESC
     LIMIT 1
"""

ACCOUNT_OF: Final[LiteralString] = """
    SELECT account_id FROM payment_order WHERE order_id = %(order_id)s
"""

DEBTS: Final[LiteralString] = """
    SELECT debt_id, bill_id, amount_minor
      FROM payment_order_debt
     WHERE account_id = %(account_id)s AND order_id = %(order_id)s
     ORDER BY debt_id
"""


def find(tx: Transaction, account_id: AccountId, order_id: OrderId) -> PaymentOrder | None:
    """Return the account's payment order, or None."""
    return _order(tx, tx.one_or_none(FIND, account_id=account_id, order_id=order_id))


def latest(tx: Transaction, account_id: AccountId) -> PaymentOrder | None:
    """Return the account's newest payment order, or None."""
    return _order(tx, tx.one_or_none(LATEST, account_id=account_id))


def account_of(tx: Transaction, order_id: OrderId) -> AccountId | None:
    """Return which account an order belongs to: for the link that opens it without a login."""
    row = tx.one_or_none(ACCOUNT_OF, order_id=order_id)
    return None if row is None else AccountId(row.account_id)


LOCK: Final[LiteralString] = """
    SELECT account_id FROM account WHERE account_id = %(account_id)s FOR NO KEY UPDATE
"""


def lock_account(tx: Transaction, account_id: AccountId) -> None:
    """Let one payment order of the account be made after the other."""
    tx.all(LOCK, account_id=account_id)


ADD: Final[LiteralString] = """
    INSERT INTO payment_order (account_id, currency, amount_minor, ordered_by)
    VALUES (%(account_id)s, %(currency)s, %(amount_minor)s, %(ordered_by)s)
    RETURNING account_id, order_id, currency, amount_minor, ordered_at
"""

ADD_DEBTS: Final[LiteralString] = """
    INSERT INTO payment_order_debt (account_id, order_id, debt_id, bill_id, amount_minor)
    SELECT %(account_id)s, %(order_id)s, part.*
      FROM unnest(%(debt_ids)s::bigint[], %(bill_ids)s::text[], %(amounts)s::bigint[]) AS part
"""


def add(
    tx: Transaction, account_id: AccountId, currency: Currency, parts: Sequence[OrderedDebt], ordered_by: str
) -> PaymentOrder:
    """Write a payment order for these debts and return it."""
    total = sum(part.amount_minor for part in parts)
    row = tx.one(ADD, account_id=account_id, currency=currency, amount_minor=total, ordered_by=ordered_by)
    tx.run(
        ADD_DEBTS,
        account_id=account_id,
        order_id=row.order_id,
        debt_ids=[part.debt_id for part in parts],
        bill_ids=[part.bill_id for part in parts],
        amounts=[part.amount_minor for part in parts],
    )
    made = _order(tx, row)
    assert made is not None, "an order that was written is an order"
    return made


def _order(tx: Transaction, row: Any | None) -> PaymentOrder | None:
    if row is None:
        return None
    debts = tx.all(DEBTS, account_id=row.account_id, order_id=row.order_id)
    return PaymentOrder(
        account_id=AccountId(row.account_id),
        order_id=OrderId(row.order_id),
        currency=Currency(row.currency),
        amount_minor=row.amount_minor,
        ordered_at=row.ordered_at,
        debts=tuple(OrderedDebt(DebtId(d.debt_id), BillId(d.bill_id), d.amount_minor) for d in debts),
    )
