"""Checks of points: every movement follows, the books owe what is left, bills brought what they should."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

KEPT: Final[LiteralString] = """
    WITH running AS (
         SELECT account_id, movement_id, balance,
                sum(points) OVER (PARTITION BY account_id ORDER BY movement_id) AS after
           FROM points_movement
         ), lot AS (
         SELECT l.account_id, l.movement_id AS lot_id, l.kind, l.worth_minor, l.used_bp, l.currency,
                sum(m.points) AS points_left
           FROM points_movement l
           JOIN points_movement m ON m.account_id = l.account_id AND m.lot_id = l.movement_id
          WHERE l.lot_id = l.movement_id
          GROUP BY l.account_id, l.movement_id, l.kind, l.worth_minor, l.used_bp, l.currency
         ), ledger AS (
         SELECT e.account_id, p.currency, -sum(p.amount_minor) AS amount_minor
           FROM entry e
           JOIN account a ON a.account_id = e.account_id
           JOIN ledger_account c ON c.legal_entity_id = a.legal_entity_id AND c.role = 'points'
           JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no AND p.ledger = c.number
          WHERE e.kind = 'points'
          GROUP BY e.account_id, p.currency
         ), expected AS (
         SELECT account_id, currency,
                sum(CASE kind WHEN 'bought' THEN 0
                    ELSE div(2 * points_left * worth_minor * used_bp + 10000, 20000) END) AS amount_minor
           FROM lot
          GROUP BY account_id, currency
         ), used AS (
         SELECT m.account_id, m.credit_movement_id, -sum(m.points * l.worth_minor) AS worth_minor,
                bool_or(l.kind = 'bought') AS bought
           FROM points_movement m
           JOIN points_movement l ON l.account_id = m.account_id AND l.movement_id = m.lot_id
          WHERE m.kind = 'used'
          GROUP BY m.account_id, m.credit_movement_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT account_id || '/' || movement_id AS id, balance <> after AS differs FROM running
             UNION ALL
            SELECT account_id || '/' || lot_id, points_left < 0 FROM lot
             UNION ALL
            SELECT account_id || '/' || currency, coalesce(l.amount_minor, 0) <> coalesce(x.amount_minor, 0)
              FROM ledger l
              FULL JOIN expected x USING (account_id, currency)
             UNION ALL
            SELECT u.account_id || '/credit ' || u.credit_movement_id,
                   c.amount_minor IS DISTINCT FROM u.worth_minor
                     OR c.type <> CASE WHEN u.bought THEN 'PREPAID_ACCOUNT' ELSE 'BONUS' END
              FROM used u
              LEFT JOIN credit_movement c ON c.account_id = u.account_id
                                         AND c.movement_id = u.credit_movement_id
                                         AND c.lot_id = c.movement_id
             UNION ALL
            SELECT c.account_id || '/credit ' || c.movement_id,
                   h.left_minor IS DISTINCT FROM coalesce(l.points_left * l.worth_minor, 0)
              FROM credit_movement c
             CROSS JOIN LATERAL (SELECT sum(amount_minor) AS left_minor FROM credit_movement
                                  WHERE account_id = c.account_id AND lot_id = c.movement_id) h
              LEFT JOIN points_movement b ON b.account_id = c.account_id AND b.kind = 'bought'
                                         AND b.credit_movement_id = c.movement_id
              LEFT JOIN lot l ON l.account_id = b.account_id AND l.lot_id = b.movement_id
             WHERE c.type = 'POINTS' AND c.lot_id = c.movement_id
             UNION ALL
            SELECT o.account_id || '/' || o.bill_id, sum(o.points) < 0
              FROM points_owed o
             GROUP BY o.account_id, o.bill_account_id, o.bill_id) compared
