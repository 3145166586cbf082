"""Forward what waits of accounts' logs to their streams: in order, at least once, from where it was left.

A forwarding is claimed for a while, its longest waiting records are carried, and only then they wait no more.
Who dies in between leaves them to the next. A stream that is away is tried again later each time; what is too
much meanwhile is forgotten, the oldest first, and told as a gap before what comes after it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from acquit.actions.context import Context
from acquit.core.log_stream import (
    BATCH_MAX,
    WAITING_MAX,
    Forwarding,
    LogFormat,
    LogKind,
    LogRecord,
    LogStream,
    next_try,
    record_of_call,
    record_of_event,
    record_of_gap,
)
from acquit.documents.log_lines import JSON_LINES, written
from acquit.ports import LogCarrier, LogTarget, Unreachable
from acquit.store import access_events, api_calls, log_queue, log_streams
from acquit.store.log_queue import Claimed, Waiting
from acquit.store.transaction import Transaction

log = logging.getLogger("acquit.logs")

LEASE: Final = timedelta(minutes=2)
"""Longer than one try may take."""


@dataclass(frozen=True, slots=True)
class _Load:
    """What one try carries: records in order, where they wait, and a gap before them that is told too."""

    forwarding: Forwarding
    stream: LogStream
    sealed: bytes | None
    records: tuple[LogRecord, ...]
    places: tuple[int, ...]
    gap: LogRecord | None


def forward_due(context: Context, go_on: Callable[[], bool] = lambda: True) -> int:
    """Everything that waits for a stream that may be tried was tried; return how many records were taken."""
    taken = 0
    while go_on() and context.carrier is not None:
        claimed = _claimed(context)
        if claimed is None:
            break
        taken += _forward(context, context.carrier, claimed)
    return taken


def _claimed(context: Context) -> Claimed | None:
    now = context.clock.now()
    with context.database.write() as tx:
        return log_queue.claim(tx, now, now + LEASE)


def _forward(context: Context, carrier: LogCarrier, claimed: Claimed) -> int:
    """Carry the next records of a forwarding that is ours; return how many were taken."""
    with context.database.snapshot() as tx:
        load = _load(context, tx, claimed)
    if load is None:
        return 0
    try:
        secret = _secret(context, load.sealed)
        carrier.carry(_target(load, secret), _lines(load, secret))
    except Unreachable as why:
        _put_off(context, claimed, load.forwarding, str(why))
        return 0
    with context.database.write() as tx:
        sent, told, now = len(load.records), load.forwarding.lost, context.clock.now()
        is_ours = log_queue.taken(tx, claimed, load.places, now, sent=sent, told=told)
    return sent if is_ours else 0


def _load(context: Context, tx: Transaction, claimed: Claimed) -> _Load | None:
    """Return what is to be carried; None when it is forwarded no longer, or nothing waits any more."""
    kind = LogKind(claimed.kind)
    found = log_streams.find_forwardings(tx, claimed.account_id, kind, [claimed.forwarding_id])
    stream = log_streams.find(tx, claimed.account_id, found[0].stream_id) if found else None
    places = log_queue.waiting(tx, claimed, BATCH_MAX)
    if stream is None or not places:
        return None
    sealed = log_streams.sealed_secret(tx, claimed.account_id, stream.stream_id)
    known = _known(context, tx, claimed, kind, [each.record_no for each in places])
    gap = _with_forgotten(found[0], [each for each in places if each.record_no not in known])
    records = [known[each.record_no] for each in places if each.record_no in known]
    return _Load(
        found[0],
        stream,
        sealed,
        tuple(records),
        tuple(each.waiting_no for each in places),
        record_of_gap(gap, context.clock.now()) if gap.lost else None,
    )


def _known(
    context: Context, tx: Transaction, claimed: Claimed, kind: LogKind, numbers: list[int]
) -> dict[int, LogRecord]:
    """Return the records of these numbers that the log still has."""
    if kind is LogKind.CALLS:
        calls = api_calls.find_many(tx, claimed.account_id, numbers)
        return {each.call_id: record_of_call(each) for each in calls}
    since = context.clock.now() - timedelta(days=context.access_days)
    events = access_events.find_many(tx, claimed.account_id, numbers, since)
    return {each.event_id: record_of_event(each) for each in events}


def _with_forgotten(found: Forwarding, forgotten: list[Waiting]) -> Forwarding:
    """Return the forwarding whose gap covers these records too: their log has forgotten them."""
    if not forgotten:
        return found
    instants = [each.at for each in forgotten]
    return replace(
        found,
        lost=found.lost + len(forgotten),
        lost_from=min(filter(None, [found.lost_from, *instants])),
        lost_to=max(filter(None, [found.lost_to, *instants])),
    )


def _secret(context: Context, sealed: bytes | None) -> str:
    """Return the stream's secret, empty when it has none. Raises Unreachable when the key is another now."""
    try:
        return "" if sealed is None else context.sealer.unseal(sealed)
    except ValueError:
        raise Unreachable("its secret was sealed with another key: add the stream anew") from None


def _target(load: _Load, secret: str) -> LogTarget:
    stream, is_https = load.stream, load.stream.format is LogFormat.HTTPS
    return LogTarget(
        stream.host,
        stream.port,
        stream.path if is_https else None,
        JSON_LINES if is_https else "",
        (stream.secret_name, secret) if is_https and stream.secret_name else None,
        stream.authorities,
    )


def _lines(load: _Load, secret: str) -> bytes:
    records = load.records if load.gap is None else (load.gap, *load.records)
    return written(records, load.stream.format, load.stream.secret_name, secret)


def _put_off(context: Context, claimed: Claimed, forwarding: Forwarding, why: str) -> None:
    """The stream took nothing: later again; what is too much to wait is forgotten."""
    log.warning("logs.not_taken", extra={"forwarding": claimed.forwarding_id, "reason": why})
    next_at = next_try(context.clock.now(), forwarding.failures + 1)
    with context.database.write() as tx:
        log_queue.trim(tx, claimed.account_id, WAITING_MAX)
    with context.database.write() as tx:
        log_queue.failed(tx, claimed, why, next_at)
