"""Orders of services: what is told is what is paid, all of it or nothing, once."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from acquit.actions.bill_order import OrderWaits, bill_order
from acquit.actions.change_cart import Asked, add_line, create_cart, edit_cart, edit_line
from acquit.actions.check_out import check_out, preview_cart
from acquit.actions.context import Context
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.pay_order import pay_order
from acquit.actions.replay_run import replay_run
from acquit.actions.revoke_enterprise_terms import revoke_enterprise_terms
from acquit.actions.set_legal_entity import set_legal_entity
from acquit.actions.set_purchase_order import set_order_policy
from acquit.core.account import AccountState
from acquit.core.cart import CartExpired, NoSuchCart, PriceChanged
from acquit.core.catalogue import PlanRetired
from acquit.core.errors import Refusal
from acquit.core.purchase_order import Policy
from acquit.core.service_order import OrderLapsed, OrderPriceChanged, OrderState
from acquit.core.terms import AccountNotOpen, CreditLimitExceeded
from acquit.store import accounts, service_orders, services
from acquit.store.transaction import Database
from billed import ON, bill, failed, family, later, rows, seller, subscribe
from founding import ACME, FR, LAB
from ordering import SERVER, filled, ordered, sells
from selling import catalogue, price


def shop(database: Database, **granted: Any) -> Context:
    context = seller(database)
    family(context)
    sells(context, **granted)
    return context


def owned(context: Context) -> list[tuple[str, int, int]]:
    """The services of Acme: plan, quantity, unit price."""
    with context.database.read() as tx:
        return sorted(
            (each.plan_code, each.quantity_e4 // 10_000, each.unit_price_ucents)
            for each in services.of_account(tx, ACME)
        )


def dearer(context: Context, from_on: date) -> None:
    """A newer version in which the server costs 95.00 a month."""
    changed = json.loads(catalogue(catalogId=2))
    changed["plans"][0]["pricings"][1]["price"] = 95_00000000
    content = json.dumps(changed).encode()
    import_catalogue(context, content, by="cli", legal_entity_id=FR, from_on=from_on)


def test_an_order_becomes_services_and_the_next_bill(database: Database) -> None:
    context = shop(database)
    order = ordered(context, replace(SERVER, quantity=2), pays=True)
    assert [(d.kind.value, d.plan_code, d.quantity, d.net_minor) for d in order.details] == [
        ("installation", "metal-s", 2, 98_00), ("period", "metal-s", 2, 178_00), ("period", "ram-32", 2, 0),
    ]  # fmt: skip
    assert (order.net_minor, order.tax_minor, order.total_minor) == (276_00, 55_20, 331_20)
    assert owned(context) == [("metal-s", 2, 89_00000000), ("ram-32", 2, 0)]
    assert order.state(order.ordered_on) is OrderState.DELIVERED
    report = bill(later(context, date(2026, 12, 1)), "2026-12")
    billed = rows(
        context, "SELECT sum(net_minor)::bigint AS net FROM bill_detail WHERE period_start = '2026-11-23'"
    )
    assert (report.bills, billed[0].net) == (1, order.net_minor)
    with context.database.read() as tx:
        first = service_orders.first_bills(tx, ACME, [order.order_id])
    assert first == {order.order_id: "FR00000001"}
    assert rows(context, "SELECT order_id FROM bill")[0].order_id != order.order_id
    assert failed(context) == {}


def test_a_price_that_changed_since_is_told_never_charged(database: Database) -> None:
    context = shop(database)
    in_cart, order = filled(context, SERVER), ordered(context, SERVER)
    tomorrow = later(context, ON + timedelta(days=1))
    dearer(context, ON + timedelta(days=1))
    with pytest.raises(PriceChanged, match=r"costs 144.00 EUR now; it was told at 138.00 EUR"):
        check_out(tomorrow, in_cart, ACME, by="cli")
    with pytest.raises(OrderPriceChanged, match=r"made at 138.00 EUR; the same costs 144.00 EUR today"):
        pay_order(tomorrow, ACME, order.order_id, None, by="cli")
    assert owned(context) == []
    line = preview_cart(tomorrow, in_cart, ACME).cart.lines[0]
    edit_line(tomorrow, in_cart, ACME, line.line_id, None, line.quantity)
    assert check_out(tomorrow, in_cart, ACME, by="cli").net_minor == 144_00


def test_a_plan_that_is_sold_no_more_is_refused(database: Database) -> None:
    context = shop(database)
    in_cart, order = filled(context, SERVER), ordered(context, SERVER)
    gone = json.loads(catalogue(catalogId=3))
    gone["plans"] = gone["plans"][1:]
    tomorrow = ON + timedelta(days=1)
    import_catalogue(context, json.dumps(gone).encode(), by="cli", legal_entity_id=FR, from_on=tomorrow)
    with pytest.raises(PlanRetired):
        check_out(later(context, tomorrow), in_cart, ACME, by="cli")
    with pytest.raises(PlanRetired):
        pay_order(later(context, tomorrow), ACME, order.order_id, None, by="cli")


@pytest.mark.parametrize(("limit", "allowed"), [(16_560, 1), (33_120, 2), (33_119, 1), (16_559, 0)])
def test_the_credit_limit_counts_orders_that_are_on_no_bill_yet(
    database: Database, limit: int, allowed: int
) -> None:
    """A server is 138.00 net, 165.60 with VAT."""
    context = shop(database, credit_limit_minor=limit)
    for number in range(3):
        if number < allowed:
            ordered(context, SERVER, pays=True)
            continue
        cart_id = filled(context, SERVER)
        with pytest.raises(CreditLimitExceeded):
            check_out(context, cart_id, ACME, by="cli", pays=True)
        assert check_out(context, cart_id, ACME, by="cli").payment is None
    assert len(owned(context)) == 2 * allowed


def test_two_orders_at_once_do_not_pass_the_limit_together(database: Database) -> None:
    context = shop(database, credit_limit_minor=16_560)
    orders = [ordered(context, SERVER), ordered(context, SERVER)]

    def pay(number: int) -> str:
        try:
            pay_order(context, ACME, orders[number].order_id, None, by="cli")
        except Refusal as refusal:
            return refusal.code
        return "paid"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(pay, range(2))) == ["credit-limit-exceeded", "paid"]
    assert len(owned(context)) == 2


def test_checked_out_and_paid_by_many_at_once_it_is_one_order(database: Database) -> None:
    context = shop(database)
    cart_id = filled(context, SERVER)

    def order(pays: bool) -> int:
        return check_out(context, cart_id, ACME, by="cli", pays=pays).order_id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(order, [True, False, True, True]))) == 1
    assert len(owned(context)) == 2
    assert failed(context) == {}


def test_all_plans_of_an_order_begin_or_none(database: Database) -> None:
    """A promotion for six addresses: told line by line; sold out before it is paid, nothing begins."""
    context = shop(database)
    few = json.loads(catalogue(catalogId=4))
    few["plans"][1]["pricings"][0]["promotions"] = [
        {
            "name": "six", "type": "percentage", "value": 50, "quantity": 6, "isGlobalQuantityLimited": True,
            "startDate": "2026-01-01T00:00:00+01:00", "endDate": "2027-01-01T00:00:00+01:00", "duration": 3,
            "discount": {"tax": 0, "value": 75000000}, "total": {"tax": 0, "value": 75000000},
        }
    ]  # fmt: skip
    import_catalogue(context, json.dumps(few).encode(), by="cli", legal_entity_id=FR, from_on=ON)
    address = Asked("ip", "default", 1, 4)
    order = ordered(context, address, address)
    told = [(each.line_no, each.quantity, each.unit_price_ucents) for each in order.details]
    assert told == [(1, 4, 75000000), (2, 2, 75000000), (2, 2, 150000000)]
    again = ordered(context, address, address)
    assert pay_order(context, ACME, order.order_id, None, by="cli").payment is not None
    sold = owned(context)
    assert sold == [("ip", 2, 75000000), ("ip", 2, 150000000), ("ip", 4, 75000000)]
    with pytest.raises(OrderPriceChanged):
        pay_order(context, ACME, again.order_id, None, by="cli")
    assert owned(context) == sold


def test_carts_and_orders_lapse(database: Database) -> None:
    context = shop(database)
    cart_id, order = filled(context, SERVER), ordered(context, SERVER)
    late = later(context, order.expires_on)
    with pytest.raises(OrderLapsed, match="was to be paid before 2026-12-08"):
        pay_order(late, ACME, order.order_id, None, by="cli")
    assert order.state(order.expires_on) is OrderState.LAPSED
    with pytest.raises(CartExpired):
        check_out(replace(late, clock=_late(context)), cart_id, ACME, by="cli")


def _late(context: Context) -> Any:
    now = context.clock.now()

    class Late:
        def now(self) -> Any:
            return now + timedelta(days=2)

        def today(self, zone: str) -> date:
            return ON

    return Late()


@pytest.mark.parametrize("state", [AccountState.SUSPENDED, AccountState.CLOSED])
def test_an_account_that_is_not_open_orders_nothing(database: Database, state: AccountState) -> None:
    context = shop(database)
    cart_id, order = filled(context, SERVER), ordered(context, SERVER)
    with database.write() as tx:
        accounts.set_state(tx, ACME, state)
    with pytest.raises(AccountNotOpen):
        check_out(context, cart_id, ACME, by="cli")
    with pytest.raises(AccountNotOpen):
        pay_order(context, ACME, order.order_id, None, by="cli")


def test_a_revoked_term_pays_nothing(database: Database) -> None:
    context = shop(database)
    order = ordered(context, SERVER)
    (grant,) = rows(context, "SELECT grant_id FROM terms_grant")
    revoke_enterprise_terms(context, ACME, by="cli", reason="gone")
    (method,) = rows(context, "SELECT payment_method_id FROM payment_method")
    for wanted in (None, method.payment_method_id):
        with pytest.raises(Refusal) as refused:
            pay_order(context, ACME, order.order_id, wanted, by="cli")
        assert refused.value.code == "order-not-payable"
    assert grant.grant_id
    assert owned(context) == []


def test_what_costs_nothing_needs_no_method(database: Database) -> None:
    context = shop(database)
    free = json.loads(catalogue(catalogId=5))
    free["plans"][0]["pricings"] = [price("renew", "default", 0, interval=1, intervalUnit="month")]
    import_catalogue(context, json.dumps(free).encode(), by="cli", legal_entity_id=FR, from_on=ON)
    order = ordered(context, SERVER, account_id=LAB, pays=True)
    assert order.payment is not None
    assert (order.total_minor, order.payment.means.value) == (0, "free")


def test_a_cart_is_its_accounts_alone(database: Database) -> None:
    context = shop(database)
    cart_id = filled(context, SERVER)
    for attempt in (
        lambda: preview_cart(context, cart_id, LAB),
        lambda: preview_cart(context, cart_id, None),
        lambda: edit_cart(context, cart_id, LAB, "mine", None),
        lambda: add_line(context, cart_id, LAB, SERVER),
        lambda: check_out(context, cart_id, LAB, by="cli"),
    ):
        with pytest.raises(NoSuchCart):
            attempt()


def test_expired_carts_of_nobody_are_forgotten(database: Database) -> None:
    context = shop(database)
    create_cart(context, FR)
    kept = filled(context, SERVER)
    create_cart(replace(context, clock=_late(context)), FR)
    left = {row.cart_id for row in rows(context, "SELECT cart_id FROM cart")}
    assert (len(left), kept in left) == (2, True)


def test_an_order_has_its_bill_at_once_and_the_months_run_bills_the_rest(database: Database) -> None:
    context = shop(database)
    other = subscribe(context, ACME, "old")
    order = ordered(context, SERVER)
    with pytest.raises(OrderWaits, match="not paid"):
        bill_order(context, ACME, order.order_id, by="cli")
    ready = ordered(context, SERVER, pays=True)
    bill_id = bill_order(context, ACME, ready.order_id, by="cli")
    assert bill_order(context, ACME, ready.order_id, by="cli") == bill_id
    (made,) = rows(context, "SELECT bill_id, net_minor, run_id FROM bill")
    assert (made.bill_id, made.net_minor) == (bill_id, ready.net_minor)
    assert rows(context, "SELECT status FROM bill_run") == [("open",)]
    assert bill(context).bills == 2
    assert rows(context, "SELECT service_id FROM bill_detail WHERE bill_id <> %(first)s", first=bill_id) == [
        (other,)
    ]
    assert replay_run(context, "2026-11", FR).differences == []
    assert failed(context) == {}


def test_a_seller_may_bill_orders_at_once_and_what_waits_is_billed_later(database: Database) -> None:
    context = shop(database)
    set_legal_entity(context, FR, {"orders_billed_at_once": "true"}, by="cli")
    bill(context)
    first = ordered(context, SERVER, pays=True)
    assert [row.net_minor for row in rows(context, "SELECT net_minor FROM bill")] == [first.net_minor]
    assert rows(context, "SELECT status FROM bill_run") == [("closed",)], "the month was billed before"
    set_order_policy(context, ACME, Policy.HOLD, by="cli")
    held = ordered(context, SERVER, pays=True)
    assert held.payment is not None
    with pytest.raises(OrderWaits, match="purchase order is missing"):
        bill_order(context, ACME, held.order_id, by="cli")
    assert bill(context).bills == 1
    assert len(rows(context, "SELECT 1 FROM held_bill WHERE released_at IS NULL")) == 1
    assert failed(context) == {}
