"""What was agreed beside prices (discounts, minimum spends, orders, holds), looked at after each run."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import Any

from simulation.auditor_calendar import DAY, cents, moved
from simulation.auditor_rows import Rows, net_cents

Place = tuple[str, str]


@dataclass
class Discount:
    """A share of each line in 1/10,000, or an amount per period that was run."""

    number: int
    account: str
    share_bp: int | None
    amount: int | None
    service: int | None
    from_on: date
    agreed_at: datetime
    end_on: date | None = None
    ended_at: datetime | None = None

    def concerns(self, line: Any, at: datetime | None) -> bool:
        """Whether it lowers the line; one that was decided before it is billed, as was agreed at the time."""
        if at is not None and self.agreed_at > at:
            return False
        end_on = None if at is not None and self.ended_at is not None and self.ended_at > at else self.end_on
        begun = self.from_on <= line.period_start and (end_on is None or line.period_start < end_on)
        return begun and self.service in (None, line.service_id)


@dataclass
class Minimum:
    """At least so much net per month, counted from its first day."""

    number: int
    account: str
    amount: int
    from_on: date
    end_on: date | None = None
    settled: set[date] = field(default_factory=set)

    def over(self, last_on: date) -> Iterator[tuple[date, date]]:
        """Yield first and last day of every whole month of it that is over."""
        turn = 0
        while True:
            start, after = (moved(self.from_on, each, self.from_on.day) for each in (turn, turn + 1))
            if after - DAY > last_on or (self.end_on is not None and after > self.end_on):
                return
            yield start, after - DAY
            turn += 1


@dataclass
class Order:
    """A purchase order as it was set; `end_on` is the first day not covered."""

    number: int
    account: str
    members: frozenset[str]
    start_on: date
    end_on: date | None
    most: int | None
    by_period: bool
    succeeds: int | None
    lines: dict[int, tuple[str, int]] = field(default_factory=dict)

    def covers(self, on: date) -> bool:
        """Whether the day is one of the order's."""
        return self.start_on <= on and (self.end_on is None or on < self.end_on)


@dataclass
class Agreements:
    """Everything of the kind, and what amounts of discounts could be let off per period that was run."""

    discounts: dict[int, Discount] = field(default_factory=dict)
    minimums: dict[int, Minimum] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)
    eligible: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))


def of_discounts(rows: Rows, agreed: Agreements, fresh: set[Place]) -> Iterator[str]:
    """Yield lines of new bills that are lowered otherwise than was agreed."""
    periods = {(each.account_id, each.bill_id): each.period for each in rows.bills}
    carried = _carried(rows)
    expected: dict[tuple[str, int, date, str], int] = defaultdict(int)
    found: dict[tuple[str, int, date, str], int] = defaultdict(int)
    amounts = {each.number for each in agreed.discounts.values() if each.amount is not None}
    for line in rows.details:
        place = line.account_id, line.bill_id
        if place not in fresh or periods[place] is None:
            continue
        if line.part.startswith("back:"):
            continue
        if line.kind == "discount":
            if int(line.part.split(":")[0]) not in amounts:
                found[line.owner, line.service_id, line.period_start, line.part] -= line.net_minor
        elif line.kind != "adjustment":
            left = line.net_minor
            key = line.owner, line.service_id, line.kind, line.part, line.period_start
            period, at = carried.get(key, (periods[place], None))
            for each in _of(agreed.discounts.values(), line.owner):
                if left > 0 and each.concerns(line, at):
                    left -= _let_off(each, line, left, period, expected, agreed)
    wrong = {key for key in expected.keys() | found.keys() if expected[key] != found[key]}
    yield from (f"discount {key}: {found[key]} is off, {expected[key]} was agreed" for key in sorted(wrong))


def _carried(rows: Rows) -> dict[tuple[str, int, str, str, date], tuple[str, datetime]]:
    """Return in which month and when lines were let off that are billed later, and what they lower."""
    months = {}
    for each in rows.carried:
        _, kind, part = (*each.part.split(":", 2), "", "")[:3]
        month = f"{each.accepted_on:%Y-%m}", each.accepted_at
        months[each.account_id, each.service_id, "discount", each.part, each.period_start] = month
        months[each.account_id, each.service_id, kind or "renewal", part, each.period_start] = month
    return months


