"""Pages billed by two threads of one process: while PostgreSQL works on one, Python decides the other.

Pages are disjoint families, so neither waits for an account of the other; the series of numbers lets one in
at a time.
"""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock

from acquit.actions.bill_page import Written
from acquit.actions.context import Context
from acquit.actions.lanes import LANES, side_by_side
from acquit.actions.page_loading import Scope
from acquit.actions.run_pages import bill_accounts
from acquit.store.billables import DuePage

Add = Callable[[DuePage, Written], None]
"""Called with each page when it is committed, by one thread at a time."""


class _Pages:
    """Pages that nobody has begun; the threads take them one by one."""

    def __init__(self, pages: Sequence[DuePage], add: Add) -> None:
        self._left = deque(pages)
        self._add = add
        self._guard = Lock()
        self._first = True

    def take(self) -> DuePage | None:
        """Return the next page, None when there is none."""
        with self._guard:
            return self._left.popleft() if self._left else None

    def tell(self, page: DuePage, written: Written) -> None:
        """Add what was done; when somebody else is at work on the first page, go on at the other end."""
        with self._guard:
            if self._first and len(written.postponed) * 2 > page.accounts:
                self._left.reverse()
            self._first = False
            self._add(page, written)

    def stop(self) -> None:
        """Leave the pages that nobody has begun."""
        with self._guard:
            self._left.clear()


def bill_pages(
    context: Context, scope: Scope, pages: Sequence[DuePage], add: Add, lanes: int = LANES
) -> None:
    """Bill the pages; what goes wrong in one thread, or Ctrl-C, is raised when the other ends its page."""
    waiting = _Pages(pages, add)

    def work() -> None:
        while (page := waiting.take()) is not None:
            waiting.tell(page, bill_accounts(context, scope, page.account_ids, wait=False))

    side_by_side(work, waiting.stop, min(lanes, len(pages)))
