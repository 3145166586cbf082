"""A service changes hands: what one account is given back is what the other is charged."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from acquit.actions.change_contacts import ask_contact_change
from acquit.actions.change_prices import change_price
from acquit.actions.change_service import change_service
from acquit.actions.context import Context
from acquit.actions.explain_bill import explain_bill
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.group_services import create_billing_group, group_service
from acquit.actions.loading import StaffOnly
from acquit.actions.move_service import hold_both_in, move_in, move_service
from acquit.actions.open_account import Opening, open_account
from acquit.actions.renew_service import renew_service
from acquit.actions.replay_run import replay_run
from acquit.actions.savings_plans import WantedPlan, subscribe_savings
from acquit.actions.set_renewal_day import set_renewal_day
from acquit.actions.suspend_service import suspend_service
from acquit.actions.terminate_service import terminate_service
from acquit.core.account import NoSuchAccount, SupportLevel
from acquit.core.contact_change import Contact
from acquit.core.explanation_text import told as sentences
from acquit.core.identifiers import AccountId, BillId, ServiceId
from acquit.core.money import Currency
from acquit.core.sales_request import AskedTerm
from acquit.core.service import (
    Ending,
    NoSuchService,
    RenewalIsPermanent,
    ServiceEnded,
    ServiceExpired,
    ServiceSuspended,
    StillEngaged,
)
from acquit.core.service_change import NotAService, Wanted, When
from acquit.core.service_move import CannotTake, NotBegun, StillSaving
from acquit.core.subscription import ResourceTaken
from acquit.core.terms import CreditLimitExceeded, Term
from acquit.store import acts, agreements, audit_moves, contact_changes, planned_changes, services
from acquit.store.transaction import Database, Transaction
from billed import ADDRESSED, failed, later, rows
from founding import ACME, FR, LAB, PETIT, SHOP
from metering import event, fates, measure, send
from serving import lines, market, run, sell

NEAR = date(2026, 12, 17)


def told(context: Context, account_id: AccountId = PETIT) -> list[tuple[str, int]]:
    """What was billed and is not free: first day and amount in cents."""
    return [(on, net) for _, on, net in lines(context, account_id) if net]


def given(context: Context, sold: Any, to: AccountId = SHOP, on: date = NEAR, **more: Any) -> Any:
    service_id = more.get("service_id", sold.service.service_id)
    return move_service(later(context, on), PETIT, service_id, to, by="cli")


def test_a_month_is_shared_by_its_days(database: Database) -> None:
    """December of 30 + 6 euros: 16 days of Petit's, 15 of Shop's; lines are explained, runs decided again."""
    context = market(database)
    sold = sell(context, options=("backup",), resource_name="web")
    run(context, "2026-11")
    done = given(context, sold)
    assert [each.net_minor for each in done.back] == [-1452, -290]
    assert [each.net_minor for each in done.charges] == [1452, 290]
    assert (done.service.account_id, done.service.resource_name) == (SHOP, "web")
    assert {each.plan_code for each in done.options} == {"ram-32", "backup"}
    for period in ("2026-12", "2027-01"):
        run(context, period)
        assert replay_run(context, period, FR).differences == []
    assert sorted(net for on, net in told(context) if on.startswith("12")) == [-1452, -290, 600, 3000]
    assert sorted(told(context, SHOP)) == [
        ("01-01", 600), ("01-01", 3000), ("12-17", 290), ("12-17", 1452),
    ]  # fmt: skip
    assert not [on for _, on, _ in lines(context) if on.startswith("01")]
    explained = [
        explain_bill(context, BillId(row.bill_id)) for row in rows(context, "SELECT bill_id FROM bill")
    ]
    said = "\n".join(sentence for each in explained for sentence in sentences(each))
    assert said.count(f"The service came from account {PETIT} on 2026-12-17") == 2
    assert said.count(f"The service went to account {SHOP} on 2026-12-17") == 2
    assert failed(context) == {}
    with database.read() as tx:
        assert [act.verb for act in acts.of_account(tx, SHOP)][-1] == "take_service"
        assert [act.verb for act in acts.of_account(tx, PETIT)][-1] == "give_service"


def test_what_began_and_was_not_billed_is_the_giver_s(database: Database) -> None:
    context = market(database)
    sold = sell(context)
    done = given(context, sold, on=date(2026, 11, 16))
    assert [each.net_minor for each in done.back] == [-1500]
    run(context, "2026-11")
    assert told(context) == [("11-16", -1500), ("11-01", 3000)]
    assert told(context, SHOP) == [("11-16", 1500)]
    assert failed(context) == {}


def test_on_a_day_of_renewal_nothing_is_shared(database: Database) -> None:
    context = market(database)
    sold = sell(context)
    run(context, "2026-11")
    done = given(context, sold, on=date(2026, 12, 1))
    assert (done.back, done.charges) == ((), ())
    run(context, "2026-12")
    assert told(context) == [("11-01", 3000)]
    assert told(context, SHOP) == [("12-01", 3000)]
    assert failed(context) == {}


def test_what_was_agreed_goes_along(database: Database) -> None:
    """An engagement, a price that was announced, periods renewed ahead; the day of renewal is the taker's."""
    context = market(database)
    sold = sell(context, mode="degressivity12", options=("backup",))
    service_id = sold.service.service_id
    run(context, "2026-11")
    announced = change_price(context, PETIT, service_id, 26_00000000, date(2027, 11, 1), by="cli")
    renew_service(later(context, NEAR), PETIT, service_id, 3, by="cli")
    set_renewal_day(context, SHOP, by="cli", day=10)
    done = given(context, sold)
    assert done.service.engaged_until_on == date(2027, 11, 1)
    assert done.service.next_renewal_on == date(2027, 3, 1)
    assert sum(each.net_minor for each in (*done.back, *done.charges)) == 0
    with pytest.raises(StillEngaged):
        terminate_service(later(context, NEAR), SHOP, done.service.service_id, Ending.NOW, by="cli")
    with database.read() as tx:
        waiting = planned_changes.waiting(tx, SHOP, [done.service.service_id])[done.service.service_id]
        left = planned_changes.waiting(tx, PETIT, [service_id])
        history = agreements.history(tx, done.service)
    assert {each.kind.value for each in waiting} == {"engagement-end", "price", "renewal-day"}
    assert announced.change.change_no not in [each.change_no for each in waiting]
    assert left == {}
    assert [each.reason for each in history] == [f"moved from {PETIT}"]
    for period in ("2026-12", "2027-01", "2027-02", "2027-03", "2027-04", "2027-05"):
        run(context, period)
    assert ("03-01", 771) in told(context, SHOP), "nine of the 28 days of a period from the 10th"
    assert failed(context) == {}


