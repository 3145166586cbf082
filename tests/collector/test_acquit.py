"""A month in the life, against a real Acquit: gather, prove, bill the next month, gather again, prove."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from collector.gathering import told_by

AS_OF, LATER, PERIOD = "2026-11-23", "2026-12-01", "2026-12"


class Company:
    """A demo company that is being served, and the collector of its customer."""

    def __init__(self, home: Path) -> None:
        self.home, self.keys = home, home / "keys.json"
        self.environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}

    def staff(self, *words: str) -> tuple[int, Any]:
        """Carry out a command of the provider's staff: a process of its own, as the server is one."""
        ran = subprocess.run(
            [sys.executable, "-m", "acquit", *words, "--json"],
            capture_output=True, text=True, env=self.environment, cwd=self.home, timeout=300, check=False,
        )  # fmt: skip
        assert ran.stdout, ran.stderr
        return ran.returncode, json.loads(ran.stdout)

    def acquit(self, *words: str) -> tuple[int, Any]:
        """Carry out a command of the customer, who has only the collector and the keys."""
        with patch.dict(os.environ, self.environment), chdir(self.home):
            return told_by(*words)

    def collect(self, *words: str) -> tuple[int, Any]:
        archive = () if words[0] in ("init", "accounts", "sub-accounts") else ("--archive", "archive")
        config = () if words[0] == "ask" else ("--config", "config")
        return self.acquit("collect", *words, *archive, *config)

    def sign_in(self) -> None:
        told = json.loads(self.keys.read_text(encoding="utf-8"))
        self.environment |= {
            "OVH_ENDPOINT": told["base"],
            "OVH_APPLICATION_KEY": told["application_key"],
            "OVH_APPLICATION_SECRET": told["application_secret"],
            "OVH_CONSUMER_KEY": told["account"]["consumer_key"],
        }


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    home = tmp_path_factory.mktemp("company")
    made = Company(home)
    words = [
        "demo",
        "--data",
        "demo",
        "--port",
        "0",
        "--keys",
        "keys.json",
        "--as-of",
        AS_OF,
        "--months",
        "4",
    ]
    server = subprocess.Popen(
        [sys.executable, "-m", "acquit", *words],
        cwd=home, env=made.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 600
        while not made.keys.exists():
            assert server.poll() is None and time.monotonic() < deadline, "the demo company did not come up"  # noqa: PT018
            time.sleep(0.1)
        made.sign_in()
        yield made
    finally:
        server.terminate()
        server.wait(timeout=60)


def test_a_month_in_the_life(company: Company) -> None:
    code, told = company.collect("init")
    assert (code, all(right["granted"] for right in told["rights"])) == (0, True)
    code, told = company.collect("sub-accounts", "add")
    assert (code, len(told["made"])) == (0, 3)

    code, expected = company.collect("run", "--dry-run")
    code, first = company.collect("run")
    assert (code, first["complete"]) == (0, True)
    bills = sum(one["new_bills"] for one in first["accounts"])
    assert bills > 10
    assert expected["papers"] == bills
    assert all(one["calls"] <= 15 for one in first["accounts"]), "a hundred bills' details go in one call"

    code, proof = company.collect("verify")
    assert code == 0, proof
    assert {check["name"] for check in proof["checks"] if not check["compared"]} == set()

    code, idle = company.collect("run")
    assert [one["calls"] for one in idle["accounts"]] == [1, 1, 1, 1]

    issue_what_is_no_bill(company)
    code, _ = company.staff("bills", "run", "--period", PERIOD, "--data", "demo", "--as-of", LATER)
    assert code == 0
    code, later = company.collect("run")
    assert (code, later["complete"]) == (0, True)
    assert sum(one["new_bills"] for one in later["accounts"]) >= 3
    assert later["accounts"][0]["new_others"] == {
        "corrective_bill": 0, "down_payment": 1, "credit_note": 2, "reverse_bill": 1,
    }, "a corrective bill is in the list of bills"  # fmt: skip
    code, proof = company.collect("verify")
    assert code == 0, proof
    _, rows = company.collect(
        "ask",
        "SELECT family, kind, corrects IS NOT NULL AS corrects, total_minor, payee_iban IS NOT NULL AS pays,"
        " details_count, paper IS NOT NULL AS paper FROM bill WHERE family <> 'bill' ORDER BY ALL",
    )
    assert [list(row.values())[1:] for row in rows if row["family"] == "down_payment"] == [
        ["bill", False, 30_000, True, 1, True]
    ]
    notes = [row for row in rows if row["family"] == "credit_note"]
    assert len(notes) == 2
    assert all(row["total_minor"] < 0 and row["corrects"] and row["kind"] == "credit-note" for row in notes)
    _, rows = company.collect("ask", "SELECT total_minor, due_on, details_count, paper FROM reverse_bill")
    assert [(row["total_minor"], str(row["due_on"]), row["details_count"]) for row in rows] == [
        (30_000, "2026-12-23", 1)
    ]
    assert (company.home / "archive" / rows[0]["paper"]).with_suffix(".xml").exists(), "its e-invoice too"
    _, rows = company.collect(
        "ask", "SELECT count(*) AS count FROM bill WHERE family='bill' AND corrects <> ''"
    )
    assert rows == [{"count": 1}]

    _, rows = company.collect(
        "ask", "SELECT DISTINCT due_source, purchase_order_source FROM bill WHERE family <> 'credit_note'"
    )
    assert {row["due_source"] for row in rows} == {"read"}
    assert {row["purchase_order_source"] for row in rows} >= {"read"}


def issue_what_is_no_bill(company: Company) -> None:
    """A down payment, a credit note over a line, a bill corrected (with its credit note), a reverse bill."""
    account = json.loads(company.keys.read_text(encoding="utf-8"))["account"]["account"]
    _, rows = company.collect("ask", "SELECT bill_id FROM bill WHERE account = 'main' ORDER BY bill_id")
    wrong, other = rows[0]["bill_id"], rows[-1]["bill_id"]
    for words in (
        ("bills", "down-payment", account, "--amount", "250.00", "--reason", "Migration"),
        ("bills", "credit", wrong, "--line", "1", "--reason", "Not delivered"),
        ("bills", "correct", other, "--no-order", "--reason", "Wrong order"),
        ("reverse-bill", "agree", "--account", account, "--subject", "commissions", "--reference", "M-1",
         "--vat", "standard"),
        ("reverse-bill", "accept", "1", "--account", account, "--signed-by", "Alice Martin"),
        ("reverse-bill", "issue", "--account", account, "--description", "Commission", "--reference", "R-7",
         "--quantity", "2.5", "--unit-price", "100.00", "--from", "2026-11-01", "--to", "2026-11-20"),
    ):  # fmt: skip
        code, told = company.staff(*words, "--data", "demo", "--as-of", AS_OF)
        assert code == 0, told


def test_a_key_of_narrower_rights_gathers_bills_and_says_once_what_is_left_out(
    company: Company, tmp_path: Path
) -> None:
    """The demo's key for bills alone, as one made by an earlier version."""
    narrow = json.loads(company.keys.read_text(encoding="utf-8"))["account"]["read_only_bills_key"]
    made = Company(tmp_path)
    made.environment = company.environment | {"OVH_CONSUMER_KEY": narrow}
    code, _ = made.collect("init")
    assert code in (0, 1)
    kinds = [word for kind in ("bill", "down_payment", "reverse_bill") for word in ("--only", kind)]
    code, first = made.collect("run", *kinds)
    assert (code, first["complete"], first["accounts"][0]["new_bills"] > 0) == (0, True, True)
    (note,) = first["accounts"][0]["notes"]
    assert "down payments (/me/downPaymentInvoice), reverse bills (/me/reverseBill)" in note
    assert made.collect("run", *kinds)[1]["accounts"][0]["notes"] == []


def test_a_paper_that_was_touched_is_told(company: Company) -> None:
    company.collect("run")
    paper = next((company.home / "archive" / "papers").rglob("*.pdf"))
    content = paper.read_bytes()
    paper.write_bytes(content + b" ")
    code, proof = company.collect("verify", "--offline")
    paper.write_bytes(content)
    assert code == 1
    wrong = [one for check in proof["checks"] for one in check["differences"]]
    assert wrong == [f"{paper.relative_to(company.home / 'archive')}: was changed"]


def test_questions_read_the_tables_and_nothing_else(company: Company) -> None:
    company.collect("run")
    assert company.collect("ask", "SELECT sum(total_minor) AS total FROM bill")[1][0]["total"] > 0
    for question in (
        "SELECT * FROM read_csv('/etc/hostname')",
        "COPY bill TO 'stolen.csv'",
        "ATTACH 'x.db'",
        "SET enable_external_access = true",
    ):
        code, told = company.collect("ask", question)
        assert (code, told["error"]["code"]) == (1, "collector"), question


def test_a_probe_confirms_every_choice_of_acquit(company: Company) -> None:
    code, told = company.acquit("collect", "probe", "--out", "probe.json", "--config", "config")
    assert code == 0, told
    outcomes = {one["id"]: (one["outcome"], one["remark"]) for one in told["questions"]}
    assert {key: said for key, said in outcomes.items() if said[0] == "differs"} == {}
    assert {key for key, said in outcomes.items() if said[0] == "not seen"} <= {"bare-order"}, (
        "with few bills"
    )
    assert len(told["calls"]) + 1 <= 25
    assert (company.home / "probe.md").read_text(encoding="utf-8").count(" confirms ") >= 25


def test_the_demos_lines_in_focus_add_up(company: Company) -> None:
    company.collect("run")
    for words in (("focus",), ("focus", "--version", "1.4", "--vat"), ("invoice-detail",)):
        code, told = company.acquit(
            "collect", "export", *words, "--archive", "archive", "--out", "lines.parquet"
        )
        assert (code, told["adds_up"]) == (0, True), words
        assert told["rows"] > 10


def test_what_is_owed_is_paid_once_and_posted(company: Company) -> None:
    """What a paper of ours says is enough to pay it: IBAN, BIC, reference, due date, VAT by rate."""
    company.collect("init")
    company.collect("run")
    (company.home / "config" / "pay.toml").write_text(
        '[debtor]\nname = "Bellecour"\niban = "FR1420041010050500013M02606"\n', encoding="utf-8"
    )
    due = ("--due-by", "2027-06-30", "--as-of", AS_OF, "--out", "paid")
    code, told = company.collect("pay", *due)
    assert (code, told["left_out"], told["unknown_due"]) == (0, [], [])
    owed = company.collect("ask", "SELECT sum(due_minor) AS owed FROM debt")[1][0]["owed"]
    assert [one["total_minor"] for one in told["paid"]] == [owed]
    assert all(bill["reference"].startswith("RF") for bill in told["paid"][0]["bills"])
    assert company.collect("pay", *due)[1]["paid"] == []

    code, told = company.collect("export", "journal", "--out", "paid")
    bills = company.collect("ask", "SELECT count(*) AS count, sum(total_minor) AS total FROM bill")[1][0]
    assert (code, told["bills"], told["total_minor"]) == (0, bills["count"], {"EUR": bills["total"]})
    assert company.collect("export", "journal", "--out", "paid")[1]["bills"] == 0
