"""The commands of sales: accounts, terms, requests, purchase orders; what they print and how they exit."""

import io
import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from acquit.actions.ask_sales import ask_sales
from acquit.actions.context import Context
from acquit.cli import frame
from acquit.cli.account import LegalEntityNeeded, only_legal_entity
from acquit.cli.program import Options, Program
from acquit.cli.screen import Screen
from acquit.core.identifiers import LegalEntityId
from acquit.core.order_change import OrderTerms
from acquit.core.sales_request import AskedOrder, AskedTerm, attachment
from acquit.core.terms import Term
from acquit.store import legal_entities
from acquit.store.transaction import Database
from founding import ACME, ENTITY, LAB, PETIT, TODAY, add_service, add_usage, context_on, found, settle

Run = Callable[..., Any]


def unused(*_: object) -> Any:
    raise AssertionError("these commands only open the world")


@pytest.fixture
def context(database: Database) -> Context:
    made = found(database)
    settle(made)
    return made


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    """Carry out a command with --json: its document, or `(exit code, code of the refusal)`."""

    def make(options: Options, screen: Screen) -> Program:
        world = context if options.as_of is None else context_on(context.database, options.as_of)
        members: dict[str, Any] = {field.name: unused for field in fields(Program)}
        members |= {
            "options": options,
            "screen": screen,
            "data": tmp_path,
            "open": lambda: nullcontext(world),
        }
        return Program(**members)

    def carry_out(*tokens: object, as_json: bool = True) -> Any:
        line = [str(token) for token in tokens] + ["--json"] * as_json
        code = frame.run(line, make, lambda _: None)
        out = capsysbinary.readouterr().out
        if not as_json:
            return code, out.decode()
        document = json.loads(out) if out else None
        return document if code == 0 else (code, document and document["error"]["code"])

    return carry_out


def test_accounts_are_opened_and_shown(run: Run) -> None:
    opened = run(
        "account", "open", "--name", "Zenith SA", "--siren", "552081317", "--city", "Lyon", "--country", "FR",
        "--given-name", "Zoé", "--family-name", "Zen", "--support-level", "enterprise", "--tag", "reseller",
    )  # fmt: skip
    assert (opened["account"], opened["support_level"], opened["tags"]) == (
        "zz10001-acq",
        "enterprise",
        ["reseller"],
    )
    assert opened["legal_party"]["name"] == "Zenith SA"
    child = run(
        "account", "open", "--parent", opened["account"], "--description", "branch", "--payer", "itself"
    )
    assert (child["parent"], child["payer"], child["legal_party"]["inherited"]) == (
        opened["account"], child["account"], True,
    )  # fmt: skip
    own = run("account", "open", "--parent", opened["account"], "--name", "Zenith Lab SAS")
    assert (own["legal_party"]["name"], own["legal_party"]["country"]) == ("Zenith Lab SAS", "FR")
    shown = run("account", "show", opened["account"])
    assert [each["account"] for each in shown["sub_accounts"]] == [child["account"], own["account"]]
    assert [each["account"] for each in run("account", "list", "--parent", ACME)] == [LAB, "ab20002-acq"]
    assert len(run("account", "list")) == 7


def test_conditions_are_set(run: Run) -> None:
    assert run("account", "set-support-level", PETIT, "business")["support_level"] == "business"
    assert run("account", "add-tag", PETIT, "reseller")["tags"] == ["reseller"]
    assert run("account", "remove-tag", PETIT, "reseller")["tags"] == []
    assert run("account", "set-payer", LAB, "itself")["payer"] == LAB
    moved = run("account", "set-legal-party", PETIT, "--same-as", ACME)
    assert moved["legal_party"]["name"] == "Acme Études SARL"
    changed = run("account", "set-legal-party", PETIT, "--name", "Petit SA", "--from", "2027-01-01")
    assert changed["legal_party"]["name"] == "Acme Études SARL"
    assert run("account", "set-legal-party", LAB, "--name", "Lab SA")["legal_party"]["inherited"] is False


def test_wrong_accounts_are_refused(run: Run) -> None:
    assert run("account", "show", "zz99999-acq") == (1, "no-such-account")
    assert run("account", "open", "--legal-entity", "XX") == (1, "no-such-legal-entity")
    assert run("account", "open", "--siren", "552081317") == (1, "legal-party-needed")
    assert run("account", "open", "--account", "Acme") == (1, "bad-account-id")
    assert run("account", "open", "--parent", PETIT) == (1, "reseller-tag-missing")
    assert run("account", "set-legal-party", ACME) == (1, "legal-party-needed")
    assert run("account", "set-support-level", ACME, "golden") == (2, "usage")


def test_a_seller_has_to_be_named_only_among_several(run: Run, context: Context) -> None:
    with context.database.write() as tx:
        legal_entities.insert(tx, replace(ENTITY, legal_entity_id=LegalEntityId("DE"), country="DE"))
    assert run("account", "open") == (1, "legal-entity-needed")
    assert run("account", "open", "--legal-entity", "DE")["legal_entity"] == "DE"


