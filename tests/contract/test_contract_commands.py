"""`acquit contract`: what scripts read and people see."""

from pathlib import Path

import pytest

from acquit.actions.accept_contract import accept_contract
from acquit.actions.context import Context
from acquit.store.transaction import Database
from billed import family, seller
from commanding import Run, commander
from founding import ACME, PETIT


@pytest.fixture
def context(database: Database) -> Context:
    made = seller(database)
    family(made)
    return made


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    """Carry out a command on that world."""
    return commander(context, capsysbinary, tmp_path)


def test_a_contract_is_published_accepted_and_told(run: Run, context: Context, tmp_path: Path) -> None:
    words = tmp_path / "terms.txt"
    words.write_text("# Price\r\nWhat is billed.\r\n\r\nWhen.", encoding="utf-8")
    made = run("contract", "publish", "Terms", words)
    assert (made["name"], made["from"], made["account"]) == ("Terms", "2026-11-23", None)
    accept_contract(context, PETIT, made["contract"], by="cli")
    paper = tmp_path / "terms.pdf"
    paper.write_bytes(b"%PDF-1.7 signed")
    special = run("contract", "publish", "Special", words, "--pdf", paper, "--account", ACME)
    assert context.archive.get(special["paper_sha256"]) == b"%PDF-1.7 signed"
    listed = run("contract", "list")
    assert [(each["name"], each["account"], each["accepted"]) for each in listed] == [
        ("Terms", None, 1), ("Special", ACME, 0),
    ]  # fmt: skip
    assert [each["account_id"] for each in run("contract", "acceptances", made["contract"])] == [PETIT]
    code, text = run("contract", "list", as_json=False)
    assert (code, "Special" in text) == (0, True)


def test_what_is_no_contract_is_refused(run: Run, tmp_path: Path) -> None:
    words, other = tmp_path / "terms.txt", tmp_path / "other.txt"
    words.write_text("Words.", encoding="utf-8")
    other.write_bytes(b"\xff\xfe")
    assert run("contract", "publish", "Terms", other) == (1, "bad-contract-text")
    assert run("contract", "publish", "Terms", words, "--pdf", words) == (1, "bad-contract-text")
    assert run("contract", "publish", " ", words) == (1, "bad-contract-text")
    assert run("contract", "publish", "Terms", words, "--from", "2020-01-01") == (1, "bad-contract-text")
    assert run("contract", "publish", "Terms", words, "--account", "zz99999-acq") == (1, "no-such-account")
    assert run("contract", "publish", "Terms", words, "--operator", "nobody") == (1, "staff-only")
    assert run("contract", "acceptances", "7") == (1, "no-such-contract-text")
    run("contract", "publish", "Terms", words)
    assert run("contract", "publish", "Terms", words) == (1, "contract-text-taken")
