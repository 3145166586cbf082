"""Numbers under contention: eight writers, blocks of a thousand, twenty kills; no gap, no duplicate."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from acquit.store.transaction import Database
from billed import ON, rows, seller

TESTS = Path(__file__).parents[1]
WRITERS = 8
KILLS = 20
KILLS_LONG = 500
BLOCK = 1_000

FOUND = """
    SELECT count(*) AS numbers, count(DISTINCT number) AS distinct_numbers, min(number) AS first,
           max(number) AS last, (SELECT next_number FROM series WHERE series_id = 'FR') AS next_number,
           (SELECT last_on FROM series WHERE series_id = 'FR') AS last_on, max(issued_on) AS latest_on
      FROM bill_number WHERE series_id = 'FR'
"""
FALLING = """
    SELECT number FROM (SELECT number, issued_on, lag(issued_on) OVER (ORDER BY number) AS before
                          FROM bill_number) n
     WHERE issued_on < before
"""


def start(url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, TESTS / "fault" / "numbering.py", url, "FR", str(BLOCK), str(ON), "100000"],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
    )


def test_blocks_of_contending_writers_that_are_killed_leave_no_gap(
    database: Database, database_url: str, soak: bool
) -> None:
    context = seller(database)
    rng = random.Random(20261129)
    writers = [start(database_url) for _ in range(WRITERS)]
    try:
        deadline = time.monotonic() + 60
        while not rows(context, "SELECT 1 FROM bill_number LIMIT 1"):
            assert time.monotonic() < deadline, "nobody took a number"
            time.sleep(0.05)
        for _ in range(KILLS_LONG if soak else KILLS):
            time.sleep(rng.uniform(0.02, 0.2))
            place = rng.randrange(WRITERS)
            writers[place].kill()
            writers[place].wait()
            writers[place] = start(database_url)
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    wait_until_nobody_writes(context.database)
    (found,) = rows(context, FOUND)
    assert found.numbers >= 10 * BLOCK
    assert found.numbers == found.distinct_numbers == found.last == found.next_number - 1
    assert (found.first, found.last_on) == (1, found.latest_on)
    assert rows(context, FALLING) == []


def wait_until_nobody_writes(database: Database) -> None:
    """A killed writer's session may still commit what it was told to, or undo it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with database.read() as tx:
            others = tx.all(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND state <> 'idle'"
            )
        if not others:
            return
        time.sleep(0.05)
    raise AssertionError("a killed writer's session goes on")
