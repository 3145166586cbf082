"""Where walks through lists have come: so that the next page begins there and nothing is counted again.

A caller that reads page after page comes back for the one behind the last. The end of that one and the
number of elements are kept for a minute, in this process; a page that nobody has come near is counted to.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

KEPT_SECONDS: Final = 60.0
WALKS_MAX: Final = 1_024
ENDS_MAX: Final = 16


@dataclass(slots=True)
class Walk:
    """How many elements a list had when its first page was read, and the last keys of the newest pages."""

    total: int
    seen_at: float
    ends: OrderedDict[int, Any] = field(default_factory=OrderedDict)


class Places:
    """Walks by what was asked for; safe for threads, bounded in number and age."""

    def __init__(self) -> None:
        self._walks: OrderedDict[str, Walk] = OrderedDict()
        self._lock = Lock()

    def begin(self, asked: str, total: int) -> None:
        """The walk begins anew: so many elements, no page read."""
        with self._lock:
            self._walks[asked] = Walk(total, time.monotonic())
            self._walks.move_to_end(asked)
            while len(self._walks) > WALKS_MAX:
                self._walks.popitem(last=False)

    def forget(self, asked: str) -> None:
        """The walk is not known any more."""
        with self._lock:
            self._walks.pop(asked, None)

    def total(self, asked: str) -> int | None:
        """Return the number of elements of a walk that goes on, or None."""
        with self._lock:
            walk = self._live(asked)
            return None if walk is None else walk.total

    def before(self, asked: str, number: int) -> tuple[int, Any] | None:
        """Return the nearest known page before that one, with its last key; None when there is none."""
        with self._lock:
            walk = self._live(asked)
            known = [each for each in (walk.ends if walk else ()) if each < number]
            return None if walk is None or not known else (max(known), walk.ends[max(known)])

    def reach(self, asked: str, number: int, last_key: object) -> None:
        """That page of the walk ends with that key."""
        with self._lock:
            walk = self._live(asked)
            if walk is None:
                return
            walk.seen_at = time.monotonic()
            walk.ends[number] = last_key
            walk.ends.move_to_end(number)
            while len(walk.ends) > ENDS_MAX:
                walk.ends.popitem(last=False)

    def _live(self, asked: str) -> Walk | None:
        walk = self._walks.get(asked)
        if walk is not None and time.monotonic() - walk.seen_at > KEPT_SECONDS:
            del self._walks[asked]
            return None
        return walk
