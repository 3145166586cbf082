"""What the provider said, line by line: the truth of an archive, from which all else is derived.

`journal/ACCOUNT.ndjson` has one JSON object a line: `kind`, `key`, `seen_at`, `body` and, for what lies below
something, `parent`. Lines are only appended; a line that a crash tore off at the end is cut away at the next
start. The same content of the same object is written once; a content that changed is one more line.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from acquit.collector.fault import Fault
from acquit.collector.files import cut_torn_line, disk_fault

SYNC_LINES: Final = 50
REMEMBERED: Final = frozenset({"access", "seen", "run", "gone", "detailed", "papered", "operated"})
"""Kinds of which the last content is kept at hand; of all others only what they were is known."""

FACTS: Final = ("date", "orderId", "priceWithoutTax", "tax", "priceWithTax")

Name = tuple[str, str, str]


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One object as the provider told it at an instant; amounts in it are exact texts or integers."""

    kind: str
    key: str
    seen_at: datetime
    body: Any
    parent: str = ""


class Journal:
    """The journal of one account, open for appending; close it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digests: dict[Name, bytes] = {}
        self._last: dict[Name, Any] = {}
        self._unsynced = 0
        self.newest_bill_on: date | None = None
        self.marks: dict[str, str] = {}
        """What each bill stands for: as long as it is the same, its details and its paper are too."""
        path.parent.mkdir(parents=True, exist_ok=True)
        cut_torn_line(path)
        for line in read(path):
            self._note((line.kind, line.parent, line.key), _digest(line.body), line.body)
        self._out = path.open("ab")

    def knows(self, kind: str, key: str, parent: str = "") -> bool:
        """Return whether the object was ever written."""
        return (kind, parent, key) in self._digests

    def keys(self, kind: str, parent: str = "") -> set[str]:
        """Return the keys of a kind (below a parent) that were ever written."""
        return {key for one, above, key in self._digests if one == kind and above == parent}

    def last(self, kind: str, key: str, parent: str = "") -> Any:
        """Return the last content of a remembered kind, None when it was never written."""
        return self._last.get((kind, parent, key))

    def mark_of(self, kind: str, key: str) -> str:
        """Return what the last content of the object stands for; it is another when the content is."""
        return self._digests[(kind, "", key)][:6].hex()

    def write(self, kind: str, key: str, body: Any, parent: str = "") -> bool:
        """Append the object unless its content is the last one written; return whether it was.

        Raises Fault (disk).
        """
        name, digest = (kind, parent, key), _digest(body)
        if self._digests.get(name) == digest:
            return False
        line = Line(kind, key, datetime.now(UTC), body, parent)
        try:
            self._out.write(msgspec.json.encode(line) + b"\n")
        except OSError as error:
            raise disk_fault(self._path, error) from None
        self._note(name, digest, body)
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

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _note(self, name: Name, digest: bytes, body: Any) -> None:
        self._digests[name] = digest
        kind = name[0]
        if kind in REMEMBERED:
            self._last[name] = body
        elif kind == "bill":
            self.marks[name[2]] = _digest([body.get(member) for member in FACTS])[:6].hex()
            if (issued_on := day_of(body.get("date"))) is not None:
                self.newest_bill_on = max(issued_on, self.newest_bill_on or issued_on)


def day_of(text: object) -> date | None:
    """Return the day of a date or an instant as the provider writes it, in the provider's own zone."""
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def read(path: Path) -> Iterator[Line]:
    """Yield the lines of a journal file, oldest first; none when there is no file. Raises Fault (archive)."""
    decoder = msgspec.json.Decoder(Line)
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


def _digest(body: Any) -> bytes:
    return hashlib.blake2b(msgspec.json.encode(body, order="sorted"), digest_size=16).digest()
