"""A person signs in by an identity provider: a real browser, a server set up by its settings."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from acquit.actions.context import Context
from e2e import open_id
from e2e.conftest import SECRET
from e2e.open_id import CLIENT, Provider
from e2e.people import barriers
from e2e.world import TODAY, World


@pytest.fixture(scope="module")
def provider(context: Context, world: World) -> Iterator[Provider]:
    with context.database.write() as tx:
        tx.run("UPDATE operator SET email = operator_id || '@example.com'")
    with open_id.served() as served:
        yield served


@pytest.fixture(scope="module")
def base(provider: Provider, context: Context, data: Path) -> Iterator[str]:
    asked = {
        "data": str(data),
        "database_url": context.database.url,
        "secret": SECRET.hex(),
        "as_of": TODAY.isoformat(),
        "settings": {
            "staff_sso_issuer": provider.issuer,
            "staff_sso_name": CLIENT,
            "staff_sso_secret": open_id.SECRET,
            "staff_sso_domains": ["example.com"],
            "second_factor_roles": ["treasury"],
        },
    }
    command = [sys.executable, str(Path(__file__).with_name("serving.py")), json.dumps(asked)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "TZ": "UTC"})
    try:
        assert server.stdout is not None
        word, _, port = server.stdout.readline().partition(" ")
        assert word == "ready", "the server did not start"
        yield f"http://127.0.0.1:{port.strip()}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def test_a_person_comes_back_signed_in_and_goes(browser: Browser, base: str) -> None:
    context = browser.new_context(base_url=base, locale="en-GB")
    page = context.new_page()
    page.goto("/office/bank")
    assert barriers(page, "/office/login") == []
    page.get_by_role("link", name="Sign in with your organisation").click()
    page.wait_for_url("**/office/bank")
    page.goto("/office/security")
    expect(page.get_by_text("Single sign-on")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign out there too")).to_be_visible()
    assert barriers(page, "/office/login?left=1") == []
    page.goto("/office")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the office")
    page.goto("/manager/login")
    expect(page.get_by_role("link", name="Sign in with your organisation")).to_have_count(0)
    context.close()
