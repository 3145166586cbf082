"""OAuth2: service accounts, their tokens and rights, tokens that are traded for keys, discovery."""

import base64
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from acquit.actions.change_service_account import give_rights, take_rights
from acquit.actions.revoke_access import expire_credential
from acquit.core.access import Rule

from .families import Customer, Families
from .world import ACME, PETIT

Make = Callable[..., Customer]
READ_BILLS = "account:apiovh:me/bill/get"


@dataclass(frozen=True)
class Robot:
    """A service account of Acme, its secret, and where it calls."""

    origin: str
    key: str
    secret: str

    def ask(self, form: dict[str, str] | None = None, **options: Any) -> requests.Response:
        """Ask the token endpoint; the secret goes in the body unless told otherwise."""
        sent = {
            "grant_type": "client_credentials", "scope": "all", "client_id": self.key,
            "client_secret": self.secret,
        }  # fmt: skip
        return requests.post(f"{self.origin}/auth/oauth2/token", data=form or sent, timeout=60, **options)

    def token(self) -> str:
        reply = self.ask()
        assert reply.status_code == 200, reply.text
        return str(reply.json()["access_token"])

    def call(self, token: str, path: str = "/me/bill", method: str = "GET") -> requests.Response:
        return requests.request(
            method, f"{self.origin}/1.0{path}", headers={"Authorization": f"Bearer {token}"}, timeout=60
        )

    def soon(self, token: str, status: int, path: str = "/me/bill") -> bool:
        """Whether a call is answered so within moments."""
        for _ in range(200):
            if self.call(token, path).status_code == status:
                return True
            time.sleep(0.01)
        return False


@pytest.fixture
def robot(acme: Customer, families: Families) -> Iterator[Robot]:
    made = acme.post("/me/api/oauth2/client", name="nightly", description="books", flow="CLIENT_CREDENTIALS")
    yield Robot(families.origin, made["clientId"], made["clientSecret"])
    if made["clientId"] in acme.get("/me/api/oauth2/client"):
        acme.delete(f"/me/api/oauth2/client/{made['clientId']}")


def test_a_service_account_is_made_read_changed_and_removed(acme: Customer, robot: Robot) -> None:
    path = f"/me/api/oauth2/client/{robot.key}"
    shown = acme.get(path)
    assert (shown["name"], shown["flow"], shown["callbackUrls"]) == ("nightly", "CLIENT_CREDENTIALS", None)
    assert shown["identity"] == f"urn:v1:eu:identity:credential:{ACME}/oauth2-{robot.key}"
    assert robot.secret not in str(acme.page("/me/api/oauth2/client"))
    assert acme.put(path, **(shown | {"description": "closes the month"})) is None
    assert acme.get(path)["description"] == "closes the month"
    token = robot.token()
    assert acme.delete(path) is None
    assert robot.soon(token, 403)
    assert robot.ask().status_code == 401
    assert acme.refusal("GET", path)[0] == 404


def test_a_fresh_one_has_no_right_and_is_told_which_it_lacks(robot: Robot, families: Families) -> None:
    token = robot.token()
    refused = robot.call(token)
    assert (refused.status_code, refused.json()["message"]) == (403, "User not granted for this request")
    assert refused.json()["details"] == {
        "unauthorizedActionsByAuthentication": "", "unauthorizedActionsByIAM": READ_BILLS,
    }  # fmt: skip
    context = families.world.context
    give_rights(context, ACME, robot.key, [READ_BILLS], by="cli")
    assert robot.soon(token, 200)
    assert robot.call(token).json() == families.customer().get("/me/bill")
    assert robot.call(token, "/me/order").status_code == 403
    assert robot.call(token, "/order/cart").json()["details"]["unauthorizedActionsByIAM"] == "*"
    give_rights(context, ACME, robot.key, ["*"], by="cli")
    assert robot.soon(token, 200, "/order/cart")
    take_rights(context, ACME, robot.key, ["*", READ_BILLS], by="cli")
    assert robot.soon(token, 403)


