"""Planned changes: what the renewals of a service will bring, dated, announced, withdrawable before.

A change is taken by the first renewal that starts on its day or later. Of several that one renewal takes,
the day of renewal comes first, then the end of a promotion, another plan, the end of an engagement, another
price. Another plan at a price of its own has its own engagement: what was to follow the old one is dropped. A
price that was announced waits while the service is engaged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from acquit.core.agreement import Agreement, first_of, last_of, renewal
from acquit.core.catalogue import EndAction
from acquit.core.charge import Charge
from acquit.core.errors import NotFound
from acquit.core.identifiers import CatalogueId, ServiceId
from acquit.core.service import Service, anniversary, first_renewal, months_after


class NoSuchChange(NotFound):
    """The service has no such planned change, or a renewal has taken it, or it was withdrawn."""

    code = "no-such-change"


class ChangeKind(StrEnum):
    """What a planned change is about; of one renewal they are taken in this order."""

    RENEWAL_DAY = "renewal-day"
    PROMOTION_END = "promotion-end"
    PLAN = "plan"
    ENGAGEMENT_END = "engagement-end"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Fallback:
    """The mode, period and price that a service gets when its engagement ends and does not begin anew."""

    pricing_mode: str
    renewal_months: int
    unit_price_ucents: int


@dataclass(frozen=True, slots=True)
class Binding:
    """An engagement of so many months and what follows it; without `fallback` the price stays."""

    months: int
    end_action: EndAction
    fallback: Fallback | None = None


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A change of a service from the first renewal on or after `not_before_on`; None changes nothing.

    `change_no` is 0 until it is written. `binding` is the engagement that ends, or begins with the change.
    """

    service_id: ServiceId
    change_no: int
    kind: ChangeKind
    not_before_on: date
    reason: str
    catalogue_id: CatalogueId | None = None
    plan_code: str | None = None
    pricing_mode: str | None = None
    description: str | None = None
    quantity_e4: int | None = None
    unit_price_ucents: int | None = None
    renewal_months: int | None = None
    anniversary_day: int | None = None
    binding: Binding | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A service with what waits for its renewals; `history` is empty while it is as it was sold."""

    service: Service
    history: tuple[Agreement, ...]
    changes: tuple[PlannedChange, ...]

    @property
    def agreement(self) -> Agreement:
        """What the service is, until something is taken."""
        return last_of(self.history) if self.history else first_of(self.service)


@dataclass(frozen=True, slots=True)
class Taken:
    """A change that a renewal took, and the agreement that it made."""

    change: PlannedChange
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class Renewed:
    """What the renewals of a service with planned changes bring.

    `service` is as it then stands; `left` are changes that the renewals brought and none has taken yet;
    `dropped` are the numbers of those that another plan made void.
    """

    service: Service
    charges: tuple[Charge, ...] = ()
    taken: tuple[Taken, ...] = ()
    left: tuple[PlannedChange, ...] = ()
    dropped: tuple[int, ...] = ()


def plans_taken(renewed: Iterable[tuple[Planned, Renewed]]) -> list[tuple[ServiceId, date, str]]:
    """Return the plans that renewals bring: of which service, from which day on, which."""
    return [
        (planned.service.service_id, taken.agreement.from_on, taken.agreement.plan_code)
        for planned, brought in renewed
        for taken in brought.taken
    ]


_RANK: Final = {kind: rank for rank, kind in enumerate(ChangeKind)}


def renewals(planned: Planned, until_on: date) -> Renewed:
    """Return the renewals that start no later than `until_on`, each at the price that its first day brings.

    None starts on the day on which the service is gone, or after it.
    """
    service, agreement, waiting = planned.service, planned.agreement, list(planned.changes)
    charges: list[Charge] = []
    taken: list[Taken] = []
    dropped: list[int] = []
    while service.renews and service.next_renewal_on <= until_on:
        start_on = service.next_renewal_on
        for change in due(waiting, service, start_on):
            if change not in waiting:
                continue
            waiting.remove(change)
            if rebinds(change):
                void = [each for each in waiting if each.kind is ChangeKind.ENGAGEMENT_END]
                dropped += [each.change_no for each in void if each.change_no]
                waiting = [each for each in waiting if each not in void]
            service, agreement, following = _apply(service, agreement, change, start_on)
            taken.append(Taken(change, agreement))
            waiting += following
        if not service.renews:
            break
        charge, after_on = renewal(agreement, service, start_on)
        charges.append(charge)
        service = replace(service, next_renewal_on=after_on)
    left = [change for change in waiting if change.change_no == 0]
    return Renewed(service, tuple(charges), tuple(taken), tuple(left), tuple(dropped))


def rebinds(change: PlannedChange) -> bool:
    """Whether the change is another plan, mode or tier at a price of its own, with its own engagement."""
    return change.kind is ChangeKind.PLAN and change.unit_price_ucents is not None


def commits(change: PlannedChange, service: Service) -> bool:
    """Whether the change is another mode of the service's own plan, one that binds."""
    is_own = change.plan_code == service.plan_code and change.pricing_mode != service.pricing_mode
    return rebinds(change) and is_own and change.binding is not None


