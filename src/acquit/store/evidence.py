"""What an auditor is handed of a period: acts, heads of the chains, and a sample of bills nobody chose."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import LegalEntityId
from acquit.store.transaction import Transaction

ACTS: Final[LiteralString] = """
    SELECT t.act_id, t.at, t.actor, t.verb, coalesce(t.account_id, '') AS account_id, t.subject,
           t.details::text AS details
      FROM act t
      LEFT JOIN account a ON a.account_id = t.account_id
      JOIN legal_entity e ON e.legal_entity_id = %(legal_entity_id)s
     WHERE t.at >= %(first_on)s::date::timestamp AT TIME ZONE e.zone
       AND t.at < (%(last_on)s::date + 1)::timestamp AT TIME ZONE e.zone
       AND (t.account_id IS NULL OR a.legal_entity_id = e.legal_entity_id)
     ORDER BY t.act_id
"""

HEADS: Final[LiteralString] = """
    SELECT h.scope, h.name, h.accounts, encode(h.head, 'hex') AS head, h.recorded_at
      FROM chain_head h
      LEFT JOIN bill_run r ON h.scope = 'run' AND r.run_id::text = h.name
     WHERE (h.scope = 'run' AND r.legal_entity_id = %(legal_entity_id)s
            AND r.period BETWEEN to_char(%(first_on)s::date, 'YYYY-MM')
                             AND to_char(%(last_on)s::date, 'YYYY-MM'))
        OR (h.scope = 'day' AND h.name COLLATE "C" BETWEEN %(legal_entity_id)s || ' ' || %(first_on)s::date
                                                       AND %(legal_entity_id)s || ' ' || %(last_on)s::date)
     ORDER BY h.scope, h.name, h.recorded_at
"""

SAMPLE: Final[LiteralString] = """
    SELECT account_id, bill_id, kind, issued_on, due_on, currency, net_minor, tax_minor, total_minor
      FROM (SELECT account_id, bill_id, kind, issued_on, due_on, currency, net_minor, tax_minor, total_minor
              FROM bill
             WHERE legal_entity_id = %(legal_entity_id)s AND issued_on BETWEEN %(first_on)s AND %(last_on)s
             ORDER BY sha256(convert_to(bill_id, 'UTF8'))
             LIMIT %(rows_max)s) drawn
     ORDER BY bill_id
"""

HEAD: Final[LiteralString] = """
    SELECT count(*) AS entries,
           encode(sha256(coalesce(string_agg(e.hash, ''::bytea ORDER BY e.account_id, e.entry_no), '')),
                  'hex') AS head
      FROM entry e
      JOIN account a ON a.account_id = e.account_id
     WHERE a.legal_entity_id = %(legal_entity_id)s AND e.booked_on BETWEEN %(first_on)s AND %(last_on)s
"""

NUMBERS: Final[LiteralString] = """
    SELECT s.document, s.series_id, min(n.bill_id) AS first_id, max(n.bill_id) AS last_id, count(*) AS numbers
      FROM bill_number n
      JOIN series s ON s.series_id = n.series_id
     WHERE s.legal_entity_id = %(legal_entity_id)s AND n.issued_on BETWEEN %(first_on)s AND %(last_on)s
     GROUP BY s.document, s.series_id
     ORDER BY s.document, s.series_id
"""


def acts(tx: Transaction, legal_entity_id: LegalEntityId, first_on: date, last_on: date) -> Sequence[Any]:
    """Return who did what on these days, to accounts of the legal entity or to none, oldest first."""
    return tx.all(ACTS, legal_entity_id=legal_entity_id, first_on=first_on, last_on=last_on)


def heads(tx: Transaction, legal_entity_id: LegalEntityId, first_on: date, last_on: date) -> Sequence[Any]:
    """Return the heads of the chains that runs of these months and these days recorded."""
    return tx.all(HEADS, legal_entity_id=legal_entity_id, first_on=first_on, last_on=last_on)


def sample(
    tx: Transaction, legal_entity_id: LegalEntityId, first_on: date, last_on: date, rows_max: int
) -> Sequence[Any]:
    """Return some documents issued on these days, drawn by the hash of their numbers, in their order."""
    return tx.all(
        SAMPLE, legal_entity_id=legal_entity_id, first_on=first_on, last_on=last_on, rows_max=rows_max
    )


def head(tx: Transaction, legal_entity_id: LegalEntityId, first_on: date, last_on: date) -> tuple[int, str]:
    """Return how many entries are dated on these days, and the hash over them as a closing computes it."""
    row = tx.one(HEAD, legal_entity_id=legal_entity_id, first_on=first_on, last_on=last_on)
    return row.entries, row.head


def numbers(tx: Transaction, legal_entity_id: LegalEntityId, first_on: date, last_on: date) -> Sequence[Any]:
    """Return per series the first and last number of these days, and how many."""
    return tx.all(NUMBERS, legal_entity_id=legal_entity_id, first_on=first_on, last_on=last_on)
