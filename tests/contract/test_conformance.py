"""Every served route answers as the contract declares: each read bare, as pages of objects and in batches,
each change with what it answers, and each documented error.

The crawl begins at the lists and walks into everything that they name, for every account of the world. Each
answer is compared with the contract as it comes in (`families._compare`). A new route is picked up from the
table of routes; where the world has nothing for it, the test fails until somebody makes it there.
"""

from collections import defaultdict
from typing import Any
from urllib.parse import quote

import pytest

from acquit.api.contract import Route, contract
from acquit.api.routes import ROUTES
from acquit.core.access import Rule

from .conforming import faults
from .examples import EXAMPLES, REFUSED
from .families import Customer, Families
from .peopling import people
from .walking import AT_MOST, required_query, smallest_body, targets
from .world import ACCOUNTS

UNREADABLE = {
    "/me/accessRestriction/sms/{id}": "not offered",
    "/me/accessRestriction/u2f/{id}": "not offered",
}
"""Reads that no call of the world succeeds with, and why; one that succeeds has to leave the table."""
EMPTY = {
    "/me/accessRestriction/sms": "not offered",
    "/me/accessRestriction/u2f": "not offered",
    "/services/{serviceId}/detach/{planCode}/options": "an option has no options of its own",
}
"""Lists that are empty for everybody, and why; one that is not has to leave the table."""
KNOWN = {route.key: route for route in contract().routes}
AMERICAN = {route.key for route in contract().routes if route.regions == ("us",)}
"""Routes of American sellers alone: test_family_american walks them."""
SERVED = [route for route in contract().routes if route.key in ROUTES and route.key not in AMERICAN]
GROWS = ("/me/api/logs/self", "/me/api/logs/services")
"""Lists that every call makes longer."""
READ = [route for route in SERVED if route.method == "GET"]
LISTS = [route for route in READ if route.expands_to and route.path not in GROWS]
CHANGES = sorted(
    (route for route in SERVED if route.method != "GET"),
    key=lambda route: (["PUT", "POST", "DELETE"].index(route.method), -route.path.count("/"), route.path),
)


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.fixture(scope="module")
def peopled(families: Families) -> Families:
    """The world with something in every list."""
    return people(families)


def test_what_is_served_is_in_the_contract_and_walked() -> None:
    assert set(ROUTES) <= set(KNOWN), "a route is served that neither api.json nor extensions.json knows"
    assert {route.key for route in [*READ, *CHANGES]} == set(ROUTES) - AMERICAN
    for table in (EXAMPLES, REFUSED):
        assert set(table) <= set(ROUTES), "an example of a route that is not served"
    assert {("GET", path) for path in UNREADABLE | EMPTY} <= set(ROUTES), "a reason for what is not served"


TAMPERED: list[tuple[dict[str, Any], str]] = [
    ({"surprise": 1}, "$.surprise is unknown"),
    ({"billId": None}, "$.billId is null"),
    ({"billId": 7}, "$.billId: 7 is no string"),
    ({"orderId": "7"}, "$.orderId: '7' is no long"),
    ({"orderId": True}, "$.orderId: True is no long"),
    ({"category": "gift"}, "$.category: 'gift' is not in"),
    ({"date": "2026-11-01"}, "$.date: '2026-11-01' is no datetime"),
    ({"tax": {}}, "$.tax.value is absent"),
]


@pytest.mark.parametrize(("changed", "told"), TAMPERED, ids=lambda each: str(each)[:24])
def test_what_differs_is_told(changed: dict[str, Any], told: str, peopled: Families) -> None:
    route, bill = KNOWN["GET", "/me/bill/{billId}"], peopled.customer().page("/me/bill")[0]
    assert faults(route, {}, 200, bill) == []
    assert any(told in fault for fault in faults(route, {}, 200, bill | changed))
    assert faults(route, {}, 200, {name: bill[name] for name in bill if name != "url"})
    batched = [{"key": bill["billId"], "value": bill | changed, "error": None}]
    assert faults(route, {"X-Ovh-Batch": ","}, 200, batched)
    pages = KNOWN["GET", "/me/bill"]
    assert faults(pages, {"X-Pagination-Mode": "CachedObjectList-Pages"}, 200, [bill | changed])
    assert faults(pages, {}, 200, [bill])


# ---------------------------------------------------------------- reads


@pytest.mark.parametrize("route", READ, ids=named)
def test_a_read_conforms(route: Route, peopled: Families) -> None:
    replies = [
        customer.reply("GET", target)
        for customer in map(peopled.customer, ACCOUNTS)
        for target in targets(customer, route.path)
    ]
    statuses = {reply.status_code for reply in replies}
    assert statuses <= {200, 404}
    assert (200 in statuses) != (route.path in UNREADABLE), f"what was read of {route.path}: {statuses}"
    if route.response.endswith("[]"):
        filled = any(reply.status_code == 200 and reply.json() for reply in replies)
        assert filled != (route.path in EMPTY), f"{route.path} has {'an' if filled else 'no'} element"


@pytest.mark.parametrize("route", LISTS, ids=named)
def test_a_list_expands_to_what_its_items_are(route: Route, peopled: Families) -> None:
    item_path = next((r.path for r in READ if _is_item(r, route)), None)
    for customer in map(peopled.customer, ACCOUNTS):
        for target in list(targets(customer, route.path))[:AT_MOST]:
            if customer.reply("GET", target).status_code == 200:
                _compare_forms(customer, target, item_path is not None, route.id_field or "")


