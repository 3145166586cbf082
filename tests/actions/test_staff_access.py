"""The commands of access: operators, applications, consumer keys; what they print and how they exit."""

import io
import sys
from base64 import b32decode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.actions.passwords import matches
from acquit.cli.screen import Screen
from acquit.core.identifiers import AccountId, CredentialId
from acquit.core.second_factor import code_at
from acquit.store import access, operators
from acquit.store.transaction import Database
from commanding import Run, commander
from founding import ACME, LAB, PETIT, found, settle, verbs

PASSWORD = "plum-Quartz-7-lantern"


@pytest.fixture
def context(database: Database) -> Context:
    made = found(database)
    settle(made)
    return made


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    return commander(context, capsysbinary, tmp_path)


def grant(run: Run, *options: object) -> object:
    made = run("application", "create", "--account", ACME, "--name", "Books")
    return run("consumer-key", "grant", "--application", made["application_key"], "--account", LAB, *options)


def secret_of(context: Context, operator: str) -> str | None:
    with context.database.read() as tx:
        return operators.password_hash(tx, operator)


# ---------------------------------------------------------------- operators


def test_an_operator_gets_a_password_where_nobody_answers(run: Run, context: Context) -> None:
    made = run("operator", "add", "zoe", "--name", "Zoé", "--role", "treasury")
    assert (made["operator"], made["role"], made["active"], "token" in made) == (
        "zoe", "treasury", True, False,
    )  # fmt: skip
    assert matches(secret_of(context, "zoe"), made["password"])
    assert [each["operator"] for each in run("operator", "list")] == ["bea", "bob", "sam", "zoe"]
    code, text = run("operator", "list", as_json=False)
    assert (code, "treasury" in text) == (0, True)
    assert verbs(context)[-1] == "add_operator"


def test_a_piped_password_is_taken_and_not_shown(
    run: Run, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = ("operator", "add", "zoe", "--name", "Zoé", "--role", "auditor", "--password-from-pipe", "--token")
    monkeypatch.setattr(sys, "stdin", io.StringIO("secret\n"))
    assert run(*add) == (1, "weak-password")
    monkeypatch.setattr(sys, "stdin", io.StringIO("zoe-zoe-zoe\n"))
    assert run(*add) == (1, "weak-password")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert run(*add) == (1, "weak-password")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    made = run(*add)
    assert "password" not in made
    assert len(made["token"]) > 30
    assert matches(secret_of(context, "zoe"), PASSWORD)


def test_a_person_is_asked_for_the_password_twice(
    run: Run, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Screen, "is_attended", property(lambda _: True))
    for typed, expected in (
        ([PASSWORD, "another"], (1, "weak-password")),
        ([PASSWORD, PASSWORD], "zoe"),
        ([""], "yan"),
    ):
        answers = iter(typed)
        monkeypatch.setattr("acquit.cli.screen.getpass", lambda _, answers=answers: next(answers))
        name = expected if isinstance(expected, str) else "zoe"
        made = run("operator", "add", name, "--name", "Zoé", "--role", "sales")
        assert (made if isinstance(expected, tuple) else made["operator"]) == expected
    assert matches(secret_of(context, "zoe"), PASSWORD)


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        (("sam", "--name", "Sam", "--role", "sales"), (1, "operator-exists")),
        (("Sam!", "--name", "Sam", "--role", "sales"), (1, "invalid")),
        (("zoe", "--name", " ", "--role", "sales"), (1, "invalid")),
        (("zoe", "--name", "Zo\x1b[2Jé", "--role", "sales"), (1, "invalid")),
        (("zoe", "--name", "Zoé", "--role", "king"), (2, "usage")),
        (("zoe", "--role", "sales"), (2, "usage")),
    ],
)
def test_a_wrong_operator_is_refused(
    run: Run, context: Context, options: tuple[str, ...], refused: tuple[int, str]
) -> None:
    assert run("operator", "add", *options) == refused
    with context.database.read() as tx:
        assert len(operators.every(tx)) == 3


def test_a_token_replaces_the_former_one_when_that_is_wanted(run: Run) -> None:
    first = run("operator", "token", "sam")["token"]
    assert run("operator", "token", "sam") == (1, "not-confirmed")
    assert run("operator", "token", "sam", "--yes")["token"] != first
    assert run("operator", "token", "nobody") == (1, "no-such-operator")


