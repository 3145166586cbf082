"""Pay what is left of a commitment at once: its periods are renewed ahead, at the price of each."""

from contextlib import suppress

from acquit.actions.context import Context
from acquit.actions.loading import require_if_staff
from acquit.actions.renew_service import RenewedAhead, renew_in
from acquit.actions.serving import hold_service_in
from acquit.actions.set_end_rule import NotEngaged
from acquit.actions.terminate_service import terminate_in
from acquit.core.errors import Conflict
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.operator import Right
from acquit.core.service import Ending, Service, refuse_permanent, refuse_unchangeable, renewed
from acquit.core.service_change import refuse_option
from acquit.store.transaction import Transaction


class PaidOut(Conflict):
    """Every period of the commitment is renewed already."""

    code = "engagement-paid-out"


class _Tried(Exception):
    """Undoes the transaction of what was only tried."""


def pay_out_engagement(
    context: Context,
    account_id: AccountId,
    service_id: ServiceId,
    *,
    by: str,
    ends: bool,
    tries: bool = False,
) -> RenewedAhead:
    """The periods of the commitment that are left are renewed, and the next bill run bills them all.

    Nobody pays for days that he does not get: the service stays until the commitment ends, and with `ends`
    it ends then. With `tries` nothing is changed.

    Raises NoSuchAccount, NoSuchService, NotAService, NotEngaged, ServiceEnded, ServiceSuspended,
    ServiceExpired, PaidOut, CreditLimitExceeded; RenewalIsPermanent where it is to end and enterprise payment
    renews it.
    """
    done: RenewedAhead | None = None
    with suppress(_Tried), context.database.write() as tx:
        done = _pay_out(context, tx, account_id, service_id, by, ends)
        if tries:
            raise _Tried
    assert done is not None, "what is refused raises"
    return done


def _pay_out(
    context: Context, tx: Transaction, account_id: AccountId, service_id: ServiceId, by: str, ends: bool
) -> RenewedAhead:
    require_if_staff(tx, by, Right.CHANGE_SERVICES)
    account, head, today = hold_service_in(context, tx, account_id, service_id)
    refuse_option(head)
    refuse_unchangeable(head, max(today, head.started_on))
    if ends and by.startswith("account:"):
        refuse_permanent(head)
    periods = _periods_left(head)
    if not periods:
        raise PaidOut(
            f"{head.resource_name} is paid until {head.next_renewal_on}, the whole of its commitment.",
            service=head.resource_name,
        )
    done = renew_in(tx, account, head, today, periods, by)
    if ends:
        why = "the commitment is paid out"
        terminate_in(tx, account, done.service, today, Ending.AT_ENGAGEMENT, by, why, False)
    return done


def _periods_left(head: Service) -> int:
    until = head.engaged_until_on
    if until is None:
        raise NotEngaged(f"{head.resource_name} has no engagement.", service=str(head.service_id))
    count = 0
    while head.next_renewal_on < until:
        head, count = renewed(head), count + 1
    return count
