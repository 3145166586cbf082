"""How answers lead on: an id that a list or a creation tells is a parameter of the routes below it."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from acquit.api.contract import Route, contract

WORDS: Final = re.compile(r"[A-Za-z0-9]+")


def operation_id(route: Route) -> str:
    """Return a name of the route that no other has: `get_me_bill_billId`."""
    return "_".join((route.method.lower(), *WORDS.findall(route.path)))


def links_of(route: Route, served: Iterable[Route]) -> dict[str, Any]:
    """Return the links of a route's answer, by name."""
    told = _told(route)
    if told is None:
        return {}
    kept = {each.name: f"$request.path.{each.name}" for each in route.path_parameters}
    return {
        operation_id(each): {
            "operationId": operation_id(each),
            "parameters": kept | {each.path_parameters[-1].name: f"$response.body#/{told}"},
        }
        for each in _below(route, served)
        if route.method == "GET" or _member(route, each.path_parameters[-1].name) is not None
    }


def _told(route: Route) -> str | None:
    """Return where an answer tells an id: the first of a list, or a member of what was made."""
    if route.pattern:
        return None
    if route.method == "GET":
        return "0" if route.response in ("string[]", "long[]") else None
    return _member(route, _item_parameter(route)) if route.method == "POST" else None


def _item_parameter(route: Route) -> str:
    """Return the name of the parameter that an item of this collection has; empty when there is none."""
    for each in contract().routes:
        head, _, last = each.path.rpartition("/")
        if head == route.path and last.startswith("{"):
            return last.strip("{}")
    return ""


def _member(route: Route, parameter: str) -> str | None:
    """Return the member of what a creation answers that is the parameter's value."""
    model = contract().models.get(route.response)
    names = {member.name for member in model.fields} if model is not None else set()
    return next((name for name in (parameter, "id") if name in names), None)


def _below(route: Route, served: Iterable[Route]) -> Iterator[Route]:
    """Yield what is served below the collection and needs one more parameter."""
    for each in served:
        if (
            each.path.startswith(f"{route.path}/{{")
            and not each.pattern
            and len(each.path_parameters) == len(route.path_parameters) + 1
        ):
            yield each
