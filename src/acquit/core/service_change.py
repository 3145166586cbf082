"""Changes of a running service: another plan, quantity or mode, options added or removed.

The service, its further tiers and its options are moved one by one from what they are to what they are to
be. What takes effect at once is settled by the day: the rest of the running period comes back at the old
price and is charged at the new one. An engagement lets a service grow, not shrink.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import zip_longest
from math import lcm

from acquit.core.agreement import Agreement, amended, cost_minor, prorated
from acquit.core.catalogue import Capacity, Kind, OptionRefused, Plan, is_sold, lines, options_of
from acquit.core.charge import Charge, ChargeKind
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import CatalogueId
from acquit.core.line_text import once_text, some_days_text, unused_text
from acquit.core.money import E4_PER_ONE, amount_minor
from acquit.core.planned_change import ChangeKind, PlannedChange
from acquit.core.service import Service, State, StillEngaged, first_renewal
from acquit.core.subscription import Part


class NothingChanges(Invalid):
    """The service is like that already."""

    code = "nothing-changes"


class OnlyAtRenewal(Conflict):
    """Another renewal period begins with a renewal, not in the middle of a paid one."""

    code = "only-at-renewal"


class NotAService(Invalid):
    """An option is changed with the service that it belongs to."""

    code = "is-an-option"


class When(StrEnum):
    """When a change takes effect."""

    NOW = "now"
    AT_RENEWAL = "at-renewal"
    AT_ENGAGEMENT = "at-engagement"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a service is to be; None and nothing leave it as it is."""

    plan_code: str | None = None
    quantity: int | None = None
    mode: str | None = None
    months: int | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    when: When = When.NOW


@dataclass(frozen=True, slots=True)
class Target:
    """What one plan code of a service is to be made of; `keeps_price` when only its quantity changes."""

    services: tuple[Service, ...]
    catalogue_id: CatalogueId
    parts: tuple[Part, ...]
    keeps_price: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """One service from what it was (None: it begins) to what it is (None: it ends)."""

    before: Service | None
    after: Service | None
    part: Part | None
    keeps_price: bool = False


def codes_after(plan: Plan, now: Sequence[str], wanted: Wanted, is_same_plan: bool) -> tuple[str, ...]:
    """Return the options that go with the plan after the change.

    Of an exclusive family the added one takes the place of the one that is there; options that another plan
    does not take end. Raises OptionRefused.
    """
    for code in wanted.remove:
        if code not in now:
            raise OptionRefused(f"The service has no option {code}.", option=code)
    kept = [code for code in now if code not in wanted.remove]
    for family in plan.families:
        if family.exclusive and any(code in family.options for code in wanted.add):
            kept = [code for code in kept if code not in family.options]
    known = {code for family in plan.families for code in family.options}
    older = [code for code in kept if code not in known] if is_same_plan else []
    chosen = dict.fromkeys([*(code for code in kept if code in known), *wanted.add])
    return (*older, *options_of(plan, tuple(chosen)))


def detachable_to(plan: Plan, option: Plan) -> bool:
    """Whether an option may become a service of the plan: the same product, with a price for detaching.

    A plan that needs options of its own is subscribed, not detached to.
    """
    detaches = any(Capacity.DETACH in pricing.capacities for pricing in plan.pricings)
    needs = any(family.mandatory for family in plan.families)
    return plan.kind is Kind.PLAN and plan.product == option.product and detaches and not needs


def moves(head: Service, targets: Iterable[Target], fresh: Callable[[], Service]) -> tuple[Move, ...]:
    """Return how each service gets to what it is to be; `fresh` makes a new service of the same account."""
    found = []
    for target in targets:
        for before, part in zip_longest(target.services, target.parts):
            if part is None:
                found.append(Move(before, None, None))
                continue
            after = _as(before or fresh(), part, target)
            if before is None and after.service_id != head.service_id:
                after = replace(after, parent_service_id=head.service_id)
            found.append(Move(before, after, part, target.keeps_price))
    return tuple(each for each in found if each.before != each.after)


def _as(service: Service, part: Part, target: Target) -> Service:
    pricing = part.line.pricing
    quantity_e4 = part.line.quantity * E4_PER_ONE
    if target.keeps_price:
        return replace(service, quantity_e4=quantity_e4)
    return replace(
        service,
        catalogue_id=target.catalogue_id,
        plan_code=part.plan.plan_code,
        pricing_mode=pricing.mode,
        description=part.plan.invoice_name,
        quantity_e4=quantity_e4,
        unit_price_ucents=part.line.price_ucents,
        renewal_months=pricing.months,
    )


