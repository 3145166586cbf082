"""Points: programmes of sellers, lots and movements of payers, what is owed, and what is to be counted."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, BillId, CreditMovementId, LegalEntityId
from acquit.core.money import Currency
from acquit.core.point import CountedBill, OwedPoints, PointsKind, PointsLot, Programme
from acquit.store.transaction import Transaction

PROGRAMMES: Final[LiteralString] = """
    SELECT legal_entity_id, currency, from_on, points, per_minor, worth_minor, used_bp, lapse_months, is_sold,
           without_plans, without_kinds, programme_id
      FROM points_programme
     WHERE legal_entity_id = %(legal_entity_id)s
     ORDER BY currency, from_on, programme_id
"""

HOLDING: Final[LiteralString] = """
    SELECT legal_entity_id, currency, from_on, points, per_minor, worth_minor, used_bp, lapse_months, is_sold,
           without_plans, without_kinds, programme_id
      FROM points_programme
     WHERE legal_entity_id = %(legal_entity_id)s AND currency = %(currency)s AND from_on <= %(on)s
     ORDER BY from_on DESC, programme_id DESC
     LIMIT 1
"""

OPENED: Final[LiteralString] = """
    SELECT min(from_on) AS from_on
      FROM points_programme
     WHERE legal_entity_id = %(legal_entity_id)s AND currency = %(currency)s
"""

ADD_PROGRAMME: Final[LiteralString] = """
    INSERT INTO points_programme (legal_entity_id, currency, from_on, points, per_minor, worth_minor, used_bp,
           lapse_months, is_sold, without_plans, without_kinds, set_by)
    VALUES (%(legal_entity_id)s, %(currency)s, %(from_on)s, %(points)s, %(per_minor)s, %(worth_minor)s,
           %(used_bp)s, %(lapse_months)s, %(is_sold)s, %(without_plans)s, %(without_kinds)s, %(set_by)s)
    RETURNING programme_id
"""

COUNT_AGAIN: Final[LiteralString] = """
    INSERT INTO points_due (legal_entity_id, payer_id, account_id, debt_id)
    SELECT %(legal_entity_id)s, d.payer_id, d.account_id, d.debt_id
      FROM account a
      JOIN bill b ON b.account_id = a.account_id AND b.issued_on >= %(from_on)s
      JOIN debt d ON d.account_id = b.account_id AND d.bill_id = b.bill_id AND d.currency = %(currency)s
     WHERE a.legal_entity_id = %(legal_entity_id)s
"""

LOTS: Final[LiteralString] = """
    SELECT l.movement_id AS lot_id, l.kind, m.points_left, l.currency, l.worth_minor, l.used_bp, l.lapses_on,
           l.bill_account_id, l.bill_id, l.credit_movement_id
      FROM (SELECT lot_id, sum(points)::bigint AS points_left
              FROM points_movement
             WHERE account_id = %(account_id)s
             GROUP BY lot_id
            HAVING sum(points) > 0) m
      JOIN points_movement l ON l.account_id = %(account_id)s AND l.movement_id = m.lot_id
     ORDER BY l.movement_id
"""

BALANCE: Final[LiteralString] = """
    SELECT balance
      FROM points_movement
     WHERE account_id = %(account_id)s
     ORDER BY movement_id DESC
     LIMIT 1
"""

MOVE: Final[LiteralString] = """
    INSERT INTO points_movement (account_id, movement_id, kind, points, balance, lot_id, currency,
           worth_minor, used_bp, lapses_on, bill_account_id, bill_id, order_id, credit_movement_id, reason,
           occurred_on, recorded_by)
    SELECT %(account_id)s, n, %(kind)s, %(points)s, coalesce((
               SELECT balance FROM points_movement
                WHERE account_id = %(account_id)s ORDER BY movement_id DESC LIMIT 1), 0) + %(points)s,
           coalesce(%(lot_id)s::bigint, n), %(currency)s, %(worth_minor)s, %(used_bp)s, %(lapses_on)s,
           %(bill_account_id)s, %(bill_id)s, %(order_id)s, %(credit_movement_id)s, %(reason)s,
           %(occurred_on)s, %(recorded_by)s
      FROM nextval('points_movement_id') AS n
    RETURNING movement_id
