"""What a person looks for among what banks told: statements, entries with what became of them, what waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, LiteralString

from acquit.core.identifiers import LegalEntityId
from acquit.core.match import Rule
from acquit.store.transaction import Transaction

SEEN_MAX: Final = 5_000
"""Among so many of the latest entries one is looked for."""

STATEMENTS: Final[LiteralString] = """
    SELECT s.statement_id, coalesce(f.name, '') AS file, s.iban, s.form, s.external_id, s.from_on, s.until_on,
           s.currency, s.told, s.again, s.moved_minor, f.imported_by, f.imported_at
      FROM bank_statement s
      LEFT JOIN bank_file f ON f.sha256 = s.sha256
     WHERE s.legal_entity_id = %(legal_entity_id)s AND s.statement_id < %(before_id)s
     ORDER BY s.statement_id DESC
     LIMIT %(rows_max)s
"""

WAITING_OF_STATEMENTS: Final[LiteralString] = """
    SELECT e.statement_id, count(*) AS entries
      FROM bank_inbox i
      JOIN bank_entry e ON e.legal_entity_id = i.legal_entity_id AND e.entry_id = i.entry_id
     WHERE i.legal_entity_id = %(legal_entity_id)s AND e.statement_id = ANY(%(statement_ids)s)
     GROUP BY e.statement_id
"""

WAITING_LIKE: Final[LiteralString] = """
    SELECT i.entry_id
      FROM bank_inbox i
      JOIN bank_entry e ON e.legal_entity_id = i.legal_entity_id AND e.entry_id = i.entry_id
     WHERE i.legal_entity_id = %(legal_entity_id)s AND i.entry_id > %(after_id)s
       AND (e.payer_name ILIKE %(like)s OR e.text ILIKE %(like)s OR e.payer_iban ILIKE %(end)s
            OR e.end_to_end_id ILIKE %(like)s OR array_to_string(e."references", ' ') ILIKE %(like)s
            OR e.amount_minor = %(amount_minor)s::bigint)
     ORDER BY i.entry_id
     LIMIT %(rows_max)s
"""

LATEST_LIKE: Final[LiteralString] = """
    SELECT e.entry_id
      FROM (SELECT entry_id, payer_name, text, payer_iban, end_to_end_id, "references" AS named, amount_minor
              FROM bank_entry
             WHERE legal_entity_id = %(legal_entity_id)s AND entry_id < %(before_id)s
             ORDER BY entry_id DESC
             LIMIT %(seen_max)s) e
     WHERE e.payer_name ILIKE %(like)s OR e.text ILIKE %(like)s OR e.payer_iban ILIKE %(end)s
        OR e.end_to_end_id ILIKE %(like)s OR array_to_string(e.named, ' ') ILIKE %(like)s
        OR e.amount_minor = %(amount_minor)s::bigint
     ORDER BY e.entry_id DESC
     LIMIT %(rows_max)s
"""

BECAME: Final[LiteralString] = """
    SELECT e.entry_id, m.rule, m.is_automatic, m.matched_by,
           i.entry_id IS NOT NULL AS waits,
           EXISTS (SELECT FROM bank_set_aside a
                    WHERE a.legal_entity_id = e.legal_entity_id AND a.entry_id = e.entry_id) AS is_aside
      FROM bank_entry e
      LEFT JOIN bank_inbox i ON i.legal_entity_id = e.legal_entity_id AND i.entry_id = e.entry_id
      LEFT JOIN LATERAL (SELECT n.rule, n.is_automatic, n.matched_by
                           FROM bank_match n
                          WHERE n.legal_entity_id = e.legal_entity_id AND n.entry_id = e.entry_id
                            AND NOT EXISTS (SELECT FROM bank_unmatch u
                                             WHERE u.legal_entity_id = n.legal_entity_id
                                               AND u.match_no = n.match_no)
                          ORDER BY n.match_no DESC
                          LIMIT 1) m ON true
     WHERE e.legal_entity_id = %(legal_entity_id)s AND e.entry_id = ANY(%(entry_ids)s)
"""


@dataclass(frozen=True, slots=True)
class StatementTold:
    """A statement as it was imported, and how many of its entries wait for a person."""

    statement_id: int
    file: str
    iban: str
    form: str
    external_id: str
    from_on: date | None
    until_on: date | None
    currency: str
    told: int
    again: int
    moved_minor: int
    imported_by: str | None
    imported_at: datetime | None
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Became:
    """What became of an entry: matched by a rule, waiting, set aside, or none of these yet."""

    rule: Rule | None
    is_automatic: bool
    by: str
    waits: bool
    is_aside: bool

    @property
    def state(self) -> str:
        """Return it in a word."""
        if self.rule is not None:
            return "matched"
        return "waits" if self.waits else "aside" if self.is_aside else "open"


def statements(
    tx: Transaction, legal_entity_id: LegalEntityId, before_id: int, rows_max: int
) -> list[StatementTold]:
    """Return statements of the legal entity's accounts, the latest first, those before an id."""
    rows = tx.all(STATEMENTS, legal_entity_id=legal_entity_id, before_id=before_id, rows_max=rows_max)
    ids = [row.statement_id for row in rows]
    counted = tx.all(WAITING_OF_STATEMENTS, legal_entity_id=legal_entity_id, statement_ids=ids) if ids else []
    waiting = {row.statement_id: row.entries for row in counted}
    return [StatementTold(**row._asdict(), waiting=waiting.get(row.statement_id, 0)) for row in rows]


def waiting_like(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    text: str,
    amount_minor: int | None,
    after_id: int,
    rows_max: int,
) -> list[int]:
    """Return the entries in the inbox that have the text or the amount, oldest first, those after an id."""
    rows = tx.all(
        WAITING_LIKE,
        legal_entity_id=legal_entity_id, after_id=after_id, rows_max=rows_max, amount_minor=amount_minor,
        **_patterns(text),
    )  # fmt: skip
    return [row.entry_id for row in rows]


def latest_like(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    text: str,
    amount_minor: int | None,
    before_id: int,
    rows_max: int,
) -> list[int]:
    """Return entries that have the text or the amount, the latest first, among SEEN_MAX before an id."""
    rows = tx.all(
        LATEST_LIKE,
        legal_entity_id=legal_entity_id, before_id=before_id, rows_max=rows_max, amount_minor=amount_minor,
        seen_max=SEEN_MAX if text else rows_max, **_patterns(text),
    )  # fmt: skip
    return [row.entry_id for row in rows]


def became(tx: Transaction, legal_entity_id: LegalEntityId, entry_ids: Sequence[int]) -> Mapping[int, Became]:
    """Return what became of each entry."""
    rows = tx.all(BECAME, legal_entity_id=legal_entity_id, entry_ids=list(entry_ids))
    return {
        row.entry_id: Became(
            None if row.rule is None else Rule(row.rule),
            bool(row.is_automatic), row.matched_by or "", row.waits, row.is_aside,
        )
        for row in rows
    }  # fmt: skip


def _patterns(text: str) -> dict[str, str]:
    bare = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {"like": f"%{bare}%", "end": f"%{bare.replace(' ', '')}"}
