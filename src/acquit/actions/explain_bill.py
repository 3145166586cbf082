"""Walk a bill back to where each cent comes from: prices, quantities, rules, rounding, law, order, books.

One function per kind of charge says what stands behind such a line; `SOURCES` is the list of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from acquit.actions.context import Context
from acquit.core.bill import Bill, Detail, NoSuchBill
from acquit.core.debt import open_minor, standing
from acquit.core.discount import Discount, discount_of
from acquit.core.explanation import (
    DebtSource,
    Explanation,
    LineSource,
    PriceSource,
    TaxSource,
    exact,
    is_rounded,
    tax_code,
)
from acquit.core.identifiers import AccountId, BillId, DebtId, PurchaseOrderId, ServiceId
from acquit.core.minimum_spend import MinimumSpend
from acquit.core.purchase_order import PurchaseOrder
from acquit.store import bills, conditions, debts, explanations, purchase_orders, terms
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Behind:
    """What is known of a bill while its lines are explained, loaded once."""

    tx: Transaction
    bill: Bill
    prices: Mapping[ServiceId, PriceSource]
    discounts: Mapping[int, Discount]
    minimums: Mapping[str, MinimumSpend]


LineExplainer = Callable[[Behind, Detail, LineSource], LineSource]
"""Returns the line with what stands behind it."""


def explain_bill(context: Context, bill_id: BillId) -> Explanation:
    """Return where everything on the bill comes from. Raises NoSuchBill."""
    with context.database.snapshot() as tx:
        account_id = bills.account_of(tx, bill_id)
        bill = None if account_id is None else bills.find(tx, account_id, bill_id)
        if bill is None:
            raise NoSuchBill(bill_id)
        return _explained(tx, bill)


def _explained(tx: Transaction, bill: Bill) -> Explanation:
    account_id, bill_id = bill.account_id, bill.bill_id
    decided = explanations.decision(tx, account_id, bill_id)
    return Explanation(
        bill,
        _lines(tx, bill),
        _taxes(tx, bill),
        None if bill.term_grant_id is None else terms.find(tx, bill.payer_id, bill.term_grant_id),
        _order(tx, bill.purchase_order_account, bill.purchase_order_id),
        decided.series_id,
        decided.number,
        bill.run_id,
        decided.period,
        decided.input_no,
        _debt(tx, bill),
        explanations.entry(tx, account_id, bill_id),
    )


def _lines(tx: Transaction, bill: Bill) -> tuple[LineSource, ...]:
    account_id, bill_id = bill.account_id, bill.bill_id
    behind = Behind(
        tx,
        bill,
        explanations.prices(tx, account_id, bill_id),
        {each.discount_id: each for each in conditions.discounts(tx, [account_id])},
        {each.part: each for each in conditions.minimums(tx, [account_id])},
    )
    accepted = explanations.accepted(tx, account_id, bill_id)
    return tuple(_line(behind, each, accepted.get(each.detail_no)) for each in bill.details)


def _line(behind: Behind, detail: Detail, accepted_on: date | None) -> LineSource:
    plainly = LineSource(
        detail,
        exact(detail.quantity_e4, detail.unit_price_ucents),
        is_rounded(detail, behind.bill),
        accepted_on,
    )
    return SOURCES.get(detail.kind, _of_service)(behind, detail, plainly)


def _of_service(behind: Behind, detail: Detail, line: LineSource) -> LineSource:
    """A renewal, an installation or usage: the price that the service was sold at."""
    return replace(line, price=behind.prices.get(detail.service_id))


def _of_discount(behind: Behind, detail: Detail, line: LineSource) -> LineSource:
    """A discount: which one, and how much was left of the line before it."""
    discount_id = discount_of(detail.part)
    discount = None if discount_id is None else behind.discounts.get(discount_id)
    if discount is None:
        return line
    lowered = 0
    for each in behind.bill.details[: detail.detail_no - 1]:
        if each.kind != "discount":
            lowered = 0
        lowered += each.net_minor
    return replace(line, discount=discount, lowers_minor=lowered)


def _of_adjustment(behind: Behind, detail: Detail, line: LineSource) -> LineSource:
    """What was missing of a minimum spend: which one, and what had been billed."""
    minimum = behind.minimums.get(detail.part)
    if minimum is None:
        return line
    spent = minimum.amount_minor - detail.net_minor
    return replace(line, minimum=minimum, spent_minor=spent)


SOURCES: Final[Mapping[str, LineExplainer]] = {
    "discount": _of_discount,
    "adjustment": _of_adjustment,
}


def _taxes(tx: Transaction, bill: Bill) -> tuple[TaxSource, ...]:
    copies = bills.snapshots(tx, [bill.seller_hash, bill.buyer_hash])
    seller, buyer = copies[bill.seller_hash], copies[bill.buyer_hash]
    return tuple(
        TaxSource(
            each,
            tax_code(each, seller["country"], buyer["country"]),
            seller["country"],
            buyer["country"],
            buyer["vat_id"],
        )
        for each in bill.taxes
    )


def _order(
    tx: Transaction, owner: AccountId | None, order_id: PurchaseOrderId | None
) -> PurchaseOrder | None:
    return None if owner is None or order_id is None else purchase_orders.find(tx, owner, order_id)


def _debt(tx: Transaction, bill: Bill) -> DebtSource | None:
    debt_id = DebtId(bill.order_id)
    debt = debts.find(tx, bill.account_id, debt_id)
    if debt is None:
        return None
    operations = debts.operations(tx, bill.account_id, debt_id)
    paid: dict[str, int] = {}
    for each in standing(operations):
        paid[each.means.value] = paid.get(each.means.value, 0) + each.amount_minor
    return DebtSource(debt_id, open_minor(debt, operations), paid)
