"""Each check of down payments finds what was tampered with, and names it."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from acquit.actions.credit_bill import credit_bill
from acquit.core.credit import Part
from acquit.core.identifiers import BillId
from acquit.store import audit_down_payments
from acquit.store.transaction import Database, Transaction
from advancing import DECEMBER, ask, pay, sound, world
from billed import bill, later, subscribe
from founding import PETIT

ASKED = "FRAC00000001"
DEDUCTING = f"FR00000001/{ASKED}"
LINE = "WHERE kind = 'deduction' AND bill_id = 'FR00000001'"
TAMPERINGS = [
    ("down-payments", ASKED, "DELETE FROM down_payment WHERE bill_id = 'FRAC00000001'"),
    ("down-payments", ASKED, "UPDATE bill SET kind = 'bill' WHERE bill_id = 'FRAC00000001'"),
    ("down-payments", ASKED, "UPDATE down_payment_use SET net_minor = net_minor + 5000 WHERE use_no = 1"),
    ("down-payments", ASKED, "DELETE FROM down_payment_use WHERE kind = 'credited'"),
    ("down-payments", ASKED, "UPDATE bill_detail SET kind = 'one-off' WHERE bill_id = 'FRAC00000001'"),
    ("deductions", DEDUCTING, "DELETE FROM down_payment_use WHERE use_no = 1"),
    ("deductions", DEDUCTING, f"UPDATE bill_detail SET net_minor = net_minor - 1 {LINE}"),
    ("deductions", DEDUCTING, f"UPDATE bill_detail SET vat_rate_bp = 550 {LINE}"),
    ("deductions", DEDUCTING, f"DELETE FROM bill_detail {LINE}"),
    ("deductions", DEDUCTING, "UPDATE bill SET currency = 'USD' WHERE bill_id = 'FRAC00000001'"),
    ("deductions", DEDUCTING, "UPDATE bill SET issued_on = '2026-12-31' WHERE bill_id = 'FRAC00000001'"),
    ("deductions", f"AV00000001/{ASKED}", "DELETE FROM down_payment_use WHERE kind = 'returned'"),
    ("advances-received", ASKED, "UPDATE posting SET ledger = '706000' WHERE ledger = '419110'"),
    ("advances-received", "FR00000001", f"UPDATE bill_detail SET net_minor = net_minor - 1 {LINE}"),
]


@pytest.fixture(scope="module")
def deducted_world(module_database: Database) -> None:
    """A bill that deducted is taken back, the next one deducts, the rest is taken back too."""
    context = world(module_database)
    subscribe(context, PETIT, "srv1")
    asked = ask(context, minor=1_700)
    pay(context, asked)
    bill(context)
    credit_bill(context, PETIT, BillId("FR00000001"), "never supplied", by="cli")
    bill(later(context, DECEMBER), "2026-12")
    credit_bill(context, PETIT, asked.bill_id, "given up", [Part(1, 300)], by="cli")
    sound(context)


@pytest.fixture
def owner(module_database_url: str, deducted_world: None) -> Iterator[Transaction]:
    """The owner of the tables, with nothing in its way, in a transaction that is undone."""
    with psycopg.connect(module_database_url, row_factory=namedtuple_row) as connection:
        connection.execute("SET session_replication_role = replica")
        yield Transaction(connection)
        connection.rollback()


@pytest.mark.parametrize(("name", "names", "statement"), TAMPERINGS)
def test_it_is_found_and_named(owner: Transaction, name: str, names: str, statement: str) -> None:
    (check,) = [each for each in audit_down_payments.CHECKS if each.name == name]
    before = owner.one(check.query)
    assert before.compared
    assert before.differences == []
    assert owner.connection.execute(statement.encode()).rowcount
    assert names in owner.one(check.query).differences


def test_every_check_has_a_tampering() -> None:
    assert {name for name, _, _ in TAMPERINGS} == {check.name for check in audit_down_payments.CHECKS}
