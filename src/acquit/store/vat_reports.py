"""VAT that became due: with documents, with money, by business of another member state; and what is booked.

A document's tax is due with it unless its entry put tax on the pending account; then it is due as entries
move it to the collected account, shared out over the document's taxed lines in whole units.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import LegalEntityId
from acquit.store.transaction import Transaction

_BOOKED: Final[LiteralString] = """
    WITH chart AS (
         SELECT max(number) FILTER (WHERE role = 'vat_collected') AS collected,
                max(number) FILTER (WHERE role = 'vat_pending') AS pending,
                max(number) FILTER (WHERE role = 'receivable') AS receivable
           FROM ledger_account
          WHERE legal_entity_id = %(legal_entity_id)s
         ), booked AS (
         SELECT e.account_id, e.entry_no, e.kind, e.reference, e.booked_on, p.currency,
                -coalesce(sum(p.amount_minor) FILTER (WHERE p.ledger = c.collected), 0) AS due_minor,
                -coalesce(sum(p.amount_minor) FILTER (WHERE p.ledger = c.pending), 0) AS pending_minor,
                coalesce(sum(p.amount_minor) FILTER (WHERE p.ledger = c.receivable), 0) AS receivable_minor
           FROM account a
          CROSS JOIN chart c
           JOIN entry e ON e.account_id = a.account_id
                       AND e.booked_on BETWEEN %(first_on)s AND %(last_on)s
           JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
          WHERE a.legal_entity_id = %(legal_entity_id)s
          GROUP BY e.account_id, e.entry_no, e.kind, e.reference, e.booked_on, p.currency
         )
"""

_DOCUMENTS: Final[LiteralString] = """, documents AS (
         SELECT d.bill_id, d.account_id, d.buyer_hash, e.booked_on, e.currency,
                coalesce(t.vat_category, '') AS vat_category,
                coalesce(t.vat_rate_bp, 0) AS vat_rate_bp,
                coalesce(CASE WHEN d.kind = 'credit-note' THEN -t.net_minor ELSE t.net_minor END, 0)::numeric
                  AS net_minor,
                coalesce(CASE WHEN d.kind = 'credit-note' THEN -t.tax_minor ELSE t.tax_minor END, e.due_minor)
                  AS tax_minor,
                CASE WHEN d.kind = 'credit-note' THEN -t.accounting_net_minor ELSE t.accounting_net_minor END
                  AS local_net_minor,
                CASE WHEN d.kind = 'credit-note' THEN -t.accounting_tax_minor ELSE t.accounting_tax_minor END
                  AS local_tax_minor
           FROM booked e
           LEFT JOIN bill d ON d.account_id = e.account_id AND d.bill_id = e.reference
           LEFT JOIN bill_tax t ON t.account_id = d.account_id AND t.bill_id = d.bill_id
                               AND (e.pending_minor = 0 OR t.tax_minor = 0)
          WHERE e.kind IN ('bill', 'credit-note') AND (t.bill_id IS NOT NULL OR e.due_minor <> 0)
         )
"""

LINES: Final[LiteralString] = (
    _BOOKED  # noqa: S608 - pieces of our own
    + _DOCUMENTS
    + """, shares AS (
         SELECT d.bill_id, d.buyer_hash, e.booked_on, e.currency, t.vat_category, t.vat_rate_bp, e.due_minor,
                -e.receivable_minor - e.due_minor AS paid_minor, t.tax_minor, t.net_minor,
                sum(t.tax_minor) OVER line AS tax_up_to, sum(t.net_minor) OVER line AS net_up_to,
                nullif(sum(t.tax_minor) OVER whole, 0) AS tax_whole,
                nullif(sum(t.net_minor) OVER whole, 0) AS net_whole
           FROM booked e
           LEFT JOIN bill d ON d.account_id = e.account_id
                           AND d.bill_id = regexp_replace(e.reference, '/[^/]*$', '')
           LEFT JOIN snapshot q ON q.snapshot_hash = d.seller_hash
           LEFT JOIN bill_tax t ON t.account_id = d.account_id AND t.bill_id = d.bill_id AND t.tax_minor <> 0
                               AND NOT coalesce((q.body->>'vat_on_debits')::boolean, false)
          WHERE e.kind NOT IN ('bill', 'credit-note')
            AND (e.due_minor <> 0
                 OR (e.kind IN ('settlement', 'reopened', 'returned') AND t.bill_id IS NOT NULL))
         WINDOW whole AS (PARTITION BY e.account_id, e.entry_no),
                line AS (PARTITION BY e.account_id, e.entry_no ORDER BY t.vat_category, t.vat_rate_bp)
         ), lines AS (
         SELECT bill_id, buyer_hash, booked_on, currency, vat_category, vat_rate_bp, 'document' AS basis,
                net_minor, tax_minor, local_net_minor, local_tax_minor
           FROM documents
          UNION ALL
         SELECT bill_id, buyer_hash, booked_on, currency, coalesce(vat_category, ''),
                coalesce(vat_rate_bp, 0), 'money',
                coalesce(div(paid_minor * net_up_to, net_whole)
                         - div(paid_minor * (net_up_to - net_minor), net_whole), 0),
                coalesce(div(due_minor * tax_up_to, tax_whole)
                         - div(due_minor * (tax_up_to - tax_minor), tax_whole), due_minor),
                NULL::bigint, NULL::bigint
           FROM shares
         )
    SELECT coalesce(s.body->>'country', '') AS country, l.vat_category, l.vat_rate_bp, l.basis, l.currency,
           CASE WHEN l.currency <> y.currency AND l.local_tax_minor IS NULL THEN l.booked_on END
             AS foreign_on,
           sum(l.net_minor)::bigint AS net_minor, sum(l.tax_minor)::bigint AS tax_minor,
           sum(CASE WHEN l.currency = y.currency THEN l.net_minor ELSE l.local_net_minor END)::bigint
             AS local_net_minor,
           sum(CASE WHEN l.currency = y.currency THEN l.tax_minor ELSE l.local_tax_minor END)::bigint
             AS local_tax_minor,
           count(DISTINCT l.bill_id) AS documents
      FROM lines l
      JOIN legal_entity y ON y.legal_entity_id = %(legal_entity_id)s
      LEFT JOIN snapshot s ON s.snapshot_hash = l.buyer_hash AND l.vat_category <> ''
     GROUP BY 1, 2, 3, 4, 5, 6