def test_a_change_that_is_paid_ahead_goes_along(database: Database) -> None:
    """Of two prices that follow each other within what is renewed, each is charged for its days."""
    context = market(database)
    sold = sell(context)
    service_id = sold.service.service_id
    run(context, "2026-11")
    change_price(context, PETIT, service_id, 33_00000000, date(2027, 2, 1), by="cli")
    renew_service(later(context, NEAR), PETIT, service_id, 4, by="cli")
    done = given(context, sold)
    assert [each.net_minor for each in done.charges] == [1452 + 3000 + 2 * 3300]
    assert [each.net_minor for each in done.back] == [-(1452 + 3000 + 2 * 3300)]
    with database.read() as tx:
        history = agreements.history(tx, done.service)
    assert [(each.from_on, each.unit_price_ucents) for each in history] == [
        (NEAR, 30_00000000), (date(2027, 2, 1), 33_00000000),
    ]  # fmt: skip
    change_service(
        later(context, date(2026, 12, 20)), SHOP, done.service.service_id, Wanted(plan_code="l"), by="cli"
    )
    for period in ("2026-12", "2027-01", "2027-05"):
        run(context, period)
    assert failed(context) == {}


def test_what_begins_with_the_next_renewal_goes_along_and_is_charged_from_then_on(database: Database) -> None:
    """An option of 6.00 from January on: none of December is paid for it, by whomever."""
    context = market(database)
    sold = sell(context)
    run(context, "2026-11")
    wanted = Wanted(add=("backup",), when=When.AT_RENEWAL)
    change_service(later(context, NEAR), PETIT, sold.service.service_id, wanted, by="cli")
    done = given(context, sold)
    assert [each.net_minor for each in done.charges] == [1452]
    (option,) = [each for each in done.options if each.plan_code == "backup"]
    with database.read() as tx:
        (agreed,) = agreements.history(tx, option)
    assert (option.started_on, agreed.from_on) == (date(2027, 1, 1), date(2027, 1, 1))
    for period in ("2026-12", "2027-01"):
        run(context, period)
        assert replay_run(context, period, FR).differences == []
    assert sorted(told(context, SHOP)) == [("01-01", 600), ("01-01", 3000), ("12-17", 1452)]
    assert failed(context) == {}


