"""How many calls a minute one consumer key or token may make, counted together by all processes that serve.

A bucket per key holds a minute's calls and fills evenly; a call that finds it empty is told when to come
back. Only calls that were admitted count: nobody empties another's bucket. The buckets stand in a file that
the processes share; eight of them have a lock, which ends with the process that holds it.
"""

import fcntl
import mmap
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from struct import Struct
from typing import Final

from acquit.core.errors import Forbidden
from acquit.core.identifiers import CredentialId

BUCKET: Final = Struct("<qdd")
"""The key, the calls that are left, and the second (of the system's steady clock) for which that holds."""

GROUPS: Final = 8_192
GROUP_BUCKETS: Final = 8
FILE_BYTES: Final = GROUPS * GROUP_BUCKETS * BUCKET.size
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
    """The buckets of all processes that name the same file; without one, those of this process."""

    def __init__(self, per_minute: int, shared: Path | None = None) -> None:
        self._per_minute = per_minute
        self._file = -1 if shared is None else os.open(shared, os.O_RDWR | os.O_CREAT, 0o600)
        if shared is not None:
            os.ftruncate(self._file, FILE_BYTES)
        self._buckets = mmap.mmap(self._file, FILE_BYTES)
        self._lock = threading.Lock()

    def take(self, key: CredentialId, now: float) -> None:
        """Take one call of the key's at that second of the steady clock. Raises TooManyCalls."""
        group = key % GROUPS
        with self._alone(group):
            place, left, at = self._find(group, key)
            begins_anew = at > now
            filled = left + (now - at) * self._per_minute / MINUTE
            left = self._per_minute if begins_anew else min(self._per_minute, filled)
            is_enough = left >= 1
            BUCKET.pack_into(self._buckets, place, key, left - 1 if is_enough else left, now)
        if not is_enough:
            raise TooManyCalls(self._per_minute, ceil((1 - left) * MINUTE / self._per_minute))

    def close(self) -> None:
        """Let go of the file; what it counts stays."""
        self._buckets.close()
        if self._file >= 0:
            os.close(self._file)

    @contextmanager
    def _alone(self, group: int) -> Iterator[None]:
        """Hold the group against every thread of every process."""
        with self._lock:
            if self._file < 0:
                yield
                return
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, group)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, group)

    def _find(self, group: int, key: int) -> tuple[int, float, float]:
        """Return where the key's bucket is, what is left in it and since when; a new one is full.

        A new one takes the place of the one that was not asked for the longest.
        """
        first = group * GROUP_BUCKETS * BUCKET.size
        oldest, since = first, float("inf")
        for place in range(first, first + GROUP_BUCKETS * BUCKET.size, BUCKET.size):
            owner, left, at = BUCKET.unpack_from(self._buckets, place)
            if owner == key:
                return place, left, at
            if at < since or not owner:
                oldest, since = place, at if owner else float("-inf")
        return oldest, float(self._per_minute), float("inf")
