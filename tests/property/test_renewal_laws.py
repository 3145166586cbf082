"""Periods of a service follow each other without a gap and come back to the anniversary."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.service import last_day, months_after
from acquit.core.terms import end_of_month

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
MONTHS = st.integers(1, 60)


@given(DAYS, MONTHS, st.integers(2, 40))
def test_periods_cover_every_day_once(started_on: date, months: int, count: int) -> None:
    starts = [months_after(started_on, months * turn, started_on.day) for turn in range(count)]
    for start, following in pairwise(starts):
        assert last_day(start, months, started_on.day) + timedelta(days=1) == following
        assert start < following


@given(DAYS, MONTHS)
def test_a_short_month_does_not_shift_the_anniversary(started_on: date, months: int) -> None:
    on = started_on
    for _ in range(24):
        on = months_after(on, months, started_on.day)
        assert on.day == min(started_on.day, end_of_month(on).day)


@given(DAYS, st.integers(-600, 600))
def test_there_and_back_again(started_on: date, months: int) -> None:
    there = months_after(started_on, months, started_on.day)
    assert months_after(there, -months, started_on.day) == started_on
