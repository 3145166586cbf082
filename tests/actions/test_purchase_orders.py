"""Purchase orders are set, changed, closed, raised, replaced, deleted and imported; none overlaps another."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from threading import Barrier
from typing import LiteralString

import pytest

from acquit.actions.change_purchase_order import (
    change_purchase_order,
    close_purchase_order,
    delete_purchase_order,
    raise_purchase_order,
    replace_purchase_order,
)
from acquit.actions.context import Context
from acquit.actions.list_notices import list_notices
from acquit.actions.loading import StaffOnly
from acquit.actions.set_purchase_order import set_order_policy, set_purchase_order
from acquit.core.account import NoSuchAccount
from acquit.core.billing_group import NoSuchBillingGroup
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, BillId, BillingGroupId, PurchaseOrderId
from acquit.core.operator import RoleForbids
from acquit.core.order_change import BadPurchaseOrder, NotARaise, OrderChange, OrderOverlaps, OrderTerms
from acquit.core.purchase_order import (
    Draw,
    NoSuchPurchaseOrder,
    OrderKind,
    OrderLine,
    Policy,
    PurchaseOrder,
    Verdict,
    candidate,
    place,
)
from acquit.store import accounts, purchase_orders
from acquit.store.transaction import Database
from founding import ACME, LAB, PETIT, SAM, SHOP, TODAY, count, found, settle, verbs

START = date(2026, 1, 1)
YEAR = OrderTerms("PO-2026", START, date(2027, 1, 1))
BLANKET = replace(YEAR, kind=OrderKind.BLANKET, amount_max_minor=1000_00)
BY_ACME = f"account:{ACME}/alice"

GROUP: LiteralString = """
    INSERT INTO billing_group (account_id, name) VALUES (%(account_id)s, 'web') RETURNING billing_group_id
