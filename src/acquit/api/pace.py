"""How many calls a minute one consumer key or token may make, counted together by all processes that serve.

A bucket per key holds a minute's calls and fills evenly; a call that finds it empty is told when to come
back. Only calls that were admitted count: nobody empties another's bucket. The buckets stand in a file that
the processes share; eight of them have a lock, which ends with the process that holds it.
"""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import ceil
from pathlib import Path
from struct import Struct
from typing import Final

from acquit.core.errors import Forbidden
from acquit.core.identifiers import CredentialId

log = logging.getLogger("acquit.api")

BUCKET: Final = Struct("<qdd")
"""The key, the calls that are left, and the second (of the system's steady clock) for which that holds."""

GROUPS: Final = 8_192
GROUP_BUCKETS: Final = 8
GROUP_BYTES: Final = GROUP_BUCKETS * BUCKET.size
FILE_BYTES: Final = GROUPS * GROUP_BYTES
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
    """The buckets of all processes that name the same file; without one, those of this process.

    A file that cannot be had is told in the log, and this process counts for itself.
    """

    def __init__(
        self, per_minute: int, shared: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_minute, self._clock = per_minute, clock
        self._file = -1 if shared is None else _opened(shared)
        self._own = bytearray(FILE_BYTES if self._file < 0 else 0)
        self._lock = threading.Lock()

    def take(self, key: CredentialId) -> None:
        """Take one call of the key's, now. Raises TooManyCalls."""
        group = key % GROUPS
        with self._alone(group):
            now, full = self._clock(), float(self._per_minute)
            place, left, at = self._find(group, key)
            is_known = at <= now and 0 <= left <= full
            left = min(full, left + (now - at) * full / MINUTE) if is_known else full
            is_enough = left >= 1
            self._write(place, BUCKET.pack(key, left - 1 if is_enough else left, now))
        if not is_enough:
            raise TooManyCalls(self._per_minute, ceil((1 - left) * MINUTE / full))

    def close(self) -> None:
        """Let go of the file; what it counts stays."""
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
        first = group * GROUP_BYTES
        oldest, since = first, float("inf")
        for number, (owner, left, at) in enumerate(BUCKET.iter_unpack(self._read(first))):
            place = first + number * BUCKET.size
            if owner == key:
                return place, left, at
            if at < since or not owner:
                oldest, since = place, at if owner else float("-inf")
        return oldest, float(self._per_minute), float("inf")

    def _read(self, first: int) -> bytes:
        """Return the buckets of a group; those that the file has no more are empty."""
        if self._file < 0:
            return bytes(self._own[first : first + GROUP_BYTES])
        return os.pread(self._file, GROUP_BYTES, first).ljust(GROUP_BYTES, b"\0")

    def _write(self, place: int, bucket: bytes) -> None:
        """Write a bucket; on a file system that takes nothing the call goes uncounted."""
        if self._file < 0:
            self._own[place : place + BUCKET.size] = bucket
            return
        with suppress(OSError):
            os.pwrite(self._file, bucket, place)


def _opened(shared: Path) -> int:
    """Return the shared file, or -1 where there can be none."""
    try:
        return os.open(shared, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        log.warning("pace.not_shared", extra={"file": str(shared), "error": error.strerror})
        return -1
