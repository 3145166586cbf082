"""`acquit bank`: what scripts read, what people see, how it exits."""

from pathlib import Path
from typing import Any

import pytest

from acquit.actions.context import Context
from acquit.store.transaction import Database
from actions.test_bank import bill_ids, billed, references
from banking import ACME_IBAN, Tx, camt
from commanding import Run, commander
from founding import ACME, LAB, PETIT

FACE = [
    "file", "status", "reason", "entries", "matched", "proposed", "unmatched", "credit_minor", "debit_minor",
    "currency",
]  # fmt: skip
"""What the face promises of each file, in its order."""


@pytest.fixture
def context(database: Database) -> Context:
    return billed(database)


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    """Carry out a command on that world."""
    return commander(context, capsysbinary, tmp_path)


def written(path: Path, *told: Tx, **given: Any) -> Path:
    path.write_bytes(camt(told, **given))
    return path


def test_a_statement_is_imported_and_its_rest_is_matched_by_hand(
    run: Run, context: Context, tmp_path: Path
) -> None:
    file = written(
        tmp_path / "s.xml",
        Tx(1_200, reference=references(context)[ACME]),
        Tx(2_300, "hello", payer="Holding"),
    )
    (found,) = run("bank", "import", file)
    assert list(found)[: len(FACE)] == FACE
    assert [found[name] for name in ("status", "entries", "matched", "unmatched", "credit_minor")] == [
        "booked", 2, 1, 1, 3_500,
    ]  # fmt: skip
    (again,) = run("bank", "import", file)
    assert (again["status"], again["known"]) == ("already_booked", 2)
    waiting = run("bank", "inbox")
    assert (waiting["waiting"], waiting["entries"][0]["amount"]) == (1, "23.00 EUR")
    entry = waiting["entries"][0]["entry"]
    matched = run("bank", "match", entry, "--bill", f"{bill_ids(context)[LAB]}=20.00")
    assert (matched["status"], matched["over_minor"], matched["paid"][0]["amount_minor"]) == (
        "matched",
        300,
        2_000,
    )
    shown = run("bank", "show", entry)
    assert (shown["match"]["rule"], [move["kind"] for move in shown["moves"]]) == (
        9, ["suspense", "identified", "deposit"],
    )  # fmt: skip
    undone = run("bank", "unmatch", entry, "--reason", "the wrong bill")
    assert undone["status"] == "unmatched"
    code, text = run("bank", "inbox", as_json=False)
    assert (code, "nobody knows" in text) == (0, True)
    assert run("bank", "set-aside", entry, "--reason", "not ours")["status"] == "set aside"
    code, text = run("bank", "inbox", as_json=False)
    assert "No entry waits." in text


def test_a_refused_file_is_told_beside_the_others(run: Run, tmp_path: Path) -> None:
    good = written(tmp_path / "good.xml", Tx(100))
    bad = written(tmp_path / "bad.xml", Tx(100), off=7, name="T", opening=5)
    code, text = run("bank", "import", good, bad, tmp_path / "missing.xml", as_json=False)
    text = " ".join(text.split())
    assert code == 1
    for said in ("booked", "refused", "does not add up", "There is no file"):
        assert said in text
    code, text = run("bank", "import", as_json=False)
    assert (code, "at least one file" in text) == (1, True)


def test_above_the_limit_a_second_operator_approves(run: Run, context: Context, tmp_path: Path) -> None:
    with context.database.write() as tx:
        tx.run("UPDATE operator SET role = 'treasury'")
    limits = run("bank", "limits", "--approval-above", "10.00", "--tolerance", "0.50")
    assert (limits["approval_above_minor"], limits["short_tolerance_minor"]) == (1_000, 50)
    run("bank", "import", written(tmp_path / "s.xml", Tx(1_300, reference=references(context)[ACME])))
    entry = run("bank", "inbox")["entries"][0]["entry"]
    asked = run("bank", "match", entry, "--proposal", 1, "--operator", "sam")
    assert asked["status"] == "waits"
    assert run("bank", "inbox")["decisions"][0]["decision"] == asked["decision"]
    assert run("bank", "approve", asked["decision"], "--operator", "sam") == (1, "second-person-needed")
    assert run("bank", "approve", asked["decision"], "--operator", "bea")["status"] == "approved"
    assert run("bank", "limits", "--approval-above", "never")["approval_above_minor"] is None
    assert run("bank", "match", entry, "--proposal", 1) == (1, "not-in-the-inbox")


def test_settings_and_bundles(run: Run, context: Context, tmp_path: Path) -> None:
    assert len(run("bank", "account", ACME_IBAN, "--name", "Second")) == 2
    assert run("bank", "account", "FR00") == (1, "bad-iban")
    assert (
        run("bank", "payer", "FR1420041010050500013M02606", "--account", PETIT, "--virtual")["virtual"]
        is True
    )
    run("bank", "group", "north", "--account", ACME, "--account", PETIT)
    assert {each["kind"] for each in run("bank", "payers")} == {"virtual", "group"}
    made = run("bank", "bundle", "--account", ACME, "--out", tmp_path / "out")
    assert (made["amount"], len(made["files"])) == ("36.00 EUR", 4)
    assert "Fiche de paiement" in Path(made["files"][0]).read_text(encoding="utf-8")
    assert [each["reference"] for each in run("bank", "bundle", "--account", ACME, "--list")] == [
        made["reference"]
    ]
    again = run("bank", "bundle", "--account", ACME, "--number", made["bundle"], "--out", tmp_path / "again")
    sheets = [Path(made["files"][3]), Path(again["files"][0])]
    assert [each.name for each in sheets] == [f"payment-sheet-{made['bundle']}.pdf"] * 2
    assert sheets[0].read_bytes() == sheets[1].read_bytes()
    other = run("bank", "bundle", "--account", PETIT, "--number", made["bundle"])
    assert other == (1, "no-such-bundle")
    assert run("bank", "bundle", "FR99999999", "--account", ACME) == (1, "nothing-to-bundle")
    advice = Path(made["files"][1])
    assert run("bank", "advice", advice, "--account", ACME)["status"] == "kept"
    assert run("bank", "advice", advice, "--account", ACME)["status"] == "known"


def test_a_table_of_a_bank_needs_its_mapping(run: Run, context: Context, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text(f"Date;Text;Amount\n01/12/2026;{references(context)[ACME]};12,00\n")
    (refused,) = [run("bank", "import", table, as_json=False)]
    assert (refused[0], "--mapping" in refused[1]) == (1, True)
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        '[account]\niban = "FR7630006000011234567890189"\n'
        '[columns]\ndate = "Date"\namount = "Amount"\ntext = "Text"\n'
    )
    (found,) = run("bank", "import", table, "--mapping", mapping)
    assert (found["status"], found["matched"]) == ("booked", 1)
