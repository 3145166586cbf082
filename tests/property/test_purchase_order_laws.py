"""What holds for every order, whatever is billed and given back."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.identifiers import AccountId, PurchaseOrderId
from acquit.core.money import Currency
from acquit.core.order_change import collision
from acquit.core.purchase_order import (
    OrderKind,
    Policy,
    PurchaseOrder,
    Verdict,
    candidate,
    draw,
    place,
    used_percent,
)

ACCOUNT, START = AccountId("ab12345-acq"), date(2026, 1, 1)
AT = datetime(2026, 1, 1, tzinfo=UTC)


def _order(
    number: int,
    start: int = 0,
    length: int | None = None,
    maximum: int | None = None,
    succeeds: int | None = None,
) -> PurchaseOrder:
    first = START + timedelta(days=start)
    return PurchaseOrder(
        account_id=ACCOUNT,
        purchase_order_id=PurchaseOrderId(number),
        reference=f"PO-{number}",
        start_on=first,
        end_on=None if length is None else first + timedelta(days=length),
        kind=OrderKind.OPEN if maximum is None else OrderKind.BLANKET,
        amount_max_minor=maximum,
        currency=Currency("EUR"),
        created_by="cli",
        created_at=AT,
        updated_at=AT,
        succeeds_id=None if succeeds is None else PurchaseOrderId(succeeds),
    )


maxima = st.lists(st.integers(min_value=1, max_value=10_000), min_size=1, max_size=4)
bills = st.lists(st.tuples(st.integers(min_value=1, max_value=4_000), st.booleans()), max_size=60)


@given(maxima, bills)
def test_nothing_is_drawn_that_was_not_billed_and_no_order_is_overspent(
    limits: list[int], moves: list[tuple[int, bool]]
) -> None:
    orders = {
        number: _order(number, maximum=limit, succeeds=number - 1 or None)
        for number, limit in enumerate(limits, 1)
    }
    issued: list[tuple[int, int]] = []
    for net, gives_back in moves:
        if gives_back and issued:
            number, amount = issued.pop()
            orders[number] = draw(orders[number], -amount)
            continue
        held = list(orders.values())
        placement = place(candidate(held, ACCOUNT, None, START, None), held, net, Policy.HOLD, START)
        if placement.order is None:
            assert placement.verdict is Verdict.HOLD
            assert all(not order.carries(net) for order in held)
            continue
        number = placement.order.purchase_order_id
        orders[number] = draw(orders[number], net)
        issued.append((number, net))
    assert sum(order.drawn_minor for order in orders.values()) == sum(amount for _, amount in issued)
    for order in orders.values():
        assert 0 <= order.drawn_minor <= (order.amount_max_minor or 0)
        assert 0 <= (used_percent(order) or 0) <= 100


spans = st.lists(
    st.tuples(st.integers(0, 60), st.none() | st.integers(1, 40)), min_size=1, max_size=8
)  # fmt: skip


@given(spans, st.integers(0, 120))
def test_orders_that_do_not_collide_leave_one_candidate_for_a_day(
    rows: list[tuple[int, int | None]], day: int
) -> None:
    kept: list[PurchaseOrder] = []
    for number, (start, length) in enumerate(rows, 1):
        order = _order(number, start, length)
        if collision(order, kept) is None:
            kept.append(order)
    on = START + timedelta(days=day)
    covering = [order for order in kept if order.covers(on)]
    assert len(covering) <= 1
    assert candidate(kept, ACCOUNT, None, on, None) == (covering[0] if covering else None)


@given(spans)
def test_to_collide_is_mutual(rows: list[tuple[int, int | None]]) -> None:
    orders = [_order(number, *row) for number, row in enumerate(rows, 1)]
    for one in orders:
        for other in orders:
            assert (collision(one, [other]) is None) == (collision(other, [one]) is None)
