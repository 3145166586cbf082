"""Judges services that changed hands: every day and every event has one owner, who pays it once."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from simulation.auditor_calendar import month_of
from simulation.auditor_of_services import lines
from simulation.auditor_rows import Rows
from simulation.auditor_sales import Sales
from simulation.auditor_usage import Usage

Key = tuple[str, int]
DAY = timedelta(days=1)


@dataclass
class _Found:
    """What was charged to one owner of a service."""

    renewals: list[tuple[date, date]]
    back: dict[tuple[date, date], int]
    taken: dict[tuple[date, date], int]
    used: list[tuple[date, date]]


def _by_owner(rows: Rows) -> dict[Key, _Found]:
    found: dict[Key, _Found] = defaultdict(lambda: _Found([], defaultdict(int), defaultdict(int), []))
    for account, line, net in lines(rows):
        each, span = found[account, line.service_id], (line.period_start, line.period_end)
        if line.kind == "renewal":
            each.renewals.append(span)
        elif line.kind == "adjustment" and line.part == "end-back":
            each.back[span] += net
        elif line.kind == "adjustment" and line.part == "moved":
            each.taken[span] += net
        elif line.kind == "usage" and net:
            each.used.append(span)
    return found


def of_moves(rows: Rows, sales: Sales) -> Iterator[str]:
    """Yield services that changed hands otherwise than was told, and days of two owners or of none."""
    told = {each.giver: each for each in sales.moves}
    there = {(each.account_id, each.service_id): each for each in rows.moves}
    found = _by_owner(rows)
    for key in sorted(told.keys() | there.keys()):
        row, each = there.get(key), told.get(key)
        if row is None or each is None:
            yield f"service {key} {'went and is still there' if row is None else 'never went'}"
            continue
        written = (row.to_account_id, row.to_service_id), row.moved_on, row.paid_until_on
        if written != (each.taker, each.on, each.until):
            yield f"service {key} went {written}, told was {each}"
        giver, taker = found[each.giver], found[each.taker]
        back = {span: -net for span, net in giver.back.items() if net}
        taken = {span: net for span, net in taker.taken.items() if net}
        if back != taken or taken.keys() - {(each.on, each.until - DAY)}:
            yield f"service {key}: {back} comes back, {taken} is charged"
        if any(end >= each.until for _, end in giver.renewals):
            yield f"service {key} renews in its former account"
        if any(start < each.until for start, _ in taker.renewals):
            yield f"service {key}: {each.taker} renews days that were renewed before"
        if any(start > each.on for start, _ in giver.used):
            yield f"service {key}: use of the new owner's months is the former one's"
        if any(start < month_of(each.on) for start, _ in taker.used):
            yield f"service {key}: use of the former owner's months is {each.taker}'s"
    yield from _of_chains(sales, found)


def _of_chains(sales: Sales, found: dict[Key, _Found]) -> Iterator[str]:
    """Yield services of which a day is renewed twice, whoever their owners were."""
    on = {each.giver: each.taker for each in sales.moves}
    for first in on.keys() - set(on.values()):
        chain = [first]
        while chain[-1] in on:
            chain.append(on[chain[-1]])
        spans = sorted(span for key in chain for span in found[key].renewals)
        yield from (
            f"{chain}: {start} is renewed twice" for (_, end), (start, _) in pairwise(spans) if start <= end
        )


def of_owners_of_use(rows: Rows, sales: Sales, usage: Usage) -> Iterator[str]:
    """Yield events that are not kept once, or with somebody who did not have the service on that day.

    On the day of a move it is the former owner's what was told before, the new one's what was told after.
    """
    from_on = {each.taker: each.on for each in sales.moves}
    until = {each.giver: each.on for each in sales.moves}
    for account, service, on in ((each.account_id, each.service_id, each.used_on) for each in rows.used):
        key = account, service
        if on < from_on.get(key, date.min) or on > until.get(key, date.max):
            yield f"use of {key} on {on} is of another owner"
    kept: dict[Any, int] = defaultdict(int)
    for each in rows.used:
        if each.corrects_no is None:
            kept[each.event_id, each.account_id, each.service_id, each.used_on] += 1
    told = {(name, *key[:2], event.at.date()): 1 for name, (key, event) in usage.events.items()}
    yield from (f"event {each} is kept {kept[each]} times" for each in kept.keys() | told.keys()
                if kept.get(each) != told.get(each))  # fmt: skip
