"""The manager's door asks for a code where a login has a device that makes them."""

import re
import time
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from falcon.testing import TestClient
from playwright.sync_api import Page

from acquit.actions.change_second_factor import Person, enrol_generator, validate_generator
from acquit.actions.context import Context
from acquit.core.identifiers import AccountId
from acquit.core.second_factor import code_at
from e2e.people import overflows, sign_in
from e2e.visitor import Visitor
from e2e.world import ACME, PASSWORD, World


def hidden(text: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text))


@pytest.fixture(scope="module")
def secret(context: Context, world: World) -> bytes:
    """What the device of Acme's own login makes its codes with."""
    person = Person(AccountId(ACME), ACME, "192.0.2.1")
    made = enrol_generator(context, person, by=f"account:{ACME}")
    with context.database.read() as tx:
        sealed = tx.one("SELECT secret_sealed FROM code_generator").secret_sealed
    made_with = bytes.fromhex(context.sealer.unseal(bytes(sealed)))
    earlier = code_at(made_with, int(time.time()) // 30 - 1)
    validate_generator(context, person, made.code_generator_id, earlier, by=f"account:{ACME}")
    return made_with


def test_a_code_is_asked_for_after_the_password(client: TestClient, secret: bytes) -> None:
    visitor = Visitor(client, {})
    login = {"login": ACME, "password": PASSWORD, "next": "/manager/bills"}
    asked = visitor.send("/manager/login", login)
    assert asked.status_code == 200
    assert "One more code" in asked.text or "Encore un code" in asked.text
    assert PASSWORD not in asked.text
    assert not asked.cookies, "nobody is signed in yet"
    wrong = visitor.post("/manager/login/code", hidden(asked.text) | {"code": "abc"})
    assert wrong.status_code == 401
    assert hidden(wrong.text)["pending"] == hidden(asked.text)["pending"]
    right = code_at(secret, int(time.time()) // 30)
    done = visitor.post("/manager/login/code", hidden(wrong.text) | {"code": right})
    assert (done.status_code, done.headers["location"]) == (303, "/manager/bills")
    assert done.cookies
    again = visitor.post("/manager/login/code", hidden(wrong.text) | {"code": right})
    assert again.status_code == 403


def test_without_a_sign_in_under_way_there_is_nothing_to_ask(client: TestClient, world: World) -> None:
    visitor = Visitor(client, {})
    assert visitor.get("/manager/login/code").headers["location"] == "/manager/login"
    token = visitor.hidden("/manager/login")["csrf"]
    lost = visitor.post("/manager/login/code", {"csrf": token, "pending": "x", "code": "1"})
    assert lost.status_code == 403


@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_of_the_code_is_free_of_barriers(
    visitor: Callable[..., Page], secret: bytes, width: int
) -> None:
    page = visitor(viewport={"width": width, "height": 700})
    sign_in(page, "manager", ACME)
    page.wait_for_selector("#code")
    assert page.locator("h1").count() == 1
    assert not overflows(page)
    assert Axe().run(page).response["violations"] == []
