"""Lines of logs over TLS: to addresses that may be reached alone, whole or not at all, in bounded time."""

import logging
import socket
import threading
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from acquit.adapters import log_carrier
from acquit.adapters.log_carrier import Tls
from acquit.core.log_stream import LogFormat
from acquit.demo.certificate import Certificate, certificate_in
from acquit.ports import LogTarget, Unreachable
from collecting_logs import LOOPBACK, SECRET, Collector, Manner, listening

LINES = b'{"n":1}\0{"n":2}\0'
HERE = Tls(LOOPBACK)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate_in(tmp_path_factory.mktemp("certificate"))


def target(collector: Collector, **more: Any) -> LogTarget:
    is_https = collector.format is LogFormat.HTTPS
    said: dict[str, Any] = {
        "host": "localhost", "port": collector.port, "path": "/in?x=1" if is_https else None,
        "content_type": "application/x-ndjson", "header": ("X-Token", SECRET),
        "authorities": collector.certificate.authority.read_text(),
    }  # fmt: skip
    return LogTarget(**said | more)


REACHED = (("192.0.2.7", False), ("8.8.8.8", True), ("2001:4860:4860::8888", True), ("10.1.2.3", False),
           ("127.0.0.1", False), ("169.254.169.254", False), ("172.16.0.1", False), ("192.168.0.1", False),
           ("100.64.0.1", False), ("0.0.0.0", False), ("255.255.255.255", False), ("224.0.0.1", False),
           ("::1", False), ("::", False), ("fe80::1", False), ("fc00::1", False), ("ff02::1", False),
           ("::ffff:127.0.0.1", False), ("::ffff:10.0.0.1", False), ("64:ff9b::7f00:1", False),
           ("64:ff9b::a9fe:a9fe", False), ("64:ff9b::808:808", True), ("2002:7f00:1::", False),
           ("2001:db8::1", False), ("240.0.0.1", False), ("fec0::1", False), ("3fff::1", False),
           ("5f00::1", False), ("192.0.0.8", False), ("192.88.99.1", False))  # fmt: skip


@pytest.mark.parametrize(("address", "allowed"), REACHED)
def test_only_the_public_internet_is_reached(address: str, allowed: bool) -> None:
    assert Tls().allows(ip_address(address)) is allowed


