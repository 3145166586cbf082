"""What was handed to a bank or to accounting: each time logged once, its files kept, nothing twice.

`handed-over.jsonl` has a line for each hand-over and one for its delivery; its files are kept in
`handed-over/0007-payment/`. The order is what makes a crash harmless: files whole in the archive, then the
line (from here on it counts), then the files where they were wanted, then the line of the delivery. Broken
off before its line, nothing has left the archive; broken off behind it, the next run delivers the same bytes.
"""

import getpass
import hashlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from acquit.collector.fault import Fault
from acquit.collector.files import append_line, replace_bytes

LOG: Final = "handed-over.jsonl"
KEPT: Final = "handed-over"

Name = tuple[str, str]
"""An account and the number of a bill of it."""


class HandedBill(msgspec.Struct, frozen=True):
    """A bill of a hand-over, with the amount that was handed over of it (signed: a credit is negative)."""

    account: str
    bill_id: str
    currency: str
    amount_minor: int


class HandedFile(msgspec.Struct, frozen=True):
    """A file of a hand-over."""

    name: str
    sha256: str
    size_bytes: int


class HandOver(msgspec.Struct, frozen=True, tag="handed-over", tag_field="line"):
    """One hand-over; it counts from the moment that its line is on the disk."""

    number: int
    kind: str
    at: datetime
    by: str
    out: str
    files: list[HandedFile]
    bills: list[HandedBill]
    why: str = ""
    facts: dict[str, str] = {}

    @property
    def name(self) -> str:
        """What its directory in the archive is called."""
        return _name(self.number, self.kind)


class Delivered(msgspec.Struct, frozen=True, tag="delivered", tag_field="line"):
    """The files of a hand-over are where they were wanted."""

    number: int
    at: datetime


@dataclass(slots=True)
class Log:
    """All hand-overs of an archive, oldest first, and the numbers of those that were delivered."""

    hand_overs: list[HandOver] = field(default_factory=list)
    delivered: set[int] = field(default_factory=set)

    @property
    def next_number(self) -> int:
        """The number of the hand-over to come."""
        return len(self.hand_overs) + 1

    def of_kind(self, kind: str) -> list[HandOver]:
        """Return the hand-overs of a kind, oldest first."""
        return [one for one in self.hand_overs if one.kind == kind]

    def last_of(self, kind: str) -> dict[Name, HandOver]:
        """Return, for each bill that was handed over as this kind, the last hand-over that has it."""
        return {(bill.account, bill.bill_id): one for one in self.of_kind(kind) for bill in one.bills}

    def find(self, number: int) -> HandOver:
        """Return the hand-over of this number. Raises Fault."""
        if not 1 <= number <= len(self.hand_overs):
            raise Fault("question", f"There is no hand-over {number}; see `acquit collect export log`.")
        return self.hand_overs[number - 1]


def read_log(archive: Path) -> Log:
    """Return the log of an archive; a last line that a crash tore is not one. Raises Fault (archive)."""
    path, log = archive / LOG, Log()
    decoder = msgspec.json.Decoder(HandOver | Delivered)
    content = path.read_bytes() if path.exists() else b""
    for number, line in enumerate(content.splitlines(keepends=True), start=1):
        try:
            read = decoder.decode(line) if line.endswith(b"\n") else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Fault(
                "archive",
                f"{LOG}, line {number}, is damaged: bring it back from a copy; "
                "without it nobody knows what was paid and posted.",
            ) from None
        if isinstance(read, HandOver):
            log.hand_overs.append(read)
        elif isinstance(read, Delivered):
            log.delivered.add(read.number)
    return log


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be handed over: files by name, and the bills in them."""

    kind: str
    files: Mapping[str, bytes]
    bills: Sequence[HandedBill]
    why: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def same_before(log: Log, planned: Planned) -> HandOver | None:
    """Return the hand-over of the same kind that had exactly these files and bills, or None."""
    digests = sorted(_digest(content) for content in planned.files.values())
    for one in reversed(log.of_kind(planned.kind)):
        if sorted(file.sha256 for file in one.files) == digests and one.bills == list(planned.bills):
            return one
    return None


def hand_over(archive: Path, planned: Planned, out: Path, at: datetime) -> HandOver:
    """Hand the files over into the directory `out`, logged; hold the archive (`files.alone`) meanwhile.

    Raises Fault (disk); when that is said to count already, the next run delivers the rest.
    """
    log = read_log(archive)
    _refuse_others(out, planned)
    number = log.next_number
    kept = archive / KEPT / _name(number, planned.kind)
    shutil.rmtree(kept, ignore_errors=True)
    for name, content in planned.files.items():
        replace_bytes(kept / name, content)
    files = [HandedFile(name, _digest(content), len(content)) for name, content in planned.files.items()]
    made = HandOver(
        number, planned.kind, at, _who(), str(out.resolve()), files, list(planned.bills), planned.why,
        dict(planned.facts),
    )  # fmt: skip
    append_line(archive / LOG, msgspec.json.encode(made))
    try:
        deliver(archive, made, out)
    except Fault as fault:
        raise Fault(
            "disk",
            f"Hand-over {number} counts, but its files did not arrive: {fault.message} "
            f"They are in {kept}; the next run delivers them.",
        ) from None
    append_line(archive / LOG, msgspec.json.encode(Delivered(number, at)))
    return made


def deliver(archive: Path, handed: HandOver, out: Path) -> list[Path]:
    """Write the kept files of a hand-over into a directory, the same bytes each time. Raises Fault."""
    written = []
    for file in handed.files:
        content = _kept(archive, handed, file)
        if not (out / file.name).exists() or (out / file.name).read_bytes() != content:
            replace_bytes(out / file.name, content)
        written.append(out / file.name)
    return written


def finish(archive: Path, at: datetime) -> tuple[list[HandOver], list[str]]:
    """Repair what a crash left: deliver what counts, throw away what never counted; return both.

    Hold the archive meanwhile. Raises Fault.
    """
    log = read_log(archive)
    undelivered = [one for one in log.hand_overs if one.number not in log.delivered]
    for one in undelivered:
        deliver(archive, one, Path(one.out))
        append_line(archive / LOG, msgspec.json.encode(Delivered(one.number, at)))
    counted = {one.name for one in log.hand_overs}
    begun = [path for path in _directories(archive / KEPT) if path.name not in counted]
    for path in begun:
        shutil.rmtree(path, ignore_errors=True)
    return undelivered, sorted(path.name for path in begun)


def _directories(above: Path) -> Iterable[Path]:
    return (path for path in above.iterdir() if path.is_dir()) if above.exists() else ()


def _kept(archive: Path, handed: HandOver, file: HandedFile) -> bytes:
    path = archive / KEPT / handed.name / file.name
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    if _digest(content) != file.sha256:
        raise Fault("archive", f"{path} is not as it was handed over: bring it back from a copy.")
    return content


def _refuse_others(out: Path, planned: Planned) -> None:
    """Refuse to write over a file that says something else. Raises Fault."""
    for name, content in planned.files.items():
        if (out / name).exists() and (out / name).read_bytes() != content:
            raise Fault(
                "disk", f"{out / name} exists and says something else: move it, or name another --out."
            )


def _name(number: int, kind: str) -> str:
    return f"{number:04d}-{kind.replace(':', '-')}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _who() -> str:
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return "unknown"
