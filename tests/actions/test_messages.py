"""Accounts are told by mail what happens to them: each thing once, as seller and account want."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final, LiteralString

import pytest

from acquit.actions.change_prices import change_price
from acquit.actions.context import Context
from acquit.actions.deliver import deliver_due
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.post_letter import Outbox
from acquit.actions.revoke_enterprise_terms import revoke_enterprise_terms
from acquit.actions.run_dunning import run_dunning
from acquit.actions.set_delivery import list_deliveries, set_contacts
from acquit.actions.set_messages import set_message_words, set_messages, set_wishes
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.actions.tell_accounts import tell_due
from acquit.actions.terminate_service import terminate_service
from acquit.adapters.clock import FixedClock
from acquit.core.delivery import Channel
from acquit.core.identifiers import ServiceId
from acquit.core.late_interest import LateRate
from acquit.core.message import BadMessage, MessageKind
from acquit.core.operator import RoleForbids
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import OrderKind
from acquit.core.sales_request import AskedTerm
from acquit.core.service import Ending
from acquit.core.terms import Term
from acquit.store import late_rates, messages
from acquit.store.transaction import Database
from billed import ON, bill, failed, later, rows, subscribe
from delivering import Mailbox, by_mail, delivering, leave_by, mail_server, render
from founding import ACME, FR, LAB, PETIT, SHOP
from owing import TESS, debt_of, pay

OLD: Final[LiteralString] = "UPDATE message SET told_at = told_at - interval '8 days'"


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Context:
    return delivering(database, tmp_path / "papers")


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server(Mailbox()) as found:
        yield found


def turn_on(context: Context, **given: str) -> None:
    set_messages(
        context, FR, is_on=True, sender=given.get("sender", ""), reply_to=given.get("reply_to", ""), by="cli"
    )


def told(context: Context) -> list[tuple[str, str, str]]:
    found = rows(context, "SELECT account_id, kind, about FROM message ORDER BY message_id")
    return [(row.account_id, row.kind, row.about) for row in found]


def texts(context: Context, box: Mailbox) -> list[tuple[str, str]]:
    """Send what waits; return subject and text of every mail so far."""
    deliver_due(by_mail(context, box))
    found = []
    for each in box.mails:
        body = each.get_body(("plain",))
        assert body is not None
        found.append((str(each["Subject"]), body.get_content().replace("\r\n", "\n")))
    return found


def service_of(context: Context, account_id: str) -> ServiceId:
    query = "SELECT service_id FROM service WHERE account_id = %(account_id)s"
    return ServiceId(rows(context, query, account_id=account_id)[0].service_id)


def test_nobody_is_told_anything_before_the_seller_says_so(world: Context) -> None:
    grant_enterprise_terms(world, ACME, AskedTerm(Term(45)), by="cli")
    render(world)
    assert tell_due(later(world, date(2026, 12, 20))) == 0
    assert told(world) == []
    assert list_deliveries(world) == []


def test_a_bill_that_leaves_by_no_mail_is_told_of_once(world: Context, box: Mailbox) -> None:
    turn_on(world)
    render(world)
    assert sorted(told(world)) == sorted(
        (each, "bill-available", debt_of(world, each).bill_id) for each in (ACME, LAB, SHOP, PETIT)
    )
    found = texts(world, box)
    bill_id = debt_of(world, PETIT).bill_id
    subject, text = next(each for each in found if bill_id in each[0])
    assert subject == f"Nuage du Nord SAS : document {bill_id}"
    assert "Total : 12,00\u202f€\nÉchéance : 23 décembre 2026" in text
    assert failed(world) == {}


def test_a_bill_that_leaves_by_mail_is_not_told_of_twice(world: Context) -> None:
    turn_on(world)
    leave_by(world, Channel.EMAIL)
    render(world)
    assert told(world) == []


def test_what_is_due_and_what_is_late_is_told_once_each(world: Context, box: Mailbox) -> None:
    turn_on(world)
    due_on = debt_of(world, PETIT).due_on
    soon = later(world, due_on - timedelta(days=7))
    assert tell_due(later(world, due_on - timedelta(days=8))) == 0
    assert tell_due(soon) == 3
    assert tell_due(soon) == 0
    assert told(world)[0][1:] == ("due-soon", f"{due_on}/EUR")
    assert {each[0] for each in told(world)} == {ACME, SHOP, PETIT}
    acmes = next(text for subject, text in texts(world, box) if "24,00" in subject)
    assert debt_of(world, ACME).bill_id in acmes
    assert debt_of(world, LAB).bill_id in acmes
    assert "FR76 3000 6000 0112 3456 7890 189" in acmes
    pay(world, PETIT, 1200, 1200)
    late = later(world, due_on + timedelta(days=1))
    assert tell_due(late) == 2
    assert {each[0] for each in told(world) if each[1] == "overdue"} == {ACME, SHOP}
    assert failed(world) == {}


def test_money_in_hand_covers_what_is_due(world: Context) -> None:
    turn_on(world)
    pay(world, PETIT, 1200)
    due_on = debt_of(world, PETIT).due_on
    tell_due(later(world, due_on))
    assert PETIT not in {each[0] for each in told(world)}


def test_whoever_dunning_wrote_to_is_not_told_of_it_again(world: Context) -> None:
    turn_on(world)
    with world.database.write() as tx:
        late_rates.add(tx, {"FR": [LateRate(date(2026, 7, 1), 1215)]})
    late = later(world, debt_of(world, PETIT).due_on + timedelta(days=1))
    run_dunning(late, FR, by=TESS)
    assert tell_due(late) == 0


def test_terms_are_told_when_they_are_granted_and_when_they_end(world: Context, box: Mailbox) -> None:
    turn_on(world)
    grant = grant_enterprise_terms(world, ACME, AskedTerm(Term(45)), by="cli")
    revoke_enterprise_terms(world, ACME, by="cli", reason="moved")
    assert told(world) == [
        (ACME, "term-granted", str(grant.grant_id)), (ACME, "term-ended", str(grant.grant_id)),
    ]  # fmt: skip
    (granted, text), (ended, _) = texts(world, box)
    assert granted == "Nuage du Nord SAS : délai de paiement de 45 jours"
    assert "à partir du jour de la facture" in text
    assert "prend fin" in ended


def test_an_order_is_told_at_each_threshold_and_before_it_ends(world: Context, box: Mailbox) -> None:
    turn_on(world)
    terms = OrderTerms("PO-1", ON, date(2027, 3, 1), kind=OrderKind.BLANKET, amount_max_minor=2_600)
    set_purchase_order(world, PETIT, terms, by="cli")
    for period in ("2026-12", "2027-01"):
        bill(later(world, date.fromisoformat(f"{period}-23")), period)
    found = [each for each in told(world) if each[1].startswith("order")]
    assert [each[2].partition("/")[2] for each in found] == ["75"]
    assert "600" not in texts(world, box)[0][1]
    assert "6,00" in texts(world, box)[0][1]
    assert tell_due(later(world, date(2027, 2, 10))) >= 1
    (expiring,) = [each for each in told(world) if each[1] == "order-expiring"]
    assert expiring[2].endswith("/2027-03-01")
    assert "28 février 2027" in next(
        text for subject, text in texts(world, box) if subject.startswith("Le bon de commande PO-1")
    )


def test_prices_and_ends_of_services_are_told(world: Context, box: Mailbox) -> None:
    turn_on(world)
    service_id = service_of(world, PETIT)
    change_price(world, PETIT, service_id, 20_00000000, date(2027, 3, 1), by="cli")
    ended = terminate_service(world, PETIT, service_id, Ending.AT_RENEWAL, by="cli")
    assert ended.terminated_on is not None
    assert [each[1] for each in told(world)] == ["price-change", "service-ending"]
    tell_due(later(world, ended.terminated_on - timedelta(days=3)))
    assert [each[1] for each in told(world)].count("service-ending") == 1
    assert "20,00\u202f€ au lieu de 10,00\u202f€" in texts(world, box)[0][1]


def test_an_account_says_what_it_wants_and_who_gets_it(world: Context, box: Mailbox) -> None:
    turn_on(world, sender="Nuage, comptabilité", reply_to="answers@nuage.example")
    set_wishes(world, ACME, set(MessageKind) - {MessageKind.TERM_GRANTED}, by="cli")
    grant_enterprise_terms(world, ACME, AskedTerm(Term(45)), by="cli")
    assert told(world) == []
    set_wishes(world, ACME, set(MessageKind), by="cli")
    with world.database.read() as tx:
        assert messages.unwanted(tx, ACME) == frozenset()
    set_contacts(world, ACME, ["a@acme.example", "b@acme.example"], by="cli")
    revoke_enterprise_terms(world, ACME, by="cli", reason="moved")
    deliver_due(by_mail(world, box))
    (mail,) = box.mails
    assert mail["To"] == "a@acme.example, b@acme.example"
    assert mail["From"] == "Nuage, comptabilité <billing@nuage.example>"
    assert mail["Reply-To"] == "answers@nuage.example"
    page = mail.get_body(("html",))
    assert page is not None
    assert '<html lang="fr">' in page.get_content()


def test_own_words_hold_and_are_taken_for_text(world: Context, box: Mailbox) -> None:
    turn_on(world)
    words = ("Ende {ends_on}", "Bye <b>now</b>, {days} & {seller}")
    assert set_message_words(world, FR, MessageKind.TERM_ENDED, "fr", ("x", "y"), by="cli") == 1
    assert set_message_words(world, FR, MessageKind.TERM_ENDED, "fr", words, by="cli") == 2
    grant_enterprise_terms(world, ACME, AskedTerm(Term(45)), by="cli")
    revoke_enterprise_terms(world, ACME, by="cli", reason="moved")
    subject, text = texts(world, box)[-1]
    assert subject.startswith("Ende ")
    assert "Bye <b>now</b>, 45 & Nuage du Nord SAS" in text
    page = box.mails[-1].get_body(("html",))
    assert page is not None
    assert "Bye &lt;b&gt;now&lt;/b&gt;, 45 &amp; Nuage" in page.get_content()
    for wrong in (("{bill}", ""), ("", "{seller.name}"), ("a\nb", ""), ("{", ""), ("x" * 201, "")):
        with pytest.raises(BadMessage):
            set_message_words(world, FR, MessageKind.TERM_ENDED, "fr", wrong, by="cli")
    with pytest.raises(RoleForbids):
        set_message_words(world, FR, MessageKind.TERM_ENDED, "fr", words, by="operator:sam")
    for given in ({"sender": "a\nb"}, {"reply_to": "nobody"}):
        with pytest.raises(BadMessage):
            turn_on(world, **given)


def test_what_could_not_leave_for_a_week_is_told_no_more(world: Context, box: Mailbox) -> None:
    turn_on(world)
    grant_enterprise_terms(world, ACME, AskedTerm(Term(45)), by="cli")
    assert deliver_due(world).delayed == 1
    with world.database.write() as tx:
        tx.run("UPDATE delivery_waiting SET next_at = instant()")
    rows_before = rows(world, "SELECT count(*) AS n FROM sent_mail")[0].n
    assert rows_before == 0
    _age(world)
    assert deliver_due(by_mail(world, box)).refused == 1
    assert box.mails == []
    assert "too late" in list_deliveries(world)[0].told


def _age(context: Context) -> None:
    """Let a week pass: facts are the superuser's alone to change."""
    import psycopg

    with psycopg.connect(context.database.url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(OLD)


def test_mails_that_were_sent_are_kept_sealed_and_letters_with_tokens_are_not(
    world: Context, box: Mailbox
) -> None:
    context = replace(world, mailer=Outbox(world.database, world.sealer))
    leave_by(context, Channel.EMAIL)
    render(context)
    context.mailer.send("x@example.com", "Token", "secret token")
    context.mailer.send("x@example.com", "Reminder", "please pay", PETIT)
    deliver_due(by_mail(context, box))
    with context.database.read() as tx:
        ids = [row.mail_id for row in tx.all("SELECT mail_id FROM sent_mail")]
        found = messages.find_sent(tx, PETIT, ids)
        assert messages.find_sent(tx, ACME, [each.mail_id for each in found]) == []
    assert len(ids) == 5
    bill_id = debt_of(world, PETIT).bill_id
    assert {each.subject: each.to_addresses for each in found} == {
        f"Nuage du Nord SAS : facture {bill_id}": (f"{PETIT}@example.com",), "Reminder": ("x@example.com",),
    }  # fmt: skip
    assert "please pay" in {context.sealer.unseal(each.sealed) for each in found}
    assert failed(world) == {}


def test_a_letter_of_dunning_can_be_read_again(world: Context, box: Mailbox) -> None:
    with world.database.write() as tx:
        late_rates.add(tx, {"FR": [LateRate(date(2026, 7, 1), 1215)]})
    late_on = debt_of(world, PETIT).due_on + timedelta(days=1)
    context = replace(world, clock=FixedClock(late_on), mailer=Outbox(world.database, world.sealer))
    run_dunning(context, FR, by=TESS)
    deliver_due(by_mail(context, box))
    assert {row.account_id for row in rows(world, "SELECT account_id FROM sent_mail")} == {ACME, SHOP, PETIT}


def test_a_service_that_the_account_lets_run_out_is_told(world: Context) -> None:
    turn_on(world)
    subscribe(world, PETIT, "second")
    with world.database.write() as tx:
        tx.run("UPDATE service SET delete_at_expiration = true WHERE resource_name = 'second'")
        row = tx.one("SELECT service_id, next_renewal_on FROM service WHERE resource_name = 'second'")
    assert tell_due(later(world, row.next_renewal_on - timedelta(days=14))) >= 1
    assert (PETIT, "service-ending", f"{row.service_id}/{row.next_renewal_on}") in told(world)
