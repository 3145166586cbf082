"""Bill one period of a legal entity: pages of payers, each one transaction, until nothing is left to bill.

A run may be stopped anywhere, started again, or started twice at once: a page is written whole or not at
all, a charge is billed once, and who comes second bills what the first has not taken. What cannot be billed
is parked with its problems, and a run with parked accounts stays open.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final

import psycopg
from psycopg import errors

from acquit.actions.bill_page import AfterPage, Scope, Written, bill_page, decide_page, load
from acquit.actions.context import Context
from acquit.actions.defer_papers import defer_papers
from acquit.actions.loading import date_of, entity_in, require_staff
from acquit.core import bill_run, snapshot
from acquit.core.bill import seller_problems
from acquit.core.bill_run import CannotRun, RunStatus, Totals, totals_of
from acquit.core.identifiers import AccountId, LegalEntityId, PurchaseOrderId, RunId
from acquit.core.journal import refuse_incomplete
from acquit.core.money import Currency
from acquit.core.numbering import DateBeforeSeries, NoSuchSeries, refuse_date, series_problems
from acquit.core.operator import Right
from acquit.core.problem import Problem
from acquit.core.purchase_order import PurchaseOrder
from acquit.store import acts, billables, journals, runs, series
from acquit.store.transaction import Transaction

Progress = Callable[[int, int], None]
"""Called with the accounts done and those there are."""

TRIES_MAX: Final = 2
TURNS_MAX: Final = 5
REFUSED: Final = (errors.IntegrityError, errors.DataError, errors.RaiseException, OverflowError)
"""What PostgreSQL says when it does not take a page as it is: trying again does not help."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run in one currency: all that it ever billed, and what was billed now."""

    run: RunId | None
    period: str
    legal_entity: LegalEntityId
    status: RunStatus
    bills: int
    posted_now: int
    parked: int
    net_minor: int
    tax_minor: int
    total_minor: int
    currency: Currency
    first_number: str | None
    last_number: str | None
    seconds: float


@dataclass(slots=True)
class _Tally:
    """What this call has done so far."""

    accounts: int
    progress: Progress | None
    done: int = 0
    posted: dict[Currency, Totals] | None = None
    parked: int = 0

    def add(self, account_count: int, written: Written) -> None:
        posted = self.posted or {}
        for currency, totals in written.totals.items():
            posted[currency] = posted.get(currency, Totals()) + totals
        self.posted = posted
        self.parked += written.parked
        self.done += account_count - len(written.postponed)
        if self.progress is not None:
            self.progress(self.done, self.accounts)


def run_bills(
    context: Context,
    legal_entity_id: LegalEntityId,
    period: str,
    *,
    dry_run: bool = False,
    as_of: date | None = None,
    page_size: int = 5_000,
    progress: Progress | None = None,
    after_page: AfterPage | None = defer_papers,
    by: str,
) -> list[RunReport]:
    """Everything that is due in the period is billed, held or parked; return one report per currency.

    `as_of` is the date of the bills (the business date without it). With `dry_run` nothing is written and
    the totals are those of a real run.

    Raises:
        NoSuchLegalEntity, BadPeriod: there is no such seller or month.
        CannotRun: the seller lacks something without which no bill is lawful.
        DateBeforeSeries: the last bill bears a later date.
        StaffOnly, RoleForbids: `by` may not run bills.
    """
    started = time.perf_counter()
    month = bill_run.period(period)
    with context.database.read() as tx:
        require_staff(tx, by, Right.RUN_BILLS)
        scope = _scope(context, tx, legal_entity_id, month, as_of, by)
        pages = billables.due_pages(tx, legal_entity_id, month.last_on, page_size)
    tally = _Tally(sum(page.accounts for page in pages), progress)
    if dry_run:
        _rehearse(context, scope, pages, tally)
        return _reports(scope, tally, RunStatus.REHEARSED, {}, time.perf_counter() - started)
    with context.database.write() as tx:
        run_id = runs.open_run(tx, legal_entity_id, str(month))
    scope = replace(scope, run_id=run_id, after_page=after_page)
    with _without_collector():
        _run(context, scope, pages, tally)
    status, parked, billed = _close(context, scope, run_id, tally)
    tally.parked = parked
    return _reports(scope, tally, status, billed, time.perf_counter() - started)


def _scope(
    context: Context,
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    month: bill_run.Period,
    as_of: date | None,
    by: str,
) -> Scope:
    """Return what all pages share, or refuse with everything that is missing."""
    entity = entity_in(tx, legal_entity_id)
    run_on = as_of or date_of(context, entity)
    numbers = series.find(tx, entity.bill_series_id)
    if numbers is None:
        raise NoSuchSeries(f"Legal entity {legal_entity_id} has no series {entity.bill_series_id}.")
    seller = snapshot.seller(entity)
    problems = [*seller_problems(seller), *series_problems(numbers)]
    if problems:
        raise CannotRun(" ".join(map(str, problems)), legal_entity=legal_entity_id)
    refuse_date(numbers, run_on)
    chart = billables.chart(tx, legal_entity_id)
    refuse_incomplete(chart, legal_entity_id)
    return Scope(entity, month, run_on, seller, billables.rates(tx), chart, context.clock, by)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep Python from looking for cycles: a page's values have none, and looking takes a third of a run."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _run(context: Context, scope: Scope, pages: Sequence[billables.DuePage], tally: _Tally) -> None:
    """Bill every page; what others hold is left to the end, and then waited for.

    When somebody else is at work on the first page, this run begins at the other end.
    """
    left = list(pages)
    postponed: list[AccountId] = []
    first = True
    while left:
        page = left.pop(0)
        written = _bill(context, scope, page.account_ids, wait=False)
        gc.collect(0)
        tally.add(page.accounts, written)
        postponed += written.postponed
        if first and len(written.postponed) * 2 > page.accounts:
            left.reverse()
        first = False
    for start in range(0, len(postponed), _CHUNK):
        chunk = postponed[start : start + _CHUNK]
        tally.add(len(chunk), _bill(context, scope, chunk, wait=True))


