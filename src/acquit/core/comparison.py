"""Two periods beside each other: what changed by account, plan and reason; the reasons sum to the difference.

Of a service that renewed in both, the price is what the old quantity costs more at the new price, the
quantity what the new one costs more at the new price; more or fewer periods than before are what is left. VAT
that follows the net amounts is apart from VAT that changed by itself.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.money import Currency, amount_minor, share_minor


class Reason(StrEnum):
    """Why an account is billed another amount than in the period before."""

    NEW = "new"
    ENDED = "ended"
    PRICE = "price"
    QUANTITY = "quantity"
    PERIODS = "periods"
    USAGE = "usage"
    ONE_OFF = "one-off"
    DISCOUNT = "discount"
    ORDER = "order"
    PARKED = "parked"
    TAX = "tax"
    VAT_OF_CHANGES = "vat-of-changes"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one period; `plan` is empty for what belongs to no service."""

    service_id: ServiceId
    plan: str
    kind: str
    part: str
    currency: Currency
    quantity_e4: int
    unit_price_ucents: int
    net_minor: int
    period_start: date
    order_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Taxed:
    """The VAT of one category and rate of an account's bills."""

    currency: Currency
    category: str
    rate_bp: int
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Billed:
    """What one account was billed in a period; `waiting` tells why something of it was not billed."""

    lines: Sequence[Line] = ()
    taxes: Sequence[Taxed] = ()
    waiting: Reason | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """So much more (less when negative) for a reason; `moved_minor` is what changed its order instead."""

    account_id: AccountId
    plan: str
    reason: Reason
    currency: Currency
    amount_minor: int
    moved_minor: int = 0

    @property
    def weight(self) -> int:
        """By how much it matters."""
        return max(abs(self.amount_minor), abs(self.moved_minor))


def compare(account_id: AccountId, before: Billed, after: Billed, first_on: date) -> list[Change]:
    """Return what changed for the account; the amounts sum to the difference of both totals, VAT included.

    `first_on` is the first day of the later period: what starts before it was left over.
    """
    sums: dict[tuple[str, Reason, Currency], list[int]] = defaultdict(lambda: [0, 0])
    old, new = _by_key(before.lines), _by_key(after.lines)
    for key in sorted(old.keys() | new.keys()):
        lines = (old.get(key, []), new.get(key, []))
        sample = (lines[1] or lines[0])[0]
        for reason, amount in _of_lines(*lines, after.waiting, first_on):
            sums[sample.plan, reason, sample.currency][0] += amount
        if all(lines) and lines[0][-1].order_reference != lines[1][-1].order_reference:
            sums[sample.plan, Reason.ORDER, sample.currency][1] += _net(lines[1])
    for reason, currency, amount in _of_taxes(before.taxes, after.taxes):
        sums["", reason, currency][0] += amount
    return [
        Change(account_id, plan, reason, currency, amount, moved)
        for (plan, reason, currency), (amount, moved) in sums.items()
        if amount or moved
    ]


_Key = tuple[Currency, ServiceId, str, str]


def _by_key(lines: Iterable[Line]) -> dict[_Key, list[Line]]:
    found: dict[_Key, list[Line]] = defaultdict(list)
    for line in lines:
        found[line.currency, line.service_id, line.kind, line.part].append(line)
    return found


def _net(lines: Iterable[Line]) -> int:
    return sum(line.net_minor for line in lines)


def _of_lines(
    old: Sequence[Line], new: Sequence[Line], waiting: Reason | None, first_on: date
) -> list[tuple[Reason, int]]:
    difference = _net(new) - _net(old)
    kind = (new or old)[0].kind
    if kind == "usage":
        return [(Reason.USAGE, difference)]
    if kind == "discount":
        return [(Reason.DISCOUNT, difference)]
    if kind != "renewal":
        return [(Reason.ONE_OFF, difference)]
    if not new:
        return [(waiting or Reason.ENDED, difference)]
    if not old:
        left_over = _net([line for line in new if line.period_start < first_on])
        return [(Reason.PERIODS, left_over), (Reason.NEW, difference - left_over)]
    was, now = old[-1], new[-1]
    currency = now.currency
    at_new_price = amount_minor(was.quantity_e4, now.unit_price_ucents, currency)
    price = at_new_price - amount_minor(was.quantity_e4, was.unit_price_ucents, currency)
    quantity = amount_minor(now.quantity_e4, now.unit_price_ucents, currency) - at_new_price
    rest = difference - price - quantity
    return [(Reason.PRICE, price), (Reason.QUANTITY, quantity), (Reason.PERIODS, rest)]


