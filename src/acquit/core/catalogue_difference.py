"""What changed between two versions of a catalogue: plans that came and went, and every price from, to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from acquit.core.catalogue import Plan, Pricing


class Change(StrEnum):
    """What is different about a plan."""

    PLAN_ADDED = "plan-added"
    PLAN_REMOVED = "plan-removed"
    NAME = "name"
    OPTIONS = "options"
    PRICE = "price"
    PRICE_ADDED = "price-added"
    PRICE_REMOVED = "price-removed"
    ENGAGEMENT = "engagement"
    PROMOTIONS = "promotions"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; `pricing` names the price that it is about, if any; prices are in ucents, else None."""

    plan_code: str
    change: Change
    pricing: str = ""
    before_ucents: int | None = None
    after_ucents: int | None = None
    before: str = ""
    after: str = ""


def differences(before: Mapping[str, Plan], after: Mapping[str, Plan]) -> list[Difference]:
    """Return what is different in the second version, by plan code; nothing when they sell the same."""
    found: list[Difference] = []
    for code in sorted({*before, *after}):
        old, new = before.get(code), after.get(code)
        if old is None and new is not None:
            found.append(Difference(code, Change.PLAN_ADDED, after=new.invoice_name))
        elif new is None and old is not None:
            found.append(Difference(code, Change.PLAN_REMOVED, before=old.invoice_name))
        elif old is not None and new is not None:
            found += _of_plan(old, new)
    return found


def _of_plan(old: Plan, new: Plan) -> Iterator[Difference]:
    code = new.plan_code
    if old.invoice_name != new.invoice_name:
        yield Difference(code, Change.NAME, before=old.invoice_name, after=new.invoice_name)
    if set(old.families) != set(new.families):
        yield Difference(code, Change.OPTIONS, before=_options(old), after=_options(new))
    was, now = _by_name(old), _by_name(new)
    for name in dict.fromkeys((*was, *now)):
        left, right = was.get(name), now.get(name)
        if left is None and right is not None:
            yield Difference(code, Change.PRICE_ADDED, name, after_ucents=right.price_ucents)
        elif right is None and left is not None:
            yield Difference(code, Change.PRICE_REMOVED, name, before_ucents=left.price_ucents)
        elif left is not None and right is not None:
            yield from _of_pricing(code, name, left, right)


def _of_pricing(code: str, name: str, old: Pricing, new: Pricing) -> Iterator[Difference]:
    if old.price_ucents != new.price_ucents:
        yield Difference(code, Change.PRICE, name, old.price_ucents, new.price_ucents)
    if old.engagement != new.engagement:
        yield Difference(code, Change.ENGAGEMENT, name, before=_engaged(old), after=_engaged(new))
    if old.promotions != new.promotions:
        before, after = (", ".join(each.name for each in held.promotions) for held in (old, new))
        yield Difference(code, Change.PROMOTIONS, name, before=before, after=after)


def _by_name(plan: Plan) -> dict[str, Pricing]:
    """Return the prices by what they are for: another tier or commitment is another price."""
    found: dict[str, Pricing] = {}
    for each in plan.pricings:
        name = "+".join(sorted(each.capacities)) + f" {each.mode}"
        if each.interval_count:
            name += f" {each.interval_count} {each.interval_unit.value}"
        if each.commitment_months:
            name += f", {each.commitment_months} months"
        if each.quantity_min != 1 or each.quantity_max is not None:
            name += f", {each.quantity_min}-{'' if each.quantity_max is None else each.quantity_max}"
        while name in found:
            name += "'"
        found[name] = each
    return found


def _options(plan: Plan) -> str:
    return ", ".join(sorted({code for family in plan.families for code in family.options}))


def _engaged(pricing: Pricing) -> str:
    held = pricing.engagement
    return "" if held is None else f"{held.months} months, {held.type}, {held.end_action}"