def _of(discounts: Iterable[Discount], account: str) -> list[Discount]:
    own = [each for each in discounts if each.account == account]
    return sorted(own, key=lambda each: (each.share_bp is None, each.number))


def _let_off(
    each: Discount, line: Any, left: int, period: str,
    expected: dict[tuple[str, int, date, str], int], agreed: Agreements,
) -> int:  # fmt: skip
    """Return what a percentage takes off the line; of an amount remember that it could take the rest."""
    if each.share_bp is None:
        agreed.eligible[each.number, period] += left
        return 0
    off = cents(Fraction(left * each.share_bp, 10_000))
    part = str(each.number)
    if line.kind != "renewal":
        part = f"{each.number}:{line.kind}:{line.part}".rstrip(":")
    if off:
        expected[line.owner, line.service_id, line.period_start, part] += off
    return off


def of_amounts(rows: Rows, agreed: Agreements, waiting: set[str]) -> Iterator[str]:
    """Yield amounts of which more or less was let off in a run than there was to lower."""
    periods = {(each.account_id, each.bill_id): each.period for each in rows.bills}
    carried = _carried(rows)
    given: dict[tuple[int, str], int] = defaultdict(int)
    for line in rows.details:
        if line.kind == "discount" and line.of_kind == "bill" and not line.part.startswith("back:"):
            number = int(line.part.split(":")[0])
            if agreed.discounts[number].amount is not None:
                mine = line.owner, line.service_id, line.kind, line.part, line.period_start
                period, _ = carried.get(mine, (periods[line.account_id, line.bill_id], None))
                given[number, period] -= line.net_minor
    for key in sorted(given.keys() | agreed.eligible.keys()):
        discount = agreed.discounts[key[0]]
        most = min(discount.amount or 0, agreed.eligible[key])
        if given[key] > most or (given[key] < most and discount.account not in waiting):
            yield f"discount {key}: {given[key]} was let off, {most} was agreed"


def of_minimums(rows: Rows, agreed: Agreements, last_on: date, waiting: set[str]) -> Iterator[str]:
    """Yield months of which not exactly what was missing was billed."""
    for each in agreed.minimums.values():
        billed = {
            line.period_start: line.net_minor
            for line in rows.details
            if line.owner == each.account and line.of_kind == "bill" and line.part == f"minimum:{each.number}"
        }
        for start, end in each.over(last_on):
            if start in each.settled:
                continue
            missing = max(each.amount - _spent(rows, each.account, start, end, last_on), 0)
            if start in billed:
                each.settled.add(start)
            elif each.account in waiting:
                continue
            if billed.pop(start, 0) != missing:
                yield f"minimum {each.number} from {start}: missing was {missing}"


def _spent(rows: Rows, account: str, start: date, end: date, last_on: date) -> int:
    """Return what the days were charged for, on bills or still waiting for one."""
    billed: int = sum(
        line.net_minor
        for line in rows.details
        if line.owner == account and line.of_kind == "bill" and not line.part.startswith("minimum:")
        and line.kind != "deduction" and start <= line.period_start <= end
    )  # fmt: skip
    return billed + sum(
        net_cents(each.quantity_e4, each.unit_price_ucents)
        for each in rows.charges
        if each.account_id == account and each.accepted_on <= last_on and start <= each.period_start <= end
    )


# ---------------------------------------------------------------- purchase orders


def of_orders(rows: Rows, agreed: Agreements) -> Iterator[str]:
    """Yield orders that are overdrawn, or drawn otherwise than their bills are."""
    drawn: dict[int, int] = defaultdict(int)
    billed: dict[int, int] = defaultdict(int)
    for each in rows.draws:
        drawn[each.purchase_order_id] += each.amount_minor
    for each in rows.bills:
        if each.purchase_order_id is not None:
            billed[each.purchase_order_id] += (
                -each.net_minor if each.kind == "credit-note" else each.net_minor
            )
    for number in sorted(drawn.keys() | billed.keys()):
        most = agreed.orders[number].most
        if drawn[number] != billed[number] or (most is not None and drawn[number] > most):
            yield f"order {number} of {most}: {drawn[number]} is drawn, {billed[number]} was billed"
    yield from _of_order_lines(rows, agreed)


