"""What payers owe and have in hand as the journal tells it on a day, by bill; and every movement of it.

A posting on the accounts of receivables belongs to the bill that its entry names, and through it to the payer
of that bill's debt; one that names no bill is the account's own.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.store.transaction import Transaction

_POSTED: Final[LiteralString] = """
    SELECT e.account_id, e.entry_no, e.kind, e.booked_on, e.booked_at, e.reference, p.currency,
           p.amount_minor, l.role,
           CASE e.kind WHEN 'bill' THEN e.reference
                       WHEN 'credit-note' THEN n.corrects_bill_id
                       ELSE regexp_replace(e.reference, '/[^/]*$', '') END AS bill_id
      FROM account a
      JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id
                           AND l.role IN ('receivable', 'unapplied', 'credit_balance')
      JOIN entry e ON e.account_id = a.account_id AND e.booked_on <= %(on)s
      JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no AND p.ledger = l.number
      LEFT JOIN bill n ON e.kind = 'credit-note' AND n.account_id = e.account_id AND n.bill_id = e.reference
"""

_OPEN_COLUMNS: Final[LiteralString] = """
    SELECT coalesce(d.payer_id, p.account_id) AS payer_id, p.currency,
           CASE WHEN p.role = 'receivable' THEN p.account_id END AS account_id,
           CASE WHEN p.role = 'receivable' THEN p.bill_id END AS bill_id,
           CASE WHEN p.role = 'receivable' THEN b.issued_on END AS issued_on,
           CASE WHEN p.role = 'receivable' THEN d.due_on END AS due_on,
           CASE WHEN p.role = 'receivable' THEN d.amount_minor END AS billed_minor,
           sum(p.amount_minor)::bigint AS amount_minor
"""

_OPEN: Final[LiteralString] = (
    _OPEN_COLUMNS
    + """
      FROM posted p
      LEFT JOIN debt d ON d.account_id = p.account_id AND d.bill_id = p.bill_id
      LEFT JOIN bill b ON b.account_id = p.account_id AND b.bill_id = p.bill_id
"""
)

_OPEN_GROUPED: Final[LiteralString] = """
     GROUP BY 1, 2, 3, 4, 5, 6, 7
    HAVING sum(p.amount_minor) <> 0
     ORDER BY 1, 2, 6, 4
"""

OPEN: Final[LiteralString] = (
    "WITH posted AS (" + _POSTED + "WHERE a.legal_entity_id = %(legal_entity_id)s)" + _OPEN + _OPEN_GROUPED
)

_MEMBERS: Final[LiteralString] = """
         SELECT account_id FROM debt WHERE payer_id = ANY(%(payer_ids)s)
          UNION
         SELECT unnest(%(payer_ids)s::text[])
"""

_BOOKED: Final[LiteralString] = """
         SELECT x.account_id, x.entry_no, x.kind, x.booked_on, x.booked_at, x.reference, x.currency,
                x.amount_minor, l.role,
                CASE x.kind WHEN 'bill' THEN x.reference
                            WHEN 'credit-note' THEN n.corrects_bill_id
                            ELSE regexp_replace(x.reference, '/[^/]*$', '') END AS bill_id
           FROM member m
          CROSS JOIN LATERAL (SELECT legal_entity_id FROM account WHERE account_id = m.account_id LIMIT 1) a
          CROSS JOIN LATERAL (
                SELECT e.account_id, e.entry_no, e.kind, e.booked_on, e.booked_at, e.reference, p.currency,
                       p.amount_minor, p.ledger
                  FROM entry e
                  JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
                 WHERE e.account_id = m.account_id
                   AND e.booked_on > %(after)s AND e.booked_on <= %(on)s
                OFFSET 0) x
           JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.number = x.ledger
                                AND l.role IN ('receivable', 'unapplied', 'credit_balance')
           LEFT JOIN LATERAL (
                SELECT c.corrects_bill_id
                  FROM bill c
                 WHERE x.kind = 'credit-note' AND c.account_id = x.account_id AND c.bill_id = x.reference
                 LIMIT 1) n ON true
"""

_ITS_DEBT: Final[LiteralString] = """
      FROM posted p
      LEFT JOIN LATERAL (
           SELECT payer_id, due_on
             FROM debt
            WHERE account_id = p.account_id AND bill_id = p.bill_id
            LIMIT 1) d ON true
     WHERE coalesce(d.payer_id, p.account_id) = ANY(%(payer_ids)s)
