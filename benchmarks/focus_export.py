"""Seconds and memory of a FOCUS export of many lines.

    python benchmarks/focus_export.py [--bills 1000000] [--lines 10]

The archive's tables of one account are made first; then the command itself runs, once for each form of file.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb

from acquit.collector.columns import PARQUET, TABLES
from acquit.collector.tables import write_table

DAY = "DATE '2023-01-01' + CAST(i * 1400 // {bills} AS INT)"
BILL = "'main' AS account, 'FR' || printf('%08d', i) AS bill_id, {day} AS issued_on, 'EUR' AS currency"
NET = "(i * 7 + j * 13) % 50000"
BILLS = """
SELECT {bill}, 'autorenew' AS category, CAST(net AS BIGINT) AS net_minor,
       CAST(net // 5 AS BIGINT) AS tax_minor,
       'PO-' || (i % 50) AS purchase_order, 'read' AS purchase_order_source, {day} + 31 AS due_on,
       'read' AS due_source, TIMESTAMP '2026-01-01' AS seen_at
  FROM (SELECT i, sum({net}) AS net FROM range({bills}) t(i), range(1, {lines} + 1) u(j) GROUP BY i)
 ORDER BY i
"""
LINES = """
SELECT {bill}, j AS detail_no, CAST(i * 1000000 + j AS VARCHAR) AS detail_id,
       'ns' || ((i * 7 + j) % 100000) || '.example' AS domain,
       ['Dedicated server Advance-1', 'Public Cloud instance b3-8 - monthly', 'Object Storage - consumption',
        'Snapshot vps', 'Additional IP /29 block', 'Consumption Public Cloud project'][1 + (i + j) % 6]
           AS description,
       CAST(10000 AS BIGINT) AS quantity_e4, {net} * 1000000 AS unit_price_ucents, {net} AS net_minor,
       {day} AS period_start_on
  FROM range({bills}) t(i), range(1, {lines} + 1) u(j) ORDER BY i, j
"""


def make_archive(home: Path, bills: int, lines: int) -> None:
    """Write the tables that an export reads."""
    day = DAY.format(bills=bills)
    given: dict[str, Any] = {
        "bills": bills,
        "lines": lines,
        "net": NET,
        "day": day,
        "bill": BILL.format(day=day),
    }
    with duckdb.connect() as db:
        db.execute("SET memory_limit = '2GB'; SET threads = 2")
        for name in TABLES.keys() - {"bill", "bill_detail"}:
            (home / "tables" / name).mkdir(parents=True)
            db.execute(f"CREATE TABLE {name} ({PARQUET[name]})")
            write_table(db, name, home / "tables" / name / "main.parquet")
        for name, query in (("bill", BILLS), ("bill_detail", LINES)):
            db.execute(f"CREATE TABLE {name} ({PARQUET[name]})")
            db.execute(f"INSERT INTO {name} BY NAME {query.format(**given)}")
            (home / "tables" / name).mkdir(parents=True)
            write_table(db, name, home / "tables" / name / "main.parquet")
            db.execute(f"DROP TABLE {name}")


def measured(archive: Path, out: Path) -> dict[str, Any]:
    """Run the command and return its figures."""
    started = time.perf_counter()
    command = subprocess.Popen(
        [sys.executable, "-m", "acquit", "collect", "export", "focus", "--json",
         "--archive", str(archive), "--out", str(out)],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert command.stdout is not None
    told = json.loads(command.stdout.read())
    _, status, usage = os.wait4(command.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, told
    return {
        "rows": told["rows"], "adds_up": told["adds_up"], "seconds": round(time.perf_counter() - started, 1),
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_rss_mb": usage.ru_maxrss // 1024, "size_mb": out.stat().st_size // 10**6,
    }  # fmt: skip


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bills", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        archive = Path(home) / "archive"
        # In a process of its own: a command's peak begins with what its parent holds when it is begun.
        maker = get_context("spawn").Process(target=make_archive, args=(archive, given.bills, given.lines))
        maker.start()
        maker.join()
        assert maker.exitcode == 0
        figures = {shape: measured(archive, Path(home) / f"lines.{shape}") for shape in ("csv", "parquet")}
    print(json.dumps({"name": "focus-export", "figures": figures}, indent=2))


if __name__ == "__main__":
    main()
