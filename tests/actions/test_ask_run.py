"""Bill runs that are asked for and carried out by a worker: once, in order, refused with the reason."""

import threading

import pytest

from acquit.actions.ask_run import (
    NoSuchRunRequest,
    RunTooFarAhead,
    RunUnderWay,
    ask_run,
    carry_out_run,
    give_up_run,
    show_run_request,
)
from acquit.actions.context import Context
from acquit.core.bill_run import BadPeriod
from acquit.core.operator import RoleForbids
from acquit.store.transaction import Database
from acquit.worker.outbox import work
from billed import bill, family, seller, subscribe
from founding import ACME, FR, SHOP, count, verbs

BOB = "operator:bob"


@pytest.fixture
def context(database: Database) -> Context:
    made = seller(database)
    family(made)
    for account_id in (ACME, SHOP):
        subscribe(made, account_id, f"srv-{account_id}")
    return made


def test_a_rehearsal_tells_totals_and_changes_and_writes_no_bill(context: Context) -> None:
    asked = ask_run(context, FR, "2026-11", is_rehearsal=True, by=BOB)
    assert (asked.state, asked.is_under_way) == ("waiting", True)
    ended = carry_out_run(context, asked.request_no)
    assert (ended.state, ended.done, ended.accounts, ended.percent) == ("done", 2, 2, 100)
    (report,) = ended.outcome["reports"]
    assert (report["status"], report["bills"], report["total_minor"]) == ("rehearsed", 2, 2_400)
    (compared,) = ended.outcome["comparison"]["currencies"]
    assert compared["difference_minor"] == 2_400
    assert dict(map(tuple, compared["reasons"])) == {"new": 2_000, "vat-of-changes": 400}
    assert {change[0] for change in compared["changes"]} == {ACME, SHOP}
    assert count(context, "bill") == 0
    assert verbs(context)[-1] == "ask_run"


def test_the_worker_posts_what_was_asked_once(context: Context, database_url: str) -> None:
    asked = ask_run(context, FR, "2026-11", is_rehearsal=False, by=BOB)
    work(context, database_url, threading.Event(), until_idle=True)
    ended = show_run_request(context, asked.request_no)
    assert (ended.state, ended.outcome["reports"][0]["posted_now"]) == ("done", 2)
    assert count(context, "bill") == 2
    assert carry_out_run(context, asked.request_no) == ended
    assert count(context, "bill") == 2


def test_the_same_run_is_not_asked_for_twice_at_once(context: Context) -> None:
    asked = ask_run(context, FR, "2026-11", is_rehearsal=False, by=BOB)
    with pytest.raises(RunUnderWay):
        ask_run(context, FR, "2026-11", is_rehearsal=False, by=BOB)
    ask_run(context, FR, "2026-11", is_rehearsal=True, by=BOB)
    carry_out_run(context, asked.request_no)
    assert ask_run(context, FR, "2026-11", is_rehearsal=False, by=BOB).request_no > asked.request_no


def test_what_the_rules_refuse_is_told_on_the_request(context: Context) -> None:
    bill(context)
    with context.database.write() as tx:
        tx.run("UPDATE operator SET role = 'auditor' WHERE operator_id = 'bob'")
        tx.run("UPDATE operator SET role = 'billing' WHERE operator_id = 'bea'")
    asked = ask_run(context, FR, "2026-11", is_rehearsal=False, by="operator:bea")
    with context.database.write() as tx:
        tx.run("UPDATE operator SET role = 'auditor' WHERE operator_id = 'bea'")
    ended = carry_out_run(context, asked.request_no)
    assert (ended.state, ended.outcome["code"]) == ("refused", "role-forbids")
    assert ended.ended_at is not None


def test_a_run_that_breaks_is_told_so_and_can_be_asked_for_again(context: Context) -> None:
    asked = ask_run(context, FR, "2026-11", is_rehearsal=False, by=BOB)
    assert give_up_run(context, asked.request_no).outcome["code"] == "run-broke"
    again = ask_run(context, FR, "2026-11", is_rehearsal=False, by=BOB)
    assert carry_out_run(context, again.request_no).state == "done"


def test_what_cannot_be_asked_for(context: Context) -> None:
    with pytest.raises(RoleForbids):
        ask_run(context, FR, "2026-11", is_rehearsal=True, by="operator:sam")
    with pytest.raises(BadPeriod):
        ask_run(context, FR, "November", is_rehearsal=True, by=BOB)
    with pytest.raises(RunTooFarAhead):
        ask_run(context, FR, "2030-01", is_rehearsal=False, by=BOB)
    with pytest.raises(NoSuchRunRequest):
        carry_out_run(context, 99)
