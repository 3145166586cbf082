"""Checks of bills: amounts, VAT, numbers, due dates, and what every bill has to have beside it."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

DETAIL_AMOUNTS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(b.bill_id || '/' || d.detail_no ORDER BY b.bill_id, d.detail_no)
             FILTER (WHERE d.net_minor <> round(d.quantity_e4::numeric * d.unit_price_ucents *
                     CASE WHEN b.currency IN ('JPY', 'XOF') THEN 0.000000000001
                          WHEN b.currency = 'TND' THEN 0.000000001
                          ELSE 0.0000000001 END)))[1:1000], '{}') AS differences
      FROM bill_detail d
      JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
"""

BILL_DETAILS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(b.bill_id, d.bill_id) AS bill_id,
                   b.net_minor IS DISTINCT FROM d.net_minor AS differs
              FROM bill b
              FULL JOIN (SELECT account_id, bill_id, sum(net_minor) AS net_minor
                           FROM bill_detail
                          GROUP BY account_id, bill_id) d
                ON d.account_id = b.account_id AND d.bill_id = b.bill_id) compared
"""

BILL_TOTALS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id)
             FILTER (WHERE net_minor + tax_minor <> total_minor OR total_minor < 0
                        OR (total_minor = 0 AND NOT EXISTS (
                            SELECT FROM bill_detail d
                             WHERE d.account_id = bill.account_id AND d.bill_id = bill.bill_id
                               AND d.kind = 'deduction'))))[1:1000], '{}') AS differences
      FROM bill
"""

BILL_TAXES: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(b.bill_id, t.bill_id) AS bill_id,
                   b.net_minor IS DISTINCT FROM t.net_minor OR b.tax_minor IS DISTINCT FROM t.tax_minor
                     OR t.off > CASE WHEN b.kind = 'credit-note' THEN 1 ELSE 0 END OR t.wrong AS differs
              FROM bill b
              FULL JOIN (SELECT account_id, bill_id, sum(net_minor) AS net_minor, sum(tax_minor) AS tax_minor,
                                max(abs(tax_minor - round(net_minor::numeric * vat_rate_bp * 0.0001))) AS off,
                                bool_or(vat_category <> 'S' AND vat_rate_bp <> 0) AS wrong
                           FROM bill_tax
                          GROUP BY account_id, bill_id) t
                ON t.account_id = b.account_id AND t.bill_id = b.bill_id) compared
"""

TAX_BASES: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(t.bill_id, d.bill_id) || '/' || coalesce(t.vat_category, d.vat_category) || '/' ||
                     coalesce(t.vat_rate_bp, d.vat_rate_bp) AS id,
                   t.net_minor IS DISTINCT FROM d.net_minor AS differs
              FROM bill_tax t
              FULL JOIN (SELECT account_id, bill_id, vat_category, vat_rate_bp, sum(net_minor) AS net_minor
                           FROM bill_detail
                          GROUP BY account_id, bill_id, vat_category, vat_rate_bp) d
                ON d.account_id = t.account_id AND d.bill_id = t.bill_id
               AND d.vat_category = t.vat_category AND d.vat_rate_bp = t.vat_rate_bp) compared
"""

DUE_DATES: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id)
             FILTER (WHERE due_on IS DISTINCT FROM
                     CASE term_method
                       WHEN 'net' THEN issued_on + term_days
                       WHEN 'days-first'
                         THEN (date_trunc('month', (issued_on + term_days)::timestamp)
                               + interval '1 month - 1 day')::date
                       WHEN 'month-first'
                         THEN (date_trunc('month', issued_on::timestamp)
                               + interval '1 month - 1 day')::date + term_days
                     END AND due_on IS DISTINCT FROM kept_on))[1:1000], '{}') AS differences
      FROM (SELECT b.bill_id, b.issued_on, b.due_on, b.term_days, b.term_method,
                   CASE WHEN b.kind = 'corrective' THEN (
                     SELECT due_on FROM bill
                      WHERE account_id = b.account_id AND bill_id = b.corrects_bill_id) END AS kept_on
              FROM bill b
             WHERE b.kind <> 'credit-note') compared
"""

NUMBERS_GAPLESS: Final[LiteralString] = """
    WITH used AS (
         SELECT series_id, number FROM bill_number
          UNION ALL
         SELECT coalesce(s.series_id, d.deposit_id), coalesce(s.number, 0)
           FROM deposit d
           LEFT JOIN LATERAL (
                SELECT series_id, substr(d.deposit_id, length(prefix) + 1)::bigint AS number
                  FROM series
                 WHERE legal_entity_id = d.legal_entity_id AND document = 'deposit'
                   AND starts_with(d.deposit_id, prefix) AND length(d.deposit_id) = length(prefix) + digits
                   AND substr(d.deposit_id, length(prefix) + 1) ~ '^[0-9]+$') s ON true
         ), counted AS (
         SELECT s.series_id, n.number, count(u.number) AS times
           FROM series s
          CROSS JOIN LATERAL generate_series(1::bigint, s.next_number - 1) AS n(number)
           LEFT JOIN used u ON u.series_id = s.series_id AND u.number = n.number
          GROUP BY s.series_id, n.number
          UNION ALL
         SELECT u.series_id, u.number, 2
           FROM used u
           LEFT JOIN series s ON s.series_id = u.series_id
          WHERE u.number < 1 OR u.number >= s.next_number OR s.series_id IS NULL
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(series_id || '/' || number ORDER BY series_id, number)
             FILTER (WHERE times <> 1))[1:1000], '{}') AS differences
      FROM counted
