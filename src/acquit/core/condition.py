"""What an account agreed beside its prices: discounts, then minimum spends, put on its charges."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from acquit.core.charge import Charge
from acquit.core.discount import Discount, PlanDays, discounted
from acquit.core.identifiers import DiscountId, MinimumSpendId, ServiceId
from acquit.core.let_off import Line, with_let_off
from acquit.core.minimum_spend import Counted, MinimumSpend, true_ups


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of one account and what they are judged by.

    `plans` names the plan of each service, `plan_days` since when it is that of those that had several,
    `given_minor` what each amount let off in the period's run before, `counted` what was billed towards
    each minimum, `settled` the intervals whose missing amount was billed. `billed` are the lines that tell
    what was let off of what comes back; without them an earlier version loaded the conditions, which kept
    none of it.
    """

    discounts: tuple[Discount, ...] = ()
    minimums: tuple[MinimumSpend, ...] = ()
    plans: Mapping[ServiceId, str] = field(default_factory=dict)
    given_minor: Mapping[DiscountId, int] = field(default_factory=dict)
    counted: Mapping[MinimumSpendId, list[Counted]] = field(default_factory=dict)
    settled: Mapping[MinimumSpendId, frozenset[date]] = field(default_factory=dict)
    plan_days: PlanDays = field(default_factory=dict)
    billed: tuple[Line, ...] | None = None


def with_discounts(conditions: Conditions, charges: Sequence[Charge]) -> list[Charge]:
    """Return the charges with the lines that let something off them, or keep what had been let off."""
    found = discounted(
        charges, conditions.discounts, conditions.plans, conditions.given_minor, conditions.plan_days
    )
    return found if conditions.billed is None else with_let_off(found, conditions.billed)


def with_plans(conditions: Conditions, taken: Iterable[tuple[ServiceId, date, str]]) -> Conditions:
    """Return the conditions with plans that renewals bring, each of a service and from a day on."""
    days = {service_id: list(known) for service_id, known in conditions.plan_days.items()}
    for service_id, from_on, plan_code in taken:
        before = days.get(service_id)
        if before is None:
            plan_before = conditions.plans.get(service_id)
            before = days[service_id] = [] if plan_before is None else [(date.min, plan_before)]
        before.append((from_on, plan_code))
    return replace(conditions, plan_days=days) if days else conditions


def with_minimums(
    conditions: Conditions, own: Sequence[Charge], paid_for: Sequence[Charge], until_on: date
) -> list[Charge]:
    """Return the account's charges with what is missing of its minimums.

    `own` are the account's charges after discounts; `paid_for` those and all others that it pays for.
    """
    charges = list(own)
    for minimum in conditions.minimums:
        about_to_be_billed = paid_for if minimum.whose == "payer" else own
        counted = [
            *conditions.counted.get(minimum.minimum_spend_id, ()),
            *_counted(minimum, about_to_be_billed),
        ]
        settled = conditions.settled.get(minimum.minimum_spend_id, frozenset())
        charges += true_ups(minimum, counted, settled, until_on)
    return charges


def _counted(minimum: MinimumSpend, charges: Iterable[Charge]) -> list[Counted]:
    """Return what of the charges counts towards the minimum; no adjustment of a minimum does."""
    return [
        Counted(charge.period_start, charge.net_minor)
        for charge in charges
        if charge.currency == minimum.currency and not charge.part.startswith("minimum:")
    ]
