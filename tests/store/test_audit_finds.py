"""Each check of the audit finds the one row that was tampered with, and names it.

A superuser tampers inside a transaction that is undone, with triggers and constraints out of the way: the
application's own role could not.
"""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

import acquit.store.audit
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
from acquit.store import audit_remittances
from acquit.store.audit import CHECKS, audit
from acquit.store.transaction import Database, Transaction
from banking import IBAN, Tx, camt
from billed import ADDRESSED, bill, charge, family, later, seller, subscribe
from founding import ACME, FR, LAB, PETIT, SHOP
from metering import event, measure, send
from ordering import SERVER, ordered, sells
from store.chased import CHASED, chase

WORKS = AccountId("ab20003-acq")
BUYER = AccountId("ef11111-acq")
ONE = "WHERE bill_id = 'FR00000001'"
PENDING = "WHERE ledger = '445740'"
ACMES = f"WHERE account_id = '{ACME}'"
USE = "{petit}/{used}/traffic/2026-10"
ELSEWHERE = {check.name for check in audit_remittances.CHECKS}
"""Checks that a module of their own tampers with: test_audit_of_remittances."""

SECOND = f"WHERE account_id = '{PETIT}' AND entry_no = 2"


@dataclass(frozen=True, slots=True)
class Tampering:
    """What the superuser does, which check sees it, and which id it names."""

    check: str
    statements: Sequence[str]
    names: str


def by(check: str, names: str, *statements: str) -> Tampering:
    return Tampering(check, statements, names)


