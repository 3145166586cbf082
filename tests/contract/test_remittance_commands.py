"""The commands of mandates and of files for the bank: what scripts read, what people see, how they exit."""

from pathlib import Path

import pytest

from acquit.actions.advance_remittance import find_remittance
from acquit.actions.context import Context
from acquit.store.transaction import Database
from collecting import IBAN, collecting, lines_of, report
from commanding import Run, commander
from founding import ACME, FR, PETIT, SHOP


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return collecting(database, tmp_path / "archive")


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    """Carry out a command on that world."""
    return commander(context, capsysbinary, tmp_path)


def test_a_file_is_made_approved_downloaded_sent_and_collected(
    run: Run, context: Context, tmp_path: Path
) -> None:
    asked = ("remittance", "create", "--kind", "direct-debit", "--until", "2026-12-23", "--operator", "tess")
    rehearsed = run(*asked, "--dry-run")
    assert (rehearsed["status"], rehearsed["remittance"], rehearsed["amount_minor"]) == (
        "rehearsed",
        None,
        3_600,
    )
    assert (rehearsed["earliest_on"], [line["account"] for line in rehearsed["lines"]]) == (
        "2026-12-08", [ACME, PETIT],
    )  # fmt: skip
    code, text = run(*asked[:3], "direct-debit", "--dry-run", as_json=False)
    assert code == 0
    assert "A rehearsal: 0 lines, 0.00 EUR" in text
    number = run(*asked)["remittance"]
    assert number == "FR-SDD-00000001"
    assert run(*asked) == (1, "nothing-to-send")
    assert run("remittance", "approve", number) == (1, "nobody-named")
    assert run("remittance", "download", number) == (1, "remittance-not-there")
    assert run("remittance", "approve", number, "--operator", "tom")["state"] == "approved"
    out = tmp_path / "debits.xml"
    told = run("remittance", "download", number, "--out", out)
    assert (told["state"], told["file"], out.stat().st_size) == ("downloaded", str(out), told["size_bytes"])
    assert out.stat().st_mode & 0o777 == 0o600
    assert run("remittance", "download", number, "--out", out) == (2, "cannot-write")
    assert run("remittance", "download", "FR-SDD-9", "--out", tmp_path / "no.xml") == (
        1,
        "no-such-remittance",
    )
    assert not (tmp_path / "no.xml").exists()
    assert run("remittance", "sent", number, "--told", "by EBICS")["events"][-1]["told"] == "by EBICS"
    (shown,) = run("remittance", "list")
    assert (shown["state"], shown["approved_by"]) == ("sent", "operator:tom")
    code, text = run("remittance", "show", number, as_json=False)
    assert code == 0
    assert "FRST" in text
    bank = tmp_path / "report.xml"
    sent = find_remittance(context, number)
    line = lines_of(context, sent)[PETIT]
    bank.write_bytes(report(sent, "PART", {line.end_to_end: ("RJCT", "AC04")}, (line.batch_id, "PART")))
    (reported,) = run("remittance", "status", bank)
    assert (reported["state"], reported["accepted"], reported["rejected"]) == ("accepted", 1, 1)
    assert run("remittance", "status", tmp_path / "none.xml") == (2, "no-such-file")
    given = ("--amount", "24.00", "--on", "2026-12-23")
    (got,) = run("remittance", "collected", number, *given)
    assert (got["state"], got["deposit"], got["already"]) == ("collected", "RC00000001", False)
    assert run("remittance", "collected", number, *given)[0]["already"]
    assert run("remittance", "collected", "X", *given) == (1, "no-such-collection")
    (back,) = run("remittance", "returned", got["reference"], "--reason", "MD06", *given)
    assert back["state"] == "returned"
    (mandate,) = run("mandate", "list", "--account", ACME)
    assert (mandate["state"], mandate["events"][0]["reason"][:4]) == ("suspended", "MD06")


def test_mandates_are_registered_suspended_and_cancelled(run: Run) -> None:
    signed = ("mandate", "register", "--account", SHOP, "--iban", IBAN, "--signed-on", "2026-01-15")
    (made,) = run(*signed, "--scheme", "B2B", "--town", "Nantes", "--country", "fr")
    assert (made["reference"], made["iban"], made["state"]) == (
        "AB20002-ACQ-1", "FR76*******************0189", "active",
    )  # fmt: skip
    which = ("--account", SHOP, "--mandate", made["mandate"], "--reason", "asked")
    assert run("mandate", "suspend", *which)[0]["state"] == "suspended"
    assert run("mandate", "suspend", *which) == (1, "mandate-not-there")
    assert run("mandate", "resume", *which)[0]["state"] == "active"
    assert run("mandate", "cancel", *which)[0]["state"] == "cancelled"
    assert run(*signed[:5], "FR00", *signed[6:]) == (1, "bad-mandate")
    assert run(*signed, "--street", "x") == (2, "address-incomplete")
    code, text = run("mandate", "list", "--account", SHOP, as_json=False)
    assert (code, "cancelled" in text) == (0, True)
    assert run("mandate", "list", "--account", "zz999-acq") == (1, "no-such-account")


def test_a_creditor_is_set_and_refunds_have_an_account(run: Run) -> None:
    said = run("remittance", "creditor", "--creditor-id", "FR72ZZZ123456", "--notice-days", 5, "--per-bill")
    assert said == {
        "legal_entity": FR, "creditor_id": "FR72ZZZ123456", "notice_days": 5, "approval_days": 1,
        "bundled": False,
    }  # fmt: skip
    assert run("remittance", "creditor", "--creditor-id", "fr72 zzz 123456")["creditor_id"] == "FR72ZZZ123456"
    assert run("remittance", "creditor", "--creditor-id", "FR73ZZZ123456") == (1, "bad-creditor")
    assert run("remittance", "creditor", "--creditor-id", "FR72ZZZ123456", "--notice-days", 0) == (
        1, "bad-creditor",
    )  # fmt: skip
    where = ("--holder", "Shop", "--town", "Nantes", "--country", "FR")
    assert run("remittance", "refund-account", "--account", SHOP, "--iban", IBAN, *where)["holder"] == "Shop"
    assert run("remittance", "create", "--kind", "refund", "--dry-run")["lines"] == []
    assert run("remittance", "create", "--kind", "refund") == (1, "nothing-to-send")
    assert run("remittance", "create", "--kind", "refund", "--until", "2026-12-01") == (2, "only-for-debits")
    assert run("remittance", "show", "FR-SDD-9") == (1, "no-such-remittance")
