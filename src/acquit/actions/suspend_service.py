"""Suspend a service and restore it; the dates are kept."""

from dataclasses import replace
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import entity_of, require_staff
from acquit.actions.serving import begun_in, belonging_in, hold_service_in
from acquit.core.account import Account
from acquit.core.agreement import last_of
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.operator import Right
from acquit.core.service import Service, State, restored, suspended
from acquit.store import acts, agreements, services
from acquit.store.agreements import Suspension
from acquit.store.transaction import Transaction

RESTORED = "restored"


def suspend_service(
    context: Context, account_id: AccountId, service_id: ServiceId, reason: str, *, by: str
) -> Service:
    """The service and its options are suspended from today on: they do not renew.

    Periods that have begun are billed.

    Raises NoSuchAccount, NoSuchService, ServiceEnded, ServiceSuspended, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHANGE_SERVICES)
        _, head, today = hold_service_in(context, tx, account_id, service_id)
        return suspend_in(tx, head, today, reason, by)


def suspend_in(tx: Transaction, head: Service, today: date, reason: str, by: str) -> Service:
    """Suspend a service that is held, and its options; raises ServiceEnded, ServiceSuspended."""
    suspended(head)
    group = [begun_in(tx, each, today, by) for each in belonging_in(tx, head, today)]
    for each in group:
        if each.state is State.ACTIVE:
            services.set_end(tx, suspended(each))
            agreements.record_suspension(tx, each, Suspension("suspended", today, reason, by))
    acts.record(
        tx, by, "suspend_service", head.account_id, f"service:{head.service_id}", on=str(today), reason=reason
    )
    return suspended(group[0])


def restore_service(context: Context, account_id: AccountId, service_id: ServiceId, *, by: str) -> Service:
    """The service and what was suspended with it are active again from today on.

    Within the paid period nothing moves. After it the next period begins today, which is the new
    anniversary; a legal entity that bills suspended time keeps the anniversary, and the next run bills the
    periods that were left out.

    Raises NoSuchAccount, NoSuchService, ServiceEnded, NotSuspended, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHANGE_SERVICES)
        account, head, today = hold_service_in(context, tx, account_id, service_id)
        return restore_in(tx, account, head, today, by)


def restore_in(tx: Transaction, account: Account, head: Service, today: date, by: str) -> Service:
    """Restore a service that is held, and its options; raises ServiceEnded, NotSuspended."""
    bills_gap = entity_of(tx, account).bills_suspended
    after = restored(head, today, bills_gap)
    for each in belonging_in(tx, head, today):
        if each.state is State.SUSPENDED:
            _restore(tx, each, today, bills_gap, by)
    acts.record(
        tx, by, "restore_service", head.account_id, f"service:{head.service_id}",
        on=str(today), next_renewal=str(after.next_renewal_on),
    )  # fmt: skip
    return after


def _restore(tx: Transaction, service: Service, today: date, bills_gap: bool, by: str) -> None:
    after = restored(service, today, bills_gap)
    if after.next_renewal_on != service.next_renewal_on:
        known = last_of(agreements.history(tx, service))
        begun = replace(
            known, agreement_no=known.agreement_no + 1, from_on=today, anniversary_day=today.day,
            anchor_on=today, reason=RESTORED, change_no=None,
        )  # fmt: skip
        agreements.extend(tx, service, [begun], by)
    services.set_terms(tx, [after])
    agreements.record_suspension(tx, service, Suspension(RESTORED, today, "", by))
