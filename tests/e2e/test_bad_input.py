"""Bad input on every form and address: script and long texts stay text, what is not yours is not found."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Final, LiteralString

import psycopg
import pytest
from falcon.testing import TestClient
from playwright.sync_api import Page

from acquit.actions.ask_sales import ask_sales
from acquit.actions.bundle_bills import bundle_bills
from acquit.actions.context import Context
from acquit.actions.sign_in import sign_in_account, sign_in_operator
from acquit.console.app import make_app
from acquit.console.routes import MANAGER, ROUTES, Route
from acquit.core.identifiers import AccountId, BillId
from acquit.core.sales_request import AskedTerm
from acquit.core.session import Door
from acquit.core.terms import Term
from e2e.conftest import NoSettings
from e2e.people import barriers, sign_in
from e2e.visitor import TERM, Visitor
from e2e.world import ACME, ACME_LAB, PASSWORD, SCRIPT, SMALL, World

DEPOSIT: Final = """
    INSERT INTO deposit (account_id, deposit_id, legal_entity_id, order_id, received_on, amount_minor,
                         currency, means, bank_reference)
    VALUES ('ab12345-acq', 'RC00000001', 'FR', 990000001, '2026-11-20', 12345, 'EUR', 'transfer', 'RF18 5390')
"""
LONG_NAMES: Final[tuple[LiteralString, ...]] = (
    "UPDATE legal_party SET name = repeat('Verylongname', 21)",
    "UPDATE account SET description = repeat('d', 255), given_name = repeat('g', 255)",
    "UPDATE service SET display_name = repeat('n', 255), description = repeat('s', 255)",
    "UPDATE operator SET name = repeat('o', 255)",
)
MARKUP: Final = SCRIPT + '"><img src=x onerror=alert(1)>'
TYPED: Final = ("", "text", "search", "email", "date", "month", "number", "password", "url")


class Forms(HTMLParser):
    """The forms of a page that are posted: where to, and their fields; `texts` are those one types into."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str], set[str]]] = []
        self._form: tuple[str, dict[str, str], set[str]] | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, kind = given.get("name", ""), given.get("type", "")
        if tag == "form" and given.get("method") == "post":
            self._form = (given["action"], {}, set())
        elif self._form is None or (tag != "option" and not name):
            return
        elif tag == "select":
            self._select = name
        elif tag == "option":
            self._form[1].setdefault(self._select, given.get("value", ""))
        elif tag == "textarea" or (tag == "input" and kind in TYPED):
            self._form[2].add(name)
        elif tag == "input" and kind != "file":
            self._form[1].setdefault(name, given.get("value", "on"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            self.found.append(self._form)
            self._form = None


@pytest.fixture(scope="module")
def things(context: Context, world: World) -> dict[str, str]:
    """What belongs to Acme, by the names of addresses."""
    account_id, by = AccountId(ACME), f"account:{ACME}"
    request = ask_sales(context, account_id, AskedTerm(Term(60)), by=by)
    bundle = bundle_bills(context, account_id, [BillId("FR00000026")], by=by)
    with context.database.write() as tx:
        tx.run(DEPOSIT)
        order = tx.one("SELECT min(purchase_order_id) AS id FROM purchase_order").id
        service = tx.one("SELECT min(service_id) AS id FROM service").id
    return {
        "bill_id": "FR00000014",
        "request_id": str(request.request_id),
        "bundle_id": str(bundle.bundle.bundle_id),
        "deposit_id": "RC00000001",
        "purchase_order_id": str(order),
        "service_id": str(service),
        "account_id": ACME,
    }


@pytest.fixture(scope="module")
def site(context: Context, world: World) -> TestClient:
    return TestClient(make_app(context, NoSettings()))


@pytest.fixture
def enter(site: TestClient, context: Context) -> Callable[[str], Visitor]:
    def signed_in(name: str) -> Visitor:
        if name == "ada":
            token = sign_in_operator(context, name, PASSWORD, address="192.0.2.1")
            return Visitor(site, {"acquit-office": token})
        token = sign_in_account(context, name, PASSWORD, address="192.0.2.1")
        return Visitor(site, {"acquit-manager": token})

    return signed_in


def filled(path: str, things: dict[str, str]) -> str:
    for name, value in things.items():
        path = path.replace(f"{{{name}}}", value)
    return re.sub(r"{\w+}", "1", path)


NAMED = [route for route in MANAGER if "{" in route.path]
SHOWN = [
    route
    for route in ROUTES
    if route.method == "GET" and route.door is not None and not route.path.endswith(("/zip", "/pdf"))
]


def test_the_things_exist_for_whom_they_belong_to(
    things: dict[str, str], enter: Callable[[str], Visitor]
) -> None:
    acme = enter(ACME)
    shown = {
        path
        for route in NAMED
        if route.method == "GET" and route.path.endswith("}")
        for path in [filled(route.path, things)]
        if acme.get(path).status_code == 200
    }
    assert len(shown) >= 6, shown


@pytest.mark.parametrize("stranger", [SMALL, ACME_LAB])
@pytest.mark.parametrize("route", NAMED, ids=lambda r: f"{r.method} {r.path}")
def test_what_another_account_has_is_not_found(
    things: dict[str, str], enter: Callable[[str], Visitor], route: Route, stranger: str
) -> None:
    visitor, path = enter(stranger), filled(route.path, things)
    if route.method == "GET":
        answer = visitor.get(path)
    else:
        fields = {"csrf": visitor.hidden("/manager")["csrf"], "once": f"{stranger} {path}", "do": "rename"}
        answer = visitor.post(path, fields | {"name": "mine", "amount": "1", "reason": "mine"})
    is_shared = stranger == ACME_LAB and route.path.startswith("/manager/purchase-orders/")
    assert answer.status_code == (200 if is_shared else 404), answer.text


@pytest.mark.parametrize("text", [MARKUP, "x" * 19_000], ids=["script", "long"])
@pytest.mark.parametrize("route", SHOWN, ids=lambda r: r.path)
def test_what_is_typed_into_any_field_stays_text(
    things: dict[str, str], enter: Callable[[str], Visitor], route: Route, text: str
) -> None:
    visitor, path = enter("ada" if route.door is Door.OFFICE else ACME), filled(route.path, things)
    page = visitor.get(path)
    if "html" not in page.headers.get("content-type", "") or page.status_code != 200:
        return
    forms = Forms()
    forms.feed(page.text)
    for action, fields, texts in forms.found:
        if texts:
            answer = visitor.post(action or path, fields | dict.fromkeys(texts, text))
            assert answer.status_code < 500, (action, texts)
            assert "<script>alert" not in answer.text, (action, texts)
            assert "<img src=x" not in answer.text, (action, texts)


def test_a_form_of_an_earlier_session_is_told_to_be_old_and_does_nothing(
    site: TestClient, context: Context, enter: Callable[[str], Visitor]
) -> None:
    first, second = enter(ACME), enter(ACME)
    old = first.hidden("/manager/requests/term") | TERM
    sent = second.post("/manager/requests/term", old, headers={"Accept-Language": "en"})
    assert sent.status_code == 403
    assert "This form is too old: go back, load the page again, then send it." in sent.text


def test_a_page_that_is_behind_is_told_what_happened_since(
    context: Context, enter: Callable[[str], Visitor]
) -> None:
    asked = ask_sales(context, AccountId(ACME), AskedTerm(Term(60)), by=f"account:{ACME}")
    path = f"/office/requests/{asked.request_id}/refuse"
    one, other = enter("ada"), enter("ada")
    first, second = one.hidden(path), other.hidden(path)
    assert one.post(path, first | {"reason": "Not now"}).status_code == 303
    late = other.post(path, second | {"reason": "Not now either"})
    assert late.status_code == 409, late.text
    assert re.search(r"already|déjà", late.text)


def test_very_long_names_keep_pages_in_their_window(
    visitor: Callable[..., Page], context: Context, things: dict[str, str]
) -> None:
    with psycopg.connect(context.database.url) as owner:
        for statement in LONG_NAMES:
            owner.execute(statement)
    found = []
    manager = ("", "/bills/FR00000014", "/services", "/services/{service_id}", "/sub-accounts", "/security")
    office = ("", "/accounts", "/accounts/{account_id}", "/staff", "/accounts/{account_id}/bills/FR00000014")
    for door, name, paths in (("manager", ACME, manager), ("office", "ada", office)):
        page = visitor(viewport={"width": 360, "height": 740})
        sign_in(page, door, name)
        page.wait_for_url(f"**/{door}")
        for path in paths:
            page.goto(filled(f"/{door}{path}", things))
            found += barriers(page, path)
    assert not found, "\n".join(found)
