"""What runs set aside: which accounts could not be billed, by which rule, and what to mend."""

from acquit.actions.retry_parked import parked_accounts
from acquit.console.staff.frame import page
from acquit.console.texts import mended
from acquit.console.visit import Page, Visit


def show_parked(visit: Visit) -> Page:
    """GET /office/parked: the parked accounts of every open run, oldest period first."""
    waiting = [
        (
            run,
            each,
            [(one, one.said(visit.language), mended(one.where, visit.language)) for one in each.problems],
        )
        for run, parked in parked_accounts(visit.context)
        for each in parked
    ]
    return page("parked.html", visit, parked=waiting)
