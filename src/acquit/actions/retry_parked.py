"""Bill accounts that a run set aside, in that run, once what kept them from being billed is mended."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from acquit.actions.context import Context
from acquit.actions.defer_papers import defer_papers
from acquit.actions.loading import require_staff
from acquit.actions.page_deciding import decide_page
from acquit.actions.page_loading import Scope, load
from acquit.actions.run_inputs import keep_inputs
from acquit.actions.run_pages import added, bill_accounts, close_run, scope_in
from acquit.core import bill_run
from acquit.core.bill_run import NothingMended, NotParked, RunStatus, Totals
from acquit.core.identifiers import AccountId, RunId
from acquit.core.money import Currency
from acquit.core.operator import Right
from acquit.core.problem import Problem
from acquit.store import acts, runs
from acquit.store.runs import Parked, Run

ACCOUNTS_MAX: Final = 100
"""Accounts that an act names."""

_ONLY_TRYING_TELLS: Final = "refused-by-database"


@dataclass(frozen=True, slots=True)
class Retried:
    """A run after its parked accounts were tried again."""

    run: RunId
    legal_entity: str
    period: str
    status: RunStatus
    posted_now: Mapping[Currency, Totals]
    parked: tuple[Parked, ...]
    seconds: float


def parked_accounts(context: Context, period: str | None = None) -> list[tuple[Run, list[Parked]]]:
    """Return the open runs with the accounts that they set aside, oldest period first. Raises BadPeriod."""
    month = None if period is None else str(bill_run.period(period))
    with context.database.snapshot() as tx:
        found = [(run, runs.parked(tx, run.run_id)) for run in runs.waiting(tx)]
    return [(run, parked) for run, parked in found if parked and month in (None, run.period)]


def retry_parked(
    context: Context, account_ids: Sequence[AccountId] = (), *, by: str, as_of: date | None = None
) -> list[Retried]:
    """The parked accounts (all, or these) are billed in their runs where they can be; return these runs.

    A run of which no account is parked any more is closed. An account whose problems changed but are not
    gone is parked with the new ones.

    Raises:
        NotParked: one of the accounts is not set aside.
        NothingMended: every problem is as it was; it tells them.
        CannotRun, DateBeforeSeries, StaffOnly, RoleForbids: as for a run.
    """
    with context.database.read() as tx:
        require_staff(tx, by, Right.RUN_BILLS)
    waiting = [
        (run, [each for each in parked if not account_ids or each.account_id in account_ids])
        for run, parked in parked_accounts(context)
    ]
    known = {each.account_id for _, parked in waiting for each in parked}
    missing = sorted({*account_ids} - known)
    if missing or not known:
        raise NotParked(
            f"No run has {', '.join(missing)} set aside." if missing else "No account is set aside."
        )
    scopes = [_scope(context, run, by, as_of) for run, parked in waiting if parked]
    queue = [(scope, parked) for scope, (_, parked) in zip(scopes, _some(waiting), strict=True)]
    if not any(_is_mended(context, scope, parked) for scope, parked in queue):
        raise NothingMended(_told([each for _, parked in queue for each in parked]))
    return [_retry(context, scope, [each.account_id for each in parked]) for scope, parked in queue]


def _some(waiting: Sequence[tuple[Run, list[Parked]]]) -> list[tuple[Run, list[Parked]]]:
    return [(run, parked) for run, parked in waiting if parked]


def _scope(context: Context, run: Run, by: str, as_of: date | None) -> Scope:
    with context.database.read() as tx:
        scope = scope_in(context, tx, run.legal_entity_id, bill_run.period(run.period), as_of, by)
    return replace(scope, run_id=run.run_id, after_page=defer_papers, keep_inputs=keep_inputs)


def _is_mended(context: Context, scope: Scope, parked: Sequence[Parked]) -> bool:
    """Whether a rehearsal finds other problems than those the accounts were parked for."""
    before = {each.account_id: each.problems for each in parked}
    if any(each.code == _ONLY_TRYING_TELLS for problems in before.values() for each in problems):
        return True
    rehearsal = replace(scope, run_id=None)
    with context.database.snapshot() as tx:
        decided = decide_page(load(tx, rehearsal, sorted(before)), rehearsal)
    now: dict[AccountId, Sequence[Problem]] = dict(decided.parked)
    return any(tuple(now.get(account_id, ())) != problems for account_id, problems in before.items())


def _told(parked: Sequence[Parked]) -> str:
    reasons = [f"{each.account_id}: {'; '.join(map(str, each.problems))}" for each in parked[:10]]
    more = f" … and {len(parked) - 10} more." if len(parked) > 10 else ""
    return f"Nothing was mended since. {' | '.join(reasons)}{more}"


def _retry(context: Context, scope: Scope, account_ids: Sequence[AccountId]) -> Retried:
    started = time.perf_counter()
    assert scope.run_id is not None, "an account is parked by a run"
    written = added([bill_accounts(context, scope, sorted(account_ids), wait=True)])
    status, _, _ = close_run(context, scope, scope.run_id, dict(written.totals))
    with context.database.write() as tx:
        left = runs.parked(tx, scope.run_id)
        acts.record(
            tx, scope.by, "retry_parked", None, str(scope.run_id), tried=len(account_ids), parked=len(left),
            accounts=sorted(account_ids)[:ACCOUNTS_MAX],
        )  # fmt: skip
    return Retried(
        scope.run_id,
        scope.entity.legal_entity_id,
        str(scope.period),
        status,
        written.totals,
        tuple(left),
        round(time.perf_counter() - started, 3),
    )
