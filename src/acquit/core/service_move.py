"""A service changes hands: it ends in one account and goes on in another, on the same day.

What was agreed goes with it: plan, price, period, engagement, what its renewals will change. Of days that
were renewed before, the first account is given back exactly what the second one is charged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from acquit.core.account import Account, AccountState
from acquit.core.agreement import Agreement, cost_minor, in_force, prorated
from acquit.core.charge import Charge
from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import ServiceId
from acquit.core.line_text import some_days_text
from acquit.core.planned_change import ChangeKind, PlannedChange, renewal_day
from acquit.core.service import Renewal, Service, State, refuse_permanent
from acquit.core.service_change import Move, settled
from acquit.core.terms import AccountNotOpen

PART: Final = "moved"
"""The part of the charge for the days that the former account had paid."""

GIVEN_BACK: Final = "end-back"
"""The part of what comes back to the former account for them, as to one that ends."""


class NoSuchMove(NotFound):
    """The account has no such service that went to another account."""

    code = "no-such-move"

    def __init__(self, account_id: str, service: object) -> None:
        super().__init__(f"No service {service} of {account_id[:40]} went to another account.")


class CannotTake(Invalid):
    """The other account cannot have the service: another seller or currency, or it has it already."""

    code = "cannot-take"


class NotBegun(Conflict):
    """The service begins on a later day."""

    code = "not-begun"


class StillSaving(Conflict):
    """Use of the service is committed by a savings plan, which is its account's."""

    code = "still-saving"


@dataclass(frozen=True, slots=True)
class Handed:
    """One service as it ends, as it goes on, what of it is agreed and charged; None: it only ends."""

    ended: Service
    back: tuple[Charge, ...]
    after: Service | None
    agreed: tuple[Agreement, ...] = ()
    charged: tuple[Charge, ...] = ()
    planned: tuple[PlannedChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Taker:
    """The account that takes a service; `renewal_day` is the day of the month on which it renews all."""

    account: Account
    is_permanent: bool
    renewal_day: int | None


def refuse_other_seller(giver: Account, taker: Account) -> None:
    """Pass for two accounts of one seller and one currency. Raises CannotTake."""
    if giver.account_id == taker.account_id:
        raise CannotTake(
            f"It is {taker.account_id}'s already: name another account.", account=taker.account_id
        )
    if (giver.legal_entity_id, giver.currency) != (taker.legal_entity_id, taker.currency):
        raise CannotTake(
            f"Account {taker.account_id} buys from {taker.legal_entity_id} in {taker.currency}, "
            f"{giver.account_id} from {giver.legal_entity_id} in {giver.currency}: a service stays with its "
            "seller and currency.",
            account=taker.account_id,
        )


def refuse_closed(taker: Account) -> None:
    """Pass when the account may have another service. Raises AccountNotOpen."""
    if taker.state in (AccountState.SUSPENDED, AccountState.CLOSED):
        raise AccountNotOpen(
            f"Account {taker.account_id} is {taker.state}: it takes no service.", account=taker.account_id
        )


def refuse_not_begun(service: Service, today: date) -> None:
    """Pass for a service that has begun. Raises NotBegun."""
    if today < service.started_on:
        raise NotBegun(
            f"{service.resource_name} begins on {service.started_on}: it changes hands from then on.",
            service=service.resource_name,
        )


def refuse_escape(service: Service, taker: Taker) -> None:
    """Pass unless a renewal that is permanent would stop being so. Raises RenewalIsPermanent."""
    if not taker.is_permanent:
        refuse_permanent(service, f"let {taker.account.account_id}, which has no such term, take")


def handed(
    service: Service,
    history: Sequence[Agreement],
    waiting: Sequence[PlannedChange],
    language: str,
    taker: Taker,
    new_id: ServiceId,
    parent_id: ServiceId | None,
    on: date,
) -> Handed:
    """Return what a service that runs on that day, or begins later, becomes in both accounts.

    `language` is the giver's.
    """
    giver_id = service.account_id
    after = _after(service, taker, new_id, parent_id, on)
    agreed = agreements_after(history, after.started_on, f"moved from {giver_id}")
    return Handed(
        _gone(service, on),
        settled(Move(service, None, None), history, (), on, language),
        after,
        agreed,
        rest(after, agreed, after.started_on, taker.account.language),
        tuple(_planned(waiting, after, taker)),
    )


def expired(service: Service, on: date) -> Handed:
    """Return what becomes of an option that is not renewed any more: it ends with the service."""
    return Handed(_gone(service, on), (), None)


def agreements_after(history: Sequence[Agreement], on: date, reason: str) -> tuple[Agreement, ...]:
    """Return what holds from a day on, numbered anew: the same terms on the same grid of periods."""
    days = [on, *sorted({each.from_on for each in history if each.from_on > on})]
    return tuple(
        replace(in_force(history, day), from_on=day, agreement_no=number, reason=reason, change_no=None)
        for number, day in enumerate(days, 1)
    )


def rest(after: Service, agreed: Sequence[Agreement], on: date, language: str) -> tuple[Charge, ...]:
    """Return the charge of the days that were renewed before; nothing when there are none."""
    until_on = after.next_renewal_on
    if until_on <= on:
        return ()
    told = some_days_text(language, after.description, on, until_on)
    return prorated(after, told, PART, on, until_on, cost_minor(agreed, on, until_on))


def _gone(service: Service, on: date) -> Service:
    return replace(service, state=State.TERMINATED, terminated_on=on)


def _after(
    service: Service, taker: Taker, new_id: ServiceId, parent_id: ServiceId | None, on: date
) -> Service:
    kept = service.renewal
    renewal = Renewal(automatic=True, forced=True) if taker.is_permanent else replace(kept, forced=False)
    return replace(
        service,
        account_id=taker.account.account_id,
        service_id=new_id,
        parent_service_id=parent_id,
        billing_group_id=None,
        started_on=max(service.started_on, on),
        renewal=renewal,
    )


def _planned(waiting: Sequence[PlannedChange], after: Service, taker: Taker) -> list[PlannedChange]:
    """Return what waits for the renewals in the new account: its own day of renewal, all else as it was."""
    stays = [each for each in waiting if each.kind is not ChangeKind.RENEWAL_DAY]
    planned = [replace(each, service_id=after.service_id, change_no=0) for each in stays]
    day = taker.renewal_day
    if day is not None and day != after.anniversary_day:
        planned.append(renewal_day(after.service_id, after.next_renewal_on, day))
    return planned
