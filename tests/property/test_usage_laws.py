"""Laws of usage: order and bundling change nothing, lines share out a quantity, adjustments are exact."""

import random
from datetime import date, timedelta
from itertools import accumulate, pairwise
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.catalogue import Strategy
from acquit.core.identifiers import ServiceId
from acquit.core.meter import Aggregation, Meter, Per, Price, Tier
from acquit.core.money import Currency
from acquit.core.rating import Day, Metered, Rated, Share, adjustment, charges, quantity_e4, rate

FIRST: Final = date(2026, 10, 1)
EUR: Final = Currency("EUR")

meters = st.builds(
    Meter, st.just("m"), st.just(FIRST), st.just("C62"), st.sampled_from(Aggregation), st.sampled_from(Per),
    st.just("m"), st.just("m"),
)  # fmt: skip
events = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10**9)), max_size=40)
quantities = st.integers(0, 10**12)
ucents = st.integers(0, 10**10)


@st.composite
def prices(draw: st.DrawFn) -> Price:
    steps = draw(st.lists(st.integers(1, 10**10), max_size=5))
    tiers = [Tier(bound, draw(ucents)) for bound in accumulate(steps)]
    return Price(
        "m", "", FIRST, EUR, (*tiers, Tier(None, draw(ucents))), draw(st.sampled_from(Strategy)),
        draw(st.integers(0, 10**9)), draw(st.integers(0, 10**9)), draw(ucents),
    )  # fmt: skip


def gathered(found: list[tuple[int, int]]) -> list[Day]:
    """Return the days of events that follow each other in time."""
    days: dict[int, list[int]] = {}
    for day, quantity in found:
        days.setdefault(day, []).append(quantity)
    return [
        Day(FIRST + timedelta(days=day), len(each), sum(each), max(each), each[-1])
        for day, each in days.items()
    ]


def rated(price: Price, quantity: int) -> Rated:
    found = rate(price, quantity, Share(31, 31))
    assert isinstance(found, Rated)
    return found


@given(meters, events, st.integers(0, 10**6))
def test_the_order_of_days_does_not_matter(meter: Meter, found: list[tuple[int, int]], seed: int) -> None:
    days = gathered(found)
    shuffled = random.Random(seed).sample(days, len(days))
    assert quantity_e4(meter, shuffled) == quantity_e4(meter, days)


@given(events, st.integers(0, 40))
def test_splitting_what_came_does_not_change_a_sum(found: list[tuple[int, int]], at: int) -> None:
    meter = Meter("m", FIRST, "C62", Aggregation.SUM, Per.PERIOD, "m", "m")
    parts = quantity_e4(meter, gathered(found[:at])) + quantity_e4(meter, gathered(found[at:]))
    assert parts == quantity_e4(meter, gathered(found))


@given(prices(), quantities)
def test_lines_share_out_the_quantity_whole(price: Price, quantity: int) -> None:
    found = rated(price, quantity)
    assert sum(line.used_e4 for line in found.lines) == quantity
    assert all(line.used_e4 >= 0 for line in found.lines)
    assert rated(price, quantity) == found


@given(prices(), quantities)
def test_graduated_tiers_follow_each_other(price: Price, quantity: int) -> None:
    found = [line for line in rated(price, quantity).lines if line.name.startswith("tier")]
    if price.strategy is Strategy.TIERED:
        for one, other in pairwise(found):
            assert one.up_to_e4 == other.from_e4
    else:
        assert len(found) <= 1


@given(prices(), st.lists(quantities, min_size=1, max_size=6))
def test_charges_and_adjustments_add_up_to_the_last_rating(price: Price, each: list[int]) -> None:
    metered = Metered(
        ServiceId(1),
        Meter("m", FIRST, "C62", Aggregation.SUM, Per.PERIOD, "m", "m"),
        FIRST,
        EUR,
        "fr_FR",
        "s",
    )
    first = rated(price, each[0])
    billed = sum(charge.net_minor for charge in charges(metered, price, first))
    before = (first.quantity_e4, first.net_minor)
    for number, quantity in enumerate(each[1:], 2):
        after = rated(price, quantity)
        billed += sum(charge.net_minor for charge in adjustment(metered, number, FIRST, before, after))
        before = (after.quantity_e4, after.net_minor)
    assert billed == rated(price, each[-1]).net_minor


@given(prices(), quantities, quantities)
def test_more_use_never_costs_less_where_tiers_are_graduated(price: Price, one: int, other: int) -> None:
    if price.strategy is Strategy.TIERED:
        low, high = sorted((one, other))
        assert rated(price, low).net_minor <= rated(price, high).net_minor + 1
