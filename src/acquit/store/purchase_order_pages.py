"""Purchase orders as pages list them: some of those that bills of an account may quote, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, BillId, PurchaseOrderId
from acquit.core.purchase_order import Draw, PurchaseOrder
from acquit.store import purchase_orders
from acquit.store.transaction import Transaction

_KEYS: Final[LiteralString] = """
    SELECT account_id, purchase_order_id, start_on, reference
      FROM (SELECT o.account_id, o.purchase_order_id, o.start_on, o.reference, o.end_on, o.active
              FROM purchase_order o
             WHERE o.account_id = %(account_id)s AND o.status = 'CREATED'
             UNION
            SELECT o.account_id, o.purchase_order_id, o.start_on, o.reference, o.end_on, o.active
              FROM purchase_order_member m
              JOIN purchase_order o
                ON o.account_id = m.account_id AND o.purchase_order_id = m.purchase_order_id
             WHERE m.member_id = %(account_id)s AND o.status = 'CREATED') k
"""

PAGE: Final[LiteralString] = (
    _KEYS
    + """
     WHERE (start_on, purchase_order_id) < (%(before_on)s::date, %(before_id)s::bigint)
     ORDER BY start_on DESC, purchase_order_id DESC
     LIMIT %(rows_max)s
"""
)

IN_USE: Final[LiteralString] = (
    _KEYS
    + """
     WHERE active AND start_on <= %(on)s AND (end_on IS NULL OR end_on > %(on)s)
     ORDER BY start_on DESC, purchase_order_id DESC
     LIMIT %(rows_max)s
"""
)

ONE: Final[LiteralString] = _KEYS + " WHERE purchase_order_id = %(purchase_order_id)s"

REFERENCES: Final[LiteralString] = (
    "SELECT reference FROM ("  # noqa: S608 - constants alone
    + _KEYS
    + ") r GROUP BY reference ORDER BY max(start_on) DESC, reference LIMIT %(rows_max)s"
)

DRAWS: Final[LiteralString] = """
    SELECT account_id, purchase_order_id, bill_account_id, bill_id, amount_minor, drawn_on
      FROM purchase_order_draw
     WHERE account_id = %(account_id)s AND purchase_order_id = %(purchase_order_id)s
       AND (%(bill_account_id)s = '' OR bill_account_id = %(bill_account_id)s)
       AND (drawn_on, bill_id) < (%(before_on)s::date, %(before_bill)s)
     ORDER BY drawn_on DESC, bill_id DESC
     LIMIT %(rows_max)s
"""

OPENED: Final[LiteralString] = """
    SELECT b.bill_id
      FROM unnest(%(bill_accounts)s::text[], %(bill_ids)s::text[]) AS w (account_id, bill_id)
      JOIN bill b ON b.account_id = w.account_id AND b.bill_id = w.bill_id
     WHERE %(account_id)s IN (b.account_id, b.payer_id)
"""

DRAWN_BY_DAY: Final[LiteralString] = """
    SELECT account_id, purchase_order_id, '' AS bill_account_id, '' AS bill_id,
           sum(amount_minor)::bigint AS amount_minor, drawn_on
      FROM purchase_order_draw
     WHERE account_id = %(account_id)s AND purchase_order_id = %(purchase_order_id)s
     GROUP BY account_id, purchase_order_id, drawn_on
     ORDER BY drawn_on
"""


@dataclass(frozen=True, slots=True)
class Before:
    """Where a list goes on: before this order, by its first day and its number."""

    start_on: date
    purchase_order_id: int


NEWEST: Final = Before(date.max, 0)


def page(tx: Transaction, account_id: AccountId, before: Before, rows_max: int) -> list[PurchaseOrder]:
    """Return orders that bills of the account may quote, the latest to begin first, those before one."""
    rows = tx.all(
        PAGE, account_id=account_id, before_on=before.start_on, before_id=before.purchase_order_id,
        rows_max=rows_max,
    )  # fmt: skip
    return purchase_orders.some(tx, [(row.account_id, row.purchase_order_id) for row in rows])


def in_use(tx: Transaction, account_id: AccountId, on: date, rows_max: int) -> list[PurchaseOrder]:
    """Return the orders that bills of that day may quote, the latest to begin first."""
    rows = tx.all(IN_USE, account_id=account_id, on=on, rows_max=rows_max)
    return purchase_orders.some(tx, [(row.account_id, row.purchase_order_id) for row in rows])


def find(tx: Transaction, account_id: AccountId, purchase_order_id: int) -> PurchaseOrder | None:
    """Return the order of that number that bills of the account may quote, or None."""
    rows = tx.all(ONE, account_id=account_id, purchase_order_id=purchase_order_id)
    found = purchase_orders.some(tx, [(row.account_id, row.purchase_order_id) for row in rows])
    return next(iter(found), None)


def references(tx: Transaction, account_id: AccountId, rows_max: int) -> list[str]:
    """Return the references that bills of the account may quote, the latest to begin first."""
    return [row.reference for row in tx.all(REFERENCES, account_id=account_id, rows_max=rows_max)]


def draws(
    tx: Transaction, order: PurchaseOrder, of: AccountId | None, before: tuple[date, str], rows_max: int
) -> list[Draw]:
    """Return what bills took from the order, the latest first, before one; of one account if given."""
    rows = tx.all(
        DRAWS, account_id=order.account_id, purchase_order_id=order.purchase_order_id,
        bill_account_id=of or "", before_on=before[0], before_bill=before[1], rows_max=rows_max,
    )  # fmt: skip
    return [Draw(**row._asdict()) for row in rows]


def opened_by(tx: Transaction, account_id: AccountId, draws: Sequence[Draw]) -> frozenset[BillId]:
    """Return of the bills that drew those that the account may open: its own and those that it owes."""
    rows = tx.all(
        OPENED, account_id=account_id, bill_accounts=[draw.bill_account_id for draw in draws],
        bill_ids=[draw.bill_id for draw in draws],
    )  # fmt: skip
    return frozenset(BillId(row.bill_id) for row in rows)


def drawn_by_day(tx: Transaction, order: PurchaseOrder) -> list[Draw]:
    """Return what was taken from the order on each day, in order, whoever's bills it was."""
    rows = tx.all(
        DRAWN_BY_DAY, account_id=order.account_id, purchase_order_id=PurchaseOrderId(order.purchase_order_id)
    )
    return [Draw(**row._asdict()) for row in rows]
