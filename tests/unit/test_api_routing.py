"""Raw targets: cut before they are decoded."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.api.contract import contract
from acquit.api.origin import Proxies
from acquit.api.refusals import NoSuchRoute
from acquit.api.routes import ROUTES
from acquit.api.routing import Router, cut

ROUTER = Router(contract().routes)


@pytest.mark.parametrize(
    ("raw", "base", "segments", "query"),
    [
        ("/1.0", "/1.0", (), ""),
        ("/v1/", "/v1", (), ""),
        ("/1.0/me/bill/", "/1.0", ("me", "bill"), ""),
        ("/1.0/me/bill?a=b?c", "/1.0", ("me", "bill"), "a=b?c"),
        ("/1.0/me/x/1.2.3.0%2F24", "/1.0", ("me", "x", "1.2.3.0/24"), ""),
        ("/1.0/me/%C3%A9", "/1.0", ("me", "é"), ""),
        ("/1.0/me/../x/.", "/1.0", ("me", "..", "x", "."), ""),
        ("/1.0//", "/1.0", ("",), ""),
    ],
)
def test_a_target_is_split_before_it_is_decoded(
    raw: str, base: str, segments: tuple[str, ...], query: str
) -> None:
    target = cut(raw)
    assert (target.base, target.segments, target.query) == (base, segments, query)


@pytest.mark.parametrize(
    "raw",
    ["", "/", "/2.0/me", "/1.0me", "*", "/1.0/%", "/1.0/%g0", "/1.0/%C3", "/1.0/%FF", "/1.0/é", "/v2/me"],
)
def test_what_is_no_target_of_the_api_has_no_route(raw: str) -> None:
    with pytest.raises(NoSuchRoute, match=r"Got an invalid \(or empty\) URL"):
        cut(raw)


def test_rules_speak_of_the_path_without_base_query_and_closing_slash() -> None:
    assert cut("/v1/me/x/1.2.3.0%2F24/?a=b").rule_path == "/me/x/1.2.3.0%2F24"
    assert cut("/1.0/sms/").rule_path == "/sms"


@pytest.mark.parametrize(
    ("method", "path", "route", "values"),
    [
        ("GET", "/me", "/me", {}),
        ("GET", "/me/tag/available", "/me/tag/available", {}),
        ("GET", "/me/tag/other", "/me/tag/{tag}", {"tag": "other"}),
        ("GET", "/me/bill/..", "/me/bill/{billId}", {"billId": ".."}),
        ("GET", "/me/bill/a%2Fb/debt", "/me/bill/{billId}/debt", {"billId": "a/b"}),
        (
            "GET",
            "/vps/x/serviceInfos",
            "/{product}/{serviceName}/serviceInfos",
            {"product": "vps", "serviceName": "x"},
        ),
        (
            "PUT",
            "/dedicated/server/ns1.example/serviceInfos",
            "/{product}/{serviceName}/serviceInfos",
            {"product": "dedicated/server", "serviceName": "ns1.example"},
        ),
    ],
)
def test_literal_segments_win_over_parameters(
    method: str, path: str, route: str, values: dict[str, str]
) -> None:
    found, texts = ROUTER.find(method, cut("/1.0" + path).segments)
    assert (found.path, texts) == (route, values)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/me"),
        ("get", "/me"),
        ("GET", "/me//bill"),
        ("GET", "//me"),
        ("GET", "/me/bill/../../auth/time"),
        ("GET", "/me/bill%2FFR1"),
        ("GET", "/x/serviceInfos"),
        ("GET", "/x//serviceInfos"),
    ],
)
def test_tricks_find_no_route(method: str, path: str) -> None:
    with pytest.raises(NoSuchRoute):
        ROUTER.find(method, cut("/1.0" + path).segments)


def test_every_route_of_the_contract_is_found() -> None:
    for route in contract().routes:
        segments = tuple("zz9" if part.startswith("{") else part for part in route.path.strip("/").split("/"))
        assert ROUTER.find(route.method, segments)[0] is route


def test_every_served_route_is_in_the_contract() -> None:
    assert set(ROUTES) <= {route.key for route in contract().routes}


@given(st.text(st.characters(codec="ascii"), max_size=40))
def test_any_target_has_a_route_or_has_none(tail: str) -> None:
    with suppress(NoSuchRoute):
        ROUTER.find("GET", cut("/1.0/" + tail).segments)


# ---------------------------------------------------------------- origins


@pytest.mark.parametrize(
    ("peer", "headers", "public", "address"),
    [
        ("127.0.0.1", {}, "http://h:8080", "127.0.0.1"),
        ("::1", {"x-forwarded-proto": "https"}, "https://h:8080", "::1"),
        (
            "127.0.0.1",
            {"x-forwarded-proto": "https", "x-forwarded-host": "api.example.com"},
            "https://api.example.com",
            "127.0.0.1",
        ),
        (
            "127.0.0.1",
            {"x-forwarded-proto": "https", "x-forwarded-host": "a.example", "x-forwarded-port": "8443"},
            "https://a.example:8443",
            "127.0.0.1",
        ),
        (
            "127.0.0.1",
            {"x-forwarded-proto": "https", "x-forwarded-host": "a.example", "x-forwarded-port": "443"},
            "https://a.example",
            "127.0.0.1",
        ),
        (
            "127.0.0.1",
            {
                "x-forwarded-host": "a.example:9000",
                "x-forwarded-port": "1",
                "x-forwarded-for": "1.1.1.1, 192.0.2.9",
            },
            "http://a.example:9000",
            "192.0.2.9",
        ),
        ("127.0.0.1", {"x-forwarded-for": "192.0.2.9, 127.0.0.5"}, "http://h:8080", "192.0.2.9"),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.7, 127.0.0.5"}, "http://h:8080", "127.0.0.7"),
        ("127.0.0.1", {"x-forwarded-host": "evil, good.example"}, "http://good.example", "127.0.0.1"),
        (
            "192.0.2.1",
            {"x-forwarded-proto": "https", "x-forwarded-for": "10.0.0.1"},
            "http://h:8080",
            "192.0.2.1",
        ),
        ("", {"x-forwarded-proto": "https"}, "http://h:8080", ""),
    ],
)
def test_forwarded_headers_count_only_from_trusted_proxies(
    peer: str, headers: dict[str, str], public: str, address: str
) -> None:
    origin = Proxies.of().origin("http", "h:8080", peer, headers)
    assert (origin.public, origin.signed, origin.address) == (public, (public,), address)


def test_a_configured_origin_is_shown_and_tried_first() -> None:
    origin = Proxies.of(public_url="https://api.example.com/").origin("http", "h:8080", "192.0.2.1", {})
    assert origin.public == "https://api.example.com"
    assert origin.signed == ("https://api.example.com", "http://h:8080")
