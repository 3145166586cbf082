"""What the published catalogues say, read by the auditor from the files themselves."""

import json
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from simulation.auditor_calendar import price_cents

END_RULES = {
    "STOP_ENGAGEMENT_FALLBACK_DEFAULT_PRICE": "default-price",
    "STOP_ENGAGEMENT_KEEP_PRICE": "keep-price",
    "REACTIVATE_ENGAGEMENT": "reactivate",
    "CANCEL_SERVICE": "cancel",
}


@dataclass(frozen=True)
class Binding:
    """An engagement of so many months; `fallback` is mode, months and price without one."""

    months: int
    end_rule: str
    fallback: tuple[str, int, int] | None


@dataclass(frozen=True)
class Priced:
    """A quantity at one price; `full_ucents` is its price after `promotion_months`."""

    plan: str
    mode: str
    quantity: int
    price_ucents: int
    months: int
    binding: Binding | None = None
    promotion_months: int | None = None
    full_ucents: int = 0


class Version:
    """One version of the catalogue, in force from a day on."""

    def __init__(self, content: bytes, from_on: date) -> None:
        whole = json.loads(content)
        self.from_on = from_on
        self.plans: dict[str, dict[str, Any]] = {
            each["planCode"]: each for each in [*whole["plans"], *whole["addons"]]
        }

    def _pricings(self, plan: str, capacity: str, mode: str) -> list[dict[str, Any]]:
        found = self.plans[plan]["pricings"]
        return [each for each in found if capacity in each["capacities"] and each["mode"] == mode]

    def sells(self, plan: str, mode: str) -> bool:
        """Whether the plan renews in that mode."""
        return bool(self._pricings(plan, "renew", mode))

    def renewing(self, plan: str, mode: str, quantity: int, on: date | None = None) -> list[Priced]:
        """Return what the quantity is made of, tier by tier; with a day, at its promotions' prices."""
        tiers = sorted(self._pricings(plan, "renew", mode), key=lambda each: _range(each)[0])
        parts, below = [], 0
        for tier in tiers:
            _, most = _range(tier)
            units = (quantity if most is None else min(quantity, most)) - below
            if units > 0:
                parts.append(self._priced(plan, mode, tier, units, on))
                below += units
        return parts

    def _priced(self, plan: str, mode: str, tier: dict[str, Any], units: int, on: date | None) -> Priced:
        months = tier["interval"] * (12 if tier["intervalUnit"] == "year" else 1)
        full, price, lasts = tier["price"], tier["price"], None
        for each in tier.get("promotions", []):
            if on is not None and date.fromisoformat(each["startDate"]) <= on:
                price, lasts = full - full * each["value"] // 100, each["duration"]
        return Priced(plan, mode, units, price, months, self._binding(plan, tier), lasts, full)

    def _binding(self, plan: str, tier: dict[str, Any]) -> Binding | None:
        months = tier.get("commitment", 0)
        if not months:
            return None
        rule = END_RULES[tier["engagementConfiguration"]["defaultEndAction"]]
        free = self._pricings(plan, "renew", "default")
        return Binding(months, rule, ("default", free[0]["interval"], free[0]["price"]) if free else None)

    def once_cents(self, plan: str, capacity: str, mode: str, quantity: int) -> int:
        """Return what is charged once for a quantity."""
        return sum(price_cents(quantity, each["price"]) for each in self._pricings(plan, capacity, mode))

    def default_options(self, plan: str, chosen: list[str]) -> list[str]:
        """Return the options that go with the plan: of each family the chosen ones, else its default."""
        found = []
        for family in self.plans[plan].get("addonFamilies", []):
            taken = [code for code in chosen if code in family["addons"]]
            found += taken or ([family["default"]] if family.get("mandatory") else [])
        return found

    def exclusive_with(self, plan: str, code: str) -> list[str]:
        """Return the options that a new one takes the place of."""
        return [
            each
            for family in self.plans[plan].get("addonFamilies", [])
            if family.get("exclusive") and code in family["addons"]
            for each in family["addons"]
        ]

    def option_mode(self, option: str, mode: str) -> str:
        """Return the mode in which an option goes with its plan."""
        return mode if self.sells(option, mode) else "default"


def _range(tier: dict[str, Any]) -> tuple[int, int | None]:
    bounds = tier.get("quantity", {"min": 1, "max": None})
    return bounds["min"], bounds["max"]


def per_month(parts: list[tuple[int, int, int]]) -> Fraction:
    """Return what quantities at prices cost a month, given as quantity, price in ucents, months."""
    return sum((Fraction(price_cents(units, price), months) for units, price, months in parts), Fraction())
