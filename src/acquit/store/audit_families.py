"""Checks of families: shared bills and their slices, corrections, and the sums that a parent sees."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

SHARED_SLICES: Final[LiteralString] = """
    WITH owned AS (
         SELECT account_id, bill_id, coalesce(owner_id, account_id) AS owner_id, sum(net_minor) AS net_minor
           FROM bill_detail
          WHERE (account_id, bill_id) IN (
                SELECT account_id, bill_id FROM bill_detail WHERE owner_id IS NOT NULL
                 UNION
                SELECT account_id, bill_id FROM bill_slice)
          GROUP BY account_id, bill_id, coalesce(owner_id, account_id)
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(s.bill_id, o.bill_id) || '/' || coalesce(s.owner_id, o.owner_id) AS id,
                   s.net_minor IS DISTINCT FROM o.net_minor AS differs
              FROM bill_slice s
              FULL JOIN owned o ON o.account_id = s.account_id AND o.bill_id = s.bill_id
                               AND o.owner_id = s.owner_id
             UNION ALL
            SELECT s.bill_id, (b.net_minor, b.tax_minor) IS DISTINCT FROM (s.net_minor, s.tax_minor)
              FROM (SELECT account_id, bill_id, sum(net_minor) AS net_minor, sum(tax_minor) AS tax_minor
                      FROM bill_slice
                     GROUP BY account_id, bill_id) s
              LEFT JOIN bill b ON b.account_id = s.account_id AND b.bill_id = s.bill_id) compared
"""

SHARED_OWNERS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT s.bill_id || '/' || s.owner_id AS id,
                   b.payer_id <> b.account_id
                     OR (s.owner_id <> s.account_id AND a.parent_id IS DISTINCT FROM s.account_id)
                     OR (b.kind = 'bill' AND (
                         SELECT bool_or(h.is_shared)
                           FROM bill_sharing h
                          WHERE h.account_id = s.account_id AND h.from_on <= b.issued_on
                            AND (h.from_on = b.issued_on OR NOT EXISTS (
                                 SELECT 1
                                   FROM bill_sharing later
                                  WHERE later.account_id = h.account_id AND later.from_on < b.issued_on
                                    AND (later.from_on, later.sharing_no) > (h.from_on, h.sharing_no))))
                         IS NOT TRUE) AS differs
              FROM bill_slice s
              JOIN bill b ON b.account_id = s.account_id AND b.bill_id = s.bill_id
              LEFT JOIN account a ON a.account_id = s.owner_id) compared
"""

FAMILY_VIEW: Final[LiteralString] = """
    WITH family AS (
         SELECT account_id, coalesce(parent_id, account_id) AS parent_id
           FROM account
          WHERE parent_id IS NOT NULL OR account_id IN (SELECT parent_id FROM account)
         ), signed AS (
         SELECT f.parent_id, b.account_id, b.bill_id, b.currency, b.total_minor,
                date_trunc('month', b.issued_on)::date AS month,
                CASE WHEN b.kind = 'credit-note' THEN -1 ELSE 1 END AS sign
           FROM family f
           JOIN bill b ON b.account_id = f.account_id
         ), seen AS (
         SELECT b.parent_id, b.currency, b.month, b.sign * (d.net_minor + t.tax_minor) AS amount_minor
           FROM signed b
           JOIN (SELECT account_id, bill_id, sum(net_minor) AS net_minor
                   FROM bill_detail
                  GROUP BY account_id, bill_id) d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
           JOIN (SELECT account_id, bill_id, sum(tax_minor) AS tax_minor
                   FROM bill_tax
                  GROUP BY account_id, bill_id) t ON t.account_id = b.account_id AND t.bill_id = b.bill_id
         ), children AS (
         SELECT parent_id, currency, month, sum(sign * total_minor) AS amount_minor
           FROM signed
          GROUP BY parent_id, currency, month
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(c.parent_id || '/' || to_char(c.month, 'YYYY-MM') || '/' || c.currency
                               ORDER BY c.parent_id, c.month, c.currency)
             FILTER (WHERE c.amount_minor IS DISTINCT FROM v.amount_minor))[1:1000], '{}') AS differences
      FROM children c
      LEFT JOIN (SELECT parent_id, currency, month, sum(amount_minor) AS amount_minor
                   FROM seen
                  GROUP BY parent_id, currency, month) v
        ON v.parent_id = c.parent_id AND v.currency = c.currency AND v.month = c.month
"""

CORRECTIVE_BILLS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(c.bill_id ORDER BY c.bill_id)
             FILTER (WHERE b.bill_id IS NULL OR (c.net_minor, c.currency) IS DISTINCT FROM
                           (b.net_minor, b.currency)
                        OR c.issued_on < b.issued_on
                        OR (SELECT coalesce(sum(n.total_minor), 0)
                              FROM bill n
                             WHERE n.account_id = c.account_id AND n.corrects_bill_id = c.corrects_bill_id
                               AND n.kind = 'credit-note') <> b.total_minor))[1:1000], '{}') AS differences
      FROM bill c
      LEFT JOIN bill b ON b.account_id = c.account_id AND b.bill_id = c.corrects_bill_id
     WHERE c.kind = 'corrective'
"""

CREDITED_VAT: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT n.bill_id,
                   sum(t.tax_minor) OVER taken IS DISTINCT FROM
                     round(sum(t.net_minor) OVER taken * t.vat_rate_bp * 0.0001)
                     OR (sum(t.net_minor) OVER taken) > o.net_minor AS differs
              FROM bill n
              JOIN bill_tax t ON t.account_id = n.account_id AND t.bill_id = n.bill_id
              LEFT JOIN bill_tax o ON o.account_id = n.account_id AND o.bill_id = n.corrects_bill_id
                                  AND o.vat_category = t.vat_category AND o.vat_rate_bp = t.vat_rate_bp
             WHERE n.kind = 'credit-note'
            WINDOW taken AS (PARTITION BY n.account_id, n.corrects_bill_id, t.vat_category, t.vat_rate_bp
                             ORDER BY n.order_id)) compared
"""

CHECKS: Final = (
    Check("shared-slices", SHARED_SLICES),
    Check("shared-owners", SHARED_OWNERS),
    Check("family-view", FAMILY_VIEW),
    Check("corrective-bills", CORRECTIVE_BILLS),
    Check("credited-vat", CREDITED_VAT),
)
