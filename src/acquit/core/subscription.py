"""Subscriptions: which services, at which prices, an order of a plan makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from acquit.core.agreement import SOLD, Agreement, first_of
from acquit.core.catalogue import (
    END_ACTIONS,
    Capacity,
    EndAction,
    Kind,
    Line,
    Plan,
    is_sold,
    lines,
    modes,
    of_code,
    options_of,
    promoted,
)
from acquit.core.charge import Charge, ChargeKind
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import AccountId, BillingGroupId, CatalogueId, ServiceId
from acquit.core.line_text import once_text
from acquit.core.money import E4_PER_ONE, Currency, amount_minor
from acquit.core.planned_change import (
    Binding,
    ChangeKind,
    Fallback,
    PlannedChange,
    engagement_end,
    renewal_day,
)
from acquit.core.service import Renewal, Service, months_after

DEFAULT_MODE: Final = "default"
ROUTES: Final = {
    "server": "/dedicated/server",
    "vps": "/vps",
    "hosting": "/hosting/web",
    "license": "/license",
    "ip": "/ip",
    "domain": "/domain",
}
OTHER_ROUTE: Final = "/service"
NO_LIMIT: Final[Mapping[tuple[str, str], int]] = {}
QUANTITY_MAX: Final = 1_000_000_000
NAME_MAX: Final = 255
YEARS: Final = range(2000, 2200)


class NotSoldAlone(Invalid):
    """The code is an add-on's: it is subscribed with a plan that takes it."""

    code = "not-sold-alone"


class NotRenewable(Invalid):
    """The price is not per month or year, so nothing would renew."""

    code = "not-renewable"


class ForeignCurrency(Conflict):
    """The catalogue is in another currency than the account."""

    code = "foreign-currency"


class ResourceTaken(Conflict):
    """The account already has a service of that name."""

    code = "resource-taken"


class BadWish(Invalid):
    """The quantity, the name or the first day cannot be true."""

    code = "bad-subscription"


