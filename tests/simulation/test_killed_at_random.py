"""A run by the command line that is killed at ten random moments and started again: the audit passes."""

import json
import random
import signal
import subprocess
import time
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from acquit.actions.enrol_accounts import enrol_accounts
from acquit.actions.import_catalogue import import_catalogue
from acquit.demo.crowd import crowd
from acquit.demo.world import own_catalogue
from acquit.store import catalogues
from acquit.store.transaction import Database
from billed import seller
from founding import FR
from running_demo import PROGRAM, environment

ON = date(2026, 11, 23)
KILLS = 10
SEED = 20261129


def command(conninfo: str, directory: Path, *tokens: str) -> "subprocess.Popen[str]":
    """Start a command of acquit on the database."""
    told = conninfo_to_dict(conninfo)
    name = told.pop("dbname")
    url = f"postgresql:///{name}?{urlencode(told)}"
    settings = environment(ACQUIT_DATABASE_URL=url, ACQUIT_DATA=str(directory))
    return subprocess.Popen(
        [PROGRAM, *tokens, "--as-of", str(ON), "--json"],
        env=settings, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def billed(owner: psycopg.Connection) -> int:
    """Return how many bills there are."""
    row = owner.execute("SELECT count(*) FROM bill").fetchone()
    return int(row[0]) if row else 0


def test_ten_kills_at_random_moments_end_in_a_passing_audit(
    soak: bool, database: Database, database_url: str, tmp_path: Path
) -> None:
    accounts = 3_000 if soak else 300
    context = seller(database, ON)
    import_catalogue(context, own_catalogue(), by="cli", legal_entity_id=FR, from_on=date(2020, 1, 1))
    with database.read() as tx:
        catalogue_id = catalogues.every(tx)[-1].catalogue_id
        plans = catalogues.plans(tx, catalogue_id)
    enrol_accounts(context, crowd(accounts, ON, catalogue_id, plans), by="cli")
    rng = random.Random(SEED)
    run = ("bills", "run", "--period", "2026-11", "--page-size", str(accounts // 75), "--yes")
    killed = 0
    with psycopg.connect(database_url, autocommit=True) as owner:
        for number in range(KILLS):
            goal = rng.randint(number * accounts // 12, (number + 1) * accounts // 12)
            running = command(database_url, tmp_path, *run)
            while running.poll() is None and billed(owner) <= goal:
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.02))
            killed += running.poll() is None
            running.kill()
            _, said = running.communicate()
            assert running.returncode in (0, -signal.SIGKILL), said
    assert killed >= KILLS // 2, "most runs were killed while they worked"
    last = command(database_url, tmp_path, *run)
    told, said = last.communicate(timeout=300)
    assert last.returncode == 0, said
    report = json.loads(told)
    assert (report["bills"], report["parked"], report["status"]) == (accounts, 0, "closed")
    assert report["last_number"] == f"FR{accounts:08}"
    audit = command(database_url, tmp_path, "audit", "--full")
    told, said = audit.communicate(timeout=300)
    assert audit.returncode == 0, f"seed {SEED}: {told}{said}"
