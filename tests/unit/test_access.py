"""Rules, addresses, signatures, and the order in which a request is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.core import access
from acquit.core.access import (
    AddressNotAllowed,
    Application,
    Call,
    CallNotGranted,
    Credential,
    InvalidApplicationKey,
    InvalidCredential,
    InvalidSignature,
    MalformedBlock,
    MalformedRules,
    NotPending,
    NotSignedIn,
    OutOfTime,
    Rule,
    admit,
    candidate_urls,
    is_address_allowed,
    is_granted,
    is_in_time,
    read_block,
    read_blocks,
    read_rules,
    sign,
)
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, ApplicationId, CredentialId

SECRET = "9ufkBmLaTQ9nz5yMUlg79taH0GNnzDjk"
KEY = "5mBuy6SUQcRw2ZUxg0cG68BoDKpED4KY"
STAMP = "1457018875"
NOW = datetime.fromtimestamp(1457018875, UTC)
BODY = b'{"a":"b","c":"d"}'

VECTORS = [
    ("GET", "https://eu.api.ovh.com/1.0/auth", b"", "e9556054b6309771395efa467c22e627407461ad"),
    ("POST", "https://eu.api.ovh.com/1.0/auth", BODY, "ec2fb5c7a81f64723c77d2e5b609ae6f58a84fc1"),
    ("PUT", "https://eu.api.ovh.com/1.0/auth", BODY, "8a75a9e7c8e7296c9dbeda6a2a735eb6bd58ec4b"),
    ("DELETE", "https://eu.api.ovh.com/1.0/auth", b"", "a1eecd00b3b02b6cf5708b84b9ff42059a950d85"),
    ("GET", "https://eu.api.ovh.com/1.0/call", b"", "7f2db49253edfc41891023fcd1a54cf61db05fbb"),
    ("GET", "https://eu.api.ovh.com/v1/call", b"", "e6e7906d385eb28adcbfbe6b66c1528a42d741ad"),
    ("GET", "https://eu.api.ovh.com/v2/call", b"", "bb63b132a6f84ad5433d0c534d48d3f7c3804285"),
]


@pytest.mark.parametrize(("method", "url", "body", "digest"), VECTORS)
def test_a_signature_is_the_published_one(method: str, url: str, body: bytes, digest: str) -> None:
    assert sign(SECRET, KEY, method, url, body, STAMP) == f"$1${digest}"


@pytest.mark.parametrize(
    ("rule", "path", "covered"),
    [
        ("/me", "/me", True),
        ("/me", "/me/bill", False),
        ("/me*", "/me", True),
        ("/me*", "/me/bill/FR1/details", True),
        ("/me*", "/menu", True),
        ("/sms/*", "/sms", False),
        ("/sms/*", "/sms/", True),
        ("/sms/*", "/sms/a/b", True),
        ("/*", "/", True),
        ("/*", "/me", True),
        ("/*/serviceInfos", "/dedicated/server/ns1/serviceInfos", True),
        ("/*/serviceInfos", "/serviceInfos", False),
        ("/me/*/debt/*/pay", "/me/bill/FR1/debt/2/pay", True),
        ("/me/*/debt/*/pay", "/me/bill/FR1/debt/pay", False),
        ("/a*a", "/a", False),
        ("/a*a", "/aa", True),
        ("/{x}", "/y", False),
        ("/{x}", "/{x}", True),
    ],
)
def test_a_star_stands_for_anything_also_across_slashes(rule: str, path: str, covered: bool) -> None:
    assert Rule("GET", rule).covers("GET", path) is covered


def test_a_rule_is_of_one_method() -> None:
    assert not Rule("GET", "/*").covers("POST", "/me")
    assert is_granted([Rule("GET", "/me"), Rule("POST", "/me")], "POST", "/me")
    assert not is_granted([], "GET", "/me")


SHORT = st.text("ab/*", max_size=8)


@given(SHORT, st.text("ab/", max_size=8))
def test_matching_agrees_with_trying_every_cut(pattern: str, path: str) -> None:
    assert Rule("GET", pattern).covers("GET", path) == _matches_slowly(pattern, path)


def _matches_slowly(pattern: str, path: str) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "*":
        return any(_matches_slowly(pattern[1:], path[cut:]) for cut in range(len(path) + 1))
    return path[:1] == pattern[0] and _matches_slowly(pattern[1:], path[1:])


def test_many_stars_do_not_take_long() -> None:
    assert not Rule("GET", "/" + "*a" * 300).covers("GET", "/" + "a" * 299 + "b")


def test_rules_are_read_once_each_and_a_lone_star_is_everything() -> None:
    one = {"method": "GET", "path": "/me"}
    assert read_rules([one, one]) == (Rule("GET", "/me"),)
    assert read_rules([{"method": "PATCH", "path": "*"}]) == (Rule("PATCH", "/*"),)


@pytest.mark.parametrize(
    "rules",
    [
        None,
        7,
        "text",
        [],
        [None],
        [{}],
        [{"method": "GET"}],
        [{"method": "GET", "path": "/me", "x": 1}],
        [{"method": "get", "path": "/me"}],
        [{"method": ["GET"], "path": "/me"}],
        [{"method": "GET", "path": None}],
        [{"method": "GET", "path": "me"}],
        [{"method": "GET", "path": ""}],
        [{"method": "GET", "path": "/a\n"}],
        [{"method": "GET", "path": "/" + "a" * 1000}],
        [{"method": "GET", "path": f"/{number}"} for number in range(501)],
    ],
)
def test_anything_else_is_no_list_of_rules(rules: object) -> None:
    with pytest.raises(MalformedRules):
        read_rules(rules)


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        (" 10.1.2.3/8 ", "10.0.0.0/8"),
        ("10.1.2.3", "10.1.2.3/32"),
        ("::1", "::1/128"),
    ],
)
def test_a_block_is_read(text: str, block: str) -> None:
    assert str(read_block(text)) == block


@pytest.mark.parametrize("texts", [["10.0.0.0/33"], ["here"], [""], [], ["10.0.0.1"] * 101])
def test_a_malformed_block_is_refused(texts: list[str]) -> None:
    with pytest.raises(MalformedBlock, match=r"\[allowedIPs\]"):
        read_blocks(texts)


@pytest.mark.parametrize(
    ("blocks", "address", "allowed"),
    [
        (None, "anything", True),
        (["10.0.0.0/8"], "10.255.0.1", True),
        (["10.0.0.0/8"], "11.0.0.1", False),
        (["10.0.0.0/8"], "::ffff:10.0.0.1", True),
        (["10.0.0.0/8", "2001:db8::/32"], "2001:db8::5", True),
        (["10.0.0.0/8"], "2001:db8::5", False),
        (["10.0.0.0/8"], "", False),
        (["0.0.0.0/0"], "unix:", False),
    ],
)
def test_an_address_is_allowed_inside_a_block(blocks: list[str] | None, address: str, allowed: bool) -> None:
    assert is_address_allowed(read_blocks(blocks), address) is allowed


# ---------------------------------------------------------------- time, URLs


@pytest.mark.parametrize(
    ("stamp", "in_time"),
    [
        (STAMP, True),
        (str(int(STAMP) - 30), True),
        (str(int(STAMP) + 30), True),
        (str(int(STAMP) - 31), False),
        (str(int(STAMP) + 31), False),
        ("", False),
        ("-1", False),
        ("1457018875.5", False),
        ("١٤٥٧٠١٨٨٧٥", False),
        ("9" * 5000, False),
    ],
)
def test_the_clock_may_be_half_a_minute_off(stamp: str, in_time: bool) -> None:
    assert is_in_time(stamp, int(STAMP)) is in_time


@pytest.mark.parametrize(
    ("origins", "urls"),
    [
        (["https://a"], ("https://a/1.0/me",)),
        (["https://a:8443"], ("https://a:8443/1.0/me", "https://a/1.0/me")),
        (["http://[::1]:80"], ("http://[::1]:80/1.0/me", "http://[::1]/1.0/me")),
        (["http://[::1]"], ("http://[::1]/1.0/me",)),
        (["https://a", "http://b:1"], ("https://a/1.0/me", "http://b:1/1.0/me", "http://b/1.0/me")),
    ],
)
def test_a_caller_may_have_signed_with_or_without_the_port(origins: list[str], urls: tuple[str, ...]) -> None:
    assert candidate_urls(origins, "/1.0/me?a=b") == tuple(url + "?a=b" for url in urls)


def test_a_bare_question_mark_may_have_been_signed_too() -> None:
    assert candidate_urls(["https://a"], "/1.0/me") == ("https://a/1.0/me", "https://a/1.0/me?")


# ---------------------------------------------------------------- the ladder

APPLICATION = Application(ApplicationId(1), "AK", AccountId("ab12345-acq"), "n", "", "active")
CREDENTIAL = Credential(
    credential_id=CredentialId(2),
    application_id=ApplicationId(1),
    account_id=AccountId("ab12345-acq"),
    login=None,
    status="validated",
    rules=(Rule("GET", "/me*"),),
    blocks=read_blocks(["10.0.0.0/8"]),
    redirection=None,
    by_staff=False,
    created_at=NOW - timedelta(days=400),
    expires_at=None,
)
TARGET = "/1.0/me/x/1.2.3.0%2F24?a=b"
ORIGINS = ("https://api.example.com:8443",)
SIGNED = sign(SECRET, KEY, "GET", "https://api.example.com" + TARGET, b"", STAMP)
CALL = Call("GET", TARGET, "/me/x/1.2.3.0%2F24", b"", STAMP, SIGNED, "10.0.0.7")


def test_a_good_request_is_admitted() -> None:
    assert admit(CALL, APPLICATION, SECRET, KEY, CREDENTIAL, ORIGINS, NOW) is CREDENTIAL


FAULTS: list[tuple[type[Refusal], dict[str, object]]] = [
    (InvalidApplicationKey, {"application": replace(APPLICATION, status="blocked")}),
    (NotSignedIn, {"consumer_key": ""}),
    (InvalidCredential, {"credential": replace(CREDENTIAL, status="pendingValidation")}),
    (OutOfTime, {"now": NOW + timedelta(seconds=31)}),
    (InvalidSignature, {"secret": "other"}),
    (AddressNotAllowed, {"credential": replace(CREDENTIAL, blocks=read_blocks(["192.0.2.0/24"]))}),
    (CallNotGranted, {"credential": replace(CREDENTIAL, rules=(Rule("POST", "/*"),))}),
]


def climb(*faults: dict[str, object]) -> None:
    given_: dict[str, object] = {
        "call": CALL,
        "application": APPLICATION,
        "secret": SECRET,
        "consumer_key": KEY,
        "credential": CREDENTIAL,
        "origins": ORIGINS,
        "now": NOW,
    }
    for fault in faults:
        given_ |= fault
    admit(**given_)  # type: ignore[arg-type]


@pytest.mark.parametrize(("refusal", "fault"), FAULTS, ids=lambda value: getattr(value, "code", ""))
def test_each_rung_refuses(refusal: type[Refusal], fault: dict[str, object]) -> None:
    with pytest.raises(refusal):
        climb(fault)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (a, b)
        for a, b in product(range(len(FAULTS)), repeat=2)
        if a < b and not set(FAULTS[a][1]) & set(FAULTS[b][1])
    ],
)
def test_the_lower_rung_refuses_first(first: int, second: int) -> None:
    with pytest.raises(FAULTS[first][0]):
        climb(FAULTS[second][1], FAULTS[first][1])


def test_an_unknown_application_is_invalid() -> None:
    with pytest.raises(InvalidApplicationKey):
        climb({"application": None})


def test_without_any_key_the_caller_is_told_to_log_in() -> None:
    with pytest.raises(NotSignedIn):
        climb({"application": None, "consumer_key": ""})


@pytest.mark.parametrize("status", ["inactive", "blocked"])
def test_an_application_out_of_use_is_invalid(status: str) -> None:
    with pytest.raises(InvalidApplicationKey):
        climb({"application": replace(APPLICATION, status=status)})


def test_a_trusted_application_is_in_use() -> None:
    climb({"application": replace(APPLICATION, status="trusted")})


@pytest.mark.parametrize(
    "credential",
    [
        None,
        replace(CREDENTIAL, application_id=ApplicationId(9)),
        replace(CREDENTIAL, status="refused"),
        replace(CREDENTIAL, status="expired"),
        replace(CREDENTIAL, expires_at=NOW),
    ],
)
def test_a_key_that_is_not_valid_is_refused(credential: Credential | None) -> None:
    with pytest.raises(InvalidCredential):
        climb({"credential": credential})


def test_a_key_is_valid_until_its_end() -> None:
    climb({"credential": replace(CREDENTIAL, expires_at=NOW + timedelta(seconds=1))})


def test_an_unlimited_key_is_taken_from_anywhere() -> None:
    climb({"credential": replace(CREDENTIAL, blocks=None), "call": replace(CALL, address="")})


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "PUT"},
        {"target": TARGET.replace("%2F", "/")},
        {"target": TARGET + "&c"},
        {"body": b"{}"},
        {"timestamp": str(int(STAMP) + 1)},
        {"signature": ""},
        {"signature": SIGNED.upper()},
        {"signature": "\udcff"},
        {"signature": SIGNED + "x"},
    ],
)
def test_a_signature_is_of_one_request(changed: dict[str, object]) -> None:
    with pytest.raises(InvalidSignature):
        climb({"call": replace(CALL, **changed)})  # type: ignore[arg-type]


@given(st.text(max_size=20), st.text(max_size=20), st.binary(max_size=40))
def test_what_is_signed_is_admitted(secret: str, key: str, body: bytes) -> None:
    key = key or "k"
    signature = sign(secret, key, "POST", ORIGINS[0] + TARGET, body, STAMP)
    call = replace(CALL, method="POST", body=body, signature=signature)
    credential = replace(CREDENTIAL, rules=(Rule("POST", "*"),))
    assert admit(call, APPLICATION, secret, key, credential, ORIGINS, NOW) is credential


@pytest.mark.parametrize(
    ("credential", "status"),
    [
        (CREDENTIAL, "validated"),
        (replace(CREDENTIAL, expires_at=NOW - timedelta(seconds=1)), "expired"),
        (replace(CREDENTIAL, status="pendingValidation"), "expired"),
        (replace(CREDENTIAL, status="pendingValidation", created_at=NOW), "pendingValidation"),
        (replace(CREDENTIAL, status="refused", created_at=NOW), "refused"),
    ],
)
def test_time_alone_ends_a_credential(credential: Credential, status: str) -> None:
    assert credential.status_at(NOW) == status
    if status == "pendingValidation":
        credential.must_be_pending(NOW)
    else:
        with pytest.raises(NotPending):
            credential.must_be_pending(NOW)


def test_every_refusal_has_a_code_of_its_own() -> None:
    refusals = [
        kind for kind in vars(access).values() if isinstance(kind, type) and issubclass(kind, Refusal)
    ]
    own = [kind for kind in refusals if kind.__module__ == access.__name__]
    assert len({kind.code for kind in own}) == len(own) == 10
