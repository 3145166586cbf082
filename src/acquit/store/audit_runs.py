"""Checks of what was billed: every charge once, renewals on their dates, orders never overdrawn, runs."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

CHARGES_ONCE: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE times > 1))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(owner_id, account_id) || '/' || service_id || '/'
                     || concat_ws(':', kind, nullif(part, '')) || '/' || period_start AS id,
                   count(*) AS times
              FROM bill_detail
             GROUP BY coalesce(owner_id, account_id), service_id, kind, part, period_start,
                   correction_no) compared
"""

CHARGES_BILLED: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(c.account_id, d.account_id) || '/' || coalesce(c.service_id, d.service_id)
                     || '/' || concat_ws(':', coalesce(c.kind, d.kind), nullif(coalesce(c.part, d.part), ''))
                     || '/'
                     || coalesce(c.period_start, d.period_start) AS id,
                   CASE WHEN c.account_id IS NULL
                        THEN d.kind <> 'renewal' AND (d.kind <> 'discount' OR d.part = '')
                             AND (d.kind <> 'adjustment' OR d.part NOT LIKE 'minimum:%')
                             AND d.kind NOT IN ('late-interest', 'recovery-fee', 'down-payment', 'deduction')
                        ELSE d.account_id IS NOT NULL
                             AND (d.quantity_e4 <> c.quantity_e4 OR d.unit_price_ucents <> c.unit_price_ucents
                                  OR d.period_end <> c.period_end) END AS differs
              FROM charge c
              FULL JOIN (SELECT coalesce(owner_id, account_id) AS account_id, service_id, kind, part,
                                period_start, period_end, quantity_e4, unit_price_ucents
                           FROM bill_detail
                          WHERE correction_no = 0) d
                ON d.account_id = c.account_id AND d.service_id = c.service_id AND d.kind = c.kind
               AND d.part = c.part AND d.period_start = c.period_start) compared
"""

CHARGES_CONSERVED: Final[LiteralString] = """
    WITH told AS (
         SELECT c.currency, c.accepted_on,
                round(c.quantity_e4::numeric * c.unit_price_ucents *
                      CASE WHEN c.currency IN ('JPY', 'XOF') THEN 0.000000000001
                           WHEN c.currency = 'TND' THEN 0.000000001
                           ELSE 0.0000000001 END) AS net_minor,
                coalesce(d.net_minor, x.net_minor) AS billed_minor
           FROM charge c
           LEFT JOIN bill_detail d ON coalesce(d.owner_id, d.account_id) = c.account_id
                                  AND d.service_id = c.service_id
                                  AND d.kind = c.kind AND d.part = c.part
                                  AND d.period_start = c.period_start AND d.correction_no = 0
           LEFT JOIN (SELECT account_id, service_id, kind, part, period_start,
                             -sum(amount_minor) AS net_minor
                        FROM credited_charge
                       GROUP BY account_id, service_id, kind, part, period_start) x
             ON x.account_id = c.account_id AND x.service_id = c.service_id AND x.kind = c.kind
            AND x.part = c.part AND x.period_start = c.period_start
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(currency || '/' || accepted_on ORDER BY currency, accepted_on)
             FILTER (WHERE accepted <> billed + open))[1:1000], '{}') AS differences
      FROM (SELECT currency, accepted_on, sum(net_minor) AS accepted,
                   coalesce(sum(billed_minor), 0) AS billed,
                   coalesce(sum(net_minor) FILTER (WHERE billed_minor IS NULL), 0) AS open
              FROM told
             GROUP BY currency, accepted_on) compared
"""

CHARGES_OPEN: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(c.account_id, o.account_id) || '/' || coalesce(c.service_id, o.service_id) || '/'
                     || concat_ws(':', coalesce(c.kind, o.kind), nullif(coalesce(c.part, o.part), '')) || '/'
                     || coalesce(c.period_start, o.period_start) AS id,
                   c.account_id IS NULL OR (o.account_id IS NULL) <> c.is_billed
                     OR o.accepted_on <> c.accepted_on AS differs
              FROM (SELECT c.account_id, c.service_id, c.kind, c.part, c.period_start, c.accepted_on,
                           d.account_id IS NOT NULL AS is_billed
                      FROM charge c
                      LEFT JOIN (SELECT coalesce(owner_id, account_id) AS account_id, service_id, kind, part,
                                        period_start
                                   FROM bill_detail
                                  UNION
                                 SELECT account_id, service_id, kind, part, period_start
                                   FROM credited_charge) d
                        ON d.account_id = c.account_id AND d.service_id = c.service_id AND d.kind = c.kind
                       AND d.part = c.part AND d.period_start = c.period_start) c
              FULL JOIN open_charge o
                ON o.account_id = c.account_id AND o.service_id = c.service_id AND o.kind = c.kind
               AND o.part = c.part AND o.period_start = c.period_start) compared
"""

