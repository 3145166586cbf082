"""What strangers, neighbours and other roles get from the pages, and what every answer bears."""

import re
from collections.abc import Callable

import pytest
from falcon.testing import TestClient

from acquit.actions.context import Context
from acquit.actions.sign_in import end_account_sessions, sign_in_account, sign_in_operator
from acquit.console.routes import OFFICE, ROUTES, Route
from acquit.core.identifiers import AccountId
from acquit.core.operator import RIGHTS, Role
from acquit.core.session import Door
from acquit.store.transaction import Unavailable
from e2e.visitor import PDF, STAFF, TERM, Visitor, send_with_file
from e2e.world import ACME, ACME_LAB, PASSWORD, SCRIPT, SMALL, World


def filled(path: str) -> str:
    for name, value in {
        "account_id": ACME,
        "bill_id": "FR00000014",
        "request_id": "1",
        "grant_id": "1",
    }.items():
        path = path.replace(f"{{{name}}}", value)
    return path.replace("{purchase_order_id}", "100")


# ---------------------------------------------------------------- doors and roles


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.door], ids=lambda r: f"{r.method} {r.path}"
)
def test_every_page_behind_a_door_asks_who_is_there(client: TestClient, world: World, route: Route) -> None:
    stranger = Visitor(client, {})
    if route.method == "GET":
        answer = stranger.get(filled(route.path))
        assert answer.status_code == 303
        assert route.door is not None
        assert answer.headers["location"].startswith(f"/{route.door.value}/login?next=")
    else:
        answer = stranger.post(filled(route.path), {"csrf": "x"})
        assert answer.status_code == 401
    assert "Acme" not in answer.text


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("route", OFFICE, ids=lambda r: f"{r.method} {r.path}")
def test_each_role_does_what_it_may(staff: Callable[[str], Visitor], role: str, route: Route) -> None:
    if route.path == "/office/logout":
        return
    visitor = staff(role)
    is_allowed = route.right is None or route.right in RIGHTS[Role(role)]
    if route.method == "GET":
        answer = visitor.get(filled(route.path))
    else:
        token = visitor.hidden("/office")["csrf"]
        answer = visitor.post(filled(route.path), {"csrf": token, "once": f"{role} {route.path}"})
    assert (answer.status_code == 403) is not is_allowed, answer.text


def test_a_customer_is_nobody_in_the_office_and_staff_nobody_in_the_manager(
    client: TestClient, context: Context
) -> None:
    account = sign_in_account(context, ACME, PASSWORD, address="192.0.2.1")
    operator = sign_in_operator(context, "ada", PASSWORD, address="192.0.2.1")
    assert Visitor(client, {"acquit-office": account}).get("/office").status_code == 303
    assert Visitor(client, {"acquit-manager": operator}).get("/manager").status_code == 303


def test_a_revoked_session_is_over_at_once(customer: Visitor, context: Context) -> None:
    assert customer.get("/manager").status_code == 200
    end_account_sessions(context, AccountId(ACME), by="system")
    assert customer.get("/manager").status_code == 303


