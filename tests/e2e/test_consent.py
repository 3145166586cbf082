"""A person lets a program act for the account, in a real browser, and the program then may or may not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import ovh
import ovh.client
import ovh.exceptions
import pytest
from playwright.sync_api import Page, expect

from acquit.actions.context import Context
from acquit.actions.create_application import create_application
from acquit.core.identifiers import AccountId
from e2e.people import sign_in
from e2e.world import ACME, SCRIPT

RULES = [{"method": "GET", "path": "/me"}, {"method": "GET", "path": "/me/bill*"}]


@dataclass(frozen=True)
class Program:
    """A registered program and how it makes a client."""

    client: Callable[..., Any]


@pytest.fixture
def program(context: Context, base: str, monkeypatch: pytest.MonkeyPatch) -> Program:
    made = create_application(context, AccountId(ACME), f"Robot {SCRIPT}", "Gathers bills", by="system")
    monkeypatch.setitem(ovh.client.ENDPOINTS, "consent", f"{base}/1.0")

    def client(
        key: str = made.application.application_key, secret: str = made.secret, consumer: str = ""
    ) -> Any:
        return ovh.Client(
            endpoint="consent",
            application_key=key,
            application_secret=secret,
            consumer_key=consumer or None,
        )

    return Program(client)


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A site of somebody else's, which the browser is sent back to."""

    class Thanks(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(
                b"<!doctype html><title>back</title><link rel=icon href=data:,><p>Back again</p>"
            )

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Thanks)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/thanks?x=1"
    server.shutdown()
    server.server_close()


def test_accept_and_the_key_works(page: Page, program: Program) -> None:
    client = program.client()
    asked = client.request_consumerkey(RULES)
    assert asked["state"] == "pendingValidation"
    with pytest.raises(ovh.exceptions.InvalidCredential):
        client.get("/me/bill")

    page.goto(asked["validationUrl"])
    sign_in(page, "manager", f"{ACME}/alice")
    expect(page.get_by_role("heading", name=f"Robot {SCRIPT} asks to act for your account")).to_be_visible()
    expect(page.get_by_text("Read: bills GET /me/bill*")).to_be_visible()
    page.get_by_label("For how long?").select_option("1 hour")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="Access granted")).to_be_visible()

    assert "FR00000014" in client.get("/me/bill")
    with pytest.raises(ovh.exceptions.NotGrantedCall):
        client.get("/me/subAccount")

    page.goto(asked["validationUrl"])
    expect(page.get_by_role("heading", name="This did not work")).to_be_visible()


def test_refuse_and_go_back_to_the_program(page: Page, program: Program, elsewhere: str) -> None:
    client = program.client()
    asked = client.request_consumerkey(RULES, elsewhere)
    sign_in(page, "manager", ACME)
    page.wait_for_url("**/manager")
    page.goto(asked["validationUrl"])
    expect(page.get_by_text(elsewhere)).to_be_visible()
    page.get_by_role("button", name="Refuse").click()
    expect(page.get_by_text("Back again")).to_be_visible()
    assert page.url == elsewhere
    with pytest.raises(ovh.exceptions.InvalidCredential):
        client.get("/me/bill")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "//evil.example", "data:text/html,x", "/manager"])
def test_a_browser_is_sent_to_http_only(program: Program, link: str) -> None:
    with pytest.raises(ovh.exceptions.BadParametersError):
        program.client().request_consumerkey(RULES, link)


def test_make_keys_with_rules_from_the_address(page: Page, program: Program) -> None:
    page.goto("/createToken/?GET=/me&GET=/me/bill*&POST=/me/bill/*/debt/pay&DELETE=*")
    sign_in(page, "manager", ACME)
    expect(page.get_by_label("Rights")).to_have_value(
        "GET /me\nGET /me/bill*\nPOST /me/bill/*/debt/pay\nDELETE /*"
    )
    page.get_by_label("Application name").fill(SCRIPT)
    page.get_by_label("Validity").select_option("Unlimited")
    page.get_by_role("button", name="Create keys").click()
    keys = [
        page.locator(f"#{name}").inner_text()
        for name in ("application-key", "application-secret", "consumer-key")
    ]
    assert [len(key) for key in keys] == [16, 32, 32]
    client = program.client(*keys)
    assert client.get("/me")["nichandle"] == ACME
    with pytest.raises(ovh.exceptions.NotGrantedCall):
        client.get("/me/subAccount")


def test_wrong_rules_are_told_and_what_was_typed_stays(page: Page, base: str) -> None:
    page.goto("/createToken/?GET=/me")
    sign_in(page, "manager", ACME)
    page.get_by_label("Application name").fill("tool")
    page.get_by_label("Rights").fill("LOOK at me")
    page.get_by_role("button", name="Create keys").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Application name")).to_have_value("tool")
    expect(page.get_by_label("Rights")).to_have_value("LOOK at me")


def test_register_a_program(page: Page, program: Program) -> None:
    page.goto("/createApp/")
    sign_in(page, "manager", ACME)
    page.get_by_label("Application name").fill("tool")
    page.get_by_role("button", name="Create application").click()
    expect(page.get_by_text("never again")).to_be_visible()
    client = program.client(
        page.locator("#application-key").inner_text(), page.locator("#application-secret").inner_text()
    )
    assert client.request_consumerkey(RULES)["state"] == "pendingValidation"
    assert page.locator("#consumer-key").count() == 0
