"""Points as accounts and staff read them: movements in pages; when a payer wants a letter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.point import PointsKind
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction

MANY: Final[LiteralString] = """
    SELECT m.movement_id, m.kind, m.points, m.balance, m.order_id, coalesce(m.bill_id, '') AS bill_id,
           m.reason, l.worth_minor, l.currency, l.lapses_on, m.recorded_at
      FROM points_movement m
      JOIN points_movement l ON l.account_id = m.account_id AND l.movement_id = m.lot_id
     WHERE m.account_id = %(account_id)s AND m.movement_id = ANY(%(movement_ids)s)
     ORDER BY m.movement_id
"""

PAGE: Final[LiteralString] = """
    SELECT m.movement_id, m.kind, m.points, m.balance, m.order_id, coalesce(m.bill_id, '') AS bill_id,
           m.reason, l.worth_minor, l.currency, l.lapses_on, m.recorded_at
      FROM points_movement m
      JOIN points_movement l ON l.account_id = m.account_id AND l.movement_id = m.lot_id
     WHERE m.account_id = %(account_id)s AND m.movement_id < %(before_id)s
     ORDER BY m.movement_id DESC
     LIMIT %(rows_max)s
"""

LAST: Final[LiteralString] = """
    SELECT recorded_at
      FROM points_movement
     WHERE account_id = %(account_id)s
     ORDER BY movement_id DESC
     LIMIT 1
"""

ALERT: Final[LiteralString] = "SELECT threshold_points FROM points_alert WHERE account_id = %(account_id)s"

SET_ALERT: Final[LiteralString] = """
    INSERT INTO points_alert (account_id, threshold_points, set_by)
    VALUES (%(account_id)s, %(threshold)s, %(set_by)s)
        ON CONFLICT (account_id) DO UPDATE
       SET threshold_points = excluded.threshold_points, is_warned = false, set_by = excluded.set_by,
           set_at = excluded.set_at
"""

DROP_ALERT: Final[LiteralString] = "DELETE FROM points_alert WHERE account_id = %(account_id)s"

LOW: Final[LiteralString] = """
    SELECT w.account_id, a.email, a.language, w.threshold_points AS threshold, b.balance
      FROM points_alert w
      JOIN account a ON a.account_id = w.account_id AND a.legal_entity_id = %(legal_entity_id)s
     CROSS JOIN LATERAL (
           SELECT coalesce((SELECT m.balance FROM points_movement m
                             WHERE m.account_id = w.account_id
                             ORDER BY m.movement_id DESC LIMIT 1), 0)::bigint AS balance) b
     WHERE NOT w.is_warned AND b.balance < w.threshold_points
     ORDER BY w.account_id
"""

WARN: Final[LiteralString] = """
    UPDATE points_alert SET is_warned = true WHERE account_id = %(account_id)s AND NOT is_warned
"""

REARM: Final[LiteralString] = """
    UPDATE points_alert w
       SET is_warned = false
      FROM account a
     WHERE a.account_id = w.account_id AND a.legal_entity_id = %(legal_entity_id)s AND w.is_warned
       AND (SELECT m.balance FROM points_movement m
             WHERE m.account_id = w.account_id
             ORDER BY m.movement_id DESC LIMIT 1) >= w.threshold_points
"""


@dataclass(frozen=True, slots=True)
class MovedPoints:
    """A movement, what the payer had after it, and of its lot what a point is worth and when it lapses."""

    movement_id: int
    kind: PointsKind
    points: int
    balance: int
    order_id: int
    bill_id: str
    reason: str
    worth_minor: int
    currency: str
    lapses_on: date | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class LowPoints:
    """A payer with fewer points than it wanted to be told at, and where it is written to."""

    account_id: AccountId
    email: str
    language: str
    threshold: int
    balance: int


def of_account(
    account_id: AccountId, *, moved_from: datetime | None = None, moved_to: datetime | None = None
) -> Selection:
    """Select the account's movements; both bounds are inclusive and count in whole seconds."""
    source: LiteralString = "points_movement WHERE account_id = %(account_id)s"
    values: dict[str, object] = {"account_id": account_id}
    if moved_from is not None:
        source += " AND recorded_at >= %(moved_from)s"
        values["moved_from"] = moved_from
    if moved_to is not None:
        source += " AND recorded_at < %(moved_to)s + interval '1 second'"
        values["moved_to"] = moved_to
    return Selection("movement_id", source, values)


def find_many(tx: Transaction, account_id: AccountId, movement_ids: Sequence[int]) -> list[MovedPoints]:
    """Return those of the movements that are the account's, oldest first."""
    rows = tx.all(MANY, account_id=account_id, movement_ids=list(movement_ids))
    return [_moved(row) for row in rows]


def page(tx: Transaction, account_id: AccountId, before_id: int, rows_max: int) -> list[MovedPoints]:
    """Return movements of the account's points, newest first, those before one."""
    rows = tx.all(PAGE, account_id=account_id, before_id=before_id, rows_max=rows_max)
    return [_moved(row) for row in rows]


def last_moved_at(tx: Transaction, account_id: AccountId) -> datetime | None:
    """Return when the account's points moved last, or None."""
    row = tx.one_or_none(LAST, account_id=account_id)
    return None if row is None else row.recorded_at


def threshold(tx: Transaction, account_id: AccountId) -> int | None:
    """Return below how many points the account wants a letter, or None."""
    row = tx.one_or_none(ALERT, account_id=account_id)
    return None if row is None else int(row.threshold_points)


def set_threshold(tx: Transaction, account_id: AccountId, wanted: int | None, by: str) -> None:
    """Write below how many points the account wants a letter; None: never."""
    if wanted is None:
        tx.run(DROP_ALERT, account_id=account_id)
    else:
        tx.run(SET_ALERT, account_id=account_id, threshold=wanted, set_by=by)


def low(tx: Transaction, legal_entity_id: LegalEntityId) -> list[LowPoints]:
    """Return payers with fewer points than they set who were not told; arm the others again."""
    tx.run(REARM, legal_entity_id=legal_entity_id)
    return [LowPoints(**row._asdict()) for row in tx.all(LOW, legal_entity_id=legal_entity_id)]


def warn(tx: Transaction, account_id: AccountId) -> bool:
    """Write that the payer is told now; return False when it was before."""
    return tx.run(WARN, account_id=account_id) == 1


def _moved(row: Any) -> MovedPoints:
    return MovedPoints(**row._asdict() | {"kind": PointsKind(row.kind)})
