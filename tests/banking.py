"""Bank files as banks write them: camt of several versions, told by what a test cares about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from xml.sax.saxutils import escape

IBAN = "FR7630006000011234567890189"
ACME_IBAN = "DE89370400440532013000"
ON = date(2026, 12, 1)


@dataclass(frozen=True)
class Tx:
    """One transaction: cents, and what the payer and the bank wrote; a negative amount leaves the account."""

    cents: int
    text: str = ""
    reference: str = ""
    end_to_end: str = "NOTPROVIDED"
    bank_reference: str = ""
    payer: str = ""
    iban: str = ""
    ultimate: str = ""
    own_iban: str = ""
    returned: str = ""
    charges: int = 0
    instructed: str = ""
    on: date = ON
    status: str = "BOOK"
    is_reversal: bool = False
    parts: Sequence["Tx"] = field(default_factory=tuple)


def camt(
    *statements: Sequence[Tx],
    message: str = "053",
    version: str = "08",
    opening: int = 100_000,
    off: int = 0,
    iban: str = IBAN,
    name: str = "S",
    extra: str = "",
) -> bytes:
    """Return a file with these statements; with `off` the closing balance is wrong by so many cents."""
    element = {"053": "Stmt", "052": "Rpt", "054": "Ntfctn"}[message]
    root = {"053": "BkToCstmrStmt", "052": "BkToCstmrAcctRpt", "054": "BkToCstmrDbtCdtNtfctn"}[message]
    body = []
    for number, entries in enumerate(statements, 1):
        booked = sum(each.cents for each in entries if each.status == "BOOK")
        balances = ""
        if message == "053":
            balances = _balance("OPBD", opening) + _balance("CLBD", opening + booked + off)
            opening += booked
        told = "".join(_entry(each, version) for each in entries)
        body.append(
            f"<{element}><Id>{name}{number}</Id><CreDtTm>2026-12-01T08:00:00</CreDtTm>"
            f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>{balances}{extra}{told}</{element}>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{message}.001.{version}"><{root}>'
        f"<GrpHdr><MsgId>M</MsgId><CreDtTm>2026-12-01T08:00:00</CreDtTm></GrpHdr>{''.join(body)}"
        f"</{root}></Document>"
    ).encode()


def _balance(code: str, cents: int) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(abs(cents))}{_way(cents)}"
        f"<Dt><Dt>{ON}</Dt></Dt></Bal>"
    )


def _entry(tx: Tx, version: str) -> str:
    status = f"<Sts>{tx.status}</Sts>" if version < "06" else f"<Sts><Cd>{tx.status}</Cd></Sts>"
    reference = f"<AcctSvcrRef>{tx.bank_reference}</AcctSvcrRef>" if tx.bank_reference else ""
    reversal = "<RvslInd>true</RvslInd>" if tx.is_reversal else ""
    parts = tx.parts or (tx,)
    details = "".join(_transaction(each, version, len(parts) > 1) for each in parts)
    return (
        f"<Ntry>{_amount(abs(tx.cents))}{_way(tx.cents)}{reversal}{status}<BookgDt><Dt>{tx.on}</Dt></BookgDt>"
        f"<ValDt><Dt>{tx.on}</Dt></ValDt>{reference}<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd>"
        f"<SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls>{details}</NtryDtls></Ntry>"
    )


def _transaction(tx: Tx, version: str, in_batch: bool) -> str:
    own = f"<AcctSvcrRef>{tx.bank_reference}</AcctSvcrRef>" if in_batch and tx.bank_reference else ""
    amount = ""
    if in_batch:
        amount = f"<AmtDtls><TxAmt>{_amount(abs(tx.cents))}</TxAmt></AmtDtls>"
        if version >= "06":
            amount = _amount(abs(tx.cents)) + _way(tx.cents)
    if tx.instructed:
        value, currency = tx.instructed.split()
        amount += f'<AmtDtls><InstdAmt><Amt Ccy="{currency}">{value}</Amt></InstdAmt></AmtDtls>'
    charges = f"<Chrgs><Rcrd>{_amount(tx.charges)}</Rcrd></Chrgs>" if tx.charges else ""
    structured = f"<Strd><CdtrRefInf><Ref>{tx.reference}</Ref></CdtrRefInf></Strd>" if tx.reference else ""
    free = f"<Ustrd>{escape(tx.text)}</Ustrd>" if tx.text else ""
    returned = f"<RtrInf><Rsn><Cd>{tx.returned}</Cd></Rsn></RtrInf>" if tx.returned else ""
    return (
        f"<TxDtls><Refs>{own}<EndToEndId>{tx.end_to_end}</EndToEndId></Refs>{amount}{charges}"
        f"<RltdPties>{_party('Dbtr', tx.payer, version)}{_account('DbtrAcct', tx.iban)}"
        f"{_party('UltmtDbtr', tx.ultimate, version)}{_account('CdtrAcct', tx.own_iban)}</RltdPties>"
        f"<RmtInf>{free}{structured}</RmtInf>{returned}</TxDtls>"
    )


def _party(element: str, name: str, version: str) -> str:
    if not name:
        return ""
    inner = f"<Nm>{escape(name)}</Nm>"
    return f"<{element}>{inner if version < '06' else f'<Pty>{inner}</Pty>'}</{element}>"


def _account(element: str, iban: str) -> str:
    return f"<{element}><Id><IBAN>{iban}</IBAN></Id></{element}>" if iban else ""


def _amount(cents: int) -> str:
    return f'<Amt Ccy="EUR">{cents // 100}.{cents % 100:02d}</Amt>'


def _way(cents: int) -> str:
    return f"<CdtDbtInd>{'DBIT' if cents < 0 else 'CRDT'}</CdtDbtInd>"
