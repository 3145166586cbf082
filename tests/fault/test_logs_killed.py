"""Workers that forward logs are killed: nothing is lost, the order stays, little comes twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import LiteralString

import pytest

from acquit.actions.context import Context
from acquit.adapters.clock import SystemClock
from acquit.core.log_stream import BATCH_MAX, LogFormat, LogKind
from acquit.demo.certificate import certificate_in
from acquit.store.transaction import Database
from collecting_logs import Collector, call, call_ids, forward, listening
from founding import ACME, found, settle

RECORDS = 8 * BATCH_MAX
KILLS = 4
WAITING: LiteralString = "SELECT count(*) AS n FROM log_waiting"
CLAIM_OVER: LiteralString = "UPDATE log_forwarding SET claimed_until = now() WHERE claimed_until IS NOT NULL"


@pytest.fixture
def context(database: Database) -> Context:
    made = found(database)
    settle(made)
    return replace(made, clock=SystemClock())


@pytest.fixture(params=[LogFormat.GELF, LogFormat.HTTPS])
def collector(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Collector]:
    with listening(Collector(certificate_in(tmp_path), request.param, delay_seconds=0.15)) as box:
        yield box


def begun(context: Context) -> "subprocess.Popen[bytes]":
    script = Path(__file__).with_name("log_worker.py")
    paths = os.pathsep.join((str(script.parents[1]), str(script.parent)))
    command = [sys.executable, str(script), context.database.url]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths})


def waiting(context: Context) -> int:
    with context.database.read() as tx:
        return int(tx.one(WAITING).n)


def test_killed_workers_lose_nothing(context: Context, collector: Collector) -> None:
    forward(context, collector, ACME, LogKind.CALLS)
    call(context, ACME, RECORDS)
    workers = [begun(context) for _ in range(2)]
    try:
        for number in range(KILLS):
            seen, until = collector.connections, time.monotonic() + 60
            while collector.connections < seen + 1 and waiting(context):
                assert time.monotonic() < until
                time.sleep(0.01)
            for each in workers:
                each.send_signal(signal.SIGKILL)
                each.wait()
            call(context, ACME, 10)
            with context.database.write() as tx:
                tx.run(CLAIM_OVER)
            workers = [begun(context) for _ in range(1 + number % 2)]
        until = time.monotonic() + 120
        while waiting(context):
            assert time.monotonic() < until
            time.sleep(0.1)
    finally:
        for each in workers:
            each.send_signal(signal.SIGKILL)
            each.wait()
    every = call_ids(context, ACME)
    assert len(every) == RECORDS + 10 * KILLS
    assert list(dict.fromkeys(collector.numbers)) == every, "every record, in order, what came again left out"
    assert len(collector.numbers) <= len(every) + KILLS * BATCH_MAX
