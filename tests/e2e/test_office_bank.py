"""Bank statements through the office: sent, looked at, matched and unmatched, by who may."""

import base64
import json
from typing import Any

import pytest
from falcon.testing import TestClient

from acquit.actions.add_operator import create_operator_token
from acquit.actions.context import Context
from acquit.office.app import make_app
from acquit.store.transaction import Database
from actions.test_bank import bill_ids, billed, references
from banking import Tx, camt
from founding import ACME, LAB


@pytest.fixture
def context(database: Database) -> Context:
    found = billed(database)
    with database.write() as tx:
        tx.run("UPDATE operator SET role = 'treasury' WHERE operator_id = 'bob'")
    return found


def call(context: Context, method: str, path: str, body: bytes = b"", operator: str = "bob") -> Any:
    token = create_operator_token(context, operator, by="system")
    return TestClient(make_app(context)).simulate_request(
        method, f"/office/api{path}", body=body, headers={"Authorization": f"Bearer {token}"}
    )


def test_a_statement_is_sent_and_its_rest_matched(context: Context) -> None:
    content = camt([Tx(1_200, reference=references(context)[ACME]), Tx(2_400, "who?")])
    sent = call(context, "POST", "/bank/statements", content)
    assert (sent.status_code, sent.json["status"], sent.json["matched"]) == (200, "booked", 1)
    inbox = call(context, "GET", "/bank/FR/inbox").json
    assert inbox["waiting"] == 1
    entry = inbox["entries"][0]["entry"]
    body = json.dumps({"bills": [{"bill": bill_ids(context)[LAB]}]}).encode()
    assert call(context, "POST", f"/bank/entries/{entry}/match", body).json["status"] == "matched"
    assert call(context, "GET", f"/bank/entries/{entry}").json["match"]["rule"] == 9
    undone = call(context, "POST", f"/bank/entries/{entry}/unmatch", b'{"reason": "wrong"}')
    assert undone.json["status"] == "unmatched"


def test_what_is_refused(context: Context) -> None:
    broken = call(context, "POST", "/bank/statements", camt([Tx(1)], off=1))
    assert (broken.status_code, broken.json["code"]) == (400, "bad-bank-file")
    assert call(context, "POST", "/bank/statements", b"<x/>", operator="sam").status_code == 403
    assert call(context, "GET", "/bank/entries/x").status_code == 404
    assert call(context, "POST", "/bank/entries/1/match", b"{}").status_code == 404


def test_bills_are_bundled_and_their_payment_sheet_is_had(context: Context) -> None:
    path = f"/accounts/{ACME}/bundles"
    assert call(context, "POST", path, b"{}", operator="sam").status_code == 403
    made = call(context, "POST", path, b"{}").json
    assert (made["amount_minor"], [each["account"] for each in made["bills"]]) == (3_600, [ACME, LAB])
    one = json.dumps({"bills": [bill_ids(context)[LAB]]}).encode()
    assert call(context, "POST", path, one).json["amount_minor"] == 2_400
    assert [each["amount_minor"] for each in call(context, "GET", path).json] == [3_600, 2_400]
    sheet = call(context, "GET", f"{path}/{made['bundle']}/sheet", operator="sam").json
    assert sheet["file"] == f"payment-sheet-{made['bundle']}.pdf"
    assert base64.b64decode(sheet["content"]).startswith(b"%PDF-")
    for wrong in (f"{path}/x/sheet", f"{path}/99/sheet", f"/accounts/{LAB}/bundles/{made['bundle']}/sheet"):
        assert call(context, "GET", wrong).status_code == 404
