"""A person of an account's identity provider: a real browser between two sites, ours and the provider's."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from e2e.people import barriers, sign_in
from e2e.world import ACME
from saml_idp import Idp, Key

SENDS_ITSELF = """<!doctype html><title>IdP</title><form method="post" action="{to}">
<input type="hidden" name="SAMLResponse" value="{answer}"><input type="hidden" name="RelayState" value="x">
<button>Go on</button></form><script>document.forms[0].submit()</script>"""


@dataclass
class Site:
    """The provider's own web site, which answers at once."""

    idp: Idp
    asked: int = 0


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The provider is at `localhost`, we at `127.0.0.1`: to a browser these are two sites."""
    here = Site(Idp(Key()))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = here.idp.read(self.path)
            here.asked += 1
            page = SENDS_ITSELF.format(to=escape(asked.answers_url), answer=here.idp.answer(asked)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.idp.url = f"http://localhost:{server.server_port}/sso"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_company_brings_its_provider_and_its_people_sign_in(
    visitor: Callable[..., Page], base: str, site: Site
) -> None:
    own = visitor()
    sign_in(own, "manager", ACME)
    own.goto("/manager/keys")
    own.get_by_role("link", name="Identity provider").click()
    expect(own.get_by_role("heading", level=1)).to_have_text("Identity provider")
    assert barriers(own, "/manager/identity-provider") == []
    own.get_by_label("Metadata").fill(site.idp.metadata())
    own.get_by_role("button", name="Bring it").click()
    expect(own.get_by_text("The identity provider is here")).to_be_visible()
    assert barriers(own, "/manager/identity-provider") == []
    own.get_by_role("link", name="Try it").click()
    expect(own.get_by_text("This person would be signed in.")).to_be_visible()
    expect(own.get_by_text("sso:alice@example.com")).to_be_visible()

    page = visitor()
    page.goto("/manager/bills")
    page.get_by_role("link", name="Sign in by your company's identity provider").click()
    assert barriers(page, page.url) == []
    page.get_by_label("Account").fill(ACME)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("sign in at localhost")).to_be_visible()
    page.get_by_role("link", name="Continue").click()
    page.wait_for_url("**/manager/bills")
    expect(page.get_by_text(f"{ACME}/sso:alice@example.com")).to_be_visible()
    page.goto("/manager/security")
    expect(page.get_by_text("Single sign-on").first).to_be_visible()
    assert site.asked == 2

    site.idp.groups = ("strangers",)
    stranger = visitor("fr-FR")
    stranger.goto(f"/manager/sso?account={ACME}")
    expect(stranger.locator("main")).to_contain_text("ni un groupe admis")
    site.idp.groups, site.idp.signs = ("ADMIN",), "nothing"
    stranger.goto(f"/manager/sso?account={ACME}")
    expect(stranger.locator("main")).to_contain_text("elle n'est pas signée")

    own.goto("/manager/identity-provider")
    own.get_by_role("button", name="Remove the identity provider").click()
    expect(own.get_by_text("its people are signed out")).to_be_visible()
    page.goto("/manager/bills")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to your account")
