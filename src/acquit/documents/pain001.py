"""A file of SEPA credit transfers for the debtor's bank: pain.001.001.09 with structured references.

Source: ISO 20022 pain.001.001.09; EPC132-08, customer-to-bank guidelines for SEPA credit transfers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from acquit.core.money import plain
from acquit.documents.sepa_text import sepa_id, sepa_text
from acquit.documents.sepa_xml import (
    AMOUNT_MAX_MINOR,
    EURO,
    NAME_MAX,
    TEXT_MAX,
    Address,
    BankParty,
    account,
    agent,
    block,
    document,
    instant,
    party,
    reference,
    texts,
)

__all__ = ["TEXT_MAX", "Address", "BankParty", "Transfer", "TransferFile", "render"]

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
TRANSFERS_MAX: Final = 10_000


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
    head = [
        *texts(("MsgId", sepa_id(order.message_id)), ("CreDtTm", instant(order.made_at)), *counted),
        *block("InitgPty", texts(("Nm", sepa_text(order.debtor.name, NAME_MAX)))),
    ]
    payment = [
        *texts(("PmtInfId", sepa_id(order.message_id)), ("PmtMtd", "TRF"), ("BtchBookg", "false"), *counted),
        *block("PmtTpInf", block("SvcLvl", texts(("Cd", "SEPA")))),
        *block("ReqdExctnDt", texts(("Dt", order.execute_on.isoformat()))),
        *party("Dbtr", order.debtor),
        *account("DbtrAcct", order.debtor),
        *agent("DbtrAgt", order.debtor.bic),
        *texts(("ChrgBr", "SLEV")),
        *(line for one in order.transfers for line in _transfer(one)),
    ]
    return document(NAMESPACE, block("CstmrCdtTrfInitn", [*block("GrpHdr", head), *block("PmtInf", payment)]))


def _transfer(one: Transfer) -> list[str]:
    end_to_end = sepa_id(one.end_to_end)
    amount = f'<InstdAmt Ccy="{EURO}">{plain(one.amount_minor, EURO)}</InstdAmt>'
    return block(
        "CdtTrfTxInf",
        [
            *block("PmtId", texts(("InstrId", end_to_end), ("EndToEndId", end_to_end))),
            *block("Amt", [amount]),
            *(agent("CdtrAgt", one.payee.bic) if one.payee.bic else []),
            *party("Cdtr", one.payee),
            *account("CdtrAcct", one.payee),
            *block("RmtInf", reference(one.reference) if one.reference else texts(
                ("Ustrd", sepa_text(one.text, TEXT_MAX))
            )),
        ],
    )  # fmt: skip
