"""Each check of files for banks finds the one row that was tampered with, and names it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from acquit.actions.advance_remittance import approve_remittance, hand_over_remittance
from acquit.actions.audit_books import audit_books
from acquit.actions.context import Context
from acquit.actions.create_remittance import create_remittance
from acquit.actions.end_collections import take_collected, take_return
from acquit.actions.pay_refunds import create_refund_remittance, take_refunds_paid
from acquit.actions.refund_money import refund_money
from acquit.actions.take_status_report import take_status_report
from acquit.adapters.archive import DirectoryArchive
from acquit.store import audit_remittances
from acquit.store.audit import audit
from acquit.store.transaction import Database, Transaction
from collecting import COLLECTED_ON, at_bank, collecting, lines_of, on, report
from founding import ACME, FR, LAB, PETIT
from owing import TESS, TOM, debt_of, pay

NAMED = "WHERE message_id = 'FR-SDD-00000001'"
ACMES = "FR-DD-0000000001"
PETITS = "FR-DD-0000000002"
AGAIN = "FR-DD-0000000003"

TAMPERINGS = [
    ("remittance-sums", "FR-SDD-00000001", f"UPDATE remittance SET amount_minor = 1 {NAMED}"),
    ("remittance-sums", "FR-SDD-00000001", f"UPDATE remittance SET lines = 3 {NAMED}"),
    ("remittance-sums", "FR-SDD-00000001", f"DELETE FROM collection WHERE end_to_end = '{ACMES}'"),
    ("remittance-sums", "FR/1", f"DELETE FROM remittance {NAMED}"),
    ("remittance-sums", "FR-SCT-00000003", "UPDATE remittance_refund SET amount_minor = 1"),
    ("collection-sums", ACMES, f"UPDATE collection_debt SET amount_minor = 1 WHERE account_id = '{LAB}'"),
    ("collection-sums", PETITS, "UPDATE debt SET payer_id = '{LAB}' WHERE account_id = '{PETIT}'"),
    ("collection-sums", PETITS, "UPDATE mandate SET signed_on = '2030-01-01' WHERE account_id = '{PETIT}'"),
    ("collection-sums", PETITS, "UPDATE collection SET amendment_no = 1 WHERE account_id = '{PETIT}'"),
    ("collected-once", "{petits}", "DELETE FROM pending_debt"),
    ("collected-once", "{petits}", "UPDATE pending_debt SET amount_minor = 1"),
    ("collected-once", "{acmes}", "INSERT INTO pending_debt VALUES ('{ACME}', {acmes_debt}, 3, 1200)"),
    ("collected-once", "{acmes}", "INSERT INTO collection_debt VALUES "
                                  "('{ACME}', {acmes_debt}, 3, '{PETIT}', '{acmes}', 1)"),
    ("collections-settled", ACMES, "UPDATE deposit SET amount_minor = 1 WHERE account_id = '{ACME}'"),
    ("collections-settled", ACMES, "UPDATE deposit SET means = 'transfer' WHERE account_id = '{ACME}'"),
    ("collections-settled", PETITS, "DELETE FROM debt_operation WHERE kind = 'returned'"),
    ("collections-settled", "{acmes_deposit}", "DELETE FROM collection_event WHERE account_id = '{ACME}'"),
    ("remittances-approved", "FR-SDD-00000001",
     f"UPDATE remittance SET made_by = 'operator:tom' {NAMED}"),
    ("remittances-approved", "FR-SDD-00000001", "DELETE FROM remittance_event WHERE state = 'approved'"),
    ("refund-lines", "FR-SCT-00000003-1", "UPDATE refund SET amount_minor = 1"),
    ("refund-lines", "FR-SCT-00000003-1", "INSERT INTO pending_refund VALUES ('{ACME}', 1, 'FR', 3)"),
]  # fmt: skip


@pytest.fixture(scope="module")
def world(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Two debits are collected, Petit's comes back and is tried again; Acme gets money back."""
    context = collecting(module_database, tmp_path_factory.mktemp("archive"))
    sent = at_bank(context)
    take_status_report(context, report(sent, "ACCP"), by=TESS)
    take_collected(context, sent.message_id, 3_600, COLLECTED_ON, by="cli")
    petits = lines_of(context, sent)[PETIT].end_to_end
    take_return(context, petits, "AM04", 1_200, date(2026, 12, 28), by="cli")
    january = on(context, date(2027, 1, 4))
    create_remittance(january, FR, date(2027, 1, 31), by=TESS)
    refund_money(january, ACME, pay(january, ACME, 500), "paid twice", by=TESS)
    create_refund_remittance(january, FR, by=TESS)
    approve_remittance(january, "FR-SCT-00000003", by=TOM)
    hand_over_remittance(january, "FR-SCT-00000003", by=TESS)
    take_refunds_paid(january, "FR-SCT-00000003", 500, date(2027, 1, 5), by="cli")
    return january


@pytest.fixture
def superuser(module_database_url: str, world: Context) -> Iterator[Transaction]:
    """The owner of the tables, with nothing in its way, in a transaction that is undone."""
    with psycopg.connect(module_database_url, row_factory=namedtuple_row) as connection:
        connection.execute("SET session_replication_role = replica")
        yield Transaction(connection)
        connection.rollback()


def test_untouched_files_pass_every_check_and_each_compares_something(
    module_database: Database, world: Context
) -> None:
    with module_database.snapshot() as tx:
        found = audit(tx)
    assert {each.name: each.differences for each in found if not each.passed} == {}
    mine = {check.name for check in audit_remittances.CHECKS}
    assert [each.name for each in found if each.name in mine and not each.compared] == []


def test_every_check_has_a_tampering() -> None:
    assert {check for check, _, _ in TAMPERINGS} == {check.name for check in audit_remittances.CHECKS}


@pytest.mark.parametrize(("name", "names", "statement"), TAMPERINGS, ids=lambda value: value[:60])
def test_it_is_found_and_named(
    name: str, names: str, statement: str, superuser: Transaction, world: Context
) -> None:
    acmes, petits = debt_of(world, ACME), debt_of(world, PETIT)
    (deposit,) = superuser.all(
        "SELECT deposit_id FROM deposit WHERE account_id = %(account_id)s AND means = 'direct-debit'",
        account_id=ACME,
    )
    words = {
        "ACME": ACME, "LAB": LAB, "PETIT": PETIT, "acmes": acmes.bill_id, "petits": petits.bill_id,
        "acmes_debt": acmes.debt_id, "acmes_deposit": deposit.deposit_id,
    }  # fmt: skip
    assert superuser.connection.execute(statement.format(**words).encode()).rowcount
    (check,) = [each for each in audit_remittances.CHECKS if each.name == name]
    assert names.format(**words) in superuser.one(check.query).differences


def test_the_bytes_of_a_file_are_proven(world: Context, tmp_path: Path) -> None:
    found = {each.name: each for each in audit_books(world, full=True)}
    assert (found["remittance-files"].passed, found["remittance-files"].compared) == (True, 3)
    lost = collecting_elsewhere(world, tmp_path)
    found = {each.name: each for each in audit_books(lost, full=True)}
    assert found["remittance-files"].differences == ("FR-SCT-00000003", "FR-SDD-00000001", "FR-SDD-00000002")


def collecting_elsewhere(context: Context, directory: Path) -> Context:
    """The same books beside an archive that has nothing."""
    return replace(context, archive=DirectoryArchive(directory))
