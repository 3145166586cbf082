"""Prepaid accounts: orders to put money onto them, what they became, when a payer wants to be warned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, CreditMovementId, LegalEntityId, OrderId
from acquit.core.money import Currency
from acquit.core.prepayment import PrepayOrder, prepay_reference
from acquit.store.transaction import Transaction

_ORDERS: Final[LiteralString] = """
    SELECT o.account_id, o.order_id, o.reference, o.currency, o.amount_minor, o.ordered_at, p.movement_id,
           m.deposit_id, coalesce(b.points, 0) AS points, coalesce(b.worth_minor, 0) AS worth_minor
      FROM prepay_order o
      LEFT JOIN points_order b ON b.account_id = o.account_id AND b.order_id = o.order_id
      LEFT JOIN prepay_order_paid p ON p.account_id = o.account_id AND p.order_id = o.order_id
      LEFT JOIN credit_movement m ON m.account_id = p.account_id AND m.movement_id = p.movement_id
"""

SEVERAL: Final[LiteralString] = (
    _ORDERS + " WHERE o.account_id = %(account_id)s AND o.order_id = ANY(%(order_ids)s) ORDER BY o.order_id"
)

OPEN: Final[LiteralString] = (
    _ORDERS + " WHERE o.account_id = %(account_id)s AND p.movement_id IS NULL "
    "ORDER BY o.order_id DESC LIMIT %(rows_max)s"
)

EVERY: Final[LiteralString] = _ORDERS + " WHERE o.account_id = %(account_id)s ORDER BY o.order_id"

AWAITED: Final[LiteralString] = (
    _ORDERS
    + """
      JOIN account a ON a.account_id = o.account_id AND a.legal_entity_id = %(legal_entity_id)s
     WHERE o.reference = ANY(%(references)s) AND p.movement_id IS NULL
"""
)

NEXT: Final[LiteralString] = "SELECT nextval('order_id') AS order_id"

ADD: Final[LiteralString] = """
    INSERT INTO prepay_order (account_id, order_id, reference, currency, amount_minor, ordered_by)
    VALUES (%(account_id)s, %(order_id)s, %(reference)s, %(currency)s, %(amount_minor)s, %(ordered_by)s)
"""

BUY: Final[LiteralString] = """
    INSERT INTO points_order (account_id, order_id, points, worth_minor)
    VALUES (%(account_id)s, %(order_id)s, %(points)s, %(worth_minor)s)
"""

PAY: Final[LiteralString] = """
    INSERT INTO prepay_order_paid (account_id, order_id, movement_id)
    VALUES (%(account_id)s, %(order_id)s, %(movement_id)s)
"""

UNPAY: Final[LiteralString] = """
    DELETE FROM prepay_order_paid WHERE account_id = %(account_id)s AND movement_id = %(movement_id)s
"""

ALERT: Final[LiteralString] = "SELECT threshold_minor FROM prepaid_alert WHERE account_id = %(account_id)s"

SET_ALERT: Final[LiteralString] = """
    INSERT INTO prepaid_alert (account_id, threshold_minor, set_by)
    VALUES (%(account_id)s, %(threshold_minor)s, %(set_by)s)
        ON CONFLICT (account_id) DO UPDATE
       SET threshold_minor = excluded.threshold_minor, is_warned = false, set_by = excluded.set_by,
           set_at = excluded.set_at
"""

DROP_ALERT: Final[LiteralString] = "DELETE FROM prepaid_alert WHERE account_id = %(account_id)s"

LOW: Final[LiteralString] = """
    SELECT account_id, currency, email, language, threshold_minor, balance_minor
      FROM prepaid_standing
     WHERE legal_entity_id = %(legal_entity_id)s AND NOT is_warned AND balance_minor < threshold_minor
     ORDER BY account_id
"""

WARN: Final[LiteralString] = """
    UPDATE prepaid_alert SET is_warned = true WHERE account_id = %(account_id)s AND NOT is_warned
"""

REARM: Final[LiteralString] = """
    UPDATE prepaid_alert w
       SET is_warned = false
      FROM prepaid_standing s
     WHERE s.account_id = w.account_id AND s.legal_entity_id = %(legal_entity_id)s AND s.is_warned
       AND s.balance_minor >= s.threshold_minor