CHARGES_CREDITED: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(c.account_id, x.account_id) || '/' || coalesce(c.service_id, x.service_id) || '/'
                     || concat_ws(':', coalesce(c.kind, x.kind), nullif(coalesce(c.part, x.part), '')) || '/'
                     || coalesce(c.period_start, x.period_start) AS id,
                   x.account_id IS NOT NULL AND (
                     c.account_id IS NULL OR x.amount_minor <> -round(
                       c.quantity_e4::numeric * c.unit_price_ucents *
                       CASE WHEN c.currency IN ('JPY', 'XOF') THEN 0.000000000001
                            WHEN c.currency = 'TND' THEN 0.000000001
                            ELSE 0.0000000001 END)
                     OR EXISTS (
                        SELECT
                          FROM bill_detail d
                         WHERE coalesce(d.owner_id, d.account_id) = x.account_id
                           AND d.service_id = x.service_id AND d.kind = x.kind AND d.part = x.part
                           AND d.period_start = x.period_start)) AS differs
              FROM charge c
              FULL JOIN (SELECT account_id, service_id, kind, part, period_start,
                                sum(amount_minor) AS amount_minor
                           FROM credited_charge
                          GROUP BY account_id, service_id, kind, part, period_start) x
                ON x.account_id = c.account_id AND x.service_id = c.service_id AND x.kind = c.kind
               AND x.part = c.part AND x.period_start = c.period_start
             UNION ALL
            SELECT x.note_bill_id, b.kind IS DISTINCT FROM 'credit-note' OR b.net_minor <> x.amount_minor
              FROM (SELECT note_account_id, note_bill_id, sum(amount_minor) AS amount_minor
                      FROM credited_charge
                     GROUP BY note_account_id, note_bill_id) x
              LEFT JOIN bill b ON b.account_id = x.note_account_id AND b.bill_id = x.note_bill_id) compared
"""

RENEWALS: Final[LiteralString] = """
    WITH last AS (
         SELECT account_id, service_id, max(period_end) AS period_end
           FROM (SELECT coalesce(owner_id, account_id) AS account_id, service_id, period_end
                   FROM bill_detail
                  WHERE kind = 'renewal'
                  UNION ALL
                 SELECT account_id, service_id, period_end FROM charge WHERE kind = 'renewal') covered
          GROUP BY account_id, service_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(l.account_id || '/' || l.service_id ORDER BY l.account_id, l.service_id)
             FILTER (WHERE s.service_id IS NULL OR s.next_renewal_on <= l.period_end
                        OR (s.next_renewal_on <> l.period_end + 1
                            AND round(s.quantity_e4::numeric * s.unit_price_ucents *
                                CASE WHEN s.currency IN ('JPY', 'XOF') THEN 0.000000000001
                                     WHEN s.currency = 'TND' THEN 0.000000001
                                     ELSE 0.0000000001 END) > 0
                            AND NOT EXISTS (
                                SELECT FROM service_agreement a
                                 WHERE a.account_id = l.account_id AND a.service_id = l.service_id
                                   AND a.from_on > l.period_end))))[1:1000], '{}') AS differences
      FROM last l
      LEFT JOIN service s ON s.account_id = l.account_id AND s.service_id = l.service_id
"""

RENEWAL_PERIODS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(owner_id, account_id) || '/' || service_id || '/' || period_start AS id,
                   period_end < period_start OR period_start <= lag(period_end) OVER (
                     PARTITION BY coalesce(owner_id, account_id), service_id ORDER BY period_start) AS differs
              FROM bill_detail
             WHERE kind = 'renewal' AND correction_no = 0) compared
"""

ORDER_DRAWS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(b.bill_id, d.bill_id) AS bill_id,
                   b.purchase_order_id IS DISTINCT FROM d.purchase_order_id
                     OR b.purchase_order_account IS DISTINCT FROM d.account_id
                     OR CASE WHEN b.kind = 'credit-note' THEN -b.net_minor ELSE b.net_minor END
                        IS DISTINCT FROM d.amount_minor AS differs
              FROM (SELECT account_id, bill_id, kind, net_minor, purchase_order_account, purchase_order_id
                      FROM bill
                     WHERE purchase_order_id IS NOT NULL) b
              FULL JOIN purchase_order_draw d
                ON d.bill_account_id = b.account_id AND d.bill_id = b.bill_id) compared
"""

ORDER_MAXIMA: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE drawn_minor > amount_max_minor
                                                          OR drawn_minor < 0))[1:1000], '{}') AS differences
      FROM (SELECT o.account_id || '/' || o.purchase_order_id AS id, o.amount_max_minor,
                   coalesce((SELECT sum(amount_minor)
                               FROM purchase_order_draw
                              WHERE account_id = o.account_id AND purchase_order_id = o.purchase_order_id), 0)
                     AS drawn_minor
              FROM purchase_order o) compared
"""