"""


@pytest.fixture
def context(database: Database) -> Context:
    made = found(database)
    settle(made)
    return made


def set_order(context: Context, terms: OrderTerms = YEAR, account_id: AccountId = ACME) -> PurchaseOrder:
    return set_purchase_order(context, account_id, terms, by=SAM)


def orders_of(context: Context, account_id: AccountId = ACME) -> list[tuple[str, date, date | None]]:
    with context.database.read() as tx:
        found = purchase_orders.of_account(tx, account_id)
    return [(order.reference, order.start_on, order.end_on) for order in found]


def add_group(context: Context, account_id: AccountId = ACME) -> BillingGroupId:
    with context.database.write() as tx:
        return BillingGroupId(tx.one(GROUP, account_id=account_id).billing_group_id)


def draw(context: Context, order: PurchaseOrder, *rows: tuple[str, int]) -> None:
    with context.database.write() as tx:
        purchase_orders.draw(
            tx,
            [
                Draw(order.account_id, order.purchase_order_id, LAB, BillId(f"FR{number}"), amount,
                     date.fromisoformat(on))
                for number, (on, amount) in enumerate(rows)
            ],
        )  # fmt: skip


def test_what_was_set_is_read_back(context: Context) -> None:
    lines = (
        OrderLine(
            1,
            "A-1",
            "servers",
            "vps-*",
            quantity_e4=12_0000,
            unit_price_ucents=500_000_000,
            cost_account="61",
        ),
        OrderLine(2, "A-2", amount_max_minor=40_00),
    )
    terms = OrderTerms(
        "PO-7", START, None, kind=OrderKind.CLOSED, lines=lines, cost_account="613", description="yes"
    )
    order = set_order(context, terms)
    assert (order.amount_max_minor, order.left_minor, order.lines) == (100_00, 100_00, lines)
    with context.database.read() as tx:
        assert purchase_orders.find(tx, ACME, order.purchase_order_id) == order
        assert purchase_orders.find(tx, PETIT, order.purchase_order_id) is None
        assert purchase_orders.with_maximum(tx) == [order]
    assert verbs(context)[-1] == "set_purchase_order"


def test_a_family_shares_one_order(context: Context) -> None:
    family = set_order(context, replace(BLANKET, members=frozenset({LAB, SHOP})))
    assert (family.is_family, family.members) == (True, frozenset({ACME, LAB, SHOP}))
    own = set_order(context, replace(YEAR, reference="LAB"), LAB)
    draw(context, family, ("2026-10-01", 300_00), ("2026-11-01", 450_00))
    with context.database.read() as tx:
        seen = purchase_orders.concerning(tx, [LAB])
        assert [order.reference for order in seen] == ["PO-2026", "LAB"]
        assert seen[0].drawn_minor == 750_00
        assert candidate(seen, LAB, None, TODAY, None) == own
        assert candidate(seen, SHOP, None, TODAY, None) == seen[0]
        assert place(seen[0], seen, 250_01, Policy.HOLD, TODAY).verdict is Verdict.HOLD
        assert [row.amount_minor for row in purchase_orders.draws(tx, ACME, family.purchase_order_id)] == [
            300_00,
            450_00,
        ]
    assert [notice.text for notice in list_notices(context)] == [
        "Purchase order PO-2026 has reached 75 %; 250.00 EUR are left, at this pace until 2026-11-26."
    ]


def test_strangers_share_no_order(context: Context) -> None:
    with pytest.raises(BadPurchaseOrder, match=PETIT):
        set_order(context, replace(YEAR, members=frozenset({LAB, PETIT})))


def test_an_overlap_names_the_order_in_the_way(context: Context) -> None:
    first = set_order(context)
    for terms in (replace(YEAR, reference="B"), replace(YEAR, reference="B", end_on=None)):
        with pytest.raises(OrderOverlaps) as caught:
            set_order(context, terms)
        assert caught.value.details["other"] == str(first.purchase_order_id)
        assert "'PO-2026'" in caught.value.message
        assert "2026-01-01 until the day before 2027-01-01" in caught.value.message
    set_order(context, OrderTerms("C", date(2027, 1, 1)))
    set_order(context, replace(YEAR, reference="D", members=frozenset({LAB})))
    set_order(context, replace(YEAR, reference="E"), LAB)
    set_order(context, replace(YEAR, reference="F", billing_group_id=add_group(context)))
    set_order(context, replace(YEAR, reference="G", active=False))
    assert len(orders_of(context)) == 5


def test_two_orders_at_once_do_not_overlap(context: Context) -> None:
    barrier = Barrier(2)

    def attempt(number: int) -> str:
        barrier.wait()
        try:
            return set_order(context, replace(YEAR, reference=f"PO-{number}")).reference
        except OrderOverlaps as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(attempt, range(2)))
    assert outcomes.count("purchase-order-overlaps") == 1
    assert len(orders_of(context)) == 1


def test_a_successor_may_overlap(context: Context) -> None:
    first = set_order(context, BLANKET)
    after = replace(YEAR, reference="NEXT", end_on=None, succeeds_id=first.purchase_order_id)
    second = set_order(context, after)
    with pytest.raises(BadPurchaseOrder, match="no such order 9999"):
        set_order(context, replace(after, succeeds_id=PurchaseOrderId(9999)))
    draw(context, first, ("2026-11-01", 999_00))
    with context.database.write() as tx:
        held = purchase_orders.lock_concerning(tx, [ACME])
        chosen = candidate(held, ACME, None, TODAY, None)
        assert place(chosen, held, 1_01, Policy.PROCEED, TODAY).order == second
    with pytest.raises(OrderOverlaps, match="NEXT"):
        set_order(context, OrderTerms("STRANGER", date(2027, 1, 1)))


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        (replace(YEAR, reference=""), BadPurchaseOrder),
        (replace(YEAR, kind=OrderKind.BLANKET), BadPurchaseOrder),
        (replace(YEAR, billing_group_id=BillingGroupId(77)), NoSuchBillingGroup),
    ],
)
def test_a_wrong_order_leaves_nothing(context: Context, terms: OrderTerms, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        set_order(context, terms)
    assert count(context, "purchase_order") == 0


def test_who_may_set_orders(context: Context) -> None:
    assert set_purchase_order(context, ACME, YEAR, by="operator:bob").created_by == "operator:bob"
    assert set_purchase_order(context, LAB, YEAR, by=f"account:{LAB}").created_by == f"account:{LAB}"
    with pytest.raises(StaffOnly):
        set_purchase_order(context, PETIT, YEAR, by=BY_ACME)
    with pytest.raises(NoSuchAccount):
        set_purchase_order(context, AccountId("zz99999-acq"), YEAR, by=SAM)


def test_an_account_changes_its_order(context: Context) -> None:
    order = set_order(context, replace(YEAR, description="first"))
    change = OrderChange(reference="PO-2026-B", end_on=None, active=False)
    changed = change_purchase_order(context, ACME, order.purchase_order_id, change, by=BY_ACME)
    assert (changed.reference, changed.end_on, changed.active, changed.description) == (
        "PO-2026-B", None, False, "first",
    )  # fmt: skip
    assert changed.updated_at > order.updated_at
    group = add_group(context)
    grouped = OrderChange(billing_group_id=group)
    assert change_purchase_order(
        context, ACME, order.purchase_order_id, grouped, by=BY_ACME
    ).billing_group_id == group  # fmt: skip


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (OrderChange(start_on=date(2028, 1, 1)), BadPurchaseOrder),
        (OrderChange(reference="x" * 300), BadPurchaseOrder),
        (OrderChange(billing_group_id=BillingGroupId(77)), NoSuchBillingGroup),
        (OrderChange(end_on=None), OrderOverlaps),
    ],
)
def test_a_wrong_change_changes_nothing(
    context: Context, change: OrderChange, refusal: type[Refusal]
) -> None:
    order = set_order(context)
    set_order(context, OrderTerms("NEXT", date(2027, 1, 1)))
    with pytest.raises(refusal):
        change_purchase_order(context, ACME, order.purchase_order_id, change, by=BY_ACME)
    with context.database.read() as tx:
        assert purchase_orders.find(tx, ACME, order.purchase_order_id) == order


def test_another_accounts_order_does_not_exist(context: Context) -> None:
    order = set_order(context).purchase_order_id
    attempts: list[Callable[[], object]] = [
        lambda: change_purchase_order(context, PETIT, order, OrderChange(), by=f"account:{PETIT}"),
        lambda: delete_purchase_order(context, PETIT, order, by=f"account:{PETIT}"),
        lambda: close_purchase_order(context, LAB, order, by=SAM),
    ]
    for attempt in attempts:
        with pytest.raises(NoSuchPurchaseOrder):
            attempt()


def test_a_deleted_order_is_gone_from_the_lists_only(context: Context) -> None:
    order = set_order(context)
    delete_purchase_order(context, ACME, order.purchase_order_id, by=BY_ACME)
    assert orders_of(context) == []
    assert count(context, "purchase_order") == 1
    with pytest.raises(NoSuchPurchaseOrder):
        delete_purchase_order(context, ACME, order.purchase_order_id, by=BY_ACME)
    set_order(context)


def test_closing_is_dated(context: Context) -> None:
    order = set_order(context)
    assert close_purchase_order(context, ACME, order.purchase_order_id, by=SAM).end_on == TODAY
    with pytest.raises(BadPurchaseOrder, match="already"):
        close_purchase_order(context, ACME, order.purchase_order_id, by=SAM)
    future = set_order(context, OrderTerms("FUTURE", date(2027, 6, 1)))
    close_purchase_order(context, ACME, future.purchase_order_id, by=SAM)
    assert orders_of(context) == [("PO-2026", START, TODAY)]


def test_raising_is_recorded(context: Context) -> None:
    order = set_order(context, BLANKET)
    assert raise_purchase_order(context, ACME, order.purchase_order_id, 1500_00, by=SAM).left_minor == 1500_00
    with pytest.raises(NotARaise):
        raise_purchase_order(context, ACME, order.purchase_order_id, 1500_00, by=SAM)
    with pytest.raises(RoleForbids):
        raise_purchase_order(context, ACME, order.purchase_order_id, 9000_00, by="operator:tim")


@pytest.fixture(autouse=True)
def _treasurer(context: Context) -> None:
    with context.database.write() as tx:
        tx.run(
            "INSERT INTO operator (operator_id, name, role, password_hash) "
            "VALUES ('tim', 'Tim', 'treasury', 'x')"
        )


def test_replacing_closes_and_opens_in_one_act(context: Context) -> None:
    family = set_order(context, replace(BLANKET, members=frozenset({LAB})))
    new = replace_purchase_order(
        context,
        ACME,
        family.purchase_order_id,
        "PO-2027",
        by=SAM,
        from_on=date(2026, 12, 1),
        amount_max_minor=5,
    )
    assert (new.reference, new.start_on, new.end_on, new.amount_max_minor, new.members, new.kind) == (
        "PO-2027", date(2026, 12, 1), date(2027, 1, 1), 5, frozenset({ACME, LAB}), OrderKind.BLANKET,
    )  # fmt: skip
    assert orders_of(context) == [
        ("PO-2026", START, date(2026, 12, 1)),
        ("PO-2027", date(2026, 12, 1), date(2027, 1, 1)),
    ]
    assert verbs(context)[-3:] == ["close_purchase_order", "set_purchase_order", "replace_purchase_order"]


def test_a_replacement_that_is_refused_leaves_the_old_order(context: Context) -> None:
    order = set_order(context, BLANKET)
    set_order(context, replace(BLANKET, reference="NEXT", succeeds_id=order.purchase_order_id))
    before = orders_of(context)
    with pytest.raises(OrderOverlaps, match="NEXT"):
        replace_purchase_order(context, ACME, order.purchase_order_id, "PO-2027", by=SAM)
    with pytest.raises(BadPurchaseOrder):
        replace_purchase_order(context, ACME, order.purchase_order_id, "", by=SAM)
    assert orders_of(context) == before


def test_the_policy_is_the_accounts(context: Context) -> None:
    set_purchase_order(context, ACME, YEAR, by=SAM, policy=Policy.HOLD, hold_days_max=10)
    set_order_policy(context, LAB, Policy.WARN, by=f"account:{LAB}")
    with context.database.read() as tx:
        acme, lab = accounts.find_several(tx, [ACME, LAB])
    assert (acme.order_policy, acme.hold_days_max) == (Policy.HOLD, 10)
    assert (lab.order_policy, lab.hold_days_max) == (Policy.WARN, 30)
    with pytest.raises(BadPurchaseOrder):
        set_order_policy(context, ACME, Policy.HOLD, by=SAM, hold_days_max=1000)


def test_a_spent_order_is_told(context: Context) -> None:
    order = set_order(context, BLANKET)
    set_order(context, replace(YEAR, reference="open"), LAB)
    draw(context, order, ("2026-11-01", 1000_00))
    assert [(notice.code, notice.text) for notice in list_notices(context)] == [
        ("purchase-order-spent", "Purchase order PO-2026 is spent.")
    ]
