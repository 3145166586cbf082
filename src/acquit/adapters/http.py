"""The HTTP server: Granian's ASGI side, a bridge that takes whole requests in, WSGI applications in threads.

A request takes a thread only when all of it has arrived, so slow and half-sent ones block nobody. The
raw target goes through untouched (`REQUEST_URI`): it is what callers sign. Everything is bounded: bodies,
headers, the time to send them, the requests that may wait.
"""

import asyncio
import gc
import io
import logging
import multiprocessing
import os
import resource
import signal
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

log = logging.getLogger("acquit.http")

MIB: Final = 1024 * 1024
DRAINED_MAX: Final = 64 * MIB
HEADERS_MAX: Final = 64 * 1024
BACKLOG: Final = 2_048
OPEN_FILES: Final = 65_536

Environment = dict[str, Any]
Headers = list[tuple[str, str]]
Application = Callable[[Environment, Callable[..., Any]], Iterable[bytes]]
Fault = Callable[[int], tuple[Headers, bytes]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def plain_fault(status: int) -> tuple[Headers, bytes]:
    """Return headers and body for a request that could not be taken in."""
    return [("Content-Type", "text/plain; charset=utf-8")], HTTPStatus(status).phrase.encode()


@dataclass(frozen=True, slots=True)
class Mount:
    """An application and the raw path prefixes it answers; `""` answers everything.

    `fault` makes the answer to requests that never reach the application: 400, 408, 413, 503.
    """

    prefixes: tuple[str, ...]
    application: Application
    body_max: int = MIB
    fault: Fault = plain_fault

    def answers(self, raw_path: str) -> bool:
        """Return whether the raw path is one of this mount's."""
        return any(
            not prefix or raw_path == prefix or raw_path.startswith(prefix + "/") for prefix in self.prefixes
        )


@dataclass(frozen=True, slots=True)
class Site:
    """All mounts of one process, the first that answers wins, and what to call when it ends."""

    mounts: tuple[Mount, ...]
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a process takes in at once."""

    threads: int = 8
    waiting_max: int = 512
    header_seconds: float = 30.0
    body_seconds: float = 20.0
    stop_seconds: int = 20


# ---------------------------------------------------------------- the bridge


class TooLarge(Exception):
    """The body is longer than the mount takes."""


class Cut(Exception):
    """The body came to no end: its chunks are malformed, or the caller hung up (who then hears no answer)."""


@dataclass(slots=True)
class _Answer:
    """What an application said."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    rest: Iterator[bytes] | None = None


class Bridge:
    """An ASGI application that takes whole requests in and has them answered in a thread."""

    def __init__(self, site: Site, limits: Limits) -> None:
        self._site = site
        self._limits = limits
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="request")
        self._taken = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request, or the process's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await asyncio.get_running_loop().run_in_executor(None, self._close)
                await send({"type": "lifespan.shutdown.complete"})
                return
            await send({"type": "lifespan.startup.complete"})

    def _close(self) -> None:
        self._threads.shutdown(wait=True)
        self._site.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw_path = scope["raw_path"].decode("latin-1")
        mount = next((mount for mount in self._site.mounts if mount.answers(raw_path)), None)
        if mount is None:
            return await _send_fault(send, plain_fault, 404)
        try:
            body = await _whole_body(scope, receive, mount.body_max, self._limits.body_seconds)
        except TooLarge:
            return await _send_fault(send, mount.fault, 413)
        except TimeoutError:
            return await _send_fault(send, mount.fault, 408)
        except Cut:
            return await _send_fault(send, mount.fault, 400)
        if self._taken >= self._limits.waiting_max:
            return await _send_fault(send, mount.fault, 503)
        await self._answer(mount, environment(scope, raw_path, body), send)

    async def _answer(self, mount: Mount, environ: Environment, send: Send) -> None:
        self._taken += 1
        try:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._threads, _call, mount.application, environ)
        except Exception as error:
            log.error(
                "request.crash", extra={"path": environ["PATH_INFO"], "error": type(error).__qualname__}
            )
            return await _send_fault(send, mount.fault, 500)
        finally:
            self._taken -= 1
        if answer.rest is None:
            return await _send(send, answer.status, answer.headers, answer.body)
        await self._stream(answer, answer.rest, send)

    async def _stream(self, answer: _Answer, parts: Iterator[bytes], send: Send) -> None:
        """Send parts as they are made, one in memory at a time.

        When one cannot be made the answer stays without its end, so that nobody takes it for whole.
        """
        loop = asyncio.get_running_loop()
        self._taken += 1
        try:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            while (part := await loop.run_in_executor(self._threads, next, parts, None)) is not None:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except Exception as error:
            log.error("request.broken_off", extra={"error": type(error).__qualname__})
            raise
        finally:
            self._taken -= 1
            await loop.run_in_executor(self._threads, _close, parts)