ORDER_LINES: Final[LiteralString] = """
    WITH taken AS (
         SELECT b.purchase_order_account AS account_id, b.purchase_order_id,
                d.purchase_order_line_no AS line_no,
                sum(CASE WHEN b.kind = 'credit-note' THEN -d.net_minor ELSE d.net_minor END) AS drawn_minor
           FROM bill b
           JOIN bill_detail d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
          WHERE d.purchase_order_line_no IS NOT NULL
          GROUP BY 1, 2, 3
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT t.account_id || '/' || t.purchase_order_id || '/' || t.line_no AS id,
                   l.line_no IS NULL OR t.drawn_minor > coalesce(l.amount_max_minor,
                     round(l.quantity_e4::numeric * l.unit_price_ucents *
                           CASE WHEN o.currency IN ('JPY', 'XOF') THEN 0.000000000001
                                WHEN o.currency = 'TND' THEN 0.000000001
                                ELSE 0.0000000001 END), t.drawn_minor) AS differs
              FROM taken t
              LEFT JOIN purchase_order o ON o.account_id = t.account_id
                                        AND o.purchase_order_id = t.purchase_order_id
              LEFT JOIN purchase_order_line l ON l.account_id = t.account_id
                                             AND l.purchase_order_id = t.purchase_order_id
                                             AND l.line_no = t.line_no) compared
"""

RUN_TOTALS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(run_id || '/' || currency ORDER BY run_id, currency)
             FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(p.run_id, b.run_id) AS run_id, coalesce(p.currency, b.currency) AS currency,
                   (p.bills, p.details, p.net_minor, p.tax_minor, p.total_minor) IS DISTINCT FROM
                   (b.bills, b.details, b.net_minor, b.tax_minor, b.total_minor) AS differs
              FROM (SELECT run_id, currency, sum(bills) AS bills, sum(details) AS details,
                           sum(net_minor) AS net_minor, sum(tax_minor) AS tax_minor,
                           sum(total_minor) AS total_minor
                      FROM bill_run_page
                     GROUP BY run_id, currency) p
              FULL JOIN (SELECT b.run_id, b.currency, count(*)::numeric AS bills,
                                sum(d.details) AS details, sum(b.net_minor) AS net_minor,
                                sum(b.tax_minor) AS tax_minor, sum(b.total_minor) AS total_minor
                           FROM bill b
                           JOIN (SELECT account_id, bill_id, count(*) AS details
                                   FROM bill_detail
                                  GROUP BY account_id, bill_id) d
                             ON d.account_id = b.account_id AND d.bill_id = b.bill_id
                          WHERE b.run_id IS NOT NULL
                          GROUP BY b.run_id, b.currency) b
                ON b.run_id = p.run_id AND b.currency = p.currency) compared
"""

PAGE_HEADS: Final[LiteralString] = """
    WITH page AS (
         SELECT DISTINCT run_id, page_no, written_at, payer_first, payer_last, chain_head FROM bill_run_page
         ), alone AS (
         SELECT p.*
           FROM page p
          WHERE NOT EXISTS (SELECT FROM page o
                             WHERE o.run_id = p.run_id AND o.page_no <> p.page_no
                               AND o.written_at = p.written_at AND o.payer_first <= p.payer_last
                               AND o.payer_last >= p.payer_first)
         ), written AS (
         SELECT p.run_id, p.page_no,
                sha256(string_agg(e.hash, ''::bytea ORDER BY e.account_id, e.entry_no)) AS head
           FROM alone p
           JOIN bill b ON b.run_id = p.run_id AND b.payer_id BETWEEN p.payer_first AND p.payer_last
           JOIN entry e ON e.account_id = b.account_id AND e.kind = 'bill' AND e.reference = b.bill_id
                       AND e.booked_at = p.written_at
          GROUP BY p.run_id, p.page_no
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(p.run_id || '/' || p.page_no ORDER BY p.run_id, p.page_no)
             FILTER (WHERE w.head IS DISTINCT FROM p.chain_head))[1:1000], '{}') AS differences
      FROM alone p
      LEFT JOIN written w ON w.run_id = p.run_id AND w.page_no = p.page_no
"""

CLOSED_RUNS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(r.legal_entity_id || '/' || r.period ORDER BY r.legal_entity_id, r.period)
             FILTER (WHERE r.status = 'closed' AND EXISTS (
                     SELECT FROM parked_account p
                      WHERE p.run_id = r.run_id AND p.resolved_at IS NULL)))[1:1000], '{}') AS differences
      FROM bill_run r
"""

CHECKS: Final = (
    Check("charges-billed-once", CHARGES_ONCE),
    Check("charges-as-accepted", CHARGES_BILLED),
    Check("charges-conserved", CHARGES_CONSERVED),
    Check("charges-open", CHARGES_OPEN),
    Check("charges-credited", CHARGES_CREDITED),
    Check("renewal-dates", RENEWALS),
    Check("renewal-periods", RENEWAL_PERIODS),
    Check("order-draws", ORDER_DRAWS),
    Check("order-maxima", ORDER_MAXIMA),
    Check("order-lines", ORDER_LINES),
    Check("run-totals", RUN_TOTALS),
    Check("page-heads", PAGE_HEADS),
    Check("closed-runs", CLOSED_RUNS),
)
