"""The API described by itself, for what is really served: `GET /1.0/`, `GET /1.0/{section}.json`, and
`GET /1.0/openapi.json`, the whole as OpenAPI 3.1."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any, Final

from acquit.api import openapi
from acquit.api.contract import Member, Model, Parameter, Route, contract
from acquit.api.parameters import primitive
from acquit.api.refusals import NoSuchRoute
from acquit.api.routing import Target

STATUSES: Final = {
    "PRODUCTION": "Stable production version",
    "BETA": "Beta version",
    "ALPHA": "Alpha version",
    "DEPRECATED": "Deprecated, will be removed",
}
SECTIONS: Final = {
    "auth": "Credentials and who is calling",
    "me": "The account: bills, debts, payment, purchase orders, sub-accounts and access",
    "order": "Carts: put plans together, look at prices, order",
    "services": "Services and their renewal",
    "service": "Services",
}

Served = Collection[tuple[str, str]]


def describe(method: str, target: Target, served: Served, origin: str) -> dict[str, Any] | None:
    """Return the index, a section or the OpenAPI document; None for any other target. Raises NoSuchRoute."""
    if method != "GET":
        return None
    base_path = origin + target.base
    if not target.segments:
        return _index(base_path, served)
    if target.segments == ("openapi.json",):
        return openapi.document((route for route in contract().routes if route.key in served), base_path)
    if not target.segments[-1].endswith(".json"):
        return None
    section = "/".join(target.segments).removesuffix(".json")
    routes = _by_section(frozenset(served)).get(section)
    if routes is None:
        if len(target.segments) == 1:
            raise NoSuchRoute
        return None
    return _section(section, routes, base_path)


@cache
def _by_section(served: frozenset[tuple[str, str]]) -> Mapping[str, list[Route]]:
    found: dict[str, list[Route]] = defaultdict(list)
    for route in contract().routes:
        if route.key in served and not route.pattern:
            found[route.path.split("/")[1]].append(route)
    return dict(found)


def _index(base_path: str, served: Served) -> dict[str, Any]:
    entries = [
        {
            "description": SECTIONS.get(section, section),
            "format": ["json"],
            "path": f"/{section}",
            "schema": "{path}.{format}",
        }
        for section in sorted(_by_section(frozenset(served)))
    ]
    return {"apis": entries, "basePath": base_path}


def _section(section: str, routes: Iterable[Route], base_path: str) -> dict[str, Any]:
    by_path: dict[str, list[Route]] = defaultdict(list)
    for route in routes:
        by_path[route.path].append(route)
    return {
        "apiVersion": "1.0",
        "apis": [_path(path, by_path[path]) for path in sorted(by_path)],
        "resourcePath": f"/{section}",
        "basePath": base_path,
        "models": {name: _model(name, contract().models[name]) for name in sorted(_models(routes))},
    }


def _path(path: str, routes: list[Route]) -> dict[str, Any]:
    return {
        "path": path,
        "operations": [_operation(route) for route in routes],
        "description": f"Operations on {path}",
    }


def _operation(route: Route) -> dict[str, Any]:
    said: dict[str, Any] = {
        "apiStatus": _status(route),
        "description": route.purpose,
        "httpMethod": route.method,
        "noAuthentication": not route.auth,
        "parameters": [
            *(_parameter(p, "path") for p in route.path_parameters),
            *(_parameter(p, "query") for p in route.query_parameters),
            *_body(route),
        ],
        "responseType": route.response,
    }
    if route.iam_actions:
        said["iamActions"] = [{"name": name, "required": True} for name in route.iam_actions]
    return said


def _status(route: Route) -> dict[str, Any]:
    value = route.status if route.status in STATUSES else "ALPHA"
    said = {"value": value, "description": STATUSES[value]}
    if value == "DEPRECATED":
        said["deprecatedDate"] = route.deprecated_since or ""
        said["deletionDate"] = route.deletion_planned or ""
        if route.replaced_by:
            said["replacement"] = route.replaced_by
    return said


def _parameter(parameter: Parameter, kind: str) -> dict[str, Any]:
    return {
        "dataType": primitive(parameter.type),
        "fullType": parameter.type,
        "name": parameter.name,
        "paramType": kind,
        "required": parameter.required or kind == "path",
        "description": parameter.name,
    }


def _body(route: Route) -> list[dict[str, Any]]:
    if route.body is None:
        return []
    if route.body.style == "fields":
        return [_parameter(parameter, "body") for parameter in route.body.fields]
    whole = _parameter(Parameter("", route.body.type, route.body.required), "body")
    del whole["name"]
    return [whole | {"description": "Request body"}]


def _models(routes: Iterable[Route]) -> set[str]:
    """Return the names of every model that the routes speak of, and that these speak of in turn."""
    waiting = [kind for route in routes for kind in _types(route)]
    found: set[str] = set()
    while waiting:
        kind = waiting.pop().replace("[]", "")
        names = {kind, primitive(kind), kind.partition(":")[0], kind.partition("<")[0] + "<T>"}
        for name in (names & contract().models.keys()) - found:
            found.add(name)
            waiting.extend(member.type for member in contract().models[name].fields)
    return found


def _types(route: Route) -> list[str]:
    types = [route.response, route.expands_to or ""]
    types += [p.type for p in (*route.path_parameters, *route.query_parameters)]
    if route.body is not None:
        types += [route.body.type, *(p.type for p in route.body.fields)]
    return types


def _model(name: str, model: Model) -> dict[str, Any]:
    namespace, _, short = name.rpartition(".")
    said: dict[str, Any] = {"id": short, "namespace": namespace, "description": short}
    if model.is_enumeration:
        return said | {"enum": list(model.values), "enumType": "string"}
    if model.generics:
        said["generics"] = list(model.generics)
    return said | {"properties": {member.name: _property(member) for member in model.fields}}


def _property(member: Member) -> dict[str, Any]:
    return {
        "type": primitive(member.type),
        "fullType": member.type,
        "canBeNull": member.nullable,
        "readOnly": member.read_only,
        "required": member.required,
        "description": member.name,
    }