TAMPERINGS = [
    by("detail-amounts", "FR00000001/1", f"UPDATE bill_detail SET unit_price_ucents = 999000000 {ONE}"),
    by("bill-details", "FR00000001", f"UPDATE bill_detail SET net_minor = net_minor + 1 {ONE}"),
    by("bill-details", "FR00000002", "DELETE FROM bill_detail WHERE bill_id = 'FR00000002'"),
    by("bill-totals", "FR00000001", f"UPDATE bill SET total_minor = total_minor + 1 {ONE}"),
    by("bill-taxes", "FR00000001", f"UPDATE bill_tax SET tax_minor = tax_minor + 1 {ONE}"),
    by("bill-taxes", "FR00000001", f"DELETE FROM bill_tax {ONE}"),
    by("tax-bases", "FR00000001/S/2000", f"UPDATE bill_detail SET vat_rate_bp = 1000 {ONE}"),
    by("due-dates", "FR00000001", f"UPDATE bill SET due_on = due_on + 1 {ONE}"),
    by("numbers-gapless", "FR/1", f"DELETE FROM bill_number {ONE}"),
    by("numbers-gapless", "FR/1", f"UPDATE bill_number SET number = 2 {ONE}"),
    by("numbers-gapless", "FR/17", "UPDATE series SET next_number = 18 WHERE series_id = 'FR'"),
    by("numbers-gapless", "RC/1", "DELETE FROM deposit WHERE deposit_id = 'RC00000001'"),
    by("number-dates", "FR00000002", f"UPDATE bill_number SET issued_on = issued_on + 40 {ONE}"),
    by("number-dates", "FR00000016", "UPDATE series SET last_on = last_on + 1 WHERE series_id = 'FR'"),
    by("numbered-bills", "FR00000001", f"UPDATE bill_number SET account_id = 'zz99999-acq' {ONE}"),
    by("numbered-bills", "FR00000001", f"UPDATE bill SET issued_at = issued_at - interval '2 days' {ONE}"),
    by("payment-references", "FR00000001", f"UPDATE bill SET payment_reference = 'RF05100000001' {ONE}"),
    by("bill-orders", "FR00000001", f"DELETE FROM bill_order {ONE}"),
    by("bill-snapshots", "FR00000001", f"UPDATE bill SET buyer_hash = '\\x00' {ONE}"),
    by(
        "snapshots",
        "{snapshot}",
        "UPDATE snapshot SET body = jsonb_set(body, '{city}', '\"Elsewhere\"') "
        "WHERE encode(snapshot_hash, 'hex') = '{snapshot}'",
    ),
    by("credit-notes", "AV00000001", "UPDATE bill SET corrects_bill_id = 'FR0' WHERE bill_id = 'AV00000001'"),
    by(
        "charges-billed-once",
        "{petit}/{service}/renewal/2026-11-01",
        f"UPDATE bill_detail SET correction_no = 0, account_id = '{PETIT}', service_id = {{service}}, "
        "kind = 'renewal', period_start = '2026-11-01' WHERE bill_id = 'FR00000001'",
    ),
    by(
        "charges-as-accepted",
        "{petit}/{service}/usage/2026-10-01",
        "UPDATE bill_detail SET quantity_e4 = 1 WHERE kind = 'usage'",
    ),
    by(
        "charges-as-accepted",
        "{petit}/{service}/usage/2026-10-01",
        "DELETE FROM charge WHERE kind = 'usage'",
    ),
    by(
        "charges-open",
        "{petit}/{service}/usage/2026-10-01",
        "INSERT INTO open_charge SELECT account_id, service_id, kind, part, period_start, accepted_on "
        "FROM charge WHERE kind = 'usage'",
    ),
    by("charges-open", "{petit}/7/usage:cpu/2026-10-01",
       "INSERT INTO open_charge VALUES ('" + PETIT + "', 7, 'usage', 'cpu', '2026-10-01', '2026-10-31')"),
    by(
        "charges-credited",
        "{petit}/{service}/usage/2026-10-01",
        "INSERT INTO credited_charge SELECT account_id, service_id, kind, part, period_start, account_id, "
        "'FR00000001', 200 FROM charge WHERE kind = 'usage'",
    ),
    by("charges-conserved", "EUR/2026-10-31", "UPDATE bill_detail SET net_minor = 7 WHERE kind = 'usage'"),
    by(
        "renewal-dates",
        "{petit}/{service}",
        "UPDATE service SET next_renewal_on = '2026-12-01' WHERE service_id = {service}",
    ),
    by(
        "renewal-periods",
        "{petit}/{service}/2026-12-01",
        "UPDATE bill_detail SET period_end = '2026-12-15' WHERE kind = 'renewal' AND service_id = {service} "
        "AND period_start = '2026-11-01'",
    ),
    by("order-draws", "FR00000001", "UPDATE purchase_order_draw SET amount_minor = 1 " + ONE),
    by("order-draws", "FR00000001", f"UPDATE bill SET purchase_order_id = NULL {ONE}"),
    by("order-maxima", f"{ACME}/100", "UPDATE purchase_order SET amount_max_minor = 1"),
    by("order-lines", f"{LAB}/101/1", "UPDATE purchase_order_line SET amount_max_minor = 1"),
    by("order-lines", f"{ACME}/100/9", f"UPDATE bill_detail SET purchase_order_line_no = 9 {ONE}"),
    by("run-totals", "1/EUR", "UPDATE bill_run_page SET net_minor = net_minor + 1 WHERE run_id = 1"),
    by("run-totals", "1/EUR", f"UPDATE bill SET run_id = NULL {ONE}"),
    by(
        "page-heads",
        "1/1",
        "UPDATE entry SET hash = sha256('rewritten') WHERE kind = 'bill' AND reference = 'FR00000001'",
    ),
    by("closed-runs", "FR/2026-11", "UPDATE parked_account SET resolved_at = NULL WHERE run_id = 1"),
    by("usage-intake", "chunk/1", "DELETE FROM usage_event WHERE event_id = 'u1'"),
    by("usage-intake", "chunk/1", "DELETE FROM usage_rejected"),
    by("usage-intake", "FR/2026-10", "UPDATE usage_intake SET accepted = accepted + 1"),
    by("usage-once", "test/u1", "UPDATE usage_event SET used_on = used_on + 31 WHERE event_id = 'u1'"),
    by("usage-once", "test/fix", "UPDATE usage_event SET meter = 'disk' WHERE event_id = 'fix'"),
    by("usage-rated", USE, "UPDATE usage_event SET quantity_e4 = 1 WHERE event_id IN ('u1', 'fix')"),
    by("usage-rated", USE, "UPDATE usage_rating SET events = events + 1"),
    by("usage-pending", USE, "DELETE FROM usage_rating"),
    by("usage-pending", "{petit}/{used}/traffic/2026-11", "DELETE FROM usage_pending"),
    by("usage-charged", f"{USE}/1", "UPDATE charge SET quantity_e4 = 1 WHERE part = 'usage:traffic:tier-01'"),
    by("usage-charged", f"{USE}/1", "DELETE FROM charge WHERE part = 'usage:traffic:tier-01'"),
    by("usage-charged", USE, "UPDATE usage_rating SET net_minor = net_minor + 1"),
    by("agreements", "{petit}/{service}", "UPDATE service SET quantity_e4 = 1 WHERE service_id = {service}"),
    by("agreements", "{petit}/{service}", "DELETE FROM service_agreement WHERE agreement_no = 1"),
    by("planned-changes", "{petit}/{change}", "UPDATE planned_change SET applied_on = applied_on + 1"),
    by("planned-changes", "{petit}/{change}", "UPDATE planned_change SET unit_price_ucents = 7"),
    by("planned-changes", "{petit}/{change}", "DELETE FROM planned_change"),
    by(
        "days-settled",
        "{petit}/{ended}/end-back/2027-02-01",
        "UPDATE charge SET unit_price_ucents = unit_price_ucents + 1000000 WHERE part = 'end-back'",
    ),
    by(
        "days-settled",
        "{petit}/{ended}/end-back/2027-02-01",
        "UPDATE service SET renewal_months = 2 WHERE service_id = {ended}",
    ),
    by("suspensions", "{suspended}", "UPDATE service SET state = 'active' WHERE state = 'suspended'"),
    by(
        "service-orders",
        "{order}",
        "UPDATE service_order_detail SET net_minor = net_minor + 1 WHERE detail_no = 1",
    ),
    by(
        "service-orders",
        "{order}",
        "UPDATE service_order_detail SET unit_price_ucents = 7 WHERE detail_no = 1",
    ),
    by("service-orders", "{order}", "DELETE FROM service_order_detail WHERE detail_no = 2"),
    by("orders-delivered", "{order}", "DELETE FROM service_order_payment"),
    by("orders-delivered", "{order}", "DELETE FROM service_order_service"),
    by("orders-delivered", "{order}", "DELETE FROM service_order_line"),
    by("orders-delivered", "{order}", "DELETE FROM service WHERE plan_code = 'ram-32'"),
    by("entries-balanced", f"{ACME}/1", f"DELETE FROM posting {ACMES} AND posting_no = 1"),
    by("entries-balanced", f"{ACME}/1", f"DELETE FROM entry WHERE account_id = '{ACME}'"),
    by("entry-chain", f"{PETIT}/2", f"UPDATE entry SET reference = 'x' {SECOND}"),
    by("entry-chain", f"{PETIT}/2", f"UPDATE posting SET ledger = '0' {SECOND}"),
    by("entry-chain", f"{PETIT}/2", f"DELETE FROM entry WHERE account_id = '{PETIT}' AND entry_no = 1"),
    by("bill-entries", "FR00000001", "UPDATE entry SET reference = 'x' WHERE reference = 'FR00000001'"),
    by(
        "bill-entries",
        "FR00000001",
        f"UPDATE posting SET ledger = '445710' WHERE account_id = '{ACME}' AND entry_no = 1 "
        "AND ledger = '706000'",
    ),
    by("bill-debts", "FR00000001", f"UPDATE debt SET amount_minor = amount_minor - 1 {ONE}"),
    by("bill-debts", "FR00000001", f"DELETE FROM debt {ONE}"),
    by("family-sums", f"{ACME}/EUR", f"UPDATE debt SET payer_id = '{PETIT}' {ONE}"),
    by(
        "debt-operations",
        "FR00000003",
        "UPDATE debt_operation SET amount_minor = amount_minor + 1000000 "
        "WHERE debt_id = (SELECT debt_id FROM debt WHERE bill_id = 'FR00000003')",
    ),
    by(
        "debt-operations",
        "FR00000004",
        "UPDATE debt_operation SET reverses_id = 1 WHERE kind = 'reopened'",
    ),
    by("operation-entries", "FR00000003/{paid}", "DELETE FROM debt_operation WHERE operation_id = {paid}"),
    by("credits", "FR00000002", "DELETE FROM debt_operation WHERE kind = 'credit'"),
    by("deposits", "RC00000001", "UPDATE deposit SET amount_minor = 1 WHERE deposit_id = 'RC00000001'"),
    by(
        "deposit-entries",
        "RC00000001",
        "UPDATE deposit SET amount_minor = amount_minor + 1 WHERE deposit_id = 'RC00000001'",
    ),
    by("money-conserved", "FR/EUR", "UPDATE posting SET ledger = '0' WHERE ledger = '419100'"),
    by("receivable", "FR/EUR", "UPDATE posting SET amount_minor = amount_minor + 1 WHERE ledger = '411000'"),
    by("discounts-agreed", "FR00000016/2", "UPDATE discount SET from_on = '2027-03-01'"),
    by("discounts-agreed", "FR00000016/2", "DELETE FROM discount"),
    by("minimums-agreed", "FR00000016/4", "UPDATE minimum_spend SET amount_minor = 1"),
    by("minimums-agreed", "FR00000016/4", "UPDATE minimum_spend SET amount_minor = amount_minor + 1"),
    by("credit-lots", f"{PETIT}/2", "UPDATE credit_movement SET amount_minor = 1 WHERE movement_id = 2"),
    by("credit-operations", f"{PETIT}/{{credit}}", "DELETE FROM credit_movement WHERE amount_minor < 0"),
    by("credit-balances", "FR/EUR", "UPDATE posting SET ledger = '0' WHERE ledger = '419700'"),
    by("run-inputs", "{run}/1", "DELETE FROM bill_run_input WHERE run_id = {run}"),
    by(
        "shared-slices",
        "FR00000013/{works}",
        "UPDATE bill_slice SET net_minor = net_minor + 1 WHERE owner_id = '{works}'",
    ),
    by("shared-slices", "FR00000013", "UPDATE bill_slice SET tax_minor = tax_minor + 1 WHERE slice_no = 1"),
    by("shared-slices", "FR00000013/{works}", "UPDATE bill_detail SET owner_id = NULL"),
    by("shared-slices", "FR00000013/{works}", "DELETE FROM bill_slice"),
    by(
        "shared-owners",
        "FR00000013/{works}",
        "UPDATE account SET parent_id = '{petit}', payer_id = '{petit}' WHERE account_id = '{works}'",
    ),
    by("shared-owners", "FR00000013/{works}", "UPDATE bill_sharing SET from_on = '2027-03-01'"),
    by("shared-owners", "FR00000013/{works}", "UPDATE bill SET payer_id = 'x' WHERE bill_id = 'FR00000013'"),
    by("family-view", f"{ACME}/2026-11/EUR", f"UPDATE bill_tax SET tax_minor = tax_minor + 1 {ONE}"),
    by(
        "corrective-bills",
        "FR00000012",
        "UPDATE bill SET net_minor = net_minor + 1 WHERE bill_id = 'FR00000011'",
    ),
    by("corrective-bills", "FR00000012", "DELETE FROM bill WHERE bill_id = 'AV00000003'"),
    by("credited-vat", "AV00000002", "UPDATE bill_tax SET tax_minor = 0 WHERE bill_id = 'AV00000002'"),
    by("settings", "FR/price_notice_days", "UPDATE legal_entity SET price_notice_days = 7"),
    by("vat-report", "FR/2027-01/EUR", "UPDATE entry SET reference = 'FR9/1' WHERE kind = 'settlement'"),
    by("aged-balance", "FR00000003", "UPDATE entry SET reference = 'FR00000004/1' "
       "WHERE kind = 'settlement' AND reference LIKE 'FR00000003/%'"),
    by("aged-balance", "FR00000001", f"UPDATE debt SET amount_minor = amount_minor - 1 {ONE}"),
    by("deferred-revenue", f"{ACME}/EUR", "UPDATE posting SET amount_minor = amount_minor - 1 "
       f"WHERE ledger = '487000' AND account_id = '{ACME}'"),
    by("deferred-revenue", f"{ACME}/EUR", "UPDATE bill_detail SET period_end = period_end + 9 "
       "WHERE kind = 'renewal'"),
    by("closed-periods", "FR/2026-11", "UPDATE entry SET booked_on = '2026-12-01' "
       "WHERE reference = 'FR00000001'"),
    by("closed-periods", "FR/2026-11", "UPDATE entry SET hash = '' WHERE reference = 'FR00000001'"),
    by("closed-periods", "FR/2026-11", "UPDATE posting SET amount_minor = amount_minor + 1 "
       f"WHERE account_id = '{ACME}' AND entry_no = 1 AND posting_no = 1"),
    by("vat-pending", "FR00000003", f"UPDATE posting SET ledger = '0' {PENDING} AND amount_minor > 0"),
    by("bank-statements", "FR/{statement}", "UPDATE bank_statement SET told = told + 1"),
    by("bank-statements", "FR/{statement}", "DELETE FROM bank_entry WHERE entry_id = {waiting}"),
    by(
        "bank-entries",
        "FR/{matched}",
        "UPDATE bank_entry SET amount_minor = amount_minor + 1 WHERE entry_id = {matched}",
    ),
    by("bank-entries", "FR/{waiting}", "DELETE FROM bank_move WHERE entry_id = {waiting}"),
    by("bank-entries", "FR/{matched}", "DELETE FROM bank_telling WHERE entry_id = {matched}"),
    by("bank-suspense", "FR/EUR", "UPDATE posting SET ledger = '0' WHERE ledger = '471000'"),
    by("bank-suspense", "FR/EUR", "DELETE FROM bank_move WHERE kind = 'suspense'"),
    by("bank-deposits", "FR/{matched}", "UPDATE deposit SET received_on = '2020-01-01' WHERE label = 'bank'"),
    by("bank-matches", "FR/match/{match}", "UPDATE bank_match_part SET amount_minor = amount_minor + 1 "
       "WHERE kind = 'paid'"),
    by("bank-matches", "FR/{matched}", "DELETE FROM bank_match WHERE rule <> 11"),
    by("bank-matches", "FR/inbox/{waiting}", "DELETE FROM bank_inbox"),
    by("bank-own", "FR/{own}", "DELETE FROM bank_own"),
    by("bank-own", "FR/{own}/bank-x/po1", "UPDATE bank_own SET amount_minor = amount_minor - 1"),
    by("bank-own", "FR/{own}/bank-x/po1", "UPDATE acquirer_payout SET fee_minor = fee_minor + 1"),
    *(by(*each) for each in CHASED),
]  # fmt: skip


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
    measure(context)
    used_id = subscribe(context, PETIT, "u", next_on=date(2026, 10, 1), unit_price_ucents=0)
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
    assert explained == [*(check.name for check in CHECKS), "remittance-files", "papers"]
