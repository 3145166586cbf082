"""The auditor's own calendar and rounding: plain days and fractions, nothing of the product."""

from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache

DAY = timedelta(days=1)


def cents(exact: Fraction) -> int:
    """Return whole cents, halves away from zero."""
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


@lru_cache(maxsize=65_536)
def price_cents(quantity: Fraction | int, price_ucents: int) -> int:
    """Return what a quantity costs at a price of 1e-8 of a unit each."""
    return cents(Fraction(quantity) * price_ucents / 1_000_000)


def month_of(on: date) -> date:
    """Return the first day of the month."""
    return on.replace(day=1)


def month_end(on: date) -> date:
    """Return the last day of the month."""
    return on.replace(day=monthrange(on.year, on.month)[1])


def moved(on: date, months: int, day: int) -> date:
    """Return that day of the month so many months on, or the last day of a shorter month."""
    first = month_of(on)
    for _ in range(abs(months)):
        first = month_end(first) + DAY if months > 0 else month_of(first - DAY)
    return first.replace(day=min(day, month_end(first).day))


@lru_cache(maxsize=65_536)
def period(anchor: date, months: int, day: int, on: date) -> tuple[date, date]:
    """Return the period that holds a day: its first day and the first day after it.

    One period begins on the anchor, the others every so many months before and after it.
    """
    turn = 0
    while moved(anchor, (turn + 1) * months, day) <= on:
        turn += 1
    start = anchor if turn == 0 else moved(anchor, turn * months, day)
    while start > on:
        turn -= 1
        start = moved(anchor, turn * months, day)
    return start, moved(anchor, (turn + 1) * months, day)


def days(first: date, until: date) -> list[date]:
    """Return every day from the first to the one before `until`."""
    return [first + DAY * number for number in range((until - first).days)]
