"""Bills leave by mail, platform and Peppol: once per channel, again after a failure, never lost."""

import hashlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from acquit.actions import deliver
from acquit.actions.context import Context
from acquit.actions.deliver import Delivered, deliver_due
from acquit.actions.post_letter import Outbox
from acquit.actions.queue_deliveries import queue_missing
from acquit.actions.render_document import bill_pdf
from acquit.actions.run_dunning import run_dunning
from acquit.actions.set_delivery import (
    DeliveryEnded,
    DeliveryWaits,
    end_delivery,
    list_deliveries,
    retry_delivery,
    send_again,
    set_channel,
    set_contacts,
    show_contacts,
)
from acquit.actions.take_bounces import take_bounces
from acquit.adapters.clock import FixedClock
from acquit.core.delivery import (
    BadChannel,
    BadContact,
    Channel,
    ChannelSetting,
    NoSuchDelivery,
)
from acquit.core.identifiers import AccountId, BillId
from acquit.core.late_interest import LateRate
from acquit.core.operator import RoleForbids
from acquit.store import delivery_settings, late_rates
from acquit.store.transaction import Database
from acquit.worker.outbox import work
from billed import ON, failed, rows
from delivering import (
    Flows,
    Mailbox,
    attempts,
    by_mail,
    by_platform,
    delivering,
    later_due,
    leave_by,
    mail_server,
    platform,
    render,
)
from founding import ACME, FR, LAB, PETIT, SHOP
from owing import TESS, debt_of


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Context:
    return delivering(database, tmp_path / "papers")


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server(Mailbox()) as found:
        yield found


@pytest.fixture
def flows() -> Iterator[Flows]:
    with platform() as found:
        yield found


def bill_of(context: Context, account_id: AccountId) -> BillId:
    return debt_of(context, account_id).bill_id


def states(context: Context) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in list_deliveries(context):
        found[each.state] = found.get(each.state, 0) + 1
    return found


# ---------------------------------------------------------------- mail


def test_without_a_channel_nothing_is_queued(world: Context) -> None:
    render(world)
    assert list_deliveries(world) == []
    assert rows(world, "SELECT 1 FROM procrastinate_jobs WHERE task_name = 'deliver'") == []
    assert failed(world) == {}


def test_each_bill_leaves_once_with_its_paper(world: Context, box: Mailbox) -> None:
    leave_by(world, Channel.EMAIL)
    render(world)
    assert len(rows(world, "SELECT 1 FROM procrastinate_jobs WHERE task_name = 'deliver'")) == 1
    assert states(world) == {"waiting": 4}
    assert failed(world) == {}
    assert deliver_due(by_mail(world, box)) == Delivered(sent=4)
    assert deliver_due(by_mail(world, box)) == Delivered()
    assert box.connections == 1
    acmes = next(each for each in box.mails if each["To"] == f"{ACME}@example.com")
    bill_id = bill_of(world, ACME)
    assert acmes["Subject"] == f"Nuage du Nord SAS : facture {bill_id}"
    (file,) = acmes.iter_attachments()
    assert file.get_filename() == f"{bill_id}.pdf"
    assert file.get_content() == bill_pdf(world, ACME, bill_id)
    body = acmes.get_body()
    assert body is not None
    assert "12,00\u202f€ TTC, dont l'échéance est le 23 décembre 2026" in body.get_content()
    assert states(world) == {"sent": 4}
    assert failed(world) == {}


def test_contacts_get_the_bill_and_the_parent_when_there_is_nobody(world: Context, box: Mailbox) -> None:
    assert set_contacts(world, PETIT, ["a@petit.example", "b@petit.example"], by="cli") == (
        "a@petit.example", "b@petit.example",
    )  # fmt: skip
    with world.database.write() as tx:
        tx.run(f"UPDATE account SET email = '' WHERE account_id IN ('{LAB}', '{SHOP}')")
        tx.run(f"UPDATE account SET email = '' WHERE account_id = '{SHOP}'")
    assert show_contacts(world, LAB) == (f"{ACME}@example.com",)
    leave_by(world, Channel.EMAIL)
    render(world)
    deliver_due(by_mail(world, box))
    assert sorted(str(each["To"]) for each in box.mails) == sorted(
        ["a@petit.example, b@petit.example", *[f"{ACME}@example.com"] * 3]
    )
    with pytest.raises(BadContact, match="no e-mail address"):
        set_contacts(world, PETIT, ["nobody"], by="cli")
    with pytest.raises(RoleForbids):
        set_contacts(world, PETIT, [], by=TESS)
    assert show_contacts(world, PETIT) == ("a@petit.example", "b@petit.example")
    assert set_contacts(world, PETIT, [], by="cli") == (f"{PETIT}@example.com",)


