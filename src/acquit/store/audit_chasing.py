"""Checks of what was chased, given up and given back: each amount once more, from the facts alone."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

WRITE_OFFS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT w.account_id || '/' || w.write_off_id AS id,
                   o.kind IS DISTINCT FROM 'write-off' OR o.amount_minor <> w.amount_minor
                     OR (e.approval_above_minor IS NOT NULL AND w.amount_minor > e.approval_above_minor
                         AND c.decided_by = w.asked_by) AS differs
              FROM write_off w
              JOIN write_off_decision c ON c.account_id = w.account_id AND c.write_off_id = w.write_off_id
                                       AND c.decision = 'approved'
              JOIN account a ON a.account_id = w.account_id
              JOIN legal_entity e ON e.legal_entity_id = a.legal_entity_id
              LEFT JOIN debt_operation o ON o.account_id = w.account_id AND o.debt_id = w.debt_id
                                        AND o.operation_id = c.operation_id) compared
"""

REFUNDS: Final[LiteralString] = """
    WITH booked AS (
         SELECT e.account_id, e.reference,
                sum(p.amount_minor) FILTER (WHERE l.role = 'unapplied') AS taken_minor,
                coalesce(-sum(p.amount_minor) FILTER (WHERE l.role = 'refund_payable'), 0) AS owed_minor
           FROM entry e
           JOIN account a ON a.account_id = e.account_id
           JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
           JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.number = p.ledger
                                AND l.role IN ('unapplied', 'refund_payable')
          WHERE e.kind IN ('refund', 'refund-paid', 'refund-failed')
          GROUP BY e.account_id, e.reference
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(r.account_id || '/' || r.refund_id, b.account_id || '/' || b.reference) AS id,
                   r.refund_id IS NULL OR r.currency <> d.currency
                     OR coalesce(b.taken_minor, 0)
                        <> CASE WHEN r.state IN ('approved', 'paid') THEN r.amount_minor ELSE 0 END
                     OR coalesce(b.owed_minor, 0)
                        <> CASE WHEN r.state = 'approved' THEN r.amount_minor ELSE 0 END AS differs
              FROM (SELECT account_id, refund_id, deposit_id, currency, amount_minor, state
                      FROM refund_state
                     WHERE deposit_id IS NOT NULL) r
              JOIN deposit d ON d.account_id = r.account_id AND d.deposit_id = r.deposit_id
              FULL JOIN booked b ON b.account_id = r.account_id AND b.reference = r.refund_id::text) compared
"""

VOUCHERS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT v.legal_entity_id || '/' || v.voucher_id AS id,
                   bool_or(u.voucher_id IS NOT NULL AND (m.type, m.amount_minor, m.currency)
                           IS DISTINCT FROM ('VOUCHER', v.amount_minor, v.currency))
                     OR count(u.voucher_id) > coalesce(v.uses_max, 2147483647)
                     OR bool_or(u.used_on > v.until_on) AS differs
              FROM voucher v
              LEFT JOIN voucher_use u ON u.legal_entity_id = v.legal_entity_id AND u.voucher_id = v.voucher_id
              LEFT JOIN credit_movement m ON m.account_id = u.account_id AND m.movement_id = u.movement_id
             GROUP BY v.legal_entity_id, v.voucher_id, v.uses_max) compared
"""

ACQUIRERS: Final[LiteralString] = """
    WITH held AS (
         SELECT a.legal_entity_id, sum(p.amount_minor) AS amount_minor
           FROM posting p
           JOIN account a ON a.account_id = p.account_id
           JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.role = 'acquirer'
                                AND l.number = p.ledger
          GROUP BY a.legal_entity_id
         ), told AS (
         SELECT a.legal_entity_id,
                sum(CASE e.kind WHEN 'paid' THEN e.amount_minor WHEN 'charged-back' THEN -e.amount_minor
                                ELSE 0 END - coalesce(l.gross_minor, 0)) AS amount_minor
           FROM acquirer_event e
           JOIN account a ON a.account_id = e.account_id
           LEFT JOIN acquirer_payout_line l ON l.account_id = e.account_id AND l.acquirer = e.acquirer
                                           AND l.event_id = e.event_id
          GROUP BY a.legal_entity_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(h.legal_entity_id, t.legal_entity_id) AS id,
                   coalesce(h.amount_minor, 0) <> coalesce(t.amount_minor, 0) AS differs
              FROM held h
              FULL JOIN told t ON t.legal_entity_id = h.legal_entity_id
             UNION ALL
            SELECT p.acquirer || '/' || p.payout_id,
                   p.gross_minor IS DISTINCT FROM sum(l.gross_minor)
                     OR p.fee_minor IS DISTINCT FROM sum(l.fee_minor)
              FROM acquirer_payout p
              LEFT JOIN acquirer_payout_line l ON l.acquirer = p.acquirer AND l.payout_id = p.payout_id
             GROUP BY p.acquirer, p.payout_id) compared