def test_an_operator_is_given_a_device_and_loses_it(run: Run, context: Context) -> None:
    made = run("operator", "set-up-device", "sam")
    assert made["link"].startswith("otpauth://totp/Acquit%3Asam?secret=" + made["secret"])
    code = code_at(b32decode(made["secret"]), int(context.clock.now().timestamp()) // 30)
    assert run("operator", "confirm-device", "sam", "nothing") == (1, "wrong-code")
    codes = run("operator", "confirm-device", "sam", code)["backup_codes"]
    assert len(set(codes)) == 10
    assert [each["operator"] for each in run("operator", "list") if each["second_factor"]] == ["sam"]
    assert run("operator", "set-up-device", "sam") == (1, "wrong-state")
    assert run("operator", "reset-second-factor", "sam") == (1, "not-confirmed")
    assert run("operator", "reset-second-factor", "sam", "--yes") == {"operator": "sam", "sessions_ended": 0}
    assert run("operator", "reset-second-factor", "sam", "--yes") == (1, "no-such-factor")
    assert verbs(context)[-3:] == ["enrol_device", "confirm_device", "reset_factor"]


def test_an_operator_is_shut_out(run: Run, context: Context) -> None:
    run("operator", "add", "zoe", "--name", "Zoé", "--role", "administrator")
    run("operator", "token", "sam")
    changed = run("operator", "change", "sam", "--role", "billing", "--shut-out")
    assert (changed["role"], changed["active"]) == ("billing", False)
    assert run("operator", "token", "sam", "--yes") == (1, "no-such-operator")
    assert run("operator", "set-up-device", "sam") == (1, "no-such-operator")
    assert run("operator", "change", "zoe", "--role", "sales") == (1, "last-administrator")
    assert run("operator", "change", "nobody", "--let-in") == (1, "no-such-operator")
    assert run("operator", "sessions", "sam") == []
    assert run("operator", "end-sessions", "bob") == {"operator": "bob", "sessions_ended": 0}


# ---------------------------------------------------------------- applications


def test_an_application_is_created_listed_and_deleted(run: Run, context: Context) -> None:
    made = run("application", "create", "--account", ACME, "--name", "Books", "--description", "reads bills")
    assert (made["account"], made["name"], made["status"]) == (ACME, "Books", "active")
    assert (len(made["application_key"]), len(made["application_secret"])) == (16, 32)
    with context.database.read() as tx:
        sealed = access.find_secret(tx, made["application"])
    assert sealed is not None
    assert context.sealer.unseal(sealed) == made["application_secret"]
    listed = run("application", "list", "--account", ACME)
    assert listed == [{key: value for key, value in made.items() if key != "application_secret"}]
    assert run("application", "list", "--account", PETIT) == []
    other = run("application", "create", "--account", ACME)
    assert run("application", "delete", other["application"]) == (1, "not-confirmed")
    assert run("application", "delete", other["application"], "--yes")["status"] == "deleted"
    assert (
        run("application", "delete", made["application_key"], "--yes")["application"] == made["application"]
    )
    assert run("application", "list", "--account", ACME) == []


def test_a_wrong_application_is_refused(run: Run) -> None:
    assert run("application", "create", "--account", "zz99999-acq") == (1, "no-such-account")
    assert run("application", "create", "--account", ACME, "--name", " ") == (1, "invalid")
    assert run("application", "create", "--account", ACME, "--name", "x" * 101) == (1, "invalid")
    assert run("application", "create", "--account", ACME, "--name", "a\x1b[2Jb") == (1, "invalid")
    assert run("application", "create", "--account", ACME, "--name", "\udcff") == (1, "invalid")
    assert run("application", "create", "--account", "\udcff") == (2, "usage")
    assert run("application", "create") == (2, "usage")
    assert run("application", "list", "--account", "zz99999-acq") == (1, "no-such-account")
    assert run("application", "delete", "nothing", "--yes") == (1, "no-such-application")
    assert run("application", "delete", "9" * 30, "--yes") == (1, "no-such-application")


# ---------------------------------------------------------------- consumer keys


def test_a_key_is_granted_listed_and_revoked(run: Run, context: Context) -> None:
    made = grant(run, "--rule", "GET /me/*", "--rule", "get /me", "--allowed-ip", "192.0.2.7")
    assert isinstance(made, dict)
    assert (made["account"], made["status"], len(made["consumer_key"])) == (LAB, "validated", 32)
    assert (made["rules"], made["allowed_ips"]) == (["GET /me/*", "GET /me"], ["192.0.2.7/32"])
    (listed,) = run("consumer-key", "list", "--account", LAB)
    assert listed["credential"] == made["credential"]
    assert not {"consumer_key", "application_secret"} & set(listed)
    by_key = ("consumer-key", "list", "--account", LAB, "--application", made["application_key"])
    assert run(*by_key) == [listed]
    assert run("consumer-key", "list", "--account", ACME) == []
    code, text = run("consumer-key", "list", "--account", LAB, as_json=False)
    assert (code, "GET /me/*" in text) == (0, True)
    revoke = ("consumer-key", "revoke", made["credential"], "--account")
    assert run(*revoke, ACME, "--yes") == (1, "no-such-access")
    assert run(*revoke, LAB) == (1, "not-confirmed")
    assert run(*revoke, LAB, "--yes")["status"] == "deleted"
    with context.database.read() as tx:
        assert access.find_credential(tx, LAB, CredentialId(made["credential"])) is None


def test_an_application_takes_its_keys_along(run: Run) -> None:
    made = grant(run, "--rule", "GET /*")
    assert isinstance(made, dict)
    run("application", "delete", made["application_key"], "--yes")
    assert run("consumer-key", "list", "--account", LAB) == []


@pytest.mark.parametrize(
    ("options", "ends"),
    [
        (("--validity", "30d"), timedelta(days=30)),
        (("--validity", "12h"), timedelta(hours=12)),
        (("--expires", "2100-01-31"), datetime(2100, 1, 30, 23, tzinfo=UTC)),
        (("--expires", "2100-07-31T10:00:00"), datetime(2100, 7, 31, 8, tzinfo=UTC)),
        ((), None),
    ],
)
def test_a_key_ends_as_asked(
    run: Run, context: Context, options: tuple[str, ...], ends: timedelta | datetime | None
) -> None:
    before = datetime.now(UTC)
    made = grant(run, "--rule", "GET /me", *options)
    assert isinstance(made, dict)
    with context.database.read() as tx:
        credential = access.find_credential(tx, AccountId(LAB), CredentialId(made["credential"]))
    assert credential is not None
    if isinstance(ends, timedelta):
        assert credential.expires_at is not None
        assert timedelta(0) <= credential.expires_at - before - ends < timedelta(minutes=1)
    else:
        assert credential.expires_at == ends


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        (("--rule", "/me/*"), (1, "malformed-rule")),
        (("--rule", "GET me"), (1, "malformed-rule")),
        (("--rule", "FETCH /me"), (1, "malformed-rule")),
        (("--rule", "GET /me /bill"), (1, "malformed-rule")),
        (("--rule", "GET"), (1, "malformed-rule")),
        (("--rule", ""), (1, "malformed-rule")),
        (("--rule", f"GET /{'x' * 1000}"), (1, "malformed-rules")),
        ((), (2, "usage")),
        (("--rule", "GET /me", "--allowed-ip", "here"), (1, "malformed-block")),
        (("--rule", "GET /me", "--validity", "0h"), (1, "bad-end")),
        (("--rule", "GET /me", "--validity", "99999999d"), (1, "bad-end")),
        (("--rule", "GET /me", "--validity", "soon"), (2, "usage")),
        (("--rule", "GET /me", "--expires", "2020-01-01"), (1, "bad-end")),
        (("--rule", "GET /me", "--expires", "2100-01-01", "--validity", "1d"), (2, "choose-one")),
    ],
)
def test_a_wrong_key_is_refused(run: Run, options: tuple[str, ...], refused: tuple[int, str]) -> None:
    assert grant(run, *options) == refused
    assert run("consumer-key", "list", "--account", LAB) == []


def test_a_key_needs_a_program_and_an_account(run: Run, context: Context) -> None:
    made = run("application", "create", "--account", ACME)["application"]
    rule = ("--rule", "GET /me")
    grant_to = ("consumer-key", "grant", "--application", made, "--account")
    assert run(*grant_to, "zz99999-acq", *rule) == (1, "no-such-account")
    assert run("consumer-key", "grant", "--application", "x", "--account", LAB, *rule) == (
        1, "no-such-application",
    )  # fmt: skip
    with context.database.write() as tx:
        tx.run("UPDATE account SET state = 'closed' WHERE account_id = %(account_id)s", account_id=LAB)
        tx.run("UPDATE application SET status = 'blocked'")
    assert run(*grant_to, LAB, *rule) == (1, "account-not-open")
    assert run(*grant_to, ACME, *rule) == (1, "invalid-application-key")
    assert run("consumer-key", "revoke", 10**30, "--account", LAB, "--yes") == (1, "no-such-access")
    assert run("consumer-key", "list", "--account", "zz99999-acq") == (1, "no-such-account")
