"""Checks of what banks told: each entry booked once, its money somewhere, its match as the debts say."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

STATEMENTS: Final[LiteralString] = """
    WITH told AS (
         SELECT t.statement_id, count(*) AS told,
                count(*) FILTER (WHERE e.statement_id IS DISTINCT FROM t.statement_id) AS again,
                bool_or(e.entry_id IS NULL) AS is_missing
           FROM bank_telling t
           LEFT JOIN bank_entry e ON e.entry_id = t.entry_id
          GROUP BY t.statement_id
         ), chained AS (
         SELECT statement_id, opening_minor,
                lag(closing_minor) OVER account AS closing_before, lag(until_on) OVER account AS until_before,
                from_on
           FROM bank_statement
          WHERE form = 'camt.053' AND from_on IS NOT NULL
         WINDOW account AS (PARTITION BY iban ORDER BY from_on, until_on, statement_id)
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT s.legal_entity_id || '/' || s.statement_id AS id,
                   s.opening_minor + s.moved_minor <> s.closing_minor OR s.told <> coalesce(t.told, 0)
                     OR s.again <> coalesce(t.again, 0) OR t.is_missing
                     OR (c.from_on - c.until_before = 1 AND c.opening_minor <> c.closing_before) AS differs
              FROM bank_statement s
              LEFT JOIN told t ON t.statement_id = s.statement_id
              LEFT JOIN chained c ON c.statement_id = s.statement_id) compared
"""

ENTRIES_ONCE: Final[LiteralString] = """
    WITH moved AS (
         SELECT legal_entity_id, entry_id,
                sum(CASE kind WHEN 'identified' THEN -amount_minor WHEN 'withdrawn' THEN -amount_minor
                              ELSE amount_minor END) AS amount_minor
           FROM bank_move
          GROUP BY legal_entity_id, entry_id
         ), own AS (
         SELECT entry_id, count(*) AS times
           FROM (SELECT e.entry_id
                   FROM bank_entry e
                   JOIN bank_telling t ON t.entry_id = e.entry_id AND t.statement_id = e.statement_id
                                      AND t.place = e.place) told
          GROUP BY entry_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(e.legal_entity_id, m.legal_entity_id) || '/'
                     || coalesce(e.entry_id, m.entry_id) AS id,
                   e.entry_id IS NULL OR o.times IS DISTINCT FROM 1
                     OR (coalesce(m.amount_minor, 0) <> e.amount_minor
                         AND (m.entry_id IS NOT NULL OR p.is_done OR p.done_id >= e.entry_id)) AS differs
              FROM bank_entry e
              FULL JOIN moved m ON m.legal_entity_id = e.legal_entity_id AND m.entry_id = e.entry_id
              LEFT JOIN own o ON o.entry_id = e.entry_id
              LEFT JOIN bank_progress p ON p.legal_entity_id = e.legal_entity_id
                                       AND p.statement_id = e.statement_id) compared
"""

SUSPENSE: Final[LiteralString] = """
    WITH waits AS (
         SELECT e.legal_entity_id, e.currency,
                sum(CASE m.kind WHEN 'suspense' THEN m.amount_minor ELSE -m.amount_minor END
                    * CASE e.direction WHEN 'credit' THEN 1 ELSE -1 END) AS amount_minor
           FROM bank_move m
           JOIN bank_entry e ON e.legal_entity_id = m.legal_entity_id AND e.entry_id = m.entry_id
          WHERE m.kind IN ('suspense', 'identified')
          GROUP BY e.legal_entity_id, e.currency
         ), booked AS (
         SELECT a.legal_entity_id, p.currency, -sum(p.amount_minor) AS amount_minor
           FROM posting p
           JOIN account a ON a.account_id = p.account_id
           JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.role = 'suspense'
                                AND l.number = p.ledger
          GROUP BY a.legal_entity_id, p.currency
         ), received AS (
         SELECT e.legal_entity_id, e.currency, sum(e.amount_minor) AS amount_minor
           FROM bank_entry e
          WHERE e.direction = 'credit'
            AND EXISTS (SELECT FROM bank_move m
                         WHERE m.legal_entity_id = e.legal_entity_id AND m.entry_id = e.entry_id)
          GROUP BY e.legal_entity_id, e.currency
         ), settled AS (
         SELECT e.legal_entity_id, e.currency,
                sum(CASE m.kind WHEN 'withdrawn' THEN -m.amount_minor WHEN 'identified' THEN -m.amount_minor
                                ELSE m.amount_minor END) AS amount_minor
           FROM bank_move m
           JOIN bank_entry e ON e.legal_entity_id = m.legal_entity_id AND e.entry_id = m.entry_id
                            AND e.direction = 'credit'
          GROUP BY e.legal_entity_id, e.currency
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(w.legal_entity_id, b.legal_entity_id) || '/' || coalesce(w.currency, b.currency)
                     AS id,
                   coalesce(w.amount_minor, 0) <> coalesce(b.amount_minor, 0) AS differs
              FROM waits w
              FULL JOIN booked b ON b.legal_entity_id = w.legal_entity_id AND b.currency = w.currency
             UNION ALL
            SELECT r.legal_entity_id || '/' || r.currency, r.amount_minor IS DISTINCT FROM s.amount_minor
              FROM received r
              LEFT JOIN settled s ON s.legal_entity_id = r.legal_entity_id AND s.currency = r.currency)
           compared