def test_it_says_who_it_is(robot: Robot) -> None:
    said = robot.call(robot.token(), "/auth/details").json()
    assert (said["account"], said["method"], said["user"]) == (ACME, "oauth2_client_credentials", None)
    assert said["identities"] == [f"urn:v1:eu:identity:credential:{ACME}/oauth2-{robot.key}"]


def test_what_it_does_is_recorded_under_its_name(robot: Robot, families: Families) -> None:
    context = families.world.context
    give_rights(context, ACME, robot.key, ["account:apiovh:me/identity/group/*"], by="cli")
    said = requests.post(
        f"{robot.origin}/1.0/me/identity/group", json={"name": "made-by-robot"},
        headers={"Authorization": f"Bearer {robot.token()}"}, timeout=60,
    )  # fmt: skip
    assert said.status_code == 200, said.text
    with context.database.read() as tx:
        row = tx.one("SELECT actor FROM act WHERE verb LIKE '%%identity_group' ORDER BY act_id DESC LIMIT 1")
    assert row.actor == f"account:{ACME}/oauth2-{robot.key}"


def test_the_secret_goes_in_the_header_or_in_the_body(robot: Robot) -> None:
    basic = base64.b64encode(f"{robot.key}:{robot.secret}".encode()).decode()
    asked = {"grant_type": "client_credentials", "scope": "all"}
    said = robot.ask(asked, headers={"Authorization": f"Basic {basic}"})
    assert said.status_code == 200
    body = said.json()
    assert (body["token_type"], body["scope"]) == ("Bearer", "all")
    assert 3590 <= body["expires_in"] <= 3600
    assert said.headers["Cache-Control"] == "no-store"
    both = robot.ask(None, headers={"Authorization": f"Basic {basic}"})
    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "x" * 32}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": "a\0b"}, 401, "invalid_client"), ({"client_id": ""}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "unsupported_grant_type"), ({"scope": "some"}, 400, "invalid_scope"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_as_oauth2_says_it(
    robot: Robot, change: dict[str, str], status: int, error: str
) -> None:
    form = {
        "grant_type": "client_credentials", "scope": "all", "client_id": robot.key,
        "client_secret": robot.secret,
    }  # fmt: skip
    said = robot.ask(form | change)
    assert (said.status_code, said.json()["error"]) == (status, error)
    assert robot.secret not in said.text
    assert said.json()["error_description"]
    assert ("WWW-Authenticate" in said.headers) == (status == 401)


@pytest.mark.parametrize("header", ["Basic", "Basic %%%", "Basic bm9jb2xvbg==", "Basic /w=="])
def test_a_header_that_cannot_be_read(robot: Robot, header: str) -> None:
    said = robot.ask({"grant_type": "client_credentials"}, headers={"Authorization": header})
    assert (said.status_code, said.json()["error"]) == (401, "invalid_client")


def test_a_field_given_twice_and_a_body_that_is_no_form(robot: Robot) -> None:
    url = f"{robot.origin}/auth/oauth2/token"
    for body in (b"client_id=a&client_id=b", b"\xff", b"a=1&" * 30):
        assert requests.post(url, data=body, timeout=60).json()["error"] == "invalid_request"
    assert requests.get(url, timeout=60).status_code == 405
    assert requests.get(f"{robot.origin}/auth/oauth2/other", timeout=60).status_code == 404


def test_the_endpoint_can_be_discovered(robot: Robot) -> None:
    said = requests.get(f"{robot.origin}/auth/.well-known/openid-configuration", timeout=60).json()
    assert said["token_endpoint"] == f"{robot.origin}/auth/oauth2/token"
    assert said["grant_types_supported"] == ["client_credentials"]


