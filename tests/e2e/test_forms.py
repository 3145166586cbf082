"""Forms: whose they are, sent twice or late, wrong fields and files; a refusal writes nothing."""

import re

import pytest
from falcon.testing import TestClient

from acquit.actions.context import Context
from acquit.actions.sign_in import sign_out as end_session
from e2e.visitor import PDF, TERM, Visitor, requests_of, send_with_file
from e2e.world import ACME, ACME_LAB, PASSWORD, SCRIPT, SMALL, World

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
    fields = {"login": ACME, "password": PASSWORD}
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
    back = customer.post("/manager/login", login | {"login": ACME, "password": PASSWORD})
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
    fields = visitor.hidden("/manager/login") | {"login": ACME, "password": PASSWORD, "next": wanted}
    answer = visitor.post("/manager/login", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/manager")


def test_the_seventh_guess_is_told_to_wait(client: TestClient, world: World) -> None:
    visitor = Visitor(client, {})
    fields = {"login": SMALL, "password": "wrong"}
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


def test_a_correction_is_asked_for_on_the_bill_and_the_form_comes_back_when_it_says_nothing(
    customer: Visitor, context: Context
) -> None:
    with context.database.read() as tx:
        row = tx.one(
            "SELECT min(bill_id) AS bill_id FROM bill WHERE account_id = %(account_id)s", account_id=ACME
        )
    form = f"/manager/requests/correction?bill={row.bill_id}"
    assert form in customer.get(f"/manager/bills/{row.bill_id}").text
    fields = {**customer.hidden(form), "bill": row.bill_id}
    empty = customer.post("/manager/requests/correction", fields)
    assert empty.status_code == 400
    assert f'value="{row.bill_id}"' in empty.text
    sent = customer.post("/manager/requests/correction", {**customer.hidden(form), "city": "Brest"})
    assert sent.status_code == 303
    shown = customer.get(sent.headers["location"]).text
    assert row.bill_id in shown
    assert "Brest" in shown
    assert customer.get("/manager/requests/correction?bill=FR99999999").status_code == 404


def test_a_customer_says_what_its_bills_name(customer: Visitor, context: Context) -> None:
    page = "/manager/bill-references"
    fields = customer.hidden(page) | {"cost_account": "6135 – Infra", "contract": "CTR-7"}
    assert customer.post(page, fields).status_code == 303
    assert 'value="6135 – Infra"' in customer.get(page).text
    refused = customer.post(page, customer.hidden(page) | {"cost_account": "a\u200bb", "contract": ""})
    assert "U+200B" in refused.text
    assert 'value="CTR-7"' in customer.get(page).text
