"""The demo company's books: every month closes, and FEC, VAT report, aged balance and audit agree."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from acquit.actions.audit_books import audit_books
from acquit.actions.close_period import close_period, first_booked, period_acts, seal_year
from acquit.actions.context import Context
from acquit.actions.export_books import export_aged_balance, export_fec
from acquit.actions.report_vat import report_vat
from acquit.actions.state_account import state_account
from acquit.core.bill_run import Period
from acquit.core.identifiers import AccountId
from acquit.core.period import next_month, span
from acquit.demo.cast import FR
from acquit.demo.world import Script, build
from acquit.store.transaction import Database
from fec_checker import Checked, checked
from founding import context_on

ON: Final = date(2026, 4, 3)
LAST: Final = date(2026, 3, 31)


def test_the_demos_months_close_and_its_reports_agree(database: Database, tmp_path: Path) -> None:
    context = context_on(database, ON)
    build(context, Script(ON, 7, None), lambda: None)
    database.clock = lambda: datetime(2026, 4, 3, 9, tzinfo=UTC)
    months = _close_all(context)
    before, year = _fec(context, "2025", tmp_path), _fec(context, "2026-Q1", tmp_path)
    assert [each.differences for each in audit_books(context) if not each.passed] == []
    _opening_is_what_was_left(before, year)
    reports = [report_vat(context, FR, month) for month in months if month.startswith("2026")]
    whole = report_vat(context, FR, "2026-Q1")
    assert all(each.ties for each in (*reports, whole))
    due = sum(
        _cents(row["Credit"]) - _cents(row["Debit"])
        for row in year.rows
        if row["CompteNum"] == "445710" and row["JournalCode"] != "AN"
    )
    assert sum(each.told_minor("EUR") for each in reports) == whole.told_minor("EUR") == due
    assert whole.proofs[0].pending_after_minor == -year.balances["445740"]
    _payers_agree(context, year, tmp_path)


def _close_all(context: Context) -> list[str]:
    """Close every month that is over, then seal the year that is."""
    first = first_booked(context, FR)
    assert first is not None
    month, closed = Period(first.replace(day=1)), list[str]()
    while month.last_on < ON:
        close_period(context, FR, str(month), by="cli")
        closed.append(str(month))
        month = next_month(month)
    seal_year(context, FR, 2025, by="cli")
    assert len([act for act in period_acts(context, FR) if act.happening == "closed"]) == len(closed) >= 5
    return closed


def _fec(context: Context, year: str, directory: Path) -> Checked:
    return checked(export_fec(context, FR, span(year), directory).path)


def _opening_is_what_was_left(before: Checked, year: Checked) -> None:
    opened: dict[str, int] = {}
    for row in year.rows:
        if row["JournalCode"] == "AN":
            cents = _cents(row["Debit"]) - _cents(row["Credit"])
            opened[row["CompteNum"]] = opened.get(row["CompteNum"], 0) + cents
    result = opened.pop("120000")
    assert {key: cents for key, cents in opened.items() if cents} == {
        key: cents for key, cents in before.balances.items() if key < "6" and cents
    }
    assert result == sum(cents for key, cents in before.balances.items() if key >= "6")


def _payers_agree(context: Context, year: Checked, directory: Path) -> None:
    """Per payer: aged balance, auxiliary account of the FEC and statement say the same."""
    made = export_aged_balance(context, FR, LAST, directory / "aged.csv")
    told = list(csv.DictReader(made.path.read_text().splitlines()))
    owed = {row["payer"]: _cents(row["owed"]) for row in told if _cents(row["owed"])}
    assert owed == {key[1]: cents for key, cents in year.auxiliaries.items() if key[0] == "411000" and cents}
    assert len(owed) > 1
    for row in told[:5]:
        statement, _, _ = state_account(context, AccountId(row["payer"]), date(2026, 1, 1), LAST)
        assert statement.closing_minor == _cents(row["balance"])


def _cents(text: str) -> int:
    return int(text.replace(".", "").replace(",", ""))
