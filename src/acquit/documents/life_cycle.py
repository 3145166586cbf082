"""Life-cycle messages of e-invoices (UN/CEFACT CDAR D22B): the seller's "paid" is written, others are read.

Source: AFNOR XP Z12-012 and its rules BR-FR-CDV 1.4 (message 23, profile CDV:invoice).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from xml.sax.saxutils import escape

from acquit.core.life_cycle import NAMES, PAID, SaidBy
from acquit.core.money import Currency, plain
from acquit.documents.xml_tree import Node, NoTree, tree

ROLES: Final = {"SE": SaidBy.SELLER, "BY": SaidBy.BUYER, "WK": SaidBy.PLATFORM}
"""Roles of UNTDID 3035 that tell statuses; whoever else acts for the buyer counts as the buyer."""

PAID_1373: Final = "47"
"""UNTDID 1373: paid."""

PUBLIC_PORTAL: Final = "0000"
"""The public portal's own number, scheme 0238, since XP Z12-012 version 1.4."""


class NoLifeCycle(ValueError):
    """The bytes are no life-cycle message that we read."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who sells or buys, as a message names it."""

    name: str
    siren: str
    e_address: str


@dataclass(frozen=True, slots=True)
class Collected:
    """That money of a bill came in (or, negative, went back): VAT rate and amount per rate."""

    key: str
    bill_id: str
    type_code: str
    issued_on: date
    deposited_at: datetime
    happened_at: datetime
    currency: Currency
    seller: Party
    buyer: Party
    rates: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class StatusTold:
    """One status that a message tells of one bill."""

    bill_id: str
    code: int
    said_by: SaidBy
    happened_at: datetime
    reason_code: str
    reason: str


