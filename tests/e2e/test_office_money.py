"""The office's pages about money in a real browser and without: looked at, used, and refused."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final, LiteralString

import pytest
from playwright.sync_api import FilePayload, Page, expect

from acquit.actions.ask_dunning import some_steps
from acquit.actions.ask_run import carry_out_run
from acquit.actions.ask_vat import carry_out_vat
from acquit.actions.context import Context
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.set_bank import set_bank_limits
from acquit.store import bank_matches, vat_requests
from acquit.store.bank_settings import Limits
from acquit.store.transaction import Database
from banking import Tx, camt
from collecting import SELLER_IBAN, on
from e2e.office_world import LATE_ON, NOWHERE, PAGES, bring, money_world, numbers, puzzles
from e2e.people import LOOKS, barriers, looked_at, sign_in
from e2e.world import World
from founding import ACME, FR, LAB, SHOP
from serving import month, plan, prices

MENDED: Final[LiteralString] = """
    INSERT INTO legal_party (legal_party_id, from_on, name, country, siren, street, zip, city)
    SELECT legal_party_id, '2026-11-02', 'Mended', 'FR', '552081317', '3 quai', '44000', 'Nantes'
      FROM account
     WHERE account_id = %(account_id)s
"""


@pytest.fixture(scope="module")
def context(module_database: Database, data: Path) -> Context:
    return money_world(module_database, data / "papers")


@pytest.fixture(scope="module")
def world(context: Context) -> World:
    return World()


@pytest.fixture(scope="module")
def names(context: Context) -> Mapping[str, str]:
    return puzzles(context)


@pytest.fixture
def office(visitor: Callable[..., Page], names: Mapping[str, str]) -> Callable[..., Page]:
    def enter(name: str = "ada", **options: Any) -> Page:
        page = visitor(**options)
        sign_in(page, "office", name)
        page.wait_for_url("**/office")
        return page

    return enter


def waiting(context: Context) -> list[int]:
    with context.database.read() as tx:
        return bank_matches.waiting(tx, FR)


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_about_money_is_free_of_barriers(
    office: Callable[..., Page], names: Mapping[str, str], look: str, soak: bool
) -> None:
    page, found = office(**LOOKS[look]), []
    for path in looked_at(PAGES, look, soak):
        answer = page.goto(path.format(**names))
        assert answer is not None
        assert answer.status == 200, path
        found += barriers(page, path)
    assert not found, "\n".join(found)


def test_the_inbox_is_cleared_by_keyboard(office: Callable[..., Page], context: Context) -> None:
    bills = numbers(context)
    bring(context, Tx(400, f"{bills[LAB]} first", payer="Acme Études SARL"), name="K")
    before = waiting(context)
    page = office()
    page.goto(f"/office/bank?q={bills[LAB]}")
    page.keyboard.press("j")
    expect(page.locator("[data-row]").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Entry {before[-1]} is matched.")).to_be_visible()
    assert waiting(context) == before[:-1]
    page.keyboard.press("u")
    page.wait_for_url(f"**/office/bank/entries/{before[-1]}?done=entry-undone")
    expect(page.get_by_text("Its match was undone: look for proposals anew")).to_be_visible()
    expect(page.get_by_role("button", name="Look for proposals anew")).to_be_visible()
    assert waiting(context) == before
    page.goto("/office/bank")
    page.keyboard.press("/")
    expect(page.get_by_label("Search the inbox")).to_be_focused()


def test_an_entry_is_split_by_hand_without_a_script(office: Callable[..., Page], context: Context) -> None:
    bills = numbers(context)
    bring(context, Tx(900, "for two", payer="Somebody"), name="H")
    entry = waiting(context)[-1]
    page = office(java_script_enabled=False)
    page.goto(f"/office/bank/entries/{entry}?payer={ACME}")
    page.get_by_label(f"Pay {bills[ACME]}").check()
    page.get_by_label(f"Part of {bills[ACME]}").fill("5,00")
    page.get_by_label(f"Pay {bills[LAB]}").check()
    page.get_by_label(f"Part of {bills[LAB]}").fill("lots")
    page.get_by_role("button", name="Match it").click()
    expect(page.get_by_role("alert")).to_contain_text("is not an amount")
    expect(page.get_by_label(f"Part of {bills[ACME]}")).to_have_value("5,00")
    page.get_by_label(f"Part of {bills[LAB]}").fill("4")
    page.get_by_role("button", name="Match it").click()
    expect(page.get_by_text(f"Entry {entry} is matched.")).to_be_visible()
    page.get_by_role("link", name="Look", exact=True).click()
    expect(page.get_by_role("cell", name="€5.00")).to_be_visible()
    expect(page.get_by_role("cell", name="€4.00")).to_be_visible()
    page.get_by_label("Why is it undone?").fill("wrong payer")
    page.get_by_role("button", name="Undo the match").click()
    expect(page.get_by_text("The match was undone")).to_be_visible()


def test_files_are_booked_and_what_is_no_statement_says_why(
    office: Callable[..., Page], context: Context
) -> None:
    good = camt([Tx(333, "a file by hand")], iban=SELLER_IBAN, name="U")
    page = office()
    page.goto("/office/bank/files")
    files: list[FilePayload] = [
        {"name": "good.xml", "mimeType": "text/xml", "buffer": good},
        {"name": "picture.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n"},
        {"name": "off.xml", "mimeType": "text/xml", "buffer": camt([Tx(1)], iban=SELLER_IBAN, off=1)},
    ]
    page.get_by_label("Files").set_input_files(files)
    page.get_by_role("button", name="Book them").click()
    became = page.get_by_role("region", name="What became of these files").or_(
        page.locator("section", has=page.locator("#brought"))
    )
    expect(became.get_by_text("Booked", exact=True)).to_be_visible()
    expect(became.get_by_text("Refused", exact=True)).to_have_count(2)
    expect(became.get_by_text("does not add up")).to_be_visible()


def test_an_entry_that_pays_nothing_is_set_aside(
    office: Callable[..., Page], context: Context, names: Mapping[str, str]
) -> None:
    page = office()
    page.goto(f"/office/bank/entries/{names['debit']}")
    page.get_by_label("Why").fill("a fee of the bank")
    page.get_by_role("button", name="Set it aside").click()
    expect(page.get_by_role("status")).to_contain_text("set aside")
    assert int(names["debit"]) not in waiting(context)


def test_above_the_limit_a_second_person_decides(office: Callable[..., Page], context: Context) -> None:
    set_bank_limits(context, FR, Limits(100, 0), by="operator:ada")
    bills = numbers(context)
    bring(context, Tx(250, f"{bills[SHOP]}", payer="The shop"), name="L")
    entry = waiting(context)[-1]
    page = office()
    page.goto(f"/office/bank/entries/{entry}")
    page.get_by_role("button", name="Accept proposal 1").click()
    expect(page.get_by_text("waits for a second person").first).to_be_visible()
    assert entry in waiting(context)
    page.goto("/office/approvals")
    expect(page.get_by_text("You asked: somebody else decides.")).to_be_visible()
    second = office("alan")
    second.goto("/office/approvals")
    second.get_by_role("button", name=f"Approve: Match entry {entry}").click()
    expect(second.get_by_text("It was approved and done.")).to_be_visible()
    assert entry not in waiting(context)


def test_a_file_goes_from_its_draft_to_the_bank(
    office: Callable[..., Page], names: Mapping[str, str]
) -> None:
    page = office()
    page.goto("/office/approvals")
    page.locator("li", has_text=names["file"]).get_by_role("link", name="Look and approve").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("The file was approved.")).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download").click()
    assert started.value.path().read_bytes().startswith(b"<?xml")
    page.reload()
    page.get_by_role("button", name="It was given to the bank").click()
    expect(page.get_by_text("At the bank").first).to_be_visible()


def test_who_made_a_file_does_not_approve_it(office: Callable[..., Page], context: Context) -> None:
    page = office()
    page.goto("/office/remittances/new?kind=direct-debit")
    expect(page.get_by_text("A rehearsal")).to_be_visible()
    page.goto("/office/remittances/new?kind=refund")
    expect(page.get_by_text("Nothing is ready.")).to_be_visible()


def test_who_may_not_settle_sees_no_button(office: Callable[..., Page], names: Mapping[str, str]) -> None:
    page = office("audrey")
    page.goto(f"/office/bank/entries/{names['entry']}")
    expect(page.get_by_role("button", name="Accept proposal 1")).to_have_count(0)
    page.goto("/office/bank/files")
    expect(page.get_by_role("button", name="Book them")).to_have_count(0)


def test_a_run_is_rehearsed_watched_and_posted(office: Callable[..., Page], context: Context) -> None:
    page = office()
    page.goto("/office/runs")
    page.get_by_label("Month", exact=True).fill("2027-01")
    page.get_by_role("button", name="Rehearse").click()
    expect(page.get_by_text("It waits for a worker")).to_be_visible()
    number = int(page.url.rpartition("/")[2])
    carry_out_run(context, number)
    expect(page.get_by_role("heading", name="Beside 2026-12")).to_be_visible()
    page.get_by_role("button", name="Post the bills of 2027-01").click()
    expect(page.get_by_text("more than a month ahead")).to_be_visible()


def test_the_letters_of_a_day_are_rehearsed_and_asked_for(
    office: Callable[..., Page], context: Context
) -> None:
    page = office()
    page.goto(f"/office/dunning/{SHOP}")
    page.get_by_label("Amount").fill("3,00")
    page.get_by_label("By when").fill("2026-12-24")
    page.get_by_role("button", name="Record the promise").click()
    expect(page.get_by_text("The promise is recorded.")).to_be_visible()
    expect(page.get_by_text("€3.00")).to_be_visible()
    steps, last = some_steps(on(context, LATE_ON), FR)
    assert last == ""
    assert {step.payer_id for step in steps} == set()


def test_a_dispute_is_answered_and_closed(office: Callable[..., Page], names: Mapping[str, str]) -> None:
    page = office()
    page.goto("/office/disputes")
    page.locator(f"a[href$='/disputes/{names['payer']}/{names['dispute']}']").click()
    page.get_by_label("Message").fill("We look into it")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("We look into it")).to_be_visible()
    page.locator("#close-outcome").fill("It was ordered on 3 October")
    page.get_by_role("button", name="Close the dispute").click()
    expect(page.get_by_text("Rejected").first).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_have_count(0)


def test_search_leads_to_a_bill_by_number_total_and_account(
    office: Callable[..., Page], context: Context
) -> None:
    bill, page = numbers(context)[SHOP], office(java_script_enabled=False)
    page.goto("/office/search")
    for text in (bill.lower(), "12,00", SHOP):
        page.get_by_label("Search everything").fill(text)
        page.get_by_role("button", name="Search").click()
        expect(page.locator(f"a[href='/office/accounts/{SHOP}']").first).to_be_visible()
    page.get_by_label("Search everything").fill(bill)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=bill).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(bill)


def test_the_books_are_taken_away_as_files(office: Callable[..., Page]) -> None:
    page = office()
    page.goto("/office/reports")
    tables = {
        "FEC": "JournalCode",
        "journal": "account,",
        "balance": "payer",
        "down payments": "bill,account",
    }
    for button, first in tables.items():
        with page.expect_download() as started:
            page.get_by_role("button", name=f"Download the {button}").click()
        assert started.value.path().read_text("utf-8").startswith(first), button


def test_the_log_tells_who_asked_for_an_audit(office: Callable[..., Page]) -> None:
    page = office("audrey")
    page.goto("/office/health")
    page.get_by_role("button", name="Audit the books").click()
    expect(page.get_by_text("The audit begins as soon as a worker is free")).to_be_visible()
    page.goto("/office/acts?actor=audrey")
    expect(page.get_by_text("ask_audit")).to_be_visible()


def test_a_vat_report_is_asked_for_and_shown_as_it_was_made(
    office: Callable[..., Page], context: Context
) -> None:
    page = office("audrey")
    page.goto("/office/reports/vat?span=2026-12")
    page.get_by_role("button", name="Make the report").click()
    expect(page.get_by_text("The report is made as soon as a worker is free")).to_be_visible()
    expect(page.get_by_role("button", name="Make the report")).to_have_count(0)
    with context.database.read() as tx:
        asked = vat_requests.latest(tx, FR, "2026-12", is_made=False)
    assert asked is not None
    carry_out_vat(context, FR, asked.request_no)
    page.goto("/office/reports/vat?span=2026-12")
    expect(page.get_by_text("As the books were on")).to_be_visible()
    expect(page.get_by_text("The report and the journal say the same.")).to_be_visible()
    expect(page.get_by_role("button", name="Make it again")).to_be_visible()


def test_who_may_not_close_a_month_is_told(office: Callable[..., Page]) -> None:
    page = office("audrey")
    page.goto("/office/reports/periods")
    expect(page.get_by_role("button", name="Close the month")).to_have_count(0)


def test_parked_accounts_are_retried_and_a_hold_is_moved(
    office: Callable[..., Page], context: Context
) -> None:
    page = office()
    page.goto("/office/runs/2026-11")
    page.get_by_role("link", name="See why, and try again").click()
    expect(page.get_by_role("checkbox", name=f"Retry {NOWHERE}")).to_be_checked()
    expect(page.get_by_text("street").first).to_be_visible()
    page.get_by_role("button", name="Try the ticked ones again").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was mended since")
    page.goto("/office/runs/2026-11")
    expect(page.get_by_text("No purchase order")).to_be_visible()
    page.get_by_label("Held until").fill("2026-12-20")
    page.get_by_label("Why", exact=True).fill("their order comes")
    page.get_by_role("button", name="Move the deadline").click()
    expect(page.get_by_text("The deadline was moved.")).to_be_visible()
    expect(page.get_by_role("cell", name="20 Dec 2026")).to_be_visible()
    with context.database.write() as tx:
        tx.run(MENDED, account_id=NOWHERE)
    page.goto("/office/parked")
    page.get_by_role("button", name="Try the ticked ones again").click()
    expect(page.get_by_text("Nothing is parked.")).to_be_visible()


def test_the_words_of_a_mail_are_tried_before_they_hold(office: Callable[..., Page]) -> None:
    page = office()
    page.goto("/office/mails")
    page.get_by_label("Tell accounts what happens").select_option("Yes")
    page.get_by_label("Name of the sender").fill("Nuage, billing")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("link", name="A payment is late, de").click()
    expect(page.get_by_role("heading", name="überfällig seit")).to_be_visible()
    page.get_by_label("First words").fill("Hello {nobody}")
    page.get_by_role("button", name="Try them").click()
    expect(page.get_by_role("alert")).to_contain_text("{nobody} is never filled in here")
    page.get_by_label("Subject").fill("Bitte zahlen: {total}")
    page.get_by_label("First words").fill("<b>Bald</b> & gern, bis {due_on}")
    page.get_by_role("button", name="Try them").click()
    expect(page.get_by_text("nothing is saved yet")).to_be_visible()
    expect(page.locator("pre").first).to_contain_text("<b>Bald</b> & gern, bis 31. Dezember 2026")
    assert barriers(page, "words") == []
    page.get_by_role("button", name="Save these words").click()
    expect(page.get_by_text("own words, version 1")).to_be_visible()
    expect(page.get_by_role("heading", name="Bitte zahlen: 1.865,40")).to_be_visible()
    gone = page.goto("/office/mails/nothing/de")
    assert gone is not None
    assert gone.status == 404


def test_who_may_not_change_settings_looks_at_mails_alone(office: Callable[..., Page]) -> None:
    page = office("audrey")
    page.goto("/office/mails")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    page.goto("/office/mails/bill/fr")
    expect(page.get_by_text("notre facture FR00000042")).to_be_visible()
    assert barriers(page, "mails") == []


def test_two_versions_of_a_catalogue_are_compared(office: Callable[..., Page], context: Context) -> None:
    for euros, day in ((30, date(2025, 1, 1)), (35, date(2025, 6, 1))):
        content = prices(plans=[plan("s", month(euros))])
        import_catalogue(context, content, by="cli", legal_entity_id=FR, name="own", from_on=day)
    page = office()
    page.goto("/office/catalogues")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("region", name="What changed")).to_contain_text("Other price")
    expect(page.get_by_role("region", name="What changed")).to_contain_text("€35.00")
    assert barriers(page, "catalogues") == []
