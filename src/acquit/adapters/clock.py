"""Clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


class SystemClock:
    """The machine's clock; business dates may run `days_ahead` of it (a demo, a rehearsal)."""

    def __init__(self, days_ahead: int = 0) -> None:
        self._ahead = timedelta(days=days_ahead)

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)

    def today(self, zone: str) -> date:
        """Return the business date in the time zone."""
        return datetime.now(ZoneInfo(zone)).date() + self._ahead


class FixedClock:
    """A business date that stands still (commands with `--as-of`); instants stay the real ones."""

    def __init__(self, on: date) -> None:
        self._on = on

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)

    def today(self, zone: str) -> date:
        """Return the fixed business date, whatever the zone."""
        return self._on
