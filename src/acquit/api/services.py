"""/services: what the account has subscribed, how each renews, and how it ends."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from acquit.actions.ask_for_termination import ask_for_termination, confirm_termination
from acquit.actions.drop_service import drop_service
from acquit.actions.keep_service import keep_service
from acquit.actions.set_end_rule import possible, set_end_rule
from acquit.actions.set_renewal import rename_service, set_renewal
from acquit.actions.terminate_service import terminate_service
from acquit.api import wire
from acquit.api.listing import Column, Listing
from acquit.api.refusals import BadParameter, NoSuchObject
from acquit.api.request import Request
from acquit.core.catalogue import EndAction
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.money import E4_PER_ONE, amount_minor
from acquit.core.planned_change import Binding, ChangeKind, PlannedChange, commits
from acquit.core.service import Ending, Service, State, Status, months_after, refuse_permanent
from acquit.store import contact_changes, planned_changes, service_lists, services
from acquit.store.planned_changes import Announced
from acquit.store.selection import Order, keys
from acquit.store.service_lists import PlanName
from acquit.store.transaction import Transaction

COLUMNS: Final = {
    "billing.plan.code": Column("plan_code"),
    "resource.displayName": Column("display_name"),
    "resource.name": Column("resource_name"),
    "serviceId": Column("service_id"),
}
ORDERS: Final = {
    "billing.nextBillingDate": "next_renewal_on",
    "creationDate": "started_on",
    "displayName": "display_name",
    "expirationDate": "next_renewal_on",
    "nextBillingDate": "next_renewal_on",
    "resource.displayName": "display_name",
    "resource.name": "resource_name",
    "resourceName": "resource_name",
    "serviceId": "service_id",
}
"""What `orderBy` may name."""

LIFECYCLE: Final[Mapping[Status, str]] = {
    Status.RUNNING: "active",
    Status.RENEWING: "toRenew",
    Status.EXPIRED: "unrenewed",
    Status.SUSPENDED: "unpaid",
    Status.TERMINATED: "terminated",
}
RESOURCE: Final[Mapping[State, str]] = {
    State.ACTIVE: "active",
    State.SUSPENDED: "suspended",
    State.TERMINATED: "deleted",
}
STRATEGIES: Final[Mapping[EndAction, str]] = {
    EndAction.CANCEL: "CANCEL_SERVICE",
    EndAction.REACTIVATE: "REACTIVATE_ENGAGEMENT",
    EndAction.DEFAULT_PRICE: "STOP_ENGAGEMENT_FALLBACK_DEFAULT_PRICE",
    EndAction.KEEP_PRICE: "STOP_ENGAGEMENT_KEEP_PRICE",
}
PERIODS: Final[Mapping[str, int]] = {"M": 1, "Y": 12}
OWNING: Final = ("administrator", "billing")


# ---------------------------------------------------------------- lists and pages


def list_services(request: Request) -> Listing[int]:
    """GET /services: the account's services and their options, in the order that is asked for."""
    query, account_id = request.query, request.caller.account_id
    routes = [_route(text) for text in (query["routes"] or "").split(",") if text]
    selection = service_lists.of_account(account_id, resource_name=query["resourceName"], routes=routes)
    column, descending = _order(query["orderBy"], query["sort"])

    def find_many(tx: Transaction, ids: Sequence[int]) -> dict[int, object]:
        return _services(tx, request, ids)

    if column == "service_id" and not descending:
        return Listing(selection, find_many, COLUMNS)
    return Listing(lambda tx: keys(tx, selection, order=Order(column, descending)), find_many)


def get_service(request: Request) -> object:
    """GET /services/{serviceId}: one service."""
    key = request.path["serviceId"]
    found = get_many_services(request, [key])
    if key not in found:
        raise NoSuchObject(key)
    return found[key]


