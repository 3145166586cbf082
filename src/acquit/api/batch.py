"""Several objects in one request: the header X-Ovh-Batch names the separator of the ids in the path.

It works on every GET route whose last segment is a parameter, and on lists below one object
(`/me/bill/a,b/details`). The separator may be any text, `,` and `§` alike. The answer is an array in
the order of the ids, each with its value or its error.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

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


class Element(msgspec.Struct):
    """What is answered of one id: its value, or its error."""

    key: str
    value: object = None
    error: object = None


def found_at_once(handler: Handler | Batched, request: Request, keys: Sequence[Any]) -> Mapping[Any, object]:
    """Return what one statement finds of the keys; nothing when the handler offers none."""
    return handler.many(request, keys) if isinstance(handler, Batched) and keys else {}


def answer(
    handler: Handler | Batched, request: Request, texts: Mapping[str, str], given: Sequence[str], call: Call
) -> list[Element]:
    """Return one element per given id: what one statement found, else what the handler says of that id."""
    *above, last = request.route.path_parameters
    try:
        shared = parameters.read_path(above, texts, request.zone)
    except Refusal as refusal:
        return [_refused(key, refusal) for key in given]
    values, refused = parameters.read_texts(last, dict.fromkeys(given), request.zone)
    elements = {key: _refused(key, refusal) for key, refusal in refused.items()}
    if values:
        request.path = {**shared, last.name: next(iter(values.values()))}
    found = found_at_once(handler, request, [*values.values()])
    one = handler.one if isinstance(handler, Batched) else handler
    for key, value in values.items():
        if value in found:
            elements[key] = Element(key, found[value])
        else:
            request.path = {**shared, last.name: value}
            elements[key] = _asked_alone(key, one, request, call)
    return [elements[key] for key in given]


def _asked_alone(key: str, one: Handler, request: Request, call: Call) -> Element:
    try:
        return Element(key, call(one, request).value)
    except Refusal as refusal:
        return _refused(key, refusal)


def _refused(key: str, refusal: Refusal) -> Element:
    return Element(key, error=refusals.describe(refusal))
