"""Checks of VAT ids: facts, one per question that was put to a register."""

from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.vat_check import Answer, Outcome, VatCheck
from acquit.store.transaction import Transaction

ADD: Final[LiteralString] = """
    INSERT INTO vat_check (account_id, vat_id, register, outcome, reference, told, checked_on, checked_by)
    VALUES (%(account_id)s, %(vat_id)s, %(register)s, %(outcome)s, %(reference)s, %(told)s, %(checked_on)s,
            %(by)s)
    RETURNING account_id, check_no, vat_id, register, outcome, reference, told, checked_on, checked_by,
              checked_at
"""

OF_ACCOUNT: Final[LiteralString] = """
    SELECT account_id, check_no, vat_id, register, outcome, reference, told, checked_on, checked_by,
           checked_at
      FROM vat_check
     WHERE account_id = %(account_id)s
     ORDER BY check_no
"""

ABROAD: Final[LiteralString] = """
    SELECT a.account_id
      FROM account a
      JOIN legal_entity e ON e.legal_entity_id = a.legal_entity_id
      JOIN LATERAL (
           SELECT country, vat_id
             FROM legal_party
            WHERE legal_party_id = a.legal_party_id AND from_on <= %(on)s
            ORDER BY from_on DESC
            LIMIT 1) y ON y.country <> e.country AND y.vat_id <> ''
     WHERE a.legal_entity_id = %(legal_entity_id)s AND a.state <> 'closed'
     ORDER BY a.account_id
"""


def add(tx: Transaction, account_id: AccountId, vat_id: str, answer: Answer, on: date, by: str) -> VatCheck:
    """Write what a register answered and return the check."""
    row = tx.one(
        ADD, account_id=account_id, vat_id=vat_id, register=answer.register, outcome=answer.outcome.value,
        reference=answer.reference, told=answer.told, checked_on=on, by=by,
    )  # fmt: skip
    return _check(row)


def of_account(tx: Transaction, account_id: AccountId) -> list[VatCheck]:
    """Return the checks of the account's ids, oldest first."""
    return [_check(row) for row in tx.all(OF_ACCOUNT, account_id=account_id)]


def abroad(tx: Transaction, legal_entity_id: LegalEntityId, on: date) -> list[AccountId]:
    """Return the accounts whose legal party is of another country and has a VAT id."""
    return [row.account_id for row in tx.all(ABROAD, legal_entity_id=legal_entity_id, on=on)]


def _check(row: Any) -> VatCheck:
    return VatCheck(**row._asdict() | {"outcome": Outcome(row.outcome)})
