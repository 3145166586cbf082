"""Logins, groups, tokens, payment orders and exports: the rules, by tables."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from acquit.core.access import (
    AddressNotAllowed,
    Application,
    Call,
    CallNotGranted,
    Credential,
    InvalidCredential,
    Rule,
    admit_bearer,
    read_blocks,
)
from acquit.core.bill_export import (
    BILLS_MAX,
    ArchiveType,
    BillExport,
    ExportTooLarge,
    NoBillsToExport,
    cell,
    refuse_selection,
)
from acquit.core.debt import Debt, Means, Operation, OperationKind
from acquit.core.identifiers import AccountId, ApplicationId, BillId, CredentialId, DebtId
from acquit.core.identity import (
    BadEnd,
    BadIdentity,
    DefaultGroup,
    Group,
    GroupTaken,
    LoginTaken,
    NoSuchGroup,
    NoSuchLogin,
    NoSuchToken,
    Role,
    RoleTooLow,
    TokenTaken,
    checked_description,
    checked_email,
    checked_group,
    checked_login,
    checked_token_name,
    end_of_token,
    narrowed,
    refuse_default_group,
    refuse_unless_admin,
    roles_of,
)
from acquit.core.money import Currency
from acquit.core.payment_order import NothingToPay, OrderedDebt, open_parts

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EUR = Currency("EUR")
ACME = AccountId("ab12345-acq")


@pytest.mark.parametrize("login", ["ada", "a.b-c_d+e@example.com", "7up", "x" * 64])
def test_a_login_has_a_form(login: str) -> None:
    assert checked_login(login) == login


@pytest.mark.parametrize("login", ["", "a", "a b", "-ada", "a/b", "é" * 3, "x" * 65, "ada\n"])
def test_what_is_no_login(login: str) -> None:
    with pytest.raises(BadIdentity):
        checked_login(login)


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 65])
def test_names_of_groups_and_tokens_have_a_form(name: str) -> None:
    assert checked_group("ops-2") == checked_token_name("ops-2") == "ops-2"
    with pytest.raises(BadIdentity):
        checked_group(name)
    with pytest.raises(BadIdentity):
        checked_token_name(name)


def test_addresses_and_descriptions() -> None:
    assert checked_email(None) is None
    assert checked_email("ada@example.com") == "ada@example.com"
    assert checked_description("x" * 500) == "x" * 500
    for wrong in ("ada", "ada@", "@example.com", "a b@example.com", "ada@example"):
        with pytest.raises(BadIdentity):
            checked_email(wrong)
    with pytest.raises(BadIdentity):
        checked_description("x" * 501)


def test_only_an_administrator_changes_identities() -> None:
    refuse_unless_admin(frozenset({Role.REGULAR, Role.ADMIN}))
    with pytest.raises(RoleTooLow):
        refuse_unless_admin(frozenset({Role.REGULAR}))


EVERYTHING = tuple(Rule(method, "/*") for method in ("GET", "POST", "PUT", "DELETE"))
READS = (Rule("GET", "/*"), Rule("POST", "/auth/logout"))


@pytest.mark.parametrize(
    ("groups", "roles", "left"),
    [
        (["DEFAULT"], [], EVERYTHING),
        (["ADMIN"], [], EVERYTHING),
        (["readers"], ["REGULAR"], EVERYTHING),
        (["UNPRIVILEGED"], [], READS),
        (["UNPRIVILEGED", "readers"], ["NONE"], READS),
        (["readers"], ["NONE"], READS[1:]),
        ([], [], READS[1:]),
    ],
)
def test_a_login_does_what_its_roles_leave(
    groups: list[str], roles: list[str], left: tuple[Rule, ...]
) -> None:
    assert narrowed(EVERYTHING, roles_of(groups, roles)) == left
    bills = (Rule("GET", "/me/bill*"),)
    assert narrowed(bills, roles_of(["UNPRIVILEGED"], [])) == bills


def test_groups_of_every_account() -> None:
    refuse_default_group("readers")
    with pytest.raises(DefaultGroup):
        refuse_default_group("ADMIN")
    assert Group(ACME, "DEFAULT", Role.REGULAR, None, NOW, NOW).is_default
    assert not Group(ACME, "readers", Role.NONE, None, NOW, NOW).is_default


def test_a_refusal_names_what_is_missing_or_taken() -> None:
    for refusal in (NoSuchLogin("x"), NoSuchGroup("x"), NoSuchToken("x"), LoginTaken("x"), GroupTaken("x")):
        assert "x" in refusal.message
    assert TokenTaken("x").details == {"token": "x"}


@pytest.mark.parametrize(
    ("at", "seconds", "end"),
    [
        (None, None, None),
        (NOW + timedelta(days=1), None, NOW + timedelta(days=1)),
        (None, 60, NOW + timedelta(minutes=1)),
    ],
)
def test_a_token_ends_then(at: datetime | None, seconds: int | None, end: datetime | None) -> None:
    assert end_of_token(NOW, at, seconds) == end


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        (NOW, None),
        (NOW + timedelta(days=4000), None),
        (None, 0),
        (None, 10**15),
        (NOW + timedelta(days=1), 60),
    ],
)
def test_a_token_cannot_end_then(at: datetime | None, seconds: int | None) -> None:
    with pytest.raises(BadEnd):
        end_of_token(NOW, at, seconds)


# ---------------------------------------------------------------- bearer tokens

APPLICATION = Application(ApplicationId(1), "key", ACME, "tokens", "", "trusted")
CREDENTIAL = Credential(
    credential_id=CredentialId(2),
    application_id=ApplicationId(1),
    account_id=ACME,
    login="ada",
    status="validated",
    rules=(Rule("GET", "/me*"),),
    blocks=None,
    redirection=None,
    by_staff=False,
    created_at=NOW,
    expires_at=None,
)


def call(method: str = "GET", address: str = "192.0.2.1") -> Call:
    return Call(method, "/1.0/me", "/me", b"", "", "", address)


def test_a_bearer_token_is_admitted_without_a_signature() -> None:
    assert admit_bearer(call(), APPLICATION, CREDENTIAL, NOW) is CREDENTIAL


def test_a_bearer_token_has_the_limits_of_its_credential() -> None:
    gone = replace(CREDENTIAL, expires_at=NOW)
    blocked = replace(APPLICATION, status="blocked")
    for application, credential in (
        (None, CREDENTIAL),
        (APPLICATION, None),
        (blocked, CREDENTIAL),
        (APPLICATION, gone),
    ):
        with pytest.raises(InvalidCredential):
            admit_bearer(call(), application, credential, NOW)
    with pytest.raises(CallNotGranted):
        admit_bearer(call("POST"), APPLICATION, CREDENTIAL, NOW)
    at_home = replace(CREDENTIAL, blocks=read_blocks(["198.51.100.0/24"]))
    with pytest.raises(AddressNotAllowed):
        admit_bearer(call(), APPLICATION, at_home, NOW)


# ---------------------------------------------------------------- payment orders


def debt(number: int, amount: int, currency: str = "EUR") -> Debt:
    bill_id = BillId(f"FR{number}")
    return Debt(ACME, DebtId(number), bill_id, ACME, Currency(currency), amount, NOW, date(2026, 12, 23))


def paid(amount: int) -> Operation:
    return Operation(1, OperationKind.PAYMENT, Means.TRANSFER, amount, date(2026, 11, 1), NOW)


def test_an_order_takes_what_is_open_of_each_debt() -> None:
    owed = [
        (debt(3, 500), []),
        (debt(1, 1000), [paid(400)]),
        (debt(2, 70), [paid(70)]),
        (debt(4, 9, "USD"), []),
    ]
    assert open_parts(owed, EUR) == (
        OrderedDebt(DebtId(1), BillId("FR1"), 600),
        OrderedDebt(DebtId(3), BillId("FR3"), 500),
    )


def test_nothing_open_is_nothing_to_pay() -> None:
    with pytest.raises(NothingToPay):
        open_parts([], EUR)
    with pytest.raises(NothingToPay):
        open_parts([(debt(2, 70), [paid(70)]), (debt(4, 9, "USD"), [])], EUR)


# ---------------------------------------------------------------- exports


def test_an_export_holds_what_was_asked_for() -> None:
    refuse_selection(ArchiveType.CSV, ["FR1", "FR2"], None)
    refuse_selection(ArchiveType.CSV, ["FR1", "FR2"], ["FR2"])
    with pytest.raises(NoBillsToExport):
        refuse_selection(ArchiveType.CSV, [], None)
    with pytest.raises(NoBillsToExport, match="FR3"):
        refuse_selection(ArchiveType.CSV, ["FR1"], ["FR1", "FR3"])
    most = BILLS_MAX[ArchiveType.ZIP]
    refuse_selection(ArchiveType.ZIP, ["x"] * most, None)
    with pytest.raises(ExportTooLarge):
        refuse_selection(ArchiveType.ZIP, ["x"] * (most + 1), None)


def test_the_file_is_named_after_the_account() -> None:
    export = BillExport(ACME, 7, ArchiveType.ZIP, (), "a@example.com", "http://127.0.0.1", NOW)
    assert export.file_name == "bills-ab12345-acq-7.zip"


@pytest.mark.parametrize(
    ("text", "shown"), [("PO-1", "PO-1"), ("=1+1", "'=1+1"), ("@x", "'@x"), ("-1", "'-1"), ("", "")]
)
def test_no_cell_is_a_formula(text: str, shown: str) -> None:
    assert cell(text) == shown