def test_signing_out_ends_the_session_and_needs_the_forms_token(customer: Visitor) -> None:
    stolen = Visitor(customer.client, dict(customer.cookies))
    assert customer.post("/manager/logout", {}).status_code == 403
    token = customer.hidden("/manager")["csrf"]
    answer = customer.post("/manager/logout", {"csrf": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/manager/login")
    assert stolen.get("/manager").status_code == 303


# ---------------------------------------------------------------- another account's things


@pytest.mark.parametrize(
    "path",
    [
        "/manager/bills/FR00000031",
        "/manager/bills/FR00000031/pdf",
        "/manager/bills/FR00000031/ubl",
        "/manager/bills/FR00000031/receipt",
        "/manager/bills/nothing",
        "/manager/bills/FR00000014%2F..%2FFR00000031",
        "/manager/bills/..%2F..%2Foffice",
        "/manager/bills/FR00000014'--",
        "/manager/bills/" + "9" * 2000,
        "/manager/bills/FR00000014/pdf/more",
        "/manager/requests/99999999999999999999999",
        "/manager/requests/-1",
        "/manager/requests/1e3",
        "/manager/requests/٣",
        "/manager/requests/1/file",
        "/manager/purchase-orders/1",
        "/manager/purchase-orders/x",
        "/static/000000000000/acquit.css",
        "/static/../../app.py",
        "/static/x/..%2F..%2F..%2Fsettings.py",
        "/manager/../../etc/passwd",
        "/nothing",
        "/office/accounts/nobody",
    ],
)
def test_what_is_not_yours_is_not_found(customer: Visitor, context: Context, path: str) -> None:
    if path.startswith("/office"):
        customer.cookies["acquit-office"] = sign_in_operator(context, "ada", PASSWORD, address="192.0.2.1")
    answer = customer.get(path)
    assert answer.status_code == 404, answer.text
    assert "Traceback" not in answer.text
    assert f"Petit {SCRIPT}" not in answer.text


@pytest.mark.parametrize("path", ["/manager/bills/%00", "/manager/bills?q=%00", "/office/accounts?q=a%00b"])
def test_a_nul_is_refused(customer: Visitor, path: str) -> None:
    assert customer.get(path).status_code == 400


def test_a_neighbours_request_and_its_file_are_not_found(
    customer: Visitor, client: TestClient, context: Context
) -> None:
    sent = send_with_file(customer, "/manager/requests/term", TERM, "a.pdf", PDF)
    link = sent.headers["location"].partition("?")[0]
    assert customer.get(f"{link}/file").content == PDF
    token = sign_in_account(context, SMALL, PASSWORD, address="192.0.2.1")
    neighbour = Visitor(client, {"acquit-manager": token})
    for path in (link, f"{link}/file"):
        assert neighbour.get(path).status_code == 404
    child = Visitor(
        client, {"acquit-manager": sign_in_account(context, ACME_LAB, PASSWORD, address="192.0.2.1")}
    )
    assert child.get("/manager/bills/FR00000014").status_code == 404


# ---------------------------------------------------------------- pages


def test_script_in_every_text_stays_text(customer: Visitor, staff: Callable[[str], Visitor]) -> None:
    sent = customer.send("/manager/requests/term", TERM | {"message": SCRIPT})
    link = sent.headers["location"].partition("?")[0]
    number = link.rpartition("/")[2]
    sales = staff("sales")
    pages = [
        customer.get(path).text
        for path in (
            link,
            "/manager/services",
            "/manager/sub-accounts",
            "/manager/bills/FR00000014",
            f"/manager/bills?q={SCRIPT}",
            f"/manager/login?next={SCRIPT}",
            "/createToken?GET=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        )
    ] + [
        sales.get(path).text
        for path in (
            f"/office/requests/{number}",
            f"/office/accounts/{SMALL}",
            f"/office/accounts?q={SCRIPT}",
        )
    ]
    assert all("<script" not in page for page in pages)
    assert sum("&lt;script&gt;" in page for page in pages) >= 8


def test_every_answer_bears_the_headers_of_a_careful_site(customer: Visitor) -> None:
    for path in ("/", "/manager/login", "/manager", "/manager/bills/FR00000014", "/nothing"):
        headers = customer.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"


def test_cookies_are_out_of_reach_and_bound_to_https_where_there_is_https(
    client: TestClient, world: World
) -> None:
    for scheme, names in (
        ("http", ("acquit-form", "acquit-manager")),
        ("https", ("__Host-acquit-form", "__Host-acquit-manager")),
    ):
        visitor = Visitor(client, {})
        fields = {"login": ACME, "password": PASSWORD}
        page = visitor.get("/manager/login", protocol=scheme)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
        answer = visitor.post("/manager/login", hidden | fields, protocol=scheme)
        assert answer.status_code == 303, answer.text
        for name, cookie in ((names[0], page.cookies[names[0]]), (names[1], answer.cookies[names[1]])):
            assert cookie.http_only, name
            assert cookie.secure is (scheme == "https")
            assert cookie.same_site == "Lax"
            assert cookie.path == "/"
            assert not cookie.domain


def test_styles_may_be_kept_for_ever(client: TestClient, world: World) -> None:
    link = re.search(r'href="(/static/[^"]+\.css)"', client.simulate_get("/").text)
    assert link is not None
    answer = client.simulate_get(link[1])
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert len(answer.content) < 20_000


def test_our_own_fault_shows_a_reference_and_no_trace(
    client: TestClient, customer: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("acquit.console.manager.services.own_place", broken)
    answer = customer.get("/manager/services")
    assert answer.status_code == 500
    assert "the secret of the house" not in answer.text
    assert "Traceback" not in answer.text
    reference = re.search(r"<code>([0-9a-f]{12})</code>", answer.text)
    assert reference is not None
    assert [record.reference for record in caplog.records] == [reference[1]]  # type: ignore[attr-defined]


def test_a_database_out_of_reach_is_told_as_such(
    customer: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise Unavailable("no answer from 10.0.0.1")

    monkeypatch.setattr("acquit.console.manager.services.own_place", broken)
    answer = customer.get("/manager/services")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "10.0.0.1" not in answer.text
    assert [record.message for record in caplog.records] == ["page.database_unavailable"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
def test_other_methods_are_refused(client: TestClient, world: World, method: str) -> None:
    answer = client.simulate_request(method, "/manager")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("door", list(Door))
def test_head_is_answered_as_get(client: TestClient, world: World, door: Door) -> None:
    assert client.simulate_head(f"/{door.value}/login").status_code == 200


def test_odd_pages_of_a_list_are_the_first_or_empty(customer: Visitor) -> None:
    for page in ("0", "-1", "x", "9" * 50, "٣"):
        assert customer.get(f"/manager/bills?page={page}").status_code == 200
    assert customer.get("/manager/bills?page=999999").status_code == 200
    assert customer.get("/manager/bills?state=x&from=soon&to=2026-13-01&q=%F0%9F%92%A9").status_code == 200


def test_who_shares_an_order_sees_only_its_own_bills_on_it(client: TestClient, context: Context) -> None:
    with context.database.read() as tx:
        order = tx.one("SELECT purchase_order_id AS id FROM purchase_order WHERE is_family").id
    for account, sees in ((ACME, True), (ACME_LAB, False)):
        token = sign_in_account(context, account, PASSWORD, address="192.0.2.1")
        page = Visitor(client, {"acquit-manager": token}).get(f"/manager/purchase-orders/{order}")
        assert page.status_code == 200
        assert "PO-2026-0042" in page.text
        assert ("FR00000014" in page.text) is sees
    token = sign_in_account(context, SMALL, PASSWORD, address="192.0.2.1")
    neighbour = Visitor(client, {"acquit-manager": token})
    assert neighbour.get(f"/manager/purchase-orders/{order}").status_code == 404
