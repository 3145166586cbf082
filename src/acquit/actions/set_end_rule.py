"""Choose what follows when an engagement ends."""

from dataclasses import replace

from acquit.actions.context import Context
from acquit.actions.keep_service import keep_in
from acquit.actions.loading import require_if_staff
from acquit.actions.serving import belonging_in, hold_service_in
from acquit.actions.subscribe_service import plan_in
from acquit.core.catalogue import EndAction
from acquit.core.errors import Conflict, NotFound
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.operator import Right
from acquit.core.planned_change import Binding, ChangeKind, PlannedChange, engagement_end
from acquit.core.service import Service, first_renewal, refuse_ended, refuse_permanent
from acquit.store import acts, planned_changes, services
from acquit.store.transaction import Transaction


class NotEngaged(NotFound):
    """The service has no engagement."""

    code = "not-engaged"


class NoDefaultPrice(Conflict):
    """The plan is not sold without engagement, so there is no price to fall back to."""

    code = "no-default-price"


def possible(binding: Binding) -> tuple[EndAction, ...]:
    """Return what may follow the engagement: the default price only where the plan has one."""
    return tuple(
        each for each in EndAction if each is not EndAction.DEFAULT_PRICE or binding.fallback is not None
    )


def set_end_rule(
    context: Context, account_id: AccountId, service_id: ServiceId, end_action: EndAction, *, by: str
) -> Binding:
    """When its engagement ends, the service (with options engaged like it) does what was chosen.

    A rule that keeps the service takes back a termination that has not happened.
    Raises NoSuchAccount, NoSuchService, ServiceEnded, NotEngaged, NoDefaultPrice; RenewalIsPermanent when a
    service that enterprise payment renews would end, unless staff asks.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.CHANGE_SERVICES)
        _, head, today = hold_service_in(context, tx, account_id, service_id)
        refuse_ended(head)
        chosen: Binding | None = None
        for each in belonging_in(tx, head, today):
            waiting = planned_changes.waiting(tx, account_id, [each.service_id])[each.service_id]
            for change in waiting:
                if change.kind is ChangeKind.ENGAGEMENT_END and change.binding is not None:
                    binding = _choose(tx, each, change, change.binding, end_action, by)
                    chosen = binding if each.service_id == service_id else chosen
        if chosen is None:
            raise NotEngaged(f"{head.resource_name} has no engagement.", service=str(service_id))
        if end_action is not EndAction.CANCEL and head.terminated_on is not None:
            keep_in(tx, head, today, by)
        acts.record(tx, by, "set_end_rule", account_id, f"service:{service_id}", end_action=end_action.value)
    return chosen


def _choose(
    tx: Transaction, service: Service, change: PlannedChange, binding: Binding, end_action: EndAction, by: str
) -> Binding:
    if end_action not in possible(binding):
        raise NoDefaultPrice(
            f"{service.plan_code} is not sold without engagement: choose another rule.",
            plan=service.plan_code,
        )
    if end_action is EndAction.CANCEL and by.startswith("account:"):
        refuse_permanent(service)
    chosen = replace(binding, end_action=end_action)
    planned_changes.withdraw(tx, service.account_id, [change.change_no], by, "another rule was chosen")
    plan_in(tx, service.account_id, (engagement_end(service.service_id, change.not_before_on, chosen),), by)
    ends_on = first_renewal(service, change.not_before_on)
    if end_action is EndAction.CANCEL:
        services.set_end(tx, replace(service, terminated_on=ends_on))
    return chosen
