"""Presses that render in several processes: Typst uses one core at a time."""

import multiprocessing
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from acquit.actions.render_document import Press, one_by_one
from acquit.documents.forms import Forms, render
from acquit.documents.languages import own_texts, use_texts
from acquit.documents.paper import BillPaper

AT_ONCE: Final = 8


@contextmanager
def press(processes: int) -> Iterator[Press]:
    """Lend a press of so many processes; one means this process, and starts none."""
    if processes <= 1:
        yield one_by_one
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        processes, mp_context=spawn, initializer=_begin, initargs=(own_texts(),)
    ) as pool:

        def together(papers: Sequence[BillPaper]) -> Iterable[Forms]:
            return pool.map(render, papers, chunksize=AT_ONCE)

        yield together


def _begin(texts: Path | None) -> None:
    """Write as the process that started this one does, and end with it."""
    use_texts(texts)
    _end_with_parent()


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, however it went."""

    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
