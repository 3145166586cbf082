"""End a service: now, with its running period, or with its engagement."""

from dataclasses import replace

from acquit.actions.context import Context
from acquit.actions.loading import date_of
from acquit.actions.set_renewal import held
from acquit.core.account import NoSuchAccount
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.service import Ending, Service, State, terminated
from acquit.store import acts, legal_entities, services


def terminate_service(
    context: Context,
    account_id: AccountId,
    service_id: ServiceId,
    ending: Ending,
    *,
    by: str,
    reason: str = "",
) -> Service:
    """The service and its options end: no period that starts on or after their last day is billed.

    Raises NoSuchAccount, NoSuchService, ServiceEnded; StillEngaged before the day that was agreed.
    """
    with context.database.write() as tx:
        entity = legal_entities.of_account(tx, account_id)
        if entity is None:
            raise NoSuchAccount(account_id)
        service = held(tx, account_id, service_id)
        ended = terminated(service, ending, date_of(context, entity))
        for each in (service, *services.options_of(tx, account_id, service_id)):
            if each.state is not State.TERMINATED:
                services.set_end(tx, replace(each, state=ended.state, terminated_on=ended.terminated_on))
        acts.record(
            tx, by, "terminate_service", account_id, f"service:{service_id}",
            ending=ending.value, on=str(ended.terminated_on), reason=reason,
        )  # fmt: skip
    return ended
