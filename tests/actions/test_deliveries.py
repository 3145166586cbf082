"""Bills leave by mail, platform and Peppol: once per channel, again after a failure, never lost."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.actions.deliver import Delivered, deliver_due
from acquit.actions.follow_platform import follow_platform
from acquit.actions.open_dispute import open_dispute
from acquit.actions.post_letter import Outbox
from acquit.actions.queue_deliveries import queue_missing
from acquit.actions.render_document import bill_pdf, render_bills
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
    show_statuses,
)
from acquit.actions.settle_debt import return_payment
from acquit.actions.take_bounces import take_bounces
from acquit.actions.tell_statuses import tell_statuses
from acquit.core.delivery import (
    BadChannel,
    BadContact,
    Channel,
    ChannelSetting,
    NoSuchDelivery,
    key_of,
)
from acquit.core.identifiers import AccountId, BillId
from acquit.core.life_cycle import SaidBy, e_invoicing_status
from acquit.core.operator import RoleForbids
from acquit.documents.life_cycle import read_statuses
from acquit.store import bill_statuses, delivery_settings, documents
from acquit.store.transaction import Database
from billed import ON, failed, rows
from delivering import (
    ATTEMPTS,
    Flows,
    Mailbox,
    attempts,
    by_mail,
    by_peppol,
    by_platform,
    delivering,
    later_due,
    leave_by,
    mail_server,
    platform,
    render,
    soon,
)
from founding import ACME, FR, LAB, PETIT, SHOP
from owing import TESS, debt_of, operations_of, pay


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


def on_wire(context: Context, account_id: AccountId) -> tuple[str, str]:
    bill_id = bill_of(context, account_id)
    with context.database.read() as tx:
        found = bill_statuses.on_wire(tx, account_id, [bill_id])[bill_id]
    return found.reference, e_invoicing_status(found.outcome, found.codes)


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
    assert "12,00\u202f€ TTC, à régler au plus tard le 23 décembre 2026" in body.get_content()
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


# ---------------------------------------------------------------- the platform


def test_bills_go_to_the_platform_under_their_key(world: Context, flows: Flows) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    assert on_wire(world, PETIT) == ("", "readyToSubmit")
    assert deliver_due(by_platform(world, flows)) == Delivered(sent=4)
    assert flows.tokens == 1
    bill_id = bill_of(world, PETIT)
    (posted,) = [each for each in flows.posted if each["name"] == f"{bill_id}.pdf"]
    assert posted["trackingId"] == key_of(bill_id, "platform", "bill")
    assert (posted["flowSyntax"], posted["processingRule"], posted["type"]) == (
        "Factur-X", "B2B", "application/pdf",
    )  # fmt: skip
    assert flows.files[posted["flowId"]] == bill_pdf(world, PETIT, bill_id)
    assert on_wire(world, PETIT) == (posted["flowId"], "submitted")
    assert failed(world) == {}


def test_an_answer_that_is_lost_does_not_post_twice(world: Context, flows: Flows) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    flows.loses_answers = True
    assert deliver_due(by_platform(world, flows)) == Delivered(delayed=4)
    assert len(flows.posted) == 1
    flows.loses_answers = False
    later_due(world)
    assert deliver_due(by_platform(world, flows)) == Delivered(sent=4)
    assert len({each["trackingId"] for each in flows.posted}) == len(flows.posted) == 4


@pytest.mark.parametrize("code", [429, 500, 503, 403])
def test_a_platform_that_is_unwell_delays(world: Context, flows: Flows, code: int) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    flows.post_code = code
    assert deliver_due(by_platform(world, flows)) == Delivered(delayed=4)
    flows.post_code = 202
    later_due(world)
    assert deliver_due(by_platform(world, flows)) == Delivered(sent=4)
    assert len(flows.posted) == 4


@pytest.mark.parametrize("code", [400, 413, 422])
def test_what_a_platform_refuses_waits_for_a_person(world: Context, flows: Flows, code: int) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    flows.post_code = code
    assert deliver_due(by_platform(world, flows)) == Delivered(refused=4)
    (first, *_) = list_deliveries(world, ["refused"])
    assert first.told == f"{code} E1 not this one"
    assert on_wire(world, PETIT) == ("", "error")
    assert failed(world) == {}


def test_tokens_are_renewed_and_a_wrong_secret_delays(world: Context, flows: Flows) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    flows.bad_tokens.add("token-1")
    assert deliver_due(by_platform(world, flows)) == Delivered(sent=4)
    assert flows.tokens == 2
    right, flows.secret = flows.secret, "changed"
    wrong = by_platform(world, replace(flows, secret=right))
    send_again(world, bill_of(world, PETIT), by="cli")
    assert deliver_due(wrong) == Delivered(delayed=1)
    assert rows(world, ATTEMPTS)[-1].told == "the platform gives us no token: 401"


def test_persons_and_foreign_buyers_do_not_go_there(world: Context, flows: Flows) -> None:
    with world.database.write() as tx:
        tx.connection.execute(
            "RESET ROLE; UPDATE snapshot SET body = jsonb_set(body::jsonb, '{tax_profile}', '\"person\"') "
            "WHERE snapshot_hash = (SELECT buyer_hash FROM bill WHERE account_id = 'cd67890-acq')"
        )
    leave_by(world, Channel.PLATFORM)
    render(world)
    assert deliver_due(by_platform(world, flows)) == Delivered(sent=3)
    assert failed(world).keys() == {"snapshots"}, "the copy that we changed by hand, and no delivery"


def test_what_the_platform_and_the_buyer_say_becomes_statuses(world: Context, flows: Flows) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    connected = by_platform(world, flows)
    deliver_due(connected)
    petits, acmes = bill_of(world, PETIT), bill_of(world, ACME)
    flow_ids = {each["name"].removesuffix(".pdf"): each["flowId"] for each in flows.posted}
    flows.acknowledged = {
        flow_ids[petits]: {"status": "Ok"},
        flow_ids[acmes]: {
            "status": "Error",
            "details": [
                {"level": "Error", "item": "BT-48", "reasonCode": "REJ_SEMAN", "reasonMessage": "no"}
            ],
        },
    }
    assert follow_platform(connected) == 2
    assert follow_platform(connected) == 0, "what is known changes nothing"
    assert on_wire(world, PETIT) == (flow_ids[petits], "processing")
    assert on_wire(world, ACME) == (flow_ids[acmes], "invalid")
    _, (rejected,) = show_statuses(world, acmes)
    assert (rejected.code, rejected.said_by, rejected.reason) == (213, SaidBy.PLATFORM, "REJ_SEMAN BT-48 no")
    for number, (code, expected) in enumerate([(202, "ok"), (205, "accepted"), (210, "rejected")]):
        flows.files[f"in-{number}"] = status_message(petits, code)
        flows.incoming.append(
            {"flowId": f"in-{number}", "flowType": "CustomerInvoiceLC", "flowDirection": "In",
             "updatedAt": soon()}
        )  # fmt: skip
        assert follow_platform(connected) == 1
        assert on_wire(world, PETIT)[1] == expected
    flows.files["in-9"] = b"<broken"
    flows.incoming.append({**flows.incoming[0], "flowId": "in-9"})
    flows.files["in-8"] = status_message("FR99999999", 205)
    flows.incoming.append({**flows.incoming[0], "flowId": "in-8"})
    assert follow_platform(connected) == 0, "what cannot be read, or is nobody's, stops nothing"
    _, said = show_statuses(world, petits)
    assert [(each.code, each.said_by) for each in said] == [
        (200, SaidBy.PLATFORM), (202, SaidBy.BUYER), (205, SaidBy.BUYER), (210, SaidBy.BUYER),
    ]  # fmt: skip


def status_message(bill_id: str, code: int) -> bytes:
    return f"""<?xml version="1.0"?>