def grows(of_moves: Sequence[Move]) -> bool:
    """Whether the account pays as much or more over time after the moves."""
    services = [each for move in of_moves for each in (move.before, move.after) if each is not None]
    common = lcm(*(each.renewal_months for each in services))
    before, after = (
        sum(
            amount_minor(each.quantity_e4, each.unit_price_ucents, each.currency)
            * (common // each.renewal_months)
            for each in side
            if each is not None
        )
        for side in ([move.before for move in of_moves], [move.after for move in of_moves])
    )
    return after >= before


def refuse_change(head: Service, of_moves: Sequence[Move], when: When, on: date) -> None:
    """Pass when the moves may take effect on that day.

    Raises NothingChanges; OnlyAtRenewal when a running service gets another renewal period at once;
    StillEngaged when the account would pay less while it is engaged.
    """
    if not of_moves:
        raise NothingChanges(f"{head.resource_name} is like that already.", service=head.resource_name)
    for move in of_moves:
        if move.before is None or move.after is None or when is not When.NOW:
            continue
        if move.before.renewal_months != move.after.renewal_months:
            raise OnlyAtRenewal(
                f"{head.resource_name} renews every {move.before.renewal_months} months and would every "
                f"{move.after.renewal_months}: that begins with a renewal (at-renewal).",
                service=head.resource_name,
            )
    engaged = [
        move.before.engaged_until_on
        for move in of_moves
        if move.before is not None and move.before.engaged_until_on is not None
    ]
    until = max(engaged, default=None)
    if until is not None and on < until and not grows(of_moves):
        raise StillEngaged(
            f"{head.resource_name} is engaged until {until}: it may grow before that day, not shrink. "
            "Change it at-engagement.",
            until=until.isoformat(),
        )


def refuse_option(head: Service) -> None:
    """Pass for a service of its own. Raises NotAService."""
    if head.parent_service_id is not None:
        raise NotAService(
            f"{head.plan_code} is an option of service {head.parent_service_id}: change that one.",
            parent=str(head.parent_service_id),
        )


def effective_on(head: Service, when: When, on: date) -> date:
    """Return the day on which a change takes effect."""
    if when is When.NOW:
        return on
    until = head.engaged_until_on if when is When.AT_ENGAGEMENT else None
    return first_renewal(head, max(on, until) if until is not None else on)


def agreed(move: Move, history: Sequence[Agreement], on: date, reason: str) -> tuple[Agreement, ...]:
    """Return the agreements that a move of a running service adds."""
    after = move.after
    assert after is not None, "a service that ends is not agreed anew"

    def change(agreement: Agreement) -> Agreement:
        if move.keeps_price:
            return replace(agreement, quantity_e4=after.quantity_e4, reason=reason, change_no=None)
        return replace(
            agreement,
            catalogue_id=after.catalogue_id,
            plan_code=after.plan_code,
            pricing_mode=after.pricing_mode,
            description=after.description,
            quantity_e4=after.quantity_e4,
            unit_price_ucents=after.unit_price_ucents,
            reason=reason,
            change_no=None,
        )

    return amended(history, on, change)


def settled(
    move: Move, history: Sequence[Agreement], added: Sequence[Agreement], on: date, language: str
) -> tuple[Charge, ...]:
    """Return what the rest of the paid time gives back at the old price and costs at the new one.

    A service that begins on a later day has no paid time before it.
    """
    service = move.before or move.after
    assert service is not None, "a move has a service"
    until_on = service.next_renewal_on
    if move.before is not None:
        on = max(on, min(each.from_on for each in history))
    if until_on <= on:
        return ()
    charges: tuple[Charge, ...] = ()
    part = f"change-{added[0].agreement_no}" if added else "end"
    if move.before is not None:
        back_minor = -cost_minor(history, on, until_on)
        told = unused_text(language, move.before.description, on, until_on)
        charges += prorated(move.before, told, f"{part}-back", on, until_on, back_minor)
    if move.after is not None:
        cost = cost_minor([*(history if move.before else ()), *added], on, until_on)
        told = some_days_text(language, move.after.description, on, until_on)
        charges += prorated(move.after, told, part, on, until_on, cost)
    return charges


def fees(move: Move, on: date, capacity: Capacity, number: int, language: str) -> tuple[Charge, ...]:
    """Return what the catalogue asks once for a move to another plan; `number` tells two of a day apart.

    `capacity` is an upgrade, a downgrade or the detaching of an option.
    """
    before, after, part = move.before, move.after, move.part
    if before is None or after is None or part is None or before.plan_code == after.plan_code:
        return ()
    if not is_sold(part.plan, capacity, after.pricing_mode):
        return ()
    sold = lines(part.plan, capacity, after.pricing_mode, part.line.quantity)
    return tuple(
        Charge(
            after.service_id,
            ChargeKind.ONE_OFF.value,
            on,
            on,
            once_text(language, after.description, capacity),
            after.resource_name,
            line.quantity * E4_PER_ONE,
            line.price_ucents,
            after.currency,
            billing_group_id=after.billing_group_id,
            part=f"{capacity.value}-{number}-{position}",
        )
        for position, line in enumerate(sold, 1)
        if line.price_ucents
    )


def at_renewal(move: Move, on: date, reason: str) -> PlannedChange:
    """Return the planned change that makes the move of a running service with a renewal."""
    before, after, part = move.before, move.after, move.part
    assert before is not None, "a service that begins is not changed"
    assert after is not None, "a service that ends is not changed"
    return PlannedChange(
        before.service_id,
        0,
        ChangeKind.PLAN,
        on,
        reason,
        after.catalogue_id,
        after.plan_code,
        after.pricing_mode,
        after.description,
        after.quantity_e4,
        None if move.keeps_price else after.unit_price_ucents,
        after.renewal_months,
        binding=None if move.keeps_price or part is None else part.binding,
    )


def ended(service: Service, on: date, today: date) -> Service:
    """Return the service with its last day; one that is gone by today is terminated."""
    if on <= today:
        return replace(service, state=State.TERMINATED, terminated_on=on)
    return replace(service, terminated_on=first_renewal(service, on))
