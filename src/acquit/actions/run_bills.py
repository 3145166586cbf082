"""Bill one period of a legal entity: pages of payers, each one transaction, until nothing is left to bill.

A run may be stopped anywhere, started again, or started twice at once: a page is written whole or not at
all, a charge is billed once, and who comes second bills what the first has not taken. What cannot be billed
is parked with its problems, and a run with parked accounts stays open.
"""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Final

from acquit.actions.bill_page import Written, written_of
from acquit.actions.context import Context
from acquit.actions.crediting_back import plan_in, without
from acquit.actions.defer_papers import defer_papers
from acquit.actions.judging import judged_strictly
from acquit.actions.loading import require_staff
from acquit.actions.page_deciding import Decided, decide_page
from acquit.actions.page_lanes import bill_pages
from acquit.actions.page_loading import AfterPage, Scope, load
from acquit.actions.rate_usage import Rehearsal, rate_usage, rehearsal
from acquit.actions.run_inputs import keep_inputs
from acquit.actions.run_pages import added, bill_accounts, close_run, scope_in, without_collector
from acquit.actions.set_legal_entity import take_due_settings
from acquit.actions.share_run import Crew, Shared
from acquit.core import bill_run
from acquit.core.bill_run import Carried, RunStatus, Totals
from acquit.core.identifiers import AccountId, LegalEntityId, PurchaseOrderId, RunId
from acquit.core.money import Currency
from acquit.core.operator import Right
from acquit.core.purchase_order import PurchaseOrder
from acquit.core.snapshot import snapshot
from acquit.store import billables, bills, runs
from acquit.store.billables import DuePage

Progress = Callable[[int, int], None]
"""Called with the accounts done and those there are."""

Rehearsed = Callable[[Decided], None]
"""Called with what a rehearsal decided, page by page."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run in one currency: all that it ever billed, what was billed now, and what is carried over.

    `carried` are accounts whose charges come to nothing or less and stay open, `carried_minor` their net;
    `credit_notes` are those that this call issued over what comes back, in all currencies.
    """

    run: RunId | None
    period: str
    legal_entity: LegalEntityId
    status: RunStatus
    bills: int
    posted_now: int
    parked: int
    carried: int
    carried_minor: int
    credit_notes: int
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
    written: Written = field(default_factory=Written)
    postponed: list[AccountId] = field(default_factory=list)

    def add(self, account_count: int, written: Written) -> None:
        self.written = added([self.written, replace(written, postponed=())])
        self.postponed += written.postponed
        self.done += account_count - len(written.postponed)
        if self.progress is not None:
            self.progress(self.done, self.accounts)

    def add_page(self, page: DuePage, written: Written) -> None:
        """Add what was done with a page."""
        gc.collect(0)
        self.add(page.accounts, written)


def run_bills(
    context: Context,
    legal_entity_id: LegalEntityId,
    period: str,
    *,
    dry_run: bool = False,
    strict: bool = False,
    as_of: date | None = None,
    page_size: int = 5_000,
    progress: Progress | None = None,
    after_page: AfterPage | None = defer_papers,
    rehearsed: Rehearsed | None = None,
    crew: Crew | None = None,
    by: str,
) -> list[RunReport]:
    """Everything that is due in the period is billed, held or parked; return one report per currency.

    `as_of` is the date of the bills (the business date without it). With `dry_run` nothing is written, the
    totals are those of a real run, and `rehearsed` is called with what was decided; if it is `strict`, the
    official rules judge every draft. A `crew` bills some of the pages in processes of its own; what one that
    dies has not done is done here.

    Raises:
        NoSuchLegalEntity, BadPeriod: there is no such seller or month.
        CannotRun: the seller lacks something without which no bill is lawful.
        DateBeforeSeries: the last bill bears a later date.
        UsageDiffers: the control totals of usage do not add up; ids are named and nothing was billed.
        StaffOnly, RoleForbids: `by` may not run bills.
        CannotJudge: a strict rehearsal cannot run the official rules.
    """
    started = time.perf_counter()
    month = bill_run.period(period)
    with context.database.read() as tx:
        require_staff(tx, by, Right.RUN_BILLS)
        scope = scope_in(context, tx, legal_entity_id, month, as_of, by)
    if not dry_run:
        if take_due_settings(context, scope.entity):
            with context.database.read() as tx:
                scope = scope_in(context, tx, legal_entity_id, month, as_of, by)
        rate_usage(context, legal_entity_id, month, by=by)
    with context.database.read() as tx:
        pages = billables.due_pages(tx, legal_entity_id, month.last_on, page_size)
    tally = _Tally(sum(page.accounts for page in pages), progress)
    if dry_run:
        _rehearse(context, scope, pages, tally, rehearsed, strict=strict)
        return _reports(scope, tally.written, RunStatus.REHEARSED, {}, time.perf_counter() - started)
    with context.database.write() as tx:
        run_id = runs.open_run(tx, legal_entity_id, str(month))
        bills.keep_snapshots(tx, [snapshot(scope.seller)])
    scope = replace(scope, run_id=run_id, after_page=after_page, keep_inputs=keep_inputs)
    with without_collector():
        _run(context, scope, pages, tally, crew)
    status, parked, billed = close_run(context, scope, run_id, dict(tally.written.totals))
    written = replace(tally.written, parked=parked)
    return _reports(scope, written, status, billed, time.perf_counter() - started)


