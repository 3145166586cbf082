"""What every export shares: which bills, what is handed over of them, and how it is told."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from acquit.collector.bill_selection import Rules, Selected, SelectedBill, Window, names_in, select
from acquit.collector.fault import Fault
from acquit.collector.files import alone
from acquit.collector.hand_over import (
    HandOver,
    Log,
    Name,
    Planned,
    deliver,
    finish,
    hand_over,
    read_log,
    same_before,
)
from acquit.collector.manifest import entries
from acquit.collector.reread import read_anew
from acquit.collector.seat import Screen
from acquit.collector.tables import make_tables, open_tables

LEFT_OUT_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: which bills, and whether those that were handed over before are among them."""

    kind: str
    since: date | None = None
    until: date | None = None
    accounts: tuple[str, ...] = ()
    bills: tuple[str, ...] = ()
    everything: bool = False
    again: str = ""
    dry_run: bool = False


@dataclass(slots=True)
class Made:
    """What an export made: its files, the bills in them, and what is left out."""

    files: dict[str, bytes]
    bills: list[SelectedBill]
    left_out: list[tuple[Name, str]] = field(default_factory=list)


Make = Callable[[Selected, int], Made]
"""Turns selected bills into files; gets the number of the first bill, counted over all hand-overs."""


def export(
    archive: Path,
    asked: Asked,
    rules: Rules,
    make: Make,
    out: Path,
    screen: Screen,
    *,
    with_taxes: bool = True,
) -> int:
    """Hand over the bills asked for, or show what would be; return the exit code.

    A bill that was handed over as this kind is left out unless it is asked for again; the same files again
    are no second hand-over. Exits 1 when bills are left out with a fault. Raises Fault.
    """
    at = datetime.now(UTC).replace(microsecond=0)
    with alone(archive):
        if not asked.dry_run:
            repair(archive, at, screen)
        log = read_log(archive)
        repeats = asked.everything or bool(asked.again)
        posted = frozenset() if repeats else frozenset(log.last_of(asked.kind))
        window = Window(asked.since, asked.until, frozenset(asked.accounts), frozenset(asked.bills), posted)
        made = make(_fresh(archive, window, rules, screen, with_taxes=with_taxes), _first(log, asked))
        handed, is_new = (
            (None, False) if asked.dry_run or not made.bills else _handed(archive, asked, made, out, at)
        )
        changed = _changed(archive, log.last_of(asked.kind))
    return _report(screen, asked, made, handed, is_new=is_new, changed=changed)


def repair(archive: Path, at: datetime, screen: Screen) -> None:
    """Finish what a crash broke off, and say so. Hold the archive meanwhile."""
    delivered, thrown_away = finish(archive, at)
    for one in delivered:
        screen.warn(
            f"Hand-over {one.number} was broken off after it counted; its files are in {one.out} now. "
            "If you passed one on already, do not do it twice: they are the same."
        )
    for name in thrown_away:
        screen.warn(f"{name} was broken off before it counted; nothing of it had left, it is made anew.")


def selected_of(archive: Path, window: Window, rules: Rules, screen: Screen, *, with_taxes: bool) -> Selected:
    """Return the bills of a window, from tables that are up to date; nothing is handed over. Raises Fault."""
    with alone(archive):
        return _fresh(archive, window, rules, screen, with_taxes=with_taxes)


def _fresh(archive: Path, window: Window, rules: Rules, screen: Screen, *, with_taxes: bool) -> Selected:
    make_tables(archive)
    with open_tables(archive) as db:
        names = names_in(db, window)
    if read_anew(archive, names, screen.warn):
        make_tables(archive)
    with open_tables(archive) as db:
        return select(db, window, rules, with_taxes=with_taxes)


def _first(log: Log, asked: Asked) -> int:
    """Return the number of the first entry: on from all that was handed over, from 1 when all is repeated."""
    return 1 if asked.everything else 1 + sum(len(one.bills) for one in log.of_kind(asked.kind))


def _handed(archive: Path, asked: Asked, made: Made, out: Path, at: datetime) -> tuple[HandOver, bool]:
    """Return the hand-over of these files, and whether it is a new one."""
    planned = Planned(asked.kind, made.files, [bill.handed for bill in made.bills], asked.again)
    before = same_before(read_log(archive), planned)
    if before is not None:
        deliver(archive, before, out)
        return before, False
    return hand_over(archive, planned, out, at), True


