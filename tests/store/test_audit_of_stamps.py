"""Each check of stamps and of removed papers finds the one row that was tampered with, and names it."""

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from acquit.actions.context import Context
from acquit.actions.remove_papers import remove_papers
from acquit.actions.stamp_archive import stamp_archive
from acquit.store import audit_stamps
from acquit.store.audit import audit
from acquit.store.transaction import Database, Transaction
from archiving import archiving, paid
from founding import ACME, FR, PETIT

ONE = "WHERE bill_id = 'FR00000001' AND form = 'pdf'"
FIRST = "WHERE stamp_no = 1"

TAMPERINGS = [
    ("stamped-papers", "FR00000001/pdf", f"UPDATE document SET sha256 = repeat('0', 64) {ONE}"),
    ("stamped-papers", "FR00000001/pdf", f"UPDATE document SET size_bytes = size_bytes + 1 {ONE}"),
    ("stamped-papers", "FR00000001/pdf", f"DELETE FROM document {ONE}"),
    (
        "stamped-papers",
        "FR00000001/pdf",
        "UPDATE entry SET hash = sha256('x') WHERE reference = 'FR00000001'",
    ),
    ("stamped-papers", "FR00000001/pdf", "UPDATE entry SET reference = 'x' WHERE reference = 'FR00000001'"),
    ("stamped-papers", "FR00000001/pdf", f"UPDATE stamped_paper SET leaf = sha256('x') {ONE}"),
    ("stamped-heads", "{ACME}/1", "UPDATE entry SET hash = sha256('x') WHERE account_id = '{ACME}'"),
    ("stamped-heads", "{ACME}/1", "DELETE FROM entry WHERE account_id = '{ACME}'"),
    ("stamped-heads", "{ACME}/1", "UPDATE stamped_head SET leaf = sha256('x') WHERE account_id = '{ACME}'"),
    ("stamps", "FR/1", f"UPDATE stamped_paper SET leaf = sha256('x') {ONE}"),
    ("stamps", "FR/1", f"DELETE FROM stamped_paper {ONE}"),
    ("stamps", "FR/1", "DELETE FROM stamped_head WHERE account_id = '{ACME}'"),
    ("stamps", "FR/1", f"UPDATE stamped_paper SET leaf_no = 99 {ONE}"),
    ("stamps", "FR/1", f"UPDATE stamp SET root = sha256('x') {FIRST}"),
    ("stamps", "FR/1", f"UPDATE stamp SET leaves = 5 {FIRST}"),
    ("stamps", "FR/1", f"UPDATE stamp SET stamped_on = '2014-06-01' {FIRST}"),
    ("stamps", "FR/1", f"UPDATE stamp SET hash = sha256('x') {FIRST}"),
    ("stamps", "FR/2", f"UPDATE stamp SET hash = sha256('x') {FIRST}"),
    ("stamps", "FR/1", f"DELETE FROM stamp {FIRST}"),
    ("stamps", "FR/2", f"DELETE FROM stamp {FIRST}"),
    ("stamps", "FR/4", "UPDATE stamp SET stamp_no = 4 WHERE stamp_no = 3"),
    ("removed-papers", "FR00000003/pdf", "UPDATE removed_paper SET issued_on = '2013-01-01'"),
    ("removed-papers", "FR00000003/pdf", "UPDATE removed_paper SET removed_at = '2024-12-31 23:00Z'"),
    ("removed-papers", "FR00000003/pdf", "UPDATE bill SET issued_on = '2015-01-01'"),
    ("removed-papers", "FR00000003/pdf", "DELETE FROM document"),
]


@pytest.fixture(scope="module")
def world(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Bills of long ago are stamped; Petit's is paid, stamped again, and its paper removed."""
    context = archiving(module_database, tmp_path_factory.mktemp("archive"), date(2014, 6, 2), "2014-06")
    stamp_archive(context, FR, "cli")
    paid(context, lambda account_id: account_id == PETIT)
    stamp_archive(context, FR, "cli")
    stamp_archive(context, FR, "cli", even_empty=True)
    assert remove_papers(context, FR, "cli") == 2
    return context


@pytest.fixture
def superuser(module_database_url: str, world: Context) -> Iterator[Transaction]:
    """The owner of the tables, with nothing in its way, in a transaction that is undone."""
    with psycopg.connect(module_database_url, row_factory=namedtuple_row) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("ALTER TABLE removed_paper DROP CONSTRAINT removed_paper_check")
        yield Transaction(connection)
        connection.rollback()


def test_untouched_stamps_pass_every_check_and_each_compares_something(
    module_database: Database, world: Context
) -> None:
    with module_database.snapshot() as tx:
        found = audit(tx)
    assert {each.name: each.differences for each in found if not each.passed} == {}
    mine = {check.name for check in audit_stamps.CHECKS}
    assert {each.name: each.compared for each in found if each.name in mine} == {
        "stamped-papers": 6, "stamped-heads": 4, "stamps": 3, "removed-papers": 2,
    }  # fmt: skip


def test_every_check_has_a_tampering() -> None:
    assert {check for check, _, _ in TAMPERINGS} == {check.name for check in audit_stamps.CHECKS}


@pytest.mark.parametrize(("name", "names", "statement"), TAMPERINGS, ids=lambda value: value[:70])
def test_it_is_found_and_named(name: str, names: str, statement: str, superuser: Transaction) -> None:
    words = {"ACME": ACME}
    assert superuser.connection.execute(statement.format(**words).encode()).rowcount
    (check,) = [each for each in audit_stamps.CHECKS if each.name == name]
    assert names.format(**words) in superuser.one(check.query).differences
