"""Pages of one process are billed by two threads: together, each once, and none is begun after a failure."""

import sys
import threading
from dataclasses import replace

import pytest

from acquit.actions.bill_page import Written
from acquit.actions.context import Context
from acquit.actions.page_lanes import bill_pages
from acquit.actions.page_loading import Scope
from acquit.actions.run_pages import scope_in
from acquit.core.bill_run import period
from acquit.core.identifiers import RunId
from acquit.store import runs
from acquit.store.billables import DuePage
from acquit.store.transaction import Database, Transaction
from billed import bill, failed, family, rows, seller, subscribe
from founding import ACME, FR, LAB, PETIT, SHOP

FAMILY = (ACME, LAB, SHOP, PETIT)
PAGES = [DuePage(3, f"{ACME} {LAB} {SHOP}"), DuePage(1, str(PETIT))]


def opened(database: Database) -> tuple[Context, Scope]:
    """A seller with four accounts to bill, and a run that is open."""
    context = seller(database)
    family(context)
    for account_id in FAMILY:
        subscribe(context, account_id, f"srv-{account_id}")
    month = period("2026-11")
    with database.write() as tx:
        run_id: RunId = runs.open_run(tx, FR, str(month))
        scope = scope_in(context, tx, FR, month, None, "cli")
    return context, replace(scope, run_id=run_id)


def test_two_pages_are_at_work_at_once(database: Database) -> None:
    context, scope = opened(database)
    meeting = threading.Barrier(2, timeout=30)

    def meet(_tx: Transaction, _page: object, _scope: object) -> None:
        meeting.wait()

    told: list[tuple[int, int]] = []
    scope = replace(scope, keep_inputs=meet)
    bill_pages(context, scope, PAGES, lambda page, done: told.append((page.accounts, _bills(done))))
    assert sorted(told) == [(1, 1), (3, 3)]
    assert len(rows(context, "SELECT DISTINCT account_id FROM bill")) == 4
    numbers = [row.bill_id for row in rows(context, "SELECT bill_id FROM bill ORDER BY bill_id")]
    assert numbers == [f"FR{number:08d}" for number in range(1, 5)]
    assert bill(context).posted_now == 0
    assert failed(context) == {}


def _bills(written: Written) -> int:
    return sum(totals.bills for totals in written.totals.values())


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_after_a_failure_no_page_is_begun_and_the_other_one_is_whole(
    error: type[BaseException], database: Database
) -> None:
    context, scope = opened(database)
    main = threading.current_thread()
    meeting = threading.Barrier(2, timeout=30)

    def fail_here(_tx: Transaction, _page: object, _scope: object) -> None:
        if threading.get_ident() not in met:
            met.add(threading.get_ident())
            meeting.wait()
        if threading.current_thread() is main:
            raise error

    met: set[int] = set()
    pages = [*PAGES, *[DuePage(1, str(PETIT))] * 5]
    done: list[DuePage] = []
    with pytest.raises(error):
        bill_pages(context, replace(scope, keep_inputs=fail_here), pages, lambda page, _: done.append(page))
    assert len(done) < len(pages) - 1
    assert not [each for each in threading.enumerate() if each.name.startswith("page")]
    assert bill(context).bills == 4
    assert failed(context) == {}


def test_threads_take_turns_as_before_when_the_run_is_over(database: Database) -> None:
    context, scope = opened(database)
    before = sys.getswitchinterval()
    bill_pages(context, scope, PAGES, lambda *_: None)
    assert sys.getswitchinterval() == before
