"""VAT reports that were asked for in the office: who asked, and what the books said when one was made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.identifiers import LegalEntityId
from acquit.store.transaction import Transaction

ADD: Final[LiteralString] = """
    INSERT INTO vat_request (legal_entity_id, period, asked_by)
    VALUES (%(legal_entity_id)s, %(period)s, %(asked_by)s)
        ON CONFLICT (legal_entity_id, period) WHERE made_at IS NULL DO NOTHING
    RETURNING request_no
"""

FIND: Final[LiteralString] = """
    SELECT legal_entity_id, request_no, period, asked_by, asked_at, report, made_at
      FROM vat_request
     WHERE legal_entity_id = %(legal_entity_id)s AND request_no = %(request_no)s
"""

LATEST: Final[LiteralString] = """
    SELECT legal_entity_id, request_no, period, asked_by, asked_at, report, made_at
      FROM vat_request
     WHERE legal_entity_id = %(legal_entity_id)s AND period = %(period)s
       AND (made_at IS NOT NULL) = %(is_made)s
     ORDER BY request_no DESC
     LIMIT 1
"""

MAKE: Final[LiteralString] = """
    UPDATE vat_request
       SET report = %(report)s, made_at = instant()
     WHERE legal_entity_id = %(legal_entity_id)s AND request_no = %(request_no)s AND made_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class VatRequest:
    """A report that was asked for; `report` is what it said at `made_at`, None while it waits."""

    legal_entity_id: LegalEntityId
    request_no: int
    period: str
    asked_by: str
    asked_at: datetime
    report: Mapping[str, Any] | None
    made_at: datetime | None


def add(tx: Transaction, legal_entity_id: LegalEntityId, period: str, by: str) -> int | None:
    """Write that the report of a month, quarter or year is asked for; return None when it waits already."""
    row = tx.one_or_none(ADD, legal_entity_id=legal_entity_id, period=period, asked_by=by)
    return None if row is None else int(row.request_no)


def find(tx: Transaction, legal_entity_id: LegalEntityId, request_no: int) -> VatRequest | None:
    """Return a request, or None."""
    row = tx.one_or_none(FIND, legal_entity_id=legal_entity_id, request_no=request_no)
    return None if row is None else VatRequest(*row)


def latest(
    tx: Transaction, legal_entity_id: LegalEntityId, period: str, *, is_made: bool
) -> VatRequest | None:
    """Return the report of the period that was made last, or the request that waits; None without one."""
    row = tx.one_or_none(LATEST, legal_entity_id=legal_entity_id, period=period, is_made=is_made)
    return None if row is None else VatRequest(*row)


def make(tx: Transaction, request: VatRequest, report: Mapping[str, Any]) -> None:
    """Write what the report says."""
    tx.run(MAKE, legal_entity_id=request.legal_entity_id, request_no=request.request_no, report=Jsonb(report))
