"""What bad input gets, in every served route: a 4xx in the wire's words, never a crash, nothing written."""

from collections.abc import Callable
from typing import Any

import pytest

from acquit.api.contract import Route, contract
from acquit.api.parameters import primitive
from acquit.api.routes import ROUTES

from .families import Customer, Families
from .walking import required_query, smallest_body
from .world import ACME

Make = Callable[..., Customer]

SERVED = [r for r in contract().routes if r.key in ROUTES and r.auth]
WITH_IDS = [r for r in SERVED if r.path_parameters]
WITH_BODY = [r for r in SERVED if r.method in ("POST", "PUT")]
NASTY = (
    "%00", "%2F", "a%2Fb", "9223372036854775808", "-1", "0", "1e3", "%F0%9F%98%80", "%27",
    "%25", "x" * 3000, "%20", "1%3B", "%D9%A3", "null", "%C2%85", "%EF%BF%BF",
)  # fmt: skip


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def filled(route: Route, value: str) -> str:
    """The route's path with every parameter replaced."""
    path = route.path
    for parameter in route.path_parameters:
        path = path.replace("{" + parameter.name + "}", value)
    return path


@pytest.fixture(scope="module")
def acts(families: Families) -> Callable[[], int]:
    """Counts what was done, so that a test can say: nothing."""

    def count() -> int:
        with families.world.context.database.read() as tx:
            return int(tx.one("SELECT count(*) FROM act WHERE actor LIKE 'account:%%'")[0])

    return count


@pytest.mark.parametrize("route", WITH_IDS, ids=named)
def test_nasty_ids_are_refused(route: Route, acme: Customer, acts: Callable[[], int]) -> None:
    before = acts()
    for value in NASTY:
        try:
            reply = acme.reply(route.method, filled(route, value), smallest_body(route))
        except ValueError:
            pytest.fail(f"{route.method} {filled(route, value)}: no JSON")
        assert 400 <= reply.status_code < 500, (value, reply.status_code, reply.text[:200])
    assert acts() == before


@pytest.mark.parametrize("route", WITH_BODY, ids=named)
@pytest.mark.parametrize(
    ("raw", "message"),
    [(b"{", "Invalid JSON received"), (b"[1]", "Invalid JSON received"), (b'"x"', "Invalid JSON received"),
     (b'{"a":1e999}', None), (b"\xff\xfe", "Invalid JSON received"), (b"[" * 5000, "Invalid JSON received")],
)  # fmt: skip
def test_a_malformed_body_is_refused(
    route: Route, raw: bytes, message: str | None, families: Families, acts: Callable[[], int]
) -> None:
    before = acts()
    status, said = families.send_raw(route.method, filled(route, "1"), raw)
    assert (status, message in (None, said)) == (400, True), said
    assert acts() == before


def members(route: Route) -> list[tuple[str, str]]:
    """Names and types of the members that a route's body may have."""
    if route.body is None:
        return []
    if route.body.style == "fields":
        return [(p.name, p.type) for p in route.body.fields]
    return [(m.name, m.type) for m in contract().models[route.body.type].fields if not m.read_only]


def wrong_value(kind: str) -> Any:
    """A value that is of no such type."""
    kind = kind.rpartition(":")[2]
    return "no number" if kind in ("long", "int", "double", "boolean", "date", "datetime", "duration") else 7


@pytest.mark.parametrize("route", WITH_BODY, ids=named)
def test_a_wrong_member_is_named(route: Route, acme: Customer, acts: Callable[[], int]) -> None:
    before, small = acts(), smallest_body(route) or {}
    status, message = acme.refusal(route.method, filled(route, "1"), small | {"strange": 1})
    assert (status, "(strange)" in message) == (400, True)
    for name, kind in members(route):
        if kind.endswith("AccessRuleRequest[]"):
            continue
        status, message = acme.refusal(route.method, filled(route, "1"), small | {name: wrong_value(kind)})
        assert (status, message.startswith(f"[{name}")) == (400, True), (name, kind, message)
    assert acts() == before


@pytest.mark.parametrize("route", [r for r in SERVED if r.method == "GET"], ids=named)
def test_a_wrong_query_is_named(route: Route, acme: Customer) -> None:
    path = filled(route, "1")
    status, message = acme.refusal("GET", f"{path}?strange=1")
    assert (status, message) == (
        400,
        "Received not described parameters: (strange) while calling read handler",
    )
    for parameter in route.query_parameters:
        if primitive(parameter.type) == "string":
            continue
        others = required_query(route.path, without=parameter.name).replace("?", "&", 1)
        status, message = acme.refusal("GET", f"{path}?{parameter.name}=n%27o{others}")
        assert (status, message.startswith(f"[{parameter.name}] Given data (n'o)")) == (400, True), message


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Pagination-Size": "0"}, {"X-Pagination-Size": "many"}, {"X-Pagination-Number": "-1"},
        {"X-Pagination-Filter": "billId"}, {"X-Pagination-Filter": "nothing:eq=1"},
        {"X-Pagination-Filter": "date:eq=yesterday"}, {"X-Pagination-Filter": "priceWithTax.value:eq=x"},
        {"X-Pagination-Sort-Order": "UP"}, {"X-Pagination-Filter": "billId:eq=%00"},
        {"X-Pagination-Filter": "orderId:eq=99999999999999999999"},
    ],
)  # fmt: skip
def test_a_wrong_page_is_refused(acme: Customer, headers: dict[str, str]) -> None:
    reply = acme.reply("GET", "/me/bill", headers={"X-Pagination-Mode": "CachedObjectList-Pages"} | headers)
    assert reply.status_code == 400, reply.text


def test_a_cursor_that_was_tampered_with(acme: Customer) -> None:
    for cursor in (
        "x",
        "!!",
        "WzEsMiwzXQ",
        "bnVsbA",
        "W251bGwsZmFsc2UsIlwwIl0",
        "W251bGwsZmFsc2UsMV0",
        "W251bGwsZmFsc2UsIlx1MDAwMCJd",
        "W251bGwsZmFsc2UsIlx1ZDgwMCJd",
        "WyJub3RoaW5nIixmYWxzZSwieCJd",
    ):
        mode = {"X-Pagination-Mode": "CachedObjectList-Cursor", "X-Pagination-Cursor": cursor}
        reply = acme.reply("GET", "/me/bill", headers=mode)
        assert reply.status_code == 400 or reply.json() == [], (cursor, reply.text)


def test_too_many_ids_at_once(acme: Customer, customer: Make) -> None:
    reply = acme.reply("GET", "/me/bill/" + ",".join(map(str, range(10_000))), None, {"X-Ovh-Batch": ","})
    assert (reply.status_code, reply.json()["errorCode"]) == (400, "INVALID_ARGUMENT")
    assert customer(ACME).batch("/me/bill/,") == []
