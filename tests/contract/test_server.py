"""The real server: whole requests, limits, several processes, TLS, ends and restarts."""

import hashlib
import http.client
import json
import os
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from acquit.actions.context import Context
from acquit.actions.revoke_access import revoke_credential
from acquit.store.transaction import Database

from .conftest import ACCOUNT, Keys, MakeKeys, Running, Serve, context_on, serving


@pytest.fixture(scope="module")
def context(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """One world for all tests of this module: starting a server takes seconds."""
    return context_on(module_database, tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def serve(
    context: Context, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Serve]:
    with serving(module_database_url, tmp_path_factory.mktemp("archive")) as start:
        yield start


@pytest.fixture(scope="module")
def server(serve: Serve) -> Running:
    return serve()


Answer = tuple[int, dict[str, str], bytes]


def ask(
    server: Running,
    method: str,
    target: str,
    headers: dict[str, str] | None = None,
    body: bytes | Iterator[bytes] | None = None,
) -> Answer:
    """Send one request on a connection of its own."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        chunked = body is not None and not isinstance(body, bytes)
        connection.request(method, target, body, headers or {}, encode_chunked=chunked)
        reply = connection.getresponse()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()


def signed(server: Running, keys: Keys, method: str, target: str, body: bytes = b"") -> Answer:
    headers = keys.sign(method, server.origin + target, body)
    return ask(server, method, target, headers, body or None)


def raw(server: Running, request: bytes, *, patience: float = 10) -> bytes:
    """Send bytes as they are and return everything that comes back until the other side closes."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=patience)) as connection:
        connection.sendall(request)
        received = b""
        while part := connection.recv(65_536):
            received += part
        return received


@contextmanager
def half_sent(server: Running, count: int, request: bytes) -> Iterator[list[socket.socket]]:
    connections = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(count)]
    try:
        for connection in connections:
            connection.sendall(request)
        yield connections
    finally:
        for connection in connections:
            connection.close()


def test_the_raw_target_reaches_the_signature(server: Running, keys: Keys) -> None:
    for target in ("/1.0/auth/details", "/v1/auth/details/", "/1.0/me/api/application?"):
        assert signed(server, keys, "GET", target.rstrip("?"))[0] == 200
    status, _, body = signed(server, keys, "GET", "/1.0/me/x/1.2.3.0%2F24")
    assert (status, json.loads(body)["message"]) == (404, "Got an invalid (or empty) URL")
    status, _, body = signed(server, keys, "GET", "/1.0/me/api/application/1.2.3.0%2F24?")
    assert status == 400
    status, headers, body = signed(server, keys, "GET", "/1.0/me/api/application/1.2.3.0%2F24")
    message = json.loads(body)["message"]
    assert message == "[applicationId] Given data (1.2.3.0/24) is not valid for type long"
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["cache-control"] == "no-cache, no-store"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-ovh-queryid"].count(".") == 4


def test_void_is_null(server: Running, make_keys: MakeKeys) -> None:
    keys = make_keys()
    status, headers, body = signed(server, keys, "POST", "/1.0/auth/logout")
    assert (status, body, headers["content-length"]) == (200, b"null", "4")


def test_ten_megabytes_are_refused_in_the_wire_s_words(server: Running) -> None:
    big = b"x" * 10_485_760
    parts = (big[start : start + 65_536] for start in range(0, len(big), 65_536))
    for body in (big, parts):
        status, headers, content = ask(server, "POST", "/1.0/auth/credential", {}, body)
        assert status == 413
        said = json.loads(content)
        assert (said["errorCode"], said["httpCode"][:4]) == ("BODY_TOO_LARGE", "413 ")
        assert headers["x-ovh-queryid"]


def test_the_branch_that_is_not_served_answers_in_the_wire_s_words(server: Running) -> None:
    status, headers, body = ask(server, "GET", "/v2/iam/policy")
    assert (status, json.loads(body)["class"]) == (404, "Client::NotFound")
    assert headers["x-ovh-queryid"]


def test_a_body_in_chunks_is_the_body_that_was_signed(server: Running, keys: Keys) -> None:
    body = json.dumps({"accessRules": [{"method": "GET", "path": "/me"}]}).encode()
    headers = keys.sign("POST", f"{server.origin}/1.0/auth/credential", body)
    assert ask(server, "POST", "/1.0/auth/credential", headers, iter([body[:7], body[7:]]))[0] == 200
    status, _, content = ask(server, "POST", "/1.0/auth/credential", headers, b'{"accessRules": [')
    assert (status, json.loads(content)["message"]) == (400, "Invalid JSON received")


def test_half_sent_requests_block_nobody_and_time_out(serve: Serve, keys: Keys) -> None:
    server = serve(limits={"body_seconds": 3, "header_seconds": 2})
    headers = b"POST /1.0/auth/credential HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
    with half_sent(server, 200, headers + b"\r\nhalf") as bodies, half_sent(server, 200, headers) as heads:
        started = time.monotonic()
        for _ in range(20):
            assert signed(server, keys, "GET", "/1.0/auth/details")[0] == 200
        assert time.monotonic() - started < 2.5, "other callers had to wait"
        answered = bodies[0].recv(4096)
        assert answered.startswith(b"HTTP/1.1 408")
        assert b"REQUEST_TIMEOUT" in answered
        assert heads[0].recv(4096) == b""


def test_headers_have_limits(server: Running) -> None:
    start = b"GET /1.0/auth/time HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    assert raw(server, start + b"X-Long: " + b"a" * 400_000 + b"\r\n\r\n").startswith(b"HTTP/1.1 431")
    many = b"".join(b"X-%d: a\r\n" % number for number in range(500))
    assert raw(server, start + many + b"\r\n").startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize(
    "name", ["X-Ovh-Application", "X-Ovh-Consumer", "X-Ovh-Timestamp", "X-Ovh-Signature"]
)
def test_a_header_given_twice_proves_nothing(server: Running, keys: Keys, name: str) -> None:
    headers = keys.sign("GET", f"{server.origin}/1.0/auth/details")
    lines = [f"{key}: {value}" for key, value in headers.items()] + [f"{name}: {headers[name]}"]
    request = [
        "GET /1.0/auth/details HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Connection: close",
        *lines,
    ]
    received = raw(server, ("\r\n".join(request) + "\r\n\r\n").encode())
    assert received.split()[1] in (b"400", b"403")


@pytest.mark.parametrize(
    ("line", "statuses"),
    [
        (b"GET /1.0/auth/time\x00 HTTP/1.1", (400,)),
        (b"GET /1.0/auth/%00time HTTP/1.1", (404,)),
        (b"GET /1.0/../etc/passwd HTTP/1.1", (404,)),
        (b"GET /1.0/%2e%2e/%2e%2e/etc/passwd HTTP/1.1", (404,)),
        (b"GET /1.0/auth/t\xc3\xa9 HTTP/1.1", (404,)),
        (b"GET /elsewhere HTTP/1.1", (404,)),
        (b"BREW /1.0/auth/time HTTP/1.1", (404,)),
        (b"OPTIONS * HTTP/1.1", (404,)),
        (b"nonsense", (400,)),
    ],
)
def test_odd_request_lines_are_refused(server: Running, line: bytes, statuses: tuple[int, ...]) -> None:
    received = raw(server, line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert int(received.split()[1]) in statuses


def test_two_lengths_are_refused(server: Running) -> None:
    lengths = b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"
    received = raw(
        server, b"POST /1.0/auth/credential HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + lengths
    )
    assert received.startswith(b"HTTP/1.1 400")


def test_a_browser_may_ask_from_another_origin(server: Running) -> None:
    status, headers, _ = ask(server, "OPTIONS", "/1.0/me/bill", {"Origin": "https://a.example"})
    assert status == 200
    assert "X-Ovh-Signature" in headers["access-control-allow-headers"]
    assert "DELETE" in headers["access-control-allow-methods"]
    assert "X-Pagination-Elements" in headers["access-control-expose-headers"]


# ---------------------------------------------------------------- processes


def test_a_revocation_reaches_every_process(serve: Serve, make_keys: MakeKeys, context: Context) -> None:
    server = serve(workers=2)
    keys = make_keys()
    details = json.loads(signed(server, keys, "GET", "/1.0/auth/currentCredential")[2])
    for _ in range(20):
        assert signed(server, keys, "GET", "/1.0/auth/details")[0] == 200
    revoke_credential(context, ACCOUNT, details["credentialId"], by="system")
    time.sleep(0.3)
    statuses = {signed(server, keys, "GET", "/1.0/auth/details")[0] for _ in range(20)}
    assert statuses == {403}


def test_what_is_under_way_is_answered_before_the_end(
    serve: Serve, keys: Keys, module_database_url: str
) -> None:
    server = serve()
    with psycopg.connect(module_database_url) as blocker, ThreadPoolExecutor(1) as pool:
        blocker.execute("LOCK TABLE credential IN ACCESS EXCLUSIVE MODE")
        waiting = pool.submit(signed, server, keys, "GET", "/1.0/auth/details")
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        blocker.rollback()
        assert waiting.result(timeout=10)[0] == 200
    assert server.process.wait(timeout=20) == 0


def test_after_kill_nine_the_port_is_free_and_no_process_stays(serve: Serve, keys: Keys) -> None:
    server = serve(workers=2)
    assert signed(server, keys, "GET", "/1.0/auth/details")[0] == 200
    server.process.kill()
    server.process.wait()
    until = time.monotonic() + 15
    while True:
        try:
            ask(server, "GET", "/1.0/auth/time")
        except ConnectionRefusedError:
            break
        except OSError:
            pass
        assert time.monotonic() < until, "worker processes outlive the one that started them"
        time.sleep(0.05)


def test_a_killed_worker_process_is_replaced(serve: Serve, keys: Keys) -> None:
    server = serve(workers=1)
    for pid in _workers(server.process.pid):
        os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 20
    while True:
        try:
            status = signed(server, keys, "GET", "/1.0/auth/details")[0]
            assert status == 200
            break
        except OSError:
            assert time.monotonic() < until, "nobody took the killed process's place"
            time.sleep(0.1)


def _workers(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
    return [pid for pid, command in commands.items() if b"spawn_main" in command]


def test_reads_go_on_when_the_database_cuts_every_connection(
    server: Running, keys: Keys, module_database_url: str, context: Context
) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: signed(server, keys, "GET", "/1.0/me/api/credential"), range(40)))
    with psycopg.connect(module_database_url, autocommit=True) as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    context.database.renew()
    for _ in range(20):
        assert signed(server, keys, "GET", "/1.0/me/api/credential")[0] == 200


def test_a_taken_port_is_refused(server: Running) -> None:
    from acquit.adapters.http import PortTaken, Server, Site

    with pytest.raises(PortTaken, match=str(server.port)):
        Server(lambda: Site(()), port=server.port)


# ---------------------------------------------------------------- TLS


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / "cert.pem", tmp_path / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths


@pytest.mark.parametrize("origin", ["https://localhost:{port}", "https://localhost"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_over_tls_with_and_without_the_port(
    serve: Serve, keys: Keys, certificate: tuple[Path, Path], origin: str, version: ssl.TLSVersion
) -> None:
    server = serve(tls=[str(path) for path in certificate])
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    trusting.maximum_version = version
    headers = keys.sign("GET", origin.format(port=server.port) + "/1.0/auth/details")
    with closing(http.client.HTTPSConnection("localhost", server.port, context=trusting)) as connection:
        connection.request("GET", "/1.0/auth/details", headers=headers)
        assert connection.getresponse().status == 200


def test_a_signature_made_by_hand_is_admitted(server: Running, keys: Keys) -> None:
    """As a shell script does it: sha1 of the joined parts, sent by any HTTP client."""
    stamp = ask(server, "GET", "/1.0/auth/time")[2].decode()
    url = f"{server.origin}/1.0/me/api/credential?status=validated"
    digest = hashlib.sha1(f"{keys.secret}+{keys.consumer_key}+GET+{url}++{stamp}".encode()).hexdigest()
    headers = {
        "x-ovh-application": keys.application_key,
        "X-OVH-CONSUMER": keys.consumer_key,
        "X-Ovh-timestamp": stamp,
        "X-Ovh-Signature": f"$1${digest}",
    }
    assert ask(server, "GET", "/1.0/me/api/credential?status=validated", headers)[0] == 200
