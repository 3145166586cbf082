"""A load on a server of this machine: signed requests over kept connections, from a process of its own.

`closed` keeps every connection busy and counts answers per second; `paced` sends at a fixed rate, whatever
the answers do, and tells how late they were (the wait for a free connection counts).
"""

import asyncio
import hashlib
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """What to ask: paths in turn, the keys that sign them (none: unsigned), and the status that is right."""

    host: str
    port: int
    paths: list[str]
    application_key: str = ""
    application_secret: str = ""
    consumer_key: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    expected: int = 200


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it; times in milliseconds."""

    answers: int
    failures: int
    seconds: float
    per_second: float
    p50_ms: float
    p99_ms: float


class Connection(asyncio.Protocol):
    """One connection that carries one request at a time."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        self._waiting: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Count the body of an answer whose head is known; nothing of it is kept."""
        if self._left:
            self._left -= len(data)
        else:
            self._head += data
            head, found, body = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            at = head.lower().index(b"content-length:") + 15
            self._left = int(head[at:].partition(b"\r\n")[0]) - len(body)
            self._head = head
        if not self._left:
            status, self._head = int(self._head[9:12]), b""
            assert self._waiting is not None
            self._waiting.set_result(status)

    async def ask(self, request: bytes) -> int:
        """Send the request and return the status of its answer."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)  # type: ignore[attr-defined]
        return await self._waiting


def requests(target: Target) -> Iterator[bytes]:
    """Yield requests for ever, signed for the second in which they are made."""
    origin = f"http://{target.host}:{target.port}"
    for path in itertools.cycle(target.paths):
        lines = [f"GET {path} HTTP/1.1", f"Host: {target.host}:{target.port}"]
        lines += [f"{name}: {said}" for name, said in target.headers.items()]
        if target.consumer_key:
            stamp = str(int(time.time()))
            text = "+".join((target.application_secret, target.consumer_key, "GET", origin + path, "", stamp))
            lines += [
                f"X-Ovh-Application: {target.application_key}",
                f"X-Ovh-Consumer: {target.consumer_key}",
                f"X-Ovh-Timestamp: {stamp}",
                f"X-Ovh-Signature: $1${hashlib.sha1(text.encode()).hexdigest()}",
            ]
        yield ("\r\n".join(lines) + "\r\n\r\n").encode()


async def closed(target: Target, connections: int, seconds: float) -> Told:
    """Keep every connection busy."""
    made = requests(target)
    took: list[float] = []
    failures = 0
    end = time.perf_counter() + seconds

    async def keep_busy(connection: Connection) -> None:
        nonlocal failures
        while (start := time.perf_counter()) < end:
            failures += await connection.ask(next(made)) != target.expected
            took.append(time.perf_counter() - start)

    opened = await _open(target, connections)
    start = time.perf_counter()
    await asyncio.gather(*map(keep_busy, opened))
    return _told(took, failures, time.perf_counter() - start)


async def paced(target: Target, connections: int, seconds: float, per_second: int) -> Told:
    """Send at a fixed rate; a request that finds no free connection waits, and its wait counts."""
    made = requests(target)
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in await _open(target, connections):
        free.put_nowait(connection)
    took: list[float] = []
    failures = 0
    start = time.perf_counter()

    async def one(due: float) -> None:
        nonlocal failures
        connection = await free.get()
        failures += await connection.ask(next(made)) != target.expected
        free.put_nowait(connection)
        took.append(time.perf_counter() - due)

    sent = []
    for number in range(int(seconds * per_second)):
        due = start + number / per_second
        if (pause := due - time.perf_counter()) > 0:
            await asyncio.sleep(pause)
        sent.append(asyncio.ensure_future(one(due)))
    await asyncio.gather(*sent)
    return _told(took, failures, time.perf_counter() - start)


async def _open(target: Target, connections: int) -> list[Connection]:
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(Connection, target.host, target.port) for _ in range(connections)]
    return [protocol for _, protocol in made]


def _told(took: list[float], failures: int, seconds: float) -> Told:
    took.sort()
    at: Callable[[float], float] = lambda share: took[min(len(took) - 1, int(len(took) * share))] * 1000  # noqa: E731
    return Told(
        len(took),
        failures,
        round(seconds, 3),
        round(len(took) / seconds, 1),
        round(at(0.5), 3),
        round(at(0.99), 3),
    )


def main() -> None:
    """Read one order from standard input, tell what came of it on standard output."""
    order = json.load(sys.stdin)
    target = Target(**order["target"])
    if order.get("per_second"):
        told = asyncio.run(paced(target, order["connections"], order["seconds"], order["per_second"]))
    else:
        told = asyncio.run(closed(target, order["connections"], order["seconds"]))
    print(json.dumps(asdict(told)))


if __name__ == "__main__":
    main()
