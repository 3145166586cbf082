"""Announce another price of a service or of all services of a plan, and withdraw what was announced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_in, entity_of, require_staff
from acquit.actions.selling import offered_in
from acquit.actions.serving import hold_service_in
from acquit.actions.settling import hold_in
from acquit.actions.subscribe_service import plan_in
from acquit.actions.tell_accounts import tell_in
from acquit.core.account import Account
from acquit.core.catalogue import NotPriced, Plan
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, LegalEntityId, ServiceId
from acquit.core.message import MessageKind, Telling
from acquit.core.money import E4_PER_ONE, amount_minor
from acquit.core.operator import Right
from acquit.core.planned_change import ChangeKind, NoSuchChange, PlannedChange, takes_effect_on
from acquit.core.price_change import (
    SamePrice,
    announced,
    refuse_bad_price,
    refuse_left_plan,
    refuse_short_notice,
)
from acquit.core.service import Service, refuse_ended
from acquit.core.subscription import parts_of
from acquit.store import acts, planned_changes, services
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Announcement:
    """A price that a service will have: the renewal that takes it starts on `takes_effect_on`."""

    account_id: AccountId
    service: Service
    change: PlannedChange
    takes_effect_on: date


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply_prices` announced, how many services keep their price, and those that it left out."""

    announced: tuple[Announcement, ...]
    unchanged: int
    left_out: tuple[tuple[AccountId, ServiceId, str], ...]


def change_price(
    context: Context,
    account_id: AccountId,
    service_id: ServiceId,
    unit_price_ucents: int,
    from_on: date,
    *,
    by: str,
    reason: str = "price change",
) -> Announcement:
    """The service has another unit price from the first renewal on or after a day; its account is told.

    An engagement or a promotion runs to its end first.

    Raises NoSuchAccount, NoSuchService, ServiceEnded, BadPrice, NoticeTooShort, SamePrice, StaffOnly,
    RoleForbids.
    """
    refuse_bad_price(unit_price_ucents)
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHANGE_PRICES)
        account, service, today = hold_service_in(context, tx, account_id, service_id)
        refuse_ended(service)
        refuse_short_notice(from_on, today, entity_of(tx, account).price_notice_days)
        waiting = planned_changes.waiting(tx, account_id, [service_id])[service_id]
        change = announced(service, waiting, from_on, unit_price_ucents, None, reason)
        (change,) = plan_in(tx, account_id, (change,), by)
        _record(tx, by, service, change)
        announcement = Announcement(account_id, service, change, takes_effect_on(change, service))
        _tell(tx, [announcement])
    return announcement


