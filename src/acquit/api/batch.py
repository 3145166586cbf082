"""Several objects in one request: the header X-Ovh-Batch names the separator of the ids in the path.

It works on every GET route whose last segment is a parameter, and on lists below one object
(`/me/bill/a,b/details`). The separator may be any text, `,` and `§` alike. The answer is an array in
the order of the ids, each with its value or its error.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from acquit.api import parameters, refusals
from acquit.api.contract import Route
from acquit.api.refusals import TooMany
from acquit.api.request import Answer, Batched, Handler, Request
from acquit.core.errors import Refusal

KEYS_MAX: Final = 1_000

Call = Callable[[Handler, Request], Answer]


def is_batch(route: Route, headers: Mapping[str, str]) -> bool:
    """Return whether the caller asks for several objects and the route can give them."""
    if route.method != "GET" or not route.path_parameters or not headers.get("x-ovh-batch"):
        return False
    return route.path.endswith("}") or route.response.endswith("[]")


def separator(headers: Mapping[str, str]) -> str:
    """Return the separator that the header names.

    A server hands headers on byte by byte; outside ASCII programs write them in UTF-8, or in Latin-1.
    """
    as_bytes = headers["x-ovh-batch"].encode("latin-1")
    try:
        return as_bytes.decode()
    except UnicodeDecodeError:
        return as_bytes.decode("latin-1")


def split(separator: str, text: str) -> list[str]:
    """Return the ids in the text, without the empty one behind a closing separator. Raises TooMany."""
    keys = [key for key in text.split(separator) if key]
    if len(keys) > KEYS_MAX:
        raise TooMany(
            f"[X-Ovh-Batch] {len(keys)} ids given, at most {KEYS_MAX} are read at once", max=str(KEYS_MAX)
        )
    return keys


def entry(key: str, value: object) -> dict[str, object]:
    """Return the element of an id that was read."""
    return {"key": key, "value": value, "error": None}


def fault(key: str, refusal: Refusal) -> dict[str, object]:
    """Return the element of an id that was refused."""
    return {"key": key, "value": None, "error": refusals.describe(refusal)}


def found_at_once(handler: Handler | Batched, request: Request, keys: Sequence[Any]) -> Mapping[Any, object]:
    """Return what one statement finds of the keys; nothing when the handler offers none."""
    return handler.many(request, keys) if isinstance(handler, Batched) and keys else {}


def answer(
    handler: Handler | Batched, request: Request, texts: Mapping[str, str], given: Sequence[str], call: Call
) -> list[dict[str, object]]:
    """Return one element per given id: what one statement found, else what the handler says of that id."""
    paths, elements = _read(request, texts, dict.fromkeys(given))
    last = request.route.path_parameters[-1].name
    if paths:
        request.path = next(iter(paths.values()))
    found = found_at_once(handler, request, [path[last] for path in paths.values()])
    one = handler.one if isinstance(handler, Batched) else handler
    for key, path in paths.items():
        typed = path[last]
        elements[key] = (
            entry(key, found[typed]) if typed in found else _asked_alone(key, path, one, request, call)
        )
    return [elements[key] for key in given]


def _read(
    request: Request, texts: Mapping[str, str], keys: Iterable[str]
) -> tuple[dict[str, Mapping[str, Any]], dict[str, dict[str, object]]]:
    """Return the path of each id that can be read, and the elements of those that cannot."""
    *above, last = request.route.path_parameters
    try:
        shared = parameters.read_path(above, texts, request.zone)
    except Refusal as refusal:
        return {}, {key: fault(key, refusal) for key in keys}
    paths: dict[str, Mapping[str, Any]] = {}
    refused = {}
    for key in keys:
        try:
            paths[key] = {**shared, last.name: parameters.read_text(last.name, last.type, key, request.zone)}
        except Refusal as refusal:
            refused[key] = fault(key, refusal)
    return paths, refused


def _asked_alone(
    key: str, path: Mapping[str, Any], one: Handler, request: Request, call: Call
) -> dict[str, object]:
    request.path = path
    try:
        return entry(key, call(one, request).value)
    except Refusal as refusal:
        return fault(key, refusal)
