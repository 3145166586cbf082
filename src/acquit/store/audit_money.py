"""Checks of debts and money: what is owed, received, settled and unapplied, and the VAT that waits for it."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

BILL_DEBTS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(b.bill_id, d.bill_id) AS bill_id,
                   (b.total_minor, b.currency, b.payer_id, b.due_on, b.order_id) IS DISTINCT FROM
                   (d.amount_minor, d.currency, d.payer_id, d.due_on, d.debt_id) AS differs
              FROM (SELECT account_id, bill_id, total_minor, currency, payer_id, due_on, order_id
                      FROM bill
                     WHERE kind <> 'credit-note') b
              FULL JOIN debt d ON d.account_id = b.account_id AND d.bill_id = b.bill_id) compared
"""

FAMILY_SUMS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(payer_id || '/' || currency ORDER BY payer_id, currency)
             FILTER (WHERE billed <> owed))[1:1000], '{}') AS differences
      FROM (SELECT payer_id, currency, sum(billed) AS billed, sum(owed) AS owed
              FROM (SELECT payer_id, currency, total_minor AS billed, 0 AS owed
                      FROM bill
                     WHERE kind <> 'credit-note'
                     UNION ALL
                    SELECT payer_id, currency, 0, amount_minor FROM debt) told
             GROUP BY payer_id, currency) compared
"""

DEBT_OPERATIONS: Final[LiteralString] = """
    WITH undone AS (
         SELECT account_id, debt_id, reverses_id, count(*) AS times, sum(amount_minor) AS amount_minor
           FROM debt_operation
          WHERE kind IN ('returned', 'reopened')
          GROUP BY account_id, debt_id, reverses_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(d.bill_id, o.account_id || '/' || o.debt_id) AS id,
                   d.debt_id IS NULL OR d.amount_minor + o.effect_minor NOT BETWEEN 0 AND d.amount_minor
                     AS differs
              FROM (SELECT account_id, debt_id, sum(effect_minor) AS effect_minor
                      FROM debt_operation
                     GROUP BY account_id, debt_id) o
              LEFT JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
             UNION ALL
            SELECT d.bill_id, u.times <> 1 OR r.operation_id IS NULL OR r.amount_minor <> u.amount_minor
                     OR r.kind IN ('returned', 'reopened')
              FROM undone u
              JOIN debt d ON d.account_id = u.account_id AND d.debt_id = u.debt_id
              LEFT JOIN debt_operation r ON r.account_id = u.account_id AND r.debt_id = u.debt_id
                                        AND r.operation_id = u.reverses_id) compared
"""

OPERATION_ENTRIES: Final[LiteralString] = """
    WITH booked AS (
         SELECT e.account_id, e.reference, sum(p.amount_minor) AS amount_minor, count(*) AS postings
           FROM entry e
           JOIN account a ON a.account_id = e.account_id
           JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.role = 'receivable'
           JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no AND p.ledger = l.number
          WHERE e.kind IN ('settlement', 'reopened', 'returned', 'write-off')
          GROUP BY e.account_id, e.reference
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(o.id, e.reference) AS id,
                   o.effect_minor IS DISTINCT FROM e.amount_minor OR e.postings <> 1 AS differs
              FROM (SELECT o.account_id, d.bill_id || '/' || o.operation_id AS id, o.effect_minor
                      FROM debt_operation o
                      JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
                     WHERE o.kind <> 'credit') o
              FULL JOIN booked e ON e.account_id = o.account_id AND e.reference = o.id) compared
"""

CREDITS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(c.bill_id, o.bill_id) AS bill_id,
                   coalesce(c.amount_minor, 0) <> coalesce(o.amount_minor, 0) AS differs
              FROM (SELECT account_id, corrects_bill_id AS bill_id, sum(total_minor) AS amount_minor
                      FROM bill
                     WHERE kind = 'credit-note'
                     GROUP BY account_id, corrects_bill_id) c
              FULL JOIN (SELECT d.account_id, d.bill_id, sum(o.amount_minor) AS amount_minor
                           FROM debt_operation o
                           JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
                          WHERE o.kind = 'credit'
                          GROUP BY d.account_id, d.bill_id) o
                ON o.account_id = c.account_id AND o.bill_id = c.bill_id) compared
"""

