"""Change a running service: another plan, quantity or mode, options added or removed."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import require_if_staff
from acquit.actions.selling import Offered, offered_in
from acquit.actions.serving import begun_in, belonging_in, charge_in, hold_service_in
from acquit.actions.subscribe_service import plan_in
from acquit.core.account import Account
from acquit.core.agreement import first_of
from acquit.core.catalogue import Capacity, Kind, Plan, of_code
from acquit.core.charge import Charge
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.money import E4_PER_ONE
from acquit.core.operator import Right
from acquit.core.planned_change import ChangeKind, PlannedChange, engagement_end
from acquit.core.service import Service, first_renewal, months_after, refuse_unchangeable
from acquit.core.service_change import (
    Move,
    Target,
    Wanted,
    When,
    agreed,
    at_renewal,
    codes_after,
    effective_on,
    ended,
    fees,
    grows,
    moves,
    refuse_change,
    refuse_option,
    settled,
)
from acquit.core.subscription import NotSoldAlone, Wish, installations, option_mode, parts_of, refuse_bad_wish
from acquit.core.terms import refuse_over_credit
from acquit.store import acts, agreements, catalogues, planned_changes, promotions, services, terms
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did: the service with all that belongs to it, what is charged or given back for it.

    `planned` waits for a renewal; `effective_on` is the first day of the change.
    """

    service: Service
    options: tuple[Service, ...]
    effective_on: date
    is_upgrade: bool
    charges: tuple[Charge, ...]
    planned: tuple[PlannedChange, ...]

    @property
    def net_minor(self) -> int:
        """What the rest of the running period costs more, or less when negative."""
        return sum(charge.net_minor for charge in self.charges)


def change_service(
    context: Context, account_id: AccountId, service_id: ServiceId, wanted: Wanted, *, by: str
) -> Changed:
    """The service is what is wanted, at once or from a renewal on.

    At once: the rest of the running period comes back at the old price and is charged at the new one, by the
    day. Another quantity keeps the price that was agreed, in its tier; another plan, mode or option is sold
    at the price of the day.

    Raises:
        NoSuchAccount, NoSuchService, NotAService, ServiceEnded, ServiceSuspended, ServiceExpired: there is
            no running service to change.
        NoSuchPlan, PlanRetired, NotPriced, NotRenewable, OptionRefused, ForeignCurrency, BadWish: it is not
            sold like that.
        NothingChanges, OnlyAtRenewal, StillEngaged: not so, or not yet.
        CreditLimitExceeded: the payer's open debts and this change are more than sales allowed.
    """
    with context.database.write() as tx:
        changed = _changed_in(context, tx, account_id, service_id, wanted, by)
        acts.record(
            tx, by, "change_service", account_id, f"service:{service_id}", on=str(changed.effective_on),
            plan=changed.service.plan_code, net_minor=changed.net_minor,
        )  # fmt: skip
    return changed


class _Tried(Exception):
    """Undoes the transaction of a change that was only tried."""


def try_change(
    context: Context, account_id: AccountId, service_id: ServiceId, wanted: Wanted, *, by: str
) -> Changed:
    """Nothing is changed; return what `change_service` would do now. Raises what it raises."""
    tried: Changed | None = None
    with suppress(_Tried), context.database.write() as tx:
        tried = _changed_in(context, tx, account_id, service_id, wanted, by)
        raise _Tried
    assert tried is not None, "a change that is refused raises"
    return tried


def _changed_in(
    context: Context, tx: Transaction, account_id: AccountId, service_id: ServiceId, wanted: Wanted, by: str
) -> Changed:
    require_if_staff(tx, by, Right.CHANGE_SERVICES)
    account, head, today = hold_service_in(context, tx, account_id, service_id)
    refuse_option(head)
    on = max(today, head.started_on)
    refuse_unchangeable(head, on)
    group = [begun_in(tx, each, on, by) for each in belonging_in(tx, head, on)]
    return change_in(tx, account, group, wanted, on, by)


def change_in(
    tx: Transaction, account: Account, group: Sequence[Service], wanted: Wanted, on: date, by: str
) -> Changed:
    """Change services that are held, inside a transaction that is the caller's; raises the same."""
    head = group[0]
    starts_on = effective_on(head, wanted.when, on)
    targets = _targets(tx, account, group, wanted, on)
    missing = sum(max(0, len(each.parts) - len(each.services)) for each in targets)
    numbers = iter(services.next_ids(tx, missing))
    of_moves = moves(head, targets, lambda: _fresh(head, next(numbers), starts_on))
    refuse_change(head, of_moves, wanted.when, starts_on)
    is_upgrade = grows(of_moves)
    make = _now if wanted.when is When.NOW else _later
    making = _Making(tx, account, head, starts_on, is_upgrade, by)
    made = [make(making, move) for move in of_moves]
    charges = tuple(charge for charged, _ in made for charge in charged)
    refuse_over_credit_in(tx, account, starts_on, charges)
    charge_in(tx, account.account_id, charges)
    planned = plan_in(tx, account.account_id, tuple(each for _, later in made for each in later), by)
    after = belonging_in(tx, services.find(tx, account.account_id, head.service_id) or head, on)
    return Changed(after[0], tuple(after[1:]), starts_on, is_upgrade, charges, tuple(planned))


