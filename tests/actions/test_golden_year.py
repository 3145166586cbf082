"""A year of a small seller, closed month by month: every report of it says the same as every other."""

import csv
import json
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Final

import duckdb
import pytest

from acquit.actions.close_period import close_period, seal_year
from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.export_books import export_aged_balance, export_fec, export_journal
from acquit.actions.gather_evidence import gather_evidence
from acquit.actions.open_account import Opening, open_account
from acquit.actions.report_vat import report_vat, vat_report_csv
from acquit.actions.settle_debt import Receipt, return_payment, settle_debt
from acquit.actions.state_account import state_account, statement_pdf, statement_table
from acquit.adapters.archive import DirectoryArchive
from acquit.core.account import LegalParty
from acquit.core.debt import Allocation
from acquit.core.identifiers import AccountId, BillId, LegalPartyId
from acquit.core.money import Currency
from acquit.core.period import span
from acquit.documents.statement import statement_sheet
from acquit.store.transaction import Database
from billed import bill, failed, family, later, rows, seller, subscribe
from fec_checker import Checked, checked
from founding import ACME, FR, LAB, PETIT, SHOP

EUR: Final = Currency("EUR")
BERLIN: Final = AccountId("de10001-acq")
WOLKE: Final = LegalParty(
    LegalPartyId(0), date(2020, 1, 1), "Wolke GmbH", "DE", vat_id="DE136695976", street="Allee 1",
    zip="10115", city="Berlin",
)  # fmt: skip
NEW_YEAR: Final = date(2027, 1, 1)
UNPAID: Final = """
    SELECT * FROM debt
     WHERE opened_at >= %(since)s::timestamp AT TIME ZONE 'Europe/Paris'
     ORDER BY debt_id
"""


