"""People sign in by the identity provider of their account: there, back by its form, and in; or refused."""

import base64
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from falcon.testing import Result, TestClient
from lxml import etree

from acquit.actions.add_identity_user import add_identity_user
from acquit.actions.change_identity_group import add_identity_group, remove_identity_group
from acquit.actions.context import Context
from acquit.actions.restrict_addresses import add_address_rule
from acquit.actions.set_identity_provider import (
    attach_identity_provider,
    change_identity_provider,
    remove_identity_provider,
)
from acquit.actions.sign_in import SignInRefused, sign_in_account
from acquit.console.app import make_app
from acquit.core.address_rule import Verdict
from acquit.core.identifiers import AccountId
from acquit.core.identity import Role
from acquit.core.saml import OurSide, PasswordsOff, Wishes
from acquit.store import identities
from acquit.store.transaction import Database
from e2e.conftest import NoSettings, context_on
from e2e.visitor import FORM, Visitor
from e2e.world import ACME, ACME_LAB, PASSWORD, SMALL
from saml_answers import CONFIRMED
from saml_idp import Asked, Idp, Key, at, packed

ORIGIN = "https://billing.example.com"
ACCOUNT = AccountId(ACME)
KEY, OTHER_KEY = Key(), Key()


@pytest.fixture
def context(world_database: Database, tmp_path: Path) -> Context:
    return replace(context_on(world_database, tmp_path), public_origin=ORIGIN)


@pytest.fixture
def idp(context: Context) -> Idp:
    made = Idp(KEY)
    attach_identity_provider(context, ACCOUNT, made.metadata(), Wishes(), by="cli")
    return made


@pytest.fixture
def client(context: Context, idp: Idp) -> TestClient:
    return TestClient(make_app(context, NoSettings()))


@pytest.fixture
def own(client: TestClient, context: Context) -> Visitor:
    return Visitor(client, {"acquit-manager": sign_in_account(context, ACME, PASSWORD, address="192.0.2.1")})


def begin(visitor: Visitor, idp: Idp, query: str = "", certificate: bytes | None = None) -> Asked:
    sent = visitor.get(f"/manager/sso?account={ACME}{query}")
    assert sent.status_code == 303, sent.text
    assert sent.headers["location"].startswith(f"{idp.url}?SAMLRequest=")
    return idp.read(sent.headers["location"], certificate)


def bring(client: TestClient, answer: str, account: str = ACME, **more: str) -> Result:
    """The form that the provider's page sends: from another site, without any cookie of ours."""
    return client.simulate_post(
        f"/manager/saml/{account}/acs",
        body=urlencode({"SAMLResponse": answer} | more),
        content_type=FORM,
        headers={"Origin": "https://idp.example.com", "Sec-Fetch-Site": "cross-site"},
    )


def sign_on(visitor: Visitor, idp: Idp, query: str = "") -> Result:
    """There and back; return the page on which the browser ends."""
    brought = bring(visitor.client, idp.answer(begin(visitor, idp, query)))
    assert brought.status_code == 303, brought.text
    assert not brought.cookies, "a cookie given here would replace the browser's own"
    return visitor.get(brought.headers["location"])


def acts(context: Context, verb: str) -> int:
    with context.database.read() as tx:
        return int(tx.one("SELECT count(*) AS n FROM act WHERE verb = %(verb)s", verb=verb).n)


