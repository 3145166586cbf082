"""Checks of what was agreed: services are as their last agreement says, changes made what was announced."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

AGREEMENTS: Final[LiteralString] = """
    WITH last AS (
         SELECT DISTINCT ON (account_id, service_id) *,
                count(*) OVER (PARTITION BY account_id, service_id) AS rows,
                max(agreement_no) OVER (PARTITION BY account_id, service_id) AS highest_no
           FROM service_agreement
          ORDER BY account_id, service_id, from_on DESC, agreement_no DESC
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(l.account_id || '/' || l.service_id ORDER BY l.account_id, l.service_id)
             FILTER (WHERE l.rows <> l.highest_no OR s.service_id IS NULL
                        OR (l.catalogue_id, l.plan_code, l.pricing_mode, l.quantity_e4, l.unit_price_ucents,
                            l.currency, l.renewal_months, l.anniversary_day)
                           IS DISTINCT FROM
                           (s.catalogue_id, s.plan_code, s.pricing_mode, s.quantity_e4, s.unit_price_ucents,
                            s.currency, s.renewal_months, s.anniversary_day)))[1:1000], '{}') AS differences
      FROM last l
      LEFT JOIN service s ON s.account_id = l.account_id AND s.service_id = l.service_id
"""

PLANNED_CHANGES: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(p.account_id, a.account_id) || '/' || coalesce(p.change_no, a.change_no) AS id,
                   p.change_no IS NULL OR a.change_no IS NULL OR a.from_on <> p.applied_on
                     OR a.service_id <> p.service_id
                     OR (p.kind IN ('price', 'promotion-end', 'plan')
                         AND a.unit_price_ucents <> coalesce(p.unit_price_ucents, a.unit_price_ucents))
                     AS differs
              FROM (SELECT * FROM planned_change WHERE applied_on IS NOT NULL) p
              FULL JOIN (SELECT * FROM service_agreement WHERE change_no IS NOT NULL) a
                ON a.account_id = p.account_id AND a.change_no = p.change_no) compared
"""

SUSPENSIONS: Final[LiteralString] = """
    WITH last AS (
         SELECT DISTINCT ON (account_id, service_id) account_id, service_id, happening
           FROM service_suspension
          ORDER BY account_id, service_id, suspension_no DESC
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(s.account_id || '/' || s.service_id ORDER BY s.account_id, s.service_id)
             FILTER (WHERE (s.state = 'suspended') <> (l.happening = 'suspended')))[1:1000], '{}')
             AS differences
      FROM last l
      JOIN service s ON s.account_id = l.account_id AND s.service_id = l.service_id
     WHERE s.state <> 'terminated'
"""

