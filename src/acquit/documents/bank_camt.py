"""Bank files camt.053, camt.052 and camt.054, read entry by entry: memory does not grow with the file.

A file is read twice: once to prove that it adds up (`check_camt`), once to be booked. Versions .02, .08 and
.13 are tested; others of the same messages are read alike, with a note. A document type, an external entity,
a tree deeper than libxml2 allows and a long stretch without an entry are refused.

Source: ISO 20022, camt.052/053/054 message definitions; bank transaction codes and return reasons as given.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, BinaryIO, Final

from lxml import etree

from acquit.core.bank_entry import (
    BadBankFile,
    BankEntry,
    BankStatement,
    Direction,
    Form,
    is_given,
    refuse_wrong_balance,
)
from acquit.core.money import EXPONENTS, BadAmount, Currency, plain, scaled
from acquit.documents.bank_element import Flat, day_of, flat, local, texts_of

BOOKED: Final = frozenset({"BOOK", ""})
TESTED: Final = frozenset({"02", "08", "13"})
STRETCH_MAX: Final = 64 * 1024 * 1024
HEAD_BYTES: Final = 65_536
_NAMESPACE: Final = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(camt\.05[234])\.001\.([0-9]{2})")
_STATEMENTS: Final = {Form.STATEMENT: "Stmt", Form.REPORT: "Rpt", Form.NOTIFICATION: "Ntfctn"}
_BEFORE_ENTRIES: Final = tuple(
    f"{{*}}{name}" for name in ("Id", "Acct", "Bal", "CreDtTm", "FrToDt", "ElctrncSeqNb", "LglSeqNb")
)
_OPENING: Final = ("OPBD", "PRCD", "ITBD")
_CLOSING: Final = ("CLBD", "ITBD")


@dataclass(frozen=True, slots=True)
class Ended:
    """A statement is read to its end: how many transactions it has and what they move."""

    statement: BankStatement
    entries: int
    moved_minor: int


@dataclass(frozen=True, slots=True)
class Odd:
    """Something that a person should know; an entry named by `place` is read whole, without its parts."""

    place: str
    message: str


Event = BankStatement | BankEntry | Ended | Odd


@dataclass(slots=True)
class _Reading:
    """Where the reader is: the statement, its current entry, and what was added up."""

    form: Form | None = None
    statement: BankStatement | None = None
    number: int = 0
    entry_no: int = 0
    entries: int = 0
    moved_minor: int = 0
    head: BankEntry | None = None
    batch: int = 0
    parts_minor: int = 0
    parts_unpriced: int = 0
    waiting: BankEntry | None = None
    status: str = ""


class _Guarded:
    """A source that refuses a document type in its first bytes and counts those since the last entry."""

    def __init__(self, source: BinaryIO) -> None:
        self.source = source
        self.since_entry = 0
        self.is_begun = False

    def read(self, size: int = -1) -> bytes:
        piece = self.source.read(size)
        self.since_entry += len(piece)
        if not self.is_begun and b"<!DOCTYPE" in piece[:HEAD_BYTES].replace(b"\0", b""):
            raise BadBankFile(_DOCTYPE)
        self.is_begun = True
        if self.since_entry > STRETCH_MAX:
            raise BadBankFile("64 MiB of the file hold no entry: this is no bank statement.")
        return piece


_DOCTYPE: Final = "The file has a document type (<!DOCTYPE …>), which no bank statement has; it is not read."


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that adds up: what is odd about it, and the accounts that it is about."""

    odd: tuple[Odd, ...]
    ibans: frozenset[str]


def check_camt(source: BinaryIO) -> Checked:
    """Return what is odd about a file that adds up. Raises BadBankFile, whole, with the sum that fails."""
    odd, ibans = [], set()
    for event in read_camt(source):
        if isinstance(event, Odd):
            odd.append(event)
        elif isinstance(event, BankStatement):
            ibans.add(event.iban)
        elif isinstance(event, Ended) and event.statement.form is Form.STATEMENT:
            refuse_wrong_balance(event.statement, event.moved_minor, event.entries)
    return Checked(tuple(odd), frozenset(ibans))


