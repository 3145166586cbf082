"""What banks told: files, statements, entries, and every telling of an entry, by which it is known again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from psycopg.rows import tuple_row

from acquit.core.bank_entry import BankEntry, BankStatement, Direction
from acquit.core.identifiers import LegalEntityId
from acquit.core.quick import quick
from acquit.store.transaction import Transaction

ENTRY: Final = {
    "legal_entity_id": "text", "entry_id": "int8", "statement_id": "int8", "place": "text",
    "direction": "text", "amount_minor": "int8", "currency": "text", "booked_on": "date", "value_on": "date",
    "bank_reference": "text", "batch_reference": "text", "end_to_end_id": "text", "transaction_id": "text",
    "mandate_id": "text", "payer_name": "text", "payer_iban": "text", "ultimate_name": "text",
    "own_iban": "text", "references": "text[]", "text": "text", "code": "text", "is_reversal": "bool",
    "return_code": "text", "return_text": "text", "charges_minor": "int8", "original_minor": "int8",
    "original_currency": "text", "file_references": "text[]",
}  # fmt: skip
TELLING: Final = {
    "statement_id": "int8", "place": "text", "form": "text", "bank_key": "bytea", "batch_key": "bytea",
    "told_key": "bytea", "entry_id": "int8",
}  # fmt: skip

OWNER: Final[LiteralString] = """
    SELECT legal_entity_id FROM bank_account WHERE iban = %(iban)s
     UNION ALL
    SELECT legal_entity_id FROM legal_entity WHERE iban = %(iban)s AND sandbox_of IS NULL
     LIMIT 1
"""

HOLD: Final[LiteralString] = "SELECT pg_advisory_xact_lock(hashtextextended(%(iban)s, 4271903316))"

FIND_FILE: Final[LiteralString] = """
    SELECT sha256, name, form, statements, entries, imported_at FROM bank_file WHERE sha256 = %(sha256)s
"""

ADD_FILE: Final[LiteralString] = """
    INSERT INTO bank_file (sha256, name, form, statements, entries, imported_by)
    VALUES (%(sha256)s, %(name)s, %(form)s, %(statements)s, %(entries)s, %(imported_by)s)
        ON CONFLICT (sha256) DO NOTHING
"""

FIND_STATEMENT: Final[LiteralString] = """
    SELECT statement_id, told, moved_minor, sha256
      FROM bank_statement
     WHERE iban = %(iban)s AND form = %(form)s
       AND (external_id = %(external_id)s OR (form = 'camt.053' AND closing_minor = %(closing_minor)s
                                                 AND closing_minor <> opening_minor))
       AND until_on IS NOT DISTINCT FROM %(until_on)s::date
       AND from_on IS NOT DISTINCT FROM %(from_on)s::date
       AND opening_minor IS NOT DISTINCT FROM %(opening_minor)s::bigint
     LIMIT 1
"""

NEXT_STATEMENT: Final[LiteralString] = "SELECT nextval('bank_statement_id') AS statement_id"

NEXT_ENTRIES: Final[LiteralString] = """
    SELECT nextval('bank_entry_id') AS entry_id FROM generate_series(1, %(count)s::bigint)
"""

ADD_STATEMENT: Final[LiteralString] = """
    INSERT INTO bank_statement (legal_entity_id, statement_id, iban, form, external_id, number, from_on,
           until_on, currency, opening_minor, closing_minor, told, again, moved_minor, sha256)
    VALUES (%(legal_entity_id)s, %(statement_id)s, %(iban)s, %(form)s, %(external_id)s, %(number)s,
           %(from_on)s, %(until_on)s, %(currency)s, %(opening_minor)s, %(closing_minor)s, %(told)s, %(again)s,
           %(moved_minor)s, %(sha256)s)
"""

ADD_PROGRESS: Final[LiteralString] = """
    INSERT INTO bank_progress (legal_entity_id, statement_id, is_done)
    VALUES (%(legal_entity_id)s, %(statement_id)s, %(is_done)s)
