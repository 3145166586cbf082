"""`acquit collect run`: gather what is new; once, or again and again."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal

from cyclopts import Parameter, validators
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from acquit.collector.access import Access
from acquit.collector.families import OTHERS
from acquit.collector.fault import Fault
from acquit.collector.gathered import Expected, Gathered, Wanted
from acquit.collector.running import PARALLEL, Run, Step, Tell, chosen
from acquit.collector.seat import ARCHIVE, Archive, Config, Given, Screen, accounts_in, minutes, table
from acquit.collector.status import Outcome, keep_status, told_of

DONE, REFUSED, INCOMPLETE = 0, 1, 3
NAMED = 3
"""So many accounts are named with what is told of many."""

Kind = Literal[
    "account", "bill", "corrective_bill", "down_payment", "credit_note", "reverse_bill", "detail", "debt",
    "payment_method", "purchase_order", "sub_account", "operation", "service", "paper",
]  # fmt: skip
Plan = Callable[[], tuple[Run, list[Access]]]
Positive = Annotated[int, Parameter(validator=validators.Number(gte=1))]


def run(
    *,
    account: tuple[str, ...] = (),
    since: date | None = None,
    only: tuple[Kind, ...] = (),
    dry_run: bool = False,
    watch: Positive | None = None,
    per_minute: Positive | None = None,
    parallel: Positive = PARALLEL,
    archive: Archive = ARCHIVE,
    config: Config = None,
    program: Given,
) -> int:
    """Gather what is new of all accounts; goes on where it was broken off.

    Exits 0 when nothing is left, 3 when something is (the next run fetches it), 1 when nothing could be done.
    What the last run did stands in status.json of the archive.

    Parameters
    ----------
    account
        Only this account; may be repeated.
    since
        Only bills from this day on, looked at anew.
    only
        Only this; may be repeated.
    dry_run
        Count calls and minutes, gather nothing.
    watch
        Go on until stopped, a run every so many minutes and up to a tenth more.
    per_minute
        Calls a minute and key; default 60 at public endpoints, 600 elsewhere.
    parallel
        Accounts gathered side by side.
    """
    wanted = Wanted(since, frozenset(only))

    def plan() -> tuple[Run, list[Access]]:
        return Run(archive, wanted, per_minute, parallel), chosen(accounts_in(config).all(), account)

    screen = program.screen
    if dry_run:
        made, accesses = plan()
        return _expect(screen, made.expect(accesses))
    if watch is None:
        return _once(screen, plan, archive)
    return _watch(screen, plan, archive, watch)


def _once(screen: Screen, plan: Plan, archive: Path, next_run_at: datetime | None = None) -> int:
    """Gather, tell, and leave the outcome in the archive. Raises Fault."""
    try:
        made, accesses = plan()
        with _progress(screen, len(accesses)) as tell:
            gathered = made.gather(accesses, tell)
    except Fault as fault:
        if fault.kind != "busy":
            keep_status(archive, Outcome(REFUSED, [], fault.message, next_run_at))
        raise
    code = _report(screen, gathered, archive)
    keep_status(archive, Outcome(code, gathered, next_run_at=next_run_at))
    return code


def _watch(screen: Screen, plan: Plan, archive: Path, every: int) -> int:
    """Run again and again, whatever one run meets, until stopped; 0 then."""
    try:
        while True:
            pause = 60 * every * (1 + random.random() / 10)  # noqa: S311 - many must not call together
            next_run_at = datetime.now(UTC) + timedelta(seconds=pause)
            try:
                _once(screen, plan, archive, next_run_at)
            except Fault as fault:
                screen.warn(fault.message)
            screen.say(f"Next run at {next_run_at:%Y-%m-%d %H:%M} UTC.")
            time.sleep(max(0.0, (next_run_at - datetime.now(UTC)).total_seconds()))
    except KeyboardInterrupt:
        screen.say("Stopped; the next run goes on where this one was.")
        return DONE


def _expect(screen: Screen, expected: list[Expected]) -> int:
    seconds = max((one.seconds for one in expected), default=0.0)
    rows = [
        (one.account, one.bills, one.new_bills, one.papers, one.calls, minutes(one.seconds))
        for one in expected
    ]
    calls, papers = sum(one.calls for one in expected), sum(one.papers for one in expected)
    screen.answer(
        {"accounts": expected, "calls": calls, "papers": papers, "seconds": round(seconds)},
        table("account", ">bills", ">new", ">papers", ">calls", ">time", rows=rows),
        f"{calls} calls and {papers} papers; about {minutes(seconds)}.",
    )
    return DONE


def _report(screen: Screen, gathered: list[Gathered], archive: Path) -> int:
    failed = [one for one in gathered if one.faults]
    code = (
        DONE if not failed else REFUSED if len(failed) == len(gathered) and _nothing(gathered) else INCOMPLETE
    )
    rows = [
        (
            one.account,
            one.new_bills,
            one.changed_bills,
            one.new_others.total(),
            one.details,
            one.papers,
            one.calls,
            "" if not one.faults else "not whole",
        )
        for one in gathered
        if one.faults or len(gathered) <= 20 or one.new_bills or one.new_others
    ]
    screen.answer(
        {"archive": str(archive), "complete": not failed, "accounts": [told_of(one) for one in gathered]},
        table("account", ">new", ">changed", ">others", ">details", ">papers", ">calls", "", rows=rows),
        f"{_new(gathered)} in {archive}, {sum(one.calls for one in gathered)} calls.",
    )
    for note, accounts in _noted(gathered).items():
        screen.warn(f"{accounts}: {note}")
    for one in failed:
        for fault in one.faults:
            screen.warn(f"{one.account}: {fault.message}")
    return code


def _new(gathered: list[Gathered]) -> str:
    """Return what is new, in words: bills, and of what is no bill that of which there is any."""
    others = sum((one.new_others for one in gathered), Counter[str]())
    told = [
        f"{count} {family.words if count > 1 else family.words.removesuffix('s')}"
        for family in OTHERS
        if (count := others[family.kind])
    ]
    return ", ".join([f"{sum(one.new_bills for one in gathered)} new bills", *told])


def _noted(gathered: list[Gathered]) -> dict[str, str]:
    """Return each note of the run once, with the accounts that it is about."""
    about: dict[str, list[str]] = {}
    for one in gathered:
        for note in one.notes:
            about.setdefault(note, []).append(one.account)
    return {
        note: ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
        for note, names in about.items()
    }


def _nothing(gathered: list[Gathered]) -> bool:
    return not any(one.bills or one.details or one.papers for one in gathered)


@contextmanager
def _progress(screen: Screen, accounts: int) -> Iterator[Tell]:
    """Show the step of each account at work and what is left of it, by the pace in force.

    Nothing in a pipe.
    """
    if not screen.err.is_terminal:
        yield lambda _step: None
        return
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
        console=screen.err, transient=True,
    )  # fmt: skip
    tasks: dict[str, int] = {}
    lock = Lock()

    def tell(step: Step) -> None:
        with lock:
            if step.account not in tasks:
                tasks[step.account] = bar.add_task("", total=step.total, left="")
            bar.update(
                tasks[step.account],  # type: ignore[arg-type]
                description=escape(f"{step.account} {step.what}"),
                total=step.total,
                completed=step.done,
                left=f"{minutes(step.left_seconds)} left" if step.done < step.total else "",
                visible=step.done < step.total or (len(tasks) <= accounts and accounts <= 20),
            )

    with bar:
        yield tell
