"""The API explorer: calls with a session's rights, confirmed changes, keys of one's own, code of the call."""

import json
import re
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from falcon.testing import TestClient

from acquit.actions.add_identity_user import add_identity_user
from acquit.actions.change_identity_group import add_identity_group
from acquit.actions.context import Context
from acquit.actions.create_application import create_application
from acquit.actions.grant_consumer_key import grant_consumer_key
from acquit.actions.sign_in import sign_in_account
from acquit.api.entrance import Entrance
from acquit.api.explorer import Explorer
from acquit.console.app import make_app
from acquit.core.access import Rule
from acquit.core.identity import Role
from acquit.store.transaction import Database
from e2e.conftest import NoSettings
from e2e.trading import bill_of, trading
from e2e.visitor import Visitor
from e2e.world import PASSWORD
from founding import ACME, PETIT

CALL = "/manager/api/call"
ANSWER = re.compile(
    r'id="answer".*?<span class="badge \w+">(\d+)</span>.*?<pre class="code">(.*?)</pre>', re.DOTALL
)
CODE = re.compile(r'aria-label="(?:curl|Python|Node.js|Go)"><pre class="code">(.*?)</pre>', re.DOTALL)
UNSERVED = re.compile(r'href="(/manager/api/call\?method=GET&amp;path=[^"]+)"(?:(?!</tr>).)*>501<', re.DOTALL)


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return trading(database, tmp_path / "archive")


@pytest.fixture
def client(context: Context) -> Iterator[TestClient]:
    entrance = Entrance(context)
    yield TestClient(make_app(context, NoSettings(), explorer=Explorer(context, entrance)))
    entrance.close()


def enter(client: TestClient, context: Context, name: str) -> Visitor:
    return Visitor(client, {"acquit-manager": sign_in_account(context, name, PASSWORD, address="192.0.2.1")})


def form_of(method: str, path: str) -> str:
    return f"{CALL}?method={method}&path={path}"


def tried(visitor: Visitor, method: str, path: str, **typed: str) -> tuple[int, str]:
    """Make a call; return the status of the page and the text of the answer that it shows."""
    given = {name.replace("__", "."): text for name, text in typed.items()}
    fields = visitor.hidden(form_of(method, path)) | given
    page = visitor.post(CALL, fields)
    shown = ANSWER.search(page.text)
    return (int(shown[1]), unescape(shown[2])) if shown else (page.status_code, page.text)


def test_a_call_is_found_filled_in_and_made_with_the_session_s_rights(
    client: TestClient, context: Context
) -> None:
    petit = enter(client, context, PETIT)
    assert "/manager/api" in petit.get("/manager/keys").text
    listed = petit.get("/manager/api?q=bill+get").text
    assert 'path=%2Fme%2Fbill%2F%7BbillId%7D"' in listed
    assert ">501<" not in listed
    assert ">501<" in petit.get("/manager/api?all=1").text
    own, others = bill_of(context, PETIT), bill_of(context, ACME)
    status, text = tried(petit, "GET", "/me/bill/{billId}", path__billId=own)
    assert status == 200
    assert json.loads(text)["billId"] == own
    assert tried(petit, "GET", "/me/bill/{billId}", path__billId=others)[0] == 404, "another account's"
    assert tried(petit, "GET", "/me/bill/{billId}", path__billId="../../me")[0] == 404
    status, text = tried(petit, "GET", "/me/bill", query__date__from="2026-01-01T00:00:00Z")
    assert status == 200
    assert own in json.loads(text)


def test_a_change_is_confirmed_and_made_once(client: TestClient, context: Context) -> None:
    petit = enter(client, context, PETIT)
    fields = {"body__name": "Made <here>"}
    status, text = tried(petit, "POST", "/me/billing/group", **fields)
    assert status == 400
    assert "This call changes something" in text
    assert "Made &lt;here&gt;" in text, "what was typed stays"
    assert tried(petit, "POST", "/me/billing/group", sure="1", **fields)[0] == 200
    link = form_of("POST", "/me/billing/group")
    sent = petit.hidden(link) | {"sure": "1", "body.name": "twice"}
    first, second = (petit.post(link, sent) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 409)
    assert "This form was sent before" in second.text
    groups = json.loads(tried(petit, "GET", "/me/billing/group")[1])
    assert len(groups) == 2


