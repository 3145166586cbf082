"""Checks of files for the bank: sums, debits and their debts, money that was collected, second persons."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

REMITTANCE_SUMS: Final[LiteralString] = """
    WITH lines AS (
         SELECT legal_entity_id, remittance_id, 'direct-debit' AS kind, line_no, currency, amount_minor
           FROM collection
          UNION ALL
         SELECT legal_entity_id, remittance_id, 'refund', line_no, currency, amount_minor
           FROM remittance_refund
         ), summed AS (
         SELECT legal_entity_id, remittance_id, min(kind) AS kind, count(*) AS lines, max(line_no) AS last_no,
                min(currency) AS currency, sum(amount_minor) AS amount_minor,
                count(DISTINCT currency) + count(DISTINCT kind) AS mixed
           FROM lines
          GROUP BY legal_entity_id, remittance_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(r.message_id, s.legal_entity_id || '/' || s.remittance_id) AS id,
                   (r.kind, r.currency, r.lines, r.amount_minor) IS DISTINCT FROM
                   (s.kind, s.currency, s.lines, s.amount_minor)
                     OR s.last_no <> s.lines OR s.mixed <> 2 AS differs
              FROM remittance r
              FULL JOIN summed s ON s.legal_entity_id = r.legal_entity_id
                                AND s.remittance_id = r.remittance_id) compared
"""

COLLECTION_SUMS: Final[LiteralString] = """
    WITH summed AS (
         SELECT t.payer_id, t.collection_id, sum(t.amount_minor) AS amount_minor,
                bool_and(d.debt_id IS NOT NULL AND d.payer_id = t.payer_id AND d.bill_id = t.bill_id
                         AND d.currency = 'EUR') AS owed
           FROM collection_debt t
           LEFT JOIN debt d ON d.account_id = t.account_id AND d.debt_id = t.debt_id
          GROUP BY t.payer_id, t.collection_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(c.end_to_end, s.payer_id || '/' || s.collection_id) AS id,
                   c.amount_minor IS DISTINCT FROM s.amount_minor OR NOT s.owed
                     OR m.legal_entity_id IS DISTINCT FROM c.legal_entity_id
                     OR c.requested_on < m.signed_on
                     OR (c.amendment_no > 0 AND NOT EXISTS (
                         SELECT FROM mandate_amendment n
                          WHERE n.account_id = c.account_id AND n.mandate_id = c.mandate_id
                            AND n.amendment_no = c.amendment_no)) AS differs
              FROM collection c
              FULL JOIN summed s ON s.payer_id = c.account_id AND s.collection_id = c.collection_id
              LEFT JOIN mandate m ON m.account_id = c.account_id AND m.mandate_id = c.mandate_id) compared
"""

COLLECTED_ONCE: Final[LiteralString] = """
    WITH standing AS (
         SELECT t.account_id, t.debt_id, t.collection_id, e.state IS NULL AS is_open,
                CASE WHEN e.state IS NULL THEN t.amount_minor ELSE coalesce(o.settled_minor, 0) END
                  AS amount_minor
           FROM collection_debt t
           LEFT JOIN LATERAL (
                SELECT state, deposit_id
                  FROM collection_event
                 WHERE account_id = t.payer_id AND collection_id = t.collection_id
                 ORDER BY event_no DESC
                 LIMIT 1) e ON true
           LEFT JOIN LATERAL (
                SELECT -sum(effect_minor) AS settled_minor
                  FROM debt_operation
                 WHERE account_id = t.account_id AND debt_id = t.debt_id AND deposit_payer = t.payer_id
                   AND deposit_id = e.deposit_id) o ON true
          WHERE e.state IS NULL OR e.state = 'collected'
         ), taken AS (
         SELECT account_id, debt_id, sum(amount_minor) AS amount_minor,
                count(*) FILTER (WHERE is_open) AS open_ones,
                max(collection_id) FILTER (WHERE is_open) AS collection_id,
                max(amount_minor) FILTER (WHERE is_open) AS pending_minor
           FROM standing
          GROUP BY account_id, debt_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(d.bill_id, p.account_id || '/' || p.debt_id) AS id,
                   d.debt_id IS NULL OR t.amount_minor > d.amount_minor OR t.open_ones > 1
                     OR (t.collection_id, t.pending_minor) IS DISTINCT FROM
                        (p.collection_id, p.amount_minor) AS differs
              FROM taken t
              FULL JOIN pending_debt p ON p.account_id = t.account_id AND p.debt_id = t.debt_id
              LEFT JOIN debt d ON d.account_id = coalesce(t.account_id, p.account_id)
                              AND d.debt_id = coalesce(t.debt_id, p.debt_id)) compared
