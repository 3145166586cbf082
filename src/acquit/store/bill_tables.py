"""Bills of a legal entity as a table, with the purchase order that each quotes, and its down payments."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import LegalEntityId
from acquit.store.transaction import Transaction

ISSUED: Final[LiteralString] = """
    SELECT b.bill_id, b.kind, coalesce(b.corrects_bill_id, '') AS corrects, b.account_id, b.payer_id,
           coalesce(s.body->>'name', '') AS buyer, b.issued_on, b.due_on, b.category, b.currency, b.net_minor,
           b.tax_minor, b.total_minor, coalesce(b.purchase_order_reference, '') AS purchase_order,
           b.payment_reference, b.order_id
      FROM bill b
      LEFT JOIN snapshot s ON s.snapshot_hash = b.buyer_hash
     WHERE b.legal_entity_id = %(legal_entity_id)s AND b.issued_on BETWEEN %(first_on)s AND %(last_on)s
     ORDER BY b.issued_on, b.bill_id
"""

DOWN_PAYMENTS: Final[LiteralString] = """
    SELECT b.bill_id, b.account_id, b.payer_id, coalesce(s.body->>'name', '') AS buyer, b.issued_on, b.due_on,
           CASE WHEN p.for_order_id IS NOT NULL THEN 'order ' || p.for_order_id
                WHEN p.for_service_id IS NOT NULL THEN 'service ' || p.for_service_id
                ELSE 'account' END AS asked_for,
           t.vat_rate_bp, b.currency, b.net_minor, b.tax_minor, b.total_minor,
           coalesce(o.paid_minor, 0)::bigint AS paid_minor,
           coalesce(u.deducted_minor, 0)::bigint AS deducted_minor,
           coalesce(u.credited_minor, 0)::bigint AS credited_minor
      FROM down_payment p
      JOIN bill b ON b.account_id = p.account_id AND b.bill_id = p.bill_id
      JOIN bill_tax t ON t.account_id = p.account_id AND t.bill_id = p.bill_id
      LEFT JOIN snapshot s ON s.snapshot_hash = b.buyer_hash
      LEFT JOIN LATERAL (
           SELECT sum(CASE WHEN d.kind = 'payment' THEN d.amount_minor
                           WHEN r.kind = 'payment' THEN -d.amount_minor END) AS paid_minor
             FROM debt_operation d
             LEFT JOIN debt_operation r ON r.account_id = d.account_id AND r.debt_id = d.debt_id
                                       AND r.operation_id = d.reverses_id
            WHERE d.account_id = p.account_id AND d.debt_id = b.order_id
              AND d.occurred_on <= %(on)s) o ON true
      LEFT JOIN LATERAL (
           SELECT sum(e.net_minor) FILTER (WHERE e.kind <> 'credited') AS deducted_minor,
                  sum(e.net_minor) FILTER (WHERE e.kind = 'credited') AS credited_minor
             FROM down_payment_use e
             JOIN bill c ON c.account_id = e.by_account_id AND c.bill_id = e.by_bill_id
            WHERE e.account_id = p.account_id AND e.bill_id = p.bill_id
              AND c.issued_on <= %(on)s) u ON true
     WHERE b.legal_entity_id = %(legal_entity_id)s AND b.issued_on <= %(on)s
     ORDER BY b.issued_on, b.bill_id
"""


def issued(tx: Transaction, legal_entity_id: LegalEntityId, first_on: date, last_on: date) -> Iterator[Any]:
    """Yield the documents issued on these days in the order of dates and numbers; inside a transaction."""
    yield from tx.stream(ISSUED, legal_entity_id=legal_entity_id, first_on=first_on, last_on=last_on)


def down_payments(tx: Transaction, legal_entity_id: LegalEntityId, on: date) -> Iterator[Any]:
    """Yield the seller's down payments with what became of each by the end of the day; inside a transaction.

    What is left of their nets is what the books carry of them, in the currency of each.
    """
    yield from tx.stream(DOWN_PAYMENTS, legal_entity_id=legal_entity_id, on=on)
