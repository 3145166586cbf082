"""The inputs that pages of bill runs were decided by, kept so that they can be decided again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from acquit.core.identifiers import RunId
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
        yield RunInput(*tx.one(FIND, run_id=run_id, input_no=row.input_no))
