"""Another plan, quantity or option of a service: what it costs by the day, and then the change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from acquit.actions.change_service import Changed, change_service, try_change
from acquit.actions.show_moves import OptionOffered, options_to_add, plans_of_today, plans_to_move_to
from acquit.console import texts, typed
from acquit.console.manager.services import own_service
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.catalogue import Capacity, Plan, Pricing
from acquit.core.errors import Refusal
from acquit.core.money import E4_PER_ONE
from acquit.core.service import Service, refuse_ended
from acquit.core.service_change import Wanted, When, refuse_option
from acquit.store import services

STAYS: Final = "stays"
WHENS: Final = (When.NOW.value, When.AT_RENEWAL.value)
QUANTITY_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen: plans with their prices, options that are there and options that are not."""

    plans: tuple[tuple[str, Plan, Pricing], ...]
    there: tuple[Service, ...]
    more: tuple[OptionOffered, ...]


def ask_change(visit: Visit) -> Page:
    """GET /manager/services/{service_id}/change: what may be chosen, and what the choice would cost."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        service = own_service(visit, tx)
        refuse_ended(service)
        refuse_option(service)
        options = services.options_of(tx, visit.account_id, service.service_id)
        plans = plans_of_today(tx, place.entity.legal_entity_id, service, place.today)
    there = [each for each in options if each.status(place.today).value != "terminated"]
    choices = Choices(_plans(plans, service), tuple(there), tuple(options_to_add(plans, service, there)))
    chosen = visit.form.fields or visit.query
    changed, refusal = _tried(visit, service, choices) if "to" in visit.query else (None, None)
    return page(
        "service_change.html", place, service=service, choices=choices, chosen=chosen, changed=changed,
        refusal=refusal, why_not=refusal and texts.refused(refusal, visit.language),
    )  # fmt: skip


def make_change(visit: Visit) -> Reply:
    """POST /manager/services/{service_id}/change: the service is what was chosen."""
    with visit.read() as tx:
        service = own_service(visit, tx)
    wanted = _wanted(visit.form.fields, service)
    change_service(visit.context, visit.account_id, service.service_id, wanted, by=visit.actor)
    return Redirect(f"/manager/services/{service.service_id}?done=service-change")


def _tried(visit: Visit, service: Service, choices: Choices) -> tuple[Changed | None, Refusal | None]:
    """Return what the choice would do, or why not; nothing is changed."""
    try:
        wanted = _wanted(visit.query, service)
        typed.one_of(visit.query["to"], [STAYS, *(value for value, _, _ in choices.plans)])
        return try_change(
            visit.context, visit.account_id, service.service_id, wanted, by=visit.actor
        ), None  # fmt: skip
    except Refusal as refusal:
        return None, refusal


def _wanted(chosen: Mapping[str, str], service: Service) -> Wanted:
    """Return what was chosen: `to` is a plan and a mode, a quantity that was not changed is left."""
    to, quantity = chosen.get("to", STAYS), chosen.get("quantity", "").strip()
    code, _, mode = to.partition("|")
    is_number = quantity.isascii() and quantity.isdigit() and len(quantity) <= QUANTITY_DIGITS
    if quantity and not is_number:
        raise typed.NotAChoice("A quantity is a whole number.")
    count = int(quantity) if quantity else None
    return Wanted(
        plan_code=None if to == STAYS else code,
        mode=None if to == STAYS else mode,
        quantity=None if count == service.quantity_e4 // E4_PER_ONE else count,
        add=(chosen["add"],) if chosen.get("add") else (),
        remove=(chosen["remove"],) if chosen.get("remove") else (),
        when=When(typed.one_of(chosen.get("when") or When.NOW.value, WHENS)),
    )


def _plans(plans: list[Plan], service: Service) -> tuple[tuple[str, Plan, Pricing], ...]:
    """Return each plan and mode of its kind of product with its price, cheapest first."""
    quantity = service.quantity_e4 // E4_PER_ONE
    kinds = {plan.product_type for plan in plans if plan.plan_code == service.plan_code}
    found = [
        (f"{plan.plan_code}|{pricing.mode}", plan, pricing)
        for plan in plans_to_move_to(plans, service)
        for pricing in plan.pricings
        if Capacity.RENEW in pricing.capacities and pricing.takes(quantity)
        if not kinds or plan.product_type in kinds
    ]
    return tuple(sorted(found, key=lambda each: (each[2].price_ucents, each[0])))
