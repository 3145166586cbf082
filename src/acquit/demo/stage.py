"""The stage of the play: its calendar, and what is still to happen, in order of days."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import IntEnum
from itertools import count

from acquit.actions.context import Context
from acquit.actions.turn_day import turn_day
from acquit.core.service import anniversary, months_after
from acquit.demo.clock import StageClock

Scene = Callable[[], None]


class Turn(IntEnum):
    """Which scenes of one day come first."""

    OPENING = 0
    SUBSCRIBING = 1
    ORDERING = 2
    MEASURING = 3
    BILLING = 4
    PAYING = 5
    TALKING = 6


@dataclass(frozen=True, slots=True)
class Calendar:
    """The months of the play, up to the day on which it ends."""

    as_of: date
    months: int

    def month(self, back: int) -> date:
        """Return the first of the month so many months before the last one, or of the first month."""
        return months_after(self.as_of.replace(day=1), -min(back, self.months - 1), 1)

    @property
    def firsts(self) -> tuple[date, ...]:
        """The first day of each month, oldest first."""
        return tuple(self.month(back) for back in reversed(range(self.months)))

    @property
    def opening(self) -> date:
        """The day before the first month, on which the seller and its customers are founded."""
        return self.firsts[0] - timedelta(days=1)

    def day(self, back: int, day: int) -> date:
        """Return that day of a month, or the month's last one."""
        first = self.month(back)
        return anniversary(first.year, first.month, day)


@dataclass(slots=True)
class Stage:
    """The world as far as it is played, and its agenda."""

    context: Context
    clock: StageClock
    calendar: Calendar
    agenda: list[tuple[date, Turn, int, Scene]] = field(default_factory=list)
    tickets: "count[int]" = field(default_factory=count)

    def plan(self, on: date, turn: Turn, scene: Scene) -> None:
        """Let the scene happen on that day, unless the play has ended by then."""
        if on <= self.calendar.as_of:
            heapq.heappush(self.agenda, (on, turn, next(self.tickets), scene))

    def play(self, happened: Callable[[], None]) -> None:
        """Play every scene in order; `happened` is called after each day."""
        while self.agenda:
            on = self.agenda[0][0]
            self.clock.move(on)
            while self.agenda and self.agenda[0][0] == on:
                heapq.heappop(self.agenda)[3]()
            self._turn_day(on)
            happened()

    def _turn_day(self, on: date) -> None:
        """Begin the next day, as the schedule does at night."""
        following = on + timedelta(days=1)
        if following <= self.calendar.as_of:
            self.clock.move(following)
            turn_day(self.context)
