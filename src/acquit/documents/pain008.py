"""A file of SEPA direct debits for the creditor's bank: pain.008.001.08, CORE and B2B.

Source: ISO 20022 pain.008.001.08; EPC130-08 and EPC131-08, customer-to-bank guidelines for SEPA Direct Debit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final

from acquit.core.mandate import Original
from acquit.core.money import plain
from acquit.documents.sepa_text import sepa_id, sepa_text
from acquit.documents.sepa_xml import (
    AMOUNT_MAX_MINOR,
    EURO,
    NAME_MAX,
    TEXT_MAX,
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

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"
NEW_ACCOUNT: Final = "SMNDA"
"""Same mandate with a new debtor account."""


@dataclass(frozen=True, slots=True)
class Debit:
    """One direct debit in EUR under a mandate: an ISO 11649 reference, or a text where there is none.

    `original` is what the debtor's bank knows of a mandate that was amended since.
    """

    end_to_end: str
    debtor: BankParty
    amount_minor: int
    mandate_reference: str
    signed_on: date
    reference: str = ""
    text: str = ""
    original: Original | None = None


@dataclass(frozen=True, slots=True)
class DebitBatch:
    """Debits of one scheme (CORE, B2B), sequence (FRST, RCUR, OOFF) and day."""

    batch_id: str
    scheme: str
    sequence: str
    collect_on: date
    debits: Sequence[Debit]


@dataclass(frozen=True, slots=True)
class DebitFile:
    """All debits of one creditor's account; `message_id` is unique for its bank."""

    message_id: str
    made_at: datetime
    creditor: BankParty
    creditor_id: str
    batches: Sequence[DebitBatch]


def render(order: DebitFile) -> bytes:
    """Return the file as the bank takes it; the same order gives the same bytes.

    Amounts are positive and below 1,000,000,000 EUR; IBAN, BIC, creditor identifier, mandate and payment
    references were proven before.
    """
    debits = [debit for batch in order.batches for debit in batch.debits]
    assert debits, "a file has a debit"
    assert all(batch.debits for batch in order.batches), "a batch has a debit"
    assert all(0 < one.amount_minor <= AMOUNT_MAX_MINOR for one in debits), "amounts are positive"
    head = [
        *texts(("MsgId", sepa_id(order.message_id)), ("CreDtTm", instant(order.made_at)), *_counted(debits)),
        *block("InitgPty", texts(("Nm", sepa_text(order.creditor.name, NAME_MAX)))),
    ]
    batches = (line for batch in order.batches for line in block("PmtInf", _batch(order, batch)))
    return document(NAMESPACE, block("CstmrDrctDbtInitn", [*block("GrpHdr", head), *batches]))


def batched(message_id: str, debits: Iterable[tuple[tuple[str, str, date], Debit]]) -> tuple[DebitBatch, ...]:
    """Return the debits as batches: neighbours of one scheme, sequence and day, numbered from 1."""
    return tuple(
        DebitBatch(f"{message_id}-{number}", kind[0], kind[1], kind[2], tuple(debit for _, debit in group))
        for number, (kind, group) in enumerate(groupby(debits, key=lambda each: each[0]), start=1)
    )


def _batch(order: DebitFile, batch: DebitBatch) -> list[str]:
    return [
        *texts(("PmtInfId", sepa_id(batch.batch_id)), ("PmtMtd", "DD"), ("BtchBookg", "true")),
        *texts(*_counted(batch.debits)),
        *block("PmtTpInf", [
            *block("SvcLvl", texts(("Cd", "SEPA"))),
            *block("LclInstrm", texts(("Cd", batch.scheme))),
            *texts(("SeqTp", batch.sequence)),
        ]),
        *texts(("ReqdColltnDt", batch.collect_on.isoformat())),
        *party("Cdtr", order.creditor),
        *account("CdtrAcct", order.creditor),
        *agent("CdtrAgt", order.creditor.bic),
        *texts(("ChrgBr", "SLEV")),
        *block("CdtrSchmeId", _scheme(order.creditor_id)),
        *(line for one in batch.debits for line in _debit(one)),
    ]  # fmt: skip


def _debit(one: Debit) -> list[str]:
    end_to_end = sepa_id(one.end_to_end)
    mandate = texts(("MndtId", one.mandate_reference), ("DtOfSgntr", one.signed_on.isoformat()))
    if one.original is not None:
        mandate += [*texts(("AmdmntInd", "true")), *block("AmdmntInfDtls", _amended(one.original))]
    return block(
        "DrctDbtTxInf",
        [
            *block("PmtId", texts(("InstrId", end_to_end), ("EndToEndId", end_to_end))),
            f'<InstdAmt Ccy="{EURO}">{plain(one.amount_minor, EURO)}</InstdAmt>',
            *block("DrctDbtTx", block("MndtRltdInf", mandate)),
            *agent("DbtrAgt", one.debtor.bic),
            *party("Dbtr", one.debtor),
            *account("DbtrAcct", one.debtor),
            *block("RmtInf", reference(one.reference) if one.reference else texts(
                ("Ustrd", sepa_text(one.text, TEXT_MAX))
            )),
        ],
    )  # fmt: skip


def _amended(original: Original) -> list[str]:
    """Return what was before; another account has no number of its own here, whichever bank it was at."""
    told = texts(("OrgnlMndtId", original.reference))
    if original.creditor_id or original.creditor_name:
        name = texts(("Nm", sepa_text(original.creditor_name, NAME_MAX)))
        scheme = _scheme(original.creditor_id) if original.creditor_id else []
        told += block("OrgnlCdtrSchmeId", [*name, *scheme])
    if original.is_new_account:
        told += block("OrgnlDbtrAcct", block("Id", block("Othr", texts(("Id", NEW_ACCOUNT)))))
    return told


def _scheme(creditor_id: str) -> list[str]:
    inner = [*texts(("Id", creditor_id)), *block("SchmeNm", texts(("Prtry", "SEPA")))]
    return block("Id", block("PrvtId", block("Othr", inner)))


def _counted(debits: Sequence[Debit]) -> list[tuple[str, str]]:
    total = plain(sum(one.amount_minor for one in debits), EURO)
    return [("NbOfTxs", str(len(debits))), ("CtrlSum", total)]
