"""Closing at size: what the audit's checks, the VAT report and the files take over many bills.

    python benchmarks/closing.py [BILLS]

A database of its own is filled by SQL: ten months of bills, two lines each, seven of ten paid, spread over a
tenth as many accounts. Seconds are told by the clock and as processor time of this process; PostgreSQL's are
in the first alone.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from acquit.actions.context import Context
from acquit.actions.defer_revenue import defer_revenue
from acquit.actions.export_books import export_aged_balance, export_fec, export_journal
from acquit.actions.report_vat import report_vat
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.core.identifiers import LegalEntityId
from acquit.core.period import span
from acquit.store import audit_closing, audit_money
from acquit.store.audit import CHECKS
from acquit.store.embedded import open_cluster
from acquit.store.migrate import migrate
from acquit.store.transaction import Database

FR = LegalEntityId("FR")
SATISFIED = {*audit_closing.CHECKS, *audit_money.CHECKS}
"""The store is filled with money and entries that agree; numbers, hashes and services are not made."""
FILLED = (
    "SET session_replication_role = replica",
    """INSERT INTO legal_entity (legal_entity_id, name, siren, street, zip, city, country, currency, zone,
              bill_series_id, credit_series_id, deposit_series_id)
       VALUES ('FR', 'Bench', '732829320', 's', 'z', 'c', 'FR', 'EUR', 'Europe/Paris', 'FR', 'AV', 'RC')""",
    """INSERT INTO ledger_account
       VALUES ('FR', 'receivable', '411000', 'C'), ('FR', 'revenue', '706000', 'P'),
              ('FR', 'vat_collected', '445710', 'T'), ('FR', 'vat_pending', '445740', 'T'),
              ('FR', 'bank', '512000', 'B'), ('FR', 'unapplied', '419100', 'A'),
              ('FR', 'write_off', '654000', 'P'), ('FR', 'credit_balance', '419700', 'A'),
              ('FR', 'credit_given', '709600', 'R'), ('FR', 'deferred', '487000', 'D')""",
    """INSERT INTO snapshot VALUES (sha256('x'), '{"country": "FR", "name": "Bench", "vat_id": ""}')""",
    """INSERT INTO legal_party (legal_party_id, from_on, name, country)
       SELECT g, '2020-01-01', 'P' || g, 'FR' FROM generate_series(1, {accounts}) g""",
    """INSERT INTO account (account_id, legal_entity_id, payer_id, legal_party_id, currency)
       SELECT 'ab' || (10000 + g) || '-acq', 'FR', 'ab' || (10000 + g) || '-acq', g, 'EUR'
         FROM generate_series(1, {accounts}) g""",
    """INSERT INTO bill
       SELECT 'ab' || (10001 + g % {accounts}) || '-acq', 'FR' || lpad(g::text, 8, '0'), 100000000 + g,
              'bill', NULL, 'FR',
              'ab' || (10001 + g % {accounts}) || '-acq', NULL, 'purchase', m.first_on,
              m.first_on, 30, 'net', NULL, m.first_on + 30, 'EUR', 1000, 200, 1200, NULL, NULL, NULL,
              NULL, NULL, 'RF',
              'transfer', 'fr_FR', '', sha256('x'), sha256('x'), NULL
         FROM generate_series(0, {bills} - 1) g,
              LATERAL (SELECT ('2026-01-01'::date + ((g / {accounts}) || ' months')::interval)::date)
                AS m (first_on)""",
    """INSERT INTO bill_detail
       SELECT account_id, bill_id, k, k, 'renewal', '', 0, 'd', 'd', 10000, 500000000, 500, 'S', 2000,
              issued_on + 14 * (k - 1), issued_on + 27 + 17 * (k - 1), NULL, NULL
         FROM bill, generate_series(1, 2) k""",
    "INSERT INTO bill_tax SELECT account_id, bill_id, 'S', 2000, 1000, 200 FROM bill",
    """INSERT INTO debt
       SELECT account_id, order_id, bill_id, payer_id, currency, total_minor, issued_at, due_on FROM bill""",
    """INSERT INTO deposit
       SELECT account_id, 'RC' || order_id, 'FR', order_id, issued_on + 20, 1200, 'EUR', 'transfer'
         FROM bill WHERE order_id % 10 < 7""",
    """INSERT INTO debt_operation (account_id, debt_id, operation_id, kind, means, amount_minor,
              deposit_payer, deposit_id, occurred_on)
       SELECT account_id, order_id, order_id, 'payment', 'transfer', 1200, account_id, 'RC' || order_id,
              issued_on + 20
         FROM bill WHERE order_id % 10 < 7""",
    """CREATE TEMP TABLE told AS
       SELECT account_id, row_number() OVER (PARTITION BY account_id ORDER BY on_, place) AS entry_no, kind,
              on_, reference
         FROM (SELECT account_id, 'bill' AS kind, issued_on AS on_, bill_id AS reference, 1 AS place FROM bill
                UNION ALL
               SELECT account_id, 'deposit', issued_on + 20, 'RC' || order_id, 2
                 FROM bill WHERE order_id % 10 < 7
                UNION ALL
               SELECT account_id, 'settlement', issued_on + 20, bill_id || '/' || order_id, 3
                 FROM bill WHERE order_id % 10 < 7) every""",
    """INSERT INTO entry
       SELECT account_id, entry_no, kind, on_, reference, sha256('x'), sha256(convert_to(reference, 'UTF8')),
              on_
         FROM told""",
    """INSERT INTO posting
       SELECT account_id, entry_no, place, ledger, minor, 'EUR'
         FROM told
         JOIN (VALUES ('bill', 1, '411000', 1200), ('bill', 2, '706000', -1000), ('bill', 3, '445740', -200),
                      ('deposit', 1, '512000', 1200), ('deposit', 2, '419100', -1200),
                      ('settlement', 1, '419100', 1200), ('settlement', 2, '411000', -1200),
                      ('settlement', 3, '445740', 200), ('settlement', 4, '445710', -200))
           AS posted (kind, place, ledger, minor) USING (kind)""",
    "VACUUM ANALYZE",
)


def fill(url: str, bills: int) -> None:
    """Ten months of bills, seven of ten paid."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in FILLED:
            text = statement.replace("{accounts}", str(bills // 10)).replace("{bills}", str(bills))
            connection.execute(text.encode())


def timed(name: str, act: Callable[[], Any]) -> Any:
    """Carry out and print what it took."""
    wall, processor = time.perf_counter(), time.process_time()
    result = act()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{name:24} {wall:8.1f} s  {processor:6.1f} s of this process  {peak} MB", flush=True)
    return result


def measure_checks(context: Context) -> None:
    """Every check in one snapshot; those that the store was filled to satisfy find nothing."""
    with context.database.snapshot() as tx:
        for check in CHECKS:
            row = timed(check.name, lambda query=check.query: tx.one(query))
            assert check not in SATISFIED or not row.differences, check.name


def measure(context: Context, home: Path) -> None:
    """The checks, a spreading, the reports and the files."""
    timed("audit, every check", lambda: measure_checks(context))
    timed("defer a month", lambda: defer_revenue(context, FR, "2026-01", by="cli"))
    assert timed("vat report, a year", lambda: report_vat(context, FR, "2026")).ties
    timed("aged balance", lambda: export_aged_balance(context, FR, date(2026, 10, 31), home / "aged.csv"))
    timed("journal, a month", lambda: export_journal(context, FR, span("2026-05"), home / "journal.csv"))
    timed("fec, a month", lambda: export_fec(context, FR, span("2026-05"), home))


def main() -> None:
    bills = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(prefix="acquit-bench-") as name:
        home = Path(name)
        with open_cluster(home / "data") as cluster:
            migrate(cluster.url)
            timed(f"fill {bills} bills", lambda: fill(cluster.url, bills))
            with Database(cluster.url) as database:
                clock, archive = FixedClock(date(2026, 11, 1)), DirectoryArchive(home)
                measure(Context(database, clock, AesSealer(bytes(32)), archive, NullMailer()), home)


if __name__ == "__main__":
    main()
