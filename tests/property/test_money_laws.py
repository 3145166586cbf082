"""Conservation: no cent appears or disappears."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from acquit.core import money
from acquit.core.money import Currency, Money

EUR = Currency("EUR")
AMOUNTS = st.integers(-(10**15), 10**15)
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(lambda weights: sum(weights) > 0)


@given(AMOUNTS, WEIGHTS)
def test_the_parts_of_a_split_add_up(minor: int, weights: list[int]) -> None:
    parts = Money(minor, EUR).split(weights)
    assert sum(part.minor for part in parts) == minor
    assert len(parts) == len(weights)


@given(AMOUNTS, WEIGHTS)
def test_a_part_is_within_one_cent_of_its_share(minor: int, weights: list[int]) -> None:
    for part, weight in zip(Money(minor, EUR).split(weights), weights, strict=True):
        assert abs(part.minor - Fraction(minor * weight, sum(weights))) < 1


@given(AMOUNTS, st.integers(1, 10**9))
def test_rounding_is_nearest_and_symmetric(numerator: int, denominator: int) -> None:
    result = money.rounded(numerator, denominator)
    assert abs(result - Fraction(numerator, denominator)) <= Fraction(1, 2)
    assert money.rounded(-numerator, denominator) == -result


@given(AMOUNTS)
def test_plain_text_reads_back(minor: int) -> None:
    assert Fraction(money.plain(minor, EUR)) * 100 == minor
