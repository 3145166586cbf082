"""The bill-run cockpit: rehearse, compare, post, watch, and what a run set aside or holds back."""

from typing import Final

from acquit.actions.ask_run import NoSuchRunRequest, ask_run, show_run_request
from acquit.actions.change_hold import extend_hold, release_hold
from acquit.actions.loading import date_of
from acquit.console import typed
from acquit.console.listing import ROWS, link_with
from acquit.console.staff.seller import NoSuchThing, number_in, seller_page, sellers_in
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.bill_run import BadPeriod, NoSuchRun, Period, period
from acquit.core.identifiers import AccountId
from acquit.store import run_lists, run_requests, runs

LATEST: Final = 12


def list_runs(visit: Visit) -> Page:
    """GET /office/runs: ask for a run or its rehearsal, what is under way, and the latest months."""
    with visit.snapshot() as tx:
        sellers = sellers_in(visit, tx)
        entity = sellers.entity
        asked = run_requests.latest(tx, entity.legal_entity_id, LATEST)
        known = [run for run in runs.recent(tx, 48) if run.legal_entity_id == entity.legal_entity_id]
        totals = {run.run_id: runs.page_totals(tx, run.run_id) for run in known[:LATEST]}
        parked = {run.run_id for run in runs.waiting(tx)}
    today = date_of(visit.context, entity)
    return seller_page(
        "runs.html", visit, sellers,
        asked=asked, runs=known[:LATEST], totals=totals, parked=parked,
        month=str(Period(today.replace(day=1))), is_watched=any(each.is_under_way for each in asked),
    )  # fmt: skip


def ask(visit: Visit) -> Reply:
    """POST /office/runs: the run or its rehearsal is asked for; a worker does it."""
    with visit.read() as tx:
        entity_id = sellers_in(visit, tx).entity.legal_entity_id
    verb = typed.one_of(visit.form.text("verb"), ["rehearse", "post"])
    asked = ask_run(
        visit.context, entity_id, visit.form.text("period"), is_rehearsal=verb == "rehearse", by=visit.actor
    )
    return Redirect(f"/office/runs/asked/{asked.request_no}")


def show_asked(visit: Visit) -> Page:
    """GET /office/runs/asked/{request_no}: how far it is, then totals and the comparison."""
    asked = show_run_request(visit.context, number_in(visit, "request_no", NoSuchRunRequest))
    with visit.read() as tx:
        sellers = sellers_in(visit, tx)
    return seller_page("run_asked.html", visit, sellers, asked=asked)


def show_run(visit: Visit) -> Page:
    """GET /office/runs/{period}: a month's run, how much it set aside, and what it holds."""
    with visit.snapshot() as tx:
        sellers = sellers_in(visit, tx)
        entity = sellers.entity
        try:
            month = str(period(visit.path_values["period"]))
        except BadPeriod as error:
            raise NoSuchThing("There is no such month.") from error
        run = runs.find(tx, entity.legal_entity_id, month)
        if run is None:
            raise NoSuchRun(f"{month} was not run for {entity.legal_entity_id}.", period=month)
        parked = run_lists.count_parked(tx, run.run_id)
        held = run_lists.held_page(tx, run.run_id, visit.query.get("held", ""), ROWS + 1)
        totals = runs.page_totals(tx, run.run_id)
        written_at, pages = run_lists.last_written(tx, run.run_id)
    return seller_page(
        "run.html", visit, sellers,
        run=run, totals=totals, written_at=written_at, pages=pages, parked=parked, held=held[:ROWS],
        more_held=link_with(visit, held=held[ROWS - 1].account_id) if len(held) > ROWS else "",
        is_first="held" not in visit.query,
    )  # fmt: skip


def change_run(visit: Visit) -> Reply:
    """POST /office/runs/{period}: move a hold's deadline, or end a hold."""
    verb = typed.one_of(visit.form.text("verb"), ["extend", "release"])
    with visit.read() as tx:
        entity_id = sellers_in(visit, tx).entity.legal_entity_id
    account_id = AccountId(visit.form.text("account"))
    if verb == "extend":
        until_on = typed.day(visit.form.text("until"))
        if until_on is None:
            raise typed.NotADate("Say until when: write it as 2026-11-23.")
        extend_hold(visit.context, account_id, until_on, visit.form.text("reason"), by=visit.actor)
    else:
        release_hold(visit.context, account_id, visit.form.text("reason"), by=visit.actor)
    return Redirect(f"{visit.path}?seller={entity_id}&done=run-{verb}")
