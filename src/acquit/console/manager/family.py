"""Sub-accounts: who belongs to the account, and what all of them were billed, regrouped at will."""

from acquit.actions.view_family import view_family
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
        months=_months(place.today.year, place.today.month),
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


def _months(year: int, month: int) -> list[str]:
    """Return the last twelve months, then the last three years."""
    number = year * 12 + month - 1
    months = [f"{each // 12:04d}-{each % 12 + 1:02d}" for each in range(number, number - 12, -1)]
    return [*months, *(f"{each:04d}" for each in range(year, year - 3, -1))]