def test_living_tokens_are_listed_and_ended(acme: Customer, robot: Robot) -> None:
    token = robot.token()
    assert robot.call(token, "/auth/time").status_code == 200
    path = f"/me/api/oauth2/token/{robot.key}"
    assert robot.key in acme.get("/me/api/oauth2/token")
    shown = acme.get(path)
    assert (shown["clientName"], shown["scopes"], len(shown["accessTokens"])) == ("nightly", ["all"], 1)
    assert token not in str(shown)
    assert acme.delete(path) is None
    assert robot.soon(token, 403, "/auth/details")
    assert acme.refusal("DELETE", path)[0] == 404
    assert robot.key not in acme.get("/me/api/oauth2/token")


def test_a_token_ends_by_itself_and_is_forgotten(robot: Robot, families: Families) -> None:
    token = robot.token()
    with families.world.context.database.write() as tx:
        tx.run(
            "UPDATE credential SET expires_at = now() - interval '1 second' WHERE credential_id IN "
            "(SELECT credential_id FROM access_token WHERE service_account_id = %(key)s)",
            key=robot.key,
        )
    time.sleep(1.1)
    assert robot.call(token, "/auth/details").json()["errorCode"] == "INVALID_CREDENTIAL"
    robot.token()
    with families.world.context.database.read() as tx:
        row = tx.one("SELECT count(*) FROM access_token WHERE service_account_id = %(key)s", key=robot.key)
    assert row[0] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"flow": "AUTHORIZATION_CODE"}, {"flow": "IMPLICIT"}, {"name": ""}, {"name": "a\nb"}, {"name": None},
        {"description": "x" * 501}, {"callbackUrls": ["https://example.com"]},
    ],
)  # fmt: skip
def test_a_service_account_that_cannot_be(acme: Customer, change: dict[str, object]) -> None:
    body = {"name": "n", "description": "d", "flow": "CLIENT_CREDENTIALS"} | change
    assert acme.refusal("POST", "/me/api/oauth2/client", body)[0] == 400


def test_a_stranger_has_none_of_it(customer: Make, robot: Robot) -> None:
    robot.token()
    stranger = customer(PETIT)
    for method in ("GET", "PUT", "DELETE"):
        assert stranger.refusal(method, f"/me/api/oauth2/client/{robot.key}")[0] == 404
    for method in ("GET", "DELETE"):
        assert stranger.refusal(method, f"/me/api/oauth2/token/{robot.key}")[0] == 404
    assert stranger.get("/me/api/oauth2/token") == []


# ---------------------------------------------------------------- tokens for keys


def bearer(families: Families, token: str, path: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{families.origin}/1.0{path}", headers=headers, timeout=60).status_code


def test_a_key_is_traded_for_a_token_with_its_rules(families: Families) -> None:
    narrow = families.customer(rules=(Rule("GET", "/me/bill*"), Rule("POST", "/auth/token")))
    token = narrow.post("/auth/token")["token"]
    assert bearer(families, token, "/me/bill") == 200
    assert bearer(families, token, "/me") == 403
    refused = families.customer(rules=(Rule("GET", "/me"),))
    assert refused.refusal("POST", "/auth/token")[0] == 403


def test_a_traded_token_ends_with_its_key(families: Families) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=10)
    caller = families.customer(expires_at=soon)
    credential_id = caller.get("/auth/currentCredential")["credentialId"]
    token = caller.post("/auth/token")["token"]
    assert bearer(families, token, "/me") == 200
    context = families.world.context
    with context.database.read() as tx:
        row = tx.one(
            "SELECT c.expires_at FROM access_token t JOIN credential c USING (credential_id) "
            "WHERE t.parent_id = %(parent)s",
            parent=credential_id,
        )
    assert row.expires_at <= soon
    expire_credential(context, ACME, credential_id, by="system")
    for _ in range(200):
        if bearer(families, token, "/me") == 403:
            break
        time.sleep(0.01)
    assert bearer(families, token, "/me") == 403


def test_a_service_account_trades_without_gaining_rights(robot: Robot) -> None:
    said = robot.call(robot.token(), "/auth/token", "POST")
    assert said.status_code == 200, said.text
    traded = said.json()["token"]
    assert robot.call(traded).status_code == 403
    assert robot.call(traded, "/auth/details").json()["method"] == "oauth2_client_credentials"
