"""Orders of services: facts of what was ordered, how it was paid and what it became."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.identifiers import AccountId, BillId, OrderId, PaymentMethodId, ServiceId
from acquit.core.money import Currency
from acquit.core.service_order import (
    DetailKind,
    OrderDetail,
    OrderedLine,
    OrderMeans,
    OrderPayment,
    ServiceOrder,
)
from acquit.store.transaction import Transaction

FIND: Final[LiteralString] = """
    SELECT o.account_id, o.order_id, o.cart_id, o.currency, o.net_minor, o.tax_minor, o.ordered_on,
           o.expires_on, o.ordered_at, p.means, p.payment_method_id, p.paid_on, p.paid_at
      FROM service_order o
      LEFT JOIN service_order_payment p ON p.account_id = o.account_id AND p.order_id = o.order_id
     WHERE o.account_id = %(account_id)s AND o.order_id = ANY(%(order_ids)s)
     ORDER BY o.order_id
"""

LINES: Final[LiteralString] = """
    SELECT order_id, line_no, cart_line_id, plan_code, pricing_mode, renewal_months, quantity, options,
           configurations, service_id, from_on, periods
      FROM service_order_line
     WHERE account_id = %(account_id)s AND order_id = ANY(%(order_ids)s)
     ORDER BY order_id, line_no
"""

DETAILS: Final[LiteralString] = """
    SELECT order_id, detail_no, line_no, kind, plan_code, pricing_mode, renewal_months, description, quantity,
           unit_price_ucents, full_price_ucents, net_minor, promotion
      FROM service_order_detail
     WHERE account_id = %(account_id)s AND order_id = ANY(%(order_ids)s)
     ORDER BY order_id, detail_no
"""

SERVICES: Final[LiteralString] = """
    SELECT order_id, line_no, service_id
      FROM service_order_service
     WHERE account_id = %(account_id)s AND order_id = ANY(%(order_ids)s)
     ORDER BY order_id, line_no, service_id
"""

EVERY: Final[LiteralString] = """
    SELECT order_id FROM service_order WHERE account_id = %(account_id)s ORDER BY order_id
"""


def find_several(tx: Transaction, account_id: AccountId, order_ids: Sequence[int]) -> list[ServiceOrder]:
    """Return those of the account's orders with all that belongs to them, by id; others are left out."""
    values = {"account_id": account_id, "order_ids": list(order_ids)}
    lines = _by_order(tx.all(LINES, **values))
    details = _by_order(tx.all(DETAILS, **values))
    made = _by_order(tx.all(SERVICES, **values))
    return [
        replace(
            _order(row),
            lines=tuple(_line(each) for each in lines.get(row.order_id, ())),
            details=tuple(_detail(each) for each in details.get(row.order_id, ())),
            services=tuple((each.line_no, ServiceId(each.service_id)) for each in made.get(row.order_id, ())),
        )
        for row in tx.all(FIND, **values)
    ]


def find(tx: Transaction, account_id: AccountId, order_id: OrderId) -> ServiceOrder | None:
    """Return the account's order, or None."""
    return next(iter(find_several(tx, account_id, [order_id])), None)


def every(tx: Transaction, account_id: AccountId) -> list[ServiceOrder]:
    """Return all orders of services of the account, by id."""
    ids = [row.order_id for row in tx.all(EVERY, account_id=account_id)]
    return find_several(tx, account_id, ids)


NEWEST: Final[LiteralString] = """
    SELECT order_id
      FROM service_order
     WHERE account_id = %(account_id)s
     ORDER BY order_id DESC
     LIMIT %(rows_max)s
"""


def newest(tx: Transaction, account_id: AccountId, rows_max: int) -> list[ServiceOrder]:
    """Return the newest orders of services of the account, by id."""
    ids = [row.order_id for row in tx.all(NEWEST, account_id=account_id, rows_max=rows_max)]
    return find_several(tx, account_id, ids)


