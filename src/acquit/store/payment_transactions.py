"""Payments that were taken from payers by direct debit, as an account reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

OF_ACCOUNT: Final[LiteralString] = """
    SELECT c.collection_id AS transaction_id, m.payment_method_id, c.currency, c.amount_minor,
           r.made_at, greatest(r.made_at, e.recorded_at, f.recorded_at) AS changed_at,
           coalesce(e.state, CASE WHEN f.is_at_bank THEN 'at-bank' ELSE 'made' END) AS state
      FROM collection c
      JOIN mandate m ON m.account_id = c.account_id AND m.mandate_id = c.mandate_id
      JOIN remittance r ON r.legal_entity_id = c.legal_entity_id AND r.remittance_id = c.remittance_id
      LEFT JOIN LATERAL (
           SELECT state, recorded_at
             FROM collection_event
            WHERE account_id = c.account_id AND collection_id = c.collection_id
            ORDER BY event_no DESC
            LIMIT 1) e ON true
      LEFT JOIN LATERAL (
           SELECT max(recorded_at) AS recorded_at,
                  bool_or(state IN ('downloaded', 'sent', 'accepted')) AS is_at_bank
             FROM remittance_event
            WHERE legal_entity_id = c.legal_entity_id AND remittance_id = c.remittance_id) f ON true
     WHERE c.account_id = %(account_id)s
     ORDER BY c.collection_id
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A debit of the account's bank account and where it is.

    `state` is `made` (its file is not at the bank), `at-bank`, or how it ended.
    """

    transaction_id: int
    payment_method_id: int
    currency: Currency
    amount_minor: int
    made_at: datetime
    changed_at: datetime
    state: str


def of_account(tx: Transaction, account_id: AccountId) -> Sequence[Taken]:
    """Return the debits of the account, oldest first."""
    return [Taken(**row._asdict()) for row in tx.all(OF_ACCOUNT, account_id=account_id)]