"""

CLAIMS: Final[LiteralString] = """
    WITH booked AS (
         SELECT e.account_id, e.reference,
                coalesce(-sum(p.amount_minor) FILTER (WHERE l.role = 'late_interest'), 0) AS interest_minor,
                coalesce(-sum(p.amount_minor) FILTER (WHERE l.role = 'recovery_fee'), 0) AS fee_minor
           FROM entry e
           JOIN account a ON a.account_id = e.account_id
           JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
           JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.number = p.ledger
                                AND l.role IN ('late_interest', 'recovery_fee')
          WHERE e.kind = 'claim'
          GROUP BY e.account_id, e.reference
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT b.bill_id,
                   b.tax_minor <> 0
                     OR sum(d.net_minor) FILTER (WHERE d.kind = 'late-interest') IS DISTINCT FROM
                        nullif(k.interest_minor, 0)
                     OR sum(d.net_minor) FILTER (WHERE d.kind = 'recovery-fee') IS DISTINCT FROM
                        nullif(k.fee_minor, 0)
                     OR bool_or(d.kind NOT IN ('late-interest', 'recovery-fee')
                                OR o.bill_id IS NULL OR o.kind = 'claim' OR d.period_start <= o.due_on
                                OR d.period_end > b.issued_on) AS differs
              FROM bill b
              JOIN bill_detail d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
              LEFT JOIN bill o ON o.account_id = b.account_id AND o.bill_id = d.part
              LEFT JOIN booked k ON k.account_id = b.account_id AND k.reference = b.bill_id
             WHERE b.kind = 'claim'
             GROUP BY b.account_id, b.bill_id, b.tax_minor, k.interest_minor, k.fee_minor) compared
"""

DUNNING: Final[LiteralString] = """
    WITH letters AS (
         SELECT s.account_id, s.step_id, s.kind, s.happened_on,
                lag(s.happened_on) OVER (PARTITION BY s.account_id
                                             ORDER BY s.happened_on, s.step_id) AS before_on
           FROM dunning_step s
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT l.account_id || '/' || l.step_id AS id,
                   l.happened_on < l.before_on + 7 OR count(t.debt_id) = 0
                     OR bool_or(t.kind = 'courtesy'
                                AND (l.happened_on > d.due_on OR b.term_grant_id IS NOT NULL)
                                OR t.kind <> 'courtesy' AND l.happened_on <= d.due_on
                                OR t.late_days <> l.happened_on - d.due_on
                                OR t.open_minor > d.amount_minor
                                OR d.payer_id <> l.account_id
                                OR t.kind = 'suspension' AND NOT EXISTS (
                                   SELECT FROM dunning_step_debt n
                                     JOIN dunning_step m ON m.account_id = n.account_id
                                                        AND m.step_id = n.step_id
                                    WHERE n.debt_account_id = t.debt_account_id AND n.debt_id = t.debt_id
                                      AND n.kind = 'notice' AND m.happened_on < l.happened_on)) AS differs
              FROM letters l
              LEFT JOIN dunning_step_debt t ON t.account_id = l.account_id AND t.step_id = l.step_id
              LEFT JOIN debt d ON d.account_id = t.debt_account_id AND d.debt_id = t.debt_id
              LEFT JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
             GROUP BY l.account_id, l.step_id, l.happened_on, l.before_on) compared
"""

CHECKS: Final = (
    Check("write-offs", WRITE_OFFS),
    Check("refunds", REFUNDS),
    Check("vouchers", VOUCHERS),
    Check("acquirers", ACQUIRERS),
    Check("claims", CLAIMS),
    Check("dunning", DUNNING),
)
