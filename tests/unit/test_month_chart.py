"""Charts: what is drawn adds up to the table, and the start page asks for what is near."""

from datetime import UTC, date, datetime, timedelta

import pytest

from acquit.console.chart import HEIGHT, SERIES_MAX, WIDTH, month_charts, twelve_months
from acquit.console.manager.alerts import alerts
from acquit.core.dispute import Dispute, DisputeState
from acquit.core.identifiers import AccountId, BillId, GrantId
from acquit.core.money import Currency
from acquit.core.terms import Grant, Term
from acquit.store.bill_searches import DueDay
from acquit.store.month_totals import MonthTotal

EUR, USD = Currency("EUR"), Currency("USD")
TODAY = date(2026, 3, 17)


def total(month: int, owner: int, minor: int, currency: Currency = EUR) -> MonthTotal:
    return MonthTotal(date(2026, month, 1), AccountId(f"a{owner}"), f"Account {owner}", currency, minor)


def test_twelve_months_cross_the_year() -> None:
    months = twelve_months(TODAY)
    assert (months[0], months[9], months[-1], len(months)) == (
        date(2025, 4, 1), date(2026, 1, 1), date(2026, 3, 1), 12,
    )  # fmt: skip


def test_columns_stand_on_one_another_within_the_drawing() -> None:
    [chart] = month_charts([total(2, 1, 30_000), total(2, 2, 12_345), total(3, 1, 99)], TODAY)
    assert chart.top_minor == 50_000
    lower, upper = (bar for bar in chart.bars if bar.month == date(2026, 2, 1))
    assert (lower.y + lower.height, upper.y + upper.height) == (HEIGHT, lower.y)
    assert lower.height == 600
    assert upper.height == 246
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH and bar.y >= 0 for bar in chart.bars)
    assert chart.rows[-2] == (date(2026, 2, 1), (30_000, 12_345), 42_345)
    assert chart.sums_minor == (30_099, 12_345)


def test_small_accounts_are_drawn_together_and_nothing_is_lost() -> None:
    totals = [total(3, owner, 1_000 * (20 - owner)) for owner in range(12)]
    [chart] = month_charts(totals, TODAY)
    assert len(chart.names) == SERIES_MAX + 1
    assert chart.names[-1] == ""
    assert sum(chart.sums_minor) == sum(each.total_minor for each in totals)


def test_each_currency_has_a_chart_and_a_credit_is_in_the_table_alone() -> None:
    charts = month_charts([total(3, 1, -500), total(3, 1, 700, USD)], TODAY)
    assert [(chart.currency, chart.sums_minor, len(chart.bars)) for chart in charts] == [
        (USD, (700,), 1), (EUR, (-500,), 0),
    ]  # fmt: skip
    assert month_charts([], TODAY) == []


def grant(days: int, from_on: date, end_on: date | None = None) -> Grant:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Grant(
        AccountId("a1"), GrantId(days), Term(days), EUR, from_on, 30, "operator:sam", at, end_on=end_on
    )


def dispute(state: DisputeState, closed_on: date) -> Dispute:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    closed_at = datetime(closed_on.year, closed_on.month, closed_on.day, tzinfo=UTC)
    return Dispute(
        AccountId("a1"), 1, BillId("FR7"), None, 100, "no", state, "account:a1", at, TODAY,
        closed_at=closed_at,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("grants", "kinds"),
    [
        ([grant(45, date(2026, 1, 1))], []),
        ([grant(45, date(2026, 1, 1), TODAY + timedelta(days=60))], ["term-ends"]),
        ([grant(45, date(2026, 1, 1), TODAY + timedelta(days=61))], []),
        (
            [grant(45, date(2026, 1, 1), date(2026, 4, 1)), grant(60, date(2026, 4, 1))],
            ["term-begins"],
        ),
    ],
)
def test_a_term_that_changes_is_told(grants: list[Grant], kinds: list[str]) -> None:
    assert [each.kind for each in alerts([], [], [], grants, TODAY)] == kinds


def test_late_bills_come_first_and_answers_are_told_for_a_month() -> None:
    late = [
        DueDay(date(2026, 3, 1), EUR, 2, 5_000, 0),
        DueDay(date(2026, 2, 1), EUR, 1, 1_000, 0),
        DueDay(date(2026, 2, 9), USD, 1, 300, 0),
    ]
    argued = [
        dispute(DisputeState.REJECTED, TODAY - timedelta(days=30)),
        dispute(DisputeState.CREDITED, TODAY),
        dispute(DisputeState.CREDITED, TODAY - timedelta(days=31)),
    ]
    found = alerts(late, [], argued, [], TODAY)
    assert [(each.kind, each.amount_minor, each.number) for each in found[:2]] == [
        ("overdue", 6_000, 3), ("overdue", 300, 1),
    ]  # fmt: skip
    assert found[0].on == date(2026, 2, 1)
    assert [each.kind for each in found[2:]] == ["rejected", "agreed"]
