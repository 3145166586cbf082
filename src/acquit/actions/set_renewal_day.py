"""The day of the month on which all services of an account renew together."""

from datetime import date

from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_if_staff, today_of
from acquit.actions.serving import is_there
from acquit.actions.settling import hold_in
from acquit.actions.subscribe_service import plan_in
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId
from acquit.core.operator import Right
from acquit.core.planned_change import ChangeKind, PlannedChange, renewal_day
from acquit.store import acts, planned_changes, renewal_days, services
from acquit.store.renewal_days import RenewalDay
from acquit.store.transaction import Transaction

DAYS = range(1, 32)


class BadRenewalDay(Invalid):
    """A day of the month is 1 to 31."""

    code = "bad-renewal-day"


def set_renewal_day(
    context: Context, account_id: AccountId, *, by: str, day: int | None = None, active: bool = True
) -> RenewalDay:
    """From its next renewal on each service of the account renews on that day of the month.

    The first period until that day is charged by its days. Switched off, services keep the day that they
    have. `day` None keeps the account's day (the 1st when it never chose one).

    Raises NoSuchAccount, BadRenewalDay.
    """
    if day is not None and day not in DAYS:
        raise BadRenewalDay(f"A day of the month is {DAYS[0]} to {DAYS[-1]}, not {day}.", day=str(day))
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.CHANGE_SERVICES)
        account = account_in(tx, account_id)
        hold_in(tx, account.payer_id, [account_id])
        known = renewal_days.find(tx, account_id)
        chosen = RenewalDay(active, day or (known.day if known else 1))
        if chosen == known:
            return chosen
        renewal_days.put(tx, account_id, chosen, by)
        _regroup(tx, account_id, chosen, today_of(context, tx, account), by)
        acts.record(tx, by, "set_renewal_day", account_id, active=active, day=chosen.day)
    return chosen


def _regroup(tx: Transaction, account_id: AccountId, chosen: RenewalDay, today: date, by: str) -> None:
    """Plan the move of every service that renews on another day; what was planned before is withdrawn."""
    running = [each for each in services.of_account(tx, account_id) if is_there(each, today)]
    waiting = planned_changes.waiting(tx, account_id, [each.service_id for each in running])
    old = [
        change.change_no
        for changes in waiting.values()
        for change in changes
        if change.kind is ChangeKind.RENEWAL_DAY
    ]
    planned_changes.withdraw(tx, account_id, old, by, "another day of renewal")
    moved: tuple[PlannedChange, ...] = ()
    if chosen.active:
        moved = tuple(
            renewal_day(each.service_id, each.next_renewal_on, chosen.day)
            for each in running
            if each.anniversary_day != chosen.day
        )
    plan_in(tx, account_id, moved, by)
