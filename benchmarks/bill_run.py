"""A bill run of so many accounts with three services each, beside bare COPY.

The baseline writes the very rows that the run wrote into the same tables with their indexes and triggers: as
binary buffers encoded beforehand, page by page, a commit for each page. Both databases are copies of one.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import psycopg
from psycopg.conninfo import make_conninfo
from rig import rig, say, server_seconds, tell

import acquit.actions.run_bills as run_bills_module
from acquit.actions.context import Context
from acquit.actions.page_loading import Page, Scope
from acquit.actions.run_bills import run_bills
from acquit.actions.run_inputs import keep_inputs
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.app import World, crew_of
from acquit.core.identifiers import LegalEntityId
from acquit.settings import read_settings
from acquit.store import bills, debts, journals
from acquit.store.embedded import open_cluster
from acquit.store.migrate import migrate
from acquit.store.transaction import Database, Transaction

ON: Final = date(2026, 11, 23)
PERIOD: Final = "2026-11"
SERVICES: Final = 3
PAGE_SIZE: Final = 5_000
LONG: Final = 100_000
"""How many services the long account has."""

SEED: Final = """
INSERT INTO legal_entity (legal_entity_id, name, siren, vat_id, street, zip, city, country, currency, zone,
                          bill_series_id, credit_series_id, deposit_series_id)
VALUES ('FR', 'Bench', '732829320', 'FR44732829320', '1 rue', '59000', 'Lille', 'FR', 'EUR', 'Europe/Paris',
        'FR', 'FRC', 'FRD');
INSERT INTO series (series_id, legal_entity_id, document, prefix, reference_code)
VALUES ('FR', 'FR', 'bill', 'FR', 'FR'), ('FRC', 'FR', 'credit-note', 'FRC', 'FRC'),
       ('FRD', 'FR', 'deposit', 'FRD', 'FRD');
INSERT INTO vat_rate (country, from_on, rate_bp) VALUES ('FR', '2014-01-01', 2000);
INSERT INTO ledger_account (legal_entity_id, role, number, name)
SELECT 'FR', role, number, role
  FROM (VALUES ('receivable', '411000'), ('revenue', '706000'), ('vat_collected', '445710'),
               ('vat_pending', '445740'), ('bank', '512000'), ('unapplied', '419100'),
               ('write_off', '654000')) AS chart(role, number);
INSERT INTO legal_party (legal_party_id, from_on, name, siren, vat_id, street, zip, city, country)
SELECT n, '2020-01-01', 'Company ' || n, lpad(n::text, 9, '0'), 'FR00' || lpad(n::text, 9, '0'),
       n || ' rue de la Paix', '75002', 'Paris', 'FR'
  FROM generate_series(1::bigint, {accounts}) n;
INSERT INTO account (account_id, legal_entity_id, payer_id, legal_party_id, currency)
SELECT name, 'FR', name, n, 'EUR'
  FROM generate_series(1::bigint, {accounts}) n,
       LATERAL (SELECT 'bb' || lpad(n::text, 7, '0') || '-acq') a(name);
INSERT INTO service (account_id, service_id, resource_name, display_name, route, catalogue_id, plan_code,
                     description, unit_price_ucents, currency, renewal_months, anniversary_day, started_on,
                     next_renewal_on)
SELECT 'bb' || lpad(n::text, 7, '0') || '-acq', n * 10 + k, 'ns' || (n * 10 + k) || '.example', 'server',
       '/dedicated/server/{{serviceName}}', 1, 'adv-1', 'Dedicated server ADVANCE-' || k || ' | 64 GB',
       4544000000 + k % 1000 * 1000000, 'EUR', 1, day + 1, date '2026-01-01' + day, date '2026-11-01' + day
  FROM generate_series(1::bigint, {accounts}) n, generate_series(1, {services}) k,
       LATERAL (SELECT ((n + k) % 28)::int) d(day)
"""


class Written(NamedTuple):
    """A table that a run writes: its columns and how its rows are found by the number of a bill."""

    table: str
    columns: tuple[str, ...]
    source: str


def plain(table: str, *columns: str) -> Written:
    """Return a table whose rows bear the number."""
    return Written(
        table, columns, f"SELECT {', '.join(columns)} FROM {table} WHERE bill_id BETWEEN %s AND %s"
    )


TABLES: Final = (
    plain("bill", *bills.BILL),
    plain("bill_detail", *bills.OWNER, *bills.DETAIL),
    plain("bill_tax", *bills.OWNER, *bills.TAX),
    plain("bill_number", *bills.NUMBER),
    plain("bill_order", *bills.ORDER),
    plain("debt", *debts.DEBT),
    Written(
        "entry",
        tuple(journals.ENTRY),
        f"SELECT {', '.join(journals.ENTRY)} FROM entry WHERE reference BETWEEN %s AND %s",
    ),
    Written(
        "posting",
        tuple(journals.POSTING),
        f"SELECT {', '.join(f'p.{name}' for name in journals.POSTING)} FROM posting p JOIN entry e "
        "ON e.account_id = p.account_id AND e.entry_no = p.entry_no WHERE e.reference BETWEEN %s AND %s",
    ),
)


def seed(url: str, accounts: int, services: int = SERVICES) -> None:
    """Make the accounts and their services."""
    migrate(url)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(SEED.format(accounts=accounts, services=services).encode())
        owner.execute("VACUUM (ANALYZE)")


def copied(cluster_url: str, name: str) -> str:
    """Return the URL of a copy of the seeded database."""
    with psycopg.connect(cluster_url, autocommit=True) as owner:
        owner.execute(f"CREATE DATABASE {name} TEMPLATE seeded STRATEGY file_copy".encode())
        owner.execute("CHECKPOINT")
    return make_conninfo(cluster_url, dbname=name)


class Kept:
    """How long it takes to pack and keep what pages are decided by."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def keep(self, tx: Transaction, page: Page, scope: Scope) -> None:
        """Keep the inputs, with a watch in hand."""
        begun = time.perf_counter()
        keep_inputs(tx, page, scope)
        self.seconds += time.perf_counter() - begun


