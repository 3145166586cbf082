"""Bill runs that were asked for in the office: who asked, how far they are, what came of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.identifiers import LegalEntityId
from acquit.store.transaction import Transaction

_REQUESTS: Final[LiteralString] = """
    SELECT legal_entity_id, request_no, period, is_rehearsal, state, asked_by, asked_at, done, accounts,
           outcome, ended_at
      FROM run_request
"""

ADD: Final[LiteralString] = """
    INSERT INTO run_request (legal_entity_id, period, is_rehearsal, asked_by)
    VALUES (%(legal_entity_id)s, %(period)s, %(is_rehearsal)s, %(asked_by)s)
    RETURNING request_no
"""

FIND: Final[LiteralString] = _REQUESTS + "WHERE request_no = %(request_no)s"

LATEST: Final[LiteralString] = (
    _REQUESTS
    + """
     WHERE legal_entity_id = %(legal_entity_id)s
     ORDER BY request_no DESC
     LIMIT %(rows_max)s
"""
)

UNDER_WAY: Final[LiteralString] = (
    _REQUESTS
    + """
     WHERE legal_entity_id = %(legal_entity_id)s AND period = %(period)s
       AND is_rehearsal = %(is_rehearsal)s AND state IN ('waiting', 'running')
     ORDER BY request_no DESC
     LIMIT 1
"""
)

BEGIN: Final[LiteralString] = """
    UPDATE run_request
       SET state = 'running'
     WHERE legal_entity_id = %(legal_entity_id)s AND request_no = %(request_no)s
       AND state IN ('waiting', 'running')
"""

ADVANCE: Final[LiteralString] = """
    UPDATE run_request
       SET done = %(done)s, accounts = %(accounts)s
     WHERE legal_entity_id = %(legal_entity_id)s AND request_no = %(request_no)s
"""

END: Final[LiteralString] = """
    UPDATE run_request
       SET state = %(state)s, outcome = %(outcome)s, ended_at = instant()
     WHERE legal_entity_id = %(legal_entity_id)s AND request_no = %(request_no)s
"""

HOLD: Final[LiteralString] = "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 6120984417))"


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run that was asked for; `outcome` tells its reports and comparison, or why it was refused."""

    legal_entity_id: LegalEntityId
    request_no: int
    period: str
    is_rehearsal: bool
    state: str
    asked_by: str
    asked_at: datetime
    done: int
    accounts: int
    outcome: Mapping[str, Any]
    ended_at: datetime | None

    @property
    def is_under_way(self) -> bool:
        """Whether it waits for a worker or is being carried out."""
        return self.state in ("waiting", "running")

    @property
    def percent(self) -> int:
        """How far it is."""
        return 100 * self.done // max(self.accounts, 1)


def hold(tx: Transaction, legal_entity_id: LegalEntityId) -> None:
    """Let nobody else ask for a run of the legal entity until the transaction ends."""
    tx.one(HOLD, name=f"run {legal_entity_id}")


def add(tx: Transaction, legal_entity_id: LegalEntityId, period: str, is_rehearsal: bool, by: str) -> int:
    """Write that a run was asked for; return its number."""
    row = tx.one(ADD, legal_entity_id=legal_entity_id, period=period, is_rehearsal=is_rehearsal, asked_by=by)
    return int(row.request_no)


def find(tx: Transaction, request_no: int) -> RunRequest | None:
    """Return the request or None."""
    row = tx.one_or_none(FIND, request_no=request_no)
    return None if row is None else RunRequest(*row)


def latest(tx: Transaction, legal_entity_id: LegalEntityId, rows_max: int) -> list[RunRequest]:
    """Return the latest requests of the legal entity."""
    return [RunRequest(*row) for row in tx.all(LATEST, legal_entity_id=legal_entity_id, rows_max=rows_max)]


def under_way(
    tx: Transaction, legal_entity_id: LegalEntityId, period: str, is_rehearsal: bool
) -> RunRequest | None:
    """Return the request of this kind that has not ended, or None."""
    row = tx.one_or_none(UNDER_WAY, legal_entity_id=legal_entity_id, period=period, is_rehearsal=is_rehearsal)
    return None if row is None else RunRequest(*row)


def begin(tx: Transaction, request: RunRequest) -> bool:
    """Write that it is being carried out; return False when it has ended."""
    return tx.run(BEGIN, legal_entity_id=request.legal_entity_id, request_no=request.request_no) == 1


def advance(tx: Transaction, request: RunRequest, done: int, accounts: int) -> None:
    """Write how far it is."""
    tx.run(
        ADVANCE,
        legal_entity_id=request.legal_entity_id, request_no=request.request_no, done=done, accounts=accounts,
    )  # fmt: skip


def end(tx: Transaction, request: RunRequest, state: str, outcome: Mapping[str, object]) -> None:
    """Write what came of it."""
    tx.run(
        END,
        legal_entity_id=request.legal_entity_id, request_no=request.request_no, state=state,
        outcome=Jsonb(outcome),
    )  # fmt: skip
