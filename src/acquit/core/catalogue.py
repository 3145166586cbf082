"""Price catalogues: what is sold under which plan code, and the price that a subscription gets.

Prices count ucents (1e-8 of a unit). A plan has pricings per capacity (installation, renew …) and mode
(`default`, `degressivity12`: cheaper months for an engagement, `upfront12`: a year at once); where quantities
have tiers, each tier is a pricing with its own range.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from acquit.core.errors import Invalid, NotFound
from acquit.core.money import Currency


class NoSuchPlan(NotFound):
    """The catalogue has no plan or add-on of that code."""

    code = "no-such-plan"


class NotPriced(Invalid):
    """The plan has no price for that mode, period or quantity."""

    code = "not-priced"


class OptionRefused(Invalid):
    """The add-ons do not fit the plan."""

    code = "option-refused"


class Capacity(StrEnum):
    """What a price is for."""

    INSTALLATION = "installation"
    RENEW = "renew"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    DETACH = "detach"
    CONSUMPTION = "consumption"
    DYNAMIC = "dynamic"


class Unit(StrEnum):
    """What an interval counts."""

    NONE = "none"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Strategy(StrEnum):
    """How a quantity meets its tiers."""

    TIERED = "tiered"  # each unit at the price of the tier it falls into
    VOLUME = "volume"  # all units at the price of the tier that the whole falls into
    STAIRSTEP = "stairstep"  # one price for the tier, whatever the quantity within


class Kind(StrEnum):
    """Whether a plan is sold alone or with another one."""

    PLAN = "plan"
    ADD_ON = "add-on"


@dataclass(frozen=True, slots=True)
class Engagement:
    """How long a mode binds, how it is paid and what follows."""

    months: int
    type: str
    end_action: str


@dataclass(frozen=True, slots=True)
class Pricing:
    """One price: for these capacities, in this mode, per interval and unit, within a range of quantities."""

    capacities: frozenset[Capacity]
    mode: str
    price_ucents: int
    interval_count: int = 0
    interval_unit: Unit = Unit.NONE
    commitment_months: int = 0
    quantity_min: int = 1
    quantity_max: int | None = None
    strategy: Strategy = Strategy.TIERED
    phase: int = 0
    tax_ucents: int = 0
    must_be_completed: bool = False
    description: str = ""
    type: str = ""
    engagement: Engagement | None = None
    promotions: int = 0

    def takes(self, quantity: int) -> bool:
        """Whether the quantity is in the range."""
        return self.quantity_min <= quantity and (self.quantity_max is None or quantity <= self.quantity_max)

    @property
    def months(self) -> int:
        """How many months the interval has; 0 for one that is not counted in months."""
        return self.interval_count * _MONTHS.get(self.interval_unit, 0)


_MONTHS = {Unit.MONTH: 1, Unit.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Family:
    """Add-ons that serve one purpose: at most one when exclusive, at least one when mandatory."""

    name: str
    options: tuple[str, ...]
    default: str | None = None
    exclusive: bool = False
    mandatory: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sold under a plan code."""

    plan_code: str
    kind: Kind
    invoice_name: str
    product: str
    product_type: str = ""
    range: str = ""
    families: tuple[Family, ...] = ()
    pricings: tuple[Pricing, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A whole catalogue: every plan and add-on of a seller, in one currency."""

    published_id: int | None
    subsidiary: str
    currency: Currency
    tax_rate_bp: int | None
    plans: tuple[Plan, ...]

    @property
    def promotions(self) -> int:
        """How many promotions it announces; they are counted, not applied."""
        return sum(pricing.promotions for plan in self.plans for pricing in plan.pricings)


@dataclass(frozen=True, slots=True)
class Line:
    """A quantity at a price."""

    quantity: int
    pricing: Pricing


def lines(
    plan: Plan, capacity: Capacity, mode: str, quantity: int, months: int | None = None
) -> tuple[Line, ...]:
    """Return what a quantity costs: one line, or one per tier where each unit has its tier's price.

    With `months` None the shortest interval is taken. Raises NotPriced, which names what is sold.
    """
    offered = [each for each in plan.pricings if capacity in each.capacities and each.mode == mode]
    if months is None and offered:
        months = min(each.months for each in offered)
    tiers = sorted(
        (each for each in offered if each.months == months), key=lambda each: (each.phase, each.quantity_min)
    )
    tiers = [each for each in tiers if each.phase == tiers[0].phase]
    holding = next((each for each in tiers if each.takes(quantity)), None)
    if holding is None:
        raise NotPriced(_not_priced(plan, capacity, mode, quantity, tiers), plan=plan.plan_code)
    if holding.strategy is Strategy.STAIRSTEP:
        return (Line(1, holding),)
    if holding.strategy is Strategy.VOLUME:
        return (Line(quantity, holding),)
    reached = [each for each in tiers if each.quantity_min <= holding.quantity_min]
    below = [0, *(each.quantity_max or 0 for each in reached[:-1])]
    upto = [*below[1:], quantity]
    return tuple(Line(end - start, each) for start, end, each in zip(below, upto, reached, strict=True))


def is_sold(plan: Plan, capacity: Capacity, mode: str) -> bool:
    """Whether the plan has any price for the capacity in that mode."""
    return any(capacity in each.capacities and each.mode == mode for each in plan.pricings)


def modes(plan: Plan) -> tuple[str, ...]:
    """Return the modes in which the plan renews, in alphabetical order."""
    return tuple(sorted({each.mode for each in plan.pricings if Capacity.RENEW in each.capacities}))


def options_of(plan: Plan, chosen: Sequence[str]) -> tuple[str, ...]:
    """Return the add-ons that go with the plan: those chosen, and the defaults of mandatory families.

    Raises OptionRefused for an add-on that the plan does not take, for two of an exclusive family and for
    a mandatory family without choice and default.
    """
    known = set(chain.from_iterable(family.options for family in plan.families))
    for code in chosen:
        if code not in known:
            raise OptionRefused(
                f"{plan.plan_code} does not take the option {code}.{_taken(plan)}", option=code
            )
    return tuple(dict.fromkeys(chain(*(_of_family(plan, family, chosen) for family in plan.families))))


def _of_family(plan: Plan, family: Family, chosen: Sequence[str]) -> list[str]:
    taken = [code for code in dict.fromkeys(chosen) if code in family.options]
    if family.exclusive and len(taken) > 1:
        raise OptionRefused(
            f"{plan.plan_code} takes one option of {family.name}, not {' and '.join(taken)}.",
            family=family.name,
        )
    if taken or not family.mandatory:
        return taken
    if family.default is None:
        raise OptionRefused(
            f"{plan.plan_code} needs an option of {family.name}: {', '.join(family.options[:8])}.",
            family=family.name,
        )
    return [family.default]


def _taken(plan: Plan) -> str:
    names = [f"{family.name} ({', '.join(family.options[:4])}…)" for family in plan.families]
    return f" It takes: {'; '.join(names)}." if names else " It takes none."


def _not_priced(plan: Plan, capacity: Capacity, mode: str, quantity: int, tiers: Iterable[Pricing]) -> str:
    ranges = [f"{each.quantity_min} to {each.quantity_max or 'any'}" for each in tiers]
    if ranges:
        return f"{plan.plan_code} is sold in quantities of {', '.join(ranges)}, not {quantity}."
    sold = sorted({each.mode for each in plan.pricings if capacity in each.capacities})
    if mode in sold:
        return f"{plan.plan_code} has no price for that period in mode {mode}."
    return f"{plan.plan_code} has no price for {capacity} in mode {mode}. " + (
        f"It has: {', '.join(sold)}." if sold else f"It has no price for {capacity} at all."
    )


def of_code(plans: Mapping[str, Plan], plan_code: str) -> Plan:
    """Return the plan of that code. Raises NoSuchPlan."""
    plan = plans.get(plan_code)
    if plan is None:
        raise NoSuchPlan(f"There is no plan {plan_code} in the catalogue.", plan=plan_code)
    return plan
