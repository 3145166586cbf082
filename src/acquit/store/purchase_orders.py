"""Purchase orders, who shares them, their lines, and what bills drew from them.

Lock order: payer, account, purchase order, series. Whoever draws holds the orders first, so that two
runs never spend the same amount.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, LiteralString

from psycopg import errors

from acquit.core.identifiers import AccountId, BillId, BillingGroupId, PurchaseOrderId
from acquit.core.money import Currency
from acquit.core.order_change import OrderTerms, overlap_refusal
from acquit.core.purchase_order import (
    Draw,
    MatchedBy,
    OrderKind,
    OrderLine,
    OrderStatus,
    OrderType,
    PurchaseOrder,
)
from acquit.store.transaction import Transaction

_ORDERS: Final[LiteralString] = """
    SELECT o.account_id, o.purchase_order_id, o.reference, o.start_on, o.currency, o.created_by, o.created_at,
           o.updated_at, o.end_on, o.type, o.kind, o.billing_group_id, o.is_family, o.matched_by,
           o.amount_max_minor, o.cost_account, o.succeeds_id, o.active, o.status, o.description,
           ARRAY(SELECT m.member_id FROM purchase_order_member m
                  WHERE m.account_id = o.account_id AND m.purchase_order_id = o.purchase_order_id) AS members,
           coalesce((SELECT sum(d.amount_minor) FROM purchase_order_draw d
                      WHERE d.account_id = o.account_id AND d.purchase_order_id = o.purchase_order_id), 0
                   )::bigint AS drawn_minor
      FROM purchase_order o
"""

FIND: Final[LiteralString] = (
    _ORDERS
    + """
     WHERE o.account_id = %(account_id)s AND o.purchase_order_id = %(purchase_order_id)s
       AND o.status = 'CREATED'
"""
)

OF_ACCOUNT: Final[LiteralString] = (
    _ORDERS
    + """
     WHERE o.account_id = %(account_id)s AND o.status = 'CREATED'
     ORDER BY o.purchase_order_id
"""
)

CONCERNING: Final[LiteralString] = (
    _ORDERS  # noqa: S608 - constants alone
    + """
     WHERE o.status = 'CREATED' AND (o.account_id, o.purchase_order_id) IN (
           SELECT account_id, purchase_order_id
             FROM purchase_order
            WHERE account_id = ANY(%(account_ids)s)
            UNION
           SELECT account_id, purchase_order_id
             FROM purchase_order_member
            WHERE member_id = ANY(%(account_ids)s))
     ORDER BY o.account_id, o.purchase_order_id
"""
)

SOME: Final[LiteralString] = (
    _ORDERS
    + """
      JOIN unnest(%(account_ids)s::text[], %(order_ids)s::bigint[]) WITH ORDINALITY
        AS wanted(account_id, purchase_order_id, place) USING (account_id, purchase_order_id)
     ORDER BY wanted.place
"""
)

WITH_MAXIMUM: Final[LiteralString] = (
    _ORDERS
    + """
     WHERE o.status = 'CREATED' AND o.active AND (o.amount_max_minor IS NOT NULL OR o.kind = 'closed')
     ORDER BY o.account_id, o.purchase_order_id
"""
)

LOCK: Final[LiteralString] = """
    SELECT o.purchase_order_id
      FROM purchase_order o
     WHERE o.status = 'CREATED' AND (o.account_id, o.purchase_order_id) IN (
           SELECT account_id, purchase_order_id
             FROM purchase_order
            WHERE account_id = ANY(%(account_ids)s)
            UNION
           SELECT account_id, purchase_order_id
             FROM purchase_order_member
            WHERE member_id = ANY(%(account_ids)s))
     ORDER BY o.account_id, o.purchase_order_id
       FOR NO KEY UPDATE OF o
