"""Subscriptions: which services, at which prices, an order of a plan makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.core.catalogue import Capacity, Kind, Line, Plan, is_sold, lines, modes, of_code, options_of
from acquit.core.charge import Charge, ChargeKind
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import AccountId, BillingGroupId, CatalogueId, ServiceId
from acquit.core.money import E4_PER_ONE, Currency, amount_minor
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


def parts(plans: Mapping[str, Plan], wish: Wish) -> tuple[Part, ...]:
    """Return what the wish is made of, the plan first.

    An add-on is taken in the plan's mode when it is sold in it, else in the default one.

    Raises:
        NoSuchPlan, NotSoldAlone, OptionRefused, NotPriced, NotRenewable: the catalogue does not sell this.
    """
    plan = of_code(plans, wish.plan_code)
    if plan.kind is not Kind.PLAN:
        raise NotSoldAlone(f"{plan.plan_code} is an add-on: subscribe a plan with it.", plan=plan.plan_code)
    found = _parts_of(plan, wish.quantity, wish.mode, wish.months)
    for code in options_of(plan, wish.options):
        option = of_code(plans, code)
        in_mode = is_sold(option, Capacity.RENEW, wish.mode)
        mode, months = (wish.mode, found[0].line.pricing.months) if in_mode else (DEFAULT_MODE, None)
        found += _parts_of(option, wish.quantity, mode, months)
    return found


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
            route=ROUTES.get(head.plan.product_type, OTHER_ROUTE),
            catalogue_id=buying.catalogue_id,
            plan_code=part.plan.plan_code,
            pricing_mode=part.line.pricing.mode,
            description=part.plan.invoice_name,
            quantity_e4=part.line.quantity * E4_PER_ONE,
            unit_price_ucents=part.line.pricing.price_ucents,
            currency=buying.currency,
            renewal_months=part.line.pricing.months,
            anniversary_day=wish.starts_on.day,
            started_on=wish.starts_on,
            next_renewal_on=wish.starts_on,
            engaged_until_on=_engaged_until(part, wish.starts_on),
            renewal=Renewal(forced=buying.is_permanent),
            parent_service_id=None if part is head else ids[0],
            billing_group_id=wish.billing_group_id,
        )
        for part, service_id in zip(of_parts, ids, strict=True)
    )


def installations(of_parts: Sequence[Part], subscribed: Sequence[Service]) -> tuple[Charge, ...]:
    """Return what is charged once, on the first day; what is free is not charged."""
    return tuple(
        Charge(
            service_id=service.service_id,
            kind=ChargeKind.INSTALLATION,
            period_start=service.started_on,
            period_end=service.started_on,
            description=f"{service.description} - installation",
            domain=service.resource_name,
            quantity_e4=line.quantity * E4_PER_ONE,
            unit_price_ucents=line.pricing.price_ucents,
            currency=service.currency,
            billing_group_id=service.billing_group_id,
        )
        for part, service in zip(of_parts, subscribed, strict=True)
        for line in part.installation
        if line.pricing.price_ucents
    )


def first_net_minor(subscribed: Sequence[Service], charged: Sequence[Charge]) -> int:
    """Return the net of the first bill: one period of each service and what is charged once."""
    renewing = sum(
        amount_minor(each.quantity_e4, each.unit_price_ucents, each.currency) for each in subscribed
    )
    return renewing + sum(charge.net_minor for charge in charged)


def _parts_of(plan: Plan, quantity: int, mode: str, months: int | None) -> tuple[Part, ...]:
    renewing = lines(plan, Capacity.RENEW, mode, quantity, months)
    if any(not line.pricing.months for line in renewing):
        raise NotRenewable(
            f"{plan.plan_code} in mode {mode} is not priced per month or year: it is billed by usage. "
            f"It renews in: {', '.join(modes(plan))}.",
            plan=plan.plan_code,
        )
    sold = is_sold(plan, Capacity.INSTALLATION, mode)
    installation = lines(plan, Capacity.INSTALLATION, mode, quantity) if sold else ()
    return tuple(
        Part(plan, line, installation if position == 0 else ()) for position, line in enumerate(renewing)
    )


def _engaged_until(part: Part, starts_on: date) -> date | None:
    months = part.line.pricing.commitment_months
    return months_after(starts_on, months, starts_on.day) if months else None
