"""Each check of the audit finds the one row that was tampered with, and names it.

A superuser tampers inside a transaction that is undone, with triggers and constraints out of the way: the
application's own role could not.
"""

import io
import re
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

import acquit.store.audit
from acquit.actions.accrue_revenue import accrue_revenue
from acquit.actions.add_credit import Credit, add_credit
from acquit.actions.agree_discount import agree_discount
from acquit.actions.agree_minimum_spend import agree_minimum_spend
from acquit.actions.change_prices import change_price
from acquit.actions.close_period import close_period
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.credit_bill import credit_bill
from acquit.actions.defer_revenue import defer_revenue
from acquit.actions.import_bank_file import import_bank_file
from acquit.actions.open_account import Opening, open_account
from acquit.actions.open_sub_account import open_sub_account
from acquit.actions.savings_plans import WantedPlan, subscribe_savings
from acquit.actions.set_bank import add_bank_account
from acquit.actions.set_legal_entity import set_legal_entity
from acquit.actions.set_purchase_order import set_order_policy, set_purchase_order
from acquit.actions.settle_debt import Receipt, reopen_debt, return_payment, settle_debt
from acquit.actions.share_bills import share_bills
from acquit.actions.suspend_service import suspend_service
from acquit.actions.terminate_service import terminate_service
from acquit.core.account import SupportLevel
from acquit.core.credit import Part
from acquit.core.credit_balance import CreditType
from acquit.core.debt import Allocation
from acquit.core.discount import Discount
from acquit.core.identifiers import AccountId, BillId, DebtId, DiscountId, MinimumSpendId, ServiceId
from acquit.core.minimum_spend import Interval, MinimumSpend, Whose
from acquit.core.money import Currency
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import OrderKind, OrderLine, Policy
from acquit.core.service import Ending
from acquit.store import (
    audit_deliveries,
    audit_down_payments,
    audit_facts,
    audit_let_off,
    audit_moves,
    audit_points,
    audit_prepaid,
    audit_remittances,
    audit_renewals,
    audit_reverse,
    audit_stamps,
)
from acquit.store.audit import CHECKS, audit
from acquit.store.transaction import Database, Transaction
from banking import IBAN, Tx, camt
from billed import ADDRESSED, bill, charge, family, later, seller, subscribe
from founding import ACME, FR, LAB, PETIT, SHOP
from metering import event, measure, send
from ordering import SERVER, ordered, sells
from store.chased import chase
from store.tamperings import TAMPERINGS, Tampering

WORKS = AccountId("ab20003-acq")
BUYER = AccountId("ef11111-acq")
ELSEWHERE = {
    check.name
    for each in (
        audit_remittances,
        audit_reverse,
        audit_prepaid,
        audit_points,
        audit_down_payments,
        audit_facts,
        audit_stamps,
        audit_deliveries,
        audit_let_off,
        audit_moves,
        audit_renewals,
    )
    for check in each.CHECKS
}
"""Checks that modules of their own tamper with: test_audit_of_remittances, _facts, _stamps, _deliveries,
_down_payments;
actions/test_let_off, test_move_service, test_prepaid_accounts, test_renewal_orders,
test_points_in_any_order."""


SAVING = """
[[savings]]
offer = "small"
meter = "disk"
flavor = "small"
product = "disk"
months = 1
per_day = 10
price = "0.003"
from = 2026-01-01
"""


