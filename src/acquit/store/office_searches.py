"""Where a text leads that staff types: documents by number, total or reference, money by what it quoted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.store.transaction import Transaction

BILLS_MAX: Final = 2_000
"""Among so many of the latest bills of a series one of a total is looked for."""

SUPPLIED: Final = ("self-billed", "self-billed-credit")
"""Kinds of documents that were made in the name of an account."""

_DOCUMENTS: Final[LiteralString] = """
    SELECT n.account_id, n.bill_id, coalesce(b.issued_on, r.issued_on) AS issued_on,
           coalesce(b.currency, r.currency) AS currency,
           coalesce(b.total_minor, r.total_minor) AS total_minor, coalesce(b.kind, r.kind) AS kind
      FROM bill_number n
      LEFT JOIN bill b ON b.account_id = n.account_id AND b.bill_id = n.bill_id
      LEFT JOIN reverse_bill r ON r.account_id = n.account_id AND r.bill_id = n.bill_id
"""

BY_NUMBER: Final[LiteralString] = (
    _DOCUMENTS
    + """
     WHERE n.bill_id = ANY(%(numbers)s)
     LIMIT %(rows_max)s
"""
)

BY_REFERENCE: Final[LiteralString] = (
    _DOCUMENTS
    + """
      JOIN series s ON s.series_id = n.series_id
     WHERE s.reference_code = left(%(told)s, -s.digits)
       AND n.number = CASE WHEN right(%(told)s, s.digits) ~ '^[0-9]+$'
                           THEN right(%(told)s, s.digits)::bigint END
     LIMIT %(rows_max)s
"""
)

BILLS_OF_TOTAL: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id, b.issued_on, b.currency, b.total_minor, b.kind
      FROM legal_entity e
      JOIN series s ON s.legal_entity_id = e.legal_entity_id
      JOIN LATERAL (SELECT n.account_id, n.bill_id
                      FROM bill_number n
                     WHERE n.series_id = s.series_id
                     ORDER BY n.number DESC
                     LIMIT %(seen_max)s) n ON true
      JOIN bill b ON b.account_id = n.account_id AND b.bill_id = n.bill_id
     WHERE e.legal_entity_id = %(legal_entity_id)s AND b.total_minor = %(total_minor)s
     LIMIT %(rows_max)s
"""

QUOTED: Final[LiteralString] = """
    SELECT kind, account_id, number, happened_on, currency, amount_minor, leads_to
      FROM (
      (SELECT 'bundle' AS kind, account_id, bundle_id::text AS number, made_on AS happened_on, currency,
              amount_minor, '' AS leads_to
         FROM bundle
        WHERE reference = %(reference)s)
       UNION ALL
      (SELECT 'credit-order', account_id, order_id::text, ordered_at::date, currency, amount_minor, ''
         FROM prepay_order
        WHERE reference = %(reference)s)
       UNION ALL
      (SELECT 'deposit', account_id, deposit_id, received_on, currency, amount_minor, ''
         FROM deposit
        WHERE bank_reference = %(reference)s AND bank_reference <> ''
        LIMIT %(rows_max)s)
       UNION ALL
      (SELECT CASE WHEN f.reverse_bill_id IS NULL THEN 'refund' ELSE 'reverse-payment' END, l.account_id,
              coalesce(f.reverse_bill_id, l.refund_id::text), m.made_on, l.currency, l.amount_minor,
              m.message_id
         FROM remittance_refund l
         JOIN refund f ON f.account_id = l.account_id AND f.refund_id = l.refund_id
         JOIN remittance m ON m.legal_entity_id = l.legal_entity_id AND m.remittance_id = l.remittance_id
        WHERE l.end_to_end = %(reference)s)
       UNION ALL
      (SELECT 'direct-debit', c.account_id, c.collection_id::text, c.requested_on, c.currency,
              c.amount_minor, m.message_id
         FROM collection c
         JOIN remittance m ON m.legal_entity_id = c.legal_entity_id AND m.remittance_id = c.remittance_id
        WHERE c.end_to_end = %(reference)s)) found
     LIMIT %(rows_max)s
"""

ORDERS_BY_REFERENCE: Final[LiteralString] = """
    SELECT account_id, purchase_order_id, reference
      FROM purchase_order
     WHERE reference = %(reference)s
     LIMIT %(rows_max)s
"""

PAYERS_BY_IBAN_END: Final[LiteralString] = """
    SELECT DISTINCT account_id, iban
      FROM payer_iban
     WHERE legal_entity_id = %(legal_entity_id)s AND right(iban, 4) = right(%(end)s, 4)
       AND iban LIKE '%%' || %(end)s
     LIMIT %(rows_max)s
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that a search found: a bill, a down payment, a credit note, a reverse bill …"""

    account_id: AccountId
    bill_id: BillId
    on: date
    currency: str
    total_minor: int
    kind: str

    @property
    def is_supplied(self) -> bool:
        """Whether it was made in the name of the account."""
        return self.kind in SUPPLIED


@dataclass(frozen=True, slots=True)
class Quoted:
    """Money that quotes a reference: `number` is that of a bundle, an order of credit, a deposit, a refund,
    a reverse bill that is paid, or a direct debit; `file` the file that it is in, if it is in one."""

    kind: str
    account_id: AccountId
    number: str
    on: date
    currency: str
    amount_minor: int
    file: str


def by_number(tx: Transaction, numbers: Sequence[str], rows_max: int) -> list[Hit]:
    """Return the documents of these numbers."""
    return [Hit(*row) for row in tx.all(BY_NUMBER, numbers=list(numbers), rows_max=rows_max)]


def by_reference(tx: Transaction, reference: str, rows_max: int) -> list[Hit]:
    """Return the documents that a payment reference (`RF` and so on, without blanks) is made of."""
    return [Hit(*row) for row in tx.all(BY_REFERENCE, told=reference[4:], rows_max=rows_max)]


def quoted(tx: Transaction, reference: str, rows_max: int) -> list[Quoted]:
    """Return the money that quotes a reference, ours or the bank's."""
    return [Quoted(*row) for row in tx.all(QUOTED, reference=reference, rows_max=rows_max)]


def bills_of_total(
    tx: Transaction, legal_entity_id: LegalEntityId, total_minor: int, rows_max: int
) -> list[Hit]:
    """Return bills of this total among the seller's latest BILLS_MAX of each series."""
    rows = tx.all(
        BILLS_OF_TOTAL,
        legal_entity_id=legal_entity_id, total_minor=total_minor, rows_max=rows_max, seen_max=BILLS_MAX,
    )  # fmt: skip
    return [Hit(*row) for row in rows]


def orders_by_reference(tx: Transaction, reference: str, rows_max: int) -> list[Any]:
    """Return the purchase orders of this reference."""
    return tx.all(ORDERS_BY_REFERENCE, reference=reference, rows_max=rows_max)


def payers_by_iban_end(tx: Transaction, legal_entity_id: LegalEntityId, end: str, rows_max: int) -> list[Any]:
    """Return payers that are known by an IBAN that ends so."""
    return tx.all(PAYERS_BY_IBAN_END, legal_entity_id=legal_entity_id, end=end, rows_max=rows_max)
