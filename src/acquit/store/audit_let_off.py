"""The check of what had been let off: it is kept of what comes back, in proportion and once."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

LET_OFF: Final[LiteralString] = """
    WITH kept AS (
         SELECT k.owner_id, k.service_id, k.id, k.net_minor, substr(k.part, 17) AS part, k.period_start,
                k.period_end, coalesce(c.accepted_at, k.booked_at) AS decided_at
           FROM (SELECT coalesce(d.owner_id, d.account_id) AS owner_id, d.service_id, d.part, d.period_start,
                        d.period_end, d.net_minor, d.bill_id || '/' || d.detail_no AS id, e.booked_at
                   FROM bill_detail d
                   JOIN entry e ON e.account_id = d.account_id AND e.kind = 'bill' AND e.reference = d.bill_id
                  WHERE d.kind = 'discount' AND d.part LIKE 'back:%' AND d.correction_no = 0
                  UNION ALL
                 SELECT k.account_id, k.service_id, k.part, k.period_start, c.period_end,
                        -sum(k.amount_minor)::bigint, min(k.note_bill_id) || '/' || k.service_id, NULL
                   FROM credited_charge k
                   JOIN charge c ON c.account_id = k.account_id AND c.service_id = k.service_id
                                AND c.kind = k.kind AND c.part = k.part AND c.period_start = k.period_start
                  WHERE k.kind = 'discount' AND k.part LIKE 'back:%'
                  GROUP BY k.account_id, k.service_id, k.part, k.period_start, c.period_end) k
           LEFT JOIN charge c ON c.account_id = k.owner_id AND c.service_id = k.service_id
                             AND c.kind = 'discount' AND c.part = k.part AND c.period_start = k.period_start
         ), accepted AS (
         SELECT account_id, service_id, kind, part, period_start, period_end,
                round(quantity_e4::numeric * unit_price_ucents *
                      CASE WHEN currency IN ('JPY', 'XOF') THEN 0.000000000001
                           WHEN currency = 'TND' THEN 0.000000001
                           ELSE 0.0000000001 END) AS net_minor
           FROM charge
         ), lowering AS (
         SELECT coalesce(d.owner_id, d.account_id) AS owner_id, d.service_id, d.part, d.period_start,
                d.period_end, -d.net_minor AS off_minor, d.correction_no
           FROM bill_detail d
           JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id AND b.kind <> 'credit-note'
          WHERE d.kind = 'discount' AND d.part ~ '^[0-9]+(:|$)'
          UNION ALL
         SELECT a.account_id, a.service_id, a.part, a.period_start, a.period_end, -a.net_minor, 0
           FROM open_charge o
           JOIN accepted a ON a.account_id = o.account_id AND a.service_id = o.service_id
                          AND a.kind = o.kind AND a.part = o.part AND a.period_start = o.period_start
          WHERE o.kind = 'discount' AND o.part ~ '^[0-9]+(:|$)'
         ), corrected AS (
         SELECT coalesce(d.owner_id, d.account_id) AS owner_id, d.service_id, d.kind, d.part, d.period_start,
                e.booked_at,
                CASE WHEN b.kind = 'credit-note' THEN -d.net_minor ELSE d.net_minor END AS net_minor
           FROM bill_detail d
           JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
           JOIN entry e ON e.account_id = d.account_id AND e.kind IN ('bill', 'credit-note')
                       AND e.reference = d.bill_id
          WHERE d.correction_no > 0 AND d.kind IN ('usage', 'adjustment') AND d.part LIKE 'usage:%'
            AND NOT EXISTS (
                SELECT
                  FROM credited_charge k
                 WHERE k.account_id = coalesce(d.owner_id, d.account_id) AND k.service_id = d.service_id
                   AND k.note_account_id = d.account_id AND k.note_bill_id = d.bill_id)
         ), days AS (
         SELECT k.id, k.net_minor, -g.net_minor AS back_minor,
                greatest(-g.net_minor - coalesce(n.net_minor, 0), 0) AS lost_minor,
                l.off_minor, l.is_corrected, b.kept_minor
           FROM kept k
           LEFT JOIN accepted g ON g.account_id = k.owner_id AND g.service_id = k.service_id
                               AND g.kind = 'adjustment' AND g.part = k.part
                               AND g.period_start = k.period_start
           LEFT JOIN accepted n ON n.account_id = k.owner_id AND n.service_id = k.service_id
                               AND n.kind = 'adjustment' AND n.part = regexp_replace(k.part, '-back$', '')
                               AND n.period_start = k.period_start
          CROSS JOIN LATERAL (
                SELECT coalesce(sum(
                         round(o.off_minor::numeric * (least(o.period_end, k.period_end) - o.period_start + 1)
                               / (o.period_end - o.period_start + 1))
                         - round(o.off_minor::numeric
                                 * (greatest(o.period_start, k.period_start) - o.period_start)
                                 / (o.period_end - o.period_start + 1))), 0) AS off_minor,
                       coalesce(bool_or(o.correction_no > 0), false) AS is_corrected
                  FROM lowering o
                 WHERE o.owner_id = k.owner_id AND o.service_id = k.service_id AND o.part ~ '^[0-9]+$'
                   AND o.period_start <= k.period_end AND o.period_end >= k.period_start) l
          CROSS JOIN LATERAL (
                SELECT coalesce(sum(
                         round(o.net_minor::numeric * (least(o.period_end, k.period_end) - o.period_start + 1)
                               / (o.period_end - o.period_start + 1))
                         - round(o.net_minor::numeric
                                 * (greatest(o.period_start, k.period_start) - o.period_start)
                                 / (o.period_end - o.period_start + 1))), 0) AS kept_minor
                  FROM kept o
                 WHERE o.owner_id = k.owner_id AND o.service_id = k.service_id AND o.part LIKE '%-back'
                   AND o.period_start <= k.period_end AND o.period_end >= k.period_start
                   AND (o.decided_at, o.period_start,
                        coalesce(substring(o.part FROM '^change-([0-9]+)-')::bigint, 9223372036854775807))
                     < (k.decided_at, k.period_start,
                        coalesce(substring(k.part FROM '^change-([0-9]+)-')::bigint, 9223372036854775807))) b
          WHERE k.part LIKE '%-back'
         ), used AS (
         SELECT k.id, k.net_minor, -g.net_minor AS back_minor, u.net_minor + n.net_minor AS used_minor,
                l.off_minor, l.is_corrected, b.kept_minor
           FROM kept k
          CROSS JOIN LATERAL (
                SELECT split_part(k.part, ':', 2) AS meter, split_part(k.part, ':', 3) AS month,
                       split_part(k.part, ':', 4)::bigint AS number) m
           LEFT JOIN accepted g ON g.account_id = k.owner_id AND g.service_id = k.service_id
                               AND g.kind = 'adjustment' AND g.part = k.part
                               AND g.period_start = k.period_start
          CROSS JOIN LATERAL (
                SELECT coalesce(sum(a.net_minor), 0) AS net_minor
                  FROM accepted a
                 WHERE a.account_id = k.owner_id AND a.service_id = k.service_id
                   AND CASE WHEN a.kind = 'usage'
                            THEN starts_with(a.part, 'usage:' || m.meter || ':')
                                 AND to_char(a.period_start, 'YYYY-MM') = m.month
                            WHEN a.kind = 'adjustment'
                                 AND starts_with(a.part, 'usage:' || m.meter || ':' || m.month || ':')
                            THEN split_part(a.part, ':', 4)::bigint < m.number
                            ELSE false END) u
          CROSS JOIN LATERAL (
                SELECT coalesce(sum(o.net_minor), 0) AS net_minor
                  FROM corrected o
                 WHERE o.owner_id = k.owner_id AND o.service_id = k.service_id
                   AND o.booked_at < k.decided_at
                   AND CASE WHEN o.kind = 'usage'
                            THEN starts_with(o.part, 'usage:' || m.meter || ':')
                                 AND to_char(o.period_start, 'YYYY-MM') = m.month
                            WHEN starts_with(o.part, 'usage:' || m.meter || ':' || m.month || ':')
                            THEN split_part(o.part, ':', 4)::bigint < m.number
                            ELSE false END) n
          CROSS JOIN LATERAL (
                SELECT coalesce(sum(o.off_minor), 0) AS off_minor,
                       coalesce(bool_or(o.correction_no > 0), false) AS is_corrected
                  FROM lowering o
                 WHERE o.owner_id = k.owner_id AND o.service_id = k.service_id
                   AND starts_with(regexp_replace(o.part, '^[0-9]+:', ''), 'usage:usage:' || m.meter || ':')
                   AND to_char(o.period_start, 'YYYY-MM') = m.month) l
          CROSS JOIN LATERAL (
                SELECT coalesce(sum(o.net_minor), 0) AS kept_minor
                  FROM kept o
                 WHERE o.owner_id = k.owner_id AND o.service_id = k.service_id
                   AND starts_with(o.part, 'usage:' || m.meter || ':' || m.month || ':')
                   AND split_part(o.part, ':', 4)::bigint < m.number) b
          WHERE k.part LIKE 'usage:%'
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT id, back_minor IS NULL OR net_minor <= 0 OR net_minor > least(lost_minor, off_minor)
                         OR (NOT is_corrected AND net_minor <> round(
                               least(off_minor - kept_minor, back_minor) * lost_minor / back_minor))
                     AS differs
              FROM days
             UNION ALL
            SELECT id, back_minor IS NULL OR net_minor <= 0 OR net_minor > least(back_minor, off_minor)
                         OR (NOT is_corrected AND net_minor <>
                               CASE WHEN used_minor >= back_minor
                                    THEN round(least(off_minor - kept_minor, used_minor) * back_minor
                                               / used_minor)
                                    ELSE least(off_minor - kept_minor, back_minor) END)
              FROM used
             UNION ALL
            SELECT id, true FROM kept WHERE part NOT LIKE '%-back' AND part NOT LIKE 'usage:%') compared
"""

CHECKS: Final = (Check("let-off-kept", LET_OFF),)
