"""Calls, minutes and memory of the collector, beside a client that makes one call for each object.

    python benchmarks/collector.py [--bills 2215] [--details 5] [--accounts 140] [--new 40]

The provider is a real server on the loopback that adds 50 ms and refuses more than 60 calls a minute and
key; its clock is virtual, so that hours pass in seconds. One account's papers are left out: they are not
called with a key. `naive` is the same collector before a server that can do neither pages nor batches.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from collector.gathering import fill, run
from collector.provider import Provider, VirtualTimer, serving

KINDS = ("account", "bill", "detail", "debt", "payment_method", "purchase_order", "sub_account")
LATENCY_SECONDS, PER_MINUTE = 0.05, 60


def one_account(bills: int, details: int, **skills: bool) -> dict[str, Any]:
    """Gather one account, then refresh it."""
    timer, below = VirtualTimer(), skills.pop("batch_below", False)
    with serving(Provider(timer=timer, **skills)) as provider, tempfile.TemporaryDirectory() as archive:
        provider.batch_below = below
        provider.per_minute, provider.latency_seconds = PER_MINUTE, LATENCY_SECONDS
        fill(provider, bills, details)
        started = time.perf_counter()
        gathered = run(provider, Path(archive), only=KINDS, per_minute=PER_MINUTE)
        assert gathered[0].details == bills * details, gathered
        return {
            "calls": len(provider.calls),
            "minutes_of_the_provider": round(timer.seconds / 60, 1),
            "seconds_of_this_machine": round(time.perf_counter() - started, 1),
            "refused": provider.refused,
        }


def many_accounts(accounts: int, new: int) -> dict[str, Any]:
    """Gather new bills of many sub-accounts, then refresh without any news."""
    timer = VirtualTimer()
    with serving(Provider(timer=timer)) as provider, tempfile.TemporaryDirectory() as archive:
        provider.per_minute, provider.latency_seconds = PER_MINUTE, LATENCY_SECONDS
        accesses = []
        for number in range(accounts):
            key = f"consumer-key-{number}"
            accesses.append(provider.access(f"main-{number}", key))
            fill(provider, new, 3, key, first=1 + number * new)
        run(provider, Path(archive), accesses=accesses, per_minute=PER_MINUTE)
        calls, minutes = len(provider.calls), timer.seconds / 60
        run(provider, Path(archive), accesses=accesses, per_minute=PER_MINUTE)
        return {
            "calls": calls,
            "minutes_of_the_provider": round(minutes, 1),
            "idle_calls_per_account": round((len(provider.calls) - calls) / accounts, 2),
            "refused": provider.refused,
        }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser()
    for name, default in (("bills", 2215), ("details", 5), ("accounts", 140), ("new", 40)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    figures = {
        "plain": one_account(given.bills, given.details),
        "acquit": one_account(given.bills, given.details, batch_below=True),
        "naive": one_account(given.bills, given.details, pages=False, batch=False),
        "sub_accounts": many_accounts(given.accounts, given.new),
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"name": "collector", "figures": {**figures, "peak_rss_mb": peak}}, indent=2))


if __name__ == "__main__":
    main()
