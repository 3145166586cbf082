"""An account commits use of a service for a period at a lower price, lets it grow, and says what follows."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import require_if_staff
from acquit.actions.serving import hold_service_in
from acquit.actions.usage_terms import seller
from acquit.core.account import Account
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.operator import Right
from acquit.core.savings_plan import (
    NoSuchOffer,
    NoSuchSavingsPlan,
    OfferNotForService,
    PeriodEnd,
    PlanChange,
    PlanStatus,
    SavingsOffer,
    SavingsPlan,
    SavingsPlanRuns,
    refuse_bad_name,
    refuse_bad_plan,
    refuse_ended_plan,
    refuse_other_size,
)
from acquit.core.service import Service, refuse_unchangeable
from acquit.core.service_change import refuse_option
from acquit.store import acts, savings_plans, usage_ratings
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class WantedPlan:
    """What an account asks for; without a day it begins today."""

    offer: str
    size: int
    name: str
    starts_on: date | None = None


class _Tried(Exception):
    """Undoes the transaction of what was only tried."""


def offers_in(
    context: Context, tx: Transaction, account: Account, service: Service, on: date
) -> list[SavingsOffer]:
    """Return what the service may be committed to on a day: offers whose meter has a price for it."""
    known = seller(context, tx, account.legal_entity_id)
    return [
        offer
        for offer in savings_plans.offers(tx, account.legal_entity_id)
        if offer.is_open(on)
        and offer.currency == service.currency
        and known.price(offer.meter, service.plan_code, on.replace(day=1)) is not None
    ]


def subscribe_savings(
    context: Context,
    account_id: AccountId,
    service_id: ServiceId,
    wanted: WantedPlan,
    *,
    by: str,
    tries: bool = False,
) -> SavingsPlan:
    """The account holds the plan until its period ends; what it commits is rated with the use of each month.

    With `tries` nothing is written.

    Raises NoSuchAccount, NoSuchService, NotAService, ServiceEnded, ServiceSuspended, ServiceExpired;
    NoSuchOffer, OfferNotForService, BadSize, BadPlanName, StartsInThePast, StartsTooLate.
    """
    made: SavingsPlan | None = None
    with suppress(_Tried), context.database.write() as tx:
        require_if_staff(tx, by, Right.CHANGE_SERVICES)
        account, service, today = hold_service_in(context, tx, account_id, service_id)
        refuse_option(service)
        refuse_unchangeable(service, today)
        starts_on = wanted.starts_on or max(today, service.started_on)
        refuse_bad_plan(wanted.size, wanted.name, starts_on, today)
        _refuse_offer(context, tx, account, service, wanted.offer, today)
        plan_id = savings_plans.add(
            tx, account_id, service_id, account.legal_entity_id, wanted.offer, starts_on, by
        )
        told = PlanChange(starts_on, wanted.name, wanted.size, PeriodEnd.ENDS)
        savings_plans.change(tx, account_id, plan_id, told, by)
        made = _found(tx, account_id, service_id, plan_id)
        _rate_again(tx, made, starts_on)
        if tries:
            raise _Tried
        acts.record(
            tx, by, "subscribe_savings", account_id, f"service:{service_id}", offer=wanted.offer,
            size=wanted.size, on=str(starts_on),
        )  # fmt: skip
    assert made is not None, "what is refused raises"
    return made


def grow_savings(
    context: Context, account_id: AccountId, service_id: ServiceId, plan_id: str, size: int, *, by: str
) -> SavingsPlan:
    """From today on, or from its first day, the plan commits more.

    Raises NoSuchAccount, NoSuchService, NoSuchSavingsPlan, SavingsPlanEnded, BadSize, SizeStays, SizeShrinks.
    """
    with context.database.write() as tx:
        plan, today = _held(context, tx, account_id, service_id, plan_id, by)
        refuse_ended_plan(plan, today)
        from_on = max(today, plan.starts_on)
        refuse_other_size(plan, size, from_on)
        return _told(tx, plan, PlanChange(from_on, size=size), by, "grow_savings")


def set_period_end(
    context: Context,
    account_id: AccountId,
    service_id: ServiceId,
    plan_id: str,
    period_end: PeriodEnd,
    *,
    by: str,
) -> SavingsPlan:
    """When its running period ends, the plan ends or another period begins.

    Raises NoSuchAccount, NoSuchService, NoSuchSavingsPlan, SavingsPlanEnded.
    """
    with context.database.write() as tx:
        plan, today = _held(context, tx, account_id, service_id, plan_id, by)
        refuse_ended_plan(plan, today)
        if plan.period_end is period_end:
            return plan
        return _told(tx, plan, PlanChange(today, period_end=period_end), by, "set_period_end")


def rename_savings(
    context: Context, account_id: AccountId, service_id: ServiceId, plan_id: str, name: str, *, by: str
) -> SavingsPlan:
    """The plan has another name. Raises NoSuchAccount, NoSuchService, NoSuchSavingsPlan, BadPlanName."""
    refuse_bad_name(name)
    with context.database.write() as tx:
        plan, today = _held(context, tx, account_id, service_id, plan_id, by)
        if plan.name == name:
            return plan
        return _told(tx, plan, PlanChange(today, name=name), by, "rename_savings")


def cancel_savings(
    context: Context, account_id: AccountId, service_id: ServiceId, plan_id: str, *, by: str
) -> SavingsPlan:
    """The plan, which has not begun, never will.

    Raises NoSuchAccount, NoSuchService, NoSuchSavingsPlan, SavingsPlanEnded, SavingsPlanRuns.
    """
    with context.database.write() as tx:
        plan, today = _held(context, tx, account_id, service_id, plan_id, by)
        refuse_ended_plan(plan, today)
        if plan.status(today) is PlanStatus.ACTIVE:
            raise SavingsPlanRuns(
                f"The savings plan {plan.name} has begun: it ends with its period, if you say so."
            )
        return _told(tx, plan, PlanChange(today, is_cancelled=True), by, "cancel_savings")


def _told(tx: Transaction, plan: SavingsPlan, told: PlanChange, by: str, verb: str) -> SavingsPlan:
    savings_plans.change(tx, plan.account_id, plan.plan_id, told, by)
    after = _found(tx, plan.account_id, plan.service_id, plan.plan_id)
    if told.name is None:
        _rate_again(tx, after, max(told.from_on, plan.starts_on))
    acts.record(tx, by, verb, plan.account_id, f"savings-plan:{plan.plan_id}")
    return after


def _held(
    context: Context,
    tx: Transaction,
    account_id: AccountId,
    service_id: ServiceId,
    plan_id: str,
    by: str,
) -> tuple[SavingsPlan, date]:
    require_if_staff(tx, by, Right.CHANGE_SERVICES)
    _, _, today = hold_service_in(context, tx, account_id, service_id)
    return _found(tx, account_id, service_id, plan_id), today


def _found(tx: Transaction, account_id: AccountId, service_id: ServiceId, plan_id: str) -> SavingsPlan:
    for plan in savings_plans.of_service(tx, account_id, service_id):
        if plan.plan_id == plan_id:
            return plan
    raise NoSuchSavingsPlan(f"The requested object ({plan_id}) does not exist")


def _refuse_offer(
    context: Context, tx: Transaction, account: Account, service: Service, code: str, on: date
) -> None:
    if code not in [each.offer for each in savings_plans.offers(tx, account.legal_entity_id)]:
        raise NoSuchOffer(f"There is no savings plan {code[:80]}: see what is offered.", offer=code[:80])
    if code not in [each.offer for each in offers_in(context, tx, account, service, on)]:
        raise OfferNotForService(
            f"{code} is not sold today, or covers no use of {service.resource_name}: see what is offered for "
            "the service.",
            offer=code,
        )


def _rate_again(tx: Transaction, plan: SavingsPlan, on: date) -> None:
    """Let the month of a day be rated once more, where it was rated already."""
    key = (plan.account_id, plan.service_id, plan.offer.meter, on.replace(day=1))
    usage_ratings.add_waiting(tx, [key])
