"""A month is closed with its revenue spread, and stands; VAT, ages and files say what the journal says."""

from datetime import date
from pathlib import Path

import psycopg
import pytest

from acquit.actions.accrue_revenue import accrue_revenue
from acquit.actions.close_period import close_period, reopen_period, seal_year
from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.defer_revenue import defer_revenue
from acquit.actions.export_books import export_aged_balance, export_fec, export_journal
from acquit.actions.import_exchange_rates import import_exchange_rates
from acquit.actions.open_account import Opening, open_account
from acquit.actions.report_vat import report_vat
from acquit.actions.settle_debt import Receipt, reopen_debt, return_payment, settle_debt
from acquit.core.account import LegalParty
from acquit.core.credit import Part
from acquit.core.debt import Allocation
from acquit.core.exchange_rate import ExchangeRates, RateMissing
from acquit.core.identifiers import AccountId, BillId, DebtId, LegalPartyId
from acquit.core.money import Currency
from acquit.core.operator import RoleForbids
from acquit.core.period import BooksDiffer, PeriodClosed, PeriodSealed, span
from acquit.documents.book_tables import vat_csv
from acquit.documents.exchange_rate_file import read_rates
from acquit.store.transaction import Database
from billed import bill, failed, family, later, rows, seller, subscribe
from fec_checker import checked
from founding import ACME, FR, LAB, PETIT, SHOP
from metering import event, measure, send

BERLIN = AccountId("de10001-acq")
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


def test_use_that_is_rated_and_billed_later_is_accrued_and_taken_back_on_the_next_day(
    database: Database,
) -> None:
    """Petit's traffic of October is billed on 1 November: 40 GB less 10 included at 0.10 are October's."""
    context = seller(database, NOV)
    family(context)
    measure(context)
    subscribe(context, PETIT, "srv", next_on=date(2026, 1, 1), unit_price_ucents=0)
    send(context, event("t1", "srv", 40))
    bill(context, "2026-10", as_of=date(2026, 11, 1))
    made = accrue_revenue(context, FR, "2026-10", by="cli")
    assert (made.accounts, made.accrued_minor) == (1, 300)
    assert balances(context, date(2026, 10, 31)) == {"418100": 300, "706000": -300}
    assert balances(context, NOV) == {"411000": 360, "445740": -60, "706000": -300}
    assert accrue_revenue(context, FR, "2026-10", by="cli").accounts == 0
    assert failed(context) == {}
    send(context, event("t2", "srv", 10))
    then = later(context, DEC)
    bill(then, "2026-11", as_of=DEC)
    assert failed(then) == {}, "what came later does not contradict what was known"
    assert accrue_revenue(then, FR, "2026-10", by="cli").accounts == 0, "late use is a charge of November"
    act = close_period(then, FR, "2026-10", by="cli")
    assert {each.ledger for each in act.totals} == {"418100", "706000"}
    with pytest.raises(PeriodClosed):
        accrue_revenue(then, FR, "2026-10", by="cli")
    close_period(then, FR, "2026-11", by="cli")
    assert balances(then, date(2026, 11, 30))["418100"] == 100
    assert balances(then, DEC).get("418100", 0) == 0
    assert failed(then) == {}


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


def test_what_businesses_of_other_member_states_got_is_declared_in_euro(database: Database) -> None:
    context = seller(database, NOV)
    wolke = LegalParty(
        LegalPartyId(0), date(2020, 1, 1), "Wolke", "DE", vat_id="DE136695976", street="Allee 1", zip="10115",
        city="Berlin",
    )  # fmt: skip
    open_account(context, Opening(FR, wolke, BERLIN), by="cli")
    subscribe(
        context, BERLIN, "a", next_on=date(2026, 11, 1), currency="USD", unit_price_ucents=10_000_000_000
    )
    bill(context)
    (partner,) = report_vat(context, FR, "2026-11").partners
    assert (partner.net_minor, partner.currency, partner.net_units) == (10_000, "USD", None)
    rates = read_rates(b"Date,USD\n2026-11-02,1.2500\n")
    (partner,) = report_vat(context, FR, "2026-11", rates).partners
    assert (partner.local_net_minor, partner.net_units) == (8_000, 80)
    (row,) = (row for row in vat_csv(report_vat(context, FR, "2026-11", rates)).decode().splitlines()
              if row.startswith("partner"))  # fmt: skip
    assert row == "partner,,DE,AE,,,USD,100.00,,,80.00,,DE136695976,Wolke,,"


