"""Commands in processes of their own, killed in the middle of what they write."""

import random
import signal
import subprocess
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, LiteralString
from urllib.parse import urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from running_demo import PROGRAM, environment

WRITING: Final[LiteralString] = """
    SELECT backend_xid::text
      FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL
"""

CONNECTED: Final[LiteralString] = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

TABLES: Final[LiteralString] = """
    SELECT relname
      FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT LIKE 'procrastinate%%'
     ORDER BY relname
"""

SLOW: Final[LiteralString] = """
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(0.004); RETURN NULL; END $$
"""
SLOW_TABLE: Final[LiteralString] = """
    CREATE TRIGGER slow AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH STATEMENT EXECUTE FUNCTION slow()
"""

TOLD_AGAIN: Final = ("act", "period_act")

PATIENCE_SECONDS: Final = 60.0


class NewPlaces:
    """A path that nothing has been written to yet, each time that it is told."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.number = 0

    def __str__(self) -> str:
        """Return the next path."""
        self.number += 1
        return str(self.directory / f"out-{self.number}.xml")


@dataclass
class World:
    """A database and a directory in which commands run; what dies and when is drawn from the dice."""

    url: str
    directory: Path
    dice: random.Random = field(default_factory=random.Random)
    killed: int = 0

    def slow_down(self) -> None:
        """Let every write take some milliseconds, as on a slow disk: a kill then meets it."""
        with psycopg.connect(self.url, autocommit=True) as owner:
            owner.execute(SLOW)
            for (name,) in owner.execute(TABLES).fetchall():
                owner.execute(sql.SQL(SLOW_TABLE).format(sql.Identifier(name)))

    def begin(self, on: date, *tokens: object) -> "subprocess.Popen[str]":
        """Start a command on that business day."""
        told = conninfo_to_dict(self.url)
        name = told.pop("dbname")
        settings = environment(
            ACQUIT_DATABASE_URL=f"postgresql:///{name}?{urlencode(told)}", ACQUIT_DATA=str(self.directory)
        )
        return subprocess.Popen(
            [PROGRAM, *map(str, tokens), "--as-of", str(on), "--json"],
            env=settings, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def carry_out(self, on: date, *tokens: object, done: str = "") -> str:
        """Run a command to its end; `done` is the refusal that says that it was carried out before."""
        ran = self.begin(on, *tokens)
        told, said = ran.communicate(timeout=PATIENCE_SECONDS)
        assert ran.returncode == 0 or (done and f'"{done}"' in told), f"{tokens}: {told}{said}"
        return told

    def kill(self, on: date, *tokens: object, writes_max: int = 1) -> None:
        """Start a command and kill it while it writes, at most so many times; it may be quicker and end."""
        goal = self.dice.randint(1, writes_max)
        with psycopg.connect(self.url, autocommit=True) as owner:
            running = self.begin(on, *tokens)
            seen: set[str] = set()
            while running.poll() is None and len(seen) < goal:
                seen |= {name for (name,) in owner.execute(WRITING)}
                time.sleep(0.001)
            time.sleep(self.dice.uniform(0, 0.02))
            self.killed += running.poll() is None
            running.kill()
            running.communicate()
            assert running.returncode in (0, 1, -signal.SIGKILL)
            until = time.monotonic() + PATIENCE_SECONDS
            while owner.execute(CONNECTED).fetchone() != (0,):
                assert time.monotonic() < until, "what the dead process began never ended"
                time.sleep(0.01)

    def counts(self) -> dict[str, int]:
        """How many rows each table has; what was asked for and spread is told as often as it was begun."""
        with psycopg.connect(self.url, autocommit=True) as owner:
            names = [name for (name,) in owner.execute(TABLES)]
            return {name: _count(owner, name) for name in names if name not in TOLD_AGAIN}

    def rows(self, query: LiteralString) -> list[Any]:
        """Return what a query finds."""
        with psycopg.connect(self.url, autocommit=True) as owner:
            return owner.execute(query).fetchall()


def _count(owner: psycopg.Connection, table: str) -> int:
    row = owner.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    return int(row[0]) if row else 0
