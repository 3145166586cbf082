"""The words, dates and amounts of a paper in its language; every figure is exact, none is a float.

A language that has no file of texts is written in English.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval
from babel.numbers import format_decimal, get_currency_symbol

from acquit.core.money import Currency, exponent
from acquit.documents.languages import Texts, languages, texts_of

FALLBACK: Final = "en_GB"
MINUS: Final = "\N{MINUS SIGN}"
E8_DIGITS: Final = 8
E4_DIGITS: Final = 4
BP_DIGITS: Final = 2
UCENTS_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Wording:
    """How one language writes things in one currency."""

    texts: Texts
    locale: Locale
    currency: Currency

    @property
    def language(self) -> str:
        """The language's two letters."""
        return str(self.locale.language)

    @property
    def region(self) -> str:
        """The region's two letters, or nothing."""
        return str(self.locale.territory or "")

    def say(self, key: str, **values: str) -> str:
        """Return the text named `section.name`, its `{…}` filled in. Raises KeyError when it has none."""
        text = self.find(key)
        if text is None:
            raise KeyError(key)
        return text.format(**values) if values else text

    def find(self, key: str) -> str | None:
        """Return the text named `section.name` as it is, or None."""
        return self.texts.get(key)

    def figure(self, minor: int) -> str:
        """Return an amount without its currency: 123456 EUR → `1,234.56`."""
        digits = exponent(self.currency)
        return self._number(minor, digits, digits)

    def amount(self, minor: int) -> str:
        """Return an amount with its currency: 123456 EUR → `€1,234.56`."""
        symbol = get_currency_symbol(self.currency, self.locale)
        style = "format.amount_by_code" if symbol[:1].isalpha() else "format.amount"
        return self.say(style, number=self.figure(minor), symbol=symbol)

    def price(self, ucents: int) -> str:
        """Return a unit price with all the decimals it has, at least those of the currency."""
        return self._number(ucents, UCENTS_DIGITS, exponent(self.currency))

    def exact(self, e8: int) -> str:
        """Return a number of 1e-8 with the decimals it has: 108700000 → `1.087`."""
        return self._number(e8, E8_DIGITS, 0)

    def quantity(self, e4: int) -> str:
        """Return a quantity with the decimals it has: 15000 → `1.5`."""
        return self._number(e4, E4_DIGITS, 0)

    def rate(self, bp: int) -> str:
        """Return a rate with the decimals it has: 2000 → `20%`."""
        return self.say("format.rate", number=self._number(bp, BP_DIGITS, 0))

    def day(self, on: date) -> str:
        """Return a calendar date in full: `31 January 2027`."""
        style = "format.first_of_month" if on.day == 1 else "format.date"
        return _day(on, self.say(style), self.locale)

    def period(self, start: date, end: date) -> str:
        """Return the days from `start` to `end`, both covered: `1–31 Jan 2027`; one day is that day."""
        return _period(start, end, self.locale)

    def _number(self, scaled: int, digits: int, digits_min: int) -> str:
        return _number(scaled, digits, digits_min, self.say("format.number"), self.locale)


def wording(language: str, currency: Currency) -> Wording:
    """Return how `language` (`fr_FR`) writes, or English where there are no such texts."""
    locale = _locale(language if language.split("_")[0] in languages() else FALLBACK)
    return Wording(texts_of(str(locale.language)), locale, currency)


@lru_cache(maxsize=256)
def _locale(language: str) -> Locale:
    """Return the locale of the language and its country, else of the language alone, else English."""
    for known in (language, language.split("_")[0]):
        try:
            return Locale.parse(known)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse(FALLBACK)


@lru_cache(maxsize=4096)
def _day(on: date, pattern: str, locale: Locale) -> str:
    return format_date(on, pattern, locale=locale)


@lru_cache(maxsize=4096)
def _period(start: date, end: date, locale: Locale) -> str:
    if start == end:
        return format_date(start, "medium", locale=locale)
    return format_interval(start, end, "yMMMd", locale=locale)


@lru_cache(maxsize=16384)
def _number(scaled: int, digits: int, digits_min: int, pattern: str, locale: Locale) -> str:
    """Return `scaled` × 10^-digits; the pattern has as many decimals as needed, so nothing is rounded."""
    needed = digits
    while needed > digits_min and scaled % 10 ** (digits - needed + 1) == 0:
        needed -= 1
    exact = Decimal(abs(scaled)).scaleb(-digits)
    whole = f"{pattern}.{'0' * needed}" if needed else pattern
    text = format_decimal(exact, format=whole, locale=locale)
    return f"{MINUS}{text}" if scaled < 0 else text