"""

OWED: Final[LiteralString] = """
    SELECT bill_account_id AS account_id, bill_id, sum(points)::bigint AS points
      FROM points_owed
     WHERE account_id = %(account_id)s
     GROUP BY bill_account_id, bill_id
    HAVING sum(points) > 0
     ORDER BY min(owed_id)
"""

OWE: Final[LiteralString] = """
    INSERT INTO points_owed (account_id, bill_account_id, bill_id, points, occurred_on)
    VALUES (%(account_id)s, %(bill_account_id)s, %(bill_id)s, %(points)s, %(occurred_on)s)
"""

WAITING: Final[LiteralString] = """
    SELECT DISTINCT payer_id
      FROM points_due
     WHERE %(legal_entity_id)s::text IS NULL OR legal_entity_id = %(legal_entity_id)s
     ORDER BY payer_id
     LIMIT %(rows_max)s
"""

TAKE_DUE: Final[LiteralString] = """
    DELETE FROM points_due WHERE payer_id = %(payer_id)s RETURNING account_id, debt_id
"""

LAPSING: Final[LiteralString] = """
    SELECT DISTINCT l.account_id
      FROM points_movement l
      JOIN account a ON a.account_id = l.account_id AND a.legal_entity_id = %(legal_entity_id)s
     WHERE l.lapses_on <= %(on)s
       AND (SELECT sum(m.points) FROM points_movement m
             WHERE m.account_id = l.account_id AND m.lot_id = l.movement_id) > 0
     ORDER BY l.account_id
"""

BILLS: Final[LiteralString] = """
    SELECT d.account_id, d.bill_id, d.debt_id, p.*, c.counting_minor, d.amount_minor - o.credited_minor
               AS owed_minor,
           o.paid_minor - g.given_minor AS money_minor, d.amount_minor + o.effect_minor AS open_minor,
           m.moved, w.owed
      FROM unnest(%(account_ids)s::text[], %(debt_ids)s::bigint[]) AS asked(account_id, debt_id)
      JOIN debt d ON d.account_id = asked.account_id AND d.debt_id = asked.debt_id
      JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id AND b.kind <> 'claim'
      JOIN account a ON a.account_id = d.payer_id AND a.currency = d.currency
     CROSS JOIN LATERAL (
           SELECT legal_entity_id, currency, from_on, points, per_minor, worth_minor, used_bp, lapse_months,
                  is_sold, without_plans, without_kinds, programme_id
             FROM points_programme
            WHERE legal_entity_id = a.legal_entity_id AND currency = d.currency AND from_on <= b.issued_on
            ORDER BY from_on DESC, programme_id DESC
            LIMIT 1) p
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(l.net_minor * CASE n.kind WHEN 'credit-note' THEN -1 ELSE 1 END), 0)::bigint
                      AS counting_minor
             FROM bill n
             JOIN bill_detail l ON l.account_id = n.account_id AND l.bill_id = n.bill_id
             LEFT JOIN service s ON s.account_id = coalesce(l.owner_id, l.account_id)
                                AND s.service_id = l.service_id
             LEFT JOIN LATERAL (
                  SELECT plan_code
                    FROM service_agreement
                   WHERE account_id = s.account_id AND service_id = s.service_id
                     AND (agreement_no = 1 OR from_on <= l.period_start)
                   ORDER BY agreement_no = 1, from_on DESC, agreement_no DESC
                   LIMIT 1) t ON true
            WHERE n.account_id = b.account_id
              AND (n.bill_id = b.bill_id OR (n.corrects_bill_id = b.bill_id AND n.kind = 'credit-note'))
              AND l.kind <> ALL(p.without_kinds)
              AND coalesce(t.plan_code, s.plan_code, '') <> ALL(p.without_plans)) c
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(effect_minor), 0)::bigint AS effect_minor,
                  coalesce(sum(amount_minor) FILTER (WHERE kind = 'credit'), 0)::bigint AS credited_minor,
                  coalesce(sum(amount_minor) FILTER (WHERE kind = 'payment' AND NOT EXISTS (
                      SELECT FROM debt_operation u
                       WHERE u.account_id = x.account_id AND u.debt_id = x.debt_id
                         AND u.reverses_id = x.operation_id)), 0)::bigint AS paid_minor
             FROM debt_operation x
            WHERE x.account_id = d.account_id AND x.debt_id = d.debt_id) o
     CROSS JOIN LATERAL (
           SELECT coalesce(-sum(amount_minor), 0)::bigint AS given_minor
             FROM credit_movement
            WHERE account_id = d.payer_id AND debt_account_id = d.account_id AND debt_id = d.debt_id
              AND type IN ('VOUCHER', 'BONUS')) g
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(points), 0)::bigint AS moved
             FROM points_movement
            WHERE account_id = d.payer_id AND bill_account_id = d.account_id AND bill_id = d.bill_id) m
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(points), 0)::bigint AS owed
             FROM points_owed
            WHERE account_id = d.payer_id AND bill_account_id = d.account_id AND bill_id = d.bill_id) w
     WHERE d.payer_id = %(payer_id)s
     ORDER BY d.debt_id
