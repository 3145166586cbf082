"""An option becomes a service of its own: the rest of its period is settled by the day."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

from acquit.actions.change_service import rebound_in, refuse_over_credit_in
from acquit.actions.context import Context
from acquit.actions.loading import require_if_staff
from acquit.actions.selling import offered_in
from acquit.actions.serving import begun_in, belonging_in, charge_in, hold_service_in
from acquit.actions.set_renewal import held
from acquit.actions.subscribe_service import plan_in
from acquit.core.account import Account
from acquit.core.catalogue import Capacity, NotPriced, OptionRefused, Plan, of_code
from acquit.core.charge import Charge
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.money import E4_PER_ONE
from acquit.core.operator import Right
from acquit.core.service import Service, refuse_unchangeable
from acquit.core.service_change import Move, When, agreed, detachable_to, fees, refuse_change, settled
from acquit.core.subscription import Wish, parts_of, refuse_bad_wish, route_of
from acquit.store import acts, agreements, catalogues, services
from acquit.store.transaction import Transaction


class NotAnOption(Invalid):
    """Only an option is detached from its service."""

    code = "not-an-option"


@dataclass(frozen=True, slots=True)
class Alone:
    """What an option is to be: a plan in a mode and period, so many of it."""

    plan_code: str
    mode: str
    months: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Detached:
    """The service that the option is now, since when, and what the next bill bears for it."""

    service: Service
    effective_on: date
    charges: tuple[Charge, ...]


class _Tried(Exception):
    """Undoes the transaction of what was only tried."""


def detach_option(
    context: Context,
    account_id: AccountId,
    service_id: ServiceId,
    wanted: Alone,
    *,
    by: str,
    tries: bool = False,
) -> Detached:
    """The option is a service of its own from today on, under its plan's name and at the price of the day.

    The rest of its paid period comes back at the old price and is charged at the new one, with what the
    catalogue asks for detaching. With `tries` nothing is changed.

    Raises NoSuchAccount, NoSuchService, NotAnOption, ServiceEnded, ServiceSuspended, ServiceExpired;
    OptionRefused where its service cannot be without it, or where it has tiers; NoSuchPlan, PlanRetired,
    NotPriced, NotRenewable, BadWish, OnlyAtRenewal, StillEngaged, CreditLimitExceeded.
    """
    done: Detached | None = None
    with suppress(_Tried), context.database.write() as tx:
        require_if_staff(tx, by, Right.CHANGE_SERVICES)
        account, option, today = hold_service_in(context, tx, account_id, service_id)
        done = _detached(tx, account, option, max(today, option.started_on), wanted, by)
        if tries:
            raise _Tried
        acts.record(
            tx, by, "detach_option", account_id, f"service:{service_id}", on=str(done.effective_on),
            plan=wanted.plan_code, parent=str(option.parent_service_id),
        )  # fmt: skip
    assert done is not None, "what is refused raises"
    return done


def _detached(
    tx: Transaction, account: Account, option: Service, on: date, wanted: Alone, by: str
) -> Detached:
    if option.parent_service_id is None:
        raise NotAnOption(f"{option.resource_name} is a service of its own already.")
    refuse_unchangeable(option, on)
    head = held(tx, account.account_id, option.parent_service_id)
    _refuse_needed(tx, head, option, on)
    option = begun_in(tx, option, on, by)
    move = _move(tx, account, option, wanted, on)
    refuse_change(option, [move], When.NOW, on)
    history = agreements.history(tx, option)
    added = agreed(move, history, on, f"detached from {head.resource_name}")
    agreements.extend(tx, option, added, by)
    after, planned = rebound_in(tx, move, on, by)
    services.set_terms(tx, [after])
    services.set_alone(tx, after)
    plan_in(tx, account.account_id, planned, by)
    charges = (
        *settled(move, history, added, on, account.language),
        *fees(move, on, Capacity.DETACH, added[0].agreement_no, account.language),
    )
    refuse_over_credit_in(tx, account, on, charges)
    charge_in(tx, account.account_id, charges)
    return Detached(after, on, charges)


def _move(tx: Transaction, account: Account, option: Service, wanted: Alone, on: date) -> Move:
    """Return the option with what it is to be. Raises NotPriced where the plan does not take it."""
    offered = offered_in(tx, account, wanted.plan_code, on)
    refuse_bad_wish(Wish(wanted.plan_code, on, wanted.quantity))
    if not detachable_to(offered.plan, _plan_of(tx, option)):
        raise NotPriced(
            f"{option.plan_code} does not become {wanted.plan_code}: see what it may be detached to.",
            plan=wanted.plan_code,
        )
    part, *tiers = parts_of(offered.plan, wanted.quantity, wanted.mode, wanted.months, None)
    if tiers:
        raise NotPriced(
            f"{wanted.quantity} of {wanted.plan_code} have prices by tiers: subscribe them as a service.",
            plan=wanted.plan_code,
        )
    name = f"{wanted.plan_code}-{option.service_id}"
    after = replace(
        option,
        parent_service_id=None,
        resource_name=name,
        display_name=name,
        route=route_of(offered.plan),
        catalogue_id=offered.catalogue_id,
        plan_code=wanted.plan_code,
        pricing_mode=part.line.pricing.mode,
        description=offered.plan.invoice_name,
        quantity_e4=part.line.quantity * E4_PER_ONE,
        unit_price_ucents=part.line.price_ucents,
        renewal_months=part.line.pricing.months,
    )
    return Move(option, after, part)


def _refuse_needed(tx: Transaction, head: Service, option: Service, on: date) -> None:
    """Pass when the service may be without the option. Raises OptionRefused."""
    codes = [each.plan_code for each in belonging_in(tx, head, on)[1:]]
    if codes.count(option.plan_code) > 1:
        raise OptionRefused(f"{option.plan_code} has tiers: it is changed with its service.")
    left = [code for code in codes if code != option.plan_code]
    for family in _plan_of(tx, head).families:
        if family.mandatory and option.plan_code in family.options and not set(left) & set(family.options):
            raise OptionRefused(
                f"{head.plan_code} needs an option of {family.name}: {option.plan_code} stays with it.",
                family=family.name,
            )


def _plan_of(tx: Transaction, service: Service) -> Plan:
    return of_code(catalogues.plans(tx, service.catalogue_id, [service.plan_code]), service.plan_code)
