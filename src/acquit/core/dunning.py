"""Dunning: when what is late is asked for, in which words, and what never happens.

A calendar is a ladder of steps, each so many days after the due date: a courtesy before it, reminders,
a formal notice, at last a suspension. Per debt the next step is taken when its day has come. What never
happens:
- a step on a bill that is not due, except a courtesy, and none of these inside a granted term;
- a step for what is disputed, for what the payer promised and whose day is not over, or for money that has
  arrived and settles nothing yet: it covers the oldest debts;
- a formal notice without a reminder before it, a suspension without a formal notice, or sooner after it
  than the calendar sets between the two;
- two letters to one payer within a week.

A debt that was paid and is open again (a payment was returned) begins anew, but for its due date.

Source: Code de commerce L441-10 (no reminder is needed for late interest); Code civil 1344 (formal notice).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.money import Currency, plain

QUIET_DAYS: Final = 7
"""So many days lie between two letters to one payer."""

DAYS_MAX: Final = 365
COURTESY_DAYS_MAX: Final = 30


class BadCalendar(Invalid):
    """A calendar's steps rise by day and lead in order to a suspension."""

    code = "bad-calendar"


class BadPromise(Invalid):
    """A promise is of more than nothing, by a day that is not over and not far away."""

    code = "bad-promise"


class BadText(Invalid):
    """A letter's text names what is never filled in, or lacks what every letter has to say."""

    code = "bad-text"


class StepKind(StrEnum):
    """What a step does."""

    COURTESY = "courtesy"
    REMINDER = "reminder"
    NOTICE = "notice"
    SUSPENSION = "suspension"


ORDER: Final = {kind: place for place, kind in enumerate(StepKind)}
"""Steps come in this order."""


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: its name, what it does, and how many days after the due date (before it: negative)."""

    code: str
    kind: StepKind
    days: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a payer's late debts are chased; with `claims` a formal notice claims interest and fees too."""

    steps: tuple[Step, ...]
    claims: bool = False


