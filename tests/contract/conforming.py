"""Compares an answer of the wire with what the contract declares: members, types, nulls, enumerations."""

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any, Final

from acquit.api import routing
from acquit.api.contract import Route, contract

INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
DURATION: Final = re.compile(r"P\d+[DMY]")
UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PHONE: Final = re.compile(r"\+?[0-9][0-9. ()-]{3,29}")
TEXTS: Final = {"string", "text", "password"}
NETS: Final[Mapping[str, Callable[[str], object]]] = {
    "ip": ip_address, "ipv4": IPv4Address, "ipv6": IPv6Address,
    "ipBlock": ip_network, "ipv4Block": IPv4Network, "ipv6Block": IPv6Network,
}  # fmt: skip
PATTERNS: Final = {"datetime": INSTANT, "date": DAY, "duration": DURATION, "uuid": UUID, "phoneNumber": PHONE}
ERROR: Final = {"message", "class", "errorCode", "httpCode", "details"}
ROUTER: Final = routing.Router(contract().routes)


def route_of(method: str, target: str) -> Route:
    """Return the route that a raw target is answered by."""
    return ROUTER.find(method, routing.cut(target).segments)[0]


def faults(route: Route, headers: Mapping[str, str], status: int, value: Any) -> list[str]:
    """Return everything in which the answer to a request differs from the contract."""
    if status >= 400:
        return list(_error(value, status))
    names = {name.lower() for name in headers}
    listed = route.expands_to if "x-pagination-mode" in names and route.expands_to else None
    kind = f"{listed}[]" if listed else route.response
    if "x-ovh-batch" in names and route.method == "GET" and route.path_parameters:
        return list(_batch(value, kind))
    return list(_value(value, kind, nullable=False, place="$"))


def _error(value: Any, status: int) -> Iterator[str]:
    if not isinstance(value, dict) or set(value) != ERROR:
        yield f"an error has {sorted(ERROR)}, not {value!r}"
        return
    if not value["httpCode"].startswith(f"{status} "):
        yield f"httpCode {value['httpCode']!r} of status {status}"
    if not re.fullmatch(r"(Client|Server)(::[A-Za-z]+){1,2}", value["class"]):
        yield f"class {value['class']!r}"
    if not all(isinstance(text, str) for text in (value["message"], *value["details"].values())):
        yield "an error's details are texts"


def _batch(value: Any, kind: str) -> Iterator[str]:
    for number, entry in enumerate(value):
        place = f"$[{number}]"
        if set(entry) != {"key", "value", "error"} or (entry["value"] is None) == (entry["error"] is None):
            yield f"{place} is no entry of a batch: {entry!r}"
        elif entry["error"] is not None:
            yield from _error(entry["error"], int(entry["error"]["httpCode"][:3]))
        else:
            yield from _value(entry["value"], kind, nullable=False, place=f"{place}.value")


def _value(value: Any, kind: str, *, nullable: bool, place: str) -> Iterator[str]:
    kind = kind.rpartition(":")[2]
    if kind == "void":
        if value is not None:
            yield f"{place} is void, not {value!r}"
    elif value is None:
        if not nullable:
            yield f"{place} is null"
    elif kind.endswith("[]"):
        if not isinstance(value, list):
            yield f"{place} is no list: {value!r}"
            return
        for number, element in enumerate(value):
            yield from _value(element, kind[:-2], nullable=False, place=f"{place}[{number}]")
    elif kind == "map[string]string":
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            yield f"{place} is no {kind}: {value!r}"
    elif "<" in kind:
        yield from _generic(value, kind, place)
    elif kind in contract().models and contract().models[kind].is_enumeration:
        if value not in contract().models[kind].values:
            yield f"{place}: {value!r} is not in {kind}"
    elif kind in contract().models and contract().models[kind].fields:
        yield from _object(value, kind, place)
    elif not _is_primitive(value, kind):
        yield f"{place}: {value!r} is no {kind}"


def _object(value: Any, kind: str, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place} is no {kind}: {value!r}"
        return
    members = {member.name: member for member in contract().models[kind].fields}
    for name in sorted(set(value) ^ set(members)):
        yield f"{place}.{name} is {'unknown' if name in value else 'absent'} in {kind}"
    for name in sorted(set(value) & set(members)):
        member = members[name]
        yield from _value(value[name], member.type, nullable=member.nullable, place=f"{place}.{name}")


def _generic(value: Any, kind: str, place: str) -> Iterator[str]:
    inner = kind.partition("<")[2].rstrip(">")
    if not isinstance(value, dict) or set(value) != {"key", "value"}:
        yield f"{place} is no {kind}: {value!r}"
        return
    yield from _value(value["value"], inner, nullable=False, place=f"{place}.value")


def _is_primitive(value: Any, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("long", "int"):
        return isinstance(value, int) and not isinstance(value, bool)
    if kind in ("double", "float"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if kind in NETS:
        return _is_net(value, kind)
    pattern = PATTERNS.get(kind)
    return pattern.fullmatch(value) is not None if pattern else kind in TEXTS


def _is_net(value: str, kind: str) -> bool:
    try:
        NETS[kind](value)
    except ValueError:
        return False
    return True
