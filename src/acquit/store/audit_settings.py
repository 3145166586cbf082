"""Checks of sellers: their settings are what was set, and nothing else."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

SETTINGS: Final[LiteralString] = """
    WITH told AS (
         SELECT legal_entity_id, name, value FROM legal_entity_setting
          UNION ALL
         SELECT f.legal_entity_id, f.name, f.value_before
           FROM (SELECT DISTINCT ON (legal_entity_id, name) legal_entity_id, name, value_before
                   FROM legal_entity_setting
                  ORDER BY legal_entity_id, name, setting_no) f
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT s.legal_entity_id || '/' || s.name AS id,
                   NOT bool_or(s.value = to_jsonb(e) -> s.name) AS differs
              FROM told s
              JOIN legal_entity e ON e.legal_entity_id = s.legal_entity_id
             GROUP BY s.legal_entity_id, s.name) compared
"""

CHECKS: Final = (Check("settings", SETTINGS),)
