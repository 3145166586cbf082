"""What one account of the world can see, so that a test can say what another must not."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from acquit.api.contract import Route, contract
from acquit.api.routes import ROUTES

from .families import Customer
from .walking import targets

TOLD_TO_ALL: Final = re.compile(
    r"(-?[\d.,]+( \D{1,3})?|\d{4}-\d\d-\d\d.*|P\d+[DMY]|[A-Z_]+|/[a-z]+(/.*)?|[a-z]+|[a-z ]{1,9})"
)
"""Amounts, dates, periods, enumerations, routes, small words: texts that tell nothing of anybody."""
MEMBERS: Final = "\n".join({field.name for model in contract().models.values() for field in model.fields})
"""Names that the contract itself tells: every answer has them, and with them the words within them."""
NAMES: Final = ("/me/identity", "/me/tag", "/me/credit", "/me/ovhAccount", "/me/voucherAccount", "/auth")
"""Below these an id is a name that two accounts may both have."""
SERVED: Final = [route for route in contract().routes if route.key in ROUTES]
READ: Final = [route for route in SERVED if route.method == "GET"]
WITH_IDS: Final = [route for route in SERVED if route.path_parameters and not route.path.startswith("/auth")]


@dataclass(frozen=True)
class Owned:
    """Real targets of each route, ids by type, every text that was shown."""

    account_id: str
    caller: Customer
    targets: Mapping[tuple[str, str], tuple[str, ...]]
    keys: Mapping[str, tuple[Any, ...]]
    texts: frozenset[str]

    def secrets(self, stranger: "Owned", *given: object) -> list[str]:
        """Return what this account was shown and the stranger was not, but for what it gives itself."""
        said = " ".join(map(str, given))
        return [
            text for text in self.texts - stranger.texts if text not in said and text not in unquote(said)
        ]


def look(caller: Customer) -> Owned:
    """Crawl everything that the account can see."""
    found = {
        route.key: tuple(_asked(route, each) for each in targets(caller, route.path)) for route in SERVED
    }
    keys: dict[str, set[Any]] = {"long": set(), "string": set()}
    texts: set[str] = set()
    for route in READ:
        if route.auth_optional and not route.path_parameters:
            continue
        for target in found[route.key]:
            reply = caller.reply("GET", target)
            if reply.status_code != 200:
                continue
            texts |= set(_texts(reply.json()))
            kind = route.response.removesuffix("[]")
            if kind != route.response and kind in keys and not target.startswith(NAMES):
                keys[kind] |= set(reply.json())
    ordered = {kind: tuple(sorted(every)) for kind, every in keys.items()}
    return Owned(caller.get("/auth/details")["account"], caller, found, ordered, frozenset(texts))


def _asked(route: Route, target: str) -> str:
    """A read's target has the query that it cannot do without."""
    return target if route.method == "GET" else target.partition("?")[0]


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of an answer that tell something."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str) and not (len(value) < 6 or value in MEMBERS or TOLD_TO_ALL.fullmatch(value)):
        yield value


def values_of(route: Route, target: str) -> list[str]:
    """Return the texts of the path's parameters, as the target spells them."""
    pairs = zip(route.path.split("/"), target.partition("?")[0].split("/"), strict=True)
    return [given for part, given in pairs if part.startswith("{")]


def filled(route: Route, values: list[str]) -> str:
    """Return the route's path with these parameters."""
    rest = iter(values)
    return "/".join(next(rest) if part.startswith("{") else part for part in route.path.split("/"))
