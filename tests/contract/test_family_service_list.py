"""/service: the older shape of services, its renewals and its letter of termination."""

from collections.abc import Callable
from typing import Any

from .families import Customer
from .world import ACME, PETIT, SHOP

Make = Callable[..., Customer]


def first_of(caller: Customer) -> tuple[str, dict[str, Any]]:
    path = f"/service/{caller.get('/service')[0]}"
    return path, caller.get(path)


def test_a_service_is_read(customer: Make) -> None:
    shop = customer(SHOP)
    assert shop.get("/service") == shop.get("/services")
    path, shown = first_of(shop)
    assert (shown["state"], shown["quantity"], shown["details"]) == ("ok", 1, [])
    assert (shown["creationDate"], shown["nextBillingDate"]) == ("2026-09-01", "2026-12-01")
    assert shown["plan"] == {"code": "metal-s", "product": {"name": "metal"}}
    assert shown["renew"] == {
        "dayOfMonth": 1, "interval": "P1M", "mode": "automaticV2016", "possibleIntervals": ["P1M"],
        "possibleModes": ["automaticV2016", "deleteAtExpiration", "manual"],
    }  # fmt: skip
    name = shown["resource"]["name"]
    assert shop.page("/service", Filter=f"resource.name:eq={name}")[0] == shown
    (option,) = [each for each in shop.page("/service") if each["renew"]["mode"] == "option"]
    assert option["plan"]["code"] == "disk-1t"
    assert customer(PETIT).refusal("GET", path)[0] == 404


def test_a_name_is_changed_and_nothing_else(customer: Make) -> None:
    shop = customer(SHOP)
    path, shown = first_of(shop)
    assert shop.put(path, **shown) is None
    assert shop.put(path, renew={"mode": "manual"}, state="unpaid") is None
    assert shop.get(path) == shown
    assert shop.put(path, resource={"displayName": "front"}) is None
    assert shop.get(path)["resource"]["displayName"] == "front"
    assert shop.refusal("PUT", path, {"resource": {"displayName": ""}})[0] == 400
    assert customer(PETIT).refusal("PUT", path, {"resource": {"displayName": "mine"}})[0] == 404


def test_how_a_service_renews_is_told(customer: Make) -> None:
    acme = customer(ACME)
    path, shown = first_of(acme)
    assert shown["renew"]["possibleModes"] == ["automaticForcedProduct"]
    assert acme.refusal("POST", f"{path}/terminate")[0] == 403
    petit = customer(PETIT)
    (key,) = petit.get("/services", resourceName="ns-engaged.example.net")
    assert petit.get(f"/service/{key}")["engagementDate"] == "2027-09-01"
    for policy, mode in (("terminateAtEngagementDate", "deleteAtEndEngagement"), ("empty", "automaticV2016")):
        petit.put(f"/services/{key}", terminationPolicy=policy)
        assert petit.get(f"/service/{key}")["renew"]["mode"] == mode
    key = petit.get("/service")[0]
    for renewal, mode in (("manual", "manual"), ("automatic", "automaticV2016")):
        petit.put(f"/services/{key}", renew={"mode": renewal})
        shown = petit.get(f"/service/{key}")
        assert shown["renew"]["mode"] == mode
        assert (shown["nextBillingDate"] is None) == (mode == "manual")


def test_a_letter_precedes_the_end(customer: Make) -> None:
    petit = customer(PETIT)
    path, shown = first_of(petit)
    assert petit.post(f"{path}/terminate") is None
    assert petit.get(path) == shown
    assert customer(SHOP).refusal("POST", f"{path}/terminate")[0] == 404