"""

DEPOSITS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT m.legal_entity_id || '/' || m.entry_id AS id,
                   d.amount_minor IS DISTINCT FROM m.amount_minor OR d.currency <> e.currency
                     OR (m.kind = 'deposit' AND d.received_on <> e.booked_on) AS differs
              FROM bank_move m
              JOIN bank_entry e ON e.legal_entity_id = m.legal_entity_id AND e.entry_id = m.entry_id
              LEFT JOIN deposit d ON d.account_id = m.account_id AND d.deposit_id = m.deposit_id
             WHERE m.kind IN ('deposit', 'withdrawn', 'returned')) compared
"""

MATCHES: Final[LiteralString] = """
    WITH part AS (
         SELECT p.legal_entity_id, p.match_no,
                sum(p.amount_minor) FILTER (WHERE p.kind IN ('paid', 'to-credit', 'returned', 'own'))
                  AS amount_minor,
                bool_or(p.kind NOT IN ('to-credit', 'own') AND o.amount_minor IS DISTINCT FROM p.amount_minor
                        OR p.kind = 'to-credit' AND c.amount_minor IS DISTINCT FROM p.amount_minor) AS is_off
           FROM bank_match_part p
           LEFT JOIN debt_operation o ON o.account_id = p.account_id AND o.debt_id = p.debt_id
                                     AND o.operation_id = p.operation_id
           LEFT JOIN credit_movement c ON c.account_id = p.account_id AND c.movement_id = p.movement_id
          GROUP BY p.legal_entity_id, p.match_no
         ), standing AS (
         SELECT m.legal_entity_id, m.entry_id, count(*) AS matches
           FROM bank_match m
          WHERE NOT EXISTS (SELECT FROM bank_unmatch u
                             WHERE u.legal_entity_id = m.legal_entity_id AND u.match_no = m.match_no)
          GROUP BY m.legal_entity_id, m.entry_id
         ), waits AS (
         SELECT legal_entity_id, entry_id,
                sum(CASE kind WHEN 'suspense' THEN amount_minor ELSE -amount_minor END) AS amount_minor
           FROM bank_move
          WHERE kind IN ('suspense', 'identified')
          GROUP BY legal_entity_id, entry_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT m.legal_entity_id || '/match/' || m.match_no AS id,
                   e.entry_id IS NULL OR p.amount_minor IS DISTINCT FROM e.amount_minor OR p.is_off AS differs
              FROM bank_match m
              LEFT JOIN bank_entry e ON e.legal_entity_id = m.legal_entity_id AND e.entry_id = m.entry_id
              LEFT JOIN part p ON p.legal_entity_id = m.legal_entity_id AND p.match_no = m.match_no
             UNION ALL
            SELECT e.legal_entity_id || '/' || e.entry_id,
                   coalesce(s.matches, 0) > 1
                     OR (coalesce(s.matches, 0) = 1) = (coalesce(w.amount_minor, 0) > 0)
              FROM bank_entry e
              LEFT JOIN standing s ON s.legal_entity_id = e.legal_entity_id AND s.entry_id = e.entry_id
              LEFT JOIN waits w ON w.legal_entity_id = e.legal_entity_id AND w.entry_id = e.entry_id
             WHERE e.amount_minor > 0
               AND EXISTS (SELECT FROM bank_move m
                            WHERE m.legal_entity_id = e.legal_entity_id AND m.entry_id = e.entry_id)
             UNION ALL
            SELECT coalesce(i.legal_entity_id, w.legal_entity_id) || '/inbox/'
                     || coalesce(i.entry_id, w.entry_id),
                   i.entry_id IS NULL OR w.entry_id IS NULL
              FROM bank_inbox i
              FULL JOIN (SELECT w.legal_entity_id, w.entry_id
                           FROM waits w
                          WHERE w.amount_minor > 0
                            AND NOT EXISTS (SELECT FROM bank_set_aside a
                                             WHERE a.legal_entity_id = w.legal_entity_id
                                               AND a.entry_id = w.entry_id)) w
                ON w.legal_entity_id = i.legal_entity_id AND w.entry_id = i.entry_id) compared
"""

