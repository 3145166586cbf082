"""Price changes: announced in time, never inside an engagement or a promotion, withdrawable before."""

from collections.abc import Iterable
from datetime import date, timedelta

from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import CatalogueId
from acquit.core.planned_change import ChangeKind, PlannedChange, takes_effect_on
from acquit.core.service import Service


class NoticeTooShort(Invalid):
    """An account is told of another price so many days before."""

    code = "notice-too-short"


class SamePrice(Invalid):
    """The service costs that already."""

    code = "same-price"


class PlanChangesFirst(Conflict):
    """Until the price comes, the service has become something that it is not the price of."""

    code = "plan-changes-first"


class BadPrice(Invalid):
    """A price is not negative, and not beyond what is billed."""

    code = "bad-price"


PRICE_MAX = 10**17


def refuse_short_notice(from_on: date, today: date, notice_days: int) -> None:
    """Pass when the day is far enough ahead. Raises NoticeTooShort, which names the earliest day."""
    earliest_on = today + timedelta(days=notice_days)
    if from_on < earliest_on:
        raise NoticeTooShort(
            f"Another price is announced {notice_days} days before: {earliest_on} is the earliest day, not "
            f"{from_on}.",
            earliest=earliest_on.isoformat(),
        )


def refuse_bad_price(unit_price_ucents: int) -> None:
    """Pass for a price that can be billed. Raises BadPrice."""
    if not 0 <= unit_price_ucents <= PRICE_MAX:
        raise BadPrice("A price is not negative; what is given back is a negative quantity.")


def announced(
    service: Service,
    waiting: Iterable[PlannedChange],
    from_on: date,
    unit_price_ucents: int,
    catalogue_id: CatalogueId | None,
    reason: str,
) -> PlannedChange:
    """Return the change: from the day, or when the engagement or the promotion of that time is over.

    Raises SamePrice when the service will cost that anyway.
    """
    waits = list(waiting)
    ends = [each.not_before_on for each in waits if each.kind is ChangeKind.PROMOTION_END]
    not_before_on = max([from_on, *ends, service.engaged_until_on or from_on])
    coming = [
        each.unit_price_ucents
        for each in waits
        if each.kind in (ChangeKind.PROMOTION_END, ChangeKind.PLAN, ChangeKind.PRICE)
        and each.unit_price_ucents is not None
        and each.not_before_on <= not_before_on
    ]
    if unit_price_ucents == (coming[-1] if coming else service.unit_price_ucents):
        raise SamePrice(f"{service.resource_name} costs that already.", service=service.resource_name)
    return PlannedChange(
        service.service_id, 0, ChangeKind.PRICE, not_before_on, reason,
        catalogue_id=catalogue_id, unit_price_ucents=unit_price_ucents,
    )  # fmt: skip


def refuse_left_plan(service: Service, waiting: Iterable[PlannedChange], change: PlannedChange) -> None:
    """Pass when the service is still what it is today once the change of price comes.

    Raises PlanChangesFirst: a price of a plan, mode or quantity that it has left by then is not its price.
    """
    for each in waiting:
        if each.kind is ChangeKind.PLAN and each.not_before_on <= change.not_before_on:
            raise PlanChangesFirst(
                f"{service.resource_name} becomes {each.plan_code or service.plan_code} with its renewal of "
                f"{takes_effect_on(each, service)}, at a price that was told: announce the new one after it.",
                service=service.resource_name,
            )