"""

LINES: Final[LiteralString] = """
    SELECT l.account_id, l.purchase_order_id, l.line_no, l.item_number, l.description, l.service_pattern,
           l.quantity_e4, l.unit_price_ucents, l.amount_max_minor, l.cost_account,
           coalesce(d.drawn_minor, 0)::bigint AS drawn_minor
      FROM purchase_order_line l
      LEFT JOIN (
           SELECT d.account_id, d.purchase_order_id, t.purchase_order_line_no AS line_no,
                  sum(CASE WHEN b.kind = 'credit-note' THEN -t.net_minor ELSE t.net_minor END) AS drawn_minor
             FROM purchase_order_draw d
             JOIN bill b ON b.account_id = d.bill_account_id AND b.bill_id = d.bill_id
             JOIN bill_detail t ON t.account_id = d.bill_account_id AND t.bill_id = d.bill_id
            WHERE d.account_id = ANY(%(account_ids)s) AND d.purchase_order_id = ANY(%(purchase_order_ids)s)
            GROUP BY d.account_id, d.purchase_order_id, t.purchase_order_line_no) d
        ON d.account_id = l.account_id AND d.purchase_order_id = l.purchase_order_id
       AND d.line_no = l.line_no
     WHERE l.account_id = ANY(%(account_ids)s) AND l.purchase_order_id = ANY(%(purchase_order_ids)s)
     ORDER BY l.account_id, l.purchase_order_id, l.line_no
"""

INSERT: Final[LiteralString] = """
    INSERT INTO purchase_order (account_id, reference, type, kind, start_on, end_on, billing_group_id,
           is_family, matched_by, amount_max_minor, currency, cost_account, succeeds_id, active, description,
           created_by)
    VALUES (%(account_id)s, %(reference)s, %(type)s, %(kind)s, %(start_on)s, %(end_on)s,
           %(billing_group_id)s, %(is_family)s, %(matched_by)s, %(amount_max_minor)s, %(currency)s,
           %(cost_account)s, %(succeeds_id)s, %(active)s, %(description)s, %(created_by)s)
    RETURNING purchase_order_id
"""

ADD_MEMBER: Final[LiteralString] = """
    INSERT INTO purchase_order_member (account_id, purchase_order_id, member_id)
    VALUES (%(account_id)s, %(purchase_order_id)s, %(member_id)s)
"""

ADD_LINE: Final[LiteralString] = """
    INSERT INTO purchase_order_line (account_id, purchase_order_id, line_no, item_number, description,
           service_pattern, quantity_e4, unit_price_ucents, amount_max_minor, cost_account)
    VALUES (%(account_id)s, %(purchase_order_id)s, %(line_no)s, %(item_number)s, %(description)s,
           %(service_pattern)s, %(quantity_e4)s, %(unit_price_ucents)s, %(amount_max_minor)s,
           %(cost_account)s)
"""

UPDATE: Final[LiteralString] = """
    UPDATE purchase_order
       SET reference = %(reference)s, type = %(type)s, start_on = %(start_on)s, end_on = %(end_on)s,
           billing_group_id = %(billing_group_id)s, amount_max_minor = %(amount_max_minor)s,
           active = %(active)s, status = %(status)s, description = %(description)s, updated_at = instant()
     WHERE account_id = %(account_id)s AND purchase_order_id = %(purchase_order_id)s
"""

IN_THE_WAY: Final[LiteralString] = (
    _ORDERS
    + """
     WHERE o.account_id = %(account_id)s AND o.status = 'CREATED' AND o.active AND o.succeeds_id IS NULL
       AND coalesce(o.billing_group_id, 0) = coalesce(%(billing_group_id)s::bigint, 0)
       AND o.is_family = %(is_family)s AND o.purchase_order_id <> %(purchase_order_id)s
       AND daterange(o.start_on, o.end_on, '[)') && daterange(%(start_on)s, %(end_on)s, '[)')
     ORDER BY o.purchase_order_id
     LIMIT 1
"""
)


DRAWS: Final[LiteralString] = """
    SELECT account_id, purchase_order_id, bill_account_id, bill_id, amount_minor, drawn_on
      FROM purchase_order_draw
     WHERE account_id = %(account_id)s AND purchase_order_id = %(purchase_order_id)s
     ORDER BY drawn_on, bill_id
