"""Explanations: amounts before rounding, as text."""

import pytest

from acquit.core.explanation import exact, exact_share, quantity, unit_price
from acquit.core.money import Currency


@pytest.mark.parametrize(
    ("quantity_e4", "price", "text"),
    [
        (10_000, 4_544_000_000, "45.44"),
        (10_000, 1_000_500_000, "10.005"),
        (1, 1, "0.000000000001"),
        (-25_000, 100_000_000, "-2.50"),
        (0, 5, "0.00"),
    ],
)
def test_a_product_before_rounding(quantity_e4: int, price: int, text: str) -> None:
    assert exact(quantity_e4, price) == text


@pytest.mark.parametrize(
    ("minor", "rate_bp", "currency", "text"),
    [
        (1001, 1250, "EUR", "1.25125"),
        (1000, 2000, "EUR", "2.00"),
        (-1001, 2000, "EUR", "-2.002"),
        (1001, 1000, "JPY", "100.1"),
        (1000, 1000, "JPY", "100"),
        (1005, 1960, "TND", "0.19698"),
    ],
)
def test_a_share_before_rounding(minor: int, rate_bp: int, currency: str, text: str) -> None:
    assert exact_share(minor, rate_bp, Currency(currency)) == text


def test_quantities_and_prices_as_they_are_written() -> None:
    assert [quantity(each) for each in (10_000, -15_000, 1)] == ["1", "-1.5", "0.0001"]
    assert [unit_price(each) for each in (4_544_000_000, 1, 0)] == ["45.44", "0.00000001", "0.00"]
