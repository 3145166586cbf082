"""Exact money: the only passage between prices, quantities and amounts, and the only rounding.

An amount counts the currency's smallest unit (`_minor`, EUR: cents). A unit price counts 1e-8 of a
unit (`_ucents`). A quantity counts 1/10,000 (`_e4`). A rate counts 1/10,000 (`_bp`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, NewType

from acquit.core.errors import Invalid

Currency = NewType("Currency", str)

EXPONENTS: Final = {
    "AUD": 2, "CAD": 2, "CHF": 2, "CZK": 2, "EUR": 2, "GBP": 2, "INR": 2, "JPY": 0, "MAD": 2, "PLN": 2,
    "SGD": 2, "TND": 3, "USD": 2, "XOF": 0,
}  # fmt: skip
"""Digits after the decimal mark, per ISO 4217, of the currencies that Acquit bills in."""

_PLAIN: Final = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,8}))?")

UCENTS_PER_UNIT: Final = 100_000_000
_UCENTS_PER_MINOR: Final = {code: int(UCENTS_PER_UNIT // 10**digits) for code, digits in EXPONENTS.items()}
E4_PER_ONE: Final = 10_000
BP_PER_ONE: Final = 10_000


class BadAmount(Invalid):
    """The text is not a plain decimal number, or finer than what it counts."""

    code = "bad-amount"


def rounded(numerator: int, denominator: int) -> int:
    """Return the quotient as an integer, halves away from zero. `denominator` is positive."""
    assert denominator > 0, "a denominator is positive"
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def exponent(currency: Currency) -> int:
    """Return how many digits the currency has after the decimal mark. Raises KeyError if unknown."""
    return EXPONENTS[currency]


def ucents_per_minor(currency: Currency) -> int:
    """Return how many ucents make one smallest unit (EUR: 1,000,000). Raises KeyError if unknown."""
    return _UCENTS_PER_MINOR[currency]


@lru_cache(maxsize=16_384)
def amount_minor(quantity_e4: int, unit_price_ucents: int, currency: Currency) -> int:
    """Return quantity × unit price, rounded once, halves away from zero."""
    return rounded(quantity_e4 * unit_price_ucents, E4_PER_ONE * ucents_per_minor(currency))


def share_minor(base_minor: int, rate_bp: int) -> int:
    """Return the share of `base_minor` at a rate of 1/10,000 (VAT, discount), rounded once."""
    return rounded(base_minor * rate_bp, BP_PER_ONE)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: `minor` counts the currency's smallest unit (EUR: cents)."""

    minor: int
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        assert self.currency == other.currency, "amounts of two currencies do not add up"
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return self + -other

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    @property
    def ucents(self) -> int:
        """The same amount in ucents (1e-8 of a unit)."""
        return self.minor * ucents_per_minor(self.currency)

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Share out in proportion to `weights` (not all zero); the parts add up to self exactly."""
        whole = sum(weights)
        assert whole > 0, "weights are not negative and not all zero"
        assert min(weights) >= 0, "weights are not negative and not all zero"
        marks = [self.minor * reached // whole for reached in accumulate(weights, initial=0)]
        return [Money(after - before, self.currency) for before, after in pairwise(marks)]


def total(amounts: Iterable[Money], currency: Currency) -> Money:
    """Return the sum of the amounts, zero for none; all are of `currency`."""
    return sum(amounts, start=Money(0, currency))


def plain(minor: int, currency: Currency) -> str:
    """Return an amount as plain decimal text with `.`: 4544 EUR → `45.44`, -5 EUR → `-0.05`."""
    digits = exponent(currency)
    if digits == 0:
        return str(minor)
    whole, part = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}.{part:0{digits}d}"


def scaled_text(number: int, digits: int) -> str:
    """Return a number of 10^-digits, not negative, without zeros at its end: 108700000 → `1.087`."""
    whole, part = divmod(number, 10**digits)
    return f"{whole}.{part:0{digits}d}".rstrip("0").rstrip(".")


def scaled(text: str, digits: int) -> int:
    """Return plain decimal text (`-1234.5`) as an integer of 10 ** -digits. Raises BadAmount."""
    found = _PLAIN.fullmatch(text.strip())
    if found is None:
        raise BadAmount(f"{text!r} is not an amount: write digits and a dot, as in 1234.50.", given=text)
    sign, whole, part = found[1], found[2], (found[3] or "").rstrip("0")
    if len(part) > digits:
        raise BadAmount(f"{text!r} has more than {digits} digits after the dot.", given=text)
    magnitude = int(whole + part.ljust(digits, "0"))
    return -magnitude if sign else magnitude


def parsed(text: str, currency: Currency) -> int:
    """Return plain decimal text as an amount in the smallest unit; the inverse of `plain`."""
    return scaled(text, exponent(currency))
