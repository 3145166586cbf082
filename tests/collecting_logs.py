"""A collector of logs on this machine that speaks TLS: GELF, syslog or https, well or badly."""

import json
import os
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from acquit.actions.context import Context
from acquit.actions.keep_log_stream import add_log_stream, forward_log
from acquit.adapters.log_carrier import Tls
from acquit.core.api_call import ApiCall
from acquit.core.identifiers import AccountId
from acquit.core.log_stream import LogFormat, LogKind, stream_at
from acquit.demo.certificate import Certificate
from acquit.store import api_calls

LOOPBACK: Final = ("127.0.0.0/8", "::1/128")
SECRET: Final = "q8-do-not-tell"
Manner = Literal["well", "resets", "hangs", "hangs up", "closes early", "drips"]


@dataclass
class Collector:
    """What a collector was sent, connection by connection, and how it behaves."""

    certificate: Certificate
    format: LogFormat = LogFormat.GELF
    manner: Manner = "well"
    status: int = 200
    delay_seconds: float = 0.0
    bodies: list[bytes] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Every message in the order in which it came."""
        return [each for body in self.bodies for each in read(self.format, body)]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the records, gaps left out."""
        key = "_number" if self.format is LogFormat.GELF else "number"
        return [each[key] for each in self.messages if each[key]]

    @property
    def address(self) -> str:
        """How the stream is addressed."""
        return (
            f"https://localhost:{self.port}/in?x=1"
            if self.format is LogFormat.HTTPS
            else f"localhost:{self.port}"
        )


def read(format_: LogFormat, body: bytes) -> list[dict[str, Any]]:
    """Take the lines apart as a collector would, strictly; a cut last one is left out."""
    if format_ is LogFormat.GELF:
        return [json.loads(each) for each in body.split(b"\0")[:-1]]
    if format_ is LogFormat.HTTPS:
        return [json.loads(each) for each in body.split(b"\n")[:-1]]
    found = []
    while body:
        size, _, rest = body.partition(b" ")
        message, body = rest[: int(size)], rest[int(size) :]
        found.append(read_syslog(message.decode()))
    return found


def read_syslog(message: str) -> dict[str, Any]:
    """Take a message of RFC 5424 apart."""
    form = r"<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) (-|(?:\[(?:[^\]\\]|\\.)*\])+) \ufeff(.*)"
    parts = re.fullmatch(form, message, re.DOTALL)
    assert parts is not None, message
    datetime.fromisoformat(parts[2])
    return {"priority": int(parts[1]), "host": parts[3], "element": parts[7], **json.loads(parts[8])}


@contextmanager
def listening(collector: Collector) -> Iterator[Collector]:
    """Listen until the end of the block."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(collector.certificate.certificate, collector.certificate.key)
    listener = socket.create_server(("127.0.0.1", collector.port))
    collector.port = listener.getsockname()[1]

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_take, args=(collector, context, connection), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield collector
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _take(collector: Collector, context: ssl.SSLContext, connection: socket.socket) -> None:
    collector.connections += 1
    if collector.manner == "hangs":
        time.sleep(60)
    with suppress(OSError), closing(context.wrap_socket(connection, server_side=True)) as wire:
        if collector.manner == "closes early":
            wire.unwrap()
            return
        if collector.manner == "resets":
            wire.recv(100)
            os.close(_lingering(wire).detach())
            return
        if collector.format is LogFormat.HTTPS:
            _answer(collector, wire)
            return
        parts = []
        while part := wire.recv(65_536):
            parts.append(part)
            if collector.manner == "drips":
                time.sleep(60)
        time.sleep(collector.delay_seconds)
        collector.bodies.append(b"".join(parts))
        if collector.manner == "well":
            wire.unwrap()


def _lingering(wire: ssl.SSLSocket) -> socket.socket:
    """Closing it from now on resets the connection."""
    plain = socket.socket(fileno=wire.detach())
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return plain


def _answer(collector: Collector, wire: ssl.SSLSocket) -> None:
    with wire.makefile("rb") as reader:
        head = []
        while (line := reader.readline()) not in (b"\r\n", b""):
            head.append(line.decode())
        sizes = [int(each.partition(":")[2]) for each in head if each.lower().startswith("content-length:")]
        if not sizes:
            return
        body = reader.read(sizes[0])
        time.sleep(collector.delay_seconds)
        collector.heads.append("".join(head))
        if 200 <= collector.status < 300 and len(body) == sizes[0]:
            collector.bodies.append(body)
    if collector.manner == "hangs up":
        return
    if collector.manner == "drips":
        for sign in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000:
            wire.send(bytes([sign]))
            time.sleep(0.2)
    told = (
        f"HTTP/1.1 {collector.status} Said\r\nLocation: https://localhost:1/\r\nContent-Length: 2\r\n\r\nok"
    )
    wire.sendall(told.encode())


def carrying(context: Context) -> Context:
    """The context forwards logs, to this machine too."""
    return replace(context, carrier=Tls(LOOPBACK))


def forward(context: Context, collector: Collector, account_id: AccountId, *kinds: LogKind) -> str:
    """The account's logs go to the collector from now on; return the stream's id."""
    names = {LogFormat.GELF: "token", LogFormat.HTTPS: "X-Token", LogFormat.SYSLOG: "secret@32473/key"}
    new = stream_at(
        "here", collector.format, collector.address, secret_name=names[collector.format], secret=SECRET,
        authorities=collector.certificate.authority.read_text(),
    )  # fmt: skip
    made = add_log_stream(context, account_id, new, by="cli")
    for kind in kinds or LogKind:
        forward_log(context, account_id, kind, made.stream_id, by="cli")
    return made.stream_id


def call(context: Context, account_id: AccountId, count: int = 1, path: str = "/me") -> None:
    """So many calls of the account are written."""
    at = datetime.now(UTC)
    with context.database.write() as tx:
        api_calls.add(
            tx, [ApiCall(account_id, at, "GET", path, f"{path}/{n}", "192.0.2.1") for n in range(count)]
        )


def call_ids(context: Context, account_id: AccountId) -> list[int]:
    """The numbers of the account's calls that are kept, oldest first."""
    with context.database.read() as tx:
        rows = tx.all("SELECT call_id FROM api_call WHERE account_id = %(a)s ORDER BY call_id", a=account_id)
    return [row.call_id for row in rows]
