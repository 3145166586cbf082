"""Reverse bills as accounts and staff read them: lists, lines, and how each was paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.money import Currency
from acquit.store.selection import Selection, dated
from acquit.store.transaction import Transaction

LISTED: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id, b.order_id, b.kind, b.corrects_bill_id, b.issued_on, b.issued_at,
           b.due_on, b.currency, b.net_minor, b.tax_minor, b.total_minor, b.legal_entity_id, b.contest_until
      FROM reverse_bill b
     WHERE b.account_id = %(account_id)s AND b.bill_id = ANY(%(bill_ids)s)
     ORDER BY b.issued_at DESC, b.bill_id DESC
"""

OF_ENTITY: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id, b.order_id, b.kind, b.corrects_bill_id, b.issued_on, b.issued_at,
           b.due_on, b.currency, b.net_minor, b.tax_minor, b.total_minor, b.legal_entity_id, b.contest_until
      FROM reverse_bill b
     WHERE b.legal_entity_id = %(legal_entity_id)s
       AND (%(account_id)s::text IS NULL OR b.account_id = %(account_id)s)
       AND b.order_id < %(before_id)s
     ORDER BY b.order_id DESC
     LIMIT %(rows_max)s
"""

DETAILS: Final[LiteralString] = """
    SELECT d.detail_no, d.domain, d.description, d.quantity_e4, d.unit_price_ucents, d.net_minor,
           d.period_start, d.period_end, b.currency, b.order_id, b.kind
      FROM reverse_bill b
      JOIN reverse_bill_detail d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
     WHERE b.account_id = %(account_id)s AND b.bill_id = %(bill_id)s
     ORDER BY d.detail_no
"""

PAYMENT: Final[LiteralString] = """
    SELECT r.refund_id, r.amount_minor, r.state, r.state_on,
           coalesce((SELECT max(l.end_to_end) FROM remittance_refund l
                      WHERE l.account_id = r.account_id AND l.refund_id = r.refund_id), '') AS end_to_end
      FROM refund_state r
     WHERE r.account_id = %(account_id)s AND r.reverse_bill_id = %(bill_id)s
     ORDER BY r.refund_id
"""


SUPPLIER_OF: Final[LiteralString] = """
    SELECT r.account_id
      FROM bill_number n
      JOIN reverse_bill r ON r.account_id = n.account_id AND r.bill_id = n.bill_id
     WHERE n.bill_id = %(bill_id)s
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A reverse bill, or the credit note of one, as lists tell it."""

    account_id: AccountId
    bill_id: BillId
    order_id: int
    kind: str
    corrects_bill_id: BillId | None
    issued_on: date
    issued_at: datetime
    due_on: date
    currency: Currency
    net_minor: int
    tax_minor: int
    total_minor: int
    legal_entity_id: LegalEntityId
    contest_until: date


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a reverse bill, or of the credit note of one."""

    detail_no: int
    domain: str
    description: str
    quantity_e4: int
    unit_price_ucents: int
    net_minor: int
    period_start: date
    period_end: date
    currency: Currency
    order_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class Payment:
    """A transfer that pays a reverse bill; `end_to_end` is what the bank calls it, once it is in a file."""

    refund_id: int
    amount_minor: int
    state: str
    state_on: date | None
    end_to_end: str


def of_account(
    account_id: AccountId,
    *,
    issued_from: datetime | None = None,
    issued_to: datetime | None = None,
    order_id: int | None = None,
) -> Selection:
    """Select the reverse bills of an account; both bounds are inclusive and count in whole seconds."""
    source: LiteralString = "reverse_bill WHERE account_id = %(account_id)s"
    where, values = dated("issued_at", account_id, issued_from, issued_to, order_id)
    return Selection("bill_id", source + where, values)


def some(tx: Transaction, account_id: AccountId, bill_ids: Sequence[str]) -> list[Listed]:
    """Return these reverse bills of the account, newest first; what does not exist is left out."""
    return [Listed(*row) for row in tx.all(LISTED, account_id=account_id, bill_ids=list(bill_ids))]


def of_entity(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    account_id: AccountId | None,
    before_id: int,
    rows_max: int,
) -> list[Listed]:
    """Return reverse bills of a legal entity, or of one account with it, newest first, before an order."""
    rows = tx.all(
        OF_ENTITY, legal_entity_id=legal_entity_id, account_id=account_id, before_id=before_id,
        rows_max=rows_max,
    )  # fmt: skip
    return [Listed(*row) for row in rows]


def supplier_of(tx: Transaction, bill_id: BillId) -> AccountId | None:
    """Return the account in whose name a reverse bill was made; None when no reverse bill has the number."""
    row = tx.one_or_none(SUPPLIER_OF, bill_id=bill_id)
    return None if row is None else AccountId(row.account_id)


def lines(tx: Transaction, account_id: AccountId, bill_id: BillId) -> list[Line]:
    """Return the lines of the account's reverse bill, in their order."""
    return [Line(*row) for row in tx.all(DETAILS, account_id=account_id, bill_id=bill_id)]


def payments(tx: Transaction, account_id: AccountId, bill_id: BillId) -> list[Payment]:
    """Return the transfers that pay the account's reverse bill, oldest first, also those that failed."""
    return [Payment(*row) for row in tx.all(PAYMENT, account_id=account_id, bill_id=bill_id)]
