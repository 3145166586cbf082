"""An account asks for a commitment, which the next renewal brings to its service, and may withdraw it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from acquit.actions.change_service import change_in
from acquit.actions.context import Context
from acquit.actions.loading import require_if_staff
from acquit.actions.serving import begun_in, belonging_in, hold_service_in
from acquit.actions.subscribe_service import plan_in
from acquit.core.errors import Conflict, Forbidden, Invalid, NotFound
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.operator import Right
from acquit.core.planned_change import PlannedChange, commits
from acquit.core.service import Service, refuse_unchangeable
from acquit.core.service_change import Wanted, When, refuse_option
from acquit.store import acts, planned_changes, services
from acquit.store.planned_changes import Announced
from acquit.store.transaction import Transaction

WITHDRAWN: Final = "the commitment is not wanted any more"


class NoRequest(NotFound):
    """No commitment waits for the next renewal of the service."""

    code = "no-engagement-request"


class RequestWaits(Conflict):
    """A commitment waits already."""

    code = "engagement-request-waits"


class BindsNobody(Invalid):
    """The price does not bind: there is no commitment in it."""

    code = "binds-nobody"


class AskedByTheSeller(Forbidden):
    """Sales agreed the commitment with the account; the account alone cannot withdraw it."""

    code = "asked-by-the-seller"


@dataclass(frozen=True, slots=True)
class EngagementRequest:
    """A commitment that waits for the next renewal: of the service, and of the options that go with it."""

    service: Service
    change: PlannedChange
    options: tuple[tuple[Service, PlannedChange], ...]
    asked_by: str
    asked_at: datetime


def ask_for_engagement(
    context: Context, account_id: AccountId, service_id: ServiceId, mode: str, *, by: str
) -> EngagementRequest:
    """From its next renewal on the service is committed, at the price of the mode; options that have it too.

    Raises NoSuchAccount, NoSuchService, NotAService, ServiceEnded, ServiceSuspended, ServiceExpired: there is
    no running service; RequestWaits; NotPriced, PlanRetired, NotRenewable: its plan is not sold so;
    BindsNobody; NothingChanges, StillEngaged: it is like that, or a longer commitment runs.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.CHANGE_SERVICES)
        account, head, today = hold_service_in(context, tx, account_id, service_id)
        refuse_option(head)
        on = max(today, head.started_on)
        refuse_unchangeable(head, on)
        group = [begun_in(tx, each, on, by) for each in belonging_in(tx, head, on)]
        if request_in(tx, group) is not None:
            raise RequestWaits(
                f"A commitment waits for the next renewal of {head.resource_name}: withdraw it first.",
                service=head.resource_name,
            )
        change_in(tx, account, group, Wanted(mode=mode, when=When.AT_RENEWAL), on, by)
        found = request_in(tx, belonging_in(tx, services.find(tx, account_id, service_id) or head, on))
        if found is None:
            raise BindsNobody(
                f"[pricingMode] {mode} of {head.plan_code} has no commitment: change the service to it.",
                parameter="pricingMode",
            )
        acts.record(tx, by, "ask_for_engagement", account_id, f"service:{service_id}", mode=mode)
    return found


def withdraw_engagement(context: Context, account_id: AccountId, service_id: ServiceId, *, by: str) -> None:
    """The service renews as if the commitment had not been asked for: prices that were to come wait again.

    Raises NoSuchAccount, NoSuchService, NoRequest; AskedByTheSeller when an account asks and staff agreed it.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.CHANGE_SERVICES)
        _, head, today = hold_service_in(context, tx, account_id, service_id)
        found = request_in(tx, belonging_in(tx, head, today))
        if found is None:
            raise NoRequest(f"No commitment waits for the next renewal of {head.resource_name}.")
        if by.startswith("account:") and not found.asked_by.startswith("account:"):
            raise AskedByTheSeller(
                f"The commitment of {head.resource_name} was agreed with sales: ask sales to withdraw it.",
                service=head.resource_name,
            )
        for each, change in ((found.service, found.change), *found.options):
            planned_changes.withdraw(tx, account_id, [change.change_no], by, WITHDRAWN)
            dropped = planned_changes.withdrawn_at(tx, account_id, each.service_id, found.asked_at)
            plan_in(tx, account_id, tuple(replace(before, change_no=0) for before in dropped), by)
        acts.record(tx, by, "withdraw_engagement", account_id, f"service:{service_id}")


def request_in(tx: Transaction, group: Sequence[Service]) -> EngagementRequest | None:
    """Return the commitment that waits for a service (the first of the group), or None."""
    head, by_id = group[0], {each.service_id: each for each in group}
    waiting = [
        each
        for each in planned_changes.announced(tx, head.account_id, by_id)
        if commits(each.change, by_id[each.change.service_id])
    ]
    own = next((each for each in waiting if each.change.service_id == head.service_id), None)
    if own is None:
        return None
    return EngagementRequest(head, own.change, _with(own, waiting, by_id), own.planned_by, own.planned_at)


def _with(
    own: Announced, waiting: Sequence[Announced], by_id: dict[ServiceId, Service]
) -> tuple[tuple[Service, PlannedChange], ...]:
    """Return what was planned together with it."""
    return tuple(
        (by_id[each.change.service_id], each.change)
        for each in waiting
        if each is not own and each.planned_at == own.planned_at
    )
