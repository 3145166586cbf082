"""/me/identity/provider: the account's own identity provider, and what keys of its people may do."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from acquit.actions.sign_in import SignInOver, session_hash
from acquit.actions.sign_on_by_saml import Entered, accept_saml, begin_saml, finish_saml
from acquit.adapters.clock import SystemClock
from acquit.core.access import Rule
from acquit.core.saml import GROUP_ATTRIBUTE, NAME_ID
from acquit.store import sessions
from saml_idp import Idp, Key

from .families import Customer, Families
from .test_family_identity import soon
from .world import ACME, LAB, PETIT

Make = Callable[..., Customer]
PASSWORD = "correct-horse-battery-staple"
PATH = "/me/identity/provider"
KEY = Key()
ORIGIN = "http://127.0.0.1:8080"


@pytest.fixture
def idp(acme: Customer) -> Iterator[Idp]:
    """Acme's provider, gone after the test."""
    made = Idp(KEY)
    acme.post(PATH, metadata=made.metadata())
    yield made
    if acme.reply("GET", PATH).status_code == 200:
        acme.delete(PATH)


def stated(response: Any) -> Any:
    """The answer's statement that the person signed in."""
    return response.find("{*}Assertion/{*}AuthnStatement")


def entered(families: Families, idp: Idp) -> Entered:
    """Sign the provider's person in to Acme."""
    context, browser = families.world.context, "a secret of the browser"
    asked = idp.read(begin_saml(context, ACME, ORIGIN, browser))
    code = accept_saml(context, ACME, ORIGIN, idp.answer(asked))
    done = finish_saml(context, ACME, code, browser, address="192.0.2.1", browser="")
    assert isinstance(done, Entered)
    return done


def sign_on(families: Families, idp: Idp) -> str:
    """Sign the provider's person in to Acme and return its login."""
    entered(families, idp)
    return f"sso:{idp.name}"


def test_a_provider_is_brought_read_changed_and_removed(acme: Customer, customer: Make) -> None:
    idp = Idp(KEY)
    made = acme.post(PATH, metadata=idp.metadata())
    assert made == acme.get(PATH)
    assert made["ssoServiceUrl"] == idp.url
    assert (made["userAttributeName"], made["groupAttributeName"]) == (NAME_ID, GROUP_ATTRIBUTE)
    assert (made["disableUsers"], made["signRequests"]) == (False, False)
    assert made["extensions"] == {"requestedAttributes": []}
    (certificate,) = made["idpSigningCertificates"]
    assert certificate["subject"] == "CN=idp.example.com"
    assert datetime.fromisoformat(certificate["expiration"]) > datetime.now(UTC)
    assert acme.refusal("POST", PATH, {"metadata": idp.metadata()})[0] == 409
    asked = {"name": "mail", "isRequired": True, "nameFormat": None, "values": ["a"]}
    change = {
        "userAttributeName": "uid",
        "disableUsers": True,
        "extensions": {"requestedAttributes": [asked]},
    }
    assert acme.put(PATH, **change, signRequests=True) is None
    changed = acme.get(PATH)
    assert changed == made | change | {"signRequests": True, "lastUpdate": changed["lastUpdate"]}
    assert acme.put(PATH, disableUsers=None, signRequests=None, ssoServiceUrl="https://evil.example") is None
    back = acme.get(PATH)
    assert (back["disableUsers"], back["signRequests"], back["userAttributeName"]) == (False, False, "uid")
    assert back["ssoServiceUrl"] == idp.url, "what is read-only is left out"
    for other in (PETIT, LAB):
        assert customer(other).refusal("GET", PATH)[0] == 404
        assert customer(other).refusal("DELETE", PATH)[0] == 404
    assert acme.delete(PATH) is None
    for method, body in (("GET", None), ("PUT", {"disableUsers": True}), ("DELETE", None)):
        assert acme.refusal(method, PATH, body)[0] == 404


@pytest.mark.parametrize(
    ("said", "lasts"),
    [("", 12), (timedelta(hours=1), 1), (timedelta(hours=48), 12), ("9999-12-31T23:59:59Z", 12)],
)
def test_a_session_ends_with_the_one_at_the_provider(
    families: Families, acme: Customer, said: str | timedelta, lasts: int
) -> None:
    context = families.world.context
    now = context.clock.now()

    def bend(response: Any) -> None:
        instant = said if isinstance(said, str) else f"{now + said:%Y-%m-%dT%H:%M:%SZ}"
        if instant:
            stated(response).set("SessionNotOnOrAfter", instant)

    idp = Idp(KEY, bend=bend)
    acme.post(PATH, metadata=idp.metadata())
    token = entered(families, idp).token
    with context.database.read() as tx:
        session = sessions.of_account(tx, session_hash(token))
    acme.delete(PATH)
    assert session is not None
    assert abs(session.expires_at - now - timedelta(hours=lasts)) < timedelta(minutes=2)


