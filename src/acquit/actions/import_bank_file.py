"""Import a bank's file: proved whole first, then booked statement by statement, then matched.

Each statement is one transaction. A file that was stopped anywhere is imported again: what is booked already
is known by its statement, its entries by what banks call them; nothing is booked twice.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO, Final

from acquit.actions.bank_spool import Spool
from acquit.actions.context import Context
from acquit.actions.loading import require_staff
from acquit.actions.match_entries import match_entries
from acquit.actions.run_pages import without_collector
from acquit.core.bank_entry import (
    BadBankFile,
    BankEntry,
    BankStatement,
    UnknownBankAccount,
    bank_key,
    is_given,
    squeezed,
    told_key,
)
from acquit.core.identifiers import LegalEntityId
from acquit.core.journal import refuse_incomplete
from acquit.core.money import plain
from acquit.core.operator import Right
from acquit.documents.bank_camt import Checked, Ended, Event, Odd, check_camt, read_camt
from acquit.documents.bank_table import Mapped, check_table, read_mapping, read_table, sniffs_xml
from acquit.store import acts, bank_files, billables
from acquit.store.bank_files import Telling
from acquit.store.transaction import Transaction

__all__ = ["ImportedFile", "Mapped", "import_bank_file", "read_mapping"]
CHUNK: Final = 2_000
PIECE: Final = 1_048_576
BOOKED: Final = "booked"
ALREADY_BOOKED: Final = "already_booked"

Opening = Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """What became of a file. `entries` were told by it; sums are of those, `known` were booked before."""

    file: str
    status: str
    reason: str
    entries: int
    matched: int
    proposed: int
    unmatched: int
    credit_minor: int
    debit_minor: int
    currency: str
    known: int
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Counted:
    """What a file told, as it is read."""

    statements: dict[int, LegalEntityId] = field(default_factory=dict)
    told: int = 0
    again: int = 0
    new_statements: int = 0
    credit_minor: int = 0
    debit_minor: int = 0
    currency: str = ""
    form: str = ""


def import_bank_file(
    context: Context,
    name: str,
    opening: Opening,
    *,
    by: str,
    mapping: Mapped | None = None,
    progress: Callable[[int], None] = lambda _rows: None,
) -> ImportedFile:
    """Every entry of the file is booked once: matched, or in suspense where it waits for a person.

    `opening` opens the file anew each time. Raises BadBankFile, UnknownBankAccount (then nothing is booked),
    ChartIncomplete, StaffOnly, RoleForbids.
    """
    sha256 = _proven_hash(context, opening, by)
    with context.database.read() as tx:
        was_whole = bank_files.find_file(tx, sha256) is not None
    counted = _Counted()
    with Spool() as spool:
        odd = _check(context, opening, mapping, spool)
        whole = frozenset(each.place for each in odd if each.place)
        with opening() as source:
            events = _events(source, mapping, whole, sha256, spool)
            for event in events:
                if isinstance(event, BankStatement):
                    _book_statement(context, event, events, sha256, counted)
    for legal_entity_id in dict.fromkeys(counted.statements.values()):
        mine = [each for each, owner in counted.statements.items() if owner == legal_entity_id]
        match_entries(context, legal_entity_id, by=by, statement_ids=mine, progress=progress)
    if not was_whole:
        with context.database.write() as tx:
            bank_files.add_file(tx, sha256, name, counted.form, len(counted.statements), counted.told, by)
            acts.record(tx, by, "import_bank_file", None, name, sha256=sha256, entries=counted.told)
    return _imported(context, name, counted, [each.message for each in odd])


def _proven_hash(context: Context, opening: Opening, by: str) -> str:
    with context.database.read() as tx:
        require_staff(tx, by, Right.IMPORT_BANK_FILES)
    digest = hashlib.sha256()
    with opening() as source:
        while piece := source.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _check(context: Context, opening: Opening, mapping: Mapped | None, spool: Spool) -> tuple[Odd, ...]:
    """Return what is odd about a file that adds up and is of our accounts. Raises as the import."""
    with opening() as source:
        if mapping is None:
            head = source.read(64)
            if not head:
                raise BadBankFile("The file is empty.")
            if not sniffs_xml(head):
                raise BadBankFile(
                    "The file is no XML. A bank's own table needs a mapping that says which column is what: "
                    "--mapping FILE."
                )
            source.seek(0)
            checked = check_camt(source, spool.add)
        else:
            check_table(source, mapping)
            checked = Checked((), frozenset({mapping.iban}))
    with context.database.read() as tx:
        for iban in sorted(checked.ibans):
            owner = bank_files.owner(tx, iban)
            if owner is None:
                raise UnknownBankAccount(
                    f"The file is about account {iban}, which no legal entity has: nothing was booked. If "
                    f"it is yours, `acquit bank account {iban}` makes it known; then import the file again.",
                    iban=iban,
                )
            refuse_incomplete(billables.chart(tx, owner), owner, for_credit=True, for_banks=True)
    return checked.odd


def _events(
    source: BinaryIO, mapping: Mapped | None, whole: frozenset[str], sha256: str, spool: Spool
) -> Iterator[Event]:
    """Return what the file tells: as it was kept, or read anew when some entries are to be read whole."""
    if mapping is not None:
        return read_table(source, mapping, sha256[:16])
    return read_camt(source, whole) if whole else spool.events()


def _book_statement(
    context: Context, statement: BankStatement, events: Iterator[Event], sha256: str, counted: _Counted
) -> None:
    """Write a statement with its entries, or find that it is known; either way read it to its end."""
    counted.form = statement.form.value
    counted.currency = counted.currency or statement.currency
    with context.database.write() as tx:
        bank_files.hold(tx, statement.iban)
        owner = bank_files.owner(tx, statement.iban)
        assert owner is not None, "accounts were checked before"
        known = bank_files.find_statement(tx, statement)
        if known is not None:
            count = total = 0
            for each in _until_end(events, counted):
                count += 1
                total += each.signed_minor
            if known.sha256 != sha256 and (known.told, known.moved_minor) != (count, total):
                raise _another(statement, known, count, total)
            counted.told += count
            counted.again += count
            counted.statements[known.statement_id] = owner
            return
        statement_id = bank_files.next_statement_id(tx)
        entries = _until_end(events, counted)
        told = again = moved = 0
        while chunk := list(islice(entries, CHUNK)):
            told += len(chunk)
            moved += sum(each.signed_minor for each in chunk)
            with without_collector():
                again += _book_chunk(tx, owner, statement_id, statement, chunk)
        bank_files.add_statement(
            tx, owner, statement_id, statement, told=told, again=again, moved_minor=moved, sha256=sha256
        )
    counted.told += told
    counted.again += again
    counted.new_statements += 1
    counted.statements[statement_id] = owner


def _another(statement: BankStatement, known: Any, told: int, moved_minor: int) -> BadBankFile:
    currency = statement.currency
    return BadBankFile(
        f"Statement {statement.external_id} of {statement.iban} was imported before with {known.told} "
        f"entries that move {plain(known.moved_minor, currency)} {currency}; this one of the same name and "
        f"period has {told} that move {plain(moved_minor, currency)}. It was not booked: ask the bank which "
        "of the two is right.",
        statement=statement.external_id,
    )


def _until_end(events: Iterator[Event], counted: _Counted) -> Iterator[BankEntry]:
    for event in events:
        if isinstance(event, Ended):
            return
        if isinstance(event, BankEntry):
            counted.credit_minor += max(event.signed_minor, 0)
            counted.debit_minor += max(-event.signed_minor, 0)
            yield event


def _book_chunk(
    tx: Transaction,
    owner: LegalEntityId,
    statement_id: int,
    statement: BankStatement,
    chunk: Sequence[BankEntry],
) -> int:
    """Write the entries that are new, and every telling; return how many were known."""
    keys = [_keys(statement.iban, entry) for entry in chunk]
    known = bank_files.by_entry(
        bank_files.tellings(
            tx,
            [each.bank for each in keys if each.bank],
            [each.batch for each in keys if each.batch],
            [each.told for each in keys],
        )
    )
    ids = iter(bank_files.next_entry_ids(tx, len(chunk)))
    fresh, tellings, again = [], [], 0
    for entry, key in zip(chunk, keys, strict=True):
        entry_id = _known_entry(key, known, statement, statement_id)
        if entry_id is None:
            entry_id = next(ids)
            fresh.append((entry_id, entry))
        else:
            again += 1
        telling = Telling(statement_id, statement.form.value, key.bank, key.batch, key.told, entry_id)
        for each in key.given:
            known[each].append(telling)
        tellings.append(
            (statement_id, entry.place, statement.form.value, key.bank, key.batch, key.told, entry_id)
        )
    bank_files.add_entries(tx, owner, statement_id, fresh)
    bank_files.add_tellings(tx, tellings)
    return again


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of an entry, hashed with its account."""

    bank: bytes | None
    batch: bytes | None
    told: bytes

    @property
    def given(self) -> set[bytes]:
        """Those that there are."""
        return {each for each in (self.bank, self.batch, self.told) if each is not None}


