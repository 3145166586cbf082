"""Give a service to another account: it ends in one today and goes on in the other, at what was agreed."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_staff, today_of
from acquit.actions.serving import begun_in, belonging_in, charge_in
from acquit.actions.set_renewal import held
from acquit.actions.subscribe_service import plan_in
from acquit.core.account import Account
from acquit.core.charge import Charge
from acquit.core.contact_change import ChangeState
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.operator import Right
from acquit.core.planned_change import PlannedChange
from acquit.core.service import Service, State, Status, refuse_unchangeable
from acquit.core.service_change import refuse_option
from acquit.core.service_move import (
    Handed,
    StillSaving,
    Taker,
    expired,
    handed,
    refuse_closed,
    refuse_escape,
    refuse_not_begun,
    refuse_other_seller,
)
from acquit.core.subscription import ResourceTaken
from acquit.core.terms import refuse_over_credit
from acquit.store import (
    accounts,
    acts,
    agreements,
    contact_changes,
    planned_changes,
    renewal_days,
    savings_plans,
    service_moves,
    services,
    terms,
)
from acquit.store.service_moves import ServiceMove
from acquit.store.transaction import Transaction

MOVED = "the service was given to another account"


class TakerRefused(Refusal):
    """Something about the account that is to take the service forbids it; `why` is that account's affair."""

    code = "taker-refused"

    def __init__(self, why: Refusal) -> None:
        super().__init__(why.message, **why.details)
        self.why = why


class _Rehearsed(Exception):
    """Undoes the transaction of what was only tried."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The service as it ended and as it goes on; what one account is given back and the other is charged."""

    ended: Service
    service: Service
    options: tuple[Service, ...]
    back: tuple[Charge, ...]
    charges: tuple[Charge, ...]


def move_service(
    context: Context, account_id: AccountId, service_id: ServiceId, to_account_id: AccountId, *, by: str
) -> Moved:
    """The service with its options is the other account's from today on, with price, name and engagement.

    Days that were renewed before come back to the former account and are charged to the new one, to the cent.
    What it was billed, its use until now and its billing group stay with the former account. Its technical
    contact stays named; whatever else accounts were asked about it is aborted.

    Raises:
        StaffOnly, RoleForbids: a person of the account asks and the other one agrees instead.
        NoSuchAccount, NoSuchService, NotAService, ServiceEnded, ServiceSuspended, ServiceExpired, NotBegun,
            StillSaving: there is nothing that could go.
        CannotTake, AccountNotOpen, ResourceTaken, CreditLimitExceeded: the other account does not take it.
    """
    with context.database.write() as tx:
        return _moved_by_staff(context, tx, account_id, service_id, to_account_id, by)


def rehearse_move(
    context: Context, account_id: AccountId, service_id: ServiceId, to_account_id: AccountId, *, by: str
) -> Moved:
    """Return what `move_service` would come to now; nothing of it stays. Raises the same."""
    found: list[Moved] = []
    with suppress(_Rehearsed), context.database.write() as tx:
        found.append(_moved_by_staff(context, tx, account_id, service_id, to_account_id, by))
        raise _Rehearsed
    return found[0]


def _moved_by_staff(
    context: Context,
    tx: Transaction,
    account_id: AccountId,
    service_id: ServiceId,
    to_account_id: AccountId,
    by: str,
) -> Moved:
    require_staff(tx, by, Right.CHANGE_SERVICES)
    giver, taker = hold_both_in(tx, account_id, to_account_id)
    try:
        moved = move_in(context, tx, giver, taker, service_id, by, may_escape=True)
    except TakerRefused as refused:
        raise refused.why from None
    follow_contacts_in(tx, moved, context.clock.now(), by)
    return moved


def follow_contacts_in(tx: Transaction, moved: Moved, now: datetime, by: str) -> None:
    """Whoever is named as technical contact stays so; what else was asked about the service is aborted."""
    giver_id, service_id, after = moved.ended.account_id, moved.ended.service_id, moved.service
    waiting = contact_changes.open_of_service(tx, giver_id, service_id)
    numbers = [each.contact_change_id for each in waiting]
    contact_changes.end(tx, giver_id, numbers, ChangeState.ABORTED, now)
    for named in contact_changes.technical(tx, giver_id, [service_id]).values():
        contact_changes.name_technical(tx, after.account_id, after.service_id, named, by)


def hold_both_in(tx: Transaction, giver_id: AccountId, taker_id: AccountId) -> tuple[Account, Account]:
    """Hold both accounts and who pays for them: payers first, each in order. Raises NoSuchAccount."""
    giver, taker = account_in(tx, giver_id), account_in(tx, taker_id)
    payers = {giver.payer_id, taker.payer_id}
    accounts.lock(tx, *sorted(payers))
    accounts.lock(tx, *sorted({giver_id, taker_id} - payers))
    return account_in(tx, giver_id), account_in(tx, taker_id)