"""

COLLECTIONS_SETTLED: Final[LiteralString] = """
    WITH told AS (
         SELECT c.account_id, c.collection_id, c.end_to_end, c.amount_minor, c.currency,
                max(e.deposit_id) AS deposit_id, bool_or(e.state = 'returned') AS is_returned,
                bool_or(e.state IN ('rejected', 'cancelled')) AS is_off
           FROM collection c
           JOIN collection_event e ON e.account_id = c.account_id AND e.collection_id = c.collection_id
          GROUP BY c.account_id, c.collection_id
         ), kept AS (
         SELECT o.deposit_payer, o.deposit_id, -sum(o.effect_minor) AS amount_minor
           FROM debt_operation o
          WHERE o.means = 'direct-debit'
          GROUP BY o.deposit_payer, o.deposit_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(t.end_to_end, d.deposit_id) AS id,
                   t.collection_id IS NULL AND d.bank_reference <> ''
                     OR t.is_off AND t.deposit_id IS NOT NULL OR t.is_returned AND t.deposit_id IS NULL
                     OR t.deposit_id IS NOT NULL
                        AND (d.amount_minor, d.currency, d.means, d.bank_reference) IS DISTINCT FROM
                            (t.amount_minor, t.currency, 'direct-debit', t.end_to_end)
                     OR t.is_returned AND coalesce(k.amount_minor, 0) <> 0 AS differs
              FROM told t
              FULL JOIN (SELECT account_id, deposit_id, amount_minor, currency, means, bank_reference
                           FROM deposit
                          WHERE means = 'direct-debit') d
                ON d.account_id = t.account_id AND d.deposit_id = t.deposit_id
              LEFT JOIN kept k ON k.deposit_payer = d.account_id AND k.deposit_id = d.deposit_id) compared
"""

REMITTANCES_APPROVED: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(message_id ORDER BY message_id) FILTER (WHERE differs))[1:1000], '{}')
             AS differences
      FROM (SELECT r.message_id,
                   bool_or(e.state <> 'cancelled')
                     AND NOT coalesce(bool_or(e.state = 'approved' AND e.event_no = 1
                                              AND e.recorded_by LIKE 'operator:%'
                                              AND e.recorded_by <> r.made_by), false) AS differs
              FROM remittance r
              LEFT JOIN remittance_event e
                ON e.legal_entity_id = r.legal_entity_id AND e.remittance_id = r.remittance_id
             GROUP BY r.legal_entity_id, r.remittance_id) compared
"""

REFUND_LINES: Final[LiteralString] = """
    WITH lines AS (
         SELECT l.account_id, l.refund_id, l.end_to_end, l.currency, l.amount_minor,
                p.remittance_id IS NOT NULL AS is_pending,
                EXISTS (SELECT FROM remittance_event e
                         WHERE e.legal_entity_id = l.legal_entity_id AND e.remittance_id = l.remittance_id
                           AND e.state = 'cancelled') AS is_cancelled
           FROM remittance_refund l
           LEFT JOIN pending_refund p
             ON p.account_id = l.account_id AND p.refund_id = l.refund_id
            AND p.legal_entity_id = l.legal_entity_id AND p.remittance_id = l.remittance_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(end_to_end ORDER BY end_to_end) FILTER (WHERE differs))[1:1000], '{}')
             AS differences
      FROM (SELECT l.end_to_end,
                   (r.currency, r.amount_minor) IS DISTINCT FROM (l.currency, l.amount_minor)
                     OR NOT l.is_cancelled AND l.is_pending <> (r.state = 'approved')
                     OR l.is_cancelled AND l.is_pending AS differs
              FROM lines l
              LEFT JOIN refund_state r ON r.account_id = l.account_id AND r.refund_id = l.refund_id) compared
"""

CHECKS: Final = (
    Check("remittance-sums", REMITTANCE_SUMS),
    Check("collection-sums", COLLECTION_SUMS),
    Check("collected-once", COLLECTED_ONCE),
    Check("collections-settled", COLLECTIONS_SETTLED),
    Check("remittances-approved", REMITTANCES_APPROVED),
    Check("refund-lines", REFUND_LINES),
)