@pytest.fixture(scope="module")
def world(module_database: Database) -> dict[str, Any]:
    """Three months of a family: an order, usage, holds, money in, undone and returned, a credit note."""
    context = seller(module_database)
    set_legal_entity(context, FR, {"price_notice_days": 31}, by="cli")
    family(context)
    order = OrderTerms("PO", date(2026, 1, 1), kind=OrderKind.BLANKET, amount_max_minor=100_000)
    set_purchase_order(context, ACME, order, by="cli")
    line = OrderLine(1, "A", amount_max_minor=50_000)
    lines = OrderTerms("LINES", date(2026, 1, 1), kind=OrderKind.CLOSED, lines=(line,))
    set_purchase_order(context, LAB, lines, by="cli")
    set_order_policy(context, SHOP, Policy.HOLD, by="cli")
    subscribe(context, ACME, "a", next_on=date(2026, 11, 20))
    subscribe(context, LAB, "b")
    suspended = ServiceId(subscribe(context, SHOP, "c"))
    service_id = subscribe(context, PETIT, "d")
    charge(context, PETIT, service_id)
    measure(context, SAVING)
    used_id = subscribe(context, PETIT, "u", next_on=date(2026, 10, 1), unit_price_ucents=0)
    subscribe_savings(context, PETIT, ServiceId(used_id), WantedPlan("small", 2, "disks"), by="cli")
    send(context, event("u1", "u", 50), event("fix", "u", 40, corrects="u1"), event("lost", "nowhere"))
    told = change_price(context, PETIT, ServiceId(service_id), 11_00000000, date(2026, 12, 24), by="cli")
    bill(context)
    charge(context, PETIT, service_id, kind="one-off", period_start=date(2026, 11, 24))
    with module_database.write() as tx:
        tx.run("INSERT INTO parked_account VALUES (1, 'zz99999-acq', '[]', now(), now())")
    bill(later(context, date(2026, 12, 1)), "2026-12")
    bill(later(context, date(2027, 1, 1)), "2027-01")
    credit_bill(later(context, date(2027, 1, 1)), LAB, BillId("FR00000002"), "goodwill", by="cli")
    paid = _settle(context, "FR00000003")
    undone, debt_id = _settle(context, "FR00000004")
    reopen_debt(context, ACME, debt_id, undone, "wrong bill", by="cli")
    returned, debt_id = _settle(context, "FR00000006")
    return_payment(context, PETIT, debt_id, returned, "no funds", by="cli")
    suspend_service(later(context, date(2027, 1, 1)), SHOP, suspended, "unpaid", by="cli")
    later_on = later(context, date(2027, 2, 1))
    _corrections(later_on)
    credit = _agree(later_on)
    ended = ServiceId(subscribe(context, PETIT, "ended", next_on=date(2027, 1, 15)))
    terminate_service(later_on, PETIT, ended, Ending.NOW, by="cli", refund=True)
    close_period(later(context, date(2027, 2, 1)), FR, "2026-11", by="cli")
    defer_revenue(later(context, date(2027, 3, 1)), FR, "2027-02", by="cli")
    accrue_revenue(later(context, date(2027, 3, 1)), FR, "2027-02", by="cli")
    send(context, event("late", "u", 5, at="2026-11-20T12:00:00Z"))
    chased = chase(context)
    with module_database.read() as tx:
        run_id = tx.one("SELECT max(run_id) AS run_id FROM bill_run").run_id
    return _bank(later_on) | {
        "run": run_id,
        **chased,
        "order": f"{BUYER}/{_order(later_on)}",
        "ended": ended,
        "service": service_id, "used": used_id, "petit": PETIT, "works": WORKS, "paid": paid[0],
        "credit": credit, "change": told.change.change_no, "suspended": f"{SHOP}/{suspended}",
    }  # fmt: skip


def _corrections(context: Any) -> None:
    """A part is credited; a bill is corrected; the family shares a bill."""
    credit_bill(context, PETIT, BillId("FR00000006"), "outage", [Part(1, 7)], by="cli")
    charge(context, PETIT, 7, accepted_on=date(2027, 1, 5))
    bill(context, "2027-01")
    correct_bill(context, PETIT, BillId("FR00000011"), "street", Correction({"street": "x"}), by="cli")
    open_sub_account(context, ACME, "works", by="cli", account_id=WORKS)
    share_bills(context, ACME, by="cli")
    charge(context, WORKS, 7, accepted_on=date(2027, 1, 5))
    bill(context, "2027-01")


def _bank(context: Any) -> dict[str, Any]:
    """A statement of two entries: one pays a bill, one is of nobody known."""
    add_bank_account(context, FR, IBAN, by="cli")
    with context.database.read() as tx:
        owed = tx.one("""
            SELECT b.payment_reference, b.total_minor
              FROM bill b JOIN debt d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
             WHERE b.kind = 'bill' AND NOT EXISTS (SELECT FROM debt_operation o
                                WHERE o.account_id = d.account_id AND o.debt_id = d.debt_id)
             ORDER BY b.bill_id DESC LIMIT 1
        """)
    told = [
        Tx(owed.total_minor, "bank", owed.payment_reference),
        Tx(4_321, "who?"),
        Tx(290, "x", end_to_end="po1"),
    ]
    opening = lambda: nullcontext(io.BytesIO(camt(told)))  # noqa: E731 - a file that is opened anew
    import_bank_file(context, "statement.xml", opening, by="cli")
    with context.database.read() as tx:
        match = tx.one("SELECT match_no, entry_id FROM bank_match WHERE rule <> 11")
        waiting = tx.one("SELECT entry_id FROM bank_inbox")
        statement = tx.one("SELECT statement_id FROM bank_statement")
        own = tx.one("SELECT entry_id FROM bank_own")
    return {
        "match": match.match_no, "matched": match.entry_id, "waiting": waiting.entry_id,
        "statement": statement.statement_id, "own": own.entry_id,
    }  # fmt: skip


