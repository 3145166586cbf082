"""Usage: HTTP batches, a bulk import beside bare COPY into the same indexed table, and rating.

The baseline copies the very rows that the import wrote, as binary buffers encoded beforehand, into the same
table with its indexes in a copy of the same database, a commit for each chunk; nothing is checked there.
Events name their services and meters at random; ids are the sender's, in no order of accounts. Batches go to
the office by a real socket, by one caller over one kept connection. Beside each figure by the clock stands
the processor time of an event, in this process (`python`) and in PostgreSQL's sessions (`postgresql`): on a
crowded machine the clock says little.
"""

import argparse
import http.client
import io
import json
import os
import random
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import psycopg
from bill_run import ON, SEED, copied
from psycopg.conninfo import make_conninfo
from rig import rig, say, tell

from acquit.actions.add_operator import create_operator_token
from acquit.actions.context import Context
from acquit.actions.import_meters import import_meters
from acquit.actions.import_usage import How, import_usage
from acquit.actions.rate_usage import rate_usage
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock
from acquit.adapters.http import Limits, Mount, Server, Site
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.core.bill_run import period
from acquit.core.identifiers import LegalEntityId, OperatorId
from acquit.core.operator import Operator, Role
from acquit.office.app import PREFIX, make_app
from acquit.store import operators
from acquit.store.embedded import open_cluster
from acquit.store.migrate import migrate
from acquit.store.transaction import Database

FR: Final = LegalEntityId("FR")
ACCOUNTS: Final = 10_000
SERVICES: Final = 3
BATCH: Final = 1_000
AGAIN_MAX: Final = 100_000
BODY_MAX: Final = 8 * 1024 * 1024
METERS: Final = b"".join(
    f"""
[[meter]]
code = "{code}"
unit = "GB"
aggregation = "{aggregation}"
from = 2026-01-01
description = {{ fr = "{code}", en = "{code}" }}
[[price]]
meter = "{code}"
from = 2026-01-01
included = 10
tiers = [{{ up_to = 100, price = "0.10" }}, {{ price = "0.05" }}]
""".encode()
    for code, aggregation in (("traffic", "sum"), ("disk", "max"))
)
COLUMNS: Final = (
    "account_id, period, usage_no, source, event_id, service_id, meter, quantity_e4, used_on, used_at, "
    "until_at, properties, corrects_no, content_hash"
)


@dataclass(slots=True)
class Watch:
    """The clock, and processor time of this process and of PostgreSQL's sessions, from its making on."""

    url: str
    begun: float = 0.0
    python: float = 0.0
    postgresql: float = 0.0

    def __post_init__(self) -> None:
        self.begun, self.python = time.perf_counter(), time.process_time()
        self.postgresql = sessions_seconds(self.url)

    def told(self, name: str, count: int) -> dict[str, Any]:
        """Return so many pieces per second, and microseconds of processors for each."""
        seconds = time.perf_counter() - self.begun
        python = time.process_time() - self.python
        postgresql = sessions_seconds(self.url) - self.postgresql
        return {
            f"{name}_per_second": round(count / seconds),
            f"{name}_python_us": round(python * 1e6 / count, 1),
            f"{name}_postgresql_us": round(postgresql * 1e6 / count, 1),
        }


