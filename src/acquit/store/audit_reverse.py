"""Checks of reverse bills: what they say, what they rest on, and that the books owe what they leave open."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

REVERSE_BILLS: Final[LiteralString] = """
    WITH lines AS (
         SELECT d.account_id, d.bill_id, sum(d.net_minor) AS net_minor,
                bool_or(d.net_minor <> round(d.quantity_e4::numeric * d.unit_price_ucents *
                          CASE WHEN b.currency IN ('JPY', 'XOF') THEN 0.000000000001
                               WHEN b.currency = 'TND' THEN 0.000000001
                               ELSE 0.0000000001 END)) AS is_off
           FROM reverse_bill_detail d
           JOIN reverse_bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
          GROUP BY d.account_id, d.bill_id
         ), bases AS (
         SELECT account_id, bill_id, vat_category, vat_rate_bp, sum(net_minor) AS net_minor
           FROM reverse_bill_detail
          GROUP BY account_id, bill_id, vat_category, vat_rate_bp
         ), taxes AS (
         SELECT t.account_id, t.bill_id, sum(t.net_minor) AS net_minor, sum(t.tax_minor) AS tax_minor,
                bool_or(t.net_minor IS DISTINCT FROM s.net_minor OR t.net_minor < 0
                        OR t.tax_minor <> div(2 * t.net_minor::numeric * t.vat_rate_bp + 10000, 20000))
                  AS is_off
           FROM reverse_bill_tax t
           LEFT JOIN bases s ON s.account_id = t.account_id AND s.bill_id = t.bill_id
                            AND s.vat_category = t.vat_category AND s.vat_rate_bp = t.vat_rate_bp
          GROUP BY t.account_id, t.bill_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(b.bill_id ORDER BY b.bill_id) FILTER (WHERE
             l.net_minor IS DISTINCT FROM b.net_minor OR l.is_off OR t.is_off
               OR t.net_minor IS DISTINCT FROM b.net_minor OR t.tax_minor IS DISTINCT FROM b.tax_minor
               OR b.contest_until < b.issued_on OR b.due_on <> b.issued_on + b.term_days
               OR (b.self_assessed_minor > 0 AND b.tax_minor > 0)
               OR NOT EXISTS (SELECT FROM snapshot WHERE snapshot_hash = b.seller_hash)
               OR NOT EXISTS (SELECT FROM snapshot WHERE snapshot_hash = b.buyer_hash)
               OR (b.kind = 'self-billed-credit'
                   AND (f.kind, f.net_minor, f.tax_minor, f.self_assessed_minor, f.vat_waits)
                       IS DISTINCT FROM
                       ('self-billed', b.net_minor, b.tax_minor, b.self_assessed_minor, b.vat_waits))
             ))[1:1000], '{}') AS differences
      FROM reverse_bill b
      LEFT JOIN lines l ON l.account_id = b.account_id AND l.bill_id = b.bill_id
      LEFT JOIN taxes t ON t.account_id = b.account_id AND t.bill_id = b.bill_id
      LEFT JOIN reverse_bill f ON f.account_id = b.account_id AND f.bill_id = b.corrects_bill_id
"""

REVERSE_AGREED: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(b.bill_id ORDER BY b.bill_id) FILTER (WHERE
             g.account_id IS NULL OR a.happened_on > b.issued_on OR a.happened_on IS NULL
               OR g.from_on > b.issued_on OR g.until_on < b.issued_on OR r.happened_on < b.issued_on
               OR b.contest_until <> b.issued_on + g.contest_days
               OR s.series_id IS DISTINCT FROM n.series_id
             ))[1:1000], '{}') AS differences
      FROM reverse_bill b
      LEFT JOIN self_billing_agreement g ON g.account_id = b.account_id AND g.agreement_no = b.agreement_no
      LEFT JOIN self_billing_act a ON a.account_id = g.account_id AND a.agreement_no = g.agreement_no
                                  AND a.kind = 'accepted'
      LEFT JOIN self_billing_act r ON r.account_id = g.account_id AND r.agreement_no = g.agreement_no
                                  AND r.kind = 'revoked'
      LEFT JOIN self_billing_supplier s ON s.account_id = b.account_id
      LEFT JOIN bill_number n ON n.bill_id = b.bill_id
     WHERE b.kind = 'self-billed'
"""

