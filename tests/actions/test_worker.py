"""The worker: jobs commit with the facts, every job is done, what fails is tried again and told."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from acquit.actions.context import Context
from acquit.actions.defer_papers import BILLS_PER_JOB, defer_papers
from acquit.actions.press import press
from acquit.actions.render_document import PapersFailed, bill_pdf, render_bills, render_missing
from acquit.core.snapshot import Snapshot
from acquit.documents.forms import Forms, render
from acquit.documents.languages import use_texts
from acquit.documents.paper import BillPaper
from acquit.store import bills, documents
from acquit.store.transaction import Database
from acquit.worker.outbox import work
from acquit.worker.schedule import SCHEDULE, Due
from issued_papers import issue, numbered, paper_context

JOBS: LiteralString = "SELECT task_name, status::text, attempts FROM procrastinate_jobs ORDER BY id"
HURRY: LiteralString = "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"

INTERRUPTED: LiteralString = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, queueing_lock, args, status, attempts)
    VALUES ('schedule', 'turn_day', 10, 'turn_day', '{"timestamp": 0}', 'failed', 1)
"""


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return paper_context(database, tmp_path)


def jobs(context: Context) -> list[tuple[str, str, int]]:
    with context.database.read() as tx:
        return [tuple(row) for row in tx.all(JOBS)]


def defer(context: Context, papers: Sequence[BillPaper]) -> None:
    with context.database.write() as tx:
        defer_papers(tx.connection, [paper.bill for paper in papers])


def carry_out(context: Context, **options: object) -> None:
    work(context, context.database.url, threading.Event(), until_idle=True, **options)  # type: ignore[arg-type]


def missing(context: Context) -> int:
    with context.database.read() as tx:
        return len(documents.missing(tx, 1_000))


def test_a_job_holds_two_hundred_bills(context: Context) -> None:
    papers = [numbered(number) for number in range(1, 2 * BILLS_PER_JOB + 2)]
    defer(context, papers)
    assert [name for name, _, _ in jobs(context)] == ["render_bills"] * 3
    defer(context, [])
    assert len(jobs(context)) == 3


def test_jobs_commit_with_the_facts_or_not_at_all(context: Context) -> None:
    def page_that_breaks() -> None:
        with context.database.write() as tx:
            defer_papers(tx.connection, [numbered(1).bill])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        page_that_breaks()
    assert jobs(context) == []


def test_papers_of_deferred_bills_are_rendered_once(context: Context) -> None:
    papers = [numbered(number) for number in range(1, 8)]
    keys = issue(context, *papers)
    defer(context, papers)
    defer(context, papers[:3])
    carry_out(context)
    assert (jobs(context), missing(context)) == ([], 0)
    assert bill_pdf(context, *keys[3]) == render(papers[3])["pdf"]


def test_a_bill_that_cannot_be_rendered_holds_nobody_up_and_is_told(context: Context) -> None:
    papers = [numbered(number) for number in range(1, 10)]
    with context.database.write() as tx:
        bills.keep_snapshots(tx, [Snapshot(b"\1" * 32, '{"country": "FR"}')])
        broken = replace(papers[4].bill, seller_hash=b"\1" * 32, buyer_hash=b"\1" * 32)
        bills.write(tx, [broken], "FR", [5])
    keys = issue(context, *papers[:4], *papers[5:])
    with pytest.raises(PapersFailed) as failed:
        render_bills(context, [*keys, (broken.account_id, broken.bill_id)])
    assert failed.value.keys == [(broken.account_id, broken.bill_id)]
    assert missing(context) == 1


