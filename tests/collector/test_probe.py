"""What a probe tells of a provider, and that nothing of anybody's is in it."""

import json
from pathlib import Path
from typing import Any

import pytest

from acquit.collector.fault import Fault
from acquit.collector.pace import Pace
from acquit.collector.probe import CALLS, CALLS_MAX, Report, markdown, probe
from acquit.collector.probe_questions import QUESTIONS, Seen, judged
from acquit.collector.running import Run
from acquit.collector.secret import Secret
from acquit.collector.wire import Keys, Wire
from collector.gathering import fill
from collector.provider import APPLICATION, SECRET, Provider, VirtualTimer, price, serving

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "apiv6-choices.md"
CONSUMER = "consumer-key-of-main"
CANARIES = (
    APPLICATION, SECRET, CONSUMER, "ab12345-ovh", "a@b.example", "s3cr3tw0rd", "FR00000001", "FR00000005",
    "PO-CANARY-7", "CanaryLabel", "server-1.example", "1.01", "/paper?",
)  # fmt: skip


@pytest.fixture
def filled(provider: Provider) -> Provider:
    fill(provider, 5, 2)
    world = provider.world()
    world.bill("FR99000001", "2026-11-20", 12345, due="2026-12-20")
    world.orders["7"] = {"id": 7, "reference": "PO-CANARY-7", "status": "CREATED"}
    world.methods["9"] = {"paymentMethodId": 9, "paymentType": "SEPA_DIRECT_DEBIT", "label": "CanaryLabel"}
    return provider


def probed(provider: Provider, consumer: str = CONSUMER) -> Report:
    keys = Keys(APPLICATION, Secret(SECRET), Secret(consumer))
    with Wire(provider.base, keys, Pace(600, VirtualTimer()), timer=VirtualTimer(), tries=2) as wire:
        return probe(wire, [APPLICATION, SECRET, consumer, provider.base], lambda *_: None)


def outcomes(report: Report) -> dict[str, str]:
    return {one.id: one.outcome for one in report.questions}


def test_it_reads_only_and_little(filled: Provider) -> None:
    probed(filled)
    assert len(filled.calls) + 1 <= CALLS_MAX
    assert all(call.startswith("GET ") for call in filled.calls)


def test_nothing_of_anybodys_is_in_it(filled: Provider) -> None:
    report = probed(filled)
    page = markdown(report) + json.dumps([str(one) for one in (*report.calls, *report.questions)])
    assert [canary for canary in CANARIES if canary in page] == []
    assert filled.base not in page


def test_a_value_that_would_be_in_it_stops_it(filled: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    leaky = QUESTIONS[0].__class__(
        "leaky", "0", "nothing", "a bill", lambda answers: ("differs", str(answers["bills"].value[0]))
    )
    monkeypatch.setattr("acquit.collector.probe.QUESTIONS", (*QUESTIONS, leaky))
    with pytest.raises(Fault, match="would hold a value"):
        probed(filled)


def test_what_a_plain_provider_does_otherwise_is_told(filled: Provider) -> None:
    told = outcomes(probed(filled))
    expected = {
        "unknown-parameter": "differs", "error-members": "differs", "batch-form": "confirms",
        "batch-below": "differs", "page-beyond": "confirms", "deleted-orders": "confirms",
        "enterprise-method": "not seen", "detail-quantity": "confirms", "bare-order": "confirms",
        "clock-window": "not asked",
    }  # fmt: skip
    assert {name: told[name] for name in expected} == expected


def test_a_provider_without_pages_and_batch(tmp_path: Path) -> None:
    with serving(Provider(pages=False, batch=False)) as provider:
        fill(provider, 5)
        told = outcomes(probed(provider))
    assert (told["paging"], told["batch-form"]) == ("differs", "not seen")
    assert told["bare-order"] == "confirms"


def test_shapes_of_the_united_states_differ(filled: Provider) -> None:
    for bill in filled.world().bills.values():
        del bill["category"]
        bill["priceWithTax"] = price(1200, ucents=False) | {"text": "$12.00 USD"}
    told = outcomes(probed(filled))
    assert (told["bill-members"], told["price-ucents"], told["price-text"]) == ("differs",) * 3


def test_a_wrong_key_is_said_at_once(filled: Provider) -> None:
    with pytest.raises(Fault, match="consumer key is not valid"):
        probed(filled, "consumer-key-of-nobody")
    assert len(filled.calls) == 1


def test_a_missing_right_is_a_question_not_seen(filled: Provider) -> None:
    filled.forbidden = {"/me/billing/purchaseOrder", "/me/payment"}
    report = probed(filled)
    missing = {one.id: (one.outcome, one.remark) for one in report.questions if "may not call" in one.remark}
    assert missing["deleted-orders"] == ("not seen", "the key may not call it")
    assert missing["enterprise-method"] == ("not seen", "the key may not call it")


def test_an_empty_account_and_a_failing_provider(provider: Provider) -> None:
    provider.world()
    provider.fault = lambda path, _number: 500 if path == "/me/billing/purchaseOrder" else None
    told = outcomes(probed(provider))
    assert {told[name] for name in ("price-text", "batch-form", "deleted-orders", "detail-id")} == {
        "not seen"
    }


def test_the_questions_are_a_table() -> None:
    ids = [one.id for one in QUESTIONS]
    assert len(ids) == len(set(ids))
    nothing: dict[str, Any] = {call.name: Seen(0) for call in CALLS}
    for question in QUESTIONS:
        outcome, remark = judged(question, nothing)
        assert outcome in ("not seen", "not asked") or question.id == "query-id"
        assert "|" not in remark + question.chosen + question.asked


def test_the_page_of_choices_has_every_question() -> None:
    page = PAGE.read_text(encoding="utf-8").partition("## What a probe says")[2]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in page.splitlines() if line.startswith("| ")]
    assert [row for row in rows if row != "id"] == [one.id for one in QUESTIONS], "run tools/merge_probe.py"


def test_the_run_has_the_pace_of_the_endpoint(filled: Provider) -> None:
    with Run(Path()).wire(filled.access()) as wire:
        assert wire.pace.per_minute == 600