"""


@dataclass(frozen=True, slots=True)
class Move:
    """What happens to points: a new lot (`lot.lot_id` 0), or so many less of one."""

    kind: PointsKind
    points: int
    lot: PointsLot
    bill: tuple[AccountId, BillId] | None = None
    order_id: int = 0
    credit_movement_id: CreditMovementId | None = None
    reason: str = ""


def programmes(tx: Transaction, legal_entity_id: LegalEntityId) -> list[Programme]:
    """Return what the seller set, by currency, oldest first."""
    return [_programme(row) for row in tx.all(PROGRAMMES, legal_entity_id=legal_entity_id)]


def programme_on(
    tx: Transaction, legal_entity_id: LegalEntityId, currency: Currency, on: date
) -> Programme | None:
    """Return what holds on a day, or None: the seller gave no points until then."""
    row = tx.one_or_none(HOLDING, legal_entity_id=legal_entity_id, currency=currency, on=on)
    return None if row is None else _programme(row)


def opened_on(tx: Transaction, legal_entity_id: LegalEntityId, currency: Currency) -> date | None:
    """Return the first day of the seller's first programme in the currency, or None."""
    found: date | None = tx.one(OPENED, legal_entity_id=legal_entity_id, currency=currency).from_on
    return found


def add_programme(tx: Transaction, programme: Programme, by: str) -> int:
    """Write a programme and return its number; bills from its day on are to be counted again."""
    asked = {
        "legal_entity_id": programme.legal_entity_id, "currency": programme.currency,
        "from_on": programme.from_on,
    }  # fmt: skip
    made = tx.one(
        ADD_PROGRAMME, **asked, points=programme.points, per_minor=programme.per_minor,
        worth_minor=programme.worth_minor, used_bp=programme.used_bp, lapse_months=programme.lapse_months,
        is_sold=programme.is_sold, without_plans=list(programme.without_plans),
        without_kinds=list(programme.without_kinds), set_by=by,
    )  # fmt: skip
    tx.run(COUNT_AGAIN, **asked)
    return int(made.programme_id)


def lots(tx: Transaction, payer_id: AccountId) -> list[PointsLot]:
    """Return the payer's lots of which something is left, oldest first; hold the payer before using them."""
    return [
        PointsLot(
            row.lot_id, PointsKind(row.kind), row.points_left, Currency(row.currency), row.worth_minor,
            row.used_bp, row.lapses_on,
            None if row.bill_id is None else (AccountId(row.bill_account_id), BillId(row.bill_id)),
            row.credit_movement_id,
        )
        for row in tx.all(LOTS, account_id=payer_id)
    ]  # fmt: skip