def _order(context: Any) -> int:
    """An account with a term orders a server; return the order."""
    open_account(context, Opening(FR, ADDRESSED, BUYER, SupportLevel.BUSINESS), by="cli")
    sells(context, BUYER)
    return ordered(context, SERVER, account_id=BUYER, pays=True).order_id


def _agree(context: Any) -> int:
    """A month with a discount, a minimum spend and credit; return the operation that used it."""
    on, eur = date(2027, 2, 1), Currency("EUR")
    agree_discount(context, Discount(PETIT, DiscountId(0), "Off", on, eur, share_bp=1000), by="cli")
    least = MinimumSpend(PETIT, MinimumSpendId(0), "Least", 5_000, eur, Interval.MONTH, Whose.ACCOUNT, on)
    agree_minimum_spend(context, least, by="cli")
    add_credit(context, SHOP, Credit(50, eur, CreditType.BONUS, "welcome"), by="cli")
    add_credit(context, PETIT, Credit(700, eur, CreditType.VOUCHER, "goodwill"), by="cli")
    bill(context, "2027-02")
    with context.database.read() as tx:
        return int(
            tx.one("SELECT operation_id FROM debt_operation WHERE means = 'credit-balance'").operation_id
        )


def _settle(context: Any, bill_id: str) -> tuple[int, DebtId]:
    with context.database.read() as tx:
        row = tx.one("SELECT * FROM debt WHERE bill_id = %(bill_id)s", bill_id=bill_id)
    receipt = Receipt(date(2027, 1, 2), row.amount_minor, Currency("EUR"))
    part = Allocation(row.account_id, row.debt_id, row.amount_minor)
    settled = settle_debt(context, row.payer_id, receipt, [part], by="cli")
    return settled.operation_ids[0], row.debt_id


@pytest.fixture
def superuser(module_database_url: str, world: dict[str, Any]) -> Iterator[Transaction]:
    """The owner of the tables, with nothing in its way, in a transaction that is undone."""
    with psycopg.connect(module_database_url, row_factory=namedtuple_row) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("ALTER TABLE bill DROP CONSTRAINT bill_check")
        connection.execute("ALTER TABLE bill DROP CONSTRAINT bill_check1")
        connection.execute("DROP INDEX bill_detail_charge")
        connection.execute("ALTER TABLE bill_number DROP CONSTRAINT bill_number_series_id_number_key")
        yield Transaction(connection)
        connection.rollback()


def test_untouched_books_pass_every_check_and_each_compares_something(
    module_database: Database, world: dict[str, Any]
) -> None:
    with module_database.snapshot() as tx:
        found = audit(tx)
    assert {each.name: each.differences for each in found if not each.passed} == {}
    assert [each.name for each in found if not each.compared and each.name not in ELSEWHERE] == []


def test_every_check_has_a_tampering() -> None:
    assert {each.check for each in TAMPERINGS} | ELSEWHERE == {check.name for check in CHECKS}


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda each: f"{each.check}-{each.names}")
def test_it_is_found_and_named(tampering: Tampering, superuser: Transaction, world: dict[str, Any]) -> None:
    (row,) = superuser.all("SELECT encode(buyer_hash, 'hex') AS name FROM bill WHERE bill_id = 'FR00000001'")
    values = {"snapshot": row.name, **world}
    touched = 0
    for statement in tampering.statements:
        touched += superuser.connection.execute(_filled(statement, values).encode()).rowcount
    assert touched, "nothing was tampered with"
    (check,) = [each for each in CHECKS if each.name == tampering.check]
    assert _filled(tampering.names, values) in superuser.one(check.query).differences


def test_the_audit_shares_no_code_with_the_rules() -> None:
    for path in Path(acquit.store.audit.__file__).parent.glob("audit*.py"):
        assert "acquit.core" not in path.read_text(encoding="utf-8"), path.name


def _filled(text: str, values: dict[str, Any]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def test_every_check_is_explained() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "audit.md"
    explained = re.findall(r"^\| `([a-z-]+)` \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    read = ["stamps-signed", "remittance-files", "papers-kept", "papers"]
    assert explained == [*(check.name for check in CHECKS), *read]
