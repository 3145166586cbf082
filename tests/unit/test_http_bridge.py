"""The bridge between the HTTP server and WSGI applications, driven by hand."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Any

import pytest

from acquit.adapters.http import Bridge, Limits, Mount, Site, environment, plain_fault

Message = MutableMapping[str, Any]


def scope(path: str = "/x", method: str = "POST", headers: Iterable[tuple[bytes, bytes]] = ()) -> Message:
    return {
        "type": "http",
        "method": method,
        "raw_path": path.encode("latin-1"),
        "query_string": b"",
        "headers": list(headers),
        "http_version": "1.1",
        "scheme": "http",
        "client": ("192.0.2.1", 5),
        "server": ("127.0.0.1", 80),
    }


async def ask(bridge: Bridge, parts: list[Message], **options: Any) -> list[Message]:
    """Send the messages and return what the bridge sent; more messages never come."""
    sent: list[Message] = []

    async def receive() -> Message:
        if parts:
            return parts.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    await bridge(scope(**options), receive, send)
    return sent


def part(body: bytes, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("201 Created", [("X-Target", environ["REQUEST_URI"])])
    return [environ["wsgi.input"].read(), b"!"]


def bridge_of(application: Any = echo, **limits: Any) -> Bridge:
    return Bridge(Site((Mount(("/x",), application, body_max=10),)), Limits(**{"threads": 1} | limits))


def run(bridge: Bridge, *parts: Message, **options: Any) -> list[Message]:
    return asyncio.run(ask(bridge, list(parts), **options))


def test_parts_of_a_body_arrive_as_one() -> None:
    start, body = run(bridge_of(), part(b"abc", more=True), part(b"", more=True), part(b"def"))
    assert (start["status"], start["headers"]) == (201, [(b"x-target", b"/x")])
    assert body["body"] == b"abcdef!"


def test_a_get_without_a_body_is_not_waited_for() -> None:
    assert run(bridge_of(), method="GET")[1]["body"] == b"!"
    announced = [(b"content-length", b"3")]
    assert run(bridge_of(), part(b"abc"), method="GET", headers=announced)[1]["body"] == b"abc!"


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([part(b"x" * 11)], 413),
        ([part(b"x" * 6, more=True), part(b"x" * 6, more=True), part(b"")], 413),
        ([part(b"x", more=True)], 408),
    ],
)
def test_a_request_that_cannot_be_taken_in_gets_a_fault(parts: list[Message], status: int) -> None:
    start, body = run(bridge_of(body_seconds=0.05), *parts)
    assert start["status"] == status
    assert body["body"] == plain_fault(status)[1]
    assert (b"connection", b"close") in start["headers"]


def test_a_body_without_end_is_not_read_to_its_end() -> None:
    endless = [part(b"x" * 1024 * 1024, more=True) for _ in range(70)]
    assert run(bridge_of(), *endless)[0]["status"] == 413


def test_a_body_that_is_cut_is_refused_though_it_may_be_that_nobody_hears_it() -> None:
    """Malformed chunks come as a caller that hung up: without an answer the HTTP library would say 500."""
    start, body = run(bridge_of(), {"type": "http.disconnect"})
    assert (start["status"], body["body"]) == (400, plain_fault(400)[1])


def test_a_path_of_no_mount_is_not_found() -> None:
    assert run(bridge_of(), path="/xy")[0]["status"] == 404
    assert run(bridge_of(), part(b""), path="/x/y")[0]["status"] == 201


def test_an_application_that_crashes_says_nothing() -> None:
    def crash(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise RuntimeError("secret")

    start, body = run(bridge_of(crash), part(b""))
    assert (start["status"], body["body"]) == (500, b"Internal Server Error")


def test_more_requests_than_may_wait_are_told_so() -> None:
    go_on = threading.Event()

    def slow(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        go_on.wait(5)
        return echo(environ, start_response)

    async def three() -> list[int]:
        bridge = bridge_of(slow, waiting_max=2)
        under_way = [asyncio.create_task(ask(bridge, [part(b"")])) for _ in range(2)]
        await asyncio.sleep(0.1)
        refused = await ask(bridge, [part(b"")])
        go_on.set()
        return [refused[0]["status"], *[(await task)[0]["status"] for task in under_way]]

    assert asyncio.run(three()) == [503, 201, 201]


def test_parts_that_are_made_one_by_one_leave_one_by_one() -> None:
    made: list[int] = []
    closed: list[bool] = []

    def parts() -> Iterator[bytes]:
        try:
            for number in range(3):
                made.append(number)
                yield b"%d" % number
        finally:
            closed.append(True)

    def long(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return parts()

    seen: list[tuple[bytes, int]] = []

    async def download() -> None:
        async def receive() -> Message:
            return part(b"")

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                seen.append((message["body"], len(made)))

        await bridge_of(long)(scope(), receive, send)

    asyncio.run(download())
    assert seen == [(b"0", 1), (b"1", 2), (b"2", 3), (b"", 3)]
    assert closed == [True]


def test_an_answer_that_breaks_off_has_no_end() -> None:
    def broken(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return (b"a" if number == 0 else bytes(1 // 0) for number in range(2))

    sent: list[Message] = []

    async def download() -> None:
        async def receive() -> Message:
            return part(b"")

        async def send(message: Message) -> None:
            sent.append(message)

        await bridge_of(broken)(scope(), receive, send)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(download())
    assert [message.get("more_body") for message in sent] == [None, True]


def test_a_site_is_closed_at_the_end_of_its_process() -> None:
    closed: list[bool] = []
    bridge = Bridge(Site((), lambda: closed.append(True)), Limits(threads=1))
    sent: list[Message] = []

    async def live() -> None:
        waiting = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

        async def receive() -> Message:
            return waiting.pop(0)

        async def send(message: Message) -> None:
            sent.append(message)

        await bridge({"type": "lifespan"}, receive, send)

    asyncio.run(live())
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert closed == [True]


def test_an_environment_keeps_the_raw_target_and_joins_headers() -> None:
    given = scope(
        "/a%2Fb",
        headers=[(b"content-type", b"x"), (b"content-length", b"99"), (b"a-b", b"1"), (b"A-B", b"2")],
    )
    given["query_string"] = b"c=%20"
    environ = environment(given, "/a%2Fb", b"body")
    assert environ["REQUEST_URI"] == "/a%2Fb?c=%20"
    assert environ["PATH_INFO"] == "/a/b"
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"], environ["HTTP_A_B"]) == ("x", "4", "1,2")
    assert environ["REMOTE_ADDR"] == "192.0.2.1"
