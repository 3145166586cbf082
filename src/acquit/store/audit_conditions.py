"""Checks of what was agreed beside prices: discounts, minimum spends, credit, and the inputs of runs."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

DISCOUNTS: Final[LiteralString] = """
    WITH line AS (
         SELECT d.account_id, coalesce(d.owner_id, d.account_id) AS owner_id, d.bill_id, d.detail_no,
                d.service_id, d.period_start, d.description,
                d.net_minor, b.currency, split_part(d.part, ':', 1) AS discount_id,
                coalesce(nullif(split_part(d.part, ':', 2), ''), 'renewal') AS lowers,
                regexp_replace(d.part, '^[^:]*:?[^:]*:?', '') AS part, b.kind,
                coalesce(g.plan_code, s.plan_code) AS plan_code
           FROM bill_detail d
           JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
           LEFT JOIN service s ON s.account_id = coalesce(d.owner_id, d.account_id)
                             AND s.service_id = d.service_id
           LEFT JOIN LATERAL (
                SELECT min(booked_at) AS booked_at
                  FROM entry
                 WHERE account_id = b.account_id AND reference = b.bill_id AND kind = 'bill') e ON true
           LEFT JOIN LATERAL (
                SELECT plan_code
                  FROM service_agreement
                 WHERE account_id = s.account_id AND service_id = s.service_id
                   AND (agreement_no = 1 OR (from_on <= d.period_start AND agreed_at <= e.booked_at))
                 ORDER BY agreement_no = 1, from_on DESC, agreement_no DESC
                 LIMIT 1) g ON true
          WHERE d.kind = 'discount' AND d.part <> '' AND d.part NOT LIKE 'back:%'
         ), lowered AS (
         SELECT l.account_id, l.bill_id, l.service_id, l.lowers, l.part, l.period_start,
                sum(l.net_minor) AS off_minor
           FROM line l
          WHERE l.kind <> 'credit-note'
          GROUP BY l.account_id, l.bill_id, l.service_id, l.lowers, l.part, l.period_start
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT l.bill_id || '/' || l.detail_no AS id,
                   a.discount_id IS NULL OR l.net_minor >= 0 OR l.currency <> a.currency
                     OR strpos(l.description, a.name) <> 1
                     OR l.period_start < a.from_on OR l.period_start >= coalesce(a.end_on, 'infinity')
                     OR (a.service_id IS NOT NULL AND a.service_id <> l.service_id)
                     OR (a.plan_code IS NOT NULL AND l.kind = 'bill'
                         AND a.plan_code IS DISTINCT FROM l.plan_code)
                     OR -l.net_minor > a.amount_minor AS differs
              FROM line l
              LEFT JOIN discount a ON a.account_id = l.owner_id AND a.discount_id::text = l.discount_id
             UNION ALL
            SELECT w.bill_id || '/' || w.service_id || '/' || w.period_start,
                   d.net_minor IS NULL OR d.net_minor + w.off_minor < 0
              FROM lowered w
              LEFT JOIN LATERAL (
                   SELECT sum(net_minor) AS net_minor
                     FROM bill_detail
                    WHERE account_id = w.account_id AND bill_id = w.bill_id AND service_id = w.service_id
                      AND kind = w.lowers AND part = w.part AND period_start = w.period_start) d ON true)
           compared
