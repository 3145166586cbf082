"""Every page by every role: what logins of an account see and change, and what staff does about money."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from falcon.testing import TestClient

from acquit.actions.add_identity_user import add_identity_user
from acquit.actions.change_identity_group import add_identity_group, join_identity_group
from acquit.actions.context import Context
from acquit.actions.sign_in import sign_in_account, sign_in_operator
from acquit.api.entrance import Entrance
from acquit.api.explorer import Explorer
from acquit.console.app import make_app
from acquit.console.routes import CONSENT, MANAGER, MONEY, OFFICE, Route
from acquit.core.identifiers import AccountId
from acquit.core.identity import Role
from acquit.core.operator import RIGHTS, Right
from acquit.core.operator import Role as StaffRole
from e2e.conftest import NoSettings
from e2e.visitor import STAFF, Visitor
from e2e.world import ACME, PASSWORD, World

ACCOUNT = AccountId(ACME)
LOGINS = ("admin", "worker", "reader", "accountant", "nobody", "busy")
FOR_ONESELF = {"/manager/security", "/manager/logout"}
FOR_ACCOUNTANTS = {
    "/manager",
    "/manager/bills",
    "/manager/bills/csv",
    "/manager/bills/zip",
    "/manager/bills/{bill_id}",
    "/manager/bills/{bill_id}/pdf",
    "/manager/bills/{bill_id}/ubl",
    "/manager/bills/{bill_id}/receipt",
    "/manager/bills/{bill_id}/why",
    "/manager/bills/{bill_id}/dispute",
    "/manager/pay",
    "/manager/bundles",
    "/manager/bundles/{bundle_id}",
    "/manager/bundles/{bundle_id}/sheet",
    "/manager/bundles/{bundle_id}/advice",
    "/manager/payments",
    "/manager/payments/{deposit_id}",
    "/manager/payments/{deposit_id}/receipt",
    "/manager/credit",
    "/manager/points",
    "/manager/payment-methods",
    "/manager/purchase-orders",
    "/manager/purchase-orders/{purchase_order_id}",
    "/manager/reverse-bills",
    "/manager/reverse-bills/{bill_id}",
    "/manager/reverse-bills/{bill_id}/pdf",
    "/manager/reverse-bills/{bill_id}/why",
}
"""Written out here, so that a new page is nobody's by accident."""
CHECKED_WITHIN = {
    "/office/remittances/new": ({"kind": "refund"}, Right.COLLECT_DEBTS),
    "/office/reports/periods": ({"verb": "close", "month": "2026-11"}, Right.CLOSE_PERIODS),
}
"""Forms whose right depends on what they ask for."""
LEFT_TO_ACTIONS = {
    "/office/reports/vat",
    "/office/health",
    "/office/approvals",
    "/office/bank/entries/{entry_id}",
    "/office/remittances/{number}",
    "/office/remittances/{number}/download",
    "/office/reverse-bills/{account_id}/{bill_id}",
}
"""Everybody may ask for an audit or a VAT report; the others are tested where the things are."""


@dataclass(frozen=True)
class People:
    """One visitor for each login and each role of staff."""

    logins: dict[str, Visitor]
    staff: dict[str, Visitor]


@pytest.fixture(scope="module")
def people(context: Context, world: World) -> Iterator[People]:
    add_identity_group(context, ACCOUNT, "outsiders", Role.NONE, by="cli")
    groups = {"admin": "ADMIN", "worker": "DEFAULT", "reader": "UNPRIVILEGED", "accountant": "ACCOUNTANT"}
    groups |= {"nobody": "outsiders", "busy": "outsiders"}
    for login, group in groups.items():
        add_identity_user(context, ACCOUNT, login, PASSWORD, by="cli", group=group)
    join_identity_group(context, ACCOUNT, "ACCOUNTANT", "busy", by="cli")
    entrance = Entrance(context)
    client = TestClient(make_app(context, NoSettings(), explorer=Explorer(context, entrance)))
    logins, staff = {}, {}
    for login in LOGINS:
        token = sign_in_account(context, f"{ACME}/{login}", PASSWORD, address="192.0.2.1")
        logins[login] = Visitor(client, {"acquit-manager": token})
    for role, name in STAFF.items():
        token = sign_in_operator(context, name, PASSWORD, address="192.0.2.1")
        staff[role] = Visitor(client, {"acquit-office": token})
    yield People(logins, staff)
    entrance.close()


def filled(path: str) -> str:
    if path == "/manager/bills/zip":
        return f"{path}?q=nothing+fits"
    names = {"bill_id": "FR00000014", "account_id": ACME, "period": "2026-11"}
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", value)
    while "{" in path:
        start, _, rest = path.partition("{")
        path = f"{start}1{rest.partition('}')[2]}"
    return path


def may(login: str, route: Route) -> bool:
    """What the house says, told apart from the code that does it."""
    if route.path in FOR_ONESELF:
        return True
    if login in ("accountant", "busy"):
        return route.path in FOR_ACCOUNTANTS
    if login == "nobody":
        return False
    is_form = route.method == "POST" and route.path not in ("/manager/api/call",)
    return login in ("admin", "worker") or not is_form or not route.path.startswith("/manager/")


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("route", [*CONSENT, *MANAGER], ids=lambda r: f"{r.method} {r.path}")
def test_a_login_sees_and_changes_what_its_groups_say(people: People, login: str, route: Route) -> None:
    if route.path == "/manager/logout":
        return
    visitor = people.logins[login]
    if route.method == "GET":
        answer = visitor.get(filled(route.path))
    else:
        token = visitor.hidden("/manager/security")["csrf"]
        answer = visitor.post(filled(route.path), {"csrf": token, "once": f"{login} {route.path}"})
    assert (answer.status_code == 403) is not may(login, route), answer.text
    if not may(login, route) and login != "reader":
        assert "FR00000014" not in answer.text


def test_an_accountant_is_offered_only_what_it_may_open(people: People) -> None:
    page = people.logins["accountant"].get("/manager").text
    assert 'href="/manager/bills"' in page
    for name in ("services", "keys", "requests", "preferences", "sub-accounts", "consumption"):
        assert f'href="/manager/{name}"' not in page


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("route", MONEY, ids=lambda r: f"{r.method} {r.path}")
def test_staff_does_about_money_what_its_role_says(people: People, role: str, route: Route) -> None:
    visitor, rights = people.staff[role], RIGHTS[StaffRole(role)]
    if route.method == "GET":
        assert visitor.get(filled(route.path)).status_code != 403
        return
    fields, right = CHECKED_WITHIN.get(route.path, ({}, route.right))
    token = visitor.hidden("/office")["csrf"]
    answer = visitor.post(
        filled(route.path), fields | {"csrf": token, "once": f"{role} {route.path}", "reason": "x"}
    )
    if right is None:
        assert route.path in LEFT_TO_ACTIONS, "a form that every role may send is named here"
    else:
        assert (answer.status_code == 403) is (right not in rights), answer.text


def test_no_form_of_the_office_is_without_a_right_but_these() -> None:
    found = {route.path for route in OFFICE if route.method == "POST" and route.right is None}
    assert found == {"/office/logout", "/office/security"}
