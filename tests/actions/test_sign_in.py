"""Signing in: who may, how often one may guess, and what ends a session."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import LiteralString

import pytest

from acquit.actions import attempts, passwords
from acquit.actions.add_operator import add_operator
from acquit.actions.attempts import TooManyAttempts
from acquit.actions.context import Context
from acquit.actions.sign_in import (
    SignInRefused,
    end_account_sessions,
    session_hash,
    sign_in_account,
    sign_in_operator,
    sign_out,
)
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.core.identifiers import AccountId
from acquit.store import sessions
from acquit.store.transaction import Database

PASSWORD = "plum-Quartz-7-lantern"
ACCOUNT = AccountId("ab12345-acq")
HERE = "192.0.2.1"
THERE = "192.0.2.2"

WORLD: LiteralString = """
    SET CONSTRAINTS ALL DEFERRED;
    INSERT INTO legal_entity (legal_entity_id, name, street, zip, city, country, currency, zone,
                              bill_series_id, credit_series_id, deposit_series_id)
    VALUES ('FR', 'Seller', '1 rue', '59000', 'Lille', 'FR', 'EUR', 'Europe/Paris', 'FR', 'FR', 'FR');
    INSERT INTO account (account_id, legal_entity_id, payer_id, currency, language)
    VALUES ('ab12345-acq', 'FR', 'ab12345-acq', 'EUR', 'en_GB'),
           ('zz99999-acq', 'FR', 'zz99999-acq', 'EUR', 'fr_FR');
    UPDATE account SET state = 'closed' WHERE account_id = 'zz99999-acq';
"""
LOGIN: LiteralString = """
    INSERT INTO identity_user (account_id, login, type, status, password_hash)
    VALUES (%(account_id)s, %(login)s, %(type)s, %(status)s, %(hash)s)
