"""`acquit collect verify` and `ask`: prove the archive, and ask it anything in SQL."""

import sys
from typing import Annotated

import duckdb
from cyclopts import Parameter

from acquit.collector.access import Access
from acquit.collector.fault import Fault
from acquit.collector.files import alone
from acquit.collector.running import Run, chosen
from acquit.collector.seat import ARCHIVE, Archive, Config, Given, accounts_in, table
from acquit.collector.tables import make_tables, open_tables
from acquit.collector.verify import Check
from acquit.collector.verify import verify as verified

SHOWN: int = 20


def verify(
    *, account: tuple[str, ...] = (), offline: bool = False, archive: Archive = ARCHIVE,
    config: Config = None, program: Given,
) -> int:  # fmt: skip
    """Prove that papers, bills and tables are whole and add up; exits 1 when anything differs.

    Parameters
    ----------
    account
        Compare the list of this account's provider only; may be repeated.
    offline
        Ask no provider: what is missing from its lists is then not checked.
    """
    with alone(archive):
        make_tables(archive)
        accesses: list[Access] = [] if offline else chosen(accounts_in(config).all(), account)
        checks = verified(archive, accesses, Run(archive).wire)
    passed = all(check.passed for check in checks)
    program.screen.answer(
        {"passed": passed, "checks": [_told(check) for check in checks]},
        table(
            "check", ">compared", "", rows=[(c.name, c.compared, "yes" if c.passed else "NO") for c in checks]
        ),
        *(f"{check.name}: {one}" for check in checks for one in check.differences[:SHOWN]),
    )
    return 0 if passed else 1


def ask(
    query: Annotated[str, Parameter(help="SQL; `-` reads it from standard input.")] = "-",
    /,
    *,
    csv: bool = False,
    archive: Archive = ARCHIVE,
    program: Given,
) -> None:
    """Ask the archive in SQL: tables account, bill, bill_detail, debt, purchase_order and others.

    Parameters
    ----------
    csv
        Answer with comma-separated values.
    """
    text = sys.stdin.read() if query == "-" else query
    with open_tables(archive) as db:
        try:
            found = db.execute(text)
            columns = [str(column[0]) for column in found.description or ()]
            rows = found.fetchall()
        except duckdb.Error as error:
            raise Fault("question", str(error).split("\n\n")[0]) from None
    if csv:
        program.screen.answer({"columns": columns, "rows": rows}, *_csv(columns, rows))
        return
    program.screen.answer([dict(zip(columns, row, strict=True)) for row in rows], table(*columns, rows=rows))


def _csv(columns: list[str], rows: list[tuple[object, ...]]) -> list[str]:
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return [out.getvalue().rstrip("\n")]


def _told(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "passed": check.passed,
        "compared": check.compared,
        "differences": check.differences,
    }