"""

EARNED: Final[LiteralString] = """
    WITH counted AS (
         SELECT b.account_id, b.bill_id, d.debt_id, d.payer_id, d.amount_minor, p.points, p.per_minor,
                p.without_plans, p.without_kinds
           FROM points_programme first
           JOIN account a ON a.legal_entity_id = first.legal_entity_id AND a.currency = first.currency
           JOIN debt d ON d.payer_id = a.account_id AND d.currency = a.currency
           JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id AND b.kind <> 'claim'
           JOIN LATERAL (
                SELECT * FROM points_programme
                 WHERE legal_entity_id = a.legal_entity_id AND currency = a.currency
                   AND from_on <= b.issued_on
                 ORDER BY from_on DESC, programme_id DESC LIMIT 1) p ON p.programme_id = first.programme_id
         ), line AS (
         SELECT c.account_id, c.bill_id,
                CASE WHEN n.bill_id = c.bill_id THEN 1 ELSE -1 END * l.net_minor AS net
           FROM counted c
           JOIN bill n ON n.account_id = c.account_id
                      AND (n.bill_id = c.bill_id
                           OR (n.kind = 'credit-note' AND n.corrects_bill_id = c.bill_id))
           JOIN bill_detail l ON l.account_id = n.account_id AND l.bill_id = n.bill_id
           LEFT JOIN service s ON s.account_id = coalesce(l.owner_id, l.account_id)
                              AND s.service_id = l.service_id
           LEFT JOIN LATERAL (
                SELECT plan_code FROM service_agreement g
                 WHERE g.account_id = s.account_id AND g.service_id = s.service_id
                   AND (g.from_on <= l.period_start OR g.agreement_no = 1)
                 ORDER BY g.from_on <= l.period_start AND g.agreement_no > 1 DESC, g.from_on DESC,
                       g.agreement_no DESC LIMIT 1) g ON true
          WHERE NOT l.kind = ANY (c.without_kinds)
            AND NOT coalesce(g.plan_code, s.plan_code, '') = ANY (c.without_plans)
         ), net AS (
         SELECT account_id, bill_id, sum(net) AS net FROM line GROUP BY account_id, bill_id
         ), settled AS (
         SELECT c.account_id, c.debt_id, c.amount_minor + coalesce(sum(o.effect_minor), 0) AS open,
                c.amount_minor - coalesce(sum(o.amount_minor) FILTER (WHERE o.kind = 'credit'), 0) AS owed,
                coalesce(sum(-o.effect_minor) FILTER (WHERE o.kind IN ('payment', 'returned')
                                                        OR (o.kind = 'reopened' AND r.kind = 'payment')), 0)
                    AS paid
           FROM counted c
           LEFT JOIN debt_operation o ON o.account_id = c.account_id AND o.debt_id = c.debt_id
           LEFT JOIN debt_operation r ON r.account_id = o.account_id AND r.debt_id = o.debt_id
                                     AND r.operation_id = o.reverses_id
          GROUP BY c.account_id, c.debt_id, c.amount_minor
         ), given AS (
         SELECT debt_account_id AS account_id, debt_id, -sum(amount_minor) AS minor
           FROM credit_movement
          WHERE debt_id IS NOT NULL AND type IN ('VOUCHER', 'BONUS')
          GROUP BY debt_account_id, debt_id
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT c.bill_id AS id,
                   coalesce((SELECT sum(points) FROM points_movement m
                              WHERE m.account_id = c.payer_id AND m.bill_account_id = c.account_id
                                AND m.bill_id = c.bill_id), 0)
                   - coalesce((SELECT sum(points) FROM points_owed w
                                WHERE w.account_id = c.payer_id AND w.bill_account_id = c.account_id
                                  AND w.bill_id = c.bill_id), 0)
                   <> CASE WHEN s.open > 0 OR s.owed <= 0 OR coalesce(n.net, 0) <= 0 THEN 0
                           ELSE div(c.points::numeric * n.net * least(s.paid - coalesce(g.minor, 0), s.owed),
                                    c.per_minor::numeric * s.owed) END AS differs
              FROM counted c
              JOIN settled s ON s.account_id = c.account_id AND s.debt_id = c.debt_id
              LEFT JOIN net n ON n.account_id = c.account_id AND n.bill_id = c.bill_id
              LEFT JOIN given g ON g.account_id = c.account_id AND g.debt_id = c.debt_id
             WHERE NOT EXISTS (SELECT FROM points_due w
                                WHERE w.account_id = c.account_id AND w.debt_id = c.debt_id)) compared
"""

CHECKS: Final = (
    Check("points-kept", KEPT),
    Check("points-earned", EARNED),
)
