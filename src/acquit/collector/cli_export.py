"""`acquit collect export`: what accounting takes over, and the log of all that was handed over."""

from pathlib import Path
from typing import Final

import msgspec
from cyclopts import App

from acquit.collector.hand_over import HandOver, deliver, read_log
from acquit.collector.seat import ARCHIVE, Archive, Given, table

app: Final = App(name="export", help="Hand bills to accounting, and list what was handed over.")


@app.command
def log(*, archive: Archive = ARCHIVE, program: Given) -> None:
    """List what was handed over: payments, journals and the rest, with their files."""
    found = read_log(archive)
    rows = [
        (one.number, one.kind, f"{one.at:%Y-%m-%d %H:%M}", one.by, len(one.bills), _files(one),
         "yes" if one.number in found.delivered else "NO", one.why)
        for one in found.hand_overs
    ]  # fmt: skip
    program.screen.answer(
        [
            {**msgspec.to_builtins(one), "delivered": one.number in found.delivered}
            for one in found.hand_overs
        ],
        table(">no", "kind", "at (UTC)", "by", ">bills", "files", "delivered", "why again", rows=rows),
    )


@app.command
def deliver_again(number: int, *, out: Path = Path(), archive: Archive = ARCHIVE, program: Given) -> None:
    """Write the files of a hand-over once more, the same bytes; nothing is paid or posted anew.

    Parameters
    ----------
    number
        The number of the hand-over, as `export log` lists it.
    out
        Directory for the files.
    """
    written = deliver(archive, read_log(archive).find(number), out)
    program.screen.answer(
        {"number": number, "files": [str(path) for path in written]}, *(str(path) for path in written)
    )


def _files(one: HandOver) -> str:
    return ", ".join(file.name for file in one.files[:3]) + (" …" if len(one.files) > 3 else "")
