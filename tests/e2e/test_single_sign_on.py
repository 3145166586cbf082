"""People sign in by an identity provider: over real HTTP, with tokens that are really signed, or refused."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from falcon.testing import Result, TestClient

from acquit.actions.context import Context
from acquit.adapters.identity_provider import OpenIdProvider
from acquit.console.app import make_app
from acquit.core.operator import Role
from acquit.core.session import Door
from acquit.core.single_sign_on import SignOnRules
from acquit.ports import SignOn
from acquit.store.transaction import Database
from e2e import open_id
from e2e.conftest import NoSettings, context_on
from e2e.open_id import CLIENT, Key, Provider
from e2e.visitor import Visitor
from e2e.world import ACME, ACME_LAB, SMALL

GROUPS = (("acquit-admins", Role.ADMINISTRATOR), ("bookkeepers", Role.TREASURY))
NEW_LOGIN = """
    INSERT INTO identity_user (account_id, login, type, email, password_hash)
    VALUES (%(id)s, %(login)s, 'USER', %(email)s, '!')
"""


@pytest.fixture
def provider() -> Iterator[Provider]:
    with open_id.served() as served:
        yield served


@pytest.fixture
def base(world_database: Database, tmp_path: Path) -> Context:
    made = context_on(world_database, tmp_path)
    with made.database.write() as tx:
        tx.run("UPDATE operator SET email = operator_id || '@example.com'")
        tx.run(NEW_LOGIN, id=SMALL, login="tess", email="Tess@Example.com")
    return made


def site(base: Context, provider: Provider, rules: SignOnRules | None = None) -> TestClient:
    there = OpenIdProvider(provider.issuer, CLIENT, open_id.SECRET)
    sign_on = SignOn(there, rules or SignOnRules())
    context = replace(base, sign_on={Door.OFFICE: sign_on, Door.MANAGER: sign_on})
    return TestClient(make_app(context, NoSettings()))


def sign_on(visitor: Visitor, provider: Provider, door: str = "office", query: str = "") -> Result:
    """Go there and back; return the page on which the browser ends."""
    sent = visitor.get(f"/{door}/sso{query}")
    assert sent.status_code == 303, sent.text
    back = urlsplit(provider.authorize(sent.headers["location"]))
    return visitor.get(f"{back.path}?{back.query}")


def office_of(answer: Result, visitor: Visitor) -> Visitor:
    assert answer.status_code == 303, answer.text
    return Visitor(visitor.client, visitor.cookies)


def test_staff_is_known_by_its_address_then_by_its_subject(base: Context, provider: Provider) -> None:
    client = site(base, provider)
    assert "/office/sso?next=" in Visitor(client, {}).get("/office/login?next=/office/bank").text
    visitor = Visitor(client, {})
    entered = sign_on(visitor, provider, query="?next=/office/bank")
    assert entered.headers["location"] == "/office/bank"
    page = visitor.get("/office/security").text
    assert "Tess Treasury" in page
    assert "Single sign-on" in page or "Authentification unique" in page
    provider.person |= {"email": "other@example.com"}
    assert sign_on(Visitor(client, {}), provider).status_code == 303, "the subject is known by now"
    provider.person |= {"sub": "s-2", "email": "tess@example.com"}
    refused = sign_on(Visitor(client, {}), provider)
    assert refused.status_code == 403, "the address changed hands: it opens nothing"
    with base.database.read() as tx:
        linked = tx.all("SELECT operator_id, subject FROM operator_identity")
    assert [(row.operator_id, row.subject) for row in linked] == [("tess", "s-1")]
    assert provider.asked.count("/keys") == 1, "keys are kept"


def test_an_answer_counts_once_and_in_the_browser_that_asked(base: Context, provider: Provider) -> None:
    client = site(base, provider)
    visitor, stranger = Visitor(client, {}), Visitor(client, {})
    stranger.get("/office/login")
    back = urlsplit(provider.authorize(visitor.get("/office/sso").headers["location"]))
    link = f"{back.path}?{back.query}"
    assert stranger.get(link).status_code == 403, "planted in another browser"
    assert visitor.get(link).status_code == 303
    assert Visitor(client, visitor.cookies).get(link).status_code == 403
    assert visitor.get("/manager/sso/back?code=x&state=y").status_code == 403
    back = urlsplit(provider.authorize(visitor.get("/office/sso").headers["location"]))
    other_door = f"{back.path}?{back.query}".replace("/office/", "/manager/")
    assert visitor.get(other_door).status_code == 403


HOUR = 3600


def _named(value: object) -> str:
    """Name a case the same in every process: a claim that is made from the time is named by its key."""
    return str([*value] if isinstance(value, dict) and any(map(callable, value.values())) else value)


@pytest.mark.parametrize(
    ("claims", "header", "missing"),
    [
        ({"iss": "https://evil.example"}, {}, ()),
        ({"aud": "another"}, {}, ()),
        ({"aud": [CLIENT, "another"]}, {}, ()),
        ({"azp": "another"}, {}, ()),
        ({"exp": lambda: int(time.time()) - HOUR}, {}, ()),
        ({"iat": lambda: int(time.time()) + HOUR}, {}, ()),
        ({"nbf": lambda: int(time.time()) + HOUR}, {}, ()),
        ({"nonce": "of another sign-in"}, {}, ()),
        ({"sub": ""}, {}, ()),
        ({"sub": 7}, {}, ()),
        ({}, {}, ("nonce",)),
        ({}, {}, ("exp",)),
        ({}, {}, ("aud",)),
        ({}, {}, ("iss",)),
        ({}, {}, ("sub",)),
        ({}, {"alg": "none"}, ()),
        ({}, {"alg": "HS256"}, ()),
        ({}, {"kid": "unknown"}, ()),
    ],
    ids=_named,
)
def test_a_token_that_proves_nothing_is_refused(
    base: Context,
    provider: Provider,
    claims: dict[str, Any],
    header: dict[str, Any],
    missing: tuple[str, ...],
) -> None:
    said = {name: value() if callable(value) else value for name, value in claims.items()}
    provider.claims, provider.header, provider.missing = said, header, missing
    visitor = Visitor(site(base, provider), {})
    refused = sign_on(visitor, provider)
    assert refused.status_code == 403, refused.text
    assert "acquit-office" not in visitor.cookies
    provider.claims, provider.header, provider.missing = {}, {}, ()
    assert sign_on(visitor, provider).status_code == 303, "the same way is open to a token that does"


def test_a_token_of_another_key_is_refused_and_new_keys_are_fetched(
    base: Context, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = site(base, provider)
    assert sign_on(Visitor(client, {}), provider).status_code == 303
    provider.key = Key("first")
    assert sign_on(Visitor(client, {}), provider).status_code == 403, "the name of a key is not the key"
    provider.key = Key("second")
    provider.published.append(provider.key.published)
    assert sign_on(Visitor(client, {}), provider).status_code == 403, (
        "keys are not fetched at every wrong token"
    )
    monkeypatch.setattr("acquit.adapters.identity_provider.ANEW_SECONDS", 0.0)
    assert sign_on(Visitor(client, {}), provider).status_code == 303


def test_wrong_codes_and_providers_that_do_not_answer_are_told(base: Context, provider: Provider) -> None:
    client = site(base, provider)
    visitor = Visitor(client, {})
    back = urlsplit(provider.authorize(visitor.get("/office/sso").headers["location"]))
    provider.codes.clear()
    assert visitor.get(f"{back.path}?{back.query}").status_code == 403
    back = urlsplit(provider.authorize(visitor.get("/office/sso").headers["location"]))
    mixed = re.sub(r"iss=[^&]+", "iss=https://evil.example", back.query)
    assert visitor.get(f"{back.path}?{mixed}").status_code == 403
    assert visitor.get("/office/sso/back?error=access_denied&state=x").status_code == 403
    provider.about = {"issuer": "https://evil.example"}
    assert Visitor(site(base, provider), {}).get("/office/sso").status_code == 502
    provider.about = {"authorization_endpoint": "http://evil.example/authorize"}
    assert Visitor(site(base, provider), {}).get("/office/sso").status_code == 502
    gone = replace(
        base, sign_on={Door.OFFICE: SignOn(OpenIdProvider("http://127.0.0.1:9", "a", "b"), SignOnRules())}
    )
    silent = TestClient(make_app(gone, NoSettings()))
    assert Visitor(silent, {}).get("/office/sso").status_code == 502
    assert Visitor(silent, {}).get("/manager/sso").status_code == 404, "no provider stands at this door"


@pytest.mark.parametrize(
    "person",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": "nobody@example.com"},
        {"email": "tess@example.com.evil.example"},
        {"email": ["tess@example.com"]},
    ],
    ids=str,
)
def test_who_is_not_known_stays_outside(base: Context, provider: Provider, person: dict[str, Any]) -> None:
    provider.person |= person
    assert sign_on(Visitor(site(base, provider), {}), provider).status_code == 403
    assert sign_on(Visitor(site(base, provider), {}), provider, "manager").status_code == 403


def test_domains_and_groups_decide(base: Context, provider: Provider) -> None:
    strange = site(base, provider, SignOnRules(("example.net",)))
    assert sign_on(Visitor(strange, {}), provider).status_code == 403
    client = site(base, provider, SignOnRules(("example.com",), GROUPS))
    assert sign_on(Visitor(client, {}), provider).status_code == 403, "no group gives a role"
    provider.person |= {"groups": ["people", "bookkeepers", "acquit-admins"]}
    visitor = Visitor(client, {})
    assert sign_on(visitor, provider).status_code == 303
    with base.database.read() as tx:
        assert tx.one("SELECT role FROM operator WHERE operator_id = 'tess'").role == "administrator"
        assert tx.one("SELECT count(*) AS n FROM act WHERE verb = 'take_role_of_provider'").n == 1
    assert visitor.get("/office/staff").text.count('value="reset"') == 0
    with base.database.write() as tx:
        tx.run("UPDATE operator SET active = false WHERE operator_id = 'tess'")
    assert sign_on(Visitor(client, {}), provider).status_code == 403


def test_an_identity_user_signs_in_and_chooses_among_its_accounts(base: Context, provider: Provider) -> None:
    client = site(base, provider)
    visitor = Visitor(client, {})
    assert (
        sign_on(visitor, provider, "manager", "?next=/manager/bills").headers["location"] == "/manager/bills"
    )
    assert f"{SMALL}/tess" in visitor.get("/manager/security").text
    with base.database.write() as tx:
        tx.run(NEW_LOGIN, id=ACME, login="consultant", email="tess@example.com")
    several = sign_on(Visitor(client, {}), provider, "manager")
    assert several.status_code == 200
    assert f"/manager/sso?account={ACME}" in several.text
    chosen = Visitor(client, {})
    assert sign_on(chosen, provider, "manager", f"?account={ACME}").status_code == 303
    assert f"{ACME}/consultant" in chosen.get("/manager/security").text
    assert sign_on(Visitor(client, {}), provider, "manager", f"?account={ACME_LAB}").status_code == 403
    with base.database.write() as tx:
        tx.run("UPDATE identity_user SET status = 'DISABLED' WHERE login = 'consultant'")
    assert chosen.get("/manager").status_code == 303
    assert sign_on(Visitor(client, {}), provider, "manager", f"?account={ACME}").status_code == 403


def test_signing_out_tells_of_the_provider_too(base: Context, provider: Provider) -> None:
    visitor = Visitor(site(base, provider), {})
    sign_on(visitor, provider)
    out = visitor.post("/office/logout", {"csrf": visitor.hidden("/office")["csrf"]})
    assert out.headers["location"] == "/office/login?left=1"
    stolen = Visitor(visitor.client, visitor.cookies)
    assert stolen.get("/office").status_code == 303
    assert 'href="/office/sso/leave"' in visitor.get("/office/login?left=1").text
    there = visitor.get("/office/sso/leave").headers["location"]
    assert there.startswith(f"{provider.issuer}/leave?client_id={CLIENT}&post_logout_redirect_uri=")
