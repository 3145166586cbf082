"""Mail by SMTP: encryption and trust, several recipients, and what each answer of a server means."""

from pathlib import Path

import pytest

from acquit.adapters.mail import NullMailServer, SmtpServer
from acquit.core.delivery import Attached, Mail, Outcome
from acquit.demo.certificate import Certificate, certificate_in
from delivering import Mailbox, mail_server

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate_in(tmp_path_factory.mktemp("tls"))


def mail(*to: str, subject: str = "Votre facture n° 1", text: str = "Bonjour,\n\n12,00 €\n.\nfin\n") -> Mail:
    files = (Attached("FR00000001.pdf", "application/pdf", b"%PDF-1.7 \r\n.\r\n\x00\xff"),)
    return Mail(to or ("a@example.com",), subject, text, KEY, "billing@seller.example", files)


def server(box: Mailbox, **given: object) -> SmtpServer:
    values = {"security": "none", "sender": "Nuage du Nord <post@nuage.example>"} | given
    return SmtpServer("127.0.0.1", box.port, **values)  # type: ignore[arg-type]


def test_a_mail_arrives_as_it_was_written() -> None:
    with mail_server(Mailbox()) as box:
        (answer,) = server(box).post([mail("a@example.com", "b@example.com")])
    assert (answer.outcome, answer.accepted) == (Outcome.SENT, ("a@example.com", "b@example.com"))
    assert answer.reference == f"{KEY}@nuage.example"
    ((sender, to, _),) = box.raw
    assert (sender, to) == ("post@nuage.example", ("a@example.com", "b@example.com"))
    (got,) = box.mails
    assert got["Message-ID"] == f"<{KEY}@nuage.example>"
    assert (got["Subject"], got["To"]) == ("Votre facture n° 1", "a@example.com, b@example.com")
    assert (got["From"], got["Reply-To"]) == ("Nuage du Nord <post@nuage.example>", "billing@seller.example")
    body = got.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == mail().text
    (file,) = got.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("FR00000001.pdf", mail().files[0].content)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_is_encrypted_and_we_log_in(certificate: Certificate, security: str) -> None:
    box = Mailbox(certificate, login=("acquit", "pass word"))
    with mail_server(box, wrapped=security == "tls"):
        us = server(
            box, security=security, login="acquit", password="pass word", authorities=certificate.authority
        )
        assert [each.outcome for each in us.post([mail(), mail("b@example.com")])] == [Outcome.SENT] * 2
    assert (len(box.raw), box.connections, box.encrypted) == (2, 1, 1)
    assert "pass word" not in repr(us)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_nobody_vouches_for_gets_nothing(certificate: Certificate, security: str) -> None:
    box = Mailbox(certificate)
    with mail_server(box, wrapped=security == "tls"):
        first, second = server(box, security=security).post([mail(), mail()])
    assert (first.outcome, first.is_tried) == (Outcome.DELAYED, True)
    assert "certificate" in first.told.lower()
    assert (second.outcome, second.is_tried) == (Outcome.DELAYED, False)
    assert box.raw == []


def test_a_server_that_cannot_encrypt_gets_nothing() -> None:
    with mail_server(Mailbox()) as box:
        (answer,) = server(box, security="starttls").post([mail()])
    assert (answer.outcome, box.raw) == (Outcome.DELAYED, [])


def test_a_wrong_password_delays_and_is_not_repeated(certificate: Certificate) -> None:
    box = Mailbox(certificate, login=("acquit", "right"))
    with mail_server(box):
        us = server(
            box, security="starttls", login="acquit", password="wrong", authorities=certificate.authority
        )
        (answer,) = us.post([mail()])
    assert (answer.outcome, answer.told) == (
        Outcome.DELAYED, "the mail server does not accept our login: 535",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("refused", "outcome", "accepted"),
    [
        ({"b@example.com": 550}, Outcome.SENT, ("a@example.com",)),
        ({"b@example.com": 451}, Outcome.DELAYED, ("a@example.com",)),
        ({"a@example.com": 550, "b@example.com": 550}, Outcome.REFUSED, ()),
        ({"a@example.com": 550, "b@example.com": 450}, Outcome.DELAYED, ()),
    ],
)
def test_some_recipients_may_be_refused(
    refused: dict[str, int], outcome: Outcome, accepted: tuple[str, ...]
) -> None:
    with mail_server(Mailbox(refused=refused)) as box:
        answer, after = server(box).post([mail("a@example.com", "b@example.com"), mail("c@example.com")])
    assert (answer.outcome, answer.accepted) == (outcome, accepted)
    assert all(address in answer.told for address in refused)
    assert after.outcome is Outcome.SENT


@pytest.mark.parametrize(("code", "outcome"), [(554, Outcome.REFUSED), (452, Outcome.DELAYED)])
def test_what_a_server_says_of_the_contents(code: int, outcome: Outcome) -> None:
    with mail_server(Mailbox(data_code=code)) as box:
        (answer,) = server(box).post([mail()])
    assert (answer.outcome, answer.told) == (outcome, f"{code} said")


def test_a_server_that_hangs_up_puts_off_the_rest() -> None:
    with mail_server(Mailbox(hangs_up_after=1)) as box:
        answers = list(server(box).post([mail(), mail(), mail()]))
    assert [each.outcome for each in answers] == [Outcome.SENT, Outcome.DELAYED, Outcome.DELAYED]
    assert [each.is_tried for each in answers] == [True, True, False]


def test_a_server_that_is_not_there_delays() -> None:
    with mail_server(Mailbox()) as box:
        pass
    (answer,) = server(box).post([mail()])
    assert (answer.outcome, answer.is_tried) == (Outcome.DELAYED, True)


@pytest.mark.parametrize("text", ["two\nlines", "a\r\nBcc: x@evil.example\r\n\r\nhello"])
def test_a_subject_stays_one_line(text: str) -> None:
    with mail_server(Mailbox()) as box:
        list(server(box).post([mail(subject=text)]))
    (got,) = box.mails
    assert got["Bcc"] is None
    assert got["Subject"] == " ".join(text.split())


def test_without_a_server_a_warning_says_what_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    answers = list(NullMailServer().post([mail(), mail()]))
    assert {each.outcome for each in answers} == {Outcome.DELAYED}
    assert "ACQUIT_SMTP_HOST" in answers[0].told
    assert [record.message for record in caplog.records] == ["mail.waits"]


def test_the_authorities_are_a_file(tmp_path: Path) -> None:
    with mail_server(Mailbox()) as box:
        (answer,) = server(box, security="starttls", authorities=tmp_path / "none.pem").post([mail()])
    assert answer.outcome is Outcome.DELAYED