DEFAULT: Final = Calendar(
    (
        Step("courtesy", StepKind.COURTESY, -5),
        Step("reminder-1", StepKind.REMINDER, 1),
        Step("reminder-2", StepKind.REMINDER, 8),
        Step("reminder-3", StepKind.REMINDER, 15),
        Step("formal-notice", StepKind.NOTICE, 30),
        Step("suspension", StepKind.SUSPENSION, 45),
    )
)
"""The calendar of a legal entity that set none."""


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was taken on a debt."""

    kind: StepKind
    days: int
    happened_on: date


@dataclass(frozen=True, slots=True)
class Chaseable:
    """An open debt as dunning looks at it; `done` are its steps since it was last opened, oldest first."""

    account_id: AccountId
    debt_id: DebtId
    bill_id: BillId
    currency: Currency
    due_on: date
    open_minor: int
    disputed_minor: int = 0
    on_terms: bool = False
    is_claim: bool = False
    done: tuple[Done, ...] = ()


@dataclass(frozen=True, slots=True)
class Chased:
    """A debt, the step that it takes now, and how much is asked for."""

    debt: Chaseable
    step: Step
    late_days: int
    chased_minor: int


@dataclass(frozen=True, slots=True)
class Promise:
    """A payer promised so much by a day; `paid_minor` is what it has paid since."""

    account_id: AccountId
    promise_id: int
    currency: Currency
    amount_minor: int
    promised_on: date
    due_on: date
    words: str = ""
    paid_minor: int = 0

    def state(self, on: date) -> str:
        """Return `kept`, `running` through its day, or `broken`."""
        if self.paid_minor >= self.amount_minor:
            return "kept"
        return "running" if on <= self.due_on else "broken"

    def left_minor(self, on: date) -> int:
        """Return what is still promised: nothing once it is kept or its day is over."""
        return max(self.amount_minor - self.paid_minor, 0) if on <= self.due_on else 0


def refuse_calendar(calendar: Calendar) -> None:
    """Pass when the steps make a ladder. Raises BadCalendar with the first wrong one."""
    steps = calendar.steps
    codes = [step.code for step in steps]
    if not steps or len(set(codes)) != len(codes) or not all(code and code.isprintable() for code in codes):
        raise BadCalendar("A calendar has one step or more, each with a name of its own.")
    for before, after in pairwise(steps):
        if before.days >= after.days or ORDER[before.kind] > ORDER[after.kind]:
            raise BadCalendar(
                f"{after.code} (day {after.days}) cannot follow {before.code} (day {before.days}): days "
                "rise, and the order is courtesy, reminders, formal notice, suspension."
            )
    for step in steps:
        _refuse_day(step)
    kinds = [step.kind for step in steps]
    if kinds.count(StepKind.SUSPENSION) > 1 or kinds.count(StepKind.NOTICE) > 1:
        raise BadCalendar("A calendar has at most one formal notice and one suspension.")
    if StepKind.SUSPENSION in kinds and StepKind.NOTICE not in kinds:
        raise BadCalendar("A service is suspended only after a formal notice: give the calendar one.")
    if StepKind.NOTICE in kinds and StepKind.REMINDER not in kinds:
        raise BadCalendar("A formal notice follows a reminder: give the calendar one.")
    days = {step.kind: step.days for step in steps}
    if StepKind.SUSPENSION in days and days[StepKind.SUSPENSION] < days[StepKind.NOTICE] + QUIET_DAYS:
        raise BadCalendar(f"A suspension is at least {QUIET_DAYS} days after the formal notice.")


def _refuse_day(step: Step) -> None:
    first, last = (-COURTESY_DAYS_MAX, -1) if step.kind is StepKind.COURTESY else (1, DAYS_MAX)
    if not first <= step.days <= last:
        raise BadCalendar(
            f"{step.code} is on day {step.days}: a courtesy is {COURTESY_DAYS_MAX} to 1 days before the due "
            f"date, every other step 1 to {DAYS_MAX} days after it; nothing is asked for on the due date."
        )


def refuse_promise(amount_minor: int, currency: Currency, due_on: date, on: date) -> None:
    """Pass when such a promise can be recorded. Raises BadPromise."""
    if amount_minor <= 0:
        raise BadPromise(f"{plain(amount_minor, currency)} {currency} is no promise.")
    if not on <= due_on <= on + timedelta(days=DAYS_MAX):
        raise BadPromise(f"A promise names a day from {on} on, within a year, not {due_on}.")


def next_step(calendar: Calendar, debt: Chaseable, on: date) -> Step | None:
    """Return the step that the debt takes on that day, or None."""
    late_days = (on - debt.due_on).days
    reached = max((done.days for done in debt.done), default=-DAYS_MAX)
    ready = [
        step
        for step in calendar.steps
        if reached < step.days <= late_days and _may(calendar, step, debt, on, late_days)
    ]
    return ready[-1] if ready else None


def _may(calendar: Calendar, step: Step, debt: Chaseable, on: date, late_days: int) -> bool:
    if step.kind is StepKind.COURTESY:
        return late_days <= 0 and not debt.on_terms
    if late_days <= 0:
        return False
    if step.kind is StepKind.REMINDER:
        return True
    if step.kind is StepKind.NOTICE:
        return any(done.kind is StepKind.REMINDER for done in debt.done)
    noticed = [done.happened_on for done in debt.done if done.kind is StepKind.NOTICE]
    between = step.days - next(each.days for each in calendar.steps if each.kind is StepKind.NOTICE)
    return bool(noticed) and not debt.is_claim and on >= max(noticed) + timedelta(days=between)


def uncovered(debts: Iterable[Chaseable], covered_minor: int) -> list[tuple[Chaseable, int]]:
    """Return the debts of one currency, oldest first, with what of each money and promises do not cover."""
    found = []
    for debt in sorted(debts, key=lambda each: (each.due_on, each.account_id, each.debt_id)):
        asked = max(debt.open_minor - debt.disputed_minor, 0)
        used = min(asked, covered_minor)
        covered_minor -= used
        found.append((debt, asked - used))
    return found


def chase(
    calendar: Calendar,
    debts: Sequence[Chaseable],
    covered_minor: dict[Currency, int],
    touched_on: date | None,
    on: date,
) -> list[Chased]:
    """Return the steps that a payer's debts take on that day: none within a week of the last letter.

    `covered_minor` is per currency what has arrived from the payer and settles nothing, and what it promised.
    """
    if touched_on is not None and on < touched_on + timedelta(days=QUIET_DAYS):
        return []
    found = []
    for currency in sorted({debt.currency for debt in debts}):
        own = [debt for debt in debts if debt.currency == currency]
        for debt, asked in uncovered(own, max(covered_minor.get(currency, 0), 0)):
            step = next_step(calendar, debt, on) if asked > 0 else None
            if step is not None:
                found.append(Chased(debt, step, (on - debt.due_on).days, asked))
    return found


def gravest(chased: Sequence[Chased]) -> Step:
    """Return the step that names the letter: the last one in the order of steps."""
    return max((each.step for each in chased), key=lambda step: (ORDER[step.kind], step.days))


def restarted(debt: Chaseable, reopened_on: date | None) -> Chaseable:
    """Return the debt without the steps from before it was opened again."""
    if reopened_on is None:
        return debt
    return replace(debt, done=tuple(done for done in debt.done if done.happened_on >= reopened_on))
