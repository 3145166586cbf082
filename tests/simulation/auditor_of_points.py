"""Judges points: what each bill brings, which points go first, what lapses, and what is owed for them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from simulation.auditor_calendar import cents, moved
from simulation.auditor_of_money import Money, credit_used, set_off_used
from simulation.auditor_rows import Rows
from simulation.auditor_sales import Sales

BROUGHT = ("earned", "given", "bought")


@dataclass(frozen=True)
class Programme:
    """From a day on so many points per amount; lines of these plans and kinds bring none."""

    from_on: date
    points: int
    per: int
    worth: int
    used_bp: int
    months: int | None
    without_plans: tuple[str, ...] = ()
    without_kinds: tuple[str, ...] = ()
    after: int = 0
    """The last movement before it was set: what came until then came by the programmes before it."""


@dataclass
class Points:
    """What was told: programmes in the order they were set, and what payers were given, took and used."""

    programmes: list[Programme] = field(default_factory=list)
    moved: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    """By payer and kind."""

    def on(self, day: date, movement: int | None = None) -> Programme | None:
        """Return what holds on a day: of the latest that have begun the one that was set last.

        With a movement it is what was known when it was written.
        """
        begun = [
            each
            for each in self.programmes
            if each.from_on <= day and (movement is None or each.after < movement)
        ]
        latest = max((each.from_on for each in begun), default=None)
        return next((each for each in reversed(begun) if each.from_on == latest), None)


@dataclass
class _Lot:
    """Points that came together, and what is left of them."""

    kind: str
    worth: int
    used_bp: int
    lapses_on: date | None
    number: int
    left: int = 0

    @property
    def turn(self) -> tuple[date, int]:
        return self.lapses_on or date.max, self.number

    def usable(self, on: date) -> bool:
        return self.left > 0 and (self.lapses_on is None or on < self.lapses_on)


def _lots(rows: Rows) -> dict[str, dict[int, _Lot]]:
    """Return the lots of each payer with what is left now."""
    lots: dict[str, dict[int, _Lot]] = defaultdict(dict)
    for each in rows.points:
        if each.lot_id == each.movement_id:
            made = _Lot(each.kind, each.worth_minor, each.used_bp, each.lapses_on, each.movement_id)
            lots[each.account_id][each.lot_id] = made
        lots[each.account_id][each.lot_id].left += each.points
    return lots


def owed_for_points(rows: Rows) -> int:
    """Return what the books owe for points that no money stands behind: each lot rounded once."""
    return sum(
        cents(Fraction(lot.left * lot.worth * lot.used_bp, 10_000))
        for lots in _lots(rows).values()
        for lot in lots.values()
        if lot.kind != "bought"
    )


def of_points(rows: Rows, points: Points, money: Money, sales: Sales, today: date) -> Iterator[str]:
    """Yield points that were earned, moved or kept otherwise than programme, payments and acts say."""
    yield from _of_movements(rows, points)
    yield from _of_bills(rows, points, money, sales)
    yield from _of_told(rows, points)
    owed: dict[tuple[str, str], int] = defaultdict(int)
    for each in rows.points_owed:
        owed[each.account_id, each.bill_id] += each.points
    for payer, lots in _lots(rows).items():
        there = sum(lot.left for lot in lots.values() if lot.kind != "bought" and lot.usable(today))
        if there and any(amount for (whose, _), amount in owed.items() if whose == payer):
            yield f"{payer} owes points and has {there}"
        for number, lot in lots.items():
            if lot.left and lot.lapses_on is not None and lot.lapses_on <= today:
                yield f"{payer}: {lot.left} points of {number} should have lapsed on {lot.lapses_on}"
    yield from (f"{key} is owed {amount} points" for key, amount in owed.items() if amount < 0)


def _of_movements(rows: Rows, points: Points) -> Iterator[str]:
    """Live the movements again: none below nothing, first to lapse first used, lots as the programme says."""
    lots: dict[str, dict[int, _Lot]] = defaultdict(dict)
    balance: dict[str, int] = defaultdict(int)
    taken: dict[str, list[_Lot]] = defaultdict(list)
    following = _following(rows)
    issued = {(each.account_id, each.bill_id): each.issued_on for each in rows.bills}
    for each in rows.points:
        payer, name = each.account_id, f"{each.account_id}/{each.movement_id}"
        own, on = lots[payer], each.occurred_on
        balance[payer] += each.points
        if each.balance != balance[payer]:
            yield f"{name}: the balance is {each.balance}, the movements make {balance[payer]}"
        if each.kind in BROUGHT:
            day = issued[each.bill_account_id, each.bill_id] if each.kind == "earned" else on
            lot = own[each.lot_id] = _Lot(
                each.kind, each.worth_minor, each.used_bp, each.lapses_on, each.movement_id, each.points
            )
            if each.kind != "bought":
                yield from _of_lot(name, lot, points.on(day, each.movement_id), on)
            continue
        lot = own[each.lot_id]
        lapsed = lot.lapses_on is not None and lot.lapses_on <= on
        if (each.kind == "lapsed") != lapsed or (lapsed and lot.left != -each.points):
            yield f"{name}: {-each.points} of {lot.left} points {each.kind} on {on}, not {lot.lapses_on}"
        lot.left += each.points
        if lot.left < 0:
            yield f"{name}: more points went than came"
        if each.kind in ("used", "taken"):
            taken[payer].append(lot)
            if following[each.movement_id] != (each.kind, on):
                yield from _of_turns(name, each.kind, own, taken.pop(payer), on)


def _following(rows: Rows) -> dict[int, tuple[str, date] | None]:
    """Return kind and day of the payer's next movement: what was used at once is written lot by lot."""
    next_of: dict[str, tuple[str, date]] = {}
    found: dict[int, tuple[str, date] | None] = {}
    for each in reversed(rows.points):
        found[each.movement_id] = next_of.get(each.account_id)
        next_of[each.account_id] = each.kind, each.occurred_on
    return found


