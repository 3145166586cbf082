"""Amounts as people write them."""

import pytest

from acquit.core.money import BadAmount, Currency, parsed, plain, scaled

EUR, JPY, TND = Currency("EUR"), Currency("JPY"), Currency("TND")


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("45.44", EUR, 4544),
        ("45.4", EUR, 4540),
        ("45", EUR, 4500),
        ("45.4400", EUR, 4544),
        ("-0.05", EUR, -5),
        (" 12.00 ", EUR, 1200),
        ("1200", JPY, 1200),
        ("1.234", TND, 1234),
        ("0", EUR, 0),
    ],
)
def test_amounts_are_read_exactly(text: str, currency: Currency, minor: int) -> None:
    assert parsed(text, currency) == minor


@pytest.mark.parametrize(
    "text", ["", "12,50", "1e3", "12.", ".5", "1 000", "€5", "+5", "--5", "12.345", "NaN"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadAmount):
        parsed(text, EUR)


def test_what_was_written_plainly_is_read_back() -> None:
    assert [parsed(plain(minor, EUR), EUR) for minor in range(-250, 250)] == list(range(-250, 250))


def test_a_unit_price_has_eight_digits() -> None:
    assert scaled("0.00000001", 8) == 1