async def _whole_body(scope: Scope, receive: Receive, size_max: int, seconds: float) -> bytes:
    """Return the body. Raises Cut, and TooLarge once all of it was seen, so that the answer is heard."""
    if scope["method"] in ("GET", "HEAD") and not _announces_body(scope):
        return b""
    async with asyncio.timeout(seconds):
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Cut
            part = message.get("body", b"")
            size += len(part)
            if size <= size_max:
                parts.append(part)
            if size > DRAINED_MAX:
                raise TooLarge
            if not message.get("more_body", False):
                break
    if size > size_max:
        raise TooLarge
    return b"".join(parts)


def _announces_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def environment(scope: Scope, raw_path: str, body: bytes) -> Environment:
    """Return the WSGI environment of a request; a header sent twice is joined by commas."""
    query = scope["query_string"].decode("latin-1")
    host, port = scope.get("server") or ("localhost", 80)
    environ: Environment = {
        "REQUEST_METHOD": scope["method"],
        "REQUEST_URI": f"{raw_path}?{query}" if query else raw_path,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(raw_path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": str(host),
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        key, value = _variable(raw_name), raw_value.decode("latin-1")
        if key:
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


@lru_cache(maxsize=512)
def _variable(raw_name: bytes) -> str:
    """Return the name of a header's variable, none for the length, which is that of the body taken in."""
    name = raw_name.decode("latin-1").upper().replace("-", "_")
    return {"CONTENT_TYPE": name, "CONTENT_LENGTH": ""}.get(name, f"HTTP_{name}")


@lru_cache(maxsize=512)
def _header_name(name: str) -> bytes:
    return name.lower().encode("latin-1")


def _call(application: Application, environ: Environment) -> _Answer:
    """Run a WSGI application: to its end where it answers whole, else until its parts can be made."""
    answer = _Answer()

    def start_response(status: str, headers: Headers, exc: object = None) -> Callable[[bytes], None]:
        answer.status = int(status[:3])
        answer.headers = [(_header_name(name), value.encode("latin-1")) for name, value in headers]
        return lambda part: None

    parts = application(environ, start_response)
    if not isinstance(parts, Sequence) and b"content-length" not in dict(answer.headers):
        answer.rest = iter(parts)
        return answer
    try:
        answer.body = b"".join(parts)
    finally:
        _close(parts)
    return answer


def _close(parts: object) -> None:
    if hasattr(parts, "close"):
        parts.close()


async def _send_fault(send: Send, fault: Fault, status: int) -> None:
    headers, body = fault(status)
    encoded = [(_header_name(name), value.encode("latin-1")) for name, value in headers]
    encoded += [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await _send(send, status, encoded, body)


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


# ---------------------------------------------------------------- the server


@dataclass(frozen=True, slots=True)
class Tls:
    """The files of a certificate (with its chain) and of its key, PEM."""

    certificate: Path
    key: Path


class PortTaken(OSError):
    """Another server listens there."""


class Server:
    """Worker processes that serve one site on one port.

    `make_site` is called once in each worker process, so it must be a function of a module (or a
    `partial` of one) with arguments that can be pickled.
    """

    def __init__(
        self,
        make_site: Callable[[], Site],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        workers: int = 1,
        tls: Tls | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Reserve the port (0: a free one). Raises PortTaken."""
        self.host = host
        self._limits = limits or Limits()
        self._make_site = make_site
        self._workers = workers
        self._tls = tls
        self._reserved = _reserve(host, port)
        self.port: int = self._reserved.getsockname()[1]
        self._granian: MPServer | None = None

    def run(self, ready: Callable[[], None] | None = None) -> None:
        """Serve until `stop` or a signal (INT, TERM); call `ready`, in a thread, when the site answers.

        Must run in the main thread of its process. Raises SystemExit when the workers cannot start.
        """
        _raise_open_files()
        multiprocessing.set_start_method("spawn", force=True)
        self._granian = self._make_granian()
        if ready is not None:
            threading.Thread(target=self._tell_ready, args=(ready,), daemon=True).start()
        try:
            self._granian.serve(
                target_loader=partial(_load, self._make_site, self._limits), wrap_loader=False
            )
        finally:
            self._reserved.close()

    def stop(self) -> None:
        """End `run`, from any thread, when what is under way has been answered."""
        if self._granian is not None:
            self._granian.signal_handler_interrupt()  # type: ignore[no-untyped-call]

    def _make_granian(self) -> MPServer:
        return MPServer(
            "acquit",
            address=self.host,
            port=self.port,
            interface=Interfaces.ASGI,
            workers=self._workers,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(
                header_read_timeout=int(self._limits.header_seconds * 1000), max_buffer_size=HEADERS_MAX
            ),
            websockets=False,
            backlog=BACKLOG,
            backpressure=BACKLOG,
            log_level=LogLevels.warning,
            ssl_cert=self._tls.certificate if self._tls else None,
            ssl_key=self._tls.key if self._tls else None,
            ssl_protocol_min=SSLProtocols.tls12,
            respawn_failed_workers=True,
            workers_kill_timeout=self._limits.stop_seconds,
        )

    def _tell_ready(self, ready: Callable[[], None]) -> None:
        target = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host  # noqa: S104 - compared only
        while not _answers(target, self.port, self._tls is not None):
            time.sleep(0.02)
        ready()


def _load(make_site: Callable[[], Site], limits: Limits) -> Bridge:
    """Make the site in a worker process, which ends when the process that started it is gone."""
    _raise_open_files()
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
    gc.disable()
    bridge = Bridge(make_site(), limits)
    gc.collect()
    gc.freeze()  # what a site is made of lives as long as the process: no collection looks at it again
    gc.enable()
    return bridge


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        os._exit(1)


def _answers(host: str, port: int, tls: bool) -> bool:
    """Return whether anything at all is answered; our own certificate need not be known here."""
    context = ssl._create_unverified_context()  # noqa: S323 - nothing is sent or believed
    connection = (
        HTTPSConnection(host, port, timeout=5, context=context)
        if tls
        else HTTPConnection(host, port, timeout=5)
    )
    with closing(connection), suppress(OSError, HTTPException):
        connection.request("GET", "/")
        return connection.getresponse().status > 0
    return False


def free_port(host: str, port: int) -> int:
    """Return the port, or a free one for 0. Raises PortTaken when another server listens there."""
    reserved = _reserve(host, port)
    with closing(reserved):
        return int(reserved.getsockname()[1])


def _reserve(host: str, port: int) -> socket.socket:
    """Return a socket that holds the port without listening; workers share it by SO_REUSEPORT."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    probe = socket.socket(family, socket.SOCK_STREAM)
    with closing(probe):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(error.errno, f"cannot listen on {host} port {port}: {error.strerror}") from error
        chosen = probe.getsockname()[1]
    held = socket.socket(family, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind((host, chosen))
    return held


def _raise_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