def _run(context: Context, scope: Scope, pages: Sequence[DuePage], tally: _Tally, crew: Crew | None) -> None:
    """Bill every page, alone or with a crew; what others hold is left to the end, and then waited for."""
    if crew is None or len(pages) < 2:
        bill_pages(context, scope, pages, tally.add_page)
    else:
        shared = Shared(crew, scope, pages, tally.add)

        def add(page: DuePage, written: Written) -> None:
            tally.add_page(page, written)
            shared.hear()

        bill_pages(context, scope, shared.own, add)
        bill_pages(context, scope, shared.wait(), tally.add_page)
    for start in range(0, len(tally.postponed), _CHUNK):
        chunk = tally.postponed[start : start + _CHUNK]
        tally.add(len(chunk), bill_accounts(context, scope, chunk, wait=True))


_CHUNK: Final = 5_000


def _rehearse(
    context: Context,
    scope: Scope,
    pages: Sequence[DuePage],
    tally: _Tally,
    rehearsed: Rehearsed | None,
    *,
    strict: bool,
) -> None:
    """Decide every page without writing; orders are carried from page to page as bills would draw them."""
    orders: dict[PurchaseOrderId, PurchaseOrder] = {}
    with context.database.snapshot() as tx:
        usage = rehearsal(context, tx, scope.entity.legal_entity_id, scope.period)
    for page in _with_committed(pages, usage):
        with context.database.snapshot() as tx:
            loaded = load(tx, scope, page.account_ids, usage.charges(tx, page.account_ids))
            loaded.orders.update((key, orders[key]) for key in loaded.orders.keys() & orders.keys())
            decided = decide_page(loaded, scope)
            plan = plan_in(tx, scope, loaded, decided)
            if plan.returned:
                loaded = without(loaded, plan)
                decided = decide_page(loaded, scope)
            if strict:
                decided = judged_strictly(tx, scope, loaded, decided)
        orders.update(decided.orders)
        if rehearsed is not None:
            rehearsed(decided)
        tally.add(page.accounts, replace(written_of(decided), credit_notes=len(plan.parts)))


def _with_committed(pages: Sequence[DuePage], usage: Rehearsal) -> list[DuePage]:
    """Return the pages, and one of the accounts that only have a commitment to pay."""
    if not usage.committed:
        return list(pages)
    due = {account_id for page in pages for account_id in page.account_ids}
    others = sorted(usage.committed.keys() - due)
    return [*pages, *([DuePage(len(others), " ".join(others))] if others else [])]


def _reports(
    scope: Scope, written: Written, status: RunStatus, billed: dict[Currency, runs.Billed], seconds: float
) -> list[RunReport]:
    posted = written.totals
    report = partial(_report, scope, written, status, seconds)
    shown = posted if status is RunStatus.REHEARSED else {key: each.totals for key, each in billed.items()}
    now = {} if status is RunStatus.REHEARSED else posted
    return [
        report(
            currency, shown.get(currency, Totals()), now.get(currency, Totals()).bills, billed.get(currency)
        )
        for currency in sorted(shown.keys() | written.carried.keys()) or [scope.entity.currency]
    ]


def _report(
    scope: Scope,
    written: Written,
    status: RunStatus,
    seconds: float,
    currency: Currency,
    totals: Totals,
    posted_now: int,
    billed: runs.Billed | None,
) -> RunReport:
    carried = written.carried.get(currency, Carried())
    return RunReport(
        scope.run_id,
        str(scope.period),
        scope.entity.legal_entity_id,
        status,
        totals.bills,
        posted_now,
        written.parked,
        carried.accounts,
        carried.net_minor,
        written.credit_notes,
        totals.net_minor,
        totals.tax_minor,
        totals.total_minor,
        currency,
        billed.first_number if billed else None,
        billed.last_number if billed else None,
        round(seconds, 3),
    )
