"""`acquit account log-stream`: what scripts read, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from acquit.actions.context import Context
from acquit.core.log_stream import STREAMS_MAX, BadStream, LogFormat, stream_at
from acquit.store.transaction import Database
from billed import family, seller
from collecting_logs import call
from commanding import Run, commander
from founding import ACME, PETIT

WHERE = ("--name", "here", "--to", "logs.example.com", "--format", "gelf")


@pytest.fixture
def context(database: Database) -> Context:
    made = seller(database)
    family(made)
    return made


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    return commander(context, capsysbinary, tmp_path)


def test_a_stream_is_added_forwarded_to_and_removed(run: Run, context: Context) -> None:
    assert run("account", "log-stream", "list", ACME) == []
    made = run("account", "log-stream", "add", ACME, *WHERE)
    assert made["address"] == "gelf+tls://logs.example.com:12202"
    stream = made["stream"]
    assert run("account", "log-stream", "forward", ACME, stream, "api")["log"] == "api"
    assert run("account", "log-stream", "forward", ACME, stream, "api") == (1, "already-forwarded")
    call(context, ACME, 3)
    (found,) = run("account", "log-stream", "list", ACME)
    assert found["forwarded"] == [{"log": "api", "sent": 0, "waiting": 3, "lost": 0, "problem": ""}]
    code, text = run("account", "log-stream", "list", ACME, as_json=False)
    assert (code, "3 waiting" in text) == (0, True)
    assert run("account", "log-stream", "stop", ACME, stream, "audit") == (1, "no-such-forwarding")
    assert run("account", "log-stream", "stop", PETIT, stream, "api") == (1, "no-such-forwarding")
    run("account", "log-stream", "stop", ACME, stream, "api")
    assert run("account", "log-stream", "remove", PETIT, stream, "--yes") == (1, "no-such-stream")
    run("account", "log-stream", "remove", ACME, stream, "--yes")
    assert run("account", "log-stream", "list", ACME) == []


def test_what_cannot_be_is_refused(run: Run) -> None:
    assert run("account", "log-stream", "list", "zz99999-acq") == (1, "no-such-account")
    assert run("account", "log-stream", "add", "zz99999-acq", *WHERE) == (1, "no-such-account")
    assert run("account", "log-stream", "forward", ACME, "nothing", "api") == (1, "no-such-stream")
    assert run("account", "log-stream", "forward", ACME, f"{'0' * 8}-0000-4000-8000-{'0' * 12}", "api") == (
        1, "no-such-stream",
    )  # fmt: skip
    for _ in range(STREAMS_MAX):
        run("account", "log-stream", "add", ACME, *WHERE)
    assert run("account", "log-stream", "add", ACME, *WHERE) == (1, "too-many-streams")


BAD: tuple[tuple[LogFormat, str, dict[str, Any]], ...] = (
    (LogFormat.HTTPS, "http://logs.example.com/", {}),
    (LogFormat.HTTPS, "logs.example.com", {}),
    (LogFormat.HTTPS, "https://", {}),
    (LogFormat.HTTPS, "https://a:b@logs.example.com/", {}),
    (LogFormat.HTTPS, "https://logs.example.com/#x", {}),
    (LogFormat.HTTPS, "https://logs.example.com/a b", {}),
    (LogFormat.HTTPS, "https://logs.example.com/a\r\nX: y", {"secret_name": "A\r\nB", "secret": "x"}),
    (LogFormat.HTTPS, "https://logs.example.com:99999/", {}),
    (LogFormat.HTTPS, "https://logs.example.com:0/", {}),
    (LogFormat.HTTPS, "https://logs_example.com/", {}),
    (LogFormat.HTTPS, "https://[::1/", {}),
    (LogFormat.HTTPS, "https://bücher.example/", {}),
    (LogFormat.HTTPS, f"https://logs.example.com/{'x' * 600}", {}),
    (LogFormat.HTTPS, "https://logs.example.com/", {"secret_name": "X-Token"}),
    (LogFormat.HTTPS, "https://logs.example.com/", {"secret": "x"}),
    (LogFormat.HTTPS, "https://logs.example.com/", {"secret_name": "Host", "secret": "x"}),
    (LogFormat.HTTPS, "https://logs.example.com/", {"secret_name": "content-length", "secret": "1"}),
    (LogFormat.HTTPS, "https://logs.example.com/", {"secret_name": "X", "secret": "a\r\nB: c"}),
    (LogFormat.HTTPS, "https://logs.example.com/", {"secret_name": "X", "secret": "é"}),
    (LogFormat.HTTPS, "https://logs.example.com/", {"secret_name": "X", "secret": "x" * 1_001}),
    (LogFormat.GELF, "logs.example.com/x", {}),
    (LogFormat.GELF, "", {}),
    (LogFormat.GELF, ":12201", {}),
    (LogFormat.GELF, "logs.example.com:x", {}),
    (LogFormat.GELF, "logs.example.com", {"secret_name": "id", "secret": "x"}),
    (LogFormat.GELF, "logs.example.com", {"secret_name": "a b", "secret": "x"}),
    (LogFormat.SYSLOG, "logs.example.com", {"secret_name": "token", "secret": "x"}),
    (LogFormat.SYSLOG, "logs.example.com", {"secret_name": "a@1/b]", "secret": "x"}),
    (LogFormat.SYSLOG, "a" * 64 + ".example.com", {}),
)


@pytest.mark.parametrize(("format_", "address", "more"), BAD)
def test_an_address_that_is_none_is_refused(format_: LogFormat, address: str, more: dict[str, Any]) -> None:
    with pytest.raises(BadStream):
        stream_at("here", format_, address, **more)


def test_addresses_are_read(run: Run, tmp_path: Path) -> None:
    read = stream_at(" here ", LogFormat.HTTPS, " HTTPS://Logs.Example.com:8443/In?x=1 ")
    assert (read.name, read.host, read.port, read.path) == ("here", "logs.example.com", 8443, "/In?x=1")
    assert stream_at("n", LogFormat.HTTPS, "https://[2001:db8::1]").host == "2001:db8::1"
    assert stream_at("n", LogFormat.SYSLOG, "192.0.2.1").port == 6514
    for name in ("", "x" * 61, "a\nb"):
        with pytest.raises(BadStream):
            stream_at(name, LogFormat.SYSLOG, "192.0.2.1")
    vouching = tmp_path / "authority.pem"
    vouching.write_text("no certificate")
    told = run("account", "log-stream", "add", ACME, *WHERE, "--authorities", vouching)
    assert told == (1, "bad-stream")
