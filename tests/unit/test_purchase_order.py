"""Purchase orders: which one a bill quotes, what is left of it, what happens when none fits."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from acquit.core import order_change as change
from acquit.core import purchase_order as law
from acquit.core.identifiers import AccountId, BillId, BillingGroupId, PurchaseOrderId
from acquit.core.money import Currency
from acquit.core.order_change import (
    UNCHANGED,
    BadPurchaseOrder,
    NotARaise,
    OrderChange,
    OrderOverlaps,
    OrderTerms,
)
from acquit.core.purchase_order import (
    Draw,
    MatchedBy,
    NoSuchPurchaseOrder,
    OrderKind,
    OrderLine,
    OrderStatus,
    Placement,
    Policy,
    PurchaseOrder,
    Verdict,
)

EUR = Currency("EUR")
OWNER, SUB, OTHER = AccountId("ab12345-acq"), AccountId("cd12345-acq"), AccountId("ef12345-acq")
GROUP = BillingGroupId(5)
START, END = date(2026, 1, 1), date(2027, 1, 1)


def order(number: int = 1, **members: object) -> PurchaseOrder:
    given = {
        "account_id": OWNER,
        "purchase_order_id": PurchaseOrderId(number),
        "reference": f"PO-{number}",
        "start_on": START,
        "end_on": END,
        "currency": EUR,
        "created_by": "cli",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "updated_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return PurchaseOrder(**(given | members))  # type: ignore[arg-type]


def blanket(number: int = 1, maximum: int = 1000_00, drawn: int = 0, **members: object) -> PurchaseOrder:
    return order(number, kind=OrderKind.BLANKET, amount_max_minor=maximum, drawn_minor=drawn, **members)


def family(number: int = 1, **members: object) -> PurchaseOrder:
    return order(number, is_family=True, members=frozenset({OWNER, SUB}), **members)


def chosen(orders: list[PurchaseOrder], *, by: AccountId = OWNER, group: BillingGroupId | None = None,
           on: str = "2026-06-01", period: str | None = None) -> int | None:  # fmt: skip
    start = None if period is None else date.fromisoformat(period)
    found = law.candidate(orders, by, group, date.fromisoformat(on), start)
    return None if found is None else found.purchase_order_id


def test_the_start_is_included_and_the_end_is_not() -> None:
    days = ("2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01")
    assert [chosen([order()], on=day) for day in days] == [None, 1, 1, None]
    assert chosen([order(end_on=None)], on="2099-01-01") == 1


def test_the_group_comes_before_the_account_before_the_family() -> None:
    orders = [family(3), order(2), order(1, billing_group_id=GROUP)]
    assert chosen(orders, group=GROUP) == 1
    assert chosen(orders) == 2
    assert chosen(orders, group=BillingGroupId(6)) == 2
    assert chosen(orders[:1]) == 3
    assert chosen(orders, by=SUB) == 3
    assert chosen(orders, by=OTHER) is None
    assert chosen([*orders, order(4, account_id=SUB)], by=SUB) == 4


def test_suspended_and_deleted_orders_apply_to_nothing() -> None:
    assert chosen([order(active=False)]) is None
    assert chosen([order(status=OrderStatus.DELETED)]) is None


def test_december_billed_in_january() -> None:
    by_bill = [order(1), order(2, start_on=END, end_on=None)]
    assert chosen(by_bill, on="2027-01-01", period="2026-12-01") == 2
    by_period = [replace(each, matched_by=MatchedBy.SERVICE_PERIOD) for each in by_bill]
    assert chosen(by_period, on="2027-01-01", period="2026-12-01") == 1
    assert chosen(by_period, on="2027-01-01") == 2


def test_a_successor_waits_for_the_order_before_it() -> None:
    first = order(1, end_on=date(2026, 7, 1))
    second = order(2, succeeds_id=PurchaseOrderId(1))
    assert chosen([second, first]) == 1
    assert chosen([second, first], on="2026-07-01") == 2
    assert chosen([second, replace(first, active=False)]) == 2


def placed(orders: list[PurchaseOrder], net: int, policy: Policy = Policy.PROCEED) -> Placement:
    day = date(2026, 6, 1)
    return law.place(law.candidate(orders, OWNER, None, day, None), orders, net, policy, day)


def test_a_bill_goes_whole_to_the_order_that_carries_it() -> None:
    first, second = blanket(1, drawn=900_00), blanket(2, succeeds_id=PurchaseOrderId(1))
    third = order(3, succeeds_id=PurchaseOrderId(2))
    orders = [third, second, first]
    assert placed(orders, 100_00) == Placement(first, Verdict.OK)
    assert placed(orders, 100_01) == Placement(second, Verdict.OK)
    assert placed(orders, 1000_01) == Placement(third, Verdict.OK)
    assert placed([second, first], 1000_01) == Placement(None, Verdict.NONE, "spent")


def test_a_successor_that_does_not_cover_the_day_is_passed_over() -> None:
    first = blanket(1, drawn=1000_00)
    later = blanket(2, succeeds_id=PurchaseOrderId(1), start_on=date(2026, 7, 1))
    last = order(3, succeeds_id=PurchaseOrderId(2))
    assert placed([first, later], 1) == Placement(None, Verdict.NONE, "spent")
    assert placed([first, later, last], 1) == Placement(last, Verdict.OK)


def test_a_ring_of_successors_ends() -> None:
    ring = [
        blanket(1, drawn=1000_00, succeeds_id=PurchaseOrderId(2)),
        blanket(2, drawn=1000_00, succeeds_id=PurchaseOrderId(1)),
    ]
    assert [each.purchase_order_id for each in law.chain(ring[0], ring)] == [1, 2]
    assert chosen(ring) is None
    crooked = [order(1, succeeds_id=PurchaseOrderId(2)), order(2, succeeds_id=PurchaseOrderId(1)),
               order(3, succeeds_id=PurchaseOrderId(1))]  # fmt: skip
    assert change.collision(crooked[2], crooked[:2]) is None
    assert change.collision(order(4), crooked[:2]) == crooked[0]


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [(Policy.PROCEED, Verdict.NONE), (Policy.WARN, Verdict.WARN), (Policy.HOLD, Verdict.HOLD)],
)
def test_without_an_order_the_policy_decides(policy: Policy, verdict: Verdict) -> None:
    assert placed([], 1, policy) == Placement(None, verdict, "missing")
    assert placed([order(start_on=date(2026, 7, 1))], 1, policy) == Placement(None, verdict, "missing")
    assert placed([order(end_on=date(2026, 6, 1))], 1, policy) == Placement(None, verdict, "expired")
    assert placed([blanket(drawn=1000_00)], 1, policy) == Placement(None, verdict, "spent")


def test_drawing() -> None:
    used = law.draw(blanket(), 750_00)
    assert (used.left_minor, law.used_percent(used), law.warned_at(used)) == (250_00, 75, 75)
    assert law.draw(used, -750_00) == blanket()
    assert (order().left_minor, law.used_percent(order()), law.warned_at(order())) == (None, None, None)
    with pytest.raises(AssertionError):
        law.draw(used, 250_01)


@pytest.mark.parametrize(
    ("before", "after", "mark"),
    [(0, 749_99, None), (0, 750_00, 75), (750_00, 899_99, None), (750_00, 900_00, 90), (0, 1000_00, 90),
     (950_00, 800_00, None), (900_00, 1000_00, None)],
)  # fmt: skip
def test_a_threshold_warns_once(before: int, after: int, mark: int | None) -> None:
    assert law.newly_warned(blanket(drawn=before), blanket(drawn=after)) == mark


def drawn(*rows: tuple[str, int]) -> list[Draw]:
    return [
        Draw(OWNER, PurchaseOrderId(1), OWNER, BillId(f"FR{number}"), amount, date.fromisoformat(on))
        for number, (on, amount) in enumerate(rows)
    ]


TODAY = date(2026, 2, 10)


@pytest.mark.parametrize(
    ("held", "draws", "day"),
    [
        (order(), [("2026-01-01", 10), ("2026-02-01", 10)], None),
        (blanket(drawn=1000_00), [("2026-01-01", 1000_00)], "2026-02-10"),
        (blanket(drawn=100_00), [("2026-01-01", 100_00)], None),
        (blanket(drawn=100_00), [("2026-01-01", 60_00), ("2026-01-01", 40_00)], None),
        (blanket(drawn=200_00), [("2026-01-01", 100_00), ("2026-02-01", 100_00)], "2026-10-07"),
        (blanket(drawn=0), [("2026-01-01", 100_00), ("2026-01-01", -100_00), ("2026-02-01", 0)], None),
        (blanket(drawn=20_00), [("2026-01-01", 10_00), ("2026-02-01", 10_00)], None),
        (blanket(drawn=2), [("2026-01-01", 1), ("2026-02-01", 1)], None),
        (
            blanket(maximum=200_01, drawn=200_00),
            [("2026-01-01", 100_00), ("2026-02-01", 100_00)],
            "2026-02-10",
        ),
    ],
)
def test_the_day_of_exhaustion(held: PurchaseOrder, draws: list[tuple[str, int]], day: str | None) -> None:
    said = law.exhausted_on(held, drawn(*draws), TODAY)
    assert said == (None if day is None else date.fromisoformat(day))


def test_without_an_end_the_forecast_goes_further() -> None:
    held = blanket(drawn=20_00, end_on=None)
    assert law.exhausted_on(held, drawn(("2026-01-01", 10_00), ("2026-02-01", 10_00)), TODAY) == date(
        2034, 5, 28
    )


def test_a_hold_has_a_last_day() -> None:
    assert law.hold_until(date(2026, 1, 1), 30) == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("*", "anything", True),
        ("vps-1", "vps-1", True),
        ("vps-1", "vps-10", False),
        ("vps-*", "vps-10.net", True),
        ("*.net", "a.net", True),
        ("*.net", "anet", False),
        ("a*b*c", "a1b2c", True),
        ("a.c", "abc", False),
    ],
)
def test_lines_cover_services_by_pattern(pattern: str, name: str, covered: bool) -> None:
    assert OrderLine(1, "A1", service_pattern=pattern).covers(name) is covered


@pytest.mark.parametrize(
    ("lines", "shares", "found"),
    [
        ("vps-* 10, * 50", "vps-1 5, x 5", {"vps-1": 1, "x": 2}),
        ("vps-* 10, vps-* 50", "vps-1 20", {"vps-1": 2}),
        ("vps-* 10, vps-* 50", "vps-1 10, vps-2 1", {"vps-1": 1, "vps-2": 2}),
        ("vps-* 10", "vps-1 6, vps-2 5", None),
        ("vps-* 10", "vps-1 10, x 99", {"vps-1": 1}),
        ("vps-* -", "vps-1 999999", {"vps-1": 1}),
        ("vps-* 10", "vps-1 -3", {"vps-1": 1}),
        ("", "vps-1 5", {}),
    ],
)
def test_a_service_goes_to_the_first_line_that_covers_it_and_has_room(
    lines: str, shares: str, found: dict[str, int] | None
) -> None:
    held = order(
        lines=tuple(
            OrderLine(number, "A", service_pattern=pattern, amount_max_minor=_amount(limit))
            for number, (pattern, limit) in enumerate(_pairs(lines), 1)
        )
    )
    assert law.lines_for(held, {name: int(net) for name, net in _pairs(shares)}) == found


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = [each.split() for each in text.split(", ") if each]
    return [(first, second) for first, second in pairs]


def _amount(limit: str) -> int | None:
    return None if limit == "-" else int(limit)


def test_what_is_drawn_is_drawn_from_lines_too_and_given_back() -> None:
    held = order(lines=(OrderLine(1, "A", service_pattern="vps-*", amount_max_minor=10),))
    drawn = law.draw(held, 7, {"vps-1": 6, "x": 1})
    assert (drawn.drawn_minor, [line.drawn_minor for line in drawn.lines]) == (7, [6])
    assert (drawn.carries(4, {"vps-1": 4}), drawn.carries(5, {"vps-1": 5})) == (True, False)
    assert law.draw(drawn, -7, {"vps-1": -6, "x": -1}) == held


def test_a_bill_leaves_an_order_whose_line_is_spent() -> None:
    first = order(1, lines=(OrderLine(1, "A", amount_max_minor=10, drawn_minor=8),))
    later = order(2, succeeds_id=PurchaseOrderId(1))
    assert law.place(first, [first], 3, Policy.HOLD, START, None, {"x": 3}).reason == law.Lack.SPENT
    assert law.place(first, [first, later], 3, Policy.HOLD, START, None, {"x": 3}).order == later
    assert law.place(first, [first, later], 2, Policy.HOLD, START, None, {"x": 2}).order == first


def test_amounts_of_lines() -> None:
    assert OrderLine(1, "A", amount_max_minor=5).amount(EUR) == 5
    assert OrderLine(1, "A", quantity_e4=12_0000, unit_price_ucents=10_00000000).amount(EUR) == 120_00
    assert OrderLine(1, "A", quantity_e4=12_0000).amount(EUR) is None
    assert OrderLine(1, "A", unit_price_ucents=1).amount(EUR) is None


def test_orders_of_one_scope_do_not_overlap() -> None:
    assert change.collision(order(2, start_on=date(2026, 12, 31), end_on=None), [order(1)]) == order(1)
    assert change.collision(order(2, start_on=END, end_on=None), [order(1)]) is None
    assert change.collision(order(2, start_on=date(2025, 1, 1), end_on=START), [order(1)]) is None
    assert change.collision(order(2), [order(1, end_on=None)]) is not None
    assert change.collision(order(1), [order(1)]) is None
    for other in (
        order(1, billing_group_id=GROUP), family(1), order(1, account_id=SUB), order(1, active=False),
        order(1, status=OrderStatus.DELETED),
    ):  # fmt: skip
        assert change.collision(order(2), [other]) is None
    assert change.collision(order(2, active=False), [order(1)]) is None


def test_a_chain_may_overlap_and_nothing_else() -> None:
    first, second = order(1), order(2, succeeds_id=PurchaseOrderId(1), end_on=None)
    third = order(3, succeeds_id=PurchaseOrderId(2))
    assert change.collision(third, [first, second]) is None
    assert change.collision(first, [second, third]) is None
    stranger = order(4, start_on=END, end_on=None)
    assert change.collision(stranger, [first, second]) == second


def test_an_overlap_names_the_other_order() -> None:
    change.refuse_overlap(order(2), [])
    with pytest.raises(OrderOverlaps) as caught:
        change.refuse_overlap(order(2), [order(1)])
    assert (
        "'PO-1' (number 1), which covers 2026-01-01 until the day before 2027-01-01" in caught.value.message
    )
    assert caught.value.details == {"other": "1", "other_reference": "PO-1"}
    with pytest.raises(OrderOverlaps, match="without end"):
        change.refuse_overlap(order(2), [order(1, end_on=None)])


LINE = OrderLine(1, "A1", amount_max_minor=600_00)


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"reference": " "}, "needs a reference"),
        ({"reference": "x" * 256}, "at most 255"),
        ({"reference": "PO\n1"}, "control characters"),
        ({"end_on": START}, "after the start"),
        ({"kind": OrderKind.BLANKET, "amount_max_minor": 0}, "more than zero"),
        ({"billing_group_id": GROUP, "members": frozenset({OWNER, SUB})}, "no billing group"),
        ({"kind": OrderKind.BLANKET}, "needs a maximum"),
        ({"amount_max_minor": 5}, "no maximum"),
        ({"lines": (LINE,)}, "Only a closed order"),
        ({"kind": OrderKind.CLOSED}, "needs its lines"),
        ({"kind": OrderKind.CLOSED, "lines": (OrderLine(1, "A1"),)}, "needs an amount"),
        ({"kind": OrderKind.CLOSED, "lines": (OrderLine(1, "A1", amount_max_minor=0),)}, "more than zero"),
    ],
)
def test_an_order_may_not_contradict_itself(members: dict[str, object], says: str) -> None:
    given = {"reference": "PO-1", "start_on": START} | members
    with pytest.raises(BadPurchaseOrder, match=says):
        change.checked(OrderTerms(**given), EUR)  # type: ignore[arg-type]


def test_a_closed_order_adds_up_its_lines() -> None:
    terms = OrderTerms("PO-1", START, kind=OrderKind.CLOSED, lines=(LINE, replace(LINE, line_no=2)))
    assert change.checked(terms, EUR).amount_max_minor == 1200_00
    assert change.checked(replace(terms, amount_max_minor=1000_00), EUR).amount_max_minor == 1000_00
    plain = OrderTerms("PO-1", START)
    assert change.checked(plain, EUR) == plain


def test_only_what_is_given_changes() -> None:
    before = order(description="old")
    assert change.changed(before, OrderChange()) == before
    after = change.changed(before, OrderChange(reference="PO-9", end_on=None, description=None))
    assert after == replace(before, reference="PO-9", end_on=None, description=None)
    assert OrderChange().active is UNCHANGED
    with pytest.raises(BadPurchaseOrder):
        change.changed(before, OrderChange(start_on=END))


def test_an_order_says_what_it_said() -> None:
    held = family(7, cost_account="6135")
    terms = change.terms_of(held)
    assert (terms.reference, terms.members, terms.cost_account, terms.is_family) == (
        "PO-7", held.members, "6135", True,
    )  # fmt: skip


def test_a_provisional_order_is_what_its_terms_say() -> None:
    held = family(7, cost_account="6135", lines=(LINE,), kind=OrderKind.CLOSED)
    made = change.provisional(change.terms_of(held), OWNER, EUR, "cli", held.created_at)
    assert made == replace(held, purchase_order_id=PurchaseOrderId(0))


def test_a_successor_is_of_the_same_scope() -> None:
    second = order(2, succeeds_id=PurchaseOrderId(1))
    change.refuse_strange_successor(order(2), [])
    change.refuse_strange_successor(second, [order(1)])
    for others in ([], [family(1)], [order(1, billing_group_id=GROUP)]):
        with pytest.raises(BadPurchaseOrder, match="no such order 1"):
            change.refuse_strange_successor(second, others)


def test_closing() -> None:
    assert change.closed(order(), date(2026, 6, 1)).end_on == date(2026, 6, 1)
    assert change.closed(order(end_on=None), date(2026, 6, 1)).end_on == date(2026, 6, 1)
    assert change.closed(order(), START).status is OrderStatus.DELETED
    with pytest.raises(BadPurchaseOrder, match="ends on 2027-01-01 already"):
        change.closed(order(), END)


def test_raising() -> None:
    assert change.raised(blanket(), 2000_00).amount_max_minor == 2000_00
    for held, maximum in ((blanket(), 1000_00), (blanket(), 1), (order(), 5)):
        with pytest.raises(NotARaise):
            change.raised(held, maximum)


def test_what_is_not_there_is_named() -> None:
    assert NoSuchPurchaseOrder(12).details == {"purchase_order": "12"}
