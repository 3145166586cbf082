"""Read the latest of an account's logs, by a link that ends, and forget what is kept no longer."""

import hmac
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from acquit.actions.context import Context
from acquit.core.errors import NotFound
from acquit.core.identifiers import AccountId, CredentialId
from acquit.core.log_stream import (
    LINK_LIFE,
    LINKED_MAX,
    LogKind,
    LogRecord,
    link_purpose,
    record_of_call,
    record_of_event,
)
from acquit.documents.log_lines import JSON_LINES, json_line
from acquit.store import access_events, api_calls, log_links

AT_ONCE: Final = 1_000
SECONDS_MAX: Final = 60.0
NEWEST: Final = 2**62
TYPE: Final = JSON_LINES
"""How the lines of a link are declared."""


class NoSuchLogLink(NotFound):
    """The link to a log is wrong or over."""

    code = "no-such-log-link"


def log_link(context: Context, account_id: AccountId, kind: LogKind, maker: str) -> tuple[int, str]:
    """Return the second in which a link to the log is over, and its secret.

    It is good for an hour, and no longer than the key, or the login, that `maker` names.
    """
    end = _end(context, account_id, maker, context.clock.now() + LINK_LIFE)
    until = 0 if end is None else int(end.timestamp())
    return until, context.sealer.token(link_purpose(account_id, kind, until, maker))


def refuse_wrong_log_link(
    context: Context, account_id: AccountId, kind: LogKind, maker: str, until: int, token: str
) -> None:
    """Pass when the link is right, not over, and who asked for it may still ask.

    The comparison takes as long for every wrong one. Raises NoSuchLogLink.
    """
    right = context.sealer.token(link_purpose(account_id, kind, until, maker))
    is_right = hmac.compare_digest(right.encode(), token.encode())
    now = context.clock.now()
    if is_right and now.timestamp() < until:
        end = _end(context, account_id, maker, now + LINK_LIFE)
        if end is not None and now < end:
            return
    raise NoSuchLogLink("This link is wrong or over: ask for another one.")


def latest_lines(context: Context, account_id: AccountId, kind: LogKind) -> Iterator[bytes]:
    """Yield the latest records of the log as lines of JSON, the latest first, a thousand at once.

    At most 10,000, for a minute at most; nothing is held between two parts.
    """
    before, until = NEWEST, time.monotonic() + SECONDS_MAX
    for _ in range(LINKED_MAX // AT_ONCE):
        found = _latest(context, account_id, kind, before)
        if found:
            yield b"".join(json_line(each) for each in found)
            before = found[-1].number
        if len(found) < AT_ONCE or time.monotonic() > until:
            return


def forget_events(context: Context) -> int:
    """What was kept beside acts on access is gone when its days are over; return of how many acts."""
    until = context.clock.now() - timedelta(days=context.access_days)
    with context.database.write() as tx:
        return access_events.forget(tx, until)


def _end(context: Context, account_id: AccountId, maker: str, until: datetime) -> datetime | None:
    """Return when a link ends that would end then, None when who asked for it may ask no more."""
    key, _, login = maker.partition("/")
    with context.database.read() as tx:
        if key:
            return log_links.end_by_key(tx, account_id, CredentialId(int(key)), until)
        return log_links.end_by_login(tx, account_id, login, until)


def _latest(context: Context, account_id: AccountId, kind: LogKind, before: int) -> list[LogRecord]:
    with context.database.read() as tx:
        if kind is LogKind.CALLS:
            return [record_of_call(each) for each in api_calls.latest(tx, account_id, before, AT_ONCE)]
        since = context.clock.now() - timedelta(days=context.access_days)
        found = access_events.page(tx, account_id, since, before, AT_ONCE)
        return [record_of_event(each) for each in found]
