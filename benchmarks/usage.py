"""Usage: HTTP batches, a bulk import beside bare COPY into the same indexed table, and rating.

The baseline copies the very rows that the import wrote, as binary buffers encoded beforehand, into the same
table with its indexes in a copy of the same database, a commit for each chunk; nothing is checked there.
Events name their services and meters at random; ids are the sender's, in no order of accounts.
"""

import argparse
import io
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
from bill_run import ON, SEED, copied
from falcon.testing import TestClient
from psycopg.conninfo import make_conninfo
from rig import rig, say, tell

from acquit.actions.add_operator import create_operator_token
from acquit.actions.context import Context
from acquit.actions.import_meters import import_meters
from acquit.actions.import_usage import How, import_usage
from acquit.actions.rate_usage import rate_usage
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.core.bill_run import period
from acquit.core.identifiers import LegalEntityId, OperatorId
from acquit.core.operator import Operator, Role
from acquit.office.app import make_app
from acquit.store import operators
from acquit.store.embedded import open_cluster
from acquit.store.migrate import migrate
from acquit.store.transaction import Database

FR: Final = LegalEntityId("FR")
ACCOUNTS: Final = 1_000
SERVICES: Final = 3
BATCH: Final = 1_000
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


def batches(context: Context, count: int) -> float:
    """Send batches to the office and return events per second: the whole application, without a socket."""
    client = TestClient(make_app(context))
    token = create_operator_token(context, "bob", by="cli")
    every = list(events(count, 1))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    bodies = [b"[" + b",".join(every[at : at + BATCH]) + b"]" for at in range(0, count, BATCH)]
    begun = time.perf_counter()
    for body in bodies:
        answer = client.simulate_post("/office/api/usage", body=body, headers=headers)
        assert answer.json["accepted"] == BATCH, answer.text[:300]
    return count / (time.perf_counter() - begun)


def bulk(context: Context, content: bytes) -> tuple[int, float]:
    """Import the file; return how many events were new and the seconds."""
    begun = time.perf_counter()
    found = import_usage(context, lambda: io.BytesIO(content), "bench", How(), by="cli")
    assert not found.rejected, "every event of the benchmark is good"
    return found.accepted, time.perf_counter() - begun


def bare(source_url: str, url: str) -> float:
    """Copy the rows that the import wrote into a fresh database; return the seconds that writing took."""
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
            write = f"COPY usage_event ({COLUMNS}) FROM STDIN BINARY".encode()
            with target.cursor() as cursor, cursor.copy(write) as into:
                into.write(buffer)
            seconds += time.perf_counter() - begun
    return seconds


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
        with Database(url) as database:
            context = context_of(database, home)
            say(f"{given.events} events in a file")
            accepted, seconds = bulk(context, content)
            say("the same file again")
            with psycopg.connect(url, autocommit=True) as owner:
                owner.execute("UPDATE usage_import SET offset_bytes = 0, lines = 0")
            _, again_seconds = bulk(context, content)
            say("bare COPY of the same rows")
            bare_seconds = bare(url, copied(cluster.url, "bare"))
            say("HTTP batches")
            per_second = batches(context, min(given.events, 10_000))
            say("rating")
            begun = time.perf_counter()
            rated = rate_usage(context, FR, period("2026-10"), by="cli")
            rating_seconds = time.perf_counter() - begun
        found = rig(cluster.url)
    figures = {
        "events": accepted,
        "bulk_events_per_second": round(accepted / seconds),
        "copy_events_per_second": round(accepted / bare_seconds),
        "copy_ratio": round(bare_seconds / seconds, 2),
        "again_events_per_second": round(accepted / again_seconds),
        "http_events_per_second": round(per_second),
        "http_batch": BATCH,
        "rated_events": rated.events,
        "rated_uses": rated.uses,
        "rated_events_per_second": round(rated.events / rating_seconds),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "file_mb": round(len(content) / 1e6),
    }
    tell("usage", found, figures)


if __name__ == "__main__":
    main()
