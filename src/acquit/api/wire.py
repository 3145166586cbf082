"""Values as the wire writes them: instants, prices, JSON."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from acquit.core import money
from acquit.core.money import Currency

SYMBOLS: Final[Mapping[str, str]] = {"EUR": "€", "GBP": "£", "USD": "$", "PLN": "zł", "CZK": "Kč"}

_encoder = msgspec.json.Encoder(decimal_format="number")
encode = _encoder.encode


def instant(at: datetime, zone: ZoneInfo) -> str:
    """Return the instant with the numeric offset of the region, to the second."""
    return at.astimezone(zone).isoformat(timespec="seconds")


def instant_or_none(at: datetime | None, zone: ZoneInfo) -> str | None:
    """Return the instant, or None."""
    return None if at is None else instant(at, zone)


def symbol(currency: str) -> str:
    """Return the sign that `price.text` ends with: `€`, else the code."""
    return SYMBOLS.get(currency, currency)


def price(minor: int, currency: str) -> dict[str, Any]:
    """Return an `order.Price`: exact value, text, and micro-cents."""
    known = Currency(currency)
    plain = money.plain(minor, known)
    return {
        "currencyCode": currency,
        "priceInUcents": minor * money.ucents_per_minor(known),
        "text": f"{plain} {symbol(currency)}",
        "value": Decimal(plain),
    }


def long_price(ucents: int, currency: str) -> dict[str, Any]:
    """Return an `order.LongPrice` of a unit price: two decimals, or as many as it needs."""
    whole, part = divmod(abs(ucents), money.UCENTS_PER_UNIT)
    plain = f"{'-' if ucents < 0 else ''}{whole}.{f'{part:08d}'.rstrip('0').ljust(2, '0')}"
    return {"currencyCode": currency, "text": f"{plain} {symbol(currency)}", "value": Decimal(plain)}


def minor(value: Decimal, currency: str) -> Decimal:
    """Return an amount of the wire in smallest units, unrounded, as a filter compares it."""
    return value.scaleb(money.exponent(Currency(currency)))
