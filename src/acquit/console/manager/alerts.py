"""What asks for attention on the start page: late bills, orders that run out, answers, terms that change."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from acquit.core.dispute import EURO, Dispute, DisputeState
from acquit.core.money import Currency
from acquit.core.purchase_order import PurchaseOrder, used_percent
from acquit.core.terms import Grant, grant_on
from acquit.store.bill_searches import DueDay

ORDER_SOON: Final = 75
ORDER_NOW: Final = 90
ANSWERED_DAYS: Final = 30
CHANGE_DAYS: Final = 60


@dataclass(frozen=True, slots=True)
class Alert:
    """One sentence of the page: `kind` chooses it, `tone` is its colour, the rest fills it."""

    kind: str
    tone: str
    link: str
    name: str = ""
    amount_minor: int = 0
    currency: Currency = EURO
    number: int = 0
    on: date | None = None


def alerts(
    late: Sequence[DueDay],
    orders: Iterable[PurchaseOrder],
    disputes: Iterable[Dispute],
    grants: Sequence[Grant],
    today: date,
) -> list[Alert]:
    """Return what asks for attention, the most urgent first."""
    return [*_overdue(late), *_orders(orders), *_answered(disputes, today), *_terms(grants, today)]


def _overdue(late: Sequence[DueDay]) -> Iterator[Alert]:
    for currency in dict.fromkeys(each.currency for each in late):
        days = [each for each in late if each.currency == currency]
        yield Alert(
            "overdue",
            "bad",
            "/manager/bills?state=late",
            amount_minor=sum(each.open_minor for each in days),
            currency=currency,
            number=sum(each.bills for each in days),
            on=min(each.due_on for each in days),
        )


def _orders(orders: Iterable[PurchaseOrder]) -> Iterator[Alert]:
    for order in orders:
        used = used_percent(order)
        if used is not None and used >= ORDER_SOON:
            yield Alert(
                "order",
                "bad" if used >= ORDER_NOW else "warn",
                f"/manager/purchase-orders/{order.purchase_order_id}",
                name=order.reference,
                amount_minor=max(order.left_minor or 0, 0),
                currency=order.currency,
                number=used,
            )


def _answered(disputes: Iterable[Dispute], today: date) -> Iterator[Alert]:
    since = today - timedelta(days=ANSWERED_DAYS)
    for dispute in disputes:
        if dispute.closed_at is not None and dispute.closed_at.date() >= since:
            is_rejected = dispute.state is DisputeState.REJECTED
            tone = "warn" if is_rejected else "good"
            link = f"/manager/bills/{dispute.bill_id}"
            yield Alert("rejected" if is_rejected else "agreed", tone, link, name=dispute.bill_id)


def _terms(grants: Sequence[Grant], today: date) -> Iterator[Alert]:
    """Tell what follows the term that holds: its end, or another one that was granted already."""
    link, until = "/manager/payment-methods", today + timedelta(days=CHANGE_DAYS)
    holding = grant_on(grants, today)
    coming = [each for each in grants if each.is_approved and today < each.from_on <= until]
    for grant in sorted(coming, key=lambda each: each.from_on):
        yield Alert("term-begins", "calm", link, number=grant.term.days, on=grant.from_on)
    ends_on = None if holding is None else holding.end_on
    if holding is not None and ends_on is not None and ends_on <= until and not coming:
        yield Alert("term-ends", "warn", link, number=holding.term.days, on=ends_on)
