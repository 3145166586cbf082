"""What may be done to a purchase order: set, changed, closed, raised; and what may not.

Two active orders of one scope never cover the same day, unless one succeeds the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Final

from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import AccountId, BillingGroupId, PurchaseOrderId
from acquit.core.money import Currency
from acquit.core.purchase_order import MatchedBy, OrderKind, OrderLine, OrderStatus, OrderType, PurchaseOrder

_REFERENCE_MAX: Final = 255


class BadPurchaseOrder(Invalid):
    """The order contradicts itself: its dates, its reference, its amount or its lines."""

    code = "bad-purchase-order"


class OrderOverlaps(Conflict):
    """Another active order of the same scope covers some of the same days."""

    code = "purchase-order-overlaps"


class NotARaise(Invalid):
    """Only an order with a maximum is raised, and only to more than it has."""

    code = "not-a-raise"


class Unchanged(Enum):
    """The mark of a member that a change leaves as it is."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """What an order says, before it has a place in the books: given by an operator or an account."""

    reference: str
    start_on: date
    end_on: date | None = None
    type: OrderType = OrderType.PURCHASE_ORDER
    kind: OrderKind = OrderKind.OPEN
    billing_group_id: BillingGroupId | None = None
    members: frozenset[AccountId] = frozenset()
    matched_by: MatchedBy = MatchedBy.BILL_DATE
    amount_max_minor: int | None = None
    cost_account: str = ""
    succeeds_id: PurchaseOrderId | None = None
    active: bool = True
    description: str | None = None
    lines: tuple[OrderLine, ...] = ()

    @property
    def is_family(self) -> bool:
        """Whether several accounts share the order."""
        return bool(self.members)


@dataclass(frozen=True, slots=True)
class OrderChange:
    """Which of an order's members to change; None opens the end or clears the text."""

    reference: str | Unchanged = UNCHANGED
    type: OrderType | Unchanged = UNCHANGED
    start_on: date | Unchanged = UNCHANGED
    end_on: date | Unchanged | None = UNCHANGED
    billing_group_id: BillingGroupId | Unchanged | None = UNCHANGED
    active: bool | Unchanged = UNCHANGED
    description: str | Unchanged | None = UNCHANGED


def collision(order: PurchaseOrder, others: Iterable[PurchaseOrder]) -> PurchaseOrder | None:
    """Return an active order of the same scope that covers some of the same days, or None.

    Orders of one chain may overlap: one succeeds the other, directly or not.
    """
    known = [*others, order]
    for other in known:
        rivals = other.purchase_order_id != order.purchase_order_id and other.is_usable and order.is_usable
        if (
            rivals
            and _scope(other) == _scope(order)
            and _overlap(other, order)
            and not _linked(order, other, known)
        ):
            return other
    return None


def refuse_overlap(order: PurchaseOrder, others: Iterable[PurchaseOrder]) -> None:
    """Pass when no other active order of the scope covers any of its days. Raises OrderOverlaps."""
    other = collision(order, others)
    if other is not None:
        raise overlap_refusal(order.reference, other)


def overlap_refusal(reference: str, other: PurchaseOrder) -> OrderOverlaps:
    """Return the refusal that names the order in the way and says how to go on."""
    until = "without end" if other.end_on is None else f"until the day before {other.end_on}"
    return OrderOverlaps(
        f"Purchase order {reference!r} would overlap {other.reference!r} (number {other.purchase_order_id}), "
        f"which covers {other.start_on} {until} for the same scope. Close or replace that one first, start "
        "after it, or make the new one its successor.",
        other=str(other.purchase_order_id),
        other_reference=other.reference,
    )


def checked(terms: OrderTerms, currency: Currency) -> OrderTerms:
    """Return the terms with the maximum of a closed order filled in from its lines.

    Raises BadPurchaseOrder when they contradict themselves.
    """
    _refuse_if(not terms.reference.strip(), "A purchase order needs a reference.")
    _refuse_if(len(terms.reference) > _REFERENCE_MAX, f"A reference has at most {_REFERENCE_MAX} characters.")
    _refuse_if(not terms.reference.isprintable(), "A reference has no control characters.")
    _refuse_if(
        terms.end_on is not None and terms.end_on <= terms.start_on,
        f"The end {terms.end_on} (the first day not covered) has to come after the start {terms.start_on}.",
    )
    _refuse_if(
        terms.amount_max_minor is not None and terms.amount_max_minor <= 0, "A maximum is more than zero."
    )
    _refuse_if(
        terms.is_family and terms.billing_group_id is not None, "A family order belongs to no billing group."
    )
    _refuse_if(
        terms.kind is OrderKind.BLANKET and terms.amount_max_minor is None,
        "A blanket order needs a maximum amount.",
    )
    _refuse_if(
        terms.kind is OrderKind.OPEN and terms.amount_max_minor is not None,
        "An open order has no maximum amount.",
    )
    _refuse_if(terms.kind is not OrderKind.CLOSED and bool(terms.lines), "Only a closed order has lines.")
    return _with_maximum(terms, currency) if terms.kind is OrderKind.CLOSED else terms