# ---------------------------------------------------------------- what it is to be


def _targets(
    tx: Transaction, account: Account, group: Sequence[Service], wanted: Wanted, on: date
) -> list[Target]:
    """Return what each plan code of the service is to be made of, the plan first."""
    head = group[0]
    code, mode = wanted.plan_code or head.plan_code, wanted.mode or head.pricing_mode
    has_new = (code, mode) != (head.plan_code, head.pricing_mode) or bool(wanted.add)
    own = Offered(head.catalogue_id, _plan_of(tx, head))
    offered = offered_in(tx, account, code, on) if has_new else own
    if offered.plan.kind is not Kind.PLAN:
        raise NotSoldAlone(f"{code} is an add-on: a service changes to a plan.", plan=code)
    by_code: dict[str, list[Service]] = {}
    for each in group:
        by_code.setdefault(each.plan_code, []).append(each)
    quantity_now = sum(each.quantity_e4 for each in by_code[head.plan_code]) // E4_PER_ONE
    quantity = quantity_now if wanted.quantity is None else wanted.quantity
    refuse_bad_wish(Wish(code, on, quantity))
    now = [each for each in by_code if each != head.plan_code]
    codes = codes_after(offered.plan, now, wanted, code == head.plan_code)
    is_as_sold = (code, mode) == (head.plan_code, head.pricing_mode)
    months = wanted.months or (head.renewal_months if is_as_sold else None)
    if is_as_sold:
        targets = [_resized(tx, own, by_code[code], mode, quantity_now, quantity)]
    else:
        of_plan = parts_of(offered.plan, quantity, mode, months, None)
        targets = [Target(tuple(by_code[head.plan_code]), offered.catalogue_id, of_plan)]
    plans = catalogues.plans(tx, offered.catalogue_id, codes)
    head_months: int | None = (
        targets[0].parts[0].line.pricing.months if targets[0].parts else head.renewal_months
    )
    for option in codes:
        there = by_code.get(option, [])
        in_mode = (mode, head_months)
        if option in plans:
            in_mode = option_mode(plans[option], mode, head_months)
        if there and (mode == head.pricing_mode or in_mode[0] == there[0].pricing_mode):
            of_option = Offered(there[0].catalogue_id, _plan_of(tx, there[0]))
            targets.append(_resized(tx, of_option, there, there[0].pricing_mode, quantity_now, quantity))
            continue
        of_option_parts = parts_of(of_code(plans, option), quantity, *in_mode, None)
        targets.append(Target(tuple(there), offered.catalogue_id, of_option_parts))
    gone = [each for each in now if each not in codes]
    return [*targets, *(Target(tuple(by_code[each]), head.catalogue_id, ()) for each in gone)]


def _resized(
    tx: Transaction, offered: Offered, there: Sequence[Service], mode: str, quantity_now: int, quantity: int
) -> Target:
    """Return another quantity of what is there: at the agreed price within its tier, else at its tier's.

    Of what was sold in a promotion the units that are added cost the full price, as a tier of their own.
    """
    months = there[0].renewal_months
    if quantity == quantity_now:
        return Target((), offered.catalogue_id, ())
    ids = [each.service_id for each in there]
    if quantity > quantity_now and promotions.is_promoted(tx, there[0].account_id, ids):
        added = parts_of(offered.plan, quantity - quantity_now, mode, months, None)
        return Target((), offered.catalogue_id, added)
    before = parts_of(offered.plan, quantity_now, mode, months, None)
    after = parts_of(offered.plan, quantity, mode, months, None)
    is_same_tier = len(there) == len(before) == len(after) == 1 and (
        before[0].line.pricing.price_ucents == after[0].line.pricing.price_ucents
    )
    return Target(tuple(there), offered.catalogue_id, after, keeps_price=is_same_tier)


def _plan_of(tx: Transaction, service: Service) -> Plan:
    """Return the plan as the version has it that the service was sold from. Raises NoSuchPlan."""
    return of_code(catalogues.plans(tx, service.catalogue_id, [service.plan_code]), service.plan_code)


def _fresh(head: Service, service_id: ServiceId, on: date) -> Service:
    """Return what every service of the same account, name and renewal has in common."""
    return replace(
        head, service_id=service_id, parent_service_id=head.service_id, started_on=on, engaged_until_on=None
    )


# ---------------------------------------------------------------- how it gets there

Made = tuple[tuple[Charge, ...], tuple[PlannedChange, ...]]
"""What is charged or given back, and what waits for a renewal."""


@dataclass(frozen=True, slots=True)
class _Making:
    """What the moves of one change have in common; `on` is the day on which it takes effect."""

    tx: Transaction
    account: Account
    head: Service
    on: date
    is_upgrade: bool
    by: str


