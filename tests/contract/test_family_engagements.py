"""Commitments on the wire: asked for, withdrawn, brought by the renewal, paid out at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from acquit.actions.ask_for_engagement import ask_for_engagement
from acquit.actions.run_bills import run_bills
from acquit.adapters.clock import FixedClock

from .families import Customer, Families
from .peopling import new_service
from .world import ACME, FR, PETIT, SHOP

Make = Callable[..., Customer]
MODE = "degressivity12"


def path_of(families: Families, name: str, **wish: Any) -> str:
    return f"/services/{new_service(families, SHOP, f'{name}.example.net', **wish)}"


def test_a_commitment_waits_for_the_renewal(customer: Make, families: Families) -> None:
    shop, path = customer(SHOP), path_of(families, "waits", options=("disk-1t",))
    request = f"{path}/billing/engagement/request"
    assert shop.refusal("GET", request)[0] == 404
    assert shop.refusal("DELETE", request)[0] == 404
    asked = shop.post(request, pricingMode=MODE)
    assert (asked["order"], asked["options"]) == (None, [])
    assert (asked["pricing"]["pricingMode"], asked["pricing"]["priceInUcents"]) == (MODE, 8_000_000_000)
    assert asked["pricing"]["engagementConfiguration"] == {
        "defaultEndAction": "STOP_ENGAGEMENT_KEEP_PRICE", "duration": "P1Y", "type": "periodic",
    }  # fmt: skip
    assert shop.get(request) == asked
    shown = shop.get(path)["billing"]
    assert shown["engagementRequest"] == {"pricingMode": MODE, "requestDate": asked["requestDate"]}
    assert (shown["engagement"], shown["pricing"]["pricingMode"]) == (None, "default")
    assert shop.refusal("POST", request, {"pricingMode": MODE})[0] == 409
    run_bills(replace(families.world.context, clock=FixedClock(date(2026, 12, 23))), FR, "2026-12", by="cli")
    shown = shop.get(path)["billing"]
    assert (shown["engagementRequest"], shown["pricing"]["pricingMode"]) == (None, MODE)
    assert shown["engagement"]["endDate"] == "2027-11-23"


def test_a_commitment_is_withdrawn_by_who_asked(customer: Make, families: Families) -> None:
    shop, path = customer(SHOP), path_of(families, "withdrawn")
    request, before = f"{path}/billing/engagement/request", shop.get(path)
    shop.post(request, pricingMode=MODE)
    assert shop.delete(request) is None
    assert shop.get(path) == before
    ask_for_engagement(families.world.context, SHOP, int(path.rpartition("/")[2]), MODE, by="cli")  # type: ignore[arg-type]
    assert shop.refusal("DELETE", request)[0] == 403
    assert shop.get(path)["billing"]["engagementRequest"] is not None


def test_what_is_no_commitment_is_not_asked_for(customer: Make, families: Families) -> None:
    shop, path = customer(SHOP), path_of(families, "nothing", options=("disk-1t",))
    request = f"{path}/billing/engagement/request"
    for mode in ("default", "never", ""):
        assert shop.refusal("POST", request, {"pricingMode": mode})[0] == 400
    assert shop.refusal("POST", request, {})[0] == 400
    (option,) = shop.get(f"{path}/options")
    below = f"/services/{option['serviceId']}/billing/engagement/request"
    assert shop.refusal("POST", below, {"pricingMode": MODE})[0] == 400
    assert shop.get(path)["billing"]["engagementRequest"] is None


def test_the_rest_of_a_commitment_is_paid_at_once(customer: Make, families: Families) -> None:
    shop, path = customer(SHOP), path_of(families, "paid", mode=MODE)
    flush, before = f"{path}/billing/engagement/flush", shop.get(path)
    tried = shop.post(flush, dryRun=True)["order"]
    assert shop.get(path) == before
    assert [each["detailType"] for each in tried["details"]] == ["RENEW"] * 12
    assert tried["prices"]["withoutTax"]["value"] == 960
    assert tried["prices"]["withTax"]["value"] == 1152
    assert shop.post(flush, terminateSubscription=True)["order"] == tried
    after = shop.get(path)["billing"]
    assert (after["expirationDate"][:10], after["engagement"]["endDate"]) == ("2027-11-23", "2027-11-23")
    assert after["lifecycle"]["current"]["terminationDate"][:10] == "2027-11-23"
    assert shop.refusal("POST", flush, {})[0] == 409
    plain = path_of(families, "free")
    assert shop.refusal("POST", f"{plain}/billing/engagement/flush", {})[0] == 404


def test_a_strangers_commitment_does_not_exist(customer: Make, families: Families) -> None:
    path = path_of(families, "strange", mode=MODE)
    for stranger in (customer(ACME), customer(PETIT)):
        for method, body in (("GET", None), ("POST", {"pricingMode": MODE}), ("DELETE", None)):
            assert stranger.refusal(method, f"{path}/billing/engagement/request", body)[0] == 404
        assert stranger.refusal("POST", f"{path}/billing/engagement/flush", {})[0] == 404
