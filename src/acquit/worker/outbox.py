"""Carries out what waits in the queue, and what is due, until it is told to stop.

Jobs are written in the transaction of the facts that need them. A job is done at least once: it is tried
again when it fails, when its process is killed, and when the database goes away. What it does is done once,
because every action looks first at what is there already.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any, Final, LiteralString

from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision, exceptions
from procrastinate.jobs import Job

from acquit.actions.ask_books import AUDIT, CLOSE, carry_out_audit, carry_out_closing
from acquit.actions.ask_dunning import CHASE, carry_out_dunning
from acquit.actions.ask_run import QUEUE as RUNS
from acquit.actions.ask_run import RUN, carry_out_run, give_up_run
from acquit.actions.ask_vat import VAT, carry_out_vat
from acquit.actions.context import Context
from acquit.actions.defer_papers import QUEUE, RENDER
from acquit.actions.deliver import deliver_due
from acquit.actions.forward_logs import forward_due
from acquit.actions.queue_deliveries import DELIVER
from acquit.actions.queue_deliveries import QUEUE as DELIVERIES
from acquit.actions.render_document import Press, one_by_one, render_bills
from acquit.core.identifiers import AccountId, BillId
from acquit.store.transaction import TAKE_ROLE, Unavailable
from acquit.worker.forwarding import forwarding
from acquit.worker.schedule import SCHEDULE, Due

log = logging.getLogger("acquit.worker")

SCHEDULED: Final = "schedule"
FIRST: Final = 10
"""What is due comes before papers that wait."""

HEARTBEAT_SECONDS: Final = 3.0
STALLED_SECONDS: Final = 12.0
PAUSE_SECONDS: Final = 1.0
CONNECTIONS_MAX: Final = 4
AT_ONCE: Final = 50
POLL_SECONDS: Final = 0.2
OPENING_SECONDS: Final = 10.0
ATTEMPTS_MAX: Final = 12

FORGET: Final[LiteralString] = "DELETE FROM procrastinate_jobs WHERE id = ANY(%(ids)s) AND status = 'failed'"

AWAY: Final = (exceptions.ConnectorException, exceptions.AppNotOpen, Unavailable, OSError)
"""How it shows that the database is not there."""


class Stopping(Exception):
    """The worker is told to stop: the rest of the job waits for the next one."""


class Patience(BaseRetryStrategy):
    """A job that failed is tried again after 2, 4, 8 … seconds, at most 12 times.

    One that was interrupted begins again at once, one that lost the database, a moment later, always.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to try again, or None when it has been tried often enough."""
        if isinstance(exception, Stopping):
            return RetryDecision(retry_in={"seconds": 0})
        log.warning(
            "job.failed",
            extra={
                "job": job.id,
                "task": job.task_name,
                "attempt": job.attempts + 1,
                "error": type(exception).__qualname__,
            },
        )
        if isinstance(exception, Unavailable):
            return RetryDecision(retry_in={"seconds": 1})
        if job.attempts >= ATTEMPTS_MAX:
            return None
        return RetryDecision(retry_in={"seconds": 2 ** (job.attempts + 1)})


def work(
    context: Context,
    url: str,
    stop: threading.Event,
    *,
    until_idle: bool = False,
    press: Press = one_by_one,
    schedule: Sequence[Due] = SCHEDULE,
) -> None:
    """Carry out jobs until `stop` is set, or, with `until_idle`, until none waits that could begin now.

    `url` is the database's. A database that goes away is waited for.
    """
    if until_idle:
        forward_due(context, lambda: not stop.is_set())
    with nullcontext() if until_idle else forwarding(context, stop):
        while not stop.is_set():
            try:
                asyncio.run(
                    _attend(context, url, stop, until_idle=until_idle, press=press, schedule=schedule)
                )
            except AWAY as error:
                log.warning("worker.database_away", extra={"error": type(error).__qualname__})
            else:
                if until_idle:
                    return
            stop.wait(PAUSE_SECONDS)


async def _attend(
    context: Context,
    url: str,
    stop: threading.Event,
    *,
    until_idle: bool,
    press: Press,
    schedule: Sequence[Due],
) -> None:
    """Run the queue's own loop, with a look after dead processes, and end it when `stop` is set."""
    due = () if until_idle else schedule
    app = _queue(context, url, stop, press, due)
    async with asyncio.timeout(OPENING_SECONDS):
        await app.open_async()
    try:
        await _begin_again(app, due)
        await _run(app, stop, until_idle)
    finally:
        await app.close_async()


