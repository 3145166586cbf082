"""What bad input and strangers get from the pages: their status, their words, and nothing else."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from falcon.testing import Result, TestClient

from acquit.actions.context import Context
from acquit.actions.sign_in import end_account_sessions, sign_in_account, sign_in_operator
from acquit.actions.sign_in import sign_out as end_session
from acquit.console.routes import OFFICE, ROUTES, Route
from acquit.core.identifiers import AccountId
from acquit.core.operator import RIGHTS, Role
from acquit.core.session import Door
from e2e.world import ACME, ACME_LAB, PASSWORD, SCRIPT, SMALL, World

FORM = "application/x-www-form-urlencoded"
STAFF = {"sales": "sam", "billing": "bob", "treasury": "tess", "auditor": "audrey", "administrator": "ada"}
PDF = b"%PDF-1.7 paper"
TERM = {"days": "45", "method": "net"}


class Visitor:
    """A browser without pictures: keeps its cookies and sends forms as its pages would."""

    def __init__(self, client: TestClient, cookies: dict[str, str]) -> None:
        self.client = client
        self.cookies = cookies

    def get(self, path: str, **options: Any) -> Result:
        answer = self.client.simulate_get(path, cookies=self.cookies, **options)
        self.cookies |= {name: cookie.value for name, cookie in answer.cookies.items()}
        return answer

    def post(self, path: str, fields: dict[str, str], **options: Any) -> Result:
        options.setdefault("content_type", FORM)
        return self.client.simulate_post(path, body=urlencode(fields), cookies=self.cookies, **options)

    def hidden(self, path: str) -> dict[str, str]:
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.get(path).text))

    def send(self, path: str, fields: dict[str, str], **options: Any) -> Result:
        return self.post(path, self.hidden(path) | fields, **options)


@pytest.fixture
def customer(client: TestClient, context: Context) -> Visitor:
    token = sign_in_account(context, ACME, PASSWORD, address="192.0.2.1")
    return Visitor(client, {"acquit-manager": token})


@pytest.fixture
def staff(client: TestClient, context: Context) -> Callable[[str], Visitor]:
    def enter(role: str) -> Visitor:
        token = sign_in_operator(context, STAFF[role], PASSWORD, address="192.0.2.1")
        return Visitor(client, {"acquit-office": token})

    return enter


def filled(path: str) -> str:
    for name, value in {
        "account_id": ACME,
        "bill_id": "FR00000014",
        "request_id": "1",
        "grant_id": "1",
    }.items():
        path = path.replace(f"{{{name}}}", value)
    return path.replace("{purchase_order_id}", "100")


def requests_of(context: Context) -> int:
    with context.database.read() as tx:
        return int(tx.one("SELECT count(*) AS n FROM request").n)


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


# ---------------------------------------------------------------- forms


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        (None, {}),
        ("", {}),
        ("0" * 64, {}),
        ("é", {}),
        ("right", {"Origin": "https://evil.example"}),
        ("right", {"Origin": "null"}),
        ("right", {"Sec-Fetch-Site": "cross-site"}),
        ("right", {"Sec-Fetch-Site": "same-site"}),
    ],
)
def test_a_form_of_another_site_does_nothing(
    customer: Visitor, context: Context, token: str | None, headers: dict[str, str]
) -> None:
    before = requests_of(context)
    fields = customer.hidden("/manager/requests/term") | TERM
    if token is None:
        del fields["csrf"]
    elif token != "right":
        fields["csrf"] = token
    answer = customer.post("/manager/requests/term", fields, headers=headers)
    assert answer.status_code == 403
    assert requests_of(context) == before


def test_the_sign_in_form_has_a_token_too(client: TestClient, world: World) -> None:
    fields = {"name": ACME, "password": PASSWORD}
    assert Visitor(client, {}).post("/manager/login", fields).status_code == 403
    assert Visitor(client, {}).send("/manager/login", fields).status_code == 303


def test_sent_twice_is_carried_out_once(customer: Visitor, context: Context) -> None:
    before, fields = requests_of(context), customer.hidden("/manager/requests/term") | TERM
    first, second = (customer.post("/manager/requests/term", fields) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert requests_of(context) == before + 1
    assert customer.post("/manager/requests/term", fields | {"days": "30"}).status_code == 409


def test_an_ended_session_keeps_what_was_typed(customer: Visitor, context: Context) -> None:
    before = requests_of(context)
    fields = customer.hidden("/manager/requests/term") | TERM | {"message": f"Typed {SCRIPT} long ago"}
    end_session(context, customer.cookies["acquit-manager"])
    answer = customer.post("/manager/requests/term", fields)
    assert answer.status_code == 401
    customer.cookies |= {name: cookie.value for name, cookie in answer.cookies.items()}
    login = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text))
    assert login["next"] == "/manager/requests/term"
    back = customer.post("/manager/login", login | {"name": ACME, "password": PASSWORD})
    assert back.status_code == 200
    customer.cookies |= {name: cookie.value for name, cookie in back.cookies.items()}
    kept = dict(re.findall(r'name="(\w+)" value="([^"]*)"', back.text))
    assert "password" not in kept
    form = customer.post("/manager/requests/term", kept | {"message": f"Typed {SCRIPT} long ago"})
    assert form.status_code == 200
    assert "Typed &lt;script&gt;alert(1)&lt;/script&gt; long ago" in form.text
    assert requests_of(context) == before


def test_another_sites_form_is_not_kept(client: TestClient, world: World) -> None:
    answer = Visitor(client, {}).post(
        "/manager/requests/term", TERM | {"message": "planted"}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 401
    assert 'name="kept" value=""' in answer.text


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/manager/../../evil",
        "/manager\r\nSet-Cookie: x=1",
        "/managerevil",
        "/1.0/me",
        "http:/manager",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(client: TestClient, world: World, wanted: str) -> None:
    visitor = Visitor(client, {})
    fields = visitor.hidden("/manager/login") | {"name": ACME, "password": PASSWORD, "next": wanted}
    answer = visitor.post("/manager/login", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/manager")


def test_the_seventh_guess_is_told_to_wait(client: TestClient, world: World) -> None:
    visitor = Visitor(client, {})
    fields = {"name": SMALL, "password": "wrong"}
    statuses = [visitor.send("/manager/login", fields).status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    refused = visitor.send("/manager/login", fields | {"password": PASSWORD})
    assert refused.headers["retry-after"] == "900"
    assert PASSWORD not in refused.text


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"days": "75", "method": "net"},
        {"days": "45", "method": "whenever"},
        {"days": "45", "method": "net", "from_on": "soon"},
        {"days": "45", "method": "net", "from_on": "2026-02-30"},
        {"days": "45", "method": "net", "message": "x" * 5_000},
        {"days": "45", "method": "net", "message": "x" * 30_000},
        {"days": "45", "method": "net", "message": "\0"},
    ],
    ids=lambda fields: str(fields)[:60],
)
def test_a_wrong_field_is_told_and_writes_nothing(
    customer: Visitor, context: Context, fields: dict[str, str]
) -> None:
    before = requests_of(context)
    answer = customer.send("/manager/requests/term", fields)
    assert answer.status_code == 400
    assert requests_of(context) == before


@pytest.mark.parametrize(
    "fields",
    [
        {"reference": ""},
        {"reference": "x" * 300},
        {"start_on": "2026-12-31", "last_on": "2026-01-01"},
        {"amount": "-5"},
        {"amount": "0"},
        {"amount": "1.234.5"},
        {"amount": "9" * 40},
        {"type": "SOMETHING"},
    ],
    ids=str,
)
def test_a_contradicting_order_is_told_and_writes_nothing(
    customer: Visitor, context: Context, fields: dict[str, str]
) -> None:
    before = requests_of(context)
    right = {"reference": "PO-1", "start_on": "2028-01-01", "type": "PURCHASE_ORDER"}
    answer = customer.send("/manager/requests/purchase-order", right | fields)
    assert answer.status_code == 400, answer.text
    assert requests_of(context) == before


def test_an_order_is_shared_with_own_sub_accounts_only(customer: Visitor, context: Context) -> None:
    fields = {"reference": "PO-F", "start_on": "2028-01-01", "type": "PURCHASE_ORDER"}
    members = {f"member:{ACME_LAB}": "1", f"member:{SMALL}": "1"}
    sent = customer.send("/manager/requests/purchase-order", fields | members)
    page = customer.get(sent.headers["location"].partition("?")[0]).text
    assert f"{ACME}, {ACME_LAB}" in page
    assert SMALL not in page


# ---------------------------------------------------------------- files


def send_with_file(
    visitor: Visitor, path: str, fields: dict[str, str], name: str, content: bytes, **options: Any
) -> Result:
    parts = [
        f'--X\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in (visitor.hidden(path) | fields).items()
    ]
    parts.append(
        f'--X\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: text/html\r\n\r\n".encode()
        + content
        + b"\r\n--X--\r\n"
    )
    return visitor.client.simulate_post(
        path,
        body=b"".join(parts),
        content_type="multipart/form-data; boundary=X",
        cookies=visitor.cookies,
        **options,
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("evil.html", b"<script>alert(1)</script>"),
        ("evil.svg", b"<svg onload='alert(1)'/>"),
        ("order.pdf", b"<script>alert(1)</script>"),
        ("order.png", PDF),
        ("order.docx", b"not a zip"),
        ("order.txt", b"a\0b"),
        ("order.pdf", b""),
        ("order.pdf", b"%PDF-" + b"x" * 5_000_000),
        ("order", PDF),
        ("order.pdf.exe", PDF),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_file_is_refused_with_the_form(
    customer: Visitor, context: Context, name: str, content: bytes
) -> None:
    before = requests_of(context)
    answer = send_with_file(customer, "/manager/requests/term", TERM | {"message": "kept"}, name, content)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert ">kept</textarea>" in answer.text
    assert requests_of(context) == before


def test_a_form_of_nine_megabytes_is_too_large(customer: Visitor, context: Context) -> None:
    before = requests_of(context)
    answer = send_with_file(customer, "/manager/requests/term", TERM, "a.pdf", b"%PDF-" + b"x" * 9_000_000)
    assert answer.status_code == 413
    assert requests_of(context) == before


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\orders\\bon n° 7.pdf", "bon n° 7.pdf"),
        (f"{'x' * 300}.pdf", ""),
    ],
)
def test_a_file_keeps_a_plain_name_and_is_a_download(customer: Visitor, name: str, kept: str) -> None:
    sent = send_with_file(customer, "/manager/requests/term", TERM, name, PDF)
    assert sent.status_code == 303, sent.text
    link = sent.headers["location"].partition("?")[0]
    file = customer.get(f"{link}/file")
    assert file.content == PDF
    assert file.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["x-content-type-options"] == "nosniff"
    assert kept in customer.get(link).text


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=", ""],
)
def test_a_body_that_is_no_form_is_refused(customer: Visitor, content_type: str) -> None:
    answer = customer.post("/manager/requests/term", TERM, content_type=content_type)
    assert answer.status_code == 400


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
        fields = {"name": ACME, "password": PASSWORD}
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

    monkeypatch.setattr("acquit.console.manager.family.own_place", broken)
    answer = customer.get("/manager/services")
    assert answer.status_code == 500
    assert "the secret of the house" not in answer.text
    assert "Traceback" not in answer.text
    reference = re.search(r"<code>([0-9a-f]{12})</code>", answer.text)
    assert reference is not None
    assert [record.reference for record in caplog.records] == [reference[1]]  # type: ignore[attr-defined]


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
