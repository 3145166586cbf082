"""For random pairs of accounts and every route with an id: what one owns does not exist for the other.

In path, batch, filter, query, body and link alike. No answer to a stranger holds a text that only the owner
was shown; a sub-account may be told the name of its parent.
"""

import re
from collections.abc import Mapping
from itertools import permutations
from typing import Any, LiteralString
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import pytest
import requests
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from acquit.api.contract import Route, contract

from .families import Families
from .generated import is_walked
from .owned import READ, WITH_IDS, Owned, filled, look, values_of
from .peopling import people
from .walking import required_query, smallest_body
from .world import ACCOUNTS, ACME, LAB, SHOP

SEPARATORS = (",", ";", "|", "::", "--")
ITEMS = [route for route in READ if route in WITH_IDS and route.path.endswith("}") and not route.pattern]
NESTED = [route for route in WITH_IDS if len(route.path_parameters) > 1 and not route.pattern]
ECHOES = ("/me/api/logs/self", "/me/api/logs/services")
"""The log of calls repeats what the caller asked for, the ids of others among it: test_family_logs has it."""
LISTS = [route for route in READ if route.expands_to and route.path not in ECHOES]
ASKED = [(route, p.name, p.type) for route in READ for p in route.query_parameters]
CHANGES = [
    r for r in contract().routes if is_walked(r) and r.method in ("POST", "PUT") and r.body is not None
]
FOREIGN_ACTS: LiteralString = """
    SELECT act.actor, act.verb, act.account_id
      FROM act JOIN account USING (account_id)
     WHERE act.actor LIKE 'account:%%'
       AND split_part(split_part(act.actor, ':', 2), '/', 1) NOT IN (account_id, coalesce(parent_id, ''))
"""
"""Acts of an account on another that is not its sub-account."""
Seen = Mapping[str, Owned]


@pytest.fixture(scope="module")
def seen(families: Families) -> Seen:
    """What every account sees of the world."""
    people(families)
    return {account_id: look(families.customer(account_id)) for account_id in ACCOUNTS}


@pytest.fixture(scope="module")
def often(pytestconfig: pytest.Config) -> settings:
    """How often a property is tried."""
    return settings(
        max_examples=5_000 if pytestconfig.getoption("--soak") else 150,
        deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,),
    )  # fmt: skip


def pair(data: st.DataObject, seen: Seen) -> tuple[Owned, Owned]:
    """Draw an owner and a stranger."""
    owner, stranger = data.draw(st.sampled_from(list(permutations(ACCOUNTS, 2))))
    return seen[owner], seen[stranger]


def tells_nothing(reply: requests.Response, owner: Owned, stranger: Owned, *given_: object) -> None:
    hidden = set(owner.secrets(stranger, *given_)) - {ACME if stranger.account_id in (LAB, SHOP) else ""}
    told = [text for text in hidden if text in reply.text]
    assert not told, f"{reply.request.method} {reply.request.url} tells {told}"
    assert reply.status_code < 500


def test_the_world_has_something_to_hide(seen: Seen) -> None:
    for owner, stranger in permutations(ACCOUNTS, 2):
        assert len(seen[owner].secrets(seen[stranger])) > 10
        hidden = [r for r in WITH_IDS if set(seen[owner].targets[r.key]) - set(seen[stranger].targets[r.key])]
        assert len(hidden) > 50, (owner, stranger)


def test_a_path(seen: Seen, often: settings) -> None:
    @often
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        (owner, stranger), route = pair(data, seen), data.draw(st.sampled_from(WITH_IDS))
        hidden = sorted(set(owner.targets[route.key]) - set(stranger.targets[route.key]))
        assume(hidden)
        target = data.draw(st.sampled_from(hidden))
        reply = stranger.caller.reply(route.method, target, smallest_body(route))
        is_wrong = route.method != "GET" and reply.json()["errorCode"] == "INVALID_ARGUMENT"
        assert reply.status_code == 404 or is_wrong, f"{route.method} {target}: {reply.text}"
        tells_nothing(reply, owner, stranger, target)

    ask()


def test_a_path_that_mixes_ids_of_both(seen: Seen, often: settings) -> None:
    @often
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        (owner, stranger), route = pair(data, seen), data.draw(st.sampled_from(NESTED))
        assume(owner.targets[route.key] and stranger.targets[route.key])
        theirs = values_of(route, data.draw(st.sampled_from(owner.targets[route.key])))
        mixed = values_of(route, data.draw(st.sampled_from(stranger.targets[route.key])))
        place = data.draw(st.integers(0, len(mixed) - 1))
        mixed[place] = theirs[place]
        target = filled(route, mixed) + required_query(route.path) * (route.method == "GET")
        assume(route.method == "GET" or target not in stranger.targets[route.key])
        reply = stranger.caller.reply(route.method, target, smallest_body(route))
        tells_nothing(reply, owner, stranger, target)

    ask()


def test_a_batch(seen: Seen, often: settings) -> None:
    @often
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        (owner, stranger), route = pair(data, seen), data.draw(st.sampled_from(ITEMS))
        hidden = sorted(set(owner.targets[route.key]) - set(stranger.targets[route.key]))
        assume(hidden)
        *above, other = values_of(route, data.draw(st.sampled_from(hidden)))
        own = [values_of(route, target) for target in stranger.targets[route.key]]
        beside = [values[-1] for values in own if values[:-1] == above]
        separator = data.draw(st.sampled_from(SEPARATORS))
        joined = quote(separator, safe="").join([other, *beside, other])
        reply = stranger.caller.reply(
            "GET",
            filled(route, [*above, joined]),
            None,
            {"X-Ovh-Batch": separator.encode().decode("latin-1")},
        )
        tells_nothing(reply, owner, stranger, joined, *above)
        if reply.status_code == 200:
            by_key = {entry["key"]: entry for entry in reply.json()}
            assert by_key[unquote(other)]["error"] is not None
            assert all(by_key[unquote(key)]["error"] is None for key in beside)

    ask()


