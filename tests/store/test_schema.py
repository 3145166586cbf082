"""schema.sql says in one piece what the migrations say step by step."""

from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest

from acquit.store import migrate as steps
from acquit.store.embedded import Cluster
from store.copies import copy_of

CATALOGUES: dict[str, LiteralString] = {
    "columns": """
        SELECT a.attrelid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               pg_get_expr(d.adbin, d.adrelid), a.attcollation::regcollation::text, a.attidentity,
               a.attgenerated
          FROM pg_attribute a
          JOIN pg_class c ON c.oid = a.attrelid
          LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'c')
           AND a.attnum > 0
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid), convalidated
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), tgenabled
          FROM pg_trigger WHERE NOT tgisinternal
    """,
    "functions": """
        SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid)
          FROM pg_proc p
         WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p')
           AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    """,
    "comments": """
        SELECT classoid::regclass::text, pg_describe_object(classoid, objoid, objsubid), description
          FROM pg_description
         WHERE objoid >= 16384
    """,
    "enums": "SELECT enumtypid::regtype::text, enumlabel, enumsortorder FROM pg_enum",
    "storage": """
        SELECT relname, relkind, relpersistence, reloptions::text
          FROM pg_class WHERE relnamespace = 'public'::regnamespace
    """,
    "sequences": """
        SELECT seqrelid::regclass::text, seqtypid::regtype::text, seqstart, seqincrement, seqmin, seqmax,
               seqcycle
          FROM pg_sequence
    """,
    "extensions": "SELECT extname FROM pg_extension",
    "rights": """
        SELECT table_name, grantee, privilege_type
          FROM information_schema.role_table_grants WHERE grantee = 'acquit_app'
    """,
}


def catalogues(url: str) -> dict[str, set[tuple[object, ...]]]:
    with psycopg.connect(url) as owner:
        return {what: set(owner.execute(query).fetchall()) for what, query in CATALOGUES.items()}


@pytest.fixture(scope="module")
def in_one_piece(module_database_url: str) -> dict[str, set[tuple[object, ...]]]:
    return catalogues(module_database_url)


@pytest.fixture(scope="module")
def step_by_step(cluster: Cluster) -> Iterator[dict[str, set[tuple[object, ...]]]]:
    """A database to which each of our migrations was applied for itself."""
    with copy_of(cluster, "template0") as url:
        with steps.connect(url) as owner:
            steps.apply_steps(owner, steps.ours())
            steps.apply_whole(owner, steps.the_queue())
            owner.execute(steps.GRANT)
        yield catalogues(url)


@pytest.mark.parametrize("what", CATALOGUES)
def test_schema_equals_all_migrations(
    what: str,
    in_one_piece: dict[str, set[tuple[object, ...]]],
    step_by_step: dict[str, set[tuple[object, ...]]],
) -> None:
    assert in_one_piece[what] - step_by_step[what] == set(), "only in schema.sql"
    assert step_by_step[what] - in_one_piece[what] == set(), "only in the migrations"


def test_numbers_are_without_a_gap() -> None:
    assert [step.number for step in steps.ours().steps] == list(range(1, len(steps.ours().steps) + 1))
