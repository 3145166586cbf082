"""Show a parent what its family was billed, regrouped at will: a view over bills that stay as they are."""

from dataclasses import dataclass
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import account_in
from acquit.core.bill_run import BadPeriod, period
from acquit.core.family_view import OF_BILLS, GroupedBy, ViewGroup, joined, regrouped
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency
from acquit.store import family_views

NOT_A_BILL = "not a bill"


@dataclass(frozen=True, slots=True)
class View:
    """A family's bills of a month or a year, regrouped; `total_minor` is the sum of the bills themselves."""

    account: AccountId
    period: str
    by: GroupedBy
    groups: tuple[ViewGroup, ...]
    total_minor: dict[Currency, int]
    marked: str = NOT_A_BILL


def view_family(context: Context, account_id: AccountId, months: str, by: GroupedBy) -> View:
    """Return the view of a month (`2026-11`) or a year (`2026`). Raises NoSuchAccount, BadPeriod."""
    first_on, last_on = _days(months)
    with context.database.snapshot() as tx:
        account_in(tx, account_id)
        whole = family_views.whole_bills(tx, account_id, first_on, last_on, by)
        lines, taxes = [], []
        if by not in OF_BILLS:
            shared = by is GroupedBy.SUB_ACCOUNT
            lines = family_views.lines(tx, account_id, first_on, last_on, shared=shared)
            taxes = family_views.taxes(tx, account_id, first_on, last_on, shared=shared)
        children = family_views.children_minor(tx, account_id, first_on, last_on)
    groups = joined((*whole, *regrouped(lines, taxes, by)))
    totals = {Currency(currency): amount for currency, amount in sorted(children.items())}
    seen = {
        currency: sum(each.total_minor for each in groups if each.currency == currency) for currency in totals
    }
    assert seen == totals, f"the view of {account_id} is {seen}, its bills are {totals}"
    return View(account_id, months, by, groups, totals)


def _days(months: str) -> tuple[date, date]:
    if len(months) == 4 and months.isascii() and months.isdigit() and int(months) >= 1:
        return date(int(months), 1, 1), date(int(months), 12, 31)
    try:
        month = period(months)
    except BadPeriod:
        text = f"{months!r} is neither a month nor a year; write it as in 2026-11 or 2026."
        raise BadPeriod(text, period=months) from None
    return month.first_on, month.last_on