def test_nobody_to_write_to_is_told(world: Context, box: Mailbox) -> None:
    with world.database.write() as tx:
        tx.run(f"UPDATE account SET email = '' WHERE account_id = '{PETIT}'")
    leave_by(world, Channel.EMAIL)
    render(world)
    assert deliver_due(by_mail(world, box)) == Delivered(sent=3, refused=1)
    (refused,) = list_deliveries(world, ["refused"])
    assert (refused.account_id, "acquit delivery contacts" in refused.told) == (PETIT, True)
    set_contacts(world, PETIT, ["new@petit.example"], by="cli")
    retry_delivery(world, refused.delivery_id, by="cli")
    assert deliver_due(by_mail(world, box)) == Delivered(sent=1)
    assert str(box.mails[-1]["To"]) == "new@petit.example"
    assert failed(world) == {}


def test_a_link_opens_the_paper(world: Context, box: Mailbox) -> None:
    with pytest.raises(BadChannel, match="origin"):
        leave_by(world, Channel.EMAIL, "link")
    leave_by(world, Channel.EMAIL, "link", origin="https://billing.nuage.example/")
    render(world)
    deliver_due(by_mail(world, box))
    bill_id = bill_of(world, PETIT)
    mail = next(each for each in box.mails if each["To"] == f"{PETIT}@example.com")
    assert list(mail.iter_attachments()) == []
    body = mail.get_body()
    assert body is not None
    password = world.sealer.token(f"bill:{bill_id}")
    link = f"https://billing.nuage.example/cgi-bin/order/bill.pdf?reference={bill_id}&passwd={password}"
    assert link in body.get_content()


