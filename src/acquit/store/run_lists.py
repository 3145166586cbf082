"""What runs set aside and hold back, page by page, however much it is."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, RunId
from acquit.core.money import Currency
from acquit.core.problem import Problem
from acquit.store.runs import Parked
from acquit.store.transaction import Transaction

PARKED_PAGE: Final[LiteralString] = """
    SELECT account_id, problems, parked_at
      FROM parked_account
     WHERE run_id = %(run_id)s AND resolved_at IS NULL AND account_id > %(after_id)s
     ORDER BY account_id
     LIMIT %(rows_max)s
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
class HeldNow:
    """A net amount that a run holds back, why, and until when."""

    account_id: AccountId
    amount_minor: int
    currency: Currency
    reason: str
    held_on: date
    until_on: date


def parked_page(tx: Transaction, run_id: RunId, after_id: str, rows_max: int) -> list[Parked]:
    """Return accounts that the run still sets aside, by account, those after one."""
    rows = tx.all(PARKED_PAGE, run_id=run_id, after_id=after_id, rows_max=rows_max)
    return [
        Parked(row.account_id, tuple(Problem(**each) for each in row.problems), row.parked_at) for row in rows
    ]


def held_page(tx: Transaction, run_id: RunId, after_id: str, rows_max: int) -> list[HeldNow]:
    """Return what the run still holds back, by account, those after one."""
    rows = tx.all(HELD_PAGE, run_id=run_id, after_id=after_id, rows_max=rows_max)
    return [HeldNow(*row) for row in rows]


def last_written(tx: Transaction, run_id: RunId) -> tuple[datetime | None, int]:
    """Return when the run wrote its last page, and how many."""
    row = tx.one(LAST_WRITTEN, run_id=run_id)
    return row.written_at, row.pages
