"""The inputs that pages of bill runs were decided by, kept so that they can be decided again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, BillId, RunId
from acquit.store.transaction import Transaction

ADD: Final[LiteralString] = """
    INSERT INTO bill_run_input (run_id, accounts, program, body)
    VALUES (%(run_id)s, %(accounts)s, %(program)s, %(body)s)
"""

NUMBERS: Final[LiteralString] = """
    SELECT input_no FROM bill_run_input WHERE run_id = %(run_id)s ORDER BY input_no
"""

FIND: Final[LiteralString] = """
    SELECT run_id, input_no, accounts, program, body, written_at
      FROM bill_run_input
     WHERE run_id = %(run_id)s AND input_no = %(input_no)s
"""


WRITTEN_WITH: Final[LiteralString] = """
    SELECT i.input_no
      FROM entry e
      JOIN bill_run_input i ON i.run_id = %(run_id)s AND i.written_at = e.booked_at
     WHERE e.account_id = %(account_id)s AND e.kind = 'bill' AND e.reference = %(bill_id)s
     ORDER BY i.input_no
"""


@dataclass(frozen=True, slots=True)
class RunInput:
    """What one page was decided by, packed, and the version of the program that decided it."""

    run_id: RunId
    input_no: int
    accounts: int
    program: str
    body: bytes
    written_at: datetime


def add(tx: Transaction, run_id: RunId, accounts: int, program: str, body: bytes) -> None:
    """Keep what a page was decided by."""
    tx.run(ADD, run_id=run_id, accounts=accounts, program=program, body=body)


def every(tx: Transaction, run_id: RunId) -> Iterator[RunInput]:
    """Yield the inputs of the run in the order in which they were decided, one in memory at a time."""
    for row in tx.all(NUMBERS, run_id=run_id):
        yield find(tx, run_id, row.input_no)


def written_with(tx: Transaction, run_id: RunId, account_id: AccountId, bill_id: BillId) -> list[int]:
    """Return the inputs of the run that were kept at the instant at which the bill was booked."""
    rows = tx.all(WRITTEN_WITH, run_id=run_id, account_id=account_id, bill_id=bill_id)
    return [row.input_no for row in rows]


def find(tx: Transaction, run_id: RunId, input_no: int) -> RunInput:
    """Return one input of the run."""
    return RunInput(*tx.one(FIND, run_id=run_id, input_no=input_no))