def _of_turns(name: str, kind: str, own: Mapping[int, _Lot], taken: list[_Lot], on: date) -> Iterator[str]:
    """Yield a use of points while others that lapse before, or came before, are still there."""
    last = max(lot.turn for lot in taken)
    there = [lot for lot in own.values() if lot.usable(on) and not (kind == "taken" and lot.kind == "bought")]
    if any(lot.turn < last for lot in there):
        yield f"{name}: others lapse before"


def _of_lot(name: str, lot: _Lot, programme: Programme | None, on: date) -> Iterator[str]:
    if programme is None:
        yield f"{name}: points came without a programme"
        return
    lapses_on = None if programme.months is None else moved(on, programme.months, on.day)
    if (lot.worth, lot.used_bp, lot.lapses_on) != (programme.worth, programme.used_bp, lapses_on):
        yield f"{name}: {lot} is not as {programme} says"


def _of_bills(rows: Rows, points: Points, money: Money, sales: Sales) -> Iterator[str]:
    """Yield bills that brought more or fewer points than what is paid of them earns."""
    brought: dict[tuple[str, str], int] = defaultdict(int)
    for each in rows.points:
        if each.bill_id is not None:
            brought[each.bill_account_id, each.bill_id] += each.points
    for each in rows.points_owed:
        brought[each.bill_account_id, each.bill_id] -= each.points
    nets, given = _counting(rows, points, sales), _given(rows)
    credit, set_off = credit_used(rows), set_off_used(rows)
    for bill in rows.bills:
        place, programme = (bill.account_id, bill.bill_id), points.on(bill.issued_on)
        if bill.kind == "credit-note" or programme is None:
            continue
        debt = money.owed[bill.order_id]
        owed, used = debt.total - debt.noted, credit.get(bill.order_id, 0) + set_off.get(bill.order_id, 0)
        earned = 0
        if 0 < owed <= debt.paid + used and nets[place] > 0:
            of_money = min(debt.paid + used - given[bill.order_id], owed)
            earned = programme.points * nets[place] * of_money // (programme.per * owed)
        if brought.pop(place, 0) != earned:
            yield f"{place} brings other points than {earned}"
    yield from (f"{place} brought {amount} points of nothing" for place, amount in brought.items() if amount)


def _counting(rows: Rows, points: Points, sales: Sales) -> Mapping[tuple[str, str], int]:
    """Return what of each bill counts, net, less what credit notes took back of that."""
    bills = {(each.account_id, each.bill_id): each for each in rows.bills}
    nets: dict[tuple[str, str], int] = defaultdict(int)
    for line in rows.details:
        bill = bills[line.account_id, line.bill_id]
        place = line.account_id, bill.corrects_bill_id if bill.kind == "credit-note" else line.bill_id
        programme = points.on(bills[place].issued_on)
        if programme is not None and _counts(line, programme, sales):
            nets[place] += -line.net_minor if bill.kind == "credit-note" else line.net_minor
    return nets


def _counts(line: Any, programme: Programme, sales: Sales) -> bool:
    held = sales.held.get((line.owner, line.service_id))
    plan = None if held is None else held.terms.plan
    return line.kind not in programme.without_kinds and plan not in programme.without_plans


def _given(rows: Rows) -> Mapping[int, int]:
    """Return what of each debt credit paid that the seller had given."""
    given: dict[int, int] = defaultdict(int)
    for each in rows.lots:
        if each.debt_id is not None and each.type in ("VOUCHER", "BONUS"):
            given[each.debt_id] -= each.amount_minor
    return given


def _of_told(rows: Rows, points: Points) -> Iterator[str]:
    """Yield payers who were given, bought, lost or used other points than was told."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    worth: dict[int, int] = defaultdict(int)
    lots = _lots(rows)
    for each in rows.points:
        if each.kind in ("given", "bought", "taken", "used"):
            found[each.account_id, each.kind] += abs(each.points)
        if each.kind == "used":
            worth[each.credit_movement_id] -= each.points * lots[each.account_id][each.lot_id].worth
    for key in sorted(found.keys() | points.moved.keys()):
        if found[key] != points.moved[key]:
            yield f"{key}: {found[key]} points moved, told was {points.moved[key]}"
    credit = {each.movement_id: each.amount_minor for each in rows.lots}
    for number, amount in worth.items():
        if credit.get(number) != amount:
            yield f"credit {number} is {credit.get(number)}, its points were worth {amount}"
