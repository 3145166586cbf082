"""Every page in a real browser: no complaint, no barrier that axe knows, readable on a small screen."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from html import unescape
from typing import Final, LiteralString

import pytest
from playwright.sync_api import Page, expect

from acquit.actions.accept_contract import accept_contract
from acquit.actions.agree_self_billing import Terms, accept_self_billing, agree_self_billing
from acquit.actions.answer_reverse_bill import contest_reverse_bill
from acquit.actions.ask_sales import ask_sales
from acquit.actions.bundle_bills import bundle_bills
from acquit.actions.change_contacts import ask_contact_change
from acquit.actions.change_identity_group import add_identity_group
from acquit.actions.context import Context
from acquit.actions.create_application import create_application
from acquit.actions.give_points import give_points
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.issue_reverse_bill import issue_reverse_bill
from acquit.actions.keep_contact import keep_contact
from acquit.actions.keep_file import add_file
from acquit.actions.keep_log_stream import add_log_stream, forward_log
from acquit.actions.order_prepayment import order_prepayment
from acquit.actions.publish_contract import publish_contract
from acquit.actions.request_credential import request_credential
from acquit.actions.set_identity_provider import attach_identity_provider
from acquit.actions.set_legal_party import set_legal_party
from acquit.actions.set_points_programme import set_points_programme
from acquit.console.routes import ROUTES
from acquit.core.contact_change import Contact
from acquit.core.contact_sheet import Member
from acquit.core.electronic_rule import buyer_problems
from acquit.core.identifiers import AccountId, BillId, LegalEntityId, ServiceId
from acquit.core.identity import Role
from acquit.core.log_stream import LogFormat, LogKind, stream_at
from acquit.core.sales_request import AskedTerm, Attachment
from acquit.core.saml import Wishes
from acquit.core.self_billing import Regime
from acquit.core.set_up import FRENCH_CHART
from acquit.core.tax import TaxCase
from acquit.core.terms import Term
from acquit.documents.specimen import BUYER, SELLER
from acquit.store import charts, messages, password_links, runs
from e2e.office_world import PAGES as MONEY
from e2e.people import LOOKS, barriers, looked_at, sign_in
from e2e.visitor import Visitor
from e2e.world import ACME, SCRIPT, SMALL, World
from pointing import PROGRAMME
from reversing import COMMISSION, FRENCH
from saml_idp import Idp, Key
from serving import month, plan, prices

SET_LANGUAGE: Final[LiteralString] = """
    UPDATE account SET language = %(language)s WHERE account_id = 'ab12345-acq'
"""
DISPUTE: Final[LiteralString] = """
    INSERT INTO dispute (account_id, bill_id, amount_minor, reason, opened_by, deadline_on)
    VALUES ('ab12345-acq', 'FR00000025', 1250, 'Not what we ordered', 'account:ab12345-acq', '2026-12-24')
"""
PAYS_FOR_CHILD: Final[LiteralString] = """
    INSERT INTO debt (account_id, debt_id, bill_id, payer_id, currency, amount_minor, opened_at, due_on)
    VALUES ('ab20001-acq', 7, 'FR00000099', 'ab12345-acq', 'EUR', 99900, now(), '2026-12-24')
"""
RUN: Final[LiteralString] = """
    INSERT INTO bill_run (legal_entity_id, period) VALUES ('FR', '2027-01') RETURNING run_id
"""
DEPOSIT: Final[LiteralString] = """
    INSERT INTO deposit (account_id, deposit_id, legal_entity_id, order_id, received_on, amount_minor,
                         currency, means, bank_reference)
    VALUES ('ab12345-acq', 'RC00000001', 'FR', 990000001, '2026-11-20', 12345, 'EUR', 'transfer', 'RF18 5390')
