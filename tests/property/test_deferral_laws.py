"""What is released in the end is what was deferred, whatever the amount, the days and the months."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.deferral import deferred_minor, earned_minor
from acquit.core.terms import end_of_month

NETS = st.integers(-(10**12), 10**12)
DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))
LENGTHS = st.integers(0, 1_200)


@given(NETS, DAYS, LENGTHS)
def test_releases_sum_to_what_was_deferred(net_minor: int, start: date, length: int) -> None:
    end = start + timedelta(days=length)
    month = end_of_month(start)
    waiting = deferred_minor(net_minor, start, end, month)
    released = 0
    while month < end:
        following = end_of_month(month + timedelta(days=1))
        after = deferred_minor(net_minor, start, end, following)
        assert abs(after) <= abs(waiting - released)
        released += (waiting - released) - after
        month = following
    assert released == waiting


@given(NETS, DAYS, LENGTHS, st.integers(-40, 1_300))
def test_earned_and_deferred_are_the_line_and_never_beyond_it(
    net_minor: int, start: date, length: int, offset: int
) -> None:
    end, on = start + timedelta(days=length), start + timedelta(days=offset)
    earned, waiting = earned_minor(net_minor, start, end, on), deferred_minor(net_minor, start, end, on)
    assert earned + waiting == net_minor
    assert 0 <= abs(earned) <= abs(net_minor)
    assert earned == 0 or on >= start
    assert waiting == 0 or on < end


def test_a_year_paid_ahead_is_earned_by_the_day() -> None:
    start, end = date(2026, 11, 1), date(2027, 10, 31)
    assert earned_minor(36_500, start, end, date(2026, 11, 30)) == 3_000
    assert deferred_minor(36_500, start, end, date(2026, 12, 31)) == 30_400
    assert earned_minor(1, date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 1)) == 1
    assert earned_minor(-1, date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 1)) == -1