def test_without_a_seller_there_is_no_account(database: Database) -> None:
    with pytest.raises(LegalEntityNeeded, match="acquit init"):
        only_legal_entity(context_on(database), None)


def test_a_password_comes_from_a_pipe(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("plum-Quartz-7-lantern\n"))
    assert run("account", "set-password", ACME) == {"account": ACME}
    monkeypatch.setattr(sys, "stdin", io.StringIO("secret\n"))
    assert run("account", "set-password", ACME) == (1, "weak-password")


def test_terms_are_granted_shown_and_revoked(run: Run, context: Context) -> None:
    add_service(context, LAB, "lab")
    granted = run("terms", "grant", "--account", ACME, "--days", "45", "--credit-limit", "50000.00")
    assert granted["attributes"] == {
        "payment.delay_days": "45",
        "payment.delay_method": "net",
        "payment.transfer": "sepa-authorised",
        "renewal.permanent": "true",
    }
    assert (granted["days"], granted["granted"], granted["credit_left_minor"]) == (45, True, 5_000_000)
    assert [method["label"] for method in granted["payment_methods"]] == ["PaymentEnterprisewith45daysdelays"]
    lab = run("terms", "show", "--account", LAB)
    assert (lab["payer"], lab["days"], lab["warnings"]) == (ACME, 45, [])
    assert run("terms", "show", PETIT)["term"] == "30 days (legal default)"
    code, text = run("terms", "show", ACME, as_json=False)
    assert code == 0
    assert "PaymentEnterprisewith45daysdelays (VALID, default)" in text
    run("account", "set-support-level", ACME, "premium")
    assert [notice["code"] for notice in run("account", "notices")] == ["support-level-too-low"]
    assert len(run("terms", "show", ACME)["warnings"]) == 1
    revoked = run("terms", "revoke", "--account", ACME, "--reason", "contract over")
    assert (revoked["attributes"], revoked["grants"][0]["end_reason"]) == ({}, "contract over")
    assert run("account", "notices") == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--days", 75), "term-too-long"),
        (("--days", 60, "--month-end", "days-first"), "term-too-long"),
        (("--days", 50), "term-not-offered"),
        (("--days", 60), "usage-choice-missing"),
        (("--days", 60, "--override", ""), "override-reason-missing"),
        (("--days", 60, "--usage", "own-bill", "--override", "x"), "choose-one"),
        (("--days", 45, "--credit-limit", "-5"), "invalid"),
        (("--days", 45, "--credit-limit", "much"), "bad-amount"),
        (("--days", 45, "--from", "2026-01-01"), "grant-backdated"),
        (("--days", 45, "--operator", "bob"), "role-forbids"),
        (("--days", 45, "--operator", "nobody"), "staff-only"),
    ],
)
def test_a_wrong_grant_is_refused(run: Run, context: Context, options: tuple[object, ...], code: str) -> None:
    add_usage(context, ACME)
    exit_code = 2 if code == "choose-one" else 1
    assert run("terms", "grant", "--account", ACME, *options) == (exit_code, code)


def test_a_grant_in_the_future_is_put_in_force_on_its_day(run: Run) -> None:
    run(
        "terms",
        "grant",
        "--account",
        ACME,
        "--days",
        45,
        "--from",
        "2026-12-01",
        "--month-end",
        "month-first",
    )
    assert run("terms", "show", ACME)["granted"] is False
    assert run("terms", "enforce", "--as-of", "2026-12-01") == [ACME]
    shown = run("terms", "show", ACME, "--as-of", "2026-12-01")
    assert (shown["method"], shown["usage_days"], shown["attributes"]["payment.delay_method"]) == (
        "month-first", 45, "month-first",
    )  # fmt: skip


def test_a_second_person_approves(run: Run, context: Context) -> None:
    with context.database.write() as tx:
        tx.run("UPDATE legal_entity SET approval_above_minor = 100000")
    granted = run("terms", "grant", "--account", ACME, "--days", 45, "--operator", "sam")
    assert granted["payment_methods"] == []
    (waiting,) = run("terms", "show")
    approve = ("terms", "approve", "--account", ACME, "--grant", waiting["grant"], "--operator")
    assert run(*approve, "sam") == (1, "same-person-approves")
    assert run(*approve, "bea")["payment_methods"][0]["default"] is True
    assert run("terms", "show") == []


