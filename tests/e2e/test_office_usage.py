"""Batches of usage through the office: a list or lines, what became of each event, retries, rights, sizes."""

import json
from datetime import date
from typing import Any

import pytest
from falcon.testing import TestClient

from acquit.actions.add_operator import create_operator_token
from acquit.actions.context import Context
from acquit.office.app import make_app
from acquit.store.transaction import Database
from billed import family, seller, subscribe
from founding import PETIT
from metering import event, measure


@pytest.fixture
def context(database: Database) -> Context:
    """Petit with a server since January."""
    found = seller(database)
    family(found)
    measure(found)
    subscribe(found, PETIT, "srv", next_on=date(2026, 1, 1))
    return found


def post(context: Context, body: Any, operator: str = "bob", path: str = "/usage", **headers: str) -> Any:
    sent = {"Authorization": f"Bearer {create_operator_token(context, operator, by='system')}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return TestClient(make_app(context)).simulate_post(f"/office/api{path}", body=text, headers=sent)


def test_a_batch_tells_what_became_of_each_event(context: Context) -> None:
    answer = post(context, [event("a", "srv", 1.5), event("a", "srv", 1.5), event("b", "srv", -1), {"id": 1}])
    assert answer.status_code == 200
    told = answer.json
    assert (told["received"], told["accepted"], told["again"], told["rejected"]) == (4, 1, 1, 2)
    assert [(each["id"], each["status"], each.get("code")) for each in told["events"]] == [
        ("a", "accepted", None), ("a", "again", None), ("b", "rejected", "negative-quantity"),
        (None, "rejected", "malformed-line"),
    ]  # fmt: skip


def test_lines_and_a_source(context: Context) -> None:
    lines = b"\n".join(json.dumps(event(each, "srv")).encode() for each in "xyz")
    assert post(context, lines, Content_Type="application/x-ndjson").json["accepted"] == 3
    assert post(context, {"source": "probe", "events": [event("x", "srv")]}).json["accepted"] == 1
    assert post(context, [event("x", "srv")]).json["again"] == 1


def test_a_key_is_carried_out_once(context: Context) -> None:
    body = [event("a", "srv")]
    assert post(context, body, Idempotency_Key="k").status_code == 200
    again = post(context, body, Idempotency_Key="k")
    assert (again.status_code, again.json["code"]) == (409, "submitted-before")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed-body"),
        (b"[1", 400, "malformed-body"),
        (b'{"events": 1}', 400, "malformed-body"),
        (b'{"events": [], "colour": 1}', 400, "malformed-body"),
        (b"[" + b",".join([b"{}"] * 10_001) + b"]", 400, "too-many-events"),
        (b"[" + b" " * 8_400_000 + b"]", 413, "wrong-request"),
    ],
    ids=["torn", "torn list", "no list", "strange member", "too many", "too large"],
)
def test_a_batch_that_is_none(context: Context, body: bytes, status: int, code: str) -> None:
    answer = post(context, body)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_rejected_events_are_seen_and_tried_again(context: Context) -> None:
    post(context, [event("a", "later")])
    token = create_operator_token(context, "sam", by="system")
    client = TestClient(make_app(context))
    seen = client.simulate_get(
        "/office/api/usage/rejected", headers={"Authorization": f"Bearer {token}"}
    ).json
    assert (seen["reasons"], seen["rejected"][0]["id"]) == ({"no-such-service": 1}, "a")
    subscribe(context, PETIT, "later", next_on=date(2026, 1, 1))
    assert post(context, {}, path="/usage/retry").json == {"accepted": 1, "again": 0, "rejected": 0}


def test_sales_may_not_send(context: Context) -> None:
    assert post(context, [event("a", "srv")], operator="sam").status_code == 403