def withdraw_change(
    context: Context, account_id: AccountId, service_id: ServiceId, change_no: int, *, by: str, reason: str
) -> None:
    """The announced price or planned plan will not come: no renewal has taken it yet.

    Raises NoSuchAccount, NoSuchService, NoSuchChange, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHANGE_PRICES)
        hold_service_in(context, tx, account_id, service_id)
        waiting = planned_changes.waiting(tx, account_id, [service_id])[service_id]
        withdrawable = (ChangeKind.PRICE, ChangeKind.PLAN)
        if not any(each.change_no == change_no and each.kind in withdrawable for each in waiting):
            raise NoSuchChange(
                f"Service {service_id} has no announced price or plan {change_no} that still waits.",
                change=str(change_no),
            )
        planned_changes.withdraw(tx, account_id, [change_no], by, reason)
        acts.record(
            tx, by, "withdraw_change", account_id, f"service:{service_id}", change=change_no, reason=reason
        )


def apply_prices(
    context: Context,
    legal_entity_id: LegalEntityId,
    plan_code: str,
    from_on: date,
    *,
    by: str,
    mode: str | None = None,
    dry_run: bool = False,
) -> Applied:
    """All services of a plan have the price of the version in force on a day, from their renewals then on.

    Each in its currency, mode, period and tier. Services that cost that already, or that wait for it, are
    left as they are; so it may be done again after a stop. A service whose mode the version does not price,
    or that has another plan, mode or quantity by then, is left out and named.

    Raises NoSuchLegalEntity, NoticeTooShort, StaffOnly, RoleForbids.
    """
    with context.database.read() as tx:
        require_staff(tx, by, Right.CHANGE_PRICES)
        entity = entity_in(tx, legal_entity_id)
        refuse_short_notice(from_on, date_of(context, entity), entity.price_notice_days)
        found = planned_changes.of_plan(tx, legal_entity_id, plan_code, mode)
    told: list[Announcement] = []
    left_out: list[tuple[AccountId, ServiceId, str]] = []
    total = sum(map(len, found.values()))
    for account_id, service_ids in found.items():
        with context.database.write() as tx:
            account = account_in(tx, account_id)
            hold_in(tx, account.payer_id, [account_id])
            announcements, refused = _apply(tx, account, service_ids, from_on, by, write=not dry_run)
        told += announcements
        left_out += refused
    return Applied(tuple(told), total - len(told) - len(left_out), tuple(left_out))


def _apply(
    tx: Transaction,
    account: Account,
    service_ids: Sequence[ServiceId],
    from_on: date,
    by: str,
    *,
    write: bool,
) -> tuple[list[Announcement], list[tuple[AccountId, ServiceId, str]]]:
    """Announce the version's price to the services of one account."""
    account_id = account.account_id
    waiting = planned_changes.waiting(tx, account_id, service_ids)
    told: list[tuple[Service, PlannedChange]] = []
    left_out: list[tuple[AccountId, ServiceId, str]] = []
    found = services.find_several(tx, account_id, service_ids)
    for service in found:
        try:
            offered = offered_in(tx, account, service.plan_code, from_on)
            unit_price_ucents = _price(offered.plan, service, found)
            reason = f"catalogue {offered.catalogue_id}"
            waits = waiting[service.service_id]
            change = announced(service, waits, from_on, unit_price_ucents, offered.catalogue_id, reason)
            refuse_left_plan(service, waits, change)
            told.append((service, change))
        except SamePrice:
            continue
        except Refusal as refusal:
            left_out.append((account_id, service.service_id, refusal.message))
    changes = tuple(change for _, change in told)
    if write:
        changes = tuple(plan_in(tx, account_id, changes, by))
        for (service, _), change in zip(told, changes, strict=True):
            _record(tx, by, service, change)
    announcements = [
        Announcement(account_id, service, change, takes_effect_on(change, service))
        for (service, _), change in zip(told, changes, strict=True)
    ]
    if write and announcements:
        _tell(tx, announcements)
    return announcements, left_out


def _tell(tx: Transaction, announcements: Sequence[Announcement]) -> None:
    """The account, which is one, is told of these prices in one message."""
    first = announcements[0]
    lines = [
        {
            "service": f"{each.service.description} ({each.service.resource_name})",
            "currency": each.service.currency,
            "now_minor": _of_one(each.service, each.service.unit_price_ucents),
            "then_minor": _of_one(each.service, each.change.unit_price_ucents or 0),
            "from_on": each.takes_effect_on.isoformat(),
        }
        for each in announcements
    ]
    about = f"{first.service.service_id}/{first.change.change_no}"
    said = {"currency": first.service.currency, "lines": lines}
    tell_in(tx, [Telling(first.account_id, MessageKind.PRICE_CHANGE, about, said)])


def _of_one(service: Service, unit_price_ucents: int) -> int:
    return amount_minor(E4_PER_ONE, unit_price_ucents, service.currency)


def _price(plan: Plan, service: Service, of_plan: Sequence[Service]) -> int:
    """Return what the service's units cost in the version: in its mode and period, in their tier."""
    head = service.parent_service_id or service.service_id
    tiers = [
        each
        for each in of_plan
        if each.service_id == service.service_id or head in (each.service_id, each.parent_service_id)
    ]
    quantity = sum(each.quantity_e4 for each in tiers) // E4_PER_ONE
    parts = parts_of(plan, quantity, service.pricing_mode, service.renewal_months, None)
    if len(parts) != len(tiers):
        raise NotPriced(
            f"{quantity} x {plan.plan_code} stand in {len(parts)} tiers of the version, not in "
            f"{len(tiers)}: change the service's quantity instead.",
            plan=plan.plan_code,
        )
    return parts[tiers.index(service)].line.price_ucents


def _record(tx: Transaction, by: str, service: Service, change: PlannedChange) -> None:
    acts.record(
        tx, by, "change_price", service.account_id, f"service:{service.service_id}", change=change.change_no,
        not_before=str(change.not_before_on), unit_price_ucents=change.unit_price_ucents,
    )  # fmt: skip
