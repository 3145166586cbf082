"""/services/{serviceId}/savingsPlans: offered, simulated, bought, grown, ended, and on the bill."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from acquit.actions.run_bills import run_bills
from acquit.adapters.clock import FixedClock

from .families import Customer, Families
from .metered import use_some
from .peopling import new_service
from .world import ACME, FR, PETIT, SHOP

Make = Callable[..., Customer]
PLAN: dict[str, Any] = {"displayName": "out", "offerId": "traffic-1m", "size": 10}


@pytest.fixture(scope="module", autouse=True)
def measured(families: Families) -> None:
    use_some(families.world.context)


def path_of(families: Families, name: str) -> str:
    return f"/services/{new_service(families, SHOP, f'{name}.example.net')}/savingsPlans"


def test_what_is_offered(customer: Make, families: Families) -> None:
    shop, path = customer(SHOP), path_of(families, "offers")
    offer = {"deploymentMode": "REGION-1-AZ", "offerId": "traffic-1m"}
    assert shop.get(f"{path}/subscribable") == [offer]
    assert shop.get(f"{path}/subscribable", productCode="network") == [offer]
    assert shop.get(f"{path}/subscribable", productCode="disk") == []
    assert shop.get(f"{path}/subscribed") == []
    assert shop.get(f"{path}/contracts") == []


def test_a_plan_from_its_simulation_to_the_bill(customer: Make, families: Families) -> None:
    shop, path = customer(SHOP), path_of(families, "life")
    tried = shop.post(f"{path}/subscribe/simulate", **PLAN)
    assert shop.get(f"{path}/subscribed") == []
    made = shop.post(f"{path}/subscribe/execute", **PLAN)
    assert {name: made[name] for name in tried} == tried
    assert (made["startDate"], made["periodEndDate"], made["status"]) == (
        "2026-11-23", "2026-12-23", "ACTIVE",
    )  # fmt: skip
    assert made["plannedChanges"] == [
        {"plannedOn": "2026-12-23", "properties": {"status": "TERMINATED"}}
    ]  # fmt: skip
    one = f"{path}/subscribed/{made['id']}"
    assert shop.get(one) == made
    assert shop.get(f"{path}/subscribed") == [made]
    (period,) = shop.get(f"{one}/periods")
    assert (period["size"], period["unitPrice"], period["status"]) == (10, 0.06, "ACTIVE")
    assert shop.put(one, displayName="more")["displayName"] == "more"
    assert shop.post(f"{one}/changeSize", size=20)["size"] == 20
    again = shop.post(f"{one}/changePeriodEndAction", periodEndAction="REACTIVATE")
    assert (again["periodEndAction"], again["plannedChanges"]) == ("REACTIVATE", [])
    before = set(shop.get("/me/bill"))
    context = families.world.context
    run_bills(replace(context, clock=FixedClock(date(2026, 12, 1))), FR, "2026-12", by="cli")
    fresh = set(shop.get("/me/bill")) - before
    told = [line for bill in fresh for line in shop.page(f"/me/bill/{bill}/details", Size="100")]
    billed = {float(line["totalPrice"]["value"]) for line in told if "traffic-1m" in line["description"]}
    assert billed == {round(20 * 2 * 8 * 0.06, 2), round(20 * 2 * 31 * 0.06, 2)}


def test_a_plan_that_waits_is_terminated(customer: Make, families: Families) -> None:
    shop, path = customer(SHOP), path_of(families, "waits")
    made = shop.post(f"{path}/subscribe/execute", **PLAN, startDate="2026-12-24")
    assert (made["status"], made["plannedChanges"][0]["plannedOn"]) == ("PENDING", "2026-12-24")
    one = f"{path}/subscribed/{made['id']}"
    assert shop.get(f"{one}/periods")[0]["status"] == "PENDING"
    assert shop.refusal("POST", f"{one}/terminate", {"terminationDate": "2026-12-01"})[0] == 400
    ended = shop.post(f"{one}/terminate", terminationDate="2026-11-23")
    assert (ended["status"], ended["terminationDate"], ended["plannedChanges"]) == (
        "TERMINATED", "2026-11-23", [],
    )  # fmt: skip
    assert shop.get(f"{one}/periods") == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"size": 0}, "ErrNegativeSize"),
        ({"displayName": ""}, "ErrInvalidDisplayName"),
        ({"startDate": "2026-11-22"}, "ErrStartDatePassed"),
        ({"startDate": "2028-11-22"}, "ErrStartDateToLate"),
        ({"offerId": "nothing"}, "ErrSavingsPlanOfferNotFound"),
    ],
)
def test_what_cannot_be_is_told_by_its_class(
    customer: Make, families: Families, change: dict[str, Any], told: str
) -> None:
    shop, path = customer(SHOP), path_of(families, f"wrong-{told}")
    for step in ("simulate", "execute"):
        reply = shop.reply("POST", f"{path}/subscribe/{step}", PLAN | change)
        assert reply.json()["class"].rpartition("::")[2] == told
    assert shop.get(f"{path}/subscribed") == []


def test_what_does_not_fit_the_plan_is_told_by_its_class(customer: Make, families: Families) -> None:
    shop, path = customer(SHOP), path_of(families, "fits")
    one = f"{path}/subscribed/{shop.post(f'{path}/subscribe/execute', **PLAN)['id']}"
    for last, body, told in (
        ("changeSize", {"size": 9}, "ErrDecreaseSize"), ("changeSize", {"size": 10}, "ErrSameSize"),
        ("terminate", {}, "ErrSavingsPlanNotPending"),
    ):  # fmt: skip
        reply = shop.reply("POST", f"{one}/{last}", body)
        assert (reply.status_code, reply.json()["class"]) == (400, f"Client::BadRequest::{told}")
    nowhere = f"{path}/subscribed/00000000-0000-4000-8000-000000000000"
    assert shop.reply("GET", nowhere).json()["class"] == "Client::NotFound::ErrSavingsPlanNotFound"


def test_a_strangers_plan_does_not_exist(customer: Make, families: Families) -> None:
    path = path_of(families, "strange")
    one = f"{path}/subscribed/{customer(SHOP).post(f'{path}/subscribe/execute', **PLAN)['id']}"
    petit = customer(PETIT)
    own = f"/services/{petit.get('/services')[0]}/savingsPlans/subscribed/{one.rpartition('/')[2]}"
    for stranger in (customer(ACME), petit):
        for method, target, body in (
            ("GET", f"{path}/contracts", None), ("GET", f"{path}/subscribable", None),
            ("GET", f"{path}/subscribed", None), ("POST", f"{path}/subscribe/execute", PLAN),
            ("POST", f"{path}/subscribe/simulate", PLAN), ("GET", one, None),
            ("PUT", one, {"displayName": "x"}), ("GET", f"{one}/periods", None),
            ("POST", f"{one}/changeSize", {"size": 99}), ("POST", f"{one}/terminate", {}),
            ("POST", f"{one}/changePeriodEndAction", {"periodEndAction": "REACTIVATE"}),
        ):  # fmt: skip
            assert stranger.refusal(method, target, body)[0] == 404
    assert petit.refusal("GET", own)[0] == 404
