"""Move the clock of a sandbox: what a provider would have done on the days between is done, as ever."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from acquit.actions.context import Context
from acquit.actions.loading import account_in, entity_in, entity_of, require_staff
from acquit.actions.run_bills import run_bills
from acquit.actions.turn_day import turn_day_of
from acquit.core.bill_run import RunStatus
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.operator import Right
from acquit.core.sandbox import clock_of, refuse_move
from acquit.store import accounts, acts, legal_entities
from acquit.store.transaction import Transaction

Progress = Callable[[int], None]
"""Called with the days that passed since the last call."""


@dataclass(frozen=True, slots=True)
class SandboxClock:
    """Where the clock of a sandbox stands, and whose it is: all accounts of the family share it."""

    account: AccountId
    legal_entity: LegalEntityId
    today: date
    accounts: tuple[AccountId, ...]


@dataclass(frozen=True, slots=True)
class Advanced:
    """How the clock went: the days that turned, the bills that were issued, the accounts set aside."""

    account: AccountId
    from_on: date
    today: date
    days: int
    bills: int
    parked: int


def show_test_clock(context: Context, account_id: AccountId) -> SandboxClock:
    """Return the clock of the account's sandbox. Raises NoSuchAccount, NotASandbox."""
    with context.database.read() as tx:
        return _clock(tx, account_id)


def set_test_clock(context: Context, account_id: AccountId, to_on: date, *, by: str) -> SandboxClock:
    """The clock stands at that day, and nothing was done for the days between: the next run catches up.

    Raises NoSuchAccount, NotASandbox, ClockBackwards, ClockTooFar.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.RUN_BILLS)
        clock = _clock(tx, account_id)
        refuse_move(clock.today, to_on)
        legal_entities.move_clock(tx, clock.legal_entity, clock.today, to_on)
        acts.record(tx, by, "set_test_clock", clock.account, from_on=str(clock.today), to_on=str(to_on))
        return _clock(tx, account_id)


def advance_test_clock(
    context: Context,
    account_id: AccountId,
    to_on: date,
    *,
    by: str,
    progress: Progress = lambda _days: None,
) -> Advanced:
    """The clock stands at that day; each day between turned, each month was billed on its first day.

    Stopped anywhere and called again, it goes on: the work of a day done twice does nothing more. Only the
    accounts of this sandbox are touched. Raises NoSuchAccount, NotASandbox, ClockBackwards, ClockTooFar.
    """
    with context.database.read() as tx:
        require_staff(tx, by, Right.RUN_BILLS)
        start = _clock(tx, account_id)
    refuse_move(start.today, to_on)
    issued, parked = _work(context, start.legal_entity, start.today, by)
    today = start.today
    while today < to_on:
        today = _next_day(context, start.legal_entity, today)
        more, parked_now = _work(context, start.legal_entity, today, by)
        issued, parked = issued + more, parked_now if today.day == 1 else parked
        progress(1)
    with context.database.write() as tx:
        acts.record(
            tx, by, "advance_test_clock", start.account, from_on=str(start.today), to_on=str(today),
            bills=issued,
        )  # fmt: skip
    days = (today - start.today).days
    return Advanced(start.account, start.today, today, days, issued, parked)


def _next_day(context: Context, legal_entity_id: LegalEntityId, today: date) -> date:
    """Set the clock one day on; another who did so meanwhile is followed."""
    with context.database.write() as tx:
        legal_entities.move_clock(tx, legal_entity_id, today, today + timedelta(days=1))
        moved = entity_in(tx, legal_entity_id).test_on
    assert moved is not None, "a sandbox keeps its clock"
    return moved


def _work(context: Context, legal_entity_id: LegalEntityId, today: date, by: str) -> tuple[int, int]:
    """Do what is due on the day on which the clock stands; return the bills issued and accounts parked."""
    with context.database.read() as tx:
        entity = entity_in(tx, legal_entity_id)
    turn_day_of(context, entity)
    if today.day != 1:
        return 0, 0
    reports = run_bills(context, legal_entity_id, f"{today:%Y-%m}", by=by)
    assert all(each.status is not RunStatus.REHEARSED for each in reports), "the month is billed"
    return sum(each.posted_now for each in reports), max(each.parked for each in reports)


def _clock(tx: Transaction, account_id: AccountId) -> SandboxClock:
    account = account_in(tx, account_id)
    entity = entity_of(tx, account)
    today = clock_of(entity, account_id)
    top = account.parent_id or account.account_id
    family = (top, *(each.account_id for each in accounts.of_parent(tx, top)))
    return SandboxClock(top, entity.legal_entity_id, today, family)
