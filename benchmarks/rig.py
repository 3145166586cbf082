"""On what machine a figure was measured, and how a benchmark tells its figures."""

import json
import os
import platform
import sys
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