"""

HAS_GROUP: Final[LiteralString] = """
    SELECT EXISTS (
           SELECT FROM billing_group
            WHERE account_id = %(account_id)s AND billing_group_id = %(billing_group_id)s) AS there
"""

DRAW_COLUMNS: Final = (
    "account_id", "purchase_order_id", "bill_account_id", "bill_id", "amount_minor", "drawn_on",
)  # fmt: skip
DRAW_TYPES: Final = ("text", "int8", "text", "text", "int8", "date")


def find(tx: Transaction, account_id: AccountId, purchase_order_id: PurchaseOrderId) -> PurchaseOrder | None:
    """Return the account's order, unless it was deleted, or None."""
    rows = tx.all(FIND, account_id=account_id, purchase_order_id=purchase_order_id)
    return next(iter(_orders(tx, rows)), None)


def of_account(tx: Transaction, account_id: AccountId) -> list[PurchaseOrder]:
    """Return the account's own orders, families that it leads among them, without deleted ones."""
    return _orders(tx, tx.all(OF_ACCOUNT, account_id=account_id))


def concerning(tx: Transaction, account_ids: Sequence[AccountId]) -> list[PurchaseOrder]:
    """Return every order that bills of the accounts may quote: their own and their families'."""
    return _orders(tx, tx.all(CONCERNING, account_ids=list(account_ids)))


def some(tx: Transaction, keys: Sequence[tuple[AccountId, PurchaseOrderId]]) -> list[PurchaseOrder]:
    """Return these orders, in the order given."""
    if not keys:
        return []
    account_ids, order_ids = [account_id for account_id, _ in keys], [order_id for _, order_id in keys]
    return _orders(tx, tx.all(SOME, account_ids=account_ids, order_ids=order_ids))


def lock_concerning(tx: Transaction, account_ids: Sequence[AccountId]) -> list[PurchaseOrder]:
    """Hold the orders that concern the accounts, in order, and return them as they are then."""
    tx.all(LOCK, account_ids=list(account_ids))
    return concerning(tx, account_ids)


def with_maximum(tx: Transaction) -> list[PurchaseOrder]:
    """Return every active order that can be spent."""
    return _orders(tx, tx.all(WITH_MAXIMUM))


def insert(
    tx: Transaction, account_id: AccountId, currency: Currency, terms: OrderTerms, created_by: str
) -> PurchaseOrderId:
    """Write a new order with its members and lines and return its id.

    Raises OrderOverlaps, naming the order in the way, when PostgreSQL finds one; the transaction goes on.
    """
    values = _columns(terms) | {
        "account_id": account_id,
        "currency": currency,
        "is_family": terms.is_family,
        "created_by": created_by,
    }
    try:
        with tx.connection.transaction():
            purchase_order_id = PurchaseOrderId(tx.one(INSERT, **values).purchase_order_id)
    except errors.ExclusionViolation:
        raise overlap_refusal(terms.reference, _in_the_way(tx, values)) from None
    for member_id in sorted(terms.members):
        tx.run(ADD_MEMBER, account_id=account_id, purchase_order_id=purchase_order_id, member_id=member_id)
    for line in terms.lines:
        columns = {name: getattr(line, name) for name in OrderLine.__slots__ if name != "drawn_minor"}
        tx.run(ADD_LINE, account_id=account_id, purchase_order_id=purchase_order_id, **columns)
    return purchase_order_id


def update(tx: Transaction, order: PurchaseOrder) -> None:
    """Write what may change about an order: reference, type, dates, group, maximum, state, description.

    Raises OrderOverlaps, naming the order in the way, when PostgreSQL finds one; the transaction goes on.
    """
    values: dict[str, object] = {
        name: getattr(order, name)
        for name in (
            "account_id", "purchase_order_id", "reference", "start_on", "end_on", "billing_group_id",
            "amount_max_minor", "active", "description",
        )
    }  # fmt: skip
    try:
        with tx.connection.transaction():
            tx.run(UPDATE, **values, type=order.type.value, status=order.status.value)
    except errors.ExclusionViolation:
        found = _in_the_way(tx, values | {"is_family": order.is_family})
        raise overlap_refusal(order.reference, found) from None