ADD: Final[LiteralString] = """
    INSERT INTO service_order (account_id, order_id, cart_id, currency, net_minor, tax_minor, total_minor,
                               ordered_on, expires_on, ordered_by)
    VALUES (%(account_id)s, nextval('order_id'), %(cart_id)s, %(currency)s, %(net_minor)s, %(tax_minor)s,
            %(total_minor)s, %(ordered_on)s, %(expires_on)s, %(ordered_by)s)
    RETURNING order_id, ordered_at
"""


def add(tx: Transaction, order: ServiceOrder, ordered_by: str) -> ServiceOrder:
    """Write a new order with its lines and details and return it with its id and instant."""
    row = tx.one(
        ADD,
        account_id=order.account_id,
        cart_id=order.cart_id,
        currency=order.currency,
        net_minor=order.net_minor,
        tax_minor=order.tax_minor,
        total_minor=order.total_minor,
        ordered_on=order.ordered_on,
        expires_on=order.expires_on,
        ordered_by=ordered_by,
    )
    made = replace(order, order_id=OrderId(row.order_id), ordered_at=row.ordered_at)
    _add_lines(tx, made)
    _add_details(tx, made)
    return made


def _add_lines(tx: Transaction, order: ServiceOrder) -> None:
    columns = (
        "account_id", "order_id", "line_no", "cart_line_id", "plan_code", "pricing_mode", "renewal_months",
        "quantity", "options", "configurations", "service_id", "from_on", "periods",
    )  # fmt: skip
    rows = (
        (
            order.account_id, order.order_id, line.line_no, line.cart_line_id, line.plan_code, line.mode,
            line.months, line.quantity, list(line.options), Jsonb(line.configurations),
            line.service_id, line.from_on, line.periods or None,
        )
        for line in order.lines
    )  # fmt: skip
    tx.copy("service_order_line", columns, rows)


def _add_details(tx: Transaction, order: ServiceOrder) -> None:
    columns = (
        "account_id", "order_id", "detail_no", "line_no", "kind", "plan_code", "pricing_mode",
        "renewal_months", "description", "quantity", "unit_price_ucents", "full_price_ucents", "promotion",
        "net_minor",
    )  # fmt: skip
    rows = (
        (
            order.account_id, order.order_id, each.detail_no, each.line_no, each.kind.value, each.plan_code,
            each.mode, each.months, each.description, each.quantity, each.unit_price_ucents,
            each.full_price_ucents, each.promotion, each.net_minor,
        )
        for each in order.details
    )  # fmt: skip
    tx.copy("service_order_detail", columns, rows)


PAY: Final[LiteralString] = """
    INSERT INTO service_order_payment (account_id, order_id, means, payment_method_id, paid_on, paid_by)
    VALUES (%(account_id)s, %(order_id)s, %(means)s, %(payment_method_id)s, %(paid_on)s, %(paid_by)s)
"""


def pay(tx: Transaction, order: ServiceOrder, payment: OrderPayment, paid_by: str) -> None:
    """Write how the order was paid; `payment.paid_at` is the moment of writing, whatever it says."""
    tx.run(
        PAY,
        account_id=order.account_id,
        order_id=order.order_id,
        means=payment.means.value,
        payment_method_id=payment.payment_method_id,
        paid_on=payment.paid_on,
        paid_by=paid_by,
    )


@dataclass(frozen=True, slots=True)
class Made:
    """A service that a line of an order became; or that it renewed, from a day until before another."""

    line_no: int
    service_id: ServiceId
    from_on: date | None = None
    until_on: date | None = None


def deliver(tx: Transaction, account_id: AccountId, order_id: OrderId, made: Iterable[Made]) -> None:
    """Write which services the lines of the order became, or renewed."""
    columns = ("account_id", "order_id", "line_no", "service_id", "from_on", "until_on")
    tx.copy(
        "service_order_service",
        columns,
        ((account_id, order_id, one.line_no, one.service_id, one.from_on, one.until_on) for one in made),
    )


