"""/service/{serviceId}/renew: durations with their prices, and orders that renew."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from acquit.actions.audit_books import audit_books
from acquit.core.identifiers import AccountId
from acquit.store import services

from .families import Customer, Families
from .peopling import new_service
from .world import ACME, LAB, PETIT, SHOP

Make = Callable[..., Customer]
RENEW: Final = "/service/{}/renew"


def head(caller: Customer) -> dict[str, Any]:
    return next(each for each in caller.page("/services") if each["parentServiceId"] is None)


def test_each_duration_tells_what_it_costs(acme: Customer) -> None:
    service = head(acme)
    number = service["serviceId"]
    offers = acme.get(RENEW.format(number))
    assert [each["renewPeriod"] for each in offers] == ["P1M", "P3M", "P6M", "P1Y", "P2Y", "P3Y"]
    (strategy,) = offers[1]["strategies"]
    assert (strategy["price"]["value"], strategy["priceInUcents"]) == (pytest.approx(300.03), 30_003_000_000)
    assert strategy["services"] == [number]
    assert strategy["servicesDetails"] == [
        {"serviceId": number, "serviceName": service["resource"]["name"], "serviceType": "dedicated/server"}
    ]
    with_options = acme.get(RENEW.format(number), includeOptions=True)
    assert [len(each["strategies"][0]["services"]) for each in with_options] == [2] * 6
    assert [each["strategies"][0]["price"] for each in with_options] == [
        each["strategies"][0]["price"] for each in offers
    ]
    (option,) = acme.get(f"/services/{number}/options")
    assert acme.get(RENEW.format(option["serviceId"])) == []


def test_an_order_is_tried_made_paid_and_told(acme: Customer, families: Families) -> None:
    number = new_service(families, ACME, "ns-ahead.example.net", options=("disk-1t",))
    path = RENEW.format(number)
    orders = acme.get("/me/order")
    tried = acme.post(path, dryRun=True, duration="P3M", services=[number])
    assert acme.get("/me/order") == orders
    assert (tried["orderId"], tried["url"], tried["password"], tried["date"]) == (0, "", "", None)
    made = acme.post(path, duration="P3M", services=[number])
    assert made["priceWithTax"] == tried["priceWithTax"]
    order = f"/me/order/{made['orderId']}"
    shown = acme.get(order)
    assert {name: shown[name] for name in made} == made
    assert (acme.get(f"{order}/status"), acme.get(f"{order}/followUp")[0]["status"]) == ("notPaid", "DOING")
    details = [acme.get(f"{order}/details/{key}") for key in acme.get(f"{order}/details")]
    assert {(each["detailType"], each["domain"]) for each in details} == {("RENEW", "ns-ahead.example.net")}
    assert len(details) == 6
    extension = acme.get(f"{order}/details/{details[0]['orderDetailId']}/extension")["order"]
    assert (extension["action"], extension["plan"]["code"]) == ("renew", "metal-s")
    before = acme.get(f"/services/{number}")["billing"]["expirationDate"]
    (method,) = acme.get("/me/payment/method", paymentType="ENTERPRISE")
    acme.post(f"{order}/pay", paymentMethod={"id": method})
    after = acme.get(f"/services/{number}")["billing"]["expirationDate"]
    assert (before[:10], after[:10]) == ("2026-11-23", "2027-02-23")
    assert acme.get(f"{order}/status") == "delivered"
    assert acme.get(f"{order}/payment")["paymentType"] == "debtAccount"
    assert [each for each in audit_books(families.world.context) if not each.passed] == []


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({"duration": "P2M"}, 400, "[duration]"),
        ({"duration": "P10Y"}, 400, "[duration]"),
        ({"duration": "P30D"}, 400, "[duration]"),
        ({"duration": "soon"}, 400, "not valid for type duration"),
        ({"services": []}, 400, "[services]"),
        ({"services": [1]}, 400, "[services]"),
        ({"services": ["x"]}, 400, "[services"),
        ({"services": None}, 400, "'services' is a required property"),
        ({"dryRun": "perhaps"}, 400, "[dryRun]"),
    ],
)
def test_what_cannot_be_ordered(acme: Customer, said: dict[str, object], status: int, words: str) -> None:
    number = head(acme)["serviceId"]
    orders = acme.get("/me/order")
    body = {"duration": "P1M", "services": [number]} | said
    found, message = acme.refusal("POST", RENEW.format(number), body)
    assert (found, words in message) == (status, True), message
    assert acme.get("/me/order") == orders


def test_services_of_others_are_not_there(customer: Make, families: Families) -> None:
    petit, shop = customer(PETIT), customer(SHOP)
    mine, strange = head(petit)["serviceId"], head(shop)["serviceId"]
    assert petit.refusal("GET", RENEW.format(strange))[0] == 404
    assert petit.refusal("POST", RENEW.format(strange), {"duration": "P1M", "services": [strange]})[0] == 404
    body = {"duration": "P1M", "services": [mine, strange]}
    assert petit.refusal("POST", RENEW.format(mine), body)[0] == 404
    for wrong in ("x", "-1", "9" * 30):
        assert petit.refusal("GET", RENEW.format(wrong))[0] == 404
    order = petit.post(RENEW.format(mine), duration="P1M", services=[mine])["orderId"]
    assert shop.refusal("GET", f"/me/order/{order}")[0] == 404
    status, message = petit.refusal("POST", f"/me/order/{order}/pay", {"paymentMethod": {"id": 1}})
    assert status in (403, 404), message
    with families.world.context.database.read() as tx:
        found = services.find(tx, AccountId(PETIT), mine)
    assert found is not None


def test_a_permanent_renewal_is_renewed_ahead_too(customer: Make) -> None:
    lab = customer(LAB)
    assert lab.get(RENEW.format(head(lab)["serviceId"]))
