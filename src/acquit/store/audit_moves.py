"""Checks of services that changed hands: no day is charged twice or to nobody."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

SERVICE_MOVES: Final[LiteralString] = """
    WITH renewed AS (
         SELECT account_id, service_id, period_start, period_end
           FROM charge
          WHERE kind = 'renewal'
          UNION
         SELECT coalesce(owner_id, account_id), service_id, period_start, period_end
           FROM bill_detail
          WHERE kind = 'renewal' AND correction_no = 0
         ), settled AS (
         SELECT account_id, service_id, part, period_start, period_end,
                sign(quantity_e4) * unit_price_ucents AS net_ucents
           FROM charge
          WHERE kind = 'adjustment' AND part IN ('end-back', 'moved')
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT m.account_id || '/' || m.service_id || ' to ' || m.to_account_id || '/' || m.to_service_id
                     AS id,
                   g.service_id IS NULL OR t.service_id IS NULL
                     OR g.state <> 'terminated' OR g.terminated_on <> m.moved_on
                     OR t.started_on <> greatest(m.moved_on, g.started_on)
                     OR g.resource_name <> t.resource_name
                     OR coalesce(back.net_ucents, 0) + coalesce(on_.net_ucents, 0) <> 0
                     OR (back.period_start, back.period_end)
                        IS DISTINCT FROM (on_.period_start, on_.period_end)
                     OR back.period_start <> m.moved_on OR back.period_end + 1 <> m.paid_until_on
                     OR g.next_renewal_on <> m.paid_until_on
                     OR EXISTS (SELECT
                                  FROM renewed r
                                 WHERE r.account_id = m.account_id AND r.service_id = m.service_id
                                   AND r.period_end >= m.paid_until_on)
                     OR EXISTS (SELECT
                                  FROM renewed r
                                 WHERE r.account_id = m.to_account_id AND r.service_id = m.to_service_id
                                   AND r.period_start < m.paid_until_on)
                     AS differs
              FROM service_move m
              LEFT JOIN service g ON g.account_id = m.account_id AND g.service_id = m.service_id
              LEFT JOIN service t ON t.account_id = m.to_account_id AND t.service_id = m.to_service_id
              LEFT JOIN settled back
                ON back.account_id = m.account_id AND back.service_id = m.service_id
               AND back.part = 'end-back'
              LEFT JOIN settled on_
                ON on_.account_id = m.to_account_id AND on_.service_id = m.to_service_id
               AND on_.part = 'moved') compared
"""

CHECKS: Final = (Check("service-moves", SERVICE_MOVES),)