"""


@dataclass(frozen=True, slots=True)
class Low:
    """A prepaid account whose balance is below its threshold, and where its payer is written to."""

    account_id: AccountId
    currency: Currency
    email: str
    language: str
    threshold_minor: int
    balance_minor: int


def find(tx: Transaction, account_id: AccountId, order_id: OrderId) -> PrepayOrder | None:
    """Return the account's order, or None."""
    return next(iter(find_several(tx, account_id, [order_id])), None)


def find_several(tx: Transaction, account_id: AccountId, order_ids: Sequence[int]) -> list[PrepayOrder]:
    """Return those of the orders that are the account's, in the order of their ids."""
    return [_order(row) for row in tx.all(SEVERAL, account_id=account_id, order_ids=list(order_ids))]


def every(tx: Transaction, account_id: AccountId) -> list[PrepayOrder]:
    """Return the account's orders, oldest first."""
    return [_order(row) for row in tx.all(EVERY, account_id=account_id)]


def open_of(tx: Transaction, account_id: AccountId, rows_max: int) -> list[PrepayOrder]:
    """Return the account's newest orders whose money is awaited, newest first."""
    return [_order(row) for row in tx.all(OPEN, account_id=account_id, rows_max=rows_max)]


def awaited(
    tx: Transaction, legal_entity_id: LegalEntityId, references: Sequence[str]
) -> dict[str, PrepayOrder]:
    """Return the order of each reference whose money is awaited."""
    rows = tx.all(AWAITED, legal_entity_id=legal_entity_id, references=list(references))
    return {row.reference: _order(row) for row in rows}


def add(
    tx: Transaction,
    account_id: AccountId,
    currency: Currency,
    amount_minor: int,
    by: str,
    *,
    points: int = 0,
    worth_minor: int = 0,
) -> PrepayOrder:
    """Write an order, of points if it is of some, and return it; hold the account before."""
    order_id = OrderId(tx.one(NEXT).order_id)
    tx.run(
        ADD, account_id=account_id, order_id=order_id, reference=prepay_reference(order_id),
        currency=currency, amount_minor=amount_minor, ordered_by=by,
    )  # fmt: skip
    if points:
        tx.run(BUY, account_id=account_id, order_id=order_id, points=points, worth_minor=worth_minor)
    made = find(tx, account_id, order_id)
    assert made is not None, "it was written just now"
    return made


def pay(tx: Transaction, account_id: AccountId, order_id: int, movement_id: CreditMovementId) -> None:
    """Write which lot the order's money is; hold the account before."""
    tx.run(PAY, account_id=account_id, order_id=order_id, movement_id=movement_id)


def unpay(tx: Transaction, account_id: AccountId, movement_id: int) -> None:
    """Let the order that this lot paid, if any, wait for its money again."""
    tx.run(UNPAY, account_id=account_id, movement_id=movement_id)


def threshold(tx: Transaction, account_id: AccountId) -> int | None:
    """Return below which balance the account wants a letter, or None."""
    row = tx.one_or_none(ALERT, account_id=account_id)
    return None if row is None else int(row.threshold_minor)


def set_threshold(tx: Transaction, account_id: AccountId, threshold_minor: int | None, by: str) -> None:
    """Write below which balance the account wants a letter; None: never."""
    if threshold_minor is None:
        tx.run(DROP_ALERT, account_id=account_id)
    else:
        tx.run(SET_ALERT, account_id=account_id, threshold_minor=threshold_minor, set_by=by)


def low(tx: Transaction, legal_entity_id: LegalEntityId) -> list[Low]:
    """Return the prepaid accounts below their threshold whose payers were not told; arm the others again."""
    tx.run(REARM, legal_entity_id=legal_entity_id)
    return [Low(**row._asdict()) for row in tx.all(LOW, legal_entity_id=legal_entity_id)]


def warn(tx: Transaction, account_id: AccountId) -> bool:
    """Write that the payer is told now; return False when it was before."""
    return tx.run(WARN, account_id=account_id) == 1


def _order(row: Any) -> PrepayOrder:
    return PrepayOrder(**row._asdict())