def _now(making: _Making, move: Move) -> Made:
    tx, on, language = making.tx, making.on, making.account.language
    if move.before is None:
        return _begin(making, move)
    if move.after is None:
        charges = settled(move, agreements.history(tx, move.before), (), on, language)
        _withdraw(tx, move.before, making.by, frozenset(ChangeKind))
        services.set_terms(tx, [ended(move.before, on, on)])
        return charges, ()
    history = agreements.history(tx, move.before)
    added = agreed(move, history, on, _reason(move, making.is_upgrade))
    agreements.extend(tx, move.before, added, making.by)
    after, planned = rebound_in(tx, move, on, making.by)
    services.set_terms(tx, [after])
    capacity = Capacity.UPGRADE if making.is_upgrade else Capacity.DOWNGRADE
    return (
        *settled(move, history, added, on, language),
        *fees(move, on, capacity, added[0].agreement_no, language),
    ), planned


def _later(making: _Making, move: Move) -> Made:
    tx, on = making.tx, making.on
    if move.before is None:
        return _begin(making, move)
    if move.after is None:
        services.set_terms(tx, [replace(move.before, terminated_on=first_renewal(move.before, on))])
        return (), ()
    replaced = frozenset({ChangeKind.PLAN}) if move.keeps_price else _REPLACED
    _withdraw(tx, move.before, making.by, replaced)
    return (), (at_renewal(move, on, _reason(move, making.is_upgrade)),)


_REPLACED = frozenset({ChangeKind.PLAN, ChangeKind.PRICE, ChangeKind.PROMOTION_END})


def _begin(making: _Making, move: Move) -> Made:
    """Write a new option or tier: it renews with its service where both have the same period."""
    tx, head, on, after, part = making.tx, making.head, making.on, move.after, move.part
    assert after is not None, "what begins is there afterwards"
    assert part is not None, "what begins has a price"
    if after.renewal_months != head.renewal_months:
        after = replace(after, next_renewal_on=on, anniversary_day=on.day)
    elif head.next_renewal_on < on:
        after = replace(after, next_renewal_on=on)
    planned: tuple[PlannedChange, ...] = ()
    if part.binding is not None:
        until = months_after(on, part.binding.months, on.day)
        if head.engaged_until_on is not None and head.engaged_until_on > on:
            until = head.engaged_until_on
        after = replace(after, engaged_until_on=until)
        planned = (engagement_end(after.service_id, until, part.binding),)
    sold = replace(first_of(after), from_on=on, reason="option added")
    services.insert(tx, [after])
    agreements.add(tx, [(after.account_id, after.service_id, sold)], making.by)
    begun = Move(None, after, part)
    language = making.account.language
    return (
        *settled(begun, (), (sold,), on, language),
        *installations([part], [after], language),
    ), planned


def rebound_in(tx: Transaction, move: Move, on: date, by: str) -> tuple[Service, tuple[PlannedChange, ...]]:
    """Return the service with the engagement that it has after the move, and withdraw what no longer fits."""
    before, after, part = move.before, move.after, move.part
    assert before is not None, "what is rebound was there"
    assert after is not None, "what is rebound stays"
    if move.keeps_price or part is None:
        return after, ()
    _withdraw(tx, before, by, _REPLACED | {ChangeKind.ENGAGEMENT_END})
    if part.binding is None:
        return after, ()
    is_engaged = before.engaged_until_on is not None and before.engaged_until_on > on
    until = before.engaged_until_on if is_engaged and before.pricing_mode == after.pricing_mode else None
    if until is None:
        begun = months_after(on, part.binding.months, after.anniversary_day)
        until = max(begun, before.engaged_until_on or begun)
    after = replace(after, engaged_until_on=until)
    return after, (engagement_end(after.service_id, until, part.binding),)


def _withdraw(tx: Transaction, service: Service, by: str, kinds: frozenset[ChangeKind]) -> None:
    waiting = planned_changes.waiting(tx, service.account_id, [service.service_id])
    numbers = [each.change_no for each in waiting[service.service_id] if each.kind in kinds]
    planned_changes.withdraw(tx, service.account_id, numbers, by, "the service was changed")


def _reason(move: Move, is_upgrade: bool) -> str:
    before, after = move.before, move.after
    assert before is not None, "a change has a before"
    assert after is not None, "a change has an after"
    if before.plan_code != after.plan_code:
        return f"{'upgrade' if is_upgrade else 'downgrade'} from {before.plan_code}"
    if before.pricing_mode != after.pricing_mode:
        return f"mode {after.pricing_mode}, {before.pricing_mode} before"
    return f"quantity {after.quantity_e4 // E4_PER_ONE}, {before.quantity_e4 // E4_PER_ONE} before"


def refuse_over_credit_in(tx: Transaction, account: Account, on: date, charges: Sequence[Charge]) -> None:
    """Pass when the payer may owe what is charged too. Raises CreditLimitExceeded."""
    adding_minor = sum(charge.net_minor for charge in charges)
    if adding_minor > 0:
        left_minor = terms.credit_left_on(tx, account.payer_id, on)
        refuse_over_credit(account.payer_id, left_minor, adding_minor)
