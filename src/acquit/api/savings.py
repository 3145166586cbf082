"""/services/{serviceId}/savingsPlans: use that is committed for a period at a lower price."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid5

from acquit.actions.loading import account_in
from acquit.actions.savings_plans import (
    WantedPlan,
    cancel_savings,
    grow_savings,
    offers_in,
    rename_savings,
    set_period_end,
    subscribe_savings,
)
from acquit.api import wire
from acquit.api.agreements import contracts_to_order
from acquit.api.refusals import BadParameter
from acquit.api.request import Handler, Request
from acquit.api.services import find
from acquit.core.identifiers import ServiceId
from acquit.core.savings_plan import (
    NoSuchSavingsPlan,
    PeriodEnd,
    PlanChange,
    PlanStatus,
    SavingsPlan,
)
from acquit.store import savings_plans

STATUSES: Final[Mapping[PlanStatus, str]] = {
    PlanStatus.PENDING: "PENDING",
    PlanStatus.ACTIVE: "ACTIVE",
    PlanStatus.ENDED: "TERMINATED",
}
ACTIONS: Final[Mapping[PeriodEnd, str]] = {
    PeriodEnd.ANOTHER: "REACTIVATE",
    PeriodEnd.ENDS: "TERMINATE",
}
DEPLOYMENTS: Final[Mapping[str, str]] = {
    "region-1-az": "REGION-1-AZ",
    "region-3-az": "REGION-3-AZ",
    "local-zone": "LOCAL-ZONE",
}


# ---------------------------------------------------------------- reading


def list_contracts(request: Request) -> list[dict[str, str]]:
    """GET …/contracts: the seller's contracts, which hold for savings plans too."""
    find(request)
    return contracts_to_order(request, request.caller.legal_entity_id)


def list_offers(request: Request) -> list[object]:
    """GET …/subscribable: what the service may be committed to today, of one product if it is named."""
    service, product = find(request), request.query["productCode"]
    with request.read() as tx:
        account = account_in(tx, request.caller.account_id)
        offers = offers_in(request.context, tx, account, service, request.today)
    return [
        {"deploymentMode": DEPLOYMENTS[each.deployment], "offerId": each.offer}
        for each in offers
        if product in (None, each.product)
    ]


def list_plans(request: Request) -> list[object]:
    """GET …/subscribed: every plan of the service, also those that have ended, by their first day."""
    service = find(request)
    with request.read() as tx:
        held = savings_plans.of_service(tx, request.caller.account_id, service.service_id)
    return [_shown(plan, request) for plan in held]


def get_plan(request: Request) -> object:
    """GET …/subscribed/{savingsPlanId}: one of them."""
    return _shown(_found(request), request)


def list_periods(request: Request) -> list[object]:
    """GET …/periods: the periods of a plan that have begun; a plan that waits has its first."""
    plan, today = _found(request), request.today
    return [_period(plan, first, after, today) for first, after in plan.periods(today)]


# ---------------------------------------------------------------- changes


def simulate(request: Request) -> object:
    """POST …/subscribe/simulate: the plan as it would be; nothing is bought."""
    shown = _shown(_subscribed(request, tries=True), request)
    return {name: shown[name] for name in shown if name not in ("id", "plannedChanges", "terminationDate")}


def execute(request: Request) -> object:
    """POST …/subscribe/execute: the plan begins today or on the day that is asked for."""
    return _shown(_subscribed(request, tries=False), request)


def edit_plan(request: Request) -> object:
    """PUT …/subscribed/{savingsPlanId}: its name; everything else is read only here."""
    caller, name = request.caller, request.body["displayName"]
    return _shown(rename_savings(request.context, *_key(request), name, by=caller.actor), request)


def change_size(request: Request) -> object:
    """POST …/changeSize: from today on the plan commits more."""
    caller, size = request.caller, request.body["size"]
    return _shown(grow_savings(request.context, *_key(request), size, by=caller.actor), request)


def change_period_end(request: Request) -> object:
    """POST …/changePeriodEndAction: when its period ends, another one begins or none."""
    caller, wanted = request.caller, request.body["periodEndAction"]
    chosen = next(each for each, name in ACTIONS.items() if name == wanted)
    return _shown(set_period_end(request.context, *_key(request), chosen, by=caller.actor), request)


def terminate(request: Request) -> object:
    """POST …/terminate: a plan that has not begun never will; it ends today."""
    caller, on = request.caller, request.body.get("terminationDate")
    if on not in (None, request.today):
        raise BadParameter(
            "[terminationDate] A savings plan that has not begun ends today", parameter="terminationDate"
        )
    return _shown(cancel_savings(request.context, *_key(request), by=caller.actor), request)


