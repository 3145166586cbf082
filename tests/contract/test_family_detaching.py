"""/services/{serviceId}/detach: an option becomes a service of its own."""

from collections.abc import Callable

import pytest

from .families import Customer, Families
from .peopling import new_service, sell_disks_alone
from .world import ACME, PETIT, SHOP

Make = Callable[..., Customer]
BODY = {"duration": "P1M", "pricingMode": "default", "quantity": 1}


@pytest.fixture(scope="module", autouse=True)
def sold(families: Families) -> None:
    sell_disks_alone(families)


def option_of(caller: Customer, families: Families, name: str) -> tuple[int, str]:
    """A new server of Shop's, and the path of its disk."""
    head = new_service(families, SHOP, f"{name}.example.net", options=("disk-1t",))
    (option,) = caller.get(f"/services/{head}/options")
    return head, f"/services/{option['serviceId']}"


def test_what_an_option_may_become(customer: Make, families: Families) -> None:
    shop = customer(SHOP)
    head, path = option_of(shop, families, "look")
    (plan,) = shop.get(f"{path}/detach")
    assert (plan["planCode"], plan["invoiceName"]) == ("disk-alone", "Disque seul 1 To")
    assert [each["capacities"] for each in plan["prices"]] == [["renew"], ["detach"]]
    assert shop.get(f"{path}/detach/disk-alone") == plan
    assert shop.get(f"{path}/detach/disk-alone/options") == []
    assert shop.get(f"/services/{head}/detach") == []
    for target in (f"{path}/detach/metal-s", f"/services/{head}/detach/disk-alone"):
        assert shop.refusal("GET", target)[0] == 404
        assert shop.refusal("POST", f"{target}/execute", BODY)[0] == 404


def test_an_option_is_detached_as_it_was_simulated(customer: Make, families: Families) -> None:
    shop = customer(SHOP)
    head, path = option_of(shop, families, "apart")
    before = shop.get(path)
    tried = shop.post(f"{path}/detach/disk-alone/simulate", **BODY)["order"]
    assert shop.get(path) == before
    assert [(each["detailType"], each["totalPrice"]["value"]) for each in tried["details"]] == [("SWITCH", 5)]
    assert shop.post(f"{path}/detach/disk-alone/execute", **BODY)["order"] == tried
    after = shop.get(path)
    assert (after["parentServiceId"], after["billing"]["plan"]["code"]) == (None, "disk-alone")
    assert after["resource"]["name"] == f"disk-alone-{after['serviceId']}"
    assert shop.get(f"/services/{head}/options") == []
    assert shop.get(after["route"]["url"] + "/serviceInfos")["renewalType"] == "automaticV2016"
    assert shop.refusal("POST", f"{path}/detach/disk-alone/execute", BODY)[0] == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"duration": "P1Y"}, 400),
        ({"pricingMode": "never"}, 400),
        ({"quantity": 0}, 400),
        ({"addons": [{**BODY, "planCode": "disk-1t", "serviceId": 1}]}, 404),
    ],
)
def test_what_is_not_sold_stays(
    customer: Make, families: Families, change: dict[str, object], status: int
) -> None:
    shop = customer(SHOP)
    _, path = option_of(shop, families, f"stays-{'-'.join(change)}")
    before = shop.get(path)
    for step in ("simulate", "execute"):
        assert shop.refusal("POST", f"{path}/detach/disk-alone/{step}", BODY | change)[0] == status
    assert shop.get(path) == before


def test_a_strangers_option_stays_where_it_is(customer: Make, families: Families) -> None:
    _, path = option_of(customer(SHOP), families, "foreign")
    for stranger in (customer(ACME), customer(PETIT)):
        for method, target, body in (
            ("GET", "", None), ("GET", "/disk-alone", None), ("GET", "/disk-alone/options", None),
            ("POST", "/disk-alone/simulate", BODY), ("POST", "/disk-alone/execute", BODY),
        ):  # fmt: skip
            assert stranger.refusal(method, f"{path}/detach{target}", body)[0] == 404
