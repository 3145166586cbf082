"""/me/consumption/usage and /services/{serviceId}/consumption: now, forecast, and what was billed."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from ovh.exceptions import BadParametersError, ResourceNotFoundError

from acquit.actions.report_usage import build_usage_reports
from acquit.actions.run_bills import run_bills
from acquit.adapters.clock import FixedClock

from .families import Customer, Families
from .metered import use_some
from .world import ACME, FR, SHOP

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


def test_a_report_is_made_in_the_background(customer: Make, used: int, families: Families) -> None:
    shop, path = customer(SHOP), "/me/billing/report/consumption"
    for start, end, says in (
        ("2026-11-01", "2026-10-31", "before periodStart"),
        ("2090-01-01", "2090-02-01", "after today"),
        ("2020-01-01", "2026-10-31", "too many"),
    ):
        status, message = shop.refusal("POST", path, {"periodStart": start, "periodEnd": end})
        assert (status, says in message) == (400, True)
    today = date.today()  # noqa: DTZ011 - the server's business date is the machine's
    task = shop.post(path, periodStart="2026-10-01", periodEnd=f"{today}")["taskId"]
    assert task in shop.get(path)
    assert (shop.get(f"{path}/{task}")["status"], shop.get(f"{path}/{task}")["report"]) == ("CREATING", None)
    while build_usage_reports(families.world.context):
        pass
    shown = shop.get(f"{path}/{task}")
    assert (shown["status"], shown["periodStart"]) == ("READY", "2026-10-01")
    rows = _table(shown["report"])
    rated = [each for each in rows if each["state"] == "rated"]
    assert [(each["month"], each["part"], each["quantity"]) for each in rated] == [
        ("2026-10", "included", "10"), ("2026-10", "tier-01", "50.5"),
    ]  # fmt: skip
    assert sum(Decimal(each["amount"]) for each in rated) == Decimal("5.05")
    assert [each["quantity"] for each in rows if each["state"] == "so far"] == ["10", "1.25"]
    for wrong in (shown["report"][:-1], shown["report"].replace(task, "1")):
        with pytest.raises(HTTPError):
            urlopen(wrong)
    assert customer(ACME).refusal("GET", f"{path}/{task}")[0] == 404
    assert customer(ACME).get(path) == []


def test_what_stands_behind_an_order_is_a_file(customer: Make, used: int, families: Families) -> None:
    shop = customer(SHOP)
    context = replace(families.world.context, clock=FixedClock(date(2026, 12, 1)))
    run_bills(context, FR, "2026-12", by="cli")
    first, *_, last = shop.get("/me/order")
    plain = shop.get(f"/me/order/{first}/consumption/details", fileFormat="csv")
    assert (plain["fileURL"], plain["taskStatus"], "No metered use" in plain["message"]) == (
        None,
        "DONE",
        True,
    )
    billed = shop.get(f"/me/order/{last}/consumption/details", fileFormat="csv")
    rows = _table(billed["fileURL"])
    metered = sum(
        Decimal(str(each["totalPrice"]["value"]))
        for each in shop.page(f"/me/order/{last}/details")
        if "raffic" in each["description"] or "rafic" in each["description"]
    )
    assert sum(Decimal(each["amount"]) for each in rows) == metered > 0
    assert {each["state"] for each in rows} == {"billed"}
    with pytest.raises(HTTPError):
        urlopen(billed["fileURL"][:-1])
    assert shop.refusal("GET", f"/me/order/{last}/consumption/details?fileFormat=xml")[0] == 400
    assert customer(ACME).refusal("GET", f"/me/order/{last}/consumption/details?fileFormat=csv")[0] == 404


def _table(link: str) -> list[dict[str, str]]:
    with urlopen(link) as answer:
        return list(csv.DictReader(io.StringIO(answer.read().decode())))