@pytest.fixture(scope="module")
def year(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """2026: bills on the first, most are paid on the 20th, one is returned, one credited; all is closed."""
    context = seller(module_database, date(2026, 1, 1))
    context = replace(context, archive=DirectoryArchive(tmp_path_factory.mktemp("papers")))
    family(context)
    open_account(context, Opening(FR, WOLKE, BERLIN), by="cli")
    subscribe(context, ACME, "a", next_on=date(2026, 1, 10), unit_price_ucents=3_333_000_000)
    subscribe(context, LAB, "b", next_on=date(2026, 3, 1), months=12, unit_price_ucents=36_500_000_000)
    subscribe(context, SHOP, "c", next_on=date(2026, 1, 1))
    subscribe(context, BERLIN, "d", next_on=date(2026, 1, 1), unit_price_ucents=20_000_000_000)
    for month in range(1, 13):
        _month(context, date(2026, month, 1))
    closing = _on(context, NEW_YEAR)
    close_period(closing, FR, "2026-12", by="cli")
    seal_year(closing, FR, 2026, by="cli")
    return closing


def _on(context: Context, on: date) -> Context:
    context.database.clock = lambda: datetime.combine(on, time(9), UTC)
    return replace(later(context, on), archive=context.archive)


def _month(context: Context, first: date) -> None:
    today = _on(context, first)
    if first.month > 1:
        close_period(today, FR, f"2026-{first.month - 1:02d}", by="cli")
    bill(today, f"{first:%Y-%m}")
    paying = _on(context, first.replace(day=20))
    for place, debt in enumerate(rows(context, UNPAID, since=first)):
        if (first.month, place) in {(11, 0), (12, 1), (12, 2)}:
            continue
        part = Allocation(debt.account_id, debt.debt_id, debt.amount_minor)
        received = Receipt(first.replace(day=20), debt.amount_minor + 100 * (first.month == 6), EUR)
        made = settle_debt(paying, debt.payer_id, received, [part], by="cli")
        if (first.month, place) == (5, 1):
            operation, ends = made.operation_ids[0], _on(context, first.replace(day=25))
            return_payment(ends, debt.account_id, debt.debt_id, operation, "no funds", by="cli")
    if first.month == 8:
        (billed, *_) = rows(context, "SELECT * FROM bill WHERE account_id = 'ab20002-acq' ORDER BY bill_id")
        credit_bill(paying, SHOP, BillId(billed.bill_id), "outage", by="cli")


@pytest.fixture(scope="module")
def fec(year: Context, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    made = export_fec(year, FR, span("2026"), tmp_path_factory.mktemp("fec"))
    return checked(made.path)


def test_the_audit_passes(year: Context) -> None:
    assert failed(year) == {}


def test_the_fec_is_lawful_and_its_revenue_is_what_was_earned_by_the_day(year: Context, fec: Checked) -> None:
    assert {row["JournalCode"] for row in fec.rows} == {"VE", "BQ", "OD"}
    billed = sum(each.net_minor for each in rows(year, "SELECT net_minor FROM bill WHERE kind = 'bill'"))
    credited = sum(each.net_minor for each in rows(year, "SELECT net_minor FROM bill WHERE kind <> 'bill'"))
    year_ahead = 36_500 - 36_500 * 306 // 365
    month_ahead = 3_333 - (3_333 * 22 * 2 + 31) // 62
    assert fec.balances["487000"] == -(year_ahead + month_ahead)
    assert -fec.balances["706000"] == billed - credited - year_ahead - month_ahead


def test_the_vat_of_the_months_is_the_vat_of_the_year_and_of_the_ledger(year: Context, fec: Checked) -> None:
    months = [report_vat(year, FR, f"2026-{month:02d}") for month in range(1, 13)]
    whole = report_vat(year, FR, "2026")
    assert all(each.ties for each in (*months, whole))
    assert (
        sum(each.told_minor("EUR") for each in months) == whole.told_minor("EUR") == -fec.balances["445710"]
    )
    assert whole.proofs[0].pending_after_minor == -fec.balances["445740"]
    domestic, reverse = whole.lines
    assert (domestic.section, domestic.rate_bp, domestic.basis) == ("domestic", 2_000, "money")
    assert abs(domestic.tax_minor * 5 - domestic.net_minor) <= 5 * domestic.documents
    assert (reverse.section, reverse.net_minor, reverse.tax_minor) == ("reverse-charge", 12 * 20_000, 0)
    (partner,) = whole.partners
    assert (partner.vat_id, partner.net_units, partner.outcome) == ("DE136695976", 2_400, "")
    assert vat_report_csv(whole).decode().count("\n") == 1 + 2 + 1 + 6


def test_each_payer_of_the_fec_is_one_of_the_aged_balance(
    year: Context, fec: Checked, tmp_path: Path
) -> None:
    export_aged_balance(year, FR, date(2026, 12, 31), tmp_path / "aged.csv")
    told = {row["payer"]: _cents(row["owed"]) for row in csv.DictReader((tmp_path / "aged.csv").open())}
    owed = {
        payer: cents for (ledger, payer), cents in fec.auxiliaries.items() if ledger == "411000" and cents
    }
    assert owed == {payer: cents for payer, cents in told.items() if cents}
    assert LAB not in {payer for _, payer in fec.auxiliaries}


def test_the_aged_balance_is_the_receivable_account_and_what_payers_have_in_hand(
    year: Context, fec: Checked, tmp_path: Path
) -> None:
    export_aged_balance(year, FR, date(2026, 12, 31), tmp_path / "aged.csv")
    told = list(csv.DictReader((tmp_path / "aged.csv").open()))
    assert sum(_cents(row["owed"]) for row in told) == fec.balances["411000"]
    assert sum(_cents(row["in_hand"]) for row in told) == -fec.balances["419100"]
    for row in told:
        columns = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90")
        assert sum(_cents(row[name]) for name in columns) == _cents(row["owed"])
        assert _cents(row["owed"]) - _cents(row["in_hand"]) == _cents(row["balance"])


@pytest.mark.parametrize("account_id", [ACME, SHOP, BERLIN, PETIT])
def test_a_statement_closes_with_the_aged_balance(
    year: Context, account_id: AccountId, tmp_path: Path
) -> None:
    export_aged_balance(year, FR, date(2026, 12, 31), tmp_path / "aged.csv")
    told = {row["payer"]: _cents(row["balance"]) for row in csv.DictReader((tmp_path / "aged.csv").open())}
    stated = state_account(year, account_id, date(2026, 7, 1), date(2026, 12, 31))
    assert stated[0].closing_minor == told.get(account_id, 0)
    first = state_account(year, account_id, date(2026, 1, 1), date(2026, 6, 30))
    assert first[0].closing_minor == stated[0].opening_minor
    lines = statement_table(stated).decode().splitlines()
    assert len(lines) == len(stated[0].movements) + 3


@pytest.mark.parametrize("language", ["fr_FR", "en_GB"])
def test_a_statement_is_a_paper_of_the_same_bytes(year: Context, language: str) -> None:
    stated = state_account(year, ACME, date(2026, 1, 1), date(2026, 12, 31))
    made = statement_pdf(stated, language)
    assert made.startswith(b"%PDF-")
    assert made == statement_pdf(stated, language)


def test_a_statement_names_bills_not_operations_and_adds_up_what_was_owed_and_paid(year: Context) -> None:
    statement, sold_by, _ = state_account(year, SHOP, date(2026, 1, 1), date(2026, 12, 31))
    sheet = statement_sheet(statement, sold_by, "en_GB")
    assert [row[1:4] for row in sheet.movements if "returned" in row[1]] == [
        ("Payment returned", "FR00000015", "12.00")
    ]
    assert sheet.movements[-1][3:] == ("156.00", "145.00", "11.00")
    assert sheet.movements_heading == "Movements (EUR)"


def test_the_evidence_of_a_month_is_whole_and_of_the_same_bytes(year: Context, tmp_path: Path) -> None:
    first = gather_evidence(year, FR, "2026-08", tmp_path / "first.zip", bills=2)
    again = gather_evidence(year, FR, "2026-08", tmp_path / "again.zip", bills=2)
    assert first.sha256 == again.sha256 == sha256((tmp_path / "first.zip").read_bytes()).hexdigest()
    with zipfile.ZipFile(tmp_path / "first.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        listed = {each["name"]: each["sha256"] for each in manifest["files"]}
        assert set(archive.namelist()) == {*listed, "manifest.json"}
        assert all(sha256(archive.read(name)).hexdigest() == digest for name, digest in listed.items())
        assert len([name for name in listed if name.startswith("bills/")]) == 2
        (tmp_path / "732829320FEC20260831.txt").write_bytes(archive.read("732829320FEC20260831.txt"))
        (closing,) = [
            row
            for row in csv.DictReader(archive.read("periods.csv").decode().splitlines())
            if row["happening"] == "closed"
        ]
        assert closing["head"] == manifest["head"]
        verbs = {row["verb"] for row in csv.DictReader(archive.read("acts.csv").decode().splitlines())}
        assert {"credit_bill", "settle_debt", "close_period"} <= verbs
    found = checked(tmp_path / "732829320FEC20260831.txt")
    assert "AN" in {row["JournalCode"] for row in found.rows}


def test_the_journal_is_a_typed_table_too(year: Context, tmp_path: Path) -> None:
    table = export_journal(year, FR, span("2026"), tmp_path / "journal.csv")
    made = export_journal(year, FR, span("2026"), tmp_path / "journal.parquet", "parquet")
    assert (made.rows, sorted(each.name for each in tmp_path.iterdir())) == (
        table.rows, ["journal.csv", "journal.parquet"],
    )  # fmt: skip
    with duckdb.connect() as db:
        found = db.execute(
            f"SELECT count(*), sum(debit), sum(credit), max(date) FROM '{tmp_path / 'journal.parquet'}'"
        ).fetchone()
    assert found is not None
    assert (found[0], found[1], found[3]) == (table.rows, found[2], date(2026, 12, 31))


def test_a_part_of_the_fec_begins_with_what_the_parts_before_end_with(year: Context, tmp_path: Path) -> None:
    export_fec(year, FR, span("2026-Q1"), tmp_path)
    export_fec(year, FR, span("2026-Q2"), tmp_path)
    before = checked(tmp_path / "732829320FEC20260331.txt")
    after = checked(tmp_path / "732829320FEC20260630.txt")
    opened: dict[str, int] = {}
    for row in after.rows:
        if row["JournalCode"] == "AN":
            cents = _cents(row["Debit"].replace(",", ".")) - _cents(row["Credit"].replace(",", "."))
            opened[row["CompteNum"]] = opened.get(row["CompteNum"], 0) + cents
    result = opened.pop("120000")
    assert opened == {key: cents for key, cents in before.balances.items() if key[0] < "6" and cents}
    assert result == sum(cents for key, cents in before.balances.items() if key[0] >= "6")


def test_an_export_in_the_old_alphabet_loses_no_amount(year: Context, fec: Checked, tmp_path: Path) -> None:
    export_fec(year, FR, span("2026"), tmp_path, "iso-8859-15")
    old = checked(tmp_path / "732829320FEC20261231.txt", "iso-8859-15")
    assert old.rows == fec.rows


def _cents(text: str) -> int:
    return int(text.replace(".", ""))