NOT_BILLED: Final[LiteralString] = """
    SELECT coalesce(sum(o.total_minor), 0)::bigint AS total_minor
      FROM account a
      JOIN service_order o ON o.account_id = a.account_id
      JOIN service_order_payment p ON p.account_id = o.account_id AND p.order_id = o.order_id
     WHERE a.payer_id = %(payer_id)s AND p.means = 'terms'
       AND EXISTS (SELECT
                     FROM service_order_service m
                     JOIN service s ON s.account_id = m.account_id AND s.service_id = m.service_id
                    WHERE m.account_id = o.account_id AND m.order_id = o.order_id
                      AND CASE WHEN m.from_on IS NULL
                               THEN s.next_renewal_on = s.started_on AND s.state <> 'terminated'
                               ELSE EXISTS (
                                    SELECT
                                      FROM open_charge c
                                     WHERE c.account_id = m.account_id AND c.service_id = m.service_id
                                       AND c.kind = 'renewal' AND c.part = ''
                                       AND c.period_start >= m.from_on AND c.period_start < m.until_on)
                           END)
"""


def not_billed_minor(tx: Transaction, payer_id: AccountId) -> int:
    """Return what was ordered on the payer's term and is on no bill yet, VAT included."""
    return int(tx.one(NOT_BILLED, payer_id=payer_id).total_minor)


FIRST_BILLS: Final[LiteralString] = """
    SELECT DISTINCT ON (m.order_id) m.order_id, d.bill_id
      FROM service_order_service m
      JOIN service s ON s.account_id = m.account_id AND s.service_id = m.service_id
      JOIN bill_detail d ON coalesce(d.owner_id, d.account_id) = m.account_id AND d.service_id = m.service_id
                        AND d.kind = 'renewal' AND d.part = ''
                        AND d.period_start = coalesce(m.from_on, s.started_on)
                        AND d.correction_no = 0
     WHERE m.account_id = %(account_id)s AND m.order_id = ANY(%(order_ids)s)
     ORDER BY m.order_id, m.line_no, m.service_id
"""


def first_bills(tx: Transaction, account_id: AccountId, order_ids: Sequence[int]) -> dict[int, BillId]:
    """Return, by order, the bill that bears the first period that it began or renewed."""
    rows = tx.all(FIRST_BILLS, account_id=account_id, order_ids=list(order_ids))
    return {row.order_id: BillId(row.bill_id) for row in rows}


def _by_order(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.order_id, []).append(row)
    return found


def _order(row: Any) -> ServiceOrder:
    payment = None
    if row.means is not None:
        method = None if row.payment_method_id is None else PaymentMethodId(row.payment_method_id)
        payment = OrderPayment(OrderMeans(row.means), method, row.paid_on, row.paid_at)
    return ServiceOrder(
        account_id=AccountId(row.account_id),
        order_id=OrderId(row.order_id),
        cart_id=row.cart_id,
        currency=Currency(row.currency),
        net_minor=row.net_minor,
        tax_minor=row.tax_minor,
        ordered_on=row.ordered_on,
        expires_on=row.expires_on,
        ordered_at=row.ordered_at,
        lines=(),
        details=(),
        payment=payment,
    )


def _line(row: Any) -> OrderedLine:
    return OrderedLine(
        line_no=row.line_no,
        cart_line_id=row.cart_line_id,
        plan_code=row.plan_code,
        mode=row.pricing_mode,
        months=row.renewal_months,
        quantity=row.quantity,
        options=tuple(row.options),
        configurations=tuple((label, value) for label, value in row.configurations),
        service_id=None if row.service_id is None else ServiceId(row.service_id),
        from_on=row.from_on,
        periods=row.periods or 0,
    )


def _detail(row: Any) -> OrderDetail:
    return OrderDetail(
        detail_no=row.detail_no,
        line_no=row.line_no,
        kind=DetailKind(row.kind),
        plan_code=row.plan_code,
        mode=row.pricing_mode,
        months=row.renewal_months,
        description=row.description,
        quantity=row.quantity,
        unit_price_ucents=row.unit_price_ucents,
        full_price_ucents=row.full_price_ucents,
        net_minor=row.net_minor,
        promotion=row.promotion,
    )
