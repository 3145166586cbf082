"""The office's JSON: a bearer token, problems that say why, calls that are carried out once."""

import json
from typing import Any

import pytest
from falcon.testing import Result, TestClient

from acquit.actions.add_operator import create_operator_token
from acquit.actions.ask_sales import ask_sales
from acquit.actions.context import Context
from acquit.core.identifiers import AccountId
from acquit.core.sales_request import AskedTerm
from acquit.core.terms import Term
from acquit.office.app import DOORS, make_app
from e2e.visitor import STAFF
from e2e.world import ACME, SMALL, World


class Program:
    """A program of an operator's."""

    def __init__(self, context: Context, operator_id: str) -> None:
        self._client = TestClient(make_app(context))
        self._token = create_operator_token(context, operator_id, by="system")

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Result:
        sent = {"Authorization": f"Bearer {self._token}"} | {
            n.replace("_", "-"): v for n, v in headers.items()
        }
        text = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        return self._client.simulate_request(method, f"/office/api{path}", body=text, headers=sent)


@pytest.fixture
def sales(context: Context, world: World) -> Program:
    return Program(context, "sam")


def ask(context: Context, days: int, account: str = ACME) -> int:
    asked = ask_sales(context, AccountId(account), AskedTerm(Term(days)), by=f"account:{account}")
    return int(asked.request_id)


def test_who_am_i(sales: Program) -> None:
    assert sales.call("GET", "/operator").json == {
        "operator": "sam",
        "name": "Sam Sales",
        "role": "sales",
        "rights": [
            "decide-requests",
            "grant-terms",
            "set-purchase-orders",
            "agree-prices",
            "change-services",
            "change-prices",
            "make-vouchers",
        ],
    }


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic eDp5", "bearer " + "x" * 43])
def test_without_a_token_nothing_is_said(context: Context, world: World, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    answer = TestClient(make_app(context)).simulate_get("/office/api/requests", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["code"] == "not-signed-in"


@pytest.mark.parametrize("role", STAFF)
def test_rights_are_those_of_the_role(context: Context, world: World, role: str) -> None:
    program = Program(context, STAFF[role])
    rights = program.call("GET", "/operator").json["rights"]
    for door in DOORS:
        path = door.path.format(
            request_id="999999",
            account_id="aa000-acq",
            grant_id="1",
            period="2026-11",
            grouping="order",
            number="1",
            acquirer="x",
            mandate_id="1",
            entry_id="1",
            legal_entity_id="FR",
            bill_id="FR00000001",
        )
        answer = program.call(
            door.method, path, {"reason": "x"} if "refuse" in path or "end" in path else {"days": 45}
        )
        is_allowed = door.right is None or door.right.value in rights
        assert (answer.status_code == 403) is not is_allowed, (door.path, answer.text)


def test_a_request_is_approved_once(sales: Program, context: Context) -> None:
    number = ask(context, 45)
    waiting = {each["request"]: each for each in sales.call("GET", "/requests").json}
    assert waiting[number]["lawful"] is True
    assert {finding["code"] for finding in waiting[number]["findings"]} >= {
        "term-too-long",
        "support-level-too-low",
    }
    first = sales.call("POST", f"/requests/{number}/approve", {"credit_limit_minor": 1_000_000})
    assert (first.status_code, first.json["state"], first.json["decided_by"]) == (
        200,
        "approved",
        "operator:sam",
    )
    again = sales.call("POST", f"/requests/{number}/approve", {})
    assert (again.status_code, again.json["code"]) == (409, "already-decided")
    granted = sales.call("GET", f"/accounts/{ACME}/terms").json[-1]
    assert (granted["days"], granted["credit_limit_minor"]) == (45, 1_000_000)
    assert granted["grant"] == first.json["result"]


def test_a_refusal_needs_a_reason(sales: Program, context: Context) -> None:
    number = ask(context, 60)
    assert sales.call("POST", f"/requests/{number}/refuse", {"reason": " "}).json["code"] == "reason-missing"
    assert sales.call("POST", f"/requests/{number}/refuse", {"reason": "Not now"}).json["state"] == "refused"


def test_a_term_is_granted_once_per_key_and_ended(sales: Program) -> None:
    key = {"Idempotency_Key": "grant-30"}
    first = sales.call("POST", f"/accounts/{ACME}/terms", {"days": 30}, **key)
    assert (first.status_code, first.json["days"]) == (200, 30)
    again = sales.call("POST", f"/accounts/{ACME}/terms", {"days": 30}, **key)
    assert (again.status_code, again.json["code"]) == (409, "submitted-before")
    other = sales.call("POST", f"/accounts/{ACME}/terms", {"days": 60}, **key)
    assert (other.status_code, other.json["code"]) == (409, "key-used-for-another")
    ended = sales.call("POST", f"/accounts/{ACME}/terms/end", {"reason": "asked for it"})
    assert ended.json[-1]["end_on"] == "2026-11-23"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (f"/accounts/{SMALL}/terms", {"days": 45}, 403, "support-level-too-low"),
        (f"/accounts/{ACME}/terms", {"days": 75}, 422, "term-too-long"),
        (f"/accounts/{ACME}/terms", {"days": 45, "method": "whenever"}, 400, "invalid"),
        (f"/accounts/{ACME}/terms", {"days": "45"}, 400, "malformed-body"),
        (f"/accounts/{ACME}/terms", {"days": 45, "extra": 1}, 400, "malformed-body"),
        (f"/accounts/{ACME}/terms", {}, 400, "malformed-body"),
        (f"/accounts/{ACME}/terms", "{", 400, "malformed-body"),
        (f"/accounts/{ACME}/terms", b"\xff", 400, "malformed-body"),
        (f"/accounts/{ACME}/terms", "x" * 200_000, 413, "wrong-request"),
        (f"/accounts/{ACME}/terms/1e3/approve", {}, 404, "no-such-grant"),
        ("/accounts/aa000-acq/terms", {"days": 45}, 404, "no-such-account"),
        ("/requests/1e3/approve", {}, 404, "no-such-request"),
        ("/requests/999999999999999999999/approve", {}, 404, "no-such-request"),
        ("/nothing", {}, 404, "wrong-request"),
        ("/operator", {}, 405, "wrong-request"),
    ],
)
def test_what_is_refused_says_why(sales: Program, path: str, body: Any, status: int, code: str) -> None:
    answer = sales.call("POST", path, body)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.json["status"] == status
    if code == "term-too-long":
        assert "L441-10" in answer.json["source"]


def test_what_bills_of_an_account_name(sales: Program) -> None:
    path = f"/accounts/{ACME}/bill-references"
    assert sales.call("GET", path).json == {"account_id": ACME, "cost_account": "", "contract": ""}
    given = sales.call("POST", path, {"cost_account": "6135", "contract": "CTR-7"})
    assert given.json == {"account_id": ACME, "cost_account": "6135", "contract": "CTR-7"}
    kept = sales.call("POST", path, {"cost_account": ""})
    assert kept.json == {"account_id": ACME, "cost_account": "", "contract": "CTR-7"}
    assert sales.call("POST", path, {"contract": "a\u202eb"}).json["code"] == "bad-text"
