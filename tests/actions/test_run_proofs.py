"""What proves a run afterwards: replay, explanation, comparison with the month before, the parked queue."""

import string
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zlib import decompress

import psycopg
import pytest

from acquit.actions.add_credit import Credit, add_credit
from acquit.actions.agree_discount import agree_discount
from acquit.actions.agree_minimum_spend import agree_minimum_spend
from acquit.actions.compare_runs import Comparing, compare_posted
from acquit.actions.context import Context
from acquit.actions.explain_bill import explain_bill
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.open_account import Opening, open_account
from acquit.actions.replay_run import replay_run
from acquit.actions.retry_parked import parked_accounts, retry_parked
from acquit.actions.run_inputs import names_account
from acquit.actions.set_purchase_order import set_order_policy, set_purchase_order
from acquit.core.bill import NoSuchBill
from acquit.core.bill_run import NoInputs, NoSuchRun, NothingMended, NotParked, RunStatus
from acquit.core.comparison import Reason
from acquit.core.credit_balance import CreditType
from acquit.core.discount import Discount
from acquit.core.explanation_text import ENGLISH, FRENCH, told
from acquit.core.identifiers import AccountId, BillId, DiscountId, MinimumSpendId, RunId
from acquit.core.minimum_spend import Interval, MinimumSpend, Whose
from acquit.core.money import Currency
from acquit.core.operator import RoleForbids
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import OrderKind, Policy
from acquit.core.sales_request import AskedTerm
from acquit.core.terms import Term
from acquit.store import run_inputs
from acquit.store.transaction import Database
from billed import ADDRESSED, bill, charge, failed, family, later, rows, seller, subscribe
from founding import ACME, FR, LAB, PETIT, SAM, SHOP

EUR = Currency("EUR")
NOWHERE = AccountId("zz99999-acq")


def every_feature(context: Context) -> None:
    """Terms, an order with a maximum, a hold, a parked account, usage, a discount, a minimum, credit."""
    family(context)
    grant_enterprise_terms(context, ACME, AskedTerm(Term(45)), by="cli")
    order = OrderTerms("PO-1", date(2026, 1, 1), kind=OrderKind.BLANKET, amount_max_minor=100_000)
    set_purchase_order(context, ACME, order, by="cli")
    set_order_policy(context, SHOP, Policy.HOLD, by="cli")
    open_account(context, Opening(FR, replace(ADDRESSED, street=""), NOWHERE), by="cli")
    for account_id in (ACME, LAB, SHOP, PETIT, NOWHERE):
        service_id = subscribe(context, account_id, f"srv-{account_id}", unit_price_ucents=1_000_500_000)
        if account_id == PETIT:
            charge(context, PETIT, service_id)
    agree_discount(
        context, Discount(PETIT, DiscountId(0), "Off", date(2026, 1, 1), EUR, share_bp=1250), by="cli"
    )
    least = MinimumSpend(
        PETIT, MinimumSpendId(0), "Least", 5_000, EUR, Interval.MONTH, Whose.ACCOUNT, date(2026, 11, 1)
    )
    agree_minimum_spend(context, least, by="cli")
    add_credit(context, PETIT, Credit(700, EUR, CreditType.VOUCHER, "goodwill"), by="cli")


@pytest.fixture
def world(database: Database) -> Context:
    context = seller(database)
    every_feature(context)
    return context


