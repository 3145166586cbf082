"""One way to speak to PostgreSQL: short reads, snapshots and writing transactions.

Every session takes the role `acquit_app`, which may only SELECT and INSERT facts. Sessions that
read are read-only by default, so PostgreSQL itself refuses a write from a handler.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg import IsolationLevel, sql
from psycopg.rows import namedtuple_row, tuple_row
from psycopg_pool import ConnectionPool

Row = NamedTuple
Connection = psycopg.Connection[Any]
Unavailable = psycopg.OperationalError

TAKE_ROLE: LiteralString = "SET ROLE acquit_app"
READ_ONLY: LiteralString = "SET default_transaction_read_only = on"
UTC: LiteralString = "SET TimeZone = 'UTC'"
NOTICE_DEATH: LiteralString = "SET client_connection_check_interval = '1s'"
"""Who is killed in a long statement lets go of its locks soon, not when the statement ends."""

STREAMED_ROWS = 5_000
READ_WHOLE: LiteralString = "SET LOCAL cursor_tuple_fraction = 1"
"""Plan the answer of a cursor for all of its rows; PostgreSQL would else plan for its first tenth."""

EXPORT_SNAPSHOT: LiteralString = "SELECT pg_export_snapshot() AS snapshot"

SET_INSTANT: LiteralString = "SELECT set_config('acquit.instant', %(at)s, true)"


class Transaction:
    """A connection inside (or, for single reads, without) a transaction; rows are named tuples."""

    __slots__ = ("connection",)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def one(self, query: LiteralString, **values: object) -> Any:
        """Return the only row; a query that finds none or several is our bug."""
        rows = self.all(query, **values)
        assert len(rows) == 1, f"one row expected, {len(rows)} found"
        return rows[0]

    def one_or_none(self, query: LiteralString, **values: object) -> Any | None:
        """Return the only row or None; several rows are our bug."""
        rows = self.all(query, **values)
        assert len(rows) <= 1, f"at most one row expected, {len(rows)} found"
        return rows[0] if rows else None

    def all(self, query: LiteralString, **values: object) -> list[Any]:
        """Return every row of the query, in its order."""
        return self.connection.execute(query, values or None).fetchall()

    def tuples(self, query: LiteralString, **values: object) -> list[tuple[Any, ...]]:
        """Return every row of the query without names, in its order: for long answers of hot paths.

        Values come in PostgreSQL's binary form, which is read faster than text.
        """
        with self.connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            return cursor.execute(query, values or None).fetchall()

    def stream(self, query: LiteralString, **values: object) -> Iterator[Any]:
        """Yield the rows of a long answer in its order, some thousands in memory at once.

        Only inside a transaction (`snapshot()` or `write()`): the rows come through a cursor of the server.
        """
        self.connection.execute(READ_WHOLE)
        with self.connection.cursor("long_answer") as cursor:
            cursor.itersize = STREAMED_ROWS
            yield from cursor.execute(query, values or None)

    def run(self, query: LiteralString, **values: object) -> int:
        """Execute a statement and return how many rows it touched."""
        return self.connection.execute(query, values or None).rowcount

    def copy(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]], types: Sequence[str] = ()
    ) -> int:
        """Write rows by COPY (binary when `types` are given) and return how many were written."""
        shape = sql.SQL("COPY {} ({}) FROM STDIN{}").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(" (FORMAT BINARY)" if types else ""),
        )
        count = 0
        with self.connection.cursor() as cursor, cursor.copy(shape) as out:
            if types:
                out.set_types(types)
            for row in rows:
                out.write_row(row)
                count += 1
        return count


def _prepare_writer(connection: Connection) -> None:
    connection.autocommit = True
    connection.execute(TAKE_ROLE)
    connection.execute(UTC)
    connection.execute(NOTICE_DEATH)


def _prepare_reader(connection: Connection) -> None:
    _prepare_writer(connection)
    connection.execute(READ_ONLY)


class _Lent:
    """A session of a pool without a transaction: there is nothing to commit when it is given back."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: ConnectionPool[Connection]) -> None:
        self._pool = pool

    def __enter__(self) -> Transaction:
        self._connection = self._pool.getconn()
        return Transaction(self._connection)

    def __exit__(self, *exc: object) -> None:
        self._pool.putconn(self._connection)


class Database:
    """Two small pools on one PostgreSQL: `read()` and `snapshot()` cannot write, `write()` can."""

    def __init__(
        self, url: str, *, readers_max: int = 8, writers_max: int = 4, patience_seconds: float = 30
    ) -> None:
        """Connect when first asked; who waits longer than `patience_seconds` is told Unavailable."""
        self.url = url
        self.clock: Callable[[], datetime] | None = None
        self._readers = _pool(url, readers_max, patience_seconds, _prepare_reader)
        self._writers = _pool(url, writers_max, patience_seconds, _prepare_writer)

    def read(self) -> AbstractContextManager[Transaction]:
        """Lend a read-only session; each statement sees its own instant (no BEGIN)."""
        return _Lent(self._readers)

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """Lend a read-only transaction in which all statements see the same instant."""
        with self._readers.connection() as connection:
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            try:
                with connection.transaction():
                    yield Transaction(connection)
            finally:
                connection.isolation_level = None

    @contextmanager
    def snapshots(self, count: int) -> Iterator[list[Transaction]]:
        """Lend so many read-only transactions, for threads of their own, that all see the same instant."""
        with ExitStack() as lent:
            first = lent.enter_context(self.snapshot())
            snapshot = sql.Literal(first.one(EXPORT_SNAPSHOT).snapshot)
            found = [first, *(lent.enter_context(self.snapshot()) for _ in range(count - 1))]
            for other in found[1:]:
                other.connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(snapshot))
            yield found

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Lend a transaction that is committed at the end, or undone whole by any exception.

        Rows bear the server's time, or that of `clock` where a past is built (a demo, a simulation).
        """
        with self._writers.connection() as connection, connection.transaction():
            if self.clock is not None:
                connection.execute(SET_INSTANT, {"at": self.clock().isoformat()})
            yield Transaction(connection)

    def renew(self) -> None:
        """Throw away connections that broke (the server restarted); sound ones stay."""
        self._readers.check()
        self._writers.check()

    def close(self) -> None:
        """Close every connection."""
        self._readers.close()
        self._writers.close()

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _pool(url: str, size_max: int, patience_seconds: float, prepare: Any) -> ConnectionPool[Connection]:
    return ConnectionPool(
        url,
        min_size=0,
        max_size=size_max,
        open=True,
        timeout=patience_seconds,
        configure=prepare,
        kwargs={"row_factory": namedtuple_row, "autocommit": True},
        check=None,
    )
