"""`acquit bench`: measure, and tell the figures as ratios of one run."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from acquit.cli.program import Given
from acquit.core.errors import NotFound

FOLDER = Path(__file__).resolve().parents[3] / "benchmarks"

app = App(name="bench", help="Measure, as ratios of one run.")

Words = Annotated[str, Parameter(allow_leading_hyphen=True)]


class NoBenchmarks(NotFound):
    """Benchmarks come with a checkout, not with the installed package."""

    code = "no-benchmarks"


@app.command(name="bill-run")
def bill_run(*, accounts: int = 10_000, program: Given) -> int:
    """Bill a month of so many accounts with three services each, beside bare COPY.

    Parameters
    ----------
    accounts
        How many accounts to make and bill.
    """
    return _run("bill_run", program, "--accounts", str(accounts))


@app.command
def api(*, bills: int = 10_000, requests: int = 20_000, program: Given) -> int:
    """Ask the wire for lists, objects, pages and batches, beside the bare statement.

    Parameters
    ----------
    bills
        How many bills the store holds.
    requests
        Over how many requests the memory of the worker is watched.
    """
    return _run("api", program, "--bills", str(bills), "--requests", str(requests))


@app.command
def console(*, bills: int = 100_000, rounds: int = 20, program: Given) -> int:
    """Ask for every page of manager and office, signed in, before so many bills.

    Parameters
    ----------
    bills
        How many bills the store holds.
    rounds
        How often each page is asked for.
    """
    return _run("console", program, "--bills", str(bills), "--rounds", str(rounds))


@app.command
def documents(*, program: Given) -> int:
    """Render bills, beside bare typst."""
    return _run("documents", program)


@app.command
def usage(*, events: int = 500_000, program: Given) -> int:
    """Take events by HTTP and from a file, beside bare COPY, and rate them.

    Parameters
    ----------
    events
        How many events the file holds.
    """
    return _run("usage", program, "--events", str(events))


@app.command
def matching(*, entries: int = 20_000, program: Given) -> int:
    """Import a bank's file of noisy transfers and compare what was matched with what was meant.

    Parameters
    ----------
    entries
        How many transfers the file holds.
    """
    return _run("matching", program, "--entries", str(entries))


@app.command
def dunning(*, debts: int = 100_000, program: Given) -> int:
    """Decide and write the steps of so many open debts, beside one statement that sums them.

    Parameters
    ----------
    debts
        How many debts are open.
    """
    return _run("dunning", program, "--debts", str(debts))


def _run(name: str, program: Given, *words: str) -> int:
    """Run the benchmark in a process of its own; its figures are JSON with or without --json."""
    script = FOLDER / f"{name}.py"
    if not script.exists():
        raise NoBenchmarks(
            "Benchmarks are part of a checkout, not of the installed package; clone the repository, "
            f"run `make setup` and then `.venv/bin/acquit bench {name.replace('_', '-')}`."
        )
    program.screen.say(f"Measuring in {script.name}; other work on this machine disturbs the figures.")
    return subprocess.run([sys.executable, str(script), *words], check=False).returncode
