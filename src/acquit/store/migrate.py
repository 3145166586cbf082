"""Bring a database to the schema that this program speaks, and give the application's role its rights.

A fresh database gets `schema.sql` at once, an older one the missing `migrations/NNNN_name.sql` in order; a
test keeps both equal. The work queue's tables come from the procrastinate package, by its own files, in the
same way. The login that migrates owns the tables; everything else runs as the role `acquit_app`, which may
add facts but never change them.
"""

import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from psycopg import errors, sql

from acquit.store.refused import StoreRefused

Connection = psycopg.Connection[Any]

OLDEST_VERSION: Final = 150000
APPLICATION_ROLE: Final = "acquit_app"
LOCK_KEY: Final = 4_271_903_315
TRIES_MAX: Final = 20
TEACHABLE: Final = (
    errors.InsufficientPrivilege,
    errors.DuplicateTable,
    errors.FeatureNotSupported,
    errors.UndefinedFile,
)

BOOKKEEPING: Final[LiteralString] = """
    CREATE TABLE IF NOT EXISTS schema_migration (
        number      integer PRIMARY KEY,
        name        text NOT NULL,
        sha256      text NOT NULL,
        applied_at  timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE IF NOT EXISTS queue_migration (
        number      integer PRIMARY KEY,
        name        text NOT NULL,
        sha256      text NOT NULL,
        applied_at  timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE schema_migration IS 'bookkeeping: which migrations of the schema were applied';
    COMMENT ON TABLE queue_migration IS 'bookkeeping: which migrations of the work queue were applied'
"""

HAS_BOOKKEEPING: Final[LiteralString] = "SELECT to_regclass('queue_migration') IS NOT NULL"

LOCK: Final[LiteralString] = "SELECT pg_advisory_lock(%(key)s)"

UNLOCK: Final[LiteralString] = "SELECT pg_advisory_unlock(%(key)s)"

GRANT: Final[LiteralString] = """
    DO $$
    DECLARE
        relation record;
        routine record;
    BEGIN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO acquit_app', current_schema());
        FOR relation IN
            SELECT c.oid::regclass AS name,
                   CASE WHEN c.relkind = 'S' THEN 'USAGE, SELECT'
                        WHEN comment LIKE 'bookkeeping:%' THEN 'SELECT'
                        WHEN comment LIKE 'fact:%' THEN 'SELECT, INSERT'
                        ELSE 'SELECT, INSERT, UPDATE, DELETE' END AS rights,
                   CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind
              FROM pg_class c, coalesce(obj_description(c.oid, 'pg_class'), '') AS comment
             WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
               AND c.relowner = current_user::regrole
        LOOP
            EXECUTE format('REVOKE ALL ON %s %s FROM acquit_app', relation.kind, relation.name);
            EXECUTE format('GRANT %s ON %s %s TO acquit_app', relation.rights, relation.kind, relation.name);
        END LOOP;
        FOR routine IN
            SELECT p.oid::regprocedure AS name FROM pg_proc p
             WHERE p.pronamespace = current_schema()::regnamespace AND p.proowner = current_user::regrole
        LOOP
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO acquit_app', routine.name);
        END LOOP;
    END $$
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from a schema to the next."""

    number: int
    name: str
    script: bytes

    @property
    def sha256(self) -> str:
        """The checksum by which a step that was changed after it was applied is found out."""
        return hashlib.sha256(self.script).hexdigest()


@dataclass(frozen=True, slots=True)
class Series:
    """A whole schema, the steps that lead to it, and the table that records them."""

    table: str
    whole: bytes
    steps: tuple[Migration, ...]


def migrate(url: str) -> None:
    """The database has the current schema and the application's role its rights; two at once are fine.

    Raises:
        StoreRefused: no connection, a server older than PostgreSQL 15, a database newer than this program,
            a migration changed after it was applied, or a login without the rights; the text says what to do.
    """
    with connect(url) as connection:
        _refuse_old_server(connection)
        all_series = (ours(), the_queue())
        if not any(_pending(connection, series) for series in all_series):
            return
        make_role(connection)
        connection.execute(LOCK, {"key": LOCK_KEY})
        try:
            for series in all_series:
                apply = apply_steps if _recorded(connection, series) else apply_whole
                apply(connection, series)
            connection.execute(GRANT)
        except TEACHABLE as error:
            raise StoreRefused(_how_to_go_on(connection, error)) from error
        finally:
            connection.execute(UNLOCK, {"key": LOCK_KEY})


def connect(url: str) -> Connection:
    """Return a connection to the database, committing each statement, or refuse with a way to go on."""
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        raise StoreRefused(
            f"The database cannot be reached: {str(error).strip()} Check ACQUIT_DATABASE_URL and that the "
            "server runs; without that setting acquit uses a database of its own."
        ) from error
    connection.execute("SET client_min_messages = warning")
    return connection


def ours() -> Series:
    """Return the schema of this package and its migrations."""
    home = files("acquit.store")
    scripts = {path.name: path.read_bytes() for path in (home / "migrations").iterdir()}
    steps = []
    for name in sorted(scripts):
        parts = re.fullmatch(r"(\d{4})_(\w+)\.sql", name)
        if parts:
            steps.append(Migration(int(parts.group(1)), parts.group(2), scripts[name]))
    return Series("schema_migration", (home / "schema.sql").read_bytes(), tuple(steps))


