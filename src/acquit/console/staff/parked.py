"""What runs set aside: which accounts could not be billed, by which rule, what to mend, and trying again."""

from acquit.actions.retry_parked import retry_parked
from acquit.console.listing import LAST, ROWS, key_in, link_with
from acquit.console.staff.frame import page
from acquit.console.texts import mended
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId
from acquit.store import run_lists, runs


class NothingChosen(Invalid):
    """Nothing was ticked."""

    code = "nothing-chosen"


def show_parked(visit: Visit) -> Page:
    """GET /office/parked: accounts that runs set aside, oldest run first; of one run when it is named."""
    wanted = key_in(visit, "run", 0)
    run_no, _, account_id = visit.query.get("after", "").partition("/")
    after = (int(run_no), account_id) if run_no.isdigit() and len(run_no) < 18 else (wanted, "")
    with visit.snapshot() as tx:
        found = run_lists.parked_page(tx, after, wanted or LAST, ROWS + 1)
        waiting = runs.waiting(tx)
    shown = [
        (each, [(one, one.said(visit.language), mended(one.where, visit.language)) for one in each.problems])
        for each in found[:ROWS]
    ]
    more = ""
    if len(found) > ROWS:
        last = found[ROWS - 1]
        more = link_with(visit, after=f"{last.run_id}/{last.account_id}")
    return page(
        "parked.html", visit, parked=shown, runs=waiting, wanted=wanted, more=more,
        is_first="after" not in visit.query,
    )  # fmt: skip


def retry(visit: Visit) -> Reply:
    """POST /office/parked: the accounts that are ticked are billed in their runs where they can be."""
    chosen = [AccountId(each) for each in visit.form.chosen("park:")]
    if not chosen:
        raise NothingChosen("Tick the accounts that are to be tried again.")
    retry_parked(visit.context, chosen, by=visit.actor)
    run = visit.form.text("run")
    return Redirect(
        f"/office/parked?run={run}&done=run-retry" if run.isdigit() else "/office/parked?done=run-retry"
    )
