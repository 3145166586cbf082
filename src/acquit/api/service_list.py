"""/service: the account's services in their older shape; /services tells the same with more members."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acquit.actions.pause_service import pause_service, resume_service
from acquit.actions.set_renewal import rename_service
from acquit.api import wire
from acquit.api.listing import Column, Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.api.service_infos import RENEWAL_TYPES
from acquit.api.services import ask_to_end, find, is_leaving
from acquit.core.service import Service, State, Status
from acquit.store import service_lists, services
from acquit.store.transaction import Transaction

COLUMNS: Final = {"resource.displayName": Column("display_name"), "resource.name": Column("resource_name")}
INTERVALS: Final = ("P1M", "P1Y", "P2Y", "P3M", "P3Y", "P6M")
"""The periods that the wire has here; a service that renews otherwise shows null."""
STATES: Final[Mapping[Status, str]] = {
    Status.RUNNING: "ok",
    Status.RENEWING: "ok",
    Status.EXPIRED: "expired",
    Status.SUSPENDED: "unpaid",
    Status.TERMINATED: "expired",
}
RESOURCES: Final[Mapping[State, str]] = {
    State.ACTIVE: "ok",
    State.SUSPENDED: "suspended",
    State.TERMINATED: "deleted",
}


# ---------------------------------------------------------------- reading


def list_services(request: Request) -> Listing[int]:
    """GET /service: the account's services and their options."""
    selection = service_lists.of_account(request.caller.account_id)
    return Listing(selection, lambda tx, ids: _services(tx, request, ids), COLUMNS)


def get_service(request: Request) -> object:
    """GET /service/{serviceId}: one service."""
    key = request.path["serviceId"]
    found = get_many_services(request, [key])
    if key not in found:
        raise NoSuchObject(key)
    return found[key]


def get_many_services(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several services at once."""
    with request.read() as tx:
        return _services(tx, request, ids)


def _services(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    found = services.find_several(tx, request.caller.account_id, ids)
    names = service_lists.plan_names(tx, found)
    products = {key: name.product for key, name in names.items()}
    return {
        each.service_id: _service(each, products.get((each.catalogue_id, each.plan_code)), request)
        for each in found
    }


def _service(service: Service, product: str | None, request: Request) -> dict[str, Any]:
    return {
        "creationDate": wire.day(service.started_on),
        "details": [],
        "engagementDate": wire.day_or_none(service.engaged_until_on),
        "expirationDate": wire.day(service.next_renewal_on),
        "nextBillingDate": wire.day(service.next_renewal_on) if service.renews else None,
        "plan": {"code": service.plan_code, "product": {"name": product}},
        "quantity": wire.whole(service.quantity_e4),
        "renew": _renew(service),
        "resource": {
            "displayName": service.display_name,
            "name": service.resource_name,
            "state": RESOURCES[service.state],
        },
        "route": {
            "path": f"{service.route}/{{serviceName}}",
            "url": f"{service.route}/{service.resource_name}",
            "vars": [{"key": "serviceName", "value": service.resource_name}],
        },
        "state": STATES[service.status(request.today)],
    }


def _renew(service: Service) -> dict[str, Any]:
    interval = wire.months(service.renewal_months)
    told = interval if interval in INTERVALS else None
    mode = _mode(service)
    modes = {mode} if service.renewal.forced else {mode, "automaticV2016", "manual", "deleteAtExpiration"}
    return {
        "dayOfMonth": service.anniversary_day,
        "interval": told,
        "mode": mode,
        "possibleIntervals": None if told is None else [told],
        "possibleModes": sorted(modes),
    }


def _mode(service: Service) -> str:
    if is_leaving(service) or service.renewal.delete_at_expiration:
        return "deleteAtEndEngagement" if service.engaged_until_on else "deleteAtExpiration"
    return RENEWAL_TYPES[service.renewal_type]


# ---------------------------------------------------------------- changes


def edit_service(request: Request) -> None:
    """PUT /service/{serviceId}: what it is called; everything else is read only here."""
    service, name = find(request), (request.body.get("resource") or {}).get("displayName")
    if name not in (None, service.display_name):
        caller = request.caller
        rename_service(request.context, caller.account_id, service.service_id, name, by=caller.actor)


def terminate(request: Request) -> None:
    """POST /service/{serviceId}/terminate: a letter with a token; nothing ends before it is sent back."""
    ask_to_end(request, find(request).service_id)


def suspend(request: Request) -> None:
    """POST /service/{serviceId}/suspend: it does not renew until it is reopened; begun periods are billed."""
    caller, service = request.caller, find(request)
    pause_service(request.context, caller.account_id, service.service_id, by=caller.actor)


def reopen(request: Request) -> None:
    """POST /service/{serviceId}/reopen: what the account suspended runs again."""
    caller, service = request.caller, find(request)
    resume_service(request.context, caller.account_id, service.service_id, by=caller.actor)