async def _run(app: App, stop: threading.Event, until_idle: bool) -> None:
    working = asyncio.create_task(
        app.run_worker_async(
            wait=not until_idle,
            install_signal_handlers=False,
            delete_jobs="successful",
            fetch_job_polling_interval=PAUSE_SECONDS,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
        )
    )
    try:
        await _look_after(app, working, stop)
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def _look_after(app: App, working: "asyncio.Task[None]", stop: threading.Event) -> None:
    """Return when the worker is done or should be; until then begin the jobs of dead processes again."""
    looked_at = -HEARTBEAT_SECONDS
    while not (working.done() or stop.is_set()):
        if time.monotonic() - looked_at > HEARTBEAT_SECONDS:
            looked_at = time.monotonic()
            await _rescue(app)
        await asyncio.wait({working}, timeout=POLL_SECONDS)


async def _begin_again(app: App, schedule: Iterable[Due]) -> None:
    """What was due and failed for good is tried once more, unless it waits already; no failed row stays."""
    for due in schedule:
        failed = list(await app.job_manager.list_jobs_async(queue=SCHEDULED, task=due.name, status="failed"))
        if not failed:
            continue
        waiting = list(await app.job_manager.list_jobs_async(queue=SCHEDULED, task=due.name, status="todo"))
        again = None if waiting else failed[-1]
        log.warning("job.tried_again", extra={"task": due.name, "failed": len(failed)})
        ids = [job.id for job in failed if job is not again]
        await app.connector.execute_query_async(FORGET, ids=ids)
        if again is not None:
            await app.job_manager.retry_job(again)


async def _rescue(app: App) -> None:
    """Jobs whose process died may be begun again."""
    stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS)
    for job in stalled:
        log.warning("job.rescued", extra={"job": job.id, "task": job.task_name})
        await app.job_manager.retry_job(job)


def _queue(context: Context, url: str, stop: threading.Event, press: Press, schedule: Iterable[Due]) -> App:
    """Return the queue with everything that it can be asked to do."""
    connector = PsycopgConnector(conninfo=url, configure=_take_role, min_size=1, max_size=CONNECTIONS_MAX)
    app = App(connector=connector)
    app.task(name=RENDER, queue=QUEUE, retry=Patience())(partial(_render, context, press, stop))
    app.task(name=DELIVER, queue=DELIVERIES, retry=Patience())(partial(_deliver, context, stop))
    app.task(name=RUN, queue=RUNS, retry=Patience())(partial(_run_bills, context))
    app.task(name=CHASE, queue=RUNS, retry=Patience())(partial(carry_out_dunning, context))
    app.task(name=CLOSE, queue=RUNS, retry=Patience())(partial(carry_out_closing, context))
    app.task(name=AUDIT, queue=RUNS, retry=Patience())(partial(carry_out_audit, context))
    app.task(name=VAT, queue=RUNS, retry=Patience())(partial(carry_out_vat, context))
    for due in schedule:
        task = app.task(
            name=due.name, queue=SCHEDULED, priority=FIRST, queueing_lock=due.name, retry=Patience()
        )
        app.periodic(cron=due.at)(task(partial(_carry_out, context, due.act)))
    return app


async def _take_role(connection: Any) -> None:
    await connection.set_autocommit(True)
    await connection.execute(TAKE_ROLE)


def _render(context: Context, press: Press, stop: threading.Event, keys: str) -> None:
    """Render a job's bills, some at a time, so that it can be left between them."""
    words = iter(keys.split(" "))
    bills = [
        (AccountId(account_id), BillId(bill_id)) for account_id, bill_id in zip(words, words, strict=True)
    ]
    for start in range(0, len(bills), AT_ONCE):
        if stop.is_set():
            raise Stopping
        made = render_bills(context, bills[start : start + AT_ONCE], press)
        if made:
            log.info("papers.rendered", extra={"bills": made})


def _deliver(context: Context, stop: threading.Event) -> None:
    """Try what is due; what is left when we are told to stop is due for the next worker."""
    done = deliver_due(context, lambda: not stop.is_set())
    if done.sent:
        log.info("deliveries.sent", extra={"deliveries": done.sent})


def _run_bills(context: Context, request_no: int) -> None:
    """Carry out a bill run that was asked for in the office; one that breaks is told so, not tried again."""
    try:
        ended = carry_out_run(context, request_no)
    except (Unavailable, OSError):
        raise
    except Exception:
        give_up_run(context, request_no)
        raise
    log.info("run.ended", extra={"request": request_no, "state": ended.state})


def _carry_out(context: Context, act: Callable[[Context], object], timestamp: int) -> None:
    act(context)
