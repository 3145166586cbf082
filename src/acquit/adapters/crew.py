"""A crew: processes of this program that carry out assignments and tell of each step through a pipe.

One that dies is noticed by the end of its pipe. None outlives who lent the crew.
"""

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_any
from multiprocessing.context import SpawnProcess
from typing import Any, Final

STOP_SECONDS: Final = 20
"""How long a process may go on with the step at hand when it is told to stop."""


class Processes:
    """So many processes; `target` is called in each with `given`, an assignment, a pipe and an event.

    What the target sends through the pipe is told here; when the event is set it ends with its step.
    """

    def __init__(self, size: int, target: Callable[..., None], *given: object) -> None:
        self.size = size
        self._target = target
        self._given = given
        self._spawn = multiprocessing.get_context("spawn")
        self._stopped = self._spawn.Event()
        self._running: dict[Connection, SpawnProcess] = {}

    def start(self, assignments: Sequence[Any]) -> None:
        """Start a process for each assignment."""
        for assignment in assignments:
            ours, theirs = self._spawn.Pipe(duplex=False)
            arguments = (*self._given, assignment, theirs, self._stopped)
            child = self._spawn.Process(target=self._target, args=arguments)
            with _interrupts_unheard():
                child.start()
            theirs.close()
            self._running[ours] = child

    def told(self, seconds: float) -> list[Any]:
        """Return what was told since; a pipe that ends belongs to a process that is done, or died."""
        found: list[Any] = []
        ready = {id(each) for each in wait_for_any(list(self._running), seconds)}
        for pipe in [each for each in self._running if id(each) in ready]:
            try:
                while pipe.poll():
                    found.append(pipe.recv())
            except (EOFError, OSError):
                self._running.pop(pipe).join()
        return found

    def works(self) -> bool:
        """Whether any of them still works."""
        return bool(self._running)

    def stop(self) -> None:
        """Let each end with the step at hand; who does not is ended."""
        self._stopped.set()
        for child in self._running.values():
            child.join(STOP_SECONDS)
            child.kill()
            child.join()


@contextmanager
def lent(size: int, target: Callable[..., None], *given: object) -> Iterator[Processes]:
    """Lend a crew; none of its processes is left behind, whatever happens here."""
    crew = Processes(size, target, *given)
    try:
        yield crew
    finally:
        crew.stop()


@contextmanager
def _interrupts_unheard() -> Iterator[None]:
    """Let what is started meanwhile never hear Ctrl-C: who started it hears it for both."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