_CHUNK: Final = 5_000


def _bill(context: Context, scope: Scope, account_ids: Sequence[AccountId], *, wait: bool) -> Written:
    """Bill a page in a transaction of its own; one that PostgreSQL refuses twice is halved."""
    refused: Exception | None = None
    for _ in range(TRIES_MAX):
        try:
            return _patiently(context, scope, account_ids, wait=wait)
        except REFUSED as error:
            refused = error
    assert refused is not None
    if len(account_ids) > 1:
        middle = len(account_ids) // 2
        halves = (account_ids[:middle], account_ids[middle:])
        return _sum([_bill(context, scope, half, wait=wait) for half in halves])
    return _park(context, scope, account_ids[0], refused)


def _patiently(context: Context, scope: Scope, account_ids: Sequence[AccountId], *, wait: bool) -> Written:
    """Bill a page, again when a deadlock or a run of a later date came between."""
    for turn in range(1, TURNS_MAX + 1):
        try:
            with context.database.write() as tx:
                return bill_page(tx, scope, account_ids, wait)
        except (errors.DeadlockDetected, errors.SerializationFailure, DateBeforeSeries):
            if turn == TURNS_MAX:
                raise
    raise AssertionError("the last turn returns or raises")


def _park(context: Context, scope: Scope, account_id: AccountId, refused: Exception) -> Written:
    """Set an account aside that PostgreSQL refuses, with what it said."""
    assert scope.run_id is not None, "a rehearsal parks nothing"
    told = refused.diag.message_primary if isinstance(refused, psycopg.Error) else None
    problem = Problem("refused-by-database", f"PostgreSQL refuses it: {told or refused}", "account")
    with context.database.write() as tx:
        runs.park(tx, scope.run_id, {account_id: [problem]})
    return Written(parked=1)


def _sum(parts: Sequence[Written]) -> Written:
    totals: dict[Currency, Totals] = {}
    for part in parts:
        for currency, each in part.totals.items():
            totals[currency] = totals.get(currency, Totals()) + each
    postponed = tuple(account_id for part in parts for account_id in part.postponed)
    return Written(totals, postponed, sum(part.parked for part in parts))


def _rehearse(context: Context, scope: Scope, pages: Sequence[billables.DuePage], tally: _Tally) -> None:
    """Decide every page without writing; orders are carried from page to page as bills would draw them."""
    orders: dict[PurchaseOrderId, PurchaseOrder] = {}
    for page in pages:
        with context.database.snapshot() as tx:
            loaded = load(tx, scope, page.account_ids)
        loaded.orders.update((key, orders[key]) for key in loaded.orders.keys() & orders.keys())
        decided = decide_page(loaded, scope)
        orders.update(decided.orders)
        tally.add(page.accounts, Written(totals_of(decided.drafts), (), len(decided.parked)))


def _close(
    context: Context, scope: Scope, run_id: RunId, tally: _Tally
) -> tuple[RunStatus, int, dict[Currency, runs.Billed]]:
    """Compare the control totals with the bills, record the chain heads, and close unless accounts wait."""
    with context.database.snapshot() as seen:
        billed = runs.billed(seen, run_id)
        _refuse_difference(runs.page_totals(seen, run_id), billed)
    with context.database.write() as tx:
        parked = len(runs.parked(tx, run_id))
        if tally.posted:
            journals.record_run_head(tx, run_id, scope.entity.legal_entity_id)
        if not parked:
            runs.close(tx, run_id)
        bills_now = sum(totals.bills for totals in (tally.posted or {}).values())
        acts.record(
            tx, scope.by, "run_bills", None, str(run_id),
            period=str(scope.period), bills=bills_now, parked=parked,
        )  # fmt: skip
    return (RunStatus.OPEN if parked else RunStatus.CLOSED), parked, billed


def _refuse_difference(pages: dict[Currency, Totals], billed: dict[Currency, runs.Billed]) -> None:
    told = {currency: (each.bills, each.net_minor, each.tax_minor) for currency, each in pages.items()}
    found = {
        currency: (each.totals.bills, each.totals.net_minor, each.totals.tax_minor)
        for currency, each in billed.items()
    }
    assert told == found, f"the control totals of the pages {told} are not those of the bills {found}"


def _reports(
    scope: Scope, tally: _Tally, status: RunStatus, billed: dict[Currency, runs.Billed], seconds: float
) -> list[RunReport]:
    posted = tally.posted or {}
    report = partial(_report, scope, tally.parked, status, seconds)
    if status is RunStatus.REHEARSED:
        found = [report(currency, totals, 0, None) for currency, totals in sorted(posted.items())]
    else:
        found = [
            report(currency, each.totals, posted.get(currency, Totals()).bills, each)
            for currency, each in sorted(billed.items())
        ]
    return found or [report(scope.entity.currency, Totals(), 0, None)]


def _report(
    scope: Scope,
    parked: int,
    status: RunStatus,
    seconds: float,
    currency: Currency,
    totals: Totals,
    posted_now: int,
    billed: runs.Billed | None,
) -> RunReport:
    return RunReport(
        scope.run_id,
        str(scope.period),
        scope.entity.legal_entity_id,
        status,
        totals.bills,
        posted_now,
        parked,
        totals.net_minor,
        totals.tax_minor,
        totals.total_minor,
        currency,
        billed.first_number if billed else None,
        billed.last_number if billed else None,
        round(seconds, 3),
    )
