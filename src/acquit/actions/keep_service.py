"""Take a termination back, as long as it has not happened: the service goes on as if nobody had ended it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from acquit.actions.context import Context
from acquit.actions.loading import require_if_staff
from acquit.actions.serving import belonging_in, hold_service_in
from acquit.actions.subscribe_service import plan_in
from acquit.core.catalogue import EndAction
from acquit.core.errors import Conflict, Forbidden
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.operator import Right
from acquit.core.planned_change import ChangeKind
from acquit.core.service import Service, ServiceEnded, first_renewal, refuse_ended
from acquit.store import acts, planned_changes, services
from acquit.store.transaction import Transaction

ENDS: Final = "the service ends"
"""Why a termination withdrew what was planned."""

ENDINGS: Final = ("terminate_service", "set_end_rule")


class NotEnding(Conflict):
    """Nobody ended the service: there is nothing to take back."""

    code = "not-ending"


class EndsByRule(Conflict):
    """The service ends because its engagement was to end so: another rule keeps it."""

    code = "ends-by-rule"


class EndedByTheSeller(Forbidden):
    """The seller ended the service; its account cannot take that back."""

    code = "ended-by-the-seller"


def keep_service(context: Context, account_id: AccountId, service_id: ServiceId, *, by: str) -> Service:
    """The service and what ends with it renew again; prices and plans that were to come wait again.

    Raises NoSuchAccount, NoSuchService, ServiceEnded once the day has come, NotEnding, EndsByRule;
    EndedByTheSeller when an account asks and staff ended it.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.CHANGE_SERVICES)
        _, head, today = hold_service_in(context, tx, account_id, service_id)
        refuse_ended(head)
        if head.terminated_on is None:
            raise NotEnding(f"{head.resource_name} does not end: there is nothing to take back.")
        if head.terminated_on <= today:
            raise ServiceEnded(f"{head.resource_name} ended on {head.terminated_on}.")
        _refuse_rule(tx, head)
        if by.startswith("account:") and not _ended_by_account(tx, head):
            raise EndedByTheSeller(
                f"{head.resource_name} was ended by the seller and goes on {head.terminated_on}: ask sales "
                "to keep it",
                service=head.resource_name,
            )
        kept = keep_in(tx, head, today, by)
        acts.record(
            tx, by, "keep_service", account_id, f"service:{service_id}", ended_on=str(head.terminated_on)
        )
    return kept


def keep_in(tx: Transaction, head: Service, today: date, by: str) -> Service:
    """Let the service, and the options that end on the same day, go on; what waited before waits again."""
    for each in belonging_in(tx, head, today):
        if each.terminated_on != head.terminated_on:
            continue
        services.set_end(tx, replace(each, terminated_on=None))
        dropped = planned_changes.withdrawn_last(tx, each.account_id, each.service_id, ENDS)
        plan_in(tx, each.account_id, tuple(replace(change, change_no=0) for change in dropped), by)
    return replace(head, terminated_on=None)


def _refuse_rule(tx: Transaction, head: Service) -> None:
    waiting = planned_changes.waiting(tx, head.account_id, [head.service_id])[head.service_id]
    for change in waiting:
        binding = change.binding if change.kind is ChangeKind.ENGAGEMENT_END else None
        if binding is None or binding.end_action is not EndAction.CANCEL:
            continue
        if first_renewal(head, change.not_before_on) == head.terminated_on:
            raise EndsByRule(
                f"{head.resource_name} ends on {head.terminated_on} by the rule of its engagement: choose "
                "another rule to keep it.",
                service=head.resource_name,
            )


def _ended_by_account(tx: Transaction, head: Service) -> bool:
    subject = f"service:{head.service_id}"
    done: Sequence[str] = [
        each.actor
        for each in acts.of_account(tx, head.account_id)
        if each.verb in ENDINGS and each.subject == subject
    ]
    return bool(done) and done[-1].startswith("account:")
