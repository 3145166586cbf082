"""Movements of credit balances: lots that payers got, and what debt operations used of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, LiteralString

from acquit.core.credit_balance import CreditLot, CreditType
from acquit.core.identifiers import AccountId, CreditMovementId, DebtId, RunId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

MOVEMENT: Final = {
    "account_id": "text", "movement_id": "int8", "balance": "text", "type": "text", "currency": "text",
    "amount_minor": "int8", "lot_id": "int8", "debt_account_id": "text", "debt_id": "int8",
    "operation_id": "int8", "occurred_on": "date", "recorded_by": "text",
}  # fmt: skip

LOTS: Final[LiteralString] = """
    SELECT l.account_id, l.movement_id, l.balance, l.type, l.currency, m.left_minor, l.expires_on
      FROM credit_movement l
     CROSS JOIN LATERAL (
           SELECT sum(amount_minor)::bigint AS left_minor
             FROM credit_movement
            WHERE account_id = l.account_id AND lot_id = l.movement_id) m
     WHERE l.account_id = ANY(string_to_array(%(account_ids)s, ' ')) AND l.lot_id = l.movement_id
       AND (l.type = 'POINTS') = %(for_points)s
     ORDER BY l.account_id, l.movement_id
"""

ADD: Final[LiteralString] = """
    INSERT INTO credit_movement (account_id, movement_id, balance, type, currency, amount_minor, lot_id,
           expires_on, source, deposit_id, occurred_on, recorded_by)
    SELECT %(account_id)s, n, %(balance)s, %(type)s, %(currency)s, %(amount_minor)s, n, %(expires_on)s,
           %(source)s, %(deposit_id)s, %(occurred_on)s, %(recorded_by)s
      FROM nextval('credit_movement_id') AS n
    RETURNING movement_id
"""

GIVE_BACK: Final[LiteralString] = """
    INSERT INTO credit_movement (account_id, balance, type, currency, amount_minor, lot_id, debt_account_id,
           debt_id, operation_id, occurred_on, recorded_by)
    SELECT u.account_id, u.balance, u.type, u.currency, -u.amount_minor, u.lot_id, u.debt_account_id,
           u.debt_id, %(operation_id)s, %(occurred_on)s, %(recorded_by)s
      FROM credit_movement u
     WHERE u.account_id = %(account_id)s AND u.debt_account_id = %(debt_account_id)s
       AND u.debt_id = %(debt_id)s AND u.operation_id = %(used_by)s
"""

WITHDRAW: Final[LiteralString] = """
    INSERT INTO credit_movement (account_id, balance, type, currency, amount_minor, lot_id, source,
           deposit_id, occurred_on, recorded_by)
    SELECT account_id, balance, type, currency, -%(amount_minor)s::bigint, lot_id, source, deposit_id,
           %(occurred_on)s, coalesce(%(recorded_by)s::text, recorded_by)
      FROM credit_movement
     WHERE account_id = %(account_id)s AND movement_id = %(lot_id)s
    RETURNING movement_id
"""

HISTORY: Final[LiteralString] = """
    SELECT m.account_id, m.movement_id, m.balance, m.type, m.currency, m.amount_minor, m.lot_id, m.expires_on,
           m.source, m.deposit_id, d.bill_id, m.operation_id, m.occurred_on, m.recorded_by
      FROM credit_movement m
      LEFT JOIN debt d ON d.account_id = m.debt_account_id AND d.debt_id = m.debt_id
     WHERE m.account_id = %(account_id)s
     ORDER BY m.movement_id
"""

USED_IN_RUN: Final[LiteralString] = """
    SELECT b.bill_id, m.lot_id, -m.amount_minor AS amount_minor
      FROM bill b
      JOIN credit_movement m ON m.account_id = b.payer_id AND m.debt_account_id = b.account_id
                            AND m.debt_id = b.order_id AND m.amount_minor < 0
     WHERE b.run_id = %(run_id)s AND b.account_id = ANY(string_to_array(%(account_ids)s, ' '))
     ORDER BY m.movement_id
"""

ON_DEBTS: Final[LiteralString] = """
    SELECT m.type, m.balance, m.currency, m.debt_id, m.operation_id, -m.amount_minor AS amount_minor,
           o.automatic
      FROM credit_movement m
      JOIN debt_operation o ON o.account_id = m.debt_account_id AND o.debt_id = m.debt_id
                           AND o.operation_id = m.operation_id
     WHERE m.account_id = %(account_id)s AND m.debt_account_id = %(account_id)s
       AND m.debt_id = ANY(%(debt_ids)s) AND m.amount_minor < 0
       AND NOT EXISTS (SELECT FROM debt_operation u
                        WHERE u.account_id = o.account_id AND u.debt_id = o.debt_id
                          AND u.reverses_id = o.operation_id)
     ORDER BY m.movement_id
"""

DEPOSIT_OF: Final[LiteralString] = """
    SELECT deposit_id
      FROM credit_movement
     WHERE account_id = %(account_id)s AND movement_id = %(lot_id)s AND deposit_id IS NOT NULL
"""

NEXT_IDS: Final[LiteralString] = """
    SELECT nextval('operation_id') AS operation_id, nextval('credit_movement_id') AS movement_id
      FROM generate_series(1, %(count)s::bigint)
