"""How amounts, quantities and days look on the wire."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from acquit.api import wire

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("minor", "currency", "encoded"),
    [
        (4544, "EUR", '{"currencyCode":"EUR","priceInUcents":4544000000,"text":"45.44 €","value":45.44}'),
        (4500, "EUR", '{"currencyCode":"EUR","priceInUcents":4500000000,"text":"45.00 €","value":45.00}'),
        (0, "EUR", '{"currencyCode":"EUR","priceInUcents":0,"text":"0.00 €","value":0.00}'),
        (-1200, "EUR", '{"currencyCode":"EUR","priceInUcents":-1200000000,"text":"-12.00 €","value":-12.00}'),
        (5000, "XOF", '{"currencyCode":"XOF","priceInUcents":500000000000,"text":"5000 XOF","value":5000}'),
        (5001, "TND", '{"currencyCode":"TND","priceInUcents":500100000,"text":"5.001 TND","value":5.001}'),
    ],
)
def test_price_is_exact_on_the_wire(minor: int, currency: str, encoded: str) -> None:
    assert wire.encode(wire.price(minor, currency)).decode() == encoded


@pytest.mark.parametrize(
    ("ucents", "text", "value"),
    [
        (0, "0.00 €", "0.00"),
        (100_000_000, "1.00 €", "1.00"),
        (4_500_000, "0.045 €", "0.045"),
        (99, "0.00000099 €", "0.00000099"),
        (123_456_789_012, "1234.56789012 €", "1234.56789012"),
    ],
)
def test_unit_price_shows_every_digit_it_has(ucents: int, text: str, value: str) -> None:
    shown = wire.long_price(ucents, "EUR")
    assert (shown["text"], shown["value"]) == (text, Decimal(value))


@pytest.mark.parametrize(
    ("e4", "text"),
    [(10_000, "1"), (-5_000, "-0.5"), (7_205_000, "720.5"), (1, "0.0001"), (0, "0"), (100_000, "10")],
)
def test_quantity_has_no_idle_zeros(e4: int, text: str) -> None:
    assert wire.quantity(e4) == text


def test_instants_carry_the_offset_of_the_day() -> None:
    assert wire.instant(datetime(2018, 5, 15, 13, 49, 6, 999, UTC), PARIS) == "2018-05-15T15:49:06+02:00"
    assert wire.instant(datetime(2018, 12, 15, 13, 49, 6, tzinfo=UTC), PARIS) == "2018-12-15T14:49:06+01:00"
    assert wire.midnight(date(2026, 10, 25), PARIS) == "2026-10-25T00:00:00+02:00"
    assert (
        wire.instant(datetime(2018, 12, 15, 13, 49, 6, 1, UTC), ZoneInfo("UTC"))
        == "2018-12-15T13:49:06+00:00"
    )
    assert (
        wire.instant(datetime(2018, 7, 1, tzinfo=UTC), ZoneInfo("America/St_Johns"))
        == "2018-06-30T21:30:00-02:30"
    )
    assert wire.instant_or_none(None, PARIS) is None


@pytest.mark.parametrize(("count", "text"), [(1, "P1M"), (3, "P3M"), (12, "P1Y"), (36, "P3Y"), (18, "P18M")])
def test_months_are_a_duration(count: int, text: str) -> None:
    assert wire.months(count) == text


def test_an_amount_of_a_filter_is_not_cut() -> None:
    assert wire.minor(Decimal("12.345"), "EUR") == Decimal("1234.5")
