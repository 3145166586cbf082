"""Purchase orders are set, changed, closed, raised, replaced, deleted and imported; none overlaps another."""

import json
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
from acquit.actions.import_purchase_orders import ImportRefused, import_purchase_orders
from acquit.actions.list_notices import list_notices
from acquit.actions.loading import StaffOnly
from acquit.actions.set_purchase_order import NoSuchBillingGroup, set_order_policy, set_purchase_order
from acquit.core.account import NoSuchAccount
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, BillId, BillingGroupId, PurchaseOrderId
from acquit.core.operator import RoleForbids
from acquit.core.order_change import BadPurchaseOrder, NotARaise, OrderChange, OrderOverlaps, OrderTerms
from acquit.core.purchase_order import (
    Draw,
    MatchedBy,
    NoSuchPurchaseOrder,
    OrderKind,
    OrderLine,
    Policy,
    PurchaseOrder,
    Verdict,
    candidate,
    place,
)
from acquit.documents.purchase_order_file import BadOrderFile
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


def test_postgresql_refuses_an_overlap_too(context: Context) -> None:
    first = set_order(context)
    with context.database.write() as tx:
        with pytest.raises(OrderOverlaps, match="PO-2026"):
            purchase_orders.insert(tx, ACME, first.currency, replace(YEAR, reference="B"), "cli")
        other = purchase_orders.insert(tx, ACME, first.currency, OrderTerms("C", date(2027, 1, 1)), "cli")
        written = purchase_orders.find(tx, ACME, other)
        assert written is not None
        with pytest.raises(OrderOverlaps, match="PO-2026"):
            purchase_orders.update(tx, replace(written, start_on=START))
    assert [reference for reference, *_ in orders_of(context)] == ["PO-2026", "C"]


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


CSV = f"""\ufeffaccount,reference,from,to,amount,sub_accounts,by,policy,description
{ACME},PO-1,2026-01-01,2027-01-01,1200.50,{LAB} {SHOP},service-period,hold,"servers, and more"

{PETIT},PO-2,2026-01-01,,,,,,
"""


def test_many_orders_from_a_csv_file(context: Context) -> None:
    first, second = import_purchase_orders(context, CSV.encode(), "csv", by=SAM)
    assert (first.amount_max_minor, first.kind, first.matched_by, first.members, first.description) == (
        1200_50, OrderKind.BLANKET, MatchedBy.SERVICE_PERIOD, frozenset({ACME, LAB, SHOP}),
        "servers, and more",
    )  # fmt: skip
    assert (second.account_id, second.end_on, second.kind, second.type) == (
        PETIT, None, OrderKind.OPEN, "PURCHASE_ORDER",
    )  # fmt: skip
    with context.database.read() as tx:
        assert accounts.find_several(tx, [ACME])[0].order_policy is Policy.HOLD


def test_many_orders_from_a_json_file(context: Context) -> None:
    entry = {
        "account": ACME, "reference": 4500012345, "from": "2026-01-01", "type": "REFERENCE_ORDER",
        "sub_accounts": [LAB], "cost_account": "613",
        "lines": [
            {"item": "A-1", "services": "vps-*", "quantity": "12", "unit_price": 5.25},
            {"item": "A-2", "amount": "40", "cost_account": "615", "quantity": None},
        ],
    }  # fmt: skip
    (order,) = import_purchase_orders(
        context, json.dumps({"purchase_orders": [entry]}).encode(), "json", by=SAM
    )
    assert (order.reference, order.kind, order.amount_max_minor, order.type) == (
        "4500012345", OrderKind.CLOSED, 103_00, "REFERENCE_ORDER",
    )  # fmt: skip
    follower = {
        "account": ACME, "reference": "NEXT", "from": "2026-01-01", "to": "2027-01-01", "kind": "open",
        "sub_accounts": [LAB], "succeeds": order.purchase_order_id,
    }  # fmt: skip
    (second,) = import_purchase_orders(context, json.dumps([follower]).encode(), "json", by=SAM)
    assert second.succeeds_id == order.purchase_order_id


@pytest.mark.parametrize("separator", [";", ","])
def test_both_separators_are_read(context: Context, separator: str) -> None:
    text = (
        separator.join(("account", "reference", "from"))
        + "\r\n"
        + separator.join((ACME, "PO-1", "2026-01-01"))
    )
    assert len(import_purchase_orders(context, text.encode(), "csv", by=SAM)) == 1


