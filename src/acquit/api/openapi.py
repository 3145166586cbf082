"""The OpenAPI 3.1 document of what is served: `GET /1.0/openapi.json`, made from the contract.

A model has two schemas where it is both sent and answered: an answer has every member, a body what is given.
A list answers ids, or objects when a pagination header asks for them; an item a batch when asked for one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from acquit.api.contract import Member, Model, Parameter, Route, contract
from acquit.api.openapi_links import links_of, operation_id
from acquit.api.parameters import INT, LONG, primitive

PRIMITIVES: Final[Mapping[str, Mapping[str, Any]]] = {
    "string": {"type": "string"},
    "text": {"type": "string"},
    "password": {"type": "string", "format": "password"},
    "long": {"type": "integer", "format": "int64", "minimum": LONG.start, "maximum": LONG.stop - 1},
    "int": {"type": "integer", "format": "int32", "minimum": INT.start, "maximum": INT.stop - 1},
    "double": {"type": "number"},
    "float": {"type": "number"},
    "boolean": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?$"},
    "duration": {"type": "string", "format": "duration"},
    "uuid": {"type": "string", "format": "uuid"},
    "ipv4": {"type": "string", "format": "ipv4"},
    "ipv6": {"type": "string", "format": "ipv6"},
    "void": {"type": "null"},
    "map[string]string": {"type": "object", "additionalProperties": {"type": "string"}},
}
"""Types of the contract that say more than `string`; every other primitive is a text."""
KEYS: Final = {
    "Application": "X-Ovh-Application",
    "Consumer": "X-Ovh-Consumer",
    "Timestamp": "X-Ovh-Timestamp",
    "Signature": "X-Ovh-Signature",
}
PAGES: Final[Mapping[str, Mapping[str, Any]]] = {
    "X-Pagination-Mode": {"type": "string", "enum": ["CachedObjectList-Pages", "CachedObjectList-Cursor"]},
    "X-Pagination-Number": {"type": "integer", "minimum": 1},
    "X-Pagination-Size": {"type": "integer", "minimum": 1, "maximum": 50_000},
    "X-Pagination-Sort": {"type": "string"},
    "X-Pagination-Sort-Order": {"type": "string", "enum": ["ASC", "DESC"]},
    "X-Pagination-Filter": {"type": "string"},
    "X-Pagination-Cursor": {"type": "string"},
}
TEXT: Final = {"type": "string"}
ERROR: Final = {
    "type": "object",
    "description": "Both generations of error bodies in one.",
    "properties": {
        **dict.fromkeys(("message", "class", "errorCode", "httpCode"), TEXT),
        "details": {"type": "object", "additionalProperties": TEXT},
    },
    "required": ["message", "class", "errorCode", "httpCode", "details"],
    "additionalProperties": False,
}
SENT: Final = "-sent"
"""Ends the name of a model's schema in bodies."""


def document(routes: Iterable[Route], url: str) -> dict[str, Any]:
    """Return the document of these routes, answered below `url`."""
    served = tuple(routes)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Accounts, bills and payment", "version": "1.0"},
        "servers": [{"url": url}],
        "paths": _paths(served),
        "components": {"schemas": _schemas(served), "securitySchemes": _security_schemes()},
    }


@cache
def _paths(served: tuple[Route, ...]) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in served:
        paths[route.path][route.method.lower()] = _operation(route, served)
    return {path: paths[path] for path in sorted(paths)}


def _operation(route: Route, served: tuple[Route, ...]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": operation_id(route),
        "summary": route.purpose,
        "tags": [route.path.split("/")[1]],
        "parameters": [
            *(_parameter(each, "path") for each in route.path_parameters),
            *(_parameter(each, "query") for each in route.query_parameters),
            *_headers(route),
        ],
        "responses": {"200": _answer(route, served), "default": _refused()},
        "security": _security(route),
        "x-api-status": route.status,
    }
    if route.status == "DEPRECATED":
        said["deprecated"] = True
    if route.iam_actions:
        said["x-iam-actions"] = list(route.iam_actions)
    if route.body is not None and route.method in ("POST", "PUT"):
        said["requestBody"] = _body(route)
    return said


def _parameter(parameter: Parameter, place: str) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": place,
        "required": parameter.required or place == "path",
        "schema": _schema(parameter.type, SENT),
    }


def _headers(route: Route) -> Iterator[dict[str, Any]]:
    """Yield the headers that change the form of an answer."""
    if route.method != "GET":
        return
    if route.expands_to:
        for name, schema in PAGES.items():
            yield {"name": name, "in": "header", "required": False, "schema": dict(schema)}
    if route.path_parameters:
        yield {"name": "X-Ovh-Batch", "in": "header", "required": False, "schema": TEXT | {"minLength": 1}}


