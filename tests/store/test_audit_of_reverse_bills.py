"""Each check of reverse bills finds the one row that was tampered with, and names it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from acquit.actions.answer_reverse_bill import accept_reverse_bill
from acquit.actions.context import Context
from acquit.actions.issue_reverse_bill import take_back_reverse_bill
from acquit.actions.pay_reverse_bill import pay_reverse_bill, set_off_reverse_bill
from acquit.actions.refund_money import record_refund_paid
from acquit.core.identifiers import BillId
from acquit.core.self_billing import Regime
from acquit.store import audit_reverse
from acquit.store.audit import CHECKS, audit
from acquit.store.transaction import Database, Transaction
from founding import ACME, PETIT, TODAY
from owing import TESS
from reversing import BOB, COMMISSION, TERMS, agreed, billed, buying

FIRST, SECOND, NOTE, SMALL = (
    "FRS00001-000001", "FRS00001-000002", "FRS00001-000003", "FRS00002-000001",
)  # fmt: skip
ONE = f"WHERE bill_id = '{FIRST}'"
TAMPERINGS = [
    ("reverse-bills", FIRST, f"UPDATE reverse_bill SET net_minor = 10001, total_minor = 12001 {ONE}"),
    ("reverse-bills", FIRST, f"UPDATE reverse_bill_detail SET unit_price_ucents = 1 {ONE}"),
    ("reverse-bills", FIRST, f"DELETE FROM reverse_bill_detail {ONE}"),
    ("reverse-bills", FIRST, f"UPDATE reverse_bill_tax SET tax_minor = 1 {ONE}"),
    ("reverse-bills", FIRST, f"UPDATE reverse_bill_tax SET vat_rate_bp = 1000 {ONE}"),
    ("reverse-bills", FIRST, f"UPDATE reverse_bill SET due_on = due_on + 1 {ONE}"),
    ("reverse-bills", FIRST, f"UPDATE reverse_bill SET seller_hash = '\\x00' {ONE}"),
    ("reverse-bills", NOTE, f"UPDATE reverse_bill SET corrects_bill_id = '{SMALL}' "
                            f"WHERE bill_id = '{NOTE}'"),
    ("reverse-agreed", FIRST, "DELETE FROM self_billing_act"),
    ("reverse-agreed", FIRST, "UPDATE self_billing_act SET happened_on = '2030-01-01'"),
    ("reverse-agreed", FIRST, "UPDATE self_billing_agreement SET from_on = '2030-01-01'"),
    ("reverse-agreed", FIRST, f"UPDATE reverse_bill SET contest_until = contest_until + 1 {ONE}"),
    ("reverse-agreed", FIRST, f"UPDATE bill_number SET series_id = 'RC' {ONE}"),
    ("reverse-entries", FIRST, f"UPDATE entry SET kind = 'accrual' WHERE reference = '{FIRST}'"),
    ("reverse-entries", FIRST, f"UPDATE reverse_bill SET vat_waits = false {ONE}"),
    ("reverse-entries", NOTE, f"DELETE FROM entry WHERE reference = '{NOTE}'"),
    ("reverse-payables", "FR/EUR", "UPDATE posting SET amount_minor = amount_minor + 1 "
                                   "WHERE ledger = '401000' AND amount_minor > 0"),
    ("reverse-payables", "FR/EUR", "DELETE FROM refund_event WHERE state = 'paid'"),
    ("reverse-payables", "FR/EUR", "UPDATE posting SET amount_minor = 1 WHERE ledger = '445640'"),
    ("reverse-payables", FIRST, "UPDATE refund SET amount_minor = 99999 "
                                f"WHERE reverse_bill_id = '{FIRST}'"),
    ("reverse-payables", SECOND, f"UPDATE refund SET reverse_bill_id = '{SECOND}'"),
    ("reverse-set-offs", FIRST, "UPDATE self_billing_agreement SET sets_off = false"),
    ("reverse-set-offs", FIRST, "UPDATE debt SET payer_id = 'cd67890-acq'"),
    ("reverse-set-offs", FIRST, "DELETE FROM debt_operation WHERE means = 'set-off'"),
    ("numbers-gapless", "FR-reverse-bill-00001/1", f"DELETE FROM bill_number {ONE}"),
    ("number-dates", SECOND, "UPDATE bill_number SET issued_on = issued_on - 1 "
                             f"WHERE bill_id = '{SECOND}'"),
    ("numbered-bills", FIRST, f"UPDATE reverse_bill SET account_id = 'zz99999-acq' {ONE}"),
]  # fmt: skip


@pytest.fixture(scope="module")
def world(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Acme's first bill is set off and paid, its second taken back; Petit's waits."""
    context = buying(module_database, tmp_path_factory.mktemp("archive"))
    agreed(context, terms=replace(TERMS, sets_off=True))
    agreed(context, PETIT, replace(TERMS, regime=Regime.SMALL_EXEMPT))
    billed(context)
    billed(context, lines=[replace(COMMISSION, reference="REF-8")])
    billed(context, PETIT)
    take_back_reverse_bill(context, ACME, BillId(SECOND), "wrong", by=BOB)
    accept_reverse_bill(context, ACME, BillId(FIRST), by=BOB)
    set_off_reverse_bill(context, ACME, BillId(FIRST), by=TESS)
    refund = pay_reverse_bill(context, ACME, BillId(FIRST), by=TESS)
    record_refund_paid(context, ACME, refund.refund_id, TODAY + timedelta(days=1), by=TESS)
    return context


@pytest.fixture
def superuser(module_database_url: str, world: Context) -> Iterator[Transaction]:
    """The owner of the tables, with nothing in its way, in a transaction that is undone."""
    with psycopg.connect(module_database_url, row_factory=namedtuple_row) as connection:
        connection.execute("SET session_replication_role = replica")
        yield Transaction(connection)
        connection.rollback()


def test_untouched_they_pass_every_check_and_each_compares_something(world: Context) -> None:
    with world.database.snapshot() as tx:
        found = audit(tx)
    assert {each.name: each.differences for each in found if not each.passed} == {}
    mine = {check.name for check in audit_reverse.CHECKS}
    assert [each.name for each in found if each.name in mine and not each.compared] == []


def test_every_check_has_a_tampering() -> None:
    assert {name for name, _, _ in TAMPERINGS} >= {check.name for check in audit_reverse.CHECKS}


@pytest.mark.parametrize(("name", "names", "statement"), TAMPERINGS, ids=lambda value: value[:60])
def test_it_is_found_and_named(name: str, names: str, statement: str, superuser: Transaction) -> None:
    assert superuser.connection.execute(statement.encode()).rowcount, "nothing was tampered with"
    (check,) = [each for each in CHECKS if each.name == name]
    assert names in superuser.one(check.query).differences
