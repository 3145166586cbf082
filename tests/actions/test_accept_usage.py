"""Events of use come in once each; what cannot be accepted is kept with its reason, and tried again."""

import json
from datetime import date
from typing import Any

import pytest

from acquit.actions.context import Context
from acquit.actions.receive_usage import receive_usage
from acquit.actions.retry_usage import retry_usage
from acquit.core.operator import RoleForbids
from acquit.core.usage import Fate
from acquit.store.transaction import Database
from billed import failed, family, rows, seller, subscribe
from founding import ACME, PETIT
from metering import event, fates, measure, send


@pytest.fixture
def context(database: Database) -> Context:
    """A world of the test's own."""
    return world(database)


@pytest.fixture(scope="module")
def shared(module_database: Database) -> Context:
    """A world in which nothing is accepted that another test could see."""
    return world(module_database)


def world(database: Database) -> Context:
    """Petit with a running server, one that ended and one that begins later; a plan priced in dollars."""
    found = seller(database)
    family(found)
    measure(
        found,
        '[[meter]]\ncode = "dollars"\nunit = "C62"\nfrom = 2026-01-01\n'
        'description = { fr = "d", en = "d" }\n'
        '[[price]]\nmeter = "dollars"\nfrom = 2026-01-01\ncurrency = "USD"\nprice = 1\n'
        '[[meter]]\ncode = "unpriced"\nunit = "C62"\nfrom = 2026-01-01\n'
        'description = { fr = "u", en = "u" }\n',
    )
    subscribe(found, PETIT, "srv", next_on=date(2026, 1, 1))
    subscribe(found, PETIT, "gone", next_on=date(2026, 1, 1), terminated_on=date(2026, 10, 5))
    subscribe(found, PETIT, "new", next_on=date(2026, 11, 1))
    return found


def test_an_id_counts_once(context: Context) -> None:
    assert fates(send(context, event("a", "srv", "5.5"), event("b", "srv", 2))) == ["accepted", "accepted"]
    again = send(context, event("a", "srv", 5.5), event("b", "srv", "2.0000"), event("c", "srv"))
    assert fates(again) == ["again", "again", "accepted"]
    assert fates(send(context, event("a", "srv", 6))) == ["id-used-for-another"]
    assert fates(send(context, event("a", "srv", 6), source="another")) == ["accepted"]
    assert fates(send(context, event("a", "srv", "5.5", at="2026-10-10T12:00:01Z"))) == [
        "id-used-for-another"
    ]
    found = rows(context, "SELECT quantity_e4 FROM usage_event ORDER BY usage_no")
    assert [row.quantity_e4 for row in found] == [55_000, 20_000, 10_000, 60_000]
    assert failed(context) == {}


def test_an_id_twice_in_a_batch(context: Context) -> None:
    sent = send(context, event("a", "srv"), event("a", "srv"), event("a", "srv", "1.0"), event("a", "srv", 2))
    assert fates(sent) == ["accepted", "again", "again", "id-used-for-another"]
    assert (sent.accepted, sent.again, sent.rejected) == (1, 2, 1)
    assert failed(context) == {}


BAD: list[tuple[str, Any]] = [
    ("bad-event-id", event("", "srv")),
    ("bad-event-id", event("with space", "srv")),
    ("bad-source", event("x", "srv", source="é")),
    ("no-such-account", event("x", "srv", account="zz99999-acq")),
    ("no-such-account", event("x", "srv", account="\0'; DROP TABLE account")),
    ("no-such-service", event("x", "unknown")),
    ("no-such-service", event("x", 999_999_999)),
    ("no-such-service", event("x", "srv", account=ACME)),
    ("unknown-meter", event("x", "srv", meter="steam")),
    ("negative-quantity", event("x", "srv", -1)),
    ("too-many-decimals", event("x", "srv", "1.00001")),
    ("too-many-decimals", b'{"id":"x","account":"cd67890-acq","quantity":0.00001}'.replace(
        b'"quantity"', b'"service":"srv","meter":"traffic","at":"2026-10-10T12:00:00Z","quantity"')),
    ("quantity-too-large", event("x", "srv", 10**12)),
    ("quantity-too-large", event("x", "srv", "9" * 24)),
    ("bad-quantity", event("x", "srv", "1e3")),
    ("bad-quantity", event("x", "srv", "12,5")),
    ("bad-quantity", event("x", "srv", "")),
    ("bad-quantity", event("x", "srv", None)),
    ("bad-instant", event("x", "srv", at="")),
    ("bad-instant", event("x", "srv", at="2026-10-10")),
    ("bad-instant", event("x", "srv", at="2026-10-10T12:00:00")),
    ("bad-instant", event("x", "srv", at="2026-13-10T12:00:00Z")),
    ("bad-instant", event("x", "srv", at="9999-12-31T23:59:59Z")),
    ("bad-interval", event("x", "srv", until="2026-10-10T12:00:00Z")),
    ("from-the-future", event("x", "srv", at="2026-11-24T12:00:00Z")),
    ("from-the-future", event("x", "srv", at="2026-11-23T23:30:00Z")),
    ("too-old", event("x", "srv", at="2016-11-23T12:00:00Z")),
    ("service-ended", event("x", "gone", at="2026-10-05T00:00:00+02:00")),
    ("service-not-begun", event("x", "new")),
    ("no-price", event("x", "srv", meter="unpriced")),
    ("currency-mismatch", event("x", "srv", meter="dollars")),
    ("nothing-to-correct", event("x", "srv", corrects="nothing")),
    ("bad-properties", event("x", "srv", properties={str(n): n for n in range(21)})),
    ("bad-properties", event("x", "srv", properties={"a": "\0"})),
    ("malformed-line", b"{"),
    ("malformed-line", b"[]"),
    ("malformed-line", b"null"),
    ("malformed-line", b'{"id": 7}'),
    ("malformed-line", event("x", "srv", colour="red")),
    ("malformed-line", event("x", "srv", properties={"a": {"b": 1}})),
    ("malformed-line", b"[" * 100_000),
    ("wrong-encoding", '{"id": "é"}'.encode("latin-1")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "sent"), BAD, ids=lambda each: each if isinstance(each, str) else "")
