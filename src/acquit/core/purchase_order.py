"""Purchase orders: which one a bill quotes, how much of it is left, and what happens when none fits.

An order covers from `start_on` to the day before `end_on`. Its scope is one billing group of an
account, the account, or a family: the account and chosen sub-accounts that share one order and one
draw-down. A successor takes over from the order that it succeeds when that one cannot carry a whole
bill or no longer covers the day. Draw-down counts net amounts.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from acquit.core.errors import NotFound
from acquit.core.identifiers import AccountId, BillId, BillingGroupId, PurchaseOrderId
from acquit.core.money import Currency, amount_minor

WARNED_AT_PERCENT: Final = (75, 90)
"""Shares of an order's amount whose passing is told to sales and to the account."""

_FORECAST_DAYS_MAX: Final = 36_500


class NoSuchPurchaseOrder(NotFound):
    """The account has no such purchase order."""

    code = "no-such-purchase-order"

    def __init__(self, purchase_order_id: int | str) -> None:
        super().__init__(
            f"There is no purchase order {purchase_order_id}.", purchase_order=str(purchase_order_id)
        )


class Policy(StrEnum):
    """What an account wants when its order is missing, expired or spent."""

    PROCEED = "proceed"
    WARN = "warn"
    HOLD = "hold"


class OrderType(StrEnum):
    """Which words the bill puts before the reference."""

    PURCHASE_ORDER = "PURCHASE_ORDER"
    REFERENCE_ORDER = "REFERENCE_ORDER"


class OrderKind(StrEnum):
    """Open: no maximum. Closed: fixed lines. Blanket: a maximum, variable quantities."""

    OPEN = "open"
    CLOSED = "closed"
    BLANKET = "blanket"


class OrderStatus(StrEnum):
    """A deleted order stays in the books and out of the lists."""

    CREATED = "CREATED"
    DELETED = "DELETED"


class MatchedBy(StrEnum):
    """Which day decides whether an order covers a bill."""

    BILL_DATE = "bill-date"
    SERVICE_PERIOD = "service-period"


class Verdict(StrEnum):
    """What becomes of a draft: quote the order, bill without one, the same with a warning, or hold."""

    OK = "ok"
    NONE = "none"
    WARN = "warn"
    HOLD = "hold"


class Lack(StrEnum):
    """Why a draft has no order."""

    MISSING = "missing"
    EXPIRED = "expired"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of a closed order: an article, the services that it covers, how much of it.

    `drawn_minor` is the net amount that details took from it, less what credit notes gave back.
    """

    line_no: int
    item_number: str
    description: str = ""
    service_pattern: str = "*"
    quantity_e4: int | None = None
    unit_price_ucents: int | None = None
    amount_max_minor: int | None = None
    cost_account: str = ""
    drawn_minor: int = 0

    def covers(self, resource_name: str) -> bool:
        """Whether the pattern (literal, `*` for any text) matches the service's name."""
        parts = map(re.escape, self.service_pattern.split("*"))
        return re.fullmatch(".*".join(parts), resource_name, re.DOTALL) is not None

    def amount(self, currency: Currency) -> int | None:
        """Return the line's amount in minor units: as given, else quantity × unit price, else None."""
        if self.amount_max_minor is not None or self.quantity_e4 is None or self.unit_price_ucents is None:
            return self.amount_max_minor
        return amount_minor(self.quantity_e4, self.unit_price_ucents, currency)

    def carries(self, net_minor: int, currency: Currency) -> bool:
        """Whether details of that net amount fit whole into what is left of the line."""
        amount = self.amount(currency)
        return amount is None or net_minor <= amount - self.drawn_minor


Shares = Mapping[str, int]
"""What the details of a bill come to, net, by the service that they are for."""

NO_SHARES: Final[Shares] = {}


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """A purchase order; `members` are the accounts of a family order, its own among them.

    `drawn_minor` is the net amount that bills took from it, less what credit notes gave back.
    """

    account_id: AccountId
    purchase_order_id: PurchaseOrderId
    reference: str
    start_on: date
    currency: Currency
    created_by: str
    created_at: datetime
    updated_at: datetime
    end_on: date | None = None
    type: OrderType = OrderType.PURCHASE_ORDER
    kind: OrderKind = OrderKind.OPEN
    billing_group_id: BillingGroupId | None = None
    is_family: bool = False
    matched_by: MatchedBy = MatchedBy.BILL_DATE
    amount_max_minor: int | None = None
    cost_account: str = ""
    succeeds_id: PurchaseOrderId | None = None
    active: bool = True
    status: OrderStatus = OrderStatus.CREATED
    description: str | None = None
    members: frozenset[AccountId] = frozenset()
    lines: tuple[OrderLine, ...] = ()
    drawn_minor: int = 0

    @property
    def left_minor(self) -> int | None:
        """What bills may still draw, None without a maximum."""
        return None if self.amount_max_minor is None else self.amount_max_minor - self.drawn_minor

    @property
    def is_usable(self) -> bool:
        """Whether the order is neither suspended nor deleted."""
        return self.active and self.status is OrderStatus.CREATED

    def covers(self, on: date) -> bool:
        """Whether the day lies from the first day to the day before the end."""
        return self.start_on <= on and (self.end_on is None or on < self.end_on)

    def carries(self, net_minor: int, shares: Shares = NO_SHARES) -> bool:
        """Whether a bill of that net amount fits whole into what is left, of the order and of its lines."""
        left = self.left_minor
        return (left is None or net_minor <= left) and lines_for(self, shares) is not None