def balance(tx: Transaction, payer_id: AccountId) -> int | None:
    """Return how many points the payer has after the last movement; None: there was none."""
    row = tx.one_or_none(BALANCE, account_id=payer_id)
    return None if row is None else int(row.balance)


def move(tx: Transaction, payer_id: AccountId, made: Move, on: date, by: str) -> int:
    """Write a movement after those before it and return its id; hold the payer before."""
    lot, is_new = made.lot, made.lot.lot_id == 0
    bill_account_id, bill_id = made.bill or (None, None)
    row = tx.one(
        MOVE,
        account_id=payer_id, kind=made.kind.value, points=made.points, lot_id=None if is_new else lot.lot_id,
        currency=lot.currency if is_new else None, worth_minor=lot.worth_minor if is_new else None,
        used_bp=lot.used_bp if is_new else None, lapses_on=lot.lapses_on if is_new else None,
        bill_account_id=bill_account_id, bill_id=bill_id, order_id=made.order_id,
        credit_movement_id=made.credit_movement_id, reason=made.reason, occurred_on=on, recorded_by=by,
    )  # fmt: skip
    return int(row.movement_id)


def owed(tx: Transaction, payer_id: AccountId) -> list[OwedPoints]:
    """Return the points that were not there to take back, by bill, oldest first."""
    return [OwedPoints(**row._asdict()) for row in tx.all(OWED, account_id=payer_id)]


def owe(tx: Transaction, payer_id: AccountId, owing: OwedPoints, on: date) -> None:
    """Write that so many points of a bill are owed (negative: were made good)."""
    tx.run(
        OWE, account_id=payer_id, bill_account_id=owing.account_id, bill_id=owing.bill_id,
        points=owing.points, occurred_on=on,
    )  # fmt: skip


def waiting(tx: Transaction, legal_entity_id: LegalEntityId | None, rows_max: int) -> list[AccountId]:
    """Return payers, of one seller or of all, on whose debts something happened that was not counted."""
    asked = {"legal_entity_id": legal_entity_id, "rows_max": rows_max}
    return [AccountId(row.payer_id) for row in tx.all(WAITING, **asked)]


def take_due(tx: Transaction, payer_id: AccountId) -> list[CountedBill]:
    """Return the bills of the payer that are to be counted, and count them as such; hold the payer before."""
    due = {(row.account_id, row.debt_id) for row in tx.all(TAKE_DUE, payer_id=payer_id)}
    if not due:
        return []
    asked = {"account_ids": [each for each, _ in due], "debt_ids": [each for _, each in due]}
    return [_counted(row) for row in tx.all(BILLS, payer_id=payer_id, **asked)]


def lapsing(tx: Transaction, legal_entity_id: LegalEntityId, on: date) -> list[AccountId]:
    """Return payers of the seller who have points whose day has come."""
    return [AccountId(row.account_id) for row in tx.all(LAPSING, legal_entity_id=legal_entity_id, on=on)]


PROGRAMME: Final = (
    "legal_entity_id", "currency", "from_on", "points", "per_minor", "worth_minor", "used_bp", "lapse_months",
    "is_sold", "without_plans", "without_kinds", "programme_id",
)  # fmt: skip


def _programme(row: Any) -> Programme:
    values = {name: getattr(row, name) for name in PROGRAMME}
    values["without_plans"], values["without_kinds"] = tuple(row.without_plans), tuple(row.without_kinds)
    return Programme(**values)


def _counted(row: Any) -> CountedBill:
    return CountedBill(
        row.account_id, row.bill_id, row.debt_id, _programme(row), row.counting_minor, row.owed_minor,
        row.money_minor, row.open_minor, row.moved, row.owed,
    )  # fmt: skip