def test_a_person_of_the_provider_is_signed_in_with_its_groups(
    context: Context, client: TestClient, idp: Idp, own: Visitor
) -> None:
    idp.groups = ("strangers", "UNPRIVILEGED", "ACCOUNTANT")
    visitor = Visitor(client, {})
    entered = sign_on(visitor, idp, "&next=/manager/bills")
    assert entered.headers["location"] == "/manager/bills"
    assert visitor.get("/manager/bills").status_code == 200
    page = visitor.get("/manager/security").text
    assert f"{ACME}/sso:alice@example.com" in page
    assert "asks what a sign-in needs" in page or "demande ce qu" in page
    assert visitor.send("/manager/security", {"do": "enrol"}).status_code == 400, (
        "there is no password to add to"
    )
    assert visitor.send("/manager/preferences", {"do": "language", "language": "fr"}).status_code == 403
    assert "sso:alice@example.com" in own.get("/manager/security").text, (
        "the account sees its people's sessions"
    )
    with context.database.read() as tx:
        assert identities.roles(tx, ACCOUNT, "sso:alice@example.com") == {Role.UNPRIVILEGED, Role.NONE}
        assert identities.members(tx, ACCOUNT, "UNPRIVILEGED") == []
    idp.groups = ("ADMIN",)
    again = Visitor(client, {})
    assert sign_on(again, idp).headers["location"] == "/manager"
    assert again.send("/manager/preferences", {"do": "language", "language": "fr_FR"}).status_code == 303
    with context.database.read() as tx:
        assert identities.roles(tx, ACCOUNT, "sso:alice@example.com") == {Role.ADMIN}
    assert sign_on(Visitor(client, {}), idp).status_code == 303
    assert acts(context, "take_groups_of_provider") == 2, "only where they changed"


def test_no_known_group_is_told_in_words(context: Context, client: TestClient, idp: Idp) -> None:
    idp.groups = ("strangers", "admin")
    refused = sign_on(Visitor(client, {}), idp)
    assert refused.status_code == 403
    assert "groupe" in refused.text or "groups" in refused.text
    with context.database.read() as tx:
        assert tx.one("SELECT count(*) AS n FROM identity_user WHERE type = 'FEDERATED'").n == 0
    add_identity_group(context, ACCOUNT, "strangers", Role.REGULAR, by="cli")
    assert sign_on(Visitor(client, {}), idp).status_code == 303
    remove_identity_group(context, ACCOUNT, "strangers", by="cli")
    assert sign_on(Visitor(client, {}), idp).status_code == 403


def test_a_person_of_the_provider_takes_over_no_login(context: Context, client: TestClient, idp: Idp) -> None:
    add_identity_user(context, ACCOUNT, "alice@example.com", PASSWORD, by="cli", group="ADMIN")
    idp.groups = ("UNPRIVILEGED",)
    visitor = Visitor(client, {})
    assert sign_on(visitor, idp).status_code == 303
    assert visitor.send("/manager/preferences", {"do": "language", "language": "fr_FR"}).status_code == 403
    idp.name = ACME
    own = Visitor(client, {})
    assert sign_on(own, idp).status_code == 303
    assert f"{ACME}/sso:{ACME}" in own.get("/manager/security").text, "nor the account's own"
    with pytest.raises(SignInRefused):
        sign_in_account(context, f"{ACME}/sso:{ACME}", "!", address="192.0.2.1")


def test_an_answer_counts_once_and_in_the_browser_that_asked(client: TestClient, idp: Idp) -> None:
    visitor, stranger = Visitor(client, {}), Visitor(client, {})
    stranger.get("/manager/login")
    answer = idp.answer(begin(visitor, idp))
    link = bring(client, answer).headers["location"]
    assert bring(client, answer).status_code == 403, "the same assertion"
    assert stranger.get(link).status_code == 403, "planted in another browser"
    assert visitor.get(link.replace(ACME, SMALL)).status_code == 403
    assert visitor.get(link).status_code == 303
    assert Visitor(client, dict(visitor.cookies)).get(link).status_code == 403, "the same code"
    other = Visitor(client, {})
    asked = begin(other, idp)
    first, second = idp.answer(asked), idp.signed(asked)
    assert bring(client, first).status_code == 303
    second.find("{*}Assertion").set("ID", "_b")
    for signature in second.find("{*}Assertion").findall("{*}Signature"):
        signature.getparent().remove(signature)
    idp.sign(second.find("{*}Assertion"))

    assert bring(client, packed(etree.fromstring(etree.tostring(second)))).status_code == 403, (
        "one answer a request"
    )


def test_at_one_moment_an_answer_counts_once(context: Context, client: TestClient, idp: Idp) -> None:
    """Sent eight times at once, and then the code eight times: one code, one session."""
    visitor = Visitor(client, {})
    answer = idp.answer(begin(visitor, idp))
    with ThreadPoolExecutor(8) as several:
        brought = list(several.map(lambda _: bring(client, answer), range(8)))
        assert sorted(each.status_code for each in brought) == [303] + [403] * 7
        link = next(each.headers["location"] for each in brought if each.status_code == 303)
        kept = dict(visitor.cookies)
        entered = list(several.map(lambda _: Visitor(client, dict(kept)).get(link).status_code, range(8)))
    assert sorted(entered) == [303] + [403] * 7
    with context.database.read() as tx:
        assert tx.one("SELECT count(*) AS n FROM session WHERE means = 'single-sign-on'").n == 1


