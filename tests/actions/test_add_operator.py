"""Adding operators, their tokens, and forms that are carried out once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from acquit.actions import submit_once
from acquit.actions.add_operator import (
    NoSuchOperator,
    OperatorExists,
    add_operator,
    create_operator_token,
    token_hash,
)
from acquit.actions.context import Context
from acquit.actions.passwords import WeakPassword
from acquit.actions.submit_once import KeyUsedForAnother, SubmittedBefore, claim, finish
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.core.errors import Invalid
from acquit.core.identifiers import OperatorId
from acquit.core.operator import RIGHTS, Operator, Right, Role, RoleForbids, require
from acquit.store import operators
from acquit.store.transaction import Database

PASSWORD = "plum-Quartz-7-lantern"


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    archive = DirectoryArchive(tmp_path)
    return Context(database, FixedClock(date(2026, 11, 23)), AesSealer(bytes(32)), archive, NullMailer())


def test_an_operator_is_added_once(context: Context) -> None:
    added = add_operator(context, "sam", " Sam Sales ", "sales", PASSWORD, by="cli", email="sam@example.com")
    assert added == Operator(OperatorId("sam"), "Sam Sales", "sam@example.com", Role.SALES)
    with pytest.raises(OperatorExists):
        add_operator(context, "sam", "Another", "auditor", PASSWORD, by="cli")
    with context.database.read() as tx:
        assert operators.every(tx) == [added]
        assert PASSWORD not in str(operators.password_hash(tx, "sam"))


@pytest.mark.parametrize(
    ("operator_id", "name", "role", "password", "refusal"),
    [
        ("", "Sam", "sales", PASSWORD, Invalid),
        ("Sam", "Sam", "sales", PASSWORD, Invalid),
        ("sam\n", "Sam", "sales", PASSWORD, Invalid),
        ("sam", "  ", "sales", PASSWORD, Invalid),
        ("sam", "Sam", "boss", PASSWORD, Invalid),
        ("sam", "Sam", "sales", "short", WeakPassword),
        ("sam", "Sam", "sales", "password123", WeakPassword),
        ("sam", "Sam", "sales", "x" * 300, WeakPassword),
    ],
)
def test_what_an_operator_may_not_be(
    context: Context, operator_id: str, name: str, role: str, password: str, refusal: type[Invalid]
) -> None:
    with pytest.raises(refusal):
        add_operator(context, operator_id, name, role, password, by="cli")
    with context.database.read() as tx:
        assert operators.every(tx) == []


def test_a_new_token_replaces_the_former(context: Context) -> None:
    add_operator(context, "sam", "Sam", "sales", PASSWORD, by="cli")
    first, second = (create_operator_token(context, "sam", by="cli") for _ in range(2))
    with context.database.read() as tx:
        assert operators.of_token(tx, token_hash(first)) is None
        found = operators.of_token(tx, token_hash(second))
        assert found is not None
        assert found.operator_id == "sam"
    with pytest.raises(NoSuchOperator):
        create_operator_token(context, "nobody", by="cli")


def test_rights_by_role() -> None:
    def rights(role: Role) -> set[Right]:
        operator = Operator(OperatorId("x"), "X", "", role)
        return {right for right in Right if operator.may(right)}

    assert rights(Role.AUDITOR) == set(), "an auditor changes nothing"
    assert rights(Role.ADMINISTRATOR) == set(Right)
    assert {Right.DECIDE_REQUESTS, Right.GRANT_TERMS} <= rights(Role.SALES)
    for role in (Role.BILLING, Role.TREASURY):
        assert not {Right.DECIDE_REQUESTS, Right.GRANT_TERMS} & rights(role)
    assert set(RIGHTS) == set(Role)
    left = Operator(OperatorId("x"), "X", "", Role.ADMINISTRATOR, active=False)
    with pytest.raises(RoleForbids):
        require(left, Right.GRANT_TERMS)
    require(Operator(OperatorId("x"), "X", "", Role.SALES), Right.GRANT_TERMS)


def test_the_first_sending_claims_and_later_ones_are_led_to_the_same_place(context: Context) -> None:
    assert claim(context, "form", "k", {"a": "1"}, b"file") is None
    finish(context, "form", "k", "/there")
    assert claim(context, "form", "k", {"a": "1"}, b"file") == "/there"
    assert claim(context, "form", "other", {"a": "1"}, b"file") is None
    assert claim(context, "other", "k", {"a": "1"}, b"file") is None
    with pytest.raises(KeyUsedForAnother):
        claim(context, "form", "k", {"a": "2"}, b"file")
    with pytest.raises(KeyUsedForAnother):
        claim(context, "form", "k", {"a": "1"}, b"another")


def test_what_is_shown_once_is_not_shown_again(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submit_once, "WAIT_SECONDS", 0.2)
    assert claim(context, "form", "k", {}) is None
    with pytest.raises(SubmittedBefore):
        claim(context, "form", "k", {})
    finish(context, "form", "k", "")
    with pytest.raises(SubmittedBefore):
        claim(context, "form", "k", {})


def test_of_many_sendings_at_once_one_claims(context: Context) -> None:
    def send(_: int) -> str | None:
        led_to = claim(context, "form", "k", {"a": "1"})
        if led_to is None:
            finish(context, "form", "k", "/there")
        return led_to

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(16)))
    assert answers.count(None) == 1
    assert answers.count("/there") == 15
