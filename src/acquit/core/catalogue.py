"""Price catalogues: what is sold under which plan code, and the price that a subscription gets.

Prices count ucents (1e-8 of a unit). A plan has pricings per capacity (installation, renew …) and mode
(`default`, `degressivity12`: cheaper months for an engagement, `upfront12`: a year at once); where quantities
have tiers, each tier is a pricing with its own range.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import chain
from typing import Final

from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.money import Currency, rounded


class NoSuchPlan(NotFound):
    """The catalogue has no plan or add-on of that code."""

    code = "no-such-plan"


class PlanRetired(Conflict):
    """The plan was sold until a newer version of its catalogue left it out."""

    code = "plan-retired"


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


class EndAction(StrEnum):
    """What follows when an engagement ends."""

    REACTIVATE = "reactivate"
    DEFAULT_PRICE = "default-price"
    KEEP_PRICE = "keep-price"
    CANCEL = "cancel"


END_ACTIONS: Final[Mapping[str, EndAction]] = {
    "": EndAction.KEEP_PRICE,
    "REACTIVATE_ENGAGEMENT": EndAction.REACTIVATE,
    "STOP_ENGAGEMENT_FALLBACK_DEFAULT_PRICE": EndAction.DEFAULT_PRICE,
    "STOP_ENGAGEMENT_KEEP_PRICE": EndAction.KEEP_PRICE,
    "CANCEL_SERVICE": EndAction.CANCEL,
}
"""What follows an engagement, as the published format says it; where it says nothing, the price stays."""


@dataclass(frozen=True, slots=True)
class Engagement:
    """How long a mode binds, how it is paid and what follows (in the words of the published format)."""

    months: int
    type: str
    end_action: str


class Reduction(StrEnum):
    """How a promotion makes a price lower."""

    PERCENTAGE = "percentage"
    FIXED_AMOUNT = "fixed_amount"  # so much less
    FORCED_AMOUNT = "forced_amount"  # so much instead


@dataclass(frozen=True, slots=True)
class Promotion:
    """A price that is lower for a while, for what is subscribed between two days, both included.

    `value` is a percentage or an amount in ucents; the publisher's own result in `reduced_ucents` wins.
    `months` is how long a renewal is cheaper (None: as long as it is not changed). `account_max` and
    `overall_max` limit how many units an account, and all accounts together, get at that price.
    """

    name: str
    reduction: Reduction
    value: int
    from_on: date
    last_on: date | None = None
    months: int | None = None
    account_max: int | None = None
    overall_max: int | None = None
    reduced_ucents: int | None = None

    def runs(self, on: date) -> bool:
        """Whether what is subscribed on that day gets it."""
        return self.from_on <= on and (self.last_on is None or on <= self.last_on)

    def price_ucents(self, full_ucents: int) -> int:
        """Return the reduced price, never more than the full one, never below nothing."""
        reduced = self.reduced_ucents
        if reduced is None:
            match self.reduction:
                case Reduction.PERCENTAGE:
                    reduced = rounded(full_ucents * (100 - self.value), 100)
                case Reduction.FIXED_AMOUNT:
                    reduced = full_ucents - self.value
                case Reduction.FORCED_AMOUNT:
                    reduced = self.value
        return max(0, min(reduced, full_ucents))


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
    promotions: tuple[Promotion, ...] = ()

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
        """How many promotions it announces."""
        return sum(len(pricing.promotions) for plan in self.plans for pricing in plan.pricings)


@dataclass(frozen=True, slots=True)
class Line:
    """A quantity at a price, perhaps reduced by a promotion."""

    quantity: int
    pricing: Pricing
    promotion: Promotion | None = None

    @property
    def price_ucents(self) -> int:
        """What one costs."""
        full_ucents = self.pricing.price_ucents
        return full_ucents if self.promotion is None else self.promotion.price_ucents(full_ucents)


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


def promoted(of_lines: Sequence[Line], on: date, left: Mapping[str, int]) -> tuple[Line, ...]:
    """Return the lines with the promotions that run on a day, each unit at the lowest price that it gets.

    `left` says how many units the account may still have at a promotion's price; one without limit is not
    in it. Units beyond that stand on a line of their own, at the full price.
    """
    remaining = dict(left)
    found: list[Line] = []
    for line in of_lines:
        running = [each for each in line.pricing.promotions if each.runs(on)]
        running.sort(key=lambda each: (each.price_ucents(line.pricing.price_ucents), each.name))
        units = line.quantity
        for promotion in running:
            reduced = min(units, remaining.get(promotion.name, units))
            if reduced > 0 and promotion.price_ucents(line.pricing.price_ucents) < line.pricing.price_ucents:
                found.append(Line(reduced, line.pricing, promotion))
                units -= reduced
                if promotion.name in remaining:
                    remaining[promotion.name] -= reduced
        if units:
            found.append(Line(units, line.pricing))
    return tuple(found)


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
