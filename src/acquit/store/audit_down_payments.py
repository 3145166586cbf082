"""Checks of down payments: what was asked for, deducted and taken back, and what the books have of them."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

DOWN_PAYMENTS: Final[LiteralString] = """
    WITH used AS (
         SELECT account_id, bill_id, sum(net_minor) AS used_minor,
                sum(net_minor) FILTER (WHERE kind = 'credited') AS credited_minor,
                sum(net_minor) FILTER (WHERE kind <> 'credited') AS deducted_minor
           FROM down_payment_use
          GROUP BY account_id, bill_id
         ), credited AS (
         SELECT n.account_id, n.corrects_bill_id AS bill_id, sum(n.net_minor) AS net_minor
           FROM bill n
          WHERE n.kind = 'credit-note'
          GROUP BY n.account_id, n.corrects_bill_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(b.bill_id, p.bill_id, u.bill_id) AS id,
                   b.bill_id IS NULL OR p.bill_id IS NULL
                     OR coalesce(u.used_minor, 0) NOT BETWEEN 0 AND b.net_minor
                     OR coalesce(u.deducted_minor, 0) < 0
                     OR coalesce(u.credited_minor, 0) <> coalesce(c.net_minor, 0)
                     OR (SELECT count(*) FILTER (WHERE d.kind = 'down-payment') <> 1 OR count(*) <> 1
                           FROM bill_detail d
                          WHERE d.account_id = b.account_id AND d.bill_id = b.bill_id) AS differs
              FROM (SELECT account_id, bill_id, net_minor FROM bill WHERE kind = 'down-payment') b
              FULL JOIN down_payment p ON p.account_id = b.account_id AND p.bill_id = b.bill_id
              FULL JOIN used u ON u.account_id = p.account_id AND u.bill_id = p.bill_id
              LEFT JOIN credited c ON c.account_id = b.account_id AND c.bill_id = b.bill_id) compared
"""

DEDUCTIONS: Final[LiteralString] = """
    WITH billed AS (
         SELECT coalesce(d.owner_id, d.account_id) AS account_id,
                regexp_replace(d.part, '/[^/]*$', '') AS bill_id,
                d.account_id AS by_account_id, d.bill_id AS by_bill_id, d.vat_category, d.vat_rate_bp,
                sum(CASE WHEN b.kind = 'credit-note' THEN d.net_minor ELSE -d.net_minor END) AS net_minor
           FROM bill_detail d
           JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
          WHERE d.kind = 'deduction'
          GROUP BY 1, 2, 3, 4, 5, 6
         ), used AS (
         SELECT account_id, bill_id, by_account_id, by_bill_id, sum(net_minor) AS net_minor
           FROM down_payment_use
          WHERE kind <> 'credited'
          GROUP BY account_id, bill_id, by_account_id, by_bill_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(d.by_bill_id, u.by_bill_id) || '/' || coalesce(d.bill_id, u.bill_id) AS id,
                   d.net_minor IS DISTINCT FROM u.net_minor OR t.bill_id IS NULL
                     OR p.currency IS DISTINCT FROM b.currency OR p.issued_on > b.issued_on AS differs
              FROM billed d
              FULL JOIN used u ON u.account_id = d.account_id AND u.bill_id = d.bill_id
                              AND u.by_account_id = d.by_account_id AND u.by_bill_id = d.by_bill_id
              LEFT JOIN bill p ON p.account_id = d.account_id AND p.bill_id = d.bill_id
                              AND p.kind = 'down-payment'
              LEFT JOIN bill b ON b.account_id = d.by_account_id AND b.bill_id = d.by_bill_id
              LEFT JOIN bill_tax t ON t.account_id = p.account_id AND t.bill_id = p.bill_id
                                  AND t.vat_category = d.vat_category AND t.vat_rate_bp = d.vat_rate_bp
           ) compared
"""

ADVANCES: Final[LiteralString] = """
    WITH told AS (
         SELECT b.account_id, b.bill_id, b.currency,
                CASE WHEN b.kind = 'credit-note' THEN -1 ELSE 1 END * sum(d.net_minor) AS net_minor
           FROM bill_detail d
           JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
          WHERE d.kind IN ('down-payment', 'deduction')
          GROUP BY b.account_id, b.bill_id, b.currency, b.kind
         ), booked AS (
         SELECT e.account_id, e.reference AS bill_id, p.currency, -sum(p.amount_minor) AS net_minor
           FROM ledger_account l
           JOIN account a ON a.legal_entity_id = l.legal_entity_id
           JOIN posting p ON p.account_id = a.account_id AND p.ledger = l.number
           JOIN entry e ON e.account_id = p.account_id AND e.entry_no = p.entry_no
          WHERE l.role = 'down_payment'
          GROUP BY e.account_id, e.reference, p.currency
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(t.bill_id, b.bill_id) AS id,
                   coalesce(t.net_minor, 0) <> coalesce(b.net_minor, 0) AS differs
              FROM told t
              FULL JOIN booked b ON b.account_id = t.account_id AND b.bill_id = t.bill_id
                                AND b.currency = t.currency) compared
"""

CHECKS: Final = (
    Check("down-payments", DOWN_PAYMENTS),
    Check("deductions", DEDUCTIONS),
    Check("advances-received", ADVANCES),
)
