"""/{product}/{serviceName}/serviceInfos: renewal of one service, named as its product names it."""

from collections.abc import Mapping
from typing import Any, Final

from acquit.actions.set_renewal import set_renewal
from acquit.api import wire
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.api.services import ask_to_end, end, is_leaving, take_back
from acquit.core.errors import Forbidden
from acquit.core.service import RenewalType, Service, Status, refuse_permanent
from acquit.store import contact_changes, services

RENEWAL_TYPES: Final[Mapping[RenewalType, str]] = {
    RenewalType.PERMANENT: "automaticForcedProduct",
    RenewalType.AUTOMATIC: "automaticV2016",
    RenewalType.MANUAL: "manual",
    RenewalType.WITH_PARENT: "option",
}
STATES: Final[Mapping[Status, str]] = {
    Status.RUNNING: "ok",
    Status.RENEWING: "autorenewInProgress",
    Status.EXPIRED: "expired",
    Status.SUSPENDED: "unPaid",
    Status.TERMINATED: "expired",
}


class NotForced(Forbidden):
    """Renewal becomes permanent with a payment term alone."""

    code = "not-forced"


def get_infos(request: Request) -> object:
    """GET /{product}/{serviceName}/serviceInfos: since when, until when, and how it renews."""
    return _infos(found_by_name(request), request)


def edit_infos(request: Request) -> None:
    """PUT /{product}/{serviceName}/serviceInfos: `renew`; a permanent renewal is not switched off.

    `deleteAtExpiration` false takes a termination back that has not happened; it is told as true until then.
    """
    service, renew = found_by_name(request), request.body.get("renew")
    if not renew:
        return
    if renew.get("forced") is False:
        refuse_permanent(service)
    if renew.get("forced") is True and not service.renewal.forced:
        raise NotForced(
            "[renew.forced] Renewal becomes permanent when sales grants a payment term: set automatic instead"
        )
    deletes = renew.get("deleteAtExpiration")
    if deletes is False:
        take_back(request, service)
    set_renewal(
        request.context,
        request.caller.account_id,
        service.service_id,
        by=request.caller.actor,
        automatic=renew.get("automatic"),
        delete_at_expiration=None if deletes and is_leaving(service) else deletes,
        months=renew.get("period"),
    )


def terminate(request: Request) -> str:
    """POST /{product}/{serviceName}/terminate: a letter with a token that ends the service."""
    return ask_to_end(request, found_by_name(request).service_id)


def confirm_termination(request: Request) -> str:
    """POST /{product}/{serviceName}/confirmTermination: with the token of the letter it ends."""
    body = request.body
    said = [body[name] for name in ("reason", "futureUse", "commentary") if name in body]
    return end(request, found_by_name(request).service_id, body["token"], "; ".join(said)[:1000])


def found_by_name(request: Request) -> Service:
    """Return the service that the path names by product and resource. Raises NoSuchObject."""
    path = request.path
    with request.read() as tx:
        found = services.named(tx, request.caller.account_id, path["serviceName"])
    if found is None or found.route.strip("/") != path["product"]:
        raise NoSuchObject(path["serviceName"])
    return found


def _infos(service: Service, request: Request) -> dict[str, Any]:
    account_id = request.caller.account_id
    on = request.today
    with request.read() as tx:
        technical = contact_changes.technical(tx, account_id, [service.service_id])
    return {
        "canDeleteAtExpiration": not service.renewal.forced and service.engaged_until_on is None,
        "contactAdmin": account_id,
        "contactBilling": account_id,
        "contactTech": technical.get(service.service_id, account_id),
        "creation": wire.day(service.started_on),
        "domain": service.resource_name,
        "engagedUpTo": wire.day_or_none(service.engaged_until_on),
        "expiration": wire.day(service.next_renewal_on),
        "possibleRenewPeriod": [service.renewal_months],
        "renew": {
            "automatic": service.renewal.automatic or service.renewal.forced,
            "deleteAtExpiration": service.renewal.delete_at_expiration or is_leaving(service),
            "forced": service.renewal.forced,
            "manualPayment": None,
            "period": service.renewal_months,
        },
        "renewalType": RENEWAL_TYPES[service.renewal_type],
        "serviceId": service.service_id,
        "status": STATES[service.status(on)],
    }
