"""Checks of prepaid accounts: what an order brought is what was ordered, and what goes back adds up."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

PREPAY_ORDERS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT p.account_id || '/' || p.order_id AS id,
                   (o.amount_minor, o.currency,
                    CASE WHEN b.points IS NULL THEN 'PREPAID_ACCOUNT' ELSE 'POINTS' END,
                    m.movement_id) IS DISTINCT FROM
                   (m.amount_minor, m.currency, m.type, m.lot_id) OR d.deposit_id IS NULL
                     OR b.points * b.worth_minor <> o.amount_minor AS differs
              FROM prepay_order_paid p
              LEFT JOIN prepay_order o ON o.account_id = p.account_id AND o.order_id = p.order_id
              LEFT JOIN points_order b ON b.account_id = p.account_id AND b.order_id = p.order_id
              LEFT JOIN credit_movement m ON m.account_id = p.account_id AND m.movement_id = p.movement_id
              LEFT JOIN deposit d ON d.account_id = m.account_id AND d.deposit_id = m.deposit_id) compared
"""

RETRIEVALS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT r.account_id || '/' || r.order_id AS id,
                   p.amount_minor IS DISTINCT FROM r.amount_minor OR p.others
                     OR NOT EXISTS (SELECT FROM mandate m
                                     WHERE m.account_id = r.account_id
                                       AND m.payment_method_id = r.payment_method_id) AS differs
              FROM retrieval r
             CROSS JOIN LATERAL (
                   SELECT sum(f.amount_minor) AS amount_minor, bool_or(f.currency <> r.currency) AS others
                     FROM retrieval_part p
                     JOIN refund f ON f.account_id = p.account_id AND f.refund_id = p.refund_id
                    WHERE p.account_id = r.account_id AND p.order_id = r.order_id) p) compared
"""

CHECKS: Final = (
    Check("prepay-orders", PREPAY_ORDERS),
    Check("retrievals", RETRIEVALS),
)