def test_contacts_follow_what_staff_moves(database: Database) -> None:
    context = market(database)
    sold = sell(context, resource_name="web")
    run(context, "2026-11")
    with database.write() as tx:
        tx.run("UPDATE account SET email = account_id || '@example.com'")
        contact_changes.name_technical(tx, PETIT, sold.service.service_id, LAB, "x")
    wanted = {Contact.ADMIN: ACME, Contact.BILLING: ACME, Contact.TECHNICAL: ACME}
    ask_contact_change(later(context, NEAR), PETIT, sold.service.service_id, wanted, by="cli")
    done = given(context, sold)
    assert {row.state for row in rows(context, "SELECT state FROM contact_change")} == {"aborted"}
    with database.read() as tx:
        named = contact_changes.technical(tx, SHOP, [done.service.service_id])
    assert named == {done.service.service_id: LAB}


def test_use_is_whose_service_it_was_on_the_day(database: Database) -> None:
    """Of December's use Petit has what it used before the 17th, Shop the rest; nobody has the other's."""
    context = market(database)
    measure(context)
    sold = sell(context, resource_name="web")
    run(context, "2026-11")
    before = send(later(context, NEAR), event("early", "web", 30, at="2026-12-10T12:00:00Z"))
    given(context, sold)
    after = send(
        later(context, date(2026, 12, 28)),
        event("late", "web", 5, at="2026-12-12T12:00:00Z"),
        event("gone", "web", 7, at="2026-12-20T12:00:00Z"),
        event("own", "web", 11, at="2026-12-20T12:00:00Z", account=SHOP),
        event("sooner", "web", 13, at="2026-12-12T12:00:00Z", account=SHOP),
    )
    assert fates(before) == ["accepted"]
    assert fates(after) == ["accepted", "service-ended", "accepted", "service-not-begun"]
    for period in ("2026-12", "2027-01"):
        run(context, period)
    use = "SELECT quantity_e4, service_id FROM usage_rating WHERE account_id = %(account_id)s"
    assert [row.quantity_e4 for row in rows(context, use, account_id=PETIT)][-1] == 350_000
    assert [row.quantity_e4 for row in rows(context, use, account_id=SHOP)][-1] == 110_000
    assert failed(context) == {}


def test_units_of_a_promotion_stay_so_and_more_cost_the_full_price(database: Database) -> None:
    context = market(database)
    sold = sell(context, "promo", quantity=2)
    run(context, "2026-11")
    done = given(context, sold)
    day = later(context, NEAR)
    changed = change_service(day, SHOP, done.service.service_id, Wanted(quantity=3), by="cli")
    assert [(each.quantity_e4, each.unit_price_ucents) for each in (changed.service, *changed.options)] == [
        (20_000, 5_00000000), (10_000, 10_00000000),
    ]  # fmt: skip


def test_it_goes_on_from_hand_to_hand_also_on_one_day(database: Database) -> None:
    context = market(database)
    sold = sell(context, options=("backup",), resource_name="web")
    run(context, "2026-11")
    day = later(context, NEAR)
    here = given(context, sold)
    there = move_service(day, SHOP, here.service.service_id, LAB, by="cli")
    back = move_service(day, LAB, there.service.service_id, PETIT, by="cli")
    with database.read() as tx:
        assert services.named(tx, PETIT, "web") == back.service, "not the one that ended here before"
    later_on = later(context, date(2026, 12, 24))
    move_service(later_on, PETIT, back.service.service_id, LAB, by="cli")
    for period in ("2026-12", "2027-01"):
        run(context, period)
    assert sum(net for who in (PETIT, SHOP, LAB, ACME) for _, on, net in lines(context, who)
               if on.startswith("12")) == 3600  # fmt: skip
    assert failed(context) == {}