def run(url: str, papers: Path, processes: int = 1) -> tuple[int, float]:
    """Run the month; return how many bills and in how many seconds."""
    world = World(replace(read_settings({}), data=papers, database_url=url), ON)
    crew = crew_of(world, processes - 1) if processes > 1 else nullcontext(None)
    with Database(url) as database, crew as others:
        context = Context(
            database, FixedClock(ON), AesSealer(bytes(32)), DirectoryArchive(papers), NullMailer()
        )
        begun = time.perf_counter()
        (report,) = run_bills(
            context, LegalEntityId("FR"), PERIOD, page_size=PAGE_SIZE, crew=others, by="cli"
        )
        seconds = time.perf_counter() - begun
    assert not report.parked, "the benchmark's accounts can all be billed"
    return report.posted_now, seconds


def input_bytes(url: str) -> int:
    """Return how many bytes the inputs of the run take."""
    with psycopg.connect(url) as reader:
        (found,) = reader.execute("SELECT sum(length(body)) FROM bill_run_input").fetchone() or (0,)
    return int(found)


def encoded(source: psycopg.Connection, count: int) -> Iterator[list[bytes]]:
    """Yield, page by page, the binary buffers of every table."""
    for first in range(1, count + 1, PAGE_SIZE):
        between = (f"FR{first:08d}", f"FR{min(first + PAGE_SIZE - 1, count):08d}")
        buffers = []
        for written in TABLES:
            with source.cursor() as cursor:
                query = cursor.copy(f"COPY ({written.source}) TO STDOUT (FORMAT BINARY)".encode(), between)
                with query as out:
                    buffers.append(b"".join(bytes(block) for block in out))
        yield buffers


def bare(source_url: str, url: str, count: int) -> float:
    """Copy the buffers into a fresh database; return the seconds that the writing took."""
    seconds = 0.0
    with psycopg.connect(source_url) as source, psycopg.connect(url, autocommit=True) as target:
        for buffers in encoded(source, count):
            begun = time.perf_counter()
            with target.transaction():
                for written, buffer in zip(TABLES, buffers, strict=True):
                    into = f"COPY {written.table} ({', '.join(written.columns)}) FROM STDIN (FORMAT BINARY)"
                    with target.cursor() as cursor, cursor.copy(into.encode()) as out:
                        out.write(buffer)
            seconds += time.perf_counter() - begun
    return seconds


def long_account(cluster_url: str, papers: Path) -> dict[str, float]:
    """Bill one account with a hundred thousand services."""
    say(f"one account with {LONG} services")
    with psycopg.connect(cluster_url, autocommit=True) as owner:
        owner.execute("CREATE DATABASE long")
    url = make_conninfo(cluster_url, dbname="long")
    seed(url, 1, LONG)
    _, seconds = run(url, papers)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"long_account_seconds": round(seconds, 2), "long_account_peak_rss_mb": peak}


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--long", action="store_true", help="one account with 100,000 services too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="acquit-bench-") as home, open_cluster(Path(home)) as cluster:
        say(f"{given.accounts} accounts with {SERVICES} services each")
        with psycopg.connect(cluster.url, autocommit=True) as owner:
            owner.execute("CREATE DATABASE seeded")
        seed(make_conninfo(cluster.url, dbname="seeded"), given.accounts)
        url = copied(cluster.url, "billed")
        say("the run")
        kept = Kept()
        run_bills_module.keep_inputs = kept.keep
        before = time.process_time(), server_seconds(Path(home))
        count, seconds = run(url, Path(home) / "papers")
        after = time.process_time(), server_seconds(Path(home))
        run_bills_module.keep_inputs = keep_inputs
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        say("bare COPY of the same rows")
        bare_seconds = bare(url, copied(cluster.url, "bare"), count)
        say("the run, by two processes")
        _, two_seconds = run(copied(cluster.url, "shared"), Path(home) / "papers", processes=2)
        long = long_account(cluster.url, Path(home) / "papers") if given.long else {}
        bytes_kept = input_bytes(url)
        found = rig(cluster.url)
    figures = {
        "accounts": given.accounts,
        "bills": count,
        "seconds": round(seconds, 2),
        "bills_per_second": round(count / seconds),
        "copy_bills_per_second": round(count / bare_seconds),
        "copy_ratio": round(bare_seconds / seconds, 3),
        "bills_per_second_two_processes": round(count / two_seconds),
        "second_process_ratio": round(seconds / two_seconds, 2),
        "python_us_per_bill": round((after[0] - before[0]) / count * 1e6),
        "postgresql_us_per_bill": round((after[1] - before[1]) / count * 1e6),
        "input_bytes_per_account": round(bytes_kept / given.accounts),
        "input_share": round(kept.seconds / seconds, 3),
        "peak_rss_mb": peak,
        **long,
    }
    tell("bill-run", found, figures)


if __name__ == "__main__":
    main()
