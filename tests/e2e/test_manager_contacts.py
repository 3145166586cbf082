"""Contacts are kept, changed and deleted in the manager; bills are sent to the address of one."""

import re
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.actions.set_delivery import show_contacts
from acquit.core.contact_sheet import Member
from acquit.store import contact_sheets
from acquit.store.transaction import Database
from e2e.trading import trading, visitor_of
from e2e.visitor import Visitor
from founding import ACME, PETIT

FORM = {
    "given_name": "Ada", "family_name": "<Martin>", "email": "ada@example.com", "phone": "+33 1 23 45 67 89",
    "language": "fr_FR", "legal_form": "individual", "street": "1 rue Neuve", "zip": "59000",
    "city": "Lille", "country": "FR",
}  # fmt: skip
NUMBER = re.compile(r'href="/manager/contacts/(\d+)"')
HERE = "/manager/contacts"


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return trading(database, tmp_path / "archive")


@pytest.fixture
def petit(context: Context) -> Visitor:
    return visitor_of(context, PETIT)


def kept(petit: Visitor) -> str:
    sent = petit.send(HERE, FORM | {"do": "keep"})
    assert sent.status_code == 303
    [number] = NUMBER.findall(petit.get(sent.headers["location"]).text)
    return str(number)


def test_a_contact_is_kept_changed_and_deleted(context: Context, petit: Visitor) -> None:
    assert "No contact is kept here yet." in petit.get(HERE).text
    number = kept(petit)
    assert "&lt;Martin&gt;" in petit.get(HERE).text
    assert 'value="1 rue Neuve"' in petit.get(f"{HERE}/{number}").text
    assert petit.send(f"{HERE}/{number}", FORM | {"street": "2 rue Neuve"}).status_code == 303
    with context.database.read() as tx:
        [sheet] = contact_sheets.of_account(tx, PETIT)
    assert (sheet.says(Member.STREET), sheet.says(Member.PHONE)) == ("2 rue Neuve", "+33 1 23 45 67 89")
    acme = visitor_of(context, ACME)
    assert acme.get(f"{HERE}/{number}").status_code == 404
    assert acme.send(HERE, {"do": "drop", "contact": number}).status_code == 404
    assert petit.get(f"{HERE}/x").status_code == 404
    gone = petit.send(HERE, {"do": "drop", "contact": number})
    assert "No contact is kept here yet." in petit.get(gone.headers["location"]).text


def test_what_is_missing_is_told_and_the_form_kept(petit: Visitor) -> None:
    answer = petit.send(HERE, FORM | {"do": "keep", "zip": "", "city": "Roubaix"})
    assert (answer.status_code, "needs its zip" in answer.text) == (400, True)
    assert 'value="Roubaix"' in answer.text
    assert petit.send(HERE, FORM | {"do": "keep", "country": "QQ"}).status_code == 400


def test_bills_are_sent_to_a_contact_too(context: Context, petit: Visitor) -> None:
    number, before = kept(petit), show_contacts(context, PETIT)
    sent = petit.send(HERE, {"do": "bills", "contact": number})
    assert "Bills go to this address too." in petit.get(sent.headers["location"]).text
    assert list(show_contacts(context, PETIT)) == [*before, "ada@example.com"]
    assert "Send there too" not in petit.get(HERE).text
    assert visitor_of(context, ACME).send(HERE, {"do": "bills", "contact": number}).status_code == 404
