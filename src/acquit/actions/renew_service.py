"""Renew a service ahead of its time."""

from dataclasses import dataclass
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import require_if_staff
from acquit.actions.serving import belonging_in, hold_service_in
from acquit.actions.taking_changes import waiting_in, write_taken
from acquit.core.account import Account
from acquit.core.charge import Charge
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.operator import Right
from acquit.core.renewal_order import PERIODS_MAX, last_start, refuse_not_renewable, renewed_ahead
from acquit.core.service import Service
from acquit.core.terms import refuse_over_credit
from acquit.store import acts, services, terms
from acquit.store.transaction import Transaction


class BadPeriods(Invalid):
    """So many periods cannot be renewed at once."""

    code = "bad-periods"


@dataclass(frozen=True, slots=True)
class RenewedAhead:
    """The service with what belongs to it, and the periods that the next bill run bills."""

    service: Service
    options: tuple[Service, ...]
    charges: tuple[Charge, ...]


def renew_service(
    context: Context, account_id: AccountId, service_id: ServiceId, periods: int, *, by: str
) -> RenewedAhead:
    """The service and its options are renewed for so many periods more; the next bill run bills them.

    Each period costs what is agreed for its first day: what was announced for that day is taken. A service
    whose renewal is manual is renewed like this.

    Raises NoSuchAccount, NoSuchService, ServiceEnded, ServiceSuspended, BadPeriods, CreditLimitExceeded.
    """
    if not 1 <= periods <= PERIODS_MAX:
        raise BadPeriods(f"1 to {PERIODS_MAX} periods are renewed at once, not {periods}.")
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.CHANGE_SERVICES)
        account, head, today = hold_service_in(context, tx, account_id, service_id)
        return renew_in(tx, account, head, today, periods, by)


def renew_in(
    tx: Transaction, account: Account, head: Service, today: date, periods: int, by: str
) -> RenewedAhead:
    """Renew a service that is held, and its options; raises the same but for the number of periods."""
    refuse_not_renewable(head)
    until_on = last_start(head, periods)
    made = [_renew(tx, each, until_on, by) for each in belonging_in(tx, head, today)]
    charges = tuple(charge for _, charged in made for charge in charged)
    adding_minor = sum(charge.net_minor for charge in charges)
    left_minor = terms.credit_left_on(tx, account.payer_id, today)
    refuse_over_credit(account.payer_id, left_minor, adding_minor)
    charge_in_at(tx, account.account_id, charges, today)
    after, *options = [service for service, _ in made]
    acts.record(
        tx, by, "renew_service", account.account_id, f"service:{head.service_id}",
        periods=periods, until=str(after.next_renewal_on),
    )  # fmt: skip
    return RenewedAhead(after, tuple(options), charges)


def charge_in_at(tx: Transaction, account_id: AccountId, charges: tuple[Charge, ...], on: date) -> None:
    """Accept charges that count from a day on, though their periods begin later."""
    if charges:
        services.insert_charges(tx, account_id, charges, accepted_on=on)


def _renew(tx: Transaction, service: Service, until_on: date, by: str) -> tuple[Service, tuple[Charge, ...]]:
    """Take the periods that begin until that day, whether the service renews by itself or not."""
    planned = waiting_in(tx, service)
    renewed = renewed_ahead(planned, until_on)
    if renewed.taken:
        write_taken(tx, [(planned, renewed)], by)
    else:
        services.set_terms(tx, [renewed.service])
    return renewed.service, renewed.charges
