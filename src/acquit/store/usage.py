"""Events of use: how they come in, once each, and what was rejected.

Events are written by COPY at once; when one of their ids is there already, which the unique index tells, all
come by a temporary table and from there those that are new. A shared lock is held until the commit, so that
a rating knows below which number (`watermark`) every event is there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, LiteralString

from psycopg import errors
from psycopg.rows import tuple_row

from acquit.core.identifiers import AccountId, LegalEntityId, ServiceId
from acquit.core.money import Currency
from acquit.core.usage import Consumer, Event, Using
from acquit.store.transaction import Transaction
from acquit.store.usage_rows import COLUMNS, events_block, staged_block

Use = tuple[AccountId, ServiceId, str, date]
"""Account, service, meter and the first day of the month."""

PLACES: Final = 100_000
"""The most events of one chunk; an event's number is its chunk's times this, and its place."""
LOCK_KEY: Final = 4_271_903_316

HOLD: Final[LiteralString] = "SELECT pg_advisory_xact_lock_shared(%(key)s)"

WAIT: Final[LiteralString] = "SELECT pg_advisory_xact_lock(%(key)s)"

NEXT_CHUNK: Final[LiteralString] = "SELECT nextval('usage_chunk_no') AS chunk_no"

CONSUMERS: Final[LiteralString] = """
    SELECT a.account_id, a.legal_entity_id, a.currency, s.service_id, s.resource_name, s.plan_code,
           s.started_on, s.terminated_on, s.parent_service_id
      FROM account a
      LEFT JOIN service s ON s.account_id = a.account_id
     WHERE a.account_id = ANY(%(account_ids)s)
     ORDER BY a.account_id, s.parent_service_id NULLS FIRST, s.service_id DESC
"""

MAKE_STAGING: Final[LiteralString] = """
    CREATE TEMPORARY TABLE IF NOT EXISTS usage_staging (LIKE usage_staging) ON COMMIT DELETE ROWS
"""

TAKE: Final[LiteralString] = """
    INSERT INTO usage_event (account_id, period, usage_no, source, event_id, service_id, meter, quantity_e4,
           used_on, used_at, until_at, properties, corrects_no, content_hash)
    SELECT account_id, period, %(first_no)s::bigint + place, source, event_id, service_id, meter, quantity_e4,
           used_on, used_at, until_at, properties, corrects_no, content_hash
      FROM usage_staging
     ORDER BY source, event_id
        ON CONFLICT (source, event_id) DO NOTHING
"""

_COLUMNS: Final = ", ".join(COLUMNS)

COPY_EVENTS: Final = f"COPY usage_event (usage_no, {_COLUMNS}) FROM STDIN BINARY".encode()

COPY_STAGED: Final = f"COPY usage_staging (place, {_COLUMNS}) FROM STDIN BINARY".encode()

DROP_KNOWN: Final[LiteralString] = """
    DELETE FROM usage_staging s
     USING usage_event e
     WHERE e.source = s.source AND e.event_id = s.event_id AND e.usage_no <> %(first_no)s::bigint + s.place
 RETURNING s.place, e.content_hash = s.content_hash AS is_same
"""

ADD_PENDING: Final[LiteralString] = """
    INSERT INTO usage_pending AS p (account_id, service_id, meter, period, last_no)
    SELECT account_id, service_id, meter, period, last_no
      FROM unnest(string_to_array(%(account_ids)s, ' '), string_to_array(%(service_ids)s, ' ')::bigint[],
                  string_to_array(%(meters)s, ' '), string_to_array(%(periods)s, ' ')::date[],
                  string_to_array(%(last_nos)s, ' ')::bigint[])
           AS n(account_id, service_id, meter, period, last_no)
     ORDER BY account_id, service_id, meter, period
        ON CONFLICT (account_id, service_id, meter, period)
        DO UPDATE SET last_no = greatest(p.last_no, excluded.last_no), problem = NULL
"""

EMPTY: Final[LiteralString] = "DELETE FROM usage_staging"

CORRECTED: Final[LiteralString] = """
    SELECT e.source, e.event_id, e.account_id, e.usage_no, e.service_id, e.meter, e.used_on, e.used_at,
           e.until_at, e.corrects_no, a.legal_entity_id
      FROM usage_event e
      JOIN account a ON a.account_id = e.account_id
     WHERE e.source = ANY(%(sources)s) AND e.event_id = ANY(%(event_ids)s)
