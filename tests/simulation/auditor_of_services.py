"""Compares lines of bills and open charges with the model of services and usage."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

from simulation.auditor_rows import Rows, net_cents
from simulation.auditor_sales import Sales
from simulation.auditor_services import Held
from simulation.auditor_usage import Key as UseKey
from simulation.auditor_usage import Usage

Key = tuple[str, int]


def lines(rows: Rows) -> Iterator[tuple[str, Any, int]]:
    """Yield every charge that was ever accepted: billed, credited or still open; with its account and net."""
    for each in rows.details:
        if each.of_kind == "bill":
            yield each.owner, each, each.net_minor
    for each in rows.charges:
        yield each.account_id, each, net_cents(each.quantity_e4, each.unit_price_ucents)
    for each in rows.credited:
        yield each.account_id, each, -each.amount_minor


def of_services(rows: Rows, sales: Sales) -> Iterator[str]:
    """Yield what differs: a day missing or twice, a price that was not agreed."""
    renewals: dict[Key, dict[date, tuple[date, int]]] = defaultdict(dict)
    adjusted: dict[Key, int] = defaultdict(int)
    once: dict[Key, int] = defaultdict(int)
    for account, line, net in lines(rows):
        key = account, line.service_id
        if line.kind == "renewal":
            if line.period_start in renewals[key]:
                yield f"service {key}: {line.period_start} is renewed twice"
            renewals[key][line.period_start] = line.period_end, net
        elif line.kind == "adjustment" and not line.part.startswith(("usage:", "minimum:")):
            adjusted[key] += net
        elif line.kind in ("installation", "one-off"):
            once[key] += net
    for key in sorted(renewals.keys() | adjusted.keys() | once.keys() | sales.held.keys()):
        held = sales.held.get(key)
        if held is None:
            yield f"service {key} has lines and was never sold"
            continue
        yield from _renewals(key, renewals[key], held)
        if adjusted[key] != held.adjusted:
            yield f"service {key}: adjustments are {adjusted[key]}, its days make {held.adjusted}"
        if once[key] != held.once:
            yield f"service {key}: {once[key]} was charged once, {held.once} was agreed"


def _renewals(key: Key, found: dict[date, tuple[date, int]], held: Held) -> Iterator[str]:
    for start in sorted(found.keys() | held.begun.keys()):
        row, expected = found.get(start), held.begun.get(start)
        if row != expected and not (row is None and expected is not None and expected[1] == 0):
            yield f"service {key} from {start}: {row} is there, {expected} was agreed"
    ends = sorted((start, end) for start, (end, _) in found.items())
    for (_, end), (start, _) in pairwise(ends):
        if start <= end:
            yield f"service {key}: {start} is covered twice"


def of_service_rows(rows: Rows, sales: Sales) -> Iterator[str]:
    """Yield services that are otherwise than what was agreed."""
    there = {(each.account_id, each.service_id): each for each in rows.services}
    for key in sorted(there.keys() | sales.held.keys()):
        row, held = there.get(key), sales.held.get(key)
        if row is None or held is None:
            yield f"service {key} is {'not there' if row is None else 'there and was never sold'}"
            continue
        found = (
            row.plan_code, row.pricing_mode, row.quantity_e4, row.unit_price_ucents, row.renewal_months,
            row.anniversary_day, row.next_renewal_on, row.terminated_on, row.engaged_until_on, row.state,
        )  # fmt: skip
        terms = held.terms
        expected = (
            terms.plan, terms.mode, terms.quantity * 10_000, terms.price_ucents, terms.months, terms.day,
            held.next_on, held.gone_on, held.engaged_until, held.state,
        )  # fmt: skip
        if found != expected:
            yield f"service {key} is {found}, agreed was {expected}"


def of_usage(rows: Rows, usage: Usage) -> Iterator[str]:
    """Yield uses of a month that are charged otherwise than quantity times price."""
    charged: dict[UseKey, int] = defaultdict(int)
    for account, line, net in lines(rows):
        if line.part.startswith("usage:") and line.kind in ("usage", "adjustment"):
            _, meter, *rest = line.part.split(":")
            month = line.period_start if line.kind == "usage" else date.fromisoformat(f"{rest[0]}-01")
            charged[account, line.service_id, meter, month] += net
    for key in sorted(charged.keys() | usage.rated.keys()):
        _, costs = usage.rated.get(key, (0, 0))
        if charged[key] != costs:
            yield f"use {key}: {charged[key]} is charged, it costs {costs}"
    if rows.events[0].accepted != usage.accepted:
        yield f"{rows.events[0].accepted} events are kept, {usage.accepted} were accepted"
    if rows.rejected[0].rejected != usage.rejected:
        yield f"{rows.rejected[0].rejected} events are rejected, {usage.rejected} should be"
