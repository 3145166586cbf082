"""Receipts as an account reads them: deposits, what each paid, credit notes, and money that went back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, BillId, OrderId
from acquit.core.money import Currency
from acquit.store.selection import Selection, dated
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class DepositSummary:
    """Money that came from an account."""

    deposit_id: str
    order_id: OrderId
    recorded_at: datetime
    received_on: date
    amount_minor: int
    currency: Currency
    means: str
    bank_reference: str
    label: str


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a deposit settles a bill of the account that sent it, or (without one) other bills."""

    bill_id: BillId | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class NoteSummary:
    """The head of a credit note."""

    bill_id: BillId
    order_id: OrderId
    corrects_bill_id: BillId
    issued_at: datetime
    currency: Currency
    net_minor: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class NoteDetail:
    """One line of a credit note."""

    detail_no: int
    domain: str
    description: str
    quantity_e4: int
    unit_price_ucents: int
    net_minor: int
    currency: Currency
    corrects_bill_id: BillId


_STANDS: Final[LiteralString] = """
    NOT EXISTS (SELECT FROM bank_move m
                 WHERE m.account_id = d.account_id AND m.deposit_id = d.deposit_id AND m.kind = 'withdrawn')
"""
"""A deposit stands until the match that it came of is undone: then the money was not the account's."""


def deposits_of(
    account_id: AccountId,
    *,
    recorded_from: datetime | None = None,
    recorded_to: datetime | None = None,
    order_id: int | None = None,
) -> Selection:
    """Select the deposits of an account that stand; both bounds are inclusive and count in whole seconds."""
    source: LiteralString = "deposit d WHERE account_id = %(account_id)s AND " + _STANDS
    where, values = dated("recorded_at", account_id, recorded_from, recorded_to, order_id)
    return Selection("deposit_id", source + where, values)


def notes_of(
    account_id: AccountId,
    *,
    issued_from: datetime | None = None,
    issued_to: datetime | None = None,
    order_id: int | None = None,
) -> Selection:
    """Select the credit notes of an account; both bounds are inclusive and count in whole seconds."""
    source: LiteralString = "bill WHERE account_id = %(account_id)s AND kind = 'credit-note'"
    where, values = dated("issued_at", account_id, issued_from, issued_to, order_id)
    return Selection("bill_id", source + where, values)


DEPOSITS: Final[LiteralString] = """
    SELECT deposit_id, order_id, recorded_at, received_on, amount_minor, currency, means, bank_reference,
           label
      FROM deposit d
     WHERE account_id = %(account_id)s AND deposit_id = ANY(%(deposit_ids)s)
       AND NOT EXISTS (SELECT FROM bank_move m
                        WHERE m.account_id = d.account_id AND m.deposit_id = d.deposit_id
                          AND m.kind = 'withdrawn')
"""

SHARES: Final[LiteralString] = """
    SELECT CASE WHEN d.account_id = %(account_id)s THEN d.bill_id END AS bill_id,
           sum(-o.effect_minor)::bigint AS amount_minor
      FROM debt_operation o
      JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
     WHERE o.deposit_payer = %(account_id)s AND o.deposit_id = %(deposit_id)s
     GROUP BY 1
    HAVING sum(-o.effect_minor) > 0
     ORDER BY 1 NULLS LAST
"""

PAID_BILLS: Final[LiteralString] = """
    SELECT d.bill_id
      FROM debt_operation o
      JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
     WHERE o.deposit_payer = %(account_id)s AND o.deposit_id = %(deposit_id)s
       AND d.account_id = %(account_id)s
     GROUP BY d.bill_id
    HAVING sum(-o.effect_minor) > 0
     ORDER BY d.bill_id
"""

NOTES: Final[LiteralString] = """
    SELECT bill_id, order_id, corrects_bill_id, issued_at, currency, net_minor, tax_minor, total_minor
      FROM bill
     WHERE account_id = %(account_id)s AND bill_id = ANY(%(bill_ids)s) AND kind = 'credit-note'
"""

NOTE_DETAILS: Final[LiteralString] = """
    SELECT d.detail_no, d.domain, d.description, d.quantity_e4, d.unit_price_ucents, d.net_minor, b.currency,
           b.corrects_bill_id
      FROM bill b
      JOIN bill_detail d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
     WHERE b.account_id = %(account_id)s AND b.bill_id = %(bill_id)s AND b.kind = 'credit-note'
     ORDER BY d.detail_no
"""


def deposits(tx: Transaction, account_id: AccountId, deposit_ids: Sequence[str]) -> list[DepositSummary]:
    """Return the account's deposits of these numbers that stand, in no order."""
    rows = tx.all(DEPOSITS, account_id=account_id, deposit_ids=list(deposit_ids))
    return [DepositSummary(*row) for row in rows]


def shares(tx: Transaction, account_id: AccountId, deposit_id: str) -> list[Share]:
    """Return what the deposit settles now, own bills first; what it settles of others is one share."""
    return [Share(*row) for row in tx.all(SHARES, account_id=account_id, deposit_id=deposit_id)]


def paid_bills(tx: Transaction, account_id: AccountId, deposit_id: str) -> list[str]:
    """Return the account's own bills that the deposit settles now, whole or in part."""
    return [row.bill_id for row in tx.all(PAID_BILLS, account_id=account_id, deposit_id=deposit_id)]


def notes(tx: Transaction, account_id: AccountId, bill_ids: Sequence[str]) -> list[NoteSummary]:
    """Return the account's credit notes of these numbers, in no order."""
    return [NoteSummary(*row) for row in tx.all(NOTES, account_id=account_id, bill_ids=list(bill_ids))]


def note_details(tx: Transaction, account_id: AccountId, bill_id: str) -> list[NoteDetail]:
    """Return the lines of the account's credit note in their order; none when there is no such note."""
    return [NoteDetail(*row) for row in tx.all(NOTE_DETAILS, account_id=account_id, bill_id=bill_id)]
