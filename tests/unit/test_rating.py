"""What the use of a month costs, as a bookkeeper would check it by hand."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from acquit.core.catalogue import Capacity, Kind, Plan, Pricing, Strategy
from acquit.core.charge import gathers_usage
from acquit.core.identifiers import ServiceId
from acquit.core.meter import Aggregation, Meter, Per, Price, Tier, catalogue_tiers, holding
from acquit.core.money import Currency
from acquit.core.problem import Problem
from acquit.core.rating import (
    Day,
    Metered,
    Rated,
    Share,
    adjustment,
    charges,
    forecast_e4,
    quantity_e4,
    rate,
    share_of,
)
from acquit.core.usage import quantity_e4 as read_quantity

EUR = Currency("EUR")
CENT = 1_000_000
WHOLE = Share(31, 31)
FIRST = date(2026, 1, 1)
GRADUATED = (Tier(100_0000, 10 * CENT), Tier(1_000_0000, 5 * CENT), Tier(None, 1 * CENT))


def price(**given: Any) -> Price:
    return replace(Price("m", "", FIRST, EUR, GRADUATED), **given)


def meter(aggregation: str = "sum", per: str = "period") -> Meter:
    return Meter("m", FIRST, "E34", Aggregation(aggregation), Per(per), "Trafic", "Traffic")


@pytest.mark.parametrize(
    ("strategy", "included", "committed", "used", "net", "lines"),
    [
        ("tiered", 0, 0, 0, 0, []),
        ("tiered", 0, 0, 100, 1_000, [("tier-01", 100, 100)]),
        ("tiered", 0, 0, 101, 1_005, [("tier-01", 100, 100), ("tier-02", 1, 1)]),
        ("tiered", 0, 0, 1_500, 6_000, [("tier-01", 100, 100), ("tier-02", 900, 900), ("tier-03", 500, 500)]),
        ("volume", 0, 0, 100, 1_000, [("tier-01", 100, 100)]),
        ("volume", 0, 0, 101, 505, [("tier-02", 101, 101)]),
        ("stairstep", 0, 0, 1, 10, [("tier-01", 1, 1)]),
        ("stairstep", 0, 0, 999, 5, [("tier-02", 1, 999)]),
        ("tiered", 50, 0, 50, 0, [("included", 50, 50)]),
        ("tiered", 50, 0, 51, 10, [("included", 50, 50), ("tier-01", 1, 1)]),
        ("tiered", 0, 200, 0, 400, [("committed", 200, 0)]),
        ("tiered", 0, 200, 150, 400, [("committed", 200, 150)]),
        ("tiered", 50, 200, 260, 500, [("included", 50, 50), ("committed", 200, 200), ("tier-01", 10, 10)]),
    ],
)  # fmt: skip
def test_a_price_table(
    strategy: str, included: int, committed: int, used: int, net: int, lines: list[tuple[str, int, int]]
) -> None:
    of = price(
        strategy=Strategy(strategy), included_e4=included * 10_000, committed_e4=committed * 10_000,
        committed_price_ucents=2 * CENT,
    )  # fmt: skip
    rated = rate(of, used * 10_000, WHOLE)
    assert isinstance(rated, Rated)
    assert rated.net_minor == net
    assert [(each.name, each.quantity_e4 // 10_000, each.used_e4 // 10_000) for each in rated.lines] == lines


def test_each_line_is_rounded_once() -> None:
    rated = rate(price(tiers=(Tier(10_000, CENT // 2), Tier(None, CENT // 2))), 20_000, WHOLE)
    assert isinstance(rated, Rated)
    assert rated.net_minor == 2


def test_what_no_tier_holds_and_no_column_holds() -> None:
    beyond = rate(price(tiers=(Tier(10_000, CENT),)), 10_001, WHOLE)
    assert isinstance(beyond, Problem)
    assert beyond.code == "usage-not-priced"
    huge = rate(price(tiers=(Tier(None, 10**17),)), 10**16, WHOLE)
    assert isinstance(huge, Problem)
    assert huge.code == "usage-too-large"


@pytest.mark.parametrize(
    ("started", "gone", "days"),
    [
        (date(2026, 1, 1), None, 31),
        (date(2026, 10, 31), None, 1),
        (date(2026, 10, 10), date(2026, 10, 20), 10),
        (date(2026, 1, 1), date(2026, 10, 1), 0),
        (date(2026, 1, 1), date(2026, 11, 1), 31),
        (date(2026, 1, 1), date(9999, 12, 31), 31),
    ],
)
def test_the_share_of_a_month(started: date, gone: date | None, days: int) -> None:
    assert share_of(date(2026, 10, 1), started, gone) == Share(days, 31)


@pytest.mark.parametrize(
    ("aggregation", "per", "quantity"),
    [
        ("sum", "period", 18),
        ("max", "period", 7),
        ("max", "day", 12),
        ("last", "period", 2),
        ("last", "day", 6),
    ],
)
def test_days_make_a_quantity(aggregation: str, per: str, quantity: int) -> None:
    days = [Day(date(2026, 10, 9), 2, 7, 5, 2), Day(date(2026, 10, 3), 3, 11, 7, 4)]
    assert quantity_e4(meter(aggregation, per), days) == quantity
    assert quantity_e4(meter(aggregation, per), days[::-1]) == quantity
    assert quantity_e4(meter(aggregation, per), []) == 0


def test_a_forecast_goes_on_as_it_went() -> None:
    days = [Day(date(2026, 10, 1), 1, 100, 100, 100)]
    assert forecast_e4(meter(), days, 10, 31) == 310
    assert forecast_e4(meter("max"), days, 10, 31) == 100
    assert forecast_e4(meter("max", "day"), days, 10, 31) == 310


def test_charges_in_the_accounts_language_and_an_exact_adjustment() -> None:
    metered = Metered(ServiceId(7), meter(), date(2026, 10, 1), EUR, "en_GB", "srv")
    of = price(included_e4=500_000)
    before, after = rate(of, 1_505_000, WHOLE), rate(of, 1_300_333, WHOLE)
    assert isinstance(before, Rated)
    assert isinstance(after, Rated)
    assert [(each.description, each.net_minor) for each in charges(metered, of, before)] == [
        ("Traffic (GB), included", 0), ("Traffic (GB), from 0 to 100", 1_000),
        ("Traffic (GB), from 100 to 1000", 3),
    ]  # fmt: skip
    (change,) = adjustment(metered, 2, date(2026, 12, 1), (before.quantity_e4, before.net_minor), after)
    assert change.description == "Traffic, 10/2026: 130.0333 GB instead of 150.5"
    assert (change.quantity_e4, before.net_minor + change.net_minor) == (-10_000, after.net_minor)
    assert (change.period_start, change.part) == (date(2026, 12, 1), "usage:m:2026-10:2")
    assert gathers_usage(change)
    assert adjustment(metered, 2, FIRST, (before.quantity_e4, before.net_minor), before) == []


def test_use_is_told_in_german() -> None:
    metered = Metered(ServiceId(7), meter(), date(2026, 10, 1), EUR, "de_DE", "srv")
    of = price(included_e4=500_000)
    before, after = rate(of, 1_505_000, WHOLE), rate(of, 1_300_333, WHOLE)
    assert isinstance(before, Rated)
    assert isinstance(after, Rated)
    assert [each.description for each in charges(metered, of, before)] == [
        "Traffic (GB), inklusive", "Traffic (GB), von 0 bis 100", "Traffic (GB), von 100 bis 1000",
    ]  # fmt: skip
    (change,) = adjustment(metered, 2, date(2026, 12, 1), (before.quantity_e4, before.net_minor), after)
    assert change.description == "Traffic, 10/2026: 130,0333 GB statt 150,5"


def test_what_holds_in_a_month() -> None:
    dated = [price(from_on=date(2026, 3, 1)), price(from_on=date(2026, 5, 15))]
    found = {month: holding(dated, date(2026, month, 1)) for month in range(2, 7)}
    assert {month: each and each.from_on.month for month, each in found.items()} == {
        2: None, 3: 3, 4: 3, 5: 3, 6: 5,
    }  # fmt: skip
    begins = holding([price(from_on=date(2026, 3, 20))], date(2026, 3, 1))
    assert begins is not None


def test_a_catalogues_consumption_price() -> None:
    def sold(mode: str, ucents: int, low: int = 1, high: int | None = None) -> Pricing:
        return Pricing(frozenset({Capacity.CONSUMPTION}), mode, ucents, quantity_min=low, quantity_max=high)

    plan = Plan(
        "p",
        Kind.PLAN,
        "P",
        "p",
        pricings=(sold("default", 5, 11), sold("default", 7, 1, 10), sold("hourly", 9)),
    )
    assert catalogue_tiers(plan, "default") == (Strategy.TIERED, (Tier(100_000, 7), Tier(None, 5)))
    assert catalogue_tiers(plan, "hourly") == (Strategy.TIERED, (Tier(None, 9),))
    assert catalogue_tiers(plan, "upfront12") == catalogue_tiers(plan, "default")
    assert catalogue_tiers(Plan("q", Kind.PLAN, "Q", "q"), "default") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0", 0), ("12.5", 125_000), ("0.0001", 1), ("1.23000", 12_300), ("-0", 0), ("100000000000", 10**15),
        ("-1", "negative-quantity"), ("0.00001", "too-many-decimals"),
        ("100000000000.0001", "quantity-too-large"),
        ("", "bad-quantity"), ("1e3", "bad-quantity"), ("٣", "bad-quantity"), ("1_0", "bad-quantity"),
        ("NaN", "bad-quantity"), (" 1", "bad-quantity"),
    ],
)  # fmt: skip
def test_quantities(text: str, found: object) -> None:
    read = read_quantity(text)
    assert (read.code if isinstance(read, Problem) else read) == found