HEAD: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossDomainAcknowledgementAndResponse\
 xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossDomainAcknowledgementAndResponse:100"\
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"\
 xmlns:qdt="urn:un:unece:uncefact:data:standard:QualifiedDataType:100"\
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<rsm:ExchangedDocumentContext>
<ram:BusinessProcessSpecifiedDocumentContextParameter><ram:ID>REGULATED</ram:ID>\
</ram:BusinessProcessSpecifiedDocumentContextParameter>
<ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>urn.cpro.gouv.fr:1p0:CDV:invoice</ram:ID>\
</ram:GuidelineSpecifiedDocumentContextParameter>
</rsm:ExchangedDocumentContext>
<rsm:ExchangedDocument>
<ram:ID>{key}</ram:ID>
<ram:Name>{bill_id} {code} {name}</ram:Name>
<ram:IssueDateTime><udt:DateTimeString format="204">{happened_at}</udt:DateTimeString></ram:IssueDateTime>
<ram:SenderTradeParty><ram:RoleCode>SE</ram:RoleCode></ram:SenderTradeParty>
<ram:IssuerTradeParty><ram:GlobalID schemeID="0002">{seller_siren}</ram:GlobalID>\
<ram:Name>{seller}</ram:Name><ram:RoleCode>SE</ram:RoleCode>\
<ram:URIUniversalCommunication><ram:URIID schemeID="0225">{seller_address}</ram:URIID>\
</ram:URIUniversalCommunication></ram:IssuerTradeParty>
<ram:RecipientTradeParty><ram:GlobalID schemeID="0002">{buyer_siren}</ram:GlobalID>\
<ram:Name>{buyer}</ram:Name><ram:RoleCode>BY</ram:RoleCode>\
<ram:URIUniversalCommunication><ram:URIID schemeID="0225">{buyer_address}</ram:URIID>\
</ram:URIUniversalCommunication></ram:RecipientTradeParty>
<ram:RecipientTradeParty><ram:GlobalID schemeID="0238">{portal}</ram:GlobalID><ram:Name>PPF</ram:Name>\
<ram:RoleCode>DFH</ram:RoleCode></ram:RecipientTradeParty>
</rsm:ExchangedDocument>
<rsm:AcknowledgementDocument>
<ram:MultipleReferencesIndicator><udt:Indicator>false</udt:Indicator></ram:MultipleReferencesIndicator>
<ram:TypeCode>23</ram:TypeCode>
<ram:IssueDateTime><udt:DateTimeString format="204">{happened_at}</udt:DateTimeString></ram:IssueDateTime>
<ram:ReferenceReferencedDocument>
<ram:IssuerAssignedID>{bill_id}</ram:IssuerAssignedID>
<ram:StatusCode>{status_1373}</ram:StatusCode>
<ram:TypeCode>{type_code}</ram:TypeCode>
<ram:ReceiptDateTime><udt:DateTimeString format="204">{deposited_at}</udt:DateTimeString>\
</ram:ReceiptDateTime>
<ram:FormattedIssueDateTime><qdt:DateTimeString format="102">{issued_on}</qdt:DateTimeString>\
</ram:FormattedIssueDateTime>
<ram:ProcessConditionCode>{code}</ram:ProcessConditionCode>
<ram:ProcessCondition>{name}</ram:ProcessCondition>
<ram:IssuerTradeParty><ram:GlobalID schemeID="0002">{seller_siren}</ram:GlobalID></ram:IssuerTradeParty>
"""

RATE: Final = """\
<ram:SpecifiedDocumentStatus><ram:SequenceNumeric>{number}</ram:SequenceNumeric>\
<ram:SpecifiedDocumentCharacteristic><ram:TypeCode>MEN</ram:TypeCode>\
<ram:ValueChangedIndicator><udt:IndicatorString>false</udt:IndicatorString></ram:ValueChangedIndicator>\
<ram:ValueAmount currencyID="{currency}">{amount}</ram:ValueAmount>\
<ram:ValuePercent>{percent}</ram:ValuePercent></ram:SpecifiedDocumentCharacteristic>\
</ram:SpecifiedDocumentStatus>
"""

TAIL: Final = """\
</ram:ReferenceReferencedDocument>
</rsm:AcknowledgementDocument>
</rsm:CrossDomainAcknowledgementAndResponse>
"""


def write_collected(told: Collected) -> bytes:
    """Return the message that a bill's money came in, the same bytes for the same values."""
    texts = {
        "key": told.key,
        "bill_id": told.bill_id,
        "type_code": told.type_code,
        "seller": told.seller.name,
        "seller_siren": told.seller.siren,
        "seller_address": told.seller.e_address,
        "buyer": told.buyer.name,
        "buyer_siren": told.buyer.siren,
        "buyer_address": told.buyer.e_address,
        "issued_on": f"{told.issued_on:%Y%m%d}",
        "deposited_at": _instant(told.deposited_at),
        "happened_at": _instant(told.happened_at),
        "portal": PUBLIC_PORTAL,
        "code": str(PAID),
        "name": NAMES[PAID],
        "status_1373": PAID_1373,
    }
    rates = [
        RATE.format(
            number=number, currency=told.currency, amount=plain(amount, told.currency),
            percent=f"{rate // 100}.{rate % 100:02d}",
        )
        for number, (rate, amount) in enumerate(told.rates, 1)
    ]  # fmt: skip
    head = HEAD.format(**{name: escape(text) for name, text in texts.items()})
    return f"{head}{''.join(rates)}{TAIL}".encode()


def read_statuses(xml: bytes) -> list[StatusTold]:
    """Return every status that a message tells. Raises NoLifeCycle."""
    try:
        root = tree(xml)
    except NoTree as error:
        raise NoLifeCycle(str(error)) from None
    if root.name != "CrossDomainAcknowledgementAndResponse":
        raise NoLifeCycle(f"the document is {root.name}, no life-cycle message")
    role = root.said("ExchangedDocument/IssuerTradeParty/RoleCode")
    found = [told for each in root.all("AcknowledgementDocument") for told in _told(each, role)]
    if not found:
        raise NoLifeCycle("the message tells no status of a document")
    return found


def _told(document: Node, role: str) -> Iterator[StatusTold]:
    happened_at = _read_instant(document.said("IssueDateTime/DateTimeString"))
    for each in document.all("ReferenceReferencedDocument"):
        code, bill_id = each.said("ProcessConditionCode"), each.said("IssuerAssignedID")
        if not (code.isascii() and code.isdigit() and len(code) == 3 and bill_id):
            raise NoLifeCycle(f"{bill_id or 'a document'} has the status {code!r}, which is none")
        yield StatusTold(
            bill_id, int(code), ROLES.get(role, SaidBy.BUYER), happened_at,
            each.said("SpecifiedDocumentStatus/ReasonCode"), each.said("SpecifiedDocumentStatus/Reason"),
        )  # fmt: skip


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S}"


def _read_instant(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise NoLifeCycle(f"{text!r} is no instant (format 204)") from None
