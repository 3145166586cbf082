"""Where bills go, what a mail says in each language, and what messages of others mean."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from acquit.api.e_invoicing import e_invoicing_status
from acquit.core.bill import CREDITS, SELF_BILLED, BillKind
from acquit.core.delivery import (
    Addressed,
    BadChannel,
    Channel,
    ChannelSetting,
    Outcome,
    deliveries_of,
    e_address_of,
    refuse_channel,
)
from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.money import Currency
from acquit.core.snapshot import Buyer, Seller
from acquit.documents.bill_mail import Announced, languages, write_mail
from acquit.documents.bounce import read_bounce
from acquit.documents.life_cycle import Collected, NoLifeCycle, Party, read_statuses, write_collected
from acquit.documents.peppol import NoUbl, enveloped
from acquit.documents.xml_tree import tree

FR = LegalEntityId("FR")
ON = date(2026, 11, 23)
SELLER = Seller("Nuage", "FR", siren="732829320")
BUYER = Buyer("Acme", "FR", siren="552081317", e_address="552081317")
EVERY = [ChannelSetting(FR, channel, ON, True, "pdf") for channel in Channel]


def addressed(kind: BillKind = BillKind.BILL, seller: Seller = SELLER, **members: str) -> Addressed:
    buyer = replace(BUYER, **members)
    return Addressed(AccountId("ab12345-acq"), BillId("FR1"), FR, kind, ON, seller, buyer)


@pytest.mark.parametrize(
    ("bill", "channels"),
    [
        (addressed(), "email platform"),
        (addressed(e_address=""), "email platform"),
        (addressed(e_address="", siren=""), "email"),
        (addressed(e_address="0225:552081317_FACT"), "email platform"),
        (addressed(e_address="bills@acme.example"), "email"),
        (addressed(country="RE"), "email platform"),
        (addressed(country="MC"), "email"),
        (addressed(tax_profile="exempt"), "email platform"),
        (addressed(tax_profile="person"), "email"),
        (addressed(BillKind.CLAIM), "email"),
        (addressed(BillKind.CREDIT_NOTE), "email platform"),
        (addressed(country="BE", e_address="0208:0123456789"), "email peppol"),
        (addressed(e_address="0208:0123456789"), "email peppol"),
        (addressed(country="BE", e_address="0123456789"), "email"),
        (addressed(country="DE", e_address="", siren=""), "email"),
        (addressed(seller=replace(SELLER, country="BE")), "email"),
    ],
)
def test_a_bill_goes_where_its_buyer_can_receive(bill: Addressed, channels: str) -> None:
    assert " ".join(each.channel for each in deliveries_of(bill, EVERY)) == channels


def test_the_setting_of_the_day_holds() -> None:
    first = ChannelSetting(FR, Channel.EMAIL, ON, True, "pdf")
    then = [first, replace(first, form="link"), replace(first, from_on=date(2026, 11, 24), is_on=False)]
    assert [each.form for each in deliveries_of(addressed(), then)] == ["link"]
    assert deliveries_of(replace(addressed(), issued_on=date(2026, 11, 24)), then) == []
    assert deliveries_of(replace(addressed(), issued_on=date(2026, 11, 22)), then) == []
    assert deliveries_of(replace(addressed(), legal_entity_id=LegalEntityId("BE")), then) == []


@pytest.mark.parametrize(
    ("party", "address"),
    [
        (BUYER, ("0225", "552081317")),
        (replace(BUYER, e_address="9930:DE123"), ("9930", "DE123")),
        (replace(BUYER, e_address="9930:<x>"), ("0225", "9930:<x>")),
        (replace(BUYER, country="BE"), ("", "")),
    ],
)
def test_an_e_address_has_a_scheme(party: Buyer, address: tuple[str, str]) -> None:
    assert e_address_of(party) == address


def test_a_channel_is_refused_with_what_to_do() -> None:
    with pytest.raises(BadChannel, match="carries ubl, not pdf"):
        refuse_channel(ChannelSetting(FR, Channel.PEPPOL, ON, True, "pdf"), ON)
    with pytest.raises(BadChannel, match="send-again"):
        refuse_channel(ChannelSetting(FR, Channel.EMAIL, date(2026, 11, 22), True, "pdf"), ON)
    refuse_channel(ChannelSetting(FR, Channel.EMAIL, ON, False, "link"), ON)
    refuse_channel(ChannelSetting(FR, Channel.EMAIL, ON, True, "pdf"), ON, is_sandbox=True)
    with pytest.raises(BadChannel, match="sandbox"):
        refuse_channel(ChannelSetting(FR, Channel.PLATFORM, ON, True, "pdf"), ON, is_sandbox=True)


@pytest.mark.parametrize(
    ("outcome", "codes", "said"),
    [
        (None, (), "readyToSubmit"),
        (Outcome.DELAYED, (), "readyToSubmit"),
        (Outcome.RETRIED, (), "readyToSubmit"),
        (Outcome.SENT, (), "submitted"),
        (Outcome.REFUSED, (), "error"),
        (Outcome.ENDED, (), "ignored"),
        (Outcome.SENT, (200,), "processing"),
        (Outcome.SENT, (200, 202, 203), "ok"),
        (Outcome.SENT, (200, 202, 204, 207), "ok"),
        (Outcome.SENT, (200, 202, 205), "accepted"),
        (Outcome.SENT, (200, 212), "accepted"),
        (Outcome.SENT, (200, 205, 210), "rejected"),
        (Outcome.SENT, (213,), "invalid"),
    ],
)
def test_where_an_e_invoice_is_on_the_wire(
    outcome: Outcome | None, codes: tuple[int, ...], said: str
) -> None:
    assert e_invoicing_status(outcome, codes) == said


# ---------------------------------------------------------------- mails


def announced(kind: BillKind = BillKind.BILL, language: str = "fr_FR", **members: Any) -> Announced:
    return replace(
        Announced(
            kind, "FR00000001", "Nuage SAS", "FR7630006000011234567890189", language, ON,
            date(2026, 12, 23), Currency("EUR"), 123_456, 123_456, "RF18539007547034",
        ),
        **members,
    )  # fmt: skip


def test_mails_speak_french_and_english() -> None:
    assert languages() >= {"fr", "en"}


@pytest.mark.parametrize("kind", BillKind)
@pytest.mark.parametrize("language", ["fr_FR", "en_GB", "pl_PL"])
def test_every_mail_says_what_it_brings(kind: BillKind, language: str) -> None:
    subject, text = write_mail(announced(kind, language, purchase_order="PO-7 {x}", buyer="Acheteur SA"))
    assert "FR00000001" in subject
    assert "\n" not in subject
    assert "PO-7 {x}" in text
    assert "{" not in text.replace("{x}", "")
    assert ("RF18539007547034" in text) == (kind not in CREDITS | SELF_BILLED)
    assert text.endswith("Acheteur SA\n" if kind in SELF_BILLED else "Nuage SAS\n")


def test_a_french_and_an_english_mail() -> None:
    assert write_mail(announced())[1] == (
        "Bonjour,\n\nVeuillez trouver ci-joint notre facture FR00000001 du 23 novembre 2026, d'un montant "
        "de 1\u202f234,56\u202f€ TTC, dont l'échéance est le 23 décembre 2026.\n\nMerci d'indiquer la "
        "référence RF18539007547034 avec votre virement vers l'IBAN FR76 3000 6000 0112 3456 7890 189.\n\n"
        "Cordialement,\nNuage SAS\n"
    )
    link = "https://x.example/bill.pdf?passwd=abc"
    subject, text = write_mail(announced(language="en_GB", link=link))
    assert subject == "Nuage SAS: bill FR00000001"
    assert "Please find behind the link below our bill FR00000001 of 23 November 2026 over €1,234.56" in text
    assert f"Your document: {link}\n" in text


@pytest.mark.parametrize(
    ("language", "members", "said", "unsaid"),
    [
        ("fr_FR", {"to_pay_minor": 0}, "il n'y a rien à payer", "virement"),
        ("en_GB", {"to_pay_minor": 0}, "there is nothing to pay", "transfer"),
        ("fr_FR", {"to_pay_minor": 23_456}, "il reste 234,56\u202f€ à régler", "rien à payer"),
        ("en_GB", {"to_pay_minor": 23_456}, "€234.56 is left to pay.\n\nPlease quote", "nothing"),
        ("fr_FR", {"collected_on": date(2026, 12, 28)}, "prélevé le 28 décembre 2026", "virement"),
        ("en_GB", {"collected_on": date(2026, 12, 28)}, "debited on 28 December 2026", "transfer"),
    ],
)
def test_a_mail_asks_for_nothing_that_is_paid_or_debited(
    language: str, members: dict[str, Any], said: str, unsaid: str
) -> None:
    _, text = write_mail(announced(language=language, **members))
    assert said in text
    assert unsaid not in text


# ---------------------------------------------------------------- messages


NUAGE = Party("Nuage & Cie", "732829320", "732829320")
ACME = Party("Acme <Études>", "552081317", "552081317")
DEPOSITED_AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
PAID_AT = datetime(2026, 12, 20, 10, 5, tzinfo=UTC)
COLLECTED = Collected(
    "f" * 32, "FR00000001", "380", ON, DEPOSITED_AT, PAID_AT, Currency("EUR"), NUAGE, ACME,
    ((2000, 12_000), (550, -5)),
)  # fmt: skip


def test_collected_money_is_told_as_the_standard_asks() -> None:
    """Each line is a rule of BR-FR-CDV 1.4."""
    root = tree(write_collected(COLLECTED))
    head, told = (
        root.find("ExchangedDocument"),
        root.find("AcknowledgementDocument/ReferenceReferencedDocument"),
    )
    assert head is not None
    assert told is not None
    context = "ExchangedDocumentContext"
    assert root.said(f"{context}/GuidelineSpecifiedDocumentContextParameter/ID") == (
        "urn.cpro.gouv.fr:1p0:CDV:invoice"
    )  # BR-FR-CDV-02
    assert root.said(f"{context}/BusinessProcessSpecifiedDocumentContextParameter/ID") == "REGULATED"  # CL-01
    assert head.said("ID") == "f" * 32  # 03
    assert head.said("IssueDateTime/DateTimeString") == "20261220100500"  # 04
    assert head.said("SenderTradeParty/RoleCode") == "SE"  # 06, CL-02
    issuer = head.find("IssuerTradeParty")
    assert issuer is not None
    assert (issuer.said("GlobalID"), issuer.said("RoleCode")) == ("732829320", "SE")  # 07, CL-03
    assert issuer.said("Name") == "Nuage & Cie"
    buyer, portal = head.all("RecipientTradeParty")
    assert (buyer.said("RoleCode"), buyer.said("URIUniversalCommunication/URIID")) == (
        "BY",
        "552081317",
    )  # 08
    assert (portal.said("RoleCode"), portal.said("GlobalID")) == ("DFH", "0000")  # CL-04
    assert root.said("AcknowledgementDocument/TypeCode") == "23"  # 09
    assert told.said("IssuerAssignedID") == "FR00000001"  # 10
    assert (told.said("StatusCode"), told.said("TypeCode")) == ("47", "380")  # CL-05, BR-FR-04
    assert told.said("FormattedIssueDateTime/DateTimeString") == "20261123"  # 11
    assert told.said("ProcessConditionCode") == "212"  # 12
    assert told.said("IssuerTradeParty/GlobalID") == "732829320"  # 13
    shares = [
        (each.said("SequenceNumeric"), each.said("SpecifiedDocumentCharacteristic/TypeCode"),
         each.said("SpecifiedDocumentCharacteristic/ValueAmount"),
         each.said("SpecifiedDocumentCharacteristic/ValuePercent"))
        for each in told.all("SpecifiedDocumentStatus")
    ]  # fmt: skip
    assert shares == [("1", "MEN", "120.00", "20.00"), ("2", "MEN", "-0.05", "5.50")]  # 14, 16, CL-11
    assert write_collected(COLLECTED) == write_collected(COLLECTED)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<broken", b"<Other/>", b"<CrossDomainAcknowledgementAndResponse/>",
        b'<!DOCTYPE x [<!ENTITY e "1">]><CrossDomainAcknowledgementAndResponse/>',
        write_collected(COLLECTED).replace(b">212<", b">21x<"),
        write_collected(COLLECTED).replace(b"20261220100500", b"yesterday"),
    ],
)  # fmt: skip
def test_what_is_no_life_cycle_is_refused(content: bytes) -> None:
    with pytest.raises(NoLifeCycle):
        read_statuses(content)


REPORT = b"""\
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; a@example.com
Action: %s
Status: 5.1.1