"""
SIZES: Final = prices(plans=[plan("srv-rise-1", month(90)), plan("srv-rise-2", month(120))], addons=[])
CONTACT: Final = {
    Member.GIVEN_NAME: SCRIPT, Member.FAMILY_NAME: "Martin", Member.EMAIL: "ada@example.com",
    Member.LANGUAGE: "fr_FR", Member.LEGAL_FORM: "individual", Member.STREET: "1 rue Neuve",
    Member.ZIP: "59000", Member.CITY: "Lille", Member.COUNTRY: "FR",
}  # fmt: skip
OPEN = (
    "/",
    "/manager/login",
    "/manager/login/code",
    "/office/login",
    "/office/login/code",
    "/manager/password",
    "/manager/password?sent=yes",
    "/manager/password/new",
    "/manager/password/new?link={link}",
    "/manager/sso/account",
    f"/manager/sso/account?account={ACME}",
    "/nothing-here",
)
MANAGER = (
    "/manager",
    "/manager/bills",
    "/manager/bills?q=nothing+fits",
    "/manager/bills/FR00000026",
    "/manager/bills/FR00000014",
    "/manager/bills?least=900&sort=due",
    "/manager/bills/FR00000026/why",
    "/manager/bills/FR00000026/dispute",
    "/manager/pay",
    "/manager/pay?bill=FR00000001",
    "/manager/bundles",
    "/manager/bundles/{bundle}",
    "/manager/payments",
    "/manager/payments/RC00000001",
    "/manager/credit",
    "/manager/payment-methods",
    "/manager/points",
    "/manager/reverse-bills",
    "/manager/reverse-bills/{reverse}",
    "/manager/reverse-bills/{reverse}/why",
    "/manager/purchase-orders",
    "/manager/purchase-orders/{order}",
    "/manager/bill-references",
    "/manager/services",
    "/manager/services/{service}",
    "/manager/services/{service}/change",
    "/manager/services/{service}/change?to=srv-rise-2|default&quantity=1",
    "/manager/consumption",
    "/manager/sub-accounts",
    "/manager/sub-accounts?period=2026&by=order",
    "/manager/requests",
    "/manager/requests/term",
    "/manager/requests/purchase-order",
    "/manager/requests/correction?bill=FR00000026",
    "/manager/requests/{request}",
    "/manager/contracts",
    "/manager/files",
    "/manager/contacts",
    "/manager/contacts/{contact}",
    "/manager/services/{service}/contacts",
    "/manager/transfers",
    "/manager/keys",
    "/manager/log",
    "/manager/log?about=rights",
    "/manager/log-streams",
    "/manager/identity-provider",
    "/manager/security",
    "/manager/api",
    "/manager/api?q=bill&all=1",
    "/manager/api/call?method=POST&path=/me/billing/purchaseOrder",
    "/manager/api/call?method=GET&path=/me/bill/{{billId}}",
    "/manager/preferences",
    "/createApp/",
    "/createToken/?GET=/me&POST=*",
    "/auth/?credentialToken={token}",
)
OFFICE = (
    "/office",
    "/office/security",
    "/office/staff",
    "/office/requests/{request}",
    "/office/requests/{request}/approve",
    "/office/requests/{request}/refuse",
    "/office/parked",
    "/office/accounts",
    "/office/accounts?q=acme",
    f"/office/accounts/{ACME}",
    f"/office/accounts/{SMALL}",
    f"/office/accounts/{ACME}/supplies",
    "/office/reverse-bills",
    f"/office/reverse-bills/{ACME}/{{reverse}}",
    f"/office/reverse-bills/{ACME}/{{reverse}}/why",
    "/office/catalogues",
    "/office/mails",
    "/office/mails/{mail_kind}/{mail_language}?subject=Trial&intro=Words",
    "/office/mails/notice/fr",
    f"/office/accounts/{ACME}/story",
    f"/office/accounts/{ACME}/story?kind=bills",
    f"/office/accounts/{ACME}/story?kind=dunning",
    f"/office/accounts/{ACME}/mails/{{mail}}",
    f"/office/accounts/{ACME}/bills/FR00000026",
    f"/office/accounts/{ACME}/bills/FR00000026/why",
    f"/office/accounts/{ACME}/points",
    "/office/moves",
    f"/office/moves/{ACME}/asked/{{contact_change}}",
    f"/office/accounts/{ACME}/moves?service={{service}}&to={SMALL}",
    f"/office/accounts/{ACME}/down-payments",
    f"/office/accounts/{ACME}/terms",
    f"/office/accounts/{SMALL}/terms",
    f"/office/accounts/{ACME}/terms/end",
    f"/office/accounts/{ACME}/terms/{{grant}}/approve",
)
NAMED = (ACME, SMALL, "RC00000001")
ELSEWHERE = ("/sso", "/sso/back", "/sso/leave", "/metadata", "}/back", "/identity-provider/try")
FILES = ("/pdf", "/ubl", "/receipt", "/file", "/csv", "/zip", "/sheet", "/advice")


@pytest.fixture(scope="module")
def names(context: Context, world: World) -> dict[str, str]:
    """What there is to see: a request with everything, a grant in force, a program that asks."""
    account_id = AccountId(ACME)
    asked = ask_sales(
        context,
        account_id,
        AskedTerm(Term(60)),
        by=f"account:{ACME}/alice",
        message=f"A long message {SCRIPT} " + "and_a_word_without_an_end" * 12,
        file=Attachment("agreement with a rather long name, signed by both.pdf", "application/pdf", b"%PDF-"),
    )
    grant = grant_enterprise_terms(context, account_id, AskedTerm(Term(45), 5_000_000), by="operator:sam")
    metadata = Idp(Key(), entity_id=f"https://idp.example.com/{'long' * 40}").metadata()
    attach_identity_provider(context, account_id, metadata, Wishes(group_attribute=SCRIPT), by="cli")
    made = create_application(context, account_id, "Robot", "Gathers bills every night", by="system")
    rules = [{"method": "GET", "path": "/me/*"}, {"method": "DELETE", "path": "/*"}]
    credential = request_credential(context, made.application.application_key, rules, ["192.0.2.0/24"])
    for name in ("Terms of service", f"Special terms {SCRIPT}"):
        publish_contract(context, LegalEntityId("FR"), name, "# One\nWords.\n\nMore words.", by="cli")
    kept_name = f"{SCRIPT}.pdf".replace("/", "")
    add_file(context, account_id, kept_name, {"kind": SCRIPT}, by="cli", content=b"x" * 2_000)
    contact = keep_contact(context, account_id, CONTACT, by="cli")
    _forward_some(context, account_id)
    accept_contract(context, account_id, 1, by=f"account:{ACME}/alice")
    bundled = bundle_bills(context, account_id, [BillId("FR00000026")], by=f"account:{ACME}")
    with context.database.write() as tx:
        link = "a" * 43
        tx.run(DEPOSIT)
        sealed = context.sealer.seal(f"A text {SCRIPT}\nand a line")
        messages.keep_mail(tx, account_id, 1, ["alice@example.com"], f"A mail {SCRIPT}", sealed)
        mail = tx.one("SELECT max(mail_id) AS id FROM sent_mail").id
        reached, now = password_links.of_login(tx, ACME, ACME), datetime.now(UTC)
        assert reached is not None
        password_links.add(tx, sha256(link.encode()).digest(), reached, now, now + timedelta(days=999))
    with context.database.read() as tx:
        order = tx.one("SELECT min(purchase_order_id) AS id FROM purchase_order").id
        service = tx.one("SELECT min(service_id) AS id FROM service").id
    contacts = {Contact.ADMIN: AccountId(SMALL), Contact.BILLING: AccountId(SMALL)}
    change, _ = ask_contact_change(context, account_id, ServiceId(service), contacts, by=f"account:{ACME}")
    return {
        "contact_change": str(change.contact_change_id),
        "request": str(asked.request_id),
        "mail": str(mail),
        "mail_kind": "overdue",
        "mail_language": "de",
        "grant": str(grant.grant_id),
        "token": credential.token,
        "order": str(order),
        "service": str(service),
        "contact": str(contact.contact_id),
        "bundle": str(bundled.bundle.bundle_id),
        "link": link,
        "reverse": _supply_some(context, account_id),
    }


def _supply_some(context: Context, account_id: AccountId) -> str:
    """A bill in the account's name is contested, another agreement waits; the account has points."""
    with context.database.write() as tx:
        charts.insert_chart(tx, LegalEntityId("FR"), FRENCH_CHART)
        charts.add_rates(tx, {"FR": ((date(2014, 1, 1), 2_000),)})
    set_legal_party(context, account_id, FRENCH, by="cli")
    today = context.clock.today("Europe/Paris")
    until_on = today + timedelta(days=30)
    terms = Terms(f"commissions {SCRIPT}", "MAND-14", Regime.STANDARD, until_on=until_on)
    agree_self_billing(context, account_id, terms, by="cli")
    accept_self_billing(context, account_id, 1, "Alice Martin", by="cli")
    later = replace(terms, from_on=until_on + timedelta(days=1), until_on=None)
    agree_self_billing(context, account_id, later, by="cli")
    supplied = [replace(COMMISSION, description=f"Commission {SCRIPT}")]
    bill = issue_reverse_bill(context, account_id, supplied, by="cli")
    contest_reverse_bill(context, account_id, bill.bill_id, f"not so {SCRIPT}", by="cli")
    set_points_programme(context, replace(PROGRAMME, from_on=today), by="cli")
    give_points(context, account_id, 123_456, f"For {SCRIPT}", by="cli")
    return bill.bill_id


