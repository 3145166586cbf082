"""What a journal says last of each object, found without having it all in memory.

A private SQLite database without a file in the archive: small ones stay in memory, of large ones only the
cache does, the rest lies in the system's directory for temporary files and is gone when the index is closed,
or the process ends in whatever way. It is made from the journal at each start and is never the truth.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final

CACHE_KIB: Final = 32 << 10
BLOCK: Final = 1000

Entry = tuple[str, str, str, bytes, str | None]
"""Kind, parent, key, digest of the content, and what is remembered of it."""

_TABLE: Final = """
CREATE TABLE entry (kind TEXT, parent TEXT, key TEXT, digest BLOB, told TEXT,
                    PRIMARY KEY (kind, parent, key)) WITHOUT ROWID"""
_PUT: Final = "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?)"
_GET: Final = "SELECT digest, told FROM entry WHERE kind = ? AND parent = ? AND key = ?"
_KEYS: Final = """
SELECT key FROM entry WHERE kind = ? AND parent = ? AND key > ? ORDER BY key LIMIT ?"""
_LACKING: Final = """
  FROM entry AS a LEFT JOIN entry AS b ON b.kind = :mark AND b.parent = '' AND b.key = a.key
  LEFT JOIN entry AS gone ON gone.kind = 'gone' AND gone.parent = :kind AND gone.key = a.key
 WHERE a.kind = :kind AND a.parent = '' AND a.key > :after AND a.told IS NOT b.told
   AND gone.told IS NOT 'true'"""


def private_database() -> sqlite3.Connection:
    """Return an empty database in one transaction without end; what its cache does not hold lies on disk."""
    made = sqlite3.connect("", isolation_level=None)
    for setting in (f"cache_size = -{CACHE_KIB}", "journal_mode = OFF", "synchronous = OFF"):
        made.execute(f"PRAGMA {setting}")
    made.execute("BEGIN")
    return made


class Index:
    """One index; close it."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._db = private_database()
        self._db.execute(_TABLE)
        self._db.executemany(_PUT, entries)

    def put(self, entry: Entry) -> None:
        """Take the entry in place of an earlier one of its name."""
        self._db.execute(_PUT, entry)

    def get(self, kind: str, parent: str, key: str) -> tuple[bytes, str | None] | None:
        """Return digest and what is remembered, None when there is no such object."""
        found: tuple[bytes, str | None] | None = self._db.execute(_GET, (kind, parent, key)).fetchone()
        return found

    def keys(self, kind: str, parent: str) -> Iterator[str]:
        """Yield the keys of a kind below a parent in their order; entries may be put meanwhile."""
        after = ""
        while block := self._db.execute(_KEYS, (kind, parent, after, BLOCK)).fetchall():
            yield from (row[0] for row in block)
            after = block[-1][0]

    def lacking(self, kind: str, mark: str) -> Iterator[list[str]]:
        """Yield in blocks the keys of a kind whose mark does not say what they say now, in their order.

        What is put meanwhile counts for the blocks that follow.
        """
        after, query = "", f"SELECT a.key {_LACKING} ORDER BY a.key LIMIT {BLOCK}"
        while block := self._db.execute(query, {"kind": kind, "mark": mark, "after": after}).fetchall():
            yield [row[0] for row in block]
            after = block[-1][0]

    def count_lacking(self, kind: str, mark: str) -> int:
        """Return how many `lacking` would yield."""
        query = f"SELECT count(*) {_LACKING}"
        found: int = self._db.execute(query, {"kind": kind, "mark": mark, "after": ""}).fetchone()[0]
        return found

    def close(self) -> None:
        """Give the memory and the disk back."""
        self._db.close()
