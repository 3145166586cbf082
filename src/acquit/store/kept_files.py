"""Files that accounts keep here, and the web sites that may send some."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.identifiers import AccountId
from acquit.core.kept_file import KeptFile
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction

_FILES: Final[LiteralString] = """
    SELECT file_id, name, labels, size_bytes, created_at, expires_at, sent_at
      FROM kept_file
     WHERE account_id = %(account_id)s AND (expires_at IS NULL OR expires_at > %(now)s)
"""

FIND: Final[LiteralString] = _FILES + " AND file_id = ANY(%(ids)s) ORDER BY file_id"

OF_ACCOUNT: Final[LiteralString] = _FILES + " ORDER BY created_at DESC, file_id"

KEPT: Final[LiteralString] = """
    SELECT count(*) AS files, coalesce(sum(size_bytes), 0)::bigint AS size_bytes
      FROM kept_file
     WHERE account_id = %(account_id)s AND file_id <> %(without)s
"""

ADD: Final[LiteralString] = """
    INSERT INTO kept_file (account_id, name, labels)
    VALUES (%(account_id)s, %(name)s, %(labels)s)
    RETURNING file_id, name, labels, size_bytes, created_at, expires_at, sent_at
"""

SEND: Final[LiteralString] = """
    UPDATE kept_file
       SET content = %(content)s, size_bytes = %(size_bytes)s, sent_at = %(now)s
     WHERE account_id = %(account_id)s AND file_id = %(file_id)s
       AND (expires_at IS NULL OR expires_at > %(now)s)
"""

CONTENT: Final[LiteralString] = """
    SELECT name, content
      FROM kept_file
     WHERE account_id = %(account_id)s AND file_id = %(file_id)s AND sent_at IS NOT NULL
       AND (expires_at IS NULL OR expires_at > %(now)s)
"""

CHANGE: Final[LiteralString] = """
    UPDATE kept_file
       SET expires_at = %(expires_at)s
     WHERE account_id = %(account_id)s AND file_id = %(file_id)s
       AND (expires_at IS NULL OR expires_at > %(now)s)
"""

REMOVE: Final[LiteralString] = """
    DELETE FROM kept_file
     WHERE account_id = %(account_id)s AND file_id = %(file_id)s
       AND (expires_at IS NULL OR expires_at > %(now)s)
"""

DROP_EXPIRED: Final[LiteralString] = "DELETE FROM kept_file WHERE expires_at <= %(now)s"

ALLOW: Final[LiteralString] = """
    INSERT INTO file_origin (account_id, origin)
    SELECT %(account_id)s, %(origin)s
     WHERE (SELECT count(*) FROM file_origin
             WHERE account_id = %(account_id)s AND origin <> %(origin)s) < %(most)s
        ON CONFLICT (account_id, origin) DO UPDATE SET origin = excluded.origin
"""

ORIGINS: Final[LiteralString] = "SELECT origin FROM file_origin WHERE account_id = %(account_id)s"


def selected(account_id: AccountId, now: datetime) -> Selection:
    """Select the account's files that have not expired."""
    source: LiteralString = (
        "kept_file WHERE account_id = %(account_id)s AND (expires_at IS NULL OR expires_at > %(now)s)"
    )
    return Selection("file_id", source, {"account_id": account_id, "now": now})


def find(tx: Transaction, account_id: AccountId, ids: Sequence[str], now: datetime) -> list[KeptFile]:
    """Return the account's files of these ids that have not expired."""
    return [_file(row) for row in tx.all(FIND, account_id=account_id, ids=list(ids), now=now)]


def of_account(tx: Transaction, account_id: AccountId, now: datetime) -> list[KeptFile]:
    """Return the account's files that have not expired, newest first."""
    return [_file(row) for row in tx.all(OF_ACCOUNT, account_id=account_id, now=now)]


def kept(tx: Transaction, account_id: AccountId, without: str = "") -> tuple[int, int]:
    """Return how many files the account keeps, and how many bytes, one file left out."""
    row = tx.one(KEPT, account_id=account_id, without=without)
    return row.files, row.size_bytes


def add(tx: Transaction, account_id: AccountId, name: str, labels: Sequence[tuple[str, str]]) -> KeptFile:
    """Write a file whose bytes nobody sent yet, and return it."""
    return _file(tx.one(ADD, account_id=account_id, name=name, labels=Jsonb(dict(labels))))


def send(tx: Transaction, account_id: AccountId, file_id: str, content: bytes, now: datetime) -> bool:
    """Write the file's bytes in place of former ones; False when there is no such file."""
    done = tx.run(
        SEND, account_id=account_id, file_id=file_id, content=content, size_bytes=len(content), now=now
    )
    return done == 1


def content(tx: Transaction, account_id: AccountId, file_id: str, now: datetime) -> tuple[str, bytes] | None:
    """Return name and bytes of the file; None when there is no such file, or nobody sent its bytes."""
    row = tx.one_or_none(CONTENT, account_id=account_id, file_id=file_id, now=now)
    return None if row is None else (row.name, bytes(row.content))


def change(
    tx: Transaction, account_id: AccountId, file_id: str, expires_at: datetime | None, now: datetime
) -> bool:
    """Write when the file is to go; False when there is no such file."""
    return tx.run(CHANGE, account_id=account_id, file_id=file_id, expires_at=expires_at, now=now) == 1


def remove(tx: Transaction, account_id: AccountId, file_id: str, now: datetime) -> bool:
    """Remove the file with its bytes; False when there is no such file."""
    return tx.run(REMOVE, account_id=account_id, file_id=file_id, now=now) == 1


def drop_expired(tx: Transaction, now: datetime) -> int:
    """Remove every account's files that expired and return how many there were."""
    return tx.run(DROP_EXPIRED, now=now)


def allow(tx: Transaction, account_id: AccountId, origin: str, most: int) -> bool:
    """Let pages of the web site send and fetch the account's files; False when so many others may."""
    return tx.run(ALLOW, account_id=account_id, origin=origin, most=most) == 1


def origins(tx: Transaction, account_id: AccountId) -> frozenset[str]:
    """Return the web sites whose pages may send and fetch the account's files."""
    return frozenset(row.origin for row in tx.all(ORIGINS, account_id=account_id))


def _file(row: Any) -> KeptFile:
    return KeptFile(
        row.file_id, row.name, tuple(sorted(row.labels.items())), row.size_bytes, row.created_at,
        row.expires_at, row.sent_at,
    )  # fmt: skip
