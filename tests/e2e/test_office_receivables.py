"""The office's JSON about receivables: rights, two people, once-only events."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from falcon.testing import Result, TestClient

from acquit.actions.add_operator import create_operator_token
from acquit.actions.context import Context
from acquit.office.app import make_app
from acquit.store.transaction import Database
from billed import failed, later
from founding import ACME, PETIT, SHOP
from owing import PAID_ON, debt_of, open_of, owing, pay

Ask = Callable[..., Result]


@pytest.fixture
def context(database: Database) -> Context:
    return later(owing(database, approval_above_minor=500), PAID_ON)


@pytest.fixture
def ask(context: Context) -> Ask:
    """Call as an operator; a body makes it a POST."""
    client, tokens = TestClient(make_app(context)), {}

    def call(operator_id: str, path: str, body: Any = None) -> Result:
        if operator_id not in tokens:
            tokens[operator_id] = create_operator_token(context, operator_id, by="system")
        method, text = ("GET", "") if body is None else ("POST", json.dumps(body))
        headers = {"Authorization": f"Bearer {tokens[operator_id]}"}
        return client.simulate_request(method, f"/office/api{path}", body=text, headers=headers)

    return call


def test_a_dispute_is_worked_by_billing_and_read_by_all(ask: Ask, context: Context) -> None:
    bill = debt_of(context, PETIT).bill_id
    asked = {"bill": bill, "amount_minor": 600, "reason": "half", "line": 1}
    assert ask("sam", f"/accounts/{PETIT}/disputes", asked).status_code == 403
    number = ask("bob", f"/accounts/{PETIT}/disputes", asked).json["dispute_id"]
    one = f"/accounts/{PETIT}/disputes/{number}"
    ask("bob", f"{one}/messages", {"body": "we look"})
    assert ask("bob", f"{one}/assign", {"owner": "bob"}).json["owner"] == "bob"
    assert [each["dispute_id"] for each in ask("sam", "/disputes").json] == [number]
    assert ask("sam", one).json["messages"][0]["body"] == "we look"
    assert ask("bob", f"{one}/close", {"state": "lost", "outcome": "x"}).status_code == 400
    assert ask("bob", f"{one}/close", {"state": "credited", "outcome": "x"}).status_code == 409
    ended = ask("bob", f"{one}/credit", {"reason": "half was broken"}).json
    assert (ended["dispute"]["state"], open_of(context, PETIT)) == ("credited", 600)
    assert ask("bob", f"/accounts/{ACME}/disputes/{number}").status_code == 404
    assert ask("bob", f"/accounts/{PETIT}/disputes/x").status_code == 404
    assert failed(context) == {}


def test_money_is_given_up_and_back_by_two(ask: Ask, context: Context) -> None:
    debt = debt_of(context, PETIT)
    asked = {"debt": debt.debt_id, "reason": "lost"}
    assert ask("bob", f"/accounts/{PETIT}/write-offs", asked).status_code == 403
    number = ask("tess", f"/accounts/{PETIT}/write-offs", asked).json["write_off_id"]
    one = f"/accounts/{PETIT}/write-offs/{number}"
    assert ask("tess", f"{one}/approve", {}).json["code"] == "same-person-approves"
    assert [each["write_off_id"] for each in ask("sam", "/write-offs").json] == [number]
    assert ask("tom", f"{one}/refuse", {"reason": "they will pay"}).json["decision"] == "refused"
    deposit = pay(context, SHOP, 900)
    back = {"deposit": deposit, "reason": "over-paid"}
    refund = ask("tess", f"/accounts/{SHOP}/refunds", back).json["refund_id"]
    assert ask("tom", f"/accounts/{SHOP}/refunds/{refund}/approve", {}).json["state"] == "approved"
    assert [each["refund_id"] for each in ask("sam", "/refunds").json["approved"]] == [refund]
    assert ask("tom", f"/accounts/{SHOP}/refunds/{refund}/refuse", {"reason": "x"}).status_code == 409
    assert failed(context) == {}


def test_dunning_is_rehearsed_and_looked_at(ask: Ask) -> None:
    assert ask("sam", "/dunning", {"dry_run": True}).status_code == 403
    (told,) = ask("tess", "/dunning", {"dry_run": True}).json
    assert (told["status"], told["letters"]) == ("rehearsed", {"courtesy": 3})
    (done,) = ask("tess", "/dunning", {}).json
    assert done["payers"] == 3
    assert [each["step"]["kind"] for each in ask("sam", f"/accounts/{PETIT}/dunning").json] == ["courtesy"]
    promised = {"amount_minor": 1_200, "due_on": "2027-01-10"}
    assert ask("tess", f"/accounts/{PETIT}/promises", promised).json["amount_minor"] == 1_200


def test_events_of_an_acquirer_count_once(ask: Ask, context: Context) -> None:
    paid = {
        "event": "e1", "kind": "paid", "payment": "p1", "account": PETIT, "currency": "EUR",
        "amount": "12.00", "on": "2026-12-18", "bills": [debt_of(context, PETIT).bill_id],
    }  # fmt: skip
    card = paid | {"event": "e2", "reason": "card 4242424242424242"}
    said = ask("tess", "/acquirers/stripe/events", {"events": [paid, paid, card, "text"]})
    assert [each["is_new"] for each in said.json["taken"]] == [True, False]
    assert [each["code"] for each in said.json["refused"]] == ["card-number", "bad-event"]
    assert "4242" not in said.text
    assert open_of(context, PETIT) == 0
    assert ask("bob", "/acquirers/stripe/events", {"events": []}).status_code == 403
    assert failed(context) == {}
