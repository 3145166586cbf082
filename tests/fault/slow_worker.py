"""A worker in a process of its own, slow enough to be killed in the middle of a job."""

import logging
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from acquit.documents.forms import Forms, render
from acquit.documents.paper import BillPaper
from acquit.store.transaction import Database
from acquit.worker.outbox import work
from issued_papers import paper_context


def slowly(papers: Sequence[BillPaper]) -> Iterator[Forms]:
    for paper in papers:
        time.sleep(0.02)
        yield render(paper)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    with Database(sys.argv[1]) as database:
        context = paper_context(database, Path(sys.argv[2]))
        work(context, sys.argv[1], threading.Event(), press=slowly, schedule=())
