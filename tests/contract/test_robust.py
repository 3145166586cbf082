"""Whatever is asked of whatever route, the wire answers in its own words and never crashes."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquit.actions.create_application import create_application
from acquit.actions.grant_consumer_key import EVERYTHING, grant_consumer_key
from acquit.api.contract import Route, contract
from acquit.api.entrance import Entrance
from acquit.api.origin import Proxies
from acquit.api.routes import ROUTES
from acquit.store.embedded import Cluster
from acquit.store.transaction import Database
from store.copies import copy_of

from .conftest import ACCOUNT, Keys, Wire, context_on

ALL = [route for route in contract().routes if not route.pattern]
SERVED = [route for route in contract().routes if route.key in ROUTES and route.auth]
READS = [route for route in SERVED if route.method == "GET"]
WRITES = [route for route in SERVED if route.method != "GET"]
ODD = [
    "0",
    "-1",
    "7",
    "9" * 30,
    "a",
    "a" * 400,
    "..",
    "%00",
    "a%2Fb",
    "%C3%A9",
    "'; --",
    "%25s",
    "null",
    "%20",
]


class Entrances:
    """Lends one entrance to many tests; once its key is shut out, the next test gets another world."""

    def __init__(self, cluster: Cluster, template: str, places: pytest.TempPathFactory) -> None:
        self._cluster, self._template, self._places = cluster, template, places
        self._kept = ExitStack()
        self._wire: Wire | None = None

    def lend(self) -> Wire:
        """Return an entrance that answers its key."""
        if self._wire is None or self._wire.call("GET", "/me").status != 200:
            self.close()
            self._wire = self._made()
        return self._wire

    def close(self) -> None:
        """Leave nothing behind."""
        self._kept.close()

    def _made(self) -> Wire:
        database = self._kept.enter_context(
            Database(self._kept.enter_context(copy_of(self._cluster, self._template)))
        )
        context = context_on(database, self._places.mktemp("archive"))
        made = create_application(context, ACCOUNT, "tests", "of the wire", by="system")
        application = made.application
        granted = grant_consumer_key(context, application.application_id, ACCOUNT, EVERYTHING, by="system")
        entrance = self._kept.enter_context(closing(Entrance(context, proxies=Proxies.of())))
        keys = Keys(
            application.application_id, application.application_key, made.secret, granted.consumer_key
        )
        return Wire(entrance, keys)


@pytest.fixture(scope="module")
def entrances(
    cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Entrances]:
    with closing(Entrances(cluster, template, tmp_path_factory)) as made:
        yield made


@pytest.fixture
def wire(entrances: Entrances) -> Wire:
    return entrances.lend()


def fill(route: Route, text: str) -> str:
    parts = (quote(text, safe="%") if part.startswith("{") else part for part in route.path.split("/"))
    return "/".join(parts)


def test_no_route_answers_to_strangers(wire: Wire) -> None:
    for route in ALL:
        reply = wire.call(route.method, fill(route, "7"), signed=False)
        expected = 501 if route.key not in ROUTES else 403 if route.auth else reply.status
        assert reply.status == expected, (route.key, reply)
        assert reply.headers["x-ovh-queryid"]


@pytest.mark.parametrize("text", ODD)
def test_odd_path_values_are_refused_in_words(wire: Wire, text: str) -> None:
    for route in READS:
        if route.path_parameters:
            reply = wire.call("GET", fill(route, text))
            assert reply.status in (200, 400, 403, 404), (route.key, text, reply)
            batch = wire.call("GET", fill(route, f"{text},{text}"), headers={"X-Ovh-Batch": ","})
            assert batch.status in (200, 400, 403, 404), (route.key, text, batch)


def test_every_list_can_be_paged(wire: Wire) -> None:
    for route in READS:
        if route.expands_to and not route.path_parameters and route.regions != ("us",):
            headers = {"X-Pagination-Mode": "CachedObjectList-Pages", "X-Pagination-Size": "5000"}
            members = [member.name for member in contract().models[route.expands_to].fields]
            for sort in [None, *members]:
                asked = headers | ({"X-Pagination-Sort": sort} if sort else {})
                reply = wire.call("GET", route.path, headers=asked)
                assert reply.status == 200, (route.key, sort, reply)
                assert "x-pagination-elements" in reply.headers, route.key
                assert int(reply.headers["x-pagination-elements"]) == len(reply.body)


VALUES: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["2026-01-01", "2026-01-01T00:00:00Z", "10.0.0.0/8", "", "\0", "9" * 40, "FR00000001"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def members_of(route: Route) -> list[str]:
    if route.body is None:
        return []
    if route.body.style == "fields":
        return [parameter.name for parameter in route.body.fields]
    return [member.name for member in contract().models[route.body.type].fields if not member.read_only]


def plausible(type_name: str) -> Any:
    """Return values that the contract takes for the type, so that they reach the handler."""
    kind = type_name.rpartition(":")[2]
    if kind.endswith("[]"):
        return st.lists(plausible(kind[:-2]), max_size=2)
    model = contract().models.get(kind)
    if model is not None and model.is_enumeration:
        return st.sampled_from(model.values)
    if model is not None:
        return st.fixed_dictionaries(
            {m.name: plausible(m.type) for m in model.fields if m.required},
            optional={m.name: plausible(m.type) for m in model.fields if not m.required},
        )
    numbers = st.sampled_from([0, 1, -1, 7, 2**31 - 1, 2**63 - 1, -(2**63)])
    return {
        "long": numbers,
        "int": st.sampled_from([0, 1, 2**31 - 1]),
        "boolean": st.booleans(),
        "double": st.sampled_from([0.0, -1.5, 1e300]),
        "date": st.sampled_from(["2026-01-01", "0001-01-01", "9999-12-31"]),
        "datetime": st.sampled_from(["2026-01-01", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]),
        "duration": st.sampled_from(["P1M", "P0D", "P999999999Y"]),
        "ipBlock": st.sampled_from(["10.0.0.0/8", "::/0"]),
    }.get(
        kind,
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
        | st.just("x" * 3000),
    )


@pytest.mark.parametrize("route", WRITES, ids=lambda route: f"{route.method} {route.path}")
def test_no_body_crashes_a_handler(wire: Wire, route: Route) -> None:
    names = members_of(route)

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        shape = st.dictionaries(st.sampled_from(names), VALUES, max_size=4) if names else st.just({})
        if route.body is not None and route.body.style == "model":
            shape = shape | plausible(route.body.type)
        elif route.body is not None:
            shape = shape | st.fixed_dictionaries({p.name: plausible(p.type) for p in route.body.fields})
        given_ = data.draw(shape)
        key = data.draw(st.sampled_from(["7", "1", "x"]))
        path = fill(route, key)
        reply = wire.call(route.method, path, raw=json.dumps(given_).encode())
        assert reply.status not in (500, 503), (path, given_, reply)

    if route.path in (
        "/auth/logout",
        "/me/api/application/{applicationId}",
        "/me/api/credential/{credentialId}",
    ):
        return
    ask()


QUERIES = [(route, parameter) for route in READS for parameter in route.query_parameters]


@pytest.mark.parametrize(
    ("route", "parameter"), QUERIES, ids=lambda value: getattr(value, "path", getattr(value, "name", ""))
)
def test_no_query_crashes_a_handler(wire: Wire, route: Route, parameter: Any) -> None:
    for text in [
        *ODD,
        "",
        "2026-01-01",
        "0001-01-01",
        "9999-12-31T23:59:59-14:00",
        "true",
        "9223372036854775807",
    ]:
        reply = wire.call("GET", f"{fill(route, '7')}?{parameter.name}={quote(text, safe='%')}")
        assert reply.status in (200, 400, 403, 404), (route.key, parameter.name, text, reply)