@dataclass(frozen=True, slots=True)
class Draw:
    """A bill took this net amount from an order; negative: a credit note gave it back."""

    account_id: AccountId
    purchase_order_id: PurchaseOrderId
    bill_account_id: AccountId
    bill_id: BillId
    amount_minor: int
    drawn_on: date


@dataclass(frozen=True, slots=True)
class Placement:
    """The order that a draft quotes, or what becomes of it without; `reason` is a Lack or empty."""

    order: PurchaseOrder | None
    verdict: Verdict
    reason: str = ""


def candidate(
    orders: Iterable[PurchaseOrder],
    account_id: AccountId,
    billing_group_id: BillingGroupId | None,
    bill_on: date,
    period_start: date | None,
) -> PurchaseOrder | None:
    """Return the order that applies: the group's, else the account's own, else the family's.

    An order matched by service period looks at `period_start` (without one at the bill's date).
    A successor applies by itself only where no order before it in the chain does.
    """
    covering = [
        order for order in orders if order.is_usable and order.covers(_day(order, bill_on, period_start))
    ]
    for scope in _scopes(account_id, billing_group_id, covering):
        ids = {order.purchase_order_id for order in scope}
        heads = [order for order in scope if order.succeeds_id not in ids]
        if heads:
            return min(heads, key=lambda order: (order.start_on, order.purchase_order_id))
    return None


def place(
    order: PurchaseOrder | None,
    orders: Sequence[PurchaseOrder],
    net_minor: int,
    policy: Policy,
    bill_on: date,
    period_start: date | None = None,
    shares: Shares = NO_SHARES,
) -> Placement:
    """Decide which order carries a bill of that net amount whole, or what the policy says if none does.

    `order` is the candidate, `orders` all that concern the account: from an order that is spent, or has a
    line that is, the bill goes to the first successor that covers the day and carries it.
    """
    if order is None:
        return _without(policy, _lack(orders, bill_on, period_start))
    for link in chain(order, orders):
        usable = link.is_usable and link.covers(_day(link, bill_on, period_start))
        if usable and link.carries(net_minor, shares):
            return Placement(link, Verdict.OK)
    return _without(policy, Lack.SPENT)


def chain(order: PurchaseOrder, orders: Sequence[PurchaseOrder]) -> list[PurchaseOrder]:
    """Return the order and its successors, nearest first."""
    links = [order]
    while True:
        last, seen = links[-1].purchase_order_id, {link.purchase_order_id for link in links}
        nexts = [
            other for other in orders
            if other.succeeds_id == last and other.is_usable and other.purchase_order_id not in seen
        ]  # fmt: skip
        if not nexts:
            return links
        links.append(min(nexts, key=lambda other: (other.start_on, other.purchase_order_id)))


def lines_for(order: PurchaseOrder, shares: Shares) -> dict[str, int] | None:
    """Return the number of the line that each service's details go to, or None when a line is spent.

    A service goes whole to the first line that covers it and has room; one that no line covers to none.
    """
    if not order.lines:
        return {}
    found: dict[str, int] = {}
    lines = list(order.lines)
    for name, net_minor in shares.items():
        covering = [place for place, line in enumerate(lines) if line.covers(name)]
        fitting = [place for place in covering if lines[place].carries(net_minor, order.currency)]
        if covering and not fitting:
            return None
        for taken in fitting[:1]:
            found[name] = lines[taken].line_no
            lines[taken] = replace(lines[taken], drawn_minor=lines[taken].drawn_minor + net_minor)
    return found


def draw(order: PurchaseOrder, net_minor: int, shares: Shares = NO_SHARES) -> PurchaseOrder:
    """Return the order after a bill (or, negative, a credit note) of that net amount was placed on it."""
    assert order.carries(net_minor, shares), f"order {order.purchase_order_id} cannot carry {net_minor}"
    taken = dict.fromkeys((line.line_no for line in order.lines), 0)
    for name, line_no in (lines_for(order, shares) or {}).items():
        taken[line_no] += shares[name]
    lines = tuple(replace(line, drawn_minor=line.drawn_minor + taken[line.line_no]) for line in order.lines)
    return replace(order, drawn_minor=order.drawn_minor + net_minor, lines=lines)


