"""How tests gather: from a provider of the plain protocol into a directory, on a clock that does not wait."""

import io
import json
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from acquit.app import main
from acquit.collector.access import Access
from acquit.collector.gathered import Gathered, Wanted
from acquit.collector.running import Run
from acquit.collector.tables import open_tables
from collector.provider import Provider, VirtualTimer


def run(
    provider: Provider, archive: Path, *, accesses: Sequence[Access] = (), timer: Any = None, **given: Any
) -> list[Gathered]:
    wanted = Wanted(given.pop("since", None), frozenset(given.pop("only", ())))
    timer = timer or (provider.timer if isinstance(provider.timer, VirtualTimer) else VirtualTimer())
    plan = Run(archive, wanted, timer=timer, **given)
    return plan.gather(accesses or [provider.access()], lambda _step: None)


def told_by(*words: str) -> tuple[int, Any]:
    """Carry out a command in this process; return its exit code and document."""
    with io.TextIOWrapper(io.BytesIO(), "utf-8") as out:
        with redirect_stdout(out):
            code = main([*words, "--json"])
        return code, json.loads(out.buffer.getvalue())


def rows(archive: Path, query: str) -> list[tuple[Any, ...]]:
    with open_tables(archive) as db:
        return db.execute(query).fetchall()


def messages(gathered: Sequence[Gathered]) -> list[str]:
    return [fault.message for one in gathered for fault in one.faults]


def fill(
    provider: Provider, count: int, details: int = 1, key: str = "consumer-key-of-main", first: int = 1
) -> None:
    world = provider.world(key)
    for number in range(first, first + count):
        day = f"2026-{1 + number % 11:02d}-{1 + number % 28:02d}"
        world.bill(f"FR{number:08d}", day, *[100 + number + extra for extra in range(details)])
