"""The commands of receivables: dunning, disputes, write-offs, refunds, vouchers, acquirers."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.adapters.archive import DirectoryArchive
from acquit.core.late_interest import LateRate
from acquit.store import late_rates
from acquit.store.transaction import Database
from billed import failed, later
from commanding import Run, commander
from founding import ACME, PETIT, SHOP
from owing import PAID_ON, debt_of, open_of, owing, pay

LATE = date(2026, 12, 31)


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    made = owing(database, late_fee_minor=4_000, iban="FR7630006000011234567890189", approval_above_minor=800)
    with database.write() as tx:
        late_rates.add(tx, {"FR": [LateRate(date(2026, 7, 1), 1215)]})
    return replace(later(made, LATE), archive=DirectoryArchive(tmp_path / "archive"))


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    return commander(context, capsysbinary, tmp_path)


def test_dunning_is_rehearsed_run_and_looked_at(run: Run, context: Context, tmp_path: Path) -> None:
    (told,) = run("dunning", "run", "--dry-run")
    assert (told["status"], told["payers"], told["debts"]) == ("rehearsed", 3, 4)
    assert "Rappel" in run("dunning", "preview", "--account", PETIT)["letter"]["subject"]
    (done,) = run("dunning", "run")
    assert (done["letters"], done["asked_minor"], done["sent"]) == ({"reminder": 3}, {"EUR": 4_800}, 0)
    assert run("dunning", "run")[0]["payers"] == 0
    (reminded,) = run("dunning", "history", PETIT)
    assert reminded["step"]["code"] == "reminder-2"
    assert reminded["effects"][0]["told"].endswith("not sent: no e-mail address is known")
    code, seen = run("dunning", "run", "--dry-run", as_json=False)
    assert (code, "rehearsed" in seen) == (0, True)
    assert run("dunning", "preview", "--account", PETIT) is None
    assert run("dunning", "claim", "--account", PETIT, "--dry-run")[0]["details"][-1]["net_minor"] == 4_000
    assert [each["bill_id"] for each in run("dunning", "claim", "--account", PETIT)] == ["FRCL00000001"]
    assert failed(context) == {}


def test_a_calendar_texts_and_rates_are_arranged(run: Run, tmp_path: Path) -> None:
    code, shown = run("dunning", "calendar", "show", as_json=False)
    assert (code, shown.count("[[step]]")) == (0, 6)
    file = tmp_path / "calendar.toml"
    file.write_text(shown.replace("days = 15", "days = 16").replace("claims = false", "claims = true"))
    assert run("dunning", "calendar", "set", file, "--account", ACME)["claims"] is True
    assert run("dunning", "calendar", "show", "--account", ACME)["steps"][3]["days"] == 16
    assert run("dunning", "calendar", "set", "--default", "--account", ACME)["claims"] is False
    assert run("dunning", "calendar", "set") == (2, "usage")
    for wrong in ("nothing", '[[step]]\ncode = "x"\nkind = "reminder"\ndays = "1"', "[[step]]\nkind = 1"):
        file.write_text(wrong)
        assert run("dunning", "calendar", "set", file) == (1, "bad-calendar")
    words = tmp_path / "words.txt"
    words.write_text("{payer} owes {total}\n\n{debts}\n{total}")
    arranged = run("dunning", "text", "set", words, "--step", "reminder", "--language", "fr")
    assert arranged["version"] == "own-1"
    assert "owes" in run("dunning", "text", "show", "--step", "reminder", "--language", "fr")["subject"]
    words.write_text("{nobody}\n{debts} {total}")
    refused = run("dunning", "text", "set", words, "--step", "reminder", "--language", "fr")
    assert refused == (1, "bad-text")
    added = run("dunning", "rate", "add", "--country", "FR", "--from", "2027-01-01", "--percent", "12.40")
    assert added[-1]["rate_bp"] == 1240
    assert len(run("dunning", "rate", "list", "FR")) == 2


def test_a_promise_is_recorded(run: Run) -> None:
    made = run("dunning", "promise", "--account", PETIT, "--amount", "12.00", "--by", "2027-01-15")
    assert made["amount_minor"] == 1_200
    assert [each["due_on"] for each in run("dunning", "promises", PETIT)] == ["2027-01-15"]
    assert run("dunning", "run", "--dry-run")[0]["payers"] == 2


def test_a_dispute_is_opened_talked_about_and_ended(run: Run, context: Context, tmp_path: Path) -> None:
    proof = tmp_path / "proof.txt"
    proof.write_text("broken")
    bill = debt_of(context, PETIT).bill_id
    made = run(
        "dispute", "open", bill, "--amount", "6.00", "--reason", "broken", "--line", 1, "--file", proof
    )
    number, whose = made["dispute_id"], ("--account", PETIT)
    run("dispute", "say", number, "we look", *whose)
    run("dispute", "assign", number, *whose, "--to", "tess", "--deadline", "2027-01-10")
    shown = run("dispute", "show", number, *whose)
    assert (shown["dispute"]["owner"], len(shown["messages"])) == ("tess", 2)
    copy = tmp_path / "copy.txt"
    assert run("dispute", "file", number, 1, *whose, "--to", copy)["bytes"] == 6
    assert run("dispute", "file", number, 1, *whose, "--to", copy) == (1, "bad-message")
    assert [each["dispute_id"] for each in run("dispute", "list")] == [number]
    ended = run("dispute", "credit", number, *whose, "--outcome", "was broken")
    assert (ended["dispute"]["state"], open_of(context, PETIT)) == ("credited", 600)
    other = run("dispute", "open", bill, "--amount", "1.00", "--reason", "more")["dispute_id"]
    refused = run("dispute", "close", other, *whose, "--state", "credited", "--outcome", "x")
    assert refused == (1, "dispute-closed")
    closed = run("dispute", "close", other, *whose, "--state", "rejected", "--outcome", "was fine")
    assert closed["state"] == "rejected"
    assert len(run("dispute", "list", "--account", PETIT)) == 2
    assert run("dispute", "list", as_json=False)[1].strip() == "Nothing is disputed."
    assert failed(context) == {}


def test_money_is_given_up_and_back_by_two_people(run: Run, context: Context) -> None:
    bill, whose = debt_of(context, PETIT).bill_id, ("--account", PETIT)
    small = run("write-off", "ask", bill, "--amount", "0.03", "--reason", "cents")
    assert small["decision"] == "approved"
    large = run("write-off", "ask", bill, "--reason", "insolvent", "--operator", "tess")
    assert large["decision"] == "asked"
    number = large["write_off_id"]
    refused = run("write-off", "approve", number, *whose, "--operator", "tess")
    assert refused == (1, "same-person-approves")
    assert [each["write_off_id"] for each in run("write-off", "list")] == [number]
    assert run("write-off", "approve", number, *whose, "--operator", "tom")["decision"] == "approved"
    deposit = pay(context, SHOP, 900)
    asked = run("refund", "ask", deposit, "--account", SHOP, "--reason", "over", "--operator", "tess")
    assert asked["state"] == "asked"
    one = (asked["refund_id"], "--account", SHOP)
    assert run("refund", "approve", *one, "--operator", "tom")["state"] == "approved"
    assert len(run("refund", "list", "--state", "approved")) == 1
    assert run("refund", "paid", *one, "--on", PAID_ON, "--told", "file 7")["state"] == "paid"
    assert run("refund", "failed", *one, "--told", "AC04")["state"] == "failed"
    assert len(run("refund", "list", "--account", SHOP)) == 1
    note = run("credit-note", "create", debt_of(context, ACME).bill_id, "--reason", "wrong")
    assert note["kind"] == "credit-note"
    assert failed(context) == {}


def test_a_voucher_is_made_shown_once_and_used(run: Run) -> None:
    made = run(
        "voucher", "make", "--amount", "5.00", "--until", "2027-03-31", "--words", "welcome", "--uses", 2
    )
    assert made["voucher"]["hint"] == made["code"][-4:]
    assert run("voucher", "check", made["code"], "--account", PETIT) == {"usable": True}
    assert run("voucher", "redeem", made["code"], "--account", PETIT)["left_minor"] == 500
    assert run("voucher", "redeem", made["code"], "--account", PETIT) == (1, "no-such-voucher")
    assert [each["uses"] for each in run("voucher", "list")] == [1]


def test_a_file_of_an_acquirer_is_taken_in_line_by_line(run: Run, context: Context, tmp_path: Path) -> None:
    paid = {
        "event": "e1", "kind": "paid", "payment": "p1", "account": PETIT, "currency": "EUR",
        "amount": "12.00", "on": "2026-12-30", "bills": [debt_of(context, PETIT).bill_id],
    }  # fmt: skip
    payout = {
        "event": "po", "kind": "paid-out", "currency": "EUR", "net": "11.70", "fee": "0.30",
        "on": "2026-12-31", "events": ["e1"],
    }  # fmt: skip
    file = tmp_path / "events.ndjson"
    paid["reason"] = "one line, \u2028 however it is shown"
    file.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in (paid, payout)), "utf-8")
    told = run("acquirer", "import", file, "--acquirer", "stripe")
    assert (told["new"], told["known"], told["settled_minor"], told["refused"]) == (2, 0, 1_200, [])
    assert run("acquirer", "import", file, "--acquirer", "stripe")["known"] == 2
    wrong = [
        "no json", "[]", json.dumps(paid | {"event": "e2", "pan": "4242424242424242"}),
        json.dumps(paid | {"event": "e3", "amount": 12}), json.dumps(paid | {"event": "e4", "on": "now"}),
        json.dumps(paid | {"event": "e5", "currency": "X"}), json.dumps(paid | {"event": "e6", "kind": ""}),
        json.dumps(paid | {"event": "e7", "amount": "12.00000"}), json.dumps(paid | {"amount": "13.00"}),
        json.dumps(paid | {"event": "e8", "amount": "12.001"}), json.dumps(paid | {"bills": "FR1"}),
        json.dumps(paid | {"event": "e9", "reason": "\0"}),
        json.dumps(paid | {"event": "e10", "reason": "\ud800"}),
        json.dumps(paid | {"event": "e11", "amount": "9" * 30}), "[" * 100_000, "[" * 800 + "]" * 800,
    ]  # fmt: skip
    file.write_text("\n".join(wrong))
    code, seen = run("acquirer", "import", file, "--acquirer", "stripe", as_json=False)
    assert code == 1
    assert "4242" not in seen
    assert "0 new, 0 known, 16 refused." in seen
    assert [each["event_id"] for each in run("acquirer", "events", PETIT)] == ["e1"]
    assert failed(context) == {}
