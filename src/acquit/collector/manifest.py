"""The manifest, a line for each file that the archive answers for, read without having it all in memory."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from acquit.collector.fault import Fault
from acquit.collector.index import private_database

BUFFER_BYTES: Final = 64 << 10


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file that the archive answers for; `path` is below the archive, `mark` the form of the bill."""

    account: str
    bill_id: str
    kind: str
    path: str
    sha256: str
    size_bytes: int
    saved_at: datetime
    mark: str = ""


class _Owner(msgspec.Struct, frozen=True):
    account: str


class Saved:
    """What the manifest says of one account, found without having it all in memory; close it.

    Like an `Index` of a journal: a private SQLite database that is gone with the process.
    """

    def __init__(self, known: Iterable[Entry]) -> None:
        self._db = private_database()
        self._db.execute("CREATE TABLE saved (path TEXT PRIMARY KEY, name TEXT, sha256 TEXT) WITHOUT ROWID")
        self._db.execute("CREATE INDEX saved_by_name ON saved (name)")
        for entry in known:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Take one more line."""
        name = f"{entry.kind} {entry.bill_id} {entry.mark}" if entry.kind.endswith("pdf") else None
        self._db.execute("INSERT OR REPLACE INTO saved VALUES (?, ?, ?)", (entry.path, name, entry.sha256))

    def sha256_at(self, path: str) -> str | None:
        """Return the hash of what was saved there, None when nothing was."""
        found = self._db.execute("SELECT sha256 FROM saved WHERE path = ?", (path,)).fetchone()
        return found[0] if found else None

    def paper_of(self, kind: str, bill_id: str, mark: str) -> tuple[str, str] | None:
        """Return path and hash of the bill's paper (`pdf`, `reverse-pdf`) in this form."""
        query = "SELECT path, sha256 FROM saved WHERE name = ? ORDER BY path LIMIT 1"
        found: tuple[str, str] | None = self._db.execute(query, (f"{kind} {bill_id} {mark}",)).fetchone()
        return found

    def close(self) -> None:
        """Give the memory and the disk back."""
        self._db.close()


def entries(archive: Path, account: str = "") -> Iterator[Entry]:
    """Yield the manifest's lines (of an account), oldest first; a torn last line is not one."""
    decoder = msgspec.json.Decoder(Entry)
    for line, owner in owned_lines(archive):
        if not account or owner == account:
            yield decoder.decode(line)


def owned_lines(archive: Path) -> Iterator[tuple[bytes, str]]:
    """Yield the manifest's lines as they are written, each with its account. Raises Fault (archive)."""
    path = archive / "manifest.jsonl"
    decoder = msgspec.json.Decoder(_Owner)
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                if line.endswith(b"\n"):
                    yield line, decoder.decode(line).account
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise Fault(
                    "archive", f"{path.name}, line {number}, is damaged: bring it back from a copy."
                ) from None


def papers_count(archive: Path) -> Counter[str]:
    """Return how many lines each account has. Raises Fault (archive)."""
    return Counter(owner for _line, owner in owned_lines(archive))


@contextmanager
def split_by_account(archive: Path, accounts: Iterable[str], place: Path) -> Iterator[dict[str, Path]]:
    """Lend a file with the lines of each of these accounts, below the place, which is gone afterwards."""
    shutil.rmtree(place, ignore_errors=True)
    files = {account: place / f"{account}.ndjson" for account in accounts}
    try:
        place.mkdir(parents=True)
        for path in files.values():
            path.touch()
        buffers = {account: bytearray() for account in files}
        for line, owner in owned_lines(archive) if files else ():
            if owner in buffers:
                buffers[owner] += line
                if len(buffers[owner]) >= BUFFER_BYTES:
                    _pour(buffers[owner], files[owner])
        for account, buffer in buffers.items():
            _pour(buffer, files[account])
        yield files
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _pour(buffer: bytearray, path: Path) -> None:
    with path.open("ab") as out:
        out.write(buffer)
    buffer.clear()
