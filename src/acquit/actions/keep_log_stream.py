"""Streams that an account forwards its logs to: add one, remove it, forward a log, forward no longer."""

import ssl
from uuid import uuid4

from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in
from acquit.core.identifiers import AccountId
from acquit.core.log_stream import (
    STREAMS_MAX,
    AlreadyForwarded,
    BadStream,
    Forwarding,
    LogKind,
    LogStream,
    NewStream,
    NoSuchForwarding,
    NoSuchStream,
    TooManyStreams,
)
from acquit.store import acts, log_streams
from acquit.store.transaction import Transaction


def add_log_stream(context: Context, account_id: AccountId, new: NewStream, *, by: str) -> LogStream:
    """The account has one more stream, its secret is sealed.

    Raises NoSuchAccount, TooManyStreams, BadStream when its own certificates cannot be read.
    """
    _check_authorities(new.authorities)
    sealed = context.sealer.seal(new.secret) if new.secret else None
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        if len(log_streams.of_account(tx, account_id)) >= STREAMS_MAX:
            raise TooManyStreams(f"An account has at most {STREAMS_MAX} log streams: remove one first.")
        made = log_streams.add(tx, account_id, new, sealed)
        acts.record(tx, by, "add_log_stream", account_id, made.stream_id, name=new.name, host=new.host)
    return made


def remove_log_stream(context: Context, account_id: AccountId, stream_id: str, *, by: str) -> None:
    """The stream is gone, nothing is forwarded to it any more. Raises NoSuchStream."""
    with context.database.write() as tx:
        found = _stream(tx, account_id, stream_id)
        log_streams.remove(tx, account_id, stream_id)
        acts.record(tx, by, "remove_log_stream", account_id, stream_id, name=found.name, host=found.host)


def forward_log(
    context: Context, account_id: AccountId, kind: LogKind, stream_id: str, *, by: str
) -> tuple[Forwarding, str]:
    """From now on every new record of that log goes to the stream; return it, and the id of this act.

    Raises NoSuchStream, AlreadyForwarded.
    """
    operation = str(uuid4())
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        found = _stream(tx, account_id, stream_id)
        made = log_streams.forward(tx, account_id, kind, stream_id)
        if made is None:
            raise AlreadyForwarded(f"The log {kind.value} goes to the stream {found.name} already.")
        acts.record(
            tx, by, "forward_log", account_id, made.forwarding_id, kind=kind.value, stream=stream_id,
            operation=operation,
        )  # fmt: skip
    return made, operation


def stop_forwarding(
    context: Context, account_id: AccountId, kind: LogKind, forwarding_id: str, *, by: str
) -> str:
    """Nothing more goes to the stream, also not what waits; return the id of this act.

    Raises NoSuchForwarding.
    """
    operation = str(uuid4())
    with context.database.write() as tx:
        stream_id = log_streams.stop(tx, account_id, kind, forwarding_id)
        if stream_id is None:
            raise NoSuchForwarding(forwarding_id)
        acts.record(
            tx, by, "stop_forwarding", account_id, forwarding_id, kind=kind.value, stream=stream_id,
            operation=operation,
        )  # fmt: skip
    return operation


def _stream(tx: Transaction, account_id: AccountId, stream_id: str) -> LogStream:
    found = log_streams.find(tx, account_id, stream_id)
    if found is None:
        raise NoSuchStream(stream_id)
    return found


def _check_authorities(authorities: str) -> None:
    if not authorities:
        return
    try:
        ssl.create_default_context(cadata=authorities)
    except (ssl.SSLError, ValueError):
        raise BadStream("[authorities] Certificates are in PEM: -----BEGIN CERTIFICATE-----") from None
