"""The commands of the books: months, VAT, chart, exports, evidence; what each says and refuses."""

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import LiteralString

import pytest

from acquit.actions.context import Context
from acquit.actions.open_account import Opening, open_account
from acquit.adapters.archive import DirectoryArchive
from acquit.core.account import LegalParty
from acquit.core.identifiers import AccountId, LegalPartyId
from acquit.store.transaction import Database
from billed import family, seller, subscribe
from commanding import Run, commander
from fec_checker import checked
from founding import ACME, FR, LAB, PETIT

MISTYPED: LiteralString = """
    INSERT INTO legal_party (legal_party_id, from_on, name, country, vat_id)
    SELECT legal_party_id, '2026-11-01', name, country, 'DE136695977' FROM legal_party WHERE country = 'DE'
"""
DECEMBER = ("--as-of", "2026-12-01")
BERLIN = AccountId("de10001-acq")
WOLKE = LegalParty(LegalPartyId(0), date(2020, 1, 1), "Wolke GmbH", "DE", vat_id="DE136695976")


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    (tmp_path / "papers").mkdir()
    made = replace(seller(database, date(2026, 11, 2)), archive=DirectoryArchive(tmp_path / "papers"))
    family(made)
    subscribe(made, ACME, "a", next_on=date(2026, 11, 16))
    subscribe(made, LAB, "b", next_on=date(2026, 11, 1))
    return made


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    return commander(context, capsysbinary, tmp_path)


def test_a_month_is_closed_listed_and_opened_again(run: Run) -> None:
    run("bills", "run", "--period", "2026-11")
    assert run("period", "list") == []
    assert run("period", "close", "--period", "2026-11") == (1, "period-not-over")
    closed = run("period", "close", "--period", "2026-11", *DECEMBER)
    assert (closed["happening"], closed["entries"], len(closed["head"])) == ("closed", 3, 64)
    assert {each["ledger"] for each in closed["totals"]} == {"411000", "445740", "487000", "706000"}
    assert run("period", "close", "--period", "2026-11", *DECEMBER) == (1, "period-closed")
    assert run("period", "defer", "--period", "2026-11", *DECEMBER) == (1, "period-closed")
    assert run("period", "close", "--period", "2026", *DECEMBER) == (1, "period-not-closed")
    assert run("bills", "run", "--period", "2026-11", "--as-of", "2026-11-30") == (1, "period-closed")
    again = ("period", "reopen", "--period", "2026-11", *DECEMBER)
    assert run(*again, "--reason", "late bill") == (1, "not-confirmed")
    assert run(*again, "--reason", " ", "--yes") == (1, "reason-missing")
    assert run(*again, "--reason", "late bill", "--yes", "--operator", "bob") == (1, "role-forbids")
    assert run(*again, "--reason", "late bill", "--yes")["reason"] == "late bill"
    told = [(each["happening"], each["state"]) for each in run("period", "list")]
    assert told == [
        ("deferred", "open"), ("accrued", "open"), ("closed", "open"), ("reopened", "open"),
    ]  # fmt: skip


def test_vat_is_told_with_its_proof(run: Run, tmp_path: Path) -> None:
    run("bills", "run", "--period", "2026-11")
    told = run("vat", "report", "--period", "2026-11")
    assert (told["ties"], told["lines"], told["on_debits"]) == (True, [], False)
    assert told["proof"][0] | {"currency": "EUR"} == {
        "currency": "EUR", "lines_minor": 0, "journal_minor": 0, "pending_before_minor": 0,
        "pending_added_minor": 400, "pending_moved_minor": 0, "pending_after_minor": 400,
    }  # fmt: skip
    code, text = run("vat", "report", "--period", "2026-Q4", as_json=False)
    assert (code, "Lines and journal agree." in text) == (0, True)
    run("vat", "report", "--period", "2026", "--format", "csv", "--out", tmp_path / "vat.csv")
    assert (tmp_path / "vat.csv").read_text().startswith("part,section,country")
    assert run("vat", "report", "--period", "november") == (2, "bad-period")


