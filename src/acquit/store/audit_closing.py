"""Checks of closing: VAT told and booked, what bills leave open, revenue that waits, months that stand."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

VAT_REPORT: Final[LiteralString] = """
    WITH booked AS (
         SELECT a.legal_entity_id, e.account_id, e.booked_on, p.currency, -p.amount_minor AS due_minor,
                e.kind IN ('bill', 'credit-note') AS is_document,
                CASE WHEN e.kind IN ('bill', 'credit-note') THEN e.reference
                     ELSE regexp_replace(e.reference, '/[^/]*$', '') END AS bill_id
           FROM account a
           JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.role = 'vat_collected'
           JOIN posting p ON p.account_id = a.account_id AND p.ledger = l.number
           JOIN entry e ON e.account_id = p.account_id AND e.entry_no = p.entry_no
         ), taxed AS (
         SELECT account_id, bill_id, sum(tax_minor) AS tax_minor
           FROM bill_tax
          GROUP BY account_id, bill_id
         ), told AS (
         SELECT b.legal_entity_id, date_trunc('month', b.booked_on::timestamp)::date AS first_on, b.currency,
                b.due_minor,
                CASE WHEN d.bill_id IS NULL THEN 0
                     WHEN NOT b.is_document THEN b.due_minor
                     WHEN d.kind = 'credit-note' THEN -t.tax_minor ELSE t.tax_minor END AS told_minor
           FROM booked b
           LEFT JOIN bill d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
           LEFT JOIN taxed t ON t.account_id = b.account_id AND t.bill_id = b.bill_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(legal_entity_id || '/' || to_char(first_on, 'YYYY-MM') || '/' || currency
                               ORDER BY legal_entity_id, first_on, currency)
             FILTER (WHERE due_minor <> told_minor))[1:1000], '{}') AS differences
      FROM (SELECT legal_entity_id, first_on, currency, sum(due_minor) AS due_minor,
                   sum(told_minor) AS told_minor
              FROM told
             GROUP BY legal_entity_id, first_on, currency) compared
"""

AGED_BALANCE: Final[LiteralString] = """
    WITH posted AS (
         SELECT e.account_id, p.currency,
                CASE e.kind WHEN 'bill' THEN e.reference
                            WHEN 'credit-note' THEN n.corrects_bill_id
                            ELSE regexp_replace(e.reference, '/[^/]*$', '') END AS bill_id,
                sum(p.amount_minor) AS amount_minor
           FROM account a
           JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.role = 'receivable'
           JOIN entry e ON e.account_id = a.account_id
           JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no AND p.ledger = l.number
           LEFT JOIN bill n ON e.kind = 'credit-note' AND n.account_id = e.account_id
                           AND n.bill_id = e.reference
          GROUP BY 1, 2, 3
         ), owed AS (
         SELECT d.account_id, d.currency, d.bill_id,
                d.amount_minor + coalesce(o.effect_minor, 0) AS amount_minor
           FROM debt d
           LEFT JOIN (SELECT account_id, debt_id, sum(effect_minor) AS effect_minor
                        FROM debt_operation
                       GROUP BY account_id, debt_id) o
             ON o.account_id = d.account_id AND o.debt_id = d.debt_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id)
             FILTER (WHERE coalesce(posted_minor, 0) <> coalesce(owed_minor, 0)))[1:1000], '{}')
             AS differences
      FROM (SELECT coalesce(o.bill_id, p.bill_id, p.account_id) AS bill_id, p.amount_minor AS posted_minor,
                   o.amount_minor AS owed_minor
              FROM owed o
              FULL JOIN posted p ON p.account_id = o.account_id AND p.bill_id = o.bill_id
                                AND p.currency = o.currency) compared
