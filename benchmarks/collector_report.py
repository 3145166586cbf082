"""Time and memory of `acquit collect report` over an archive of a large company, made by SQL.

    python benchmarks/collector_report.py [--bills 1000000] [--details 10] [--accounts 140] [--months 36]
        [--archive DIR] [--runs 3]

The tables have the schema of real ones and are written by the collector's own writer; each command is a
process of its own, so that its start counts, and its peak of memory is the system's figure.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from rig import rig, say, tell

from acquit.collector.columns import PARQUET, TABLES
from acquit.collector.derived import DERIVED
from acquit.collector.queries import MACROS as THEIRS
from acquit.collector.tables import write_table

AS_OF = "2026-11-20"

MACROS = """
CREATE MACRO chance(seed, below) AS CAST(hash(seed) % below AS BIGINT);
CREATE MACRO issued(no, bills, months) AS
    CAST(DATE '2026-11-01' - to_months(months - 1 - (no * months) // bills) AS DATE)
    + CAST(no % 19 AS INTEGER);
"""

FILL = {
    "account": """
        SELECT $account AS account, 'nic-' || $no AS nichandle, 'Company' AS organisation, 'FR' AS subsidiary,
               'EUR' AS currency, 'https://provider.example/1.0' AS base,
               if($no = 0, NULL, 'main-0') AS parent, if($no = 0, NULL, $no) AS sub_account_no,
               TIMESTAMP '2026-11-20 06:00:00' AS gathered_at""",
    "sub_account": """
        SELECT 'main-0' AS account, range AS sub_account_no, 'Team ' || range AS description
          FROM range(1, $accounts) WHERE $no = 0""",
    "purchase_order": """
        SELECT $account AS account, 1 AS purchase_order_id, 'PO-2026-' || $no % 20 AS reference,
               'PURCHASE_ORDER' AS kind, 'CREATED' AS status, true AS is_active,
               DATE '2026-01-01' AS start_on, DATE '2027-01-01' AS end_on""",
    "bill_detail": """
        SELECT $account AS account, 'FR' || ($no * $bills + range // $details) AS bill_id,
               range % $details + 1 AS detail_no, 'D' || ($no * $bills * $details + range) AS detail_id,
               issued(range // $details, $bills, $months) AS issued_on,
               'srv' || chance(range // 4 + $no, 500) || '.team' || $no || '.example' AS domain,
               CASE range % 4 WHEN 0 THEN 'Advance server rental' WHEN 1 THEN 'Backup storage 500 GB'
                    WHEN 2 THEN 'Public bandwidth 1 Gbit/s' ELSE 'Additional IP address' END AS description,
               10000 * (1 + chance(range, 3)) AS quantity_e4,
               CAST(1500 + chance(range % 977 + 7919 * $no, 9000) AS BIGINT) * 1000000 AS unit_price_ucents,
               (1 + chance(range, 3)) * (1500 + chance(range % 977 + 7919 * $no, 9000)) AS net_minor, 'EUR'
               AS currency,
               date_trunc('month', issued(range // $details, $bills, $months)) AS period_start_on,
               date_trunc('month', issued(range // $details, $bills, $months)) + INTERVAL 1 MONTH
                 AS period_end_on
          FROM range($bills * $details) ORDER BY issued_on, bill_id, detail_no""",
    "bill": """
        WITH net AS (SELECT bill_id, any_value(issued_on) AS issued_on, sum(net_minor)::BIGINT AS net_minor,
                            count(*) AS details_count FROM bill_detail GROUP BY bill_id)
        SELECT $account AS account, bill_id, issued_on, 'autorenew' AS category,
               CAST(substr(bill_id, 3) AS BIGINT) AS order_id, 'EUR' AS currency, net_minor,
               net_minor // 5 AS tax_minor, net_minor + net_minor // 5 AS total_minor,
               CASE WHEN chance(bill_id, 10) < 8 THEN 'PO-2026-' || $no % 20 END AS purchase_order,
               CASE WHEN chance(bill_id, 10) < 6 THEN 'read' WHEN chance(bill_id, 10) < 8 THEN 'inferred'
                    ELSE 'unknown' END AS purchase_order_source,
               issued_on + 45 AS due_on, if(chance(bill_id, 7) < 5, 'read', 'inferred') AS due_source,
               details_count, 1 + (chance(bill_id, 5000) = 0)::INTEGER AS versions_count,
               'papers/' || bill_id || '.pdf' AS paper, issued_on::TIMESTAMP AS seen_at
          FROM net ORDER BY issued_on, bill_id""",
    "bill_version": """
        SELECT account, bill_id, issued_on, category, order_id, currency, net_minor, tax_minor, total_minor,
               version_no, seen_at
          FROM bill, (SELECT unnest([1, 2]) AS version_no) WHERE version_no <= versions_count
         ORDER BY bill_id, version_no""",
    "debt": """
        SELECT account, order_id AS debt_id, order_id, bill_id, issued_on AS opened_on, due_on,
               CASE WHEN issued_on < DATE '2026-08-01' THEN 'PAID' WHEN due_on < DATE '2026-11-20' THEN
                 'UNPAID'
                    ELSE 'UNMATURED' END AS status, currency, total_minor AS amount_minor,
               if(issued_on < DATE '2026-08-01', 0, total_minor) AS due_minor, 0 AS todo_minor,
               0 AS pending_minor, if(due_on >= DATE '2026-11-20', total_minor, 0) AS unmatured_minor, seen_at
          FROM bill ORDER BY debt_id""",
    "service": """
        SELECT $account AS account, range AS service_id,
               'srv' || range || '.team' || $no || '.example' AS name FROM range(500)""",
}  # fmt: skip
"""In this order: a query may read the tables before it. What is not named stays empty."""


RULES = {
    "rules_on_services.toml": """
        [[rule]]
        cost_centre = "4711 First teams"
        service = '[.]team[0-4][0-9][.]'
        [[rule]]
        cost_centre = "4712 Servers"
        service = '^srv'
        """,
    "rules_on_texts.toml": """
        [[rule]]
        cost_centre = "4711 Backup"
        description = '(?i)backup'
        [[rule]]
        cost_centre = "4712 Servers"
        service = '^srv'
        """,
}


def fill(archive: Path, bills: int, details: int, accounts: int, months: int) -> None:
    """Write the tables of an archive of so many bills, spread over the accounts."""
    given = {"bills": bills // accounts, "details": details, "accounts": accounts, "months": months}
    for no in range(accounts):
        one_account(archive, {**given, "no": no, "account": f"main-{no}"})
        if no % 20 == 19:
            say(f"{no + 1} accounts made")


def one_account(archive: Path, given: dict[str, Any]) -> None:
    with duckdb.connect() as db:
        db.execute("SET memory_limit = '1GB'; SET threads = 2")
        db.execute(MACROS + THEIRS)
        for name in TABLES:
            (archive / "tables" / name).mkdir(parents=True, exist_ok=True)
            db.execute(f"CREATE TABLE {name} ({PARQUET[name]})")
        for name, query in {**FILL, **DERIVED}.items():
            named = {key: given[key] for key in re.findall(r"\$([a-z]+)", query)}
            db.execute(f"INSERT INTO {name} BY NAME {query}", named)
        for name in TABLES:
            write_table(db, name, archive / "tables" / name / f"{given['account']}.parquet")


def measured(archive: Path, words: list[str], runs: int) -> dict[str, Any]:
    """Run the command so many times; return the middle of both times, the most memory of all."""
    seconds, worked, peak = [], [], 0
    line = [sys.executable, "-m", "acquit", "collect", "report", "--archive", str(archive), "--as-of", AS_OF]
    nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    for _ in range(runs):
        started = time.perf_counter()
        child = os.posix_spawn(sys.executable, [*line, *words], os.environ, file_actions=nowhere)
        _, status, used = os.wait4(child, 0)
        assert status == 0, words
        seconds.append(time.perf_counter() - started)
        worked.append(used.ru_utime + used.ru_stime)
        peak = max(peak, used.ru_maxrss // 1024)
    middle = {"seconds": sorted(seconds)[runs // 2], "processor_seconds": sorted(worked)[runs // 2]}
    return {**{name: round(value, 2) for name, value in middle.items()}, "peak_rss_mb": peak}


def figures(archive: Path, runs: int) -> dict[str, Any]:
    """Measure the report in each form, and with rules of both kinds."""
    found = {}
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        for name, rule in RULES.items():
            (place / name).write_text(rule, encoding="utf-8")
        forms = {
            "terminal": [],
            "json": ["--json"],
            "html": ["--format", "html", "--out", str(place / "report.html")],
            "csv_top_1000": ["--format", "csv", "--top", "1000", "--out", str(place / "csv")],
            "xlsx_top_1000": ["--format", "xlsx", "--top", "1000", "--out", str(place / "report.xlsx")],
            "one_account": ["--account", "main-7"],
            **{name.partition(".")[0]: ["--rules", str(place / name)] for name in RULES},
        }
        for name, words in forms.items():
            say(f"report: {name}")
            found[name] = measured(archive, words, runs)
    return found


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser()
    sizes = (("bills", 1_000_000), ("details", 10), ("accounts", 140), ("months", 36), ("runs", 3))
    for name, default in sizes:
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--archive", type=Path, help="made there, or used when it is there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        archive = given.archive or Path(directory)
        if not (archive / "tables").exists():
            fill(archive, given.bills, given.details, given.accounts, given.months)
        told = figures(archive, given.runs)
    tell("collector-report", {**rig(), "load": os.getloadavg()[0]}, told)


if __name__ == "__main__":
    main()
