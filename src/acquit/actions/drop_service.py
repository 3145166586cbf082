"""End a service that is to end on a later day at once."""

from acquit.actions.context import Context
from acquit.actions.keep_service import NotEnding
from acquit.actions.loading import require_if_staff
from acquit.actions.serving import hold_service_in
from acquit.actions.terminate_service import terminate_in
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.operator import Right
from acquit.core.service import Ending, Service, refuse_ended


def drop_service(context: Context, account_id: AccountId, service_id: ServiceId, *, by: str) -> Service:
    """The service, which was to end on a later day, has ended today; the days that are paid do not come back.

    Raises NoSuchAccount, NoSuchService, ServiceEnded; NotEnding while nobody ended it; StillEngaged before
    the day that was agreed.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.CHANGE_SERVICES)
        account, head, today = hold_service_in(context, tx, account_id, service_id)
        refuse_ended(head)
        _refuse_staying(head)
        return terminate_in(
            tx, account, head, today, Ending.NOW, by, "without waiting for its last day", refund=False
        )


def _refuse_staying(head: Service) -> None:
    if head.terminated_on is None:
        raise NotEnding(
            f"{head.resource_name} does not end: terminate it first, then it can be dropped at once.",
            service=head.resource_name,
        )
