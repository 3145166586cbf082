"""Every served read answers as the contract declares: bare, as pages of objects, and in batches.

The crawl begins at the lists and walks into everything that they name, for every account of the world.
Each answer is compared with the contract as it comes in (`families._compare`).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from acquit.actions.issue_access_token import issue_access_token
from acquit.api.contract import Route, contract
from acquit.api.routes import ROUTES
from acquit.core.api_call import ApiCall
from acquit.store import api_calls

from .families import Customer, Families
from .given_back import correct_one, give_back_some
from .metered import use_some
from .signing import sign_mandate
from .walking import AT_MOST, SSH_KEY, targets
from .world import ACCOUNTS, ACME

Make = Callable[..., Customer]

NOTHING_THERE = {
    *(route.path for route in contract().routes if route.regions == ("us",)),  # see test_family_american
    "/me/order/{orderId}/balance/{balanceName}",
    "/me/payment/transaction/{transactionId}",  # no collector takes payments
    "/me/identity/user/{user}/token/{name}",
    "/me/accessRestriction/sms/{id}",  # not offered
    "/me/accessRestriction/u2f/{id}",
    "/auth/time",
}
READ = sorted(route.path for route in contract().routes if route.method == "GET" and route.key in ROUTES)
GROWS = ("/me/api/logs/self", "/me/api/logs/services")
"""Lists that every call makes longer."""
LISTS = [
    r
    for r in contract().routes
    if r.method == "GET" and r.key in ROUTES and r.expands_to and r.path not in GROWS and r.regions != ("us",)
]


@pytest.fixture(scope="module")
def peopled(families: Families) -> Families:
    """The world with something in every list of Acme's."""
    acme = families.customer()
    acme.post("/me/identity/user", login="ada", password="correct-horse-battery-staple", group="ADMIN")
    acme.post("/me/identity/group", name="readers", role="UNPRIVILEGED")
    acme.post("/me/identity/user/ada/token", name="laptop", description="at work")
    robot = acme.post("/me/api/oauth2/client", name="robot", description="", flow="CLIENT_CREDENTIALS")
    issue_access_token(families.world.context, robot["clientId"], robot["clientSecret"])
    acme.post("/me/accessRestriction/ip", ip="192.0.2.0/24", rule="deny", warning=False)
    acme.post("/me/sshKey", keyName="laptop", key=SSH_KEY)
    acme.post("/me/preferences/manager", key="SIDEBAR", value="open")
    acme.post("/me/changeEmail", newEmail="books@example.com")
    acme.post("/me/accessRestriction/totp")
    acme.post("/me/accessRestriction/backupCode")
    with families.world.context.database.write() as tx:
        path = "/services/1"
        api_calls.add(
            tx, [ApiCall(ACME, datetime.now(UTC), "GET", "/services/{serviceId}", path, "192.0.2.1")]
        )
    use_some(families.world.context)
    sign_mandate(families.world.context, ACME)
    path = f"/order/cart/{acme.post('/order/cart', ovhSubsidiary='FR', description='kept')['cartId']}"
    plan = {"planCode": "metal-s", "duration": "P1M", "pricingMode": "default", "quantity": 1}
    line = acme.post(f"{path}/eco", **plan)["itemId"]
    acme.post(f"{path}/eco/options", **plan | {"planCode": "disk-1t", "itemId": line})
    acme.post(f"{path}/item/{line}/configuration", label="place", value="north")
    ordered = acme.post("/order/cart", ovhSubsidiary="FR")["cartId"]
    acme.post(f"/order/cart/{ordered}/eco", **plan)
    acme.post(f"/order/cart/{ordered}/checkout", autoPayWithPreferredPaymentMethod=True)
    give_back_some(families.world.context, ACME)
    correct_one(families.world.context, ACME, families.world.paid_bill)
    group = acme.post("/me/billing/group", name="site A")["groupId"]
    acme.post(f"/me/billing/group/{group}/service", serviceId=acme.get("/services")[0])
    acme.post("/me/credit/code", inputCode="WELCOME-2026")
    return families


@pytest.mark.parametrize("path", READ)
def test_a_read_conforms(path: str, peopled: Families) -> None:
    if path.startswith("/auth/") or path == "/":
        return
    statuses = {
        customer.reply("GET", target).status_code
        for account_id in ACCOUNTS
        for customer in [peopled.customer(account_id)]
        for target in targets(customer, path)
    }
    assert statuses <= {200, 404}
    assert 200 in statuses or path in NOTHING_THERE, f"nothing was read of {path}"


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.path)
def test_a_list_expands_to_what_its_items_are(route: Route, peopled: Families) -> None:
    acme = peopled.customer()
    item_path = next((r.path for r in contract().routes if _is_item(r, route)), None)
    for target in list(targets(acme, route.path))[:AT_MOST]:
        ids = acme.get(target)
        shown = [_steady(each) for each in acme.page(target, Size="5000")]
        assert len(shown) == len(ids)
        if item_path is None or not ids:
            continue
        joined = ",".join(quote(str(key), safe="") for key in ids[:50])
        entries = acme.batch(f"{target}/{joined}")
        assert [entry["key"] for entry in entries] == [str(key) for key in ids[:50]]
        assert [_steady(entry["value"]) for entry in entries] == shown[:50]
        assert _steady(acme.get(f"{target}/{quote(str(ids[0]), safe='')}")) == shown[0]


def _steady(shown: dict[str, Any]) -> dict[str, Any]:
    """The object without what changes by reading it."""
    return {name: value for name, value in shown.items() if name not in ("lastUse", "lastUsed")}


def _is_item(candidate: Route, of: Route) -> bool:
    """Whether the route reads one element of the list."""
    head, _, last = candidate.path.rpartition("/")
    return candidate.key in ROUTES and candidate.method == "GET" and head == of.path and last.startswith("{")
