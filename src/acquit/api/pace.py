"""How many calls a minute one consumer key or token may make, counted in each process for itself.

A bucket per key holds a minute's calls and fills evenly; a call that finds it empty is told when to come
back. Only calls that were admitted count: nobody empties another's bucket.
"""

import threading
from collections import OrderedDict
from math import ceil
from typing import Final

from acquit.core.errors import Forbidden
from acquit.core.identifiers import CredentialId

KEYS_MAX: Final = 20_000
MINUTE: Final = 60.0


class TooManyCalls(Forbidden):
    """The key has used up its calls; `details['retry_seconds']` says how long to wait."""

    code = "too-many-calls"

    def __init__(self, per_minute: int, seconds: int) -> None:
        super().__init__(
            f"This key makes more than {per_minute} calls a minute: wait {seconds} s, then go on",
            retry_seconds=str(seconds),
        )


class Pace:
    """The buckets of one process."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._left: OrderedDict[CredentialId, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: CredentialId, now: float) -> None:
        """Take one call of the key's at that second. Raises TooManyCalls."""
        with self._lock:
            left, at = self._left.get(key, (float(self._per_minute), now))
            left = min(self._per_minute, left + (now - at) * self._per_minute / MINUTE)
            is_enough = left >= 1
            self._left[key] = (left - 1 if is_enough else left, now)
            self._left.move_to_end(key)
            if len(self._left) > KEYS_MAX:
                self._left.popitem(last=False)
        if not is_enough:
            raise TooManyCalls(self._per_minute, ceil((1 - left) * MINUTE / self._per_minute))
