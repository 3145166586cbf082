"""A month is closed with its revenue spread, and stands; VAT, ages and files say what the journal says."""

from datetime import date
from pathlib import Path

import psycopg
import pytest

from acquit.actions.close_period import close_period, reopen_period, seal_year
from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.defer_revenue import defer_revenue
from acquit.actions.export_books import export_aged_balance, export_fec, export_journal
from acquit.actions.import_exchange_rates import import_exchange_rates
from acquit.actions.report_vat import report_vat
from acquit.actions.settle_debt import Receipt, reopen_debt, return_payment, settle_debt
from acquit.core.credit import Part
from acquit.core.debt import Allocation
from acquit.core.exchange_rate import ExchangeRates, RateMissing
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.money import Currency
from acquit.core.operator import RoleForbids
from acquit.core.period import BooksDiffer, PeriodClosed, PeriodSealed, span
from acquit.documents.exchange_rate_file import read_rates
from acquit.store.transaction import Database
from billed import bill, failed, family, later, rows, seller, subscribe
from fec_checker import checked
from founding import ACME, FR, LAB, SHOP

NOV, DEC, JAN = date(2026, 11, 2), date(2026, 12, 1), date(2027, 1, 1)
LEDGERS = """
    SELECT p.ledger, sum(p.amount_minor)::bigint AS minor
      FROM entry e JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
     WHERE e.booked_on <= %(on)s GROUP BY p.ledger HAVING sum(p.amount_minor) <> 0 ORDER BY p.ledger
"""


def world(database: Database, **settings: object) -> Context:
    """Acme renews in the middle of November, its laboratory pays a year ahead, the shop by the month."""
    context = seller(database, NOV, **settings)
    family(context)
    subscribe(context, ACME, "a", next_on=date(2026, 11, 16))
    subscribe(context, LAB, "b", next_on=date(2026, 11, 1), months=12, unit_price_ucents=3_650_000_000)
    subscribe(context, SHOP, "c", next_on=date(2026, 11, 1))
    bill(context)
    return context


def balances(context: Context, on: date) -> dict[str, int]:
    return {row.ledger: row.minor for row in rows(context, LEDGERS, on=on)}


def paid(context: Context, bill_id: str, amount: int | None = None) -> tuple[AccountId, DebtId, int]:
    """Pay a bill today, whole unless told otherwise; return account, debt and operation."""
    (debt,) = rows(context, "SELECT * FROM debt WHERE bill_id = %(bill_id)s", bill_id=bill_id)
    minor = debt.amount_minor if amount is None else amount
    receipt = Receipt(context.clock.today("Europe/Paris"), minor, Currency("EUR"))
    part = Allocation(debt.account_id, debt.debt_id, minor)
    settled = settle_debt(context, debt.payer_id, receipt, [part], by="cli")
    return debt.account_id, DebtId(debt.debt_id), settled.operation_ids[0]


def test_revenue_is_spread_by_the_day_and_released_month_by_month(database: Database) -> None:
    context = world(database)
    made = defer_revenue(later(context, DEC), FR, "2026-11", by="cli")
    assert (made.accounts, made.deferred_minor, made.released_minor) == (2, 3_350 + 500, 0)
    again = defer_revenue(later(context, DEC), FR, "2026-11", by="cli")
    assert (again.accounts, again.deferred_minor, again.released_minor) == (0, 0, 0)
    made = defer_revenue(later(context, JAN), FR, "2026-12", by="cli")
    assert (made.deferred_minor, made.released_minor) == (0, 310 + 500)
    assert balances(context, date(2026, 12, 31))["487000"] == -(3_350 - 310)
    assert failed(later(context, JAN)) == {}


def test_a_credit_note_takes_its_part_of_what_waits(database: Database) -> None:
    context = later(world(database), DEC)
    defer_revenue(context, FR, "2026-11", by="cli")
    credit_bill(context, LAB, BillId("FR00000002"), "ended", [Part(1, 3_650)], by="cli")
    defer_revenue(later(context, JAN), FR, "2026-12", by="cli")
    assert balances(context, date(2026, 12, 31)).get("487000", 0) == 0
    assert failed(later(context, JAN)) == {}


def test_a_closed_month_takes_no_entry_and_stands(database: Database) -> None:
    context = later(world(database), DEC)
    act = close_period(context, FR, "2026-11", by="cli")
    assert (act.entries, len(act.head)) == (5, 64)
    assert sum(each.debit_minor - each.credit_minor for each in act.totals) == 0
    with pytest.raises(psycopg.errors.CheckViolation, match="closed period"), database.write() as tx:
        tx.run("INSERT INTO entry VALUES ('ab12345-acq', 99, 'x', '2026-11-30', 'x', 'x', 'x')")
    with pytest.raises(PeriodClosed):
        bill(context, "2026-11", as_of=date(2026, 11, 30))
    assert failed(context) == {}


def test_money_of_a_closed_month_is_booked_on_the_first_open_day(database: Database) -> None:
    context = later(world(database), DEC)
    close_period(context, FR, "2026-11", by="cli")
    receipt = Receipt(date(2026, 11, 28), 1_200, Currency("EUR"))
    settle_debt(context, SHOP, receipt, [], by="cli")
    (entry,) = rows(context, "SELECT booked_on FROM entry WHERE kind = 'deposit'")
    assert entry.booked_on == DEC
    assert failed(context) == {}