def test_calls_not_served_or_about_a_key_are_told(client: TestClient, context: Context) -> None:
    petit = enter(client, context, PETIT)
    assert tried(petit, "GET", "/auth/currentCredential")[0] == 403
    assert petit.get(form_of("GET", "/nothing")).status_code == 404
    assert petit.get(CALL).status_code == 404
    listed = petit.get("/manager/api?all=1&q=get").text
    unserved = UNSERVED.search(listed)
    assert unserved is not None
    page = petit.get(unescape(unserved[1]))
    assert "it answers 501" in page.text


def test_a_login_calls_with_its_own_rights(client: TestClient, context: Context) -> None:
    add_identity_user(context, PETIT, "rita", PASSWORD, by="cli", group="UNPRIVILEGED")
    add_identity_group(context, PETIT, "outsiders", Role.NONE, None, by="cli")
    add_identity_user(context, PETIT, "olga", PASSWORD, by="cli", group="outsiders")
    rita = enter(client, context, f"{PETIT}/rita")
    assert tried(rita, "GET", "/me")[0] == 200
    assert tried(rita, "POST", "/me/billing/group", sure="1", body__name="office")[0] == 403
    olga = enter(client, context, f"{PETIT}/olga")
    for path in ("/manager", "/manager/bills", "/manager/api", "/manager/keys", "/createToken/"):
        refused = olga.get(path)
        assert refused.status_code == 403, path
        assert bill_of(context, PETIT) not in refused.text
    assert olga.get("/manager/security").status_code == 200


def test_keys_of_one_s_own_sign_the_call_and_are_not_shown(client: TestClient, context: Context) -> None:
    made = create_application(context, PETIT, "Night", by="system")
    rules = [Rule("GET", "/me/bill*")]
    key = grant_consumer_key(context, made.application.application_id, PETIT, rules, by="system").consumer_key
    petit = enter(client, context, PETIT)
    keys = {
        "key__application": made.application.application_key,
        "key__secret": made.secret,
        "key__consumer": key,
    }
    assert tried(petit, "GET", "/me/bill", **keys)[0] == 200
    assert tried(petit, "GET", "/me", **keys)[0] == 403, "the rules of the key hold"
    page = petit.post(
        CALL,
        petit.hidden(form_of("GET", "/me")) | {name.replace("__", "."): text for name, text in keys.items()},
    )
    assert key not in page.text
    assert made.secret not in page.text


def test_the_code_is_that_of_the_very_call(client: TestClient, context: Context) -> None:
    petit = enter(client, context, PETIT)
    fields = petit.hidden(form_of("POST", "/me/billing/group")) | {"sure": "1", "body.name": "it's <me>"}
    page = petit.post(CALL, fields).text
    curl, python, node, go = (unescape(each) for each in CODE.findall(page))
    assert "/1.0/me/billing/group" in curl
    parsed = subprocess.run(["bash", "-n"], input=curl, text=True, capture_output=True, check=False)
    assert parsed.returncode == 0, parsed.stderr
    compile(python, "sample", "exec")
    assert 'client.post("/me/billing/group", **{\'name\': "it\'s <me>"})' in python
    assert 'ovh.request("POST", "/me/billing/group", {"name": "it\'s <me>"}' in node
    assert (
        'client.Post("/me/billing/group", json.RawMessage("{\\"name\\": \\"it\'s <me>\\"}"), &answer)' in go
    )
    assert "<me>" not in page
    assert "script-src" not in petit.get(form_of("GET", "/me")).headers["content-security-policy"]
