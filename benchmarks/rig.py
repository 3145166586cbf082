"""On what machine a figure was measured, and how a benchmark tells its figures."""

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import psycopg


def rig(url: str | None = None) -> dict[str, Any]:
    """Return cores, memory, PostgreSQL (of the database at `url`) and Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory": f"{memory:.0f} GiB",
        "postgresql": _postgresql(url) if url else None,
        "python": platform.python_version(),
    }


def server_seconds(home: Path) -> float:
    """Return the processor time that the PostgreSQL below the directory has taken, all its processes."""
    master = next(home.rglob("postmaster.pid")).read_text().split()[0]
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            found = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if path.parent.name == master:
            ticks += sum(map(int, found[11:15]))
        elif found[1] == master:
            ticks += int(found[11]) + int(found[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def tell(name: str, found: dict[str, Any], figures: dict[str, Any]) -> None:
    """Print one JSON document on standard output."""
    json.dump({"name": name, "rig": found, "figures": figures}, sys.stdout, indent=2)
    sys.stdout.write("\n")


def say(text: str) -> None:
    """Print progress on standard error."""
    print(text, file=sys.stderr, flush=True)


def _postgresql(url: str) -> str:
    with psycopg.connect(url) as connection:
        return str(connection.execute("SHOW server_version").fetchone()[0])  # type: ignore[index]


def peak_mb() -> int:
    """Return the most memory of this program; `ru_maxrss` begins with what its parent held."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    raise AssertionError("Linux tells VmHWM")
