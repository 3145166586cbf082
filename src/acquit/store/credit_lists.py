"""Movements of an account's credit as it reads them, each with what was left before and after it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString

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
     WHERE m.account_id = %(account_id)s AND m.type <> 'POINTS'
    WINDOW balance AS (PARTITION BY m.type, m.balance, m.currency ORDER BY m.movement_id)
     ORDER BY m.movement_id
"""

PAGE: Final[LiteralString] = (
    "SELECT * FROM ("  # noqa: S608 - constants alone
    + MOVEMENTS
    + ") m WHERE movement_id < %(before_id)s ORDER BY movement_id DESC LIMIT %(rows_max)s"
)

LOTS: Final[LiteralString] = """
    SELECT l.movement_id, l.balance, l.type, l.currency, l.amount_minor, l.lot_id, l.expires_on, l.source,
           l.recorded_at, '' AS bill_id, 0 AS order_id, 0 AS after_minor, left_over.minor AS lot_left_minor
      FROM credit_movement l
     CROSS JOIN LATERAL (SELECT sum(u.amount_minor)::bigint AS minor
                           FROM credit_movement u
                          WHERE u.account_id = l.account_id AND u.lot_id = l.movement_id) AS left_over
     WHERE l.account_id = %(account_id)s AND l.lot_id = l.movement_id AND l.type = ANY(%(types)s)
       AND left_over.minor > 0
       AND (%(movement_id)s::bigint IS NULL OR l.movement_id = %(movement_id)s::bigint)
     ORDER BY l.movement_id
     LIMIT %(rows_max)s
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
    return [_moved(row) for row in tx.all(MOVEMENTS, account_id=account_id)]


def page(tx: Transaction, account_id: AccountId, before_id: int, rows_max: int) -> list[Moved]:
    """Return movements of the account's credit, newest first, those before one."""
    rows = tx.all(PAGE, account_id=account_id, before_id=before_id, rows_max=rows_max)
    return [_moved(row) for row in rows]


def money_lots(
    tx: Transaction, account_id: AccountId, rows_max: int, movement_id: int | None = None
) -> list[Moved]:
    """Return the account's lots of money of which something is left, oldest first; one of them if given."""
    types = [each.value for each in CreditType if each.is_money and each is not CreditType.POINTS]
    asked = {"types": types, "movement_id": movement_id, "rows_max": rows_max}
    return [_moved(row) for row in tx.all(LOTS, account_id=account_id, **asked)]


def _moved(row: Any) -> Moved:
    return Moved(**row._asdict() | {"type": CreditType(row.type)})
