"""Remittances: files for the bank, their steps, what the bank told of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import LegalEntityId
from acquit.core.money import Currency
from acquit.core.remittance import Remittance, RemittanceEvent, RemittanceKind, RemittanceState
from acquit.store.transaction import Transaction

_REMITTANCES: Final[LiteralString] = """
    SELECT r.legal_entity_id, r.remittance_id, r.kind, r.message_id, r.currency, r.lines, r.amount_minor,
           r.sha256, r.size_bytes, r.made_on, r.made_by, r.made_at, coalesce(s.state, 'draft') AS state,
           a.recorded_by AS approved_by
      FROM remittance r
      LEFT JOIN LATERAL (
           SELECT state
             FROM remittance_event
            WHERE legal_entity_id = r.legal_entity_id AND remittance_id = r.remittance_id
            ORDER BY event_no DESC
            LIMIT 1) s ON true
      LEFT JOIN remittance_event a
        ON a.legal_entity_id = r.legal_entity_id AND a.remittance_id = r.remittance_id
       AND a.state = 'approved'
"""

FIND: Final[LiteralString] = _REMITTANCES + "WHERE r.message_id = %(message_id)s"

EVERY: Final[LiteralString] = _REMITTANCES + "ORDER BY r.made_at DESC, r.message_id DESC LIMIT %(rows_max)s"

PAGE: Final[LiteralString] = (
    _REMITTANCES
    + """
     WHERE r.legal_entity_id = %(legal_entity_id)s AND r.remittance_id < %(before_id)s
     ORDER BY r.remittance_id DESC
     LIMIT %(rows_max)s
"""
)

LOCK: Final[LiteralString] = """
    SELECT legal_entity_id
      FROM legal_entity
     WHERE legal_entity_id = %(legal_entity_id)s
       FOR NO KEY UPDATE
"""

NEXT_ID: Final[LiteralString] = """
    SELECT coalesce(max(remittance_id), 0) + 1 AS remittance_id
      FROM remittance
     WHERE legal_entity_id = %(legal_entity_id)s
"""

ADD: Final[LiteralString] = """
    INSERT INTO remittance (legal_entity_id, remittance_id, kind, message_id, currency, lines, amount_minor,
           sha256, size_bytes, made_on, made_by, made_at)
    VALUES (%(legal_entity_id)s, %(remittance_id)s, %(kind)s, %(message_id)s, %(currency)s, %(lines)s,
           %(amount_minor)s, %(sha256)s, %(size_bytes)s, %(made_on)s, %(made_by)s, %(made_at)s)
"""

EVENTS: Final[LiteralString] = """
    SELECT event_no, state, happened_on, told, recorded_by, recorded_at
      FROM remittance_event
     WHERE legal_entity_id = %(legal_entity_id)s AND remittance_id = %(remittance_id)s
     ORDER BY event_no
"""

TELL: Final[LiteralString] = """
    INSERT INTO remittance_event (legal_entity_id, remittance_id, event_no, state, happened_on, told,
           recorded_by)
    SELECT %(legal_entity_id)s, %(remittance_id)s, coalesce(max(event_no), 0) + 1, %(state)s,
           %(happened_on)s, %(told)s, %(recorded_by)s
      FROM remittance_event
     WHERE legal_entity_id = %(legal_entity_id)s AND remittance_id = %(remittance_id)s
"""

REPORTED: Final[LiteralString] = """
    SELECT EXISTS (
           SELECT FROM status_report
            WHERE legal_entity_id = %(legal_entity_id)s AND remittance_id = %(remittance_id)s
              AND sha256 = %(sha256)s) AS reported
"""

REPORT: Final[LiteralString] = """
    INSERT INTO status_report (legal_entity_id, remittance_id, sha256, report_id, status, accepted, rejected,
           taken_by)
    VALUES (%(legal_entity_id)s, %(remittance_id)s, %(sha256)s, %(report_id)s, %(status)s, %(accepted)s,
           %(rejected)s, %(taken_by)s)
"""

FILES: Final[LiteralString] = """
    SELECT message_id, sha256, size_bytes FROM remittance ORDER BY message_id