def _subscribed(request: Request, *, tries: bool) -> SavingsPlan:
    caller, body, service = request.caller, request.body, find(request)
    wanted = WantedPlan(body["offerId"], body["size"], body["displayName"], body.get("startDate"))
    return subscribe_savings(
        request.context, caller.account_id, service.service_id, wanted, by=caller.actor, tries=tries
    )


def _key(request: Request) -> tuple[Any, ServiceId, str]:
    return request.caller.account_id, find(request).service_id, request.path["savingsPlanId"]


def _found(request: Request) -> SavingsPlan:
    account_id, service_id, plan_id = _key(request)
    with request.read() as tx:
        held = savings_plans.of_service(tx, account_id, service_id)
    for plan in held:
        if plan.plan_id == plan_id:
            return plan
    raise NoSuchSavingsPlan(f"The requested object ({plan_id}) does not exist")


# ---------------------------------------------------------------- what they look like


def _shown(plan: SavingsPlan, request: Request) -> dict[str, Any]:
    today = request.today
    first, after = _running(plan, today)
    status = plan.status(today)
    ended_on = plan.cancelled_on or (after if status is PlanStatus.ENDED else None)
    return {
        "displayName": plan.name,
        "endDate": wire.day(after),
        "flavor": plan.offer.flavor,
        "id": plan.plan_id,
        "offerId": plan.offer.offer,
        "period": wire.months(plan.offer.months),
        "periodEndAction": ACTIONS[plan.period_end],
        "periodEndDate": wire.day(after),
        "periodStartDate": wire.day(first),
        "plannedChanges": _planned(plan, status, after),
        "size": plan.size(today),
        "startDate": wire.day(plan.starts_on),
        "status": STATUSES[status],
        "terminationDate": wire.day_or_none(ended_on),
    }


def _running(plan: SavingsPlan, today: date) -> tuple[date, date]:
    """Return the period that holds the day, else the last one, else the first that would have been."""
    told = plan if plan.cancelled_on is None else replace(plan, changes=_kept(plan))
    return list(told.periods(today))[-1]


def _kept(plan: SavingsPlan) -> tuple[PlanChange, ...]:
    return tuple(each for each in plan.changes if not each.is_cancelled)


def _planned(plan: SavingsPlan, status: PlanStatus, after: date) -> list[dict[str, Any]]:
    planned = []
    if status is PlanStatus.PENDING:
        planned.append((plan.starts_on, PlanStatus.ACTIVE))
    if status is not PlanStatus.ENDED and plan.period_end is PeriodEnd.ENDS:
        planned.append((after, PlanStatus.ENDED))
    return [{"plannedOn": wire.day(on), "properties": {"status": STATUSES[each]}} for on, each in planned]


def _period(plan: SavingsPlan, first: date, after: date, today: date) -> dict[str, Any]:
    status = PlanStatus.ENDED if after <= today else PlanStatus.ACTIVE
    if today < first:
        status = PlanStatus.PENDING
    return {
        "id": str(uuid5(UUID(plan.plan_id), wire.day(first))),
        "offerId": plan.offer.offer,
        "periodEndDate": wire.day(after),
        "periodStartDate": wire.day(first),
        "savingsPlanId": plan.plan_id,
        "size": plan.size(min(today, after)),
        "status": STATUSES[status],
        "unitPrice": Decimal(plan.offer.price_ucents).scaleb(-8),
    }


BASE: Final = "/services/{serviceId}/savingsPlans"
ONE: Final = f"{BASE}/subscribed/{{savingsPlanId}}"
ROUTES: Final[dict[tuple[str, str], Handler]] = {
    ("GET", f"{BASE}/contracts"): list_contracts,
    ("GET", f"{BASE}/subscribable"): list_offers,
    ("POST", f"{BASE}/subscribe/execute"): execute,
    ("POST", f"{BASE}/subscribe/simulate"): simulate,
    ("GET", f"{BASE}/subscribed"): list_plans,
    ("GET", ONE): get_plan,
    ("PUT", ONE): edit_plan,
    ("POST", f"{ONE}/changePeriodEndAction"): change_period_end,
    ("POST", f"{ONE}/changeSize"): change_size,
    ("GET", f"{ONE}/periods"): list_periods,
    ("POST", f"{ONE}/terminate"): terminate,
}