def test_a_group_and_what_comes_back_stay_behind(database: Database) -> None:
    context = market(database)
    sold = sell(context)
    group = create_billing_group(context, PETIT, "site", by="cli")
    group_service(context, PETIT, group, sold.service.service_id, by="cli")
    run(context, "2026-11")
    done = given(context, sold)
    assert (done.ended.billing_group_id, done.service.billing_group_id) == (group, None)
    assert [each.billing_group_id for each in done.back] == [group]


def test_one_that_is_to_end_ends_there(database: Database) -> None:
    context = market(database)
    sold = sell(context)
    run(context, "2026-11")
    day = later(context, NEAR)
    run(context, "2026-12")
    terminate_service(day, PETIT, sold.service.service_id, Ending.AT_RENEWAL, by="cli")
    done = given(context, sold)
    assert done.service.terminated_on == date(2027, 1, 1)
    run(context, "2027-01")
    assert not [on for _, on, _ in lines(context, SHOP) if on.startswith("01")]
    assert failed(context) == {}


def _suspended(context: Context) -> Any:
    sold = sell(context)
    suspend_service(context, PETIT, sold.service.service_id, "late", by="cli")
    return {}, sold, SHOP


def _ended(context: Context) -> Any:
    sold = sell(context)
    terminate_service(context, PETIT, sold.service.service_id, Ending.NOW, by="cli")
    return {}, sold, SHOP


def _taken(context: Context) -> Any:
    sell(context, account_id=SHOP, resource_name="web")
    return {}, sell(context, resource_name="web"), SHOP


def _option(context: Context) -> Any:
    sold = sell(context, options=("backup",))
    return {"service_id": sold.options[0].service_id}, sold, SHOP


def _strange(context: Context) -> Any:
    return {"service_id": sell(context, account_id=LAB).service.service_id}, sell(context), SHOP


def _saving(context: Context) -> Any:
    """The market's own sellers measure disks; two of them are committed for a month."""
    measure(context, SAVING)
    sold = sell(context)
    plan = WantedPlan("small", 2, "disks", starts_on=NEAR)
    subscribe_savings(context, PETIT, sold.service.service_id, plan, by="cli")
    return {}, sold, SHOP


def _other_currency(context: Context) -> Any:
    there = Opening(FR, ADDRESSED, AccountId("ef11111-acq"), SupportLevel.BUSINESS, currency=Currency("USD"))
    return {}, sell(context), open_account(context, there, by="cli").account_id


def _limited(context: Context) -> Any:
    open_account(context, Opening(FR, ADDRESSED, AccountId("ef11111-acq"), SupportLevel.BUSINESS), by="cli")
    terms = AskedTerm(Term(30), credit_limit_minor=1_000)
    grant_enterprise_terms(context, AccountId("ef11111-acq"), terms, by="cli")
    return {}, sell(context), AccountId("ef11111-acq")


SAVING = """
[[savings]]
offer = "small"
meter = "disk"
flavor = "small"
product = "disk"
months = 1
per_day = 10
price = "0.003"
from = 2026-01-01
"""


@pytest.mark.parametrize(
    ("made", "refusal"),
    [
        (lambda context: ({}, sell(context), PETIT), CannotTake),
        (lambda context: ({}, sell(context), AccountId("zz99999-acq")), NoSuchAccount),
        (lambda context: ({}, sell(context, on=date(2026, 12, 20)), SHOP), NotBegun),
        (_other_currency, CannotTake),
        (_limited, CreditLimitExceeded),
        (_suspended, ServiceSuspended),
        (_ended, ServiceEnded),
        (_taken, ResourceTaken),
        (_option, NotAService),
        (_strange, NoSuchService),
        (_saving, StillSaving),
    ],
)
def test_what_cannot_go_stays_whole(database: Database, made: Any, refusal: Any) -> None:
    context = market(database)
    more, sold, to = made(context)
    with database.read() as tx:
        before = services.of_account(tx, PETIT), tx.one("SELECT count(*) FROM charge")[0]
    with pytest.raises(refusal):
        given(context, sold, to, on=NEAR, **more)
    with database.read() as tx:
        assert before == (services.of_account(tx, PETIT), tx.one("SELECT count(*) FROM charge")[0])
        assert rows(context, "SELECT 1 FROM service_move") == []


