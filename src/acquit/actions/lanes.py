"""Work done by several threads of one process: while PostgreSQL does one's part, Python does the other's.

Each thread has a connection and transactions of its own, as two processes would.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

LANES: Final = 2
"""How many pages are at work at once: one for Python, one for PostgreSQL."""

SWITCH_SECONDS: Final = 0.001
"""How long a thread that PostgreSQL has answered waits for the other; Python's own 5 ms starve the server."""


def side_by_side(work: Callable[[], None], stop: Callable[[], None], lanes: int = LANES) -> None:
    """The work was done by so many threads, this one among them.

    When something goes wrong in one of them, or Ctrl-C comes, `stop` is called, the others end their work,
    and then it is raised.
    """

    def guarded() -> None:
        try:
            work()
        except BaseException:
            stop()
            raise

    if lanes < 2:
        guarded()
        return
    with _switching(), ThreadPoolExecutor(lanes - 1, "lane") as pool:
        beside = [pool.submit(guarded) for _ in range(lanes - 1)]
        try:
            guarded()
            for each in beside:
                each.result()
        except BaseException:
            stop()
            raise


@contextmanager
def _switching() -> Iterator[None]:
    """Let threads take turns more often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
