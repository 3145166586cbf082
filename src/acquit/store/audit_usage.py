"""Checks of usage: every event in is rated, pending or rejected; what was rated is charged, to the cent."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

INTAKE: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE told IS DISTINCT FROM found))[1:1000], '{}')
             AS differences
      FROM (SELECT 'chunk/' || coalesce(c.chunk_no, e.chunk_no) AS id, c.accepted AS told,
                   coalesce(e.events, 0) AS found
              FROM usage_chunk c
              FULL JOIN (SELECT usage_no / 100000 AS chunk_no, count(*) AS events
                           FROM usage_event
                          GROUP BY usage_no / 100000) e ON e.chunk_no = c.chunk_no
             UNION ALL
            SELECT 'chunk/' || c.chunk_no, c.rejected, count(r.rejected_no)
              FROM usage_chunk c
              LEFT JOIN usage_rejected r ON r.chunk_no = c.chunk_no
             GROUP BY c.chunk_no, c.rejected
             UNION ALL
            SELECT 'chunk/' || c.chunk_no, c.accepted, coalesce(sum(i.accepted), 0)
              FROM usage_chunk c
              LEFT JOIN usage_intake i ON i.chunk_no = c.chunk_no
             GROUP BY c.chunk_no, c.accepted
             UNION ALL
            SELECT coalesce(i.legal_entity_id, e.legal_entity_id) || '/'
                     || to_char(coalesce(i.period, e.period), 'YYYY-MM'), i.events, e.events
              FROM (SELECT legal_entity_id, period, sum(accepted) AS events
                      FROM usage_intake
                     GROUP BY legal_entity_id, period) i
              FULL JOIN (SELECT a.legal_entity_id, u.period, count(*)::numeric AS events
                           FROM usage_event u
                           JOIN account a ON a.account_id = u.account_id
                          GROUP BY a.legal_entity_id, u.period) e
                ON e.legal_entity_id = i.legal_entity_id AND e.period = i.period) compared
"""

EVENTS_ONCE: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT e.source || '/' || e.event_id AS id,
                   count(*) OVER (PARTITION BY e.source, e.event_id) > 1
                     OR e.period <> date_trunc('month', e.used_on)
                     OR s.service_id IS NULL OR e.used_on < s.started_on
                     OR (e.corrects_no IS NOT NULL
                         AND (o.service_id, o.meter, o.used_on) IS DISTINCT FROM
                             (e.service_id, e.meter, e.used_on)) AS differs
              FROM usage_event e
              LEFT JOIN service s ON s.account_id = e.account_id AND s.service_id = e.service_id
              LEFT JOIN usage_event o ON o.account_id = e.account_id AND o.period = e.period
                                     AND o.usage_no = e.corrects_no) compared
"""

RATED: Final[LiteralString] = """
    WITH latest AS (
         SELECT DISTINCT ON (account_id, service_id, meter, period)
                account_id, service_id, meter, period, up_to_no, events, quantity_e4
           FROM usage_rating
          ORDER BY account_id, service_id, meter, period, rating_no DESC
         ), seen AS (
         SELECT l.account_id, l.service_id, l.meter, l.period, e.used_on, e.used_at, e.source, e.event_id,
                e.corrects_no,
                coalesce((SELECT x.quantity_e4
                            FROM usage_event x
                           WHERE x.account_id = e.account_id AND x.corrects_no = e.usage_no
                             AND x.usage_no <= l.up_to_no
                           ORDER BY x.usage_no DESC
                           LIMIT 1), e.quantity_e4) AS quantity_e4
           FROM latest l
           JOIN usage_event e ON e.account_id = l.account_id AND e.period = l.period
                             AND e.service_id = l.service_id AND e.meter = l.meter
                             AND e.usage_no <= l.up_to_no
         ), daily AS (
         SELECT account_id, service_id, meter, period, used_on, count(*) AS events,
                sum(quantity_e4) FILTER (WHERE corrects_no IS NULL) AS total,
                max(quantity_e4) FILTER (WHERE corrects_no IS NULL) AS highest,
                (array_agg(quantity_e4 ORDER BY used_at DESC, source DESC, event_id DESC)
                  FILTER (WHERE corrects_no IS NULL))[1] AS latest
           FROM seen
          GROUP BY account_id, service_id, meter, period, used_on
         ), measured AS (
         SELECT account_id, service_id, meter, period, sum(events) AS events, sum(total) AS total,
                max(highest) AS highest, sum(highest) AS highest_days,
                (array_agg(latest ORDER BY used_on DESC))[1] AS latest, sum(latest) AS latest_days
           FROM daily
          GROUP BY account_id, service_id, meter, period
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT l.account_id || '/' || l.service_id || '/' || l.meter || '/'
                     || to_char(l.period, 'YYYY-MM') AS id,
                   l.events <> coalesce(m.events, 0) OR d.meter IS NULL
                     OR l.quantity_e4 <> coalesce(
                        CASE WHEN d.aggregation = 'sum' THEN m.total
                             WHEN d.aggregation = 'max' AND d.per = 'day' THEN m.highest_days
                             WHEN d.aggregation = 'max' THEN m.highest
                             WHEN d.per = 'day' THEN m.latest_days
                             ELSE m.latest END, 0) AS differs
              FROM latest l
              JOIN account a ON a.account_id = l.account_id
              LEFT JOIN LATERAL (
                   SELECT meter, aggregation, per
                     FROM meter
                    WHERE legal_entity_id = a.legal_entity_id AND meter = l.meter
                      AND from_on < l.period + interval '1 month'
                    ORDER BY from_on <= l.period DESC,
                             CASE WHEN from_on <= l.period THEN from_on END DESC, from_on
                    LIMIT 1) d ON true
              LEFT JOIN measured m ON m.account_id = l.account_id AND m.service_id = l.service_id
                                  AND m.meter = l.meter AND m.period = l.period) compared