def _forward_some(context: Context, account_id: AccountId) -> None:
    add_file(context, account_id, "to come.pdf", {}, by="cli")
    order_prepayment(context, account_id, 1_234_500, by="cli")
    import_catalogue(context, SIZES, by="cli", legal_entity_id=LegalEntityId("FR"), from_on=date(2025, 1, 1))
    stream = stream_at(f"{SCRIPT}", LogFormat.GELF, "logs.example.com", secret_name="token", secret="s")
    made_stream = add_log_stream(context, account_id, stream, by="cli")
    forward_log(context, account_id, LogKind.ACCESS, made_stream.stream_id, by="cli")
    add_identity_group(context, account_id, "readers", Role.UNPRIVILEGED, SCRIPT, by=f"account:{ACME}/alice")


@pytest.fixture
def speaks(context: Context) -> Iterator[Callable[[str], None]]:
    """Change the language of the account, and change it back."""

    def speak(language: str) -> None:
        with context.database.write() as tx:
            tx.run(SET_LANGUAGE, language=language)

    yield speak
    speak("en_GB")


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_free_of_barriers(
    visitor: Callable[..., Page],
    names: dict[str, str],
    speaks: Callable[[str], None],
    look: str,
    soak: bool,
) -> None:
    speaks("fr_FR" if "French" in look else "en_GB")
    found = []
    for door, name, paths in ((None, "", OPEN), ("manager", ACME, MANAGER), ("office", "sam", OFFICE)):
        page = visitor(**LOOKS[look])
        if door:
            sign_in(page, door, name)
            page.wait_for_url(f"**/{door}")
        for path in looked_at(paths, look, soak):
            answer = page.goto(path.format(**names))
            assert answer is not None
            if answer.status >= 500:
                found.append(f"{path} answers {answer.status}")
            found += barriers(page, path)
    assert not found, "\n".join(found)


