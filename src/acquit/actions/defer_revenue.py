"""Spread revenue at the end of a month: what is billed for days to come waits, days that came release it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.actions.context import Context
from acquit.actions.loading import entity_in, require_staff
from acquit.actions.month_end import open_month_in, pages
from acquit.core import journal
from acquit.core.account import LegalEntity
from acquit.core.bill_run import Period, period
from acquit.core.deferral import Spread
from acquit.core.identifiers import LegalEntityId
from acquit.core.journal import NO_ENTRY, Entry, EntryKind, Role, chained, deferral_postings
from acquit.core.operator import Right
from acquit.core.period import Happening, PeriodAct, PeriodOutOfOrder
from acquit.store import accounts, billables, deferrals, journals, periods
from acquit.store.transaction import Transaction

PAGE_ACCOUNTS: Final = 2_000
NEVER: Final = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Deferred:
    """What the end of a month did: accounts that booked, what was deferred and what was released."""

    period: str
    accounts: int
    deferred_minor: int
    released_minor: int


def defer_revenue(context: Context, legal_entity_id: LegalEntityId, month: str, *, by: str) -> Deferred:
    """The deferred balance of each account is what its bills leave to the days after the month.

    New bills of the month defer, earlier ones release, by entries dated on its last day; done again, nothing
    more is booked. Done page by page: killed anywhere, the next call does the rest. Amounts of several
    currencies are told as one sum. Raises BadPeriod, PeriodNotOver, PeriodClosed, PeriodOutOfOrder,
    ChartIncomplete.
    """
    ending = period(month)
    with context.database.read() as tx:
        require_staff(tx, by, Right.CLOSE_PERIODS)
        entity = entity_in(tx, legal_entity_id)
        chart = _chart_in(tx, entity)
        before = _before(open_month_in(context, tx, entity, ending), ending)
        due = deferrals.due(tx, legal_entity_id, chart[Role.DEFERRED], before, ending.last_on)
    done: list[Spread] = []
    for page in pages(due, PAGE_ACCOUNTS):
        with context.database.write() as tx:
            accounts.lock(tx, *page)
            found = deferrals.spreads(tx, legal_entity_id, chart[Role.DEFERRED], before, ending.last_on, page)
            journals.write(tx, _entries(tx, chart, ending, found))
            done += found
    with context.database.write() as tx:
        periods.record(tx, legal_entity_id, month, Happening.DEFERRED, by)
    return Deferred(
        month,
        len({each.account_id for each in done}),
        sum(each.fresh_minor for each in done),
        sum(each.released_minor for each in done),
    )


def _chart_in(tx: Transaction, entity: LegalEntity) -> journal.Chart:
    chart = billables.chart(tx, entity.legal_entity_id)
    journal.refuse_incomplete(chart, entity.legal_entity_id)
    if Role.DEFERRED not in chart:
        raise journal.ChartIncomplete(
            f"The chart of accounts of {entity.legal_entity_id} has no ledger account for deferred revenue: "
            f"acquit chart set --legal-entity {entity.legal_entity_id} --role deferred --number 487000",
            legal_entity=entity.legal_entity_id,
        )
    return chart


def _before(acts: Sequence[PeriodAct], ending: Period) -> date:
    """Return the last day that was spread before this month. Raises PeriodOutOfOrder."""
    spread = {act.period for act in acts if act.happening is Happening.DEFERRED}
    later = max(spread, default="")
    if later > str(ending) and str(ending) not in spread:
        raise PeriodOutOfOrder(f"The revenue of {later} is spread already, that of {ending} with it.")
    return max((period(each).last_on for each in spread if each < str(ending)), default=NEVER)


def _entries(tx: Transaction, chart: journal.Chart, ending: Period, found: Sequence[Spread]) -> list[Entry]:
    """Return the entries of a page, chained to the last of each account."""
    heads = billables.heads(tx, list(dict.fromkeys(each.account_id for each in found)))
    entries = []
    for each in found:
        for kind, amount_minor in (
            (EntryKind.RELEASE, -each.released_minor),
            (EntryKind.DEFERRAL, each.fresh_minor),
        ):
            if not amount_minor:
                continue
            entry = chained(
                heads.get(each.account_id, NO_ENTRY),
                each.account_id,
                kind.value,
                ending.last_on,
                str(ending),
                deferral_postings(chart, amount_minor, each.currency),
            )
            heads[each.account_id] = entry.head
            entries.append(entry)
    return entries