"""

TELLINGS: Final[LiteralString] = """
    SELECT statement_id, form, bank_key, batch_key, told_key, entry_id
      FROM bank_telling
     WHERE bank_key = ANY(%(bank_keys)s)
     UNION
    SELECT statement_id, form, bank_key, batch_key, told_key, entry_id
      FROM bank_telling
     WHERE bank_key = ANY(%(batch_keys)s)
     UNION
    SELECT statement_id, form, bank_key, batch_key, told_key, entry_id
      FROM bank_telling
     WHERE batch_key = ANY(%(bank_keys)s)
     UNION
    SELECT statement_id, form, bank_key, batch_key, told_key, entry_id
      FROM bank_telling
     WHERE told_key = ANY(%(told_keys)s)
"""

UNMATCHED: Final[LiteralString] = """
    SELECT p.legal_entity_id, p.statement_id
      FROM bank_progress p
     WHERE NOT p.is_done AND p.legal_entity_id = %(legal_entity_id)s
     ORDER BY p.statement_id
"""

LOCK_PROGRESS: Final[LiteralString] = """
    SELECT done_id, is_done
      FROM bank_progress
     WHERE legal_entity_id = %(legal_entity_id)s AND statement_id = %(statement_id)s
       FOR UPDATE
"""

DONE_ID: Final[LiteralString] = """
    SELECT done_id
      FROM bank_progress
     WHERE legal_entity_id = %(legal_entity_id)s AND statement_id = %(statement_id)s
"""

ADVANCE: Final[LiteralString] = """
    UPDATE bank_progress
       SET done_id = %(done_id)s, is_done = %(is_done)s
     WHERE legal_entity_id = %(legal_entity_id)s AND statement_id = %(statement_id)s
"""

_ENTRIES: Final[LiteralString] = """
    SELECT entry_id, statement_id, direction, amount_minor, currency, booked_on, value_on, bank_reference,
           batch_reference, end_to_end_id, transaction_id, mandate_id, payer_name, payer_iban, ultimate_name,
           own_iban, "references", text, code, is_reversal, return_code, return_text, charges_minor,
           original_minor, original_currency, place, file_references
      FROM bank_entry
"""

PAGE: Final[LiteralString] = (
    _ENTRIES
    + """
     WHERE legal_entity_id = %(legal_entity_id)s AND entry_id > %(after_id)s
       AND statement_id = %(statement_id)s
     ORDER BY entry_id
     LIMIT %(rows_max)s
"""
)

SOME: Final[LiteralString] = (
    _ENTRIES
    + "WHERE legal_entity_id = %(legal_entity_id)s AND entry_id = ANY(%(entry_ids)s) ORDER BY entry_id"
)

LEGAL_ENTITY_OF: Final[LiteralString] = "SELECT legal_entity_id FROM bank_entry WHERE entry_id = %(entry_id)s"

TOTALS: Final[LiteralString] = """
    SELECT count(DISTINCT t.entry_id) AS entries,
           count(DISTINCT t.entry_id) FILTER (WHERE m.match_no IS NOT NULL) AS matched,
           count(DISTINCT t.entry_id) FILTER (WHERE m.match_no IS NULL AND p.entry_id IS NOT NULL) AS proposed
      FROM bank_statement s
      JOIN bank_telling t ON t.statement_id = s.statement_id
      LEFT JOIN bank_match m ON m.legal_entity_id = s.legal_entity_id AND m.entry_id = t.entry_id
                            AND NOT EXISTS (SELECT FROM bank_unmatch u
                                             WHERE u.legal_entity_id = m.legal_entity_id
                                               AND u.match_no = m.match_no)
      LEFT JOIN bank_proposal p ON p.legal_entity_id = s.legal_entity_id AND p.entry_id = t.entry_id
                               AND p.rank = 1
     WHERE s.legal_entity_id = %(legal_entity_id)s AND s.statement_id = ANY(%(statement_ids)s)
"""


@dataclass(frozen=True, slots=True)
class Telling:
    """An entry that a statement told, by the keys under which it is known."""

    statement_id: int
    form: str
    bank_key: bytes | None
    batch_key: bytes | None
    told_key: bytes
    entry_id: int


@quick
@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it is kept."""

    entry_id: int
    statement_id: int
    entry: BankEntry