def test_what_fails_is_tried_again_a_little_later_and_told(
    context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    issue(context, numbered(1))
    defer(context, [numbered(1)])

    def jammed(papers: Sequence[BillPaper]) -> Iterator[Forms]:
        raise OSError("paper jam")
        yield b""

    carry_out(context, press=jammed)
    assert jobs(context) == [("render_bills", "todo", 1)]
    [told] = [record for record in caplog.records if record.name == "acquit.worker"]
    assert (told.getMessage(), told.__dict__["task"], told.__dict__["attempt"]) == (
        "job.failed", "render_bills", 1,
    )  # fmt: skip
    with context.database.write() as tx:
        tx.run(HURRY)
    carry_out(context)
    assert (jobs(context), missing(context)) == ([], 0)


def test_a_stop_is_heard_between_papers_and_the_rest_waits(context: Context) -> None:
    papers = [numbered(number) for number in range(1, 121)]
    issue(context, *papers)
    defer(context, papers)
    stop = threading.Event()

    def slow(some: Sequence[BillPaper]) -> Iterator[Forms]:
        stop.set()
        return ({"pdf": b"%PDF" + paper.bill.bill_id.encode()} for paper in some)

    work(context, context.database.url, stop, press=slow, schedule=())
    assert missing(context) == 70
    assert [status for _, status, _ in jobs(context)] == ["todo"]
    carry_out(context)
    assert missing(context) == 0


def test_several_processes_print_the_same_papers(context: Context) -> None:
    keys = issue(context, *(numbered(number) for number in range(1, 21)))
    with press(2) as two:
        assert render_missing(context, press=two) == 20
    with press(1) as one:
        assert render_missing(context, press=one) == 0
    assert bill_pdf(context, *keys[7]) == render(numbered(8))["pdf"]


def test_what_is_due_is_done(context: Context) -> None:
    issue(context, numbered(1))
    stop = threading.Event()
    due = (Due("render_missing", "* * * * *", render_missing),)
    worker = threading.Thread(
        target=work, args=(context, context.database.url, stop), kwargs={"schedule": due}
    )
    worker.start()
    try:
        _wait_for(lambda: missing(context) == 0 and jobs(context) == [])
    finally:
        stop.set()
        worker.join(30)
    assert not worker.is_alive()


def test_what_was_due_and_failed_is_tried_again_at_the_next_start(context: Context) -> None:
    done = threading.Event()
    due = (Due("turn_day", "0 0 1 1 *", lambda context: done.set()),)
    with context.database.write() as tx:
        for _ in range(2):
            tx.run(INTERRUPTED)
    stop = threading.Event()
    worker = threading.Thread(
        target=work, args=(context, context.database.url, stop), kwargs={"schedule": due}
    )
    worker.start()
    try:
        _wait_for(lambda: done.is_set() and jobs(context) == [])
    finally:
        stop.set()
        worker.join(30)


@pytest.mark.parametrize("due", SCHEDULE, ids=lambda due: due.name)
def test_everything_on_the_schedule_does_nothing_in_an_empty_world(context: Context, due: Due) -> None:
    due.act(context)
    due.act(context)


def test_the_worker_waits_for_a_database_that_is_away(context: Context) -> None:
    keys = issue(context, numbered(1))
    defer(context, [numbered(1)])
    stop = threading.Event()
    url = context.database.url
    with psycopg.connect(url, dbname="postgres", autocommit=True) as owner:
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        forbid: LiteralString = "UPDATE pg_database SET datallowconn = {} WHERE datname = {}"
        owner.execute(psycopg.sql.SQL(forbid).format(False, name))
        worker = threading.Thread(target=work, args=(context, url, stop), kwargs={"schedule": ()})
        worker.start()
        time.sleep(1.5)
        owner.execute(psycopg.sql.SQL(forbid).format(True, name))
    try:
        _wait_for(lambda: missing(context) == 0)
    finally:
        stop.set()
        worker.join(60)
    assert not worker.is_alive()
    assert bill_pdf(context, *keys[0]) == render(numbered(1))["pdf"]


def _wait_for(happened: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def test_other_processes_write_with_the_texts_of_this_one(tmp_path: Path) -> None:
    (tmp_path / "fr.toml").write_text('[title]\nbill = "Mémoire"', encoding="utf-8")
    use_texts(tmp_path)
    try:
        with press(2) as two:
            (made,) = two([numbered(1)])
        assert made == render(numbered(1))
    finally:
        use_texts(None)
    assert made != render(numbered(1))
