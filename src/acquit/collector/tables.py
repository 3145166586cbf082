"""From journal to tables: Parquet files, one a table and account, made anew whenever the journal grew.

DuckDB does the reading and the arithmetic; every amount becomes a whole number by way of exact decimals.
The file
is complete before it takes its name. `open_tables` lends all tables of an archive under their names.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
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
BYTES_TOGETHER: Final = 16 << 20
"""Journals up to this size share a pass: most of what a small one costs is the planning of the queries."""
DIGITS: Final = {"XOF": 0, "TND": 3}
VERSION: Final = 4


def digits_of(currency: str) -> int:
    """Return how many decimals the smallest unit of a currency stands for."""
    return DIGITS.get(currency, 2)


def make_tables(archive: Path, *, anew: bool = False) -> list[str]:
    """Bring the tables of each account up to its journal; return the accounts whose tables were made.

    Hold the archive (`files.alone`) meanwhile. Raises Fault (disk, archive).
    """
    state, papers = _state(archive), _papers_by_account(archive)
    behind = []
    for journal in sorted((archive / "journal").glob("*.ndjson")):
        cut_torn_line(journal)
        source = Source(journal, papers.get(journal.stem, []))
        if anew or state.get(source.account) != source.state or not _is_whole(archive, source.account):
            behind.append(source)
    for together in _together(behind):
        _make(archive, together)
        state |= {source.account: source.state for source in together}
        replace_text(archive / "tables" / "state.json", json.dumps(state, indent=1, sort_keys=True))
    return [source.account for source in behind]


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
    """Write a table, or a query in brackets, as the Parquet file; it is whole before it has its name.

    Its rows lie in small groups, so that a question about two months passes over the others.
    """
    part = path.with_name(f".{path.name}.part")
    how = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_TOGETHER}"
    db.execute(f"COPY {name} TO {_quoted(str(part))} ({how})")
    os.replace(part, path)


# ---------------------------------------------------------------- some accounts


@dataclass(frozen=True, slots=True)
class Source:
    """What the tables of one account are made from."""

    journal: Path
    papers: "list[Entry]"

    @property
    def account(self) -> str:
        """The account's name."""
        return self.journal.stem

    @property
    def state(self) -> list[int]:
        """What tells these sources from earlier ones."""
        return [VERSION, self.journal.stat().st_size, len(self.papers)]


def _together(sources: list[Source]) -> Iterator[list[Source]]:
    """Yield the sources in groups: small ones share one pass, a large one has its own."""
    group: list[Source] = []
    size = 0
    for source in sources:
        more = source.journal.stat().st_size
        if group and size + more > BYTES_TOGETHER:
            yield group
            group, size = [], 0
        group.append(source)
        size += more
    if group:
        yield group


def _make(archive: Path, sources: list[Source]) -> None:
    """Make the tables of these accounts by one pass over their journals. Raises Fault (disk, archive)."""
    tables = archive / "tables"
    listed = tables / ".papers.ndjson"
    try:
        for name in TABLES:
            (tables / name).mkdir(parents=True, exist_ok=True)
        papers = (msgspec.json.encode(entry) + b"\n" for source in sources for entry in source.papers)
        listed.write_bytes(b"".join(papers))
        with duckdb.connect() as db:
            _fill(db, tables, [source.journal for source in sources], listed)
            for name in TABLES:
                _write(db, name, tables / name, [source.account for source in sources])
    except duckdb.IOException as error:
        raise disk_fault(tables, OSError(0, _short(error).rstrip("."))) from None
    except duckdb.Error as error:
        if len(sources) > 1:
            return _one_by_one(archive, sources)
        raise Fault(
            "archive", f"The tables of {sources[0].account} could not be made: {_short(error)}"
        ) from None
    except OSError as error:
        raise disk_fault(tables, error) from None
    finally:
        with suppress(OSError):
            listed.unlink(missing_ok=True)


def _one_by_one(archive: Path, sources: list[Source]) -> None:
    """Make each account's tables for itself, so that the one that cannot be made is named. Raises Fault."""
    for source in sources:
        _make(archive, [source])


def _fill(db: duckdb.DuckDBPyConnection, tables: Path, journals: list[Path], papers: Path) -> None:
    db.execute(f"SET memory_limit = '{MEMORY}'; SET threads = 2")
    db.execute(f"SET temp_directory = {_quoted(str(tables / '.spill'))}")
    db.execute(MACROS)
    paths = f"[{', '.join(_quoted(str(journal)) for journal in journals)}]"
    db.execute(LINES.format(journals=paths, papers=_quoted(str(papers)), most=LINE_BYTES_MAX))
    for name, query in {**QUERIES, **DERIVED}.items():
        db.execute(f"CREATE TABLE {name} ({PARQUET[name]})")
        db.execute(f"INSERT INTO {name} BY NAME {query}")


def _write(db: duckdb.DuckDBPyConnection, name: str, directory: Path, accounts: list[str]) -> None:
    """Write each account's rows of a table; accounts that have none share the content of one file."""
    if len(accounts) == 1:
        return write_table(db, name, directory / f"{accounts[0]}.parquet")
    filled = {str(row[0]) for row in db.execute(f"SELECT DISTINCT account FROM {name}").fetchall()}  # noqa: S608 - a name of ours
    empty: bytes | None = None
    for account in accounts:
        path = directory / f"{account}.parquet"
        if account in filled or empty is None:
            write_table(db, f"(FROM {name} WHERE account = {_quoted(account)})", path)
            empty = empty if account in filled else path.read_bytes()
        else:
            part = path.with_name(f".{path.name}.part")
            part.write_bytes(empty)
            os.replace(part, path)


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
