"""What runs set aside and hold back, page by page, however much it is."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId, RunId
from acquit.core.money import Currency
from acquit.core.problem import Problem
from acquit.store.transaction import Transaction

PARKED_PAGE: Final[LiteralString] = """
    SELECT p.run_id, r.legal_entity_id, r.period, p.account_id, p.problems, p.parked_at
      FROM parked_account p
      JOIN bill_run r ON r.run_id = p.run_id
     WHERE p.resolved_at IS NULL AND (p.run_id, p.account_id) > (%(after_run)s, %(after_id)s)
       AND p.run_id <= %(last_run)s
     ORDER BY p.run_id, p.account_id
     LIMIT %(rows_max)s
"""

COUNT_PARKED: Final[LiteralString] = """
    SELECT count(*) AS accounts FROM parked_account WHERE run_id = %(run_id)s AND resolved_at IS NULL
"""

HELD_PAGE: Final[LiteralString] = """
    SELECT account_id, amount_minor, currency, reason, held_on, until_on
      FROM held_bill
     WHERE run_id = %(run_id)s AND released_at IS NULL AND account_id > %(after_id)s
     ORDER BY account_id, reason, currency
     LIMIT %(rows_max)s
"""

LAST_WRITTEN: Final[LiteralString] = """
    SELECT max(written_at) AS written_at, count(*) AS pages FROM bill_run_page WHERE run_id = %(run_id)s
"""


@dataclass(frozen=True, slots=True)
class ParkedNow:
    """An account that a run sets aside, with what has to be mended."""

    run_id: RunId
    legal_entity_id: LegalEntityId
    period: str
    account_id: AccountId
    problems: tuple[Problem, ...]
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class HeldNow:
    """A net amount that a run holds back, why, and until when."""

    account_id: AccountId
    amount_minor: int
    currency: Currency
    reason: str
    held_on: date
    until_on: date


def parked_page(tx: Transaction, after: tuple[int, str], last_run: int, rows_max: int) -> list[ParkedNow]:
    """Return accounts that runs up to one still set aside, by run and account, those after a pair."""
    rows = tx.all(PARKED_PAGE, after_run=after[0], after_id=after[1], last_run=last_run, rows_max=rows_max)
    return [
        ParkedNow(
            row.run_id, row.legal_entity_id, row.period, row.account_id,
            tuple(Problem(**each) for each in row.problems), row.parked_at,
        )
        for row in rows
    ]  # fmt: skip


def count_parked(tx: Transaction, run_id: RunId) -> int:
    """Return how many accounts the run still sets aside."""
    return int(tx.one(COUNT_PARKED, run_id=run_id).accounts)


def held_page(tx: Transaction, run_id: RunId, after_id: str, rows_max: int) -> list[HeldNow]:
    """Return what the run still holds back, by account, those after one."""
    rows = tx.all(HELD_PAGE, run_id=run_id, after_id=after_id, rows_max=rows_max)
    return [HeldNow(*row) for row in rows]


def last_written(tx: Transaction, run_id: RunId) -> tuple[datetime | None, int]:
    """Return when the run wrote its last page, and how many."""
    row = tx.one(LAST_WRITTEN, run_id=run_id)
    return row.written_at, row.pages
