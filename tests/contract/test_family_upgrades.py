"""/services/{serviceId}/upgrade: a running service moves to another plan, simulated and for good."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.run_bills import run_bills
from acquit.adapters.clock import FixedClock

from .families import Customer, Families
from .world import ACME, CATALOGUE, FR, LAB, PETIT, SHOP

Make = Callable[..., Customer]
BODY = {"duration": "P1M", "pricingMode": "default", "quantity": 1}
LARGE_UCENTS = 20_000_000_000


@pytest.fixture(scope="module", autouse=True)
def two_sizes(families: Families) -> None:
    """A newer version of the catalogue sells a larger server, with a fee for moving to it."""
    small: dict[str, Any] = dict(CATALOGUE["plans"][0])  # type: ignore[index]
    pricings = [dict(each) for each in small["pricings"] if each["mode"] == "default"]
    pricings[1]["price"] = LARGE_UCENTS
    fee = {"capacities": ["upgrade"], "mode": "default", "price": 1_000_000_000, "tax": 0, "interval": 0,
           "intervalUnit": "none", "phase": 0}  # fmt: skip
    large = {**small, "planCode": "metal-l", "invoiceName": "Serveur Métal L", "pricings": [*pricings, fee]}
    content = json.dumps({**CATALOGUE, "plans": [small, large]}).encode()
    import_catalogue(families.world.context, content, by="cli", legal_entity_id=FR, from_on=date(2026, 11, 1))


def head_of(caller: Customer, number: int = 0) -> dict[str, Any]:
    heads = [each for each in caller.page("/services", Size="100") if each["parentServiceId"] is None]
    return heads[number]


def test_what_a_service_may_move_to(customer: Make) -> None:
    shop = customer(SHOP)
    path = f"/services/{head_of(shop)['serviceId']}/upgrade"
    shown = {each["planCode"]: each for each in shop.get(path)}
    assert set(shown) == {"metal-s", "metal-l"}
    assert [each["pricingMode"] for each in shown["metal-s"]["prices"]] == ["degressivity12"]
    large = shown["metal-l"]["prices"]
    assert sorted(tuple(each["capacities"]) for each in large) == [("renew",), ("upgrade",)]
    assert shop.get(f"{path}/metal-l") == shown["metal-l"]
    assert shop.refusal("GET", f"{path}/disk-1t")[0] == 404
    option = next(each for each in shop.page("/services") if each["parentServiceId"] is not None)
    assert shop.get(f"/services/{option['serviceId']}/upgrade") == []


def test_a_commitment_is_offered_and_taken(customer: Make) -> None:
    lab = customer(LAB)
    head = head_of(lab)
    path = f"/services/{head['serviceId']}"
    (offer,) = lab.get(f"{path}/billing/engagement/available")
    assert (offer["pricingMode"], offer["priceInUcents"]) == ("degressivity12", 8_000_000_000)
    assert offer["engagementConfiguration"] == {
        "defaultEndAction": "STOP_ENGAGEMENT_KEEP_PRICE", "duration": "P1Y", "type": "periodic",
    }  # fmt: skip
    lab.post(f"{path}/upgrade/metal-s/simulate", **BODY | {"pricingMode": offer["pricingMode"]})
    assert lab.get(path) == head
    lab.post(f"{path}/upgrade/metal-s/execute", **BODY | {"pricingMode": offer["pricingMode"]})
    engagement = lab.get(f"{path}/billing/engagement")
    assert engagement["currentPeriod"]["endDate"] == "2027-11-01"
    assert lab.get(f"{path}/billing/engagement/available") == []
    assert customer(PETIT).refusal("GET", f"{path}/billing/engagement/available")[0] == 404


def test_a_move_is_simulated_and_made(customer: Make, families: Families) -> None:
    shop = customer(SHOP)
    head = head_of(shop)
    path = f"/services/{head['serviceId']}"
    tried = shop.post(f"{path}/upgrade/metal-l/simulate", **BODY)["order"]
    assert shop.get(path) == head
    assert tried == shop.post(f"{path}/upgrade/metal-l/simulate", **BODY)["order"]
    kinds = [each["detailType"] for each in tried["details"]]
    assert sorted(kinds) == ["DURATION", "REFUND", "SWITCH"]
    by_kind = {each["detailType"]: Decimal(str(each["totalPrice"]["value"])) for each in tried["details"]}
    days = Decimal(8) / Decimal(30)  # 23 November to 30 November
    assert by_kind["DURATION"] == (200 * days).quantize(Decimal("0.01"))
    assert by_kind["REFUND"] == -(100 * days).quantize(Decimal("0.01"))
    assert by_kind["SWITCH"] == 10
    net = sum(by_kind.values(), Decimal(0))
    assert Decimal(str(tried["prices"]["withoutTax"]["value"])) == net
    assert Decimal(str(tried["prices"]["tax"]["value"])) == (net * 20 / 100).quantize(Decimal("0.01"))
    assert shop.post(f"{path}/upgrade/metal-l/execute", **BODY)["order"] == tried
    assert shop.get(path)["billing"]["plan"]["code"] == "metal-l"
    before = set(shop.get("/me/bill"))
    run_bills(replace(families.world.context, clock=FixedClock(date(2026, 12, 1))), FR, "2026-12", by="cli")
    fresh = set(shop.get("/me/bill")) - before
    billed = [line for bill in fresh for line in shop.page(f"/me/bill/{bill}/details", Size="100")]
    prices = [Decimal(str(line["totalPrice"]["value"])) for line in billed]
    assert {*by_kind.values(), Decimal(200)} <= set(prices)


@pytest.mark.parametrize(
    ("plan", "change", "status"),
    [
        ("metal-l", {"duration": "P1Y"}, 400),
        ("metal-l", {"duration": "soon"}, 400),
        ("metal-l", {"pricingMode": "never"}, 400),
        ("metal-l", {"quantity": 0}, 400),
        ("metal-s", {}, 400),
        ("metal-xxl", {}, 404),
    ],
)
def test_a_move_that_is_not_sold(customer: Make, plan: str, change: dict[str, object], status: int) -> None:
    lab = customer(ACME)
    head = head_of(lab)
    path = f"/services/{head['serviceId']}"
    for step in ("simulate", "execute"):
        assert lab.refusal("POST", f"{path}/upgrade/{plan}/{step}", BODY | change)[0] == status
    assert lab.get(path) == head


def test_an_engaged_service_does_not_shrink(customer: Make) -> None:
    petit = customer(PETIT)
    head = head_of(petit, 1)
    path = f"/services/{head['serviceId']}/upgrade"
    petit.post(f"{path}/metal-l/execute", **BODY)
    assert petit.refusal("POST", f"{path}/metal-s/execute", BODY)[0] == 409


def test_a_strangers_service_does_not_move(customer: Make) -> None:
    path = f"/services/{head_of(customer(ACME))['serviceId']}/upgrade"
    for method, target, body in (
        ("GET", path, None), ("GET", f"{path}/metal-l", None), ("POST", f"{path}/metal-l/simulate", BODY),
        ("POST", f"{path}/metal-l/execute", BODY),
    ):  # fmt: skip
        assert customer(PETIT).refusal(method, target, body)[0] == 404
