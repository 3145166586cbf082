"""Down payments, reverse bills and services that change hands, by programs of the staff and by search."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from acquit.actions.add_operator import add_operator
from acquit.actions.context import Context
from acquit.actions.set_legal_party import set_legal_party
from acquit.adapters.archive import DirectoryArchive
from acquit.store.transaction import Database
from billed import failed, later
from e2e.test_office_json import Program
from e2e.test_office_moves import staff_of
from e2e.visitor import STAFF
from e2e.world import PASSWORD
from founding import ACME, PETIT, SHOP
from reversing import FRENCH
from serving import market, run, sell

OFFER = {"subject": "commissions", "reference": "MAND-7", "vat": "standard", "sets_off": True}
LINE = {
    "description": "Commission", "reference": "REF-7", "quantity": "2.5", "unit_price": "100.00",
    "from": "2026-11-01", "to": "2026-11-30",
}  # fmt: skip
ONE = "FRS00001-000001"


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    """Petit has a server with options; Acme may supply its seller."""
    context = replace(market(database), archive=DirectoryArchive(tmp_path / "papers"))
    set_legal_party(context, ACME, FRENCH, by="cli")
    for role in ("sales", "billing", "treasury", "auditor"):
        add_operator(context, f"{STAFF[role]}-two", role.title(), role, PASSWORD, by="cli")
    sell(context, options=("backup",), resource_name="web")
    run(context, "2026-11")
    return later(context, date(2026, 12, 17))


def program(context: Context, role: str) -> Program:
    return Program(context, f"{STAFF[role]}-two")


def test_a_down_payment_is_asked_for_told_and_found(context: Context) -> None:
    bob, path = program(context, "billing"), f"/accounts/{PETIT}/down-payments"
    assert bob.call("GET", path).json == []
    made = bob.call("POST", path, {"reason": "new servers", "amount_minor": 400})
    assert made.status_code == 200, made.text
    number, reference = made.json["bill_id"], made.json["payment_reference"]
    (told,) = bob.call("GET", path).json
    assert (told["bill"], told["net_minor"], told["tax_minor"], told["deductible_minor"]) == (
        number,
        400,
        80,
        0,
    )
    assert bob.call("GET", f"{path}?before={told['order_id']}").json == []
    assert bob.call("GET", f"{path}?before=x").json["code"] == "not-a-number"
    assert bob.call("GET", f"{path}/{number}").json["uses"] == []
    for wrong in (f"{path}/FR00000001", f"/accounts/{ACME}/down-payments/{number}"):
        assert bob.call("GET", wrong).status_code == 404
    both = bob.call("POST", path, {"reason": "x", "percent_bp": 3000, "order": 1, "service": 1})
    assert (both.status_code, both.json["code"]) == (400, "invalid")
    sam = staff_of(context, "sales")
    for text in (number, reference, reference.lower()):
        page = sam.get(f"/office/search?q={text}").text
        assert (f'href="/office/accounts/{PETIT}/bills/{number}"' in page, "Down payment" in page) == (
            True,
            True,
        )


def test_a_reverse_bill_from_the_offer_to_the_payment(context: Context) -> None:
    bob, tess = program(context, "billing"), program(context, "treasury")
    path, agreements = f"/accounts/{ACME}/reverse-bills", f"/accounts/{ACME}/self-billing"
    assert bob.call("POST", agreements, OFFER | {"vat": "whatever"}).status_code == 400
    assert bob.call("POST", agreements, OFFER).json["agreement_no"] == 1
    assert bob.call("POST", f"{agreements}/1/accept", {"signed_by": "Alice"}).json["accepted_by"] == "Alice"
    made = bob.call("POST", path, {"lines": [LINE]})
    assert (made.status_code, made.json["bill"], made.json["net_minor"]) == (200, ONE, 25_000), made.text
    assert made.json["lines"][0]["reference"] == "REF-7"
    contested = bob.call("POST", f"{path}/{ONE}/contest", {"reason": "three"})
    assert (contested.json["state"], contested.json["said"][0]["told"]) == ("contested", "three")
    assert bob.call("POST", f"{path}/{ONE}/end-contest", {"reason": "no"}).json["state"] == "open"
    assert bob.call("POST", f"{path}/{ONE}/pay").status_code == 403
    assert tess.call("POST", f"{path}/{ONE}/pay").json["code"] == "reverse-bill-not-payable"
    assert bob.call("POST", f"{path}/{ONE}/accept").json["accepted_on"] == "2026-12-17"
    assert tess.call("POST", f"{path}/{ONE}/set-off").json["code"] == "no-set-off"
    paid = tess.call("POST", f"{path}/{ONE}/pay").json
    assert (paid["state"], paid["paying_minor"], len(paid["payments"])) == ("paying", 30_000, 1)
    assert tess.call("POST", "/reverse-bills/FR/pay").json == {"asked": [], "refused": []}
    for listed in (path, "/reverse-bills/FR"):
        assert [each["bill"] for each in bob.call("GET", listed).json] == [ONE]
    assert bob.call("GET", "/reverse-bills/XX").status_code == 404
    assert bob.call("GET", f"/accounts/{PETIT}/reverse-bills/{ONE}").status_code == 404
    assert bob.call("POST", f"{agreements}/1/revoke", {"reason": "over"}).json["revoked_on"] == "2026-12-17"
    sam = staff_of(context, "sales")
    for text in (ONE, made.json["payment_reference"]):
        assert f'href="/office/reverse-bills/{ACME}/{ONE}"' in sam.get(f"/office/search?q={text}").text
    assert failed(context) == {}


def test_a_service_is_rehearsed_given_and_told(context: Context) -> None:
    bob, audrey = program(context, "billing"), program(context, "auditor")
    (service,) = {each["service"] for each in _services(context)}
    give = f"/accounts/{PETIT}/services/{service}/move"
    assert audrey.call("POST", give, {"to": SHOP}).status_code == 403
    tried = bob.call("POST", give, {"to": SHOP, "dry_run": True}).json
    assert [each["net_minor"] for each in tried["charges"]] == [-1452, -290, 1452, 290]
    assert bob.call("GET", f"/accounts/{PETIT}/service-moves").json == {"asked": [], "moved": []}
    done = bob.call("POST", give, {"to": SHOP}).json
    assert done["charges"] == [
        each | {"service": now["service"]}
        for each, now in zip(tried["charges"], done["charges"], strict=True)
    ]
    told = bob.call("GET", f"/accounts/{PETIT}/service-moves/{service}").json
    assert (told["move"]["to_service_id"], len(told["settled"]), len(told["options"])) == (
        done["to_service"], 4, 2,
    )  # fmt: skip
    for listed in (f"/accounts/{SHOP}/service-moves", "/service-moves/FR"):
        assert [each["service_id"] for each in bob.call("GET", listed).json["moved"]] == [service]
    assert bob.call("GET", f"/accounts/{ACME}/service-moves").json["moved"] == []
    assert bob.call("GET", f"/accounts/{SHOP}/service-moves/{service}").json["code"] == "no-such-move"
    assert bob.call("GET", f"/accounts/{PETIT}/contact-changes/7").status_code == 404


def _services(context: Context) -> list[dict[str, int]]:
    with context.database.read() as tx:
        found = tx.all("SELECT service_id AS service FROM service WHERE parent_service_id IS NULL")
    return [{"service": each.service} for each in found]