DEPOSITS: Final[LiteralString] = """
    WITH applied AS (
         SELECT o.deposit_payer, o.deposit_id, d.currency,
                sum(-o.effect_minor) FILTER (WHERE o.kind <> 'returned') AS amount_minor
           FROM debt_operation o
           JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
          WHERE o.deposit_id IS NOT NULL
          GROUP BY o.deposit_payer, o.deposit_id, d.currency
         ), used AS (
         SELECT deposit_payer, deposit_id, currency, sum(amount_minor) AS amount_minor
           FROM (SELECT deposit_payer, deposit_id, currency, amount_minor FROM applied
                  UNION ALL
                 SELECT account_id, deposit_id, currency, amount_minor
                   FROM credit_movement
                  WHERE deposit_id IS NOT NULL
                  UNION ALL
                 SELECT m.account_id, m.deposit_id, d.currency, m.amount_minor
                   FROM bank_move m
                   JOIN deposit d ON d.account_id = m.account_id AND d.deposit_id = m.deposit_id
                  WHERE m.kind = 'withdrawn'
                  UNION ALL
                 SELECT account_id, deposit_id, currency, amount_minor
                   FROM refund_state
                  WHERE state NOT IN ('refused', 'failed') AND deposit_id IS NOT NULL) told
          GROUP BY deposit_payer, deposit_id, currency
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(d.deposit_id, a.deposit_id) AS id,
                   d.deposit_id IS NULL OR coalesce(a.amount_minor, 0) NOT BETWEEN 0 AND d.amount_minor
                     AS differs
              FROM deposit d
              FULL JOIN used a ON a.deposit_payer = d.account_id AND a.deposit_id = d.deposit_id
                                 AND a.currency = d.currency) compared
"""

DEPOSIT_ENTRIES: Final[LiteralString] = """
    WITH booked AS (
         SELECT e.account_id, e.reference, p.currency, sum(p.amount_minor) AS amount_minor
           FROM entry e
           JOIN account a ON a.account_id = e.account_id
           JOIN (SELECT DISTINCT legal_entity_id, number
                   FROM ledger_account
                  WHERE role IN ('bank', 'acquirer')) l ON l.legal_entity_id = a.legal_entity_id
           JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no AND p.ledger = l.number
          WHERE e.kind = 'deposit'
          GROUP BY e.account_id, e.reference, p.currency
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(d.deposit_id, e.reference) AS id,
                   (d.amount_minor, d.currency) IS DISTINCT FROM (e.amount_minor, e.currency) AS differs
              FROM deposit d
              FULL JOIN booked e ON e.account_id = d.account_id AND e.reference = d.deposit_id) compared
"""

