"""What a running service may become: other plans of its catalogue, other modes of its plan, options."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from acquit.core.catalogue import Capacity, Kind, NotPriced, Plan, Pricing, lines
from acquit.core.identifiers import LegalEntityId
from acquit.core.money import E4_PER_ONE
from acquit.core.service import Service, Status
from acquit.core.service_change import detachable_to
from acquit.core.subscription import option_mode
from acquit.store import catalogues
from acquit.store.transaction import Transaction

FEES: Final = frozenset({Capacity.UPGRADE, Capacity.DOWNGRADE})


@dataclass(frozen=True, slots=True)
class OptionOffered:
    """An option that the service may have more, at a price per unit and period."""

    plan: Plan
    price_ucents: int
    months: int


def plans_of_today(tx: Transaction, seller: LegalEntityId, service: Service, on: date) -> list[Plan]:
    """Return what the catalogue of the service sells on a day; nothing for one that does not run then."""
    if service.status(on) not in (Status.RUNNING, Status.RENEWING):
        return []
    sold_from = catalogues.find(tx, service.catalogue_id)
    for catalogue_id in catalogues.in_force(tx, seller, service.currency, on):
        version = catalogues.find(tx, catalogue_id)
        if version is not None and sold_from is not None and version.name == sold_from.name:
            return list(catalogues.plans(tx, catalogue_id).values())
    return []


def plans_to_move_to(plans: Sequence[Plan], service: Service) -> list[Plan]:
    """Return the plans that the service may move to now, each with the prices that it may move to.

    None for an option, which follows its service.
    """
    if service.parent_service_id is not None:
        return []
    return [fitting for plan in plans if (fitting := _fitting(plan, service)) is not None]


def plans_to_detach_to(plans: Sequence[Plan], option: Service) -> list[Plan]:
    """Return the plans that an option may become a service of, with their prices for its period.

    None for a service of its own.
    """
    own = next((plan for plan in plans if plan.plan_code == option.plan_code), None)
    if option.parent_service_id is None or own is None:
        return []
    return [
        replace(plan, pricings=(*renewing, *(each for each in plan.pricings if _detaches(each))))
        for plan in plans
        if detachable_to(plan, own) and (renewing := _renewing(plan, option.renewal_months))
    ]


def _renewing(plan: Plan, months: int) -> tuple[Pricing, ...]:
    return tuple(
        each for each in plan.pricings if Capacity.RENEW in each.capacities and each.months == months
    )


def _detaches(pricing: Pricing) -> bool:
    return Capacity.DETACH in pricing.capacities


def options_to_add(
    plans: Sequence[Plan], service: Service, options: Sequence[Service]
) -> list[OptionOffered]:
    """Return the options of its plan that the service does not have, in the order of the plan."""
    by_code = {plan.plan_code: plan for plan in plans}
    own = by_code.get(service.plan_code)
    has = {each.plan_code for each in options}
    codes = [] if own is None else [code for family in own.families for code in family.options]
    offered = [_offered(by_code[code], service) for code in codes if code in by_code and code not in has]
    return [each for each in offered if each is not None]


def _fitting(plan: Plan, service: Service) -> Plan | None:
    """Return the plan with what it costs for the service's period; None when it is not sold for it."""

    def fits(pricing: Pricing) -> bool:
        is_same = (plan.plan_code, pricing.mode) == (service.plan_code, service.pricing_mode)
        renews = Capacity.RENEW in pricing.capacities and pricing.months == service.renewal_months
        return renews and not is_same

    renewing = tuple(each for each in plan.pricings if fits(each))
    if plan.kind is not Kind.PLAN or not renewing:
        return None
    modes = {each.mode for each in renewing}
    once = tuple(each for each in plan.pricings if each.capacities & FEES and each.mode in modes)
    is_other = plan.plan_code != service.plan_code
    return replace(plan, pricings=(*renewing, *(once if is_other else ())))


def _offered(option: Plan, service: Service) -> OptionOffered | None:
    mode, months = option_mode(option, service.pricing_mode, service.renewal_months)
    try:
        first = lines(option, Capacity.RENEW, mode, service.quantity_e4 // E4_PER_ONE, months)[0]
    except NotPriced:
        return None
    return OptionOffered(option, first.price_ucents, first.pricing.months)
