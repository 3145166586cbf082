"""Notices: what sales or an account should look at, derived from the books each time they are read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.core.account import BelowZero
from acquit.core.identifiers import AccountId
from acquit.core.money import E4_PER_ONE, Currency, amount_minor, plain
from acquit.core.planned_change import PlannedChange, takes_effect_on
from acquit.core.purchase_order import Draw, PurchaseOrder, exhausted_on, line_warned_at, warned_at
from acquit.core.service import Service
from acquit.core.terms import Applicant, Grant, warnings

CARRIED_DAYS: Final = 62
"""What comes back has met two monthly runs by then, and no bill that it could lower."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about an account that a person should look at; `subject` is a grant's or an order's id."""

    account_id: AccountId
    code: str
    subject: str
    text: str


def of_grant(grant: Grant, applicant: Applicant, left_minor: int | None) -> list[Notice]:
    """Return the conditions that the account has lost since the grant, and whether its limit is exceeded."""
    subject = str(grant.grant_id)
    lost = [
        Notice(grant.account_id, finding.code, subject, f"{finding.reason} The term of {grant.term} goes on.")
        for finding in warnings(applicant)
    ]
    if left_minor is None or left_minor >= 0:
        return lost
    over = plain(-left_minor, grant.currency)
    text = f"The credit limit is exceeded by {over} {grant.currency}: renewals are billed, new orders wait."
    return [*lost, Notice(grant.account_id, "credit-limit-exceeded", subject, text)]


def of_order(order: PurchaseOrder, draws: Iterable[Draw], today: date) -> list[Notice]:
    """Return whether the order has passed a threshold, with the day on which it will be spent if known."""
    mark = warned_at(order)
    left = order.left_minor
    if mark is None or left is None or not order.covers(today):
        return []
    subject = str(order.purchase_order_id)
    if left <= 0:
        text = f"Purchase order {order.reference} is spent."
        return [Notice(order.account_id, "purchase-order-spent", subject, text)]
    spent_on = exhausted_on(order, draws, today)
    text = f"Purchase order {order.reference} has reached {mark} %; {plain(left, order.currency)} "
    text += f"{order.currency} are left"
    text += "." if spent_on is None else f", at this pace until {spent_on}."
    return [Notice(order.account_id, f"purchase-order-{mark}-percent", subject, text)]


def of_lines(order: PurchaseOrder, today: date) -> list[Notice]:
    """Return the lines of the order that have passed a threshold: a bill that needs more of one is placed
    elsewhere or held, whatever the order as a whole has left."""
    if not order.covers(today):
        return []
    found = []
    for line in order.lines:
        mark = line_warned_at(line, order.currency)
        if mark is None:
            continue
        left = (line.amount(order.currency) or 0) - line.drawn_minor
        name = f"Line {line.line_no} ({line.item_number}) of purchase order {order.reference}"
        subject = f"{order.purchase_order_id}/{line.line_no}"
        if left <= 0:
            found.append(Notice(order.account_id, "purchase-order-line-spent", subject, f"{name} is spent."))
            continue
        text = f"{name} has reached {mark} %; {plain(left, order.currency)} {order.currency} are left."
        found.append(Notice(order.account_id, f"purchase-order-line-{mark}-percent", subject, text))
    return found


def of_price(change: PlannedChange, service: Service) -> Notice:
    """Return that another price was announced, from which renewal on it holds, and why."""
    now, then = (
        plain(amount_minor(E4_PER_ONE, ucents, service.currency), service.currency)
        for ucents in (service.unit_price_ucents, change.unit_price_ucents or 0)
    )
    text = (
        f"{service.description} ({service.resource_name}) costs {then} {service.currency} instead of {now} "
        f"from the renewal of {takes_effect_on(change, service)} on: {change.reason}."
    )
    return Notice(service.account_id, "price-change", str(service.service_id), text)


def of_carried(
    account_id: AccountId, currency: Currency, net_minor: int, since_on: date, today: date, setting: BelowZero
) -> list[Notice]:
    """Return whether something comes back to the account that no bill has taken up for two months."""
    if net_minor >= 0 or (today - since_on).days <= CARRIED_DAYS:
        return []
    back = f"{plain(-net_minor, currency)} {currency}"
    text = f"{back} come back to the account since {since_on} and lower no bill: "
    text += "nothing was charged that they could stand beside"
    if setting in (BelowZero.CREDIT_NOTE, BelowZero.CREDIT_BALANCE):
        text += ", and the bills that they come from do not bear them whole: lowered by a discount, owed by "
        text += "another payer, or given up. They lower the next bill of the account."
    else:
        text += (
            ". They lower the next bill of the account; with below_zero credit-note the next run gives them "
        )
        text += "back on the bills that they come from."
    return [Notice(account_id, "carried-for-long", str(currency), text)]
