"""`acquit account log-stream`: where an account collects its logs, and which log goes there."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from acquit.actions.keep_log_stream import add_log_stream, forward_log, remove_log_stream, stop_forwarding
from acquit.actions.loading import account_in
from acquit.cli.program import Given, Yes
from acquit.cli.screen import facts, table
from acquit.core.identifiers import AccountId
from acquit.core.log_stream import (
    Forwarding,
    LogFormat,
    LogKind,
    LogStream,
    NoSuchForwarding,
    NoSuchStream,
    stream_at,
)
from acquit.store import log_queue, log_streams

app = App(name="log-stream", help="Where an account collects its logs: add, list, forward, stop, remove.")

Stream = Annotated[str, Parameter(help="Its id, as `account log-stream list` shows it.")]
Kind = Annotated[
    Literal["api", "audit"], Parameter(help="api: calls of programs; audit: sign-ins and changes of access.")
]


@app.command(name="list")
def list_(account: str, /, *, program: Given) -> None:
    """List the log streams of an account, what goes there and how that goes."""
    account_id = AccountId(account)
    with program.open() as context, context.database.read() as tx:
        account_in(tx, account_id)
        streams = log_streams.of_account(tx, account_id)
        going = log_streams.forwardings(tx, account_id)
        waiting = log_queue.counts(tx, account_id)
    document = [_document(each, going, waiting) for each in streams]
    rows = [
        (each["stream"], each["name"], each["address"], "\n".join(map(_told, each["forwarded"])) or "nothing")
        for each in document
    ]
    shown = table("id", "name", "address", "what goes there", rows=rows) if rows else "No log stream."
    program.screen.answer(document, shown)


@app.command
def add(
    account: str,
    /,
    *,
    name: Annotated[str, Parameter(help="What people call it.")],
    to: Annotated[str, Parameter(help="https://host/path, or host:port of a collector.")],
    format: Annotated[LogFormat, Parameter(help="How it takes lines; gelf and syslog over TLS.")],  # noqa: A002
    secret_name: Annotated[
        str, Parameter(help="Header, field, or ELEMENT@NUMBER/NAME of the secret that it asks for.")
    ] = "",
    authorities: Annotated[
        Path | None, Parameter(help="Certificates (PEM) that vouch for it besides the public ones.")
    ] = None,
    program: Given,
) -> None:
    """Add a log stream; its secret, if it has one, is asked for, or read from a pipe."""
    vouching = "" if authorities is None else authorities.read_text(encoding="ascii", errors="replace")
    secret = program.screen.ask_secret(f"Secret of {name}") if secret_name else ""
    new = stream_at(name, format, to, secret_name=secret_name, secret=secret, authorities=vouching)
    with program.open() as context:
        made = add_log_stream(context, AccountId(account), new, by="cli")
    shown = {"stream": made.stream_id, "account": account, "name": made.name, "address": made.address}
    program.screen.answer(shown, facts(**shown))


@app.command
def forward(account: str, stream: Stream, kind: Kind, /, *, program: Given) -> None:
    """From now on a log of the account goes to the stream."""
    with program.open() as context:
        made, _ = forward_log(context, AccountId(account), LogKind(kind), stream, by="cli")
    shown = {"account": account, "stream": stream, "log": kind, "forwarding": made.forwarding_id}
    program.screen.answer(shown, f"The log {kind} of {account} goes to {stream} from now on.")


@app.command
def stop(account: str, stream: Stream, kind: Kind, /, *, program: Given) -> None:
    """Forward a log to the stream no longer, also not what waits."""
    account_id = AccountId(account)
    with program.open() as context:
        with context.database.read() as tx:
            going = log_streams.forwardings(tx, account_id)
        ids = [each.forwarding_id for each in going if (each.stream_id, each.kind) == (stream, kind)]
        if not ids:
            raise NoSuchForwarding(f"{kind} to {stream}")
        stop_forwarding(context, account_id, LogKind(kind), ids[0], by="cli")
    shown = {"account": account, "stream": stream, "log": kind}
    program.screen.answer(shown, f"The log {kind} of {account} goes to {stream} no longer.")


@app.command
def remove(account: str, stream: Stream, /, *, yes: Yes = False, program: Given) -> None:
    """Remove a log stream; nothing goes there any more.

    Parameters
    ----------
    yes
        Do not ask.
    """
    account_id = AccountId(account)
    with program.open() as context:
        with context.database.read() as tx:
            found = log_streams.find(tx, account_id, stream)
        if found is None:
            raise NoSuchStream(stream)
        program.screen.confirm(f"Remove the log stream {found.name} of {account}?", yes)
        remove_log_stream(context, account_id, stream, by="cli")
    program.screen.answer({"account": account, "stream": stream}, f"{found.name} of {account} is removed.")


def _document(found: LogStream, going: list[Forwarding], waiting: dict[str, int]) -> dict[str, Any]:
    return {
        "stream": found.stream_id,
        "name": found.name,
        "address": found.address,
        "secret": found.secret_name,
        "forwarded": [
            {
                "log": each.kind.value,
                "sent": each.sent,
                "waiting": waiting.get(each.forwarding_id, 0),
                "lost": each.lost,
                "problem": each.problem,
            }
            for each in going
            if each.stream_id == found.stream_id
        ],
    }


def _told(each: dict[str, Any]) -> str:
    problem = f": {each['problem']}" if each["problem"] else ""
    return f"{each['log']}, {each['sent']} sent, {each['waiting']} waiting{problem}"