MONEY_CONSERVED: Final[LiteralString] = """
    WITH received AS (
         SELECT legal_entity_id, currency, sum(amount_minor) AS amount_minor
           FROM (SELECT legal_entity_id, currency, amount_minor FROM deposit
                  UNION ALL
                 SELECT d.legal_entity_id, d.currency, -m.amount_minor
                   FROM bank_move m
                   JOIN deposit d ON d.account_id = m.account_id AND d.deposit_id = m.deposit_id
                  WHERE m.kind = 'withdrawn') told
          GROUP BY legal_entity_id, currency
         ), moved AS (
         SELECT a.legal_entity_id, d.currency,
                sum(-o.effect_minor) FILTER (WHERE o.kind <> 'returned') AS applied_minor,
                coalesce(sum(o.amount_minor) FILTER (WHERE o.kind = 'returned'), 0) AS returned_minor
           FROM debt_operation o
           JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
           JOIN account a ON a.account_id = o.account_id
          WHERE o.deposit_id IS NOT NULL
          GROUP BY a.legal_entity_id, d.currency
         ), credit AS (
         SELECT a.legal_entity_id, m.currency, sum(m.amount_minor) AS amount_minor
           FROM credit_movement m
           JOIN account a ON a.account_id = m.account_id
          WHERE m.deposit_id IS NOT NULL
          GROUP BY a.legal_entity_id, m.currency
         ), given_back AS (
         SELECT a.legal_entity_id, r.currency, sum(r.amount_minor) AS amount_minor,
                coalesce(sum(r.amount_minor) FILTER (WHERE r.state = 'paid'), 0) AS paid_minor
           FROM refund_state r
           JOIN account a ON a.account_id = r.account_id
          WHERE r.state IN ('approved', 'paid') AND r.deposit_id IS NOT NULL
          GROUP BY a.legal_entity_id, r.currency
         ), booked AS (
         SELECT a.legal_entity_id, p.currency,
                coalesce(sum(p.amount_minor) FILTER (WHERE l.place = 'bank'), 0) AS bank_minor,
                coalesce(-sum(p.amount_minor) FILTER (WHERE l.place = 'unapplied'), 0) AS unapplied_minor,
                coalesce(-sum(p.amount_minor) FILTER (WHERE l.place = 'refund_payable'), 0) AS payable_minor
           FROM posting p
           JOIN entry e ON e.account_id = p.account_id AND e.entry_no = p.entry_no
                       AND e.kind NOT IN ('suspense', 'identified', 'reverse-bill-paid',
                                          'reverse-bill-returned')
           JOIN account a ON a.account_id = p.account_id
           JOIN (SELECT DISTINCT legal_entity_id, number,
                        CASE WHEN role IN ('acquirer', 'acquirer_fees') THEN 'bank' ELSE role END AS place
                   FROM ledger_account
                  WHERE role IN ('bank', 'unapplied', 'acquirer', 'acquirer_fees', 'refund_payable')) l
             ON l.legal_entity_id = a.legal_entity_id AND l.number = p.ledger
          GROUP BY a.legal_entity_id, p.currency
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(r.legal_entity_id, b.legal_entity_id) || '/' || coalesce(r.currency, b.currency)
                     AS id,
                   coalesce(r.amount_minor, 0) - coalesce(m.returned_minor, 0) - coalesce(g.paid_minor, 0)
                     <> coalesce(b.bank_minor, 0)
                     OR coalesce(r.amount_minor, 0) - coalesce(m.applied_minor, 0)
                        - coalesce(c.amount_minor, 0) - coalesce(g.amount_minor, 0)
                        <> coalesce(b.unapplied_minor, 0)
                     OR coalesce(g.amount_minor, 0) - coalesce(g.paid_minor, 0)
                        <> coalesce(b.payable_minor, 0) AS differs
              FROM received r
              FULL JOIN booked b ON b.legal_entity_id = r.legal_entity_id AND b.currency = r.currency
              LEFT JOIN moved m ON m.legal_entity_id = coalesce(r.legal_entity_id, b.legal_entity_id)
                               AND m.currency = coalesce(r.currency, b.currency)
              LEFT JOIN credit c ON c.legal_entity_id = coalesce(r.legal_entity_id, b.legal_entity_id)
                                AND c.currency = coalesce(r.currency, b.currency)
              LEFT JOIN given_back g ON g.legal_entity_id = coalesce(r.legal_entity_id, b.legal_entity_id)
                                    AND g.currency = coalesce(r.currency, b.currency)) compared
"""