def test_money_at_another_rate_than_the_bills_leaves_a_gain_and_a_settled_bill_leaves_nothing(
    database: Database, tmp_path: Path
) -> None:
    context = seller(database, NOV)
    family(context)
    import_exchange_rates(context, b"Date,USD\n2026-11-02,1.2500\n", by="cli")
    subscribe(context, ACME, "a", next_on=date(2026, 11, 1), currency="USD", unit_price_ucents=10_000_000_000)
    bill(context)
    then = later(context, DEC)
    (debt,) = rows(then, "SELECT account_id, debt_id, amount_minor FROM debt")
    receipt = Receipt(DEC, 12_000, Currency("USD"))
    part = Allocation(debt.account_id, DebtId(debt.debt_id), 12_000)
    settle_debt(then, ACME, receipt, [part], by="cli")
    rates = read_rates(b"Date,USD\n2026-12-01,1.0000\n2026-11-02,1.2500\n")
    found = checked(export_fec(then, FR, span("2026"), tmp_path, rates=rates).path)
    # 120.00 USD were 96.00 EUR when billed (16.00 of them tax that waits) and 120.00 EUR when paid; the tax
    # is due at the rate of the day on which it becomes due: 20.00.
    assert {ledger: minor for ledger, minor in found.balances.items() if minor} == {
        "512000": 12_000, "706000": -8_000, "445710": -2_000, "756000": -2_000,
    }  # fmt: skip
    assert found.letters == {"FR00000001"}
    monthly = checked(export_fec(then, FR, span("2026-12"), tmp_path, rates=rates).path)
    assert (monthly.balances["411000"], monthly.balances["756000"]) == (0, -2_000)
    after = checked(export_fec(later(context, JAN), FR, span("2026"), tmp_path, rates=rates).path)
    assert after.balances == found.balances, "nothing is open, so the end of the year adds nothing"


def test_what_is_open_at_the_end_of_a_year_is_told_at_its_rate_and_taken_back(
    database: Database, tmp_path: Path
) -> None:
    context = seller(database, NOV, vat_on_debits=True)
    family(context)
    import_exchange_rates(context, b"Date,USD\n2026-11-02,1.2500\n", by="cli")
    subscribe(context, ACME, "a", next_on=date(2026, 11, 1), currency="USD", unit_price_ucents=10_000_000_000)
    bill(context)
    then = later(context, JAN)
    with pytest.raises(RateMissing, match="2026-12-31"):
        export_fec(then, FR, span("2026"), tmp_path, rates=read_rates(b"Date,USD\n2026-11-02,1.2500\n"))
    rates = read_rates(b"Date,USD\n2026-12-31,1.5000\n2026-11-02,1.2500\n")
    year = checked(export_fec(then, FR, span("2026"), tmp_path, rates=rates).path)
    assert (year.balances["411000"], year.balances["476000"]) == (8_000, 1_600)
    following = checked(export_fec(then, FR, span("2027"), tmp_path, rates=rates).path)
    opened = {row["CompteNum"]: row["Debit"] for row in following.rows if row["JournalCode"] == "AN"}
    assert (opened["411000"], opened["476000"]) == ("80,00", "16,00")
    assert (following.balances["411000"], following.balances["476000"]) == (9_600, 0)
    month = checked(export_fec(then, FR, span("2027-02"), tmp_path, rates=rates).path)
    assert (month.balances["411000"], month.balances["476000"]) == (9_600, 0)