def _compare_forms(customer: Customer, target: str, has_items: bool, id_field: str) -> None:
    """The list bare, by pages, by cursors, in a batch and one by one says the same."""
    ids = [each[id_field] if isinstance(each, dict) else each for each in customer.get(target)]
    shown = [_steady(each) for each in customer.page(target, Size="5000")]
    assert len(shown) == len(ids)
    assert [_steady(each) for each in _by_cursor(customer, target)] == shown
    if not has_items or not ids:
        return
    joined = ",".join(quote(str(key), safe="") for key in ids[:50])
    entries = customer.batch(f"{target}/{joined}")
    assert [entry["key"] for entry in entries] == [str(key) for key in ids[:50]]
    assert [_steady(entry["value"]) for entry in entries] == shown[:50]
    assert _steady(customer.get(f"{target}/{quote(str(ids[0]), safe='')}")) == shown[0]


def _by_cursor(customer: Customer, target: str) -> list[dict[str, Any]]:
    """The whole list, three objects at a time."""
    mode = {"X-Pagination-Mode": "CachedObjectList-Cursor", "X-Pagination-Size": "3"}
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        said = mode | ({"X-Pagination-Cursor": cursor} if cursor else {})
        reply = customer.reply("GET", target, headers=said)
        assert reply.status_code == 200, reply.text
        found += reply.json()
        cursor = reply.headers.get("x-pagination-cursor-next")
    return found


def _steady(shown: dict[str, Any]) -> dict[str, Any]:
    """The object without what changes by reading it, or by the hour."""
    passing = ("lastUse", "lastUsed", "getUrl", "putUrl")
    return {name: value for name, value in shown.items() if name not in passing}


def _is_item(candidate: Route, of: Route) -> bool:
    """Whether the route reads one element of the list."""
    head, _, last = candidate.path.rpartition("/")
    return head == of.path and last.startswith("{")


# ---------------------------------------------------------------- documented errors

SIGNED = [route for route in SERVED if route.auth]
NOWHERE = {
    "long": "987654321012", "uuid": "00000000-0000-4000-8000-000000000000", "date": "1999-01-01",
    "ipBlock": "198.51.100.7%2F32", "ip": "198.51.100.7", "int": "987654321",
    "datetime": "1999-01-01T00:00:00Z",
}  # fmt: skip


def nowhere(route: Route) -> str:
    """The route's path with ids that nothing has."""
    path = route.path.replace("{product}/{serviceName}", "dedicated/server/nowhere")
    for parameter in route.path_parameters:
        kind = parameter.type.rpartition(":")[2]
        model = contract().models.get(kind)
        value = model.values[0] if model is not None else NOWHERE.get(kind, "nowhere")
        path = path.replace("{" + parameter.name + "}", value)
    return path


@pytest.mark.parametrize("route", SIGNED, ids=named)
def test_who_may_not_call_is_told_why(
    route: Route, peopled: Families, strangers: dict[str, Customer]
) -> None:
    target, body = nowhere(route), smallest_body(route)
    found = {
        why: (reply.status_code, reply.json()["errorCode"])
        for why, customer in strangers.items()
        for reply in [customer.client.raw_call(route.method, target, body, why != "NOT_CREDENTIAL")]
    }
    assert found == {why: (400 if why in BAD else 403, why) for why in strangers}


BAD = ("QUERY_TIME_OUT", "INVALID_SIGNATURE")


@pytest.fixture(scope="module")
def strangers(peopled: Families) -> dict[str, Customer]:
    """Callers who may not call, by the errorCode that they get."""
    late = peopled.customer()
    late.client._time_delta = -120
    forged = peopled.customer()
    forged.client._application_secret = "x" * 32
    unknown = peopled.customer()
    unknown.client._application_key = "nobody"
    return {
        "NOT_CREDENTIAL": peopled.customer(),
        "INVALID_KEY": unknown,
        "INVALID_CREDENTIAL": peopled.with_key("x" * 32),
        "QUERY_TIME_OUT": late,
        "INVALID_SIGNATURE": forged,
        "NOT_GRANTED_CALL": peopled.customer(rules=[Rule("GET", "/nothing/of/this")]),
    }


@pytest.mark.parametrize("route", [r for r in SIGNED if r.path_parameters], ids=named)
def test_what_does_not_exist_is_not_found(route: Route, peopled: Families) -> None:
    target = nowhere(route) + required_query(route.path) * (route.method == "GET")
    reply = peopled.customer().reply(route.method, target, smallest_body(route))
    assert reply.status_code == 404, reply.text


# ---------------------------------------------------------------- changes


@pytest.mark.parametrize("route", CHANGES, ids=named)
def test_a_change_conforms(route: Route, peopled: Families) -> None:
    if route.key in EXAMPLES:
        caller, target, body = EXAMPLES[route.key](peopled)
        reply = caller.reply(route.method, target, body)
        assert reply.status_code == 200, f"{named(route)}: {reply.text}"
        return
    said = _tried(route, peopled)
    if route.key in REFUSED:
        status, words = REFUSED[route.key]
        assert set(said) == {status}, said
        assert all(words in text for text in said[status]), said
        return
    assert 200 in said, f"{named(route)} never succeeded; its example is missing: {dict(said)}"


def _tried(route: Route, peopled: Families) -> dict[int, list[str]]:
    """Call the route with real targets and the smallest body until it succeeds; return what was said."""
    said: dict[int, list[str]] = defaultdict(list)
    body = smallest_body(route)
    for customer in map(peopled.customer, ACCOUNTS):
        for target in targets(customer, route.path):
            reply = customer.reply(route.method, target, body)
            said[reply.status_code].append(reply.text)
            if reply.status_code == 200:
                return said
    if not said:
        reply = peopled.customer().reply(route.method, nowhere(route), body)
        said[reply.status_code].append(reply.text)
    return said
