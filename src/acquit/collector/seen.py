"""When a run looked at something last, as the journal has it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from acquit.collector.journal import Journal
from acquit.collector.lists import Object

Clock = Callable[[], datetime]
"""Tells the instant, in UTC."""


class Seen:
    """The instants of one account."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal, self._now = journal, clock

    def last(self, what: str) -> Any:
        """Return what was noted with the last look, None when there was none."""
        return self._journal.last("seen", what)

    def is_due(self, what: str, after: timedelta) -> bool:
        """Whether the last look is so long ago, or there was none."""
        seen = self.last(what)
        return seen is None or self.age(seen) >= after

    def age(self, seen: Object) -> timedelta:
        """Return how long ago that was; a clock that was set back makes nothing young."""
        return abs(self._now() - datetime.fromisoformat(seen["at"]))

    def note(self, what: str, **facts: Any) -> None:
        """Note a look at this, now."""
        self._journal.write("seen", what, {"at": self._now().isoformat(timespec="seconds"), **facts})
