"""Logs go to streams: in order, at least once, from where they were left, with gaps told."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString

import pytest

from acquit.actions.add_identity_user import add_identity_user
from acquit.actions.context import Context
from acquit.actions.forward_logs import forward_due
from acquit.actions.keep_log_stream import remove_log_stream, stop_forwarding
from acquit.actions.record_usage import forget_calls, record_usage
from acquit.adapters.clock import SystemClock
from acquit.adapters.log_carrier import Tls
from acquit.adapters.sealer import AesSealer
from acquit.core.api_call import ApiCall
from acquit.core.identity import LoginType
from acquit.core.log_stream import BATCH_MAX, Forwarding, LogFormat, LogKind, NoSuchForwarding, NoSuchStream
from acquit.demo.certificate import Certificate, certificate_in
from acquit.store import api_calls, log_queue, log_streams
from acquit.store.transaction import Database
from collecting_logs import SECRET, Collector, call, call_ids, carrying, forward, listening
from founding import ACME, PETIT, found, settle

NOW_DUE: LiteralString = "UPDATE log_forwarding SET next_at = instant() - interval '1 second'"
WAITING: LiteralString = "SELECT count(*) AS n FROM log_waiting"
CLAIM_OVER: LiteralString = "UPDATE log_forwarding SET claimed_until = instant() - interval '1 second'"


@pytest.fixture
def context(database: Database) -> Context:
    made = found(database)
    settle(made)
    return carrying(replace(made, clock=SystemClock()))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate_in(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(params=LogFormat)
def collector(request: pytest.FixtureRequest, certificate: Certificate) -> Iterator[Collector]:
    with listening(Collector(certificate, request.param)) as box:
        yield box


@pytest.fixture
def gelf(certificate: Certificate) -> Iterator[Collector]:
    with listening(Collector(certificate)) as box:
        yield box


def waiting(context: Context) -> int:
    with context.database.read() as tx:
        return int(tx.one(WAITING).n)


def run(context: Context, statement: LiteralString) -> None:
    with context.database.write() as tx:
        tx.run(statement)


def only(context: Context) -> Forwarding:
    with context.database.read() as tx:
        (one,) = log_streams.forwardings(tx, ACME)
    return one


def test_calls_and_events_arrive_in_order_with_their_secret(context: Context, collector: Collector) -> None:
    forward(context, collector, ACME)
    call(context, ACME, 3)
    call(context, PETIT, 3)
    add_identity_user(
        context, ACME, "anna", None, by=f"account:{ACME}", kind=LoginType.SERVICE, group="ADMIN"
    )
    assert forward_due(context) == 4
    assert waiting(context) == 0
    plain = collector.format is not LogFormat.GELF
    calls = [each for each in collector.messages if each["kind" if plain else "_kind"] == "api"]
    (event,) = [each for each in collector.messages if each not in calls]
    number, path = ("number", "path") if plain else ("_number", "_path")
    assert [each[number] for each in calls] == call_ids(context, ACME)
    assert [each[path] for each in calls] == ["/me/0", "/me/1", "/me/2"]
    assert event["type" if plain else "_type"] == "USER_CREATED"
    after = event["after" if plain else "_after"]
    assert "ADMIN" in str(after)
    assert "anna" in str(event["name" if plain else "_name"])
    if collector.format is LogFormat.HTTPS:
        assert all(f"X-Token: {SECRET}" in each for each in collector.heads)
    elif plain:
        assert {each["element"] for each in collector.messages} == {f'[secret@32473 key="{SECRET}"]'}
        assert {each["priority"] for each in collector.messages} == {16 * 8 + 5, 13 * 8 + 5}
    else:
        assert {each["_token"] for each in collector.messages} == {SECRET}
        assert {(each["version"], each["host"], each["level"]) for each in calls} == {("1.1", ACME, 5)}


def test_what_was_before_a_forwarding_is_not_sent(context: Context, gelf: Collector) -> None:
    call(context, ACME, 3)
    forward(context, gelf, ACME, LogKind.CALLS)
    assert forward_due(context) == 0
    call(context, ACME, 1, "/new")
    assert forward_due(context) == 1
    assert [each["_path"] for each in gelf.messages] == ["/new/0"]


def test_many_records_go_batch_by_batch(context: Context, gelf: Collector) -> None:
    forward(context, gelf, ACME, LogKind.CALLS)
    call(context, ACME, 2 * BATCH_MAX + 3)
    assert forward_due(context) == 2 * BATCH_MAX + 3
    assert (gelf.numbers, gelf.connections) == (call_ids(context, ACME), 3)
    assert (only(context).sent, only(context).problem) == (2 * BATCH_MAX + 3, "")


def test_a_stream_that_is_away_is_tried_later_and_later(context: Context, certificate: Certificate) -> None:
    box = Collector(certificate)
    with listening(box):
        forward(context, box, ACME, LogKind.CALLS)
    call(context, ACME, 5)
    pauses = []
    for failures in range(1, 12):
        run(context, NOW_DUE)
        begun = datetime.now(UTC)
        assert forward_due(context) == 0
        with context.database.read() as tx:
            pauses.append((tx.one("SELECT next_at FROM log_forwarding").next_at - begun).total_seconds())
        assert (only(context).failures, waiting(context)) == (failures, 5)
    assert [round(each / 5) for each in pauses[:4]] == [1, 2, 4, 8]
    assert all(895 < each < 910 for each in pauses[-2:])
    assert only(context).problem == "the connection fails: ConnectionRefusedError"
    with listening(box):
        assert forward_due(context) == 0
        run(context, NOW_DUE)
        assert forward_due(context) == 5
        assert box.numbers == call_ids(context, ACME)
    assert (only(context).failures, only(context).problem) == (0, "")


def test_what_is_forgotten_meanwhile_is_told_as_a_gap(
    context: Context, gelf: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acquit.actions.forward_logs.WAITING_MAX", 10)
    forward(context, gelf, ACME, LogKind.CALLS)
    gelf.manner = "resets"
    call(context, ACME, 25)
    assert (forward_due(context), waiting(context), only(context).lost) == (0, 10, 15)
    call(context, ACME, 5)
    run(context, NOW_DUE)
    assert (forward_due(context), waiting(context), only(context).lost) == (0, 10, 20)
    gelf.manner = "well"
    run(context, NOW_DUE)
    assert forward_due(context) == 10
    gap, *rest = gelf.messages
    assert (gap["_lost"], gap["_number"]) == (20, 0)
    assert gap["_lost_from"] <= gap["_lost_to"]
    assert [each["_number"] for each in rest] == call_ids(context, ACME)[-10:]
    done = only(context)
    assert (done.lost, done.lost_from, done.lost_to, done.sent) == (0, None, None, 10)
    call(context, ACME, 1)
    assert forward_due(context) == 1
    assert len(gelf.messages) == 12


def test_calls_that_the_log_forgot_are_a_gap_too(
    context: Context, gelf: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward(context, gelf, ACME, LogKind.CALLS)
    call(context, ACME, 8)
    with context.database.write() as tx:
        api_calls.forget(tx, [ACME], 3)
    assert forward_due(context) == 3
    assert [each.get("_lost") for each in gelf.messages] == [5, None, None, None]
    monkeypatch.setattr("acquit.actions.record_usage.KEPT", 4)
    monkeypatch.setattr("acquit.actions.record_usage.WAITING_MAX", 4)
    at = datetime.now(UTC)
    record_usage(context, {}, [ApiCall(ACME, at, "GET", "/me", "/me", "") for _ in range(9)])
    forget_calls(context, [ACME, PETIT])
    assert (waiting(context), only(context).lost) == (4, 5)
    assert forward_due(context) == 4
    assert gelf.messages[4]["_lost"] == 5


def test_who_dies_before_it_is_written_sends_again_in_order(context: Context, gelf: Collector) -> None:
    """What a dead worker had carried is carried once more by the next, when its claim is over."""
    forward(context, gelf, ACME, LogKind.CALLS)
    call(context, ACME, 4)
    died = replace(context, carrier=Dying(context))
    with pytest.raises(KeyboardInterrupt):
        forward_due(died)
    assert (gelf.numbers, waiting(context)) == (call_ids(context, ACME), 4)
    assert forward_due(context) == 0, "the claim holds"
    run(context, CLAIM_OVER)
    assert forward_due(context) == 4
    assert gelf.numbers == call_ids(context, ACME) * 2


class Dying:
    """Carries everything and is gone."""

    def __init__(self, context: Context) -> None:
        assert context.carrier is not None
        self.carry_really = context.carrier.carry

    def carry(self, target, lines) -> None:  # type: ignore[no-untyped-def]
        self.carry_really(target, lines)
        raise KeyboardInterrupt


def test_a_claim_that_is_over_writes_nothing(context: Context, gelf: Collector) -> None:
    forward(context, gelf, ACME, LogKind.CALLS)
    call(context, ACME, 2)
    now = datetime.now(UTC)
    with context.database.write() as tx:
        first = log_queue.claim(tx, now, now + timedelta(seconds=1))
        later = now + timedelta(seconds=2)
        second = log_queue.claim(tx, later, later + timedelta(minutes=1))
        assert first is not None
        assert second is not None
        assert first.claim != second.claim
        places = [each.waiting_no for each in log_queue.waiting(tx, first, 10)]
        assert not log_queue.taken(tx, first, places, now, sent=2, told=0)
        log_queue.failed(tx, first, "late", now)
    assert (waiting(context), only(context).sent, only(context).failures) == (2, 0, 0)
    with context.database.write() as tx:
        assert log_queue.taken(tx, second, places, now, sent=2, told=0)
    assert (waiting(context), only(context).sent) == (0, 2)


def test_an_account_with_slow_streams_keeps_no_other_waiting(context: Context, gelf: Collector) -> None:
    """Ten streams of one account that take everything as late as they may; four tries at once."""
    forward(context, gelf, PETIT, LogKind.CALLS)
    for _ in range(3):
        forward(context, gelf, ACME, LogKind.CALLS)
    call(context, ACME)
    call(context, PETIT)
    now = datetime.now(UTC)
    with context.database.write() as tx:
        claimed = [log_queue.claim(tx, now, now + timedelta(minutes=2)) for _ in range(3)]
        assert {each.account_id for each in claimed if each} == {ACME, PETIT}
        assert claimed[2] is None
        first = next(each for each in claimed if each and each.account_id == ACME)
        log_queue.failed(tx, first, "slow", now + timedelta(seconds=5))
        again = log_queue.claim(tx, now, now + timedelta(minutes=2))
    assert again is not None
    assert (again.account_id, again.forwarding_id != first.forwarding_id) == (ACME, True)


def test_several_workers_at_once_keep_the_order_and_lose_nothing(context: Context, gelf: Collector) -> None:
    forward(context, gelf, ACME, LogKind.CALLS)
    gelf.delay_seconds = 0.02
    done = threading.Event()

    def write() -> None:
        for _ in range(30):
            call(context, ACME, 37)
        done.set()

    def send() -> None:
        while not done.is_set() or waiting(context):
            forward_due(context)

    threads = [threading.Thread(target=each) for each in (write, send, send, send)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert waiting(context) == 0
    assert gelf.numbers == call_ids(context, ACME)


def test_nothing_more_goes_to_what_was_removed(context: Context, gelf: Collector) -> None:
    stream = forward(context, gelf, ACME, LogKind.CALLS)
    call(context, ACME, 2)
    with pytest.raises(NoSuchForwarding):
        stop_forwarding(context, PETIT, LogKind.CALLS, only(context).forwarding_id, by="cli")
    with pytest.raises(NoSuchForwarding):
        stop_forwarding(context, ACME, LogKind.ACCESS, only(context).forwarding_id, by="cli")
    with pytest.raises(NoSuchStream):
        remove_log_stream(context, PETIT, stream, by="cli")
    stop_forwarding(context, ACME, LogKind.CALLS, only(context).forwarding_id, by="cli")
    assert (waiting(context), forward_due(context), gelf.bodies) == (0, 0, [])
    remove_log_stream(context, ACME, stream, by="cli")
    stream = forward(context, gelf, ACME)
    call(context, ACME, 2)
    remove_log_stream(context, ACME, stream, by="cli")
    assert (waiting(context), forward_due(context), gelf.bodies) == (0, 0, [])


def test_the_secret_is_sealed_and_stands_nowhere(context: Context, gelf: Collector) -> None:
    forward(context, gelf, ACME)
    with context.database.read() as tx:
        (stored,) = tx.all("SELECT secret_sealed, log_stream::text AS row FROM log_stream")
        acts = " ".join(str(row) for row in tx.all("SELECT details, subject FROM act"))
    assert SECRET.encode() not in bytes(stored.secret_sealed)
    assert SECRET not in stored.row
    assert SECRET not in acts
    assert context.sealer.unseal(bytes(stored.secret_sealed)) == SECRET


def test_a_secret_of_another_key_is_told_and_the_stream_not_asked(context: Context, gelf: Collector) -> None:
    forward(context, gelf, ACME, LogKind.CALLS)
    call(context, ACME)
    assert forward_due(replace(context, sealer=AesSealer(b"x" * 32))) == 0
    assert "sealed with another key" in only(context).problem
    assert gelf.connections == 0


def test_without_a_way_out_nothing_is_claimed(context: Context, gelf: Collector, tmp_path: Path) -> None:
    forward(context, gelf, ACME, LogKind.CALLS)
    call(context, ACME)
    assert forward_due(replace(context, carrier=None)) == 0
    assert forward_due(replace(context, carrier=Tls())) == 0
    assert only(context).problem == "the name leads to no address that may be reached"
    run(context, NOW_DUE)
    assert forward_due(context) == 1
