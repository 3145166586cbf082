"""Judges bills by themselves: arithmetic, VAT, numbers, dates, debts, slices, credit notes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from simulation.auditor_calendar import cents
from simulation.auditor_rows import Rows, net_cents

Place = tuple[str, str]
"""Account and number of a bill."""

VAT = {"FR": ("S", 2000), "DE": ("AE", 0), "US": ("O", 0)}
"""What a French seller charges a business by its country."""


@dataclass
class Buyers:
    """Who buys and who pays: per account the country, the payer; per payer the days of its term."""

    countries: dict[str, str]
    payers: Mapping[str, str]
    term_days: dict[str, int]


def _by_bill(found: list[Any]) -> dict[Place, list[Any]]:
    grouped: dict[Place, list[Any]] = defaultdict(list)
    for each in found:
        grouped[each.account_id, each.bill_id].append(each)
    return grouped


def of_arithmetic(rows: Rows, buyers: Buyers) -> Iterator[str]:
    """Yield bills that do not add up, or bear another VAT than their buyer's."""
    details, taxes, slices = _by_bill(rows.details), _by_bill(rows.taxes), _by_bill(rows.slices)
    for bill in rows.bills:
        place = bill.account_id, bill.bill_id
        for each in details[place]:
            if each.net_minor != net_cents(each.quantity_e4, each.unit_price_ucents):
                yield f"{place}: line {each.detail_no} is not quantity times price"
            if (each.vat_category, each.vat_rate_bp) != VAT[buyers.countries[bill.account_id]]:
                yield f"{place}: line {each.detail_no} bears {each.vat_category} {each.vat_rate_bp}"
        if sum(each.net_minor for each in details[place]) != bill.net_minor:
            yield f"{place}: its lines are not its net"
        if sum(each.tax_minor for each in taxes[place]) != bill.tax_minor:
            yield f"{place}: its VAT is not its taxes"
        if bill.net_minor + bill.tax_minor != bill.total_minor:
            yield f"{place}: net and VAT are not the total"
        if bill.kind != "credit-note" and bill.tax_minor != _vat(details[place]):
            yield f"{place}: VAT is {bill.tax_minor}, its lines make {_vat(details[place])}"
        yield from _of_slices(place, bill, details[place], slices[place])


def _vat(details: list[Any]) -> int:
    """Return the VAT of lines, rounded once per rate."""
    nets: dict[int, int] = defaultdict(int)
    for each in details:
        nets[each.vat_rate_bp] += each.net_minor
    return sum(cents(Fraction(net * rate, 10_000)) for rate, net in nets.items())


def _of_slices(place: Place, bill: Any, details: list[Any], slices: list[Any]) -> Iterator[str]:
    if not slices:
        if any(each.owner != bill.account_id for each in details):
            yield f"{place}: a line of another account, and no slice"
        return
    nets: dict[str, int] = defaultdict(int)
    for each in details:
        nets[each.owner] += each.net_minor
    if nets != {each.owner_id: each.net_minor for each in slices}:
        yield f"{place}: slices are not the lines by account"
    if sum(each.tax_minor for each in slices) != bill.tax_minor:
        yield f"{place}: slices do not make the VAT"


def of_credit_notes(rows: Rows) -> Iterator[str]:
    """Yield bills of which more was taken back than they were, or another VAT than that of the net."""
    notes: dict[Place, list[Any]] = defaultdict(list)
    for each in rows.bills:
        if each.kind == "credit-note":
            notes[each.account_id, each.corrects_bill_id].append(each)
    known = {(each.account_id, each.bill_id): each for each in rows.bills}
    details = _by_bill(rows.details)
    for place, found in notes.items():
        bill = known[place]
        net, tax = sum(each.net_minor for each in found), sum(each.tax_minor for each in found)
        rate = details[place][0].vat_rate_bp
        if net > bill.net_minor or tax != cents(Fraction(net * rate, 10_000)):
            yield f"{place}: {net} net and {tax} VAT were taken back of {bill.net_minor}"


def of_numbers(rows: Rows) -> Iterator[str]:
    """Yield series with a gap or a date that goes back."""
    by_series: dict[str, list[Any]] = defaultdict(list)
    for each in rows.numbers:
        by_series[each.series_id].append(each)
    for series, found in by_series.items():
        if [each.number for each in found] != list(range(1, len(found) + 1)):
            yield f"series {series} has a gap or a double"
        if any(before.issued_on > after.issued_on for before, after in pairwise(found)):
            yield f"series {series}: a date goes back"
    documents = [*rows.bills, *rows.reverse_bills]
    if sorted(each.bill_id for each in rows.numbers) != sorted(each.bill_id for each in documents):
        yield f"{len(rows.numbers)} numbers and {len(documents)} bills"


def of_debts(rows: Rows, buyers: Buyers, fresh: set[Place]) -> Iterator[str]:
    """Yield bills without their debt, or with another payer, amount or day than agreed."""
    debts = {(each.account_id, each.bill_id): each for each in rows.debts}
    for bill in rows.bills:
        place = bill.account_id, bill.bill_id
        debt = debts.pop(place, None)
        if bill.kind == "credit-note":
            if debt is not None:
                yield f"{place}: a credit note is owed"
            continue
        if debt is None or (debt.debt_id, debt.amount_minor) != (bill.order_id, bill.total_minor):
            yield f"{place}: its debt is {debt and debt.amount_minor}, its total {bill.total_minor}"
            continue
        if place in fresh and bill.kind == "bill":
            payer = buyers.payers[bill.account_id]
            due = bill.issued_on + timedelta(days=buyers.term_days.get(payer, 30))
            if (debt.payer_id, debt.due_on) != (payer, due):
                yield f"{place}: {debt.payer_id} owes it on {debt.due_on}, agreed was {payer} on {due}"
    for place in debts:
        yield f"{place}: a debt without a bill"


def totals(rows: Rows, family: set[str], first: date, last: date) -> int:
    """Return what the bills of some accounts and days come to, less credit notes."""
    return sum(
        -each.total_minor if each.kind == "credit-note" else each.total_minor
        for each in rows.bills
        if each.account_id in family and first <= each.issued_on <= last
    )
