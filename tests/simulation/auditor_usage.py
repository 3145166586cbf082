"""What the auditor believes of usage: every event that was accepted, and what the months come to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from simulation.auditor_calendar import month_end, month_of, price_cents
from simulation.auditor_services import Held

Key = tuple[str, int, str, date]
"""Account, service, meter and first day of the month."""


@dataclass
class Event:
    """One event of use as it counts now; a correction gives it another quantity."""

    at: datetime
    quantity: Fraction


@dataclass
class Usage:
    """Events by the sender's id, and what each use of a month was rated at last."""

    events: dict[str, tuple[Key, Event]] = field(default_factory=dict)
    arrived: dict[Key, int] = field(default_factory=dict)
    rated: dict[Key, tuple[int, int]] = field(default_factory=dict)
    accepted: int = 0
    rejected: int = 0

    def came(self, event_id: str, key: tuple[str, int, str], at: datetime, quantity: Fraction) -> None:
        """An event was accepted for the first time."""
        whole = (*key, month_of(at.date()))
        self.events[event_id] = (whole, Event(at, quantity))
        self._count(whole)

    def corrected(self, event_id: str, quantity: Fraction) -> None:
        """A correction was accepted: the event counts with another quantity."""
        key, event = self.events[event_id]
        event.quantity = quantity
        self._count(key)

    def _count(self, key: Key) -> None:
        self.accepted += 1
        self.arrived[key] = self.arrived.get(key, 0) + 1

    def rate(self, last_on: date, services: Mapping[tuple[str, int], Held]) -> None:
        """A run rated every use of its month and of those before of which something new arrived."""
        for key, arrived in self.arrived.items():
            if key[3] <= last_on and self.rated.get(key, (0, 0))[0] != arrived:
                self.rated[key] = (arrived, self.costs(key, services[key[:2]]))

    def costs(self, key: Key, service: Held) -> int:
        """Return what the use of a month costs in cents, as the prices of the world say it."""
        found = [event for whole, event in self.events.values() if whole == key]
        match key[2]:
            case "traffic":
                used = sum((each.quantity for each in found), Fraction())
                return _traffic(used, _included(key[3], service))
            case "disk":
                return price_cents(_by_day(found), 330_000)
            case "seats":
                last = max(found, key=lambda each: each.at).quantity
                return price_cents(last, 400_000_000 if last <= 5 else 300_000_000)
        raise AssertionError(f"there is no meter {key[2]}")


def _included(month: date, service: Held) -> Fraction:
    """Return what is free: 10 a month, of a service that was there for some days that share of them."""
    last = month_end(month)
    first = max(month, service.started)
    days = (last - first).days + 1
    if service.gone_on is not None and service.gone_on <= last:
        days = (service.gone_on - first).days
    exact = Fraction(10 * 10_000 * max(days, 0), last.day)
    return Fraction(int(exact + Fraction(1, 2)), 10_000)


def _traffic(used: Fraction, included: Fraction) -> int:
    """Return what traffic costs: up to 100 beyond what is included at 0.10, the rest at 0.05."""
    over = max(used - included, Fraction())
    return price_cents(min(over, Fraction(100)), 10_000_000) + price_cents(
        max(over - 100, Fraction()), 5_000_000
    )


def _by_day(found: list[Event]) -> Fraction:
    """Return the sum of the highest value of each day."""
    most: dict[date, Fraction] = {}
    for each in found:
        on = each.at.date()
        most[on] = max(most.get(on, Fraction()), each.quantity)
    return sum(most.values(), Fraction())
