"""The commands of reverse bills: what scripts read, what people see, how they exit."""

import json
from pathlib import Path
from typing import Any

import pytest

from acquit.actions.context import Context
from acquit.store.transaction import Database
from billed import failed
from commanding import Run, commander
from founding import ACME
from reversing import buying

CSV = """\
reference;description;quantity;unit_price;vat_rate;from;to
REF-1;Commission on referred accounts;2.5;100.00;;2026-11-01;2026-11-30
REF-2;A handbook;1;33.3333;5.5;2026-11-01;2026-11-30
"""
NUMBER = "FRS00001-000001"


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return buying(database, tmp_path)


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    return commander(context, capsysbinary, tmp_path)


def agreed(run: Run, *more: object) -> None:
    """Acme agreed and accepted."""
    given = ("--subject", "referral commissions", "--reference", "MAND-14", "--vat", "standard", *more)
    assert run("reverse-bill", "agree", "--account", ACME, *given)["accepted_on"] is None
    accepted = run("reverse-bill", "accept", 1, "--account", ACME, "--signed-by", "Alice Martin")
    assert (accepted["accepted_by"], accepted["accepted_on"]) == ("Alice Martin", "2026-11-23")


def written(directory: Path, name: str, content: object) -> Path:
    """A file of what was supplied."""
    path = directory / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_from_the_agreement_to_the_payment(run: Run, context: Context, tmp_path: Path) -> None:
    assert "No account supplies" in run("reverse-bill", "agreements", as_json=False)[1]
    line = ("--description", "A referral", "--unit-price", "80", "--from", "2026-11-01", "--to", "2026-11-30")
    assert run("reverse-bill", "issue", "--account", ACME, *line) == (1, "no-self-billing-agreement")
    agreed(run, "--sets-off")
    path = written(tmp_path, "november.csv", CSV)
    made = run("reverse-bill", "issue", "--account", ACME, "--file", path)
    assert (made["bill_id"], made["net_minor"], made["tax_minor"]) == (NUMBER, 28_333, 5_183)
    assert run("reverse-bill", "issue", "--account", ACME, "--file", path) == (1, "reverse-bill-refused")
    assert run("reverse-bill", "pay", NUMBER) == (1, "reverse-bill-not-payable")
    assert run("reverse-bill", "contest", NUMBER, "--reason", "three, not two")["is_contested"] is True
    assert run("reverse-bill", "end-contest", NUMBER, "--reason", "read together")["is_contested"] is False
    assert run("reverse-bill", "accept-bill", NUMBER)["accepted_on"] == "2026-11-23"
    assert run("reverse-bill", "set-off", NUMBER)["set_off_minor"] == 2_400
    asked = run("reverse-bill", "pay", NUMBER)["asked"][0]
    assert (asked["amount_minor"], asked["state"], asked["reverse_bill_id"]) == (31_116, "approved", NUMBER)
    (listed,) = run("refund", "list", "--account", ACME)
    assert listed["reverse_bill_id"] == NUMBER
    code, text = run("reverse-bill", "show", NUMBER, as_json=False)
    assert code == 0
    for said in ("paying", "REF-2", "three, not two", "set off", "payment approved", "311.16"):
        assert said in text
    (one,) = run("reverse-bill", "list")
    assert (one["bill"]["bill_id"], one["standing"]["paying_minor"]) == (NUMBER, 31_116)
    assert run("reverse-bill", "take-back", NUMBER, "--reason", "x") == (1, "reverse-bill-not-there")
    assert run("reverse-bill", "pay", "--due-by", "2027-01-31")["asked"] == []
    assert run("reverse-bill", "revoke", 1, "--account", ACME, "--reason", "over")["revoked_by"] == "over"
    assert failed(context) == {}


def test_lines_in_json_and_a_bill_taken_back(run: Run, tmp_path: Path) -> None:
    agreed(run)
    lines = [{"description": "Rack space", "unit_price": "12.50", "quantity": 4, "from": "2026-11-01",
              "to": "2026-11-30"}]  # fmt: skip
    path = written(tmp_path, "lines.json", {"lines": lines})
    assert run("reverse-bill", "issue", "--account", ACME, "--file", path)["total_minor"] == 6_000
    note = run("reverse-bill", "take-back", NUMBER, "--reason", "wrong account")
    assert (note["kind"], note["corrects_bill_id"]) == ("self-billed-credit", NUMBER)
    code, text = run("reverse-bill", "list", as_json=False)
    assert (code, "credit note" in text, "taken-back" in text) == (0, True, True)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", "description,unit_price,from\nx,1,2026-11-01\n", "bad-supply-file"),
        ("a.csv", "description,unit_price,from,to\nx,1,2026-11-01\n", "bad-supply-file"),
        ("a.csv", "description,unit_price,from,to,a\nx,1,2026-11-01,2026-11-02,b\n", "bad-supply-file"),
        ("a.csv", "description,unit_price,from,to\nx,1e3,2026-11-01,2026-11-02\n", "bad-amount"),
        ("a.csv", "description,unit_price,from,to\nx,1,01.11.2026,2026-11-02\n", "bad-supply-file"),
        ("a.json", "[1]", "bad-supply-file"),
        ("a.json", "{", "bad-supply-file"),
        ("a.json", "[" * 100_000, "bad-supply-file"),
        ("a.json", [{"description": {}, "unit_price": "1", "from": "2026-11-01", "to": "2026-11-02"}],
         "bad-supply-file"),
        ("a.json", [], "bad-reverse-lines"),
        ("a.json", [{"description": "a\nb", "unit_price": "1", "from": "2026-11-01", "to": "2026-11-02"}],
         "bad-text"),
        ("a.txt", "x", "invalid"),
    ],
)  # fmt: skip
def test_files_that_are_none(run: Run, tmp_path: Path, name: str, content: Any, code: str) -> None:
    agreed(run)
    path = written(tmp_path, name, content)
    assert run("reverse-bill", "issue", "--account", ACME, "--file", path) == (1, code)
    assert run("reverse-bill", "list") == []


def test_a_file_or_a_line_and_nothing_else(run: Run, tmp_path: Path) -> None:
    agreed(run)
    assert run("reverse-bill", "issue", "--account", ACME)[0] == 2
    path = written(tmp_path, "a.csv", CSV)
    assert run("reverse-bill", "issue", "--account", ACME, "--file", path, "--description", "x")[0] == 2
    for verb in ("show", "pay", "set-off", "accept-bill"):
        assert run("reverse-bill", verb, "FR00000001")[1] in ("no-such-reverse-bill", "no-such-bill")
