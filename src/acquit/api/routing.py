"""Finds the route of a raw request target: the path is split before any segment is decoded.

So `/me/x/1.2.3.0%2F24` has three segments, `..` is a name like any other, and an empty segment
matches nothing. Literal segments win over parameters, routes below `/{product}` come last.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from acquit.api.contract import Route
from acquit.api.refusals import NoSuchRoute

BASES: Final = ("/1.0", "/v1")
OTHER_BRANCH: Final = "/v2"
"""A branch of the same API without a route of ours: clients that call it read errors as JSON all the same."""
BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Target:
    """A raw target, cut up: `base` as written, decoded `segments`, the raw query."""

    base: str
    segments: tuple[str, ...]
    query: str

    @property
    def rule_path(self) -> str:
        """The path that access rules speak of: no base, no query, no closing slash."""
        return "/" + "/".join(segment.replace("/", "%2F") for segment in self.segments)


def cut(raw: str) -> Target:
    """Cut a raw target (path and query as sent) up. Raises NoSuchRoute outside the bases."""
    if not raw.isascii():
        raise NoSuchRoute
    path, _, query = raw.partition("?")
    for base in BASES:
        if path == base or path.startswith(base + "/"):
            rest = path[len(base) + 1 :]
            parts = rest.removesuffix("/").split("/") if rest else []
            return Target(base, tuple(_decode(part) for part in parts), query)
    raise NoSuchRoute


def _decode(part: str) -> str:
    if "%" not in part:
        return part
    if BROKEN_ESCAPE.search(part):
        raise NoSuchRoute
    try:
        return unquote_to_bytes(part).decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise NoSuchRoute from None


@dataclass(slots=True)
class _Branch:
    literal: dict[str, "_Branch"] = field(default_factory=dict)
    parameter: "_Branch | None" = None
    routes: dict[str, Route] = field(default_factory=dict)


class Router:
    """Every route of the contract, found in as many steps as the path has segments."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Branch()
        self._patterns: dict[tuple[str, str], Route] = {}
        for route in routes:
            if route.pattern:
                self._patterns[route.method, route.path.rpartition("/")[2]] = route
            else:
                self._plant(route)

    def _plant(self, route: Route) -> None:
        branch = self._root
        for part in route.path.strip("/").split("/"):
            if part.startswith("{"):
                branch.parameter = branch.parameter or _Branch()
                branch = branch.parameter
            else:
                branch = branch.literal.setdefault(part, _Branch())
        branch.routes[route.method] = route

    def find(self, method: str, segments: tuple[str, ...]) -> tuple[Route, Mapping[str, str]]:
        """Return the route and its path texts by name. Raises NoSuchRoute."""
        found = self._walk(self._root, segments, method, ())
        if found is not None:
            route, values = found
            return route, dict(zip((p.name for p in route.path_parameters), values, strict=True))
        pattern = self._patterns.get((method, segments[-1])) if len(segments) >= 3 and all(segments) else None
        if pattern is None:
            raise NoSuchRoute
        return pattern, {"product": "/".join(segments[:-2]), "serviceName": segments[-2]}

    def _walk(
        self, branch: _Branch, rest: tuple[str, ...], method: str, values: tuple[str, ...]
    ) -> tuple[Route, tuple[str, ...]] | None:
        if not rest:
            route = branch.routes.get(method)
            return None if route is None else (route, values)
        literal = branch.literal.get(rest[0])
        found = None if literal is None else self._walk(literal, rest[1:], method, values)
        if found is None and branch.parameter is not None and rest[0]:
            found = self._walk(branch.parameter, rest[1:], method, (*values, rest[0]))
        return found
