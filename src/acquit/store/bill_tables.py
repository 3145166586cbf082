"""Bills of a legal entity as a table, with the purchase order that each quotes."""

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


def issued(tx: Transaction, legal_entity_id: LegalEntityId, first_on: date, last_on: date) -> Iterator[Any]:
    """Yield the documents issued on these days in the order of dates and numbers; inside a transaction."""
    yield from tx.stream(ISSUED, legal_entity_id=legal_entity_id, first_on=first_on, last_on=last_on)
