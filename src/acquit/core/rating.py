"""Rating: what the use of a meter in a period costs, exactly, rounded once per line.

Use fills the included quantity first, then the committed one, then the tiers. A service that had only some
days of the month has that share of what is included and committed. The order in which events came, and how
they were bundled, changes nothing: a period is the sum of its days.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from acquit.core.catalogue import Strategy
from acquit.core.charge import Charge, ChargeKind
from acquit.core.identifiers import BillingGroupId, ServiceId
from acquit.core.line_text import UseTexts, use_texts
from acquit.core.meter import Aggregation, Meter, Per, Price, Tier
from acquit.core.money import E4_PER_ONE, Currency, amount_minor, rounded, ucents_per_minor
from acquit.core.problem import Problem
from acquit.core.terms import end_of_month

STORED_MAX: Final = 2**63 - 1
INCLUDED: Final = "included"
COMMITTED: Final = "committed"
SAVINGS: Final = "savings-"
"""How the names of lines begin that savings plans commit; the offer follows."""


Savings = Mapping[tuple[str, int], int]
"""What savings plans commit of a use, by offer and price."""
NO_SAVINGS: Final[Savings] = {}


@dataclass(frozen=True, slots=True)
class Day:
    """What was measured on one day; `last_e4` is that of the latest instant, ties go to the greater id."""

    on: date
    events: int
    sum_e4: int
    max_e4: int
    last_e4: int


@dataclass(frozen=True, slots=True)
class Share:
    """So many days of so many: the part of a month in which a service was there."""

    days: int
    of_days: int

    def of(self, quantity_e4: int) -> int:
        """Return that share of a quantity, rounded once."""
        return rounded(quantity_e4 * self.days, self.of_days)


@dataclass(frozen=True, slots=True)
class Line:
    """A quantity at a price: `used_e4` is the use that it covers, between two bounds."""

    name: str
    quantity_e4: int
    unit_price_ucents: int
    used_e4: int
    from_e4: int = 0
    up_to_e4: int | None = None


@dataclass(frozen=True, slots=True)
class Rated:
    """A quantity, its lines, and their sum in the smallest unit of the currency."""

    quantity_e4: int
    lines: tuple[Line, ...]
    net_minor: int


@dataclass(frozen=True, slots=True)
class Metered:
    """Which service's use of which meter in which month, and how its bill names it."""

    service_id: ServiceId
    meter: Meter
    period: date
    currency: Currency
    language: str
    domain: str
    billing_group_id: BillingGroupId | None = None


def share_of(period: date, started_on: date, terminated_on: date | None) -> Share:
    """Return the share of the month in which a service was there; `terminated_on` is the day after."""
    last = end_of_month(period)
    first = max(period, started_on)
    gone = (
        last.toordinal() + 1
        if terminated_on is None
        else min(last.toordinal() + 1, terminated_on.toordinal())
    )
    return Share(max(gone - first.toordinal(), 0), last.day)


def quantity_e4(meter: Meter, days: Iterable[Day]) -> int:
    """Return the quantity that the days make under the meter's aggregation."""
    if meter.aggregation is Aggregation.SUM:
        return sum([day.sum_e4 for day in days])
    measured = sorted(days, key=lambda day: day.on)
    if not measured:
        return 0
    values = [day.max_e4 if meter.aggregation is Aggregation.MAX else day.last_e4 for day in measured]
    if meter.per is Per.DAY:
        return sum(values)
    return max(values) if meter.aggregation is Aggregation.MAX else values[-1]


def rate(price: Price, used_e4: int, share: Share, savings: Savings = NO_SAVINGS) -> Rated | Problem:
    """Return what the quantity costs, or why it has no price or no column holds it.

    What savings plans commit is used up after what is included and committed by the price.
    """
    included_e4, committed_e4 = share.of(price.included_e4), share.of(price.committed_e4)
    free_e4 = min(used_e4, included_e4)
    lines = [Line(INCLUDED, free_e4, 0, free_e4, 0, included_e4)] if free_e4 else []
    if committed_e4:
        covered_e4 = min(used_e4 - free_e4, committed_e4)
        lines.append(Line(COMMITTED, committed_e4, price.committed_price_ucents, covered_e4, 0, committed_e4))
    over_e4 = max(used_e4 - included_e4 - committed_e4, 0)
    for (offer, price_ucents), saved_e4 in savings.items():
        covered_e4 = min(over_e4, saved_e4)
        lines.append(Line(SAVINGS + offer, saved_e4, price_ucents, covered_e4, 0, saved_e4))
        over_e4 -= covered_e4
    if over_e4:
        tiers = _tier_lines(price, over_e4)
        if sum(line.used_e4 for line in tiers) != over_e4:
            text = f"{plain_e4(over_e4)} of {price.meter} is more than the last tier of its price holds."
            return Problem("usage-not-priced", text, price.meter)
        lines += tiers
    nets = [amount_minor(line.quantity_e4, line.unit_price_ucents, price.currency) for line in lines]
    if max(used_e4, sum(nets)) > STORED_MAX:
        text = f"The use of {price.meter} is more than a bill can hold: correct its events."
        return Problem("usage-too-large", text, price.meter)
    return Rated(used_e4, tuple(lines), sum(nets))


def _tier_lines(price: Price, over_e4: int) -> list[Line]:
    if price.strategy is Strategy.TIERED:
        return list(_graduated(price.tiers, over_e4))
    floor_e4 = 0
    for number, tier in enumerate(price.tiers, 1):
        if tier.up_to_e4 is None or over_e4 <= tier.up_to_e4:
            count_e4 = E4_PER_ONE if price.strategy is Strategy.STAIRSTEP else over_e4
            return [Line(tier_name(number), count_e4, tier.price_ucents, over_e4, floor_e4, tier.up_to_e4)]
        floor_e4 = tier.up_to_e4
    return []