@dataclass(frozen=True, slots=True)
class Wish:
    """What an account asks for; `resource_name` may be empty, then the service is named after its plan."""

    plan_code: str
    starts_on: date
    quantity: int = 1
    mode: str = DEFAULT_MODE
    months: int | None = None
    options: tuple[str, ...] = ()
    resource_name: str = ""
    billing_group_id: BillingGroupId | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A quantity that renews at one price: the plan, a tier of it, or one of its add-ons."""

    plan: Plan
    line: Line
    installation: tuple[Line, ...]
    binding: Binding | None = None


@dataclass(frozen=True, slots=True)
class Buying:
    """Who subscribes, from which catalogue, and whether renewal is permanent."""

    account_id: AccountId
    catalogue_id: CatalogueId
    currency: Currency
    is_permanent: bool = False


def refuse_bad_wish(wish: Wish) -> None:
    """Pass for a quantity, a name and a first day that can be billed. Raises BadWish."""
    if wish.quantity > QUANTITY_MAX:
        raise BadWish(f"A quantity is {QUANTITY_MAX} at most, not {wish.quantity}.", member="quantity")
    name = wish.resource_name
    if len(name) > NAME_MAX or not name.isprintable() or "/" in name or name != name.strip():
        raise BadWish(
            f"A service's name has at most {NAME_MAX} printable characters, without / and spaces around.",
            member="resource",
        )
    if wish.starts_on.year not in YEARS:
        raise BadWish(f"{wish.starts_on} is no first day: a year from {YEARS[0]} on.", member="from")


def codes(plan: Plan, wish: Wish) -> tuple[str, ...]:
    """Return the plan code and those of its add-ons: what prices are needed for. Raises OptionRefused."""
    return (plan.plan_code, *options_of(plan, wish.options))


def parts(
    plans: Mapping[str, Plan], wish: Wish, left: Mapping[tuple[str, str], int] = NO_LIMIT
) -> tuple[Part, ...]:
    """Return what the wish is made of, the plan first.

    An add-on is taken in the plan's mode when it is sold in it, else in the default one. `left` says how
    many units the account may still have of a plan code's promotion, where that is limited.

    Raises:
        NoSuchPlan, NotSoldAlone, OptionRefused, NotPriced, NotRenewable: the catalogue does not sell this.
    """
    plan = of_code(plans, wish.plan_code)
    if plan.kind is not Kind.PLAN:
        raise NotSoldAlone(f"{plan.plan_code} is an add-on: subscribe a plan with it.", plan=plan.plan_code)
    found = parts_of(plan, wish.quantity, wish.mode, wish.months, wish.starts_on, left)
    for code in options_of(plan, wish.options):
        option = of_code(plans, code)
        mode, months = option_mode(option, wish.mode, found[0].line.pricing.months)
        found += parts_of(option, wish.quantity, mode, months, wish.starts_on, left)
    return found


def option_mode(option: Plan, mode: str, months: int | None) -> tuple[str, int | None]:
    """Return mode and period in which an add-on goes with its plan."""
    return (mode, months) if is_sold(option, Capacity.RENEW, mode) else (DEFAULT_MODE, None)


def services(
    buying: Buying, wish: Wish, of_parts: Sequence[Part], ids: Sequence[ServiceId]
) -> tuple[Service, ...]:
    """Return the services, one per part; all but the first belong to the first."""
    head = of_parts[0]
    name = wish.resource_name or f"{head.plan.plan_code}-{ids[0]}"
    return tuple(
        Service(
            account_id=buying.account_id,
            service_id=service_id,
            resource_name=name,
            display_name=name,
            route=route_of(head.plan),
            catalogue_id=buying.catalogue_id,
            plan_code=part.plan.plan_code,
            pricing_mode=part.line.pricing.mode,
            description=part.plan.invoice_name,
            quantity_e4=part.line.quantity * E4_PER_ONE,
            unit_price_ucents=part.line.price_ucents,
            currency=buying.currency,
            renewal_months=part.line.pricing.months,
            anniversary_day=wish.starts_on.day,
            started_on=wish.starts_on,
            next_renewal_on=wish.starts_on,
            engaged_until_on=engaged_until(part.binding, wish.starts_on),
            renewal=Renewal(forced=buying.is_permanent),
            parent_service_id=None if part is head else ids[0],
            billing_group_id=wish.billing_group_id,
            terminated_on=cancelled_on(part, wish.starts_on),
        )
        for part, service_id in zip(of_parts, ids, strict=True)
    )


def route_of(plan: Plan) -> str:
    """Return where the services of a plan are found."""
    return ROUTES.get(plan.product_type, OTHER_ROUTE)


def planned(
    of_parts: Sequence[Part], subscribed: Sequence[Service], day: int | None = None
) -> tuple[PlannedChange, ...]:
    """Return what the renewals of new services will change: promotions and engagements end.

    `day` is the day of the month on which the account renews everything, if it does.
    """
    changes: list[PlannedChange] = []
    for part, service in zip(of_parts, subscribed, strict=True):
        ends = promotion_end(part.line, service)
        changes += [] if ends is None else [ends]
        if part.binding is not None and service.engaged_until_on is not None:
            changes.append(engagement_end(service.service_id, service.engaged_until_on, part.binding))
        if day is not None and day != service.anniversary_day:
            changes.append(renewal_day(service.service_id, service.started_on, day))
    return tuple(changes)


def promotion_end(line: Line, service: Service) -> PlannedChange | None:
    """Return the change that the end of a promotion brings, if it ends."""
    promotion = line.promotion
    if promotion is None or promotion.months is None:
        return None
    ends_on = months_after(service.started_on, promotion.months, service.anniversary_day)
    return PlannedChange(
        service.service_id, 0, ChangeKind.PROMOTION_END, ends_on, f"promotion {promotion.name} ends",
        unit_price_ucents=line.pricing.price_ucents,
    )  # fmt: skip


def sold_as(part: Part, service: Service) -> Agreement:
    """Return what was agreed at the sale."""
    promotion = part.line.promotion
    sold = first_of(service)
    return sold if promotion is None else replace(sold, reason=f"{SOLD}, promotion {promotion.name}")


def promotions_used(
    of_parts: Sequence[Part], subscribed: Sequence[Service]
) -> dict[tuple[ServiceId, str, str], int]:
    """Return how many units of each service, plan code and promotion are sold at a reduced price."""
    used: dict[tuple[ServiceId, str, str], int] = {}
    for part, service in zip(of_parts, subscribed, strict=True):
        for line in (part.line, *part.installation):
            if line.promotion is not None:
                key = (service.service_id, part.plan.plan_code, line.promotion.name)
                used[key] = max(used.get(key, 0), line.quantity)
    return used


def installations(
    of_parts: Sequence[Part], subscribed: Sequence[Service], language: str
) -> tuple[Charge, ...]:
    """Return what is charged once, on the first day; what is free is not charged."""
    return tuple(
        Charge(
            service_id=service.service_id,
            kind=ChargeKind.INSTALLATION,
            period_start=service.started_on,
            period_end=service.started_on,
            description=once_text(language, service.description, Capacity.INSTALLATION),
            domain=service.resource_name,
            quantity_e4=line.quantity * E4_PER_ONE,
            unit_price_ucents=line.price_ucents,
            currency=service.currency,
            billing_group_id=service.billing_group_id,
            part="" if number == 1 else str(number),
        )
        for part, service in zip(of_parts, subscribed, strict=True)
        for number, line in enumerate(part.installation, 1)
        if line.price_ucents
    )


def first_net_minor(subscribed: Sequence[Service], charged: Sequence[Charge]) -> int:
    """Return the net of the first bill: one period of each service and what is charged once."""
    renewing = sum(
        amount_minor(each.quantity_e4, each.unit_price_ucents, each.currency) for each in subscribed
    )
    return renewing + sum(charge.net_minor for charge in charged)


def parts_of(
    plan: Plan,
    quantity: int,
    mode: str,
    months: int | None,
    on: date | None,
    left: Mapping[tuple[str, str], int] = NO_LIMIT,
) -> tuple[Part, ...]:
    """Return what a quantity of one plan or add-on is made of, with the promotions of a day if one is given.

    Raises NotPriced, NotRenewable.
    """
    renewing = lines(plan, Capacity.RENEW, mode, quantity, months)
    if any(not line.pricing.months for line in renewing):
        raise NotRenewable(
            f"{plan.plan_code} in mode {mode} is not priced per month or year: it is billed by usage. "
            f"It renews in: {', '.join(modes(plan))}.",
            plan=plan.plan_code,
        )
    sold = is_sold(plan, Capacity.INSTALLATION, mode)
    installation = lines(plan, Capacity.INSTALLATION, mode, quantity) if sold else ()
    if on is not None:
        own = {name: units for (code, name), units in left.items() if code == plan.plan_code}
        renewing, installation = promoted(renewing, on, own), promoted(installation, on, own)
    return tuple(
        Part(plan, line, installation if position == 0 else (), binding_of(plan, line, quantity))
        for position, line in enumerate(renewing)
    )


def binding_of(plan: Plan, line: Line, quantity: int) -> Binding | None:
    """Return how long a price binds and what follows, None when it does not bind."""
    engagement = line.pricing.engagement
    months = line.pricing.commitment_months or (engagement.months if engagement else 0)
    if not months:
        return None
    end_action = END_ACTIONS[engagement.end_action] if engagement else EndAction.KEEP_PRICE
    return Binding(months, end_action, _fallback(plan, line, quantity))


def _fallback(plan: Plan, line: Line, quantity: int) -> Fallback | None:
    """Return the price without engagement of the line's units, if the plan is sold so."""
    offered = [
        each
        for each in plan.pricings
        if Capacity.RENEW in each.capacities and each.mode == DEFAULT_MODE and each.months
    ]
    months = min((each.months for each in offered), default=0)
    tiers = [each for each in offered if each.months == months]
    same = [each for each in tiers if each.quantity_min == line.pricing.quantity_min]
    found = next((each for each in [*same, *tiers] if each in same or each.takes(quantity)), None)
    return None if found is None else Fallback(DEFAULT_MODE, found.months, found.price_ucents)


def engaged_until(binding: Binding | None, starts_on: date) -> date | None:
    """Return the first day on which an engagement that starts then may end."""
    return None if binding is None else months_after(starts_on, binding.months, starts_on.day)


def cancelled_on(part: Part, starts_on: date) -> date | None:
    """Return the first day without the service, where its engagement ends it."""
    until_on = engaged_until(part.binding, starts_on)
    if until_on is None or part.binding is None or part.binding.end_action is not EndAction.CANCEL:
        return None
    on, months = starts_on, part.line.pricing.months
    while on < until_on:
        on = months_after(on, months, starts_on.day)
    return on