"""
)

PARTNERS: Final[LiteralString] = (
    _BOOKED  # noqa: S608 - pieces of our own
    + _DOCUMENTS
    + """, supplied AS (
         SELECT s.body->>'vat_id' AS vat_id, s.body->>'country' AS country, max(s.body->>'name') AS name,
                d.vat_category, d.currency, sum(d.net_minor)::bigint AS net_minor,
                array_agg(DISTINCT d.account_id) AS account_ids,
                array_agg(d.net_minor::bigint) FILTER (WHERE d.currency <> y.currency) AS foreign_minor,
                array_agg(d.booked_on) FILTER (WHERE d.currency <> y.currency) AS foreign_on
           FROM documents d
           JOIN legal_entity y ON y.legal_entity_id = %(legal_entity_id)s
           JOIN snapshot s ON s.snapshot_hash = d.buyer_hash
          WHERE d.vat_category IN ('AE', 'K')
          GROUP BY 1, 2, d.vat_category, d.currency
         )
    SELECT u.vat_id, u.country, u.name, u.vat_category, u.currency, u.net_minor, v.checked_on,
           coalesce(v.register, '') AS register, coalesce(v.outcome, '') AS outcome,
           coalesce(u.foreign_minor, '{}') AS foreign_minor, coalesce(u.foreign_on, '{}') AS foreign_on
      FROM supplied u
      LEFT JOIN LATERAL (
           SELECT checked_on, register, outcome
             FROM vat_check
            WHERE account_id = ANY(u.account_ids) AND vat_id = u.vat_id AND checked_on <= %(last_on)s
            ORDER BY check_no DESC
            LIMIT 1) v ON true
     WHERE u.net_minor <> 0
     ORDER BY u.vat_id, u.vat_category, u.currency
"""
)

PROOFS: Final[LiteralString] = """
    WITH chart AS (
         SELECT max(number) FILTER (WHERE role = 'vat_collected') AS collected,
                max(number) FILTER (WHERE role = 'vat_pending') AS pending
           FROM ledger_account
          WHERE legal_entity_id = %(legal_entity_id)s
         )
    SELECT p.currency,
           -coalesce(sum(p.amount_minor) FILTER (
              WHERE p.ledger = c.collected AND e.booked_on >= %(first_on)s), 0)::bigint AS due_minor,
           -coalesce(sum(p.amount_minor) FILTER (
              WHERE p.ledger = c.pending AND e.booked_on < %(first_on)s), 0)::bigint AS pending_before_minor,
           -coalesce(sum(p.amount_minor) FILTER (
              WHERE p.ledger = c.pending AND e.booked_on >= %(first_on)s
                AND e.kind IN ('bill', 'credit-note')), 0)::bigint AS pending_added_minor,
           coalesce(sum(p.amount_minor) FILTER (
              WHERE p.ledger = c.pending AND e.booked_on >= %(first_on)s
                AND e.kind NOT IN ('bill', 'credit-note')), 0)::bigint AS pending_moved_minor
      FROM account a
     CROSS JOIN chart c
      JOIN entry e ON e.account_id = a.account_id AND e.booked_on <= %(last_on)s
      JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
                    AND p.ledger IN (c.collected, c.pending)
     WHERE a.legal_entity_id = %(legal_entity_id)s
     GROUP BY p.currency
     ORDER BY p.currency
"""


def lines(tx: Transaction, legal_entity_id: LegalEntityId, first_on: date, last_on: date) -> Sequence[Any]:
    """Return net and tax that became due on these days by country, category, rate, basis and currency.

    Of a currency that is not the legal entity's also in that, as its documents tell it, else by the day.
    """
    return tx.all(LINES, legal_entity_id=legal_entity_id, first_on=first_on, last_on=last_on)


def partners(tx: Transaction, legal_entity_id: LegalEntityId, first_on: date, last_on: date) -> Sequence[Any]:
    """Return what each business of another member state was supplied without tax, with its last check."""
    return tx.all(PARTNERS, legal_entity_id=legal_entity_id, first_on=first_on, last_on=last_on)


def proofs(tx: Transaction, legal_entity_id: LegalEntityId, first_on: date, last_on: date) -> Sequence[Any]:
    """Return per currency what the journal booked on the accounts of VAT."""
    return tx.all(PROOFS, legal_entity_id=legal_entity_id, first_on=first_on, last_on=last_on)
