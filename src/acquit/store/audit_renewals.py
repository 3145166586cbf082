"""Checks of orders that renewed services: what was ordered was renewed, period by period, at its price."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

ORDERS_RENEWED: Final[LiteralString] = """
    WITH renewed AS (
         SELECT m.account_id, m.order_id, m.line_no,
                sum(round(c.quantity_e4::numeric * c.unit_price_ucents *
                    CASE WHEN c.currency IN ('JPY', 'XOF') THEN 0.000000000001
                         WHEN c.currency = 'TND' THEN 0.000000001
                         ELSE 0.0000000001 END)) AS net_minor,
                count(c.service_id) AS charges,
                bool_or(m.until_on <= m.from_on AND m.service_id = l.service_id) AS differs
           FROM service_order_service m
           JOIN service_order_line l
             ON l.account_id = m.account_id AND l.order_id = m.order_id AND l.line_no = m.line_no
           LEFT JOIN charge c
             ON c.account_id = m.account_id AND c.service_id = m.service_id AND c.kind = 'renewal'
            AND c.part = '' AND c.period_start >= m.from_on AND c.period_start < m.until_on
          WHERE l.service_id IS NOT NULL
          GROUP BY m.account_id, m.order_id, m.line_no
         ), wanted AS (
         SELECT d.account_id, d.order_id, d.line_no, sum(d.net_minor) AS net_minor, count(*) AS details
           FROM service_order_detail d
          WHERE d.kind = 'renewal'
          GROUP BY d.account_id, d.order_id, d.line_no
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(r.account_id || '/' || r.order_id ORDER BY r.account_id, r.order_id, r.line_no)
             FILTER (WHERE r.differs OR r.net_minor IS DISTINCT FROM w.net_minor
                        OR r.charges IS DISTINCT FROM w.details))[1:1000], '{}') AS differences
      FROM renewed r
      LEFT JOIN wanted w
        ON w.account_id = r.account_id AND w.order_id = r.order_id AND w.line_no = r.line_no
"""
CHECKS: Final = (Check("orders-renewed", ORDERS_RENEWED),)
