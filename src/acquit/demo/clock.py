"""A clock that the play moves forward, day by day."""

from datetime import UTC, date, datetime, time
from typing import Final

MORNING: Final = time(8, 0, tzinfo=UTC)


class StageClock:
    """Tells the day of the play; every instant of a day is its morning."""

    def __init__(self, on: date) -> None:
        self._on = on

    def now(self) -> datetime:
        """Return the morning of the day, UTC."""
        return datetime.combine(self._on, MORNING)

    def today(self, zone: str) -> date:
        """Return the day, whatever the zone."""
        return self._on

    def move(self, on: date) -> None:
        """It is that day now; time does not go back."""
        assert on >= self._on, "the play goes forward"
        self._on = on
