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

CHECKS: Final = (
    Check("agreements", AGREEMENTS),
    Check("planned-changes", PLANNED_CHANGES),
    Check("suspensions", SUSPENSIONS),
)
