"""The demo's directory: whether it holds a demo, how far it is made, and by whom right now."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from acquit.core.errors import Conflict
from acquit.demo import keys
from acquit.demo.keys import Keys

MARK: Final = "demo.json"
LOCK: Final = "demo.lock"
BUILDING: Final = "building"
READY: Final = "ready"


class NotADemo(Conflict):
    """The directory holds something else: a demo is made in an empty one."""

    code = "not-a-demo"


@dataclass(frozen=True, slots=True)
class Home:
    """The directory in which a demo lives."""

    directory: Path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from making the same demo."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.directory / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def mark(self) -> dict[str, Any]:
        """Return what the demo says about itself; nothing in an empty directory.

        Raises NotADemo when the directory holds something that no demo made.
        """
        try:
            found: dict[str, Any] = json.loads((self.directory / MARK).read_text(encoding="utf-8"))
        except FileNotFoundError:
            others = [path.name for path in self.directory.iterdir() if path.name != LOCK]
            if others:
                raise NotADemo(
                    f"{self.directory} holds {', '.join(sorted(others)[:3])} and no demo: "
                    "name an empty directory with --data.",
                    directory=str(self.directory),
                ) from None
            return {}
        return found

    def begin(self, script: dict[str, Any]) -> None:
        """Say that a demo is being made here."""
        keys.write(self.directory / MARK, {"state": BUILDING, "script": script})

    def finish(self, script: dict[str, Any], made: Keys) -> None:
        """Say that the demo is made, and keep its keys."""
        keys.write(self.directory / MARK, {"state": READY, "script": script, "keys": made.members()})
