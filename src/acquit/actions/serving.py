"""What actions on a running service have in common: hold it, let begun periods be accepted, write charges."""

from collections.abc import Sequence
from datetime import date, timedelta

from acquit.actions.context import Context
from acquit.actions.loading import account_in, today_of
from acquit.actions.set_renewal import held
from acquit.actions.settling import hold_in
from acquit.actions.taking_changes import waiting_in, write_taken
from acquit.core.account import Account
from acquit.core.charge import Charge
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.planned_change import renewals
from acquit.core.service import Service, State
from acquit.store import services
from acquit.store.transaction import Transaction

_DAY = timedelta(days=1)


def hold_service_in(
    context: Context, tx: Transaction, account_id: AccountId, service_id: ServiceId
) -> tuple[Account, Service, date]:
    """Return account, service and the legal entity's day; no run and no other action changes them meanwhile.

    Raises NoSuchAccount, NoSuchService.
    """
    account = account_in(tx, account_id)
    hold_in(tx, account.payer_id, [account_id])
    return account, held(tx, account_id, service_id), today_of(context, tx, account)


def belonging_in(tx: Transaction, head: Service, on: date) -> list[Service]:
    """Return the service with the tiers and options that it has on a day."""
    options = services.options_of(tx, head.account_id, head.service_id)
    return [head, *(each for each in options if is_there(each, on))]


def is_there(service: Service, on: date) -> bool:
    """Whether the service is not gone on that day."""
    gone = service.terminated_on is not None and service.terminated_on <= on
    return service.state is not State.TERMINATED and not gone


def begun_in(tx: Transaction, service: Service, on: date, by: str) -> Service:
    """Periods that began before that day are accepted as charges, at their price; return what renews then."""
    if not service.renews or service.next_renewal_on >= on:
        return service
    planned = waiting_in(tx, service)
    renewed = renewals(planned, on - _DAY)
    charge_in(tx, service.account_id, renewed.charges)
    if renewed.taken:
        write_taken(tx, [(planned, renewed)], by)
    else:
        services.set_terms(tx, [renewed.service])
    return renewed.service


def charge_in(tx: Transaction, account_id: AccountId, charges: Sequence[Charge]) -> None:
    """Accept charges: each counts for the period in which its first day lies."""
    if charges:
        services.insert_charges(tx, account_id, charges)
