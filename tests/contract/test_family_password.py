"""/me/changePassword and /me/passwordRecover: letters, links, and what nobody is told."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
import requests

from acquit.actions import passwords
from acquit.actions.attempts import FAILURES_FROM_ONE_ADDRESS_MAX, TooManyAttempts
from acquit.actions.context import Context
from acquit.actions.passwords import WeakPassword
from acquit.actions.recover_password import (
    NoAddressKnown,
    PasswordLinkOver,
    ask_password_link,
    find_password_link,
    reset_password,
    send_password_link,
)
from acquit.actions.sign_in import SignInRefused, session_hash, sign_in_account
from acquit.core.identifiers import AccountId
from acquit.store import sessions

from .families import Customer, Families
from .world import ACME, PETIT, SHOP

HERE, THERE = "http://127.0.0.1:8080", "https://evil.example"
NEW, OTHER = "plum-Quartz-7-lantern", "violet-Barrel-3-harvest"
NOBODY = AccountId("zz99999-acq")


@dataclass
class Hands:
    """A clock that is set, and the letters that were sent."""

    at: datetime = datetime(2026, 11, 23, 9, tzinfo=UTC)
    sent: list[tuple[str, str, str]] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def today(self, _zone: str) -> date:
        return self.at.date()

    def send(self, to: str, subject: str, text: str, account_id: str = "") -> None:
        assert not account_id, "a letter with a secret is not shown again"
        self.sent.append((to, subject, text))

    def link(self) -> str:
        """The secret of the latest letter."""
        found = re.search(r"(?:link=|Code ?: )(\S+)", self.sent[-1][2])
        assert found is not None
        return found[1]


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def context(families: Families, hands: Hands) -> Context:
    return replace(families.world.context, clock=hands, mailer=hands)


def ask(context: Context, name: str, address: str, origin: str = HERE) -> None:
    ask_password_link(context, name, origin=origin, address=address)


def hash_of(context: Context, login: str) -> str | None:
    with context.database.read() as tx:
        return sessions.password_hash(tx, login.partition("/")[0], login.rpartition("/")[2])


def test_a_link_sets_a_password_once(context: Context, hands: Hands) -> None:
    ask(context, f" {ACME.upper()} ", "192.0.2.1")
    (to, subject, text) = hands.sent[0]
    assert to == "alice@example.com"
    assert ACME in subject
    assert f"{HERE}/manager/password/new?link=" in text
    link = hands.link()
    assert find_password_link(context, link).login == ACME
    with pytest.raises(WeakPassword):
        reset_password(context, link, "password")
    reset_password(context, link, NEW)
    assert sign_in_account(context, ACME, NEW, address="192.0.2.1")
    reset_password(context, link, NEW)
    with pytest.raises(PasswordLinkOver):
        reset_password(context, link, OTHER)
    with pytest.raises(PasswordLinkOver):
        find_password_link(context, link)
    assert sign_in_account(context, ACME, NEW, address="192.0.2.1")


def test_a_link_is_over_after_an_hour_and_with_its_account(context: Context, hands: Hands) -> None:
    ask(context, PETIT, "192.0.2.2")
    link = hands.link()
    hands.at += timedelta(minutes=59)
    assert find_password_link(context, link).account_id == PETIT
    hands.at += timedelta(minutes=1)
    for call in (lambda: find_password_link(context, link), lambda: reset_password(context, link, NEW)):
        with pytest.raises(PasswordLinkOver):
            call()
    for wrong in ("", "x" * 43, link + "x"):
        with pytest.raises(PasswordLinkOver):
            reset_password(context, wrong, NEW)


def test_a_newer_password_ends_every_link_and_session(context: Context, hands: Hands) -> None:
    ask(context, SHOP, "192.0.2.3")
    first = hands.link()
    ask(context, SHOP, "192.0.2.3")
    assert len(hands.sent) == 1, "asked twice by accident, one letter"
    hands.at += timedelta(minutes=2)
    ask(context, SHOP, "192.0.2.3")
    second = hands.link()
    reset_password(context, second, NEW)
    token = sign_in_account(context, SHOP, NEW, address="192.0.2.3")
    with pytest.raises(PasswordLinkOver):
        reset_password(context, first, OTHER)
    hands.at += timedelta(minutes=2)
    ask(context, SHOP, "192.0.2.3")
    reset_password(context, hands.link(), OTHER)
    with context.database.read() as tx:
        assert sessions.of_account(tx, session_hash(token)) is None
    with pytest.raises(SignInRefused):
        sign_in_account(context, SHOP, NEW, address="192.0.2.3")


def test_whoever_is_reached_has_a_letter(acme: Customer, context: Context, hands: Hands) -> None:
    acme.post("/me/identity/user", login="eve", password=NEW, email="eve@example.com")
    acme.post("/me/identity/user", login="mute", password=NEW)
    acme.post("/me/identity/user", login="robot", type="SERVICE")
    ask(context, f"{ACME}/eve", "192.0.2.4")
    assert hands.sent[-1][0] == "eve@example.com"
    reset_password(context, hands.link(), OTHER)
    assert passwords.matches(hash_of(context, f"{ACME}/eve"), OTHER)
    hands.at += timedelta(minutes=2)
    sent = len(hands.sent)
    strange = (NOBODY, "no@example.com", "", "é/", f"{PETIT}/eve")
    for name in (f"{ACME}/mute", f"{ACME}/robot", f"{ACME}/nobody", *strange):
        ask(context, name, "192.0.2.4")
    assert len(hands.sent) == sent
    for login in ("mute", "robot", "nobody"):
        with pytest.raises(NoAddressKnown):
            send_password_link(context, ACME, login, origin=HERE, address="192.0.2.4", by="cli")
    ask(context, "ALICE@example.com", "192.0.2.4")
    assert {subject.rpartition(" ")[2] for _, subject, _ in hands.sent[sent:]} == {ACME, SHOP}


def test_a_made_up_host_is_in_no_letter(context: Context, hands: Hands) -> None:
    hands.at += timedelta(days=1)
    ask(context, SHOP, "192.0.2.5", THERE)
    assert THERE not in hands.sent[-1][2]
    assert find_password_link(context, hands.link()).account_id == SHOP
    hands.at += timedelta(minutes=2)
    known = replace(context, public_origin="https://billing.example/")
    ask(known, SHOP, "192.0.2.5", THERE)
    assert "https://billing.example/manager/password/new?link=" in hands.sent[-1][2]


def test_names_are_not_tried_without_end(context: Context, hands: Hands) -> None:
    for _ in range(FAILURES_FROM_ONE_ADDRESS_MAX):
        ask(context, NOBODY, "192.0.2.6")
    with pytest.raises(TooManyAttempts):
        ask(context, NOBODY, "192.0.2.6")
    assert hands.sent == []


def test_the_wire_says_the_same_to_everybody(
    acme: Customer, customer: Callable[..., Customer], families: Families
) -> None:
    assert acme.post("/me/changePassword") is None
    path = f"{families.origin}/1.0/me/passwordRecover"
    names = (("ovh", PETIT), ("ovh", NOBODY), ("ovh", "nobody@example.com"), ("kimsufi", PETIT))
    said = [
        requests.post(path, json={"ovhCompany": company, "ovhId": name}, timeout=60)
        for company, name in names
    ]
    assert {(reply.status_code, reply.text) for reply in said} == {(200, "null")}
    wrong = requests.post(path, json={"ovhCompany": "ovh"}, timeout=60)
    assert wrong.status_code == 400
