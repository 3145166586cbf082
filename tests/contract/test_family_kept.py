"""/me/sshKey, /me/preferences/manager, /me/changeEmail with /me/task/emailChange."""

from collections.abc import Callable
from dataclasses import replace
from typing import LiteralString

import pytest

from acquit.actions.change_email import ask_email_change, token_of
from acquit.store import kept_texts

from .families import Customer, Families
from .world import ACME, PETIT

Make = Callable[..., Customer]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ada@example.com"
TASKS = "/me/task/emailChange"
AGE: LiteralString = """
    UPDATE email_change SET asked_at = now() - interval '8 days'
     WHERE account_id = 'ab12345-acq' AND email_change_id = %(id)s
"""


def test_public_keys_are_kept(acme: Customer, customer: Make) -> None:
    assert acme.post("/me/sshKey", keyName="laptop", key=KEY) is None
    assert acme.get("/me/sshKey") == ["laptop"]
    assert acme.get("/me/sshKey/laptop") == {"key": KEY, "keyName": "laptop"}
    assert acme.refusal("POST", "/me/sshKey", {"keyName": "laptop", "key": KEY})[0] == 409
    assert customer(PETIT).refusal("GET", "/me/sshKey/laptop")[0] == 404
    assert customer(PETIT).refusal("DELETE", "/me/sshKey/laptop")[0] == 404
    assert acme.delete("/me/sshKey/laptop") is None
    assert acme.refusal("DELETE", "/me/sshKey/laptop")[0] == 404


@pytest.mark.parametrize(
    "change",
    [
        {"key": "nothing"}, {"key": "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAAB"}, {"key": "ssh-dss AAAA"},
        {"key": "ssh-ed25519 %%%"}, {"key": KEY + "\nssh-rsa AAAA"}, {"key": "-----BEGIN PRIVATE KEY-----"},
        {"keyName": ""}, {"keyName": "a/b"}, {"keyName": None}, {"key": KEY + "x" * 8_000},
    ],
)  # fmt: skip
def test_a_key_that_cannot_be(acme: Customer, change: dict[str, object]) -> None:
    assert acme.refusal("POST", "/me/sshKey", {"keyName": "k", "key": KEY} | change)[0] == 400


def test_preferences_are_kept(acme: Customer, customer: Make) -> None:
    path = "/me/preferences/manager"
    assert acme.refusal("GET", f"{path}/SIDEBAR")[0] == 404
    assert acme.post(path, key="SIDEBAR", value='{"open": true, "é": "\\u20ac"}') is None
    assert acme.get(path) == ["SIDEBAR"]
    assert acme.get(f"{path}/SIDEBAR") == {"key": "SIDEBAR", "value": '{"open": true, "é": "\\u20ac"}'}
    assert acme.refusal("POST", path, {"key": "SIDEBAR", "value": "x"})[0] == 409
    assert acme.refusal("POST", path, {"key": "a b", "value": "x"})[0] == 400
    assert acme.refusal("POST", path, {"key": "big", "value": "x" * 20_001})[0] == 400
    assert acme.put(f"{path}/SIDEBAR", value="") is None
    assert acme.get(f"{path}/SIDEBAR")["value"] == ""
    stranger = customer(PETIT)
    for method, body in (("GET", None), ("PUT", {"value": "x"}), ("DELETE", None)):
        assert stranger.refusal(method, f"{path}/SIDEBAR", body)[0] == 404
    assert acme.delete(f"{path}/SIDEBAR") is None
    assert acme.get(path) == []


# ---------------------------------------------------------------- another address


def token(families: Families, number: int) -> str:
    """The token of the letter."""
    context = families.world.context
    with context.database.read() as tx:
        (asked,) = kept_texts.find_changes(tx, ACME, [number])
    return token_of(context, ACME, asked)


def test_an_address_holds_once_the_token_came_back(acme: Customer, families: Families) -> None:
    asked = acme.post("/me/changeEmail", newEmail="books@example.com")
    path = f"{TASKS}/{asked['id']}"
    assert (asked["state"], asked["dateDone"]) == ("todo", None)
    assert acme.get("/me")["email"] == "alice@example.com"
    assert acme.refusal("POST", f"{path}/accept", {"token": "x" * 24})[0] == 400
    assert acme.refusal("POST", f"{path}/accept", {"token": "é"})[0] == 400
    assert acme.post(f"{path}/accept", token=token(families, asked["id"])) is None
    assert acme.get("/me")["email"] == "books@example.com"
    done = acme.get(path)
    assert (done["state"], done["dateDone"] is None) == ("done", False)
    assert acme.refusal("POST", f"{path}/refuse", {"token": token(families, asked["id"])})[0] == 409


def test_a_change_is_refused_aborted_or_grows_old(acme: Customer, families: Families) -> None:
    before = acme.get("/me")["email"]
    first, second, third = (
        acme.post("/me/changeEmail", newEmail=f"{name}@example.com")["id"] for name in ("one", "two", "three")
    )
    assert acme.get(f"{TASKS}/{first}")["state"] == "aborted"
    assert acme.refusal("POST", f"{TASKS}/{second}/accept", {"token": token(families, second)})[0] == 409
    assert acme.post(f"{TASKS}/{third}/refuse", token=token(families, third)) is None
    assert acme.get(f"{TASKS}/{third}")["state"] == "refused"
    old = acme.post("/me/changeEmail", newEmail="old@example.com")["id"]
    assert acme.get(TASKS, state="todo") == [old]
    with families.world.context.database.write() as tx:
        tx.run(AGE, id=old)
    assert acme.get(TASKS, state="todo") == []
    assert old in acme.get(TASKS, state="aborted")
    assert acme.refusal("POST", f"{TASKS}/{old}/accept", {"token": token(families, old)})[0] == 409
    assert acme.get("/me")["email"] == before


def test_letters_go_to_both_addresses(families: Families) -> None:
    sent: list[tuple[str, str, str]] = []

    class Letters:
        def send(self, to: str, subject: str, text: str, account_id: str = "") -> None:
            sent.append((to, subject, text))

    context = replace(families.world.context, mailer=Letters())
    asked = ask_email_change(context, ACME, "new@example.com", by="system")
    assert sent[0][0] == "new@example.com"
    assert token(families, asked.email_change_id) in sent[0][2]
    assert token(families, asked.email_change_id) not in sent[1][2]
    assert "new@example.com" in sent[1][2]


def test_a_wrong_address_and_a_stranger(acme: Customer, customer: Make, families: Families) -> None:
    for wrong in ("nowhere", "a@b@c.example", "a b@example.com", "", "a\r\nb@example.com"):
        assert acme.refusal("POST", "/me/changeEmail", {"newEmail": wrong})[0] == 400
    number = acme.post("/me/changeEmail", newEmail="mine@example.com")["id"]
    stranger, right = customer(PETIT), token(families, number)
    assert stranger.refusal("GET", f"{TASKS}/{number}")[0] == 404
    for verb in ("accept", "refuse"):
        assert stranger.refusal("POST", f"{TASKS}/{number}/{verb}", {"token": right})[0] == 404
