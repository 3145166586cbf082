"""Points: what a seller gives for what is paid, worth so much credit each, kept by movements.

A lot of points is earned, given or bought once; what becomes of it is taken from it until nothing is left or
it lapses. What lapses first is used first. A bill that is paid no more takes back what it earned, as far as
it is there; the rest is owed and taken from the next points.

Source: IFRS 15, B39 to B43 (options for additional goods that are a material right).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Forbidden, Invalid, NotFound
from acquit.core.identifiers import AccountId, BillId, CreditMovementId, LegalEntityId
from acquit.core.money import Currency, plain, rounded
from acquit.core.service import months_after

POINTS_MAX: Final = 1_000_000_000
"""The most points that one movement brings."""

WORTH_MAX: Final = 1_000_000
"""The most that one point is worth, in the smallest unit."""

WHOLE_BP: Final = 10_000


class NoProgramme(NotFound):
    """The seller gives no points in this currency."""

    code = "no-points-programme"


class BadProgramme(Invalid):
    """A programme gives and asks for whole numbers, from a day that is not over."""

    code = "bad-points-programme"


class BadPoints(Invalid):
    """Points are given, taken and used one at least, with a reason."""

    code = "bad-points"


class NotEnoughPoints(Conflict):
    """More points are asked for than there are."""

    code = "not-enough-points"


class PointsNotSold(Forbidden):
    """The seller gives points and sells none."""

    code = "points-not-sold"


class PointsKind(StrEnum):
    """What a movement of points is."""

    EARNED = "earned"
    BOUGHT = "bought"
    GIVEN = "given"
    TAKEN = "taken"
    BACK = "back"
    USED = "used"
    LAPSED = "lapsed"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Programme:
    """From a day on: `points` per `per_minor` net that is paid, each worth `worth_minor` of credit.

    0 points: nothing is earned any more. `used_bp` is the share of points that is expected to be used: so
    much of their worth is owed. Lines of `without_plans` and of `without_kinds` earn nothing.
    """

    legal_entity_id: LegalEntityId
    currency: Currency
    from_on: date
    points: int
    per_minor: int
    worth_minor: int
    used_bp: int = WHOLE_BP
    lapse_months: int | None = None
    is_sold: bool = False
    without_plans: tuple[str, ...] = ()
    without_kinds: tuple[str, ...] = ()
    programme_id: int = 0

    def lapses_on(self, on: date) -> date | None:
        """Return the first day on which points of that day are gone, or None: they stay."""
        return None if self.lapse_months is None else months_after(on, self.lapse_months, on.day)


@dataclass(frozen=True, slots=True)
class PointsLot:
    """Points as they came, and what is left of them; `lapses_on` is the first day on which they are gone.

    Behind bought ones is the lot of credit `credit_movement_id`.
    """

    lot_id: int
    kind: PointsKind
    left: int
    currency: Currency
    worth_minor: int
    used_bp: int
    lapses_on: date | None = None
    bill: tuple[AccountId, BillId] | None = None
    credit_movement_id: CreditMovementId | None = None

    @property
    def owed_minor(self) -> int:
        """Return what the books say is owed for what is left; behind bought points there is money instead."""
        if self.kind is PointsKind.BOUGHT:
            return 0
        return rounded(self.left * self.worth_minor * self.used_bp, WHOLE_BP)


@dataclass(frozen=True, slots=True)
class PointsUse:
    """So many points of a lot."""

    lot: PointsLot
    points: int

    @property
    def worth_minor(self) -> int:
        """Return what they are worth."""
        return self.points * self.lot.worth_minor


@dataclass(frozen=True, slots=True)
class CountedBill:
    """A bill as its points are counted: `counting_minor` net of what earns, less credit notes.

    `owed_minor` is the bill less its credit notes; `money_minor` what was paid of it by anything but what the
    seller gave. `moved` points moved for it (what it earned less what came back), `owed` it owes.
    """

    account_id: AccountId
    bill_id: BillId
    debt_id: int
    programme: Programme
    counting_minor: int
    owed_minor: int
    money_minor: int
    open_minor: int
    moved: int
    owed: int

    @property
    def target(self) -> int:
        """Return what the bill earns as it stands: nothing while something of it is open."""
        if self.open_minor > 0 or self.owed_minor <= 0 or self.counting_minor <= 0:
            return 0
        money_minor = min(self.money_minor, self.owed_minor)
        paid = self.programme.points * self.counting_minor * money_minor
        return paid // (self.programme.per_minor * self.owed_minor)

    @property
    def missing(self) -> int:
        """Return how many points the bill is still to bring; negative: to give back."""
        return self.target - (self.moved - self.owed)


@dataclass(frozen=True, slots=True)
class OwedPoints:
    """Points of a bill that were not there to take back."""

    account_id: AccountId
    bill_id: BillId
    points: int


def refuse_programme(programme: Programme, today: date) -> None:
    """Pass when a seller can open it. Raises BadProgramme."""
    if programme.from_on < today:
        raise BadProgramme(f"A programme holds from {today} on at the earliest: bills before it are counted.")
    if not 0 <= programme.points <= POINTS_MAX or not 0 < programme.per_minor <= POINTS_MAX:
        raise BadProgramme("Points are given per an amount of more than nothing, 0 points at least.")
    if not 0 < programme.worth_minor <= WORTH_MAX:
        raise BadProgramme(
            f"A point is worth more than nothing and at most {plain(WORTH_MAX, programme.currency)}."
        )
    if programme.points * programme.worth_minor > programme.per_minor:
        raise BadProgramme("These points are worth more than what is paid for them.")
    if not 0 < programme.used_bp <= WHOLE_BP:
        raise BadProgramme("The share of points that is used is above 0 and at most 100 %.")
    if programme.lapse_months is not None and not 0 < programme.lapse_months <= 1_200:
        raise BadProgramme("Points lapse after 1 to 1,200 months, or never.")


def refuse_points(points: int, reason: str) -> None:
    """Pass when so many points can be given or taken for that reason. Raises BadPoints."""
    refuse_count(points)
    if not reason.strip():
        raise BadPoints("Say why the points are given or taken: it is shown to the account.")


def refuse_count(points: int) -> None:
    """Pass when so many points can move at once. Raises BadPoints."""
    if not 0 < points <= POINTS_MAX:
        raise BadPoints(f"{points} points cannot move: between 1 and {POINTS_MAX} can.", parameter="amount")


def refuse_threshold(threshold: int | None) -> None:
    """Pass when points can be below it, or when there is to be none. Raises BadPoints."""
    if threshold is not None and not 0 <= threshold <= POINTS_MAX:
        raise BadPoints(
            f"A threshold is between 0 and {POINTS_MAX} points; null takes it away.",
            parameter="alertThreshold",
        )


def usable(lots: Iterable[PointsLot], on: date) -> list[PointsLot]:
    """Return the lots that can be used on that day, first to be used first."""
    there = [lot for lot in lots if lot.left > 0 and (lot.lapses_on is None or on < lot.lapses_on)]
    return sorted(there, key=lambda lot: (lot.lapses_on or date.max, lot.lot_id))


def lapsed(lots: Iterable[PointsLot], on: date) -> list[PointsUse]:
    """Return what is gone on that day: the whole rest of each lot whose day has come, the first first."""
    gone = [lot for lot in lots if lot.left > 0 and lot.lapses_on is not None and lot.lapses_on <= on]
    return [PointsUse(lot, lot.left) for lot in sorted(gone, key=lambda lot: (lot.lapses_on, lot.lot_id))]


def taken_back(
    lots: Iterable[PointsLot], bill: tuple[AccountId, BillId] | None, points: int, on: date
) -> list[PointsUse]:
    """Return what is there to take back, up to so many: the bill's own first, never what was bought."""
    there = [lot for lot in usable(lots, on) if lot.kind is not PointsKind.BOUGHT]
    own = [lot for lot in there if bill is not None and lot.bill == bill]
    return _taken([*own, *(lot for lot in there if lot not in own)], points)