def _keys(iban: str, entry: BankEntry) -> _Keys:
    bank, batch = bank_key(entry), ""
    if is_given(entry.batch_reference):
        batch = f"{squeezed(entry.batch_reference)}|{entry.direction.value}|{entry.batch_minor}"
    return _Keys(
        _hashed(iban, bank) if bank else None,
        _hashed(iban, batch) if batch else None,
        _hashed(iban, told_key(entry)),
    )


def _hashed(iban: str, key: str) -> bytes:
    return hashlib.sha256(f"{iban}|{key}".encode()).digest()[:16]


def _known_entry(
    key: _Keys, known: dict[bytes, list[Telling]], statement: BankStatement, statement_id: int
) -> int | None:
    """Return the entry that this telling tells again, or None when it is news.

    The bank's own reference decides, in a statement as often as it stands there; a batch told as one sum and
    by its parts is one. Without a reference, other forms (a notification before the statement) tell the same
    as often as they tell it; two statements of one form tell two.
    """
    if key.bank is not None:
        same = [each for each in known.get(key.bank, ()) if each.bank_key == key.bank]
        ids = sorted({each.entry_id for each in same})
        own = sum(each.statement_id == statement_id for each in same)
        if own < len(ids):
            return ids[own]
        if same:
            return None
        parts = [each for each in known.get(key.bank, ()) if each.batch_key == key.bank]
        if parts:
            return min(each.entry_id for each in parts)
    if key.batch is not None:
        whole = [each for each in known.get(key.batch, ()) if each.bank_key == key.batch]
        if whole:
            return min(each.entry_id for each in whole)
    alike = [
        each for each in known.get(key.told, ())
        if each.told_key == key.told and (None in (each.bank_key, key.bank) or each.bank_key == key.bank)
    ]  # fmt: skip
    ids = sorted({each.entry_id for each in alike})
    own = sum(each.form == statement.form.value for each in alike)
    return ids[own] if own < len(ids) else None


def _imported(context: Context, name: str, counted: _Counted, notes: list[str]) -> ImportedFile:
    matched = proposed = 0
    with context.database.read() as tx:
        for owner in dict.fromkeys(counted.statements.values()):
            mine = [each for each, whose in counted.statements.items() if whose == owner]
            found = bank_files.totals(tx, owner, mine)
            matched += found.matched
            proposed += found.proposed
    is_news = counted.told > counted.again or (counted.new_statements > 0 and counted.told == 0)
    reason = "" if is_news else "Every entry of the file was booked before; nothing was booked again."
    return ImportedFile(
        name, BOOKED if is_news else ALREADY_BOOKED, reason, counted.told, matched, proposed,
        max(counted.told - matched - proposed, 0), counted.credit_minor, counted.debit_minor,
        counted.currency, counted.again, tuple(notes),
    )  # fmt: skip