def the_queue() -> Series:
    """Return the work queue's schema and its migrations, from the installed package."""
    package = find_spec("procrastinate")
    if package is None or package.origin is None:
        raise StoreRefused("The work queue is missing: install acquit[server].")
    home = Path(package.origin).parent / "sql"
    paths = sorted((home / "migrations").glob("*.sql"))
    steps = (Migration(number, path.stem, path.read_bytes()) for number, path in enumerate(paths, start=1))
    return Series("queue_migration", (home / "schema.sql").read_bytes(), tuple(steps))


def _refuse_old_server(connection: Connection) -> None:
    version = connection.info.server_version
    if version < OLDEST_VERSION:
        raise StoreRefused(
            f"This server is PostgreSQL {version // 10000}; acquit needs {OLDEST_VERSION // 10000} or newer. "
            "Upgrade the server, or leave ACQUIT_DATABASE_URL unset to use the PostgreSQL that acquit brings."
        )


def _recorded(connection: Connection, series: Series) -> dict[int, tuple[str, str]]:
    """Return the recorded steps by number: none in a fresh database."""
    if connection.execute(HAS_BOOKKEEPING).fetchall() == [(False,)]:
        return {}
    query = sql.SQL("SELECT number, name, sha256 FROM {}").format(sql.Identifier(series.table))
    return {number: (name, sha256) for number, name, sha256 in connection.execute(query)}


def _pending(connection: Connection, series: Series) -> Sequence[Migration]:
    """Return the steps that the database lacks; one that is ahead of us or was changed is refused."""
    recorded = _recorded(connection, series)
    known = {step.number: step for step in series.steps}
    ahead = sorted(recorded.keys() - known.keys())
    if ahead:
        raise StoreRefused(
            f"This database was migrated by a newer acquit (it has {recorded[ahead[-1]][0]}, which this one "
            "does not know). Nothing was touched. Update acquit, or restore a backup made by this version."
        )
    for number, (name, sha256) in sorted(recorded.items()):
        if known[number].sha256 != sha256:
            raise StoreRefused(
                f"Migration {number:04d} {name} is not the one that was applied to this database: its "
                "checksum differs. Nothing was touched. Use the release of acquit that made the "
                "database; one made by an unreleased version has to be made again."
            )
    return [step for step in series.steps if step.number not in recorded]


def apply_whole(connection: Connection, series: Series) -> None:
    """A database without the series' tables has them all, and every step counts as applied."""
    with connection.transaction():
        connection.execute(BOOKKEEPING)
        connection.execute(series.whole)
        for step in series.steps:
            _record(connection, series, step)


def apply_steps(connection: Connection, series: Series) -> None:
    """Every step that the database lacked is applied, each in a transaction of its own."""
    connection.execute(BOOKKEEPING)
    for step in _pending(connection, series):
        with connection.transaction():
            connection.execute(step.script)
            _record(connection, series, step)


def _record(connection: Connection, series: Series, step: Migration) -> None:
    query = sql.SQL("INSERT INTO {} (number, name, sha256) VALUES (%s, %s, %s)")
    connection.execute(query.format(sql.Identifier(series.table)), (step.number, step.name, step.sha256))


def make_role(connection: Connection) -> None:
    """Leave a role `acquit_app` that our login may take on."""
    if _may_take_role(connection):
        return
    try:
        _patiently(connection, "CREATE ROLE acquit_app NOLOGIN")
        _patiently(connection, "GRANT acquit_app TO CURRENT_USER")
    except errors.InsufficientPrivilege as error:
        raise StoreRefused(_how_to_go_on(connection, error)) from error


def _may_take_role(connection: Connection) -> bool:
    try:
        with connection.transaction():
            connection.execute("SET LOCAL ROLE acquit_app")
    except (errors.InvalidParameterValue, errors.InsufficientPrivilege):
        return False
    return True


def _patiently(connection: Connection, statement: LiteralString) -> None:
    """Run a statement on the cluster's shared catalogues, which two databases may change at once."""
    for tried in range(1, TRIES_MAX + 1):
        try:
            connection.execute(statement)
        except (errors.DuplicateObject, errors.UniqueViolation):
            return
        except errors.InternalError_:
            if tried == TRIES_MAX:
                raise
            time.sleep(0.05 * tried)
        else:
            return


def _how_to_go_on(connection: Connection, error: psycopg.Error) -> str:
    """Say what a person has to do about a server that refused a statement."""
    database, login = connection.info.dbname, connection.info.user
    if isinstance(error, errors.DuplicateTable):
        return (
            f"The database {database} holds tables that are not acquit's ({_first_line(error)}). "
            "Nothing was touched. Give acquit an empty database of its own."
        )
    if isinstance(error, (errors.FeatureNotSupported, errors.UndefinedFile)):
        return f"The server lacks an extension ({_first_line(error)}): install PostgreSQL's contrib there."
    if _may_take_role(connection):
        return (
            f"The login {login} may not make tables in {database} ({_first_line(error)}). A database "
            f'administrator makes it the owner: ALTER DATABASE "{database}" OWNER TO "{login}";'
        )
    return (
        f"The login {login} may not make the role {APPLICATION_ROLE}. A database administrator runs these "
        f"two statements once: CREATE ROLE {APPLICATION_ROLE} NOLOGIN; "
        f'GRANT {APPLICATION_ROLE} TO "{login}"; then start acquit again.'
    )


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0]
