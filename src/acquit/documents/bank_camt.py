"""Bank files camt.053, camt.052 and camt.054, read entry by entry: memory does not grow with the file.

A file is read twice: once to prove that it adds up (`check_camt`), once to be booked. Versions .02, .08 and
.13 are tested; others of the same messages are read alike, with a note. A document type, an external entity,
a tree deeper than libxml2 allows and a long stretch without an entry are refused.

Source: ISO 20022, camt.052/053/054 message definitions; bank transaction codes and return reasons as given.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final

from lxml import etree

from acquit.core.bank_entry import (
    BadBankFile,
    BankEntry,
    BankStatement,
    Form,
    refuse_wrong_balance,
)
from acquit.core.money import Currency, plain
from acquit.documents.bank_element import (
    Flat,
    amount_of,
    below,
    currency_of,
    day_of,
    flat,
    local,
    read_leaf,
)
from acquit.documents.bank_transaction import NO_AMOUNT, Head, alone, head_of, of_batch

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
    head: Head | None = None
    batch: int = 0
    parts_minor: int = 0
    parts_unpriced: int = 0
    waiting: Flat | None = None


class _Guarded:
    """A source that refuses a document type in its first bytes and counts those since the last entry."""

    def __init__(self, source: BinaryIO) -> None:
        self.source = source
        self.since_entry = self.read_bytes = 0
        self.is_begun = False

    def read(self, size: int = -1) -> bytes:
        piece = self.source.read(size)
        self.since_entry += len(piece)
        self.read_bytes += len(piece)
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


def check_camt(source: BinaryIO, keep: Callable[[Event], None] = lambda _event: None) -> Checked:
    """Return what is odd about a file that adds up. Raises BadBankFile, whole, with the sum that fails.

    `keep` is told every event, so that the file need not be read again.
    """
    odd, ibans = [], set()
    for event in read_camt(source):
        keep(event)
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
        raise BadBankFile(_broken(reading, guarded, error.msg)) from None
    if reading.form is None:
        raise BadBankFile("The file has no statement (Stmt, Rpt or Ntfctn of camt.053, camt.052, camt.054).")


def _broken(reading: _Reading, guarded: _Guarded, why: str) -> str:
    if not guarded.read_bytes:
        return "The file is empty."
    after = f"after {_where(reading)}" if reading.entry_no else "before its first entry"
    if "encoding" in why:
        return (
            f"The file is not in the encoding that it names, {after} ({why}). Nothing of it was booked: have "
            "it sent again, or saved in that encoding."
        )
    return f"The file is no whole XML, {after} ({why}). Nothing of it was booked: have it sent again, whole."


def _event(reading: _Reading, element: Any, whole: frozenset[str]) -> Sequence[Event]:
    """Return what the element that was read tells; a list, as generators in generators cost a tenth."""
    told: list[Event] = []
    if reading.form is None:
        reading.form, note = _form(element)
        if note:
            told.append(Odd("", note))
    name = below("", element.tag)
    if name == _STATEMENTS[reading.form]:
        if reading.statement is None:
            told.append(_begun(reading, element))
        told.append(_ended(reading, element))
        return told
    entry = element if name == "Ntry" else _entry_of(element)
    if entry is None:
        return told
    if reading.statement is None:
        told.append(_begun(reading, entry.getparent()))
    if reading.head is None:
        reading.entry_no += 1
        reading.head = _head(reading, entry)
    if name == "TxDtls":
        _part(reading, reading.head, element, whole, told)
    else:
        _entry(reading, reading.head, element, told)
    return told


def _ended(reading: _Reading, element: Any) -> Ended:
    assert reading.statement is not None, "a statement that ends has begun"
    _refuse_wrong_summary(reading, element)
    ended = Ended(reading.statement, reading.entries, reading.moved_minor)
    reading.statement = None
    _drop(element)
    return ended


def _entry_of(element: Any) -> Any | None:
    """Return the entry that a transaction is in: two levels up, as the message has it."""
    details = element.getparent()
    entry = None if details is None else details.getparent()
    return entry if entry is not None and local(entry) == "Ntry" else None


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
            read_leaf(child, local(child), told)
    where = f"statement {reading.number}"
    iban = told.get("Acct/Id/IBAN", "") or told.get("Acct/Id/Othr/Id", "")
    if not iban:
        raise BadBankFile(f"{where}: the element Acct/Id/IBAN is missing; whose statement is it?")
    currency = currency_of(told.get("Acct/Ccy", "") or _balance_currency(balances) or "EUR", where)
    opening, closing = _balances(balances, currency, where)
    made_on = day_of(told.get("CreDtTm", ""))
    reading.statement = BankStatement(
        form=reading.form,
        external_id=told.get("Id", "") or f"{iban}/{made_on}",
        iban="".join(iban.split()).upper(),
        currency=currency,
        opening_minor=opening,
        closing_minor=closing,
        from_on=day_of(told.get("FrToDt/FrDtTm", "")) or made_on,
        until_on=day_of(told.get("FrToDt/ToDtTm", "")) or made_on,
        number=told.get("ElctrncSeqNb", "") or told.get("LglSeqNb", ""),
    )
    return reading.statement


def _balance_currency(balances: list[Flat]) -> str:
    return next((each.get("Amt@Ccy", "") for each in balances), "")


def _balances(balances: list[Flat], currency: Currency, where: str) -> tuple[int | None, int | None]:
    """Return the booked balance before and after; on a later page both are interim ones."""
    coded = [(each.get("Tp/CdOrPrtry/Cd", ""), each) for each in balances]
    opening = next((each for code in _OPENING for told, each in coded if told == code), None)
    closing = next((each for code in _CLOSING for told, each in reversed(coded) if told == code), None)
    if opening is closing:
        return None, None
    signed = [
        None if each is None else amount_of(each.get("Amt", ""), currency, where, "Bal/Amt")
        * (-1 if each.get("CdtDbtInd", "") == "DBIT" else 1)
        for each in (opening, closing)
    ]  # fmt: skip
    return signed[0], signed[1]


def _head(reading: _Reading, entry: Any) -> Head:
    """Read what the entry says before its details."""
    assert reading.statement is not None, "an entry is in a statement"
    told: Flat = {}
    for child in entry:
        name = below("", child.tag)
        if name == "NtryDtls":
            batch = child.find("{*}Btch")
            if batch is not None:
                read_leaf(batch, "Btch", told)
            break
        read_leaf(child, name, told)
    place = f"{reading.number}.{reading.entry_no}"
    return head_of(told, reading.statement, place, _where(reading))


def _part(reading: _Reading, head: Head, element: Any, whole: frozenset[str], told: list[Event]) -> None:
    """Read one transaction of the entry; it waits until it is known whether another follows."""
    before = reading.waiting
    if head.place in whole and before is not None:
        _drop(element)
        return
    reading.waiting = flat(element)
    _drop(element)
    if before is not None:
        _next_of_batch(reading, head, before, told)


def _entry(reading: _Reading, head: Head, element: Any, told: list[Event]) -> None:
    """Read the entry to its end: a single transaction has its amount, several have to add up to it."""
    last = reading.waiting
    if head.status not in BOOKED:
        told.append(Odd("", f"{head.where} is {head.status}, not booked: it is left for a later statement."))
    elif last is not None and reading.batch:
        _next_of_batch(reading, head, last, told)
        _tell_uneven(reading, head, told)
    else:
        reading.entries += 1
        told.append(alone(head, last or {}))
        if not head.amount_minor:
            told.append(Odd("", f"{head.where}, element Amt: it moves nothing; it is kept and pays no bill."))
    if head.status in BOOKED:
        reading.moved_minor += head.signed_minor
    reading.head = reading.waiting = None
    reading.batch = reading.parts_minor = reading.parts_unpriced = 0
    _drop(element)


def _next_of_batch(reading: _Reading, head: Head, texts: Flat, told: list[Event]) -> None:
    reading.batch += 1
    part = of_batch(head, texts, reading.batch)
    if part.amount_minor == NO_AMOUNT:
        reading.parts_unpriced += 1
        part = replace(part, amount_minor=0)
    reading.parts_minor += part.signed_minor
    if head.status in BOOKED:
        reading.entries += 1
        told.append(part)


def _tell_uneven(reading: _Reading, head: Head, told: list[Event]) -> None:
    """Tell when the transactions do not make the entry: its sum is booked whole, for a person to look at."""
    if reading.parts_unpriced or reading.parts_minor != head.signed_minor:
        made = f"make {plain(abs(reading.parts_minor), head.currency)}"
        said = "some have no amount" if reading.parts_unpriced else made
        message = (
            f"{head.where}: its {reading.batch} transactions {said}, the entry says "
            f"{plain(head.amount_minor, head.currency)}; it is booked as one sum."
        )
        told.append(Odd(head.place, message))


def _refuse_wrong_summary(reading: _Reading, element: Any) -> None:
    """Pass when the summary of a statement, if it has one, counts as many entries. Raises BadBankFile."""
    assert reading.statement is not None, "a summary is of a statement"
    for summary in element.iterchildren("{*}TxsSummry"):
        count = flat(summary).get("TtlNtries/NbOfNtries", "")
        if count.isdecimal() and int(count) != reading.entry_no:
            raise BadBankFile(
                f"Statement {reading.statement.external_id} says that it has {int(count)} entries, and "
                f"{reading.entry_no} are in it: a part is missing. Nothing of the file was booked."
            )


def _where(reading: _Reading) -> str:
    return f"statement {reading.number}, entry {reading.entry_no}"


def _drop(element: Any) -> None:
    """Free an element that was read, and what is before it, in whatever holds it."""
    element.clear()
    before = element.getprevious()
    if before is not None and before.tag == element.tag:
        element.getparent().remove(before)
