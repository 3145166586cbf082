"""The journal as it is handed out: postings with names and letters, and the balances a year begins with."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import LegalEntityId
from acquit.store.transaction import Transaction

POSTINGS: Final[LiteralString] = """
    WITH ledgers AS (
         SELECT number, min(name) AS name, bool_or(role = 'receivable') AS is_receivable,
                bool_or(role = 'bank') AS is_bank,
                bool_or(role IN ('receivable', 'unapplied', 'credit_balance', 'down_payment', 'supplier'))
                  AS is_auxiliary,
                bool_or(role IN ('receivable', 'vat_pending')) AS by_bill,
                bool_or(role IN ('deferred', 'accrued', 'points')) AS by_account,
                bool_or(role IN ('suspense', 'refund_payable', 'acquirer')) AS in_one
           FROM ledger_account
          WHERE legal_entity_id = %(legal_entity_id)s
          GROUP BY number
         ), names AS (
         SELECT a.account_id, coalesce(nullif(y.name, ''), a.account_id) AS name
           FROM account a
           LEFT JOIN account f ON f.account_id = a.parent_id
           LEFT JOIN (SELECT DISTINCT ON (legal_party_id) legal_party_id, name
                        FROM legal_party
                       WHERE from_on <= %(last_on)s
                       ORDER BY legal_party_id, from_on DESC) y
             ON y.legal_party_id = coalesce(a.legal_party_id, f.legal_party_id)
          WHERE a.legal_entity_id = %(legal_entity_id)s
         ), keyed AS (
         SELECT e.account_id, e.entry_no, e.booked_on, p.currency, p.amount_minor,
                CASE e.kind WHEN 'bill' THEN e.reference
                            WHEN 'credit-note' THEN n.corrects_bill_id
                            ELSE regexp_replace(e.reference, '/[^/]*$', '') END AS bill_id
           FROM names a
           JOIN entry e ON e.account_id = a.account_id AND e.booked_on <= %(last_on)s
           JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
           JOIN ledgers l ON l.number = p.ledger AND l.is_receivable
           LEFT JOIN bill n ON e.kind = 'credit-note' AND n.account_id = e.account_id
                           AND n.bill_id = e.reference
         ), cleared AS (
         SELECT account_id, bill_id, currency, max(booked_on) AS cleared_on
           FROM keyed
          GROUP BY account_id, bill_id, currency
         HAVING sum(amount_minor) = 0 AND min(booked_on) >= %(first_on)s
         ), letters AS (
         SELECT DISTINCT k.account_id, k.entry_no, c.bill_id, c.cleared_on
           FROM cleared c
           JOIN keyed k ON k.account_id = c.account_id AND k.bill_id = c.bill_id AND k.currency = c.currency
         )
    SELECT e.account_id, e.entry_no, e.kind, e.booked_on, e.booked_at, e.reference,
           coalesce(d.received_on, e.booked_on) AS document_on, p.posting_no, p.ledger,
           coalesce(l.name, p.ledger) AS ledger_name,
           CASE WHEN l.is_auxiliary THEN n.account_id ELSE '' END AS payer_id,
           CASE WHEN l.is_auxiliary THEN n.name ELSE '' END AS payer_name,
           bool_or(coalesce(l.is_bank, false)) OVER (PARTITION BY e.account_id, e.entry_no) AS moves_bank,
           p.amount_minor, p.currency, coalesce(l.is_receivable, false) AS is_receivable, e.bill_id,
           CASE WHEN l.by_bill THEN e.account_id || '/' || e.bill_id
                WHEN l.is_auxiliary THEN n.account_id
                WHEN l.by_account THEN e.account_id
                WHEN l.in_one THEN '' END AS carried,
           CASE WHEN l.is_receivable THEN t.bill_id END AS letter,
           CASE WHEN l.is_receivable THEN t.cleared_on END AS letter_on
      FROM (SELECT e.account_id, e.entry_no, e.kind, e.booked_on, e.booked_at, e.reference,
                   CASE e.kind WHEN 'bill' THEN e.reference
                               WHEN 'credit-note' THEN n.corrects_bill_id
                               ELSE regexp_replace(e.reference, '/[^/]*$', '') END AS bill_id
              FROM account a
              JOIN entry e ON e.account_id = a.account_id
                          AND e.booked_on BETWEEN %(first_on)s AND %(last_on)s
              LEFT JOIN bill n ON e.kind = 'credit-note' AND n.account_id = e.account_id
                              AND n.bill_id = e.reference
             WHERE a.legal_entity_id = %(legal_entity_id)s) e
      LEFT JOIN debt o ON o.account_id = e.account_id AND o.bill_id = e.bill_id
      JOIN names n ON n.account_id = coalesce(o.payer_id, e.account_id)
      JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
      LEFT JOIN ledgers l ON l.number = p.ledger
      LEFT JOIN letters t ON t.account_id = e.account_id AND t.entry_no = e.entry_no
      LEFT JOIN deposit d ON e.kind = 'deposit' AND d.account_id = e.account_id AND d.deposit_id = e.reference
     ORDER BY e.booked_at, e.account_id, e.entry_no, p.posting_no
