"""Runs by several processes: killed, interrupted, or in peace, everything is billed once."""

import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.actions.replay_run import replay_run
from acquit.actions.share_run import Assignment, Told
from acquit.adapters.crew import Processes
from acquit.app import World, crew_of
from acquit.core.bill_run import RunStatus
from acquit.settings import read_settings
from acquit.store.transaction import Database
from billed import ON, bill, failed, family, rows, seller, subscribe
from founding import ACME, FR, LAB, PETIT, SHOP

GROUPS = 10


@pytest.fixture
def context(database: Database) -> Context:
    """Four accounts with ten services each, each on a bill of its own."""
    context = seller(database)
    family(context)
    for account_id in (ACME, LAB, SHOP, PETIT):
        for number in range(GROUPS):
            subscribe(context, account_id, f"{number}-{account_id}", billing_group_id=number)
    return context


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> World:
    """What a process of the crew opens."""
    return World(replace(read_settings({}), data=tmp_path, database_url=database_url), ON)


def whole(context: Context) -> None:
    """Everything is billed once, the books are right and the run can be decided again."""
    report = bill(context)
    assert (report.bills, report.net_minor, report.status) == (40, 40_000, RunStatus.CLOSED)
    assert failed(context) == {}
    again = replay_run(context, "2026-11", FR)
    assert (again.bills, again.differences) == (40, [])
    assert multiprocessing.active_children() == []


def test_a_crew_bills_its_share(context: Context, world: World) -> None:
    with crew_of(world, 1) as crew:
        report = bill(context, page_size=1, crew=crew)
    assert (report.posted_now, report.bills, report.status) == (40, 40, RunStatus.CLOSED)
    assert len(rows(context, "SELECT 1 FROM bill_run")) == 1
    whole(context)


class Killing:
    """A crew of which somebody kills every process as soon as it was started."""

    def __init__(self, crew: Processes) -> None:
        self.size = crew.size
        self._crew = crew

    def start(self, assignments: Sequence[Assignment]) -> None:
        self._crew.start(assignments)
        for child in multiprocessing.active_children():
            os.kill(child.pid or 0, signal.SIGKILL)

    def told(self, seconds: float) -> list[Told]:
        return self._crew.told(seconds)

    def works(self) -> bool:
        return self._crew.works()


def test_what_a_killed_process_leaves_is_billed_by_who_started_it(context: Context, world: World) -> None:
    with crew_of(world, 2) as crew:
        report = bill(context, page_size=1, crew=Killing(crew))
    assert report.posted_now == 40
    whole(context)


def test_interrupted_a_crew_leaves_no_process_and_loses_nothing(context: Context, world: World) -> None:
    def interrupt(done: int, accounts: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), crew_of(world, 1) as crew:
        bill(context, page_size=1, crew=crew, progress=interrupt)
    assert multiprocessing.active_children() == []
    whole(context)