def used(lots: Iterable[PointsLot], points: int, on: date) -> list[PointsUse]:
    """Return so many points, what lapses first before the rest. Raises BadPoints, NotEnoughPoints."""
    refuse_count(points)
    there = usable(lots, on)
    _refuse_missing(sum(lot.left for lot in there), points)
    return _taken(there, points)


def paying(lots: Iterable[PointsLot], amount_minor: int, on: date) -> list[PointsUse]:
    """Return as few points as are worth the amount, what lapses first before the rest.

    Raises NotEnoughPoints. The last point may be worth more than what is missing.
    """
    found = list[PointsUse]()
    for lot in usable(lots, on):
        if amount_minor > 0:
            points = min(lot.left, -(-amount_minor // lot.worth_minor))
            found.append(PointsUse(lot, points))
            amount_minor -= points * lot.worth_minor
    if amount_minor > 0:
        there = sum(use.points for use in found)
        raise NotEnoughPoints(
            f"The {there} points that are there are not worth what is to be paid.", points=str(there)
        )
    return found


def repaid(owed: Sequence[OwedPoints], points: int) -> list[OwedPoints]:
    """Return what of the owed points so many new ones make good, the oldest first."""
    found = list[OwedPoints]()
    for each in owed:
        part = min(each.points, points)
        if part:
            found.append(OwedPoints(each.account_id, each.bill_id, part))
            points -= part
    return found


def _refuse_missing(there: int, points: int) -> None:
    if points > there:
        raise NotEnoughPoints(f"{there} points are there, not {points}.", points=str(there))


def _taken(lots: Iterable[PointsLot], points: int) -> list[PointsUse]:
    found = list[PointsUse]()
    for lot in lots:
        part = min(lot.left, points)
        if part:
            found.append(PointsUse(lot, part))
            points -= part
    return found