def test_a_month_opens_again_for_the_administrator_until_its_year_is_sealed(database: Database) -> None:
    context = later(world(database), DEC)
    close_period(context, FR, "2026-11", by="cli")
    with pytest.raises(RoleForbids):
        reopen_period(context, FR, "2026-11", "a bill was late", by="operator:bob")
    reopen_period(context, FR, "2026-11", "a bill was late", by="cli")
    close_period(context, FR, "2026-11", by="cli")
    close_period(later(context, JAN), FR, "2026-12", by="cli")
    seal_year(later(context, JAN), FR, 2026, by="cli")
    with pytest.raises(PeriodSealed):
        reopen_period(later(context, JAN), FR, "2026-12", "too late", by="cli")
    assert failed(later(context, JAN)) == {}


def test_a_month_with_an_open_run_or_books_that_differ_stays_open(database: Database) -> None:
    context = later(world(database), DEC)
    with database.write() as tx:
        tx.run("UPDATE bill_run SET status = 'open'")
    with pytest.raises(BooksDiffer, match="run 1 of 2026-11 is open"):
        close_period(context, FR, "2026-11", by="cli")
    with database.write() as tx:
        tx.run("UPDATE bill_run SET status = 'closed'")
        tx.run("UPDATE series SET next_number = 90 WHERE series_id = 'FR'")
    with pytest.raises(BooksDiffer, match="numbers-gapless"):
        close_period(context, FR, "2026-11", by="cli")


def test_vat_on_collection_is_due_when_money_stays(database: Database) -> None:
    context = later(world(database), date(2026, 11, 10))
    account, debt, operation = paid(context, "FR00000002", 2_190)
    report = report_vat(context, FR, "2026-11")
    assert [(each.net_minor, each.tax_minor, each.basis) for each in report.lines] == [(1_825, 365, "money")]
    assert report.ties
    (proof,) = report.proofs
    assert (proof.due_minor, proof.pending_added_minor, proof.pending_after_minor) == (365, 1_130, 765)
    return_payment(later(context, DEC), account, debt, operation, "no funds", by="cli")
    december = report_vat(context, FR, "2026-12")
    assert [(each.net_minor, each.tax_minor) for each in december.lines] == [(-1_825, -365)]
    assert report_vat(context, FR, "2026-Q4").lines == ()
    assert december.ties


def test_vat_on_debits_is_due_with_bills_and_given_back_by_credit_notes(database: Database) -> None:
    context = later(world(database, vat_on_debits=True), date(2026, 11, 10))
    paid(context, "FR00000001")
    credit_bill(context, SHOP, BillId("FR00000003"), "outage", [Part(1, 500)], by="cli")
    report = report_vat(context, FR, "2026-11")
    (line,) = report.lines
    assert (line.net_minor, line.tax_minor, line.basis) == (5_650 - 500, 1_130 - 100, "document")
    assert report.ties
    assert report.proofs[0].pending_after_minor == 0


def test_the_aged_balance_is_the_ledger_and_the_files_are_whole(database: Database, tmp_path: Path) -> None:
    context = later(world(database), date(2026, 11, 10))
    paid(context, "FR00000001")
    account, debt, operation = paid(context, "FR00000003")
    reopen_debt(context, account, debt, operation, "wrong bill", by="cli")
    export_aged_balance(context, FR, date(2027, 2, 15), tmp_path / "aged.csv")
    lines = (tmp_path / "aged.csv").read_text().splitlines()
    assert lines[1:] == [
        "ab12345-acq,Acme Études SARL,EUR,0.00,0.00,0.00,43.80,0.00,43.80,0.00,43.80,1",
        "ab20002-acq,Acme Études SARL,EUR,0.00,0.00,0.00,12.00,0.00,12.00,12.00,0.00,1",
    ]
    made = export_fec(context, FR, span("2026"), tmp_path)
    assert made.path.name == "732829320FEC20261231.txt"
    found = checked(made.path)
    assert found.balances["411000"] == 5_580
    assert found.letters == {"FR00000001"}
    journal = export_journal(context, FR, span("2026-11"), tmp_path / "journal.csv")
    assert journal.rows == made.rows


def test_what_is_billed_in_another_currency_is_told_in_that_of_the_books(
    database: Database, tmp_path: Path
) -> None:
    context = seller(database, NOV, vat_on_debits=True)
    family(context)
    import_exchange_rates(context, b"Date,USD\n2026-11-02,1.0870\n", by="cli")
    subscribe(context, ACME, "a", next_on=date(2026, 11, 1), currency="USD", unit_price_ucents=10_870_000_000)
    bill(context)
    with pytest.raises(RateMissing, match="USD"):
        export_fec(context, FR, span("2026"), tmp_path, rates=ExchangeRates())
    assert list(tmp_path.iterdir()) == []
    other = read_rates(b"Date,USD\n2026-11-02,2\n")
    assert report_vat(context, FR, "2026-11", other) == report_vat(context, FR, "2026-11"), (
        "the bill has told"
    )
    (line,) = report_vat(context, FR, "2026-11").lines
    assert (line.net_minor, line.tax_minor, line.currency) == (10_870, 2_174, "USD")
    assert (line.local_net_minor, line.local_tax_minor) == (10_000, 2_000)
    for asked, journal in (("2026", "VE"), ("2027", "AN")):
        made = export_fec(context, FR, span(asked), tmp_path)
        found = checked(made.path)
        assert {row["JournalCode"] for row in found.rows} == {journal}
        assert found.balances["411000"] == 12_000
    told = checked(tmp_path / "732829320FEC20261231.txt").rows[0]
    assert (told["Montantdevise"], told["Idevise"], told["Debit"]) == ("130,44", "USD", "120,00")
