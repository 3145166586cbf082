"""Agreements: what a service is and costs from a day on, and what days of it cost, to the cent.

A service has a history of agreements; on a day the one with the latest first day holds, of two that begin
on one day the later one. The periods of an agreement lie on a grid: one begins on `anchor_on`, the others
every `renewal_months` before and after it. The first n days of a period cost n of its days' share of the
whole, rounded once; what lies between two days is the difference. So the parts of a period add up to the
period whatever the days on which it is cut, and the same days forth and back cancel out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from acquit.core.charge import RENEWAL_CATEGORY, Charge, ChargeKind
from acquit.core.identifiers import CatalogueId
from acquit.core.money import E4_PER_ONE, Currency, amount_minor, rounded, ucents_per_minor
from acquit.core.service import Service, months_after

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed for a service from a day on; `change_no` names the planned change that brought it."""

    agreement_no: int
    from_on: date
    catalogue_id: CatalogueId
    plan_code: str
    pricing_mode: str
    description: str
    quantity_e4: int
    unit_price_ucents: int
    currency: Currency
    renewal_months: int
    anniversary_day: int
    anchor_on: date
    reason: str
    change_no: int | None = None

    @property
    def net_minor(self) -> int:
        """What a whole period costs."""
        return amount_minor(self.quantity_e4, self.unit_price_ucents, self.currency)


SOLD = "sold"
"""The reason of a service's first agreement."""


def first_of(service: Service) -> Agreement:
    """Return the agreement of a service whose terms have never changed."""
    return Agreement(
        1,
        service.started_on,
        service.catalogue_id,
        service.plan_code,
        service.pricing_mode,
        service.description,
        service.quantity_e4,
        service.unit_price_ucents,
        service.currency,
        service.renewal_months,
        service.anniversary_day,
        service.next_renewal_on,
        SOLD,
    )


def in_force(history: Sequence[Agreement], on: date) -> Agreement:
    """Return the agreement that holds on a day; before the first one, the first."""
    begun = [each for each in history if each.from_on <= on]
    return max(begun, key=_order) if begun else min(history, key=_order)


def last_of(history: Sequence[Agreement]) -> Agreement:
    """Return the agreement that holds in the end: what the service is."""
    return max(history, key=_order)


def amended(
    history: Sequence[Agreement], on: date, change: Callable[[Agreement], Agreement]
) -> tuple[Agreement, ...]:
    """Return the agreements that a change from a day on adds to the history.

    One begins on that day, and one on each later day on which another was to begin: renewals that were
    billed ahead change too.
    """
    days = [on, *sorted({each.from_on for each in history if each.from_on > on})]
    first_no = max(each.agreement_no for each in history) + 1
    return tuple(
        replace(change(in_force(history, day)), from_on=day, agreement_no=number)
        for number, day in enumerate(days, first_no)
    )


