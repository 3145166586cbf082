"""Bill runs under crashes: after any write, by kill -9, two at once, and with rows PostgreSQL refuses.

Whatever happens, running again completes: nothing is billed twice, nothing is lost, no number is missing.
"""

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from acquit.actions.add_credit import Credit, add_credit
from acquit.actions.context import Context
from acquit.actions.page_loading import Scope
from acquit.actions.run_inputs import keep_inputs
from acquit.actions.run_pages import added, bill_accounts, scope_in
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.core.bill_run import RunStatus, period
from acquit.core.credit_balance import CreditType
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.money import Currency
from acquit.core.order_change import OrderTerms
from acquit.core.planned_change import ChangeKind, PlannedChange
from acquit.core.purchase_order import OrderKind, OrderLine
from acquit.core.snapshot import snapshot
from acquit.store import bills, planned_changes, runs
from acquit.store.transaction import Database
from billed import ON, bill, charge, failed, family, rows, seller, subscribe
from founding import ACME, FR, LAB, PETIT, SHOP

FAMILY = (ACME, LAB, SHOP, PETIT)
TESTS = Path(__file__).parents[1]

WRITTEN = (
    "snapshot", "service", "planned_change", "service_agreement", "parked_account", "series",
    "bill", "bill_detail", "bill_tax", "bill_number",
    "bill_order", "debt", "entry", "posting", "purchase_order_draw", "bill_run_page", "bill_run",
    "chain_head", "act", "bill_run_input", "debt_operation", "credit_movement",
)  # fmt: skip
"""Every table that a run writes."""

CRASH = """
    CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the connection is gone' USING ERRCODE = '57P01'; END $$;
    CREATE TRIGGER crash AFTER INSERT OR UPDATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION crash()
"""

STALL = """
    CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
    CREATE TRIGGER stall AFTER INSERT OR UPDATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION stall()
"""

STALLED = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'
"""


def ready(database: Database) -> Context:
    """Four accounts with a service each, usage of one with credit, a change of another that is taken."""
    context = seller(database)
    family(context)
    for account_id in FAMILY:
        service_id = ServiceId(subscribe(context, account_id, f"srv-{account_id}"))
    change = PlannedChange(
        service_id, 1, ChangeKind.PRICE, date(2026, 11, 1), "as before", unit_price_ucents=10_00000000
    )
    with database.write() as tx:
        planned_changes.add(tx, [(FAMILY[-1], change, None)], "cli")
    charge(context, PETIT)
    credit = Credit(500, Currency("EUR"), CreditType.VOUCHER, "goodwill")
    add_credit(context, PETIT, credit, by="cli")
    return context


def whole(context: Context) -> None:
    """Everything is billed once and the books are right."""
    report = bill(context)
    assert (report.bills, report.parked, report.status) == (4, 0, RunStatus.CLOSED)
    assert report.net_minor == 4_200
    assert (report.first_number, report.last_number) == ("FR00000001", "FR00000004")
    assert bill(context).posted_now == 0
    assert failed(context) == {}


@pytest.mark.parametrize("table", WRITTEN)
def test_after_a_crash_at_any_write_a_run_completes(
    table: str, database: Database, database_url: str
) -> None:
    context = ready(database)
    if table == "parked_account":
        subscribe(context, PETIT, "bad", currency="XXX")
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(CRASH.format(table).encode())
        with pytest.raises(psycopg.OperationalError, match="connection is gone"):
            bill(context, page_size=2)
        assert failed(context) == {}
        owner.execute("DROP FUNCTION crash CASCADE")
        owner.execute("DELETE FROM service WHERE resource_name = 'bad'")
    whole(context)


@pytest.mark.parametrize(
    "table", ["service", "series", "bill_detail", "posting", "bill_run_page", "chain_head"]
)
def test_killed_at_a_write_a_run_completes(table: str, database: Database, database_url: str) -> None:
    context = ready(database)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(STALL.format(table).encode())
        run = start(database_url)
        backend = stalled(owner, run)
        run.send_signal(signal.SIGKILL)
        run.wait()
        owner.execute("SELECT pg_terminate_backend(%s)", [backend])
        owner.execute("DROP FUNCTION stall CASCADE")
    assert failed(context) == {}
    whole(context)


def start(url: str, page_size: int = 2) -> subprocess.Popen[str]:
    """Start a run in a process of its own."""
    return subprocess.Popen(
        [sys.executable, TESTS / "fault" / "billing_run.py", url, "2026-11", str(ON), str(page_size)],
        env=os.environ | {"PYTHONPATH": str(TESTS)}, text=True, stdout=subprocess.PIPE,
    )  # fmt: skip


def stalled(owner: psycopg.Connection, run: subprocess.Popen[str]) -> int:
    """Wait until the run hangs in the stalling write; return the process of its backend."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = owner.execute(STALLED).fetchone()
        if found is not None:
            return int(found[0])
        assert run.poll() is None, "the run ended without writing there"
        time.sleep(0.02)
    raise AssertionError("the run did not reach the write")