def test_what_is_wrong_is_named_and_kept(shared: Context, code: str, sent: Any) -> None:
    told = send(shared, event(f"good-{BAD.index((code, sent))}", "srv"), sent)
    assert fates(told) == ["accepted", code]
    kept_rows = rows(shared, "SELECT * FROM usage_rejected WHERE chunk_no = %(no)s", no=told.chunk_no)
    (kept,) = kept_rows
    assert (kept.line_no, kept.code) == (2, code)
    assert len(kept.message) > 10
    raw = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    assert bytes(kept.raw) == raw[:65_536]
    assert len(kept.raw_hash) == 32


def test_all_that_was_sent_ties(shared: Context) -> None:
    assert failed(shared) == {}


def test_the_last_moment_of_the_sellers_day_is_today(context: Context) -> None:
    late = event("x", "srv", at="2026-11-23T22:59:59Z")
    assert fates(send(context, late)) == ["accepted"]
    month_end = event("y", "srv", at="2026-10-31T23:30:00Z")
    assert fates(send(context, month_end)) == ["accepted"]
    found = rows(context, "SELECT event_id, period, used_on FROM usage_event ORDER BY event_id")
    assert [tuple(each) for each in found] == [
        ("x", date(2026, 11, 1), date(2026, 11, 23)),
        ("y", date(2026, 11, 1), date(2026, 11, 1)),
    ]


def test_limits_are_the_sellers(database: Database) -> None:
    context = seller(database, usage_past_days=30, usage_future_days=2)
    family(context)
    measure(context)
    subscribe(context, PETIT, "srv", next_on=date(2026, 1, 1))
    sent = send(
        context, event("a", "srv", at="2026-10-24T12:00:00Z"), event("b", "srv", at="2026-10-23T12:00:00Z"),
        event("c", "srv", at="2026-11-25T12:00:00Z"), event("d", "srv", at="2026-11-26T12:00:00Z"),
    )  # fmt: skip
    assert fates(sent) == ["accepted", "too-old", "accepted", "from-the-future"]


def test_corrections_name_what_they_correct(context: Context) -> None:
    told = send(
        context, event("a", "srv", 5), event("fix", "srv", "4.5", corrects="a"),
        event("fix", "srv", "4.5", corrects="a"),
        event("other", "srv", 4, corrects="a", meter="disk"),
        event("theirs", "srv", 4, corrects="a", account=ACME),
    )  # fmt: skip
    assert fates(told) == [
        "accepted", "accepted", "again", "corrects-another-meter", "nothing-to-correct",
    ]  # fmt: skip
    assert fates(send(context, event("fix", "srv", "4.5", corrects="a"))) == ["again"]
    assert fates(send(context, event("fix", "srv", "4.6", corrects="a"))) == ["id-used-for-another"]
    assert fates(send(context, event("fix-fix", "srv", 4, corrects="fix"))) == ["corrects-a-correction"]
    assert fates(send(context, {"id": "0", "account": PETIT, "quantity": 0, "corrects": "a"})) == ["accepted"]
    assert failed(context) == {}


def test_a_name_leads_to_the_service_that_was_there(context: Context) -> None:
    first = rows(context, "SELECT service_id FROM service WHERE resource_name = 'gone'")[0].service_id
    second = subscribe(context, PETIT, "gone", next_on=date(2026, 10, 5))
    send(context, event("a", "gone", at="2026-10-04T12:00:00Z"), event("b", "gone"))
    found = rows(context, "SELECT service_id FROM usage_event ORDER BY event_id")
    assert [each.service_id for each in found] == [first, second]


def test_rejected_events_are_tried_again(context: Context) -> None:
    send(context, event("a", "later", 3), event("b", "never"), b"{")
    assert retry_usage(context, by="cli") == {Fate.REJECTED: 3}
    subscribe(context, PETIT, "later", next_on=date(2026, 1, 1))
    assert retry_usage(context, by="cli", code="no-such-service") == {Fate.ACCEPTED: 1, Fate.REJECTED: 1}
    waiting = rows(context, "SELECT code FROM usage_rejected WHERE retried_chunk IS NULL ORDER BY code")
    assert [each.code for each in waiting] == ["malformed-line", "no-such-service"]
    assert failed(context) == {}


def test_who_may_send(context: Context) -> None:
    with pytest.raises(RoleForbids):
        receive_usage(context, [json.dumps(event("a", "srv")).encode()], source="x", by="operator:sam")
    assert receive_usage(context, [], source="x", by="operator:bob").told == []
