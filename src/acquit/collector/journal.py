"""What the provider said, line by line: the truth of an archive, from which all else is derived.

`journal/ACCOUNT.ndjson` has one JSON object a line: `kind`, `key`, `seen_at`, `body` and, for what lies below
something, `parent`. Lines are only appended; a line that a crash tore off at the end is cut away at the next
start. The same content of the same object is written once; a content that changed is one more line.
What was said last is found by an `Index` that is made at each start.
"""

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from acquit.collector.families import BILL, FAMILIES, OWED, Family
from acquit.collector.fault import Fault
from acquit.collector.files import cut_torn_line, disk_fault
from acquit.collector.index import Entry, Index

T = TypeVar("T")
SYNC_LINES: Final = 50
REMEMBERED: Final = frozenset({
    "access", "seen", "run", "gone", "operated",
    *(family.marked(mark) for family in FAMILIES for mark in ("detailed", "papered")),
})  # fmt: skip
"""Kinds of which the last content is kept at hand; of all others only what they were is known."""

PAPERS: Final = frozenset(family.kind for family in FAMILIES)
MARKED: Final = PAPERS | {"debt"}
FACTS: Final = ("date", "orderId", "priceWithoutTax", "tax", "priceWithTax")


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One object as the provider told it at an instant; amounts in it are exact texts or integers."""

    kind: str
    key: str
    seen_at: datetime
    body: Any
    parent: str = ""


class Untouched(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line whose content stays the bytes that it is written in."""

    kind: str
    key: str
    seen_at: datetime
    body: msgspec.Raw
    parent: str = ""


class Name(msgspec.Struct, frozen=True):
    """What a line is about, read without its content."""

    kind: str
    key: str


class Journal:
    """The journal of one account, open for appending; close it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unsynced = 0
        self.newest_bill_on: date | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        cut_torn_line(path)
        self._index = Index(
            self._entry(line.kind, line.parent, line.key, bytes(line.body))
            for line in _lines(path, msgspec.json.Decoder(Untouched))
        )
        self._out = path.open("ab")

    def knows(self, kind: str, key: str, parent: str = "") -> bool:
        """Return whether the object was ever written."""
        return self._index.get(kind, parent, key) is not None

    def keys(self, kind: str, parent: str = "") -> Iterator[str]:
        """Yield the keys of a kind (below a parent) that were ever written, in their order."""
        return self._index.keys(kind, parent)

    def last(self, kind: str, key: str, parent: str = "") -> Any:
        """Return the last content of a remembered kind, None when it was never written."""
        found = self._index.get(kind, parent, key)
        return msgspec.json.decode(found[1]) if found is not None and found[1] is not None else None

    def mark(self, kind: str, key: str) -> str | None:
        """Return what the last content of a paper or a debt stands for, None when there is none.

        As long as a paper's is the same, its details and its file are too; a debt's, its operations.
        """
        return self.last(kind, key) if kind in MARKED else None

    def lacking(self, kind: str, mark: str) -> Iterator[list[str]]:
        """Yield in blocks the bills or debts whose mark (`detailed`, …) was not written since they changed.

        What is listed no longer is left out. Lines may be written meanwhile.
        """
        return self._index.lacking(kind, mark)

    def count_lacking(self, kind: str, mark: str) -> int:
        """Return how many `lacking` would yield."""
        return self._index.count_lacking(kind, mark)

    def write(self, kind: str, key: str, body: Any, parent: str = "") -> bool:
        """Append the object unless its content is the last one written; return whether it was.

        Raises Fault (disk).
        """
        content = msgspec.json.encode(body, order="sorted")
        known, entry = self._index.get(kind, parent, key), self._entry(kind, parent, key, content)
        if known is not None and known[0] == entry[3]:
            return False
        line = Untouched(kind, key, datetime.now(UTC), msgspec.Raw(content), parent)
        try:
            self._out.write(msgspec.json.encode(line) + b"\n")
        except OSError as error:
            raise disk_fault(self._path, error) from None
        self._index.put(entry)
        self._unsynced += 1
        if self._unsynced >= SYNC_LINES:
            self.sync()
        return True

    def sync(self) -> None:
        """Have every written line on the disk. Raises Fault (disk)."""
        try:
            self._out.flush()
            os.fsync(self._out.fileno())
        except OSError as error:
            raise disk_fault(self._path, error) from None
        self._unsynced = 0

    def close(self) -> None:
        """Sync and close. Raises Fault (disk)."""
        try:
            self.sync()
        finally:
            _close(self._out)
            self._index.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _entry(self, kind: str, parent: str, key: str, content: bytes) -> Entry:
        digest, told = hashlib.blake2b(content, digest_size=16).digest(), None
        if kind in REMEMBERED:
            told = content.decode()
        elif kind == "debt":
            told = f'"{digest[:6].hex()}"'
        elif kind in PAPERS:
            bill = msgspec.json.decode(content)
            told = f'"{mark_of(bill)}"'
            if kind == BILL.kind and (issued_on := day_of(bill.get("date"))) is not None:
                self.newest_bill_on = max(issued_on, self.newest_bill_on or issued_on)
        return kind, parent, key, digest, told


def mark_of(bill: Mapping[str, Any]) -> str:
    """Return what a bill stands for: as long as it is the same, its details and its paper are too."""
    facts = msgspec.json.encode([bill.get(member) for member in FACTS], order="sorted")
    return hashlib.blake2b(facts, digest_size=16).digest()[:6].hex()


def day_of(text: object) -> date | None:
    """Return the day of a date or an instant as the provider writes it, in the provider's own zone."""
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def read(path: Path) -> Iterator[Line]:
    """Yield the lines of a journal file, oldest first; none when there is no file. Raises Fault (archive)."""
    return _lines(path, msgspec.json.Decoder(Line))


def papers_in(path: Path, families: Collection[Family] = OWED) -> Iterator[str]:
    """Yield the number of each line that has a content of a paper of these. Raises Fault (archive)."""
    kinds = {family.kind for family in families}
    return (line.key for line in _lines(path, msgspec.json.Decoder(Name)) if line.kind in kinds)


def _lines(path: Path, decoder: "msgspec.json.Decoder[T]") -> Iterator[T]:
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                if line.endswith(b"\n"):
                    yield decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise Fault(
                    "archive",
                    f"{path.name}, line {number}, is damaged: bring the file back from a copy, "
                    "or move it away and gather the account anew.",
                ) from None


def _close(out: Any) -> None:
    """Close, whatever the disk says: what could not be written was already told."""
    with suppress(OSError):
        out.close()
