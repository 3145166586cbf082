"""/me/api/logs: the latest calls that programs made for the account."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acquit.api import wire
from acquit.api.listing import Column, Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.core.access import read_address
from acquit.core.api_call import ApiCall
from acquit.store import api_calls
from acquit.store.transaction import Transaction

COLUMNS: Final = {
    "logId": Column("call_id"),
    "date": Column("at"),
    "method": Column("method"),
    "route": Column("route"),
    "path": Column("path"),
}
SERVICE_ROUTES: Final = ("/service", "/{product}")


def list_own(request: Request) -> Listing[int]:
    """GET /me/api/logs/self: every call."""
    return Listing(
        api_calls.of_account(request.caller.account_id), lambda tx, ids: _calls(tx, request, ids), COLUMNS
    )


def get_own(request: Request) -> object:
    """GET /me/api/logs/self/{logId}: one call."""
    return _one(request, get_many_own)


def get_many_own(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several calls with one statement."""
    with request.read() as tx:
        return _calls(tx, request, ids)


def list_on_services(request: Request) -> Listing[int]:
    """GET /me/api/logs/services: calls on services."""
    chosen = api_calls.of_account(request.caller.account_id, on_services=True)
    return Listing(chosen, lambda tx, ids: _calls(tx, request, ids), COLUMNS)


def get_on_services(request: Request) -> object:
    """GET /me/api/logs/services/{logId}: one call on a service."""
    return _one(request, get_many_on_services)


def get_many_on_services(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several calls on services with one statement."""
    with request.read() as tx:
        found = api_calls.find_many(tx, request.caller.account_id, ids)
    return {each.call_id: _call(each, request) for each in found if each.route.startswith(SERVICE_ROUTES)}


def _one(request: Request, read: Any) -> object:
    log_id = request.path["logId"]
    found = read(request, [log_id])
    if log_id not in found:
        raise NoSuchObject(log_id)
    return found[log_id]


def _calls(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    found = api_calls.find_many(tx, request.caller.account_id, ids)
    return {each.call_id: _call(each, request) for each in found}


def _call(call: ApiCall, request: Request) -> dict[str, Any]:
    return {
        "account": call.account_id,
        "date": wire.instant(call.at, request.zone),
        "ip": None if read_address(call.address) is None else call.address,
        "logId": call.call_id,
        "method": call.method,
        "path": call.path,
        "route": call.route,
    }