def draw(tx: Transaction, draws: Iterable[Draw]) -> int:
    """Write what bills took from orders, or credit notes gave back; return how many."""
    rows = ([getattr(one, name) for name in DRAW_COLUMNS] for one in draws)
    return tx.copy("purchase_order_draw", DRAW_COLUMNS, rows, DRAW_TYPES)


def draws(tx: Transaction, account_id: AccountId, purchase_order_id: PurchaseOrderId) -> list[Draw]:
    """Return what was drawn from an order, oldest first."""
    rows = tx.all(DRAWS, account_id=account_id, purchase_order_id=purchase_order_id)
    return [
        Draw(
            AccountId(row.account_id),
            PurchaseOrderId(row.purchase_order_id),
            AccountId(row.bill_account_id),
            BillId(row.bill_id),
            row.amount_minor,
            row.drawn_on,
        )
        for row in rows
    ]


def has_group(tx: Transaction, account_id: AccountId, billing_group_id: BillingGroupId) -> bool:
    """Whether the account has that billing group."""
    return bool(tx.one(HAS_GROUP, account_id=account_id, billing_group_id=billing_group_id).there)


def _in_the_way(tx: Transaction, values: dict[str, object]) -> PurchaseOrder:
    names = ("account_id", "billing_group_id", "is_family", "start_on", "end_on")
    sought = {name: values[name] for name in names}
    own = values.get("purchase_order_id", 0)
    found = _orders(tx, tx.all(IN_THE_WAY, **sought, purchase_order_id=own))
    assert found, "PostgreSQL saw an overlap, so there is an order in the way"
    return found[0]


def _columns(terms: OrderTerms) -> dict[str, object]:
    return {
        "reference": terms.reference,
        "type": terms.type.value,
        "kind": terms.kind.value,
        "start_on": terms.start_on,
        "end_on": terms.end_on,
        "billing_group_id": terms.billing_group_id,
        "matched_by": terms.matched_by.value,
        "amount_max_minor": terms.amount_max_minor,
        "cost_account": terms.cost_account,
        "succeeds_id": terms.succeeds_id,
        "active": terms.active,
        "description": terms.description,
    }


def _orders(tx: Transaction, rows: Sequence[Any]) -> list[PurchaseOrder]:
    with_lines = [row for row in rows if row.kind == OrderKind.CLOSED.value]
    lines: dict[int, list[OrderLine]] = {}
    if with_lines:
        account_ids = list({row.account_id for row in with_lines})
        order_ids = [row.purchase_order_id for row in with_lines]
        for row in tx.all(LINES, account_ids=account_ids, purchase_order_ids=order_ids):
            lines.setdefault(row.purchase_order_id, []).append(_line(row))
    return [_order(row, tuple(lines.get(row.purchase_order_id, ()))) for row in rows]


def _line(row: Any) -> OrderLine:
    return OrderLine(**{name: getattr(row, name) for name in OrderLine.__slots__})


def _order(row: Any, lines: tuple[OrderLine, ...]) -> PurchaseOrder:
    return PurchaseOrder(
        account_id=AccountId(row.account_id),
        purchase_order_id=PurchaseOrderId(row.purchase_order_id),
        reference=row.reference,
        start_on=row.start_on,
        currency=Currency(row.currency),
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        end_on=row.end_on,
        type=OrderType(row.type),
        kind=OrderKind(row.kind),
        billing_group_id=None if row.billing_group_id is None else BillingGroupId(row.billing_group_id),
        is_family=row.is_family,
        matched_by=MatchedBy(row.matched_by),
        amount_max_minor=row.amount_max_minor,
        cost_account=row.cost_account,
        succeeds_id=None if row.succeeds_id is None else PurchaseOrderId(row.succeeds_id),
        active=row.active,
        status=OrderStatus(row.status),
        description=row.description,
        members=frozenset(AccountId(member) for member in row.members),
        lines=lines,
        drawn_minor=row.drawn_minor,
    )