def sessions_seconds(url: str) -> float:
    """Return the processor time that the sessions of the database have used, of those that are there now."""
    with psycopg.connect(url) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        pids = [row[0] for row in connection.execute(query).fetchall()]
    ticks = 0
    for pid in pids:
        try:
            found = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(found[11]) + int(found[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def context_of(database: Database, home: Path) -> Context:
    """Return what actions work with, on a fixed business date."""
    return Context(database, FixedClock(ON), AesSealer(bytes(32)), DirectoryArchive(home), NullMailer())


def events(count: int, seed: int) -> Iterator[bytes]:
    """Yield events as their sender writes them, of October, a third with properties."""
    rng = random.Random(seed)
    for number in range(count):
        n, k = rng.randrange(1, ACCOUNTS + 1), rng.randrange(1, SERVICES + 1)
        more = ',"properties":{"region":"gra","kind":"egress"}' if number % 3 == 0 else ""
        yield (
            f'{{"id":"{seed:02d}-{rng.getrandbits(64):016x}","account":"bb{n:07d}-acq",'
            f'"service":"ns{n * 10 + k}.example","meter":"{"traffic" if number % 4 else "disk"}",'
            f'"quantity":{rng.randrange(1, 99999) / 1000},'
            f'"at":"2026-10-{rng.randrange(1, 31):02d}T{rng.randrange(24):02d}:{rng.randrange(60):02d}:00Z"'
            f"{more}}}"
        ).encode()


def seeded(url: str, home: Path) -> None:
    """Make accounts, services that began in January, meters and an operator."""
    migrate(url)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(SEED.format(accounts=ACCOUNTS, services=SERVICES).encode())
    with Database(url) as database:
        import_meters(context_of(database, home), METERS, by="cli", legal_entity_id=FR)
        with database.write() as tx:
            operators.add(tx, Operator(OperatorId("bob"), "Bob", "", Role.BILLING), "x")
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("VACUUM (ANALYZE)")


def site(url: str, home: Path) -> Site:
    """Return the office alone, as a worker serves it."""
    context = context_of(Database(url), home)
    return Site((Mount((PREFIX,), make_app(context), body_max=BODY_MAX),), context.database.close)


def batches(url: str, home: Path, count: int) -> dict[str, Any]:
    """Send batches to the office by a socket and return events per second."""
    with Database(url) as database:
        token = create_operator_token(context_of(database, home), "bob", by="cli")
    every = list(events(count, 1))
    bodies = [b"[" + b",".join(every[at : at + BATCH]) + b"]" for at in range(0, count, BATCH)]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    server = Server(partial(site, url, home), workers=1, limits=Limits())
    found: dict[str, Any] = {}

    def work() -> None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            watch = None
            for body in bodies:
                connection.request("POST", f"{PREFIX}/usage", body, headers)
                answer = json.loads(connection.getresponse().read())
                assert answer["accepted"] == BATCH, str(answer)[:300]
                watch = watch or Watch(url)
            assert watch is not None, "there are batches"
            found.update(watch.told("http_events", count - BATCH))
        finally:
            server.stop()

    server.run(lambda: threading.Thread(target=work).start())
    del found["http_events_python_us"]  # that of the caller
    return found


def bulk(context: Context, name: str, content: bytes) -> dict[str, Any]:
    """Import the file and return events per second."""
    watch = Watch(context.database.url)
    found = import_usage(context, lambda: io.BytesIO(content), name, How(), by="cli")
    assert not found.rejected, "every event of the benchmark is good"
    return watch.told(f"{name}_events", found.received)


def bare(source_url: str, url: str, count: int) -> dict[str, Any]:
    """Copy the rows that the import wrote into a fresh database; return rows per second of writing."""
    seconds = 0.0
    with psycopg.connect(source_url) as source, psycopg.connect(url, autocommit=True) as target:
        chunks = "SELECT chunk_no FROM usage_chunk WHERE accepted > 0 ORDER BY 1"
        for (chunk_no,) in source.execute(chunks).fetchall():
            between = (chunk_no * 100_000, (chunk_no + 1) * 100_000 - 1)
            query = (
                f"COPY (SELECT {COLUMNS} FROM usage_event WHERE usage_no BETWEEN %s AND %s) TO STDOUT BINARY"
            )
            with source.cursor() as cursor, cursor.copy(query.encode(), between) as out:
                buffer = b"".join(bytes(block) for block in out)
            begun = time.perf_counter()
            # the clock runs for the writing alone
            write = f"COPY usage_event ({COLUMNS}) FROM STDIN BINARY".encode()
            with target.cursor() as cursor, cursor.copy(write) as into:
                into.write(buffer)
            seconds += time.perf_counter() - begun
        pid = target.info.backend_pid
        found = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used = (int(found[11]) + int(found[12])) / os.sysconf("SC_CLK_TCK")
    return {
        "copy_rows_per_second": round(count / seconds),
        "copy_rows_postgresql_us": round(used * 1e6 / count, 1),
    }


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=500_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="acquit-bench-") as folder, open_cluster(Path(folder)) as cluster:
        home = Path(folder) / "papers"
        with psycopg.connect(cluster.url, autocommit=True) as owner:
            owner.execute("CREATE DATABASE seeded")
        seeded(make_conninfo(cluster.url, dbname="seeded"), home)
        url = copied(cluster.url, "used")
        content = b"\n".join(events(given.events, 2)) + b"\n"
        figures: dict[str, Any] = {
            "events": given.events, "accounts": ACCOUNTS, "services": SERVICES, "meters": 2,
            "http_batch": BATCH, "file_mb": round(len(content) / 1e6),
        }  # fmt: skip
        with Database(url) as database:
            context = context_of(database, home)
            say(f"{given.events} events in a file")
            figures |= bulk(context, "bulk", content)
            say("bare COPY of the same rows")
            figures |= bare(url, copied(cluster.url, "bare"), given.events)
            figures["copy_ratio"] = round(
                figures["bulk_events_per_second"] / figures["copy_rows_per_second"], 2
            )
            say("events that came before")
            with psycopg.connect(url, autocommit=True) as owner:
                owner.execute("UPDATE usage_import SET offset_bytes = 0, lines = 0")
            figures |= bulk(context, "again", b"\n".join(events(min(given.events, AGAIN_MAX), 2)) + b"\n")
            say("HTTP batches")
            figures |= batches(url, home, min(given.events, 50_000))
            with psycopg.connect(url, autocommit=True) as owner:
                owner.execute("VACUUM (ANALYZE) usage_event")
            say("rating")
            watch = Watch(url)
            rated = rate_usage(context, FR, period("2026-10"), by="cli")
            figures |= watch.told("rated_events", rated.events)
            figures |= {"rated_events": rated.events, "rated_uses": rated.uses}
        figures["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        found = rig(cluster.url)
    tell("usage", found, figures)


if __name__ == "__main__":
    main()