<CrossDomainAcknowledgementAndResponse xmlns="urn:x"><ExchangedDocument><IssuerTradeParty>
<RoleCode>BY</RoleCode></IssuerTradeParty></ExchangedDocument><AcknowledgementDocument>
<IssueDateTime><DateTimeString format="204">20261124101500</DateTimeString></IssueDateTime>
<ReferenceReferencedDocument><IssuerAssignedID>{bill_id}</IssuerAssignedID>
<ProcessConditionCode>{code}</ProcessConditionCode><SpecifiedDocumentStatus>
<ReasonCode>AUTRE</ReasonCode></SpecifiedDocumentStatus></ReferenceReferencedDocument>
</AcknowledgementDocument></CrossDomainAcknowledgementAndResponse>""".encode()


# ---------------------------------------------------------------- collected, disputed


def collected(context: Context, account_id: AccountId) -> list[tuple[tuple[int, int], ...]]:
    _, said = show_statuses(context, bill_of(context, account_id))
    return [each.collected for each in said if each.code == 212]


def test_part_payments_and_a_return_are_told_per_rate(world: Context, flows: Flows) -> None:
    pay(world, PETIT, 100, 100)
    leave_by(world, Channel.PLATFORM)
    render(world)
    pay(world, PETIT, 400, 400)
    assert tell_statuses(world) == 2, "what was paid before the bill left is told too"
    pay(world, PETIT, 700, 700)
    last = operations_of(world, PETIT)[-1]
    return_payment(world, PETIT, debt_of(world, PETIT).debt_id, last.operation_id, "AC04", by="cli")
    assert tell_statuses(world) == 2
    assert tell_statuses(world) == 0
    assert collected(world, PETIT) == [((2000, 100),), ((2000, 400),), ((2000, 700),), ((2000, -700),)]
    assert failed(world) == {}
    connected = by_platform(world, flows)
    deliver_due(connected)
    later_due(world)
    deliver_due(connected)
    messages = [flows.files[each["flowId"]] for each in flows.posted if each["flowSyntax"] == "CDAR"]
    assert len(messages) == 4
    assert [told.code for each in messages for told in read_statuses(each)] == [212] * 4
    assert sum(b">-7.00</ram:ValueAmount>" in each for each in messages) == 1
    assert failed(world) == {}


def test_a_payment_waits_until_its_bill_is_there(world: Context, flows: Flows) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    pay(world, PETIT, 1_200, 1_200)
    tell_statuses(world)
    flows.post_code = 503
    connected = by_platform(world, flows)
    deliver_due(connected)
    flows.post_code = 202
    for _ in range(2):
        later_due(world)
        deliver_due(connected)
    kinds = [each["flowSyntax"] for each in flows.posted]
    assert (kinds.count("CDAR"), kinds.count("Factur-X"), kinds[-1]) == (1, 4, "CDAR")


def test_a_seller_whose_vat_is_due_with_the_bill_tells_no_payment(database: Database, tmp_path: Path) -> None:
    world = delivering(database, tmp_path / "papers", vat_on_debits=True)
    leave_by(world, Channel.PLATFORM)
    render(world)
    pay(world, PETIT, 1_200, 1_200)
    assert tell_statuses(world) == 0
    assert rows(world, "SELECT 1 FROM status_waiting") == []
    assert failed(world) == {}


def test_a_bill_that_is_on_no_platform_tells_nothing(world: Context) -> None:
    leave_by(world, Channel.EMAIL)
    render(world)
    pay(world, PETIT, 1_200, 1_200)
    open_dispute(world, ACME, bill_of(world, ACME), 500, "wrong price", by="cli")
    assert rows(world, "SELECT 1 FROM status_waiting") == []
    assert show_statuses(world, bill_of(world, ACME))[1] == []


def test_a_dispute_is_a_status(world: Context, flows: Flows) -> None:
    leave_by(world, Channel.PLATFORM)
    render(world)
    deliver_due(by_platform(world, flows))
    open_dispute(world, ACME, bill_of(world, ACME), 500, "wrong price", by="cli")
    _, (disputed,) = show_statuses(world, bill_of(world, ACME))
    assert (disputed.code, disputed.said_by, disputed.reason) == (207, SaidBy.BUYER, "wrong price")
    assert on_wire(world, ACME)[1] == "ok"


# ---------------------------------------------------------------- Peppol


def test_ubl_is_handed_over_in_its_envelope(world: Context, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with world.database.write() as tx:
        tx.connection.execute(
            "RESET ROLE; UPDATE snapshot SET body = "
            "jsonb_set(body::jsonb, '{e_address}', '\"0208:0123456789\"') "
            "WHERE snapshot_hash = (SELECT buyer_hash FROM bill WHERE account_id = 'cd67890-acq')"
        )
    leave_by(world, Channel.PEPPOL, "ubl")
    render(world)
    petits = bill_of(world, PETIT)
    (waiting,) = list_deliveries(world)
    assert (waiting.bill_id, waiting.channel) == (petits, "peppol")
    connected = by_peppol(world, out)
    keep_ubl(world, PETIT, petits)
    later_due(world)
    assert deliver_due(connected) == Delivered(delayed=1), "the directory is not there"
    out.mkdir()
    later_due(world)
    assert deliver_due(connected) == Delivered(sent=1)
    (file,) = out.iterdir()
    assert file.name == f"{petits}-{key_of(petits, 'peppol', 'bill')[:8]}.xml"
    said = file.read_text(encoding="utf-8")
    assert '<Identifier Authority="iso6523-actorid-upis">0208:0123456789</Identifier>' in said
    assert '<Identifier Authority="iso6523-actorid-upis">0225:732829320</Identifier>' in said
    assert UBL.decode() in said
    assert on_wire(world, PETIT) == (file.name, "submitted")
    assert failed(world).keys() == {"snapshots"}, "the copy that we changed by hand, and no delivery"


UBL = (
    b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" '
    b'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">'
    b"<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>"
    b"<cbc:ProfileID>S1</cbc:ProfileID><cbc:ID>1 &amp; 2</cbc:ID></Invoice>"
)


def keep_ubl(context: Context, account_id: AccountId, bill_id: BillId) -> None:
    """Archive a UBL document of the bill unless it has one."""
    with context.database.write() as tx:
        if documents.find(tx, account_id, bill_id, "ubl") is None:
            sha256 = context.archive.put(b'<?xml version="1.0"?>\n' + UBL)
            documents.record(
                tx, [documents.Document(account_id, bill_id, "ubl", sha256, len(UBL) + 22)]
            )  # fmt: skip


def test_a_paper_that_is_not_there_yet_is_waited_for(world: Context, box: Mailbox) -> None:
    leave_by(world, Channel.EMAIL)
    render(world)
    with world.database.write() as tx:
        tx.connection.execute("RESET ROLE; DELETE FROM document WHERE account_id = 'cd67890-acq'")
    assert deliver_due(by_mail(world, box)) == Delivered(sent=3, delayed=1)
    render_bills(world, [(PETIT, bill_of(world, PETIT))])
    later_due(world)
    assert deliver_due(by_mail(world, box)) == Delivered(sent=1)
