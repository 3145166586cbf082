"""The commands of deliveries: what scripts read, what people see, how they exit."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.store.transaction import Database
from commanding import Run, commander
from delivering import (
    Flows,
    Mailbox,
    by_mail,
    by_platform,
    delivering,
    later_due,
    mail_server,
    platform,
    render,
)
from founding import FR, PETIT
from owing import debt_of, pay


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server(Mailbox()) as found:
        yield found


@pytest.fixture
def flows() -> Iterator[Flows]:
    with platform() as found:
        yield found


@pytest.fixture
def context(database: Database, tmp_path: Path, box: Mailbox, flows: Flows) -> Context:
    return by_platform(by_mail(delivering(database, tmp_path / "papers"), box), flows)


@pytest.fixture
def run(context: Context, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    return commander(context, capsysbinary, tmp_path)


def test_a_channel_is_set_and_shown(run: Run) -> None:
    code, text = run("delivery", "channels", as_json=False)
    assert (code, "acquit delivery set" in text) == (0, True)
    set_ = run("delivery", "set", "email", "--legal-entity", FR)
    assert set_["channel"] == {
        "legal_entity_id": "FR", "channel": "email", "from_on": "2026-11-23", "is_on": True, "form": "pdf",
        "origin": "",
    }  # fmt: skip
    assert set_["queued"] == 0
    assert run("delivery", "set", "email", "--legal-entity", FR, "--form", "link") == (1, "bad-channel")
    assert run("delivery", "set", "peppol", "--legal-entity", "XX") == (1, "no-such-legal-entity")
    run("delivery", "set", "email", "--legal-entity", FR, "--off", "--from", "2026-12-01")
    assert [each["is_on"] for each in run("delivery", "channels")] == [True, False]
    code, text = run("delivery", "channels", as_json=False)
    assert re.search(r"FR\s+email\s+off\s+2026-12-01", text)


def test_contacts_are_shown_and_set(run: Run) -> None:
    contacts = ("delivery", "contacts", "--account", PETIT)
    assert run(*contacts)["contacts"] == [f"{PETIT}@example.com"]
    assert run(*contacts, "--to", "a@x.example", "--to", "b@x.example")["contacts"] == [
        "a@x.example", "b@x.example",
    ]  # fmt: skip
    assert run(*contacts, "--to", "nobody") == (1, "bad-contact")
    assert run(*contacts, "--to", "a@x.example", "--nobody") == (2, "usage")
    assert run(*contacts, "--nobody")["contacts"] == [f"{PETIT}@example.com"]
    assert run("delivery", "contacts", "--account", "zz99999-acq") == (1, "no-such-account")


def test_bills_leave_and_are_followed(
    run: Run, context: Context, box: Mailbox, flows: Flows, tmp_path: Path
) -> None:
    run("delivery", "set", "email", "--legal-entity", FR)
    run("delivery", "set", "platform", "--legal-entity", FR)
    render(context)
    box.refused[f"{PETIT}@example.com"] = 550
    assert run("delivery", "send") == {"sent": 7, "delayed": 0, "refused": 1}
    listed = run("delivery", "list")
    assert listed["counts"] == [{"channel": "email", "state": "refused", "deliveries": 1}]
    assert len(listed["deliveries"]) == 8
    assert len(run("delivery", "list", "--state", "sent")["deliveries"]) == 7
    (refused,) = run("delivery", "list", "--state", "refused")["deliveries"]
    assert refused["told"] == f"{PETIT}@example.com: 550 no"
    box.refused.clear()
    (again,) = run("delivery", "retry", refused["delivery_id"])["deliveries"]
    assert again["state"] == "waiting"
    assert run("delivery", "list", "--state", "waiting")["deliveries"] == [again]
    code, text = run("delivery", "send", as_json=False)
    assert (code, text) == (0, "1 sent, 0 put off, 0 refused.\n")
    assert run("delivery", "retry", refused["delivery_id"]) == (1, "delivery-waits")
    assert run("delivery", "retry", 999) == (1, "no-such-delivery")

    bill_id = debt_of(context, PETIT).bill_id
    flows.acknowledged = {each["flowId"]: {"status": "Ok"} for each in flows.posted}
    assert run("delivery", "follow") == {"statuses": 4}
    pay(context, PETIT, 500, 500)
    assert run("delivery", "send")["sent"] == 1
    assert [each["code"] for each in run("delivery", "statuses", bill_id)] == [200, 212]
    code, text = run("delivery", "statuses", bill_id, as_json=False)
    assert re.search(r"212 Encaissée\s+seller\s+20 %: 5.00", text)
    assert run("delivery", "statuses", "FR99999999") == (1, "no-such-bill")

    sent = run("delivery", "send-again", bill_id)["deliveries"]
    assert {each["state"] for each in sent if each["event"] == "bill"} == {"waiting"}
    waiting = next(each for each in sent if each["channel"] == "email")
    ended = run("delivery", "end", waiting["delivery_id"], "--reason", "by hand")["deliveries"]
    assert ended[0]["state"] == "ended"
    assert run("delivery", "end", waiting["delivery_id"], "--reason", "x") == (1, "delivery-ended")
    later_due(context)
    code, text = run("delivery", "list", "--bill", bill_id, as_json=False)
    assert (code, bill_id in text) == (0, True)

    mails = tmp_path / "mails"
    mails.mkdir()
    (mails / "1").write_bytes(b"Subject: hello\n\nno report")
    assert run("delivery", "bounces", mails) == {"read": 1, "bounced": 0, "known": 0, "foreign": 0}
    assert run("delivery", "bounces", tmp_path / "none") == (2, "usage")


def test_a_silent_platform_is_told(run: Run, flows: Flows) -> None:
    flows.bad_tokens |= {f"token-{number}" for number in range(10)}
    assert run("delivery", "follow") == (1, "platform-silent")