"""

OPEN_OF_PAYERS: Final[LiteralString] = (
    "WITH member AS MATERIALIZED ("  # noqa: S608 - pieces of our own
    + _MEMBERS
    + "), posted AS MATERIALIZED ("
    + _BOOKED
    + """), opened AS (
         SELECT payer_id, currency, account_id, bill_id, open_minor AS amount_minor
           FROM open_debt
          WHERE payer_id = ANY(%(payer_ids)s)
          UNION ALL
         SELECT payer_id, currency, NULL, NULL, amount_minor
           FROM in_hand
          WHERE payer_id = ANY(%(payer_ids)s)
          UNION ALL
         SELECT coalesce(d.payer_id, p.account_id), p.currency,
                CASE WHEN p.role = 'receivable' THEN p.account_id END,
                CASE WHEN p.role = 'receivable' THEN p.bill_id END, -p.amount_minor
    """
    + _ITS_DEBT
    + """), summed AS (
         SELECT payer_id, currency, account_id, bill_id, sum(amount_minor)::bigint AS amount_minor
           FROM opened
          GROUP BY 1, 2, 3, 4
         HAVING sum(amount_minor) <> 0
         )
    SELECT s.payer_id, s.currency, s.account_id, s.bill_id, b.issued_on, d.due_on,
           d.amount_minor AS billed_minor, s.amount_minor
      FROM summed s
      LEFT JOIN LATERAL (
           SELECT issued_on
             FROM bill
            WHERE account_id = s.account_id AND bill_id = s.bill_id
            LIMIT 1) b ON true
      LEFT JOIN LATERAL (
           SELECT due_on, amount_minor
             FROM debt
            WHERE account_id = s.account_id AND bill_id = s.bill_id
            LIMIT 1) d ON true
     ORDER BY s.payer_id, s.currency, d.due_on, s.bill_id
"""
)

MOVEMENTS: Final[LiteralString] = (
    "WITH member AS MATERIALIZED ("
    + _MEMBERS
    + "), posted AS ("
    + _BOOKED
    + """)
    SELECT p.booked_on, p.kind, p.account_id, p.reference, p.currency, d.due_on,
           sum(p.amount_minor)::bigint AS amount_minor
"""
    + _ITS_DEBT
    + """
     GROUP BY p.booked_on, p.booked_at, p.kind, p.account_id, p.entry_no, p.reference, p.currency, d.due_on
    HAVING sum(p.amount_minor) <> 0
     ORDER BY p.booked_on, p.booked_at, p.account_id, p.entry_no
"""
)

NAMES: Final[LiteralString] = """
    SELECT a.account_id, coalesce(y.name, '') AS name
      FROM account a
      LEFT JOIN account f ON f.account_id = a.parent_id
      LEFT JOIN LATERAL (
           SELECT name
             FROM legal_party
            WHERE legal_party_id = coalesce(a.legal_party_id, f.legal_party_id) AND from_on <= %(on)s
            ORDER BY from_on DESC
            LIMIT 1) y ON true
     WHERE a.legal_entity_id = %(legal_entity_id)s AND a.payer_id = a.account_id
"""


def open_amounts(tx: Transaction, legal_entity_id: LegalEntityId, on: date) -> Iterator[Any]:
    """Yield what is open at the end of the day: bills with their due date, and per payer what is in hand.

    A row without bill is money or credit in hand, negative. In the order of payer and currency; inside a
    transaction.
    """
    yield from tx.stream(OPEN, legal_entity_id=legal_entity_id, on=on)


def open_of_payers(tx: Transaction, payer_ids: Sequence[AccountId], on: date) -> list[Any]:
    """Return the same of some payers: what is open by now, less what is booked later than the day."""
    return tx.all(OPEN_OF_PAYERS, payer_ids=list(payer_ids), after=on, on=date.max)


def movements(tx: Transaction, payer_id: AccountId, first_on: date, last_on: date) -> list[Any]:
    """Return what changed the payer's balance on these days: positive what it owes more, oldest first.

    Money that settles a bill changes nothing: it was the payer's before.
    """
    before = date.fromordinal(max(first_on.toordinal() - 1, 1))
    return tx.all(MOVEMENTS, payer_ids=[payer_id], after=before, on=last_on)


def payer_names(tx: Transaction, legal_entity_id: LegalEntityId, on: date) -> dict[AccountId, str]:
    """Return the legal name of each account that pays for itself, as of a day."""
    return {row.account_id: row.name for row in tx.all(NAMES, legal_entity_id=legal_entity_id, on=on)}
