"""The WSGI application below /office/api: what the office's pages do, for programs of the staff.

`Authorization: Bearer TOKEN` names the operator. A refusal is an RFC 9457 problem whose `code` is the
refusal's. Creating calls take an `Idempotency-Key`: sent again, they answer 409 and do nothing.
"""

import logging
import secrets
import traceback
from typing import Any, Final

import falcon
import msgspec

from acquit.actions.add_operator import token_hash
from acquit.actions.context import Context
from acquit.actions.submit_once import claim, finish
from acquit.core.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unlawful
from acquit.core.operator import Operator, require
from acquit.office import bank, receivable_calls, remittance_calls, supply_calls, usage
from acquit.office.call import Call, Door
from acquit.office.calls import DOORS as CALLS
from acquit.store import operators
from acquit.store.transaction import Unavailable

log = logging.getLogger("acquit.office")

PREFIX: Final = "/office/api"
DOORS: Final = (
    *CALLS, *usage.DOORS, *bank.DOORS, *receivable_calls.DOORS, *remittance_calls.DOORS, *supply_calls.DOORS,
)  # fmt: skip
STATUSES: Final[tuple[tuple[type[Refusal], int], ...]] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (Unlawful, 422),
    (Invalid, 400),
)


class NotSignedIn(Refusal):
    """The call has no bearer token of an active operator."""

    code = "not-signed-in"


def make_app(context: Context) -> "falcon.App[Any, Any]":
    """Return the WSGI application of the office's JSON."""
    app: falcon.App[Any, Any] = falcon.App()
    app.req_options.strip_url_path_trailing_slash = True
    for path in dict.fromkeys(door.path for door in DOORS):
        app.add_route(PREFIX + path, Resource(context, [door for door in DOORS if door.path == path]))
    app.add_error_handler(Exception, _crash)
    app.add_error_handler(falcon.HTTPError, _wrong_request)
    app.add_error_handler(Refusal, _refuse)
    app.add_error_handler(Unavailable, _unavailable)
    return app


class Resource:
    """One address and its methods."""

    def __init__(self, context: Context, doors: list[Door]) -> None:
        self._context = context
        self._doors = {door.method: door for door in doors}

    def on_get(self, request: falcon.Request, response: falcon.Response, **path_values: str) -> None:
        """Answer GET."""
        self._answer("GET", request, response, path_values)

    def on_post(self, request: falcon.Request, response: falcon.Response, **path_values: str) -> None:
        """Answer POST, once per Idempotency-Key."""
        self._answer("POST", request, response, path_values)

    def _answer(
        self, method: str, request: falcon.Request, response: falcon.Response, path_values: dict[str, str]
    ) -> None:
        if method not in self._doors:
            raise falcon.HTTPMethodNotAllowed(list(self._doors))
        door = self._doors[method]
        operator = _operator(self._context, request)
        if door.right is not None:
            require(operator, door.right)
        body = request.bounded_stream.read(door.body_max + 1) if method == "POST" else b""
        if len(body) > door.body_max:
            raise falcon.HTTPContentTooLarge
        content_type = (request.content_type or "").partition(";")[0].strip().lower()
        call = Call(self._context, operator, path_values, body, content_type, _query(request))
        with _Once(call, request, method):
            said = door.handler(call)
        response.content_type = falcon.MEDIA_JSON
        response.cache_control = ["no-store"]
        response.data = msgspec.json.encode(said)


class _Once:
    """Claims the call's Idempotency-Key, and marks it done when the call succeeded."""

    def __init__(self, call: Call, request: falcon.Request, method: str) -> None:
        self._call = call
        self._key = request.get_header("Idempotency-Key") if method == "POST" else None
        self._scope = f"office {call.actor} {request.path}"

    def __enter__(self) -> None:
        if self._key:
            claim(self._call.context, self._scope, self._key[:200], {}, self._call.body)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._key and kind is None:
            finish(self._call.context, self._scope, self._key[:200], "")


def _query(request: falcon.Request) -> dict[str, str]:
    """Return the first value of each name of the address's query."""
    return {name: value if isinstance(value, str) else value[0] for name, value in request.params.items()}


def _operator(context: Context, request: falcon.Request) -> Operator:
    scheme, _, token = (request.get_header("Authorization") or "").partition(" ")
    if scheme.lower() == "bearer" and token:
        with context.database.read() as tx:
            operator = operators.of_token(tx, token_hash(token.strip()))
        if operator is not None:
            return operator
    raise NotSignedIn("Send the bearer token of an operator: Authorization: Bearer …")


def _problem(response: falcon.Response, status: int, code: str, detail: str, **more: str) -> None:
    response.status = status
    response.content_type = "application/problem+json"
    response.cache_control = ["no-store"]
    response.data = msgspec.json.encode(
        {"type": "about:blank", "status": status, "code": code, "detail": detail, **more}
    )


def _refuse(_: falcon.Request, response: falcon.Response, refusal: Refusal, __: object) -> None:
    if isinstance(refusal, NotSignedIn):
        response.set_header("WWW-Authenticate", "Bearer")
        _problem(response, 401, refusal.code, refusal.message)
        return
    status = next((status for kind, status in STATUSES if isinstance(refusal, kind)), 400)
    _problem(response, status, refusal.code, refusal.message, **refusal.details)


def _wrong_request(_: falcon.Request, response: falcon.Response, error: falcon.HTTPError, __: object) -> None:
    _problem(response, error.status_code, "wrong-request", error.title or "This call cannot be answered.")


def _unavailable(request: falcon.Request, response: falcon.Response, error: Exception, _: object) -> None:
    log.error("office.database_unavailable", extra={"path": request.path, "reason": str(error)})
    response.set_header("Retry-After", "5")
    _problem(response, 503, "out-of-reach", "The books are out of reach for a moment: try again soon.")


def _crash(request: falcon.Request, response: falcon.Response, error: Exception, _: object) -> None:
    reference = secrets.token_hex(6)
    trace = "".join(traceback.format_exception(error))
    log.error("office.crashed", extra={"reference": reference, "path": request.path, "trace": trace})
    _problem(response, 500, "our-fault", "Something went wrong on our side.", reference=reference)