REVERSE_ENTRIES: Final[LiteralString] = """
    WITH booked AS (
         SELECT e.account_id, e.reference, count(DISTINCT e.entry_no) AS entries, min(e.kind) AS kind,
                min(e.booked_on) AS booked_on,
                sum(p.amount_minor) FILTER (WHERE l.role = 'bought_services') AS net_minor,
                -sum(p.amount_minor) FILTER (WHERE l.role = 'supplier') AS total_minor,
                coalesce(sum(p.amount_minor) FILTER (WHERE l.role = 'vat_deductible'), 0) AS now_minor,
                coalesce(sum(p.amount_minor) FILTER (WHERE l.role = 'vat_deductible_pending'), 0)
                  AS later_minor,
                coalesce(-sum(p.amount_minor) FILTER (WHERE l.role = 'vat_self_assessed'), 0) AS own_minor,
                coalesce(sum(p.amount_minor) FILTER (WHERE l.role = 'vat_self_deducted'), 0) AS back_minor
           FROM entry e
           JOIN account a ON a.account_id = e.account_id
           JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
           LEFT JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.number = p.ledger
                                     AND l.role IN ('bought_services', 'supplier', 'vat_deductible',
                                                    'vat_deductible_pending', 'vat_self_assessed',
                                                    'vat_self_deducted')
          WHERE e.kind IN ('reverse-bill', 'reverse-credit-note')
          GROUP BY e.account_id, e.reference
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(b.bill_id, k.reference) AS id,
                   (k.entries, k.kind, k.net_minor, k.total_minor, k.now_minor, k.later_minor, k.own_minor,
                    k.back_minor)
                   IS DISTINCT FROM
                   (1::bigint, CASE b.kind WHEN 'self-billed' THEN 'reverse-bill'
                                           ELSE 'reverse-credit-note' END,
                    y.sign * b.net_minor::numeric, y.sign * b.total_minor::numeric,
                    CASE WHEN b.vat_waits OR b.self_assessed_minor > 0 THEN 0
                         ELSE y.sign * b.tax_minor END::numeric,
                    CASE WHEN b.vat_waits THEN y.sign * b.tax_minor ELSE 0 END::numeric,
                    y.sign * b.self_assessed_minor::numeric, y.sign * b.self_assessed_minor::numeric)
                     AS differs
              FROM reverse_bill b
             CROSS JOIN LATERAL (SELECT CASE b.kind WHEN 'self-billed' THEN 1 ELSE -1 END AS sign) y
              FULL JOIN booked k ON k.account_id = b.account_id AND k.reference = b.bill_id) compared
"""

REVERSE_PAYABLES: Final[LiteralString] = """
    WITH told AS (
         SELECT s.account_id, s.bill_id, s.legal_entity_id, s.currency, s.total_minor, s.taken_back_by,
                s.set_off_minor, s.paid_minor, s.paying_minor, b.vat_waits, b.tax_minor,
                s.set_off_minor + s.paid_minor AS settled_minor
           FROM reverse_standing s
           JOIN reverse_bill b ON b.account_id = s.account_id AND b.bill_id = s.bill_id
         ), posted AS (
         SELECT a.legal_entity_id, p.currency,
                -coalesce(sum(p.amount_minor) FILTER (WHERE l.role = 'supplier'), 0) AS owed_minor,
                coalesce(sum(p.amount_minor) FILTER (WHERE l.role = 'vat_deductible_pending'), 0)
                  AS later_minor
           FROM posting p
           JOIN account a ON a.account_id = p.account_id
           JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.number = p.ledger
                                AND l.role IN ('supplier', 'vat_deductible_pending')
          GROUP BY a.legal_entity_id, p.currency
         ), owed AS (
         SELECT legal_entity_id, currency, sum(total_minor - settled_minor) AS owed_minor,
                sum(CASE WHEN vat_waits THEN tax_minor - div(2 * tax_minor::numeric * settled_minor
                                                             + total_minor, 2 * total_minor)
                         ELSE 0 END) AS later_minor
           FROM told
          WHERE taken_back_by IS NULL
          GROUP BY legal_entity_id, currency
         )
    SELECT (SELECT count(*) FROM told) AS compared,
           coalesce((array_agg(id ORDER BY id))[1:1000], '{}') AS differences
      FROM (SELECT bill_id AS id
              FROM told
             WHERE settled_minor + paying_minor > total_minor
                OR (taken_back_by IS NOT NULL AND settled_minor + paying_minor > 0)
             UNION ALL
            SELECT coalesce(o.legal_entity_id, p.legal_entity_id) || '/' || coalesce(o.currency, p.currency)
              FROM owed o
              FULL JOIN posted p ON p.legal_entity_id = o.legal_entity_id AND p.currency = o.currency
             WHERE coalesce(o.owed_minor, 0) <> coalesce(p.owed_minor, 0)
                OR coalesce(o.later_minor, 0) <> coalesce(p.later_minor, 0)) off
"""

REVERSE_SET_OFFS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(x.bill_id, o.account_id || '/' || o.operation_id) AS id,
                   x.bill_id IS NULL OR o.operation_id IS NULL OR o.kind <> 'payment'
                     OR d.payer_id <> x.account_id OR d.currency <> b.currency OR NOT g.sets_off AS differs
              FROM (SELECT account_id, debt_id, operation_id, kind
                      FROM debt_operation
                     WHERE means = 'set-off' AND kind NOT IN ('returned', 'reopened')) o
              FULL JOIN reverse_set_off x ON x.debt_account_id = o.account_id AND x.debt_id = o.debt_id
                                         AND x.operation_id = o.operation_id
              LEFT JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
              LEFT JOIN reverse_bill b ON b.account_id = x.account_id AND b.bill_id = x.bill_id
              LEFT JOIN self_billing_agreement g ON g.account_id = b.account_id
                                                AND g.agreement_no = b.agreement_no) compared
"""

CHECKS: Final = (
    Check("reverse-bills", REVERSE_BILLS),
    Check("reverse-agreed", REVERSE_AGREED),
    Check("reverse-entries", REVERSE_ENTRIES),
    Check("reverse-payables", REVERSE_PAYABLES),
    Check("reverse-set-offs", REVERSE_SET_OFFS),
)