def tier_name(number: int) -> str:
    """Return the name of a tier's line; names sort as the lines stand on a bill."""
    return f"tier-{number:02d}"


def _graduated(tiers: Sequence[Tier], over_e4: int) -> Iterator[Line]:
    floor_e4 = 0
    for number, tier in enumerate(tiers, 1):
        reached_e4 = over_e4 if tier.up_to_e4 is None else min(over_e4, tier.up_to_e4)
        if reached_e4 > floor_e4:
            part_e4 = reached_e4 - floor_e4
            yield Line(tier_name(number), part_e4, tier.price_ucents, part_e4, floor_e4, tier.up_to_e4)
        floor_e4 = max(floor_e4, tier.up_to_e4 or over_e4)


# ---------------------------------------------------------------- charges


def charges(metered: Metered, price: Price, rated: Rated) -> list[Charge]:
    """Return one charge per line, free ones beside them; none when all of it costs nothing."""
    if not rated.net_minor:
        return []
    return [
        Charge(
            service_id=metered.service_id,
            kind=ChargeKind.USAGE.value,
            period_start=metered.period,
            period_end=end_of_month(metered.period),
            description=_described(metered, price, line),
            domain=metered.domain,
            quantity_e4=line.quantity_e4,
            unit_price_ucents=line.unit_price_ucents,
            currency=price.currency,
            billing_group_id=metered.billing_group_id,
            part=f"usage:{metered.meter.code}:{line.name}",
        )
        for line in rated.lines
    ]


def adjustment(
    metered: Metered, rating_no: int, open_period: date, charged: tuple[int, int], rated: Rated
) -> list[Charge]:
    """Return what a later rating adds to what was charged, as one charge of the open period, or none.

    `charged` are the quantity and the net of the ratings before. The charge is one piece at the difference,
    so that all charges of the use add up to its rating exactly.
    """
    before_e4, before_minor = charged
    off_minor = rated.net_minor - before_minor
    if not off_minor:
        return []
    month, texts = f"{metered.period:%m/%Y}", use_texts(metered.language)
    then, now = (_number(each, texts) for each in (before_e4, rated.quantity_e4))
    unit = metered.meter.symbol(metered.language)
    said = texts.instead.format(now=f"{now} {unit}".strip(), then=then)
    if rated.quantity_e4 == before_e4:
        said = texts.savings_plan
    return [
        Charge(
            service_id=metered.service_id,
            kind=ChargeKind.ADJUSTMENT.value,
            period_start=open_period,
            period_end=end_of_month(open_period),
            description=f"{metered.meter.described(metered.language)}, {month}{texts.colon} {said}",
            domain=metered.domain,
            quantity_e4=E4_PER_ONE if off_minor > 0 else -E4_PER_ONE,
            unit_price_ucents=abs(off_minor) * ucents_per_minor(metered.currency),
            currency=metered.currency,
            billing_group_id=metered.billing_group_id,
            part=f"usage:{metered.meter.code}:{metered.period:%Y-%m}:{rating_no}",
        )
    ]


def plain_e4(count_e4: int) -> str:
    """Return a quantity as plain text without idle zeros: 12500 → `1.25`."""
    whole, part = divmod(abs(count_e4), E4_PER_ONE)
    text = f"{whole}.{part:04d}".rstrip("0").rstrip(".")
    return f"-{text}" if count_e4 < 0 else text


def _number(count_e4: int, texts: UseTexts) -> str:
    return plain_e4(count_e4).replace(".", texts.decimal_mark)


def _described(metered: Metered, price: Price, line: Line) -> str:
    """Return the line as a bill says it: the meter, its unit, and what of the use this is."""
    language = metered.language
    unit = metered.meter.symbol(language)
    name = metered.meter.described(language) + (f" ({unit})" if unit else "")
    used_e4 = line.used_e4 if price.strategy is Strategy.STAIRSTEP else 0
    bounds = (line.from_e4, line.up_to_e4)
    said = _said(language, line.name, price.strategy, len(price.tiers) > 1, bounds, used_e4)
    return f"{name}, {said}" if said else name


@lru_cache(maxsize=4_096)
def _said(
    language: str,
    name: str,
    strategy: Strategy,
    has_tiers: bool,
    bounds: tuple[int, int | None],
    used_e4: int,
) -> str:
    """Return what of the use a line is; few lines differ in that, and bills have many."""
    texts = use_texts(language)
    if name in (INCLUDED, COMMITTED):
        return texts.included if name == INCLUDED else texts.commitment
    if name.startswith(SAVINGS):
        return f"{texts.savings_plan} {name.removeprefix(SAVINGS)}"
    low, high = (_number(each or 0, texts) for each in bounds)
    within = (texts.over if bounds[1] is None else texts.up_to).format(low=low, high=high)
    if strategy is Strategy.STAIRSTEP:
        return texts.flat.format(within=within, used=_number(used_e4, texts))
    if not has_tiers:
        return ""
    if strategy is Strategy.VOLUME:
        return texts.price.format(within=within)
    return within if bounds[1] is None else texts.between.format(low=low, high=high)


# ---------------------------------------------------------------- forecast


def forecast_e4(meter: Meter, days: Sequence[Day], elapsed: int, of_days: int) -> int:
    """Return the quantity at the end of the period if the days to come are like those that went by.

    A highest or last value of the whole period stays as it is.
    """
    so_far_e4 = quantity_e4(meter, days)
    if meter.aggregation is not Aggregation.SUM and meter.per is Per.PERIOD:
        return so_far_e4
    return rounded(so_far_e4 * of_days, max(elapsed, 1))
