"""One entry of a bank file and its transactions, made of their texts by path."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.core.bank_entry import NO_REFERENCE, BadBankFile, BankEntry, BankStatement, Direction
from acquit.core.money import EXPONENTS, Currency
from acquit.core.quick import quick
from acquit.documents.bank_element import Flat, amount_of, currency_of, day_of, texts_of

WAYS: Final = {"CRDT": Direction.CREDIT, "DBIT": Direction.DEBIT}
AMOUNTS: Final = tuple((path, f"{path}@Ccy") for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"))
NO_AMOUNT: Final = -1


@quick
@dataclass(frozen=True, slots=True)
class Head:
    """What an entry says before its transactions."""

    place: str
    where: str
    own_iban: str
    status: str
    direction: Direction
    amount_minor: int
    currency: Currency
    booked_on: date
    value_on: date | None
    bank_reference: str
    code: str
    is_reversal: bool
    charges_minor: int
    text: str
    file_references: tuple[str, ...] = ()

    @property
    def signed_minor(self) -> int:
        """The amount as it moves the balance."""
        return self.amount_minor if self.direction is Direction.CREDIT else -self.amount_minor


def head_of(told: Flat, statement: BankStatement, place: str, where: str) -> Head:
    """Return the head of an entry. Raises BadBankFile with the element that cannot be true."""
    currency = currency_of(told.get("Amt@Ccy", "") or statement.currency, where)
    if currency != statement.currency:
        raise BadBankFile(f"{where}, element Amt: it is in {currency}, the account in {statement.currency}.")
    way = told.get("CdtDbtInd", "")
    direction = WAYS.get(way)
    if direction is None:
        raise BadBankFile(f"{where}, element CdtDbtInd: CRDT or DBIT is needed, not {way!r}.")
    value_on = _day(told, "ValDt", where)
    booked_on = _day(told, "BookgDt", where) or value_on
    return Head(
        place, where, statement.iban, told.get("Sts/Cd", "") or told.get("Sts", ""), direction,
        amount_of(told.get("Amt", ""), currency, where, "Amt"), currency,
        booked_on or statement.until_on or date.min, value_on, told.get("AcctSvcrRef", ""), _code(told),
        told.get("RvslInd", "") in ("true", "1"), _charges(told, currency, where),
        " ".join(texts_of(told, "AddtlNtryInf")),
        tuple(texts_of(told, "Btch/PmtInfId", "Btch/MsgId", "AddtlInfInd/MsgId")),
    )  # fmt: skip


def _day(told: Flat, element: str, where: str) -> date | None:
    """Return the day that the element tells, None without one. Raises BadBankFile when it is no day."""
    text = told.get(f"{element}/Dt", "") or told.get(f"{element}/DtTm", "")
    day = day_of(text)
    if text and day is None:
        raise BadBankFile(f"{where}, element {element}: {text!r} is no day of the calendar.")
    return day


def alone(head: Head, told: Flat) -> BankEntry:
    """Return an entry that is one transaction, or whose transactions are booked as one sum."""
    return _entry(head, told, head.direction, head.amount_minor, 0)


def of_batch(head: Head, told: Flat, number: int) -> BankEntry:
    """Return a transaction of several; its amount is NO_AMOUNT when it has none in the entry's currency."""
    direction = WAYS.get(told.get("CdtDbtInd", ""), head.direction)
    amount = next(
        (
            amount_of(told[path], head.currency, head.where, f"TxDtls/{path}")
            for path, currency in AMOUNTS
            if path in told and told.get(currency, "") in ("", head.currency)
        ),
        NO_AMOUNT,
    )
    return _entry(head, told, direction, amount, number)


def _entry(head: Head, told: Flat, direction: Direction, amount: int, number: int) -> BankEntry:
    is_in_batch, reference = number > 0, told.get("Refs/AcctSvcrRef", "")
    returned = told.get("RtrInf/Rsn/Cd", "") or told.get("RtrInf/Rsn/Prtry", "")
    sender, account, ultimate, own = _SENT if direction is Direction.CREDIT or returned else _PAID
    original, original_currency = _original(head, told)
    text = texts_of(told, "RmtInf/Ustrd", "RmtInf/Strd/AddtlRmtInf", "AddtlTxInf")
    if head.text:
        text = [*dict.fromkeys(text), head.text]
    own_iban = _compact(told.get(own, ""))
    return BankEntry(
        direction, amount, head.currency, head.booked_on, head.value_on,
        reference if is_in_batch else head.bank_reference or reference,
        head.bank_reference if is_in_batch else "",
        head.amount_minor,
        _given(told.get("Refs/EndToEndId", "")),
        _given(told.get("Refs/TxId", "") or told.get("Refs/InstrId", "")),
        _given(told.get("Refs/MndtId", "")),
        told.get(sender, ""), _compact(told.get(account, "")), told.get(ultimate, ""),
        "" if own_iban == head.own_iban else own_iban,
        tuple(texts_of(told, "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/RfrdDocInf/Nb")),
        " ".join(text),
        _code(told) or head.code,
        head.is_reversal, returned, " ".join(texts_of(told, "RtrInf/AddtlInf")),
        _charges(told, head.currency, head.where) or head.charges_minor, original, original_currency,
        f"{head.place}.{number}" if is_in_batch else head.place,
        tuple(filter(_given, texts_of(told, "Refs/PmtInfId", "Refs/MsgId"))) or head.file_references,
    )  # fmt: skip


_SENT: Final = (
    "RltdPties/Dbtr/Nm", "RltdPties/DbtrAcct/Id/IBAN", "RltdPties/UltmtDbtr/Nm", "RltdPties/CdtrAcct/Id/IBAN",
)  # fmt: skip
"""Who sent the money and where it went, of what came and of what was taken back."""

_PAID: Final = (
    "RltdPties/Cdtr/Nm", "RltdPties/CdtrAcct/Id/IBAN", "RltdPties/UltmtCdtr/Nm", "RltdPties/DbtrAcct/Id/IBAN",
)  # fmt: skip


def _original(head: Head, told: Flat) -> tuple[int | None, str]:
    """Return what was sent in another currency, and that currency."""
    text, currency = told.get("AmtDtls/InstdAmt/Amt", ""), told.get("AmtDtls/InstdAmt/Amt@Ccy", "")
    if not text or currency in ("", head.currency) or currency not in EXPONENTS:
        return None, ""
    return amount_of(text, Currency(currency), head.where, "InstdAmt"), currency


def _charges(told: Flat, currency: Currency, where: str) -> int:
    total = told.get("Chrgs/TtlChrgsAndTaxAmt", "")
    if total:
        return amount_of(total, currency, where, "TtlChrgsAndTaxAmt")
    if "Chrgs/Rcrd/Amt" not in told and "Chrgs/Amt" not in told:
        return 0
    parts = texts_of(told, "Chrgs/Rcrd/Amt") or texts_of(told, "Chrgs/Amt")
    return sum(amount_of(each, currency, where, "Chrgs") for each in parts)


def _code(told: Flat) -> str:
    domain = told.get("BkTxCd/Domn/Cd", "")
    if not domain:
        return told.get("BkTxCd/Prtry/Cd", "")
    parts = (domain, told.get("BkTxCd/Domn/Fmly/Cd", ""), told.get("BkTxCd/Domn/Fmly/SubFmlyCd", ""))
    return "-".join(filter(None, parts))


def _given(reference: str) -> str:
    return "" if reference.upper() in NO_REFERENCE else reference


def _compact(text: str) -> str:
    return "".join(text.split()).upper() if text else ""
