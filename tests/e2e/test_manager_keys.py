"""Keys are seen, taken away and shown once; preferences say who gets bills, in which language."""

import re
from pathlib import Path

import pytest

from acquit.actions.add_identity_user import add_identity_user
from acquit.actions.context import Context
from acquit.actions.create_application import create_application
from acquit.actions.grant_consumer_key import grant_consumer_key
from acquit.actions.set_delivery import show_contacts
from acquit.actions.sign_in import sign_in_account
from acquit.store import accounts
from acquit.store.transaction import Database
from e2e.trading import bill_of, trading, visitor_of
from e2e.visitor import Visitor
from e2e.world import PASSWORD
from founding import ACME, PETIT

NUMBER = re.compile(r'value="key"><input type="hidden" name="number" value="(\d+)"')


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return trading(database, tmp_path / "archive")


@pytest.fixture
def petit(context: Context) -> Visitor:
    return visitor_of(context, PETIT)


def given(context: Context) -> None:
    made = create_application(context, PETIT, "Night <robot>", by="system")
    grant_consumer_key(context, made.application.application_id, PETIT, by="system")


def test_a_key_is_seen_and_taken_away_by_its_account_alone(context: Context, petit: Visitor) -> None:
    assert "No key was given yet." in petit.get("/manager/keys").text
    given(context)
    page = petit.get("/manager/keys").text
    assert "Night &lt;robot&gt;" in page
    [number] = NUMBER.findall(page)
    acme = visitor_of(context, ACME)
    assert "Night" not in acme.get("/manager/keys").text
    assert acme.send("/manager/keys", {"do": "key", "number": number}).status_code == 404
    assert petit.send("/manager/keys", {"do": "key", "number": "x"}).status_code == 404
    sent = petit.send("/manager/keys", {"do": "key", "number": number})
    assert "No key was given yet." in petit.get(sent.headers["location"]).text


def test_an_application_goes_with_its_keys(context: Context, petit: Visitor) -> None:
    given(context)
    page = petit.get("/manager/keys").text
    [number] = re.findall(r'value="application"><input type="hidden" name="number" value="(\d+)"', page)
    sent = petit.send("/manager/keys", {"do": "application", "number": number})
    page = petit.get(sent.headers["location"]).text
    assert "No application is registered." in page
    assert "No key was given yet." in page


def test_a_service_account_gets_a_token_that_is_shown_once(petit: Visitor) -> None:
    petit.send("/manager/keys", {"do": "login", "login": "nightly", "description": "gathers bills"})
    made = petit.send("/manager/keys", {"do": "token", "login": "nightly", "name": "first", "days": "90"})
    [token] = re.findall(r'id="token">([^<]+)<', made.text)
    page = petit.get("/manager/keys").text
    assert "gathers bills" in page
    assert "first" in page
    assert token not in page
    assert (
        petit.send(
            "/manager/keys", {"do": "token", "login": "nightly", "name": "first", "days": "90"}
        ).status_code
        == 409
    )
    assert petit.send("/manager/keys", {"do": "login", "login": "x y"}).status_code == 400
    sent = petit.send("/manager/keys", {"do": "revoke-token", "login": "nightly", "name": "first"})
    assert "The token is gone" in petit.get(sent.headers["location"]).text


def login_of(context: Context, petit: Visitor, login: str, group: str) -> Visitor:
    add_identity_user(context, PETIT, login, PASSWORD, by="cli", group=group)
    token = sign_in_account(context, f"{PETIT}/{login}", PASSWORD, address="192.0.2.1")
    return Visitor(petit.client, {"acquit-manager": token})


def test_whoever_only_reads_changes_nothing(context: Context, petit: Visitor) -> None:
    given(context)
    [number] = NUMBER.findall(petit.get("/manager/keys").text)
    rita = login_of(context, petit, "rita", "UNPRIVILEGED")
    assert rita.send("/manager/keys", {"do": "key", "number": number}).status_code == 403
    assert NUMBER.findall(rita.get("/manager/keys").text) == [number]
    number = bill_of(context, PETIT)
    forms = {
        "/manager/pay": {"bills": number},
        f"/manager/bills/{number}/dispute": {"amount": "1", "line": "", "reason": "no"},
        "/manager/preferences": {"do": "language", "language": "de_DE"},
        "/manager/credit": {"code": "x"},
        "/manager/requests/term": {"days": "45", "method": "net"},
    }
    for path, fields in forms.items():
        refused = rita.send(path, fields)
        assert refused.status_code == 403, path
        assert "This login may only read" in refused.text


def test_whoever_works_takes_keys_away_and_makes_no_login(context: Context, petit: Visitor) -> None:
    given(context)
    [number] = NUMBER.findall(petit.get("/manager/keys").text)
    walter = login_of(context, petit, "walter", "DEFAULT")
    assert walter.send("/manager/keys", {"do": "login", "login": "mine"}).status_code == 403
    assert walter.send("/manager/keys", {"do": "key", "number": number}).status_code == 303


def test_preferences_say_who_gets_bills_and_in_which_language(context: Context, petit: Visitor) -> None:
    path = "/manager/preferences"
    petit.send(path, {"do": "contacts", "contacts": "ap@petit.example\ncfo@petit.example"})
    assert sorted(show_contacts(context, PETIT)) == ["ap@petit.example", "cfo@petit.example"]
    wrong = petit.send(path, {"do": "contacts", "contacts": "nobody"})
    assert wrong.status_code == 400
    assert ">nobody</textarea>" in wrong.text
    assert petit.send(path, {"do": "language", "language": "xx"}).status_code == 400
    petit.send(path, {"do": "language", "language": "de_DE"})
    with context.database.read() as tx:
        account = accounts.find(tx, PETIT)
    assert account is not None
    assert account.language == "de_DE"