def in_header(sign: str, text: str) -> str:
    """Return a filter's value as a header can carry it: escaped, or a pattern that the text is like."""
    if sign == "like":
        return re.sub(r"[\x00-\x1f\x7f&]+", "*", text).encode().decode("latin-1")
    return quote(text, safe="")


def test_a_filter(seen: Seen, often: settings) -> None:
    @often
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        (owner, stranger), route = pair(data, seen), data.draw(st.sampled_from(LISTS))
        assume(owner.targets[route.key] and stranger.targets[route.key])
        shown = owner.caller.reply(
            "GET", data.draw(st.sampled_from(owner.targets[route.key])),
            headers={"X-Pagination-Mode": "CachedObjectList-Pages"},
        )  # fmt: skip
        assume(shown.status_code == 200 and shown.json())
        members = {name: each for name, each in shown.json()[0].items() if isinstance(each, str | int)}
        assume(members)
        name = data.draw(st.sampled_from(sorted(members)))
        sign = data.draw(st.sampled_from(["eq", "in", "like", "ge", "le", "ne"]))
        value = str(members[name])
        target = data.draw(st.sampled_from(stranger.targets[route.key]))
        reply = stranger.caller.reply(
            "GET", target, None,
            {
                "X-Pagination-Mode": "CachedObjectList-Pages",
                "X-Pagination-Filter": f"{name}:{sign}={in_header(sign, value)}",
            },
        )  # fmt: skip
        tells_nothing(reply, owner, stranger, value)

    ask()


def test_a_query(seen: Seen, often: settings) -> None:
    @often
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        owner, stranger = pair(data, seen)
        route, name, kind = data.draw(st.sampled_from(ASKED))
        keys = owner.keys.get(kind.rpartition(":")[2], ())
        assume(keys and stranger.targets[route.key])
        value = data.draw(st.sampled_from(keys))
        target = data.draw(st.sampled_from(stranger.targets[route.key])).partition("?")[0]
        others = required_query(route.path, without=name).replace("?", "&", 1)
        reply = stranger.caller.reply("GET", f"{target}?{name}={quote(str(value), safe='')}{others}")
        assert reply.status_code in (200, 400, 404), reply.text
        tells_nothing(reply, owner, stranger, value)

    ask()


def test_a_link(seen: Seen, often: settings) -> None:
    """A paper's link opens with its own password alone, whoever has one of another."""
    links = {
        account_id: sorted(text for text in owned.texts if "/cgi-bin/" in text)
        for account_id, owned in seen.items()
    }

    @often
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        owner, stranger = data.draw(st.sampled_from(list(permutations(ACCOUNTS, 2))))
        theirs = sorted(set(links[owner]) - set(links[stranger]))
        assume(theirs and links[stranger])
        link = urlsplit(data.draw(st.sampled_from(theirs)))
        own = dict(parse_qsl(urlsplit(data.draw(st.sampled_from(links[stranger]))).query))
        said = dict(parse_qsl(link.query))
        (secret,) = {"passwd", "orderPassword"} & set(said)
        wrong = own.get("passwd", own.get("orderPassword", ""))
        changed = link._replace(query=urlencode(said | {secret: wrong}))
        reply = requests.get(changed.geturl(), timeout=60)
        assert reply.status_code == 404, changed.geturl()
        tells_nothing(reply, seen[owner], seen[stranger], changed.geturl())

    ask()


def bodies(route: Route, keys: Mapping[str, tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Return the route's smallest body with each member in turn being an id of the owner's."""
    assert route.body is not None
    declared = route.body.fields or contract().models[route.body.type].fields
    found: list[dict[str, Any]] = []
    for member in declared:
        kind = member.type.rpartition(":")[2]
        many, one = kind.endswith("[]"), kind.removesuffix("[]")
        model = contract().models.get(one)
        if model is not None and any(each.name == "id" for each in model.fields):
            found += [{member.name: {"id": key}} for key in keys["long"]]
        found += [{member.name: [key] if many else key} for key in keys.get(one, ())]
    return [(smallest_body(route) or {}) | each for each in found]


def test_a_body(seen: Seen, often: settings, families: Families) -> None:
    @often
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        (owner, stranger), route = pair(data, seen), data.draw(st.sampled_from(CHANGES))
        foreign = {
            kind: tuple(key for key in keys if key not in stranger.keys[kind])
            for kind, keys in owner.keys.items()
        }
        made = bodies(route, foreign)
        assume(made and stranger.targets[route.key])
        body = data.draw(st.sampled_from(made))
        target = data.draw(st.sampled_from(stranger.targets[route.key])).partition("?")[0]
        reply = stranger.caller.reply(route.method, target, body)
        tells_nothing(reply, owner, stranger, target, body)

    ask()
    with families.world.context.database.read() as tx:
        foreign_acts = tx.all(FOREIGN_ACTS)
    assert foreign_acts == [], "something of another account was changed"
