"""Limits: calls a minute per key, what a wrong signature costs, and readers that do not read."""

import multiprocessing
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.api.entrance import Entrance
from acquit.api.pace import BUCKET, GROUP_BUCKETS, GROUP_BYTES, GROUPS, Pace, TooManyCalls
from acquit.core.identifiers import CredentialId

from .conftest import Keys, MakeKeys, Serve, Wire

ONE, OTHER = CredentialId(1), CredentialId(2)


class Watch:
    """A steady clock that stands until it is set."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def test_a_bucket_holds_a_minute_and_fills_evenly() -> None:
    watch = Watch(0.0)
    pace = Pace(60, clock=watch)
    for _ in range(60):
        pace.take(ONE)
    with pytest.raises(TooManyCalls) as refused:
        pace.take(ONE)
    assert refused.value.details == {"retry_seconds": "1"}
    pace.take(OTHER)
    watch.at = 0.9
    with pytest.raises(TooManyCalls):
        pace.take(ONE)
    watch.at = 1.0
    pace.take(ONE)
    with pytest.raises(TooManyCalls):
        pace.take(ONE)
    watch.at = 1_000.0
    for _ in range(60):
        pace.take(ONE)
    with pytest.raises(TooManyCalls):
        pace.take(ONE)


def test_processes_that_share_a_file_count_together(tmp_path: Path) -> None:
    watch = Watch(5.0)
    one, other = (Pace(60, tmp_path / "pace", watch) for _ in range(2))
    for _ in range(30):
        one.take(ONE)
        other.take(ONE)
    for pace in (one, other):
        with pytest.raises(TooManyCalls):
            pace.take(ONE)
    one.close()
    again = Pace(60, tmp_path / "pace", watch)
    watch.at = 5.5
    with pytest.raises(TooManyCalls):
        again.take(ONE)
    watch.at = 1.0
    again.take(ONE)


def _take(path: Path, key: CredentialId, calls: int) -> int:
    """Take so many calls of a file in a process of its own; return how many were let through."""
    pace, taken = Pace(1_000, path, Watch(7.0)), 0
    for _ in range(calls):
        with suppress(TooManyCalls):
            pace.take(key)
            taken += 1
    return taken


def test_no_call_is_lost_between_processes(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(3, mp_context=spawn) as pool:
        taken = pool.map(_take, [tmp_path / "pace"] * 3, [ONE] * 3, [600] * 3)
        assert sum(taken) == 1_000


def test_calls_at_one_moment_fill_no_bucket() -> None:
    """Whoever looks at the clock and then waits for its turn is not taken for a clock that began anew."""
    pace, seconds = Pace(600), 0.5

    def hurry(_: int) -> int:
        taken, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(TooManyCalls):
                pace.take(ONE)
                taken += 1
        return taken

    started = time.monotonic()
    with ThreadPoolExecutor(8) as several:
        taken = sum(several.map(hurry, range(8)))
    assert taken <= 601 + 10 * (time.monotonic() - started)


def test_a_file_that_is_cut_broken_or_not_to_be_had_refuses_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, watch = tmp_path / "pace", Watch(9.0)
    pace = Pace(1, path, watch)
    pace.take(ONE)
    with pytest.raises(TooManyCalls):
        pace.take(ONE)
    path.write_bytes(b"")
    pace.take(ONE)
    path.write_bytes(b"\xff" * 10_000)
    pace.take(ONE)
    place = (ONE % GROUPS) * GROUP_BYTES
    path.write_bytes(b"\0" * place + BUCKET.pack(ONE, float("nan"), 9.0))
    pace.take(ONE)
    with pytest.raises(TooManyCalls):
        pace.take(ONE)
    alone = Pace(1, tmp_path, watch)
    alone.take(ONE)
    with pytest.raises(TooManyCalls):
        alone.take(ONE)
    assert "pace.not_shared" in caplog.text


def test_keys_that_meet_in_one_group_have_buckets_of_their_own() -> None:
    watch = Watch(3.0)
    pace = Pace(2, clock=watch)
    meeting = [CredentialId(5 + number * GROUPS) for number in range(GROUP_BUCKETS)]
    for key in meeting * 2:
        pace.take(key)
    for key in meeting:
        with pytest.raises(TooManyCalls):
            pace.take(key)
    watch.at = 4.0
    pace.take(CredentialId(5 + GROUP_BUCKETS * GROUPS))


@pytest.fixture
def narrow(context: Context, keys: Keys) -> Iterator[Wire]:
    """The entrance with three calls a minute."""
    entrance = Entrance(context, calls_per_minute=3)
    yield Wire(entrance, keys)
    entrance.close()


def test_who_calls_too_often_is_told_when_to_come_back(narrow: Wire, make_keys: MakeKeys) -> None:
    for _ in range(5):
        broken = narrow.call("GET", "/auth/details", headers={"X-Ovh-Signature": "$1$" + "0" * 40})
        assert broken.body["errorCode"] == "INVALID_SIGNATURE", "what was refused counts for nobody"
    assert [narrow.call("GET", "/auth/details").status for _ in range(3)] == [200, 200, 200]
    refused = narrow.call("GET", "/auth/details")
    assert (refused.status, refused.body["errorCode"]) == (429, "TOO_MANY_REQUESTS")
    assert refused.body["class"] == "Client::TooManyRequests"
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert narrow.call("GET", "/auth/details", keys=make_keys()).status == 200
    assert narrow.call("GET", "/auth/time", signed=False).status == 200


def median(call: Callable[[], object], rounds: int) -> float:
    """The median of so many calls, in seconds."""
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def test_a_wrong_signature_costs_less_than_a_right_one(wire: Wire) -> None:
    wrong = {"X-Ovh-Signature": "$1$" + "0" * 40}

    def right() -> None:
        assert wire.call("GET", "/me").status == 200

    def refused() -> None:
        assert wire.call("GET", "/me", headers=wrong).status == 400

    right()
    ratios = [median(refused, 15) / median(right, 15) for _ in range(5)]
    assert statistics.median(ratios) < 1, ratios


def test_readers_that_do_not_read_hold_no_thread(serve: Serve) -> None:
    server = serve(limits={"threads": 2})
    asked = b"GET /1.0/me.json HTTP/1.1\r\nHost: x\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(20):
            slow = socket.socket()
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            stack.enter_context(closing(slow))
            slow.connect(("127.0.0.1", server.port))
            slow.sendall(asked * 20)
        for _ in range(5):
            with closing(socket.create_connection(("127.0.0.1", server.port), timeout=20)) as other:
                other.sendall(b"GET /1.0/auth/time HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert other.recv(4_096).startswith(b"HTTP/1.1 200")
