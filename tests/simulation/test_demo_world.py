"""The demo's world for awkward dates: complete, provable, and the same every time."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final, LiteralString

import pytest
from psycopg import sql

from acquit.actions.audit_books import audit_books
from acquit.actions.context import Context
from acquit.actions.run_bills import run_bills
from acquit.demo.cast import FR, LEAD
from acquit.demo.world import Script, add_crowd, build
from acquit.store.transaction import Database
from founding import context_on

TABLES: Final[LiteralString] = """
    SELECT c.relname AS name,
           array_agg(a.attname::text ORDER BY a.attnum) AS columns
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
     GROUP BY c.relname
     ORDER BY c.relname
"""

RANDOM: Final = {
    ("application", "application_key"), ("application", "secret_sealed"), ("credential", "key_hash"),
    ("identity_user", "password_hash"), ("operator", "password_hash"), ("operator", "token_hash"),
}  # fmt: skip
"""What is secret, and so differs."""

MACHINERY: Final = ("schema_migration", "queue_migration", "procrastinate_")
"""Tables that tell when the database was made, and what the queue did."""

STATUSES: Final[LiteralString] = """
    SELECT account_id, amount_minor, amount_minor + coalesce(effect_minor, 0) AS open_minor, due_on
      FROM debt
      LEFT JOIN (SELECT account_id AS of, debt_id AS number, sum(effect_minor) AS effect_minor
                   FROM debt_operation GROUP BY account_id, debt_id) done
        ON done.of = account_id AND done.number = debt_id
     WHERE payer_id = %(payer_id)s
"""

ORDERS: Final[LiteralString] = """
    SELECT o.reference, o.amount_max_minor, coalesce(sum(d.amount_minor), 0)::bigint AS drawn_minor,
           o.is_family, o.matched_by
      FROM purchase_order o
      LEFT JOIN purchase_order_draw d USING (account_id, purchase_order_id)
     GROUP BY o.account_id, o.purchase_order_id
"""

WARNED: Final[LiteralString] = "SELECT count(*) AS count FROM act WHERE verb = 'billed_without_order'"

COUNTS: Final[LiteralString] = """
    SELECT (SELECT count(*) FROM bill) AS bills,
           (SELECT count(*) FROM request WHERE state = 'waiting') AS requests,
           (SELECT count(*) FROM dispute WHERE state = 'open') AS disputes,
           (SELECT count(DISTINCT vat_category) FROM bill_tax) AS vat_categories,
           (SELECT count(DISTINCT (term_days, term_method)) FROM bill) AS terms,
           (SELECT count(*) FROM bill_run WHERE status = 'closed') AS runs
"""


DAYS: Final = ("2026-11-23", "2026-11-01", "2027-01-31", "2026-12-31", "2028-02-29", "2027-03-02")


def built(database: Database, as_of: date, months: int = 14, catalogue: bytes | None = None) -> Context:
    context = context_on(database, as_of)
    build(context, Script(as_of, months, catalogue), lambda: None)
    return context


def differences(context: Context) -> list[str]:
    return [f"{each.name}: {each.differences}" for each in audit_books(context) if not each.passed]


def dump(database: Database) -> Mapping[str, list[Any]]:
    """Every row of every table, but for what is secret or machinery."""
    rows: dict[str, list[Any]] = {}
    with database.read() as tx:
        for table in tx.all(TABLES):
            if table.name.startswith(MACHINERY):
                continue
            shown = [column for column in table.columns if (table.name, column) not in RANDOM]
            query = sql.SQL("SELECT {} FROM {}").format(
                sql.SQL(", ").join(map(sql.Identifier, shown)), sql.Identifier(table.name)
            )
            rows[table.name] = sorted(map(repr, tx.connection.execute(query).fetchall()))
    return rows


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the awkward dates: half of them, all with --soak."""
    if "as_of" in metafunc.fixturenames:
        metafunc.parametrize("as_of", DAYS if metafunc.config.getoption("--soak") else DAYS[::2])


def test_every_day_gives_a_whole_world(as_of: str, database: Database) -> None:
    on = date.fromisoformat(as_of)
    context = built(database, on)
    assert differences(context) == []
    with database.read() as tx:
        counts = tx.one(COUNTS)
        debts = tx.all(STATUSES, payer_id=LEAD.account_id)
        orders = tx.all(ORDERS)
        warned = tx.one(WARNED).count
    assert (counts.runs, counts.requests, counts.disputes) == (14, 3, 1)
    assert counts.vat_categories == 3  # domestic, another member state, outside the union
    assert counts.terms == 4  # 30, 45 and 60 days, 45 days and the end of the month
    assert counts.bills > 130
    assert any(debt.open_minor == 0 for debt in debts)
    assert any(debt.open_minor and debt.due_on >= on for debt in debts)
    assert any(debt.open_minor and (on - debt.due_on).days > 8 for debt in debts)
    family = next(each for each in orders if each.is_family and each.amount_max_minor)
    assert 78 <= 100 * family.drawn_minor / family.amount_max_minor <= 80
    assert any(each.amount_max_minor == each.drawn_minor and not each.is_family for each in orders)
    assert any(each.matched_by == "service-period" and each.drawn_minor for each in orders)
    assert warned >= 1


def test_the_same_date_gives_the_same_world(database: Database, module_database: Database) -> None:
    as_of = date(2026, 11, 23)
    built(database, as_of, months=5)
    built(module_database, as_of, months=5)
    one, other = dump(database), dump(module_database)
    assert one.keys() == other.keys()
    for table in one:
        assert one[table] == other[table], table
    assert len(one["bill"]) > 30


@pytest.mark.parametrize("months", [1, 2, 3])
def test_few_months_are_a_world_too(months: int, database: Database) -> None:
    context = built(database, date(2026, 11, 23), months)
    assert differences(context) == []
    with database.read() as tx:
        assert tx.one(COUNTS).runs == months


def test_the_published_catalogue_is_sold(database: Database, shared_data: Path) -> None:
    content = (shared_data / "catalog-eco-IE-6751.json.gz").read_bytes()
    context = built(database, date(2026, 11, 23), catalogue=content)
    assert differences(context) == []
    with database.read() as tx:
        family = next(each for each in tx.all(ORDERS) if each.is_family and each.amount_max_minor)
    assert 78 <= 100 * family.drawn_minor / family.amount_max_minor <= 80


def test_a_crowd_is_billed(database: Database) -> None:
    as_of = date(2026, 11, 23)
    context = built(database, as_of, months=2)
    assert add_crowd(context, 2_345, as_of, lambda _count: None) == 2_345
    (report,) = run_bills(context, FR, "2026-11", by="cli")
    assert (report.posted_now, report.parked) == (2_345 + 1, 0)  # the vault's use of November so far, too
    assert differences(context) == []
