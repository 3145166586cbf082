"""The entrance of the wire: from a raw request to the bytes of its answer.

Order of checks: the route exists (404) and is served (501) → who is calling (`core.access`) →
the parameters (400) → what the handler finds (404 …). Every answer is JSON and bears
X-Ovh-Queryid.
"""

import logging
import os
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from acquit.actions.context import Context
from acquit.api import batch, description, listing, parameters, policy, refusals, routing, wire
from acquit.api.contract import Route, contract
from acquit.api.incoming import Incoming
from acquit.api.listing import Listing
from acquit.api.origin import Proxies
from acquit.api.pace import Pace
from acquit.api.places import Places
from acquit.api.refusals import Meaning, NoSuchRoute, NotServed
from acquit.api.request import Answer, Batched, Caller, Handler, Request
from acquit.api.routes import ROUTES
from acquit.api.signature import Gate
from acquit.core.api_call import ApiCall
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId
from acquit.store.transaction import Unavailable

log = logging.getLogger("acquit.api")

CALL_PATH_MAX: Final = 1_000
UTC: Final = ZoneInfo("UTC")
HEADERS: Final = (
    ("Content-Type", "application/json; charset=utf-8"),
    ("Cache-Control", "no-cache, no-store"),
    ("Access-Control-Allow-Origin", "*"),
    (
        "Access-Control-Expose-Headers",
        "X-Ovh-Queryid, Retry-After, "
        "X-Pagination-Elements, X-Pagination-Number, X-Pagination-Size, X-Pagination-Sort, "
        "X-Pagination-Sort-Order, X-Pagination-Cursor-Next",
    ),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
)
PREFLIGHT: Final = (
    (
        "Access-Control-Allow-Headers",
        "X-Ovh-Timestamp, X-Ovh-Consumer, X-Ovh-Application, X-Ovh-Signature, X-Ovh-Session, X-Ovh-Batch, "
        "X-Pagination-Mode, X-Pagination-Number, X-Pagination-Size, X-Pagination-Sort, "
        "X-Pagination-Sort-Order, X-Pagination-Filter, X-Pagination-Cursor, Authorization, Content-Type, "
        "Pragma",
    ),
    ("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS"),
    ("Access-Control-Max-Age", "3600"),
)

AMERICAN: Final = ("us",)
"""Routes of these regions alone exist for customers of American sellers, whose ids begin with `US`."""

StartResponse = Callable[[str, list[tuple[str, str]]], object]
Table = Mapping[tuple[str, str], Handler | Batched]