def test_only_staff_moves_without_asking(database: Database) -> None:
    context = market(database)
    sold = sell(context)
    with pytest.raises(StaffOnly):
        move_service(context, PETIT, sold.service.service_id, SHOP, by=f"account:{PETIT}")


def test_a_permanent_renewal_is_not_escaped(database: Database) -> None:
    """Acme's term renews Lab's services too; Petit has none, so only staff gives it there."""
    context = market(database)
    sold = sell(context, account_id=LAB, resource_name="web")
    grant_enterprise_terms(context, ACME, AskedTerm(Term(45)), by="cli")
    service_id, day = sold.service.service_id, later(context, NEAR)
    with database.write() as tx:
        giver, taker = hold_both_in(tx, LAB, PETIT)
        with pytest.raises(RenewalIsPermanent):
            move_in(day, tx, giver, taker, service_id, f"account:{LAB}", may_escape=False)
    moved = move_service(day, LAB, service_id, ACME, by="cli").service
    assert moved.renewal.forced, "both are under one term"
    freed = move_service(day, ACME, moved.service_id, PETIT, by="cli").service
    assert (freed.renewal.forced, freed.renewal.automatic) == (False, True)


def test_one_that_is_paid_for_and_not_renewed_has_to_be_renewed_first(database: Database) -> None:
    context = market(database)
    sold = sell(context)
    run(context, "2026-11")
    with database.write() as tx:
        stopped = replace(sold.service.renewal, automatic=False)
        services.set_renewal(tx, replace(sold.service, renewal=stopped))
    with pytest.raises(ServiceExpired):
        given(context, sold)


# ---------------------------------------------------------------- the audit


@pytest.fixture(scope="module")
def tried(module_database: Database, module_database_url: str) -> tuple[str, str]:
    context = market(module_database)
    sold = sell(context, "ip")
    run(context, "2026-11")
    done = given(context, sold)
    run(context, "2026-12")
    run(context, "2027-01")
    assert failed(context) == {}
    numbers = f"{PETIT}/{sold.service.service_id} to {SHOP}/{done.service.service_id}"
    return module_database_url, numbers


@pytest.fixture
def superuser(tried: tuple[str, str]) -> Iterator[Transaction]:
    with psycopg.connect(tried[0], row_factory=namedtuple_row) as connection:
        connection.execute("SET session_replication_role = replica")
        yield Transaction(connection)
        connection.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM charge WHERE part = 'moved'",
        "DELETE FROM charge WHERE part = 'end-back'",
        "UPDATE charge SET unit_price_ucents = unit_price_ucents + 1000000 WHERE part = 'moved'",
        "UPDATE charge SET period_start = period_start + 1 WHERE part = 'moved'",
        "UPDATE charge SET period_end = period_end - 1 WHERE part IN ('moved', 'end-back')",
        "UPDATE service SET terminated_on = terminated_on + 1 WHERE state = 'terminated'",
        "UPDATE service SET state = 'active' WHERE state = 'terminated'",
        "UPDATE service SET started_on = started_on + 1 WHERE state = 'active'",
        "UPDATE service_move SET paid_until_on = paid_until_on + 1",
        "UPDATE bill_detail SET period_end = period_end + 31 WHERE kind = 'renewal' AND account_id ~ '^cd'",
        "UPDATE bill_detail SET period_start = '2026-12-31' WHERE kind = 'renewal' AND account_id ~ '^ab'",
    ],
)  # fmt: skip
def test_a_day_charged_twice_or_to_nobody_is_found(
    statement: str, superuser: Transaction, tried: tuple[str, str]
) -> None:
    assert superuser.connection.execute(statement.encode()).rowcount
    (check,) = audit_moves.CHECKS
    assert superuser.one(check.query).differences == [tried[1]]


def test_service_ids_are_never_shared(database: Database) -> None:
    context = market(database)
    sold = sell(context)
    done = given(context, sold)
    assert ServiceId(done.service.service_id) != sold.service.service_id
