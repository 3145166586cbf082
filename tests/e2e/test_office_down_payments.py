"""Down payments in the office and the manager, in a real browser: asked for, refused, paid, seen."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from acquit.actions.context import Context
from acquit.actions.set_password import set_password
from acquit.store.transaction import Database
from advancing import billed
from billed import rows
from e2e.office_world import money_world
from e2e.people import barriers, sign_in
from e2e.trading import visitor_of
from e2e.world import PASSWORD, World
from founding import ACME, PETIT

SERVICES = "SELECT service_id FROM service WHERE account_id = %(account_id)s"
ASKED = "SELECT bill_id FROM bill WHERE kind = 'down-payment' ORDER BY order_id"


@pytest.fixture(scope="module")
def context(module_database: Database, data: Path) -> Context:
    return money_world(module_database, data / "papers")


@pytest.fixture(scope="module")
def world(context: Context) -> World:
    return World()


def test_it_is_asked_for_by_a_form_without_a_script(visitor: Callable[..., Page], context: Context) -> None:
    page = visitor(java_script_enabled=False)
    sign_in(page, "office", "ada")
    page.goto(f"/office/accounts/{PETIT}")
    page.get_by_role("link", name="Down payments").click()
    expect(page.get_by_text("No down payment was asked for yet.")).to_be_visible()
    page.get_by_label("What it is for").fill("new servers")
    page.get_by_role("button", name="Issue it").click()
    expect(page.get_by_role("alert")).to_contain_text("either an amount or a percentage")
    expect(page.get_by_label("What it is for")).to_have_value("new servers")
    page.get_by_label("Amount without VAT").fill("4,00")
    page.get_by_role("button", name="Issue it").click()
    expect(page.get_by_role("status")).to_contain_text("The down payment was issued")
    (asked,) = rows(context, ASKED)
    expect(page.get_by_role("heading", name=f"Down payment {asked.bill_id}")).to_be_visible()
    assert [each[1:] for each in billed(context) if each[1] == "down-payment"] == [
        ("down-payment", 400, 80, 480)
    ]


def test_the_pages_are_free_of_barriers(visitor: Callable[..., Page], context: Context) -> None:
    (service,) = rows(
        context, "SELECT service_id FROM service WHERE account_id = %(account_id)s", account_id=ACME
    )
    page = visitor(viewport={"width": 360, "height": 740})
    sign_in(page, "office", "ada")
    page.wait_for_url("**/office")
    path = f"/office/accounts/{ACME}/down-payments"
    page.goto(path)
    assert not barriers(page, path)
    page.get_by_label("For", exact=True).select_option(f"service:{service.service_id}")
    page.get_by_label("Percentage").fill("30")
    page.get_by_label("What it is for").fill("the next month")
    page.get_by_label("Due in days").fill("0")
    page.get_by_role("button", name="Issue it").click()
    page.wait_for_url("**?done=asked-down-payment")
    assert not barriers(page, path)
    page.goto(path)
    assert not barriers(page, path)
    asked = billed(context)[-1]
    assert asked[1:3] == ("down-payment", 300)
    set_password(context, ACME, PASSWORD, by="cli")
    customer = visitor_of(context, ACME).get(f"/manager/bills/{asked[0]}")
    assert f"Acompte {asked[0]}" in customer.text
    listed = visitor_of(context, ACME).get("/manager/bills?state=down-payments").text
    assert (asked[0] in listed, listed.count('href="/manager/bills/FR0')) == (True, 0)
    assert asked[0] not in visitor_of(context, ACME).get("/manager/bills?state=credit-notes").text