"""

MINIMUMS: Final[LiteralString] = """
    WITH made AS (
         SELECT d.bill_id || '/' || d.detail_no AS id, d.net_minor, d.period_start, d.period_end,
                b.currency, b.run_id, e.booked_at, m.minimum_spend_id, m.account_id, m.whose, m.from_on,
                m.amount_minor, m.currency AS agreed_currency,
                (to_date(r.period, 'YYYY-MM') + interval '1 month')::date AS after_on
           FROM bill_detail d
           JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
           LEFT JOIN bill_run r ON r.run_id = b.run_id
           LEFT JOIN entry e ON e.account_id = b.account_id AND e.kind = 'bill' AND e.reference = b.bill_id
           LEFT JOIN minimum_spend m ON m.account_id = coalesce(d.owner_id, d.account_id)
                                    AND d.part = 'minimum:' || m.minimum_spend_id
          WHERE d.kind = 'adjustment' AND d.part LIKE 'minimum:%' AND d.correction_no = 0
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT d.id,
                   d.minimum_spend_id IS NULL OR d.agreed_currency <> d.currency OR d.net_minor <= 0
                     OR d.period_start < d.from_on
                     OR d.net_minor > d.amount_minor - least(spent.net_minor + waiting.net_minor, 0)
                     OR (d.net_minor < d.amount_minor - spent.net_minor - waiting.net_minor
                         AND NOT aside.is_any) AS differs
              FROM made d
             CROSS JOIN LATERAL (
                   SELECT coalesce(sum(o.net_minor), 0) AS net_minor
                     FROM account a
                     JOIN bill_detail o ON coalesce(o.owner_id, o.account_id) = a.account_id
                     JOIN bill ob ON ob.account_id = o.account_id AND ob.bill_id = o.bill_id
                     JOIN entry oe ON oe.account_id = ob.account_id AND oe.kind = 'bill'
                                  AND oe.reference = ob.bill_id
                    WHERE (a.account_id = d.account_id OR (d.whose = 'payer' AND a.payer_id = d.account_id))
                      AND (d.whose = 'account' OR ob.payer_id = d.account_id)
                      AND ob.currency = d.currency AND ob.kind = 'bill' AND o.correction_no = 0
                      AND oe.booked_at <= d.booked_at AND o.part NOT LIKE 'minimum:%'
                      AND o.kind <> 'deduction'
                      AND o.period_start BETWEEN d.period_start AND d.period_end) spent
             CROSS JOIN LATERAL (
                   SELECT coalesce(sum(
                            round(c.quantity_e4::numeric * c.unit_price_ucents *
                                  CASE WHEN c.currency IN ('JPY', 'XOF') THEN 0.000000000001
                                       WHEN c.currency = 'TND' THEN 0.000000001
                                       ELSE 0.0000000001 END)), 0) AS net_minor
                     FROM account a
                     JOIN charge c ON c.account_id = a.account_id
                    WHERE (a.account_id = d.account_id OR (d.whose = 'payer' AND a.payer_id = d.account_id))
                      AND c.currency = d.currency AND c.part NOT LIKE 'minimum:%'
                      AND c.accepted_at <= d.booked_at AND c.accepted_on < d.after_on
                      AND c.period_start BETWEEN d.period_start AND d.period_end
                      AND NOT EXISTS (
                          SELECT
                            FROM bill_detail o
                            JOIN entry oe ON oe.account_id = o.account_id AND oe.kind = 'bill'
                                         AND oe.reference = o.bill_id
                           WHERE coalesce(o.owner_id, o.account_id) = c.account_id
                             AND o.service_id = c.service_id AND o.kind = c.kind AND o.part = c.part
                             AND o.period_start = c.period_start AND oe.booked_at <= d.booked_at)
                      AND NOT EXISTS (
                          SELECT
                            FROM credited_charge k
                            JOIN entry ke ON ke.account_id = k.note_account_id AND ke.kind = 'credit-note'
                                         AND ke.reference = k.note_bill_id
                           WHERE k.account_id = c.account_id AND k.service_id = c.service_id
                             AND k.kind = c.kind AND k.part = c.part AND k.period_start = c.period_start
                             AND ke.booked_at <= d.booked_at)) waiting
             CROSS JOIN LATERAL (
                   SELECT EXISTS (
                          SELECT
                            FROM parked_account p
                            JOIN account a ON a.account_id = p.account_id AND a.payer_id = d.account_id
                           WHERE p.run_id = d.run_id AND d.whose = 'payer'
                             AND (p.resolved_at IS NULL OR p.resolved_at >= d.booked_at)) AS is_any) aside
           ) compared
"""

CREDIT_LOTS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT m.account_id || '/' || m.lot_id AS id,
                   min(l.amount_minor) IS NULL OR sum(m.amount_minor) < 0
                     OR sum(m.amount_minor) > min(l.amount_minor)
                     OR bool_or(m.currency <> l.currency OR m.type <> l.type) AS differs
              FROM credit_movement m
              LEFT JOIN credit_movement l ON l.account_id = m.account_id AND l.movement_id = m.lot_id
                                         AND l.lot_id = l.movement_id
             GROUP BY m.account_id, m.lot_id) compared
"""

CREDIT_OPERATIONS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(o.account_id, m.debt_account_id) || '/' ||
                     coalesce(o.operation_id, m.operation_id) AS id,
                   (o.effect_minor, o.payer_id) IS DISTINCT FROM (m.amount_minor, m.account_id) AS differs
              FROM (SELECT o.account_id, o.debt_id, o.operation_id, o.effect_minor, d.payer_id
                      FROM debt_operation o
                      JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
                     WHERE o.means = 'credit-balance') o
              FULL JOIN (SELECT account_id, debt_account_id, debt_id, operation_id,
                                sum(amount_minor) AS amount_minor
                           FROM credit_movement
                          WHERE operation_id IS NOT NULL
                          GROUP BY account_id, debt_account_id, debt_id, operation_id) m
                ON m.debt_account_id = o.account_id AND m.debt_id = o.debt_id
               AND m.operation_id = o.operation_id) compared
"""

CREDIT_BALANCES: Final[LiteralString] = """
    WITH moved AS (
         SELECT a.legal_entity_id, m.currency, sum(m.amount_minor) AS amount_minor
           FROM credit_movement m
           JOIN account a ON a.account_id = m.account_id
          GROUP BY a.legal_entity_id, m.currency
         ), booked AS (
         SELECT a.legal_entity_id, p.currency, -sum(p.amount_minor) AS amount_minor
           FROM posting p
           JOIN account a ON a.account_id = p.account_id
           JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.role = 'credit_balance'
                                AND l.number = p.ledger
          GROUP BY a.legal_entity_id, p.currency
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(m.legal_entity_id, b.legal_entity_id) || '/' || coalesce(m.currency, b.currency)
                     AS id,
                   coalesce(m.amount_minor, 0) <> coalesce(b.amount_minor, 0) AS differs
              FROM moved m
              FULL JOIN booked b ON b.legal_entity_id = m.legal_entity_id AND b.currency = m.currency
           ) compared
"""

RUN_INPUTS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(DISTINCT id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT p.run_id || '/' || p.page_no AS id, i.run_id IS NULL AS differs
              FROM bill_run_page p
              LEFT JOIN bill_run_input i ON i.run_id = p.run_id AND i.written_at = p.written_at
             WHERE p.written_at >= (SELECT min(written_at) FROM bill_run_input)) compared
"""

CHECKS: Final = (
    Check("discounts-agreed", DISCOUNTS),
    Check("minimums-agreed", MINIMUMS),
    Check("credit-lots", CREDIT_LOTS),
    Check("credit-operations", CREDIT_OPERATIONS),
    Check("credit-balances", CREDIT_BALANCES),
    Check("run-inputs", RUN_INPUTS),
)
