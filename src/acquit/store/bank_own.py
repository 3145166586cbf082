"""Entries of banks that tell of our own files and of payouts: what they name, which entry told it before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, LiteralString

from acquit.core.bank_own import Named, OwnKind, OwnLine, Recorded, Told
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.store.transaction import Transaction

NAMED: Final[LiteralString] = """
    SELECT end_to_end AS reference, 'debit' AS what
      FROM collection
     WHERE legal_entity_id = %(legal_entity_id)s AND end_to_end = ANY(%(references)s)
     UNION
    SELECT batch_id, 'debits'
      FROM collection
     WHERE legal_entity_id = %(legal_entity_id)s AND batch_id = ANY(%(references)s)
     UNION
    SELECT message_id, CASE kind WHEN 'refund' THEN 'refunds' ELSE 'debits' END
      FROM remittance
     WHERE legal_entity_id = %(legal_entity_id)s AND message_id = ANY(%(references)s)
     UNION
    SELECT end_to_end, 'refund'
      FROM remittance_refund
     WHERE legal_entity_id = %(legal_entity_id)s AND end_to_end = ANY(%(references)s)
"""

HAS_FILES: Final[LiteralString] = """
    SELECT EXISTS (SELECT FROM remittance WHERE legal_entity_id = %(legal_entity_id)s) AS has_files
"""

COLLECTED: Final[LiteralString] = """
    SELECT c.end_to_end AS reference, c.amount_minor
      FROM collection c
      JOIN remittance r ON r.legal_entity_id = c.legal_entity_id AND r.remittance_id = c.remittance_id
      JOIN collection_event e ON e.account_id = c.account_id AND e.collection_id = c.collection_id
                             AND e.state = 'collected'
     WHERE c.legal_entity_id = %(legal_entity_id)s
       AND %(reference)s IN (c.end_to_end, c.batch_id, r.message_id)
     ORDER BY c.line_no
"""

RETURNED: Final[LiteralString] = """
    SELECT c.end_to_end AS reference, c.amount_minor
      FROM collection c
      JOIN collection_event e ON e.account_id = c.account_id AND e.collection_id = c.collection_id
                             AND e.state = 'returned'
     WHERE c.legal_entity_id = %(legal_entity_id)s AND c.end_to_end = %(reference)s
"""

REFUNDS: Final[LiteralString] = """
    SELECT l.end_to_end AS reference, l.amount_minor
      FROM remittance_refund l
      JOIN remittance r ON r.legal_entity_id = l.legal_entity_id AND r.remittance_id = l.remittance_id
      JOIN refund_event e ON e.account_id = l.account_id AND e.refund_id = l.refund_id AND e.state = 'paid'
     WHERE l.legal_entity_id = %(legal_entity_id)s AND %(reference)s IN (l.end_to_end, r.message_id)
       AND (NOT %(is_back)s OR EXISTS (
            SELECT FROM refund_event f
             WHERE f.account_id = l.account_id AND f.refund_id = l.refund_id AND f.state = 'failed'))
     ORDER BY l.line_no
"""

NAME_OF_REFUND: Final[LiteralString] = """
    SELECT coalesce(max(end_to_end), %(account_id)s || '/' || %(refund_id)s::bigint) AS name
      FROM remittance_refund
     WHERE account_id = %(account_id)s AND refund_id = %(refund_id)s
"""

PAYOUTS: Final[LiteralString] = """
    SELECT p.acquirer, p.payout_id, p.gross_minor - p.fee_minor AS net_minor, p.currency, p.paid_on,
           EXISTS (SELECT FROM bank_own o
                    WHERE o.legal_entity_id = p.legal_entity_id AND o.kind = 'payout'
                      AND o.reference = p.acquirer || '/' || p.payout_id) AS is_told
      FROM acquirer_payout p
     WHERE p.legal_entity_id = %(legal_entity_id)s AND p.gross_minor - p.fee_minor = ANY(%(amounts)s)
       AND p.gross_minor <> p.fee_minor
     ORDER BY p.paid_on, p.acquirer, p.payout_id
"""

TOLD: Final[LiteralString] = """
    SELECT o.reference, o.entry_id, s.form
      FROM bank_own o
      JOIN bank_entry e ON e.legal_entity_id = o.legal_entity_id AND e.entry_id = o.entry_id
      JOIN bank_statement s ON s.statement_id = e.statement_id
     WHERE o.legal_entity_id = %(legal_entity_id)s AND o.kind = %(kind)s
       AND o.reference = ANY(%(references)s) AND NOT o.is_again
"""

EXPECTS: Final[LiteralString] = """
    SELECT EXISTS (SELECT FROM remittance WHERE legal_entity_id = %(legal_entity_id)s)
           OR EXISTS (SELECT FROM acquirer_payout WHERE legal_entity_id = %(legal_entity_id)s)
           OR EXISTS (SELECT FROM deposit_by_hand WHERE legal_entity_id = %(legal_entity_id)s) AS expects
"""

RECORDED: Final[LiteralString] = """
    SELECT d.account_id, d.deposit_id, d.amount_minor, d.currency, d.received_on, d.bank_reference
      FROM deposit_by_hand h
      JOIN deposit d ON d.account_id = h.account_id AND d.deposit_id = h.deposit_id
     WHERE h.legal_entity_id = %(legal_entity_id)s AND d.amount_minor = ANY(%(amounts)s)
       AND NOT EXISTS (SELECT FROM bank_own o
                        WHERE o.legal_entity_id = h.legal_entity_id AND o.kind = 'deposit'
                          AND o.reference = h.account_id || '/' || h.deposit_id)
     ORDER BY d.received_on, d.account_id, d.deposit_id
