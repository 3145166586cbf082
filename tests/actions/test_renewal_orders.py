"""Services are renewed ahead by an order: at what is agreed, from the day that was ordered, once."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from acquit.actions.change_prices import change_price
from acquit.actions.context import Context
from acquit.actions.explain_bill import explain_bill
from acquit.actions.order_renewal import offers_in, order_renewal
from acquit.actions.pay_order import pay_order
from acquit.actions.replay_run import replay_run
from acquit.actions.set_legal_entity import set_legal_entity
from acquit.actions.suspend_service import suspend_service
from acquit.actions.terminate_service import terminate_service
from acquit.core.identifiers import AccountId, BillId, ServiceId
from acquit.core.renewal_order import BadDuration, BadRenewal, RenewedMeanwhile
from acquit.core.service import Ending, NoSuchService, Service, ServiceEnded, ServiceSuspended
from acquit.core.service_change import NotAService
from acquit.core.service_order import OrderLapsed, OrderPriceChanged, OrderState, ServiceOrder
from acquit.core.terms import CreditLimitExceeded
from acquit.store import audit_renewals, service_orders, services
from acquit.store.transaction import Database, Transaction
from billed import failed, family, later, rows, seller
from founding import ACME, FR, PETIT
from ordering import sells
from serving import lines, run, sell

FIRST = date(2026, 11, 1)
NEAR = date(2026, 11, 17)


def market(database: Database, **granted: Any) -> Context:
    """Acme has 45 days and a server with more memory: 89 and 12 euros a month, billed for November."""
    context = seller(database, FIRST)
    family(context)
    sells(context, **granted)
    return context


def bought(context: Context, **wished: Any) -> Service:
    sold = sell(context, "metal-s", account_id=ACME, options=("ram-64",), **wished)
    run(context, "2026-11")
    return sold.service


def ordered(context: Context, *service_ids: ServiceId, months: int = 3, on: date = NEAR) -> ServiceOrder:
    return order_renewal(later(context, on), ACME, service_ids, months, by="cli")


def paid(context: Context, order: ServiceOrder, on: date = NEAR) -> ServiceOrder:
    return pay_order(later(context, on), ACME, order.order_id, None, by="cli")


def renewed_until(context: Context, service_id: ServiceId) -> date:
    with context.database.read() as tx:
        found = services.find(tx, ACME, service_id)
    assert found is not None
    return found.next_renewal_on


def test_what_is_offered_are_whole_periods(database: Database) -> None:
    context = market(database)
    service = bought(context)
    yearly = sell(context, "metal-s", account_id=ACME, mode="upfront12").service
    with database.read() as tx:
        found = services.find(tx, ACME, service.service_id)
        assert found is not None
        offers = offers_in(tx, found, NEAR)
        assert [each.months for each in offers_in(tx, yearly, NEAR)] == [12, 24, 36]
        option = next(each for each in services.options_of(tx, ACME, service.service_id))
        assert offers_in(tx, option, NEAR) == []
    assert [each.months for each in offers] == [1, 3, 6, 12, 24, 36]
    assert [each.net_minor for each in offers[:2]] == [10_100, 30_300]


def test_an_order_renews_when_it_is_paid_and_is_billed_like_others(database: Database) -> None:
    context = market(database)
    service = bought(context)
    tried = order_renewal(later(context, NEAR), ACME, [service.service_id], 3, by="cli", tries=True)
    assert rows(context, "SELECT 1 FROM service_order WHERE cart_id IS NULL") == []
    order = ordered(context, service.service_id)
    assert (tried.order_id, tried.total_minor) == (0, order.total_minor)
    assert (order.net_minor, order.tax_minor, order.expires_on) == (30_300, 6_060, NEAR + timedelta(days=15))
    assert renewed_until(context, service.service_id) == date(2026, 12, 1), "nothing before it is paid"
    done = paid(context, order)
    assert done.state(NEAR) is OrderState.DELIVERED
    assert renewed_until(context, service.service_id) == date(2027, 3, 1)
    assert paid(context, order) == done, "paid before, nothing happens again"
    assert renewed_until(context, service.service_id) == date(2027, 3, 1)
    for period in ("2026-12", "2027-01", "2027-03"):
        run(context, period)
        assert replay_run(context, period, FR).differences == []
    billed = [(on, net) for _, on, net in lines(context, ACME) if net]
    assert sorted(on for on, net in billed if net == 8900) == ["01-01", "02-01", "03-01", "11-01", "12-01"]
    with database.read() as tx:
        bill_id = service_orders.first_bills(tx, ACME, [order.order_id])[order.order_id]
    told = rows(context, "SELECT category FROM bill WHERE bill_id = %(b)s", b=bill_id)
    assert [row.category for row in told] == ["earlyrenewal"]
    for row in rows(context, "SELECT bill_id FROM bill"):
        explain_bill(context, BillId(row.bill_id))
    assert failed(context) == {}


def test_where_orders_are_billed_at_once_this_one_is(database: Database) -> None:
    context = market(database)
    set_legal_entity(context, FR, {"orders_billed_at_once": True}, by="cli")
    service = bought(context)
    day = date(2026, 12, 2)
    order = ordered(context, service.service_id, on=day)
    paid(context, order, day)
    with database.read() as tx:
        assert service_orders.first_bills(tx, ACME, [order.order_id])
    assert failed(context) == {}


def test_several_services_with_their_options_are_one_order(database: Database) -> None:
    context = market(database)
    first, second = bought(context), sell(context, "ip", account_id=ACME, quantity=4).service
    with database.read() as tx:
        options = [each.service_id for each in services.options_of(tx, ACME, first.service_id)]
    order = ordered(context, second.service_id, first.service_id, *options, months=1, on=date(2026, 11, 20))
    assert [line.service_id for line in order.lines] == [first.service_id, second.service_id]
    assert sorted(each.net_minor for each in order.details if each.net_minor) == [600, 1200, 8900]
    paid(context, order, date(2026, 11, 20))
    assert renewed_until(context, first.service_id) == date(2027, 1, 1)
    assert renewed_until(context, second.service_id) == date(2026, 12, 1)
    assert failed(context) == {}


def test_what_was_renewed_since_is_not_renewed_instead(database: Database) -> None:
    context = market(database)
    service = bought(context)
    order = ordered(context, service.service_id, on=date(2026, 11, 29))
    run(context, "2026-12")
    with pytest.raises(RenewedMeanwhile):
        paid(context, order, date(2026, 12, 2))
    assert renewed_until(context, service.service_id) == date(2027, 1, 1)


def test_another_price_is_not_charged_for_what_was_ordered(database: Database) -> None:
    context = market(database)
    service = bought(context)
    order = ordered(context, service.service_id)
    change_price(context, ACME, service.service_id, 99_00000000, date(2027, 1, 1), by="cli")
    with pytest.raises(OrderPriceChanged):
        paid(context, order)
    again = ordered(context, service.service_id)
    assert sum(each.net_minor for each in again.details if each.net_minor > 5000) == 8900 + 2 * 9900
    paid(context, again)
    run(context, "2026-12")
    assert failed(context) == {}


def test_an_order_lapses(database: Database) -> None:
    context = market(database)
    service = bought(context)
    order = ordered(context, service.service_id)
    with pytest.raises(OrderLapsed):
        paid(context, order, NEAR + timedelta(days=15))


def test_it_counts_against_the_credit_limit_until_it_is_billed(database: Database) -> None:
    """Open are 180 euros of November's bill; 600 are allowed."""
    context = market(database, credit_limit_minor=60_000)
    service = bought(context)
    first = ordered(context, service.service_id, months=3)
    second = ordered(context, service.service_id, months=1)
    third = ordered(context, service.service_id, months=6)
    with pytest.raises(CreditLimitExceeded):
        paid(context, third)
    paid(context, first)
    with pytest.raises(RenewedMeanwhile):
        paid(context, second)
    fresh = ordered(context, service.service_id, months=1)
    with pytest.raises(CreditLimitExceeded):
        paid(context, fresh)