def test_killed_ten_times_at_random_a_run_completes(database: Database, database_url: str) -> None:
    context = seller(database)
    family(context)
    for account_id in FAMILY:
        for number in range(40):
            subscribe(context, account_id, f"{number}-{account_id}", billing_group_id=number)
    rng = random.Random(20261123)
    for _ in range(10):
        run = start(database_url, page_size=1)
        try:
            run.wait(timeout=rng.uniform(0.25, 0.9))
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
        assert failed(context) == {}
    report = bill(context)
    assert (report.bills, report.net_minor, report.status) == (160, 160_000, RunStatus.CLOSED)
    assert failed(context) == {}


def test_two_runs_at_once_bill_everything_once(database: Database, database_url: str) -> None:
    context = ready(database)
    runs = [start(database_url, page_size=1) for _ in range(3)]
    posted = [int(run.communicate(timeout=120)[0]) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert sum(posted) == 4
    whole(context)


WAITING = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
       AND query LIKE '%FROM purchase_order o%FOR NO KEY UPDATE%'
"""


@pytest.mark.parametrize("kind", [OrderKind.BLANKET, OrderKind.CLOSED])
def test_a_family_whose_order_was_shared_after_the_pages_were_cut_never_overspends_it(
    kind: OrderKind, database: Database, database_url: str
) -> None:
    context = ready(database)
    lines = (OrderLine(1, "A", amount_max_minor=2_500),) if kind is OrderKind.CLOSED else ()
    order = OrderTerms(
        "FAM", date(2026, 1, 1), kind=kind, lines=lines, members=frozenset({ACME, LAB, SHOP}),
        amount_max_minor=None if lines else 2_500,
    )  # fmt: skip
    set_purchase_order(context, ACME, order, by="cli")
    scope = opened(context)
    with psycopg.connect(database_url) as other, psycopg.connect(database_url, autocommit=True) as owner:
        other.execute("SELECT 1 FROM purchase_order FOR UPDATE")
        with ThreadPoolExecutor() as pool:
            pages = [
                pool.submit(bill_accounts, context, scope, page, wait=False)
                for page in ([ACME, LAB], [SHOP, PETIT])
            ]
            wait_for(lambda: owner.execute(WAITING).fetchone() == (2,))
            other.commit()
        done = added([page.result() for page in pages])
    assert (done.totals[Currency("EUR")].bills, done.postponed, done.parked) == (4, (), 0)
    drawn = rows(context, "SELECT sum(amount_minor)::bigint AS minor FROM purchase_order_draw")
    assert drawn[0].minor == 2_000
    assert len(rows(context, "SELECT 1 FROM bill WHERE purchase_order_id IS NULL")) == 2
    whole(context)


def opened(context: Context) -> Scope:
    """The scope of a run that has begun and billed nothing."""
    month = period("2026-11")
    with context.database.write() as tx:
        scope = scope_in(context, tx, FR, month, ON, "cli")
        bills.keep_snapshots(tx, [snapshot(scope.seller)])
        return replace(scope, run_id=runs.open_run(tx, FR, str(month)), keep_inputs=keep_inputs)


def test_who_comes_second_waits_for_what_the_first_has_taken(database: Database, database_url: str) -> None:
    context = ready(database)
    posted: list[int] = []
    with psycopg.connect(database_url) as other:
        other.execute("SELECT 1 FROM account WHERE account_id = %s FOR UPDATE", [ACME])
        run = Thread(target=lambda: posted.append(bill(context, page_size=1).posted_now))
        run.start()
        wait_for(lambda: len(rows(context, "SELECT 1 FROM bill")) == 2)
        other.commit()
        run.join(60)
    assert posted == [4]
    whole(context)


def wait_for(condition: object) -> None:
    deadline = time.monotonic() + 30
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_one_account_that_postgresql_refuses_is_parked_and_the_others_are_billed(
    database: Database, database_url: str
) -> None:
    context = ready(database)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(f"ALTER TABLE bill ADD CONSTRAINT no_shop CHECK (account_id <> '{SHOP}')".encode())
        report = bill(context)
        assert (report.posted_now, report.parked, report.status) == (3, 1, RunStatus.OPEN)
        (parked,) = rows(context, "SELECT account_id, problems FROM parked_account")
        assert parked.account_id == SHOP
        assert parked.problems[0]["code"] == "refused-by-database"
        assert "no_shop" in parked.problems[0]["message"]
        assert failed(context) == {}
        owner.execute("ALTER TABLE bill DROP CONSTRAINT no_shop")
    whole(context)


def test_a_renewal_date_that_was_set_back_never_bills_a_period_again(
    database: Database, database_url: str
) -> None:
    context = ready(database)
    bill(context)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("UPDATE service SET next_renewal_on = '2026-11-01' WHERE account_id = %s", [PETIT])
    report = bill(context)
    assert (report.posted_now, report.parked) == (0, 1)
    assert failed(context).keys() == {"renewal-dates"}


def test_an_amount_that_no_column_holds_parks_the_account(database: Database) -> None:
    context = ready(database)
    large = 9 * 10**18
    subscribe(context, AccountId(PETIT), "huge", quantity_e4=large, unit_price_ucents=large)
    report = bill(context)
    assert (report.posted_now, report.parked) == (3, 1)
    assert failed(context) == {}