def test_every_page_was_looked_at() -> None:
    def shape(path: str) -> str:
        return "/".join("{}" if part.startswith("{") or part in NAMED else part for part in path.split("/"))

    looked = {
        shape(path.partition("?")[0]).rstrip("/").replace("FR00000026", "{}")
        for path in OPEN + MANAGER + OFFICE + MONEY
    }
    pages = {
        shape(route.path)
        for route in ROUTES
        if route.method == "GET" and not route.path.endswith(FILES + ELSEWHERE)
    }
    assert {page.rstrip("/") for page in pages} - looked == set()


def test_every_link_leads_somewhere(
    customer: Visitor, staff: Callable[[str], Visitor], names: dict[str, str]
) -> None:
    dead = []
    for visitor, paths in ((customer, MANAGER), (staff("administrator"), OFFICE)):
        seen = {"/manager/api"}  # the API is served beside these pages, not by them
        for path in paths:
            page = visitor.get(path.format(**names)).text
            for link in map(unescape, re.findall(r'href="(/(?:manager|office)[^"#]*)', page)):
                bare = link.partition("?")[0]
                if bare not in seen and not bare.endswith(FILES):
                    seen.add(bare)
                    status = visitor.get(link).status_code
                    dead += [f"{path} leads to {link}: {status}"] if status >= 400 else []
    assert dead == []


