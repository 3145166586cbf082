"""Every route asks for its right: a key that reads changes nothing, a program without rights gets nothing."""

import re

import requests

from acquit.actions.issue_access_token import issue_access_token
from acquit.api.contract import Route
from acquit.core.access import Rule

from .families import Customer, Families
from .owned import SERVED
from .peopling import PASSWORD
from .world import ACME

REFUSED = (403, "NOT_GRANTED_CALL")
KNOCKS = ("/auth/time", "/auth/credential", "/me/passwordRecover")
"""Whoever calls these is nobody yet."""
LEAVING = ("/auth/logout", "/auth/token")
"""What a key may always do with itself, when its rules say so."""


def target(route: Route) -> str:
    """The route with any id: who may not call is told so before anything is looked for."""
    return re.sub(r"\{[^}]+\}", "1", route.path)


def asked(caller: Customer, route: Route) -> tuple[int, str]:
    reply = caller.reply(route.method, target(route), None if route.method in ("GET", "DELETE") else {})
    said = reply.json()
    return reply.status_code, str(said.get("errorCode", "")) if isinstance(said, dict) else ""


def test_a_key_that_reads_changes_nothing(families: Families) -> None:
    reader = families.customer(rules=[Rule("GET", "/*")])
    writing = [route for route in SERVED if route.method != "GET" and route.path not in KNOCKS]
    assert len(writing) > 150
    assert [route.key for route in writing if asked(reader, route) != REFUSED] == []


def test_a_login_that_reads_changes_nothing_by_any_key(families: Families) -> None:
    families.customer().post("/me/identity/user", login="looker", password=PASSWORD, group="UNPRIVILEGED")
    reader = families.customer(login="looker")
    writing = [route for route in SERVED if route.method != "GET" and route.path not in (*KNOCKS, *LEAVING)]
    assert [route.key for route in writing if asked(reader, route) != REFUSED] == []


def test_a_key_of_one_family_opens_no_other(families: Families) -> None:
    caller = families.customer(
        rules=[Rule(method, "/me/bill/*") for method in ("GET", "POST", "PUT", "DELETE")]
    )
    others = [
        route for route in SERVED if not route.path.startswith("/me/bill/") and route.path not in KNOCKS
    ]
    assert [route.key for route in others if asked(caller, route) != REFUSED] == []


def test_a_service_account_without_rights_gets_nothing(families: Families) -> None:
    acme, context = families.customer(ACME), families.world.context
    robot = acme.post("/me/api/oauth2/client", name="idle", description="", flow="CLIENT_CREDENTIALS")
    token = issue_access_token(context, robot["clientId"], robot["clientSecret"]).text
    open_to_it = []
    for route in SERVED:
        if route.path.startswith("/auth/") or route.path in KNOCKS:
            continue
        reply = requests.request(
            route.method, f"{families.origin}/1.0{target(route)}", json={} if route.body else None,
            headers={"Authorization": f"Bearer {token}"}, timeout=60,
        )  # fmt: skip
        if (reply.status_code, reply.json()["errorCode"]) != REFUSED:
            open_to_it.append(route.key)
    assert open_to_it == []