def due(changes: Sequence[PlannedChange], service: Service, start_on: date) -> list[PlannedChange]:
    """Return what a renewal that starts on that day takes, in order."""
    until = service.engaged_until_on
    is_engaged = until is not None and start_on < until
    found = [
        change
        for change in changes
        if change.not_before_on <= start_on and not (is_engaged and change.kind is ChangeKind.PRICE)
    ]
    return sorted(found, key=lambda each: (_RANK[each.kind], each.not_before_on, each.change_no))


def takes_effect_on(change: PlannedChange, service: Service) -> date:
    """Return the day of the renewal that will take the change, as the service renews today."""
    until = service.engaged_until_on
    waits = change.kind is ChangeKind.PRICE and until is not None
    not_before_on = max(change.not_before_on, until) if waits and until else change.not_before_on
    return first_renewal(service, not_before_on)


def engagement_end(service_id: ServiceId, until_on: date, binding: Binding) -> PlannedChange:
    """Return the change that the end of an engagement brings."""
    return PlannedChange(
        service_id, 0, ChangeKind.ENGAGEMENT_END, until_on, f"end of engagement: {binding.end_action}",
        binding=binding,
    )  # fmt: skip


def renewal_day(service_id: ServiceId, not_before_on: date, day: int) -> PlannedChange:
    """Return the change that moves renewals to a day of the month."""
    return PlannedChange(
        service_id, 0, ChangeKind.RENEWAL_DAY, not_before_on, f"renewals grouped on day {day}",
        anniversary_day=day,
    )  # fmt: skip


def _apply(
    service: Service, agreement: Agreement, change: PlannedChange, on: date
) -> tuple[Service, Agreement, list[PlannedChange]]:
    """Return the service and its agreement with the change, and what the change brings later."""
    binding, fallback = change.binding, None
    following: list[PlannedChange] = []
    if change.kind is ChangeKind.ENGAGEMENT_END and binding is not None:
        service, following = _end_engagement(service, change, binding, on)
        fallback = binding.fallback if binding.end_action is EndAction.DEFAULT_PRICE else None
    elif rebinds(change):
        service, following = _engage(service, change, on)
    agreed = _agreed(agreement, change, fallback, on)
    service = replace(
        service,
        catalogue_id=agreed.catalogue_id,
        plan_code=agreed.plan_code,
        pricing_mode=agreed.pricing_mode,
        description=agreed.description,
        quantity_e4=agreed.quantity_e4,
        unit_price_ucents=agreed.unit_price_ucents,
        renewal_months=agreed.renewal_months,
        anniversary_day=agreed.anniversary_day,
    )
    return service, agreed, following


def _end_engagement(
    service: Service, change: PlannedChange, binding: Binding, on: date
) -> tuple[Service, list[PlannedChange]]:
    if binding.end_action is EndAction.CANCEL:
        return replace(service, engaged_until_on=None, terminated_on=on), []
    if binding.end_action is not EndAction.REACTIVATE:
        return replace(service, engaged_until_on=None), []
    until_on = months_after(change.not_before_on, binding.months, service.anniversary_day)
    again = replace(change, change_no=0, not_before_on=until_on)
    return replace(service, engaged_until_on=until_on), [again]


def _engage(service: Service, change: PlannedChange, on: date) -> tuple[Service, list[PlannedChange]]:
    """A running engagement goes on; another mode, or the first after its end, begins one of its own."""
    running = service.engaged_until_on
    if running is not None and running <= on:
        running = None
    if change.binding is None:
        return replace(service, engaged_until_on=running), []
    until_on = running
    if until_on is None or change.pricing_mode != service.pricing_mode:
        begun = months_after(on, change.binding.months, service.anniversary_day)
        until_on = max(begun, running or begun)
    ends = engagement_end(service.service_id, until_on, change.binding)
    return replace(service, engaged_until_on=until_on), [ends]


def _agreed(agreement: Agreement, change: PlannedChange, fallback: Fallback | None, on: date) -> Agreement:
    """Return the agreement that holds from that day on; a new period or day of renewal begins a new grid."""
    day = change.anniversary_day or agreement.anniversary_day
    mode = change.pricing_mode or agreement.pricing_mode
    months = change.renewal_months or agreement.renewal_months
    price = agreement.unit_price_ucents if change.unit_price_ucents is None else change.unit_price_ucents
    if fallback is not None:
        mode, months, price = fallback.pricing_mode, fallback.renewal_months, fallback.unit_price_ucents
    is_regrouped = day != agreement.anniversary_day or months != agreement.renewal_months
    return replace(
        agreement,
        agreement_no=agreement.agreement_no + 1,
        from_on=on,
        catalogue_id=change.catalogue_id or agreement.catalogue_id,
        plan_code=change.plan_code or agreement.plan_code,
        pricing_mode=mode,
        description=change.description or agreement.description,
        quantity_e4=change.quantity_e4 or agreement.quantity_e4,
        unit_price_ucents=price,
        renewal_months=months,
        anniversary_day=day,
        anchor_on=next_day(on, day) if is_regrouped else agreement.anchor_on,
        reason=change.reason,
        change_no=change.change_no,
    )


def next_day(on: date, day: int) -> date:
    """Return the first such day of a month that is not before `on` (a short month's last day)."""
    here = anniversary(on.year, on.month, day)
    return here if here >= on else months_after(on, 1, day)
