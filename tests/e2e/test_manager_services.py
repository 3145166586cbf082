"""Services, what was used of them, and a family's bills regrouped."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.store.transaction import Database
from billed import later
from e2e.trading import trading, visitor_of
from e2e.visitor import Visitor
from founding import ACME, LAB, PETIT, SHOP
from metering import event, measure, send


class Letters:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def send(self, to: str, subject: str, text: str, account_id: str = "") -> None:
        self.texts.append(text)


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.fixture
def context(database: Database, tmp_path: Path, letters: Letters) -> Context:
    with_services = replace(trading(database, tmp_path / "archive"), mailer=letters)
    with database.write() as tx:
        tx.run("UPDATE account SET email = 'petit@example.com' WHERE account_id = %(id)s", id=PETIT)
    return with_services


@pytest.fixture
def petit(context: Context) -> Visitor:
    return visitor_of(context, PETIT)


def page_of(visitor: Visitor) -> str:
    [path] = re.findall(r'href="(/manager/services/\d+)"', visitor.get("/manager/services").text)
    return str(path)


def test_a_service_is_renamed_and_renews_as_it_is_told(context: Context, petit: Visitor) -> None:
    path = page_of(petit)
    assert "€10.00" in petit.get(path).text
    sent = petit.send(path, {"do": "rename", "name": "Front <door>"})
    assert "Front &lt;door&gt;" in petit.get(sent.headers["location"]).text
    assert petit.send(path, {"do": "rename", "name": ""}).status_code == 400
    petit.send(path, {"do": "renew", "renewal": "manual"})
    assert re.search(r'value="manual" selected', petit.get(path).text)
    petit.send(path, {"do": "renew", "renewal": "ends"})
    assert re.search(r'value="ends" selected', petit.get(path).text)
    assert petit.send(path, {"do": "renew", "renewal": "never"}).status_code == 400
    assert petit.send(path, {"do": "burn"}).status_code == 400
    assert visitor_of(context, SHOP).get(path).status_code == 404


def test_a_service_ends_by_the_token_of_a_letter_and_may_be_kept(letters: Letters, petit: Visitor) -> None:
    path = page_of(petit)
    petit.send(path, {"do": "ask"})
    [token] = re.findall(r"Token: (\S+)", letters.texts[0])
    wrong = petit.send(path, {"do": "end", "token": "guessed", "reason": ""})
    assert wrong.status_code in (400, 403, 409)
    assert "I have the token" in wrong.text
    ended = petit.send(path, {"do": "end", "token": token, "reason": "moved"})
    page = petit.get(ended.headers["location"]).text
    assert "Its last day is 30 Nov 2026." in page
    kept = petit.send(path, {"do": "keep"})
    assert "The service goes on." in petit.get(kept.headers["location"]).text
    assert "I have the token" in petit.get(path).text


def test_use_is_shown_with_where_it_leads(context: Context, petit: Visitor) -> None:
    assert "Nothing was metered this month." in petit.get("/manager/consumption").text
    measure(context)
    send(context, event("a", f"server-of-{PETIT}", 30, at="2026-11-02T10:00:00Z"))
    tenth = visitor_of(later(context, date(2026, 11, 10)), PETIT)
    page = tenth.get("/manager/consumption").text
    assert "Outgoing traffic" in page
    assert "30 GB" in page
    assert "90 GB" in page
    assert "€2.00" in page
    assert "€8.00" in page
    assert "Outgoing traffic" not in visitor_of(context, SHOP).get("/manager/consumption").text


def test_what_is_expected_is_told_in_hundredths(context: Context) -> None:
    measure(context)
    send(context, event("a", f"server-of-{PETIT}", 10, at="2026-11-02T10:00:00Z"))
    page = visitor_of(later(context, date(2026, 11, 7)), PETIT).get("/manager/consumption").text
    assert "42.86 GB" in page


def test_a_familys_bills_are_regrouped(context: Context) -> None:
    acme = visitor_of(context, ACME)
    page = acme.get("/manager/sub-accounts?period=2026&by=sub-account").text
    assert all(account_id in page for account_id in (ACME, LAB, SHOP))
    assert PETIT not in page
    assert "€36.00" in page
    by_service = acme.get("/manager/sub-accounts?period=2026-11&by=service").text
    assert f"server-of-{LAB}" in by_service
    assert "Nothing was billed then." in acme.get("/manager/sub-accounts?period=2025").text
    assert acme.get("/manager/sub-accounts?period=nonsense&by=nonsense").status_code == 200