OWN: Final[LiteralString] = """
    WITH told AS (
         SELECT legal_entity_id, entry_id, sum(amount_minor) AS amount_minor, count(DISTINCT kind) AS kinds
           FROM bank_own
          GROUP BY legal_entity_id, entry_id
         ), moved AS (
         SELECT legal_entity_id, entry_id, sum(amount_minor) AS amount_minor
           FROM bank_move
          WHERE kind = 'own'
          GROUP BY legal_entity_id, entry_id
         ), happened AS (
         SELECT c.legal_entity_id, e.state AS kind, c.end_to_end AS reference, c.amount_minor,
                CASE e.state WHEN 'collected' THEN 'credit' ELSE 'debit' END AS direction
           FROM collection c
           JOIN collection_event e ON e.account_id = c.account_id AND e.collection_id = c.collection_id
                                  AND e.state IN ('collected', 'returned')
          UNION ALL
         SELECT l.legal_entity_id, CASE e.state WHEN 'paid' THEN 'refund-paid' ELSE 'refund-returned' END,
                l.end_to_end, l.amount_minor, CASE e.state WHEN 'paid' THEN 'debit' ELSE 'credit' END
           FROM remittance_refund l
           JOIN refund_event e ON e.account_id = l.account_id AND e.refund_id = l.refund_id
                              AND e.state IN ('paid', 'failed')
          UNION ALL
         SELECT a.legal_entity_id, 'refund-paid', r.account_id || '/' || r.refund_id, r.amount_minor, 'debit'
           FROM refund r
           JOIN account a ON a.account_id = r.account_id
           JOIN refund_event e ON e.account_id = r.account_id AND e.refund_id = r.refund_id
                              AND e.state = 'paid'
          UNION ALL
         SELECT h.legal_entity_id, 'deposit', h.account_id || '/' || h.deposit_id, d.amount_minor, 'credit'
           FROM deposit_by_hand h
           JOIN deposit d ON d.account_id = h.account_id AND d.deposit_id = h.deposit_id
          UNION ALL
         SELECT legal_entity_id, 'payout', acquirer || '/' || payout_id, abs(gross_minor - fee_minor),
                CASE WHEN gross_minor > fee_minor THEN 'credit' ELSE 'debit' END
           FROM acquirer_payout
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(t.legal_entity_id, m.legal_entity_id) || '/'
                     || coalesce(t.entry_id, m.entry_id) AS id,
                   t.amount_minor IS DISTINCT FROM m.amount_minor OR t.kinds <> 1 AS differs
              FROM told t
              FULL JOIN moved m ON m.legal_entity_id = t.legal_entity_id AND m.entry_id = t.entry_id
             UNION ALL
            SELECT o.legal_entity_id || '/' || o.entry_id || '/' || o.reference,
                   (h.amount_minor, h.direction) IS DISTINCT FROM (o.amount_minor, e.direction)
              FROM bank_own o
              JOIN bank_entry e ON e.legal_entity_id = o.legal_entity_id AND e.entry_id = o.entry_id
              LEFT JOIN happened h ON h.legal_entity_id = o.legal_entity_id AND h.kind = o.kind
                                  AND h.reference = o.reference) compared
"""

CHECKS: Final = (
    Check("bank-statements", STATEMENTS),
    Check("bank-entries", ENTRIES_ONCE),
    Check("bank-suspense", SUSPENSE),
    Check("bank-deposits", DEPOSITS),
    Check("bank-matches", MATCHES),
    Check("bank-own", OWN),
)