"""


def find(tx: Transaction, message_id: str) -> Remittance | None:
    """Return the remittance of that number, or None."""
    row = tx.one_or_none(FIND, message_id=message_id)
    return None if row is None else _remittance(row)


def every(tx: Transaction, rows_max: int) -> list[Remittance]:
    """Return the newest remittances."""
    return [_remittance(row) for row in tx.all(EVERY, rows_max=rows_max)]


def page(tx: Transaction, legal_entity_id: LegalEntityId, before_id: int, rows_max: int) -> list[Remittance]:
    """Return remittances of a legal entity, newest first, those before one."""
    rows = tx.all(PAGE, legal_entity_id=legal_entity_id, before_id=before_id, rows_max=rows_max)
    return [_remittance(row) for row in rows]


def lock(tx: Transaction, legal_entity_id: LegalEntityId) -> None:
    """Hold the remittances of a legal entity: their numbers and steps; the last lock of a transaction."""
    tx.one(LOCK, legal_entity_id=legal_entity_id)


def next_id(tx: Transaction, legal_entity_id: LegalEntityId) -> int:
    """Return the number of the legal entity's next remittance; hold them before."""
    return int(tx.one(NEXT_ID, legal_entity_id=legal_entity_id).remittance_id)


def add(tx: Transaction, remittance: Remittance) -> None:
    """Write a remittance, a draft."""
    tx.run(
        ADD,
        legal_entity_id=remittance.legal_entity_id,
        remittance_id=remittance.remittance_id,
        kind=remittance.kind.value,
        message_id=remittance.message_id,
        currency=remittance.currency,
        lines=remittance.lines,
        amount_minor=remittance.amount_minor,
        sha256=remittance.sha256,
        size_bytes=remittance.size_bytes,
        made_on=remittance.made_on,
        made_by=remittance.made_by,
        made_at=remittance.made_at,
    )


def events(tx: Transaction, remittance: Remittance) -> list[RemittanceEvent]:
    """Return the steps of a remittance, oldest first."""
    rows = tx.all(EVENTS, legal_entity_id=remittance.legal_entity_id, remittance_id=remittance.remittance_id)
    return [RemittanceEvent(**row._asdict() | {"state": RemittanceState(row.state)}) for row in rows]


def tell(
    tx: Transaction, remittance: Remittance, state: RemittanceState, on: date, told: str, by: str
) -> None:
    """Write a step of a remittance; hold the legal entity's before."""
    tx.run(
        TELL,
        legal_entity_id=remittance.legal_entity_id,
        remittance_id=remittance.remittance_id,
        state=state.value,
        happened_on=on,
        told=told,
        recorded_by=by,
    )


def is_reported(tx: Transaction, remittance: Remittance, sha256: str) -> bool:
    """Whether the bank's report of these bytes was taken in before."""
    return bool(
        tx.one(
            REPORTED,
            legal_entity_id=remittance.legal_entity_id,
            remittance_id=remittance.remittance_id,
            sha256=sha256,
        ).reported
    )


def report(
    tx: Transaction, remittance: Remittance, sha256: str, report_id: str, status: str,
    counts: tuple[int, int], by: str,
) -> None:  # fmt: skip
    """Write that a report of the bank was taken in: how many lines it took and refused."""
    tx.run(
        REPORT,
        legal_entity_id=remittance.legal_entity_id,
        remittance_id=remittance.remittance_id,
        sha256=sha256,
        report_id=report_id,
        status=status,
        accepted=counts[0],
        rejected=counts[1],
        taken_by=by,
    )


def files(tx: Transaction) -> Sequence[tuple[str, str, int]]:
    """Return number, SHA-256 and size of every file."""
    return [(row.message_id, row.sha256, row.size_bytes) for row in tx.all(FILES)]


def _remittance(row: Any) -> Remittance:
    return Remittance(
        legal_entity_id=LegalEntityId(row.legal_entity_id),
        remittance_id=row.remittance_id,
        kind=RemittanceKind(row.kind),
        message_id=row.message_id,
        currency=Currency(row.currency),
        lines=row.lines,
        amount_minor=row.amount_minor,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        made_on=row.made_on,
        made_by=row.made_by,
        made_at=row.made_at,
        state=RemittanceState(row.state),
        approved_by=row.approved_by,
    )