def read_camt(source: BinaryIO, whole: frozenset[str] = frozenset()) -> Iterator[Event]:
    """Yield each statement, its transactions and its end, in the order of the file.

    Entries named in `whole` are not divided into their transactions. Raises BadBankFile.
    """
    guarded = _Guarded(source)
    reading = _Reading()
    tags = [f"{{*}}{name}" for name in ("TxDtls", "Ntry", *_STATEMENTS.values())]
    try:
        events = etree.iterparse(
            guarded, events=("end",), tag=tags, resolve_entities=False, load_dtd=False, no_network=True,
            huge_tree=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        for _, element in events:
            guarded.since_entry = 0
            yield from _event(reading, element, whole)
    except etree.XMLSyntaxError as error:
        raise BadBankFile(f"The file is no whole XML: {error.msg}.") from None
    if reading.form is None:
        raise BadBankFile("The file has no statement (Stmt, Rpt or Ntfctn of camt.053, camt.052, camt.054).")


def _event(reading: _Reading, element: Any, whole: frozenset[str]) -> Iterator[Event]:
    if reading.form is None:
        reading.form, note = _form(element)
        if note:
            yield Odd("", note)
    name = local(element)
    if name == _STATEMENTS[reading.form]:
        if reading.statement is None:
            yield _begun(reading, element)
        assert reading.statement is not None, "a statement that ends has begun"
        _refuse_wrong_summary(reading, element)
        yield Ended(reading.statement, reading.entries, reading.moved_minor)
        reading.statement = None
        _drop(element)
        return
    entry = element if name == "Ntry" else next(element.iterancestors("{*}Ntry"), None)
    if entry is None:
        return
    if reading.statement is None:
        yield _begun(reading, entry.getparent())
    if reading.head is None:
        reading.entry_no += 1
        reading.head = _head(reading, entry)
    if name == "TxDtls":
        yield from _part(reading, element, whole)
    else:
        yield from _entry(reading, element, whole)


def _form(element: Any) -> tuple[Form, str]:
    """Return the message of the file by its namespace, and a note when its version is not a tested one."""
    tree = element.getroottree()
    if tree.docinfo.internalDTD is not None:
        raise BadBankFile(_DOCTYPE)
    namespace = etree.QName(tree.getroot()).namespace or ""
    found = _NAMESPACE.fullmatch(namespace)
    if found is None:
        raise BadBankFile(
            f"The file's namespace is {namespace or 'empty'}; camt.053, camt.052 and camt.054 of ISO 20022 "
            "are read (urn:iso:std:iso:20022:tech:xsd:camt.053.001.08). Ask the bank for one of these."
        )
    note = (
        "" if found[2] in TESTED else f"Version {found[1]}.001.{found[2]} is read like .08; it is untested."
    )
    return Form(found[1]), note


def _begun(reading: _Reading, element: Any) -> BankStatement:
    """Start a statement: what stands before its first entry."""
    assert reading.form is not None, "a file with a statement has a form"
    reading.number += 1
    reading.entry_no = reading.entries = reading.moved_minor = 0
    told: Flat = {}
    balances: list[Flat] = []
    for child in element.iterchildren(*_BEFORE_ENTRIES):
        if local(child) == "Bal":
            balances.append(flat(child))
        else:
            told |= {f"{local(child)}/{path}".rstrip("/"): found for path, found in flat(child).items()}
    where = f"statement {reading.number}"
    iban = _first(told, "Acct/Id/IBAN") or _first(told, "Acct/Id/Othr/Id")
    if not iban:
        raise BadBankFile(f"{where}: the element Acct/Id/IBAN is missing; whose statement is it?")
    currency = _currency(_first(told, "Acct/Ccy") or _balance_currency(balances) or "EUR", where)
    opening, closing = _balances(balances, currency, where)
    made_on = day_of(_first(told, "CreDtTm"))
    reading.statement = BankStatement(
        form=reading.form,
        external_id=_first(told, "Id") or f"{iban}/{made_on}",
        iban="".join(iban.split()).upper(),
        currency=currency,
        opening_minor=opening,
        closing_minor=closing,
        from_on=day_of(_first(told, "FrToDt/FrDtTm")) or made_on,
        until_on=day_of(_first(told, "FrToDt/ToDtTm")) or made_on,
        number=_first(told, "ElctrncSeqNb") or _first(told, "LglSeqNb"),
    )
    return reading.statement


def _balance_currency(balances: list[Flat]) -> str:
    return next((_first(each, "Amt@Ccy") for each in balances), "")


def _balances(balances: list[Flat], currency: Currency, where: str) -> tuple[int | None, int | None]:
    """Return the booked balance before and after; on a later page both are interim ones."""
    coded = [(_first(each, "Tp/CdOrPrtry/Cd"), each) for each in balances]
    opening = next((each for code in _OPENING for told, each in coded if told == code), None)
    closing = next((each for code in _CLOSING for told, each in reversed(coded) if told == code), None)
    if opening is closing:
        return None, None
    signed = [
        None if each is None else _amount(_first(each, "Amt"), currency, f"{where}, element Bal/Amt")
        * (-1 if _first(each, "CdtDbtInd") == "DBIT" else 1)
        for each in (opening, closing)
    ]  # fmt: skip
    return signed[0], signed[1]


def _head(reading: _Reading, entry: Any) -> BankEntry:
    """Return what the entry says before its details: amount, direction, days, the bank's reference."""
    assert reading.statement is not None, "an entry is in a statement"
    statement = reading.statement
    told: Flat = {}
    for child in entry:
        name = local(child)
        if name == "NtryDtls":
            break
        told |= {f"{name}/{path}".rstrip("/") if not path.startswith("@") else name + path: found
                 for path, found in flat(child).items()}  # fmt: skip
    place = f"{reading.number}.{reading.entry_no}"
    reading.status = _first(told, "Sts/Cd") or _first(told, "Sts")
    where = _where(reading)
    currency = _currency(_first(told, "Amt@Ccy") or statement.currency, where)
    if currency != statement.currency:
        raise BadBankFile(f"{where}, element Amt: it is in {currency}, the account in {statement.currency}.")
    direction = {"CRDT": Direction.CREDIT, "DBIT": Direction.DEBIT}.get(_first(told, "CdtDbtInd"))
    if direction is None:
        raise BadBankFile(
            f"{where}, element CdtDbtInd: CRDT or DBIT is needed, not {_first(told, 'CdtDbtInd')!r}."
        )
    value_on = day_of(_first(told, "ValDt/Dt") or _first(told, "ValDt/DtTm"))
    booked_on = day_of(_first(told, "BookgDt/Dt") or _first(told, "BookgDt/DtTm")) or value_on
    amount_minor = _amount(_first(told, "Amt"), currency, f"{where}, element Amt")
    return BankEntry(
        direction=direction,
        amount_minor=amount_minor,
        currency=currency,
        booked_on=booked_on or statement.until_on or date.min,
        value_on=value_on,
        bank_reference=_first(told, "AcctSvcrRef"),
        batch_minor=amount_minor,
        code=_code(told),
        is_reversal=_first(told, "RvslInd") in ("true", "1"),
        charges_minor=_charges(told, currency, where),
        text=" ".join(texts_of(told, "AddtlNtryInf")),
        place=place,
    )


def _part(reading: _Reading, element: Any, whole: frozenset[str]) -> Iterator[Event]:
    """Read one transaction of the entry; the first waits until it is known whether others follow."""
    head = reading.head
    assert head is not None, "a transaction is in an entry"
    if head.place in whole:
        if reading.waiting is None:
            reading.waiting = _transaction(reading, head, flat(element))
        _drop(element)
        return
    reading.batch += 1
    part = _transaction(reading, head, flat(element))
    _drop(element)
    if part.amount_minor < 0:
        reading.parts_unpriced += 1
    else:
        reading.parts_minor += part.signed_minor if part.direction is head.direction else -part.amount_minor
    if reading.waiting is not None and reading.status in BOOKED:
        yield from _told(reading, _of_batch(reading.waiting, head, reading.batch - 1))
    reading.waiting = part


def _entry(reading: _Reading, element: Any, whole: frozenset[str]) -> Iterator[Event]:
    """Read the entry to its end: a single transaction has its amount, several have to add up to it."""
    head, waiting = reading.head, reading.waiting
    assert head is not None, "an entry that ends has begun"
    last: BankEntry | None = None
    if reading.status not in BOOKED:
        yield Odd("", f"{_where(reading)} is {reading.status}, not booked: it is left for a later statement.")
    elif head.place in whole or waiting is None:
        known = waiting or head
        last = replace(known, amount_minor=head.amount_minor, direction=head.direction, place=head.place,
                       bank_reference=head.bank_reference or known.bank_reference)  # fmt: skip
    elif reading.batch == 1:
        last = replace(
            waiting, amount_minor=head.amount_minor, direction=head.direction,
            bank_reference=head.bank_reference or waiting.bank_reference,
        )  # fmt: skip
    else:
        last = _of_batch(waiting, head, reading.batch)
        yield from _uneven(reading, head)
    if last is not None:
        yield from _told(reading, last)
    reading.head = reading.waiting = None
    reading.batch = reading.parts_minor = reading.parts_unpriced = 0
    _drop(element)


def _uneven(reading: _Reading, head: BankEntry) -> Iterator[Event]:
    """Tell when the transactions do not make the entry: its sum is booked whole, for a person to look at."""
    expected = head.signed_minor
    if reading.parts_unpriced or abs(reading.parts_minor) != abs(expected):
        made = f"make {plain(abs(reading.parts_minor), head.currency)}"
        said = "some have no amount" if reading.parts_unpriced else made
        yield Odd(
            head.place,
            f"{_where(reading)}: its {reading.batch} transactions {said}, the entry says "
            f"{plain(head.amount_minor, head.currency)}; it is booked as one sum.",
        )


def _told(reading: _Reading, entry: BankEntry) -> Iterator[BankEntry]:
    reading.entries += 1
    reading.moved_minor += entry.signed_minor
    yield entry


def _of_batch(part: BankEntry, head: BankEntry, number: int) -> BankEntry:
    return replace(
        part, batch_reference=head.bank_reference, batch_minor=head.amount_minor,
        place=f"{head.place}.{number}", amount_minor=max(part.amount_minor, 0),
    )  # fmt: skip


def _transaction(reading: _Reading, head: BankEntry, told: Flat) -> BankEntry:
    """Return a transaction; its amount is -1 when it has none in the currency of the entry."""
    where, currency = _where(reading), head.currency
    said = _first(told, "CdtDbtInd")
    direction = {"CRDT": Direction.CREDIT, "DBIT": Direction.DEBIT}.get(said, head.direction)
    amount = next(
        (
            _amount(_first(told, path), currency, f"{where}, element TxDtls/{path}")
            for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")
            if _first(told, path) and _first(told, f"{path}@Ccy") in ("", currency)
        ),
        -1,
    )
    instructed, of = _first(told, "AmtDtls/InstdAmt/Amt"), _first(told, "AmtDtls/InstdAmt/Amt@Ccy")
    is_foreign = bool(instructed) and of not in ("", currency) and of in EXPONENTS
    returned = bool(texts_of(told, "RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"))
    sender, account = (
        ("Dbtr", "DbtrAcct") if direction is Direction.CREDIT or returned else ("Cdtr", "CdtrAcct")
    )
    own = "CdtrAcct" if account == "DbtrAcct" else "DbtrAcct"
    return replace(
        head,
        direction=direction,
        amount_minor=amount,
        bank_reference=_first(told, "Refs/AcctSvcrRef"),
        end_to_end_id=_given(_first(told, "Refs/EndToEndId")),
        transaction_id=_given(_first(told, "Refs/TxId") or _first(told, "Refs/InstrId")),
        mandate_id=_given(_first(told, "Refs/MndtId")),
        payer_name=_first(told, f"RltdPties/{sender}/Nm"),
        payer_iban=_iban(_first(told, f"RltdPties/{account}/Id/IBAN")),
        ultimate_name=_first(told, f"RltdPties/Ultmt{sender}/Nm"),
        own_iban=_other_than(reading, _iban(_first(told, f"RltdPties/{own}/Id/IBAN"))),
        references=tuple(texts_of(told, "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/RfrdDocInf/Nb")),
        text=" ".join(
            dict.fromkeys(
                [*texts_of(told, "RmtInf/Ustrd", "RmtInf/Strd/AddtlRmtInf", "AddtlTxInf"), head.text]
            )
        ).strip(),
        code=_code(told) or head.code,
        return_code=_first(told, "RtrInf/Rsn/Cd") or _first(told, "RtrInf/Rsn/Prtry"),
        return_text=" ".join(texts_of(told, "RtrInf/AddtlInf")),
        charges_minor=_charges(told, currency, where) or head.charges_minor,
        original_minor=_amount(instructed, Currency(of), f"{where}, element InstdAmt")
        if is_foreign
        else None,
        original_currency=of if is_foreign else "",
    )


def _refuse_wrong_summary(reading: _Reading, element: Any) -> None:
    """Pass when the summary of a statement, if it has one, counts as many entries. Raises BadBankFile."""
    assert reading.statement is not None, "a summary is of a statement"
    for summary in element.iterchildren("{*}TxsSummry"):
        count = _first(flat(summary), "TtlNtries/NbOfNtries")
        if count.isdecimal() and int(count) != reading.entry_no:
            raise BadBankFile(
                f"Statement {reading.statement.external_id} says that it has {int(count)} entries, and "
                f"{reading.entry_no} are in it: a part is missing. Nothing of the file was booked."
            )


def _charges(told: Flat, currency: Currency, where: str) -> int:
    total = _first(told, "Chrgs/TtlChrgsAndTaxAmt")
    if total:
        return _amount(total, currency, f"{where}, element TtlChrgsAndTaxAmt")
    parts = texts_of(told, "Chrgs/Rcrd/Amt") or texts_of(told, "Chrgs/Amt")
    return sum(_amount(each, currency, f"{where}, element Chrgs") for each in parts)


def _code(told: Flat) -> str:
    path = ("BkTxCd/Domn/Cd", "BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd")
    domain = "-".join(filter(None, (_first(told, each) for each in path)))
    return domain or _first(told, "BkTxCd/Prtry/Cd")


def _amount(text: str, currency: Currency, where: str) -> int:
    """Return an amount as the schema writes it: digits and a dot, no sign. Raises BadBankFile."""
    try:
        found = scaled(text, EXPONENTS[currency])
    except BadAmount as error:
        raise BadBankFile(f"{where}: {error.message}") from None
    if found < 0:
        raise BadBankFile(f"{where}: {text} has a sign; CdtDbtInd says which way money goes.")
    return found


def _currency(text: str, where: str) -> Currency:
    if text not in EXPONENTS:
        raise BadBankFile(f"{where}: currency {text} is not one of {', '.join(EXPONENTS)}.")
    return Currency(text)


def _where(reading: _Reading) -> str:
    return f"statement {reading.number}, entry {reading.entry_no}"


def _first(told: Flat, path: str) -> str:
    found = told.get(path)
    return found[0] if found else ""


def _given(reference: str) -> str:
    return reference if is_given(reference) else ""


def _iban(text: str) -> str:
    return "".join(text.split()).upper()


def _other_than(reading: _Reading, iban: str) -> str:
    """Return the account that was written to when it is another than the statement's: a virtual one."""
    assert reading.statement is not None, "a transaction is in a statement"
    return "" if iban == reading.statement.iban else iban


def _drop(element: Any) -> None:
    """Free an element that was read, and what is before it, in whatever holds it."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None and local(element.getprevious()) == local(element):
            parent.remove(element.getprevious())