def test_an_assertion_for_ever_counts_once(context: Context, client: TestClient, idp: Idp) -> None:
    """It may say that it never ends; the request that it answers is over in ten minutes."""
    idp.bend = lambda response: at(response, CONFIRMED).set("NotOnOrAfter", "9999-12-31T23:59:59Z")
    visitor = Visitor(client, {})
    answer = idp.answer(begin(visitor, idp))
    brought = bring(client, answer)
    assert brought.status_code == 303
    assert bring(client, answer).status_code == 403
    assert visitor.get(brought.headers["location"]).status_code == 303
    assert bring(client, answer).status_code == 403
    with context.database.read() as tx:
        kept = tx.one("SELECT max(expires_at) - now() AS kept FROM saml_assertion").kept
    assert kept < timedelta(minutes=12), "what is kept of it goes soon"


def test_answers_that_nobody_asked_for_are_refused(context: Context, client: TestClient, idp: Idp) -> None:
    ours = OurSide.of(ORIGIN, ACME)
    unasked = bring(client, idp.answer(Asked("_" + "0" * 48, ours.entity_id, ours.answers_url, "", None)))
    assert unasked.status_code == 403
    asked = begin(Visitor(client, {}), idp)
    with context.database.write() as tx:
        tx.run("UPDATE saml_request SET expires_at = now() - interval '1 second'")
    assert bring(client, idp.answer(asked)).status_code == 403, "ten minutes are over"
    assert bring(client, "").status_code == 403
    assert (
        client.simulate_post(f"/manager/saml/{ACME}/acs", body="x", content_type="text/plain").status_code
        == 400
    )
    assert client.simulate_get(f"/manager/saml/{ACME}/acs").status_code == 405
    assert client.simulate_post(
        f"/manager/saml/{ACME}/acs", body=urlencode({"SAMLResponse": "A" * 400_001}), content_type=FORM
    ).status_code in (400, 413)  # fmt: skip
    assert bring(client, "x", SMALL).status_code == 404
    assert bring(client, "x", "nobody-acq").status_code == 404


def test_answers_of_one_account_open_no_other(context: Context, client: TestClient, idp: Idp) -> None:
    """Two accounts with the same provider, as a company with a sub-account has."""
    attach_identity_provider(context, AccountId(ACME_LAB), idp.metadata(), Wishes(), by="cli")
    visitor = Visitor(client, {})
    asked = begin(visitor, idp)
    assert bring(client, idp.answer(asked), ACME_LAB).status_code == 403, "for another address"
    lab = OurSide.of(ORIGIN, ACME_LAB)
    forwarded = replace(asked, issuer=lab.entity_id, answers_url=lab.answers_url)
    assert bring(client, idp.answer(forwarded), ACME_LAB).status_code == 403, "the request is Acme's"
    answered = bring(client, idp.answer(asked))
    code = answered.headers["location"].rpartition("=")[2]
    assert visitor.get(f"/manager/saml/{ACME_LAB}/back?code={code}").status_code == 403
    assert visitor.get(answered.headers["location"]).status_code == 303
    stranger = Idp(OTHER_KEY, entity_id="https://evil.example")
    assert bring(client, stranger.answer(begin(visitor, idp))).status_code == 403


def test_nobody_is_sent_elsewhere(client: TestClient, idp: Idp) -> None:
    visitor = Visitor(client, {})
    assert sign_on(visitor, idp, "&next=https://evil.example/").headers["location"] == "/manager"
    brought = bring(client, idp.answer(begin(visitor, idp)), RelayState="https://evil.example/")
    assert brought.headers["location"].startswith(f"/manager/saml/{ACME}/back?code=")
    assert visitor.get(brought.headers["location"]).headers["location"] == "/manager"


