"""Checks of stamps: leaves as they were stamped, roots over them, no stamp missing or changed."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

STAMPED_PAPERS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT p.bill_id || '/' || p.form AS id,
                   p.leaf IS DISTINCT FROM sha256('\\x00'::bytea || convert_to(
                     'paper|' || d.account_id || '|' || d.bill_id || '|' || d.form || '|' || d.sha256 || '|'
                     || d.size_bytes || '|' || e.entry_no || '|' ||
                     encode(e.hash, 'hex'), 'UTF8')) AS differs
              FROM stamped_paper p
              LEFT JOIN document d ON d.account_id = p.account_id AND d.bill_id = p.bill_id
                                  AND d.form = p.form
              LEFT JOIN entry e ON e.account_id = p.account_id AND e.entry_no = p.entry_no
                               AND e.reference = p.bill_id) compared
"""

STAMPED_HEADS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT h.account_id || '/' || h.entry_no AS id,
                   h.leaf IS DISTINCT FROM sha256('\\x00'::bytea || convert_to(
                     'head|' || e.account_id || '|' || e.entry_no || '|' || encode(e.hash, 'hex'),
                     'UTF8')) AS differs
              FROM stamped_head h
              LEFT JOIN entry e ON e.account_id = h.account_id AND e.entry_no = h.entry_no) compared
"""

STAMPS: Final[LiteralString] = """
    WITH RECURSIVE leaf AS (
         SELECT legal_entity_id, stamp_no, leaf_no, leaf FROM stamped_paper
          UNION ALL
         SELECT legal_entity_id, stamp_no, leaf_no, leaf FROM stamped_head
         ), tree AS (
         SELECT legal_entity_id, stamp_no, row_number() OVER of_stamp - 1 AS node_no, leaf AS hash,
                count(*) OVER (PARTITION BY legal_entity_id, stamp_no) AS nodes
           FROM leaf
         WINDOW of_stamp AS (PARTITION BY legal_entity_id, stamp_no ORDER BY leaf_no)
          UNION ALL
         SELECT legal_entity_id, stamp_no, node_no / 2,
                CASE WHEN beside IS NULL THEN hash ELSE sha256('\\x01'::bytea || hash || beside) END,
                (nodes + 1) / 2
           FROM (SELECT legal_entity_id, stamp_no, node_no, hash, nodes,
                        lead(hash) OVER (PARTITION BY legal_entity_id, stamp_no ORDER BY node_no) AS beside
                   FROM tree) paired
          WHERE mod(node_no, 2) = 0 AND nodes > 1
         ), grown AS (
         SELECT t.legal_entity_id, t.stamp_no, t.hash AS root, l.leaves, l.last_no
           FROM tree t
           JOIN (SELECT legal_entity_id, stamp_no, count(*) AS leaves, max(leaf_no) AS last_no
                   FROM leaf
                  GROUP BY legal_entity_id, stamp_no) l
             ON l.legal_entity_id = t.legal_entity_id AND l.stamp_no = t.stamp_no
          WHERE t.nodes = 1
         ), told AS (
         SELECT legal_entity_id, stamp_no, stamped_on, leaves, root, prev_hash, hash,
                lag(hash) OVER in_order AS hash_before, lag(stamp_no) OVER in_order AS stamp_before
           FROM stamp
         WINDOW in_order AS (PARTITION BY legal_entity_id ORDER BY stamp_no)
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(s.legal_entity_id, g.legal_entity_id) || '/'
                     || coalesce(s.stamp_no, g.stamp_no) AS id,
                   s.stamp_no IS NULL
                     OR s.leaves <> coalesce(g.leaves, 0) OR s.leaves <> coalesce(g.last_no + 1, 0)
                     OR s.root <> coalesce(g.root, sha256(''::bytea))
                     OR s.prev_hash <> coalesce(s.hash_before, decode(repeat('00', 32), 'hex'))
                     OR s.stamp_no <> coalesce(s.stamp_before, 0) + 1
                     OR s.hash <> sha256(convert_to(
                          'acquit stamp 1|' || s.legal_entity_id || '|' || s.stamp_no || '|' ||
                          to_char(s.stamped_on, 'YYYY-MM-DD') || '|' || s.leaves || '|' ||
                          encode(s.root, 'hex') || '|' || encode(s.prev_hash, 'hex'), 'UTF8')) AS differs
              FROM told s
              FULL JOIN grown g ON g.legal_entity_id = s.legal_entity_id AND g.stamp_no = s.stamp_no) compared
"""

REMOVED_PAPERS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(r.bill_id || '/' || r.form ORDER BY r.bill_id, r.form)
             FILTER (WHERE b.issued_on IS DISTINCT FROM r.issued_on
                        OR make_date(extract(year FROM b.issued_on)::integer + 11, 1, 1) > r.removed_at
                        OR d.form IS NULL))[1:1000], '{}') AS differences
      FROM removed_paper r
      LEFT JOIN issued_paper b ON b.account_id = r.account_id AND b.bill_id = r.bill_id
      LEFT JOIN document d ON d.account_id = r.account_id AND d.bill_id = r.bill_id AND d.form = r.form
"""

CHECKS: Final = (
    Check("stamped-papers", STAMPED_PAPERS),
    Check("stamped-heads", STAMPED_HEADS),
    Check("stamps", STAMPS),
    Check("removed-papers", REMOVED_PAPERS),
)