def get_many_services(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several services at once."""
    with request.read() as tx:
        return _services(tx, request, ids)


def list_options(request: Request) -> list[object]:
    """GET /services/{serviceId}/options: what was subscribed together with the service."""
    account_id = request.caller.account_id
    service = find(request)
    with request.read() as tx:
        options = services.options_of(tx, account_id, service.service_id)
        shown = _services(tx, request, [option.service_id for option in options])
    return [shown[option.service_id] for option in options]


def list_periods(request: Request) -> list[str]:
    """GET /services/{serviceId}/renewPeriodCapacities: the one period that the price was agreed for."""
    return [wire.months(find(request).renewal_months)]


def get_engagement(request: Request) -> object:
    """GET /services/{serviceId}/billing/engagement: until when the account agreed to keep the service."""
    service = find(request)
    until = service.engaged_until_on
    if until is None:
        raise NoSuchObject(service.service_id)
    with request.read() as tx:
        waiting = planned_changes.waiting(tx, request.caller.account_id, [service.service_id])
    binding = next((found for each in waiting[service.service_id] if (found := _binding_of(each))), None)
    begun = service.started_on
    if binding is not None:
        begun = max(begun, months_after(until, -binding.months, service.anniversary_day))
    return {
        "currentPeriod": {"endDate": wire.day(until), "startDate": wire.day(begun)},
        "endRule": binding and _end_rule(binding),
    }


def edit_end_rule(request: Request) -> None:
    """PUT /services/{serviceId}/billing/engagement/endRule: what follows when the engagement ends."""
    caller, service = request.caller, find(request)
    chosen = next(each for each, name in STRATEGIES.items() if name == request.body["strategy"])
    set_end_rule(request.context, caller.account_id, service.service_id, chosen, by=caller.actor)


def _binding_of(change: PlannedChange) -> Binding | None:
    """Return what ends with the change, if it is the end of an engagement."""
    return change.binding if change.kind is ChangeKind.ENGAGEMENT_END else None


def _end_rule(binding: Binding) -> dict[str, Any]:
    return {
        "possibleStrategies": sorted(STRATEGIES[each] for each in possible(binding)),
        "strategy": STRATEGIES[binding.end_action],
    }


def find(request: Request) -> Service:
    """Return the service that the path names. Raises NoSuchObject."""
    with request.read() as tx:
        found = services.find(tx, request.caller.account_id, ServiceId(request.path["serviceId"]))
    if found is None:
        raise NoSuchObject(request.path["serviceId"])
    return found


def _order(order_by: str | None, sort: str | None) -> tuple[Any, bool]:
    if order_by is not None and order_by not in ORDERS:
        raise BadParameter(
            f"[orderBy] Given data ({order_by[:80]}) is not one of {', '.join(ORDERS)}", parameter="orderBy"
        )
    if sort is not None and sort.upper() not in ("ASC", "DESC"):
        raise BadParameter(f"[sort] Given data ({sort[:80]}) is not ASC or DESC", parameter="sort")
    return ORDERS.get(order_by or "serviceId"), (sort or "ASC").upper() == "DESC"


def _route(text: str) -> str:
    """`/dedicated/server/{serviceName}` and `/dedicated/server` name the same services."""
    return text.partition("/{")[0].rstrip("/")


# ---------------------------------------------------------------- changes


def edit_service(request: Request) -> None:
    """PUT /services/{serviceId}: its name, its renewal, or when it ends."""
    caller, body = request.caller, request.body
    service = find(request)
    renew, policy = body.get("renew") or {}, body.get("terminationPolicy")
    if policy == "terminateAtEngagementDate":
        refuse_permanent(service)
    if policy == "empty":
        take_back(request, service)
    if renew or policy is not None:
        set_renewal(
            request.context,
            caller.account_id,
            service.service_id,
            by=caller.actor,
            automatic={"automatic": True, "manual": False}.get(renew.get("mode", "")),
            delete_at_expiration=None if policy is None else policy == "terminateAtExpirationDate",
            months=months_of(renew["period"]) if "period" in renew else None,
        )
    if policy == "terminateAtEngagementDate":
        terminate_service(
            request.context, caller.account_id, service.service_id, Ending.AT_ENGAGEMENT, by=caller.actor
        )
    if body.get("displayName") is not None:
        rename_service(
            request.context, caller.account_id, service.service_id, body["displayName"], by=caller.actor
        )


def drop(request: Request) -> None:
    """POST /services/{serviceId}/terminate/skipRetentionPeriod: what is to end on a later day ends now."""
    caller, service = request.caller, find(request)
    drop_service(request.context, caller.account_id, service.service_id, by=caller.actor)


def terminate(request: Request) -> object:
    """POST /services/{serviceId}/terminate: a letter with a token; nothing ends before it is sent back."""
    return {"message": ask_to_end(request, find(request).service_id)}


def confirm(request: Request) -> object:
    """POST /services/{serviceId}/terminate/confirm: with the token of the letter the service ends."""
    return {"message": end(request, find(request).service_id, request.body["token"])}


def ask_to_end(request: Request, service_id: ServiceId) -> str:
    """Send the account a token that ends the service, and say so."""
    caller = request.caller
    email = ask_for_termination(request.context, caller.account_id, service_id, by=caller.actor)
    return f"A token was sent to {email}: confirm the termination with it"


def end(request: Request, service_id: ServiceId, token: str, reason: str = "") -> str:
    """End the service with the token that was sent, and say when that is."""
    caller = request.caller
    ended = confirm_termination(
        request.context, caller.account_id, service_id, token, by=caller.actor, reason=reason
    )
    return f"{ended.resource_name} ends on {ended.terminated_on}"


def take_back(request: Request, service: Service) -> None:
    """Take the termination of the service back, if there is one; what has ended stays ended."""
    if is_leaving(service):
        keep_service(
            request.context, request.caller.account_id, service.service_id, by=request.caller.actor
        )  # fmt: skip


def is_leaving(service: Service) -> bool:
    """Whether the service ends on a day that is agreed."""
    return service.terminated_on is not None and service.state is State.ACTIVE


def months_of(period: str) -> int:
    """Return the months of `P1M` or `P1Y`. Raises BadParameter for another duration."""
    count, unit = period[1:-1], period[-1:]
    if unit not in PERIODS or not count.isdigit() or len(count) > 3:
        raise BadParameter(f"[renew.period] Given data ({period[:80]}) is no number of months or years")
    return int(count) * PERIODS[unit]


# ---------------------------------------------------------------- what they look like


def _services(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    account_id = request.caller.account_id
    found = services.find_several(tx, account_id, ids)
    names = service_lists.plan_names(tx, found)
    technical = contact_changes.technical(tx, account_id, ids)
    waiting: dict[ServiceId, list[Announced]] = defaultdict(list)
    for each in planned_changes.announced(tx, account_id, [service.service_id for service in found]):
        waiting[each.change.service_id].append(each)
    return {
        service.service_id: _service(
            service,
            names.get((service.catalogue_id, service.plan_code)),
            waiting[service.service_id],
            technical.get(service.service_id, account_id),
            request,
        )
        for service in found
    }


def _service(
    service: Service,
    name: PlanName | None,
    waiting: Sequence[Announced],
    technical_id: AccountId,
    request: Request,
) -> dict[str, Any]:
    contacts = [*((request.caller.account_id, kind) for kind in OWNING), (technical_id, "technical")]
    path = f"{service.route}/{{serviceName}}"
    return {
        "billing": _billing(service, name, waiting, request),
        "customer": {
            "contacts": [{"customerCode": account_id, "type": kind} for account_id, kind in contacts]
        },
        "parentServiceId": service.parent_service_id,
        "resource": {
            "displayName": service.display_name,
            "name": service.resource_name,
            "product": name and {"description": name.invoice_name, "name": name.product},
            "resellingProvider": None,
            "state": RESOURCE[service.state],
        },
        "route": {
            "path": path,
            "url": f"{service.route}/{service.resource_name}",
            "vars": [{"key": "serviceName", "value": service.resource_name}],
        },
        "serviceId": service.service_id,
        "tags": [],
    }


def _billing(
    service: Service, name: PlanName | None, waiting: Sequence[Announced], request: Request
) -> dict[str, Any]:
    binding = next((found for each in waiting if (found := _binding_of(each.change))), None)
    asked = next((each for each in waiting if commits(each.change, service)), None)
    next_on = wire.midnight(service.next_renewal_on, request.zone)
    engaged = service.engaged_until_on
    return {
        "engagement": engaged and {"endDate": wire.day(engaged), "endRule": binding and _end_rule(binding)},
        "engagementRequest": asked and _asked(asked, request),
        "expirationDate": next_on,
        "group": None if service.billing_group_id is None else {"id": service.billing_group_id},
        "lifecycle": _lifecycle(service, request.today, request),
        "nextBillingDate": next_on if service.renews else None,
        "plan": {
            "code": service.plan_code,
            "invoiceName": service.description if name is None else name.invoice_name,
        },
        "pricing": pricing_shown(service),
        "renew": {
            "capacities": {"mode": ["automatic"] if service.renewal.forced else ["automatic", "manual"]},
            "current": {
                "mode": "automatic" if service.renewal.automatic or service.renewal.forced else "manual",
                "nextDate": next_on if service.renews else None,
                "period": wire.months(service.renewal_months),
            },
        },
    }


def _asked(asked: Announced, request: Request) -> dict[str, Any]:
    return {
        "pricingMode": asked.change.pricing_mode,
        "requestDate": wire.day(asked.planned_at.astimezone(request.zone).date()),
    }


def _lifecycle(service: Service, on: date, request: Request) -> dict[str, Any]:
    may_end = service.state is State.ACTIVE and service.terminated_on is None and not service.renewal.forced
    ending = "terminateAtEngagementDate" if service.engaged_until_on else "terminateAtExpirationDate"
    pending = [ending] if is_leaving(service) else []
    if service.renewal.delete_at_expiration:
        pending.append("deleteAtExpiration")
    return {
        "capacities": {"actions": [ending] if may_end else []},
        "current": {
            "creationDate": wire.midnight(service.started_on, request.zone),
            "pendingActions": pending,
            "state": LIFECYCLE[service.status(on)],
            "terminationDate": wire.midnight_or_none(service.terminated_on, request.zone),
        },
    }


def pricing_shown(service: Service) -> dict[str, Any]:
    """Return what one unit of the service costs per period."""
    unit_minor = amount_minor(E4_PER_ONE, service.unit_price_ucents, service.currency)
    return {
        "capacities": ["renew"],
        "description": service.description,
        "duration": wire.months(service.renewal_months),
        "engagementConfiguration": None,
        "interval": service.renewal_months,
        "maximumQuantity": None,
        "maximumRepeat": None,
        "minimumQuantity": 1,
        "minimumRepeat": 1,
        "price": wire.price(unit_minor, service.currency),
        "priceInUcents": service.unit_price_ucents,
        "pricingMode": service.pricing_mode,
        "pricingType": "rental",
    }