def move_in(
    context: Context,
    tx: Transaction,
    giver: Account,
    taker: Account,
    service_id: ServiceId,
    by: str,
    *,
    may_escape: bool,
) -> Moved:
    """Move a service between accounts that are held, inside a transaction that is the caller's.

    With `may_escape` a renewal that is permanent may cease to be so. Raises what `move_service` raises, and
    RenewalIsPermanent; what concerns the taker alone as TakerRefused.
    """
    today = today_of(context, tx, giver)
    head = held(tx, giver.account_id, service_id)
    refuse_given_in(tx, head, today)
    refuse_other_seller(giver, taker)
    taking = Taker(
        taker, terms.renews_permanently(tx, taker.account_id), renewal_days.active_day(tx, taker.account_id)
    )
    if not may_escape:
        refuse_escape(head, taking)
    group = [begun_in(tx, each, today, by) for each in belonging_in(tx, head, today)]
    all_of_it = _handed(tx, group, giver, taking, today)
    try:
        _refuse_taker(tx, giver, taker, head, all_of_it, today)
    except Refusal as refusal:
        raise TakerRefused(refusal) from refusal
    _write(tx, giver, taker, all_of_it, today, by)
    return _moved(tx, all_of_it, giver, taker, by, today)


def refuse_given_in(tx: Transaction, head: Service, today: date) -> None:
    """Pass for a running service that may be given away.

    Raises NotAService, NotBegun, ServiceEnded, ServiceSuspended, ServiceExpired, StillSaving.
    """
    refuse_option(head)
    refuse_not_begun(head, today)
    refuse_unchangeable(head, today)
    saving = [
        each
        for service in belonging_in(tx, head, today)
        for each in savings_plans.of_service(tx, head.account_id, service.service_id)
        if not each.ends_by(today)
    ]
    if saving:
        raise StillSaving(
            f"{head.resource_name} has the savings plan {saving[0].name}: it stays with its account until "
            "the plan is over.",
            service=head.resource_name,
        )


def _refuse_taker(
    tx: Transaction,
    giver: Account,
    taker: Account,
    head: Service,
    all_of_it: list[Handed],
    today: date,
) -> None:
    refuse_closed(taker)
    there = services.named(tx, taker.account_id, head.resource_name)
    if there is not None and there.state is not State.TERMINATED:
        raise ResourceTaken(
            f"Account {taker.account_id} already has a service {head.resource_name}: it is renamed or ended "
            "first.",
            service=head.resource_name,
        )
    if giver.payer_id != taker.payer_id:
        adding_minor = sum(charge.net_minor for each in all_of_it for charge in each.charged)
        left_minor = terms.credit_left_on(tx, taker.payer_id, today)
        refuse_over_credit(taker.payer_id, left_minor, adding_minor)


def _handed(
    tx: Transaction, group: list[Service], giver: Account, taking: Taker, today: date
) -> list[Handed]:
    waiting = planned_changes.waiting(tx, group[0].account_id, [each.service_id for each in group])
    numbers = services.next_ids(tx, len(group))
    found = []
    for each, new_id in zip(group, numbers, strict=True):
        if each.status(today) is Status.EXPIRED:
            found.append(expired(each, today))
            continue
        parent_id = None if each is group[0] else numbers[0]
        history = agreements.history(tx, each)
        planned = waiting[each.service_id]
        found.append(handed(each, history, planned, giver.language, taking, new_id, parent_id, today))
    return found


def _write(
    tx: Transaction, giver: Account, taker: Account, all_of_it: list[Handed], today: date, by: str
) -> None:
    went = [(each, each.after) for each in all_of_it if each.after is not None]
    for each in all_of_it:
        services.set_end(tx, each.ended)
    _withdraw(tx, giver.account_id, [each.ended.service_id for each in all_of_it], by)
    charge_in(tx, giver.account_id, [charge for each in all_of_it for charge in each.back])
    services.insert(tx, [after for _, after in went])
    agreements.add(
        tx, ((taker.account_id, after.service_id, one) for each, after in went for one in each.agreed), by
    )
    charge_in(tx, taker.account_id, [charge for each, _ in went for charge in each.charged])
    planned: tuple[PlannedChange, ...] = tuple(change for each, _ in went for change in each.planned)
    plan_in(tx, taker.account_id, planned, by)
    service_moves.add(
        tx,
        [
            ServiceMove(
                giver.account_id, each.ended.service_id, taker.account_id, after.service_id, today,
                after.next_renewal_on, len(each.agreed),
            )
            for each, after in went
        ],
        by,
    )  # fmt: skip


def _withdraw(tx: Transaction, account_id: AccountId, service_ids: list[ServiceId], by: str) -> None:
    waiting = planned_changes.waiting(tx, account_id, service_ids)
    numbers = [each.change_no for changes in waiting.values() for each in changes]
    planned_changes.withdraw(tx, account_id, numbers, by, MOVED)


def _moved(
    tx: Transaction, all_of_it: list[Handed], giver: Account, taker: Account, by: str, today: date
) -> Moved:
    went = [each.after for each in all_of_it if each.after is not None]
    ended, head = all_of_it[0].ended, went[0]
    back = tuple(charge for each in all_of_it for charge in each.back)
    acts.record(
        tx, by, "give_service", giver.account_id, f"service:{ended.service_id}", on=str(today),
        to=taker.account_id, net_minor=sum(charge.net_minor for charge in back),
    )  # fmt: skip
    charges = tuple(charge for each in all_of_it for charge in each.charged)
    acts.record(
        tx, by, "take_service", taker.account_id, f"service:{head.service_id}", on=str(today),
        of=giver.account_id, net_minor=sum(charge.net_minor for charge in charges),
    )  # fmt: skip
    return Moved(ended, head, tuple(went[1:]), back, charges)
