"""/me/consumption/usage and /services/{serviceId}/consumption: now, forecast, and what was billed."""

from collections.abc import Callable

import pytest
from ovh.exceptions import BadParametersError, ResourceNotFoundError

from .families import Customer, Families
from .metered import use_some
from .world import ACME, SHOP

Make = Callable[..., Customer]


@pytest.fixture(scope="module")
def used(families: Families) -> int:
    """The number of a service that was used in October, which is rated, and today."""
    return use_some(families.world.context)


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