@lru_cache(maxsize=4_096)
def period_of(agreement: Agreement, on: date) -> tuple[date, date]:
    """Return the first day of the period that holds a day, and the first day after it."""
    anchor, months, day = agreement.anchor_on, agreement.renewal_months, agreement.anniversary_day
    turns = ((on.year - anchor.year) * 12 + on.month - anchor.month) // months
    start_on = months_after(anchor, turns * months, day)
    if start_on > on:
        return months_after(anchor, (turns - 1) * months, day), start_on
    after_on = months_after(anchor, (turns + 1) * months, day)
    if after_on <= on:
        return after_on, months_after(anchor, (turns + 2) * months, day)
    return start_on, after_on


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days of one period under one agreement, from `from_on` until before `until_on`, and what they cost."""

    agreement: Agreement
    period_on: date
    next_on: date
    from_on: date
    until_on: date
    net_minor: int


def stretches(history: Sequence[Agreement], first_on: date, until_on: date) -> tuple[Stretch, ...]:
    """Return the days from `first_on` until before `until_on`, cut where a period or an agreement ends."""
    return tuple(
        Stretch(
            agreement, start_on, after_on, from_on, upto_on,
            _upto_minor(agreement, start_on, after_on, upto_on)
            - _upto_minor(agreement, start_on, after_on, from_on),
        )
        for agreement, start_on, after_on, from_on, upto_on in _stretches(history, first_on, until_on)
    )  # fmt: skip


def settling(
    history: Sequence[Agreement], first_on: date, until_on: date, net_minor: int
) -> tuple[Stretch, ...]:
    """Return the days that an amount settled, under the agreements that were there at that time.

    Agreements are numbered as they were made: the first so many that give the amount exactly, none when
    no number of them does.
    """
    for count in range(1, len(history) + 1):
        found = stretches(sorted(history, key=lambda each: each.agreement_no)[:count], first_on, until_on)
        if sum(each.net_minor for each in found) == net_minor:
            return found
    return ()


def cost_minor(history: Sequence[Agreement], first_on: date, until_on: date) -> int:
    """Return what the days from `first_on` until before `until_on` cost under the agreements of each day."""
    return sum(
        _upto_minor(agreement, start_on, after_on, upto_on)
        - _upto_minor(agreement, start_on, after_on, from_on)
        for agreement, start_on, after_on, from_on, upto_on in _stretches(history, first_on, until_on)
    )


def _upto_minor(agreement: Agreement, start_on: date, after_on: date, on: date) -> int:
    """Return what a period costs until before a day of it."""
    return rounded(agreement.net_minor * (on - start_on).days, (after_on - start_on).days)


def _stretches(
    history: Sequence[Agreement], first_on: date, until_on: date
) -> Iterator[tuple[Agreement, date, date, date, date]]:
    """Yield agreement, its period, and the days in it: cut where a period or an agreement ends."""
    on = first_on
    while on < until_on:
        agreement = in_force(history, on)
        start_on, after_on = period_of(agreement, on)
        ends = [each.from_on for each in history if each.from_on > on]
        upto_on = min(after_on, until_on, *ends)
        yield agreement, start_on, after_on, on, upto_on
        on = upto_on


def renewal(agreement: Agreement, service: Service, start_on: date) -> tuple[Charge, date]:
    """Return the charge of the period that holds `start_on`, from that day on, and the next first day.

    A period that begins before (the first one before a grouped day) is charged by its days.
    """
    begins_on, after_on = period_of(agreement, start_on)
    quantity_e4, unit_price_ucents, told = agreement.quantity_e4, agreement.unit_price_ucents, ""
    if begins_on < start_on:
        net_minor = cost_minor([agreement], start_on, after_on)
        quantity_e4, unit_price_ucents = E4_PER_ONE, net_minor * ucents_per_minor(agreement.currency)
        told = f" ({(after_on - start_on).days}/{(after_on - begins_on).days} days)"
    charge = Charge(
        service.service_id,
        ChargeKind.RENEWAL.value,
        start_on,
        after_on - _DAY,
        agreement.description + told,
        service.resource_name,
        quantity_e4,
        unit_price_ucents,
        agreement.currency,
        RENEWAL_CATEGORY,
        service.billing_group_id,
    )
    return charge, after_on


def prorated(
    service: Service, description: str, part: str, first_on: date, until_on: date, net_minor: int
) -> tuple[Charge, ...]:
    """Return the charge of some days, none when they cost nothing; what comes back is a negative quantity."""
    if net_minor == 0:
        return ()
    return (
        Charge(
            service.service_id,
            ChargeKind.ADJUSTMENT.value,
            first_on,
            until_on - _DAY,
            description,
            service.resource_name,
            E4_PER_ONE if net_minor > 0 else -E4_PER_ONE,
            abs(net_minor) * ucents_per_minor(service.currency),
            service.currency,
            billing_group_id=service.billing_group_id,
            part=part,
        ),
    )


def _order(agreement: Agreement) -> tuple[date, int]:
    return agreement.from_on, agreement.agreement_no
