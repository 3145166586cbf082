"""Movements of an account's credit as it reads them, each with what was left before and after it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, LiteralString

from acquit.core.credit_balance import CreditType
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

MOVEMENTS: Final[LiteralString] = """
    SELECT m.movement_id, m.balance, m.type, m.currency, m.amount_minor, m.lot_id, l.expires_on, l.source,
           m.recorded_at, coalesce(d.bill_id, '') AS bill_id,
           coalesce(m.debt_id, p.order_id, 0) AS order_id,
           (sum(m.amount_minor) OVER balance)::bigint AS after_minor,
           (sum(m.amount_minor) OVER (PARTITION BY m.lot_id))::bigint AS lot_left_minor
      FROM credit_movement m
      JOIN credit_movement l ON l.account_id = m.account_id AND l.movement_id = m.lot_id
      LEFT JOIN debt d ON d.account_id = m.debt_account_id AND d.debt_id = m.debt_id
      LEFT JOIN deposit p ON p.account_id = m.account_id AND p.deposit_id = m.deposit_id
     WHERE m.account_id = %(account_id)s
    WINDOW balance AS (PARTITION BY m.type, m.balance, m.currency ORDER BY m.movement_id)
     ORDER BY m.movement_id
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """A movement: of its lot the source, end and rest; `after_minor` is the balance after it."""

    movement_id: int
    balance: str
    type: CreditType
    currency: Currency
    amount_minor: int
    lot_id: int
    expires_on: date | None
    source: str
    recorded_at: datetime
    bill_id: str
    order_id: int
    after_minor: int
    lot_left_minor: int

    @property
    def is_lot(self) -> bool:
        """Whether it is credit that was added."""
        return self.lot_id == self.movement_id


def of_account(tx: Transaction, account_id: AccountId) -> list[Moved]:
    """Return every movement of the account's credit, oldest first."""
    rows = tx.all(MOVEMENTS, account_id=account_id)
    return [Moved(**row._asdict() | {"type": CreditType(row.type)}) for row in rows]
