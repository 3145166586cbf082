"""Streams that accounts forward their logs to, and what goes to which."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.core.log_stream import Forwarding, LogFormat, LogKind, LogStream, NewStream
from acquit.store import log_queue
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction

_STREAMS: Final[LiteralString] = """
    SELECT account_id, stream_id::text AS stream_id, name, format, host, port, path, secret_name, authorities,
           created_at
      FROM log_stream
     WHERE account_id = %(account_id)s
"""

OF_ACCOUNT: Final[LiteralString] = _STREAMS + " ORDER BY created_at, stream_id"

FIND: Final[LiteralString] = _STREAMS + " AND stream_id::text = %(stream_id)s"

SECRET: Final[LiteralString] = """
    SELECT secret_sealed FROM log_stream WHERE account_id = %(account_id)s AND stream_id::text = %(stream_id)s
"""

ADD: Final[LiteralString] = """
    INSERT INTO log_stream
           (account_id, name, format, host, port, path, secret_name, secret_sealed, authorities)
    VALUES (%(account_id)s, %(name)s, %(format)s, %(host)s, %(port)s, %(path)s, %(secret_name)s,
            %(secret_sealed)s, %(authorities)s)
    RETURNING account_id, stream_id::text AS stream_id, name, format, host, port, path, secret_name,
              authorities, created_at
"""

REMOVE: Final[LiteralString] = """
    DELETE FROM log_stream WHERE account_id = %(account_id)s AND stream_id::text = %(stream_id)s
"""

_FORWARDINGS: Final[LiteralString] = """
    SELECT account_id, forwarding_id::text AS forwarding_id, kind, stream_id::text AS stream_id, created_at,
           failures, problem, sent, sent_at, lost, lost_from, lost_to
      FROM log_forwarding
     WHERE account_id = %(account_id)s
"""

FORWARDINGS: Final[LiteralString] = _FORWARDINGS + " ORDER BY created_at, forwarding_id"

FIND_FORWARDINGS: Final[LiteralString] = (
    _FORWARDINGS + " AND kind = %(kind)s AND forwarding_id::text = ANY(%(ids)s)"
)

FORWARD: Final[LiteralString] = """
    INSERT INTO log_forwarding (account_id, kind, stream_id)
    VALUES (%(account_id)s, %(kind)s, %(stream_id)s::uuid)
    ON CONFLICT DO NOTHING
    RETURNING account_id, forwarding_id::text AS forwarding_id, kind, stream_id::text AS stream_id,
              created_at, failures, problem, sent, sent_at, lost, lost_from, lost_to
"""

STOP: Final[LiteralString] = """
    DELETE FROM log_forwarding
     WHERE account_id = %(account_id)s AND kind = %(kind)s AND forwarding_id::text = %(forwarding_id)s
    RETURNING stream_id::text AS stream_id
"""


def of_account(tx: Transaction, account_id: AccountId) -> list[LogStream]:
    """Return the account's streams, oldest first."""
    return [_stream(row) for row in tx.all(OF_ACCOUNT, account_id=account_id)]


def find(tx: Transaction, account_id: AccountId, stream_id: str) -> LogStream | None:
    """Return the account's stream, or None; another account's does not exist here."""
    row = tx.one_or_none(FIND, account_id=account_id, stream_id=stream_id)
    return None if row is None else _stream(row)


def sealed_secret(tx: Transaction, account_id: AccountId, stream_id: str) -> bytes | None:
    """Return the sealed secret of the account's stream; None when it has none."""
    row = tx.one_or_none(SECRET, account_id=account_id, stream_id=stream_id)
    return None if row is None or row.secret_sealed is None else bytes(row.secret_sealed)


def add(tx: Transaction, account_id: AccountId, new: NewStream, sealed: bytes | None) -> LogStream:
    """Write the stream and return it."""
    row = tx.one(
        ADD,
        account_id=account_id,
        name=new.name,
        format=new.format.value,
        host=new.host,
        port=new.port,
        path=new.path,
        secret_name=new.secret_name,
        secret_sealed=sealed,
        authorities=new.authorities,
    )
    return _stream(row)


def remove(tx: Transaction, account_id: AccountId, stream_id: str) -> bool:
    """Remove the stream with what goes to it; False when there was none."""
    log_queue.lock(tx, account_id)
    return tx.run(REMOVE, account_id=account_id, stream_id=stream_id) == 1


def selected(account_id: AccountId, kind: LogKind) -> Selection:
    """Select the account's forwardings of that kind of log."""
    source: LiteralString = "log_forwarding WHERE account_id = %(account_id)s AND kind = %(kind)s"
    return Selection("forwarding_id::text", source, {"account_id": account_id, "kind": kind.value})


def forwardings(tx: Transaction, account_id: AccountId) -> list[Forwarding]:
    """Return everything that the account forwards, oldest first."""
    return [_forwarding(row) for row in tx.all(FORWARDINGS, account_id=account_id)]


def find_forwardings(
    tx: Transaction, account_id: AccountId, kind: LogKind, ids: Sequence[str]
) -> list[Forwarding]:
    """Return the account's forwardings of that kind and these ids; the others are left out."""
    rows = tx.all(FIND_FORWARDINGS, account_id=account_id, kind=kind.value, ids=list(ids))
    return [_forwarding(row) for row in rows]


def forward(tx: Transaction, account_id: AccountId, kind: LogKind, stream_id: str) -> Forwarding | None:
    """From now on that log goes to the stream; None when it does already."""
    row = tx.one_or_none(FORWARD, account_id=account_id, kind=kind.value, stream_id=stream_id)
    return None if row is None else _forwarding(row)


def stop(tx: Transaction, account_id: AccountId, kind: LogKind, forwarding_id: str) -> str | None:
    """Forward no longer; return the stream's id, None when nothing was forwarded."""
    row = tx.one_or_none(STOP, account_id=account_id, kind=kind.value, forwarding_id=forwarding_id)
    return None if row is None else str(row.stream_id)


def _stream(row: Any) -> LogStream:
    return LogStream(
        row.account_id, row.stream_id, row.name, LogFormat(row.format), row.host, row.port, row.path,
        row.secret_name, row.authorities, row.created_at,
    )  # fmt: skip


def _forwarding(row: Any) -> Forwarding:
    return Forwarding(
        row.account_id, row.forwarding_id, LogKind(row.kind), row.stream_id, row.created_at, row.failures,
        row.problem, int(row.sent), row.sent_at, int(row.lost), row.lost_from, row.lost_to,
    )  # fmt: skip
