"""`acquit bills` and `acquit audit`: what scripts read, and how they exit."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

import psycopg
import pytest

from acquit.actions.context import Context
from acquit.actions.set_purchase_order import set_order_policy
from acquit.cli import frame
from acquit.cli.program import Options, Program
from acquit.cli.screen import Screen
from acquit.core.purchase_order import Policy
from acquit.documents.facturx import attached
from acquit.store import services
from acquit.store.transaction import Database
from billed import dollars, family, later, seller, subscribe
from founding import LAB, PETIT, SHOP
from official_rules import broken

Run = Callable[..., Any]


def unused(*_: object) -> Any:
    raise AssertionError("these commands only open the world")


@pytest.fixture
def context(database: Database) -> Context:
    made = seller(database)
    family(made)
    for account_id in (LAB, SHOP, PETIT):
        subscribe(made, account_id, f"srv-{account_id}")
    return made


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    """Carry out a command: its exit code and its document (or, `as_json=False`, its text)."""

    def make(options: Options, screen: Screen) -> Program:
        world = context if options.as_of is None else later(context, options.as_of)
        members: dict[str, Any] = {field.name: unused for field in fields(Program)}
        members |= {
            "options": options,
            "screen": screen,
            "data": tmp_path,
            "open": lambda: nullcontext(world),
        }
        return Program(**members)

    def carry_out(*tokens: str, as_json: bool = True) -> tuple[int, Any]:
        capsysbinary.readouterr()
        code = frame.run([*tokens, *(["--json"] if as_json else [])], make, lambda _: None)
        out = capsysbinary.readouterr().out
        return code, json.loads(out) if as_json else out.decode()

    return carry_out


def test_a_run_tells_what_it_did(run: Run) -> None:
    code, report = run("bills", "run", "--period", "2026-11")
    assert code == 0
    assert report.pop("seconds") >= 0
    assert report == {
        "run": 1, "period": "2026-11", "legal_entity": "FR", "status": "closed", "bills": 3, "posted_now": 3,
        "parked": 0, "carried": 0, "carried_minor": 0, "credit_notes": 0, "net_minor": 3000, "tax_minor": 600,
        "total_minor": 3600, "currency": "EUR",
        "first_number": "FR00000001", "last_number": "FR00000003",
    }  # fmt: skip
    code, again = run("bills", "run", "--period", "2026-11", "--legal-entity", "FR")
    assert (code, again["bills"], again["posted_now"]) == (0, 3, 0)


def test_a_rehearsal_writes_nothing(run: Run) -> None:
    code, report = run("bills", "run", "--period", "2026-11", "--dry-run")
    assert (code, report["status"], report["run"], report["total_minor"]) == (0, "rehearsed", None, 3600)
    assert run("bills", "show") == (0, [])


def test_parked_accounts_make_the_command_fail_and_are_shown(run: Run, context: Context) -> None:
    subscribe(context, PETIT, "odd", currency="XXX")
    set_order_policy(context, SHOP, Policy.HOLD, by="cli")
    code, report = run("bills", "run", "--period", "2026-11")
    assert (code, report["status"], report["parked"], report["bills"]) == (1, "open", 1, 1)
    code, shown = run("bills", "show", "--period", "2026-11")
    assert code == 0
    assert [each["account_id"] for each in shown["parked"]] == [PETIT]
    assert [(each["account_id"], each["reason"]) for each in shown["held"]] == [(SHOP, "missing")]
    _, text = run("bills", "show", "--period", "2026-11", as_json=False)
    assert "No bill can be made in XXX" in text


def test_a_hold_is_shown_in_the_month_that_began_it(run: Run, context: Context) -> None:
    set_order_policy(context, SHOP, Policy.HOLD, by="cli")
    run("bills", "run", "--period", "2026-11")
    run("bills", "run", "--period", "2026-12", "--as-of", "2026-12-01")
    (held,) = run("bills", "show", "--period", "2026-11")[1]["held"]
    assert (held["account_id"], held["goes_on_in"]) == (SHOP, "2026-12")
    _, text = run("bills", "show", "--period", "2026-11", as_json=False)
    assert "held by the run of 2026-12" in text


def test_a_month_that_is_far_ahead_is_asked_about(run: Run) -> None:
    code, document = run("bills", "run", "--period", "2027-01")
    assert (code, document["error"]["code"]) == (1, "not-confirmed")
    assert "2027-01 is 2 months ahead" in document["error"]["message"]
    assert run("bills", "run", "--period", "2027-01", "--dry-run")[0] == 0
    assert run("bills", "run", "--period", "2026-12")[0] == 0, "the next month is billed early often"
    assert run("bills", "run", "--period", "2027-01", "--yes")[1]["bills"] > 0


def test_several_currencies_make_a_list(run: Run, context: Context) -> None:
    subscribe(context, PETIT, "usd", currency="USD")
    dollars(context)
    code, reports = run("bills", "run", "--period", "2026-11")
    assert code == 0
    assert [(each["currency"], each["bills"]) for each in reports] == [("EUR", 3), ("USD", 1)]


def test_a_bill_is_shown(run: Run) -> None:
    run("bills", "run", "--period", "2026-11")
    code, shown = run("bills", "show", "FR00000002")
    assert (code, shown["account_id"], shown["total_minor"], len(shown["details"])) == (0, SHOP, 1200, 1)
    _, text = run("bills", "show", "FR00000002", as_json=False)
    assert "12.00 EUR" in text
    assert run("bills", "show", "FR00000009")[1]["error"]["code"] == "no-such-bill"
    assert run("bills", "show")[1][0]["period"] == "2026-11"


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["--period", "2026-13"], 2, "bad-period"),
        (["--period", "2026-11", "--legal-entity", "XX"], 1, "no-such-legal-entity"),
        ([], 2, "usage"),
    ],
)
def test_what_is_refused(words: list[str], code: int, error: str, run: Run) -> None:
    found, document = run("bills", "run", *words)
    assert (found, document["error"]["code"]) == (code, error)


def test_a_date_before_the_series_is_refused(run: Run) -> None:
    run("bills", "run", "--period", "2026-11")
    code, document = run("bills", "run", "--period", "2026-12", "--as-of", "2026-11-20")
    assert (code, document["error"]["code"]) == (1, "date-before-series")
    assert run("bills", "show", "--period", "2026-12")[1]["error"]["code"] == "no-such-run"


def test_the_audit_passes_or_names_what_differs(run: Run, database_url: str) -> None:
    run("bills", "run", "--period", "2026-11")
    code, proved = run("audit", "--full")
    assert (code, proved["passed"]) == (0, True)
    assert {"name", "passed", "compared", "differences"} == proved["checks"][0].keys()
    assert proved["checks"][-1]["name"] == "papers"
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("UPDATE bill_detail SET net_minor = net_minor + 1 WHERE bill_id = 'FR00000002'")
    code, proved = run("audit")
    assert (code, proved["passed"]) == (1, False)
    wrong = {each["name"]: each["differences"] for each in proved["checks"] if not each["passed"]}
    assert wrong["bill-details"] == ["FR00000002"]
    _, text = run("audit", as_json=False)
    assert "FR00000002" in text


def test_the_benchmark_tells_its_figures() -> None:
    script = Path(__file__).parents[2] / "benchmarks" / "bill_run.py"
    ran = subprocess.run(
        [sys.executable, script, "--accounts", "40"], capture_output=True, text=True, check=True
    )
    told = json.loads(ran.stdout)
    assert told["name"] == "bill-run"
    assert told["rig"].keys() == {"cores", "memory", "postgresql", "python"}
    assert told["figures"].keys() == {
        "accounts", "bills", "seconds", "bills_per_second", "copy_bills_per_second", "copy_ratio",
        "bills_per_second_two_processes", "second_process_ratio", "input_bytes_per_account", "input_share",
        "peak_rss_mb", "python_us_per_bill", "postgresql_us_per_bill",
    }  # fmt: skip
    assert told["figures"]["bills"] == 40


def test_a_bill_s_paper_and_its_electronic_forms_are_handed_out(run: Run, tmp_path: Path) -> None:
    _, report = run("bills", "run", "--period", "2026-11")
    number = report["first_number"]
    made = {}
    for form, ending in (("pdf", "pdf"), ("ubl", "ubl.xml"), ("cii", "cii.xml")):
        code, told = run("bills", "paper", number, "--form", form, "--out", str(tmp_path))
        assert (code, told["file"]) == (0, str(tmp_path / f"{number}.{ending}"))
        made[form] = Path(told["file"]).read_bytes()
        assert hashlib.sha256(made[form]).hexdigest() == told["sha256"]
    assert attached(made["pdf"]) == made["cii"]
    assert broken(made["cii"]) == broken(made["ubl"]) == []
    assert run("bills", "paper", "FR99999999", "--out", str(tmp_path))[0] == 1


def test_bills_name_what_the_account_asks_for(run: Run, tmp_path: Path) -> None:
    assert run("account", "set-references", PETIT)[1]["error"]["code"] == "references-needed"
    assert run("account", "set-references", PETIT, "--contract", "a\u200bb")[1]["error"]["code"] == "bad-text"
    code, said = run("account", "set-references", PETIT, "--cost-account", "6135", "--contract", "CTR-7")
    assert (code, said["cost_account"], said["contract"]) == (0, "6135", "CTR-7")
    assert run("account", "show", PETIT)[1]["contract"] == "CTR-7"
    run("bills", "run", "--period", "2026-11")
    assert "CTR-7" in run("bills", "show", "FR00000003", as_json=False)[1]


def test_rates_are_taken_in_once(run: Run, context: Context, tmp_path: Path) -> None:
    file = tmp_path / "eurofxref-hist.csv"
    assert run("vat", "import-rates", str(file))[1]["error"]["code"] == "bad-rates"
    subscribe(context, PETIT, "usd", currency="USD")
    assert run("bills", "run", "--period", "2026-11")[0] == 1, "an account is parked"
    assert "import-rates" in run("bills", "parked", as_json=False)[1]
    file.write_bytes(b"Date,USD,XXX\n2026-11-20,1.0870,7\n")
    assert run("vat", "import-rates", str(file)) == (0, {"added": 1, "held": 1, "last_on": "2026-11-20"})
    assert run("vat", "import-rates", str(file))[1]["added"] == 0
    assert run("bills", "retry")[0] == 0
    told = run("vat", "report", "--period", "2026-11")[1]
    assert {line["currency"] for line in told["lines"]} <= {"EUR", "USD"}
    file.write_bytes(b"Date,USD\n2026-11-20,1.0871\n")
    assert run("vat", "import-rates", str(file))[1]["error"]["code"] == "rate-differs"


def test_money_is_asked_for_before_a_supply(run: Run, context: Context) -> None:
    assert run("bills", "down-payment", PETIT, "--reason", "x")[1]["error"]["code"] == "choose-one"
    both = ("--amount", "4", "--percent", "5")
    assert run("bills", "down-payment", PETIT, "--reason", "x", *both)[1]["error"]["code"] == "choose-one"
    code, refused = run("bills", "down-payment", PETIT, "--reason", "x", "--amount", "4", "--order", "7")
    assert (code, refused["error"]["code"]) == (1, "no-such-order")
    code, made = run("bills", "down-payment", PETIT, "--reason", "two servers", "--amount", "4.00")
    assert (code, made["bill_id"], made["net_minor"], made["note"]) == (0, "FRAC00000001", 400, "two servers")
    with context.database.read() as tx:
        (service,) = [each.service_id for each in services.of_account(tx, PETIT)]
    part = run(
        "bills", "down-payment", PETIT, "--reason", "x", "--percent", "12.5", "--service", str(service)
    )
    assert (part[1]["net_minor"], part[1]["total_minor"]) == (125, 150)
    code, told = run("bills", "down-payments", PETIT)
    assert [(each["number"], each["net_minor"], each["deductible_minor"]) for each in told] == [
        ("FRAC00000002", 125, 0), ("FRAC00000001", 400, 0),
    ]  # fmt: skip
    assert "FRAC00000002" in run("bills", "down-payments", PETIT, as_json=False)[1]
    assert "No down payment" in run("bills", "down-payments", LAB, as_json=False)[1]
    assert "A down payment" in run("bills", "explain", "FRAC00000001", as_json=False)[1]