def _answer(route: Route, served: tuple[Route, ...]) -> dict[str, Any]:
    forms = [_schema(route.response)]
    if route.method == "GET" and route.expands_to:
        forms.append(_schema(f"{route.expands_to}[]"))
    if route.method == "GET" and route.path_parameters:
        forms.append(_batch(forms))
    said = {
        "description": "Done; void answers null." if route.response == "void" else "Found.",
        "content": {"application/json": {"schema": forms[0] if len(forms) == 1 else {"anyOf": forms}}},
    }
    links = links_of(route, served)
    return said | ({"links": links} if links else {})


def _batch(forms: list[dict[str, Any]]) -> dict[str, Any]:
    value = {"anyOf": [*forms, {"type": "null"}]}
    error = {"anyOf": [{"$ref": "#/components/schemas/Error"}, {"type": "null"}]}
    return {"type": "array", "items": _object({"key": TEXT, "value": value, "error": error})}


def _refused() -> dict[str, Any]:
    return {
        "description": "Refused; the message says why.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }


def _body(route: Route) -> dict[str, Any]:
    assert route.body is not None
    if route.body.style == "model":
        schema = _schema(route.body.type, SENT)
    else:
        members = tuple(Member(each.name, each.type, required=each.required) for each in route.body.fields)
        schema = _sent(members)
    is_required = route.body.required or any(each.required for each in route.body.fields)
    return {"required": is_required, "content": {"application/json": {"schema": schema}}}


# ---------------------------------------------------------------- schemas


def _schema(type_name: str, form: str = "") -> dict[str, Any]:
    """Return the schema of a type of the contract; `form` is SENT inside bodies and parameters."""
    kind = primitive(type_name)
    if kind.endswith("[]"):
        return {"type": "array", "items": _schema(kind[:-2], form)}
    if "<" in kind:
        return _object({"key": TEXT, "value": _schema(kind.partition("<")[2].rstrip(">"), form)})
    model = contract().models.get(kind)
    if model is None or not (model.fields or model.is_enumeration):
        return dict(PRIMITIVES.get(kind, TEXT if model is None else {}))
    return {"$ref": f"#/components/schemas/{kind}{'' if model.is_enumeration else form}"}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object that has exactly these members."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": sorted(properties),
        "additionalProperties": False,
    }


def _sent(members: Iterable[Member]) -> dict[str, Any]:
    """Return an object of a body: what is required, and whatever else is declared."""
    members = tuple(members)
    said = {
        "type": "object",
        "properties": {each.name: _member(each, SENT) for each in members},
        "additionalProperties": False,
    }
    required = sorted(each.name for each in members if each.required)
    return said | ({"required": required} if required else {})


def _member(member: Member, form: str) -> dict[str, Any]:
    schema = _schema(member.type, form)
    return {"anyOf": [schema, {"type": "null"}]} if member.nullable else schema


@cache
def _schemas(served: tuple[Route, ...]) -> dict[str, Any]:
    """Return every schema that the routes speak of, and that these speak of in turn."""
    answered = [kind for route in served for kind in (route.response, route.expands_to or "")]
    sent = [each.type for route in served for each in (*route.path_parameters, *route.query_parameters)]
    for route in served:
        if route.body is not None:
            sent += [route.body.type, *(each.type for each in route.body.fields)]
    found = {"Error": ERROR}
    for form, kinds in (("", answered), (SENT, sent)):
        for name, model in _reached(kinds):
            found[name if model.is_enumeration else f"{name}{form}"] = _model(model, form)
    return {name: found[name] for name in sorted(found)}


def _reached(kinds: Iterable[str]) -> Iterator[tuple[str, Model]]:
    waiting, seen = list(kinds), set()
    while waiting:
        kind = primitive(waiting.pop()).replace("[]", "")
        kind = primitive(kind.partition("<")[2].rstrip(">")) if "<" in kind else kind
        model = contract().models.get(kind)
        if model is None or kind in seen or not (model.fields or model.is_enumeration):
            continue
        seen.add(kind)
        yield kind, model
        waiting += [member.type for member in model.fields]


def _model(model: Model, form: str) -> dict[str, Any]:
    if model.is_enumeration:
        return {"type": "string", "enum": list(model.values)}
    if form == SENT:
        return _sent(model.fields)
    return _object({member.name: _member(member, form) for member in model.fields})


# ---------------------------------------------------------------- who may call


def _security(route: Route) -> list[dict[str, list[str]]]:
    """Return the ways to sign; none where anybody may call."""
    ways: list[dict[str, list[str]]] = [{name: [] for name in KEYS}, {"Bearer": []}]
    if route.auth:
        return ways
    return [{}, *ways] if route.auth_optional else []


def _security_schemes() -> dict[str, Any]:
    keys = {name: {"type": "apiKey", "in": "header", "name": header} for name, header in KEYS.items()}
    return {**keys, "Bearer": {"type": "http", "scheme": "bearer"}}