"""

DEFERRED_REVENUE: Final[LiteralString] = """
    WITH spread AS (
         SELECT legal_entity_id,
                (to_date(max(period), 'YYYY-MM') + interval '1 month - 1 day')::date AS last_on
           FROM period_act
          WHERE happening = 'deferred'
          GROUP BY legal_entity_id
         ), waiting AS (
         SELECT b.account_id, b.currency,
                sum(CASE WHEN b.kind = 'credit-note' THEN -1 ELSE 1 END
                    * (d.net_minor - round(d.net_minor::numeric * greatest(s.last_on - d.period_start + 1, 0)
                                           / (d.period_end - d.period_start + 1)))) AS amount_minor
           FROM spread s
           JOIN bill b ON b.legal_entity_id = s.legal_entity_id AND b.issued_on <= s.last_on
           JOIN bill_detail d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
                             AND d.period_end > s.last_on
          GROUP BY b.account_id, b.currency
         ), booked AS (
         SELECT a.account_id, p.currency, -sum(p.amount_minor) AS amount_minor
           FROM ledger_account l
           JOIN account a ON a.legal_entity_id = l.legal_entity_id
           JOIN entry e ON e.account_id = a.account_id
           JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no AND p.ledger = l.number
          WHERE l.role = 'deferred'
          GROUP BY a.account_id, p.currency
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(account_id || '/' || currency ORDER BY account_id, currency)
             FILTER (WHERE booked_minor <> waiting_minor))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(w.account_id, b.account_id) AS account_id,
                   coalesce(w.currency, b.currency) AS currency,
                   coalesce(w.amount_minor, 0) AS waiting_minor, coalesce(b.amount_minor, 0) AS booked_minor
              FROM waiting w
              FULL JOIN booked b ON b.account_id = w.account_id AND b.currency = w.currency) compared
"""

ACCRUED_REVENUE: Final[LiteralString] = """
    WITH last AS (
         SELECT DISTINCT ON (legal_entity_id) legal_entity_id, charge_no,
                (to_date(period, 'YYYY-MM') + interval '1 month - 1 day')::date AS on_
           FROM period_act
          WHERE happening = 'accrued'
          ORDER BY legal_entity_id, period DESC, act_no DESC
         ), settled AS (
         SELECT coalesce(d.owner_id, d.account_id) AS account_id, d.service_id, d.kind, d.part, d.period_start
           FROM last s
           JOIN bill b ON b.legal_entity_id = s.legal_entity_id AND b.issued_on <= s.on_
                      AND b.kind <> 'credit-note'
           JOIN bill_detail d ON d.account_id = b.account_id AND d.bill_id = b.bill_id AND d.correction_no = 0
          UNION
         SELECT k.account_id, k.service_id, k.kind, k.part, k.period_start
           FROM last s
           JOIN bill n ON n.legal_entity_id = s.legal_entity_id AND n.issued_on <= s.on_
           JOIN credited_charge k ON k.note_account_id = n.account_id AND k.note_bill_id = n.bill_id
         ), earned AS (
         SELECT c.account_id, c.currency, s.on_,
                sum(round(round(c.quantity_e4::numeric * c.unit_price_ucents *
                                CASE WHEN c.currency IN ('JPY', 'XOF') THEN 0.000000000001
                                     WHEN c.currency = 'TND' THEN 0.000000001
                                     ELSE 0.0000000001 END)
                          * (least(s.on_, greatest(c.period_end, c.period_start)) - c.period_start + 1)
                          / (greatest(c.period_end, c.period_start) - c.period_start + 1))) AS amount_minor
           FROM last s
           JOIN account a ON a.legal_entity_id = s.legal_entity_id
           JOIN charge c ON c.account_id = a.account_id AND c.charge_no <= s.charge_no
                        AND c.period_start <= s.on_
           LEFT JOIN settled d ON d.account_id = c.account_id AND d.service_id = c.service_id
                              AND d.kind = c.kind AND d.part = c.part AND d.period_start = c.period_start
          WHERE d.account_id IS NULL
          GROUP BY c.account_id, c.currency, s.on_
         ), booked AS (
         SELECT e.account_id, p.currency, e.reference, e.kind, e.booked_on,
                sum(p.amount_minor) AS amount_minor
           FROM entry e
           JOIN account a ON a.account_id = e.account_id
           JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.role = 'accrued'
           JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no AND p.ledger = l.number
          GROUP BY e.account_id, p.currency, e.reference, e.kind, e.booked_on
         ), accrued AS (
         SELECT k.account_id, k.currency, k.amount_minor
           FROM booked k
           JOIN account a ON a.account_id = k.account_id
           JOIN last s ON s.legal_entity_id = a.legal_entity_id AND k.booked_on = s.on_ AND k.kind = 'accrual'
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(e.account_id, b.account_id) || '/' || coalesce(e.currency, b.currency) AS id,
                   coalesce(e.amount_minor, 0) <> coalesce(b.amount_minor, 0) AS differs
              FROM earned e
              FULL JOIN accrued b ON b.account_id = e.account_id AND b.currency = e.currency
             UNION ALL
            SELECT account_id || '/' || reference || '/' || currency,
                   sum(amount_minor) <> 0
                     OR bool_or(kind NOT IN ('accrual', 'accrual-reversed')
                                OR booked_on <> (to_date(reference, 'YYYY-MM') + interval '1 month')::date
                                              - CASE kind WHEN 'accrual' THEN 1 ELSE 0 END)
              FROM booked
             GROUP BY account_id, reference, currency) compared
