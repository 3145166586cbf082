"""Checks of the journal: entries balance, chains are unbroken, and every bill is booked as it is."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

ENTRIES_BALANCED: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(e.account_id, p.account_id) || '/' || coalesce(e.entry_no, p.entry_no) AS id,
                   e.entry_no IS NULL OR p.entry_no IS NULL OR p.off <> 0 OR p.postings < 2 AS differs
              FROM entry e
              FULL JOIN (SELECT account_id, entry_no, sum(off) AS off, sum(postings) AS postings
                           FROM (SELECT account_id, entry_no, abs(sum(amount_minor)) AS off,
                                        count(*) AS postings
                                   FROM posting
                                  GROUP BY account_id, entry_no, currency) each_currency
                          GROUP BY account_id, entry_no) p
                ON p.account_id = e.account_id AND p.entry_no = e.entry_no) compared
"""

ENTRY_CHAIN: Final[LiteralString] = """
    WITH told AS (
         SELECT e.account_id, e.entry_no, e.prev_hash, e.hash,
                lag(e.hash) OVER chain AS hash_before, lag(e.entry_no) OVER chain AS entry_before,
                sha256(e.prev_hash || convert_to(
                  e.account_id || '|' || e.entry_no || '|' || e.kind || '|' ||
                  to_char(e.booked_on, 'YYYY-MM-DD') || '|' || e.reference || '|' ||
                  (SELECT string_agg(p.ledger || ':' || p.amount_minor || ':' || p.currency, ';'
                                     ORDER BY p.posting_no)
                     FROM posting p
                    WHERE p.account_id = e.account_id AND p.entry_no = e.entry_no), 'UTF8')) AS found
           FROM entry e
         WINDOW chain AS (PARTITION BY e.account_id ORDER BY e.entry_no)
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(account_id || '/' || entry_no ORDER BY account_id, entry_no)
             FILTER (WHERE found IS DISTINCT FROM hash
                        OR prev_hash <> coalesce(hash_before, decode(repeat('00', 32), 'hex'))
                        OR entry_no <> coalesce(entry_before, 0) + 1))[1:1000], '{}') AS differences
      FROM told
"""

BILL_ENTRIES: Final[LiteralString] = """
    WITH chart AS (
         SELECT legal_entity_id, max(number) FILTER (WHERE role = 'receivable') AS receivable,
                array_agg(number) FILTER (WHERE role IN ('revenue', 'late_interest', 'recovery_fee',
                                                         'down_payment'))
                  AS revenue,
                array_agg(number) FILTER (WHERE role IN ('vat_pending', 'vat_collected')) AS vat
           FROM ledger_account
          GROUP BY legal_entity_id
         ), booked AS (
         SELECT e.account_id, e.reference, min(e.kind) AS kind, min(e.booked_on) AS booked_on,
                count(DISTINCT e.entry_no) AS entries,
                coalesce(sum(p.amount_minor) FILTER (WHERE p.ledger = c.receivable), 0) AS receivable,
                coalesce(sum(p.amount_minor) FILTER (WHERE p.ledger = ANY(c.revenue)), 0) AS revenue,
                coalesce(sum(p.amount_minor) FILTER (WHERE p.ledger = ANY(c.vat)), 0) AS vat,
                count(*) FILTER (WHERE p.ledger <> c.receivable AND p.ledger <> ALL(c.revenue)
                                   AND p.ledger <> ALL(c.vat)) AS others
           FROM entry e
           JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
           JOIN account a ON a.account_id = e.account_id
           JOIN chart c ON c.legal_entity_id = a.legal_entity_id
          WHERE e.kind IN ('bill', 'credit-note', 'claim')
          GROUP BY e.account_id, e.reference
         ), signed AS (
         SELECT account_id, bill_id, kind, issued_on,
                CASE WHEN kind = 'credit-note' THEN -1 ELSE 1 END AS sign, net_minor, tax_minor, total_minor
           FROM bill
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(b.bill_id, e.reference) AS bill_id,
                   b.sign * b.total_minor IS DISTINCT FROM e.receivable
                     OR -b.sign * b.net_minor IS DISTINCT FROM e.revenue
                     OR -b.sign * b.tax_minor IS DISTINCT FROM e.vat OR e.entries <> 1 OR e.others <> 0
                     OR e.booked_on <> b.issued_on
                     OR (e.kind = 'credit-note') <> (b.kind = 'credit-note')
                     OR (e.kind = 'claim') <> (b.kind = 'claim') AS differs
              FROM signed b
              FULL JOIN booked e ON e.account_id = b.account_id AND e.reference = b.bill_id) compared
"""

CHECKS: Final = (
    Check("entries-balanced", ENTRIES_BALANCED),
    Check("entry-chain", ENTRY_CHAIN),
    Check("bill-entries", BILL_ENTRIES),
)
