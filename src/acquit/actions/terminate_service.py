"""End a service: now, with its running period, or with its engagement."""

from dataclasses import replace
from datetime import date

from acquit.actions.context import Context
from acquit.actions.keep_service import ENDS
from acquit.actions.loading import entity_of, require_if_staff
from acquit.actions.serving import begun_in, belonging_in, charge_in, hold_service_in, is_there
from acquit.actions.tell_accounts import ending as telling_of_end
from acquit.actions.tell_accounts import tell_in
from acquit.core.account import Account
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.operator import Right
from acquit.core.planned_change import ChangeKind
from acquit.core.service import Ending, Service, refuse_ended, terminated
from acquit.core.service_change import Move, settled
from acquit.store import acts, agreements, planned_changes, services
from acquit.store.transaction import Transaction


def terminate_service(
    context: Context,
    account_id: AccountId,
    service_id: ServiceId,
    ending: Ending,
    *,
    by: str,
    reason: str = "",
    refund: bool | None = None,
) -> Service:
    """The service and its options end: no period that starts on or after their last day is billed.

    At once: periods that have begun are billed, and the unused days come back with `refund` (the legal
    entity's rule where it is None).

    Raises NoSuchAccount, NoSuchService, ServiceEnded; StillEngaged before the day that was agreed.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.CHANGE_SERVICES)
        account, head, today = hold_service_in(context, tx, account_id, service_id)
        gives_back = entity_of(tx, account).refunds_unused if refund is None else refund
        return terminate_in(tx, account, head, today, ending, by, reason, gives_back)


def terminate_in(
    tx: Transaction,
    account: Account,
    head: Service,
    today: date,
    ending: Ending,
    by: str,
    reason: str,
    refund: bool,
) -> Service:
    """End a service that is held, and its options; raises ServiceEnded, StillEngaged."""
    refuse_ended(head)
    is_now = ending is Ending.NOW
    group = [begun_in(tx, each, today, by) if is_now else each for each in belonging_in(tx, head, today)]
    ended = terminated(group[0], ending, today)
    gives_back = is_now and refund
    for each in group:
        after = replace(each, state=ended.state, terminated_on=ended.terminated_on)
        services.set_end(tx, after)
        _withdraw(tx, each, by)
        if gives_back and is_there(each, today):
            history = agreements.history(tx, each)
            back = settled(Move(each, None, None), history, (), today, account.language)
            charge_in(tx, head.account_id, back)
    acts.record(
        tx, by, "terminate_service", head.account_id, f"service:{head.service_id}",
        ending=ending.value, on=str(ended.terminated_on), reason=reason, refund=gives_back,
    )  # fmt: skip
    tell_in(tx, [telling_of_end(ended)])
    return ended


def _withdraw(tx: Transaction, service: Service, by: str) -> None:
    """Withdraw the prices and plans that would have come after the end."""
    waiting = planned_changes.waiting(tx, service.account_id, [service.service_id])
    kinds = (ChangeKind.PRICE, ChangeKind.PLAN)
    numbers = [each.change_no for each in waiting[service.service_id] if each.kind in kinds]
    planned_changes.withdraw(tx, service.account_id, numbers, by, ENDS)
