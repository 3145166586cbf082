"""Checks of what a bill says beside its amounts: VAT in the seller's currency, what was prepaid, debits."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

BILL_EXCHANGE: Final[LiteralString] = """
    WITH told AS (
         SELECT b.account_id, b.bill_id, b.kind, b.corrects_bill_id, b.accounting_tax_minor, b.exchange_e8,
                sum(t.accounting_tax_minor) AS lines_minor,
                sum(round(t.tax_minor::numeric * 100000000 * i.per_unit / (b.exchange_e8 * o.per_unit)))
                  AS converted_minor
           FROM bill b
           JOIN bill_tax t ON t.account_id = b.account_id AND t.bill_id = b.bill_id
          CROSS JOIN LATERAL (
                SELECT CASE WHEN b.currency IN ('JPY', 'XOF') THEN 1 WHEN b.currency = 'TND' THEN 1000
                            ELSE 100 END AS per_unit) o
          CROSS JOIN LATERAL (
                SELECT CASE WHEN b.accounting_currency IN ('JPY', 'XOF') THEN 1
                            WHEN b.accounting_currency = 'TND' THEN 1000 ELSE 100 END AS per_unit) i
          WHERE b.accounting_currency IS NOT NULL
          GROUP BY b.account_id, b.bill_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(t.bill_id ORDER BY t.bill_id)
             FILTER (WHERE t.lines_minor IS DISTINCT FROM t.accounting_tax_minor
                        OR (t.kind <> 'credit-note' AND t.lines_minor IS DISTINCT FROM t.converted_minor)
                        OR (t.kind = 'credit-note' AND t.exchange_e8 IS DISTINCT FROM f.exchange_e8)
                        OR t.accounting_tax_minor < coalesce(n.accounting_tax_minor, 0)))[1:1000], '{}')
             AS differences
      FROM told t
      LEFT JOIN bill f ON f.account_id = t.account_id AND f.bill_id = t.corrects_bill_id
      LEFT JOIN LATERAL (
           SELECT sum(c.accounting_tax_minor) AS accounting_tax_minor
             FROM bill c
            WHERE c.account_id = t.account_id AND c.corrects_bill_id = t.bill_id
              AND c.kind = 'credit-note') n ON true
"""

BILL_PREPAID: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(b.bill_id ORDER BY b.bill_id)
             FILTER (WHERE b.kind NOT IN ('bill', 'corrective')
                        OR (b.run_id IS NOT NULL AND b.prepaid_minor IS DISTINCT FROM o.credit_minor)
                        OR b.prepaid_minor > coalesce(o.paid_minor, 0)))[1:1000], '{}') AS differences
      FROM bill b
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) AS paid_minor,
                  sum(amount_minor) FILTER (WHERE means = 'credit-balance' AND automatic
                                              AND occurred_on = b.issued_on) AS credit_minor
             FROM debt_operation
            WHERE account_id = b.account_id AND debt_id = b.order_id AND kind = 'payment') o ON true
     WHERE b.prepaid_minor > 0
"""

BILL_DEBITS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(b.bill_id ORDER BY b.bill_id)
             FILTER (WHERE b.payment_means <> 'direct-debit' OR b.currency <> 'EUR'
                        OR b.collected_on < b.due_on OR b.prepaid_minor >= b.total_minor
                        OR m.account_id IS NULL))[1:1000], '{}') AS differences
      FROM bill b
      LEFT JOIN snapshot s ON s.snapshot_hash = b.debit_hash
      LEFT JOIN mandate m ON m.creditor_id = s.body->>'creditor_id'
                         AND m.reference = s.body->>'mandate_reference' AND m.account_id = b.payer_id
     WHERE b.debit_hash IS NOT NULL
"""

CHECKS: Final = (
    Check("bill-exchange", BILL_EXCHANGE),
    Check("bill-prepaid", BILL_PREPAID),
    Check("bill-debits", BILL_DEBITS),
)
