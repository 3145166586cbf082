"""/services/{serviceId}/billing/engagement: what may be committed to, what waits, and paying out the rest."""

from dataclasses import replace
from typing import Any, Final

from acquit.actions.ask_for_engagement import (
    EngagementRequest,
    ask_for_engagement,
    request_in,
    withdraw_engagement,
)
from acquit.actions.pay_out_engagement import pay_out_engagement
from acquit.actions.serving import belonging_in
from acquit.api import wire
from acquit.api.cart_lines import pricings_shown
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Handler, Request
from acquit.api.services import STRATEGIES, edit_end_rule, find, get_engagement, pricing_shown
from acquit.api.upgrades import order_shown, sold_today
from acquit.core.catalogue import END_ACTIONS, Capacity, Pricing
from acquit.core.planned_change import Binding, PlannedChange
from acquit.core.service import Service

TYPES: Final = ("periodic", "upfront")


def list_available(request: Request) -> list[dict[str, Any]]:
    """GET …/available: modes of its plan that bind, as sold today; one of another period is asked for."""
    service = find(request)
    if service.parent_service_id is not None:
        return []
    own = [plan for plan in sold_today(request, service) if plan.plan_code == service.plan_code]
    binding = [
        pricing
        for plan in own
        for pricing in plan.pricings
        if Capacity.RENEW in pricing.capacities and pricing.mode != service.pricing_mode
        if pricing.months and _bound_months(pricing)
    ]
    shown = pricings_shown(binding, service.currency)
    return [
        each | {"engagementConfiguration": _offered(pricing)}
        for pricing, each in zip(binding, shown, strict=True)
    ]


def _bound_months(pricing: Pricing) -> int:
    return pricing.commitment_months or (pricing.engagement.months if pricing.engagement else 0)


def _offered(pricing: Pricing) -> dict[str, Any]:
    told = pricing.engagement
    return {
        "defaultEndAction": STRATEGIES[END_ACTIONS[told.end_action if told else ""]],
        "duration": wire.months(_bound_months(pricing)),
        "type": told.type if told and told.type in TYPES else TYPES[0],
    }


# ---------------------------------------------------------------- what waits


def get_request(request: Request) -> object:
    """GET …/request: the commitment that the next renewal brings; 404 when none waits."""
    service = find(request)
    with request.read() as tx:
        found = request_in(tx, belonging_in(tx, service, request.today))
    if found is None:
        raise NoSuchObject(service.service_id)
    return _shown(found, request)


def ask(request: Request) -> object:
    """POST …/request: the service is committed from its next renewal on."""
    caller, service = request.caller, find(request)
    found = ask_for_engagement(
        request.context, caller.account_id, service.service_id, request.body["pricingMode"], by=caller.actor
    )
    return _shown(found, request)


def withdraw(request: Request) -> None:
    """DELETE …/request: the service renews as if nobody had asked."""
    caller, service = request.caller, find(request)
    withdraw_engagement(request.context, caller.account_id, service.service_id, by=caller.actor)


def _shown(found: EngagementRequest, request: Request) -> dict[str, Any]:
    return {
        "options": [
            {"pricing": _pricing(option, change), "serviceId": option.service_id}
            for option, change in found.options
        ],
        "order": None,
        "pricing": _pricing(found.service, found.change),
        "requestDate": wire.day(found.asked_at.astimezone(request.zone).date()),
    }


def _pricing(service: Service, change: PlannedChange) -> dict[str, Any]:
    """Return the price that the service will have."""
    told = replace(
        service,
        pricing_mode=change.pricing_mode or service.pricing_mode,
        renewal_months=change.renewal_months or service.renewal_months,
        unit_price_ucents=change.unit_price_ucents or 0,
    )
    binding = change.binding
    bound = None if binding is None else _bound(binding, told.renewal_months)
    return pricing_shown(told) | {"engagementConfiguration": bound}


def _bound(binding: Binding, renewal_months: int) -> dict[str, Any]:
    return {
        "defaultEndAction": STRATEGIES[binding.end_action],
        "duration": wire.months(binding.months),
        "type": TYPES[renewal_months >= binding.months],
    }


# ---------------------------------------------------------------- paying out


def flush(request: Request) -> object:
    """POST …/flush: the periods of the commitment that are left are renewed; the next bill bears them all."""
    caller, body, service = request.caller, request.body, find(request)
    done = pay_out_engagement(
        request.context, caller.account_id, service.service_id, by=caller.actor,
        ends=body.get("terminateSubscription", False), tries=body.get("dryRun", False),
    )  # fmt: skip
    shown = order_shown(request, done.charges, request.today, service.currency, lambda charge: "RENEW")
    return {"order": shown}


BASE: Final = "/services/{serviceId}/billing/engagement"
ROUTES: Final[dict[tuple[str, str], Handler]] = {
    ("GET", BASE): get_engagement,
    ("GET", f"{BASE}/available"): list_available,
    ("PUT", f"{BASE}/endRule"): edit_end_rule,
    ("POST", f"{BASE}/flush"): flush,
    ("GET", f"{BASE}/request"): get_request,
    ("POST", f"{BASE}/request"): ask,
    ("DELETE", f"{BASE}/request"): withdraw,
}
