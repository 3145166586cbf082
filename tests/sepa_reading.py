"""A second reader of the files that we write for banks: from bytes back to what was said, assuming nothing.

It shares no code with the writers, checks every count and sum in the file, and refuses an element that it
does not know.
"""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import sepaxml
from lxml import etree

from acquit.core.mandate import Original
from acquit.documents.pain001 import Transfer, TransferFile
from acquit.documents.pain008 import Debit, DebitBatch, DebitFile
from acquit.documents.sepa_xml import Address, BankParty

SCHEMAS: Final = Path(sepaxml.__file__).parent / "schemas"
PARSER: Final = etree.XMLParser(resolve_entities=False, no_network=True)
XSD: Final = {
    name: etree.XMLSchema(etree.parse(SCHEMAS / f"{name}.xsd"))
    for name in ("pain.001.001.09", "pain.008.001.08")
}


class Element:
    """An element whose children are each taken once; what is left over is a fault."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self.left = list(node)

    def take(self, name: str) -> "Element":
        """Return the next child, which has that name."""
        assert self.left, f"{name} is missing"
        child = self.left.pop(0)
        assert etree.QName(child).localname == name, f"{etree.QName(child).localname}, not {name}"
        return Element(child)

    def next_is(self, name: str) -> bool:
        """Whether the next child has that name."""
        return bool(self.left) and etree.QName(self.left[0]).localname == name

    def text(self, path: str) -> str:
        """Take a chain of children that ends in a text."""
        element = self
        for name in path.split("/"):
            element = element.take(name)
        assert not element.left
        return str(element.node.text)

    def maybe(self, name: str) -> str:
        """Take a text that need not be there."""
        return self.text(name) if self.next_is(name) else ""

    def done(self) -> None:
        """Nothing is left."""
        assert not self.left, [etree.QName(node).localname for node in self.left]


def opened(content: bytes, name: str, body: str) -> Element:
    """Return the body of a file that follows its schema."""
    root = etree.fromstring(content, PARSER)
    assert XSD[name].validate(root), XSD[name].error_log
    document = Element(root)
    inner = document.take(body)
    document.done()
    return inner


def cents(text: str) -> int:
    """Return an amount in cents; it has two decimals."""
    assert len(text.partition(".")[2]) == 2, text
    return int(Decimal(text) * 100)


def instant(text: str) -> datetime:
    """Return an instant."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def debit_file(content: bytes) -> DebitFile:
    """Return what a pain.008.001.08 says."""
    body = opened(content, "pain.008.001.08", "CstmrDrctDbtInitn")
    message_id, made_at, counted, name = _head(body)
    batches, creditors = list[DebitBatch](), list[tuple[BankParty, str]]()
    while body.next_is("PmtInf"):
        batch, creditor, creditor_id = _debit_batch(body.take("PmtInf"))
        batches.append(batch)
        creditors.append((creditor, creditor_id))
    body.done()
    debits = [debit for batch in batches for debit in batch.debits]
    assert counted == (len(debits), sum(debit.amount_minor for debit in debits))
    assert len(set(map(repr, creditors))) == 1
    creditor, creditor_id = creditors[0]
    assert creditor.name == name
    return DebitFile(message_id, made_at, creditor, creditor_id, tuple(batches))


def transfer_file(content: bytes) -> TransferFile:
    """Return what a pain.001.001.09 says."""
    body = opened(content, "pain.001.001.09", "CstmrCdtTrfInitn")
    message_id, made_at, counted, name = _head(body)
    payment = body.take("PmtInf")
    assert payment.text("PmtInfId") == message_id
    assert (payment.text("PmtMtd"), payment.text("BtchBookg")) == ("TRF", "false")
    assert (int(payment.text("NbOfTxs")), cents(payment.text("CtrlSum"))) == counted
    assert payment.text("PmtTpInf/SvcLvl/Cd") == "SEPA"
    execute_on = date.fromisoformat(payment.text("ReqdExctnDt/Dt"))
    debtor = _party(payment, "Dbtr", "DbtrAcct", "DbtrAgt")
    assert debtor.name == name
    assert payment.text("ChrgBr") == "SLEV"
    transfers = []
    while payment.next_is("CdtTrfTxInf"):
        transfers.append(_transfer(payment.take("CdtTrfTxInf")))
    payment.done()
    body.done()
    assert counted == (len(transfers), sum(each.amount_minor for each in transfers))
    return TransferFile(message_id, made_at, execute_on, debtor, tuple(transfers))


def _head(body: Element) -> tuple[str, datetime, tuple[int, int], str]:
    head = body.take("GrpHdr")
    told = head.text("MsgId"), instant(head.text("CreDtTm"))
    counted = int(head.text("NbOfTxs")), cents(head.text("CtrlSum"))
    name = head.text("InitgPty/Nm")
    head.done()
    return *told, counted, name


