"""/me/api/log and /me/logs/audit/log: which logs there are, forwarding them, links to read them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID, uuid5

from acquit.actions.keep_log_stream import forward_log, stop_forwarding
from acquit.actions.read_log import log_link
from acquit.api import access_log, wire
from acquit.api.listing import Column, Listing
from acquit.api.request import Batched, Handler, Request
from acquit.core.log_stream import (
    FIELDS,
    Forwarding,
    LogKind,
    NoSuchForwarding,
    NoSuchKind,
    link_maker,
)
from acquit.store import log_streams
from acquit.store.transaction import Transaction

KINDS: Final = UUID("b7f0c9d0-6a0e-4f4a-8a86-5d0d0a3f0f52")
"""The name space of ids of kinds."""
SINCE: Final = datetime(2026, 11, 29, tzinfo=UTC)
"""When the kinds began to be told."""
SHOWN: Final = {LogKind.CALLS: "Calls of the API", LogKind.ACCESS: "Sign-ins and changes of access"}
COLUMNS: Final = {"subscriptionId": Column("forwarding_id::text"), "createdAt": Column("created_at")}
PLACE: Final = "/cgi-bin/log"


def _list_kinds(kind: LogKind) -> Handler:
    def answer(request: Request) -> Listing[str]:
        def kinds(_tx: Transaction, names: Sequence[str]) -> Mapping[str, object]:
            return {name: _kind(kind, request) for name in names if name == kind.value}

        return Listing(lambda _tx: [kind.value], kinds)

    return answer


def _get_kind(kind: LogKind) -> Handler:
    def answer(request: Request) -> object:
        _refuse_other(kind, request.path["name"])
        return _kind(kind, request)

    return answer


def _list_forwardings(kind: LogKind) -> Handler:
    def answer(request: Request) -> Listing[str]:
        def some(tx: Transaction, ids: Sequence[str]) -> Mapping[str, object]:
            return _forwardings(tx, request, kind, ids)

        if request.query["kind"] not in (None, kind.value):
            return Listing(lambda _tx: [], some)
        return Listing(log_streams.selected(request.caller.account_id, kind), some, COLUMNS)

    return answer


def _get_forwardings(kind: LogKind) -> Callable[[Request, Sequence[str]], Mapping[str, object]]:
    def answer(request: Request, ids: Sequence[str]) -> Mapping[str, object]:
        with request.read() as tx:
            return _forwardings(tx, request, kind, ids)

    return answer


def _get_forwarding(kind: LogKind) -> Handler:
    def answer(request: Request) -> object:
        forwarding_id = request.path["subscriptionId"]
        found = _get_forwardings(kind)(request, [forwarding_id])
        if forwarding_id not in found:
            raise NoSuchForwarding(forwarding_id)
        return found[forwarding_id]

    return answer


def _forward(kind: LogKind) -> Handler:
    def answer(request: Request) -> object:
        _refuse_other(kind, request.body["kind"])
        caller = request.caller
        _, operation = forward_log(
            request.context, caller.account_id, kind, request.body["streamId"], by=caller.actor
        )
        return {"operationId": operation, "serviceName": caller.account_id}

    return answer


def _stop(kind: LogKind) -> Handler:
    def answer(request: Request) -> object:
        caller, forwarding_id = request.caller, request.path["subscriptionId"]
        operation = stop_forwarding(request.context, caller.account_id, kind, forwarding_id, by=caller.actor)
        return {"operationId": operation, "serviceName": caller.account_id}

    return answer


def _make_link(kind: LogKind) -> Handler:
    def answer(request: Request) -> object:
        _refuse_other(kind, request.body["kind"])
        caller = request.caller
        maker = link_maker(caller.account_id, caller.credential_id, caller.login)
        until, password = log_link(request.context, caller.account_id, kind, maker)
        named = f"account={quote(caller.account_id)}&kind={kind.value}&by={quote(maker)}"
        asked = f"{named}&until={until}&passwd={password}"
        end = datetime.fromtimestamp(until, UTC)
        return {
            "expirationDate": wire.instant(end, request.zone), "url": f"{request.origin}{PLACE}?{asked}",
        }  # fmt: skip

    return answer


def _refuse_other(kind: LogKind, name: str) -> None:
    """Pass when this is the kind of log of these routes. Raises NoSuchKind."""
    if name != kind.value:
        raise NoSuchKind(name)


def _kind(kind: LogKind, request: Request) -> dict[str, Any]:
    since = wire.instant(SINCE, request.zone)
    return {
        "additionalReturnedFields": list(FIELDS[kind]),
        "createdAt": since,
        "displayName": SHOWN[kind],
        "kindId": str(uuid5(KINDS, kind.value)),
        "name": kind.value,
        "updatedAt": since,
    }


def _forwardings(tx: Transaction, request: Request, kind: LogKind, ids: Sequence[str]) -> dict[str, object]:
    found = log_streams.find_forwardings(tx, request.caller.account_id, kind, ids)
    return {each.forwarding_id: _forwarding(each, request) for each in found}


def _forwarding(found: Forwarding, request: Request) -> dict[str, Any]:
    created = wire.instant(found.created_at, request.zone)
    return {
        "createdAt": created,
        "kind": found.kind.value,
        "resource": {"name": found.account_id, "type": "account"},
        "serviceName": found.account_id,
        "streamId": found.stream_id,
        "subscriptionId": found.forwarding_id,
        "updatedAt": created,
    }


def _routes(base: str, kind: LogKind) -> dict[tuple[str, str], Handler | Batched]:
    one = f"{base}/subscription/{{subscriptionId}}"
    return {
        ("GET", f"{base}/kind"): _list_kinds(kind),
        ("GET", f"{base}/kind/{{name}}"): _get_kind(kind),
        ("GET", f"{base}/subscription"): _list_forwardings(kind),
        ("POST", f"{base}/subscription"): _forward(kind),
        ("GET", one): Batched(_get_forwarding(kind), _get_forwardings(kind)),
        ("DELETE", one): _stop(kind),
        ("POST", f"{base}/url"): _make_link(kind),
    }


ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    **_routes("/me/api/log", LogKind.CALLS),
    **_routes("/me/logs/audit/log", LogKind.ACCESS),
    ("GET", "/me/logs/audit"): access_log.list_events,
}
