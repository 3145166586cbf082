"""VAT on purchases in the books: deducted with a reverse bill or with its money, or owed and deducted."""

from datetime import date
from typing import Final, LiteralString

from acquit.core.identifiers import LegalEntityId
from acquit.core.money import Currency
from acquit.core.vat_bought import Bought, BoughtProof, VatBought
from acquit.store.transaction import Transaction

_BOOKED: Final[LiteralString] = """
    WITH booked AS (
         SELECT e.account_id, e.entry_no, e.kind, e.reference, e.booked_on, p.currency,
                coalesce(sum(p.amount_minor) FILTER (WHERE l.role = 'vat_deductible'), 0)::numeric
                  AS deducted_minor,
                coalesce(-sum(p.amount_minor) FILTER (WHERE l.role = 'vat_self_assessed'), 0) AS own_minor,
                coalesce(sum(p.amount_minor) FILTER (WHERE l.role = 'supplier'), 0) AS supplier_minor
           FROM account a
           JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id
                                AND l.role IN ('vat_deductible', 'vat_self_assessed', 'supplier')
           JOIN posting p ON p.account_id = a.account_id AND p.ledger = l.number
           JOIN entry e ON e.account_id = p.account_id AND e.entry_no = p.entry_no
                       AND e.booked_on BETWEEN %(first_on)s AND %(last_on)s
          WHERE a.legal_entity_id = %(legal_entity_id)s
          GROUP BY e.account_id, e.entry_no, e.kind, e.reference, e.booked_on, p.currency
         )
"""

LINES: Final[LiteralString] = (
    _BOOKED  # noqa: S608 - pieces of our own
    + """, named AS (
         SELECT e.account_id, e.entry_no, e.booked_on, e.currency, e.deducted_minor, e.own_minor,
                d.is_document, coalesce(x.account_id, e.account_id) AS owner_id,
                coalesce(x.bill_id, CASE WHEN d.is_document THEN e.reference
                                         ELSE regexp_replace(e.reference, '/[^/]*$', '') END) AS bill_id,
                CASE WHEN d.is_document THEN -e.supplier_minor ELSE e.supplier_minor END - e.deducted_minor
                  AS net_minor
           FROM booked e
          CROSS JOIN LATERAL (
                SELECT e.kind IN ('reverse-bill', 'reverse-credit-note') AS is_document) d
           LEFT JOIN LATERAL (
                SELECT s.account_id, s.bill_id
                  FROM debt_operation o
                  JOIN reverse_set_off s ON s.debt_account_id = o.account_id AND s.debt_id = o.debt_id
                                        AND s.operation_id = coalesce(o.reverses_id, o.operation_id)
                 WHERE e.kind IN ('settlement', 'reopened') AND o.account_id = e.account_id
                   AND o.operation_id::text = substring(e.reference FROM '[^/]*$')) x ON true
         ), shares AS (
         SELECT n.bill_id, n.currency, n.is_document, n.deducted_minor, n.net_minor AS paid_minor,
                t.vat_rate_bp, t.net_minor, t.tax_minor,
                sum(t.tax_minor) OVER line AS tax_up_to, sum(t.net_minor) OVER line AS net_up_to,
                sum(t.tax_minor) OVER whole AS tax_whole, sum(t.net_minor) OVER whole AS net_whole
           FROM named n
           JOIN reverse_bill_tax t ON t.account_id = n.owner_id AND t.bill_id = n.bill_id
          WHERE n.deducted_minor <> 0
         WINDOW whole AS (PARTITION BY n.account_id, n.entry_no),
                line AS (PARTITION BY n.account_id, n.entry_no ORDER BY t.vat_category, t.vat_rate_bp)
         ), told AS (
         SELECT 'deducted' AS kind, vat_rate_bp, is_document, currency, bill_id,
                div(paid_minor * net_up_to, net_whole) - div(paid_minor * (net_up_to - net_minor), net_whole)
                  AS net_minor,
                div(deducted_minor * tax_up_to, tax_whole)
                  - div(deducted_minor * (tax_up_to - tax_minor), tax_whole) AS tax_minor
           FROM shares
          UNION ALL
         SELECT 'self-assessed', coalesce(r.rate_bp, 0), n.is_document, n.currency, n.bill_id, n.net_minor,
                n.own_minor
           FROM named n
           JOIN legal_entity y ON y.legal_entity_id = %(legal_entity_id)s
           LEFT JOIN LATERAL (
                SELECT rate_bp
                  FROM vat_rate
                 WHERE country = y.country AND from_on <= n.booked_on
                 ORDER BY from_on DESC
                 LIMIT 1) r ON true
          WHERE n.own_minor <> 0
         )
    SELECT kind, vat_rate_bp, CASE WHEN is_document THEN 'document' ELSE 'money' END AS basis, currency,
           sum(net_minor)::bigint AS net_minor, sum(tax_minor)::bigint AS tax_minor,
           count(DISTINCT bill_id) AS documents
      FROM told
     GROUP BY 1, 2, 3, 4
    HAVING sum(net_minor) <> 0 OR sum(tax_minor) <> 0
     ORDER BY 1, 2 DESC, 3, 4
"""
)

PROOFS: Final[LiteralString] = (
    _BOOKED  # noqa: S608 - pieces of our own
    + """
    SELECT currency, sum(deducted_minor)::bigint AS deducted_minor, sum(own_minor)::bigint AS own_minor
      FROM booked
     GROUP BY currency
    HAVING sum(deducted_minor) <> 0 OR sum(own_minor) <> 0
     ORDER BY currency
"""
)


def lines(
    tx: Transaction, legal_entity_id: LegalEntityId, first_on: date, last_on: date
) -> tuple[VatBought, ...]:
    """Return VAT on purchases that is deducted, or owed and deducted, on these days, by rate and basis."""
    rows = tx.all(LINES, legal_entity_id=legal_entity_id, first_on=first_on, last_on=last_on)
    return tuple(VatBought(Bought(row[0]), *row[1:]) for row in rows)


def proofs(
    tx: Transaction, legal_entity_id: LegalEntityId, first_on: date, last_on: date
) -> tuple[BoughtProof, ...]:
    """Return per currency what the journal booked of it."""
    rows = tx.all(PROOFS, legal_entity_id=legal_entity_id, first_on=first_on, last_on=last_on)
    return tuple(BoughtProof(Currency(row[0]), row[1], row[2]) for row in rows)
