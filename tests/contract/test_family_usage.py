"""/me/consumption/usage and /services/{serviceId}/consumption: now, forecast, and what was billed."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from ovh.exceptions import BadParametersError, ResourceNotFoundError

from acquit.actions.import_meters import import_meters
from acquit.actions.rate_usage import rate_usage
from acquit.actions.receive_usage import receive_usage
from acquit.adapters.clock import FixedClock
from acquit.core.bill_run import period
from acquit.core.usage import Fate

from .families import Customer, Families
from .world import ACME, FR, SHOP

Make = Callable[..., Customer]

METERS = b"""
[[meter]]
code = "traffic"
unit = "GB"
from = 2026-01-01
description = { fr = "Trafic sortant", en = "Outgoing traffic" }
[[price]]
meter = "traffic"
from = 2026-01-01
included = 10
price = "0.10"
"""


@pytest.fixture(scope="module")
def used(families: Families) -> int:
    """The shop's server used 60.5 GB in October, which is rated, and some today; return its number."""
    import_meters(families.world.context, METERS, by="cli", legal_entity_id=FR)
    name = "ns-ab20002.example.net"
    today = date.today()  # noqa: DTZ011 - the server's business date is the machine's
    sent = [("october", "60.5", date(2026, 10, 10)), ("today", "11.25", today)]
    lines = [
        json.dumps(
            {"id": each, "account": SHOP, "service": name, "meter": "traffic", "quantity": quantity,
             "at": f"{on}T00:00:00Z"}
        ).encode()
        for each, quantity, on in sent
    ]  # fmt: skip
    context = families.world.context
    old = replace(context, clock=FixedClock(date(2026, 11, 23)))
    told = [
        receive_usage(old, lines[:1], source="test", by="cli"),
        receive_usage(replace(context, clock=FixedClock(today)), lines[1:], source="test", by="cli"),
    ]
    assert [each.told[0].fate for each in told] == [Fate.ACCEPTED, Fate.ACCEPTED]
    rate_usage(old, FR, period("2026-10"), by="cli")
    with context.database.read() as tx:
        row = tx.one("SELECT min(service_id) AS service_id FROM service WHERE account_id = %(id)s", id=SHOP)
    return int(row.service_id)


def test_the_running_month_of_an_account(customer: Make, used: int) -> None:
    shop = customer(SHOP)
    (now,) = shop.get("/me/consumption/usage/current")
    assert (now["serviceId"], now["id"]) == (used, None)
    assert now["price"] == {
        "currencyCode": "EUR",
        "text": "0.13 €",
        "value": 0.13,
        "valueInUcents": 13_000_000,
    }
    (element,) = now["elements"]
    assert (element["planFamily"], element["quantity"]) == ("traffic", 11)
    assert [each["quantity"] for each in element["details"]] == [10, 1]
    (then,) = shop.get("/me/consumption/usage/forecast")
    assert then["price"]["value"] >= now["price"]["value"]
    assert customer(ACME).get("/me/consumption/usage/current") == []


def test_months_that_were_rated(customer: Make, used: int) -> None:
    shop = customer(SHOP)
    asked = {"beginDate": "2026-09-01T00:00:00+02:00", "endDate": "2026-10-31T00:00:00+01:00"}
    (past,) = shop.get("/me/consumption/usage/history", **asked)
    assert (past["id"], past["price"]["valueInUcents"]) == (202610, 505_000_000)
    assert past["beginDate"] == "2026-10-01T00:00:00+02:00"
    assert past["endDate"] == "2026-11-01T00:00:00+01:00"
    assert shop.get("/me/consumption/usage/history", **(asked | {"endDate": "2026-09-30T00:00:00Z"})) == []
    with pytest.raises(BadParametersError):
        shop.get("/me/consumption/usage/history")
    with pytest.raises(BadParametersError):
        shop.get(
            "/me/consumption/usage/history", beginDate="2026-10-02T00:00:00Z", endDate="2026-10-01T00:00:00Z"
        )


def test_a_service(customer: Make, used: int) -> None:
    shop = customer(SHOP)
    path = f"/services/{used}/consumption"
    now = shop.get(path)
    assert (now["serviceId"], now["price"]["priceInUcents"]) == (used, 13_000_000)
    assert [each["planFamily"] for each in now["priceByPlanFamily"]] == ["traffic"]
    (element,) = shop.get(f"{path}/element")
    assert (element["planFamily"], element["quantity"]) == ("traffic", 11)
    assert shop.get(f"{path}/element", planFamily="disk") == []
    assert shop.get(f"{path}/forecast")["price"]["value"] >= 0.13
    assert len(shop.get(f"{path}/forecast/element")) == 1
    assert shop.get(f"{path}/history") == [202610]
    assert [each["id"] for each in shop.page(f"{path}/history")] == [202610]
    assert shop.get(f"{path}/history/202610")["price"]["value"] == 5.05
    (element,) = shop.get(f"{path}/history/202610/element")
    assert [each["pricingMode"] for each in element["details"]] == ["included", "tier-01"]
    with pytest.raises(ResourceNotFoundError):
        shop.get(f"{path}/history/202609")


def test_another_accounts_service_is_not_found(customer: Make, used: int) -> None:
    for more in ("", "/element", "/forecast", "/forecast/element", "/history", "/history/202610"):
        with pytest.raises(ResourceNotFoundError):
            customer(ACME).get(f"/services/{used}/consumption{more}")


def test_a_service_without_use_has_used_nothing(customer: Make) -> None:
    acme = customer(ACME)
    service = acme.get("/services")[0]
    assert acme.get(f"/services/{service}/consumption")["price"]["value"] == 0
    assert acme.get(f"/services/{service}/consumption/history") == []
