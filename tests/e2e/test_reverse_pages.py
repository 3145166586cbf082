"""Reverse bills in the browser: offered and made in the office, accepted and contested in the manager."""

from pathlib import Path
from typing import Any

import pytest
from falcon.testing import Result, TestClient

from acquit.actions.add_operator import add_operator
from acquit.actions.context import Context
from acquit.actions.set_legal_entity import set_legal_entity
from acquit.actions.set_legal_party import set_legal_party
from acquit.actions.sign_in import sign_in_operator
from acquit.console.app import make_app
from acquit.store.transaction import Database
from billed import failed
from e2e.conftest import NoSettings
from e2e.trading import trading, visitor_of
from e2e.visitor import Visitor, send_with_file
from e2e.world import PASSWORD
from founding import ACME, FR, PETIT
from reversing import FRENCH

SUPPLIES = f"/office/accounts/{ACME}/supplies"
OFFER = {
    "verb": "agree", "subject": "referral <b>commissions</b>", "agreement_reference": "MAND-14",
    "regime": "standard", "sets_off": "yes", "contest_days": "15", "term_days": "30",
}  # fmt: skip
LINE = {
    "verb": "issue", "description": "Commission, November", "reference": "REF-7", "quantity": "2.5",
    "unit_price": "100.00", "vat_rate": "", "from": "2026-11-01", "to": "2026-11-30",
}  # fmt: skip
ONE = "FRS00001-000001"
"""The first bill in the name of Acme."""


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    made = trading(database, tmp_path / "archive")
    set_legal_party(made, ACME, FRENCH, by="cli")
    for name, role in (("bill", "billing"), ("tess", "treasury")):
        add_operator(made, name, name.title(), role, PASSWORD, by="cli")
    return made


@pytest.fixture
def bob(context: Context) -> Visitor:
    return staff_of(context, "bill")


@pytest.fixture
def acme(context: Context) -> Visitor:
    return visitor_of(context, ACME)


class English(Visitor):
    """Reads pages in English."""

    def get(self, path: str, **options: Any) -> Result:
        return super().get(path, headers={"Accept-Language": "en"}, **options)


def staff_of(context: Context, name: str) -> Visitor:
    """Somebody of the provider who is signed in."""
    client = TestClient(make_app(context, NoSettings()))
    token = sign_in_operator(context, name, PASSWORD, address="192.0.2.1")
    return English(client, {"acquit-office": token})


def agreed(bob: Visitor, acme: Visitor) -> None:
    """Staff offers the agreement, the account says yes."""
    offered = bob.send(SUPPLIES, OFFER)
    assert "waits for the account" in bob.get(offered.headers["location"]).text
    page = acme.get("/manager/reverse-bills").text
    assert "referral &lt;b&gt;commissions&lt;/b&gt;" in page
    assert "You answer for what they say" in page
    said = acme.send("/manager/reverse-bills", {"verb": "accept", "agreement": "1", "who": "Alice Martin"})
    assert "The agreement is accepted." in acme.get(said.headers["location"]).text


def test_from_the_offer_to_the_payment(context: Context, bob: Visitor, acme: Visitor) -> None:
    assert "Bill a supply" not in bob.get(SUPPLIES).text
    agreed(bob, acme)
    made = bob.send(SUPPLIES, LINE)
    page = bob.get(made.headers["location"]).text
    assert "The bill is made in the name of the account." in page
    assert "€300.00" in page
    assert "Have it paid" not in page, "it may be contested yet"
    mine = f"/manager/reverse-bills/{ONE}"
    assert ONE in acme.get("/manager/reverse-bills").text
    assert acme.get(f"{mine}/pdf").content.startswith(b"%PDF")
    acme.send(mine, {"verb": "contest", "reason": "three <i>referrals</i>"})
    shown = bob.get(f"/office/reverse-bills/{ACME}/{ONE}").text
    assert "three &lt;i&gt;referrals&lt;/i&gt;" in shown
    assert bob.get(f"/office/reverse-bills/{ACME}/{ONE}/pdf").content.startswith(b"%PDF")
    acme.send(mine, {"verb": "end-contest", "reason": "it was two and a half"})
    acme.send(mine, {"verb": "accept"})
    tess = staff_of(context, "tess")
    place = f"/office/reverse-bills/{ACME}/{ONE}"
    assert bob.send(place, {"verb": "pay"}).status_code == 403
    assert tess.send(place, {"verb": "take-back", "reason": "x"}).status_code == 403
    asked = tess.send(place, {"verb": "pay"})
    assert "Payment under way" in tess.get(asked.headers["location"]).text
    assert "Payment under way" in acme.get(mine).text
    assert bob.send(place, {"verb": "take-back", "reason": "too late"}).status_code == 409
    assert failed(context) == {}


def test_what_is_not_ones_own_is_not_there(bob: Visitor, acme: Visitor, context: Context) -> None:
    agreed(bob, acme)
    bob.send(SUPPLIES, LINE)
    petit = visitor_of(context, PETIT)
    for path in (f"/manager/reverse-bills/{ONE}", f"/manager/reverse-bills/{ONE}/pdf"):
        assert petit.get(path).status_code == 404
    assert ONE not in petit.get("/manager/reverse-bills").text
    token = petit.hidden("/manager/reverse-bills") or petit.hidden("/manager/contacts")
    assert petit.post(f"/manager/reverse-bills/{ONE}", token | {"verb": "accept"}).status_code == 404
    assert petit.post("/manager/reverse-bills", token | {"verb": "revoke", "agreement": "1", "reason": "x"}
                      ).status_code == 404  # fmt: skip
    assert bob.get(f"/office/reverse-bills/{PETIT}/{ONE}").status_code == 404


def test_a_file_of_lines_and_what_is_wrong_with_it(context: Context, bob: Visitor, acme: Visitor) -> None:
    agreed(bob, acme)
    wrong = send_with_file(bob, SUPPLIES, {"verb": "issue"}, "a.csv", b"description\nx\n")
    assert (wrong.status_code, "unit_price" in wrong.text) == (400, True)
    assert send_with_file(bob, SUPPLIES, {"verb": "issue"}, "a.pdf", b"x").status_code == 400
    lines = b"description,unit_price,from,to\nRack space,12.50,2026-11-01,2026-11-30\n"
    made = send_with_file(bob, SUPPLIES, {"verb": "issue"}, "a.csv", lines)
    page = bob.get(made.headers["location"]).text
    assert "Rack space" in page
    back = bob.send(f"/office/reverse-bills/{ACME}/{ONE}", {"verb": "take-back", "reason": "wrong account"})
    assert "Taken back" in bob.get(back.headers["location"]).text
    led = bob.get(f"/office/accounts/{ACME}/bills/{ONE}")
    assert led.headers["location"] == f"/office/reverse-bills/{ACME}/{ONE}"
    listed = bob.get("/office/reverse-bills").text
    assert ("FRS00001-000002" in listed, "Credit note" in listed, "each morning" in listed) == (
        True,
        True,
        False,
    )
    set_legal_entity(context, FR, {"pays_reverse_bills": True}, by="cli")
    assert "each morning" in bob.get("/office/reverse-bills").text
    note = acme.get("/manager/reverse-bills/FRS00001-000002").text
    assert "wrong account" in note