"""

IS_BY_HAND: Final[LiteralString] = """
    SELECT EXISTS (SELECT FROM deposit_by_hand
                    WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s
                      AND legal_entity_id = %(legal_entity_id)s) AS is_by_hand
"""

FORM: Final[LiteralString] = """
    SELECT form
      FROM bank_statement
     WHERE legal_entity_id = %(legal_entity_id)s AND statement_id = %(statement_id)s
"""

BOOKED: Final[LiteralString] = """
    SELECT DISTINCT entry_id
      FROM bank_own
     WHERE legal_entity_id = %(legal_entity_id)s AND entry_id = ANY(%(entry_ids)s)
"""

OWN: Final = {
    "legal_entity_id": "text", "entry_id": "int8", "kind": "text", "reference": "text",
    "amount_minor": "int8", "is_again": "bool",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PaidOut:
    """A payout of an acquirer: what it brought to the bank, negative when the acquirer took money."""

    acquirer: str
    payout_id: str
    net_minor: int
    currency: str
    paid_on: date
    is_told: bool


def recorded(tx: Transaction, legal_entity_id: LegalEntityId, amounts: Sequence[int]) -> list[Recorded]:
    """Return the deposits of these amounts that were recorded by hand and that no entry is linked with."""
    rows = tx.all(RECORDED, legal_entity_id=legal_entity_id, amounts=list(amounts))
    return [Recorded(*row) for row in rows]


def is_by_hand(tx: Transaction, legal_entity_id: LegalEntityId, payer_id: AccountId, deposit_id: str) -> bool:
    """Whether a person recorded the deposit in the books of the legal entity."""
    row = tx.one(IS_BY_HAND, legal_entity_id=legal_entity_id, account_id=payer_id, deposit_id=deposit_id)
    return bool(row.is_by_hand)


def has_files(tx: Transaction, legal_entity_id: LegalEntityId) -> bool:
    """Whether the legal entity ever made a file for a bank."""
    return bool(tx.one(HAS_FILES, legal_entity_id=legal_entity_id).has_files)


def expects(tx: Transaction, legal_entity_id: LegalEntityId) -> bool:
    """Whether a bank may tell of anything of ours: a file, a payout, a deposit recorded by hand."""
    return bool(tx.one(EXPECTS, legal_entity_id=legal_entity_id).expects)


def named(
    tx: Transaction, legal_entity_id: LegalEntityId, references: Sequence[str]
) -> dict[str, frozenset[Named]]:
    """Return what of ours each reference names; those that name nothing are left out."""
    found: dict[str, frozenset[Named]] = {}
    for row in tx.all(NAMED, legal_entity_id=legal_entity_id, references=list(references)):
        found[row.reference] = found.get(row.reference, frozenset()) | {Named(row.what)}
    return found


def lines(
    tx: Transaction, legal_entity_id: LegalEntityId, kind: OwnKind, reference: str
) -> tuple[OwnLine, ...]:
    """Return the debits or refunds under the reference to which this has happened."""
    if kind is OwnKind.COLLECTED:
        rows = tx.all(COLLECTED, legal_entity_id=legal_entity_id, reference=reference)
    elif kind is OwnKind.RETURNED:
        rows = tx.all(RETURNED, legal_entity_id=legal_entity_id, reference=reference)
    else:
        is_back = kind is OwnKind.REFUND_RETURNED
        rows = tx.all(REFUNDS, legal_entity_id=legal_entity_id, reference=reference, is_back=is_back)
    return tuple(OwnLine(row.reference, row.amount_minor) for row in rows)


def name_of_refund(tx: Transaction, payer_id: AccountId, refund_id: int) -> str:
    """Return what a refund is linked by: its name in a file, else account and number."""
    return str(tx.one(NAME_OF_REFUND, account_id=payer_id, refund_id=refund_id).name)


def payouts(tx: Transaction, legal_entity_id: LegalEntityId, amounts: Sequence[int]) -> list[PaidOut]:
    """Return the payouts that brought one of these amounts to the bank."""
    rows = tx.all(PAYOUTS, legal_entity_id=legal_entity_id, amounts=list(amounts))
    return [PaidOut(*row) for row in rows]


def told(
    tx: Transaction, legal_entity_id: LegalEntityId, kind: OwnKind, references: Sequence[str]
) -> dict[str, Told]:
    """Return which entry told each of these first, and in which form."""
    rows = tx.all(TOLD, legal_entity_id=legal_entity_id, kind=kind.value, references=list(references))
    return {row.reference: Told(row.entry_id, row.form) for row in rows}


def form_of(tx: Transaction, legal_entity_id: LegalEntityId, statement_id: int) -> str:
    """Return the form of a statement."""
    row = tx.one(FORM, legal_entity_id=legal_entity_id, statement_id=statement_id)
    return str(row.form)


def booked(tx: Transaction, legal_entity_id: LegalEntityId, entry_ids: Sequence[int]) -> set[int]:
    """Return which of these entries are known to tell of something of ours."""
    rows = tx.all(BOOKED, legal_entity_id=legal_entity_id, entry_ids=list(entry_ids))
    return {row.entry_id for row in rows}


def add(tx: Transaction, rows: Sequence[Sequence[object]]) -> None:
    """Write what entries tell of; the rows have the columns of OWN."""
    tx.copy("bank_own", tuple(OWN), rows, tuple(OWN.values()))