def provisional(
    terms: OrderTerms, account_id: AccountId, currency: Currency, by: str, at: datetime
) -> PurchaseOrder:
    """Return the order that the terms would make, with the number 0, to be weighed before it is written."""
    return PurchaseOrder(
        account_id=account_id,
        purchase_order_id=PurchaseOrderId(0),
        reference=terms.reference,
        start_on=terms.start_on,
        currency=currency,
        created_by=by,
        created_at=at,
        updated_at=at,
        end_on=terms.end_on,
        type=terms.type,
        kind=terms.kind,
        billing_group_id=terms.billing_group_id,
        is_family=terms.is_family,
        matched_by=terms.matched_by,
        amount_max_minor=terms.amount_max_minor,
        cost_account=terms.cost_account,
        succeeds_id=terms.succeeds_id,
        active=terms.active,
        description=terms.description,
        members=terms.members,
        lines=terms.lines,
    )


def changed(order: PurchaseOrder, change: OrderChange) -> PurchaseOrder:
    """Return the order with the change applied. Raises BadPurchaseOrder when it contradicts itself then."""
    fields = {
        name: value
        for name in ("reference", "type", "start_on", "end_on", "billing_group_id", "active", "description")
        if (value := getattr(change, name)) is not UNCHANGED
    }
    after = replace(order, **fields)
    checked(terms_of(after), order.currency)
    return after


def terms_of(order: PurchaseOrder) -> OrderTerms:
    """Return what the order says, without its place in the books."""
    return OrderTerms(
        reference=order.reference,
        start_on=order.start_on,
        end_on=order.end_on,
        type=order.type,
        kind=order.kind,
        billing_group_id=order.billing_group_id,
        members=order.members,
        matched_by=order.matched_by,
        amount_max_minor=order.amount_max_minor,
        cost_account=order.cost_account,
        succeeds_id=order.succeeds_id,
        active=order.active,
        description=order.description,
        lines=order.lines,
    )


def closed(order: PurchaseOrder, on: date) -> PurchaseOrder:
    """Return the order ending on that day (the first not covered); one that never covered a day is deleted.

    Raises BadPurchaseOrder when it ends earlier already.
    """
    _refuse_if(
        order.end_on is not None and order.end_on <= on,
        f"Purchase order {order.reference!r} ends on {order.end_on} already.",
    )
    if on <= order.start_on:
        return replace(order, status=OrderStatus.DELETED)
    return replace(order, end_on=on)


def raised(order: PurchaseOrder, amount_max_minor: int) -> PurchaseOrder:
    """Return the order with a higher maximum. Raises NotARaise."""
    if order.amount_max_minor is None:
        raise NotARaise(f"Purchase order {order.reference!r} has no maximum that could be raised.")
    if amount_max_minor <= order.amount_max_minor:
        raise NotARaise(f"The new maximum has to be more than that of purchase order {order.reference!r}.")
    return replace(order, amount_max_minor=amount_max_minor)


def refuse_strange_successor(order: PurchaseOrder, others: Iterable[PurchaseOrder]) -> None:
    """Pass when the order that this one succeeds is there and of the same scope. Raises BadPurchaseOrder."""
    if order.succeeds_id is None:
        return
    before = next((other for other in others if other.purchase_order_id == order.succeeds_id), None)
    _refuse_if(
        before is None or _scope(before) != _scope(order),
        f"Purchase order {order.reference!r} can only succeed an order of the same account and scope; "
        f"there is no such order {order.succeeds_id}.",
    )


def _scope(order: PurchaseOrder) -> tuple[AccountId, BillingGroupId | None, bool]:
    return order.account_id, order.billing_group_id, order.is_family


def _overlap(one: PurchaseOrder, other: PurchaseOrder) -> bool:
    return (other.end_on is None or one.start_on < other.end_on) and (
        one.end_on is None or other.start_on < one.end_on
    )


def _linked(one: PurchaseOrder, other: PurchaseOrder, known: Iterable[PurchaseOrder]) -> bool:
    before = {order.purchase_order_id: order.succeeds_id for order in known}
    return _follows(one, other, before) or _follows(other, one, before)


def _follows(
    later: PurchaseOrder, earlier: PurchaseOrder, before: dict[PurchaseOrderId, PurchaseOrderId | None]
) -> bool:
    step, seen = later.succeeds_id, {later.purchase_order_id}
    while step is not None and step not in seen:
        if step == earlier.purchase_order_id:
            return True
        seen.add(step)
        step = before.get(step)
    return False


def _with_maximum(terms: OrderTerms, currency: Currency) -> OrderTerms:
    _refuse_if(not terms.lines, "A closed order needs its lines.")
    amounts = [line.amount(currency) for line in terms.lines]
    known = [amount for amount in amounts if amount is not None]
    _refuse_if(
        len(known) < len(amounts), "A line of a closed order needs an amount, or a quantity and a unit price."
    )
    _refuse_if(min(known) <= 0, "A line of a closed order has an amount of more than zero.")
    return terms if terms.amount_max_minor is not None else replace(terms, amount_max_minor=sum(known))


def _refuse_if(wrong: bool, message: str) -> None:
    if wrong:
        raise BadPurchaseOrder(message)
