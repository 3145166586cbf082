"""Amounts and numbers are found on a page however they are written, and no others."""

import pytest

from acquit.core.money import Currency
from acquit.documents.paper_inside import Inside

EUR, JPY, TND, INR = (Currency(code) for code in ("EUR", "JPY", "TND", "INR"))


@pytest.mark.parametrize(
    ("text", "minor", "currency"),
    [
        ("Total 12,00 \N{EURO SIGN}", 1_200, EUR),
        ("Total \N{EURO SIGN}1,234.56", 123_456, EUR),
        ("1\u202f234\u202f567,89 \N{EURO SIGN}", 123_456_789, EUR),
        ("1 234,56", 123_456, EUR),
        ("1\N{RIGHT SINGLE QUOTATION MARK}234.56", 123_456, EUR),
        ("net 12,00 240,00 1 440,00", 24_000, EUR),
        ("net 12,00 240,00 1 440,00", 144_000, EUR),
        ("0,05", 5, EUR),
        ("-12,00", 1_200, EUR),
        ("1,00,000.00", 10_000_000, INR),
        ("12,345", 12_345, TND),
        ("12,345 JPY", 12_345, JPY),
    ],
)
def test_an_amount_is_found(text: str, minor: int, currency: Currency) -> None:
    assert Inside(text).has_amount(minor, currency)


@pytest.mark.parametrize(
    ("text", "minor"),
    [("112,00", 1_200), ("12,001", 1_200), ("1200", 1_200), ("12,0", 1_200), ("13,00", 1_200), ("", 0)],
)
def test_another_amount_is_not(text: str, minor: int) -> None:
    assert not Inside(text).has_amount(minor, EUR)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bill FR00000001 of", True), ("n\N{DEGREE SIGN} FR00000001.", True), ("FR000000012", False),
        ("XFR00000001", False), ("A/FR00000001", False), ("FR00000001-2", False),
    ],
)  # fmt: skip
def test_a_number_is_found_by_itself(text: str, found: bool) -> None:
    assert Inside(text).has_word("FR00000001") is found