def test_networks_that_are_allowed_are_reached_besides() -> None:
    carrier = Tls(["10.0.0.0/8", "::1/128"])
    reached = ("10.1.2.3", "::ffff:10.1.2.3", "::1", "8.8.8.8")
    assert all(carrier.allows(ip_address(each)) for each in reached)
    assert not any(carrier.allows(ip_address(each)) for each in ("127.0.0.1", "192.168.1.1", "fe80::1"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_not_reached_and_not_even_tried(host: str, certificate: Certificate) -> None:
    with listening(Collector(certificate)) as collector:
        with pytest.raises(Unreachable, match="no address that may be reached"):
            Tls().carry(target(collector, host=host), LINES)
        assert collector.connections == 0


def test_the_address_that_was_judged_is_the_one_that_is_reached(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere when it is asked again (DNS rebinding) leads nowhere."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def lookup(host: str, *rest: Any, **more: Any) -> Any:
        if host != "rebinding.example":
            return real(host, *rest, **more)
        asked.append(host)
        address = "8.8.8.8" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    reached: list[str] = []

    def connect(place: tuple[str, int], timeout: float) -> socket.socket:
        reached.append(place[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with listening(Collector(certificate)) as collector, pytest.raises(Unreachable):
        Tls().carry(target(collector, host="rebinding.example"), LINES)
    assert (reached, len(asked)) == (["8.8.8.8"], 1)


@pytest.mark.parametrize("format_", [LogFormat.GELF, LogFormat.HTTPS])
def test_everything_arrives_whole(format_: LogFormat, certificate: Certificate) -> None:
    lines = LINES * 60_000
    with listening(Collector(certificate, format_, delay_seconds=0.1)) as collector:
        HERE.carry(target(collector), lines)
        assert collector.bodies == [lines]


def test_a_request_bears_the_secret_and_follows_nobody(certificate: Certificate) -> None:
    with listening(Collector(certificate, LogFormat.HTTPS)) as collector:
        HERE.carry(target(collector), LINES)
        assert f"X-Token: {SECRET}\r\n" in collector.heads[0]
        assert collector.heads[0].startswith("POST /in?x=1 HTTP/1.1\r\n")
        assert f"Host: localhost:{collector.port}\r\n" in collector.heads[0]
        for status in (302, 307, 400, 401, 404, 429, 500, 503):
            collector.status = status
            with pytest.raises(Unreachable, match=f"it answers {status}"):
                HERE.carry(target(collector), LINES)
        assert len(collector.bodies) == 1


@pytest.mark.parametrize("format_", [LogFormat.GELF, LogFormat.HTTPS])
@pytest.mark.parametrize("manner", ["resets", "closes early"])
def test_what_was_not_read_was_not_taken(
    manner: Manner, format_: LogFormat, certificate: Certificate
) -> None:
    with listening(Collector(certificate, format_, manner)) as collector:
        for _ in range(10):
            with pytest.raises(Unreachable):
                HERE.carry(target(collector), LINES * 20_000)
            with pytest.raises(Unreachable):
                HERE.carry(target(collector), LINES)
        assert (collector.bodies, collector.connections) == ([], 20)


def test_who_closes_without_a_word_after_reading_everything_has_taken_it(certificate: Certificate) -> None:
    with listening(Collector(certificate, manner="hangs up")) as collector:
        HERE.carry(target(collector), LINES)
        assert collector.bodies == [LINES]


@pytest.mark.parametrize(
    ("format_", "manner"),
    [
        (LogFormat.GELF, "hangs"),
        (LogFormat.GELF, "drips"),
        (LogFormat.HTTPS, "hangs"),
        (LogFormat.HTTPS, "drips"),
    ],
)
def test_nobody_holds_us_for_long(
    format_: LogFormat, manner: Manner, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_carrier, "SECONDS_MAX", 1.0)
    with listening(Collector(certificate, format_, manner)) as collector:
        begun = time.monotonic()
        with pytest.raises(Unreachable, match="does not answer in time"):
            HERE.carry(target(collector), LINES * 100_000)
        assert time.monotonic() - begun < 3


def test_a_resolver_that_hangs_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, certificate: Certificate
) -> None:
    monkeypatch.setattr(log_carrier, "STEP_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: threading.Event().wait(5) or [])
    begun = time.monotonic()
    with pytest.raises(Unreachable, match="does not answer in time"):
        HERE.carry(target(Collector(certificate, port=1), host="slow.example"), LINES)
    assert time.monotonic() - begun < 2


def test_certificates_are_of_the_name_and_trusted(certificate: Certificate, tmp_path: Path) -> None:
    other = certificate_in(tmp_path)
    with listening(Collector(certificate)) as collector:
        for wrong in ("", other.authority.read_text()):
            with pytest.raises(Unreachable, match="certificate is not trusted"):
                HERE.carry(target(collector, authorities=wrong), LINES)
        with pytest.raises(Unreachable, match="certificates cannot be read"):
            HERE.carry(target(collector, authorities="no certificate"), LINES)
        assert collector.bodies == []


def test_nobody_there_is_told_as_that(certificate: Certificate, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(Unreachable, match="ConnectionRefusedError") as told:
        HERE.carry(target(Collector(certificate, LogFormat.HTTPS, port=1)), LINES)
    with pytest.raises(Unreachable, match="name is not known"):
        HERE.carry(target(Collector(certificate, port=1), host="nobody.invalid"), LINES)
    assert SECRET not in f"{told.value} {caplog.text} {target(Collector(certificate))!r}"