"""


@dataclass(frozen=True, slots=True)
class Movement:
    """A credit added (`lot_id` is its own id), used (negative) or given back, as it was recorded."""

    account_id: AccountId
    movement_id: CreditMovementId
    balance: str
    type: CreditType
    currency: Currency
    amount_minor: int
    lot_id: CreditMovementId
    expires_on: date | None
    source: str
    deposit_id: str | None
    bill_id: str | None
    operation_id: int | None
    occurred_on: date
    recorded_by: str


@dataclass(frozen=True, slots=True)
class Used:
    """So much of a balance pays a debt by a debt operation; `automatic` when nobody asked for it."""

    type: CreditType
    balance: str
    currency: Currency
    debt_id: DebtId
    operation_id: int
    amount_minor: int
    automatic: bool


def lots(tx: Transaction, payer_ids: Iterable[AccountId]) -> dict[AccountId, tuple[CreditLot, ...]]:
    """Return the lots of the payers of which something is left; hold the payers before using them."""
    return _lots(tx, payer_ids, for_points=False)


def behind_points(tx: Transaction, payer_id: AccountId) -> tuple[CreditLot, ...]:
    """Return the payer's money that waits behind points that were bought: no bill is paid with it."""
    return _lots(tx, [payer_id], for_points=True).get(payer_id, ())


def _lots(
    tx: Transaction, payer_ids: Iterable[AccountId], *, for_points: bool
) -> dict[AccountId, tuple[CreditLot, ...]]:
    found: dict[AccountId, list[CreditLot]] = defaultdict(list)
    for row in tx.all(LOTS, account_ids=" ".join(payer_ids), for_points=for_points):
        if row.left_minor:
            found[row.account_id].append(CreditLot(**row._asdict() | {"type": CreditType(row.type)}))
    return {account_id: tuple(each) for account_id, each in found.items()}


def deposit_of(tx: Transaction, payer_id: AccountId, lot_id: int) -> str:
    """Return which deposit brought the money of a lot."""
    return str(tx.one(DEPOSIT_OF, account_id=payer_id, lot_id=lot_id).deposit_id)


def add(
    tx: Transaction,
    payer_id: AccountId,
    balance: str,
    kind: CreditType,
    amount_minor: int,
    currency: Currency,
    *,
    expires_on: date | None,
    source: str,
    deposit_id: str | None,
    on: date,
    by: str,
) -> CreditMovementId:
    """Write a lot and return its id."""
    row = tx.one(
        ADD,
        account_id=payer_id, balance=balance, type=kind.value, currency=currency, amount_minor=amount_minor,
        expires_on=expires_on, source=source, deposit_id=deposit_id, occurred_on=on, recorded_by=by,
    )  # fmt: skip
    return CreditMovementId(row.movement_id)


def next_ids(tx: Transaction, count: int) -> list[tuple[int, CreditMovementId]]:
    """Take that many ids of debt operations and movements, rising."""
    return [(row.operation_id, CreditMovementId(row.movement_id)) for row in tx.all(NEXT_IDS, count=count)]


def write(tx: Transaction, rows: Sequence[Sequence[object]]) -> None:
    """Write uses of lots; the rows have the columns of MOVEMENT."""
    tx.copy("credit_movement", tuple(MOVEMENT), rows, tuple(MOVEMENT.values()))


def used_in_run(
    tx: Transaction, run_id: RunId, account_ids: Iterable[AccountId]
) -> dict[str, list[tuple[CreditMovementId, int]]]:
    """Return which lots paid how much of each bill that the run issued to the accounts."""
    found: dict[str, list[tuple[CreditMovementId, int]]] = defaultdict(list)
    for row in tx.all(USED_IN_RUN, run_id=run_id, account_ids=" ".join(account_ids)):
        found[row.bill_id].append((row.lot_id, row.amount_minor))
    return found


def give_back(
    tx: Transaction,
    payer_id: AccountId,
    debt: tuple[AccountId, DebtId],
    used_by: int,
    operation_id: int,
    on: date,
    by: str,
) -> int:
    """Put back what a debt operation used, because another undid it; return how many lots have more again."""
    return tx.run(
        GIVE_BACK,
        account_id=payer_id, debt_account_id=debt[0], debt_id=debt[1], used_by=used_by,
        operation_id=operation_id, occurred_on=on, recorded_by=by,
    )  # fmt: skip


def withdraw(
    tx: Transaction,
    payer_id: AccountId,
    lot_id: CreditMovementId,
    amount_minor: int,
    on: date,
    by: str | None = None,
) -> CreditMovementId:
    """Make so much of a lot, which is money and not used, unapplied again; return the movement's id.

    Recorded by whoever added the lot unless told otherwise. Hold the payer.
    """
    row = tx.one(
        WITHDRAW, account_id=payer_id, lot_id=lot_id, amount_minor=amount_minor, occurred_on=on,
        recorded_by=by,
    )  # fmt: skip
    return CreditMovementId(row.movement_id)


def history(tx: Transaction, payer_id: AccountId) -> list[Movement]:
    """Return every movement of the payer's credit, oldest first."""
    rows = tx.all(HISTORY, account_id=payer_id)
    return [Movement(**row._asdict() | {"type": CreditType(row.type)}) for row in rows]


def on_debts(tx: Transaction, account_id: AccountId, debt_ids: Sequence[int]) -> list[Used]:
    """Return what of the account's credit pays these debts of its own and stands, oldest first."""
    rows = tx.all(ON_DEBTS, account_id=account_id, debt_ids=list(debt_ids))
    return [Used(**row._asdict() | {"type": CreditType(row.type)}) for row in rows]