--b
Content-Type: message/rfc822

Message-ID: <abc@nuage.example>
Subject: hello

text
--b--
"""


def test_a_report_names_who_did_not_get_what() -> None:
    bounce = read_bounce(REPORT % b"failed")
    assert bounce is not None
    assert (bounce.message_id, bounce.failed) == ("abc@nuage.example", (("a@example.com", "5.1.1"),))
    assert bounce == read_bounce(REPORT % b"failed")


@pytest.mark.parametrize(
    "content",
    [
        REPORT % b"delayed", REPORT % b"relayed", b"", b"\x00\xff", b"Subject: out of office\n\nI am away.",
        (REPORT % b"failed").replace(b"Message-ID", b"X-Other"),
        b"Content-Type: multipart/report; boundary=b\n\nno parts",
    ],
)  # fmt: skip
def test_other_mails_report_nothing(content: bytes) -> None:
    assert read_bounce(content) is None


def test_only_ubl_is_enveloped() -> None:
    for content in (b"<broken", b"<Other/>", b"<Invoice/>"):
        with pytest.raises(NoUbl):
            enveloped(content, ("0225", "1"), ("0208", "2"), "k", datetime(2026, 1, 1, tzinfo=UTC), "FR")
    note = b"<CreditNote><CustomizationID>urn:x</CustomizationID><ProfileID>p</ProfileID></CreditNote>"
    root = tree(
        enveloped(note, ("0225", "1"), ("0208", "2"), "k", datetime(2026, 1, 1, tzinfo=UTC), "FR")
    )  # fmt: skip
    assert [node.name for node in root.below] == ["StandardBusinessDocumentHeader", "CreditNote"]
    scopes = [
        each.said("InstanceIdentifier")
        for each in root.all("StandardBusinessDocumentHeader/BusinessScope/Scope")
    ]
    assert scopes[0].endswith(":CreditNote-2::CreditNote##urn:x::2.1")
    assert scopes[1:] == ["p", "FR"]
