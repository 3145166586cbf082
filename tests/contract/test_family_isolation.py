"""One account's ids in another's calls: not found, in every route, by path, body, filter and batch."""

from collections.abc import Callable
from itertools import permutations

import pytest

from acquit.actions.issue_access_token import issue_access_token
from acquit.actions.publish_contract import publish_contract
from acquit.api.contract import Route, contract
from acquit.api.routes import ROUTES
from acquit.store.transaction import Transaction

from .families import Customer, Families
from .given_back import correct_one
from .peopling import name_contacts, write_to
from .walking import SSH_KEY, smallest_body, targets
from .world import ACME, FR, LAB, PETIT, SHOP

Make = Callable[..., Customer]

OWN = [
    r for r in contract().routes if r.key in ROUTES and r.path_parameters and not r.path.startswith("/auth")
]
PAIRS = [*permutations((ACME, LAB, SHOP, PETIT), 2)]


@pytest.fixture(scope="module")
def peopled(families: Families) -> Families:
    """Every account has something of its own in every list."""
    for number, account_id in enumerate((ACME, LAB, SHOP, PETIT)):
        caller = families.customer(account_id)
        login = f"user-{number}"
        caller.post("/me/identity/user", login=login, password="correct-horse-battery-staple")
        caller.post(f"/me/identity/user/{login}/token", name=f"token-{number}", description="")
        caller.post("/me/identity/group", name=f"group-{number}")
        caller.post("/me/accessRestriction/ip", ip="192.0.2.0/24", rule="deny", warning=False)
        caller.post("/me/accessRestriction/totp")
        caller.post("/me/sshKey", keyName=f"key-{number}", key=SSH_KEY)
        caller.post("/me/preferences/manager", key=f"NAME-{number}", value="")
        caller.post("/me/changeEmail", newEmail="books@example.com")
        robot = caller.post("/me/api/oauth2/client", name="r", description="", flow="CLIENT_CREDENTIALS")
        issue_access_token(families.world.context, robot["clientId"], robot["clientSecret"])
        caller.post(
            "/me/billing/purchaseOrder", reference="R", type="PURCHASE_ORDER", startDate="2030-01-01",
            active=False,
        )  # fmt: skip
        group = caller.post("/me/billing/group", name=f"site {number}")["groupId"]
        caller.post(f"/me/billing/group/{group}/service", serviceId=caller.get("/services")[0])
        publish_contract(
            families.world.context, FR, f"Terms {number}", "Words.", by="cli", account_id=account_id
        )
    name_contacts(families)
    write_to(families)
    correct_one(families.world.context, ACME, families.world.paid_bill)
    return families


def acts_of(tx: Transaction) -> int:
    return int(tx.one("SELECT count(*) FROM act")[0])


@pytest.mark.parametrize("route", OWN, ids=lambda route: f"{route.method} {route.path}")
def test_anothers_ids_are_not_found(route: Route, peopled: Families) -> None:
    database = peopled.world.context.database
    callers = {account_id: peopled.customer(account_id) for account_id in (ACME, LAB, SHOP, PETIT)}
    real = {account_id: set(targets(caller, route.path)) for account_id, caller in callers.items()}
    with database.read() as tx:
        before = acts_of(tx)
    for owner, stranger in PAIRS:
        for target in sorted(real[owner] - real[stranger]):
            status, message = callers[stranger].refusal(route.method, target, smallest_body(route))
            assert status == 404, f"{stranger}: {route.method} {target}: {status} {message}"
            if route.method == "GET" and route.path.endswith("}"):
                assert all(entry["error"] for entry in callers[stranger].batch(f"{target},"))
    with database.read() as tx:
        assert acts_of(tx) == before, "a refused call wrote something"


def test_filters_show_nothing_of_others(peopled: Families) -> None:
    acme, petit = peopled.customer(ACME), peopled.customer(PETIT)
    bill = acme.page("/me/bill")[0]
    assert petit.get("/me/bill", orderId=bill["orderId"]) == []
    assert petit.page("/me/bill", Filter=f"billId:eq={bill['billId']}") == []
    assert petit.page("/me/bill", Filter=f"billId:in={bill['billId']},x") == []
    assert petit.page("/me/debtAccount/debt", Filter=f"debtId:eq={bill['orderId']}") == []
    name = acme.page("/services")[0]["resource"]["name"]
    assert petit.page("/services", Filter=f"resource.name:like={name}") == []


def test_a_cursor_of_another_account_leads_nowhere(peopled: Families) -> None:
    acme, petit = peopled.customer(ACME), peopled.customer(PETIT)
    mode = {"X-Pagination-Mode": "CachedObjectList-Cursor", "X-Pagination-Size": "1"}
    cursor = acme.reply("GET", "/me/bill", headers=mode).headers["x-pagination-cursor-next"]
    reply = petit.reply("GET", "/me/bill", headers=mode | {"X-Pagination-Cursor": cursor})
    assert reply.status_code == 400 or reply.json() == []