def test_the_pages_need_no_script(visitor: Callable[..., Page], names: dict[str, str]) -> None:
    page = visitor(java_script_enabled=False)
    sign_in(page, "manager", ACME)
    page.goto("/manager/bills")
    page.get_by_label("Search").fill("PO-2026-0042")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_have_text("27 found")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    page.get_by_role("link", name="FR00000004").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("FR00000004")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to your account")


def test_the_keyboard_is_enough(visitor: Callable[..., Page], names: dict[str, str]) -> None:
    page = visitor()
    page.goto("/manager/login")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#login")).to_be_focused()
    page.keyboard.type(ACME)
    page.keyboard.press("Tab")
    page.keyboard.type("plum-Quartz-7-lantern")
    page.keyboard.press("Enter")
    page.wait_for_url("**/manager")


def test_search_finds_by_number_order_amount_state_and_date(
    visitor: Callable[..., Page], names: dict[str, str]
) -> None:
    page = visitor()
    sign_in(page, "manager", ACME)
    for query, count in (
        ("q=FR00000026", 1),
        ("q=fr0000002", 10),
        ("q=100000007", 1),
        ("q=po-2026", 27),
        ("q=1+020.69", 1),
        ("q=1020,69", 1),
        ("state=owed", 7),
        ("state=late", 4),
        ("state=settled", 23),
        ("state=late&q=FR00000022", 1),
        ("from=2026-11-01", 1),
        ("from=2026-10-01&to=2026-10-31", 2),
    ):
        page.goto(f"/manager/bills?{query}")
        expect(page.get_by_role("status")).to_have_text(f"{count} found")
    page.goto("/manager/bills?q=FR00000031")
    expect(page.get_by_text("No bill fits")).to_be_visible()


def test_a_double_click_sends_one_request(
    visitor: Callable[..., Page], names: dict[str, str], context: Context
) -> None:
    def count() -> int:
        with context.database.read() as tx:
            return int(tx.one("SELECT count(*) AS n FROM request").n)

    page, before = visitor(), count()
    sign_in(page, "manager", ACME)
    page.goto("/manager/requests/term")
    page.get_by_role("button", name="Send the request").dblclick(delay=5)
    expect(page).to_have_url(re.compile(r"/manager/requests/.*done=requested"))
    assert count() == before + 1


def test_a_dispute_and_the_bills_of_sub_accounts_are_told(
    visitor: Callable[..., Page], names: dict[str, str], context: Context
) -> None:
    with context.database.write() as tx:
        tx.run(DISPUTE)
        tx.run(PAYS_FOR_CHILD)
    page = visitor()
    sign_in(page, "manager", ACME)
    expect(page.get_by_text("€999.00 of it for sub-accounts")).to_be_visible()
    page.goto("/manager/bills/FR00000025")
    expect(page.get_by_text("€12.50 of this bill is in dispute.")).to_be_visible()
    expect(page.get_by_text("Disputed · €12.50")).to_be_visible()


def test_what_is_parked_is_told_with_its_rule_in_the_operator_s_language(
    visitor: Callable[..., Page], names: dict[str, str], context: Context
) -> None:
    buyer = replace(BUYER, siren="", e_address="a b", street="")
    seller = replace(SELLER, vat_id="")
    problems = buyer_problems(buyer, seller, TaxCase("S", 2_000))
    with context.database.write() as tx:
        run_id = tx.one(RUN).run_id
        runs.park(tx, run_id, {AccountId(ACME): problems})
    page = visitor(language="fr-FR", viewport={"width": 390, "height": 844})
    sign_in(page, "office", "sam")
    page.wait_for_url("**/office")
    page.goto("/office/parked")
    expect(page.get_by_text("La rue de l'acheteur manque.")).to_be_visible()
    expect(page.get_by_role("cell", name="BR-FR-11")).to_be_visible()
    assert barriers(page, "/office/parked") == []
    with context.database.write() as tx:
        runs.resolve(tx, [AccountId(ACME)])
