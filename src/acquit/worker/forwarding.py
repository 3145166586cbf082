"""Forwards logs of accounts to their streams beside the queue: a stream that is slow keeps no bill waiting.

Streams are of accounts, and any of them may be slow on purpose. A try is bounded and a stream that fails is
tried less and less often; as many are tried at once as there are threads.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from acquit.actions.context import Context
from acquit.actions.forward_logs import forward_due
from acquit.store.transaction import Unavailable

log = logging.getLogger("acquit.logs")

THREADS: Final = 4
PAUSE_SECONDS: Final = 1.0
STOP_SECONDS: Final = 25.0


@contextmanager
def forwarding(context: Context, stop: threading.Event) -> Iterator[None]:
    """Forward what waits for as long as this lasts; without a carrier nothing does."""
    ended = threading.Event()

    def goes_on() -> bool:
        return not (stop.is_set() or ended.is_set())

    def attend() -> None:
        while goes_on():
            try:
                forward_due(context, goes_on)
            except Unavailable as error:
                log.warning("logs.database_away", extra={"error": type(error).__qualname__})
            except Exception as error:
                log.error("logs.crash", extra={"error": type(error).__qualname__})
            ended.wait(PAUSE_SECONDS)

    count = 0 if context.carrier is None else THREADS
    threads = [threading.Thread(target=attend, name=f"forward-{n}", daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join(STOP_SECONDS)