def _of_order_lines(rows: Rows, agreed: Agreements) -> Iterator[str]:
    orders = {(each.account_id, each.bill_id): each for each in rows.bills}
    taken: dict[tuple[int, int], int] = defaultdict(int)
    for line in rows.details:
        if line.purchase_order_line_no is not None:
            bill = orders[line.account_id, line.bill_id]
            sign = -1 if bill.kind == "credit-note" else 1
            taken[bill.purchase_order_id, line.purchase_order_line_no] += sign * line.net_minor
            pattern, _ = agreed.orders[bill.purchase_order_id].lines[line.purchase_order_line_no]
            if not fnmatchcase(line.domain, pattern):
                yield f"order {bill.purchase_order_id}: {line.domain} stands on the line of {pattern}"
    for (number, line_no), amount in taken.items():
        _, most = agreed.orders[number].lines[line_no]
        if amount > most:
            yield f"order {number}: line {line_no} of {most} is overdrawn by {amount - most}"


def of_placement(rows: Rows, agreed: Agreements, fresh: set[Place]) -> Iterator[str]:
    """Yield new bills that quote an order that does not apply, or none though one could carry them."""
    drawn: dict[int, int] = defaultdict(int)
    for each in rows.draws:
        drawn[each.purchase_order_id] += each.amount_minor
    shared = {(each.account_id, each.bill_id) for each in rows.slices}
    first: dict[Place, date] = {}
    for line in (each for each in rows.details if each.kind != "deduction"):
        place = line.account_id, line.bill_id
        first[place] = min(first.get(place, line.period_start), line.period_start)
    for bill in rows.bills:
        place = bill.account_id, bill.bill_id
        if place not in fresh or place in shared or bill.kind != "bill":
            continue
        of_account = [each for each in agreed.orders.values() if bill.account_id in each.members]
        number = bill.purchase_order_id
        if number is not None:
            order = agreed.orders[number]
            if order not in of_account or not order.covers(
                first[place] if order.by_period else bill.issued_on
            ):
                yield f"{place} quotes order {number}, which does not apply"
            continue
        if not any(each.by_period for each in of_account):
            yield from (
                f"{place} quotes no order, {each.number} has room"
                for each in _heads(of_account, bill.account_id, bill.issued_on)
                if not each.lines and (each.most is None or bill.net_minor <= each.most - drawn[each.number])
            )
        if agreed.policies.get(bill.account_id) == "hold" and not _was_held(rows, bill):
            yield f"{place} quotes no order and was to be held"


def _heads(orders: list[Order], account: str, on: date) -> list[Order]:
    """Return the order that applies: the account's own, else the family's."""
    own = [each for each in orders if each.members == {account} and each.covers(on)]
    wide = [each for each in orders if each.members != {account} and each.covers(on)]
    scope = own or wide
    numbers = {each.number for each in scope}
    heads = [each for each in scope if each.succeeds not in numbers]
    return sorted(heads, key=lambda each: (each.start_on, each.number))[:1]


def _was_held(rows: Rows, bill: Any) -> bool:
    return any(each.account_id == bill.account_id and each.until_on < bill.issued_on for each in rows.holds)


def of_holds(rows: Rows, agreed: Agreements, last_on: date) -> Iterator[str]:
    """Yield accounts whose accrued amount is not what they have open, or that are held without cause."""
    held: dict[str, int] = defaultdict(int)
    for each in rows.holds:
        if each.released_at is None:
            held[each.account_id] += each.amount_minor
    with_conditions = {each.account for each in agreed.discounts.values()}
    with_conditions |= {each.account for each in agreed.minimums.values()}
    for account, amount in held.items():
        if agreed.policies.get(account) != "hold":
            yield f"{account} is held, its policy is {agreed.policies.get(account)}"
        nets = [
            net_cents(each.quantity_e4, each.unit_price_ucents)
            for each in rows.charges
            if each.account_id == account and each.accepted_on <= last_on
        ]
        if account not in with_conditions and min(nets, default=0) >= 0 and sum(nets) != amount:
            yield f"{account}: {amount} is accrued, {sum(nets)} is open"
