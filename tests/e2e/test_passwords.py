"""A forgotten password in a real browser: ask, follow the link, sign in with the new one."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from playwright.sync_api import Page, expect

from acquit.actions.context import Context
from acquit.store import password_links
from e2e.world import SMALL, World

LINK = "b" * 43
NEW = "violet-Barrel-3-harvest"


def test_a_forgotten_password_is_replaced(
    visitor: Callable[..., Page], context: Context, world: World
) -> None:
    page = visitor(java_script_enabled=False)
    page.goto("/manager/login")
    page.get_by_role("link", name="Forgotten your password?").click()
    for name in (SMALL, "nobody@example.com"):
        page.goto("/manager/password")
        page.get_by_label("Account or e-mail address").fill(name)
        page.get_by_role("button", name="Send me a link").click()
        expect(page.get_by_role("status")).to_contain_text("If an account has this name or address")
    with context.database.write() as tx:
        reached, now = password_links.of_login(tx, SMALL, SMALL), datetime.now(UTC)
        assert reached is not None
        password_links.add(tx, sha256(LINK.encode()).digest(), reached, now, now + timedelta(days=999))
    page.get_by_label("Code").fill(LINK)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(f"For {SMALL}.")).to_be_visible()
    page.get_by_label("New password").fill("password")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Set the password").dblclick(delay=5)
    expect(page).to_have_url(re.compile("/manager/login"))
    expect(page.get_by_role("status")).to_contain_text("The new password holds")
    page.get_by_label("Account").fill(SMALL)
    page.get_by_label("Password", exact=True).fill(NEW)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/manager")
    page.goto(f"/manager/password/new?link={LINK}")
    expect(page.get_by_text(re.compile("This link is over|Ce lien n'est plus valable"))).to_be_visible()
