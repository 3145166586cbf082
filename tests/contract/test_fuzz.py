"""Raw bytes against the real server: signatures, headers, chunks, names given twice, absurd escapes.

Whatever comes, the server answers in time with JSON and no 5xx; what the HTTP library itself refuses has no
content. Afterwards a right request is answered as before.
"""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from acquit.actions.context import Context
from acquit.store.transaction import Database

from .conftest import Keys, MakeKeys, Running, Serve, context_on, serving

PATIENCE = 15
NO_CONTENT = (400, 414, 431)
"""What the HTTP library says by itself of what is no HTTP request, or too long for one."""
TARGETS = ("/1.0/me", "/1.0/me/bill", "/1.0/auth/details", "/v1/me/api/credential/1", "/1.0/order/cart")
SIGNED = ("X-Ovh-Application", "X-Ovh-Consumer", "X-Ovh-Timestamp", "X-Ovh-Signature")
PAGING = (
    "X-Pagination-Mode", "X-Pagination-Size", "X-Pagination-Number", "X-Pagination-Sort",
    "X-Pagination-Filter", "X-Pagination-Cursor", "X-Ovh-Batch", "Authorization", "Host",
    "X-Forwarded-For", "X-Forwarded-Host",
    "X-Forwarded-Proto", "X-Forwarded-Port", "Content-Type", "Accept", "Pragma", "Expect", "Range", "Cookie",
)  # fmt: skip
ODD: tuple[bytes, ...] = (
    b"", b" ", b"$1$", b"$1$" + b"0" * 40, b"0", b"-1", b"9" * 30, b"1e9", b"NaN", b"\xff\xfe", "é".encode(),
    b"a" * 9_000, b"CachedObjectList-Pages", b"CachedObjectList-Cursor", b",", b"%", b"billId:eq=%00", b"::1",
    b"Bearer ", b"Bearer x.y.z", b"Basic Og==", b"100-continue", b"bytes=0-1", b"a:b:c", b"[::1]:99999",
    b"\t", b"null", b"{}", b"\x7f",
)  # fmt: skip
ESCAPES: tuple[bytes, ...] = (
    b"%", b"%%", b"%0", b"%zz", b"%00", b"%0a%0d", b"%2e%2e", b"%2F", b"%252F", b"%c0%af", b"%ff", b"%u0041",
    b"%F0%9F%98%80", b"%ed%a0%80", b"+", b";", b"//", b"/../", b"?", b"??", b"&&", b"#", b"%3F", b"\\", b"*",
    b"%20",
)  # fmt: skip
METHODS = (b"GET", b"POST", b"PUT", b"DELETE", b"PATCH", b"HEAD", b"OPTIONS", b"TRACE", b"get", b"X" * 40)


