"""Events of access: acts with what is kept beside them for a while."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.access_event import TYPES, AccessEvent, Trace
from acquit.core.identifiers import AccountId
from acquit.store.transaction import Transaction

RECORD: Final[LiteralString] = """
    WITH made AS (
         INSERT INTO act (actor, verb, account_id, subject, details)
         VALUES (%(actor)s, %(verb)s, %(account_id)s, %(subject)s, %(details)s)
         RETURNING act_id, account_id, at),
    traced AS (
         INSERT INTO act_trace (account_id, act_id, at, address, browser, before, after)
         SELECT account_id, act_id, at, %(address)s, %(browser)s, %(before)s, %(after)s FROM made)
    INSERT INTO log_waiting (account_id, forwarding_id, record_no, at)
    SELECT m.account_id, f.forwarding_id, m.act_id, m.at
      FROM made m
      JOIN log_forwarding f ON f.account_id = m.account_id AND f.kind = 'audit'
"""

_EVENTS: Final[LiteralString] = """
    SELECT t.act_id, t.account_id, t.at, a.actor, a.verb, a.subject, a.details, t.address, t.browser,
           t.before, t.after
      FROM act_trace t
      JOIN act a ON a.act_id = t.act_id AND a.account_id = t.account_id
     WHERE t.account_id = %(account_id)s AND t.at > %(since)s
"""

FIND_MANY: Final[LiteralString] = _EVENTS + " AND t.act_id = ANY(%(ids)s) ORDER BY t.act_id DESC"

PAGE: Final[LiteralString] = (
    _EVENTS
    + """
       AND t.act_id < %(before_id)s AND a.verb = ANY(%(verbs)s)
       AND (%(login)s::text IS NULL OR a.actor = %(by)s OR a.subject = %(login)s)
       AND (%(from_at)s::timestamptz IS NULL OR t.at >= %(from_at)s)
       AND (%(to_at)s::timestamptz IS NULL OR t.at < %(to_at)s)
     ORDER BY t.act_id DESC
     LIMIT %(rows_max)s
"""
)

LATEST: Final[LiteralString] = """
    SELECT act_id
      FROM act_trace
     WHERE account_id = %(account_id)s AND at > %(since)s
     ORDER BY act_id DESC
     LIMIT %(rows_max)s
"""

FORGET: Final[LiteralString] = "DELETE FROM act_trace WHERE at <= %(until)s"


def record(
    tx: Transaction,
    actor: str,
    verb: str,
    account_id: AccountId,
    subject: str = "",
    *,
    trace: Trace,
    **details: object,
) -> None:
    """Write the act and its trace, and keep it for the streams that the account's events go to."""
    assert verb in TYPES, f"{verb} is no event of access"
    tx.run(
        RECORD,
        actor=actor,
        verb=verb,
        account_id=account_id,
        subject=subject,
        details=Jsonb(details),
        address=trace.address,
        browser=trace.browser,
        before=None if trace.before is None else Jsonb(trace.before),
        after=None if trace.after is None else Jsonb(trace.after),
    )


def latest(tx: Transaction, account_id: AccountId, since: datetime, rows_max: int) -> list[int]:
    """Return the ids of the account's latest events, the latest first."""
    rows = tx.all(LATEST, account_id=account_id, since=since, rows_max=rows_max)
    return [int(row.act_id) for row in rows]


def find_many(
    tx: Transaction, account_id: AccountId, ids: Sequence[int], since: datetime
) -> list[AccessEvent]:
    """Return the account's events of these ids that are still kept, the latest first."""
    return [_event(row) for row in tx.all(FIND_MANY, account_id=account_id, ids=list(ids), since=since)]


def page(
    tx: Transaction,
    account_id: AccountId,
    since: datetime,
    before_id: int,
    rows_max: int,
    *,
    verbs: Collection[str] = TYPES,
    login: str | None = None,
    from_at: datetime | None = None,
    to_at: datetime | None = None,
) -> list[AccessEvent]:
    """Return the account's events before that one, the latest first: of these acts, by or of that login."""
    rows = tx.all(
        PAGE,
        account_id=account_id,
        since=since,
        before_id=before_id,
        rows_max=rows_max,
        verbs=sorted(verbs),
        login=login,
        by=f"account:{account_id}/{login}",
        from_at=from_at,
        to_at=to_at,
    )
    return [_event(row) for row in rows]


def forget(tx: Transaction, until: datetime) -> int:
    """Forget what was kept beside every account's acts up to that instant; return of how many."""
    return tx.run(FORGET, until=until)


def _event(row: Any) -> AccessEvent:
    trace = Trace(row.address, row.browser, row.before, row.after)
    return AccessEvent(
        int(row.act_id), row.account_id, row.at, row.actor, row.verb, row.subject, row.details, trace
    )