def test_vat_ids_are_checked_and_the_proof_is_kept(run: Run, context: Context) -> None:
    open_account(context, Opening(FR, WOLKE, BERLIN), by="cli")
    assert [each["outcome"] for each in run("vat", "check", BERLIN)] == ["valid"]
    with context.database.write() as tx:
        tx.run(MISTYPED)
    code, text = run("vat", "check", as_json=False)
    assert (code, "invalid" in text) == (1, True)
    first, second = run("vat", "checks", BERLIN)
    assert (first["vat_id"], first["outcome"]) == ("DE136695976", "valid")
    assert (second["vat_id"], second["outcome"], second["checked_on"]) == (
        "DE136695977", "invalid", "2026-11-02",
    )  # fmt: skip
    assert run("vat", "check", "zz99999-acq") == (1, "no-such-account")
    assert run("vat", "check", PETIT)[0]["vat_id"] == "FR03552081317"


def test_the_chart_is_shown_and_changed_until_it_is_posted_on(run: Run) -> None:
    assert {"role": "revenue", "number": "706000", "name": "Prestations"} in run("chart", "show")
    changed = run("chart", "set", "--role", "revenue", "--number", "706100", "--name", "Abonnements")
    assert {"role": "revenue", "number": "706100", "name": "Abonnements"} in changed
    assert run("chart", "set", "--role", "revenue", "--number", "411000") == (1, "ledger-in-use")
    assert run("chart", "set", "--role", "revenue", "--number", "x1") == (1, "bad-ledger")
    assert run("chart", "set", "--role", "fun", "--number", "706100") == (1, "bad-ledger")
    run("bills", "run", "--period", "2026-11")
    assert run("chart", "set", "--role", "revenue", "--number", "706200") == (1, "ledger-in-use")
    assert run("chart", "set", "--role", "revenue", "--number", "706100", "--name", "Services")


def test_the_books_are_files(run: Run, tmp_path: Path) -> None:
    run("bills", "run", "--period", "2026-11")
    out = ("--out", tmp_path)
    journal = run("export", "journal", "--period", "2026-11", *out)
    assert (Path(journal["file"]).name, journal["rows"]) == ("journal-FR-2026-11.csv", 6)
    bills = run("export", "bills", "--period", "2026-11", *out)
    told = csv.DictReader(Path(bills["file"]).read_text().splitlines())
    assert {each["bill"]: each["total"] for each in told} == {"FR00000001": "12.00", "FR00000002": "12.00"}
    fec = run("export", "fec", "--year", "2026", *out)
    assert checked(Path(fec["file"])).balances["411000"] == 2_400
    aged = run("export", "aged-balance", "--on", "2026-11-30", *out)
    assert Path(aged["file"]).read_text().count("\n") == 2
    for form in ("pdf", "csv"):
        stated = run("export", "statement", "--account", ACME, "--format", form, *out)
        assert (stated["closing_minor"], stated["open_bills"]) == (2_400, 2)
        assert Path(stated["file"]).stat().st_size > 100
    days = ("--from", "2026-12-01", "--to", "2026-11-01")
    assert run("export", "statement", "--account", ACME, *days) == (1, "bad-statement")
    assert run("export", "fec", "--year", "2026", "--legal-entity", "XX") == (1, "no-such-legal-entity")


def test_down_payments_are_a_file(run: Run, tmp_path: Path) -> None:
    asked = run("bills", "down-payment", ACME, "--amount", "4", "--reason", "new servers")
    made = run("export", "down-payments", "--out", tmp_path)
    assert (Path(made["file"]).name, made["rows"]) == ("down-payments-FR.csv", 1)
    (told,) = csv.DictReader(Path(made["file"]).read_text().splitlines())
    names = ("bill", "net", "tax", "paid", "carried")
    assert [told[name] for name in names] == [asked["bill_id"], "4.00", "0.80", "0.00", "4.00"]
    out = ("--legal-entity", "XX", "--out", tmp_path)
    assert run("export", "down-payments", *out) == (1, "no-such-legal-entity")


def test_evidence_is_one_archive(run: Run, tmp_path: Path) -> None:
    run("bills", "run", "--period", "2026-11")
    made = run("audit", "evidence", "--period", "2026-11", "--bills", 1, "--out", tmp_path)
    assert (Path(made["file"]).name, made["files"]) == ("evidence-FR-2026-11.zip", 13)
    assert run("audit")["passed"]


def test_what_a_person_reads_of_a_closing_is_a_table(run: Run) -> None:
    run("bills", "run", "--period", "2026-11")
    run("period", "close", "--period", "2026-11", *DECEMBER)
    code, text = run("period", "list", as_json=False)
    assert code == 0
    assert "2026-11  closed" in text
