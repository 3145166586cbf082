"""Walk a bill back to where each cent comes from: prices, quantities, rules, rounding, law, order, books.

One function per kind of charge says what stands behind such a line; `SOURCES` is the list of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from acquit.actions.context import Context
from acquit.actions.replay_run import deciding_input
from acquit.actions.run_inputs import names_account
from acquit.core.agreement import settling
from acquit.core.bill import Bill, Detail, NoSuchBill
from acquit.core.debt import open_minor, standing
from acquit.core.discount import Discount, discount_of, keeps_let_off
from acquit.core.explanation import (
    DebtSource,
    Explanation,
    LineSource,
    PriceSource,
    TaxSource,
    UsageSource,
    exact,
    is_rounded,
    tax_code,
)
from acquit.core.identifiers import AccountId, BillId, DebtId, PurchaseOrderId, ServiceId
from acquit.core.minimum_spend import MinimumSpend
from acquit.core.purchase_order import PurchaseOrder
from acquit.core.service_move import GIVEN_BACK, PART
from acquit.store import (
    agreements,
    bills,
    conditions,
    debts,
    explanations,
    purchase_orders,
    run_inputs,
    service_moves,
    services,
    terms,
)
from acquit.store.explanations import RatedUse, RatingKey
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Behind:
    """What is known of a bill while its lines are explained, loaded once."""

    tx: Transaction
    bill: Bill
    prices: Mapping[ServiceId, PriceSource]
    discounts: Mapping[int, Discount]
    minimums: Mapping[str, MinimumSpend]
    ratings: Mapping[RatingKey, RatedUse]


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
        _input_no(tx, bill),
        _debt(tx, bill),
        explanations.entry(tx, account_id, bill_id),
    )


def _input_no(tx: Transaction, bill: Bill) -> int | None:
    """Return which input of its run the bill was decided by; None outside of a run, or where it kept none.

    Where a clock stands still, several pages were written at one instant: the one that has the account is
    meant, and of several such pages the one that decided this of its bills.
    """
    if bill.run_id is None:
        return None
    together = run_inputs.written_with(tx, bill.run_id, bill.account_id, bill.bill_id)
    if len(together) < 2:
        return next(iter(together), None)
    mine = [
        each
        for each in together
        if names_account(run_inputs.find(tx, bill.run_id, each).body, bill.account_id)
    ]
    return mine[0] if len(mine) == 1 else deciding_input(tx, bill, mine)


def _lines(tx: Transaction, bill: Bill) -> tuple[LineSource, ...]:
    account_id, bill_id = bill.account_id, bill.bill_id
    behind = Behind(
        tx,
        bill,
        explanations.prices(tx, account_id, bill_id),
        {each.discount_id: each for each in conditions.discounts(tx, [account_id])},
        {each.part: each for each in conditions.minimums(tx, [account_id])},
        explanations.ratings(tx, account_id, bill_id),
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
    """A renewal or an installation: the price that the service was sold at."""
    return replace(line, price=behind.prices.get(detail.service_id))


def _of_discount(behind: Behind, detail: Detail, line: LineSource) -> LineSource:
    """A discount: which one, and how much was left of the line before it; or what comes back before it."""
    if keeps_let_off(detail.kind, detail.part):
        return replace(line, gives_back_minor=-behind.bill.details[detail.detail_no - 2].net_minor)
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


def _of_usage(behind: Behind, detail: Detail, line: LineSource) -> LineSource:
    """Usage: what was metered when it was rated first, and which part of it this is."""
    _, _, rest = detail.part.partition(":")
    meter, _, name = rest.partition(":")
    owner_id = detail.owner_id or behind.bill.account_id
    rated = behind.ratings.get((owner_id, detail.service_id, meter, detail.period_start, 1))
    if rated is None:
        return line
    found = next((each for each in rated.lines if each[0] == name), None)
    source = _usage(meter, detail.period_start, 1, rated)
    if found is not None:
        _, _, _, used_e4, from_e4, up_to_e4 = found
        source = replace(source, line=name, used_e4=used_e4, from_e4=from_e4, up_to_e4=up_to_e4)
    return replace(line, usage=source)


def _usage(meter: str, month: date, rating_no: int, rated: RatedUse) -> UsageSource:
    return UsageSource(
        meter, month, rated.aggregation, rated.per, rated.events, rated.quantity_e4, rated.net_minor,
        rating_no, rated.up_to_no, rated.price_from_on,
    )  # fmt: skip


def _of_adjustment(behind: Behind, detail: Detail, line: LineSource) -> LineSource:
    """A minimum spend that is made up, use that was rated again, or days that a change settled."""
    minimum = behind.minimums.get(detail.part)
    if minimum is not None:
        spent = minimum.amount_minor - detail.net_minor
        return replace(line, minimum=minimum, spent_minor=spent)
    if detail.part.startswith("usage:"):
        return _of_late_usage(behind, detail, line)
    return _of_change(behind, detail, line)


def _of_late_usage(behind: Behind, detail: Detail, line: LineSource) -> LineSource:
    """What a later rating added to what was charged: that rating and the one before."""
    _, meter, month, number = detail.part.split(":")
    period, rating_no = date.fromisoformat(f"{month}-01"), int(number)
    use = (detail.owner_id or behind.bill.account_id, detail.service_id, meter, period)
    rated, before = behind.ratings.get((*use, rating_no)), behind.ratings.get((*use, rating_no - 1))
    if rated is None or before is None:
        return line
    source = _usage(meter, period, rating_no, rated)
    return replace(line, usage=replace(source, before=(before.quantity_e4, before.net_minor)))


def _of_change(behind: Behind, detail: Detail, line: LineSource) -> LineSource:
    """Days of a service whose terms changed or that ended: which days of which periods, at which terms."""
    owner_id = detail.owner_id or behind.bill.account_id
    service = services.find(behind.tx, owner_id, detail.service_id)
    if service is None:
        return line
    history = agreements.history(behind.tx, service)
    until_on = detail.period_end + timedelta(days=1)
    days = settling(history, detail.period_start, until_on, abs(detail.net_minor))
    return replace(line, days=days, moved=_moved(behind.tx, owner_id, detail))


def _moved(tx: Transaction, owner_id: AccountId, detail: Detail) -> tuple[AccountId, date] | None:
    """Return the other account of a service that changed hands that day, and the day; None: it did not."""
    if detail.part == PART:
        came = service_moves.that_became(tx, owner_id, detail.service_id)
        return None if came is None else (came.account_id, came.moved_on)
    went = service_moves.of_service(tx, owner_id, detail.service_id)
    is_it = went is not None and detail.part == GIVEN_BACK and went.moved_on == detail.period_start
    return (went.to_account_id, went.moved_on) if went is not None and is_it else None


SOURCES: Final[Mapping[str, LineExplainer]] = {
    "discount": _of_discount,
    "adjustment": _of_adjustment,
    "usage": _of_usage,
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
