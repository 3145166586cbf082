"""Finds real targets of routes, and makes the smallest body that a route takes."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from acquit.api.contract import Member, Route, contract

from .families import Customer

AT_MOST = 3
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
EARLY = "2026-01-01T00:00:00Z"
QUERIES = {"/order/cart/{cartId}/eco/options": "?planCode=metal-s"}
"""What a read must be asked with."""
SAMPLES: dict[str, Any] = {
    "string": "sample", "text": "sample", "password": "correct-horse-battery-staple", "long": 1, "int": 1,
    "boolean": True, "date": "2027-01-01", "datetime": "2027-01-01T00:00:00Z", "duration": "P1M",
    "ipBlock": "198.51.100.0/24", "ip": "198.51.100.7", "phoneNumber": "+33.123456789", "double": 1.5,
    "uuid": "00000000-0000-4000-8000-000000000000",
}  # fmt: skip


def targets(customer: Customer, path: str) -> Iterator[str]:
    """Yield real targets of a route: each parameter takes ids that the list before it gives."""
    if path.startswith("/{product}"):
        for service in customer.page("/services"):
            yield path.replace("/{product}/{serviceName}", service["route"]["url"])
        return
    made = [""]
    for part in path.strip("/").split("/"):
        if part.startswith("{"):
            made = [f"{start}/{quote(key, safe='')}" for start in made for key in _keys(customer, start)]
        else:
            made = [f"{start}/{part}" for start in made]
    yield from (f"{target}{required_query(path)}" for target in made)


def _named(element: dict[str, Any]) -> Any:
    """The member of a list's element by which its item is read."""
    return next((element[name] for name in ("planCode", "id", "name") if name in element), element)


def required_query(path: str, without: str = "") -> str:
    """Return the parameters that a read of the path cannot do without, as a query; empty for most."""
    if path in QUERIES and not without:
        return QUERIES[path]
    said = [
        f"{each.name}={EARLY if each.name.startswith('begin') else _sample(each.type)}"
        for route in contract().routes
        if (route.method, route.path) == ("GET", path)
        for each in route.query_parameters
        if each.required and each.name != without
    ]
    return f"?{'&'.join(said)}" if said else ""


def _keys(customer: Customer, target: str) -> list[str]:
    """The first ids of a list, and its last."""
    reply = customer.reply("GET", target)
    found = reply.json() if reply.status_code == 200 else []
    keys = [str(_named(each) if isinstance(each, dict) else each) for each in found]
    return keys if len(keys) <= AT_MOST else [*keys[: AT_MOST - 1], keys[-1]]


def smallest_body(route: Route) -> dict[str, Any] | None:
    """Return a body with the required members alone; None for a route that takes none."""
    if route.method in ("GET", "DELETE"):
        return None
    if route.body is None:
        return {}
    if route.body.style == "fields":
        return {p.name: _sample(p.type) for p in route.body.fields if p.required}
    return _object(contract().models[route.body.type].fields)


def _object(members: tuple[Member, ...]) -> dict[str, Any]:
    return {member.name: _sample(member.type) for member in members if member.required}


def _sample(kind: str) -> Any:
    kind = kind.rpartition(":")[2]
    if kind.endswith("[]"):
        return [_sample(kind[:-2])]
    model = contract().models.get(kind)
    if model is None or kind in SAMPLES:
        return SAMPLES[kind]
    return model.values[0] if model.is_enumeration else _object(model.fields)
