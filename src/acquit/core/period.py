"""The months of the books: a month is open, closed, opened again, and in the end sealed with its year.

Months are closed in their order and only when they are over; the last closed one may be opened again, with
a reason, until its year is sealed. No entry is dated in a closed month: what becomes known later is booked on
the first open day.

Source: plan comptable général (ANC 2014-03), articles 921-3 and 921-4 (entries that stand, closing).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from acquit.core.bill_run import BadPeriod, Period, period
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import LegalEntityId

_DAY: Final = timedelta(days=1)


class PeriodNotOver(Conflict):
    """A month is closed when it is over."""

    code = "period-not-over"


class PeriodClosed(Conflict):
    """The month is closed: no entry may be dated in it."""

    code = "period-closed"


class PeriodNotClosed(Conflict):
    """The month is open."""

    code = "period-not-closed"


class PeriodSealed(Conflict):
    """The year is sealed: none of its months is opened again."""

    code = "period-sealed"


class PeriodOutOfOrder(Conflict):
    """Months are closed first to last and opened again last to first."""

    code = "period-out-of-order"


class BooksDiffer(Conflict):
    """Something does not add up or is not finished, so the month cannot be closed; each fault is told."""

    code = "books-differ"


class ReasonMissing(Invalid):
    """Opening a closed month again needs a reason."""

    code = "reason-missing"


class Happening(StrEnum):
    """What became of a month."""

    DEFERRED = "deferred"
    ACCRUED = "accrued"
    CLOSED = "closed"
    REOPENED = "reopened"
    SEALED = "sealed"


class PeriodState(StrEnum):
    """How a month is now."""

    OPEN = "open"
    CLOSED = "closed"
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class LedgerTotal:
    """What was posted on a ledger account in a month, both sides positive."""

    ledger: str
    currency: str
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True)
class PeriodAct:
    """One act on a month; `entries`, `head` and `totals` are those of a closing."""

    legal_entity_id: LegalEntityId
    act_no: int
    period: str
    happening: Happening
    reason: str
    entries: int
    head: str
    totals: tuple[LedgerTotal, ...]
    acted_by: str
    acted_at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """Some months in a row, both days covered, and how they are written: a month, a quarter or a year."""

    text: str
    first_on: date
    last_on: date


def span(text: str) -> Span:
    """Return the month `2026-11`, the quarter `2026-Q4` or the year `2026`. Raises BadPeriod."""
    year, _, rest = text.partition("-")
    if not (len(year) == 4 and year.isascii() and year.isdigit() and year != "0000"):
        raise _bad_span(text)
    if not rest and "-" not in text:
        return Span(text, date(int(year), 1, 1), date(int(year), 12, 31))
    if rest in ("Q1", "Q2", "Q3", "Q4"):
        last = 3 * int(rest[1])
        return Span(text, date(int(year), last - 2, 1), period(f"{year}-{last:02d}").last_on)
    try:
        month = period(text)
    except BadPeriod:
        raise _bad_span(text) from None
    return Span(text, month.first_on, month.last_on)


def _bad_span(text: str) -> BadPeriod:
    said = f"{text!r} is no period: write a month (2026-11), a quarter (2026-Q4) or a year (2026)."
    return BadPeriod(said, period=text)


def next_month(month: Period) -> Period:
    """Return the month after."""
    return Period(month.last_on + _DAY)


def state_of(month: str, acts: Iterable[PeriodAct]) -> PeriodState:
    """Return how the month is; `acts` are those of the legal entity, oldest first."""
    state = PeriodState.OPEN
    for act in acts:
        if act.happening is Happening.SEALED and act.period[:4] == month[:4]:
            return PeriodState.SEALED
        if act.period == month and act.happening is Happening.CLOSED:
            state = PeriodState.CLOSED
        if act.period == month and act.happening is Happening.REOPENED:
            state = PeriodState.OPEN
    return state


def last_closed(acts: Sequence[PeriodAct]) -> Period | None:
    """Return the last month that is closed now, None when all are open."""
    months = sorted({act.period for act in acts if act.happening is Happening.CLOSED}, reverse=True)
    found = next((each for each in months if state_of(each, acts) is not PeriodState.OPEN), None)
    return None if found is None else period(found)


def open_from(acts: Sequence[PeriodAct]) -> date | None:
    """Return the first day on which may be booked, None when every day is open."""
    last = last_closed(acts)
    return None if last is None else last.last_on + _DAY


def booking_day(on: date, first_open: date | None) -> date:
    """Return the day an event of `on` is booked: its own, or the first open one when that is closed."""
    return on if first_open is None else max(on, first_open)


def refuse_closed_day(on: date, first_open: date | None) -> None:
    """Pass when what is issued on that day may be booked on it. Raises PeriodClosed."""
    if first_open is not None and on < first_open:
        raise PeriodClosed(
            f"{on:%Y-%m} is closed: bills may bear {first_open} or a later day.", first_open=str(first_open)
        )


def refuse_closing(month: Period, today: date, acts: Sequence[PeriodAct], first_booked: date | None) -> None:
    """Pass when the month may be closed now; `first_booked` is the day of the first entry.

    Raises PeriodNotOver, PeriodClosed, PeriodOutOfOrder.
    """
    if today <= month.last_on:
        raise PeriodNotOver(
            f"{month} is not over: close it from {month.last_on + _DAY} on.", period=str(month)
        )
    if state_of(str(month), acts) is not PeriodState.OPEN:
        raise PeriodClosed(f"{month} is closed already.", period=str(month))
    last = last_closed(acts)
    first = None if first_booked is None else Period(first_booked.replace(day=1))
    due = next_month(last) if last is not None else first
    if due is not None and due.first_on < month.first_on:
        raise PeriodOutOfOrder(f"{due} is open: close it before {month}.", period=str(month), first=str(due))
    if last is not None and month.first_on < last.first_on:
        raise PeriodOutOfOrder(
            f"{last} is closed, so nothing is dated in {month} any more.", period=str(month), first=str(last)
        )


def refuse_reopening(month: Period, acts: Sequence[PeriodAct], reason: str) -> None:
    """Pass when the month may be opened again.

    Raises PeriodNotClosed, PeriodSealed, PeriodOutOfOrder, ReasonMissing.
    """
    state = state_of(str(month), acts)
    if state is PeriodState.SEALED:
        raise PeriodSealed(
            f"{month.first_on.year} is sealed: book what became known later on an open day.",
            period=str(month),
        )
    if state is PeriodState.OPEN:
        raise PeriodNotClosed(f"{month} is open already.", period=str(month))
    last = last_closed(acts)
    if last is not None and last != month:
        raise PeriodOutOfOrder(
            f"{last} is closed: open it before {month}.", period=str(month), first=str(last)
        )
    if not reason.strip():
        raise ReasonMissing("A closed month is opened again for a reason: an auditor will read it.")


def refuse_sealing(year: int, acts: Sequence[PeriodAct]) -> None:
    """Pass when the year's last month, and with it all, is closed. Raises PeriodNotClosed, PeriodSealed."""
    december = f"{year}-12"
    state = state_of(december, acts)
    if state is PeriodState.SEALED:
        raise PeriodSealed(f"{year} is sealed already.", period=december)
    if state is PeriodState.OPEN:
        raise PeriodNotClosed(f"{december} is open: close every month of {year} before.", period=december)


def totals_document(totals: Iterable[LedgerTotal]) -> list[dict[str, Any]]:
    """Return control totals as a flat document."""
    return [
        {
            "ledger": each.ledger, "currency": each.currency, "debit_minor": each.debit_minor,
            "credit_minor": each.credit_minor,
        }
        for each in totals
    ]  # fmt: skip
