"""What every way to bill has in common: the scope, a page in its own transaction, the closing of a run."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Final

import psycopg
from psycopg import errors

from acquit.actions.bill_page import Written, bill_page
from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in
from acquit.actions.page_loading import Scope
from acquit.core import bill_run, snapshot
from acquit.core.bill_run import CannotRun, Carried, RunStatus, Totals
from acquit.core.electronic_rule import seller_problems
from acquit.core.gate import glyph_problems, seller_texts
from acquit.core.identifiers import AccountId, LegalEntityId, RunId
from acquit.core.journal import refuse_incomplete
from acquit.core.money import Currency
from acquit.core.numbering import DateBeforeSeries, NoSuchSeries, refuse_date, series_problems
from acquit.core.period import open_from, refuse_closed_day
from acquit.core.problem import Problem
from acquit.documents.glyphs import missing_glyphs
from acquit.store import acts, billables, journals, periods, runs, series
from acquit.store.transaction import Transaction

TRIES_MAX: Final = 2
TURNS_MAX: Final = 5
REFUSED: Final = (errors.IntegrityError, errors.DataError, errors.RaiseException, OverflowError)
"""What PostgreSQL says when it does not take a page as it is: trying again does not help."""


def scope_in(
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
    problems += glyph_problems(seller_texts(seller), missing_glyphs, "legal entity")
    if problems:
        raise CannotRun(" ".join(map(str, problems)), legal_entity=legal_entity_id)
    refuse_date(numbers, run_on)
    refuse_closed_day(run_on, open_from(periods.acts(tx, legal_entity_id)))
    chart = billables.chart(tx, legal_entity_id)
    refuse_incomplete(chart, legal_entity_id)
    rates = billables.rates(tx)
    return Scope(entity, month, run_on, seller, rates, chart, context.clock, by, judge=context.judge)


@contextmanager
def without_collector() -> Iterator[None]:
    """Keep Python from looking for cycles: a page's values have none, and looking takes a third of a run."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def bill_accounts(context: Context, scope: Scope, account_ids: Sequence[AccountId], *, wait: bool) -> Written:
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
        return added([bill_accounts(context, scope, half, wait=wait) for half in halves])
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


def added(parts: Sequence[Written]) -> Written:
    """Return what the parts did together."""
    totals: dict[Currency, Totals] = {}
    carried: dict[Currency, Carried] = {}
    for part in parts:
        for currency, each in part.totals.items():
            totals[currency] = totals.get(currency, Totals()) + each
        for currency, kept in part.carried.items():
            carried[currency] = carried.get(currency, Carried()) + kept
    postponed = tuple(account_id for part in parts for account_id in part.postponed)
    parked, notes = sum(part.parked for part in parts), sum(part.credit_notes for part in parts)
    return Written(totals, postponed, parked, carried, notes)


def close_run(
    context: Context, scope: Scope, run_id: RunId, posted: dict[Currency, Totals]
) -> tuple[RunStatus, int, dict[Currency, runs.Billed]]:
    """Compare the control totals with the bills, record the chain heads, and close unless accounts wait."""
    with context.database.snapshot() as seen:
        billed = runs.billed(seen, run_id)
        _refuse_difference(runs.page_totals(seen, run_id), billed)
    with context.database.write() as tx:
        parked = len(runs.parked(tx, run_id))
        if posted:
            journals.record_run_head(tx, run_id, scope.entity.legal_entity_id)
        if not parked:
            runs.close(tx, run_id)
        bills_now = sum(totals.bills for totals in posted.values())
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