"""

NUMBER_DATES: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT n.bill_id,
                   n.issued_on < lag(n.issued_on) OVER (PARTITION BY n.series_id ORDER BY n.number)
                     OR n.issued_on > s.last_on OR s.last_on IS NULL
                     OR (n.number = s.next_number - 1 AND n.issued_on <> s.last_on) AS differs
              FROM bill_number n
              JOIN series s ON s.series_id = n.series_id) compared
"""

NUMBERED_BILLS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(b.bill_id, n.bill_id) AS bill_id,
                   b.account_id IS DISTINCT FROM n.account_id OR b.issued_on IS DISTINCT FROM n.issued_on
                     OR n.bill_id IS DISTINCT FROM s.prefix || lpad(n.number::text, s.digits, '0')
                     OR s.legal_entity_id IS DISTINCT FROM b.legal_entity_id
                     OR (s.document = 'credit-note') IS DISTINCT FROM (b.kind = 'credit-note')
                     OR (s.document = 'reverse-bill') IS DISTINCT FROM (b.kind LIKE 'self-billed%')
                     OR (b.issued_at AT TIME ZONE e.zone)::date IS DISTINCT FROM b.issued_on AS differs
              FROM issued_paper b
              FULL JOIN bill_number n ON n.bill_id = b.bill_id
              LEFT JOIN series s ON s.series_id = n.series_id
              LEFT JOIN legal_entity e ON e.legal_entity_id = b.legal_entity_id) compared
"""

PAYMENT_REFERENCES: Final[LiteralString] = """
    WITH codes AS (
         SELECT s.series_id, s.reference_code, s.digits,
                string_agg(CASE WHEN sign ~ '[0-9]' THEN sign ELSE (ascii(sign) - 55)::text END, ''
                           ORDER BY place) AS figures
           FROM series s
          CROSS JOIN LATERAL regexp_split_to_table(s.reference_code, '') WITH ORDINALITY AS c(sign, place)
          GROUP BY s.series_id, s.reference_code, s.digits
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(b.bill_id ORDER BY b.bill_id)
             FILTER (WHERE b.payment_reference IS DISTINCT FROM
                     'RF' || lpad((98 - mod((c.figures || lpad(n.number::text, c.digits, '0') || '271500')
                                            ::numeric, 97))::text, 2, '0')
                     || c.reference_code || lpad(n.number::text, c.digits, '0')))[1:1000], '{}')
             AS differences
      FROM bill b
      JOIN bill_number n ON n.bill_id = b.bill_id
      JOIN codes c ON c.series_id = n.series_id
"""

BILL_ORDERS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(b.bill_id, o.bill_id) AS bill_id,
                   b.order_id IS DISTINCT FROM o.order_id OR b.issued_at IS DISTINCT FROM o.ordered_at
                     AS differs
              FROM bill b
              FULL JOIN bill_order o ON o.account_id = b.account_id AND o.bill_id = b.bill_id) compared
"""

BILL_SNAPSHOTS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(b.bill_id ORDER BY b.bill_id)
             FILTER (WHERE s.snapshot_hash IS NULL OR u.snapshot_hash IS NULL
                        OR (b.payer_hash IS NOT NULL AND p.snapshot_hash IS NULL)
                        OR (b.debit_hash IS NOT NULL AND m.snapshot_hash IS NULL)))[1:1000], '{}')
             AS differences
      FROM bill b
      LEFT JOIN snapshot s ON s.snapshot_hash = b.seller_hash
      LEFT JOIN snapshot u ON u.snapshot_hash = b.buyer_hash
      LEFT JOIN snapshot p ON p.snapshot_hash = b.payer_hash
      LEFT JOIN snapshot m ON m.snapshot_hash = b.debit_hash
"""

SNAPSHOTS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(encode(snapshot_hash, 'hex') ORDER BY snapshot_hash)
             FILTER (WHERE snapshot_hash IS DISTINCT FROM found))[1:1000], '{}') AS differences
      FROM (SELECT s.snapshot_hash,
                   (SELECT sha256(convert_to('{' || string_agg(to_json(m.key)::text || ':' || m.value::text,
                                                               ',' ORDER BY m.key COLLATE "C") || '}',
                                              'UTF8'))
                      FROM jsonb_each(s.body) AS m(key, value)) AS found
              FROM snapshot s) compared
"""

CREDIT_NOTES: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT b.bill_id, b.total_minor < coalesce(sum(c.total_minor), 0)
                     OR bool_or(c.currency <> b.currency OR c.issued_on < b.issued_on) AS differs
              FROM bill b
              JOIN bill c ON c.account_id = b.account_id AND c.corrects_bill_id = b.bill_id
                         AND c.kind = 'credit-note'
             GROUP BY b.account_id, b.bill_id
             UNION ALL
            SELECT c.bill_id, true
              FROM bill c
              LEFT JOIN bill b ON b.account_id = c.account_id AND b.bill_id = c.corrects_bill_id
             WHERE c.corrects_bill_id IS NOT NULL AND b.bill_id IS NULL) compared
"""

CHECKS: Final = (
    Check("detail-amounts", DETAIL_AMOUNTS),
    Check("bill-details", BILL_DETAILS),
    Check("bill-totals", BILL_TOTALS),
    Check("bill-taxes", BILL_TAXES),
    Check("tax-bases", TAX_BASES),
    Check("due-dates", DUE_DATES),
    Check("numbers-gapless", NUMBERS_GAPLESS),
    Check("number-dates", NUMBER_DATES),
    Check("numbered-bills", NUMBERED_BILLS),
    Check("payment-references", PAYMENT_REFERENCES),
    Check("bill-orders", BILL_ORDERS),
    Check("bill-snapshots", BILL_SNAPSHOTS),
    Check("snapshots", SNAPSHOTS),
    Check("credit-notes", CREDIT_NOTES),
)
