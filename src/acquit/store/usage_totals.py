"""Control totals of usage: what came in, what was rated, what was charged; differences by their ids."""

from collections.abc import Sequence
from datetime import date
from typing import Final, LiteralString

from acquit.core.identifiers import LegalEntityId
from acquit.store.transaction import Transaction

PERIODS: Final[LiteralString] = """
    SELECT DISTINCT period
      FROM usage_intake
     WHERE legal_entity_id = %(legal_entity_id)s AND period = ANY(%(periods)s)
"""

INTAKE: Final[LiteralString] = """
    SELECT coalesce(i.legal_entity_id, e.legal_entity_id) || '/'
             || to_char(coalesce(i.period, e.period), 'YYYY-MM') AS id
      FROM (SELECT legal_entity_id, period, sum(accepted) AS events
              FROM usage_intake
             WHERE legal_entity_id = %(legal_entity_id)s AND period = ANY(%(periods)s)
             GROUP BY legal_entity_id, period) i
      FULL JOIN (SELECT a.legal_entity_id, e.period, count(*) AS events
                   FROM usage_event e
                   JOIN account a ON a.account_id = e.account_id
                  WHERE a.legal_entity_id = %(legal_entity_id)s AND e.period = ANY(%(periods)s)
                  GROUP BY a.legal_entity_id, e.period) e
        ON e.legal_entity_id = i.legal_entity_id AND e.period = i.period
     WHERE i.events IS DISTINCT FROM e.events
     ORDER BY id
"""

RATED: Final[LiteralString] = """
    WITH latest AS (
         SELECT DISTINCT ON (r.account_id, r.service_id, r.meter, r.period)
                r.account_id, r.service_id, r.meter, r.period, r.up_to_no, r.events
           FROM usage_rating r
           JOIN account a ON a.account_id = r.account_id
          WHERE a.legal_entity_id = %(legal_entity_id)s AND r.period = ANY(%(periods)s)
          ORDER BY r.account_id, r.service_id, r.meter, r.period, r.rating_no DESC
         ), counted AS (
         SELECT e.account_id, e.service_id, e.meter, e.period,
                count(*) FILTER (WHERE e.usage_no <= l.up_to_no) AS seen,
                count(*) FILTER (WHERE l.up_to_no IS NULL OR e.usage_no > l.up_to_no) AS fresh
           FROM usage_event e
           JOIN account a ON a.account_id = e.account_id
           LEFT JOIN latest l ON l.account_id = e.account_id AND l.service_id = e.service_id
                             AND l.meter = e.meter AND l.period = e.period
          WHERE a.legal_entity_id = %(legal_entity_id)s AND e.period = ANY(%(periods)s)
          GROUP BY e.account_id, e.service_id, e.meter, e.period
         )
    SELECT coalesce(l.account_id, c.account_id) || '/' || coalesce(l.service_id, c.service_id) || '/'
             || coalesce(l.meter, c.meter) || '/' || to_char(coalesce(l.period, c.period), 'YYYY-MM') AS id
      FROM latest l
      FULL JOIN counted c ON c.account_id = l.account_id AND c.service_id = l.service_id
                         AND c.meter = l.meter AND c.period = l.period
      LEFT JOIN usage_pending p ON p.account_id = c.account_id AND p.service_id = c.service_id
                               AND p.meter = c.meter AND p.period = c.period
     WHERE coalesce(l.events, 0) <> coalesce(c.seen, 0) OR (c.fresh > 0 AND p.account_id IS NULL)
     ORDER BY id
     LIMIT 1000
"""

CHARGED: Final[LiteralString] = """
    WITH told AS (
         SELECT r.account_id, r.service_id, j.kind, j.part, j.period_start,
                r.account_id || '/' || r.service_id || '/' || r.meter || '/' || to_char(r.period, 'YYYY-MM')
                  || '/' || r.rating_no AS id
           FROM usage_rating r
           JOIN account a ON a.account_id = r.account_id
          CROSS JOIN jsonb_to_recordset(r.charges) AS j(kind text, part text, period_start date)
          WHERE a.legal_entity_id = %(legal_entity_id)s AND r.period = ANY(%(periods)s)
         )
    SELECT DISTINCT t.id
      FROM told t
      LEFT JOIN charge c ON c.account_id = t.account_id AND c.service_id = t.service_id AND c.kind = t.kind
                        AND c.part = t.part AND c.period_start = t.period_start
      LEFT JOIN open_charge o ON o.account_id = t.account_id AND o.service_id = t.service_id
                             AND o.kind = t.kind AND o.part = t.part AND o.period_start = t.period_start
      LEFT JOIN bill_detail d ON coalesce(d.owner_id, d.account_id) = t.account_id
                             AND d.service_id = t.service_id AND d.kind = t.kind AND d.part = t.part
                             AND d.period_start = t.period_start AND d.correction_no = 0
      LEFT JOIN credited_charge x ON x.account_id = t.account_id AND x.service_id = t.service_id
                                 AND x.kind = t.kind AND x.part = t.part AND x.period_start = t.period_start
     WHERE c.account_id IS NULL
        OR (o.account_id IS NULL) = (d.account_id IS NULL AND x.account_id IS NULL)
     ORDER BY t.id
     LIMIT 1000
"""


def periods_used(tx: Transaction, legal_entity_id: LegalEntityId, periods: Sequence[date]) -> list[date]:
    """Return those of the months in which anything was accepted."""
    rows = tx.all(PERIODS, legal_entity_id=legal_entity_id, periods=list(periods))
    return sorted(row.period for row in rows)


def differences(
    tx: Transaction, legal_entity_id: LegalEntityId, periods: Sequence[date]
) -> dict[str, list[str]]:
    """Return the ids of what does not add up in the months, by control total; nothing when all does."""
    found = {}
    for name, query in (
        ("events in = rated + pending", INTAKE),
        ("events rated", RATED),
        ("charges = billed + open", CHARGED),
    ):
        rows = tx.all(query, legal_entity_id=legal_entity_id, periods=list(periods))
        if rows:
            found[name] = [row.id for row in rows]
    return found
