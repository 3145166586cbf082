"""Discounts: what an account is let off, applied to its charges before they become drafts.

A discount is a percentage of each line or an amount per period that was run. It concerns one service, the
services of one plan, or all, and the charges whose period starts from `from_on` to the day before `end_on`.

Order: percentages before amounts, each in the order in which they were agreed; each takes from what those
before left. No line falls below zero, and neither discounts nor adjustments are discounted. What is let off
is a line of its own, behind the line that it lowers: its part names the discount, and for another charge than
a renewal the kind and part of that charge.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from acquit.core.charge import Charge, ChargeKey, ChargeKind
from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, DiscountId, ServiceId
from acquit.core.money import BP_PER_ONE, E4_PER_ONE, Currency, plain, share_minor, ucents_per_minor

NEVER_DISCOUNTED: Final = frozenset({ChargeKind.DISCOUNT.value, ChargeKind.ADJUSTMENT.value})


class NoSuchDiscount(NotFound):
    """The account has no such discount."""

    code = "no-such-discount"


class BadDiscount(Invalid):
    """A discount is a share above nothing and up to all, or an amount; for a time that is not empty."""

    code = "bad-discount"


class DiscountEnded(Conflict):
    """The discount ends on that day already, or before."""

    code = "discount-ended"


@dataclass(frozen=True, slots=True)
class Discount:
    """What an account is let off; either `share_bp` or `amount_minor` is there.

    `service_id` or `plan_code` narrow it; with neither it concerns all. `end_on` is the first day without it.
    """

    account_id: AccountId
    discount_id: DiscountId
    name: str
    from_on: date
    currency: Currency
    end_on: date | None = None
    share_bp: int | None = None
    amount_minor: int | None = None
    service_id: ServiceId | None = None
    plan_code: str | None = None

    @property
    def printed(self) -> str:
        """The words on the bill: the name, and how much a percentage is."""
        return self.name if self.share_bp is None else f"{self.name} -{percent(self.share_bp)} %"

    def concerns(self, charge: Charge, plan_code: str | None) -> bool:
        """Whether the charge is lowered by it."""
        return (
            charge.kind not in NEVER_DISCOUNTED
            and self.currency == charge.currency
            and self.from_on <= charge.period_start
            and (self.end_on is None or charge.period_start < self.end_on)
            and (self.service_id is None or self.service_id == charge.service_id)
            and (self.plan_code is None or self.plan_code == plan_code)
        )


Plans = Mapping[ServiceId, str]
"""Which plan each service of an account has."""

PlanDays = Mapping[ServiceId, Sequence[tuple[date, str]]]
"""Of services that had several plans: from which day on which, the earliest first."""


NO_DAYS: Final[PlanDays] = {}


def plan_on(plans: Plans, days: PlanDays, service_id: ServiceId, on: date) -> str | None:
    """Return the plan that the service has on that day: before the first day that is told, the first."""
    known = days.get(service_id)
    if not known:
        return plans.get(service_id)
    held = [plan_code for from_on, plan_code in known if from_on <= on]
    return held[-1] if held else known[0][1]


def percent(share_bp: int) -> str:
    """Return a share of 1/10,000 in percent: 1250 → `12.5`."""
    whole, rest = divmod(share_bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".")


def refuse_discount(discount: Discount) -> None:
    """Pass when the discount can be agreed. Raises BadDiscount."""
    share, amount = discount.share_bp, discount.amount_minor
    if (share is None) == (amount is None):
        raise BadDiscount("A discount is either a percentage or an amount.")
    if share is not None and not 0 < share <= BP_PER_ONE:
        raise BadDiscount("A percentage is above 0 and at most 100.")
    if amount is not None and amount <= 0:
        raise BadDiscount(
            f"{plain(amount, discount.currency)} {discount.currency} lets nothing off; give more than 0."
        )
    if discount.end_on is not None and discount.end_on <= discount.from_on:
        raise BadDiscount(f"A discount from {discount.from_on} cannot end on {discount.end_on}.")
    if discount.service_id is not None and discount.plan_code is not None:
        raise BadDiscount("A discount concerns a service or a plan, not both.")
    if not discount.name.strip():
        raise BadDiscount("A discount needs a name: it is printed on the bill.")


def refuse_end(discount: Discount, end_on: date) -> None:
    """Pass when the discount may end on that day, its first day without it. Raises DiscountEnded."""
    if discount.end_on is not None and discount.end_on <= end_on:
        raise DiscountEnded(f"Discount {discount.discount_id} ends on {discount.end_on} already.")


def discounted(
    charges: Sequence[Charge],
    discounts: Sequence[Discount],
    plans: Plans,
    given_minor: Mapping[DiscountId, int],
    plan_days: PlanDays = NO_DAYS,
) -> list[Charge]:
    """Return the charges, each followed by what is let off it.

    The plan that counts is that of the first day of the charge's period. `given_minor` tells how much of each
    amount the period's run has let off before. A charge that was carried over brings its lines with it: they
    are put behind it as they were decided, and nothing more is let off it.
    """
    ordered = in_order(discounts)
    known = _decided(charges, ordered)
    left = {
        each.discount_id: max(each.amount_minor - given_minor.get(each.discount_id, 0), 0)
        for each in ordered
        if each.amount_minor is not None
    }
    found: list[Charge] = []
    for charge in charges:
        if lowered_key(charge) in known:
            continue
        found.append(charge)
        if charge.key in known:
            found += known[charge.key]
            continue
        remaining = charge.net_minor
        for discount in ordered:
            if remaining <= 0:
                break
            if discount.concerns(charge, plan_on(plans, plan_days, charge.service_id, charge.period_start)):
                off = _off(discount, remaining, left)
                if off:
                    found.append(_line(discount, charge, off))
                    remaining -= off
    return found


def _decided(charges: Sequence[Charge], ordered: Sequence[Discount]) -> dict[ChargeKey, list[Charge]]:
    """Return the lines among the charges by the key of what they lower, in the order of their discounts."""
    lines = [(key, charge) for charge in charges if (key := lowered_key(charge)) is not None]
    if not lines:
        return {}
    places = {each.discount_id: place for place, each in enumerate(ordered)}
    there = {charge.key for charge in charges}
    found: dict[ChargeKey, list[Charge]] = {}
    for key, line in lines:
        if key in there:
            found.setdefault(key, []).append(line)
    for mine in found.values():
        mine.sort(key=lambda line: places.get(discount_of(line.part) or DiscountId(0), -1))
    return found


def in_order(discounts: Iterable[Discount]) -> list[Discount]:
    """Return percentages before amounts, the oldest first."""
    return sorted(discounts, key=lambda each: (each.share_bp is None, each.discount_id))


def _off(discount: Discount, remaining_minor: int, left: dict[DiscountId, int]) -> int:
    """Return what is let off a line of which so much remains."""
    if discount.share_bp is not None:
        return share_minor(remaining_minor, discount.share_bp)
    off = min(remaining_minor, left[discount.discount_id])
    left[discount.discount_id] -= off
    return off


def _line(discount: Discount, charge: Charge, off_minor: int) -> Charge:
    """Return the line that lets so much off the charge: minus one times the amount."""
    return replace(
        charge,
        kind=ChargeKind.DISCOUNT.value,
        part=part_of(discount.discount_id, charge),
        description=discount.printed,
        quantity_e4=-E4_PER_ONE,
        unit_price_ucents=off_minor * ucents_per_minor(charge.currency),
    )


def part_of(discount_id: DiscountId, charge: Charge) -> str:
    """Return the part of the line that lowers the charge: the discount, and what it lowers but a renewal."""
    if charge.kind == ChargeKind.RENEWAL:
        return str(discount_id)
    return ":".join([str(discount_id), charge.kind, charge.part]).rstrip(":")


def lowered_key(line: Charge) -> ChargeKey | None:
    """Return the key of the charge that the line of an agreed discount lowers; None for any other charge."""
    if line.kind != ChargeKind.DISCOUNT or discount_of(line.part) is None:
        return None
    _, _, lowered = line.part.partition(":")
    kind, _, part = lowered.partition(":")
    return line.service_id, kind or ChargeKind.RENEWAL.value, part, line.period_start


def bound_lines(charges: Iterable[Charge], discounts: Iterable[Discount]) -> list[Charge]:
    """Return the lines that go with charges of which an amount was let off, all lines of each such charge.

    An amount is agreed per period: of a line that is billed later, a later period's would be let off instead.
    """
    amounts = {each.discount_id for each in discounts if each.amount_minor is not None}
    lines = [(key, charge) for charge in charges if (key := lowered_key(charge)) is not None]
    bound = {key for key, line in lines if discount_of(line.part) in amounts}
    return [line for key, line in lines if key in bound]


def discount_of(part: str) -> DiscountId | None:
    """Return the discount that the part of a line names, None when it names none."""
    number = part.partition(":")[0]
    return DiscountId(int(number)) if number.isdecimal() else None
