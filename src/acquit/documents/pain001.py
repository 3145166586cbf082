"""A file of SEPA credit transfers for the debtor's bank: pain.001.001.09 with structured references.

Source: ISO 20022 pain.001.001.09; EPC132-08, customer-to-bank guidelines for SEPA credit transfers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from xml.sax.saxutils import escape

from acquit.core.money import Currency, plain
from acquit.documents.sepa_text import sepa_id, sepa_text

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
NAME_MAX: Final = 70
TEXT_MAX: Final = 140
EURO: Final = Currency("EUR")
AMOUNT_MAX_MINOR: Final = 99_999_999_999
TRANSFERS_MAX: Final = 10_000
INDENT: Final = "  "


@dataclass(frozen=True, slots=True)
class Address:
    """A structured address: banks take no other since 15 November 2026. Town and country are needed."""

    town: str
    country: str
    street: str = ""
    building: str = ""
    postcode: str = ""


@dataclass(frozen=True, slots=True)
class BankParty:
    """Who pays or is paid, and on which account; the BIC may be empty within the EEA."""

    name: str
    iban: str
    bic: str = ""
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer in EUR: an ISO 11649 reference, or a text where there is none, never both."""

    end_to_end: str
    payee: BankParty
    amount_minor: int
    reference: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class TransferFile:
    """All transfers of one day from one account; `message_id` is unique for the debtor's bank."""

    message_id: str
    made_at: datetime
    execute_on: date
    debtor: BankParty
    transfers: Sequence[Transfer]


def render(order: TransferFile) -> bytes:
    """Return the file as the bank takes it; the same order gives the same bytes.

    Amounts are positive and below 1,000,000,000 EUR; IBAN, BIC and references were proven before.
    """
    assert order.transfers, "a file has a transfer"
    assert len(order.transfers) <= TRANSFERS_MAX, "a bank takes so many transfers in a file"
    assert all(0 < one.amount_minor <= AMOUNT_MAX_MINOR for one in order.transfers), "amounts are positive"
    total = plain(sum(one.amount_minor for one in order.transfers), EURO)
    counted = [("NbOfTxs", str(len(order.transfers))), ("CtrlSum", total)]
    made_at = order.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    head = [
        *_texts(("MsgId", sepa_id(order.message_id)), ("CreDtTm", made_at), *counted),
        *_block("InitgPty", _texts(("Nm", sepa_text(order.debtor.name, NAME_MAX)))),
    ]
    payment = [
        *_texts(("PmtInfId", sepa_id(order.message_id)), ("PmtMtd", "TRF"), ("BtchBookg", "false"), *counted),
        *_block("PmtTpInf", _block("SvcLvl", _texts(("Cd", "SEPA")))),
        *_block("ReqdExctnDt", _texts(("Dt", order.execute_on.isoformat()))),
        *_party("Dbtr", order.debtor),
        *_account("DbtrAcct", order.debtor),
        *_agent("DbtrAgt", order.debtor.bic),
        *_texts(("ChrgBr", "SLEV")),
        *(line for one in order.transfers for line in _transfer(one)),
    ]
    body = _block("CstmrCdtTrfInitn", [*_block("GrpHdr", head), *_block("PmtInf", payment)])
    lines = [f'<Document xmlns="{NAMESPACE}">', *(INDENT + line for line in body), "</Document>", ""]
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + "\n".join(lines)).encode()


def _transfer(one: Transfer) -> list[str]:
    end_to_end = sepa_id(one.end_to_end)
    amount = f'<InstdAmt Ccy="{EURO}">{plain(one.amount_minor, EURO)}</InstdAmt>'
    return _block(
        "CdtTrfTxInf",
        [
            *_block("PmtId", _texts(("InstrId", end_to_end), ("EndToEndId", end_to_end))),
            *_block("Amt", [amount]),
            *(_agent("CdtrAgt", one.payee.bic) if one.payee.bic else []),
            *_party("Cdtr", one.payee),
            *_account("CdtrAcct", one.payee),
            *_block("RmtInf", _reference(one.reference) if one.reference else _texts(
                ("Ustrd", sepa_text(one.text, TEXT_MAX))
            )),
        ],
    )  # fmt: skip


def _reference(reference: str) -> list[str]:
    kind = _block("Tp", [*_block("CdOrPrtry", _texts(("Cd", "SCOR"))), *_texts(("Issr", "ISO"))])
    return _block("Strd", _block("CdtrRefInf", [*kind, *_texts(("Ref", _compact(reference)))]))


def _party(name: str, party: BankParty) -> list[str]:
    told = _texts(("Nm", sepa_text(party.name, NAME_MAX)))
    if party.address is not None:
        address = party.address
        parts = (
            ("StrtNm", sepa_text(address.street, NAME_MAX)), ("BldgNb", sepa_text(address.building, 16)),
            ("PstCd", sepa_text(address.postcode, 16)), ("TwnNm", sepa_text(address.town, 35)),
            ("Ctry", address.country),
        )  # fmt: skip
        told += _block("PstlAdr", _texts(*parts))
    return _block(name, told)


def _account(name: str, party: BankParty) -> list[str]:
    return _block(name, _block("Id", _texts(("IBAN", _compact(party.iban)))))


def _agent(name: str, bic: str) -> list[str]:
    known = _texts(("BICFI", _compact(bic))) if bic else _block("Othr", _texts(("Id", "NOTPROVIDED")))
    return _block(name, _block("FinInstnId", known))


def _block(name: str, inner: Sequence[str]) -> list[str]:
    return [f"<{name}>", *(INDENT + line for line in inner), f"</{name}>"]


def _texts(*pairs: tuple[str, str]) -> list[str]:
    """Return an element for each pair whose text is not empty."""
    return [f"<{name}>{escape(text)}</{name}>" for name, text in pairs if text]


def _compact(text: str) -> str:
    return "".join(text.split()).upper()
