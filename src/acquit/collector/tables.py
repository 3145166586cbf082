"""From journal to tables: Parquet files, one a table and account, made anew whenever the journal grew.

DuckDB does the reading and the arithmetic; every amount becomes a whole number by way of exact decimals.
The file
is complete before it takes its name. `open_tables` lends all tables of an archive under their names.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
import msgspec

from acquit.collector.columns import PARQUET, TABLES
from acquit.collector.derived import DERIVED
from acquit.collector.fault import Fault
from acquit.collector.files import cut_torn_line, disk_fault, replace_text
from acquit.collector.queries import LINES, MACROS, QUERIES

if TYPE_CHECKING:
    from acquit.collector.papers import Entry

MEMORY: Final = "256MB"
ROWS_TOGETHER: Final = 20_480
LINE_BYTES_MAX: Final = 32 << 20
DIGITS: Final = {"XOF": 0, "TND": 3}
VERSION: Final = 3


def digits_of(currency: str) -> int:
    """Return how many decimals the smallest unit of a currency stands for."""
    return DIGITS.get(currency, 2)


def make_tables(archive: Path, *, anew: bool = False) -> list[str]:
    """Bring the tables of each account up to its journal; return the accounts whose tables were made.

    Hold the archive (`files.alone`) meanwhile. Raises Fault (disk, archive).
    """
    state = _state(archive)
    papers = _papers_by_account(archive)
    made = []
    for journal in sorted((archive / "journal").glob("*.ndjson")):
        cut_torn_line(journal)
        stands_for = [VERSION, journal.stat().st_size, len(papers.get(journal.stem, []))]
        if not anew and state.get(journal.stem) == stands_for and _is_whole(archive, journal.stem):
            continue
        _make(archive, journal, papers.get(journal.stem, []))
        state[journal.stem] = stands_for
        made.append(journal.stem)
        replace_text(archive / "tables" / "state.json", json.dumps(state, indent=1, sort_keys=True))
    return made


def are_current(archive: Path) -> bool:
    """Whether each journal's tables were made from all of it, by this version; papers are not looked at."""
    state = _state(archive)
    return all(
        state.get(journal.stem, [])[:2] == [VERSION, journal.stat().st_size]
        and _is_whole(archive, journal.stem)
        for journal in (archive / "journal").glob("*.ndjson")
    )


def are_there(archive: Path) -> bool:
    """Whether every table has a file, of this version or an earlier one."""
    return all(any((archive / "tables" / name).glob("*.parquet")) for name in TABLES)


@contextmanager
def open_tables(archive: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Lend a DuckDB in memory that has each table as a view and can touch no other file and no network.

    Raises Fault (archive) when nothing was gathered yet.
    """
    tables = (archive / "tables").resolve()
    if not any(tables.glob("bill/*.parquet")):
        raise Fault("archive", f"{archive} has no tables yet; run `acquit collect run --archive {archive}`.")
    if not are_there(archive):
        raise Fault(
            "archive",
            f"The tables of {archive} are of an earlier version; `acquit collect report --archive {archive}` "
            "makes them anew.",
        )
    with duckdb.connect() as db:
        db.execute(f"SET memory_limit = '{MEMORY}'")
        for name in TABLES:
            pattern = _quoted(str(tables / name / "*.parquet"))
            db.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({pattern})")  # noqa: S608 - a name of ours and a quoted path
        lock(db, tables)
        yield db


def lock(db: duckdb.DuckDBPyConnection, directory: Path) -> None:
    """Let the connection read below the directory and nothing else, for good."""
    db.execute(f"SET allowed_directories = [{_quoted(str(directory) + os.sep)}]")
    db.execute("SET enable_external_access = false")
    db.execute("SET lock_configuration = true")


def write_table(db: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """Write a table of the connection as the Parquet file; the file is whole before it has its name.

    Its rows lie in small groups, so that a question about two months passes over the others.
    """
    part = path.with_name(f".{path.name}.part")
    how = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_TOGETHER}"
    db.execute(f"COPY {name} TO {_quoted(str(part))} ({how})")
    os.replace(part, path)


# ---------------------------------------------------------------- one account


def _make(archive: Path, journal: Path, papers: "list[Entry]") -> None:
    tables = archive / "tables"
    for name in TABLES:
        (tables / name).mkdir(parents=True, exist_ok=True)
    listed = tables / f".papers-{journal.stem}.ndjson"
    try:
        listed.write_bytes(b"".join(msgspec.json.encode(entry) + b"\n" for entry in papers))
        with duckdb.connect() as db:
            db.execute(f"SET memory_limit = '{MEMORY}'; SET threads = 2")
            db.execute(f"SET temp_directory = {_quoted(str(tables / '.spill'))}")
            db.execute(MACROS)
            db.execute(
                LINES.format(journal=_quoted(str(journal)), papers=_quoted(str(listed)), most=LINE_BYTES_MAX)
            )
            db.execute("SET VARIABLE account = ?", [journal.stem])
            for name, query in {**QUERIES, **DERIVED}.items():
                db.execute(f"CREATE TABLE {name} ({PARQUET[name]})")
                db.execute(f"INSERT INTO {name} BY NAME {query}")
            for name in TABLES:
                write_table(db, name, tables / name / f"{journal.stem}.parquet")
    except duckdb.IOException as error:
        raise disk_fault(tables, OSError(0, _short(error).rstrip("."))) from None
    except duckdb.Error as error:
        raise Fault("archive", f"The tables of {journal.stem} could not be made: {_short(error)}") from None
    except OSError as error:
        raise disk_fault(tables, error) from None
    finally:
        with suppress(OSError):
            listed.unlink(missing_ok=True)


def _short(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:300]


def _papers_by_account(archive: Path) -> "dict[str, list[Entry]]":
    # Imported here: a question to the tables starts without what reads papers.
    from acquit.collector.papers import entries

    found: dict[str, list[Entry]] = {}
    for entry in entries(archive):
        found.setdefault(entry.account, []).append(entry)
    return found


def _is_whole(archive: Path, account: str) -> bool:
    return all((archive / "tables" / name / f"{account}.parquet").exists() for name in TABLES)


def _state(archive: Path) -> dict[str, list[int]]:
    try:
        found = json.loads((archive / "tables" / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
