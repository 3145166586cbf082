"""Values as the wire writes them: instants, days, prices, quantities, JSON."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from acquit.core.money import E4_PER_ONE, EXPONENTS, UCENTS_PER_UNIT, Currency, rounded, ucents_per_minor

SYMBOLS: Final[Mapping[str, str]] = {
    "AUD": "$", "CAD": "$", "CZK": "Kč", "EUR": "€", "GBP": "£", "INR": "₹",
    "PLN": "zł", "SGD": "$", "USD": "$",
}  # fmt: skip
SCALES: Final = {code: Decimal(1).scaleb(-digits) for code, digits in EXPONENTS.items()}
_MONEY: Final = {
    code: (scale, ucents_per_minor(Currency(code)), f" {SYMBOLS.get(code, code)}")
    for code, scale in SCALES.items()
}
"""Of each currency its smallest unit, that in micro-cents, and what `price.text` ends with."""
CENT: Final = Decimal("0.01")

_encoder = msgspec.json.Encoder(decimal_format="number")
encode = _encoder.encode


# ---------------------------------------------------------------- time


def instant(at: datetime, zone: ZoneInfo) -> str:
    """Return the instant with the numeric offset of the region, to the second."""
    there = at.astimezone(zone)  # `isoformat` of it would cost six times as much
    text: str = msgspec.to_builtins(there.replace(microsecond=0) if there.microsecond else there)
    return f"{text[:-1]}+00:00" if text[-1] == "Z" else text


def instant_or_none(at: datetime | None, zone: ZoneInfo) -> str | None:
    """Return the instant, or None."""
    return None if at is None else instant(at, zone)


def midnight(on: date, zone: ZoneInfo) -> str:
    """Return the day as the wire writes it where an instant is declared: its first moment in the region."""
    return datetime(on.year, on.month, on.day, tzinfo=zone).isoformat(timespec="seconds")


def midnight_or_none(on: date | None, zone: ZoneInfo) -> str | None:
    """Return the first moment of the day, or None."""
    return None if on is None else midnight(on, zone)


def day(on: date) -> str:
    """Return the day as `YYYY-MM-DD`."""
    return on.isoformat()


def day_or_none(on: date | None) -> str | None:
    """Return the day, or None."""
    return None if on is None else on.isoformat()


def months(count: int) -> str:
    """Return a number of months as a duration: 1 → `P1M`, 12 → `P1Y`."""
    return f"P{count // 12}Y" if count % 12 == 0 and count else f"P{count}M"


# ---------------------------------------------------------------- amounts


def symbol(currency: str) -> str:
    """Return the sign that `price.text` ends with: `€`, else the code."""
    return SYMBOLS.get(currency, currency)


def price(minor: int, currency: str) -> dict[str, Any]:
    """Return an `order.Price`: exact value, text, and micro-cents."""
    scale, ucents, ending = _MONEY[currency]
    value = minor * scale
    return {
        "currencyCode": currency,
        "priceInUcents": minor * ucents,
        "text": str(value) + ending,
        "value": value,
    }


def prices(net_minor: int, tax_minor: int, total_minor: int, currency: str) -> dict[str, Any]:
    """Return the three prices of a paper, under the names that they have on every one."""
    return {
        "priceWithTax": price(total_minor, currency),
        "priceWithoutTax": price(net_minor, currency),
        "tax": price(tax_minor, currency),
    }


def long_price(ucents: int, currency: str) -> dict[str, Any]:
    """Return an `order.LongPrice` of a unit price: at least two decimals, as many as it needs."""
    whole, part = divmod(abs(ucents), UCENTS_PER_UNIT)
    decimals = f"{part:08d}".rstrip("0").ljust(2, "0")
    text = f"{'-' if ucents < 0 else ''}{whole}.{decimals}"
    return {"currencyCode": currency, "text": f"{text} {symbol(currency)}", "value": Decimal(text)}


def minor(value: Decimal, currency: str) -> Decimal:
    """Return an amount of the wire in smallest units, exactly: a filter may ask for parts of one."""
    return value / SCALES[currency]


def quantity(e4: int) -> str:
    """Return a quantity as plain text, without idle zeros: 10000 → `1`, -5000 → `-0.5`."""
    whole, part = divmod(abs(e4), E4_PER_ONE)
    text = f"{whole}.{part:04d}".rstrip("0").rstrip(".")
    return f"-{text}" if e4 < 0 else text


def whole(e4: int) -> int:
    """Return a quantity in whole units, where the wire has no others: halves away from zero."""
    return rounded(e4, E4_PER_ONE)


# ---------------------------------------------------------------- small objects


def camel(words: str) -> str:
    """Return a name of ours as the wire spells names: `bill-available` → `billAvailable`."""
    first, *others = words.split("-")
    return first + "".join(word.capitalize() for word in others)


def icon(name: str) -> dict[str, Any]:
    """Return an icon that is only a name: no picture is served."""
    return {"data": None, "name": name, "url": None}
