"""A seeded world, judged after every month by an auditor that shares no code with the rules.

Six months for three seeds; with --soak three years for twelve. `SEED=7 MONTHS=12 make test ARGS=…` lives one
of yours.
"""

import os
from pathlib import Path

import pytest

from acquit.core.identifiers import AccountId
from acquit.store.transaction import Database
from simulation.auditor_calendar import DAY, month_end, month_of
from simulation.world import World, founded, open_one, publish
from simulation.world_acts import do_something
from simulation.world_points import set_programme
from simulation.world_runs import bill_month, judge, judge_advances, judge_years, next_day, run_day

SEEDS = range(1, 4)
SOAKED = range(1, 13)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose seeds and months: few, many with --soak, or those that the environment names."""
    if "seed" in metafunc.fixturenames:
        soak = metafunc.config.getoption("--soak")
        given = os.environ.get("SEED")
        seeds = [int(given)] if given else SOAKED if soak else SEEDS
        months = int(os.environ.get("MONTHS", 36 if soak else 6))
        metafunc.parametrize(("seed", "months"), [(seed, months) for seed in seeds])


def live(world: World, months: int) -> None:
    """The world goes on for some months, each billed and judged."""
    month = month_of(world.today)
    world.attempt(set_programme)
    for number in range(months):
        day = run_day(world, month)
        _grow(world, number)
        while world.today < day:
            for _ in range(world.rng.randint(2, 6)):
                do_something(world)
            world.move(min(next_day(world), day))
        judge(world)
        bill_month(world, month)
        if world.rng.random() < 0.3:
            bill_month(world, month)
        month = month_end(month) + DAY


def _grow(world: World, number: int) -> None:
    if number % 3 == 1:
        open_one(world, AccountId(f"cd4{number:04}-acq"), "FR", broken=True)
    if number % 4 == 2:
        publish(world, 100 + number, world.today)


def test_months_of_business_are_right_to_the_cent(
    seed: int, months: int, database: Database, database_url: str, tmp_path: Path
) -> None:
    with founded(database, database_url, seed) as world:
        live(world, months)
        judge_years(world, tmp_path)
        judge_advances(world, tmp_path)