"""

CLOSED_PERIODS: Final[LiteralString] = """
    WITH closed AS (
         SELECT legal_entity_id, period, entries, head, totals
           FROM (SELECT DISTINCT ON (legal_entity_id, period) legal_entity_id, period, happening, entries,
                        head, totals
                   FROM period_act
                  WHERE happening IN ('closed', 'reopened')
                  ORDER BY legal_entity_id, period, act_no DESC) latest
          WHERE happening = 'closed'
         ), found AS (
         SELECT c.legal_entity_id, c.period, count(*) AS entries,
                sha256(string_agg(e.hash, ''::bytea ORDER BY e.account_id, e.entry_no)) AS head
           FROM closed c
           JOIN account a ON a.legal_entity_id = c.legal_entity_id
           JOIN entry e ON e.account_id = a.account_id AND to_char(e.booked_on, 'YYYY-MM') = c.period
          GROUP BY c.legal_entity_id, c.period
         ), posted AS (
         SELECT c.legal_entity_id, c.period, p.ledger, p.currency,
                coalesce(sum(p.amount_minor) FILTER (WHERE p.amount_minor > 0), 0) AS debit_minor,
                coalesce(-sum(p.amount_minor) FILTER (WHERE p.amount_minor < 0), 0) AS credit_minor
           FROM closed c
           JOIN account a ON a.legal_entity_id = c.legal_entity_id
           JOIN entry e ON e.account_id = a.account_id AND to_char(e.booked_on, 'YYYY-MM') = c.period
           JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
          GROUP BY c.legal_entity_id, c.period, p.ledger, p.currency
         ), off AS (
         SELECT coalesce(p.legal_entity_id, t.legal_entity_id) AS legal_entity_id,
                coalesce(p.period, t.period) AS period
           FROM posted p
           FULL JOIN (SELECT c.legal_entity_id, c.period, s.ledger, s.currency, s.debit_minor, s.credit_minor
                        FROM closed c
                       CROSS JOIN jsonb_to_recordset(c.totals)
                         AS s (ledger text, currency text, debit_minor numeric, credit_minor numeric)) t
             ON t.legal_entity_id = p.legal_entity_id AND t.period = p.period AND t.ledger = p.ledger
            AND t.currency = p.currency
          WHERE (t.debit_minor, t.credit_minor) IS DISTINCT FROM (p.debit_minor, p.credit_minor)
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(c.legal_entity_id || '/' || c.period ORDER BY c.legal_entity_id, c.period)
             FILTER (WHERE c.entries <> coalesce(f.entries, 0)
                        OR c.head <> coalesce(f.head, sha256(''))
                        OR EXISTS (SELECT FROM off o
                                    WHERE o.legal_entity_id = c.legal_entity_id AND o.period = c.period)
           ))[1:1000], '{}') AS differences
      FROM closed c
      LEFT JOIN found f ON f.legal_entity_id = c.legal_entity_id AND f.period = c.period
"""

CHECKS: Final = (
    Check("vat-report", VAT_REPORT),
    Check("aged-balance", AGED_BALANCE),
    Check("deferred-revenue", DEFERRED_REVENUE),
    Check("accrued-revenue", ACCRUED_REVENUE),
    Check("closed-periods", CLOSED_PERIODS),
)
