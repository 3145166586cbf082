"""From journal to tables: Parquet files, one a table and account, made anew whenever the journal grew.

DuckDB does the reading and the arithmetic; every amount becomes a whole number by way of exact decimals.
The file
is complete before it takes its name. `open_tables` lends all tables of an archive under their names.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from acquit.collector.columns import PARQUET, TABLES
from acquit.collector.derived import DERIVED
from acquit.collector.fault import Fault
from acquit.collector.files import cut_torn_line, disk_fault, replace_text
from acquit.collector.queries import LINES, MACROS, ORDERS, PAPERS, QUERIES, SAID, SLICES, SORTED

MEMORY: Final = "256MB"
MEMORY_TO_MAKE: Final = "224MB"
ROWS_TOGETHER: Final = 20_480
LONG_LINE_BYTES: Final = 32 << 10
SLICE_BYTES: Final = 128 << 20
SLICE_BYTES_OF_LONG: Final = 8 << 20
BILLS_A_SLICE: Final = 100_000
LINE_BYTES_MAX: Final = 32 << 20
BYTES_IN_MEMORY: Final = 64 << 20
"""A larger journal is taken apart in a file of its own: what lies in memory is hardly given back."""
BYTES_TOGETHER: Final = 16 << 20
"""Journals up to this size share a pass: most of what a small one costs is the planning of the queries."""
DIGITS: Final = {"XOF": 0, "TND": 3}
VERSION: Final = 5


def digits_of(currency: str) -> int:
    """Return how many decimals the smallest unit of a currency stands for."""
    return DIGITS.get(currency, 2)


def make_tables(archive: Path, *, anew: bool = False) -> list[str]:
    """Bring the tables of each account up to its journal; return the accounts whose tables were made.

    Hold the archive (`files.alone`) meanwhile. Raises Fault (disk, archive).
    """
    # Imported here: a question to tables that are there starts without it.
    from acquit.collector.manifest import papers_count, split_by_account

    state, papers = _state(archive), papers_count(archive)
    behind = []
    for journal in sorted((archive / "journal").glob("*.ndjson")):
        cut_torn_line(journal)
        source = Source(journal, papers[journal.stem])
        if anew or state.get(source.account) != source.state or not _is_whole(archive, source.account):
            behind.append(source)
    names = [source.account for source in behind]
    tables = archive / "tables"
    with _disk_is_told(tables), split_by_account(archive, names, tables / ".papers") as listed:
        for together in _together(behind):
            _make(archive, together, listed)
            state |= {source.account: source.state for source in together}
            replace_text(tables / "state.json", json.dumps(state, indent=1, sort_keys=True))
    return names


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
    papers: int
    """How many lines of the manifest are the account's."""

    @property
    def account(self) -> str:
        """The account's name."""
        return self.journal.stem

    @property
    def state(self) -> list[int]:
        """What tells these sources from earlier ones."""
        return [VERSION, self.journal.stat().st_size, self.papers]


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


def _make(archive: Path, sources: list[Source], listed: Mapping[str, Path]) -> None:
    """Make the tables of these accounts by one pass over their journals. Raises Fault (disk, archive)."""
    tables = archive / "tables"
    accounts = [source.account for source in sources]
    try:
        for name in TABLES:
            (tables / name).mkdir(parents=True, exist_ok=True)
        with _workshop(tables, sum(source.journal.stat().st_size for source in sources)) as db:
            _fill(db, [source.journal for source in sources], [listed[account] for account in accounts])
            for name in TABLES:
                _write(db, name, tables / name, accounts)
    except duckdb.IOException as error:
        raise disk_fault(tables, OSError(0, _short(error).rstrip("."))) from None
    except duckdb.Error as error:
        if len(sources) > 1:
            for source in sources:
                _make(archive, [source], listed)
            return
        raise Fault("archive", f"The tables of {accounts[0]} could not be made: {_short(error)}") from None


@contextmanager
def _disk_is_told(tables: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise disk_fault(tables, error) from None


@contextmanager
def _workshop(tables: Path, size: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Lend a database to take journals of this size apart in; a large one lies on disk, and is gone after."""
    place = tables / ".workshop.duckdb"
    _clear(place)
    try:
        with duckdb.connect(str(place) if size > BYTES_IN_MEMORY else ":memory:") as db:
            db.execute(f"SET memory_limit = '{MEMORY_TO_MAKE}'; SET threads = 2")
            db.execute(f"SET temp_directory = {_quoted(str(tables / '.spill'))}")
            yield db
    finally:
        _clear(place)


def _clear(place: Path) -> None:
    for path in (place, place.with_name(f"{place.name}.wal")):
        path.unlink(missing_ok=True)


def _fill(db: duckdb.DuckDBPyConnection, journals: list[Path], papers: list[Path]) -> None:
    db.execute(MACROS)
    db.execute(LINES.format(journals=_listed(journals), papers=_listed(papers), most=LINE_BYTES_MAX))
    db.execute(PAPERS)
    for name, query in SAID.items():
        db.execute(f"CREATE TABLE {name} AS {query}")
    for name, query in {**QUERIES, **DERIVED}.items():
        db.execute(f"CREATE TABLE {name} ({PARQUET[name]})")
        sliced = {"bill": _bill_slices, "bill_detail": _detail_slices}.get(name, lambda _db: [""])(db)
        for variables in sliced:
            db.execute(f"{variables} INSERT INTO {name} BY NAME {query}")
        if len(sliced) > 1:
            db.execute(SORTED.format(table=name, order=ORDERS[name]))


def _bill_slices(db: duckdb.DuckDBPyConnection) -> list[str]:
    """Return what sets apart so many bills that they are joined with what is said of them in memory."""
    counted = db.execute("SELECT count(*) FROM bill_version").fetchone()
    slices = 1 + (counted[0] if counted else 0) // BILLS_A_SLICE
    return [f"SET VARIABLE slices = {slices}; SET VARIABLE slice = {slice_no};" for slice_no in range(slices)]


def _detail_slices(db: duckdb.DuckDBPyConnection) -> list[str]:
    """Return what sets apart so many lines of details that long bills need no more memory than short ones."""
    query = SLICES.format(long=LONG_LINE_BYTES, most=SLICE_BYTES, most_of_long=SLICE_BYTES_OF_LONG)
    return [
        f"SET VARIABLE first_no = {first_no}; SET VARIABLE last_no = {last_no};"
        for first_no, last_no in db.execute(query).fetchall()
    ]


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


def _is_whole(archive: Path, account: str) -> bool:
    return all((archive / "tables" / name / f"{account}.parquet").exists() for name in TABLES)


def _state(archive: Path) -> dict[str, list[int]]:
    try:
        found = json.loads((archive / "tables" / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _listed(paths: list[Path]) -> str:
    return f"[{', '.join(_quoted(str(path)) for path in paths)}]"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
