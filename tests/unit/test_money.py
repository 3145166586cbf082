"""The only rounding, as an accountant would check it."""

import pytest

from acquit.core import money
from acquit.core.money import Currency, Money

EUR, JPY, TND = Currency("EUR"), Currency("JPY"), Currency("TND")


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(0, 3, 0), (1, 2, 1), (-1, 2, -1), (1, 3, 0), (-1, 3, 0), (2, 3, 1), (5, 2, 3), (-5, 2, -3), (7, 7, 1)],
)
def test_halves_round_away_from_zero(numerator: int, denominator: int, expected: int) -> None:
    assert money.rounded(numerator, denominator) == expected


def test_a_denominator_is_positive() -> None:
    with pytest.raises(AssertionError):
        money.rounded(1, 0)


@pytest.mark.parametrize(
    ("quantity_e4", "unit_price_ucents", "currency", "minor"),
    [
        (10_000, 4_544_000_000, EUR, 4_544),  # one at 45.44 EUR
        (25_000, 100_000_000, EUR, 250),  # two and a half at 1.00 EUR
        (7_440_000, 1_390_000, EUR, 1_034),  # 744 hours at 0.0139 EUR = 10.3416
        (10_000, 500_000, EUR, 1),  # half a cent becomes one
        (-10_000, 500_000, EUR, -1),  # and minus one when given back
        (10_000, 499_999, EUR, 0),
        (10_000, 12_300_000_000, JPY, 123),
        (10_000, 123_456_700, TND, 1_235),
    ],
)
def test_quantity_times_price(
    quantity_e4: int, unit_price_ucents: int, currency: Currency, minor: int
) -> None:
    assert money.amount_minor(quantity_e4, unit_price_ucents, currency) == minor


@pytest.mark.parametrize(("base", "rate", "share"), [(10_000, 2_000, 2_000), (3, 2_000, 1), (2, 2_000, 0)])
def test_a_share_at_a_rate(base: int, rate: int, share: int) -> None:
    assert money.share_minor(base, rate) == share


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(4_544, EUR, "45.44"), (-5, EUR, "-0.05"), (0, EUR, "0.00"), (-12, JPY, "-12"), (1, TND, "0.001")],
)
def test_plain_text(minor: int, currency: Currency, text: str) -> None:
    assert money.plain(minor, currency) == text


def test_amounts_of_two_currencies_do_not_add_up() -> None:
    with pytest.raises(AssertionError):
        Money(1, EUR) + Money(1, JPY)


def test_sums_and_differences() -> None:
    assert Money(3, EUR) - Money(5, EUR) == Money(-2, EUR)
    assert money.total([Money(1, EUR), Money(2, EUR)], EUR) == Money(3, EUR)
    assert money.total([], EUR) == Money(0, EUR)
    assert Money(1, EUR).ucents == 1_000_000


@pytest.mark.parametrize("weights", [[0, 0], [-1, 2]])
def test_nothing_is_shared_by_impossible_weights(weights: list[int]) -> None:
    with pytest.raises(AssertionError):
        Money(1, EUR).split(weights)


def test_an_unknown_currency_is_an_error() -> None:
    with pytest.raises(KeyError):
        money.exponent(Currency("XXX"))