DAYS_SETTLED: Final[LiteralString] = """
    WITH settled AS (
         SELECT c.account_id, c.service_id, c.part, c.period_start, c.period_end, c.description,
                sign(c.quantity_e4)::integer AS way,
                round(c.unit_price_ucents * CASE WHEN c.currency IN ('JPY', 'XOF') THEN 0.00000001
                                                 WHEN c.currency = 'TND' THEN 0.00001
                                                 ELSE 0.000001 END) AS net_minor,
                c.currency,
                CASE WHEN c.part LIKE 'end%' THEN 2147483647
                     WHEN c.part = 'moved' THEN (
                          SELECT agreements
                            FROM service_move
                           WHERE to_account_id = c.account_id AND to_service_id = c.service_id)
                     WHEN c.part LIKE '%-back' THEN n.first_no - 1
                     ELSE n.first_no + (
                          SELECT count(DISTINCT from_on)
                            FROM service_agreement
                           WHERE account_id = c.account_id AND service_id = c.service_id
                             AND agreement_no < n.first_no AND from_on > c.period_start) END AS last_no
           FROM charge c
          CROSS JOIN LATERAL (SELECT substring(c.part FROM '^change-([0-9]+)')::bigint AS first_no) n
          WHERE c.kind = 'adjustment' AND c.part ~ '^(change-[0-9]+(-back)?|end(-back)?|moved)$'
         ), agreed AS (
         SELECT account_id, service_id, agreement_no, from_on, quantity_e4, unit_price_ucents, renewal_months,
                anniversary_day, anchor_on
           FROM service_agreement
          UNION ALL
         SELECT s.account_id, s.service_id, 1, s.started_on, s.quantity_e4, s.unit_price_ucents,
                s.renewal_months, s.anniversary_day, s.next_renewal_on
           FROM service s
          WHERE NOT EXISTS (SELECT 1
                              FROM service_agreement g
                             WHERE g.account_id = s.account_id AND g.service_id = s.service_id)
         ), each_day AS (
         SELECT s.account_id, s.service_id, s.part, s.period_start, d.on_day,
                round(a.quantity_e4::numeric * a.unit_price_ucents *
                      CASE WHEN s.currency IN ('JPY', 'XOF') THEN 0.000000000001
                           WHEN s.currency = 'TND' THEN 0.000000001
                           ELSE 0.0000000001 END) AS whole_minor,
                p.start_on, p.next_on
           FROM settled s
          CROSS JOIN LATERAL (
                SELECT s.period_start + n AS on_day
                  FROM generate_series(0, s.period_end - s.period_start) AS n) d
          CROSS JOIN LATERAL (
                SELECT *
                  FROM agreed
                 WHERE account_id = s.account_id AND service_id = s.service_id AND agreement_no <= s.last_no
                 ORDER BY from_on <= d.on_day DESC,
                          CASE WHEN from_on <= d.on_day THEN from_on END DESC,
                          CASE WHEN from_on <= d.on_day THEN agreement_no END DESC, from_on, agreement_no
                 LIMIT 1) a
          CROSS JOIN LATERAL (
                SELECT (12 * (extract(year FROM d.on_day) - extract(year FROM a.anchor_on))
                        + extract(month FROM d.on_day) - extract(month FROM a.anchor_on))::integer
                       / a.renewal_months AS turns) t
          CROSS JOIN LATERAL (
                SELECT max(at.day) FILTER (WHERE at.day <= d.on_day) AS start_on,
                       min(at.day) FILTER (WHERE at.day > d.on_day) AS next_on
                  FROM generate_series(t.turns - 2, t.turns + 2) AS k
                 CROSS JOIN LATERAL (
                       SELECT (date_trunc('month', a.anchor_on::timestamp)
                               + make_interval(months => k * a.renewal_months))::date AS first_on) m
                 CROSS JOIN LATERAL (
                       SELECT m.first_on + least(
                              a.anniversary_day,
                              extract(day FROM m.first_on + interval '1 month - 1 day')::integer) - 1 AS day
                       ) at) p
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT s.account_id || '/' || s.service_id || '/' || s.part || '/' || s.period_start AS id,
                   (CASE WHEN s.part LIKE '%-back' THEN -1 ELSE 1 END) <> s.way
                     OR s.net_minor IS DISTINCT FROM e.net_minor AS differs
              FROM settled s
              LEFT JOIN (
                   SELECT account_id, service_id, part, period_start,
                          sum(round(whole_minor * (on_day + 1 - start_on) / (next_on - start_on))
                              - round(whole_minor * (on_day - start_on) / (next_on - start_on))) AS net_minor
                     FROM each_day
                    GROUP BY account_id, service_id, part, period_start) e
                ON e.account_id = s.account_id AND e.service_id = s.service_id AND e.part = s.part
               AND e.period_start = s.period_start) compared
"""

CHECKS: Final = (
    Check("agreements", AGREEMENTS),
    Check("planned-changes", PLANNED_CHANGES),
    Check("suspensions", SUSPENSIONS),
    Check("days-settled", DAYS_SETTLED),
)
