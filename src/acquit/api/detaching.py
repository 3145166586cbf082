"""/services/{serviceId}/detach: an option becomes a service of its own, from today on."""

from typing import Any, Final

from acquit.actions.detach_option import Alone, detach_option
from acquit.actions.show_moves import plans_to_detach_to
from acquit.api.cart_lines import months_of, quantity_of
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Handler, Request
from acquit.api.services import find
from acquit.api.upgrades import order_shown, plan_shown, sold_today, type_of
from acquit.core.catalogue import Plan
from acquit.core.service import Service


def list_plans(request: Request) -> list[dict[str, Any]]:
    """GET …/detach: plans of the option's product that have a price for detaching; none for a service."""
    option = find(request)
    return [plan_shown(plan, option) for plan in _plans(request, option)]


def get_plan(request: Request) -> object:
    """GET …/detach/{planCode}: one of them."""
    option = find(request)
    return plan_shown(_plan(request, option), option)


def list_options(request: Request) -> list[object]:
    """GET …/detach/{planCode}/options: nothing: an option has no options of its own."""
    _plan(request, find(request))
    return []


def simulate(request: Request) -> object:
    """POST …/detach/{planCode}/simulate: what detaching would cost today; nothing is changed."""
    return _detached(request, tries=True)


def execute(request: Request) -> object:
    """POST …/detach/{planCode}/execute: the option is a service of that plan from today on."""
    return _detached(request, tries=False)


def _detached(request: Request, *, tries: bool) -> dict[str, Any]:
    caller, body, option = request.caller, request.body, find(request)
    plan = _plan(request, option)
    for addon in body.get("addons") or []:
        raise NoSuchObject(addon["serviceId"])
    wanted = Alone(
        plan.plan_code, body["pricingMode"], months_of(body["duration"]), quantity_of(body["quantity"])
    )
    done = detach_option(
        request.context, caller.account_id, option.service_id, wanted, by=caller.actor, tries=tries
    )
    return {"order": order_shown(request, done.charges, done.effective_on, option.currency, type_of)}


def _plans(request: Request, option: Service) -> list[Plan]:
    return plans_to_detach_to(sold_today(request, option), option)


def _plan(request: Request, option: Service) -> Plan:
    code = request.path["planCode"]
    for plan in _plans(request, option):
        if plan.plan_code == code:
            return plan
    raise NoSuchObject(code)


BASE: Final = "/services/{serviceId}/detach"
ROUTES: Final[dict[tuple[str, str], Handler]] = {
    ("GET", BASE): list_plans,
    ("GET", f"{BASE}/{{planCode}}"): get_plan,
    ("GET", f"{BASE}/{{planCode}}/options"): list_options,
    ("POST", f"{BASE}/{{planCode}}/simulate"): simulate,
    ("POST", f"{BASE}/{{planCode}}/execute"): execute,
}