def test_a_host_that_the_request_names_is_not_believed(context: Context, idp: Idp) -> None:
    app = TestClient(make_app(replace(context, public_origin=None), NoSettings()))
    assert (
        app.simulate_get(f"/manager/sso?account={ACME}", headers={"Host": "evil.example"}).status_code == 409
    )
    assert (
        app.simulate_get(f"/manager/saml/{ACME}/metadata", headers={"Host": "evil.example"}).status_code
        == 409
    )
    assert (
        app.simulate_get(f"/manager/sso?account={ACME}", headers={"Host": "127.0.0.1:8"}).status_code == 303
    )


def test_identity_users_are_shut_out_and_the_account_never(
    context: Context, client: TestClient, idp: Idp
) -> None:
    add_identity_user(context, ACCOUNT, "bob", PASSWORD, by="cli")
    address = {"address": "192.0.2.1"}
    bob = Visitor(client, {"acquit-manager": sign_in_account(context, f"{ACME}/bob", PASSWORD, **address)})
    person = Visitor(client, {})
    sign_on(person, idp)
    assert bob.get("/manager").status_code == 200
    change_identity_provider(context, ACCOUNT, Wishes(shuts_out_logins=True), by="cli")
    assert bob.get("/manager").status_code == 303, "the session is over"
    assert person.get("/manager").status_code == 200
    with pytest.raises(PasswordsOff):
        sign_in_account(context, f"{ACME}/bob", PASSWORD, **address)
    with pytest.raises(SignInRefused):
        sign_in_account(context, f"{ACME}/bob", "wrong", **address)
    assert sign_in_account(context, ACME, PASSWORD, **address)
    assert sign_in_account(context, SMALL, PASSWORD, **address)
    told = Visitor(client, {}).send("/manager/login", {"login": f"{ACME}/bob", "password": PASSWORD})
    assert told.status_code == 403
    remove_identity_provider(context, ACCOUNT, by="cli")
    assert sign_in_account(context, f"{ACME}/bob", PASSWORD, **address)
    assert person.get("/manager").status_code == 303, "its people are out"
    with context.database.read() as tx:
        assert tx.one("SELECT count(*) AS n FROM identity_user WHERE type = 'FEDERATED'").n == 0
        assert tx.one("SELECT count(*) AS n FROM saml_request").n == 0


def test_addresses_that_the_account_refuses_are_refused(
    context: Context, client: TestClient, idp: Idp
) -> None:
    add_address_rule(
        context, ACCOUNT, "198.51.100.0/24", Verdict(accepts=False), by="cli", address="192.0.2.1"
    )
    for address, status in (("198.51.100.7", 403), ("192.0.2.7", 303)):
        visitor = Visitor(client, {})
        brought = bring(client, idp.answer(begin(visitor, idp)))
        assert visitor.get(brought.headers["location"], remote_addr=address).status_code == status
    assert acts(context, "sign_in_refused") == 1


def test_requests_are_signed_where_the_account_wants_it(
    context: Context, client: TestClient, idp: Idp
) -> None:
    change_identity_provider(context, ACCOUNT, Wishes(signs_requests=True), by="cli")
    metadata = etree.fromstring(client.simulate_get(f"/manager/saml/{ACME}/metadata").content)

    certificate = base64.b64decode(metadata.findtext(".//{*}X509Certificate"))
    assert begin(Visitor(client, {}), idp, certificate=certificate).signed
    nobody = client.simulate_get("/manager/saml/zz99999-acq/metadata")
    assert nobody.status_code == 200, "it tells nobody which accounts there are"
    assert nobody.content == client.simulate_get(f"/manager/saml/{ACME}/metadata").content.replace(
        ACME.encode(), b"zz99999-acq"
    )
    assert client.simulate_get("/manager/saml/Not%20one/metadata").status_code == 404


def test_the_way_there_names_where_it_leads(client: TestClient) -> None:
    visitor = Visitor(client, {})
    assert (
        "/manager/sso/account?next=/manager/bills" in visitor.get("/manager/login?next=/manager/bills").text
    )
    page = visitor.get(f"/manager/sso/account?account={ACME.upper()}/bob&next=/manager/bills").text
    assert "idp.example.com" in page
    assert f'href="/manager/sso?account={ACME}&amp;next=/manager/bills"' in page
    assert "/manager/sso?" not in visitor.get(f"/manager/sso/account?account={SMALL}").text
    assert visitor.get("/manager/sso/account?account=%3Cscript%3E").text.count("<script>") == 0


