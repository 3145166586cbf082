"""Calendars of dunning and a seller's own texts; the newest of each holds."""

from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.dunning import Calendar, Step, StepKind
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.store.transaction import Transaction

SET: Final[LiteralString] = """
    INSERT INTO dunning_calendar (legal_entity_id, account_id, steps, claims, set_by)
    VALUES (%(legal_entity_id)s, %(account_id)s, %(steps)s, %(claims)s, %(set_by)s)
"""

CALENDARS: Final[LiteralString] = """
    SELECT DISTINCT ON (account_id) account_id, steps, claims
      FROM dunning_calendar
     WHERE legal_entity_id = %(legal_entity_id)s
     ORDER BY account_id, calendar_id DESC
"""

SET_TEXT: Final[LiteralString] = """
    INSERT INTO dunning_text (legal_entity_id, language, kind, text_no, subject, body, set_by)
    SELECT %(legal_entity_id)s, %(language)s, %(kind)s, coalesce(max(text_no), 0) + 1, %(subject)s, %(body)s,
           %(set_by)s
      FROM dunning_text
     WHERE legal_entity_id = %(legal_entity_id)s AND language = %(language)s AND kind = %(kind)s
    RETURNING text_no
"""

TEXT: Final[LiteralString] = """
    SELECT text_no, subject, body
      FROM dunning_text
     WHERE legal_entity_id = %(legal_entity_id)s AND language = %(language)s AND kind = %(kind)s
     ORDER BY text_no DESC
     LIMIT 1
"""


def set_calendar(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    account_id: AccountId | None,
    calendar: Calendar | None,
    by: str,
) -> None:
    """Write a calendar, of the legal entity or of one payer; None gives the payer back to the former."""
    steps = () if calendar is None else calendar.steps
    told = [{"code": step.code, "kind": step.kind.value, "days": step.days} for step in steps]
    tx.run(
        SET, legal_entity_id=legal_entity_id, account_id=account_id, steps=Jsonb(told),
        claims=calendar is not None and calendar.claims, set_by=by,
    )  # fmt: skip


def calendars(tx: Transaction, legal_entity_id: LegalEntityId) -> dict[AccountId | None, Calendar]:
    """Return the calendars that hold: under None that of the legal entity, if it set one."""
    found = tx.all(CALENDARS, legal_entity_id=legal_entity_id)
    return {row.account_id: _calendar(row) for row in found if row.steps}


def set_text(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    language: str,
    kind: StepKind,
    words: tuple[str, str],
    by: str,
) -> int:
    """Write a seller's own subject and body for a kind of step; return their number."""
    row = tx.one(
        SET_TEXT, legal_entity_id=legal_entity_id, language=language, kind=kind.value, subject=words[0],
        body=words[1], set_by=by,
    )  # fmt: skip
    return int(row.text_no)


def text(
    tx: Transaction, legal_entity_id: LegalEntityId, language: str, kind: StepKind
) -> tuple[int, str, str] | None:
    """Return number, subject and body of the seller's own text, or None."""
    row = tx.one_or_none(TEXT, legal_entity_id=legal_entity_id, language=language, kind=kind.value)
    return None if row is None else (row.text_no, row.subject, row.body)


def _calendar(row: Any) -> Calendar:
    steps = tuple(Step(each["code"], StepKind(each["kind"]), each["days"]) for each in row.steps)
    return Calendar(steps, row.claims)
