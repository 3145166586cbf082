"""Files of usage that are being read, and how far they are committed."""

from dataclasses import dataclass
from typing import Final, LiteralString

from acquit.store.transaction import Transaction

OPEN: Final[LiteralString] = """
    INSERT INTO usage_import (fingerprint, name, begun_by)
    VALUES (%(fingerprint)s, %(name)s, %(by)s)
        ON CONFLICT (fingerprint) DO UPDATE SET name = excluded.name
    RETURNING import_id, offset_bytes, lines, prefix_hash
"""

ADVANCE: Final[LiteralString] = """
    UPDATE usage_import
       SET offset_bytes = %(offset_bytes)s, lines = %(lines)s, prefix_hash = %(prefix_hash)s
     WHERE import_id = %(import_id)s AND offset_bytes = %(before_bytes)s
"""

TOTALS: Final[LiteralString] = """
    SELECT coalesce(sum(received), 0)::bigint AS received, coalesce(sum(accepted), 0)::bigint AS accepted,
           coalesce(sum(again), 0)::bigint AS again, coalesce(sum(rejected), 0)::bigint AS rejected
      FROM usage_chunk
     WHERE import_id = %(import_id)s
"""


@dataclass(frozen=True, slots=True)
class Import:
    """A file and how much of it (unpacked) is committed; `prefix_hash` is the SHA-256 of that."""

    import_id: int
    offset_bytes: int
    lines: int
    prefix_hash: bytes


def begin(tx: Transaction, fingerprint: str, name: str, by: str) -> Import:
    """Return the import of the file, begun now or before."""
    return Import(*tx.one(OPEN, fingerprint=fingerprint, name=name, by=by))


def advance(tx: Transaction, before_bytes: int, reached: Import) -> bool:
    """Write how far the file is committed; False when somebody else has moved on from there."""
    touched = tx.run(
        ADVANCE, import_id=reached.import_id, before_bytes=before_bytes, offset_bytes=reached.offset_bytes,
        lines=reached.lines, prefix_hash=reached.prefix_hash,
    )  # fmt: skip
    return touched == 1


def totals(tx: Transaction, import_id: int) -> tuple[int, int, int, int]:
    """Return what was received, accepted, known already and rejected of the file."""
    row = tx.one(TOTALS, import_id=import_id)
    return row.received, row.accepted, row.again, row.rejected
