"""Runs of the collector in processes of their own, which may be killed (`SIGKILL`) at any step.

`python -m collector.ordeal` has everything imported and forks a process for each run that it is asked for, so
that hundreds of kills cost seconds.
"""

import json
import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, NoReturn

import httpx

from acquit.collector.access import Access
from acquit.collector.fault import Fault
from acquit.collector.gathered import Wanted
from acquit.collector.reading import read_paper
from acquit.collector.running import Run
from acquit.collector.wire import trusted
from collector.provider import VirtualTimer, pdf

SECONDS_MAX = 120
REFUSED = 1


@dataclass(frozen=True)
class Ordeal:
    """What this run meets: it is killed at its nth syncing or renaming, or no file may become larger."""

    killed_at_step: int | None = None
    file_bytes_max: int | None = None
    tables: bool = True
    """Whether the run ends with making the tables."""


Asked = tuple[Path, list[Access], date, Ordeal, Path]


class Arena:
    """Where runs happen."""

    def __init__(self, server: subprocess.Popen[bytes]) -> None:
        self._server = server

    def endure(
        self, archive: Path, accesses: Sequence[Access], day: date, ordeal: Ordeal,
        begun: Callable[[int], None],
    ) -> list[Any] | None:  # fmt: skip
        """Return what each account's run told, None when the run was killed or refused as a whole.

        `begun` is told the number of the process.
        """
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        outcome = archive.with_name(f"{archive.name}.outcome")
        outcome.unlink(missing_ok=True)
        pickle.dump((archive, list(accesses), day, ordeal, outcome), self._server.stdin)
        self._server.stdin.flush()
        begun(int(self._server.stdout.readline()))
        code = int(self._server.stdout.readline())
        assert code in (0, REFUSED, -signal.SIGKILL), f"the run ended with {code}"
        return json.loads(outcome.read_text()) if outcome.exists() else None


@contextmanager
def arena() -> Iterator[Arena]:
    """Lend a place for runs, gone afterwards."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-m", "collector.ordeal"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=environment,
    ) as server:  # fmt: skip
        yield Arena(server)


def _warm_up() -> None:
    """Import what is imported at first use, once for all runs."""
    read_paper(pdf("paper"), "FR1")
    with suppress(httpx.HTTPError), httpx.Client(verify=trusted()) as http:
        http.get("http://127.0.0.1:9")


def _serve() -> None:
    _warm_up()
    while True:
        try:
            asked: Asked = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        if (child := os.fork()) == 0:
            _endure(*asked)
        _tell(child)
        _tell(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _tell(number: int) -> None:
    sys.stdout.buffer.write(b"%d\n" % number)
    sys.stdout.buffer.flush()


def _endure(archive: Path, accesses: list[Access], day: date, ordeal: Ordeal, outcome: Path) -> NoReturn:
    """Run in this process, which ends with it."""
    signal.alarm(SECONDS_MAX)
    if ordeal.killed_at_step is not None:
        _die_at(ordeal.killed_at_step)
    if ordeal.file_bytes_max is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (ordeal.file_bytes_max, resource.RLIM_INFINITY))
    instant = datetime.combine(day, time(6, 17), UTC)
    plan = Run(archive, Wanted(), 60, parallel=1, timer=VirtualTimer(), clock=lambda: instant,
               tables=ordeal.tables)  # fmt: skip
    try:
        told = plan.gather(accesses, lambda _step: None)
    except Fault as fault:
        os._exit(REFUSED if fault.kind == "disk" else 99)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    faults = [[one.account, [f"{fault.kind}: {fault.message}" for fault in one.faults]] for one in told]
    outcome.write_text(json.dumps(faults))
    os._exit(0)


def _die_at(step: int) -> None:
    """Let the process die before or after the nth time that something becomes lasting."""
    left = [step]

    def counted(work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and step % 2:
                os.kill(os.getpid(), signal.SIGKILL)
            done = work(*given, **named)
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return run

    os.fsync, os.replace = counted(os.fsync), counted(os.replace)


if __name__ == "__main__":
    _serve()