"""


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    hashed = passwords.hashed(PASSWORD)
    with database.write() as tx:
        for statement in WORLD.split(";")[:-1]:
            tx.connection.execute(statement.encode())
        for account_id, login, kind, status in (
            ("ab12345-acq", "ab12345-acq", "ROOT", "OK"),
            ("ab12345-acq", "alice", "USER", "OK"),
            ("ab12345-acq", "gone", "USER", "DISABLED"),
            ("ab12345-acq", "robot", "SERVICE", "OK"),
            ("zz99999-acq", "zz99999-acq", "ROOT", "OK"),
        ):
            tx.run(LOGIN, account_id=account_id, login=login, type=kind, status=status, hash=hashed)
    archive = DirectoryArchive(tmp_path)
    made = Context(database, FixedClock(date(2026, 11, 23)), AesSealer(bytes(32)), archive, NullMailer())
    add_operator(made, "sam", "Sam Sales", "sales", PASSWORD, by="system")
    return made


@pytest.mark.parametrize(
    ("name", "login"),
    [
        ("ab12345-acq", "ab12345-acq"),
        ("  AB12345-acq ", "ab12345-acq"),
        ("ab12345-acq/alice", "alice"),
        ("ab12345-acq/ab12345-acq", "ab12345-acq"),
    ],
)
def test_the_right_password_opens_a_session(context: Context, name: str, login: str) -> None:
    token = sign_in_account(context, name, PASSWORD, address=HERE)
    with context.database.read() as tx:
        session = sessions.of_account(tx, session_hash(token))
        assert session is not None
        assert (session.account_id, session.login, session.language) == (ACCOUNT, login, "en_GB")
        assert sessions.of_operator(tx, session_hash(token)) is None


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ab12345-acq", "wrong"),
        ("ab12345-acq", ""),
        ("ab12345-acq", PASSWORD + "\0"),
        ("ab12345-acq/bob", PASSWORD),
        ("ab12345-acq/gone", PASSWORD),
        ("ab12345-acq/robot", PASSWORD),
        ("zz99999-acq", PASSWORD),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("a\0b", PASSWORD),
        ("ab12345-acq/' OR 1=1 --", PASSWORD),
        ("x" * 100_000, PASSWORD),
    ],
    ids=str,
)
def test_everything_else_is_refused_in_the_same_words(context: Context, name: str, password: str) -> None:
    with pytest.raises(SignInRefused, match="do not match"):
        sign_in_account(context, name, password, address=HERE)


def test_operators_sign_in_at_their_own_door_only(context: Context) -> None:
    token = sign_in_operator(context, "sam", PASSWORD, address=HERE)
    with context.database.read() as tx:
        session = sessions.of_operator(tx, session_hash(token))
        assert session is not None
        assert session.actor == "operator:sam"
        assert sessions.of_account(tx, session_hash(token)) is None
    with pytest.raises(SignInRefused):
        sign_in_account(context, "sam", PASSWORD, address=HERE)
    with pytest.raises(SignInRefused):
        sign_in_operator(context, "ab12345-acq", PASSWORD, address=HERE)


def test_tokens_are_kept_as_hashes_only(context: Context) -> None:
    token = sign_in_account(context, ACCOUNT, PASSWORD, address=HERE)
    with context.database.read() as tx:
        kept = tx.one("SELECT session_hash FROM session").session_hash
    assert bytes(kept) == hashlib.sha256(token.encode()).digest()
    assert len(token) >= 43


def test_the_sixth_guess_from_one_address_is_not_looked_at(context: Context) -> None:
    for _ in range(attempts.FAILURES_FROM_ONE_ADDRESS_MAX):
        with pytest.raises(SignInRefused):
            sign_in_account(context, ACCOUNT, "wrong", address=HERE)
    with pytest.raises(TooManyAttempts) as refused:
        sign_in_account(context, ACCOUNT, PASSWORD, address=HERE)
    assert refused.value.details["retry_seconds"] == "900"
    assert sign_in_account(context, ACCOUNT, PASSWORD, address=THERE), "the owner elsewhere is not locked out"


def test_names_are_counted_one_by_one_and_a_success_forgives(context: Context) -> None:
    for _ in range(attempts.FAILURES_FROM_ONE_ADDRESS_MAX - 1):
        with pytest.raises(SignInRefused):
            sign_in_account(context, ACCOUNT, "wrong", address=HERE)
    assert sign_in_account(context, "ab12345-acq/alice", PASSWORD, address=HERE)
    assert sign_in_account(context, ACCOUNT, PASSWORD, address=HERE)
    with pytest.raises(SignInRefused):
        sign_in_account(context, ACCOUNT, "wrong", address=HERE)


def test_one_address_may_not_try_every_name(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FAILURES_OF_AN_ADDRESS_MAX", 6)
    for number in range(6):
        with pytest.raises(SignInRefused):
            sign_in_account(context, f"ab{number:05d}-acq", "wrong", address=HERE)
    with pytest.raises(TooManyAttempts):
        sign_in_account(context, ACCOUNT, PASSWORD, address=HERE)


def test_many_addresses_may_not_share_the_guessing(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FAILURES_ON_ONE_NAME_MAX", 6)
    for number in range(6):
        with pytest.raises(SignInRefused):
            sign_in_account(context, ACCOUNT, "wrong", address=f"198.51.100.{number}")
    with pytest.raises(TooManyAttempts):
        sign_in_account(context, ACCOUNT, PASSWORD, address=THERE)


def test_guesses_at_once_count_as_guesses_in_turn(context: Context) -> None:
    def guess(_: int) -> type[Exception]:
        try:
            sign_in_account(context, ACCOUNT, "wrong", address=HERE)
        except (SignInRefused, TooManyAttempts) as refusal:
            return type(refusal)
        raise AssertionError

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(guess, range(20)))
    assert answers.count(SignInRefused) == attempts.FAILURES_FROM_ONE_ADDRESS_MAX


def test_signing_out_ends_one_session(context: Context) -> None:
    first, second = (sign_in_account(context, ACCOUNT, PASSWORD, address=HERE) for _ in range(2))
    sign_out(context, first)
    with context.database.read() as tx:
        assert sessions.of_account(tx, session_hash(first)) is None
        assert sessions.of_account(tx, session_hash(second)) is not None


def test_an_accounts_sessions_end_together_or_by_login(context: Context) -> None:
    root = sign_in_account(context, ACCOUNT, PASSWORD, address=HERE)
    alice = sign_in_account(context, "ab12345-acq/alice", PASSWORD, address=HERE)
    assert end_account_sessions(context, ACCOUNT, by="system", login="alice") == 1
    with context.database.read() as tx:
        assert sessions.of_account(tx, session_hash(alice)) is None
        assert sessions.of_account(tx, session_hash(root)) is not None
    assert end_account_sessions(context, ACCOUNT, by="system") == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE identity_user SET status = 'DISABLED' WHERE login = 'alice'",
        "DELETE FROM identity_user WHERE login = 'alice'",
        "UPDATE account SET state = 'closed' WHERE account_id = 'ab12345-acq'",
        "UPDATE session SET expires_at = now() - interval '1 second'",
    ],
)
def test_a_session_ends_with_what_it_stands_on(context: Context, change: LiteralString) -> None:
    token = sign_in_account(context, "ab12345-acq/alice", PASSWORD, address=HERE)
    with context.database.write() as tx:
        tx.run(change)
    with context.database.read() as tx:
        assert sessions.of_account(tx, session_hash(token)) is None


def test_an_operator_who_left_has_no_session(context: Context) -> None:
    token = sign_in_operator(context, "sam", PASSWORD, address=HERE)
    with context.database.write() as tx:
        tx.run("UPDATE operator SET active = false")
    with context.database.read() as tx:
        assert sessions.of_operator(tx, session_hash(token)) is None
    with pytest.raises(SignInRefused):
        sign_in_operator(context, "sam", PASSWORD, address=HERE)
