"""Months of the books are closed in order, opened again from the last, and sealed with their year."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from acquit.core import period as periods_of
from acquit.core.bill_run import BadPeriod, period
from acquit.core.errors import Refusal
from acquit.core.period import Happening, PeriodAct, PeriodState, booking_day, open_from, span, state_of
from founding import FR

CLOSED = PeriodAct(
    FR, 1, "2026-10", Happening.CLOSED, "", 3, "00", (), "cli", datetime(2026, 11, 2, tzinfo=UTC)
)
OCTOBER, NOVEMBER = period("2026-10"), period("2026-11")


def acts(*told: tuple[str, Happening]) -> list[PeriodAct]:
    return [
        replace(CLOSED, act_no=no, period=month, happening=what) for no, (month, what) in enumerate(told, 1)
    ]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11", date(2026, 11, 1), date(2026, 11, 30)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_span_is_a_month_a_quarter_or_a_year(text: str, first: date, last: date) -> None:
    assert (span(text).first_on, span(text).last_on) == (first, last)


@pytest.mark.parametrize(
    "text", ["", "26", "2026-13", "2026-Q5", "2026-", "0000", "2026-11-01", "Q1-2026", "２０２６"]
)
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(BadPeriod):
        span(text)


def test_the_state_of_a_month_follows_from_what_was_done_with_it() -> None:
    done = acts(("2026-10", Happening.CLOSED), ("2026-10", Happening.REOPENED), ("2026-10", Happening.CLOSED))
    assert [state_of("2026-10", done[:count]) for count in range(4)] == ["open", "closed", "open", "closed"]
    sealed = [*done, *acts(("2026-12", Happening.CLOSED), ("2026-12", Happening.SEALED))]
    assert state_of("2026-10", sealed) is PeriodState.SEALED
    assert state_of("2027-01", sealed) is PeriodState.OPEN


def test_what_is_told_late_is_booked_on_the_first_open_day() -> None:
    closed = acts(("2026-10", Happening.CLOSED))
    assert booking_day(date(2026, 10, 30), open_from(closed)) == date(2026, 11, 1)
    assert booking_day(date(2026, 11, 5), open_from(closed)) == date(2026, 11, 5)
    assert booking_day(date(2026, 10, 30), open_from([])) == date(2026, 10, 30)


CLOSINGS = """
month    today       closed    first booked  refused
2026-10  2026-10-31  -         2026-10-05    period-not-over
2026-10  2026-11-01  -         2026-10-05    -
2026-10  2026-11-01  2026-10   2026-10-05    period-closed
2026-11  2026-12-01  -         2026-10-05    period-out-of-order
2026-11  2026-12-01  2026-10   2026-10-05    -
2026-12  2027-01-01  2026-10   2026-10-05    period-out-of-order
2026-09  2026-12-01  2026-10   2026-10-05    period-out-of-order
2026-11  2026-12-01  -         -             -
"""


@pytest.mark.parametrize("line", CLOSINGS.strip().splitlines()[1:])
def test_months_are_closed_in_order_when_they_are_over(line: str) -> None:
    month, today, closed, first, refused = line.split()
    done = [] if closed == "-" else acts((closed, Happening.CLOSED))
    booked = None if first == "-" else date.fromisoformat(first)
    assert (
        code(lambda: periods_of.refuse_closing(period(month), date.fromisoformat(today), done, booked))
        == refused
    )


def test_the_last_closed_month_is_opened_again_with_a_reason() -> None:
    two = acts(("2026-10", Happening.CLOSED), ("2026-11", Happening.CLOSED))
    assert code(lambda: periods_of.refuse_reopening(OCTOBER, two, "why")) == "period-out-of-order"
    assert code(lambda: periods_of.refuse_reopening(NOVEMBER, two, " ")) == "reason-missing"
    assert code(lambda: periods_of.refuse_reopening(NOVEMBER, two, "a bill was late")) == "-"
    assert code(lambda: periods_of.refuse_reopening(NOVEMBER, two[:1], "why")) == "period-not-closed"


def test_a_year_is_sealed_once_and_then_stays() -> None:
    whole = acts(("2026-12", Happening.CLOSED))
    assert code(lambda: periods_of.refuse_sealing(2026, [])) == "period-not-closed"
    assert code(lambda: periods_of.refuse_sealing(2026, whole)) == "-"
    sealed = [*whole, *acts(("2026-12", Happening.SEALED))]
    assert code(lambda: periods_of.refuse_sealing(2026, sealed)) == "period-sealed"
    assert code(lambda: periods_of.refuse_reopening(period("2026-12"), sealed, "why")) == "period-sealed"


def code(act: object) -> str:
    try:
        act()  # type: ignore[operator]
    except Refusal as refused:
        return refused.code
    return "-"
