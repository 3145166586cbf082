"""The story of the guide: a customer asks for a term, sales approves, the method is seen in both places."""

from collections.abc import Callable
from typing import Any

import ovh
import ovh.client
import pytest
from playwright.sync_api import Page, expect

from acquit.actions.context import Context
from acquit.actions.create_application import create_application
from acquit.actions.grant_consumer_key import grant_consumer_key
from acquit.core.identifiers import AccountId
from e2e.people import sign_in
from e2e.world import ACME, ACME_LAB

LABEL = "PaymentEnterprisewith45daysdelays"
ORDER_PAPER = b"%PDF-1.7\nan order of ours\n"


@pytest.fixture
def api(context: Context, base: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The official client, signed in to the account."""
    made = create_application(context, AccountId(ACME), "story", by="system")
    key = grant_consumer_key(context, made.application.application_id, AccountId(ACME), by="system")
    monkeypatch.setitem(ovh.client.ENDPOINTS, "story", f"{base}/1.0")
    return ovh.Client(
        endpoint="story",
        application_key=made.application.application_key,
        application_secret=made.secret,
        consumer_key=key.consumer_key,
    )


def test_ask_for_a_term_approve_it_and_see_the_method_in_both(visitor: Callable[..., Page], api: Any) -> None:
    customer, sales = visitor(), visitor()
    assert api.get("/me/payment/method") == []

    sign_in(customer, "manager", ACME)
    customer.get_by_role("navigation").get_by_role("link", name="Payment methods").click()
    customer.get_by_role("link", name="Ask for a payment term").first.click()
    customer.get_by_label("45 days").check()
    customer.get_by_label("Message to sales").fill("As agreed on the phone.\nThank you & see you soon <3")
    customer.get_by_label("File").set_input_files(
        {"name": "agreement.pdf", "mimeType": "application/pdf", "buffer": ORDER_PAPER}
    )
    customer.get_by_role("button", name="Send the request").click()
    expect(customer.get_by_text("Your request was sent")).to_be_visible()
    expect(customer.get_by_text("Waiting", exact=True)).to_be_visible()

    sign_in(sales, "office", "sam")
    sales.get_by_role("link", name="Payment term of 45 days").click()
    expect(sales.get_by_text("Thank you & see you soon <3")).to_be_visible()
    expect(sales.get_by_text("Not met")).to_have_count(0)
    expect(sales.get_by_text("L441-10", exact=False).first).to_be_visible()
    with sales.expect_download() as download:
        sales.get_by_role("link", name="agreement.pdf").click()
    assert download.value.path().read_bytes() == ORDER_PAPER
    sales.get_by_role("link", name="Approve…").click()
    sales.get_by_role("button", name="Approve").click()
    expect(sales.get_by_text("The request was approved.")).to_be_visible()

    customer.goto("/manager/payment-methods")
    expect(customer.get_by_role("heading", name="Enterprise payment")).to_be_visible()
    expect(customer.get_by_text(LABEL)).to_be_visible()
    expect(customer.get_by_text("45 days from the date of the bill")).to_be_visible()
    [number] = api.get("/me/payment/method")
    method = api.get(f"/me/payment/method/{number}")
    assert (method["label"], method["default"], method["status"]) == (LABEL, True, "VALID")
    assert (method["paymentType"], method["paymentSubType"]) == ("ENTERPRISE", "45_DAYS")

    customer.goto("/manager/services")
    expect(customer.get_by_text("Renewal is permanent")).to_be_visible()
    sales.goto(f"/office/accounts/{ACME}")
    expect(sales.get_by_text("renewal.permanent")).to_be_visible()


def test_ask_for_an_order_shared_with_a_sub_account_and_see_it(visitor: Callable[..., Page]) -> None:
    customer, sales = visitor(), visitor()
    sign_in(customer, "manager", f"{ACME}/alice")
    customer.goto("/manager/requests/purchase-order")
    customer.get_by_label("Reference", exact=False).first.fill("PO-2027-0001")
    customer.locator("#start_on").fill("2027-01-01")
    customer.locator("#last_on").fill("2027-12-31")
    customer.locator("#amount").fill("50 000,00")
    customer.get_by_text("Research laboratory").click()
    customer.get_by_role("button", name="Send the request").click()

    sign_in(sales, "office", "sam")
    sales.get_by_role("link", name="Purchase order PO-2027-0001").click()
    expect(sales.get_by_text("€50,000.00")).to_be_visible()
    expect(sales.get_by_text(f"{ACME}, {ACME_LAB}")).to_be_visible()
    sales.get_by_role("link", name="Approve…").click()
    sales.get_by_role("button", name="Approve").click()

    customer.goto("/manager/purchase-orders")
    customer.get_by_role("link", name="PO-2027-0001").click()
    expect(customer.get_by_text("1 Jan 2027 – 31 Dec 2027")).to_be_visible()
    expect(customer.get_by_text("Upcoming")).to_be_visible()


def test_a_refusal_is_read_by_the_customer(visitor: Callable[..., Page]) -> None:
    customer, sales = visitor(), visitor()
    sign_in(customer, "manager", ACME)
    customer.goto("/manager/requests/purchase-order")
    customer.get_by_label("Reference", exact=False).first.fill("PO-2026-TWICE")
    customer.locator("#start_on").fill("2025-06-01")
    customer.get_by_role("button", name="Send the request").click()
    link = customer.url

    sign_in(sales, "office", "sam")
    row = sales.get_by_role("row", name="PO-2026-TWICE")
    expect(row.get_by_text("Not met")).to_be_visible()
    row.get_by_role("link", name="Purchase order PO-2026-TWICE").click()
    expect(sales.get_by_role("link", name="Approve…")).to_have_count(0)
    sales.get_by_role("link", name="Refuse…").click()
    sales.get_by_label("Reason").fill("It overlaps your order of 2025.")
    sales.get_by_role("button", name="Refuse the request").click()

    customer.goto(link)
    expect(customer.get_by_text("Sales refused: It overlaps your order of 2025.")).to_be_visible()


def test_a_newcomer_finds_the_bill_of_an_order_and_its_paper(page: Page) -> None:
    sign_in(page, "manager", ACME)
    page.get_by_role("navigation").get_by_role("link", name="Bills").click()
    page.get_by_label("Search").fill("100000014")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="FR00000014").click()
    expect(page.get_by_role("heading", name="Bill FR00000014")).to_be_visible()
    expect(page.get_by_text("PO-2026-0042")).to_be_visible()
    expect(page.get_by_text("Payment received")).to_be_visible()


COUNT_CLICKS = "addEventListener('click', () => { sessionStorage.n = +(sessionStorage.n || 0) + 1 }, true)"


def clicks(page: Page) -> int:
    """How often was clicked in this window since the count began."""
    return int(page.evaluate("+(sessionStorage.n || 0)"))


def test_the_bill_of_an_order_is_two_clicks_from_the_start_page(visitor: Callable[..., Page]) -> None:
    page = visitor()
    page.add_init_script(COUNT_CLICKS)
    sign_in(page, "manager", ACME)
    page.wait_for_url("**/manager")
    page.evaluate("sessionStorage.removeItem('n')")
    page.get_by_role("main").get_by_role("link", name="PO-2026-0042").first.click()
    page.get_by_role("link", name="FR00000030").click()
    expect(page.get_by_role("heading", name="Bill FR00000030")).to_be_visible()
    expect(page.get_by_text("PO-2026-0042").first).to_be_visible()
    assert clicks(page) == 2


def test_a_bill_of_any_order_is_two_clicks_and_a_search_away(visitor: Callable[..., Page]) -> None:
    page = visitor()
    page.add_init_script(COUNT_CLICKS)
    sign_in(page, "manager", ACME)
    page.wait_for_url("**/manager")
    page.evaluate("sessionStorage.removeItem('n')")
    page.get_by_role("navigation").get_by_role("link", name="Bills").click()
    page.get_by_label("Search").focus()
    page.keyboard.type("PO-2026-0042")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="FR00000030").click()
    expect(page.get_by_role("heading", name="Bill FR00000030")).to_be_visible()
    assert clicks(page) <= 3, "the Enter of a form counts as a click of its button"
