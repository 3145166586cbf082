"""Accrue revenue at the end of a month: what is earned and on no bill yet, taken back on the next day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from acquit.actions.context import Context
from acquit.actions.loading import entity_in, require_staff
from acquit.actions.month_end import open_month_in, pages
from acquit.core.bill_run import Period, period
from acquit.core.deferral import sum_accrued_minor
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.journal import (
    NO_ENTRY,
    Chart,
    Entry,
    EntryKind,
    Role,
    accrual_postings,
    chained,
    require_role,
)
from acquit.core.money import Currency
from acquit.core.operator import Right
from acquit.core.period import Happening
from acquit.store import accounts, accruals, billables, journals, periods
from acquit.store.transaction import Transaction

PAGE_ACCOUNTS: Final = 2_000
Amounts = Mapping[tuple[AccountId, Currency], int]


@dataclass(frozen=True, slots=True)
class Accrued:
    """What the end of a month did: accounts that booked, and by how much the accrued revenue changed."""

    period: str
    accounts: int
    accrued_minor: int


def accrue_revenue(context: Context, legal_entity_id: LegalEntityId, month: str, *, by: str) -> Accrued:
    """What an account's charges have earned by the end of the month and no bill up to then has is revenue.

    An entry is dated on its last day, another takes it back on the next; done again, only the difference is
    booked, so that a call which was killed is completed. Tax is on neither: it is decided with the bill.
    Amounts of several currencies are told as one sum.

    Raises BadPeriod, PeriodNotOver, PeriodClosed, ChartIncomplete, StaffOnly, RoleForbids.
    """
    ending = period(month)
    with context.database.read() as tx:
        require_staff(tx, by, Right.CLOSE_PERIODS)
        entity = entity_in(tx, legal_entity_id)
        open_month_in(context, tx, entity, ending)
        chart = billables.chart(tx, legal_entity_id)
        up_to_no = accruals.last_charge_no(tx)
        due = accruals.due(tx, legal_entity_id, ending.last_on)
        if due:
            require_role(chart, legal_entity_id, Role.ACCRUED, Role.REVENUE)
    changes: dict[AccountId, int] = {}
    for page in pages(due, PAGE_ACCOUNTS):
        with context.database.write() as tx:
            accounts.lock(tx, *page)
            change = _change(tx, chart, ending.last_on, up_to_no, page)
            journals.write(tx, _entries(tx, chart, ending, change))
            for (account_id, _), minor in change.items():
                changes[account_id] = changes.get(account_id, 0) + minor
    with context.database.write() as tx:
        periods.record(tx, legal_entity_id, month, Happening.ACCRUED, by, charge_no=up_to_no)
    return Accrued(month, len(changes), sum(changes.values()))


def _change(tx: Transaction, chart: Chart, on: date, up_to_no: int, page: Sequence[AccountId]) -> Amounts:
    """Return what is to be booked more (negative: less) per account and currency; the accounts are held."""
    earned = sum_accrued_minor(accruals.unbilled(tx, on, up_to_no, page), on)
    booked = accruals.booked(tx, chart[Role.ACCRUED], on, page)
    change = {key: earned.get(key, 0) - booked.get(key, 0) for key in sorted({*earned, *booked})}
    return {key: minor for key, minor in change.items() if minor}


def _entries(tx: Transaction, chart: Chart, ending: Period, change: Amounts) -> list[Entry]:
    heads = billables.heads(tx, list(dict.fromkeys(account_id for account_id, _ in change)))
    entries = []
    for (account_id, currency), minor in change.items():
        for kind, on, amount_minor in (
            (EntryKind.ACCRUAL, ending.last_on, minor),
            (EntryKind.ACCRUAL_REVERSED, ending.last_on + timedelta(days=1), -minor),
        ):
            entry = chained(
                heads.get(account_id, NO_ENTRY), account_id, kind.value, on, str(ending),
                accrual_postings(chart, amount_minor, currency),
            )  # fmt: skip
            heads[account_id] = entry.head
            entries.append(entry)
    return entries
