"""The log of access in the manager, and the streams that logs go to."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from falcon.testing import TestClient

from acquit.actions.add_identity_user import add_identity_user
from acquit.actions.change_identity_user import LoginChange, change_identity_user
from acquit.actions.context import Context
from acquit.actions.sign_in import sign_in_account
from acquit.adapters.clock import SystemClock
from acquit.console.app import make_app
from acquit.core.log_stream import LogKind
from acquit.store import log_streams
from acquit.store.transaction import Database
from collecting_logs import call
from e2e.conftest import NoSettings
from e2e.trading import trading, visitor_of
from e2e.visitor import Visitor
from e2e.world import PASSWORD
from founding import ACME, PETIT

LOG, STREAMS = "/manager/log", "/manager/log-streams"
NEW = {"do": "add", "name": "<b>here</b>", "format": "https", "address": "https://logs.example.com/in",
       "secret_name": "X-Token", "secret": "do-not-show", "authorities": ""}  # fmt: skip
STREAM = re.compile(r'name="stream" value="([0-9a-f-]{36})"')


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return replace(trading(database, tmp_path / "archive"), clock=SystemClock())


@pytest.fixture
def petit(context: Context) -> Visitor:
    return visitor_of(context, PETIT)


def login_of(context: Context, login: str, group: str) -> Visitor:
    """A login of Petit that is signed in."""
    add_identity_user(context, PETIT, login, PASSWORD, by=f"account:{PETIT}", group=group)
    token = sign_in_account(
        context, f"{PETIT}/{login}", PASSWORD, address="192.0.2.9", browser="Firefox, Linux"
    )
    return Visitor(TestClient(make_app(context, NoSettings())), {"acquit-manager": token})


def test_the_log_tells_who_did_what_from_where(context: Context, petit: Visitor) -> None:
    login_of(context, "anna", "DEFAULT")
    change_identity_user(
        context,
        PETIT,
        "anna",
        LoginChange(description="<i>books</i>", group="ADMIN"),
        by=f"account:{PETIT}/{PETIT}",
    )
    text = petit.get(LOG).text
    assert "Signed in" in text
    assert "192.0.2.9 · Firefox, Linux" in text
    assert "group: <del>DEFAULT</del> <ins>ADMIN</ins>" in text
    assert "&lt;i&gt;books&lt;/i&gt;" in text
    assert "with the password alone" in text
    only = petit.get(f"{LOG}?about=login").text
    assert ("Login changed" in only, "Signed in<" in only) == (True, False)
    assert "Login changed" in petit.get(f"{LOG}?login=anna").text
    assert "Nothing of this kind is kept." in petit.get(f"{LOG}?login=nobody").text
    assert "Nothing of this kind is kept." in petit.get(f"{LOG}?to=2020-01-01").text
    assert "Login changed" in petit.get(f"{LOG}?from=2020-01-01").text
    for odd in (
        "about=x",
        "from=x",
        "to=9999-12-31",
        "from=0001-01-01",
        "before=x",
        "before=-1",
        "login=%00a"[:7],
    ):
        assert petit.get(f"{LOG}?{odd}").status_code == 200
    assert "anna" not in visitor_of(context, ACME).get(LOG).text


def test_the_log_goes_on_by_pages(context: Context, petit: Visitor) -> None:
    for _ in range(30):
        sign_in_account(context, PETIT, PASSWORD, address="192.0.2.9")
    first = petit.get(LOG).text
    (following,) = re.findall(r'rel="next" href="(/manager/log\?before=\d+)"', first)
    second = petit.get(following).text
    assert (first.count('<tr><th scope="row"'), second.count("Signed in<") > 0) == (25, True)
    assert 'rel="next"' not in second


def test_a_stream_is_added_and_logs_go_there(context: Context, petit: Visitor) -> None:
    sent = petit.send(STREAMS, NEW)
    assert sent.status_code == 303
    text = petit.get(sent.headers["location"]).text
    assert "The stream is added: choose what goes there." in text
    assert "&lt;b&gt;here&lt;/b&gt;" in text
    assert "do-not-show" not in text
    stream = STREAM.findall(text)[0]
    assert petit.send(STREAMS, {"do": "forward", "stream": stream, "kind": "api"}).status_code == 303
    call(context, PETIT, 2)
    with context.database.write() as tx:
        tx.run("UPDATE log_forwarding SET failures = 3, problem = 'it answers 500', lost = 7")
    text = petit.get(STREAMS).text
    assert all(each in text for each in ("tried 3 times", "it answers 500", "7 records were forgotten"))
    acme = visitor_of(context, ACME)
    for deed in ({"do": "forward", "kind": "audit"}, {"do": "stop", "kind": "api"}, {"do": "remove"}):
        assert acme.send(STREAMS, deed | {"stream": stream}).status_code == 404
    assert petit.send(STREAMS, {"do": "forward", "stream": stream, "kind": "api"}).status_code == 409
    assert petit.send(STREAMS, {"do": "stop", "stream": stream, "kind": "api"}).status_code == 303
    assert petit.send(STREAMS, {"do": "stop", "stream": stream, "kind": "api"}).status_code == 404
    assert petit.send(STREAMS, {"do": "remove", "stream": stream}).status_code == 303
    assert "No stream is set up yet." in petit.get(STREAMS).text


def test_what_is_wrong_is_told_and_the_secret_not_shown_again(petit: Visitor) -> None:
    for wrong in ({"address": "http://x"}, {"format": "x"}, {"name": ""}, {"authorities": "none"},
                  {"secret": ""}):  # fmt: skip
        answer = petit.send(STREAMS, NEW | wrong)
        assert answer.status_code == 400
        assert "do-not-show" not in answer.text
    assert petit.send(STREAMS, {"do": "forward", "stream": "x", "kind": "api"}).status_code == 404


@pytest.mark.parametrize(("group", "status"), [("DEFAULT", 403), ("UNPRIVILEGED", 403), ("ADMIN", 303)])
def test_only_who_gives_access_says_where_logs_go(context: Context, group: str, status: int) -> None:
    visitor = login_of(context, "someone", group)
    assert visitor.send(STREAMS, NEW).status_code == status
    assert visitor.get(LOG).status_code == 200
    with context.database.read() as tx:
        assert len(log_streams.of_account(tx, PETIT)) == int(status == 303)


def test_an_accountant_sees_neither(context: Context) -> None:
    accountant = login_of(context, "ada", "ACCOUNTANT")
    assert {accountant.get(each).status_code for each in (LOG, STREAMS)} == {403}


def test_what_the_account_forwards_is_in_its_story(context: Context, petit: Visitor) -> None:
    petit.send(STREAMS, NEW)
    with context.database.read() as tx:
        (found,) = tx.all("SELECT actor, details FROM act WHERE verb = 'add_log_stream'")
        assert log_streams.find_forwardings(tx, PETIT, LogKind.CALLS, []) == []
    assert found.actor == f"account:{PETIT}/{PETIT}"
    assert found.details == {"name": "<b>here</b>", "host": "logs.example.com"}