@dataclass(frozen=True, slots=True)
class Totals:
    """How many entries statements told, and how many of them are matched or have a proposal."""

    entries: int
    matched: int
    proposed: int


def owner(tx: Transaction, iban: str) -> LegalEntityId | None:
    """Return the legal entity whose account that is, or None."""
    row = tx.one_or_none(OWNER, iban=iban)
    return None if row is None else LegalEntityId(row.legal_entity_id)


def hold(tx: Transaction, iban: str) -> None:
    """Let nobody else import entries of the account until the transaction ends."""
    tx.all(HOLD, iban=iban)


def find_file(tx: Transaction, sha256: str) -> Any | None:
    """Return the file with these bytes, if all of it is booked."""
    return tx.one_or_none(FIND_FILE, sha256=sha256)


def add_file(
    tx: Transaction, sha256: str, name: str, form: str, statements: int, entries: int, by: str
) -> None:
    """Write that all of a file is booked."""
    tx.run(
        ADD_FILE, sha256=sha256, name=name, form=form, statements=statements, entries=entries, imported_by=by
    )


def find_statement(tx: Transaction, statement: BankStatement) -> Any | None:
    """Return what is known of the same statement (by its id, or by both its balances), or None.

    Its columns: statement_id, told, moved_minor, sha256 of the file.
    """
    return tx.one_or_none(
        FIND_STATEMENT, iban=statement.iban, form=statement.form.value, external_id=statement.external_id,
        closing_minor=statement.closing_minor, until_on=statement.until_on, from_on=statement.from_on,
        opening_minor=statement.opening_minor,
    )  # fmt: skip


def next_statement_id(tx: Transaction) -> int:
    """Take the id of a new statement."""
    return int(tx.one(NEXT_STATEMENT).statement_id)


def next_entry_ids(tx: Transaction, count: int) -> list[int]:
    """Take the ids of so many entries, rising."""
    return [row.entry_id for row in tx.all(NEXT_ENTRIES, count=count)]


def add_statement(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    statement_id: int,
    statement: BankStatement,
    *,
    told: int,
    again: int,
    moved_minor: int,
    sha256: str,
) -> None:
    """Write a statement of which all entries are written; it is matched from its first entry on."""
    tx.run(
        ADD_STATEMENT, legal_entity_id=legal_entity_id, statement_id=statement_id, iban=statement.iban,
        form=statement.form.value, external_id=statement.external_id, number=statement.number,
        from_on=statement.from_on, until_on=statement.until_on, currency=statement.currency,
        opening_minor=statement.opening_minor, closing_minor=statement.closing_minor, told=told, again=again,
        moved_minor=moved_minor, sha256=sha256,
    )  # fmt: skip
    tx.run(
        ADD_PROGRESS, legal_entity_id=legal_entity_id, statement_id=statement_id, is_done=told == again
    )  # fmt: skip


def add_entries(
    tx: Transaction, legal_entity_id: LegalEntityId, statement_id: int, rows: Iterable[tuple[int, BankEntry]]
) -> int:
    """Write entries with their ids; return how many."""
    return tx.copy(
        "bank_entry", tuple(ENTRY),
        (_entry_row(legal_entity_id, statement_id, entry_id, entry) for entry_id, entry in rows),
        tuple(ENTRY.values()),
    )  # fmt: skip


def add_tellings(tx: Transaction, rows: Iterable[Sequence[object]]) -> int:
    """Write which statement told which entry; the rows have the columns of TELLING."""
    return tx.copy("bank_telling", tuple(TELLING), rows, tuple(TELLING.values()))


def tellings(
    tx: Transaction, bank_keys: Sequence[bytes], batch_keys: Sequence[bytes], told_keys: Sequence[bytes]
) -> list[Telling]:
    """Return every telling that may be of one of the entries with these keys."""
    found = tx.all(
        TELLINGS, bank_keys=list(bank_keys), batch_keys=list(batch_keys), told_keys=list(told_keys)
    )
    return [Telling(*row) for row in found]


