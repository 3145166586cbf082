"""Exchange rates of the euro, as the European Central Bank publishes them.

A rate counts 1e-8 of a unit per euro. That of a day is the last one published up to it; one that is older
than ten days is none (the bank publishes on working days).

Source: Directive 2006/112/EC article 91; CGI 266-1 bis.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from acquit.core.errors import Conflict, Invalid
from acquit.core.money import Currency, exponent, rounded

EURO: Final = Currency("EUR")
EURO_E8: Final = 100_000_000
E8: Final = 100_000_000
DAYS_MAX: Final = 10


class RateMissing(Conflict):
    """No rate is known for a currency on a day."""

    code = "rate-missing"


class RateDiffers(Conflict):
    """Another rate of that currency and day is known already, and bills may have been issued at it."""

    code = "rate-differs"


class BadRates(Invalid):
    """The file holds no exchange rates of the euro."""

    code = "bad-rates"


@dataclass(frozen=True, slots=True)
class Exchange:
    """At which rate a bill is told in another currency too: `e8` units of its own, in 1e-8, are one `into`.

    Source: Directive 2006/112/EC articles 91 and 230; EN 16931 BT-6.
    """

    into: Currency
    e8: int
    published_on: date

    def converted_minor(self, minor: int, currency: Currency) -> int:
        """Return an amount in the other currency, rounded once, halves away from 0."""
        return rounded(minor * 10 ** exponent(self.into) * E8, 10 ** exponent(currency) * self.e8)


@dataclass(frozen=True, slots=True)
class ExchangeRates:
    """Per currency the dated rates, oldest first, in 1e-8 of a unit per euro."""

    per_euro: Mapping[str, tuple[tuple[date, int], ...]] = field(default_factory=dict)

    def rate_e8(self, currency: Currency, on: date) -> int:
        """Return the rate of the day. Raises RateMissing."""
        published = self.published(currency, on)
        if published is not None:
            return published[1]
        raise RateMissing(
            f"No exchange rate of {currency} is known for {on}: give a file with it (--exchange-rates; the "
            "European Central Bank publishes eurofxref-hist.csv).",
            currency=currency,
            on=str(on),
        )

    def published(self, currency: Currency, on: date) -> tuple[date, int] | None:
        """Return the rate of the day with the day on which it was published, None when there is none."""
        if currency == EURO:
            return on, EURO_E8
        dated = self.per_euro.get(currency, ())
        place = bisect_right(dated, on, key=lambda each: each[0])
        if place and (on - dated[place - 1][0]).days <= DAYS_MAX:
            return dated[place - 1]
        return None

    def exchange(self, currency: Currency, into: Currency, on: date) -> "Exchange | None":
        """Return at which rate amounts of that day are told in another currency, None when it is not known.

        A rate between two currencies that are not the euro is rounded once, to 1e-8.
        """
        ours, theirs = self.published(currency, on), self.published(into, on)
        if ours is None or theirs is None:
            return None
        return Exchange(into, rounded(ours[1] * E8, theirs[1]), min(ours[0], theirs[0]))

    def converted_minor(self, minor: int, currency: Currency, into: Currency, on: date) -> int:
        """Return an amount in another currency at the rates of the day, rounded once, halves away from 0."""
        if currency == into:
            return minor
        up = minor * 10 ** exponent(into) * self.rate_e8(into, on)
        return rounded(up, 10 ** exponent(currency) * self.rate_e8(currency, on))

    def converted_entry(self, amounts: list[int], currency: Currency, into: Currency, on: date) -> list[int]:
        """Return the postings of an entry in another currency: they still sum to zero.

        What rounding leaves is put on the largest amount.
        """
        converted = [self.converted_minor(each, currency, into, on) for each in amounts]
        largest = max(range(len(converted)), key=lambda place: abs(converted[place]), default=0)
        if converted:
            converted[largest] -= sum(converted) - self.converted_minor(sum(amounts), currency, into, on)
        return converted
