"""Usage under crashes: an import or rating stopped anywhere goes on; no event is lost, none counts twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import psycopg
import pytest

from acquit.actions.context import Context
from acquit.actions.import_usage import How, import_usage
from acquit.store.transaction import Database
from billed import ON, bill, failed, family, rows, seller, subscribe
from founding import PETIT
from metering import event, measure, send

TESTS = Path(__file__).parents[1]
EVENTS = 3_000

TAKEN = ("usage_event", "usage_pending", "usage_chunk", "usage_intake", "usage_rejected", "usage_import")
"""Every table that an import writes."""
RATED = ("usage_rating", "charge", "open_charge", "usage_pending")
"""Every table that a rating writes."""

CRASH = """
    CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the connection is gone' USING ERRCODE = '57P01'; END $$;
    CREATE TRIGGER crash AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH STATEMENT EXECUTE FUNCTION crash()
"""


def ready(database: Database) -> Context:
    """Petit with a free server and its meters."""
    context = seller(database)
    family(context)
    measure(context)
    subscribe(context, PETIT, "srv", next_on=date(2026, 1, 1), unit_price_ucents=0)
    return context


def written(path: Path, count: int) -> Path:
    """Write a file of so many events of 0.1 GB; every hundredth is broken."""
    sent = (event(f"e{n:05d}", "srv", "-1" if n % 100 == 99 else "0.1") for n in range(count))
    path.write_text("".join(json.dumps(each) + "\n" for each in sent))
    return path


def whole(context: Context, count: int) -> None:
    """Every good event counts once and is billed once; every broken one is kept."""
    good = count - count // 100
    (events,) = rows(context, "SELECT count(*) AS rows, sum(quantity_e4) AS quantity FROM usage_event")
    assert (events.rows, events.quantity) == (good, good * 1_000)
    kept = rows(context, "SELECT DISTINCT event_id FROM usage_rejected")
    assert len(kept) == count // 100
    assert failed(context) == {}
    over = good - 100
    assert bill(context, "2026-10").net_minor == min(over, 1_000) + max(over - 1_000, 0) // 2
    assert bill(context, "2026-10").posted_now == 0
    assert failed(context) == {}


def test_killed_ten_times_an_import_completes(database: Database, database_url: str, tmp_path: Path) -> None:
    context = ready(database)
    file = written(tmp_path / "events.ndjson", EVENTS)
    rng = random.Random(20261129)
    for _ in range(10):
        run = subprocess.Popen(
            [sys.executable, TESTS / "fault" / "importing.py", database_url, str(ON), str(file), "50"],
            env=os.environ | {"PYTHONPATH": str(TESTS)}, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(rng.uniform(0.5, 1.3))
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert failed(context) == {}
    import_usage(context, lambda: file.open("rb"), str(file), How(), by="cli")
    whole(context, EVENTS)


@pytest.mark.parametrize("table", TAKEN)
def test_after_a_crash_at_any_write_an_import_completes(
    table: str, database: Database, database_url: str, tmp_path: Path
) -> None:
    context = ready(database)
    file = written(tmp_path / "events.ndjson", 300)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(CRASH.format(table).encode())
        with pytest.raises(psycopg.OperationalError, match="connection is gone"):
            import_usage(context, lambda: file.open("rb"), str(file), How(), by="cli")
        assert rows(context, "SELECT 1 FROM usage_event") == []
        owner.execute("DROP FUNCTION crash CASCADE")
    import_usage(context, lambda: file.open("rb"), str(file), How(), by="cli")
    whole(context, 300)


@pytest.mark.parametrize("table", RATED)
def test_after_a_crash_at_any_write_a_rating_completes(
    table: str, database: Database, database_url: str
) -> None:
    context = ready(database)
    send(context, event("a", "srv", 30), event("b", "srv", 5, meter="seats"))
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(CRASH.format(table).encode())
        with pytest.raises(psycopg.OperationalError, match="connection is gone"):
            bill(context, "2026-10")
        assert failed(context) == {}
        owner.execute("DROP FUNCTION crash CASCADE")
    assert bill(context, "2026-10").net_minor == 200 + 2_000
    assert failed(context) == {}


def test_the_same_file_by_two_at_once_counts_once(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    context = ready(database)
    file = written(tmp_path / "events.ndjson", 1_000)
    runs = [
        subprocess.Popen(
            [sys.executable, TESTS / "fault" / "importing.py", database_url, str(ON), str(file), "100"],
            env=os.environ | {"PYTHONPATH": str(TESTS)}, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [run.communicate(timeout=120)[1] for run in runs]
    assert all("FileTaken" in each for each, run in zip(said, runs, strict=True) if run.returncode)
    import_usage(context, lambda: file.open("rb"), str(file), How(), by="cli")
    whole(context, 1_000)
