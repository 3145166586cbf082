"""Amounts in another currency, at the rate of their day."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.core.exchange_rate import BadRates, ExchangeRates, RateMissing
from acquit.core.money import Currency
from acquit.documents.exchange_rate_file import read_rates

EUR, USD, JPY = Currency("EUR"), Currency("USD"), Currency("JPY")
FILE = b"Date,USD,JPY,ROL,\n2026-11-27,1.0870,163.5,N/A,\n2026-11-26,1.25,160,N/A,\n"
RATES = read_rates(FILE)
FRIDAY, SATURDAY = date(2026, 11, 27), date(2026, 11, 28)


@pytest.mark.parametrize(
    ("minor", "currency", "into", "on", "converted"),
    [
        (1_250, USD, EUR, date(2026, 11, 26), 1_000),
        (10_870, USD, EUR, SATURDAY, 10_000),
        (-10_870, USD, EUR, FRIDAY, -10_000),
        (1_635, JPY, EUR, FRIDAY, 1_000),
        (1_000, EUR, JPY, FRIDAY, 1_635),
        (10_870, USD, JPY, FRIDAY, 16_350),
        (7, EUR, EUR, date(1999, 1, 1), 7),
    ],
)
def test_an_amount_is_told_at_the_rate_of_its_day(
    minor: int, currency: Currency, into: Currency, on: date, converted: int
) -> None:
    assert RATES.converted_minor(minor, currency, into, on) == converted


@pytest.mark.parametrize("on", [date(2026, 11, 25), date(2026, 12, 8)])
def test_a_day_before_the_first_rate_or_long_after_the_last_has_none(on: date) -> None:
    with pytest.raises(RateMissing, match="eurofxref"):
        RATES.converted_minor(1, USD, EUR, on)
    with pytest.raises(RateMissing):
        ExchangeRates().converted_minor(1, Currency("GBP"), EUR, on)


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=6))
def test_an_entry_still_sums_to_zero(amounts: list[int]) -> None:
    balanced = [*amounts, -sum(amounts)]
    converted = RATES.converted_entry(balanced, USD, EUR, FRIDAY)
    assert sum(converted) == 0
    assert len(converted) == len(balanced)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Date"),
        (b"Day,USD\n", "Date"),
        (b"Date,USD\n27/11/2026,1.1\n", "Line 2"),
        (b"Date,USD\n2026-11-27,0\n", "Line 2"),
        (b"Date,USD\n\n2026-11-27,x\n", "Line 3"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_file_that_is_no_table_of_rates_is_refused_with_the_line(content: bytes, said: str) -> None:
    with pytest.raises(BadRates, match=said):
        read_rates(content)
