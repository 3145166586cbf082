"""Files that are whole or absent, and one owner at a time."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from acquit.collector.fault import Fault

TAIL_BYTES: Final = 1 << 16
PART_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)


def replace_bytes(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Leave the file with this content, or as it was; synced before it counts. Raises Fault (disk).

    What is not whole has a name of its own, always the same: a run that is killed leaves one such file at
    most, which the next one writes over.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(os.open(part, PART_FLAGS, 0o600), "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            os.chmod(part, mode)
            os.replace(part, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(part)
            raise
    except OSError as error:
        raise disk_fault(path, error) from None


def replace_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Leave the file with this text in UTF-8, or as it was."""
    replace_bytes(path, text.encode(), mode)


def disk_fault(path: Path, error: OSError) -> Fault:
    """Say what the disk refused, and what to do."""
    return Fault(
        "disk",
        f"{path} could not be written: {error.strerror}. "
        "Nothing that was gathered is lost; make room and run again.",
    )


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Hold the archive for this process. Raises Fault (busy) at once when another collector has it."""
    # Imported here: a report of tables that are up to date holds nothing and starts without it.
    from filelock import FileLock, Timeout

    directory.mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Fault(
            "busy", f"Another collector works on {directory}; let it finish, or name another archive."
        ) from None
    try:
        yield
    finally:
        lock.release()


_APPENDING: Final = threading.Lock()


def append_line(path: Path, line: bytes) -> None:
    """Add one whole line to a file, synced; what a crash tore off there before is cut away.

    Raises Fault (disk).
    """
    try:
        with _APPENDING, path.open("a+b") as out:
            _cut_torn_line(out)
            out.write(line + b"\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise disk_fault(path, error) from None


def _cut_torn_line(file: BinaryIO) -> None:
    """Truncate an open file behind its last whole line."""
    at = size = file.seek(0, os.SEEK_END)
    while at > 0:
        start = max(0, at - TAIL_BYTES)
        file.seek(start)
        newline = file.read(at - start).rfind(b"\n")
        if newline >= 0:
            at = start + newline + 1
            break
        at = start
    if at != size:
        file.truncate(at)


def cut_torn_line(path: Path) -> None:
    """Truncate a file behind its last whole line; nothing when there is no file."""
    if path.exists():
        with path.open("r+b") as file:
            _cut_torn_line(file)