"""

ADD_CHUNK: Final[LiteralString] = """
    INSERT INTO usage_chunk (chunk_no, import_id, received_by, received, accepted, again, rejected)
    VALUES (%(chunk_no)s, %(import_id)s, %(by)s, %(received)s, %(accepted)s, %(again)s, %(rejected)s)
"""

ADD_INTAKE: Final[LiteralString] = """
    INSERT INTO usage_intake (chunk_no, legal_entity_id, period, accepted)
    VALUES (%(chunk_no)s, %(legal_entity_id)s, %(period)s, %(accepted)s)
"""

REJECTED: Final = (
    "chunk_no", "line_no", "source", "event_id", "code", "message", "raw", "raw_hash",
)  # fmt: skip

WAITING: Final[LiteralString] = """
    SELECT rejected_no, chunk_no, line_no, source, event_id, code, message, raw
      FROM usage_rejected
     WHERE retried_chunk IS NULL AND rejected_no > %(after)s AND (%(code)s::text IS NULL OR code = %(code)s)
     ORDER BY rejected_no
     LIMIT %(rows_max)s
"""

NEWEST: Final[LiteralString] = """
    SELECT coalesce(max(rejected_no), 0) AS rejected_no FROM usage_rejected WHERE retried_chunk IS NULL
"""

HOLD_WAITING: Final[LiteralString] = """
    SELECT rejected_no, chunk_no, line_no, source, event_id, code, message, raw
      FROM usage_rejected
     WHERE retried_chunk IS NULL AND rejected_no > %(after)s AND rejected_no <= %(newest)s
       AND (%(code)s::text IS NULL OR code = %(code)s)
     ORDER BY rejected_no
     LIMIT %(rows_max)s
       FOR UPDATE SKIP LOCKED
"""

SET_RETRIED: Final[LiteralString] = """
    UPDATE usage_rejected SET retried_chunk = %(chunk_no)s WHERE rejected_no = ANY(%(rejected_nos)s)
"""

REASONS: Final[LiteralString] = """
    SELECT code, count(*) AS events
      FROM usage_rejected
     WHERE retried_chunk IS NULL
     GROUP BY code
     ORDER BY count(*) DESC, code
"""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event that was not accepted, as it came, and why."""

    rejected_no: int
    chunk_no: int
    line_no: int
    source: str
    event_id: str | None
    code: str
    message: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Original:
    """What a correction repeats of the event that it corrects."""

    usage_no: int
    legal_entity_id: LegalEntityId
    event: Event


def watermark(tx: Transaction) -> int:
    """Return a number below which every event is there: who is taking events now is waited for."""
    tx.one(WAIT, key=LOCK_KEY)
    return int(tx.one(NEXT_CHUNK).chunk_no) * PLACES


def next_chunk(tx: Transaction) -> int:
    """Return the number of a new chunk, under which no watermark passes before the commit."""
    tx.one(HOLD, key=LOCK_KEY)
    return int(tx.one(NEXT_CHUNK).chunk_no)


def consumers(tx: Transaction, account_ids: Iterable[str]) -> dict[str, Consumer]:
    """Return those of the accounts that exist, with their services by number and by name."""
    found: dict[str, Consumer] = {}
    numbers: dict[str, dict[str, Using]] = {}
    names: dict[str, dict[str, list[Using]]] = {}
    with tx.connection.cursor(row_factory=tuple_row) as cursor:
        for row in cursor.execute(CONSUMERS, {"account_ids": list(account_ids)}):
            account_id = row[0]
            if account_id not in found:
                numbers[account_id], names[account_id] = {}, {}
                found[account_id] = Consumer(
                    AccountId(account_id), LegalEntityId(row[1]), Currency(row[2]), numbers[account_id],
                    names[account_id],
                )  # fmt: skip
            if row[3] is not None:
                each = Using(ServiceId(row[3]), row[4], row[5], row[6], row[7], row[8] is not None)
                numbers[account_id][str(row[3])] = each
                names[account_id].setdefault(row[4], []).append(each)
    return found


def add_new(tx: Transaction, chunk_no: int, rows: Sequence[bytes]) -> bool:
    """Write rows at once, or none of them when any of their ids is there already."""
    block = events_block(chunk_no * PLACES, rows)
    try:
        with tx.connection.transaction():
            _copy(tx, COPY_EVENTS, block)
    except errors.UniqueViolation:
        return False
    return True