# ---------------------------------------------------------------- the page of the account


def test_an_account_brings_tries_changes_renews_and_removes_its_provider(
    context: Context, own: Visitor, idp: Idp
) -> None:
    remove_identity_provider(context, ACCOUNT, by="cli")
    here = "/manager/identity-provider"
    assert f"{ORIGIN}/manager/saml/{ACME}/acs" in own.get(here).text
    refused = own.send(here, {"do": "attach", "metadata": "<a/>"})
    assert refused.status_code == 400
    assert "SAML 2.0" in refused.text
    assert (
        own.send(here, {"do": "attach", "metadata": idp.metadata(), "group_attribute": "roles"}).status_code
        == 303
    )
    assert own.send(here, {"do": "attach", "metadata": idp.metadata()}).status_code == 409
    idp.groups, idp.attributes = (), {"roles": ("ADMIN", "strangers")}
    asked = idp.read(own.get(f"{here}/try").headers["location"])
    told = own.get(bring(own.client, idp.answer(asked)).headers["location"])
    assert told.status_code == 200
    assert re.search(r"sso:alice@example\.com.*ADMIN.*strangers", told.text, re.DOTALL)
    with context.database.read() as tx:
        assert tx.one("SELECT count(*) AS n FROM identity_user WHERE type = 'FEDERATED'").n == 0
    changed = {"do": "change", "login_attribute": "uid", "group_attribute": "roles", "signs_requests": "1"}
    assert own.send(here, changed).status_code == 303
    assert 'value="uid"' in own.get(here).text
    assert own.send(here, {"do": "renew", "metadata": idp.metadata(OTHER_KEY)}).status_code == 303
    other = Idp(KEY, entity_id="https://other.example")
    assert own.send(here, {"do": "renew", "metadata": other.metadata()}).status_code == 409
    assert own.send(here, {"do": "remove"}).status_code == 303
    assert own.send(here, {"do": "remove"}).status_code == 404
    assert own.get(f"{here}/try").status_code == 404
    for verb in ("attach", "change", "renew"):
        assert acts(context, f"{verb}_identity_provider") >= 1


def test_long_metadata_and_a_session_that_ended(client: TestClient) -> None:
    """What is too long to be kept in a form does not keep anybody from signing in again."""
    visitor = Visitor(client, {})
    sent = visitor.post("/manager/identity-provider", {"do": "attach", "metadata": "x" * 100_000})
    assert sent.status_code == 401
    fields = visitor.hidden("/manager/login") | {
        "kept": re.findall(r'name="kept" value="([^"]*)"', sent.text)[0]
    }
    assert visitor.post("/manager/login", fields | {"login": ACME, "password": PASSWORD}).status_code == 303


def test_only_who_gives_access_changes_who_gives_it(context: Context, client: TestClient, idp: Idp) -> None:
    evil = Idp(OTHER_KEY, entity_id="https://evil.example")
    for login, group in (("worker", "DEFAULT"), ("reader", "UNPRIVILEGED")):
        add_identity_user(context, ACCOUNT, login, PASSWORD, by="cli", group=group)
        token = sign_in_account(context, f"{ACME}/{login}", PASSWORD, address="192.0.2.1")
        visitor = Visitor(client, {"acquit-manager": token})
        for do in ("attach", "change", "renew", "remove"):
            sent = visitor.send("/manager/identity-provider", {"do": do, "metadata": evil.metadata()})
            assert sent.status_code == 403, (login, do)
    person = Visitor(client, {})
    idp.groups = ("DEFAULT",)
    sign_on(person, idp)
    assert person.send("/manager/identity-provider", {"do": "remove"}).status_code == 403
    idp.groups = ("ADMIN",)
    admin = Visitor(client, {})
    sign_on(admin, idp)
    assert admin.send("/manager/identity-provider", {"do": "change"}).status_code == 303


@pytest.fixture(autouse=True)
def nothing_is_told_in_logs(caplog: Any) -> Iterator[None]:
    yield
    assert "SAMLResponse" not in caplog.text
    assert "alice" not in caplog.text