@pytest.mark.parametrize("months", [0, 2, 5, 48, -1])
def test_other_durations_are_refused(database: Database, months: int) -> None:
    context = market(database)
    service = bought(context)
    with pytest.raises(BadDuration):
        ordered(context, service.service_id, months=months)


def test_what_cannot_be_renewed(database: Database) -> None:
    context = market(database)
    service = bought(context)
    strange = sell(context, "ip", account_id=PETIT).service.service_id
    with database.read() as tx:
        option = services.options_of(tx, ACME, service.service_id)[0].service_id
    for wanted, refusal in (
        ([], BadRenewal), ([service.service_id, strange], NoSuchService), ([option], NotAService),
        ([ServiceId(number) for number in range(1, 102)], BadRenewal),
    ):  # fmt: skip
        with pytest.raises(refusal):
            ordered(context, *wanted)
    order = ordered(context, service.service_id)
    suspend_service(later(context, NEAR), ACME, service.service_id, "late", by="cli")
    with pytest.raises(ServiceSuspended):
        ordered(context, service.service_id)
    with pytest.raises(ServiceSuspended):
        paid(context, order)
    ended = sell(context, "ip", account_id=ACME).service
    terminate_service(later(context, NEAR), ACME, ended.service_id, Ending.AT_RENEWAL, by="cli")
    with pytest.raises(ServiceEnded):
        ordered(context, ended.service_id)


# ---------------------------------------------------------------- the audit


@pytest.fixture(scope="module")
def tried(module_database: Database, module_database_url: str) -> tuple[str, str]:
    context = market(module_database)
    service = bought(context)
    order = ordered(context, service.service_id)
    paid(context, order)
    run(context, "2026-12")
    assert failed(context) == {}
    return module_database_url, f"{AccountId(ACME)}/{order.order_id}"


@pytest.fixture
def superuser(tried: tuple[str, str]) -> Iterator[Transaction]:
    with psycopg.connect(tried[0], row_factory=namedtuple_row) as connection:
        connection.execute("SET session_replication_role = replica")
        yield Transaction(connection)
        connection.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE charge SET unit_price_ucents = unit_price_ucents + 1000000 WHERE period_start = '2027-01-01'",
        "DELETE FROM charge WHERE kind = 'renewal' AND period_start = '2027-02-01'",
        "UPDATE service_order_service SET until_on = from_on WHERE from_on IS NOT NULL",
        "UPDATE service_order_service SET from_on = from_on + 31 WHERE from_on IS NOT NULL",
        "UPDATE service_order_detail SET net_minor = net_minor + 1 WHERE kind = 'renewal' AND detail_no = 1",
    ],
)
def test_what_was_ordered_and_not_renewed_is_found(
    statement: str, superuser: Transaction, tried: tuple[str, str]
) -> None:
    assert superuser.connection.execute(statement.encode()).rowcount
    (check,) = audit_renewals.CHECKS
    assert superuser.one(check.query).differences == [tried[1]]
