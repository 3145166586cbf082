"""What was billed under each purchase order, what is left of it, how long that lasts; and bills that have
none.

Burn is the average net of the last three months that have ended since the order's first bill, two at least.
What is left divided by it gives the day of exhaustion. The amount of an order is what its owner gave in the
rules file: the provider tells none.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from acquit.collector.report.answer import ROWS_MAX, Answer, Row, month_before
from acquit.collector.report.asking import Asking

BURN_MONTHS: Final = 3
BURN_MONTHS_LEAST: Final = 2
YEAR_DAYS: Final = 365
FAR_DAYS: Final = 20 * YEAR_DAYS

ORDERS: Final = """
    WITH known AS (
        SELECT reference, min(start_on) AS start_on,
               if(count(*) = count(end_on), max(end_on), NULL) AS end_on
          FROM purchase_order SEMI JOIN chosen USING (account)
         WHERE status <> 'DELETED' GROUP BY reference),
    billed AS (
        SELECT purchase_order, currency,
               coalesce(sum(net_minor) FILTER (purchase_order_source = 'read'), 0) AS read_minor,
               coalesce(sum(net_minor) FILTER (purchase_order_source = 'inferred'), 0) AS inferred_minor,
               coalesce(sum(net_minor) FILTER (purchase_order_source = 'unknown'), 0) AS unknown_minor,
               sum(net_minor) AS net_minor, sum(total_minor) AS total_minor, sum(bills_count) AS bills_count,
               min(first_on) AS first_on, max(last_on) AS last_on,
               coalesce(sum(net_minor) FILTER (month_on >= $burn_from AND month_on < $burn_to), 0) AS
                 burnt_minor
          FROM bill_month GROUP BY ALL)
    SELECT coalesce(purchase_order, reference) AS purchase_order, currency, start_on, end_on, first_on,
      last_on,
           bills_count, read_minor, inferred_minor, unknown_minor, net_minor, total_minor, burnt_minor
      FROM billed FULL JOIN known ON reference = purchase_order
     ORDER BY currency NULLS LAST, purchase_order NULLS LAST"""

COLUMNS: Final = (
    "purchase_order", "currency", "start_on", "end_on", "first_on", "last_on", "bills_count", "read_minor",
    "inferred_minor", "unknown_minor", "net_minor", "total_minor", "amount_minor", "amount_source",
    "left_read_minor", "left_minor", "burn_minor", "exhausted_on", "state",
)  # fmt: skip

WHY: Final = """
CREATE TEMP TABLE without_order AS
    WITH days AS (
        SELECT account, issued_on, currency, purchase_order_source = 'read' AS is_read, has_no_paper,
               sum(bills_count) AS bills_count, sum(net_minor) AS net_minor, sum(total_minor) AS total_minor
          FROM day WHERE purchase_order IS NULL AND is_asked GROUP BY ALL),
    near AS (
        SELECT d.account, d.issued_on, count(o.reference) AS orders,
               count(*) FILTER (o.is_active AND issued_on >= start_on AND (end_on IS NULL OR issued_on <
                 end_on))
                 AS fitting,
               count(*) FILTER (NOT o.is_active AND issued_on >= start_on
                                AND (end_on IS NULL OR issued_on < end_on)) AS suspended,
               min({'apart': greatest(start_on - issued_on, issued_on - end_on + 1, 0), 'order': o.reference})
                 FILTER (o.reference IS NOT NULL) AS nearest
          FROM (SELECT DISTINCT account, issued_on FROM days) AS d
          LEFT JOIN purchase_order AS o ON o.account = d.account AND o.status <> 'DELETED'
         GROUP BY ALL)
    SELECT days.*, nearest['order'] AS nearest_order, nearest['apart'] AS apart_days,
           CASE WHEN is_read THEN 'paper_says_none' WHEN fitting > 1 THEN 'several_orders'
                WHEN fitting = 1 THEN 'billing_group' WHEN suspended > 0 THEN 'order_suspended'
                WHEN orders > 0 THEN 'outside_windows' WHEN has_no_paper THEN 'no_paper' ELSE 'no_orders'
                  END AS why
      FROM days JOIN near
        ON near.account = days.account AND near.issued_on IS NOT DISTINCT FROM days.issued_on"""

REASONS: Final = """
    SELECT why, currency, sum(bills_count) AS bills_count, sum(net_minor) AS net_minor,
           sum(total_minor) AS total_minor
      FROM without_order GROUP BY ALL ORDER BY currency, total_minor DESC, why"""

WITHOUT_ORDER: Final = """
    WITH largest AS (
        SELECT account, bill_id, issued_on, currency, purchase_order_source AS source, has_no_paper,
               net_minor, total_minor
          FROM unordered_bill WHERE account IN (SELECT account FROM chosen)
           AND ($since IS NULL OR issued_on >= $since) AND (issued_on IS NULL OR issued_on <= $until_on)
         ORDER BY total_minor DESC, account, bill_id LIMIT $limit)
    SELECT b.account, bill_id, b.issued_on, source, why, nearest_order, apart_days, b.currency, b.net_minor,
           b.total_minor
      FROM largest AS b LEFT JOIN without_order AS w
        ON w.account = b.account AND w.issued_on IS NOT DISTINCT FROM b.issued_on
       AND w.currency IS NOT DISTINCT FROM b.currency AND w.has_no_paper = b.has_no_paper
       AND w.is_read = (source = 'read')
     ORDER BY b.total_minor DESC, b.account, bill_id"""
"""The largest, in whatever currency; `without-order-reasons` counts and sums all of them."""


def orders(asking: Asking) -> list[Answer]:
    """Return the draw-down of each order over its whole life, and bills without an order with what
    explains it."""
    asking.run(WHY)
    reasons = asking.answer("without-order-reasons", REASONS, totals=True)
    largest = asking.answer("without-order", WITHOUT_ORDER, limit=asking.question.top or ROWS_MAX)
    bills = sum(reasons.value(row, "bills_count") for row in reasons.rows)
    return [_draw_down(asking), reasons, replace(largest, left_out=int(bills) - len(largest.rows))]


def _draw_down(asking: Asking) -> Answer:
    as_of = asking.question.as_of
    this_month = as_of.replace(day=1)
    burn_from = this_month
    for _ in range(BURN_MONTHS):
        burn_from = month_before(burn_from)
    rows = asking.run(ORDERS, burn_from=burn_from, burn_to=this_month)
    given = {(one.reference, one.currency): one.amount_minor for one in asking.question.rules.orders}
    return Answer("orders", COLUMNS, [_order(row, given, as_of) for row in _with_given(rows, given)])


def _with_given(rows: list[Row], given: dict[tuple[str, str], int]) -> list[Row]:
    """Return the rows, and one for each order of which an amount was given but nothing was billed."""
    billed = {(row[0], row[1]) for row in rows}
    idle = {row[0]: row for row in rows if row[1] is None}
    more = []
    for reference, currency in given:
        if (reference, currency) not in billed:
            known = idle.get(reference, (reference, *[None] * 12))
            more.append((reference, currency, *known[2:]))
    named = {row[0] for row in more}
    return [row for row in rows if row[1] is not None or row[0] not in named] + more


def _order(row: Row, given: dict[tuple[str, str], int], as_of: date) -> Row:
    reference, currency, start_on, end_on, first_on, last_on, *amounts, burnt = row
    bills, read, inferred, unknown, net, total = (amount or 0 for amount in amounts)
    amount = given.get((reference, currency)) if reference is not None else None
    left = None if amount is None else amount - read - inferred
    burn = _burn(first_on, burnt or 0, as_of)
    exhausted_on, state = _exhaustion(left, burn, end_on, as_of)
    return (
        reference, currency, start_on, end_on, first_on, last_on, bills, read, inferred, unknown, net, total,
        amount, None if amount is None else "given", None if amount is None else amount - read, left, burn,
        exhausted_on, state if reference is not None else None,
    )  # fmt: skip


def _burn(first_on: date | None, burnt: int, as_of: date) -> int | None:
    """Return the average net a month, half away from zero; None when too few months have ended."""
    if first_on is None:
        return None
    months = min(BURN_MONTHS, (as_of.year - first_on.year) * 12 + as_of.month - first_on.month)
    if months < BURN_MONTHS_LEAST:
        return None
    average = (abs(burnt) * 2 + months) // (2 * months)
    return -average if burnt < 0 else average


def _exhaustion(
    left: int | None, burn: int | None, end_on: date | None, as_of: date
) -> tuple[date | None, Any]:
    """Return the day on which nothing is left, and what is to be said of the order."""
    if end_on is not None and end_on <= as_of:
        return None, "closed"
    if left is None:
        return None, "amount_unknown"
    if left <= 0:
        return None, "spent"
    if burn is None:
        return None, "burn_unknown"
    if burn <= 0:
        return None, "not_drawn"
    days = left * YEAR_DAYS // (burn * 12)
    if days > FAR_DAYS:
        return None, "lasts"
    exhausted_on = as_of + timedelta(days=days)
    return exhausted_on, "lasts" if end_on is not None and exhausted_on >= end_on else "runs_out"