"""

OPENING: Final[LiteralString] = """
    WITH ledgers AS (
         SELECT number, min(name) AS name,
                bool_or(role IN ('receivable', 'unapplied', 'credit_balance', 'down_payment', 'supplier'))
                  AS is_auxiliary
           FROM ledger_account
          WHERE legal_entity_id = %(legal_entity_id)s
          GROUP BY number
         ), names AS (
         SELECT a.account_id, coalesce(nullif(y.name, ''), a.account_id) AS name
           FROM account a
           LEFT JOIN account f ON f.account_id = a.parent_id
           LEFT JOIN (SELECT DISTINCT ON (legal_party_id) legal_party_id, name
                        FROM legal_party
                       WHERE from_on < %(first_on)s
                       ORDER BY legal_party_id, from_on DESC) y
             ON y.legal_party_id = coalesce(a.legal_party_id, f.legal_party_id)
          WHERE a.legal_entity_id = %(legal_entity_id)s
         )
    SELECT p.ledger, coalesce(l.name, p.ledger) AS ledger_name,
           CASE WHEN l.is_auxiliary THEN y.account_id ELSE '' END AS payer_id,
           CASE WHEN l.is_auxiliary THEN y.name ELSE '' END AS payer_name, p.currency,
           sum(p.amount_minor)::bigint AS amount_minor
      FROM (SELECT e.account_id, e.entry_no,
                   CASE e.kind WHEN 'bill' THEN e.reference
                               WHEN 'credit-note' THEN n.corrects_bill_id
                               ELSE regexp_replace(e.reference, '/[^/]*$', '') END AS bill_id
              FROM account a
              JOIN entry e ON e.account_id = a.account_id AND e.booked_on < %(first_on)s
              LEFT JOIN bill n ON e.kind = 'credit-note' AND n.account_id = e.account_id
                              AND n.bill_id = e.reference
             WHERE a.legal_entity_id = %(legal_entity_id)s) e
      LEFT JOIN debt o ON o.account_id = e.account_id AND o.bill_id = e.bill_id
      JOIN names y ON y.account_id = coalesce(o.payer_id, e.account_id)
      JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
      LEFT JOIN ledgers l ON l.number = p.ledger
     GROUP BY 1, 2, 3, 4, 5
    HAVING sum(p.amount_minor) <> 0
     ORDER BY 1, 3, 5
"""


def postings(tx: Transaction, legal_entity_id: LegalEntityId, first_on: date, last_on: date) -> Iterator[Any]:
    """Yield the postings dated on these days, entry by entry in the order in which they were booked.

    `payer_id` is who owes the bill that the entry names, on the accounts where payers are told apart;
    `letter` marks postings on receivables of a bill whose postings, all of these days, sum to zero at the
    end; `carried` names what a posting in another currency is carried with. Inside a transaction.
    """
    yield from tx.stream(POSTINGS, legal_entity_id=legal_entity_id, first_on=first_on, last_on=last_on)


def opening(tx: Transaction, legal_entity_id: LegalEntityId, first_on: date) -> Sequence[Any]:
    """Return what stands on each ledger account before the day, by payer where payers are told apart."""
    return tx.all(OPENING, legal_entity_id=legal_entity_id, first_on=first_on)