def used_percent(order: PurchaseOrder) -> int | None:
    """Return the drawn share of the maximum in whole percent, rounded down, None without a maximum."""
    if order.amount_max_minor is None:
        return None
    return order.drawn_minor * 100 // order.amount_max_minor


def warned_at(order: PurchaseOrder) -> int | None:
    """Return the highest threshold (75, 90 percent) that the drawn amount has reached, or None."""
    used = used_percent(order)
    if used is None:
        return None
    return max((mark for mark in WARNED_AT_PERCENT if used >= mark), default=None)


def line_warned_at(line: OrderLine, currency: Currency) -> int | None:
    """Return the highest threshold that the line has reached, or None, as for a line without an amount."""
    amount = line.amount(currency)
    if amount is None or amount <= 0:
        return None
    used = line.drawn_minor * 100 // amount
    return max((mark for mark in WARNED_AT_PERCENT if used >= mark), default=None)


def newly_warned_lines(before: PurchaseOrder, after: PurchaseOrder) -> list[tuple[int, int]]:
    """Return the lines that have passed a threshold between the two states, each with the threshold."""
    were = {line.line_no: line for line in before.lines}
    found = []
    for line in after.lines:
        mark, was = line_warned_at(line, after.currency), were.get(line.line_no)
        if mark is None or was is None or line.drawn_minor <= was.drawn_minor:
            continue
        if mark != line_warned_at(was, before.currency):
            found.append((line.line_no, mark))
    return found


def newly_warned(before: PurchaseOrder, after: PurchaseOrder) -> int | None:
    """Return the threshold that the draws between the two states have passed, or None."""
    mark = warned_at(after)
    return (
        mark
        if mark is not None and mark != warned_at(before) and after.drawn_minor > before.drawn_minor
        else None
    )


def exhausted_on(order: PurchaseOrder, draws: Iterable[Draw], today: date) -> date | None:
    """Return the day on which the order will be spent at the pace of its draws so far.

    The pace is what was drawn before the latest day of drawing, over the days up to it. None: the order
    has no maximum, was drawn on fewer than two days, is not getting less, or ends before it is spent.
    """
    left = order.left_minor
    if left is None:
        return None
    if left <= 0:
        return today
    by_day = _by_day(draws)
    days = sorted(by_day)
    if len(days) < 2:
        return None
    elapsed, drawn = (days[-1] - days[0]).days, sum(by_day[day] for day in days[:-1])
    if drawn <= 0 or left * elapsed > drawn * _FORECAST_DAYS_MAX:
        return None
    spent_on = max(today, days[-1] + timedelta(days=left * elapsed // drawn))
    return None if order.end_on is not None and spent_on >= order.end_on else spent_on


def hold_until(held_on: date, hold_days_max: int) -> date:
    """Return the last day of a hold; the day after, the bill is issued without an order."""
    return held_on + timedelta(days=hold_days_max)


def _day(order: PurchaseOrder, bill_on: date, period_start: date | None) -> date:
    by_period = order.matched_by is MatchedBy.SERVICE_PERIOD and period_start is not None
    return period_start if by_period and period_start is not None else bill_on


def _scopes(
    account_id: AccountId, billing_group_id: BillingGroupId | None, orders: Sequence[PurchaseOrder]
) -> tuple[list[PurchaseOrder], ...]:
    own = [order for order in orders if order.account_id == account_id and not order.is_family]
    return (
        [
            order
            for order in own
            if billing_group_id is not None and order.billing_group_id == billing_group_id
        ],
        [order for order in own if order.billing_group_id is None],
        [order for order in orders if order.is_family and account_id in order.members],
    )


def _lack(orders: Iterable[PurchaseOrder], bill_on: date, period_start: date | None) -> Lack:
    ended = any(
        order.is_usable and order.end_on is not None and order.end_on <= _day(order, bill_on, period_start)
        for order in orders
    )
    return Lack.EXPIRED if ended else Lack.MISSING


def _without(policy: Policy, lack: Lack) -> Placement:
    verdicts = {Policy.PROCEED: Verdict.NONE, Policy.WARN: Verdict.WARN, Policy.HOLD: Verdict.HOLD}
    return Placement(None, verdicts[policy], lack.value)


def _by_day(draws: Iterable[Draw]) -> dict[date, int]:
    by_day: dict[date, int] = {}
    for one in draws:
        by_day[one.drawn_on] = by_day.get(one.drawn_on, 0) + one.amount_minor
    return by_day
