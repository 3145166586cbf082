"""Each check of what bills say beside their amounts finds what was tampered with, and names it."""

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from acquit.actions.add_credit import Credit, add_credit
from acquit.actions.credit_bill import credit_bill
from acquit.actions.run_bills import run_bills
from acquit.core.credit import Part
from acquit.core.credit_balance import CreditType
from acquit.core.identifiers import BillId
from acquit.store import audit_facts
from acquit.store.transaction import Database, Transaction
from billed import dollars, failed, rows, subscribe
from collecting import collecting
from founding import ACME, FR, PETIT, SHOP
from owing import EUR

FOREIGN = "WHERE accounting_currency IS NOT NULL AND kind = 'bill'"
NOTE = "WHERE accounting_currency IS NOT NULL AND kind = 'credit-note'"
PREPAID = "WHERE prepaid_minor > 0"
DEBITED = "WHERE debit_hash IS NOT NULL"
TAMPERINGS = [
    ("bill-exchange", FOREIGN, "UPDATE bill SET accounting_tax_minor = accounting_tax_minor + 1 " + FOREIGN),
    (
        "bill-exchange",
        FOREIGN,
        "UPDATE bill_tax SET accounting_tax_minor = accounting_tax_minor + 1 "
        "WHERE bill_id IN (SELECT bill_id FROM bill WHERE kind = 'bill')",
    ),
    ("bill-exchange", FOREIGN, "UPDATE bill SET exchange_e8 = exchange_e8 * 2 " + FOREIGN),
    ("bill-exchange", NOTE, "UPDATE bill SET exchange_e8 = exchange_e8 + 1 " + NOTE),
    ("bill-prepaid", PREPAID, "UPDATE bill SET prepaid_minor = prepaid_minor - 1 " + PREPAID),
    ("bill-prepaid", PREPAID, "DELETE FROM debt_operation WHERE means = 'credit-balance'"),
    ("bill-debits", DEBITED, "UPDATE bill SET payment_means = 'transfer' " + DEBITED),
    ("bill-debits", DEBITED, "UPDATE bill SET collected_on = due_on - 1 " + DEBITED),
    ("bill-debits", DEBITED, "DELETE FROM mandate"),
]


@pytest.fixture(scope="module")
def billed_world(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Acme is debited, Petit has credit, the shop pays in dollars and gets some back."""
    context = collecting(module_database, tmp_path_factory.mktemp("archive"))
    dollars(context)
    subscribe(context, SHOP, "usd", next_on=date(2026, 11, 25), currency="USD")
    add_credit(context, PETIT, Credit(500, EUR, CreditType.VOUCHER, "gift"), by="cli")
    run_bills(context, FR, "2026-12", by="cli")
    (foreign,) = rows(context, f"SELECT bill_id FROM bill {FOREIGN}")
    credit_bill(context, SHOP, BillId(foreign.bill_id), "less", [Part(1, 300)], by="cli")
    assert failed(context) == {}
    assert rows(context, f"SELECT bill_id FROM bill {DEBITED} AND payer_id = '{ACME}'")


@pytest.fixture
def owner(module_database_url: str, billed_world: None) -> Iterator[Transaction]:
    """The owner of the tables, with nothing in its way, in a transaction that is undone."""
    with psycopg.connect(module_database_url, row_factory=namedtuple_row) as connection:
        connection.execute("SET session_replication_role = replica")
        yield Transaction(connection)
        connection.rollback()


@pytest.mark.parametrize(("name", "which", "statement"), TAMPERINGS)
def test_it_is_found_and_named(owner: Transaction, name: str, which: str, statement: str) -> None:
    (check,) = [each for each in audit_facts.CHECKS if each.name == name]
    named = {row.bill_id for row in owner.connection.execute(f"SELECT bill_id FROM bill {which}".encode())}
    before = owner.one(check.query)
    assert before.compared
    assert before.differences == []
    assert owner.connection.execute(statement.encode()).rowcount
    assert set(owner.one(check.query).differences) & named


def test_every_check_has_a_tampering() -> None:
    assert {name for name, _, _ in TAMPERINGS} == {check.name for check in audit_facts.CHECKS}