def test_a_dead_server_delays_and_loses_nothing(
    world: Context, box: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    leave_by(world, Channel.EMAIL)
    render(world)
    with caplog.at_level(logging.WARNING), mail_server(Mailbox()) as dead:
        pass
    assert deliver_due(by_mail(world, dead)) == Delivered(delayed=4)
    assert [each[2] for each in attempts(world)] == ["delayed"], "the rest was not tried"
    waiting = rows(world, "SELECT next_at > now() AS later, tries FROM delivery_waiting")
    assert [(row.later, row.tries) for row in waiting] == [(True, 1)] * 4
    assert deliver_due(by_mail(world, box)) == Delivered()
    later_due(world)
    assert deliver_due(by_mail(world, box)) == Delivered(sent=4)
    assert failed(world) == {}


def test_a_silent_channel_is_asked_once_however_much_waits(
    world: Context, flows: Flows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "AT_ONCE", 1)
    leave_by(world, Channel.EMAIL)
    leave_by(world, Channel.PLATFORM)
    render(world)
    with mail_server(Mailbox()) as dead:
        pass
    done = deliver_due(by_platform(by_mail(world, dead), flows))
    assert (done.sent, done.delayed) == (4, 1), "what waits for the platform is not held up by the mail"
    assert deliver_due(by_mail(world, dead)) == Delivered()


def test_who_dies_after_sending_sends_again_under_the_same_key(world: Context, box: Mailbox) -> None:
    leave_by(world, Channel.EMAIL)
    render(world)

    class Dying:
        def post(self, mails):  # type: ignore[no-untyped-def]
            for answer in by_mail(world, box).ways.mail_server.post(mails):  # type: ignore[union-attr]
                yield answer
                raise KeyboardInterrupt

    assert world.ways is not None
    with pytest.raises(KeyboardInterrupt):
        deliver_due(replace(world, ways=replace(world.ways, mail_server=Dying())))
    assert states(world) == {"sent": 1, "waiting": 3}
    assert deliver_due(by_mail(world, box)) == Delivered(), "the others are claimed for a while"
    later_due(world)
    assert deliver_due(by_mail(world, box)) == Delivered(sent=3)
    ids = [str(each["Message-ID"]) for each in box.mails]
    assert (len(ids) - len(set(ids)), len(set(ids))) in {(0, 4), (1, 4)}
    assert failed(world) == {}


def test_who_accepted_is_not_written_to_again(world: Context, box: Mailbox) -> None:
    set_contacts(world, PETIT, ["a@petit.example", "slow@petit.example"], by="cli")
    leave_by(world, Channel.EMAIL)
    render(world)
    box.refused["slow@petit.example"] = 451
    assert deliver_due(by_mail(world, box)) == Delivered(sent=3, delayed=1)
    box.refused.clear()
    later_due(world)
    assert deliver_due(by_mail(world, box)) == Delivered(sent=1)
    assert [each[1] for each in box.raw if "petit.example" in each[1][0]] == [
        ("a@petit.example",), ("slow@petit.example",),
    ]  # fmt: skip


def test_a_bounce_is_kept_once_and_can_be_retried(world: Context, box: Mailbox) -> None:
    leave_by(world, Channel.EMAIL)
    render(world)
    deliver_due(by_mail(world, box))
    mail = next(each for each in box.mails if each["To"] == f"{PETIT}@example.com")
    report = dsn(str(mail["Message-ID"]), f"{PETIT}@example.com")
    foreign = dsn("<other@elsewhere>", "x@example.com")
    taken = take_bounces(world, [report, report, foreign, b"Subject: hello\n\nno report"])
    assert (taken.read, taken.bounced, taken.known, taken.foreign) == (4, 1, 1, 1)
    (bounced,) = list_deliveries(world, ["bounced"])
    assert bounced.told == f"{PETIT}@example.com: smtp; 550 5.1.1 unknown"
    assert failed(world) == {}
    set_contacts(world, PETIT, ["right@petit.example"], by="cli")
    retry_delivery(world, bounced.delivery_id, by="cli")
    assert deliver_due(by_mail(world, box)) == Delivered(sent=1)
    assert str(box.mails[-1]["To"]) == "right@petit.example"
    assert failed(world) == {}


def dsn(message_id: str, address: str) -> bytes:
    """A report of a mail server as RFC 3464 shows it."""
    return f"""\
From: MAILER-DAEMON@relay.example
To: billing@nuage.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="xx"

--xx
Content-Type: text/plain

It did not arrive.

--xx
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1
 unknown

--xx
Content-Type: text/rfc822-headers

Message-ID: {message_id}
Subject: x

--xx--
""".encode()


def test_letters_wait_sealed_until_a_server_has_them(
    world: Context, box: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(world.database, world.sealer)
    outbox.send("payer@example.com", "Rappel", "Le jeton : s3cret")
    (kept,) = rows(world, "SELECT sealed, to_address FROM delivery_waiting")
    assert b"s3cret" not in bytes(kept.sealed)
    with caplog.at_level(logging.WARNING):
        assert deliver_due(world) == Delivered(delayed=1)
    assert "s3cret" not in caplog.text
    later_due(world)
    assert deliver_due(by_mail(world, box)) == Delivered(sent=1)
    (mail,) = box.mails
    assert (mail["To"], mail["Subject"]) == ("payer@example.com", "Rappel")
    assert rows(world, "SELECT 1 FROM delivery_waiting") == []
    assert failed(world) == {}
    (sent,) = list_deliveries(world)
    with pytest.raises(DeliveryWaits):
        retry_delivery(world, sent.delivery_id, by="cli")


def test_several_workers_send_each_letter_once(
    world: Context, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "AT_ONCE", 3)
    outbox = Outbox(world.database, world.sealer)
    for number in range(40):
        outbox.send("payer@example.com", f"Letter {number}", "text")
    connected, done = by_mail(world, box), list[Delivered]()
    workers = [threading.Thread(target=lambda: done.append(deliver_due(connected))) for _ in range(3)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert sum(each.sent for each in done) == len(box.mails) == 40
    assert len({str(each["Message-ID"]) for each in box.mails}) == 40
    assert failed(world) == {}


def test_letters_of_dunning_go_the_same_way(world: Context, box: Mailbox) -> None:
    """A dead mail server no longer loses a letter that dunning recorded as handed over."""
    late = replace(
        world,
        clock=FixedClock(date(2026, 12, 31)),
        mailer=Outbox(world.database, world.sealer),
    )
    with world.database.write() as tx:
        late_rates.add(tx, {"FR": [LateRate(date(2026, 7, 1), 1215)]})
    (report,) = run_dunning(late, FR, by="cli")
    assert report.sent == 3
    with mail_server(Mailbox()) as dead:
        pass
    deliver_due(by_mail(world, dead))
    assert states(world) == {"delayed": 1, "waiting": 2}
    later_due(world)
    assert deliver_due(by_mail(world, box)) == Delivered(sent=3)
    assert len(box.mails) == 3
    assert all(str(each["Subject"]).startswith("Rappel") for each in box.mails)
    assert rows(world, "SELECT 1 FROM delivery_waiting") == []
    assert failed(world) == {}


def test_the_worker_renders_and_delivers_what_a_run_left(world: Context, box: Mailbox) -> None:
    leave_by(world, Channel.EMAIL)
    work(by_mail(world, box), world.database.url, threading.Event(), until_idle=True)
    assert len(box.mails) == 4
    assert states(world) == {"sent": 4}


def test_a_channel_begins_today_and_may_end(world: Context, box: Mailbox) -> None:
    with pytest.raises(BadChannel, match="begins today"):
        leave_by(world, Channel.EMAIL, from_on=ON - timedelta(days=1))
    with pytest.raises(BadChannel, match="carries"):
        leave_by(world, Channel.PEPPOL, "pdf")
    with pytest.raises(RoleForbids):
        set_channel(world, ChannelSetting(FR, Channel.EMAIL, ON, True, "pdf"), by=TESS)
    leave_by(world, Channel.EMAIL)
    leave_by(world, Channel.EMAIL, is_on=False)
    render(world)
    assert list_deliveries(world) == []
    assert leave_by(world, Channel.EMAIL) == 4, "papers of today that are there already leave now"
    assert failed(world) == {}


def test_a_delivery_may_be_ended_or_sent_again(world: Context, box: Mailbox) -> None:
    leave_by(world, Channel.EMAIL)
    render(world)
    petits = bill_of(world, PETIT)
    (waiting,) = list_deliveries(world, bill_id=petits)
    assert end_delivery(world, waiting.delivery_id, "sent by hand", by="cli").state == "ended"
    with pytest.raises(DeliveryEnded):
        end_delivery(world, waiting.delivery_id, "again", by="cli")
    assert deliver_due(by_mail(world, box)) == Delivered(sent=3)
    send_again(world, petits, by="cli")
    assert deliver_due(by_mail(world, box)) == Delivered(sent=1)
    with pytest.raises(DeliveryWaits, match="send-again"):
        retry_delivery(world, waiting.delivery_id, by="cli")
    with pytest.raises(NoSuchDelivery):
        retry_delivery(world, 999, by="cli")
    with pytest.raises(NoSuchDelivery):
        send_again(world, BillId("FR99999999"), by="cli")
    assert failed(world) == {}


def test_what_was_not_queued_with_its_paper_is_queued_later(world: Context) -> None:
    render(world)
    with world.database.write() as tx:
        delivery_settings.set_channel(tx, ChannelSetting(FR, Channel.EMAIL, ON, True, "pdf"), "cli")
    assert len(failed(world)["deliveries"]) == 4
    assert queue_missing(world) == 4
    assert queue_missing(world) == 0, "a delivery is never written twice"
    assert failed(world) == {}


def test_a_paper_that_the_archive_lost_is_waited_for(world: Context, box: Mailbox) -> None:
    leave_by(world, Channel.EMAIL)
    render(world)
    petits = bill_of(world, PETIT)
    kept = bill_pdf(world, PETIT, petits)
    with world.database.write() as tx:
        tx.connection.execute(
            "RESET ROLE; UPDATE document SET sha256 = repeat('0', 64) "
            "WHERE account_id = 'cd67890-acq' AND form = 'pdf'"
        )
    assert deliver_due(by_mail(world, box)) == Delivered(sent=3, delayed=1)
    with world.database.write() as tx:
        tx.connection.execute(
            f"RESET ROLE; UPDATE document SET sha256 = '{hashlib.sha256(kept).hexdigest()}' "
            "WHERE account_id = 'cd67890-acq' AND form = 'pdf'".encode()
        )
    later_due(world)
    assert deliver_due(by_mail(world, box)) == Delivered(sent=1)


def test_the_electronic_form_may_be_attached_too(world: Context, box: Mailbox) -> None:
    leave_by(world, Channel.EMAIL, "pdf+ubl")
    render(world)
    assert deliver_due(by_mail(world, box)) == Delivered(sent=4)
    mail = next(each for each in box.mails if each["To"] == f"{PETIT}@example.com")
    petits = bill_of(world, PETIT)
    assert [(each.get_filename(), each.get_content_type()) for each in mail.iter_attachments()] == [
        (f"{petits}.pdf", "application/pdf"), (f"{petits}.xml", "application/xml"),
    ]  # fmt: skip
