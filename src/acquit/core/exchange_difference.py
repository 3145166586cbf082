"""Exchange differences: what entries in another currency come to in that of the books.

What is owed, received or waits is carried at what it came in at, until it goes out again; everything else
is told at the rate of its day. When money settles a debt, the two differ: that is the realised gain or loss.
What is still owed when a year ends is told at the rate of that day as well, and taken back on the next day.

Source: plan comptable général (ANC 2014-03), article 420-5 (differences of conversion); ANC 2015-05 (656 and
756 for trade receivables).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from acquit.core.exchange_rate import ExchangeRates
from acquit.core.journal import EntryKind
from acquit.core.money import Currency, rounded

Key = tuple[str, str, Currency]
"""Ledger account, what is carried there together (a bill, a payer), currency."""

AT_COST = frozenset({
    EntryKind.BILL, EntryKind.CREDIT_NOTE, EntryKind.CLAIM, EntryKind.WRITE_OFF, EntryKind.DEFERRAL,
    EntryKind.RELEASE, EntryKind.ACCRUAL, EntryKind.ACCRUAL_REVERSED, EntryKind.POINTS,
})  # fmt: skip
"""Kinds of entries by which no money moves: income and expense take the value of what is carried."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A posting in another currency; without `carried` it is told at the rate of its day."""

    ledger: str
    carried: str | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Position:
    """What is carried: its amount in its currency and in that of the books."""

    amount_minor: int = 0
    local_minor: int = 0

    def plus(self, amount_minor: int, local_minor: int) -> "Position":
        """Return the position with an amount more."""
        return Position(self.amount_minor + amount_minor, self.local_minor + local_minor)


NOTHING = Position()


@dataclass(frozen=True, slots=True)
class Translated:
    """The legs in the currency of the books, what is carried after them, and the gain (negative: loss).

    The legs sum to the gain.
    """

    local_minor: tuple[int, ...]
    held: Mapping[Key, Position]
    gain_minor: int


def translated(
    legs: Sequence[Leg],
    currency: Currency,
    into: Currency,
    on: date,
    kind: str,
    held: Mapping[Key, Position],
    rates: ExchangeRates,
) -> Translated:
    """Return an entry in the currency of the books; legs and gain sum to zero once the gain is credited.

    What rounding leaves is put on the largest leg that nothing carries (of all, where there is none), and for
    the kinds that move no money the whole difference. Raises RateMissing.
    """
    changed: dict[Key, Position] = {}
    local, goes_out = list[int](), False
    for leg in legs:
        key = (leg.ledger, leg.carried or "", currency)
        before = NOTHING if leg.carried is None else changed.get(key, held.get(key, NOTHING))
        out_minor, out_local = _out(before, leg.amount_minor)
        rest_minor = leg.amount_minor - out_minor
        found = out_local + (rates.converted_minor(rest_minor, currency, into, on) if rest_minor else 0)
        goes_out = goes_out or bool(out_minor)
        local.append(found)
        if leg.carried is not None:
            changed[key] = before.plus(leg.amount_minor, found)
    left = sum(local)
    if left and not (goes_out and kind not in AT_COST):
        place = _largest(legs, local)
        local[place] -= left
        if (carried := legs[place].carried) is not None:
            key = (legs[place].ledger, carried, currency)
            changed[key] = changed[key].plus(0, -left)
        left = 0
    return Translated(tuple(local), changed, left)


def unrealised(position: Position, currency: Currency, into: Currency, on: date, rates: ExchangeRates) -> int:
    """Return what the position is worth more (negative: less) at the rate of the day. Raises RateMissing."""
    return rates.converted_minor(position.amount_minor, currency, into, on) - position.local_minor


def _out(position: Position, amount_minor: int) -> tuple[int, int]:
    """Return how much of the amount leaves the position, and what that was carried at; all of it for all."""
    if position.amount_minor * amount_minor >= 0:
        return 0, 0
    size = min(abs(amount_minor), abs(position.amount_minor))
    out_local = -rounded(position.local_minor * size, abs(position.amount_minor))
    return (size if amount_minor > 0 else -size), out_local


def _largest(legs: Sequence[Leg], local: Sequence[int]) -> int:
    places = [place for place, leg in enumerate(legs) if leg.carried is None] or range(len(legs))
    return max(places, key=lambda place: abs(local[place]))