def _debit_batch(batch: Element) -> tuple[DebitBatch, BankParty, str]:
    batch_id = batch.text("PmtInfId")
    assert (batch.text("PmtMtd"), batch.text("BtchBookg")) == ("DD", "true")
    counted = int(batch.text("NbOfTxs")), cents(batch.text("CtrlSum"))
    kind = batch.take("PmtTpInf")
    assert kind.text("SvcLvl/Cd") == "SEPA"
    scheme, sequence = kind.text("LclInstrm/Cd"), kind.text("SeqTp")
    kind.done()
    collect_on = date.fromisoformat(batch.text("ReqdColltnDt"))
    creditor = _party(batch, "Cdtr", "CdtrAcct", "CdtrAgt")
    assert batch.text("ChrgBr") == "SLEV"
    other = batch.take("CdtrSchmeId").take("Id").take("PrvtId").take("Othr")
    creditor_id = other.text("Id")
    assert other.text("SchmeNm/Prtry") == "SEPA"
    debits = []
    while batch.next_is("DrctDbtTxInf"):
        debits.append(_debit(batch.take("DrctDbtTxInf")))
    batch.done()
    assert counted == (len(debits), sum(debit.amount_minor for debit in debits))
    return DebitBatch(batch_id, scheme, sequence, collect_on, tuple(debits)), creditor, creditor_id


def _debit(line: Element) -> Debit:
    end_to_end, amount = _identified(line), _amount(line.take("InstdAmt"))
    mandate = line.take("DrctDbtTx").take("MndtRltdInf")
    reference, signed_on = mandate.text("MndtId"), date.fromisoformat(mandate.text("DtOfSgntr"))
    original = None
    if mandate.next_is("AmdmntInd"):
        assert mandate.text("AmdmntInd") == "true"
        original = _original(mandate.take("AmdmntInfDtls"))
    mandate.done()
    bic = _bic(line.take("DbtrAgt"))
    name, address = _named(line.take("Dbtr"))
    iban = line.text("DbtrAcct/Id/IBAN")
    structured, text = _remitted(line.take("RmtInf"))
    line.done()
    return Debit(
        end_to_end, BankParty(name, iban, bic, address), amount, reference, signed_on, structured, text,
        original,
    )  # fmt: skip


def _original(told: Element) -> Original:
    reference, name, creditor_id, is_new_account = told.maybe("OrgnlMndtId"), "", "", False
    if told.next_is("OrgnlCdtrSchmeId"):
        scheme = told.take("OrgnlCdtrSchmeId")
        name = scheme.maybe("Nm")
        if scheme.next_is("Id"):
            other = scheme.take("Id").take("PrvtId").take("Othr")
            creditor_id = other.text("Id")
            assert other.text("SchmeNm/Prtry") == "SEPA"
        scheme.done()
    if told.next_is("OrgnlDbtrAcct"):
        assert told.text("OrgnlDbtrAcct/Id/Othr/Id") == "SMNDA"
        is_new_account = True
    told.done()
    return Original(reference, creditor_id, name, is_new_account)


def _transfer(line: Element) -> Transfer:
    end_to_end = _identified(line)
    amount = _amount(line.take("Amt").take("InstdAmt"))
    bic = _bic(line.take("CdtrAgt")) if line.next_is("CdtrAgt") else ""
    name, address = _named(line.take("Cdtr"))
    iban = line.text("CdtrAcct/Id/IBAN")
    structured, text = _remitted(line.take("RmtInf"))
    line.done()
    return Transfer(end_to_end, BankParty(name, iban, bic, address), amount, structured, text)


def _identified(line: Element) -> str:
    named = line.take("PmtId")
    instruction, end_to_end = named.text("InstrId"), named.text("EndToEndId")
    assert instruction == end_to_end
    named.done()
    return end_to_end


def _amount(element: Element) -> int:
    assert dict(element.node.attrib) == {"Ccy": "EUR"}
    return cents(element.node.text)


def _party(block: Element, who: str, account: str, agent: str) -> BankParty:
    name, address = _named(block.take(who))
    iban = block.text(f"{account}/Id/IBAN")
    return BankParty(name, iban, _bic(block.take(agent)), address)


def _bic(agent: Element) -> str:
    bank = agent.take("FinInstnId")
    if bank.next_is("BICFI"):
        return bank.text("BICFI")
    assert bank.text("Othr/Id") == "NOTPROVIDED"
    return ""


def _named(who: Element) -> tuple[str, Address | None]:
    name = who.text("Nm")
    if not who.next_is("PstlAdr"):
        return name, None
    where = who.take("PstlAdr")
    street, building = where.maybe("StrtNm"), where.maybe("BldgNb")
    postcode, town, country = where.maybe("PstCd"), where.text("TwnNm"), where.text("Ctry")
    where.done()
    who.done()
    return name, Address(town, country, street, building, postcode)


def _remitted(element: Element) -> tuple[str, str]:
    if element.next_is("Ustrd"):
        return "", element.text("Ustrd")
    referred = element.take("Strd").take("CdtrRefInf")
    kind = referred.take("Tp")
    assert (kind.text("CdOrPrtry/Cd"), kind.text("Issr")) == ("SCOR", "ISO")
    return referred.text("Ref"), ""
