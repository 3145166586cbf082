"""A service is given to another account in the manager: asked for, answered by both, told to both."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.store.transaction import Database
from e2e.trading import trading, visitor_of
from e2e.visitor import Visitor
from founding import ACME, LAB, PETIT, SHOP

HERE = "/manager/transfers"


class Letters:
    """Keeps what would be sent, by address."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []

    def send(self, to: str, subject: str, text: str, account_id: str = "") -> None:
        self.texts.append((to, text))

    def tokens(self, to: str) -> list[tuple[str, str]]:
        """Tasks with their tokens, as the last letter to the address has them."""
        text = [said for address, said in self.texts if address == to][-1]
        found = zip(re.findall(r"Task: (\d+)", text), re.findall(r"Token: (\S+)", text), strict=True)
        return list(found)


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.fixture
def context(database: Database, tmp_path: Path, letters: Letters) -> Context:
    with_letters = replace(trading(database, tmp_path / "archive"), mailer=letters)
    with database.write() as tx:
        tx.run("UPDATE account SET email = account_id || '@example.com'")
    return with_letters


@pytest.fixture
def petit(context: Context) -> Visitor:
    return visitor_of(context, PETIT)


def page_of(visitor: Visitor) -> str:
    [path] = re.findall(r'href="(/manager/services/\d+)"', visitor.get("/manager/services").text)
    return str(path)


def asked(petit: Visitor, to: str = SHOP, wanted: str = "owner") -> None:
    sent = petit.send(f"{page_of(petit)}/contacts", {"wanted": wanted, "to": f" {to} "})
    assert sent.status_code == 303, sent.text
    assert "on its way to both accounts" in petit.get(sent.headers["location"]).text


def test_both_agree_and_the_service_is_the_other_account_s(
    context: Context, petit: Visitor, letters: Letters
) -> None:
    shop = visitor_of(context, SHOP)
    path = page_of(petit)
    assert f'href="{path}/contacts"' in petit.get(path).text
    asked(petit)
    for visitor, account_id in ((shop, SHOP), (petit, PETIT)):
        page = visitor.get(HERE).text
        assert page.count("Waits for both") == 2
        for number, token in letters.tokens(f"{account_id}@example.com"):
            sent = visitor.send(HERE, {"do": "agree", "change": number, "token": f" {token}\n"})
            assert "You agreed." in visitor.get(sent.headers["location"]).text
    assert petit.get(HERE).text.count("Done") == 2
    assert f"server-of-{PETIT}" in shop.get("/manager/services").text
    assert "Terminated" in petit.get(path).text
    assert petit.get(f"{path}/contacts").status_code == 409


def test_wrong_answers_are_told_and_what_was_typed_is_kept(
    context: Context, petit: Visitor, letters: Letters
) -> None:
    asked(petit)
    number, token = letters.tokens(f"{PETIT}@example.com")[0]
    shop, lab = visitor_of(context, SHOP), visitor_of(context, LAB)
    wrong = shop.send(HERE, {"do": "agree", "change": number, "token": token})
    assert (wrong.status_code, "not the token" in wrong.text) == (400, True)
    assert lab.send(HERE, {"do": "agree", "change": number, "token": token}).status_code == 404
    assert petit.send(HERE, {"do": "refuse", "change": "x", "token": token}).status_code == 404
    assert petit.send(HERE, {"do": "burn", "change": number, "token": token}).status_code == 400
    assert petit.send(HERE, {"do": "resend", "change": number}).status_code in (403, 429)
    assert f"server-of-{PETIT}" not in lab.get(HERE).text
    sent = petit.send(HERE, {"do": "refuse", "change": number, "token": token})
    assert "Nothing changes." in petit.get(sent.headers["location"]).text
    page = shop.get(HERE).text
    assert ("Refused" in page, "Aborted" in page) == (True, True)


@pytest.mark.parametrize(
    ("to", "wanted", "status", "words"),
    [
        ("zz99999-acq", "owner", 400, "There is no account"),
        ("<script>", "technical", 400, "There is no account &lt;script&gt;"),
        ("", "owner", 400, "There is no account"),
        (PETIT, "owner", 400, "Nothing would change"),
        (SHOP, "everything", 400, ""),
    ],
)
def test_what_cannot_be_asked(petit: Visitor, to: str, wanted: str, status: int, words: str) -> None:
    sent = petit.send(f"{page_of(petit)}/contacts", {"wanted": wanted, "to": to})
    assert (sent.status_code, words in sent.text) == (status, True), sent.text
    assert "No change of a contact was asked for yet." in petit.get(HERE).text


def test_a_technical_contact_is_shown(context: Context, petit: Visitor, letters: Letters) -> None:
    asked(petit, ACME, "technical")
    for visitor, account_id in ((visitor_of(context, ACME), ACME), (petit, PETIT)):
        ((number, token),) = letters.tokens(f"{account_id}@example.com")
        visitor.send(HERE, {"do": "agree", "change": number, "token": token})
    assert ACME in petit.get(f"{page_of(petit)}/contacts").text
    acme = visitor_of(context, ACME)
    assert f"server-of-{PETIT}" not in acme.get("/manager/services").text
    assert acme.get(page_of(petit)).status_code == 404


def test_what_was_asked_is_told_by_pages(context: Context, petit: Visitor) -> None:
    """Asked again and again, the older ones are aborted; a page is bounded and goes on."""
    for _ in range(30):
        asked(petit, SHOP, "technical")
    first = petit.get(HERE).text
    [more] = re.findall(r'href="(/manager/transfers\?before=\d+)"', first)
    assert first.count("Aborted") + petit.get(more).text.count("Aborted") == 29