def _changed(archive: Path, posted: Mapping[Name, HandOver]) -> list[str]:
    """Return the bills whose amount is not the one that was handed over last: changed after issue."""
    amounts = {
        (bill.account, bill.bill_id): bill.amount_minor for one in posted.values() for bill in one.bills
    }
    with open_tables(archive) as db:
        now = db.execute("SELECT account, bill_id, total_minor FROM bill ORDER BY ALL").fetchall()
    return [
        bill_id
        for account, bill_id, total_minor in now
        if (before := amounts.get((account, bill_id))) is not None and abs(before) != abs(total_minor or 0)
    ]


def _report(
    screen: Screen, asked: Asked, made: Made, handed: HandOver | None, *, is_new: bool, changed: list[str]
) -> int:
    where = [str(Path(handed.out) / file.name) for file in handed.files] if handed else []
    sums: dict[str, int] = {}
    for bill in made.bills:
        sums[bill.currency] = sums.get(bill.currency, 0) + bill.total_minor
    screen.answer(
        {
            "kind": asked.kind,
            "bills": len(made.bills),
            "total_minor": sums,
            "hand_over": handed.number if handed else None,
            "new": is_new,
            "files": where,
            "left_out": [{"account": n[0], "bill_id": n[1], "reason": reason} for n, reason in made.left_out],
            "changed": changed,
        },
        _sentence(asked, made, handed, is_new=is_new),
        *where,
    )
    warn_of(made.left_out, screen)
    for bill_id in changed:
        screen.warn(
            f"{bill_id} has another amount now than when it was handed over: correct what was posted."
        )
    return 1 if made.left_out else 0


def _sentence(asked: Asked, made: Made, handed: HandOver | None, *, is_new: bool) -> str:
    count = f"{len(made.bills)} bills"
    if asked.dry_run:
        return f"{count} would be handed over as {asked.kind}."
    if handed is None:
        return f"No new bill to hand over as {asked.kind}."
    if not is_new:
        return f"{count}: the same as hand-over {handed.number}; nothing was logged anew."
    return f"Hand-over {handed.number}: {count} as {asked.kind}."


def of_currency(selected: Selected, currency: str) -> Selected:
    """Return the bills in the currency of the books; the others are left out."""
    others = [
        (bill.name, f"it is in {bill.currency}, the books are in {currency}: use a mapping with currency = "
         f'"{bill.currency}", or book it by hand')
        for bill in selected.bills if bill.currency != currency
    ]  # fmt: skip
    return Selected(
        [bill for bill in selected.bills if bill.currency == currency], selected.left_out + others
    )


def period_of(bills: Sequence[SelectedBill]) -> str:
    """Return the days of the first and the last bill, for a file's name. Raises Fault when there is none."""
    if not bills:
        raise Fault("question", "There is no bill to name a file after.")
    return f"{bills[0].issued_on}_{bills[-1].issued_on}"


def e_invoices(archive: Path) -> Callable[[Name], bytes | None]:
    """Return what gives the e-invoice in a bill's paper as it was saved, None when there is none."""
    saved = {(one.account, one.bill_id): one for one in entries(archive) if one.kind == "xml"}

    def inside(name: Name) -> bytes | None:
        entry = saved.get(name)
        if entry is None:
            return None
        content = (archive / entry.path).read_bytes() if (archive / entry.path).exists() else b""
        if hashlib.sha256(content).hexdigest() != entry.sha256:
            raise Fault("archive", f"{entry.path} is not as it was saved: bring it back from a copy.")
        return content

    return inside


def file_name(text: str) -> str:
    """Return a text as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text)


def warn_of(left_out: Sequence[tuple[Name, str]], screen: Screen) -> None:
    """Name the first bills that were left out, each with its reason, and how many more there are."""
    for (account, bill_id), reason in left_out[:LEFT_OUT_SHOWN]:
        screen.warn(f"Left out: {account} {bill_id}: {reason}.")
    if len(left_out) > LEFT_OUT_SHOWN:
        screen.warn(f"{len(left_out) - LEFT_OUT_SHOWN} more are left out; --json names all of them.")
