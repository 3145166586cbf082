"""A statement that tells of our own files is stopped anywhere: brought again, all is booked and linked once.

What an entry tells is booked in one transaction and linked with the entry in the next. A process may die in
either or between them, and between a booking and the letter that tells the payer of it.
"""

import io
from contextlib import closing, nullcontext
from pathlib import Path

import psycopg
import pytest

from acquit.actions.context import Context
from acquit.actions.import_bank_file import import_bank_file
from acquit.actions.notify_debits import notify_debits
from acquit.store.transaction import Database
from actions.test_bank import inbox
from actions.test_own_entries import credit, events, refund, sent
from banking import Tx, camt
from billed import failed, rows
from collecting import COLLECTED_ON, SELLER_IBAN, collecting, letters, on
from fault.dying import Died, DyingDatabase, dying
from fault.test_bank import CRASH, MEND
from founding import ACME, PETIT
from owing import ledger, open_of

BOOKING = ("deposit", "debt_operation", "collection_event", "refund_event", "entry", "posting", "act")
LINKING = ("bank_own", "bank_move", "bank_match", "bank_match_part", "bank_progress")
TOLD = 5
DEATHS_MAX = 40


def bring(context: Context, content: bytes) -> None:
    import_bank_file(context, "f.xml", lambda: nullcontext(io.BytesIO(content)), by="cli")


def told_of_all(database: Database, directory: Path) -> tuple[Context, bytes]:
    """A file at the bank, and a statement of two credits, a return, a refund and the refund's return."""
    context = on(collecting(database, directory), COLLECTED_ON)
    _, lines = sent(context)
    paid_back = refund(context)
    back = Tx(-1_200, end_to_end=lines[PETIT].end_to_end, returned="MD01", on=COLLECTED_ON)
    return context, camt(
        [credit(2_400, lines[ACME].end_to_end), credit(1_200, lines[PETIT].end_to_end), back],
        [Tx(-500, end_to_end=paid_back.end_to_end, on=COLLECTED_ON)],
        [Tx(500, end_to_end=paid_back.end_to_end, returned="AC04", on=COLLECTED_ON)],
        iban=SELLER_IBAN,
    )


def whole(context: Context) -> None:
    """All that the statement tells is booked once and linked once; the payer was told of the return once."""
    assert (events(context), inbox(context)) == (["collected", "collected", "returned"], [])
    assert (open_of(context, ACME), open_of(context, PETIT)) == (0, 1_200)
    assert (ledger(context)["512000"], ledger(context).get("471000")) == (2_400 + 500, None)
    kinds = [row.kind for row in rows(context, "SELECT kind FROM bank_own ORDER BY kind")]
    assert kinds == ["collected", "collected", "refund-paid", "refund-returned", "returned"]
    notify_debits(context)
    assert [to for to, _, text in letters(context) if "MD01" in text] == [f"{PETIT}@example.com"]
    assert failed(context) == {}


def test_a_process_that_dies_after_every_single_commit_ends_in_the_same_books(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    context, content = told_of_all(database, tmp_path)
    deaths = 0
    with closing(DyingDatabase(database_url)) as mortal:
        while True:
            try:
                bring(dying(context, mortal), content)
            except Died:
                deaths += 1
                assert failed(context) == {}, f"after death {deaths}"
                assert deaths < DEATHS_MAX, "the import never ends"
            else:
                break
    assert deaths > 2 * TOLD, "it died between the booking and the link of every entry"
    whole(context)


@pytest.mark.parametrize("table", BOOKING + LINKING)
def test_a_crash_after_any_write_leaves_entries_that_are_linked_the_next_time(
    table: str, database: Database, database_url: str, tmp_path: Path
) -> None:
    context, content = told_of_all(database, tmp_path)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(CRASH.format(table).encode())
        with pytest.raises(psycopg.OperationalError):
            bring(context, content)
        owner.execute(MEND.encode())
        database.renew()
        assert failed(context) == {}
    bring(context, content)
    whole(context)