"""

PENDING: Final[LiteralString] = """
    WITH latest AS (
         SELECT account_id, service_id, meter, period, max(up_to_no) AS up_to_no
           FROM usage_rating
          GROUP BY account_id, service_id, meter, period
         ), fresh AS (
         SELECT e.account_id, e.service_id, e.meter, e.period, max(e.usage_no) AS last_no
           FROM usage_event e
           LEFT JOIN latest l ON l.account_id = e.account_id AND l.service_id = e.service_id
                             AND l.meter = e.meter AND l.period = e.period
          WHERE l.up_to_no IS NULL OR e.usage_no > l.up_to_no
          GROUP BY e.account_id, e.service_id, e.meter, e.period
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE told IS DISTINCT FROM found))[1:1000], '{}')
             AS differences
      FROM (SELECT coalesce(p.account_id, f.account_id) || '/' || coalesce(p.service_id, f.service_id) || '/'
                     || coalesce(p.meter, f.meter) || '/'
                     || to_char(coalesce(p.period, f.period), 'YYYY-MM') AS id,
                   p.last_no AS told, f.last_no AS found
              FROM (SELECT * FROM usage_pending WHERE last_no > 0) p
              FULL JOIN fresh f ON f.account_id = p.account_id AND f.service_id = p.service_id
                               AND f.meter = p.meter AND f.period = p.period) compared
"""

CHARGED: Final[LiteralString] = """
    WITH told AS (
         SELECT r.account_id, r.service_id, j.kind, j.part, j.period_start, j.quantity_e4,
                j.unit_price_ucents, j.net_minor, r.currency,
                r.account_id || '/' || r.service_id || '/' || r.meter || '/' || to_char(r.period, 'YYYY-MM')
                  || '/' || r.rating_no AS id
           FROM usage_rating r, jsonb_to_recordset(r.charges) AS j(kind text, part text, period_start date,
                quantity_e4 bigint, unit_price_ucents bigint, net_minor bigint)
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(t.id, c.account_id || '/' || c.service_id || '/' || c.part || '/'
                     || c.period_start) AS id,
                   t.id IS NULL OR c.account_id IS NULL OR t.quantity_e4 <> c.quantity_e4
                     OR t.unit_price_ucents <> c.unit_price_ucents OR t.currency <> c.currency
                     OR t.net_minor <> round(t.quantity_e4::numeric * t.unit_price_ucents *
                        CASE WHEN t.currency IN ('JPY', 'XOF') THEN 0.000000000001
                             WHEN t.currency = 'TND' THEN 0.000000001
                             ELSE 0.0000000001 END) AS differs
              FROM told t
              FULL JOIN (SELECT account_id, service_id, kind, part, period_start, quantity_e4,
                                unit_price_ucents, currency
                           FROM charge
                          WHERE kind IN ('usage', 'adjustment') AND part LIKE 'usage:%') c
                ON c.account_id = t.account_id AND c.service_id = t.service_id AND c.kind = t.kind
               AND c.part = t.part AND c.period_start = t.period_start
             UNION ALL
            SELECT account_id || '/' || service_id || '/' || meter || '/' || to_char(period, 'YYYY-MM'),
                   sum(charged_minor) <> (array_agg(net_minor ORDER BY rating_no DESC))[1]
                     OR count(*) <> max(rating_no)
                     OR sum(charged_minor) <> sum((SELECT coalesce(sum((j ->> 'net_minor')::bigint), 0)
                                                     FROM jsonb_array_elements(charges) j))
              FROM usage_rating
             GROUP BY account_id, service_id, meter, period) compared
