"""A seller that collects by direct debit, payers with mandates, and what a bank answers."""

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from acquit.actions.advance_remittance import (
    approve_remittance,
    hand_over_remittance,
    send_remittance,
)
from acquit.actions.context import Context
from acquit.actions.create_remittance import create_remittance
from acquit.actions.register_mandate import Signed, register_mandate
from acquit.actions.set_creditor import set_creditor
from acquit.adapters.archive import DirectoryArchive
from acquit.core.collection import Collection, Creditor
from acquit.core.identifiers import AccountId
from acquit.core.mandate import Held
from acquit.core.remittance import Remittance
from acquit.store import direct_debits
from acquit.store.transaction import Database
from billed import later
from founding import ACME, FR, PETIT
from owing import TESS, TOM, owing

IBAN: Final = "FR7630006000011234567890189"
OTHER_IBAN: Final = "DE89370400440532013000"
SELLER_IBAN: Final = "FR1420041010050500013M02606"
ICS: Final = "FR72ZZZ123456"
OTHER_ICS: Final = "DE98ZZZ09999999999"
SIGNED_ON: Final = date(2026, 1, 15)
DUE_ON: Final = date(2026, 12, 23)
COLLECTED_ON: Final = date(2026, 12, 23)
EMAILS: Final = "UPDATE account SET email = account_id || '@example.com'"


@dataclass(slots=True)
class Postbox:
    """Keeps every letter that was handed over."""

    letters: list[tuple[str, str, str]] = field(default_factory=list)

    def send(self, to: str, subject: str, text: str, account_id: str = "") -> None:
        """Keep the letter."""
        self.letters.append((to, subject, text))


def collecting(database: Database, directory: Path, **given: Any) -> Context:
    """Acme (with its laboratory) owes 24.00, Petit 12.00, due on 23 December; both have signed mandates.

    The shop pays by transfer. `given` are members of the creditor.
    """
    context = owing(database, iban=SELLER_IBAN, bic="AGRIFRPP")
    context = replace(context, archive=DirectoryArchive(directory), mailer=Postbox())
    with database.write() as tx:
        tx.run(EMAILS)
    set_creditor(context, Creditor(FR, ICS, **given), by=TESS)
    sign(context, ACME, IBAN)
    sign(context, PETIT, OTHER_IBAN)
    return context


def sign(context: Context, payer_id: AccountId, iban: str, **given: Any) -> Held:
    """The payer signs a mandate, which becomes its default method."""
    return register_mandate(context, payer_id, Signed(iban, SIGNED_ON, **given), by=TESS)


def on(context: Context, day: date) -> Context:
    """The same world, archive and postbox on another day."""
    return replace(context, clock=later(context, day).clock)


def letters(context: Context) -> list[tuple[str, str, str]]:
    """Every letter that was sent: to, subject, text."""
    assert isinstance(context.mailer, Postbox)
    return context.mailer.letters


def at_bank(context: Context, until: date = DUE_ON) -> Remittance:
    """A file of what is due until a day, approved by Tom, handed over and sent."""
    made = create_remittance(context, FR, until, by=TESS).remittance
    assert made is not None
    approve_remittance(context, made.message_id, by=TOM)
    hand_over_remittance(context, made.message_id, by=TESS)
    return send_remittance(context, made.message_id, by=TESS)


def lines_of(context: Context, remittance: Remittance) -> dict[str, Collection]:
    """The collections of a file by payer; the last one of a payer that has several."""
    with context.database.read() as tx:
        found = direct_debits.of_remittance(tx, remittance.legal_entity_id, remittance.remittance_id)
    return {each.account_id: each for each in found}


def report(
    remittance: Remittance,
    status: str = "",
    lines: dict[str, tuple[str, str]] | None = None,
    batch: tuple[str, str] = ("", ""),
    report_id: str = "R-1",
    reason: str = "",
) -> bytes:
    """A pain.002 of the bank: a status of the group, of a block, or of lines (status and reason)."""
    name = "pain.008.001.08" if remittance.message_id.split("-")[1] == "SDD" else "pain.001.001.09"
    said = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{reference}</OrgnlEndToEndId><TxSts>{told}</TxSts>{why(code)}</TxInfAndSts>"
        for reference, (told, code) in (lines or {}).items()
    )
    batch_id, batch_status = batch
    block = (
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{batch_id}</OrgnlPmtInfId>"
        + (f"<PmtInfSts>{batch_status}</PmtInfSts>{why(reason)}" if batch_status else "")
        + f"{said}</OrgnlPmtInfAndSts>"
        if said or batch_id
        else ""
    )
    group = f"<GrpSts>{status}</GrpSts>{why(reason)}" if status else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
        f"<GrpHdr><MsgId>{report_id}</MsgId><CreDtTm>2026-12-10T10:00:00Z</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{remittance.message_id}</OrgnlMsgId><OrgnlMsgNmId>{name}</OrgnlMsgNmId>"
        f"{group}</OrgnlGrpInfAndSts>{block}</CstmrPmtStsRpt></Document>"
    ).encode()


def why(code: str) -> str:
    """The reason of a status, if there is one."""
    return f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>" if code else ""
