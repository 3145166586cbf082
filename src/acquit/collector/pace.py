"""How fast a key may call: never more than so many in any minute, slower when told to.

The window is a second longer than a minute: a first call that took long to arrive must not make the last
one too early.
"""

import threading
import time
from collections import deque
from typing import Final, Protocol

PER_MINUTE: Final = 60
PER_MINUTE_MIN: Final = 6
PER_MINUTE_OWN: Final = 600
WINDOW_SECONDS: Final = 61.0
CALM_CALLS: Final = 120
PAUSE_MIN_SECONDS: Final = 0.001


class Timer(Protocol):
    """Tells monotonic seconds and lets them pass (tests let hours pass in an instant)."""

    def now(self) -> float:
        """Return monotonic seconds."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        ...


class RealTimer:
    """The machine's own; who sleeps is woken with KeyboardInterrupt once `stopped` is set."""

    def __init__(self, stopped: threading.Event | None = None) -> None:
        self._stopped = stopped or threading.Event()

    def now(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        if self._stopped.wait(seconds):
            raise KeyboardInterrupt


class Pace:
    """Lends permission for one call at a time; several threads may share one key's pace."""

    def __init__(self, per_minute: int = PER_MINUTE, timer: Timer | None = None) -> None:
        assert per_minute >= 1, "at least one call a minute"
        self._timer = timer or RealTimer()
        self._most = per_minute
        self._lock = threading.Lock()
        self._sent: deque[float] = deque()
        self._per_minute = per_minute
        self._not_before = 0.0
        self._calm = 0

    @property
    def per_minute(self) -> int:
        """The pace in force, in calls per minute."""
        return self._per_minute

    def seconds_for(self, calls: int, call_seconds: float = 0.0) -> float:
        """Return how long so many more calls take at the pace in force, when one takes `call_seconds`."""
        with self._lock:
            now = self._timer.now()
            lent = [sent for sent in self._sent if sent > now - WINDOW_SECONDS]
            at_once = max(0, self._per_minute - len(lent))
        if calls <= at_once:
            return calls * call_seconds
        return max(calls * call_seconds, (calls - at_once) * WINDOW_SECONDS / self._per_minute)

    def closed_seconds(self) -> float:
        """Return for how long the provider asked us not to call at all."""
        with self._lock:
            return max(0.0, self._not_before - self._timer.now())

    def wait(self) -> None:
        """Return when the next call may go out."""
        while (pause := self._take()) is not None:
            self._timer.sleep(max(pause, PAUSE_MIN_SECONDS))

    def _take(self) -> float | None:
        """Note a call that may go out and return None, or return how long it has to wait."""
        with self._lock:
            now = self._timer.now()
            while self._sent and self._sent[0] <= now - WINDOW_SECONDS:
                self._sent.popleft()
            if now < self._not_before:
                return self._not_before - now
            if len(self._sent) >= self._per_minute:
                return self._sent[len(self._sent) - self._per_minute] + WINDOW_SECONDS - now
            self._sent.append(now)
            return None

    def refused(self, retry_after_seconds: float | None) -> None:
        """The provider said 429.

        Wait as told (or some calls' worth), and go at three quarters of the pace.
        """
        with self._lock:
            self._per_minute = max(min(PER_MINUTE_MIN, self._most), self._per_minute * 3 // 4)
            pause = retry_after_seconds if retry_after_seconds is not None else 120 / self._per_minute
            self._not_before = max(self._not_before, self._timer.now() + pause)
            self._calm = 0

    def accepted(self) -> None:
        """A call went through: after many in a row the pace rises again, never above the given one."""
        with self._lock:
            self._calm += 1
            if self._calm >= CALM_CALLS and self._per_minute < self._most:
                self._per_minute, self._calm = min(self._most, self._per_minute * 5 // 4 + 1), 0
