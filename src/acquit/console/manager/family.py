"""Sub-accounts: who belongs to the account, and what all of them were billed, regrouped at will."""

from datetime import date

from acquit.actions.view_family import view_family
from acquit.console.chart import twelve_months
from acquit.console.listing import ROWS, cut, key_in
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Visit
from acquit.core.bill_run import BadPeriod, period
from acquit.core.family_view import GroupedBy
from acquit.store import accounts

GROUPS_MAX = 200


def list_sub_accounts(visit: Visit) -> Page:
    """GET /manager/sub-accounts?period=2026-11&by=order: the family, and its bills of a month or a year."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        found = accounts.page_of_parent(tx, visit.account_id, key_in(visit, "after", 0), ROWS + 1)
    wanted = _span(visit.query.get("period", ""), f"{place.today:%Y-%m}")
    by = visit.query.get("by", "")
    grouped = GroupedBy(by) if by in list(GroupedBy) else GroupedBy.SUB_ACCOUNT
    view = view_family(visit.context, visit.account_id, wanted, grouped)
    return page(
        "sub_accounts.html",
        place,
        sub_accounts=cut(visit, found, "after", lambda each: each.sub_account_no),
        view=view,
        groups=view.groups[:GROUPS_MAX],
        hidden=max(len(view.groups) - GROUPS_MAX, 0),
        months=_months(place.today),
    )


def _span(wanted: str, default: str) -> str:
    """Return the month or year of a filter; what is neither filters nothing."""
    if len(wanted) == 4 and wanted.isascii() and wanted.isdigit() and int(wanted) >= 1:
        return wanted
    try:
        period(wanted)
    except BadPeriod:
        return default
    return wanted


def _months(today: date) -> list[tuple[str, date | None]]:
    """Return the last twelve months with their first days, then the last three years."""
    months = [(f"{each:%Y-%m}", each) for each in reversed(twelve_months(today))]
    return [*months, *((f"{year:04d}", None) for year in range(today.year, today.year - 3, -1))]
