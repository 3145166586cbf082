"""Checks of orders of services: details add up, what was paid was delivered, services are of paid orders."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

SERVICE_ORDERS: Final[LiteralString] = """
    WITH added AS (
         SELECT d.account_id, d.order_id, sum(d.net_minor) AS net_minor,
                bool_or(d.net_minor <> round(d.quantity::numeric * d.unit_price_ucents *
                        CASE WHEN o.currency IN ('JPY', 'XOF') THEN 0.00000001
                             WHEN o.currency = 'TND' THEN 0.00001
                             ELSE 0.000001 END)) AS differs
           FROM service_order_detail d
           JOIN service_order o ON o.account_id = d.account_id AND o.order_id = d.order_id
          GROUP BY d.account_id, d.order_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(o.account_id || '/' || o.order_id ORDER BY o.account_id, o.order_id)
             FILTER (WHERE a.net_minor IS DISTINCT FROM o.net_minor OR a.differs))[1:1000], '{}')
             AS differences
      FROM service_order o
      LEFT JOIN added a ON a.account_id = o.account_id AND a.order_id = o.order_id
"""

ORDERS_DELIVERED: Final[LiteralString] = """
    WITH made AS (
         SELECT m.account_id, m.order_id, count(DISTINCT m.line_no) AS lines, count(s.service_id) AS there,
                count(*) AS services
           FROM service_order_service m
           LEFT JOIN service s ON s.account_id = m.account_id AND s.service_id = m.service_id
          GROUP BY m.account_id, m.order_id
         ),
         wanted AS (
         SELECT account_id, order_id, count(*) AS lines
           FROM service_order_line
          GROUP BY account_id, order_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(p.account_id, m.account_id) || '/' || coalesce(p.order_id, m.order_id) AS id,
                   p.order_id IS NULL OR m.order_id IS NULL OR w.lines IS DISTINCT FROM m.lines
                     OR m.there <> m.services AS differs
              FROM service_order_payment p
              FULL JOIN made m ON m.account_id = p.account_id AND m.order_id = p.order_id
              LEFT JOIN wanted w ON w.account_id = p.account_id AND w.order_id = p.order_id) compared
"""

CHECKS: Final = (
    Check("service-orders", SERVICE_ORDERS),
    Check("orders-delivered", ORDERS_DELIVERED),
)