@pytest.fixture(scope="module")
def context(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Context:
    return context_on(module_database, tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def serve(
    context: Context, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Serve]:
    limits = {"body_seconds": 0.5, "header_seconds": 1.0}
    with serving(module_database_url, tmp_path_factory.mktemp("archive")) as start:
        yield lambda **more: start(limits=limits, **more)


@pytest.fixture(scope="module")
def server(serve: Serve) -> Running:
    return serve()


@pytest.fixture(scope="module")
def often(pytestconfig: pytest.Config) -> settings:
    """How often a property is tried."""
    return settings(
        max_examples=5_000 if pytestconfig.getoption("--soak") else 120,
        deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,),
    )  # fmt: skip


def answers(server: Running, request: bytes) -> bytes:
    """Send these bytes and return everything that comes back until the server closes."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)) as connection:
        received = b""
        try:
            connection.sendall(request)
            while part := connection.recv(65_536):
                received += part
        except (ConnectionResetError, BrokenPipeError):
            pass
        return received


def judge(server: Running, request: bytes, *, is_head: bool = False) -> int:
    """Return the status of the answer, 0 when the connection was closed without one; fail on a bad answer."""
    began = time.monotonic()
    received = answers(server, request)
    assert time.monotonic() - began < PATIENCE, f"it hangs: {request[:300]!r}"
    if not received:
        return 0
    head, _, content = received.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    said = f"{request[:300]!r}: {received[:300]!r}"
    if b"x-ovh-queryid" not in head.lower():
        assert status in NO_CONTENT, said
        return status
    assert status < 500 or status == 501, said
    if not is_head:
        json.loads(content[: _length(head)])
    return status


def _length(head: bytes) -> int:
    lines = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
    return int(lines[b"content-length"])


def written(method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> bytes:
    lines = b"".join(name + b": " + said + b"\r\n" for name, said in headers)
    return method + b" " + target + b" HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n" + body


def signed(
    server: Running, keys: Keys, method: str, target: str, body: bytes = b""
) -> list[tuple[bytes, bytes]]:
    made = keys.sign(method, server.origin + target, body)
    host = ("Host", f"127.0.0.1:{server.port}")
    return [(name.encode(), said.encode()) for name, said in (host, *made.items())]


def is_well(server: Running, keys: Keys) -> bool:
    """Whether a right request is answered."""
    return judge(server, written(b"GET", b"/1.0/me", signed(server, keys, "GET", "/1.0/me"))) == 200


def test_the_judge_sees_a_right_request(server: Running, keys: Keys) -> None:
    assert is_well(server, keys)
    assert judge(server, written(b"GET", b"/1.0/me", [(b"Host", b"x")])) == 403
    assert judge(server, b"nonsense\r\n\r\n") == 400


def test_signatures_and_headers(server: Running, keys: Keys, often: settings) -> None:
    """A signed request some of whose headers were changed, left out, given twice, or make no sense."""

    @often
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        target = data.draw(st.sampled_from(TARGETS))
        headers = signed(server, keys, "GET", target)
        for _ in range(data.draw(st.integers(1, 4))):
            name = data.draw(st.sampled_from([*SIGNED, *PAGING])).encode()
            value = data.draw(st.sampled_from(ODD) | st.binary(max_size=40).map(_no_line_end))
            if data.draw(st.booleans()):
                headers = [each for each in headers if each[0] != name]
            if data.draw(st.booleans()):
                headers.insert(data.draw(st.integers(0, len(headers))), (name, value))
        judge(server, written(b"GET", target.encode(), headers))

    ask()
    assert is_well(server, keys)


def _no_line_end(raw: bytes) -> bytes:
    return raw.replace(b"\r", b"").replace(b"\n", b"")


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value[:12]))
def test_no_odd_value_signs(server: Running, keys: Keys, name: str, value: bytes) -> None:
    headers = signed(server, keys, "GET", "/1.0/me")
    changed = [(each, value if each == name.encode() else said) for each, said in headers]
    assert judge(server, written(b"GET", b"/1.0/me", changed)) in (0, 400, 403, 431)
    twice = [*headers, (name.encode(), value)]
    assert judge(server, written(b"GET", b"/1.0/me", twice)) in (0, 400, 403, 431)


def test_absurd_targets(server: Running, keys: Keys, often: settings) -> None:
    @often
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        start = data.draw(st.sampled_from(TARGETS)).encode()
        parts = data.draw(
            st.lists(st.sampled_from(ESCAPES) | st.sampled_from((b"me", b"x", b"=", b"/", b"1")), max_size=8)
        )
        target = start + b"/" * data.draw(st.booleans()) + b"".join(parts)
        method = data.draw(st.sampled_from(METHODS))
        headers = signed(server, keys, method.decode(), target.decode("latin-1"))
        judge(server, written(method, target, headers), is_head=method == b"HEAD")

    ask()
    assert is_well(server, keys)


def test_bodies_and_chunks(server: Running, keys: Keys, often: settings) -> None:
    """Chunks of wrong lengths, lengths that lie, both at once, bodies cut in the middle."""
    lengths = (b"0", b"1", b"5", b"ffffffffffffffffff", b"-1", b"zz", b"5;x=y", b"", b"00005", b"0x5", b" 5")

    @often
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        chunks = data.draw(
            st.lists(
                st.tuples(st.sampled_from(lengths), st.sampled_from((b"hello", b"{}", b"", b"\xff" * 5))),
                max_size=4,
            )
        )
        body = b"".join(length + b"\r\n" + part + b"\r\n" for length, part in chunks)
        body += data.draw(st.sampled_from((b"0\r\n\r\n", b"", b"0\r\nX: y\r\n\r\n", b"0\r\n")))
        said = data.draw(
            st.lists(
                st.sampled_from(
                    [(b"Transfer-Encoding", b"chunked"), (b"Transfer-Encoding", b"gzip, chunked"),
                     (b"Transfer-Encoding", b"chunked, identity"), (b"Content-Length", b"5"),
                     (b"Content-Length", b"-5"), (b"Content-Length", b"999"), (b"Content-Length", b"5, 6"),
                     (b"Content-Encoding", b"gzip"), (b"Content-Type", b"text/xml")]
                ),
                min_size=1, max_size=3,
            )
        )  # fmt: skip
        headers = [*signed(server, keys, "POST", "/1.0/auth/credential", b"hello"), *said]
        request = written(b"POST", b"/1.0/auth/credential", headers, body)
        judge(server, request)

    ask()
    assert is_well(server, keys)


def test_a_malformed_chunk_is_the_callers_fault(server: Running, keys: Keys) -> None:
    headers = signed(server, keys, "POST", "/1.0/auth/credential")
    request = written(
        b"POST", b"/1.0/auth/credential", [*headers, (b"Transfer-Encoding", b"chunked")],
        b"0\r\nhello\r\n0\r\n\r\n",
    )  # fmt: skip
    received = answers(server, request)
    assert received.startswith(b"HTTP/1.1 400"), received
    assert json.loads(received.partition(b"\r\n\r\n")[2])["errorCode"] == "BROKEN_BODY"


@pytest.mark.parametrize("size", [1, 4_096, 60_000, 70_000, 1_000_000])
@pytest.mark.parametrize("unit", [b"%41", b"a/", b"a=b&", b"%00", b"%"], ids=repr)
def test_long_targets(server: Running, keys: Keys, make_keys: MakeKeys, unit: bytes, size: int) -> None:
    for sign in (b"/", b"?"):
        target = b"/1.0/me" + sign + unit * (size // len(unit) + 1)
        headers = signed(server, keys, "GET", target.decode())
        assert judge(server, written(b"GET", target, headers)) in (0, 400, 404, 414, 431, 200)
    assert is_well(server, keys)
