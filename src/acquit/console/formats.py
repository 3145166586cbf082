"""How amounts, dates and quantities are written for a person, in the person's language."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision

from acquit.core.money import E4_PER_ONE

UCENTS: Final = Decimal(10) ** -8
E4: Final = Decimal(10) ** -4


def money(minor: int, currency: str, language: str) -> str:
    """Write an exact amount with its currency: `1 234,56 €`, `€1,234.56`."""
    amount = Decimal(minor).scaleb(-get_currency_precision(currency))
    return format_currency(amount, currency, locale=language)


def unit_price(ucents: int, currency: str, language: str) -> str:
    """Write a unit price with its currency and as many decimals as it has, at least the currency's."""
    return format_currency(ucents * UCENTS, currency, locale=language, decimal_quantization=False)


def quantity(e4: int, language: str) -> str:
    """Write a quantity without needless decimals."""
    return format_decimal(e4 * E4, "#,##0.####", locale=language)


def whole(count: int, language: str) -> str:
    """Write a whole number in groups: `1 234`."""
    return format_decimal(count, "#,##0", locale=language)


def estimate(e4: int, language: str) -> str:
    """Write a quantity that is expected: no more exactly than in hundredths, from one upwards."""
    return format_decimal(e4 * E4, "#,##0.##" if abs(e4) >= E4_PER_ONE else "#,##0.####", locale=language)


def percent(bp: int, language: str) -> str:
    """Write a rate of basis points: `20 %`, `5,5 %`."""
    return f"{format_decimal(Decimal(bp) / 100, '0.##', locale=language)} %"


def day(on: date | None, language: str) -> str:
    """Write a calendar date, month in words; nothing for None."""
    return "" if on is None else format_date(on, "d MMM y", locale=language)


def rate(e8: int, language: str) -> str:
    """Write a rate of exchange without needless decimals: `1.0825`."""
    return format_decimal(e8 * UCENTS, "#,##0.0000####", locale=language)


def month(on: date, language: str) -> str:
    """Write month and year."""
    return format_date(on, "MMM y", locale=language)


def instant(at: datetime | None, zone: str, language: str) -> str:
    """Write an instant in the zone, to the minute; nothing for None."""
    return "" if at is None else format_datetime(at, "d MMM y, HH:mm", tzinfo=ZoneInfo(zone), locale=language)


def size(octets: int, language: str) -> str:
    """Write the size of a file."""
    if octets < 1000:
        return f"{octets} B"
    if octets < 1_000_000:
        return f"{octets // 1000} kB"
    return f"{format_decimal(Decimal(octets) / 1_000_000, '0.0', locale=language)} MB"


def eve(on: date) -> date:
    """Return the day before: the last day of a span whose end is excluded."""
    return on - timedelta(days=1)


def grouped(text: str) -> str:
    """Write an IBAN or a reference in groups of four, as on paper."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
