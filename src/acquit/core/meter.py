"""Meters: what is measured of a service's use, in which unit, and what it costs from a date on.

A quantity counts 1/10,000 (`_e4`). A price has an included quantity that is free, then perhaps a committed
one that is paid whether used or not, then tiers; bounds of tiers count from there. Definitions and prices
are dated and final: a period takes those of its first day, or the first that begin in it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from acquit.core.catalogue import Capacity, Plan, Strategy
from acquit.core.errors import Conflict, NotFound
from acquit.core.line_text import in_language
from acquit.core.money import E4_PER_ONE, Currency
from acquit.core.terms import end_of_month

CODE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,47}")
QUANTITY_MAX_E4: Final = 10**15
"""A hundred billion units: the most that one event, a tier or an allowance may count."""

UNITS: Final[Mapping[str, Mapping[str, str]]] = {
    "C62": {"en": ""},
    "HUR": {"en": "h"},
    "DAY": {
        "de": "Tag", "en": "day", "es": "día", "fr": "jour", "it": "giorno", "nl": "dag", "pl": "dzień",
        "pt": "dia",
    },
    "MON": {
        "de": "Monat", "en": "month", "es": "mes", "fr": "mois", "it": "mese", "nl": "maand", "pl": "miesiąc",
        "pt": "mês",
    },
    "MIN": {"en": "min"},
    "SEC": {"en": "s"},
    "E34": {"en": "GB", "fr": "Go"},
    "E35": {"en": "TB", "fr": "To"},
    "4L": {"en": "MB", "fr": "Mo"},
}  # fmt: skip
"""Codes of UN/ECE Recommendation 20, and how a bill names them; as in English where nothing else is said."""

DEFAULT_MODE: Final = "default"
ALIASES: Final[Mapping[str, str]] = {"GB": "E34", "TB": "E35", "MB": "4L"}


class NoSuchMeter(NotFound):
    """The seller has no meter of that code."""

    code = "no-such-meter"


class AlreadyDefined(Conflict):
    """A meter or price of that first day is there, and another one: what is dated is final."""

    code = "already-defined"


class Aggregation(StrEnum):
    """How events become a quantity."""

    SUM = "sum"
    MAX = "max"
    LAST = "last"


class Per(StrEnum):
    """Within what events are aggregated; the days of a period add up."""

    PERIOD = "period"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Meter:
    """What is measured, from a date on."""

    code: str
    from_on: date
    unit: str
    aggregation: Aggregation
    per: Per
    description_fr: str
    description_en: str

    @property
    def counts_whole(self) -> bool:
        """Whether a month can be measured at once, without a look at its days."""
        return self.aggregation is Aggregation.SUM or (
            self.aggregation is Aggregation.MAX and self.per is Per.PERIOD
        )

    def described(self, language: str) -> str:
        """Return what a bill in the language calls it."""
        return self.description_fr if language.startswith("fr") else self.description_en

    def symbol(self, language: str) -> str:
        """Return what a bill in the language calls its unit; empty for pieces."""
        return in_language(UNITS[self.unit], language)


@dataclass(frozen=True, slots=True)
class Tier:
    """Use up to a bound (None: without end) and what a unit of it costs."""

    up_to_e4: int | None
    price_ucents: int


@dataclass(frozen=True, slots=True)
class Price:
    """What a meter costs; `priced_by_plan` names a plan instead of tiers (empty: the service's own)."""

    meter: str
    plan_code: str
    from_on: date
    currency: Currency
    tiers: tuple[Tier, ...] = ()
    strategy: Strategy = Strategy.TIERED
    included_e4: int = 0
    committed_e4: int = 0
    committed_price_ucents: int = 0
    priced_by_plan: str | None = None


Dated = TypeVar("Dated", Meter, Price)


def holding(found: Sequence[Dated], period: date) -> Dated | None:
    """Return what holds in the period: of its first day, else the first that begins in it. Oldest first."""
    before = [each for each in found if each.from_on <= period]
    within = [each for each in found if period < each.from_on <= end_of_month(period)]
    return before[-1] if before else within[0] if within else None


def catalogue_tiers(plan: Plan, mode: str) -> tuple[Strategy, tuple[Tier, ...]] | None:
    """Return the consumption price of a plan: in that mode, else the default, else its only one."""
    priced = [each for each in plan.pricings if Capacity.CONSUMPTION in each.capacities]
    modes = list(dict.fromkeys(each.mode for each in priced))
    taken = next((each for each in (mode, DEFAULT_MODE) if each in modes), None)
    if taken is None and len(modes) != 1:
        return None
    tiers = sorted(
        (each for each in priced if each.mode == (taken or modes[0])),
        key=lambda each: (each.phase, each.quantity_min),
    )
    tiers = [each for each in tiers if each.phase == tiers[0].phase]
    return tiers[0].strategy, tuple(
        Tier(None if each.quantity_max is None else each.quantity_max * E4_PER_ONE, each.price_ucents)
        for each in tiers
    )
