"""The API shown and tried from a page: what the contract declares, written as a call, answered in process.

A call by a session has the rights of its login, as a key that it validated for everything would have. Calls
that are about the key that makes them need one.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from acquit.actions.context import Context
from acquit.api.contract import Model, Route, contract
from acquit.api.entrance import Entrance
from acquit.api.incoming import Incoming
from acquit.api.origin import Origin
from acquit.api.parameters import primitive
from acquit.api.request import Caller
from acquit.api.routes import ROUTES
from acquit.core.access import CallNotGranted, Rule
from acquit.core.account import NoSuchAccount
from acquit.core.exploration import (
    BadValue,
    Given,
    Heard,
    Keys,
    NeedsKey,
    NoSuchOperation,
    Operation,
    Person,
    Place,
    Shape,
    Written,
)
from acquit.core.identifiers import ApplicationId, CredentialId
from acquit.core.identity import narrowed
from acquit.store import accounts, identities, legal_entities

BASE: Final = "/1.0"
EVERYTHING: Final = tuple(Rule(method, "/*") for method in ("GET", "POST", "PUT", "DELETE"))
BY_KEY: Final = ("/auth/", "/me/subAccount/{id}/createConsumerKey")
OLD: Final = ("DEPRECATED", "REMOVED")
SHAPES_MAX: Final = 30
TEXTS: Final = frozenset({
    "string", "text", "password", "datetime", "date", "time", "duration", "uuid", "ip", "ipv4", "ipv6",
    "ipBlock", "ipv4Block", "ipv6Block", "phoneNumber",
})  # fmt: skip


class Explorer:
    """Shows every call of the contract and makes it."""

    def __init__(self, context: Context, entrance: Entrance) -> None:
        self._context = context
        self._entrance = entrance

    def operations(self) -> tuple[Operation, ...]:
        """Return every call by path and method, without what is given and what comes back."""
        return _operations()

    def operation(self, method: str, path: str) -> Operation:
        """Return one call with all there is to know about it. Raises NoSuchOperation."""
        route = _routes().get((method, path))
        if route is None:
            raise NoSuchOperation("The API has no such call: choose one of the list.")
        return _operation(route, tuple(_given(route)), tuple(_shapes(route.response)))

    def write(self, operation: Operation, typed: Mapping[str, str]) -> Written:
        """Return the call with what was typed, by the names of its fields. Raises BadValue."""
        path, query, body = operation.path, [], {}
        for given in operation.given:
            text = typed.get(given.field, "")
            if not text and not given.required:
                continue
            if given.place is Place.PATH:
                path = path.replace(f"{{{given.name}}}", quote(_needed(given, text), safe=""))
            elif given.place is Place.QUERY:
                query.append((given.name, text))
            else:
                body[given.name] = _value(given, text)
        target = BASE + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        has_body = operation.method in ("POST", "PUT") and body
        return Written(operation.method, target, json.dumps(body, ensure_ascii=False) if has_body else "")

    def call_as(
        self, person: Person, operation: Operation, written: Written, *, origin: str, address: str
    ) -> Heard:
        """Return what the call answers to a session. Raises NeedsKey, CallNotGranted."""
        if operation.path.startswith(BY_KEY) and _routes()[operation.method, operation.path].auth:
            raise NeedsKey("This call is about the key that makes it: give keys of your own below.")
        caller = self._caller(person)
        path = written.target.removeprefix(BASE).partition("?")[0]
        if not any(rule.covers(written.method, path) for rule in caller.rules):
            raise CallNotGranted
        return self._heard(self._incoming(written, {}, origin, address), caller)

    def call_with(self, keys: Keys, written: Written, *, origin: str, address: str) -> Heard:
        """Return what the call answers to a program with these keys, signed as a program signs it."""
        at = str(int(self._context.clock.now().timestamp()))
        url = origin + written.target
        parts = keys.application_secret, keys.consumer_key, written.method, url, written.body, at
        signature = hashlib.sha1("+".join(parts).encode()).hexdigest()  # noqa: S324 - what the wire asks
        headers = {
            "x-ovh-application": keys.application_key,
            "x-ovh-consumer": keys.consumer_key,
            "x-ovh-timestamp": at,
            "x-ovh-signature": f"$1${signature}",
        }
        return self._heard(self._incoming(written, headers, origin, address), None)

    def _incoming(self, written: Written, headers: dict[str, str], origin: str, address: str) -> Incoming:
        content = written.body.encode()
        return Incoming(written.method, written.target, headers, content, Origin(origin, (origin,), address))

    def _heard(self, incoming: Incoming, caller: Caller | None) -> Heard:
        answer, content = self._entrance.answer(incoming, caller)
        return Heard(answer.status, answer.headers, content.decode())

    def _caller(self, person: Person) -> Caller:
        with self._context.database.read() as tx:
            account = accounts.find(tx, person.account_id)
            entity = legal_entities.of_account(tx, person.account_id)
            is_own = person.login == person.account_id
            roles = frozenset() if is_own else identities.roles(tx, person.account_id, person.login)
        if account is None or entity is None:
            raise NoSuchAccount(person.account_id)
        return Caller(
            account_id=person.account_id,
            application_id=ApplicationId(0),
            credential_id=CredentialId(0),
            login=None if is_own else person.login,
            rules=EVERYTHING if is_own else narrowed(EVERYTHING, roles),
            legal_entity_id=entity.legal_entity_id,
            currency=account.currency,
            zone=ZoneInfo(entity.zone),
            test_on=entity.test_on,
        )


# ---------------------------------------------------------------- what the contract declares


@cache
def _routes() -> Mapping[tuple[str, str], Route]:
    return {route.key: route for route in contract().routes if not route.pattern}


@cache
def _operations() -> tuple[Operation, ...]:
    ordered = sorted(_routes().values(), key=lambda route: (route.path, route.method))
    return tuple(_operation(route) for route in ordered)


def _operation(route: Route, given: tuple[Given, ...] = (), shapes: tuple[Shape, ...] = ()) -> Operation:
    return Operation(
        route.method,
        route.path,
        route.purpose,
        route.key in ROUTES,
        route.status in OLD,
        route.response,
        given,
        shapes,
    )


def _given(route: Route) -> Iterable[Given]:
    for parameter in route.path_parameters:
        yield Given(parameter.name, Place.PATH, parameter.type, True, _choices(parameter.type))
    for parameter in route.query_parameters:
        yield Given(parameter.name, Place.QUERY, parameter.type, parameter.required, _choices(parameter.type))
    if route.body is None:
        return
    for parameter in route.body.fields:
        yield Given(parameter.name, Place.BODY, parameter.type, parameter.required, _choices(parameter.type))
    model = contract().models.get(route.body.type, Model())
    for member in model.fields:
        if not member.read_only:
            yield Given(member.name, Place.BODY, member.type, member.required, _choices(member.type))


def _choices(type_name: str) -> tuple[str, ...]:
    model = contract().models.get(primitive(type_name))
    if primitive(type_name) == "boolean":
        return ("true", "false")
    return model.values if model is not None else ()


def _shapes(type_name: str) -> Iterable[Shape]:
    """Yield the models of a type, the nearest first."""
    waiting, seen = [_bare(type_name)], set[str]()
    while waiting and len(seen) < SHAPES_MAX:
        name = waiting.pop(0)
        model = contract().models.get(name)
        if model is None or name in seen:
            continue
        seen.add(name)
        yield Shape(name, tuple((each.name, each.type) for each in model.fields), model.values)
        waiting += [_bare(each.type) for each in model.fields]


def _bare(type_name: str) -> str:
    return type_name.removesuffix("[]").partition("<")[0]


# ---------------------------------------------------------------- what was typed


def _needed(given: Given, text: str) -> str:
    if not text:
        raise BadValue(f"{given.name} is missing: the call needs it.", field=given.name)
    return text


def _value(given: Given, text: str) -> Any:
    """Return a typed text as the JSON value of its type."""
    kind = primitive(given.type)
    model = contract().models.get(kind)
    is_list = given.type.endswith("[]")
    if not is_list and (kind in TEXTS or (model is not None and model.is_enumeration)):
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise BadValue(
            f"{given.name} is {given.type}: write it as JSON, as in 12, true or [1, 2].", field=given.name
        ) from None
