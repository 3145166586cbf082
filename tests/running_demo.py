"""A real `acquit demo` in a process of its own, as a person starts it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).with_name("acquit"))
READY_SECONDS = 300.0
AS_OF = "2026-11-23"


def environment(**more: str) -> dict[str, str]:
    """Return an environment without a setting of acquit's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ACQUIT_")}
    return kept | {"COLUMNS": "200"} | more


def acquit(*arguments: str | Path, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of acquit to its end."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        env=environment(**more), capture_output=True, text=True, timeout=READY_SECONDS, check=False,
    )  # fmt: skip


class RunningDemo:
    """A demo that serves, and the keys that it wrote."""

    def __init__(self, process: "subprocess.Popen[bytes]", keys_file: Path) -> None:
        self.process = process
        self.keys_file = keys_file
        self.keys: dict[str, Any] = json.loads(keys_file.read_text(encoding="utf-8"))

    def stop(self) -> int:
        """Press Ctrl-C and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def kill(self) -> None:
        """Kill the process that a person started, and nothing else."""
        self.process.kill()
        self.process.wait(60)


@contextmanager
def running(data: Path, *arguments: str) -> Iterator[RunningDemo]:
    """Start a demo in a directory and lend it once its keys are there; it is stopped at the end."""
    keys_file = data.with_name(f"{data.name}-keys.json")
    keys_file.unlink(missing_ok=True)
    command = [PROGRAM, "demo", "--data", str(data), "--port", "0", "--keys", str(keys_file), *arguments]
    log = data.with_name(f"{data.name}.log")
    with log.open("ab") as out:
        process = subprocess.Popen(command, env=environment(), stdout=out, stderr=out)
    try:
        _await(process, keys_file, log)
        yield RunningDemo(process, keys_file)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _await(process: "subprocess.Popen[bytes]", keys_file: Path, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while not keys_file.exists():
        assert process.poll() is None, f"the demo ended: {log.read_text()}"
        assert time.monotonic() < until, f"the demo does not get ready: {log.read_text()}"
        time.sleep(0.05)


def begun(data: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    """Start to make a demo and return when its database is open and the play begins."""
    command: Sequence[str] = [PROGRAM, "demo", "--data", str(data), "--port", "0", *arguments]
    process = subprocess.Popen(
        command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + READY_SECONDS
    mark = data / "demo.json"
    while not (mark.exists() and "as_of" in mark.read_text(encoding="utf-8")):
        assert process.poll() is None, "the demo ended before it began"
        assert time.monotonic() < until, "the demo does not begin"
        time.sleep(0.02)
    return process
