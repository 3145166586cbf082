"""Orders that renew services ahead: for which durations, at what price, from which day.

A service is renewed for whole periods of its own, with its options, at what is agreed for each period.
Another period is another price: that is a change of the service.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from acquit.core.charge import EARLY_CATEGORY, Charge
from acquit.core.errors import Conflict, Invalid
from acquit.core.money import E4_PER_ONE
from acquit.core.planned_change import Planned, Renewed, renewals
from acquit.core.service import Service, ServiceEnded, ServiceSuspended, State, months_after, refuse_ended
from acquit.core.service_order import DetailKind, OrderDetail

PERIODS_MAX: Final = 36
"""So many periods are renewed at once at most."""

SERVICES_MAX: Final = 100
"""So many services one order renews at most."""

DURATIONS: Final = (1, 3, 6, 12, 24, 36)
"""Months for which a renewal is offered, where they are whole periods."""


class BadDuration(Invalid):
    """The service does not renew for so long: whole periods of its own, as they are offered."""

    code = "bad-duration"


class BadRenewal(Invalid):
    """So many services, or none, cannot be renewed by one order."""

    code = "bad-renewal"


class RenewedMeanwhile(Conflict):
    """A service was renewed since it was ordered: the order would renew other days."""

    code = "renewed-meanwhile"


@dataclass(frozen=True, slots=True)
class Ahead:
    """A service as it would be, and the periods that renewing it ahead charges."""

    service: Service
    charges: tuple[Charge, ...]

    @property
    def net_minor(self) -> int:
        """What the periods cost without VAT."""
        return sum(charge.net_minor for charge in self.charges)


def renewed_ahead(planned: Planned, until_on: date) -> Renewed:
    """Return the periods that begin until that day, whether the service renews by itself or not."""
    service = planned.service
    willing = replace(service, renewal=replace(service.renewal, automatic=True, delete_at_expiration=False))
    renewed = renewals(replace(planned, service=willing), until_on)
    charges = tuple(replace(charge, category=EARLY_CATEGORY) for charge in renewed.charges)
    return replace(renewed, service=replace(renewed.service, renewal=service.renewal), charges=charges)


def last_start(head: Service, periods: int) -> date:
    """Return the first day of the last of so many periods ahead."""
    return months_after(head.next_renewal_on, head.renewal_months * (periods - 1), head.anniversary_day)


def durations(head: Service) -> tuple[int, ...]:
    """Return the months for which the service may be renewed ahead; none while it cannot be."""
    if not is_renewable(head):
        return ()
    return tuple(
        months
        for months in DURATIONS
        if months % head.renewal_months == 0 and months // head.renewal_months <= PERIODS_MAX
    )


def periods_of(head: Service, months: int) -> int:
    """Return how many periods of the service the months are. Raises BadDuration."""
    offered = durations(head)
    if months not in offered:
        raise BadDuration(
            f"[duration] {head.resource_name} renews every {head.renewal_months} months: it is renewed "
            f"ahead for {', '.join(map(str, offered)) or 'no number of'} months. Another period is another "
            "price: see its upgrades.",
            parameter="duration",
        )
    return months // head.renewal_months


def is_renewable(head: Service) -> bool:
    """Whether a service of its own may be renewed ahead."""
    ends = head.terminated_on is not None and head.terminated_on <= head.next_renewal_on
    return head.state is State.ACTIVE and not ends and head.parent_service_id is None


def refuse_not_renewable(head: Service) -> None:
    """Pass when another period may be added. Raises ServiceEnded, ServiceSuspended."""
    refuse_ended(head)
    if head.state is State.SUSPENDED:
        raise ServiceSuspended(f"{head.resource_name} is suspended: restore it first.")
    if head.terminated_on is not None and head.terminated_on <= head.next_renewal_on:
        raise ServiceEnded(f"{head.resource_name} ends on {head.terminated_on}: it is not renewed.")


def refuse_renewed(head: Service, from_on: date) -> None:
    """Pass while the service is renewed until the day of the order. Raises RenewedMeanwhile."""
    if head.next_renewal_on != from_on:
        raise RenewedMeanwhile(
            f"{head.resource_name} was to be renewed from {from_on}; it is until {head.next_renewal_on} "
            "already. Nothing was renewed: order again.",
            service=head.resource_name,
        )


def details_of(line_no: int, ahead: Iterable[Ahead]) -> list[OrderDetail]:
    """Return what a line of an order costs, period by period; they are numbered later."""
    return [
        OrderDetail(
            detail_no=0,
            line_no=line_no,
            kind=DetailKind.RENEWAL,
            plan_code=each.service.plan_code,
            mode=each.service.pricing_mode,
            months=each.service.renewal_months,
            description=f"{charge.description} {charge.period_start} - {charge.period_end}",
            quantity=charge.quantity_e4 // E4_PER_ONE,
            unit_price_ucents=charge.unit_price_ucents,
            full_price_ucents=charge.unit_price_ucents,
            net_minor=charge.net_minor,
        )
        for each in ahead
        for charge in each.charges
    ]


def numbered(details: Sequence[OrderDetail]) -> tuple[OrderDetail, ...]:
    """Return the details, numbered from 1."""
    return tuple(replace(each, detail_no=number) for number, each in enumerate(details, 1))
