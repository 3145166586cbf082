"""An account suspends a service of its own accord and brings it back."""

from typing import Final

from acquit.actions.context import Context
from acquit.actions.serving import hold_service_in
from acquit.actions.suspend_service import restore_in, suspend_in
from acquit.core.errors import Forbidden
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.service import (
    Service,
    State,
    refuse_ended,
    refuse_engaged,
    refuse_permanent,
    restored,
)
from acquit.core.service_change import refuse_option
from acquit.store import agreements, services
from acquit.store.transaction import Transaction

REASON: Final = "asked for by the account"


class SuspendedByTheSeller(Forbidden):
    """The seller suspended services of the account; the account cannot bring them back."""

    code = "suspended-by-the-seller"


def pause_service(context: Context, account_id: AccountId, service_id: ServiceId, *, by: str) -> Service:
    """The service and its options are suspended from today on: they do not renew; begun periods are billed.

    Raises NoSuchAccount, NoSuchService, NotAService, ServiceEnded, ServiceSuspended; RenewalIsPermanent where
    enterprise payment renews it; StillEngaged before the day that was agreed.
    """
    with context.database.write() as tx:
        _, head, today = hold_service_in(context, tx, account_id, service_id)
        refuse_option(head)
        refuse_ended(head)
        refuse_permanent(head, "suspend")
        refuse_engaged(head, today)
        return suspend_in(tx, head, today, REASON, by)


def resume_service(context: Context, account_id: AccountId, service_id: ServiceId, *, by: str) -> Service:
    """What the account suspended is active again from today on, as `restore_service` says.

    Raises NoSuchAccount, NoSuchService, NotAService, ServiceEnded, NotSuspended; SuspendedByTheSeller while
    the seller keeps this service, or another one of the account, suspended.
    """
    with context.database.write() as tx:
        account, head, today = hold_service_in(context, tx, account_id, service_id)
        refuse_option(head)
        restored(head, today, bills_gap=False)
        kept = [each for each in services.of_account(tx, account_id) if _is_kept(tx, each)]
        if kept:
            raise SuspendedByTheSeller(
                f"{kept[0].resource_name} was suspended by the seller: pay what is late, or ask sales.",
                service=kept[0].resource_name,
            )
        return restore_in(tx, account, head, today, by)


def _is_kept(tx: Transaction, service: Service) -> bool:
    """Whether somebody else than its account suspended the service."""
    if service.state is not State.SUSPENDED:
        return False
    last = agreements.suspensions(tx, service.account_id, service.service_id)[-1]
    return not last.recorded_by.startswith("account:")
