"""One piece of the collector's work in a process that imports nothing else, so that its memory is its own.

    python benchmarks/collector_alone.py open|tables ARCHIVE
    python benchmarks/collector_alone.py gather ARCHIVE BASE APPLICATION_KEY SECRET CONSUMER_KEY

Prints seconds, processor seconds and the most memory as JSON.
"""

import json
import sys
import time
from pathlib import Path

from rig import peak_mb

from acquit.collector.access import Access
from acquit.collector.gathered import Wanted
from acquit.collector.journal import Journal
from acquit.collector.running import Run
from acquit.collector.secret import Secret
from acquit.collector.tables import make_tables

KINDS = frozenset({"account", "bill", "detail", "debt", "payment_method", "purchase_order", "sub_account"})


def open_journal(archive: Path) -> None:
    """Open the journal as a run does first."""
    with Journal(archive / "journal" / "large.ndjson") as journal:
        assert journal.count_lacking("bill", "detailed") == 0


def make_all_tables(archive: Path) -> None:
    """Make the tables from it."""
    assert make_tables(archive, anew=True) == ["large"]


def gather(archive: Path, base: str, application_key: str, secret: str, consumer_key: str) -> None:
    """Gather an account without proxy and pace."""
    access = Access("long", base, application_key, Secret(secret), Secret(consumer_key))
    told = Run(archive, Wanted(only=KINDS), 1_000_000).gather([access], lambda _step: None)
    assert told[0].details > 0, told


WORK = {"open": open_journal, "tables": make_all_tables, "gather": gather}


def main(name: str, archive: str, *given: str) -> None:
    """Do the work and print what it took."""
    from acquit.collector import papers, reading  # noqa: F401 - what a run imports counts

    begun, before = time.perf_counter(), time.process_time()
    WORK[name](Path(archive), *given)  # type: ignore[operator]
    print(json.dumps({
        "seconds": round(time.perf_counter() - begun, 1),
        "processor_seconds": round(time.process_time() - before, 1),
        "peak_rss_mb": peak_mb(),
    }))  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
