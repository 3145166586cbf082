"""A bill run, or its rehearsal, is asked for by an operator and carried out later by a worker.

A run may take minutes, and a page must answer at once: what is asked is written with the job that does it.
A job that begins again after a crash bills what is still open, as any run does.
"""

from dataclasses import asdict
from typing import Any, Final

from acquit.actions.compare_runs import Comparing, compare_posted
from acquit.actions.context import Context
from acquit.actions.defer_job import defer_jobs
from acquit.actions.loading import date_of, entity_in, require_staff
from acquit.actions.run_bills import RunReport, run_bills
from acquit.core import bill_run
from acquit.core.bill_run import months_ahead
from acquit.core.comparison import Comparison
from acquit.core.errors import Conflict, NotFound, Refusal
from acquit.core.identifiers import LegalEntityId
from acquit.core.operator import Right
from acquit.store import acts, run_requests
from acquit.store.run_requests import RunRequest

QUEUE: Final = "runs"
RUN: Final = "carry_out_run"
MONTHS_AHEAD_MAX: Final = 1
CHANGES_MAX: Final = 50


class NoSuchRunRequest(NotFound):
    """No run was asked for under this number."""

    code = "no-such-run-request"


class RunUnderWay(Conflict):
    """The same run was asked for and has not ended."""

    code = "run-under-way"


class RunTooFarAhead(Conflict):
    """Bills of a month that is further away are not issued by a click."""

    code = "run-too-far-ahead"


def ask_run(
    context: Context, legal_entity_id: LegalEntityId, period: str, *, is_rehearsal: bool, by: str
) -> RunRequest:
    """The run is asked for, and the job that carries it out waits.

    Raises NoSuchLegalEntity, BadPeriod, RunUnderWay, RunTooFarAhead, StaffOnly, RoleForbids.
    """
    month = bill_run.period(period)
    with context.database.write() as tx:
        require_staff(tx, by, Right.RUN_BILLS)
        entity = entity_in(tx, legal_entity_id)
        if not is_rehearsal and months_ahead(month, date_of(context, entity)) > MONTHS_AHEAD_MAX:
            raise RunTooFarAhead(
                f"{month} is more than a month ahead and a bill is final: rehearse it, or run it with "
                f"`acquit bills run --period {month} --yes`."
            )
        run_requests.hold(tx, legal_entity_id)
        known = run_requests.under_way(tx, legal_entity_id, str(month), is_rehearsal)
        if known is not None:
            raise RunUnderWay(
                f"{known.asked_by} asked for it and it has not ended: watch it.",
                request=str(known.request_no),
            )
        number = run_requests.add(tx, legal_entity_id, str(month), is_rehearsal, by)
        acts.record(tx, by, "ask_run", None, str(number), period=str(month), is_rehearsal=is_rehearsal)
        defer_jobs(tx.connection, RUN, QUEUE, {"request_no": number})
        found = run_requests.find(tx, number)
    assert found is not None, "it was just written"
    return found


def show_run_request(context: Context, request_no: int) -> RunRequest:
    """Return what was asked for and how far it is. Raises NoSuchRunRequest."""
    with context.database.read() as tx:
        found = run_requests.find(tx, request_no)
    if found is None:
        raise NoSuchRunRequest(f"No run was asked for under the number {request_no}.")
    return found


def carry_out_run(context: Context, request_no: int) -> RunRequest:
    """The run that was asked for is carried out, or refused with the reason; nothing once it has ended.

    Raises NoSuchRunRequest.
    """
    request = show_run_request(context, request_no)
    with context.database.write() as tx:
        if not run_requests.begin(tx, request):
            return request
    try:
        state, outcome = "done", _carried_out(context, request)
    except Refusal as refusal:
        state, outcome = "refused", {"code": refusal.code, "message": refusal.message}
    with context.database.write() as tx:
        run_requests.end(tx, request, state, outcome)
    return show_run_request(context, request_no)


def give_up_run(context: Context, request_no: int) -> RunRequest:
    """What was asked for has ended: it broke by a fault of ours. Raises NoSuchRunRequest."""
    request = show_run_request(context, request_no)
    with context.database.write() as tx:
        broken = "The run broke by a fault of ours; what it had billed stays billed. Ask for it again."
        run_requests.end(tx, request, "refused", {"code": "run-broke", "message": broken})
    return show_run_request(context, request_no)


def _carried_out(context: Context, request: RunRequest) -> dict[str, Any]:
    def tell(done: int, accounts: int) -> None:
        with context.database.write() as tx:
            run_requests.advance(tx, request, done, accounts)

    entity_id, period = request.legal_entity_id, request.period
    comparing = Comparing(context, entity_id, period, CHANGES_MAX) if request.is_rehearsal else None
    reports = run_bills(
        context, entity_id, period, dry_run=request.is_rehearsal, progress=tell,
        rehearsed=comparing.add if comparing else None, by=request.asked_by,
    )  # fmt: skip
    compared = comparing.finish() if comparing else compare_posted(context, entity_id, period, CHANGES_MAX)
    return {"reports": [_report(each) for each in reports], "comparison": _comparison(compared)}


def _report(report: RunReport) -> dict[str, Any]:
    return asdict(report) | {"status": report.status.value}


def _comparison(found: Comparison) -> dict[str, Any]:
    """Return what changed as JSON: per currency by reason, by plan, and the largest changes."""
    return {
        "before": found.before,
        "currencies": [
            {
                "currency": currency,
                "difference_minor": sum(reasons.values()),
                "moved_minor": found.moved_minor.get(currency, 0),
                "rest_minor": found.rest_minor.get(currency, 0),
                "reasons": [[reason.value, amount] for reason, amount in reasons.items() if amount],
                "plans": [
                    [plan, sum(each.values())] for plan, each in sorted(found.by_plan[currency].items())
                ],
                "changes": [
                    [change.account_id, change.plan, change.reason.value, change.amount_minor]
                    for change in found.changes
                    if change.currency == currency and change.amount_minor
                ],
            }
            for currency, reasons in sorted(found.by_reason.items())
        ],
        "rest_rows": found.rest_rows,
    }
