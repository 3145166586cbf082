"""A command that shares an embedded cluster, for tests that kill it.

Run as a script it opens the cluster of a directory, says so on standard output, and lets go when its
standard input closes.
"""

import subprocess
import sys
from pathlib import Path
from types import TracebackType

import psycopg

from acquit.store.embedded import open_cluster


class Sharer:
    """A process of its own with a share in the cluster of `data`."""

    def __init__(self, data: Path) -> None:
        self.running = subprocess.Popen(
            [sys.executable, __file__, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def url(self) -> str:
        """Wait until the cluster is open and return its URL."""
        assert self.running.stdout is not None
        said = self.running.stdout.readline().strip()
        assert said.startswith("postgresql://"), said + self.running.stdout.read()
        return said

    def leave(self) -> None:
        """End as a command does that has done its work."""
        self.running.communicate()
        assert self.running.returncode == 0

    def kill(self) -> None:
        """End it with kill -9."""
        self.running.kill()
        self.running.communicate()

    def __enter__(self) -> "Sharer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


def main(data: Path) -> None:
    """Open the cluster, prove that it answers, and hold on to it until standard input ends."""
    with open_cluster(data) as cluster:
        with psycopg.connect(cluster.url) as connection:
            connection.execute("SELECT 1")
        print(cluster.url, flush=True)  # noqa: T201 - what the test reads
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