def add_unknown(tx: Transaction, chunk_no: int, first: int, rows: Sequence[bytes]) -> dict[int, bool]:
    """Write those rows whose ids are new, with their places from `first` on.

    Returns the places of the others, and whether their content is the same as what is there.
    """
    first_no = chunk_no * PLACES
    tx.run(MAKE_STAGING)
    _copy(tx, COPY_STAGED, staged_block(first, rows))
    taken = tx.run(TAKE, first_no=first_no)
    known = {}
    if taken < len(rows):
        known = {row.place: row.is_same for row in tx.all(DROP_KNOWN, first_no=first_no)}
    assert taken + len(known) == len(rows), "what is staged is either new or known"
    tx.run(EMPTY)
    return known


def add_pending(tx: Transaction, chunk_no: int, places: Mapping[Use, int]) -> None:
    """Note that uses wait to be rated, each up to the event of that place."""
    first_no = chunk_no * PLACES
    tx.run(
        ADD_PENDING,
        account_ids=" ".join([use[0] for use in places]),
        service_ids=" ".join([str(use[1]) for use in places]),
        meters=" ".join([use[2] for use in places]),
        periods=" ".join([use[3].isoformat() for use in places]),
        last_nos=" ".join([str(first_no + place) for place in places.values()]),
    )


def _copy(tx: Transaction, query: bytes, block: bytes) -> None:
    with tx.connection.cursor() as cursor, cursor.copy(query) as out:
        out.write(block)


def originals(tx: Transaction, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Original]:
    """Return the events of those sources and ids that are there."""
    pairs = set(wanted)
    rows = tx.all(
        CORRECTED,
        sources=list({source for source, _ in pairs}),
        event_ids=list({event_id for _, event_id in pairs}),
    )
    return {(row.source, row.event_id): _original(row) for row in rows if (row.source, row.event_id) in pairs}


def add_chunk(
    tx: Transaction,
    chunk_no: int,
    import_id: int | None,
    by: str,
    counts: tuple[int, int, int],
    intake: Mapping[tuple[LegalEntityId, date], int],
) -> None:
    """Write the control totals: accepted, again and rejected, and what each period got."""
    accepted, again, rejected = counts
    tx.run(
        ADD_CHUNK, chunk_no=chunk_no, import_id=import_id, by=by, received=sum(counts), accepted=accepted,
        again=again, rejected=rejected,
    )  # fmt: skip
    for (legal_entity_id, period), count in sorted(intake.items()):
        tx.run(ADD_INTAKE, chunk_no=chunk_no, legal_entity_id=legal_entity_id, period=period, accepted=count)


def add_rejected(tx: Transaction, rows: Sequence[tuple[object, ...]]) -> None:
    """Keep what was not accepted."""
    if rows:
        tx.copy("usage_rejected", REJECTED, rows)


def waiting(tx: Transaction, rows_max: int, after: int = 0, code: str | None = None) -> list[Rejected]:
    """Return rejected events that were not tried again, oldest first, those after a number."""
    return [Rejected(*row) for row in tx.all(WAITING, rows_max=rows_max, after=after, code=code)]


def newest_rejected(tx: Transaction) -> int:
    """Return the number of the newest rejected event that was not tried again, 0 without one."""
    return int(tx.one(NEWEST).rejected_no)


def hold_waiting(
    tx: Transaction, rows_max: int, after: int, newest: int, code: str | None = None
) -> list[Rejected]:
    """Return rejected events of a range to try again and hold them; what others hold is left to them."""
    rows = tx.all(HOLD_WAITING, rows_max=rows_max, after=after, newest=newest, code=code)
    return [Rejected(*row) for row in rows]


def set_retried(tx: Transaction, rejected_nos: Sequence[int], chunk_no: int) -> None:
    """Write in which chunk rejected events were tried again."""
    tx.run(SET_RETRIED, rejected_nos=list(rejected_nos), chunk_no=chunk_no)


def reasons(tx: Transaction) -> dict[str, int]:
    """Return how many rejected events wait, by reason, most first."""
    return {row.code: row.events for row in tx.all(REASONS)}


def _original(row: Any) -> Original:
    return Original(
        row.usage_no,
        LegalEntityId(row.legal_entity_id),
        Event(
            row.source, row.event_id, AccountId(row.account_id), ServiceId(row.service_id), row.meter, 0,
            row.used_on, row.used_at, row.until_at, "", row.corrects_no,
        ),
    )  # fmt: skip
