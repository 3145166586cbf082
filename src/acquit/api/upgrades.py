"""/services/{serviceId}/upgrade: other plans for a running service, from today on."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from acquit.actions.cart_prices import tax_minor
from acquit.actions.change_service import Changed, change_service, try_change
from acquit.actions.show_moves import plans_of_today, plans_to_move_to
from acquit.api import wire
from acquit.api.agreements import contracts_to_order
from acquit.api.cart_lines import months_of, product_shown, quantity_of
from acquit.api.carts import unit_price
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.api.services import find
from acquit.core.cart import Shopper
from acquit.core.catalogue import Plan
from acquit.core.charge import Charge, ChargeKind
from acquit.core.identifiers import ServiceId
from acquit.core.money import Currency
from acquit.core.service import Service
from acquit.core.service_change import Wanted

# ---------------------------------------------------------------- plans


def list_plans(request: Request) -> list[dict[str, Any]]:
    """GET /services/{serviceId}/upgrade: plans of its catalogue that are sold today for its period."""
    service = find(request)
    return [plan_shown(plan, service) for plan in _moves(request, service)]


def get_plan(request: Request) -> object:
    """GET /services/{serviceId}/upgrade/{planCode}: one of them."""
    service, code = find(request), request.path["planCode"]
    return plan_shown(_plan(request, service, code), service)


def plan_shown(plan: Plan, service: Service) -> dict[str, Any]:
    """Return a plan that a service may become, with its prices."""
    named = {"invoiceName": plan.invoice_name, "productName": plan.product}
    return product_shown(plan, service.currency) | named


def _plan(request: Request, service: Service, code: str) -> Plan:
    for plan in _moves(request, service):
        if plan.plan_code == code:
            return plan
    raise NoSuchObject(code)


def _moves(request: Request, service: Service) -> list[Plan]:
    return plans_to_move_to(sold_today(request, service), service)


def sold_today(request: Request, service: Service) -> list[Plan]:
    """Return what the catalogue of the service sells today; nothing for a service that does not run."""
    with request.read() as tx:
        return plans_of_today(tx, request.caller.legal_entity_id, service, request.today)


# ---------------------------------------------------------------- moves


def simulate(request: Request) -> object:
    """POST …/upgrade/{planCode}/simulate: what the move would cost today; nothing is changed."""
    return _moved(request, try_change)


def execute(request: Request) -> object:
    """POST …/upgrade/{planCode}/execute: the service is on that plan; the next bill has the difference."""
    return _moved(request, change_service)


def _moved(request: Request, change: Callable[..., Changed]) -> dict[str, Any]:
    caller, body, service = request.caller, request.body, find(request)
    code = request.path["planCode"]
    _plan(request, service, code)
    wanted = Wanted(code, quantity_of(body["quantity"]), body["pricingMode"], months_of(body["duration"]))
    changed = change(
        request.context, caller.account_id, ServiceId(service.service_id), wanted, by=caller.actor
    )
    return {"order": order_shown(request, changed.charges, changed.effective_on, service.currency, type_of)}


def order_shown(
    request: Request,
    charges: Sequence[Charge],
    on: date,
    currency: Currency,
    kind_of: Callable[[Charge], str],
) -> dict[str, Any]:
    """Return charges that the next bill bears as the wire shows an order; it has no number of its own."""
    caller, net = request.caller, sum(charge.net_minor for charge in charges)
    with request.read() as tx:
        shopper = Shopper(caller.account_id, caller.legal_entity_id, currency)
        tax = tax_minor(tx, shopper, on, abs(net)) * (1 if net >= 0 else -1)
    return {
        "contracts": contracts_to_order(request, caller.legal_entity_id),
        "details": [_detail(charge, kind_of(charge), currency) for charge in charges],
        "orderId": None,
        "prices": {
            "originalWithoutTax": wire.price(net, currency),
            "reduction": wire.price(0, currency),
            "tax": wire.price(tax, currency),
            "withTax": wire.price(net + tax, currency),
            "withoutTax": wire.price(net, currency),
        },
        "url": None,
    }


def _detail(charge: Charge, kind: str, currency: Currency) -> dict[str, Any]:
    total = wire.price(charge.net_minor, currency)
    return {
        "cartItemID": None,
        "description": charge.description,
        "detailType": kind,
        "domain": charge.domain,
        "originalTotalPrice": total,
        "quantity": wire.whole(charge.quantity_e4),
        "reductionTotalPrice": wire.price(0, currency),
        "reductions": [],
        "totalPrice": total,
        "unitPrice": unit_price(charge.unit_price_ucents, currency),
    }


def type_of(charge: Charge) -> str:
    """What was not used comes back, the rest of the period is charged anew, a move may cost a fee."""
    if charge.net_minor < 0:
        return "REFUND"
    return "SWITCH" if charge.kind == ChargeKind.ONE_OFF.value else "DURATION"