@pytest.fixture
def superuser(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


def test_a_rehearsal_of_everything_tells_what_the_run_then_does(world: Context) -> None:
    rehearsed = bill(world, dry_run=True)
    real = bill(world)
    same = ("bills", "net_minor", "tax_minor", "total_minor", "parked", "currency")
    assert [getattr(rehearsed, name) for name in same] == [getattr(real, name) for name in same]
    assert (real.bills, real.parked) == (3, 1)
    assert failed(world) == {}


@pytest.mark.parametrize("page_size", [1, 5_000])
def test_a_run_is_decided_again_as_it_was_posted(page_size: int, world: Context) -> None:
    bill(world, page_size=page_size)
    charge(world, PETIT, 1, kind="one-off", period_start=date(2026, 11, 5))
    bill(world, page_size=page_size)
    again = replay_run(world, "2026-11", FR)
    assert again.differences == []
    assert (again.bills, again.held, again.parked) == (4, 1, 1)
    assert replay_run(world, str(again.run), FR).bills == 4


@pytest.mark.parametrize(
    ("statement", "bill_id", "what"),
    [
        ("UPDATE bill_detail SET quantity_e4 = 1 WHERE bill_id = 'FR00000003'", "FR00000003", "details"),
        ("UPDATE bill SET due_on = due_on + 1 WHERE bill_id = 'FR00000001'", "FR00000001", "due_on"),
        (
            "UPDATE bill SET purchase_order_id = 7 WHERE bill_id = 'FR00000001'",
            "FR00000001",
            "purchase_order",
        ),
        ("UPDATE bill_tax SET tax_minor = 0 WHERE bill_id = 'FR00000002'", "FR00000002", "taxes"),
        ("UPDATE credit_movement SET amount_minor = -1 WHERE amount_minor < 0", "FR00000003", "credit"),
        ("UPDATE held_bill SET amount_minor = 1", "", "held"),
        ("UPDATE parked_account SET problems = '[]'", "", "parked"),
        ("DELETE FROM bill WHERE bill_id = 'FR00000003'", "", "not posted"),
    ],
)
def test_what_was_changed_since_differs_and_is_named(
    statement: str, bill_id: str, what: str, world: Context, superuser: psycopg.Connection
) -> None:
    bill(world)
    superuser.execute(statement.encode())
    found = replay_run(world, "2026-11", FR).differences
    assert found[0].bill_id == bill_id
    assert what in found[0].what


def test_what_an_erased_buyer_has_no_part_in_is_still_decided_again(
    world: Context, superuser: psycopg.Connection
) -> None:
    bill(world)
    superuser.execute(
        "DELETE FROM snapshot WHERE snapshot_hash = (SELECT buyer_hash FROM bill WHERE account_id = %s)",
        [PETIT],
    )
    found = replay_run(world, "2026-11", FR)
    assert (found.differences, found.erased, found.unproved, found.bills) == ([], 1, 1, 2)
    superuser.execute("DELETE FROM snapshot")
    found = replay_run(world, "2026-11", FR)
    assert (found.differences, found.unproved, found.bills, found.accounts) == ([], 3, 0, 0)


def test_where_the_clock_stands_still_a_run_closes_twice_and_a_bill_names_its_input(world: Context) -> None:
    world.database.clock = lambda: datetime(2026, 11, 23, 10, tzinfo=UTC)
    bill(world, page_size=1)
    charge(world, PETIT, 1, kind="one-off", period_start=date(2026, 11, 5))
    bill(world, page_size=1)
    heads = rows(world, "SELECT recorded_at FROM chain_head WHERE scope = 'run' ORDER BY recorded_at")
    assert len(heads) == 2
    inputs = [
        explain_bill(world, each.bill_id).input_no
        for each in rows(world, "SELECT bill_id FROM bill ORDER BY bill_id")
    ]
    first, second, third, fourth = inputs
    assert first == second, "the family has one page"
    assert None not in inputs
    assert third != fourth
    with world.database.read() as tx:
        bodies = [run_inputs.find(tx, RunId(1), each).body for each in (third, fourth) if each]
    assert [names_account(each, PETIT) for each in bodies] == [True, True]
    assert failed(world) == {}


def test_personal_data_of_buyers_is_in_their_snapshot_alone(world: Context) -> None:
    bill(world)
    (kept,) = rows(world, "SELECT body FROM bill_run_input")
    told_of = decompress(kept.body)
    assert b"srv-" in told_of
    for personal in ("Petit", "2 rue du Port", "Nantes", "552081317"):
        assert personal.encode() not in told_of


def test_what_was_not_run_or_kept_nothing_cannot_be_replayed(
    world: Context, superuser: psycopg.Connection
) -> None:
    with pytest.raises(NoSuchRun):
        replay_run(world, "2026-11", FR)
    bill(world)
    superuser.execute("DELETE FROM bill_run_input")
    with pytest.raises(NoInputs):
        replay_run(world, "2026-11", FR)
    with pytest.raises(NoSuchRun):
        replay_run(world, "99", FR)


def test_an_explanation_walks_each_cent_back(world: Context) -> None:
    bill(world)
    said = told(explain_bill(world, BillId("FR00000003")))
    assert (
        said[0]
        == "Bill FR00000003 of 2026-11-23 bills account cd67890-acq 62.10 EUR: 51.75 net and 10.35 VAT."
    )
    assert said[1].endswith("1 × 10.005 = 10.005 EUR, rounded half away from zero to 10.01.")
    assert (
        "Discount 1 Off: 12.5 % of the 10.01 left of the line are 1.25125, so 1.25 off, since 2026-01-01."
    ) in said
    assert "It was accepted on 2026-10-31 and billed once." in said
    assert "Minimum spend 1: 50.00 per month; 8.76 was billed, 41.24 is missing." in said
    assert "Debt 100000002: 55.10 EUR is open now." in said
    assert "7.00 was settled by credit-balance." in said
    assert said[-1].startswith(
        "Entry 2 of cd67890-acq: debit 411000 62.10, credit 706000 51.75, credit 445740"
    )


def test_an_explanation_names_the_term_and_the_order(world: Context) -> None:
    bill(world)
    said = told(explain_bill(world, BillId("FR00000002")), "fr_FR")
    assert "Son parent ab12345-acq la doit." in said
    assert any(each.startswith("Le délai a été accordé à ab12345-acq") for each in said)
    assert "Elle ne cite aucun bon de commande." in said
    english = told(explain_bill(world, BillId("FR00000001")))
    assert "Purchase order PO-1 covers it: it took 10.01; 989.99 of 1000.00 are left now." in english
    with pytest.raises(NoSuchBill):
        explain_bill(world, BillId("FR00000009"))


def test_both_languages_say_the_same_things() -> None:
    assert ENGLISH.keys() == FRENCH.keys()
    for name, text in ENGLISH.items():
        assert _named(text) == _named(FRENCH[name]), name


def _named(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


def test_a_month_beside_the_one_before(world: Context) -> None:
    november = bill(world)
    on = date(2026, 12, 1)
    december = later(world, on)
    subscribe(world, LAB, "more", next_on=on, unit_price_ucents=700_000_000)
    with world.database.write() as tx:
        tx.run("UPDATE service SET unit_price_ucents = 1500000000 WHERE account_id = %(a)s", a=ACME)
        tx.run("UPDATE service SET state = 'terminated' WHERE account_id = %(a)s", a=PETIT)
    comparing = Comparing(december, FR, "2026-12")
    rehearsed = bill(december, "2026-12", dry_run=True, rehearsed=comparing.add)
    expected = comparing.finish()
    real = bill(december, "2026-12")
    posted = compare_posted(december, FR, "2026-12")
    assert posted.by_reason == expected.by_reason
    assert posted.difference_minor == {EUR: real.total_minor - november.total_minor}
    assert rehearsed.total_minor == real.total_minor
    assert {reason: amount for reason, amount in posted.by_reason[EUR].items() if amount} == {
        Reason.NEW: 700, Reason.PRICE: 499, Reason.ENDED: -1001, Reason.USAGE: -200, Reason.DISCOUNT: 150,
        Reason.ONE_OFF: 876, Reason.VAT_OF_CHANGES: 205,
    }  # fmt: skip


def test_the_month_before_may_be_missing(world: Context) -> None:
    with pytest.raises(NoSuchRun):
        compare_posted(world, FR, "2026-11")
    report = bill(world)
    found = compare_posted(world, FR, "2026-11", rows_max=2)
    assert found.difference_minor == {EUR: report.total_minor}
    assert (len(found.changes), found.rest_rows > 0) == (2, True)


def test_the_parked_are_billed_once_they_are_mended(world: Context) -> None:
    with pytest.raises(NotParked):
        retry_parked(world, by="cli")
    bill(world)
    ((run, (waiting,)),) = parked_accounts(world)
    assert (run.period, waiting.account_id, waiting.problems[0].code) == (
        "2026-11",
        NOWHERE,
        "missing-street",
    )
    with pytest.raises(NothingMended, match="street is missing"):
        retry_parked(world, by="cli")
    with pytest.raises(NotParked, match=PETIT):
        retry_parked(world, [PETIT], by="cli")
    with pytest.raises(RoleForbids):
        retry_parked(world, by=SAM)
    mend(world, street="3 quai", siren="123")
    (again,) = retry_parked(world, [NOWHERE], by="operator:bob")
    assert (again.status, again.parked[0].problems[0].code) == (RunStatus.OPEN, "bad-siren")
    mend(world, street="3 quai", siren="552081317", on="2026-11-03")
    (done,) = retry_parked(world, by="cli")
    assert (done.status, done.parked, done.posted_now[EUR].bills) == (RunStatus.CLOSED, (), 1)
    assert parked_accounts(world, "2026-11") == []
    assert replay_run(world, "2026-11", FR).differences == []
    assert failed(world) == {}


def mend(context: Context, *, street: str, siren: str, on: str = "2026-11-02") -> None:
    """Give the account that is nowhere an address from a day on."""
    values: dict[str, Any] = {"street": street, "siren": siren, "on": on, "account_id": NOWHERE}
    with context.database.write() as tx:
        tx.run(
            "INSERT INTO legal_party (legal_party_id, from_on, name, country, siren, street, zip, city) "
            "SELECT legal_party_id, %(on)s, 'Mended', 'FR', %(siren)s, %(street)s, '44000', 'Nantes' "
            "FROM account WHERE account_id = %(account_id)s",
            **values,
        )