class Entrance:
    """The WSGI application of `/1.0` and `/v1`; the environment's REQUEST_URI is the raw target."""

    def __init__(
        self,
        context: Context,
        *,
        proxies: Proxies | None = None,
        region: str = "EU",
        routes: Table = ROUTES,
        calls_per_minute: int = 0,
        pace_file: Path | None = None,
    ) -> None:
        """Serve the routes; 0 calls a minute is no limit; processes that share a file count together."""
        unknown = set(routes) - {route.key for route in contract().routes}
        assert not unknown, f"not in the contract: {sorted(unknown)}"
        self._context = context
        self._proxies = proxies or Proxies.of()
        self._region = region
        self._pid = os.getpid()
        self._routes = routes
        self._router = routing.Router(contract().routes)
        self._places = Places()
        self._gate = Gate(context, Pace(calls_per_minute, pace_file) if calls_per_minute else None)

    def close(self) -> None:
        """Write the traces that wait and end what runs beside."""
        self._gate.close()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        query_id = self._query_id()
        answer, content = self._answer(Incoming.of(environ, self._proxies), query_id)
        said = [*HEADERS, *answer.headers, ("X-Ovh-Queryid", query_id), ("Content-Length", str(len(content)))]
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", said)
        return [content]

    def answer(self, incoming: Incoming, caller: Caller | None = None) -> tuple[Answer, bytes]:
        """Answer a call that did not come over the wire; a `caller` is one who proved itself otherwise."""
        query_id = self._query_id()
        answer, content = self._answer(incoming, query_id, caller)
        return replace(answer, headers=(*answer.headers, ("X-Ovh-Queryid", query_id))), content

    def fault(self, status: int) -> tuple[list[tuple[str, str]], bytes]:
        """Return headers and body of a request that the server could not take in (408, 413)."""
        said = refusals.FAULTS[status]
        content = wire.encode(refusals.body(said.meaning, said.message, {}))
        return [*HEADERS, ("X-Ovh-Queryid", self._query_id())], content

    def _query_id(self) -> str:
        """Region, gateway, epoch in hexadecimal, process, request: unique, and says when."""
        epoch = int(self._context.clock.now().timestamp())
        return f"{self._region}.ext-1.{epoch:x}.{self._pid}.{os.urandom(16).hex()}"

    def _answer(
        self, incoming: Incoming, query_id: str, caller: Caller | None = None
    ) -> tuple[Answer, bytes]:
        """Return the answer and its bytes, whatever happens."""
        try:
            answer = self._serve_through_a_restart(incoming, caller)
            return answer, wire.encode(answer.value)
        except Refusal as refusal:
            answer = _refused(refusal)
        except Unavailable as error:
            _log_crash("database unavailable", query_id, incoming, error)
            answer = _failed(*refusals.FAULTS[503])
        except Exception as error:
            _log_crash("crash", query_id, incoming, error)
            answer = _failed(*refusals.FAULTS[500])
        return answer, wire.encode(answer.value)

    def _serve_through_a_restart(self, incoming: Incoming, caller: Caller | None) -> Answer:
        """Serve; a read that met a connection broken by a restart of the database is served again, once."""
        try:
            return self._serve(incoming, caller)
        except Unavailable:
            self._context.database.renew()
            if incoming.method != "GET":
                raise
            return self._serve(incoming, caller)

    def _serve(self, incoming: Incoming, caller: Caller | None) -> Answer:
        if incoming.method == "OPTIONS":
            return Answer(headers=PREFLIGHT)
        target = routing.cut(incoming.target)
        described = description.describe(incoming.method, target, self._routes, incoming.origin.public)
        if described is not None:
            return Answer(described)
        route, texts = self._router.find(incoming.method, target.segments)
        handler = self._routes.get(route.key)
        if handler is None:
            raise NotServed(*route.key)
        request = self._request(incoming, target, route, caller)
        if route.regions == AMERICAN and not _buys_in_america(request):
            raise NoSuchRoute
        if batch.is_batch(route, incoming.headers):
            return self._serve_batch(handler, request, texts)
        request.path = parameters.read_path(route.path_parameters, texts, request.zone)
        return self._call(handler.one if isinstance(handler, Batched) else handler, request)

    def _request(
        self, incoming: Incoming, target: routing.Target, route: Route, caller: Caller | None
    ) -> Request:
        """Return the request with its caller, query and body; the path is read later, once or per key."""
        is_signed = any(incoming.headers.get(name) for name in ("x-ovh-consumer", "authorization"))
        must_sign = route.auth or (route.auth_optional and is_signed)
        if caller is None and must_sign:
            caller = self._gate.admit(incoming, target)
        if caller is not None:
            self._gate.note(_noted(caller.account_id, incoming, target, route, self._context.clock.now()))
            policy.check(caller, route)
        zone = UTC if caller is None else caller.zone
        query, body = _read_parameters(route, target.query, incoming.body, zone)
        return Request(
            route=route,
            path={},
            query=query,
            body=body,
            context=self._context
            if incoming.method == "GET"
            else replace(self._context, caller_address=incoming.origin.address),
            origin=incoming.origin.public,
            base=target.base,
            address=incoming.origin.address,
            zone=zone,
            headers=incoming.headers,
            signed_in=caller,
        )

    def _serve_batch(self, handler: Handler | Batched, request: Request, texts: Mapping[str, str]) -> Answer:
        given = batch.split(batch.separator(request.headers), texts[request.route.path_parameters[-1].name])
        return Answer(batch.answer(handler, request, texts, given, self._call))

    def _call(self, handler: Handler, request: Request) -> Answer:
        value = handler(request)
        if isinstance(value, Listing):
            return listing.answer(request, value, self._places)
        return value if isinstance(value, Answer) else Answer(value)


def _buys_in_america(request: Request) -> bool:
    return request.signed_in is not None and request.signed_in.legal_entity_id.startswith("US")


def _noted(
    account_id: AccountId, incoming: Incoming, target: routing.Target, route: Route, at: datetime
) -> ApiCall:
    path = target.rule_path[:CALL_PATH_MAX].replace("\0", "")
    return ApiCall(account_id, at, incoming.method, route.path, path, incoming.origin.address)


def _read_parameters(
    route: Route, raw_query: str, raw_body: bytes, zone: ZoneInfo
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return query and body; a DELETE may carry its parameters in either."""
    texts = parameters.split_query(raw_query) if raw_query else {}
    if route.method == "DELETE" and raw_body:
        texts |= parameters.texts_of(raw_body)
    query = parameters.read_query(route.query_parameters, texts, route.method, zone)
    if route.method in ("GET", "DELETE"):
        return query, {}
    return query, parameters.read_body(route.body, raw_body, route.method, zone)


def _refused(refusal: Refusal) -> Answer:
    """Return the refusal; one that passes with time says when."""
    seconds = refusal.details.get("retry_seconds")
    headers = (("Retry-After", seconds),) if seconds else ()
    return Answer(refusals.describe(refusal), refusals.meaning(refusal).status, headers)


def _failed(said: Meaning, message: str) -> Answer:
    return Answer(refusals.body(said, message, {}), said.status)


def _log_crash(event: str, query_id: str, incoming: Incoming, error: Exception) -> None:
    """Log where it broke, not what with: messages of errors may quote values."""
    frames = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    log.error(
        event,
        extra={
            "query_id": query_id,
            "method": incoming.method,
            "path": incoming.target.partition("?")[0],
            "error": type(error).__qualname__,
            "sqlstate": getattr(error, "sqlstate", None),
            "frames": frames,
        },
    )