def test_every_wrong_row_is_named_and_none_is_set(context: Context) -> None:
    rows = [
        f"{ACME},PO-1,2026-01-01,,",
        f"{ACME},PO-2,2026-06-01,,",
        f"{PETIT},PO-3,2026-13-01,,",
        f"{PETIT},PO-4,2026-01-01,2025-01-01,",
        f"{PETIT},PO-5,2026-01-01,,12.345",
        "zz99999-acq,PO-6,2026-01-01,,",
        "nobody,PO-7,2026-01-01,,",
        f"{LAB},PO-8,2026-01-01,,10",
    ]
    content = "account,reference,from,to,amount\n" + "\n".join(rows)
    with pytest.raises(ImportRefused) as caught:
        import_purchase_orders(context, content.encode(), "csv", by=SAM)
    assert [(problem.where, problem.code) for problem in caught.value.problems] == [
        ("line 3", "purchase-order-overlaps"),
        ("line 4", "invalid"),
        ("line 5", "bad-purchase-order"),
        ("line 6", "bad-amount"),
        ("line 7", "no-such-account"),
        ("line 8", "bad-account-id"),
    ]
    assert "line 4: [from] '2026-13-01' is not a date" in caught.value.message
    assert count(context, "purchase_order") == 0


def test_a_long_list_of_faults_is_cut_short(context: Context) -> None:
    content = "account,reference,from\n" + f"{ACME},,2026-01-01\n" * 25
    with pytest.raises(ImportRefused, match="and 5 more"):
        import_purchase_orders(context, content.encode(), "csv", by=SAM)


NEEDED = {"account": ACME, "reference": "PO-1", "from": "2026-01-01"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"colour": "red"}, "'colour' is not known"),
        ({"reference": None}, "'reference' is missing"),
        ({"reference": True}, "a text is needed"),
        ({"kind": "square"}, "not one of open, closed, blanket"),
        ({"policy": "pray"}, "not one of proceed, warn, hold"),
        ({"group": "x"}, "not an amount"),
        ({"sub_accounts": 5}, "a list is needed"),
        ({"sub_accounts": ["x"]}, "not an account's name"),
        ({"lines": "A"}, "a list is needed"),
        ({"lines": ["A"]}, "Line 1 of the order is not an object"),
        ({"lines": [{"item": "A", "colour": "red"}]}, "unknown member 'colour'"),
        ({"lines": [{"item": "A", "amount": "-5"}]}, "more than zero"),
    ],
)
def test_a_wrong_entry_is_told(context: Context, more: dict[str, object], says: str) -> None:
    with pytest.raises(ImportRefused, match=says):
        import_purchase_orders(context, json.dumps([NEEDED | more]).encode(), "json", by=SAM)


@pytest.mark.parametrize(
    ("form", "content", "says"),
    [
        ("csv", b"", "'account' is missing"),
        ("csv", b"account,reference\n", "'from' is missing"),
        ("csv", b"account,reference,from,colour\n", "'colour' is not known"),
        ("csv", b"account,reference,from\na,b\n", "line 2: there are more or fewer cells"),
        ("csv", b"account,reference,from\na,b,c,d\n", "line 2: there are more or fewer cells"),
        ("csv", b'account,reference,from\na,"b\n', "not CSV"),
        ("csv", b"\xff\xfe", "not UTF-8"),
        ("json", b"[{", "line 1: this is not JSON"),
        ("json", b"{}", "holds a list"),
        ("json", b"[1]", "holds a list"),
    ],
)
def test_a_file_that_cannot_be_read(context: Context, form: str, content: bytes, says: str) -> None:
    with pytest.raises(BadOrderFile, match=says):
        import_purchase_orders(context, content, form, by=SAM)


def test_only_staff_imports(context: Context) -> None:
    with pytest.raises(StaffOnly):
        import_purchase_orders(context, CSV.encode(), "csv", by=BY_ACME)


def test_runs_that_draw_wait_for_each_other(context: Context) -> None:
    order = set_order(context, replace(BLANKET, members=frozenset({LAB, SHOP})))
    barrier = Barrier(2)

    def bill(payer: AccountId) -> bool:
        barrier.wait()
        with context.database.write() as tx:
            held = purchase_orders.lock_concerning(tx, [payer])
            placed = place(held[0], held, 600_00, Policy.HOLD, TODAY)
            if placed.order is not None:
                row = Draw(ACME, order.purchase_order_id, payer, BillId(f"FR-{payer}"), 600_00, TODAY)
                purchase_orders.draw(tx, [row])
            return placed.order is not None

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(bill, (LAB, SHOP))) == [False, True]
    with context.database.read() as tx:
        assert purchase_orders.of_account(tx, ACME)[0].drawn_minor == 600_00


def test_a_spent_order_is_told(context: Context) -> None:
    order = set_order(context, BLANKET)
    set_order(context, replace(YEAR, reference="open"), LAB)
    draw(context, order, ("2026-11-01", 1000_00))
    assert [(notice.code, notice.text) for notice in list_notices(context)] == [
        ("purchase-order-spent", "Purchase order PO-2026 is spent.")
    ]
