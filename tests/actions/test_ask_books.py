"""Closing, auditing and dunning that an operator asks for, carried out by a worker, told among the acts."""

import threading
from datetime import date

import pytest

from acquit.actions.ask_books import ask_audit, ask_closing, carry_out_closing
from acquit.actions.ask_dunning import ask_dunning, some_steps
from acquit.actions.ask_vat import ask_vat, carry_out_vat
from acquit.actions.context import Context
from acquit.actions.loading import StaffOnly
from acquit.actions.report_vat import report_vat
from acquit.core.bill_run import BadPeriod
from acquit.core.identifiers import AccountId
from acquit.core.operator import RoleForbids
from acquit.core.vat_report import report_document
from acquit.store import office_lists, vat_requests
from acquit.store.office_lists import Act
from acquit.store.transaction import Database
from acquit.store.vat_requests import VatRequest
from acquit.worker.outbox import work
from billed import later
from founding import ACME, FR, PETIT, SHOP, count
from owing import TESS, owing

LATE_ON = date(2027, 1, 20)


@pytest.fixture
def context(database: Database) -> Context:
    return owing(database)


def last_act(context: Context, verb: str) -> Act:
    with context.database.read() as tx:
        return office_lists.acts(tx, 2**62, 1, verbs=[verb])[0]


def test_the_books_are_audited_by_the_worker_and_the_act_tells_the_result(
    context: Context, database_url: str
) -> None:
    ask_audit(context, by=TESS)
    work(context, database_url, threading.Event(), until_idle=True)
    act = last_act(context, "audit_books")
    assert (act.actor, act.details["passed"], act.details["failed"]) == (TESS, True, {})
    assert act.details["checks"] > 50
    with context.database.write() as tx:
        tx.connection.execute("SET LOCAL ROLE NONE")
        tx.connection.execute("SET LOCAL session_replication_role = replica")
        tx.connection.execute("UPDATE debt SET amount_minor = amount_minor + 1")
    ask_audit(context, by=TESS)
    work(context, database_url, threading.Event(), until_idle=True)
    failed = last_act(context, "audit_books").details
    assert failed["passed"] is False
    assert all(failed["failed"].values())


def test_a_closing_that_is_refused_says_why(context: Context, database_url: str) -> None:
    ask_closing(context, FR, "2026-11", by=TESS)
    work(context, database_url, threading.Event(), until_idle=True)
    act = last_act(context, "closing_refused")
    assert (act.actor, act.subject) == (TESS, "FR 2026-11")
    assert act.details["message"]


def test_a_month_that_is_over_is_closed(context: Context) -> None:
    assert carry_out_closing(later(context, LATE_ON), "FR", "2026-11", "", TESS)
    assert last_act(context, "close_period").actor == TESS


def test_letters_are_rehearsed_within_bounds_and_written_by_the_worker(
    context: Context, database_url: str
) -> None:
    late = later(context, LATE_ON)
    steps, last = some_steps(late, FR)
    assert {step.payer_id for step in steps} == {ACME, SHOP, PETIT}
    assert last == ""
    assert count(context, "dunning_step") == 0
    ask_dunning(late, FR, by=TESS)
    work(late, database_url, threading.Event(), until_idle=True)
    assert count(context, "dunning_step") == 3


def vat(context: Context, period: str, *, is_made: bool) -> VatRequest | None:
    with context.database.read() as tx:
        return vat_requests.latest(tx, FR, period, is_made=is_made)


def test_a_vat_report_is_made_by_the_worker_and_stays_as_it_was(context: Context, database_url: str) -> None:
    for _twice in range(2):
        ask_vat(context, FR, "2026-11", by=TESS)
    assert count(context, "vat_request") == 1
    assert vat(context, "2026-11", is_made=True) is None
    work(context, database_url, threading.Event(), until_idle=True)
    assert vat(context, "2026-11", is_made=False) is None
    made = vat(context, "2026-11", is_made=True)
    assert made is not None
    assert made.report == report_document(report_vat(context, FR, "2026-11"))
    assert made.asked_by == TESS
    carry_out_vat(context, FR, made.request_no)
    assert vat(context, "2026-11", is_made=True) == made
    ask_vat(context, FR, "2026-11", by=TESS)
    work(context, database_url, threading.Event(), until_idle=True)
    again = vat(context, "2026-11", is_made=True)
    assert again is not None
    assert again.request_no > made.request_no
    assert vat(context, "2026", is_made=True) is None


def test_who_may_not_ask(context: Context) -> None:
    with pytest.raises(StaffOnly):
        ask_vat(context, FR, "2026-11", by=f"account:{ACME}")
    with pytest.raises(BadPeriod):
        ask_vat(context, FR, "soon", by=TESS)
    with pytest.raises(StaffOnly):
        ask_audit(context, by=f"account:{AccountId(ACME)}/alice")
    with pytest.raises(RoleForbids):
        ask_closing(context, FR, "2026-11", by="operator:sam")
    with pytest.raises(RoleForbids):
        ask_dunning(context, FR, by="operator:sam")
    with pytest.raises(BadPeriod):
        ask_closing(context, FR, "soon", by=TESS)
