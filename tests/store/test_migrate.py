"""Bringing a database to the current schema, and what the application's role may do there."""

import threading
from typing import LiteralString

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from acquit.store import migrate as steps
from acquit.store.migrate import migrate
from acquit.store.refused import StoreRefused

FACTS: LiteralString = """
    SELECT relname FROM pg_class WHERE relkind = 'r' AND obj_description(oid, 'pg_class') LIKE 'fact:%'
"""


def as_application(url: str) -> psycopg.Connection:
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("SET ROLE acquit_app")
    return connection


def test_a_fresh_database_gets_every_table_and_records_every_migration(empty_database_url: str) -> None:
    migrate(empty_database_url)
    with psycopg.connect(empty_database_url) as owner:
        recorded = owner.execute("SELECT number, name, sha256 FROM schema_migration ORDER BY 1").fetchall()
        assert recorded == [(step.number, step.name, step.sha256) for step in steps.ours().steps]
        assert owner.execute("SELECT count(*) FROM procrastinate_jobs").fetchone() == (0,)


def test_twice_is_once(empty_database_url: str) -> None:
    migrate(empty_database_url)
    migrate(empty_database_url)


def test_ten_at_once_are_fine(empty_database_url: str) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            migrate(empty_database_url)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_facts_are_only_read_and_added(module_database_url: str) -> None:
    with psycopg.connect(module_database_url) as owner:
        facts = [name for (name,) in owner.execute(FACTS)]
    assert "bill" in facts
    with as_application(module_database_url) as app:
        for table in facts:
            app.execute(f"SELECT count(*) FROM {table}")
            for forbidden in (
                f"DELETE FROM {table}",
                f"TRUNCATE {table}",
                f"SELECT 1 FROM {table} FOR UPDATE",
            ):
                with pytest.raises(errors.InsufficientPrivilege, match=r"permission denied"):
                    app.execute(forbidden)


def test_the_rest_may_change(module_database_url: str) -> None:
    with as_application(module_database_url) as app:
        app.execute("UPDATE account SET account_id = account_id WHERE false")
        app.execute("DELETE FROM procrastinate_jobs WHERE false")
        app.execute("SELECT nextval(pg_get_serial_sequence('procrastinate_jobs', 'id'))")


def test_the_application_cannot_rewrite_the_history_of_migrations(module_database_url: str) -> None:
    with (
        as_application(module_database_url) as app,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        app.execute("DELETE FROM schema_migration")


def test_a_newer_database_is_refused_untouched(database_url: str) -> None:
    with psycopg.connect(database_url) as owner:
        owner.execute("INSERT INTO schema_migration VALUES (9999, 'from_the_future', 'x')")
    with pytest.raises(StoreRefused, match=r"newer acquit \(it has from_the_future"):
        migrate(database_url)


def test_a_changed_migration_is_refused(database_url: str) -> None:
    with psycopg.connect(database_url) as owner:
        owner.execute("UPDATE schema_migration SET sha256 = 'other' WHERE number = 1")
    with pytest.raises(StoreRefused, match="0001 initial is not the one that was applied"):
        migrate(database_url)


def with_one_more(series: steps.Series, script: bytes) -> steps.Series:
    """A later release of the series, with one more step."""
    number = series.steps[-1].number + 1
    return steps.Series(series.table, series.whole, (*series.steps, steps.Migration(number, "later", script)))


@pytest.mark.parametrize("which", ["ours", "the_queue"])
def test_an_older_database_gets_what_it_lacks(
    database_url: str, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    later = with_one_more(
        getattr(steps, which)(), b"CREATE TABLE later (n int); COMMENT ON TABLE later IS 'fact: x'"
    )
    monkeypatch.setattr(steps, which, lambda: later)
    migrate(database_url)
    migrate(database_url)
    with as_application(database_url) as app:
        app.execute("INSERT INTO later VALUES (1)")
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute("UPDATE later SET n = 2")


def test_a_step_that_fails_is_undone_whole(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = with_one_more(steps.ours(), b"CREATE TABLE later (n int); SELECT 1 / 0")
    monkeypatch.setattr(steps, "ours", lambda: broken)
    with pytest.raises(errors.DivisionByZero):
        migrate(database_url)
    with psycopg.connect(database_url) as owner:
        assert owner.execute("SELECT to_regclass('later')").fetchone() == (None,)
        assert owner.execute("SELECT count(*) FROM schema_migration WHERE name = 'later'").fetchone() == (0,)


def test_a_crash_between_our_schema_and_the_queues_is_mended(empty_database_url: str) -> None:
    with steps.connect(empty_database_url) as owner:
        steps.apply_whole(owner, steps.ours())
    migrate(empty_database_url)
    with as_application(empty_database_url) as app:
        app.execute("SELECT count(*) FROM procrastinate_jobs")


def test_a_foreign_database_is_refused_untouched(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE account (mine text)")
        with pytest.raises(StoreRefused, match="tables that are not acquit's"):
            migrate(empty_database_url)
        tables = owner.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        assert tables.fetchall() == [("account",)]


def test_an_unreachable_server_says_how_to_go_on() -> None:
    with pytest.raises(StoreRefused, match="ACQUIT_DATABASE_URL"):
        migrate("postgresql://nobody@/none?host=/nonexistent")


class TestAnExternalServer:
    """The system's PostgreSQL, with a login that is no superuser."""

    @pytest.fixture
    def owner_url(self, second_cluster_url: str, request: pytest.FixtureRequest) -> str:
        name = f"seller_{abs(hash(request.node.nodeid)) % 10**8}"
        with psycopg.connect(second_cluster_url, autocommit=True) as dba:
            dba.execute(f"CREATE ROLE {name} LOGIN CREATEROLE")
            dba.execute(f"CREATE DATABASE {name} OWNER {name}")
        return make_conninfo(second_cluster_url, user=name, dbname=name)

    def test_is_migrated_and_facts_are_guarded(self, owner_url: str) -> None:
        migrate(owner_url)
        migrate(owner_url)
        with as_application(owner_url) as app:
            assert app.info.server_version // 10000 >= 15
            app.execute("SELECT count(*) FROM bill")
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute("UPDATE bill SET bill_id = 'x'")
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute("DELETE FROM bill")

    def test_without_createrole_the_two_statements_are_named(
        self, owner_url: str, second_cluster_url: str
    ) -> None:
        name = psycopg.conninfo.conninfo_to_dict(owner_url)["user"]
        with psycopg.connect(second_cluster_url, autocommit=True) as dba:
            dba.execute(f"ALTER ROLE {name} NOCREATEROLE")
            with pytest.raises(
                StoreRefused, match="CREATE ROLE acquit_app NOLOGIN; GRANT acquit_app TO"
            ) as refused:
                migrate(owner_url)
            exists = dba.execute("SELECT 1 FROM pg_roles WHERE rolname = 'acquit_app'").fetchone()
            statements = refused.value.message.split("statements once: ")[1].split("; then")[0].split("; ")
            for statement in statements[1:] if exists else statements:
                dba.execute(statement.encode())
        migrate(owner_url)

    def test_a_login_that_does_not_own_the_database_is_told(
        self, owner_url: str, second_cluster_url: str
    ) -> None:
        name = psycopg.conninfo.conninfo_to_dict(owner_url)["user"]
        with psycopg.connect(second_cluster_url, autocommit=True) as dba:
            dba.execute(f"ALTER DATABASE {name} OWNER TO postgres")
        with pytest.raises(StoreRefused, match=f'ALTER DATABASE "{name}" OWNER TO "{name}"'):
            migrate(owner_url)
