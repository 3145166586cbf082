"""Logs of the account: who signed in and who changed whose access; streams that logs are forwarded to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from acquit.actions.keep_log_stream import add_log_stream, forward_log, remove_log_stream, stop_forwarding
from acquit.actions.read_log import NEWEST
from acquit.console import typed
from acquit.console.listing import ROWS, cut, key_in
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.access_event import TOPICS, TYPES, AccessEvent, EventType, State, Topic
from acquit.core.identity import refuse_unless_admin
from acquit.core.log_stream import (
    Forwarding,
    LogFormat,
    LogKind,
    NoSuchForwarding,
    NoSuchStream,
    stream_at,
)
from acquit.store import access_events, identities, log_queue, log_streams

DEEDS: Final = ("add", "remove", "forward", "stop")
TOPIC_WORDS: Final[Mapping[Topic, str]] = {
    Topic.SIGN_IN: "Sign-ins",
    Topic.PASSWORD: "Passwords",
    Topic.LOGIN: "Logins",
    Topic.GROUP: "Groups",
    Topic.TOKEN: "Tokens",
    Topic.PROVIDER: "Identity provider",
    Topic.RIGHTS: "Rights of programs",
}
EVENT_WORDS: Final[Mapping[EventType, str]] = {
    EventType.SIGNED_IN: "Signed in",
    EventType.ACCOUNT_PASSWORD: "Password of the account changed",
    EventType.LOGIN_PASSWORD: "Password of a login changed",
    EventType.LOGIN_ADDED: "Login added",
    EventType.LOGIN_CHANGED: "Login changed",
    EventType.LOGIN_REMOVED: "Login removed",
    EventType.GROUP_ADDED: "Group added",
    EventType.GROUP_CHANGED: "Group changed",
    EventType.GROUP_REMOVED: "Group removed",
    EventType.TOKEN_ADDED: "Token made",
    EventType.TOKEN_CHANGED: "Token changed",
    EventType.TOKEN_REMOVED: "Token revoked",
    EventType.PROVIDER_ADDED: "Identity provider brought",
    EventType.PROVIDER_CHANGED: "Identity provider changed",
    EventType.PROVIDER_REMOVED: "Identity provider removed",
    EventType.RIGHTS_ADDED: "Service account made",
    EventType.RIGHTS_CHANGED: "Rights or name of a service account changed",
    EventType.RIGHTS_REMOVED: "Service account removed",
}
KIND_WORDS: Final[Mapping[LogKind, str]] = {
    LogKind.CALLS: "Calls of programs",
    LogKind.ACCESS: "Sign-ins and changes of access",
}
FORMAT_WORDS: Final[Mapping[LogFormat, str]] = {
    LogFormat.HTTPS: "JSON lines by https",
    LogFormat.GELF: "GELF over TLS",
    LogFormat.SYSLOG: "syslog over TLS",
}
SILENT: Final = ("created_at",)


@dataclass(frozen=True, slots=True)
class Changed:
    """A member that an event changed, before and after, as texts."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Going:
    """A log that goes to a stream, and how many records wait."""

    forwarding: Forwarding
    waiting: int


def list_events(visit: Visit) -> Page:
    """GET /manager/log: events of access, the latest first, by what, by whom, between two days."""
    query, context = visit.query, visit.context
    wanted = query.get("about", "")
    topics = [each for each in Topic if each.value == wanted]
    verbs = TOPICS[topics[0]] if topics else frozenset(TYPES)
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        found = access_events.page(
            tx,
            visit.account_id,
            context.clock.now() - timedelta(days=context.access_days),
            key_in(visit, "before", NEWEST),
            ROWS + 1,
            verbs=verbs,
            login=query.get("login", "").strip() or None,
            from_at=_midnight(query.get("from", ""), place.entity.zone, 0),
            to_at=_midnight(query.get("to", ""), place.entity.zone, 1),
        )
    rows = cut(visit, found, "before", lambda each: each.event_id)
    return page(
        "log.html",
        place,
        list=rows,
        rows=[(each, EVENT_WORDS[each.type], changed_by(each)) for each in rows.rows],
        topics=TOPIC_WORDS,
        wanted=topics[0].value if topics else "",
        days=context.access_days,
    )


def changed_by(event: AccessEvent) -> list[Changed]:
    """Return what an event changed: of what is new or gone every member that says something."""
    before, after = event.trace.before, event.trace.after
    if event.type is EventType.LOGIN_PASSWORD or (before is None and after is None):
        return []
    names = [name for name in {**(before or {}), **(after or {})} if name not in SILENT]
    pairs = [Changed(name.replace("_", " "), _text(before, name), _text(after, name)) for name in names]
    return [each for each in pairs if each.before != each.after]


def _text(state: State | None, name: str) -> str:
    value: Any = None if state is None else state.get(name)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _midnight(text: str, zone: ZoneInfo | str, days: int) -> datetime | None:
    """Return when the day of a filter begins, or the one after it; what is no date filters nothing."""
    on = typed.found_day(text)
    if on is None or not 1900 < on.year < 3000:
        return None
    where = ZoneInfo(zone) if isinstance(zone, str) else zone
    return datetime.combine(on + timedelta(days=days), time(), where)


def list_streams(visit: Visit) -> Page:
    """GET /manager/log-streams: where logs go, and how that goes."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        streams = log_streams.of_account(tx, visit.account_id)
        going = log_streams.forwardings(tx, visit.account_id)
        waiting = log_queue.counts(tx, visit.account_id)
    by_stream = {
        each.stream_id: {
            one.kind: Going(one, waiting.get(one.forwarding_id, 0))
            for one in going
            if one.stream_id == each.stream_id
        }
        for each in streams
    }
    return page(
        "log_streams.html", place, streams=streams, going=by_stream, kinds=KIND_WORDS, formats=FORMAT_WORDS
    )


def change_streams(visit: Visit) -> Reply:
    """POST /manager/log-streams: a stream more, one less, a log that goes there or no longer."""
    wanted, form, session = typed.one_of(visit.form.text("do"), DEEDS), visit.form, visit.signed_in
    if session.login != visit.account_id:
        with visit.read() as tx:
            refuse_unless_admin(identities.roles(tx, visit.account_id, session.login))
    if wanted == "add":
        new = stream_at(
            form.text("name"),
            LogFormat(typed.one_of(form.text("format"), [each.value for each in LogFormat])),
            form.text("address"),
            secret_name=form.text("secret_name"),
            secret=form.text("secret"),
            authorities=form.text("authorities"),
        )
        add_log_stream(visit.context, visit.account_id, new, by=visit.actor)
    else:
        _change(visit, wanted)
    return Redirect(f"/manager/log-streams?done=stream-{wanted}")


def _change(visit: Visit, wanted: str) -> None:
    form, account_id, by = visit.form, visit.account_id, visit.actor
    stream_id = form.text("stream")
    with visit.read() as tx:
        if stream_id not in [each.stream_id for each in log_streams.of_account(tx, account_id)]:
            raise NoSuchStream(stream_id)
        going = log_streams.forwardings(tx, account_id)
    if wanted == "remove":
        return remove_log_stream(visit.context, account_id, stream_id, by=by)
    kind = LogKind(typed.one_of(form.text("kind"), [each.value for each in LogKind]))
    if wanted == "forward":
        forward_log(visit.context, account_id, kind, stream_id, by=by)
        return None
    ids = [each.forwarding_id for each in going if (each.stream_id, each.kind) == (stream_id, kind)]
    if not ids:
        raise NoSuchForwarding(stream_id)
    stop_forwarding(visit.context, account_id, kind, ids[0], by=by)
    return None