RECEIVABLE: Final[LiteralString] = """
    WITH open AS (
         SELECT a.legal_entity_id, d.currency,
                sum(d.amount_minor + coalesce(o.effect_minor, 0)) AS amount_minor
           FROM debt d
           JOIN account a ON a.account_id = d.account_id
           LEFT JOIN (SELECT account_id, debt_id, sum(effect_minor) AS effect_minor
                        FROM debt_operation
                       GROUP BY account_id, debt_id) o
             ON o.account_id = d.account_id AND o.debt_id = d.debt_id
          GROUP BY a.legal_entity_id, d.currency
         ), booked AS (
         SELECT a.legal_entity_id, p.currency, sum(p.amount_minor) AS amount_minor
           FROM posting p
           JOIN account a ON a.account_id = p.account_id
           JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.role = 'receivable'
                                AND l.number = p.ledger
          GROUP BY a.legal_entity_id, p.currency
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(o.legal_entity_id, b.legal_entity_id) || '/' || coalesce(o.currency, b.currency)
                     AS id,
                   coalesce(o.amount_minor, 0) <> coalesce(b.amount_minor, 0) AS differs
              FROM open o
              FULL JOIN booked b ON b.legal_entity_id = o.legal_entity_id AND b.currency = o.currency
           ) compared
"""

VAT_PENDING: Final[LiteralString] = """
    WITH booked AS MATERIALIZED (
         SELECT e.account_id, e.reference, sum(p.amount_minor) AS moved_minor,
                sum(p.amount_minor) FILTER (WHERE e.kind = 'credit-note') AS credited_minor,
                -sum(p.amount_minor) FILTER (WHERE e.kind = 'bill') AS billed_minor
           FROM account a
           JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.role = 'vat_pending'
           JOIN posting p ON p.account_id = a.account_id AND p.ledger = l.number
           JOIN entry e ON e.account_id = p.account_id AND e.entry_no = p.entry_no
          GROUP BY e.account_id, e.reference
         ), credited AS (
         SELECT n.account_id, n.corrects_bill_id AS bill_id, sum(n.total_minor) AS total_minor,
                sum(coalesce(p.credited_minor, 0)) AS pending_minor
           FROM bill n
           LEFT JOIN booked p ON p.account_id = n.account_id AND p.reference = n.bill_id
          WHERE n.kind = 'credit-note'
          GROUP BY n.account_id, n.corrects_bill_id
         ), settled AS (
         SELECT d.account_id, d.bill_id, d.amount_minor AS total_minor,
                sum(-o.effect_minor) AS paid_minor, coalesce(sum(m.moved_minor), 0) AS moved_minor
           FROM debt_operation o
           JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
           LEFT JOIN booked m ON m.account_id = d.account_id
                             AND m.reference = d.bill_id || '/' || o.operation_id
          WHERE o.deposit_id IS NOT NULL OR o.means IN ('credit-balance', 'set-off')
          GROUP BY d.account_id, d.bill_id, d.amount_minor
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(s.bill_id ORDER BY s.bill_id)
             FILTER (WHERE s.moved_minor IS DISTINCT FROM CASE WHEN s.paid_minor = 0 THEN 0 ELSE
                       div(2 * (coalesce(b.billed_minor, 0) - coalesce(c.pending_minor, 0)) * s.paid_minor
                           + s.total_minor - coalesce(c.total_minor, 0),
                           nullif(2 * (s.total_minor - coalesce(c.total_minor, 0)), 0)) END))[1:1000], '{}')
             AS differences
      FROM settled s
      LEFT JOIN booked b ON b.account_id = s.account_id AND b.reference = s.bill_id
      LEFT JOIN credited c ON c.account_id = s.account_id AND c.bill_id = s.bill_id
"""

CHECKS: Final = (
    Check("bill-debts", BILL_DEBTS),
    Check("family-sums", FAMILY_SUMS),
    Check("debt-operations", DEBT_OPERATIONS),
    Check("operation-entries", OPERATION_ENTRIES),
    Check("credits", CREDITS),
    Check("deposits", DEPOSITS),
    Check("deposit-entries", DEPOSIT_ENTRIES),
    Check("money-conserved", MONEY_CONSERVED),
    Check("receivable", RECEIVABLE),
    Check("vat-pending", VAT_PENDING),
)
