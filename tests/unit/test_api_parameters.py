"""Typed parameters and the exact texts of their refusals."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.api.contract import Parameter, Route, contract
from acquit.api.parameters import read_body, read_query, read_text, split_query, texts_of
from acquit.api.refusals import BadParameter, BrokenJson, MissingParameter, UnknownParameters
from acquit.core.errors import Refusal

PARIS = ZoneInfo("Europe/Paris")
ROUTES = {route.key: route for route in contract().routes}


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("long", "42", 42),
        ("long", "-9223372036854775808", -(2**63)),
        ("int", "2147483647", 2**31 - 1),
        ("double", "-1.50", -1.5),
        ("boolean", "true", True),
        ("boolean", "0", False),
        ("string", "a b\té", "a b\té"),
        ("coreTypes.AccountId:string", "ab12345-acq", "ab12345-acq"),
        ("date", "2024-7-5", date(2024, 7, 5)),
        ("datetime", "2018-05-15T15:49:06+02:00", datetime(2018, 5, 15, 13, 49, 6, tzinfo=UTC)),
        ("datetime", "2018-05-15T15:49:06 02:00", datetime(2018, 5, 15, 13, 49, 6, tzinfo=UTC)),
        ("datetime", "2018-05-15T13:49:06.123Z", datetime(2018, 5, 15, 13, 49, 6, 123000, tzinfo=UTC)),
        ("datetime", "2018-05-15T13:49:06.123456789z", datetime(2018, 5, 15, 13, 49, 6, 123456, tzinfo=UTC)),
        ("datetime", "2018-05-15T15:49", datetime(2018, 5, 15, 13, 49, tzinfo=UTC)),
        ("datetime", "2024-01-31", datetime(2024, 1, 30, 23, 0, tzinfo=UTC)),
        ("datetime", "2024-7-5", datetime(2024, 7, 4, 22, 0, tzinfo=UTC)),
        ("time", "23:59:59", "23:59:59"),
        ("duration", "P1Y2M", "P1Y2M"),
        ("duration", "PT30M", "PT30M"),
        ("uuid", "0E984725-C51C-4BF4-9960-E1C80E27ABA0", "0e984725-c51c-4bf4-9960-e1c80e27aba0"),
        ("ip", "2001:DB8::1", "2001:db8::1"),
        ("ipBlock", "10.1.2.3/8", "10.0.0.0/8"),
        ("ipBlock", "10.1.2.3", "10.1.2.3/32"),
        ("phoneNumber", "+33.123456789", "+33.123456789"),
        ("billing.CategoryEnum", "autorenew", "autorenew"),
    ],
)
def test_a_text_has_the_type_that_the_contract_declares(kind: str, text: str, value: object) -> None:
    assert read_text("x", kind, text, PARIS) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("long", ""),
        ("long", "abc"),
        ("long", "1.0"),
        ("long", "9223372036854775808"),
        ("long", "٣"),
        ("long", "1\n"),
        ("int", "2147483648"),
        ("double", "nan"),
        ("boolean", "yes"),
        ("string", "a\0b"),
        ("string", "a\x1bb"),
        ("date", "2024-02-30"),
        ("date", "24-01-01"),
        ("datetime", "2024-13-01"),
        ("datetime", "2018-05-15T25:00:00Z"),
        ("datetime", "yesterday"),
        ("datetime", "9999-12-31T23:59:59+99:99"),
        ("time", "24:00"),
        ("duration", "P"),
        ("duration", "PT"),
        ("uuid", "x"),
        ("ip", "300.1.1.1"),
        ("ipBlock", "10.0.0.0/40"),
        ("phoneNumber", "call me"),
    ],
)
def test_a_text_of_another_type_is_refused_in_the_wire_s_words(kind: str, text: str) -> None:
    with pytest.raises(BadParameter) as caught:
        read_text("date.from", kind, text, PARIS)
    assert caught.value.message == f"[date.from] Given data ({text}) is not valid for type {kind}"


def test_an_unknown_value_names_the_enumeration() -> None:
    with pytest.raises(BadParameter) as caught:
        read_text("category", "billing.CategoryEnum", "us", PARIS)
    assert (
        caught.value.message == "[category] Given data (us) does not belong to the CategoryEnum enumeration"
    )


def test_a_long_text_is_cut_and_a_password_is_not_repeated() -> None:
    with pytest.raises(BadParameter) as caught:
        read_text("x", "long", "9" * 5_000, PARIS)
    assert len(caught.value.message) < 200
    with pytest.raises(BadParameter) as caught:
        read_text("x", "password", "secret\0", PARIS)
    assert "secret" not in caught.value.message


# ---------------------------------------------------------------- the query

QUERY = (
    Parameter("date.from", "datetime"),
    Parameter("orderId", "long"),
    Parameter("name", "string", required=True),
)


def query(raw: str) -> dict[str, Any]:
    return read_query(QUERY, split_query(raw), "GET", PARIS)


def test_every_declared_name_is_there() -> None:
    assert query("name=a") == {"date.from": None, "orderId": None, "name": "a"}
    assert query("name=null&orderId=null&") == {"date.from": None, "orderId": None, "name": "null"}
    assert query("name=a%20b+c&orderId=7&orderId=7")["name"] == "a b c"


@pytest.mark.parametrize(
    ("raw", "refusal", "message"),
    [
        ("", MissingParameter, "The input provided isn't valid: 'name' is a required property"),
        (
            "name=a&b=c&a=1",
            UnknownParameters,
            "Received not described parameters: (a, b) while calling read handler",
        ),
        ("name=a&orderId=", BadParameter, "[orderId] Given data () is not valid for type long"),
        ("name=a&name=b", BadParameter, "[name] Given twice with different values"),
    ],
)
def test_a_query_is_checked(raw: str, refusal: type[Refusal], message: str) -> None:
    with pytest.raises(refusal) as caught:
        query(raw)
    assert caught.value.message == message


# ---------------------------------------------------------------- bodies


def body(method: str, path: str, given_: object) -> dict[str, Any]:
    route: Route = ROUTES[method, path]
    raw = given_ if isinstance(given_, bytes) else json.dumps(given_).encode()
    return read_body(route.body, raw, method, PARIS)


def test_a_model_gives_its_writable_members_that_were_given() -> None:
    path = "/me/api/credential/{credentialId}"
    whole = {"allowedIPs": ["10.0.0.1"], "status": "nonsense", "credentialId": "x", "rules": 7}
    assert body("PUT", path, whole) == {"allowedIPs": ["10.0.0.1/32"]}
    assert body("PUT", path, {"allowedIPs": None}) == {"allowedIPs": None}
    assert body("PUT", path, {}) == {}


@pytest.mark.parametrize("raw", [b"", b"  ", b"null", b"{}"])
def test_an_empty_body_is_an_empty_object(raw: bytes) -> None:
    assert body("POST", "/me/subAccount", raw) == {}
    assert body("POST", "/auth/logout", raw) == {}


def test_null_for_an_optional_parameter_is_absence() -> None:
    assert body("POST", "/me/subAccount", {"description": None}) == {}


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b"7", b'"x"', b"\xff", b"{'a': 1}", b"[" * 100_000, b'{"a": NaN}']
)
def test_what_is_not_a_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(BrokenJson, match="Invalid JSON received"):
        body("POST", "/me/subAccount", raw)


@pytest.mark.parametrize(
    ("path", "given_", "message"),
    [
        (
            "/me/subAccount",
            {"x": 1},
            "Received not described parameters: (x) while calling creation handler",
        ),
        (
            "/auth/logout",
            {"x": 1},
            "Received not described parameters: (x) while calling creation handler",
        ),
        ("/me/subAccount", {"description": 7}, "[description] Given data (7) is not valid for type string"),
        ("/me/autorenew", {}, "The input provided isn't valid: 'renewDay' is a required property"),
        (
            "/me/autorenew",
            {"renewDay": None},
            "The input provided isn't valid: 'renewDay' is a required property",
        ),
        ("/me/autorenew", {"renewDay": "7"}, "[renewDay] Given data (7) is not valid for type long"),
        ("/me/autorenew", {"renewDay": True}, "[renewDay] Given data (true) is not valid for type long"),
        ("/me/autorenew", {"renewDay": 1.5}, "[renewDay] Given data (1.5) is not valid for type long"),
        ("/me/autorenew", {"renewDay": 2**63}, f"[renewDay] Given data ({2**63}) is not valid for type long"),
        (
            "/me/billing/invoicesByPostalMail",
            {"enable": 1},
            "[enable] Given data (1) is not valid for type boolean",
        ),
        (
            "/me/bill/export",
            {"archiveType": "rar"},
            "[archiveType] Given data (rar) does not belong to the ArchiveTypeEnum enumeration",
        ),
        (
            "/me/bill/export",
            {"archiveType": "zip", "ids": "a"},
            "[ids] Given data (a) is not valid for type string[]",
        ),
        (
            "/me/bill/export",
            {"archiveType": "zip", "ids": [1]},
            "[ids] Given data (1) is not valid for type string",
        ),
        (
            "/me/payment/method",
            {"paymentType": "x", "callbackUrl": {"bad": 1}},
            "Received not described parameters: (bad) while calling creation handler",
        ),
    ],
)
def test_a_body_is_checked(path: str, given_: object, message: str) -> None:
    with pytest.raises(Refusal) as caught:
        body("POST", path, given_)
    assert caught.value.message == message


def test_the_body_of_a_delete_becomes_query_texts() -> None:
    assert texts_of(b'{"a": "x", "b": true, "c": 7}') == {"a": "x", "b": "true", "c": "7"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
WRITING = sorted(key for key, route in ROUTES.items() if route.body is not None)


@given(st.sampled_from(WRITING), st.data())
def test_no_body_is_more_than_a_refusal(key: tuple[str, str], data: st.DataObject) -> None:
    declared = ROUTES[key].body
    assert declared is not None
    names = [m.name for m in contract().models[declared.type].fields] if declared.type else []
    names += [parameter.name for parameter in declared.fields]
    given_ = data.draw(st.dictionaries(st.sampled_from(names or ["x"]), JSON, max_size=4))
    with suppress(Refusal):
        read_body(declared, json.dumps(given_).encode(), key[0], PARIS)
