"""The consolidated view: what a family was billed, regrouped at will. No bill; always the sum of the bills.

Net amounts belong to lines. The VAT of a bill is computed on its sum; the view shares it out over the lines
of its category and rate so that it adds up exactly, however lines are regrouped.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency
from acquit.core.shared_bill import parts
from acquit.core.tax import TaxLine


class GroupedBy(StrEnum):
    """What the lines of a view are gathered by."""

    SUB_ACCOUNT = "sub-account"
    ORDER = "order"
    SERVICE = "service"
    PLAN = "plan"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class ViewedLine:
    """One line of a bill, whose it is, and by what it may be regrouped; `sign` is -1 on a credit note."""

    owner_id: AccountId
    owner_name: str
    account_id: AccountId
    bill_id: BillId
    sign: int
    issued_on: date
    currency: Currency
    order_reference: str
    domain: str
    plan_code: str
    vat_category: str
    vat_rate_bp: int
    net_minor: int


@dataclass(frozen=True, slots=True)
class ViewedTax:
    """The VAT of one category and rate of a bill of the family."""

    account_id: AccountId
    bill_id: BillId
    tax: TaxLine


@dataclass(frozen=True, slots=True)
class ViewGroup:
    """So many bills' lines gathered: their net, VAT and total, less what credit notes took back."""

    currency: Currency
    key: str
    label: str
    bills: int
    lines: int
    net_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        """Net and VAT."""
        return self.net_minor + self.tax_minor


OF_BILLS: Final = frozenset({GroupedBy.ORDER, GroupedBy.MONTH})
"""By these a bill goes whole into one group, so that its lines need not be told apart."""

Bill = tuple[AccountId, BillId]

_KEYS: Final[dict[GroupedBy, Callable[[ViewedLine], tuple[str, str]]]] = {
    GroupedBy.SUB_ACCOUNT: lambda line: (line.owner_id, line.owner_name),
    GroupedBy.ORDER: lambda line: (line.order_reference, ""),
    GroupedBy.SERVICE: lambda line: (line.domain, ""),
    GroupedBy.PLAN: lambda line: (line.plan_code, ""),
    GroupedBy.MONTH: lambda line: (f"{line.issued_on:%Y-%m}", ""),
}


def regrouped(
    lines: Iterable[ViewedLine], taxes: Iterable[ViewedTax], by: GroupedBy
) -> tuple[ViewGroup, ...]:
    """Return the groups by currency and key; together they are the sum of the bills, to the cent."""
    lines = list(lines)
    vat = _vat_of_lines(lines, taxes)
    gathered: dict[tuple[Currency, str, str], list[tuple[ViewedLine, int]]] = {}
    for line, tax_minor in zip(lines, vat, strict=True):
        gathered.setdefault((line.currency, *_KEYS[by](line)), []).append((line, tax_minor))
    return tuple(_group(*key, members) for key, members in sorted(gathered.items(), key=lambda each: each[0]))


def joined(groups: Iterable[ViewGroup]) -> tuple[ViewGroup, ...]:
    """Return the groups of different bills with those of one currency and key added up, in their order."""
    sums: dict[tuple[Currency, str, str], ViewGroup] = {}
    for each in groups:
        name = (each.currency, each.key, each.label)
        known = sums.get(name)
        sums[name] = each if known is None else _added(known, each)
    return tuple(sums[name] for name in sorted(sums))


def _added(one: ViewGroup, other: ViewGroup) -> ViewGroup:
    return replace(
        one,
        bills=one.bills + other.bills,
        lines=one.lines + other.lines,
        net_minor=one.net_minor + other.net_minor,
        tax_minor=one.tax_minor + other.tax_minor,
    )


def _group(currency: Currency, key: str, label: str, members: Sequence[tuple[ViewedLine, int]]) -> ViewGroup:
    return ViewGroup(
        currency,
        key,
        label,
        len({(line.account_id, line.bill_id) for line, _ in members}),
        len(members),
        sum(line.sign * line.net_minor for line, _ in members),
        sum(line.sign * tax_minor for line, tax_minor in members),
    )


def _vat_of_lines(lines: Sequence[ViewedLine], taxes: Iterable[ViewedTax]) -> list[int]:
    """Return the share of each line in the VAT of its bill, in the order of the lines."""
    places: dict[tuple[object, ...], list[int]] = {}
    for place, line in enumerate(lines):
        key = (line.account_id, line.bill_id, line.vat_category, line.vat_rate_bp)
        places.setdefault(key, []).append(place)
    vat = [0] * len(lines)
    for each in taxes:
        key = (each.account_id, each.bill_id, each.tax.vat_category, each.tax.vat_rate_bp)
        of_bill = places.get(key, [])
        shares = parts(each.tax.tax_minor, [lines[place].net_minor for place in of_bill])
        for place, share in zip(of_bill, shares, strict=True):
            vat[place] = share
    return vat