class Later(SystemClock):
    """The clock five minutes later: a way back from the provider may take ten."""

    def now(self) -> datetime:
        return super().now() + timedelta(minutes=5)


def test_a_session_that_ended_at_the_provider_meanwhile_is_not_opened(
    families: Families, acme: Customer
) -> None:
    context, browser = families.world.context, "a secret of the browser"
    end = f"{context.clock.now() + timedelta(minutes=2):%Y-%m-%dT%H:%M:%SZ}"
    idp = Idp(KEY, bend=lambda response: stated(response).set("SessionNotOnOrAfter", end))
    acme.post(PATH, metadata=idp.metadata())
    asked = idp.read(begin_saml(context, ACME, ORIGIN, browser))
    code = accept_saml(context, ACME, ORIGIN, idp.answer(asked))
    later = replace(context, clock=Later())
    with pytest.raises(SignInOver, match="ended meanwhile"):
        finish_saml(later, ACME, code, browser, address="192.0.2.1", browser="")
    acme.delete(PATH)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "'metadata' is a required property"),
        ({"metadata": ""}, "empty"),
        ({"metadata": "<a/>"}, "no identity provider"),
        ({"metadata": Idp(KEY).metadata(url="http://idp.example.com")}, "https"),
        ({"metadata": Idp(KEY).metadata(), "userAttributeName": "x" * 501}, "500"),
        ({"metadata": Idp(KEY).metadata(), "surprise": 1}, "surprise"),
        (
            {"metadata": Idp(KEY).metadata(), "extensions": {"requestedAttributes": [{"name": "a"}]}},
            "isRequired",
        ),
    ],
)
def test_a_provider_that_cannot_be(acme: Customer, body: dict[str, object], words: str) -> None:
    found, message = acme.refusal("POST", PATH, body)
    assert (found, words in message) == (400, True), message
    assert acme.refusal("GET", PATH)[0] == 404


def test_metadata_may_be_long(acme: Customer) -> None:
    """Some providers describe much more than SAML: 100 kB are usual, a text of the wire has 64 KiB."""
    metadata = Idp(KEY).metadata().replace("<IDPSSO", f"<!-- {'x' * 150_000} --><IDPSSO")
    assert acme.post(PATH, metadata=metadata)["ssoServiceUrl"]
    acme.delete(PATH)
    assert acme.refusal("POST", PATH, {"metadata": metadata + " " * 500_000})[0] == 400


def test_only_who_gives_access_brings_who_gives_it(acme: Customer, families: Families, idp: Idp) -> None:
    for login, group in (("worker", "DEFAULT"), ("reader", "UNPRIVILEGED")):
        acme.post("/me/identity/user", login=login, password=PASSWORD, group=group)
        caller = families.customer(ACME, login=login)
        assert caller.get(PATH)["ssoServiceUrl"] == idp.url
        for method, body in (("POST", {"metadata": "x"}), ("PUT", {"disableUsers": True}), ("DELETE", None)):
            assert caller.refusal(method, PATH, body)[0] == 403, (login, method)
        acme.delete(f"/me/identity/user/{login}")
    reading = families.customer(ACME, rules=[Rule("GET", "/*")])
    assert reading.refusal("DELETE", PATH)[0] == 403
    assert acme.get(PATH)["disableUsers"] is False


def test_keys_of_its_people_do_what_their_groups_say(acme: Customer, families: Families, idp: Idp) -> None:
    idp.groups = ("UNPRIVILEGED",)
    login = sign_on(families, idp)
    person = families.customer(ACME, login=login)
    details = person.get("/auth/details")
    assert (details["method"], details["user"]) == ("provider", f"{ACME}/{login}")
    assert person.get("/me")["nichandle"] == ACME
    assert person.reply("PUT", "/me", {"city": "Lille"}).status_code == 403
    idp.groups = ("DEFAULT",)
    sign_on(families, idp)
    assert soon(person, 200, "PUT", "/me", {"city": "Nantes"})
    assert person.reply("DELETE", PATH).status_code == 403
    idp.groups = ("ACCOUNTANT",)
    sign_on(families, idp)
    assert soon(person, 403)
    idp.groups = ("ADMIN",)
    sign_on(families, idp)
    assert soon(person, 200)
    assert login not in acme.get("/me/identity/user"), "who is proven elsewhere is no identity user"
    assert acme.refusal("GET", f"/me/identity/user/{login}")[0] == 404
    assert acme.refusal("DELETE", f"/me/identity/user/{login}")[0] == 404
    assert login not in acme.get("/me/identity/group/ADMIN/user")
    acme.delete(PATH)
    assert soon(person, 403), "its keys end with the provider"
