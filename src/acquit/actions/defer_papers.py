"""Have papers rendered later: the jobs are written with the bills, so that both are there or neither."""

from collections.abc import Sequence
from typing import Final

from acquit.actions.defer_job import defer_jobs
from acquit.core.bill import Bill
from acquit.store.transaction import Connection

QUEUE: Final = "papers"
RENDER: Final = "render_bills"
BILLS_PER_JOB: Final = 200


def defer_papers(connection: Connection, bills: Sequence[Bill]) -> None:
    """Jobs that render these bills wait in the queue once the connection's transaction is committed.

    Account and number alternate in one text: a list of texts took a seventh of a bill run's time.
    """
    keys = [f"{bill.account_id} {bill.bill_id}" for bill in bills]
    jobs = [
        {"keys": " ".join(keys[start : start + BILLS_PER_JOB])}
        for start in range(0, len(keys), BILLS_PER_JOB)
    ]
    if jobs:
        defer_jobs(connection, RENDER, QUEUE, *jobs)