def unmatched(tx: Transaction, legal_entity_id: LegalEntityId) -> list[int]:
    """Return the statements of which not every entry was matched and booked, oldest first."""
    return [row.statement_id for row in tx.all(UNMATCHED, legal_entity_id=legal_entity_id)]


def lock_progress(tx: Transaction, legal_entity_id: LegalEntityId, statement_id: int) -> tuple[int, bool]:
    """Hold a statement and return up to which entry it was matched, and whether it is done."""
    row = tx.one(LOCK_PROGRESS, legal_entity_id=legal_entity_id, statement_id=statement_id)
    return row.done_id, row.is_done


def done_id(tx: Transaction, legal_entity_id: LegalEntityId, statement_id: int) -> int:
    """Return up to which entry a statement was matched."""
    row = tx.one(DONE_ID, legal_entity_id=legal_entity_id, statement_id=statement_id)
    return int(row.done_id)


def advance(
    tx: Transaction, legal_entity_id: LegalEntityId, statement_id: int, done_id: int, is_done: bool
) -> None:
    """Write up to which entry a statement was matched."""
    tx.run(
        ADVANCE, legal_entity_id=legal_entity_id, statement_id=statement_id, done_id=done_id, is_done=is_done
    )


def page(
    tx: Transaction, legal_entity_id: LegalEntityId, statement_id: int, after_id: int, rows_max: int
) -> list[Stored]:
    """Return the next entries of a statement."""
    values = {"legal_entity_id": legal_entity_id, "statement_id": statement_id, "after_id": after_id}
    with tx.connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(PAGE, values | {"rows_max": rows_max}).fetchall()
    return [_stored(row) for row in rows]


def some(tx: Transaction, legal_entity_id: LegalEntityId, entry_ids: Sequence[int]) -> list[Stored]:
    """Return these entries of the legal entity; those of others are left out."""
    rows = tx.all(SOME, legal_entity_id=legal_entity_id, entry_ids=list(entry_ids))
    return [_stored(row) for row in rows]


def legal_entity_of(tx: Transaction, entry_id: int) -> LegalEntityId | None:
    """Return whose entry that is: for staff, who names it by its number alone."""
    row = tx.one_or_none(LEGAL_ENTITY_OF, entry_id=entry_id)
    return None if row is None else LegalEntityId(row.legal_entity_id)


def totals(tx: Transaction, legal_entity_id: LegalEntityId, statement_ids: Sequence[int]) -> Totals:
    """Return what became of the entries that these statements told."""
    return Totals(*tx.one(TOTALS, legal_entity_id=legal_entity_id, statement_ids=list(statement_ids)))


def by_entry(found: Iterable[Telling]) -> dict[bytes, list[Telling]]:
    """Return tellings by each of their keys."""
    known: dict[bytes, list[Telling]] = defaultdict(list)
    for each in found:
        for key in {each.bank_key, each.batch_key, each.told_key} - {None}:
            assert key is not None, "None was left out"
            known[key].append(each)
    return known


def _entry_row(
    legal_entity_id: LegalEntityId, statement_id: int, entry_id: int, each: BankEntry
) -> tuple[object, ...]:
    return (
        legal_entity_id, entry_id, statement_id, each.place, each.direction.value, each.amount_minor,
        each.currency, each.booked_on, each.value_on, each.bank_reference, each.batch_reference,
        each.end_to_end_id, each.transaction_id, each.mandate_id, each.payer_name, each.payer_iban,
        each.ultimate_name, each.own_iban, list(each.references), each.text, each.code, each.is_reversal,
        each.return_code, each.return_text, each.charges_minor, each.original_minor, each.original_currency,
        list(each.file_references),
    )  # fmt: skip


def _stored(row: Sequence[Any]) -> Stored:
    """Return an entry by the columns of _ENTRIES; the batch's sum is no longer needed."""
    return Stored(
        row[0], row[1],
        BankEntry(
            _DIRECTIONS[row[2]], row[3], row[4], row[5], row[6], row[7], row[8], 0, row[9], row[10], row[11],
            row[12], row[13], row[14], row[15], tuple(row[16]), *(*row[17:26], tuple(row[26])),
        ),
    )  # fmt: skip


_DIRECTIONS: Final = {each.value: each for each in Direction}
