"""Judges down payments: what was asked for, what of it was paid, and what bills deduct of that."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from simulation.auditor_calendar import cents
from simulation.auditor_rows import Rows

Place = tuple[str, str]
"""Account and number of a document."""


@dataclass(frozen=True)
class Asked:
    """A down payment as it was asked for: net, for one service or (None) for whatever is billed."""

    net: int
    service: int | None
    due_on: date


@dataclass
class DownPayments:
    """Every down payment, oldest first, and what of each a run could deduct."""

    asked: dict[Place, Asked] = field(default_factory=dict)
    left: dict[Place, int] = field(default_factory=dict)

    def before_run(self, rows: Rows) -> None:
        """Remember what of each down payment is paid, is no VAT, and was not deducted yet."""
        paid, used = _paid(rows), _used(rows)
        noted: dict[Place, list[int]] = defaultdict(lambda: [0, 0])
        for each in rows.bills:
            if each.kind == "credit-note":
                noted[each.account_id, each.corrects_bill_id][0] += each.net_minor
                noted[each.account_id, each.corrects_bill_id][1] += each.tax_minor
        self.left = {}
        for each in rows.bills:
            place = each.account_id, each.bill_id
            if each.kind == "down-payment":
                net, tax = each.net_minor - noted[place][0], each.tax_minor - noted[place][1]
                of_it = min(paid[each.order_id], net + tax)
                vat = cents(Fraction(tax * of_it, net + tax)) if net + tax else 0
                self.left[place] = max(of_it - vat - used[place], 0)


def _paid(rows: Rows) -> dict[int, int]:
    """Return what pays each debt, credit notes apart."""
    paid: dict[int, int] = defaultdict(int)
    for each in rows.operations:
        if each.kind != "credit":
            paid[each.debt_id] -= each.effect_minor
    return paid


def _named(line: Any) -> Place:
    """Return the down payment that a line deducts, or that it takes the deduction of back."""
    return line.owner, line.part.rpartition("/")[0]


def _used(rows: Rows) -> dict[Place, int]:
    """Return what bills deducted of each down payment, less what credit notes of these gave back."""
    used: dict[Place, int] = defaultdict(int)
    for each in rows.details:
        if each.kind == "deduction":
            used[_named(each)] += each.net_minor if each.of_kind == "credit-note" else -each.net_minor
    return used


def of_deductions(rows: Rows, known: DownPayments, fresh: set[Place]) -> Iterator[str]:
    """Yield new bills of a run that deduct more or less than they should, or not the oldest first.

    A bill bears what of its lines the down payment is for, and never comes to less than nothing.
    """
    lines: dict[tuple[Place, str], list[Any]] = defaultdict(list)
    taken: dict[Place, int] = defaultdict(int)
    for each in rows.details:
        place = each.account_id, each.bill_id
        if each.of_kind == "bill" and place in fresh:
            lines[place, each.owner].append(each)
            if each.kind == "deduction":
                taken[_named(each)] -= each.net_minor
    places = [place for place in known.asked if known.left.get(place, 0) or taken[place]]
    for place in places:
        left = known.left.get(place, 0) - taken[place]
        if left < 0:
            yield f"{place}: {taken[place]} was deducted of {known.left.get(place, 0)} that are paid"
    for (bill, owner), found in lines.items():
        own = [place for place in places if place[0] == owner]
        yield from _of_bill(bill, found, own, known, taken)


def _of_bill(
    bill: Place, lines: list[Any], places: list[Place], known: DownPayments, taken: Mapping[Place, int]
) -> Iterator[str]:
    rest = sum(line.net_minor for line in lines)
    on_it: dict[Place, int] = defaultdict(int)
    for line in lines:
        if line.kind == "deduction":
            on_it[_named(line)] -= line.net_minor
    for number, place in enumerate(places):
        service = known.asked[place].service
        billed = sum(
            line.net_minor
            for line in lines
            if line.kind != "deduction" and service in (None, line.service_id)
        )
        left, room = known.left.get(place, 0) - taken[place], billed - on_it[place]
        if on_it[place] > max(billed, 0):
            yield f"{bill} deducts {on_it[place]} of {place}, it bills {billed} for it"
        if left > 0 and min(rest, room) > 0:
            yield f"{bill} could deduct {min(rest, room, left)} more of {place}"
        if left > 0 and room > 0 and any(on_it[later] for later in places[number + 1 :]):
            yield f"{bill} deducts a younger down payment before {place}"


def of_down_payments(rows: Rows, known: DownPayments) -> Iterator[str]:
    """Yield down payments that are otherwise than they were asked for, or used beyond what they were of."""
    bills = {(each.account_id, each.bill_id): each for each in rows.bills}
    details: dict[Place, list[Any]] = defaultdict(list)
    for each in rows.details:
        details[each.account_id, each.bill_id].append(each)
    there = {place for place, each in bills.items() if each.kind == "down-payment"}
    yield from (f"{place} was never asked for" for place in there - known.asked.keys())
    series = {bills[place].series_id for place in there}
    for place, bill in bills.items():
        if (bill.series_id in series) != (place in there):
            yield f"{place}: down payments and other bills are numbered in one series"
    due = {(each.account_id, each.bill_id): each.due_on for each in rows.debts}
    for place, asked in known.asked.items():
        bill = bills.get(place)
        if bill is None or (bill.kind, bill.net_minor) != ("down-payment", asked.net):
            yield f"{place}: {bill and bill.net_minor} was asked for, {asked.net} was wanted"
            continue
        if [each.kind for each in details[place]] != ["down-payment"]:
            yield f"{place} has other lines than its own"
        if due[place] != asked.due_on:
            yield f"{place} is due on {due[place]}, not on {asked.due_on}"
    yield from _of_uses(rows, bills)


def _of_uses(rows: Rows, bills: Mapping[Place, Any]) -> Iterator[str]:
    """Yield what the lines of bills and the register of uses do not say alike, and what is used twice."""
    told: dict[tuple[Place, Place], int] = defaultdict(int)
    spent = _used(rows)
    for each in rows.details:
        by = each.account_id, each.bill_id
        if each.kind == "deduction":
            place, bill = _named(each), bills[by]
            told[place, by] += each.net_minor if each.of_kind == "credit-note" else -each.net_minor
            of = bills.get(place)
            if of is None or of.kind != "down-payment" or of.issued_on > bill.issued_on:
                yield f"{by} deducts {place}, which is no down payment before it"
        if each.kind == "down-payment" and each.of_kind == "credit-note":
            place = each.account_id, bills[by].corrects_bill_id
            told[place, by] += each.net_minor
            spent[place] += each.net_minor
    kept: dict[tuple[Place, Place], int] = defaultdict(int)
    for each in rows.uses:
        kept[(each.account_id, each.bill_id), (each.by_account_id, each.by_bill_id)] += each.net_minor
    for place, by in sorted(told.keys() | kept.keys()):
        if told[place, by] != kept[place, by]:
            yield f"{by}: {told[place, by]} of {place} by its lines, {kept[place, by]} in the register"
    for place, amount in spent.items():
        net = bills[place].net_minor if place in bills else 0
        if not 0 <= amount <= net:
            yield f"{place} of {net}: {amount} was deducted or taken back"


def advances(rows: Rows) -> int:
    """Return what was asked for before its supply and neither deducted nor taken back, net."""
    return sum(
        -each.net_minor if each.of_kind == "credit-note" else each.net_minor
        for each in rows.details
        if each.kind in ("down-payment", "deduction")
    )
