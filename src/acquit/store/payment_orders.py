"""Orders by which accounts ask to pay what they owe."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, BillId, DebtId, OrderId
from acquit.core.money import Currency
from acquit.core.payment_order import OrderedDebt, PaymentOrder
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction

FIND: Final[LiteralString] = """
    SELECT account_id, order_id, currency, amount_minor, ordered_at
      FROM payment_order
     WHERE account_id = %(account_id)s AND order_id = %(order_id)s
"""

SEVERAL: Final[LiteralString] = """
    SELECT o.account_id, o.order_id, o.currency, o.amount_minor, o.ordered_at, d.debt_id, d.bill_id,
           d.amount_minor AS part_minor
      FROM payment_order o
      JOIN payment_order_debt d ON d.account_id = o.account_id AND d.order_id = o.order_id
     WHERE o.account_id = %(account_id)s AND o.order_id = ANY(%(order_ids)s)
     ORDER BY o.order_id, d.debt_id
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
    SELECT debt_id, bill_id, amount_minor AS part_minor
      FROM payment_order_debt
     WHERE account_id = %(account_id)s AND order_id = %(order_id)s
     ORDER BY debt_id
"""


def find(tx: Transaction, account_id: AccountId, order_id: OrderId) -> PaymentOrder | None:
    """Return the account's payment order, or None."""
    return _order(tx, tx.one_or_none(FIND, account_id=account_id, order_id=order_id))


def find_several(tx: Transaction, account_id: AccountId, order_ids: Sequence[int]) -> list[PaymentOrder]:
    """Return those of the orders that are the account's, in the order of their ids."""
    rows = tx.all(SEVERAL, account_id=account_id, order_ids=list(order_ids))
    return [_made(parts[0], parts) for parts in (list(one) for _, one in groupby(rows, _order_id))]


def of_account(
    account_id: AccountId, *, ordered_from: datetime | None = None, ordered_to: datetime | None = None
) -> Selection:
    """Select the account's payment orders; both bounds are inclusive and count in whole seconds."""
    source: LiteralString = "payment_order WHERE account_id = %(account_id)s"
    values: dict[str, object] = {"account_id": account_id}
    if ordered_from is not None:
        source += " AND ordered_at >= %(ordered_from)s"
        values["ordered_from"] = ordered_from
    if ordered_to is not None:
        source += " AND ordered_at < %(ordered_to)s + interval '1 second'"
        values["ordered_to"] = ordered_to
    return Selection("order_id", source, values)


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
    return _made(row, tx.all(DEBTS, account_id=row.account_id, order_id=row.order_id))


def _order_id(row: Any) -> OrderId:
    return OrderId(row.order_id)


def _made(row: Any, debts: Sequence[Any]) -> PaymentOrder:
    return PaymentOrder(
        account_id=AccountId(row.account_id),
        order_id=OrderId(row.order_id),
        currency=Currency(row.currency),
        amount_minor=row.amount_minor,
        ordered_at=row.ordered_at,
        debts=tuple(OrderedDebt(DebtId(d.debt_id), BillId(d.bill_id), d.part_minor) for d in debts),
    )
