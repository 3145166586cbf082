"""What comes back and is more than is charged: carried, set aside or credited, as the seller has chosen."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from simulation.auditor_rows import Rows, net_cents

CREDITING = ("credit-note", "credit-balance")

Charge = tuple[str, int, str, str, date]
"""Account, service, kind, part and first day."""


@dataclass(frozen=True)
class Stand:
    """How accounts stand that may get something back: `setting` is the seller's choice."""

    setting: str
    parked: frozenset[str]
    held: frozenset[str]
    with_conditions: frozenset[str]
    """Accounts whose lines may be lowered, or which have orders: their bills bear less than their lines."""


def of_credited(rows: Rows, setting: str) -> Iterator[str]:
    """Yield charges that were credited otherwise than whole and once, and notes over something else."""
    amounts: dict[Charge, int] = defaultdict(int)
    nets: dict[Charge, int] = {}
    by_note: dict[str, list[Any]] = defaultdict(list)
    for each in rows.credited:
        key = _key(each)
        amounts[key] += each.amount_minor
        nets[key] = net_cents(each.quantity_e4, each.unit_price_ucents)
        by_note[each.note_bill_id].append(each)
    if amounts and setting not in CREDITING:
        yield f"{len(amounts)} charges are credited, the seller wants {setting}"
    there = {_key(each) for each in rows.charges}
    there |= {(each.owner, *_key(each)[1:]) for each in rows.details if each.of_kind == "bill"}
    for key, amount in amounts.items():
        if amount != -nets[key]:
            yield f"{key} of {nets[key]} is credited with {amount}"
        if key in there:
            yield f"{key} is credited, and open or billed"
    yield from _of_notes(rows, by_note)


def _of_notes(rows: Rows, by_note: dict[str, list[Any]]) -> Iterator[str]:
    lines: dict[str, list[Any]] = defaultdict(list)
    for each in rows.details:
        if each.of_kind == "credit-note" and each.bill_id in by_note:
            lines[each.bill_id].append(each)
    for number, charges in by_note.items():
        of_lines = _sums(lines[number])
        of_charges: dict[tuple[str, int], int] = defaultdict(int)
        for each in charges:
            of_charges[each.account_id, each.service_id] += each.amount_minor
        if of_lines != dict(of_charges):
            yield f"{number} takes back {of_lines}, its charges give back {dict(of_charges)}"
        for line in lines[number]:
            if not any(line.owner == each.account_id and is_of(each, line) for each in charges):
                yield f"{number}: {line.kind} {line.part} of {line.period_start} is of no charge"


def _sums(lines: list[Any]) -> dict[tuple[str, int], int]:
    sums: dict[tuple[str, int], int] = defaultdict(int)
    for each in lines:
        sums[each.owner, each.service_id] += each.net_minor
    return dict(sums)


def is_of(charge: Any, line: Any) -> bool:
    """Whether the line charged for the days, or for the use of a month, that the charge gives back."""
    if charge.service_id != line.service_id:
        return False
    if charge.part.startswith("usage:"):
        _, meter, month, *_ = charge.part.split(":")
        return bool(
            line.kind == "usage"
            and f"{line.period_start:%Y-%m}" == month
            and meter in line.part.split(":")[:2]
        )
    of_days = line.kind == "renewal" or (
        line.kind == "adjustment" and not line.part.startswith(("usage:", "minimum:"))
    )
    return bool(of_days and line.period_start <= charge.period_end and line.period_end >= charge.period_start)


def of_waiting(rows: Rows, stand: Stand, payers: dict[str, str], last_on: date) -> Iterator[str]:
    """Yield charges below zero that wait though a bill of another month's run bears each of them whole."""
    if stand.setting not in CREDITING:
        return
    left, month = _left(rows), f"{last_on:%Y-%m}"
    known = {(each.account_id, each.bill_id): each for each in rows.bills}
    by_account: dict[str, list[Any]] = defaultdict(list)
    for each in rows.charges:
        if each.accepted_on <= last_on:
            by_account[each.account_id].append(each)
    for account, charges in by_account.items():
        if account in stand.parked | stand.held | stand.with_conditions or _net(charges) >= 0:
            continue
        for charge in charges:
            alike = [each for each in charges if _is_use(each) == _is_use(charge)]
            if charge.kind != "adjustment" or charge.quantity_e4 >= 0 or _net(alike) >= 0:
                continue
            wanted = -_net([charge])
            for line in rows.details:
                place = line.account_id, line.bill_id
                bears = line.of_kind != "credit-note" and line.owner == account and is_of(charge, line)
                if bears and known[place].payer_id == payers[account] and known[place].period != month:
                    rest, whole = left[line.account_id, line.bill_id, line.detail_no], left[*place, 0]
                    if min(rest, whole) >= wanted:
                        yield f"{_key(charge)} of {-wanted} waits, {line.bill_id} bears it"


def _left(rows: Rows) -> dict[tuple[str, str, int], int]:
    """Return what is left of each line after credit notes, and as line 0 of each bill as a whole."""
    corrects = {(each.account_id, each.bill_id): each.corrects_bill_id for each in rows.bills}
    taken: dict[tuple[str, str], dict[Charge, int]] = defaultdict(lambda: defaultdict(int))
    left: dict[tuple[str, str, int], int] = defaultdict(int)
    for each in rows.details:
        if each.of_kind == "credit-note":
            bill = each.account_id, corrects[each.account_id, each.bill_id]
            taken[bill][each.owner, *_key(each)[1:]] += each.net_minor
            left[*bill, 0] -= each.net_minor
    for each in rows.details:
        if each.of_kind != "credit-note":
            back = taken[each.account_id, each.bill_id][each.owner, *_key(each)[1:]]
            left[each.account_id, each.bill_id, each.detail_no] = each.net_minor - back
            left[each.account_id, each.bill_id, 0] += each.net_minor
    return left


def of_parked(rows: Rows, setting: str, broken: set[str]) -> Iterator[str]:
    """Yield accounts that are set aside without cause: neither broken nor, where that parks, below zero."""
    below = {each.account_id for each in rows.charges if each.quantity_e4 < 0}
    for each in rows.parked:
        codes = {problem["code"] for problem in each.problems}
        is_below = setting == "park" and each.account_id in below and "negative-draft" in codes
        if each.account_id not in broken and not is_below:
            yield f"{each.account_id} is parked without cause: {each.problems}"


def _is_use(charge: Any) -> bool:
    return bool(charge.kind == "usage" or charge.part.startswith("usage:"))


def _net(charges: list[Any]) -> int:
    return sum(net_cents(each.quantity_e4, each.unit_price_ucents) for each in charges)


def _key(each: Any) -> Charge:
    return each.account_id, each.service_id, each.kind, each.part, each.period_start
