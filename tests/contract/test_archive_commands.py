"""The commands of the archive, and `verify` with nothing but files."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.store.transaction import Database
from archiving import archiving, handed, paid
from commanding import Run, commander


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return archiving(database, tmp_path / "archive")


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    return commander(context, capsysbinary, tmp_path)


def test_stamps_are_made_and_listed(run: Run) -> None:
    assert run("archive", "stamps") == []
    (made,) = run("archive", "stamp")
    assert (made["stamp"], made["papers"], made["leaves"], len(made["hash"])) == (1, 6, 9, 64)
    assert run("archive", "stamp") == []
    (listed,) = run("archive", "stamps")
    assert (listed["hash"], listed["stamped_on"]) == (made["hash"], "2026-11-23")
    assert run("archive", "stamp", "--legal-entity", "XX") == (1, "no-such-legal-entity")
    code, text = run("archive", "stamp", as_json=False)
    assert (code, "Nothing is new" in text) == (0, True)


def test_a_receipt_is_written_and_proves_the_paper(run: Run, tmp_path: Path) -> None:
    out = ("--out", tmp_path)
    made = run("archive", "receipt", "FR00000001", "--with-paper", *out)
    assert Path(made["file"]).name == "FR00000001.pdf.receipt.json"
    key = run("archive", "key", "--out", tmp_path / "key.pem")
    assert len(key["public_key"]) == 64
    proved = run("verify", made["paper"], "--key", key["file"])
    assert (proved["verdict"], proved["sha256"]) == ("proved", made["sha256"])
    assert [each["check"] for each in proved["checks"]] == [
        "paper", "entry", "path", "signature", "key", "e-invoice", "text",
    ]  # fmt: skip
    assert run("archive", "receipt", "FR99999999", *out) == (1, "no-such-bill")
    assert run("verify", tmp_path / "none.pdf") == (1, "bad-file")


def test_what_a_person_reads_says_what_was_shown_and_what_was_not(run: Run, tmp_path: Path) -> None:
    made = run("archive", "receipt", "FR00000001", "--with-paper", "--out", tmp_path)
    code, text = run("verify", made["paper"], as_json=False)
    assert code == 0
    assert "Every byte is as it was archived for bill FR00000001." in text
    said = " ".join(text.split())
    assert "The bill of 12.00 EUR is booked on 2026-11-23 as entry 1 of account ab12345-acq" in said
    assert "Intact: " in text
    assert "Not shown by any of it: that the bill is owed or paid" in text
    Path(made["paper"]).write_bytes(b"%PDF-1.7 forged")
    code, text = run("verify", made["paper"], as_json=False)
    assert code == 1
    assert "DIFFERS" in text
    assert "This is not the paper of bill FR00000001, or it was changed" in text


def test_the_legal_archive_is_written_and_verified(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "november.zip"
    made = run("archive", "export", path, "--period", "2026-11")
    assert (made["files"], len(made["sha256"])) == (17, 64)
    assert run("verify", path)["papers"] == 6
    assert run("archive", "export", tmp_path / "petit.zip", "--account", "cd67890-acq")["files"] == 8
    assert run("archive", "export", path) == (2, "usage")
    assert run("archive", "export", path, "--period", "november") == (2, "bad-period")
    assert run("archive", "export", path, "--account", "zz99999-acq") == (1, "no-such-account")


def test_nothing_young_may_go(run: Run) -> None:
    assert run("archive", "expired", "--as-of", "2046-01-01") == []
    code, text = run("archive", "expired", as_json=False)
    assert (code, "Every paper must be kept." in text) == (0, True)
    assert run("archive", "remove", "--yes") == {"legal_entity": "FR", "removed": 0}


def test_what_is_old_goes_after_a_question(
    database: Database, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    context = archiving(database, tmp_path / "archive", date(2014, 6, 2), "2014-06")
    run = commander(context, capsysbinary, tmp_path)
    assert run("archive", "expired") == []
    paid(context, lambda _account: True)
    listed = run("archive", "expired")
    assert [each["bill"] for each in listed] == [f"FR0000000{number}" for number in (1, 1, 2, 2, 3, 3)]
    assert run("archive", "remove") == (1, "not-confirmed")
    assert run("archive", "remove", "--yes")["removed"] == 6
    assert run("audit", "--full")["passed"]


def test_verify_needs_no_database_no_network_and_leaves_nothing(context: Context, tmp_path: Path) -> None:
    """A stranger's machine: another home, no settings, no server; only the three files."""
    paper, receipt, key = handed(context, tmp_path / "handed")
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "ACQUIT_DATABASE_URL": "postgresql://none:1/x",
    }
    command = [sys.executable, "-m", "acquit", "verify", str(paper), "--receipt", str(receipt)]
    ran = subprocess.run(
        [*command, "--key", str(key), "--json"], env=environment, cwd=home, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()
    assert json.loads(ran.stdout)["verdict"] == "proved"
    assert list(home.rglob("*")) == []
