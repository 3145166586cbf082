"""A worker dies, or its database does: every paper is there in the end, once."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from acquit.actions.context import Context
from acquit.actions.defer_papers import defer_papers
from acquit.actions.render_document import bill_pdf
from acquit.documents.forms import render
from acquit.store.documents import BillKey
from acquit.store.transaction import Database
from acquit.worker import outbox
from issued_papers import issue, numbered, paper_context

BILLS = 160
COUNT: LiteralString = "SELECT count(*) FROM document WHERE form = 'pdf'"
WAITING: LiteralString = "SELECT count(*) FROM procrastinate_jobs WHERE status <> 'succeeded'"
CUT: LiteralString = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return paper_context(database, tmp_path)


@pytest.fixture
def keys(context: Context) -> list[BillKey]:
    papers = [numbered(number) for number in range(1, BILLS + 1)]
    keys = issue(context, *papers)
    with context.database.write() as tx:
        defer_papers(tx.connection, [paper.bill for paper in papers])
    return keys


def counted(context: Context, query: LiteralString) -> int:
    with psycopg.connect(context.database.url) as connection:
        row = connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])


def wait_for(happened: Callable[[], bool], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


@contextmanager
def worker_process(context: Context, archive: Path) -> Iterator[subprocess.Popen[bytes]]:
    tests = Path(__file__).parents[1]
    command = [sys.executable, str(tests / "fault" / "slow_worker.py"), context.database.url, str(archive)]
    running = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(tests)})
    try:
        yield running
    finally:
        running.kill()
        running.wait()


@contextmanager
def worker_thread(context: Context) -> Iterator[None]:
    stop = threading.Event()
    worker = threading.Thread(
        target=outbox.work, args=(context, context.database.url, stop), kwargs={"schedule": ()}
    )
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(60)


def test_a_killed_workers_job_is_finished_by_the_next(
    context: Context, keys: list[BillKey], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with worker_process(context, tmp_path) as running:
        wait_for(lambda: counted(context, COUNT) > 0)
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert 0 < counted(context, COUNT) < BILLS
    assert counted(context, WAITING) == 1
    monkeypatch.setattr(outbox, "STALLED_SECONDS", 2.0)
    with worker_thread(context):
        wait_for(lambda: counted(context, WAITING) == 0)
    assert counted(context, COUNT) == BILLS
    assert bill_pdf(context, *keys[-1]) == render(numbered(BILLS))["pdf"]


def test_a_worker_outlives_the_loss_of_all_its_connections(
    context: Context, keys: list[BillKey], tmp_path: Path
) -> None:
    with worker_process(context, tmp_path) as running:
        for reached in (1, 60):
            wait_for(lambda reached=reached: counted(context, COUNT) >= reached)  # type: ignore[misc]
            counted(context, CUT)
        wait_for(lambda: counted(context, WAITING) == 0)
        assert running.poll() is None
    assert counted(context, COUNT) == BILLS
    assert bill_pdf(context, *keys[0]) == render(numbered(1))["pdf"]