def test_requests_are_listed_and_decided(run: Run, context: Context, tmp_path: Path) -> None:
    add_usage(context, ACME)
    by = f"account:{ACME}"
    file = attachment("order.pdf", b"%PDF")
    term = ask_sales(context, ACME, AskedTerm(Term(60)), by=by, message="please").request_id
    order = ask_sales(context, ACME, AskedOrder(OrderTerms("PO-9", TODAY)), by=by, file=file).request_id
    other = ask_sales(context, ACME, AskedOrder(OrderTerms("PO-8", TODAY)), by=by).request_id
    queue = run("request", "list")
    assert [(each["request"], each["lawful"]) for each in queue] == [
        (term, False),
        (order, True),
        (other, True),
    ]
    assert "usage-choice-missing" in [each["rule"] for each in queue[0]["findings"] if not each["ok"]]
    assert run("request", "approve", term) == (1, "usage-choice-missing")
    assert run("request", "approve", order, "--days", 30) == (1, "not-a-term")
    approved = run(
        "request", "approve", term, "--usage", "own-bill", "--credit-limit", 500, "--operator", "sam"
    )
    assert (approved["state"], approved["decided_by"]) == ("approved", "operator:sam")
    assert run("terms", "show", ACME)["credit_limit_minor"] == 500_00
    saved = tmp_path / "saved.pdf"
    shown = run("request", "show", order, "--save", saved)
    assert (shown["asked"], saved.read_bytes()) == (f"purchase order PO-9 from {TODAY}", b"%PDF")
    assert run("request", "show", other, "--save", saved) == (1, "invalid")
    run("request", "approve", order)
    assert run("request", "approve", other) == (1, "purchase-order-overlaps")
    assert run("request", "refuse", other, "--reason", "there is PO-9")["reason"] == "there is PO-9"
    assert run("request", "refuse", other, "--reason", "again") == (1, "already-decided")
    assert run("request", "list") == []
    assert len(run("request", "list", "--all")) == 3
    code, text = run("request", "list", "--all", as_json=False)
    assert (code, "PO-9" in text) == (0, True)


def test_sales_may_shorten_what_was_asked(run: Run, context: Context) -> None:
    asked = ask_sales(context, ACME, AskedTerm(Term(60)), by=f"account:{ACME}").request_id
    run("request", "approve", asked, "--days", 45, "--month-end", "days-first")
    shown = run("terms", "show", ACME)
    assert (shown["days"], shown["method"]) == (45, "days-first")


def test_orders_are_set_and_ended(run: Run) -> None:
    order = run(
        "purchase-order", "set", "--account", ACME, "--sub-account", LAB, 2, "--reference", "PO-1", "--from",
        "2026-01-01", "--to", "2027-01-01", "--amount", "1000.00", "--by", "service-period", "--policy",
        "hold",
        "--hold-days", 5, "--type", "reference-order", "--cost-account", "613",
    )  # fmt: skip
    assert (order["kind"], order["members"], order["left_minor"], order["by"], order["type"]) == (
        "blanket", [ACME, LAB, "ab20002-acq"], 100_000, "service-period", "REFERENCE_ORDER",
    )  # fmt: skip
    assert run("account", "show", ACME)["order_policy"] == "hold"
    assert [each["reference"] for each in run("purchase-order", "list", "--account", LAB)] == ["PO-1"]
    assert [each["reference"] for each in run("purchase-order", "list")] == ["PO-1"]
    of_acme = ("--account", ACME)
    assert run("purchase-order", "raise", "PO-1", *of_acme, "--amount", "1500")["left_minor"] == 150_000
    new = run("purchase-order", "replace", "PO-1", *of_acme, "--reference", "PO-2", "--amount", "10")
    assert (new["from"], new["to"], new["amount_max_minor"]) == ("2026-11-23", "2027-01-01", 1000)
    closed = run("purchase-order", "close", new["purchase_order"], *of_acme, "--on", "2026-12-24")
    assert closed["to"] == "2026-12-24"
    assert run("purchase-order", "delete", "PO-2", *of_acme)["status"] == "DELETED"
    assert run("purchase-order", "close", "PO-2", *of_acme) == (1, "no-such-purchase-order")
    code, text = run("purchase-order", "list", *of_acme, as_json=False)
    assert (code, "PO-1" in text) == (0, True)


def test_wrong_orders_are_refused(run: Run, tmp_path: Path) -> None:
    one = ("purchase-order", "set", "--account", ACME, "--reference", "PO-1")
    assert run(*one)["from"] == "2026-11-23"
    assert run(*one) == (1, "purchase-order-overlaps")
    assert run(*one, "--sub-account", 99) == (1, "no-such-account")
    assert run(*one, "--sub-account", PETIT) == (1, "bad-purchase-order")
    assert run(*one, "--amount", "1.234") == (1, "bad-amount")
    assert run(*one, "--group", 7) == (1, "no-such-billing-group")
    assert run("purchase-order", "set", "--reference", "PO-1") == (2, "usage")
    assert run(*one, "--file", tmp_path / "x.csv") == (2, "choose-one")
    assert run("purchase-order", "set", "--file", tmp_path / "x.csv") == (1, "invalid")
    assert run("purchase-order", "set", "--file", tmp_path / "x.xls") == (1, "invalid")
    run("purchase-order", "set", "--account", ACME, "--reference", "PO-1", "--sub-account", LAB)
    assert run("purchase-order", "close", "PO-1", "--account", ACME) == (1, "several-orders")


def test_many_orders_come_from_a_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(f"account,reference,from\n{ACME},PO-1,2026-01-01\n{PETIT},PO-2,2026-01-01\n")
    assert [each["reference"] for each in run("purchase-order", "set", "--file", file)] == ["PO-1", "PO-2"]
    assert run("purchase-order", "set", "--file", file) == (1, "import-refused")