"""

SAVINGS: Final[LiteralString] = """
    WITH plans AS (
         SELECT p.account_id, p.savings_plan_id, p.service_id, p.starts_on, o.offer, o.meter, o.months,
                o.per_day_e4, o.price_ucents, s.terminated_on
           FROM savings_plan p
           JOIN savings_offer o ON o.legal_entity_id = p.legal_entity_id AND o.offer = p.offer
           LEFT JOIN service s ON s.account_id = p.account_id AND s.service_id = p.service_id
          WHERE NOT EXISTS (SELECT FROM savings_plan_change c
                             WHERE c.account_id = p.account_id AND c.savings_plan_id = p.savings_plan_id
                               AND c.is_cancelled)
         ), ended AS (
         SELECT p.*, (SELECT min(e.end_on)
                        FROM (SELECT (p.starts_on + make_interval(months => k * p.months))::date AS end_on
                                FROM generate_series(1, 2400 / p.months) k) e
                       WHERE e.end_on >= p.terminated_on
                          OR coalesce((SELECT c.period_end
                                         FROM savings_plan_change c
                                        WHERE c.account_id = p.account_id
                                          AND c.savings_plan_id = p.savings_plan_id
                                          AND c.period_end IS NOT NULL AND c.from_on < e.end_on
                                        ORDER BY c.change_no DESC
                                        LIMIT 1), 'ends') = 'ends') AS ends_on
           FROM plans p
         ), latest AS (
         SELECT DISTINCT ON (r.account_id, r.service_id, r.meter, r.period)
                r.account_id, r.service_id, r.meter, r.period, r.lines
           FROM usage_rating r
          WHERE NOT EXISTS (SELECT FROM usage_pending q
                             WHERE q.account_id = r.account_id AND q.service_id = r.service_id
                               AND q.meter = r.meter AND q.period = r.period)
          ORDER BY r.account_id, r.service_id, r.meter, r.period, r.rating_no DESC
         ), found AS (
         SELECT l.account_id, l.service_id, l.meter, l.period, p.offer, p.price_ucents,
                sum(p.per_day_e4 * (SELECT c.size
                                      FROM savings_plan_change c
                                     WHERE c.account_id = p.account_id
                                       AND c.savings_plan_id = p.savings_plan_id
                                       AND c.size IS NOT NULL AND c.from_on <= d.on_day
                                     ORDER BY c.change_no DESC
                                     LIMIT 1)) AS quantity_e4
           FROM latest l
           JOIN ended p ON p.account_id = l.account_id AND p.service_id = l.service_id AND p.meter = l.meter
           CROSS JOIN LATERAL (
                SELECT g::date AS on_day
                  FROM generate_series(greatest(l.period, p.starts_on),
                                       least((l.period + interval '1 month')::date, p.ends_on) - 1,
                                       interval '1 day') g) d
          GROUP BY l.account_id, l.service_id, l.meter, l.period, p.offer, p.price_ucents
         ), told AS (
         SELECT l.account_id, l.service_id, l.meter, l.period, substr(j ->> 0, 9) AS offer,
                (j ->> 2)::bigint AS price_ucents, (j ->> 1)::bigint AS quantity_e4
           FROM latest l, jsonb_array_elements(l.lines) j
          WHERE j ->> 0 LIKE 'savings-%'
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE told IS DISTINCT FROM found))[1:1000], '{}')
             AS differences
      FROM (SELECT coalesce(t.account_id, f.account_id) || '/' || coalesce(t.service_id, f.service_id) || '/'
                     || coalesce(t.meter, f.meter) || '/'
                     || to_char(coalesce(t.period, f.period), 'YYYY-MM') || '/'
                     || coalesce(t.offer, f.offer) AS id,
                   t.quantity_e4::numeric AS told, f.quantity_e4 AS found
              FROM told t
              FULL JOIN found f ON f.account_id = t.account_id AND f.service_id = t.service_id
                               AND f.meter = t.meter AND f.period = t.period AND f.offer = t.offer
                               AND f.price_ucents = t.price_ucents) compared
"""

CHECKS: Final = (
    Check("usage-intake", INTAKE),
    Check("usage-once", EVENTS_ONCE),
    Check("usage-rated", RATED),
    Check("usage-pending", PENDING),
    Check("usage-charged", CHARGED),
    Check("usage-savings", SAVINGS),
)