def _of_taxes(before: Sequence[Taxed], after: Sequence[Taxed]) -> list[tuple[Reason, Currency, int]]:
    """Return, per currency, the VAT that changed by itself and that of the changes."""
    found = []
    for currency in sorted({each.currency for each in (*before, *after)}):
        old = [each for each in before if each.currency == currency]
        new = [each for each in after if each.currency == currency]
        difference = sum(each.tax_minor for each in new) - sum(each.tax_minor for each in old)
        by_itself = _by_itself(old, new)
        found.append((Reason.TAX, currency, by_itself))
        found.append((Reason.VAT_OF_CHANGES, currency, difference - by_itself))
    return found


def _by_itself(old: Sequence[Taxed], new: Sequence[Taxed]) -> int:
    """Return what the new amounts cost more than under the one rate that held before; none for several."""
    cases = [{(each.category, each.rate_bp) for each in side} for side in (old, new)]
    if cases[0] == cases[1] or any(len(side) != 1 for side in cases):
        return 0
    ((_, old_bp),), ((_, new_bp),) = cases
    net_minor = sum(each.net_minor for each in new)
    return share_minor(net_minor, new_bp) - share_minor(net_minor, old_bp)


@dataclass(slots=True)
class Comparison:
    """The changes of many accounts: sums per reason and plan, and the largest, the rest as sums.

    `rows_max` bounds the rows that are kept; None keeps all.
    """

    period: str
    before: str
    rows_max: int | None = 20
    accounts: int = 0
    by_reason: dict[Currency, dict[Reason, int]] = field(default_factory=dict)
    by_plan: dict[Currency, dict[str, dict[Reason, int]]] = field(default_factory=dict)
    difference_minor: dict[Currency, int] = field(default_factory=dict)
    moved_minor: dict[Currency, int] = field(default_factory=dict)
    rest_minor: dict[Currency, int] = field(default_factory=dict)
    rest_rows: int = 0
    _largest: list[tuple[int, int, Change]] = field(default_factory=list)
    _seen: int = 0

    @property
    def changes(self) -> list[Change]:
        """The largest changes, largest first; the rest is told in `rest_minor`."""
        return [each for _, _, each in sorted(self._largest, reverse=True)]

    def add(self, account_id: AccountId, before: Billed, after: Billed, first_on: date) -> None:
        """Take an account in."""
        changes = compare(account_id, before, after, first_on)
        self.accounts += bool(changes)
        for change in changes:
            self._add(change)

    def _add(self, change: Change) -> None:
        currency, amount = change.currency, change.amount_minor
        reasons = self.by_reason.setdefault(currency, {})
        reasons[change.reason] = reasons.get(change.reason, 0) + amount
        plans = self.by_plan.setdefault(currency, {}).setdefault(change.plan, {})
        plans[change.reason] = plans.get(change.reason, 0) + amount
        self.difference_minor[currency] = self.difference_minor.get(currency, 0) + amount
        if change.moved_minor:
            self.moved_minor[currency] = self.moved_minor.get(currency, 0) + change.moved_minor
        self._seen += 1
        row = (change.weight, -self._seen, change)
        if self.rows_max is None:
            self._largest.append(row)
            return
        insort(self._largest, row)
        if len(self._largest) > self.rows_max:
            _, _, dropped = self._largest.pop(0)
            rest = self.rest_minor
            rest[dropped.currency] = rest.get(dropped.currency, 0) + dropped.amount_minor
            self.rest_rows += 1
