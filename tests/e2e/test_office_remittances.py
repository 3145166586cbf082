"""Files for the bank through the office's JSON, by two operators."""

import base64
from pathlib import Path

from acquit.actions.advance_remittance import find_remittance
from acquit.store.transaction import Database
from collecting import COLLECTED_ON, IBAN, OTHER_IBAN, collecting, lines_of, report
from e2e.test_office_json import Program
from founding import ACME, PETIT, SHOP


def test_two_operators_collect(database: Database, tmp_path: Path) -> None:
    context = collecting(database, tmp_path)
    tess, tom, sam = Program(context, "tess"), Program(context, "tom"), Program(context, "sam")
    signed = {"iban": IBAN, "signed_on": "2026-01-15", "town": "Nantes", "country": "FR", "default": False}
    assert sam.call("POST", f"/accounts/{SHOP}/mandates", signed).status_code == 403
    (mandate,) = tess.call("POST", f"/accounts/{SHOP}/mandates", signed).json
    path = f"/accounts/{SHOP}/mandates/{mandate['mandate']}"
    assert tess.call("POST", path, {"step": "suspended", "reason": "x"}).json[0]["state"] == "suspended"
    assert tess.call("POST", path, {"step": "lost", "reason": "x"}).status_code == 400
    assert sam.call("GET", f"/accounts/{SHOP}/mandates").json[0]["iban"].startswith("FR76***")
    amended = tess.call("POST", f"{path}/amend", {"iban": OTHER_IBAN, "reason": "their letter"}).json
    assert amended[0]["iban"] == "DE89**************3000"
    assert tess.call("POST", f"{path}/amend", {}).json["code"] == "bad-mandate"
    assert sam.call("POST", f"{path}/amend", {"iban": IBAN}).status_code == 403
    made = tess.call("POST", "/remittances", {"legal_entity": "FR", "until": "2026-12-23"}).json
    number = made["remittance"]
    assert (made["state"], made["left_out"], len(made["collections"])) == ("draft", [], 2)
    assert tess.call("POST", f"/remittances/{number}/approve").json["code"] == "same-person-approves"
    assert tom.call("POST", f"/remittances/{number}/approve").json["approved_by"] == "operator:tom"
    told = tess.call("POST", f"/remittances/{number}/download").json
    assert base64.b64decode(told["content"]).startswith(b"<?xml")
    assert tess.call("POST", f"/remittances/{number}/sent", {"told": "by hand"}).json["state"] == "sent"
    assert tess.call("POST", f"/remittances/{number}/cancel", {}).json["code"] == "remittance-not-there"
    sent = find_remittance(context, number)
    reported = tess.call("POST", "/status-reports", report(sent, "ACCP")).json
    assert (reported["state"], reported["accepted"]) == ("accepted", 2)
    bank = {"reference": number, "amount_minor": 3_600, "on": COLLECTED_ON.isoformat()}
    got = tess.call("POST", "/collections/collected", bank).json
    assert [each["state"] for each in got["collections"]] == ["collected", "collected"]
    petits = lines_of(context, sent)[PETIT].end_to_end
    back = bank | {"reference": petits, "amount_minor": 1_200, "reason_code": "MS03"}
    assert tess.call("POST", "/collections/returned", back).json["collections"][0]["state"] == "returned"
    shown = sam.call("GET", f"/remittances/{number}").json
    assert [each["state"] for each in shown["events"]] == [
        "approved", "downloaded", "sent", "accepted", "collected",
    ]  # fmt: skip
    assert {each["account"]: each["state"] for each in shown["collections"]} == {
        ACME: "collected", PETIT: "returned",
    }  # fmt: skip
    assert [each["remittance"] for each in sam.call("GET", "/remittances").json] == [number]
