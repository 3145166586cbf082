"""An import of a bank's file that is stopped anywhere goes on when it comes again; nothing counts twice."""

import io
from contextlib import nullcontext

import psycopg
import pytest

from acquit.actions.context import Context
from acquit.actions.import_bank_file import import_bank_file
from acquit.store.transaction import Database
from actions.test_bank import billed, inbox, ledger, opened, references
from banking import Tx, camt
from billed import failed, rows
from founding import ACME, LAB

WRITTEN = (
    "bank_entry", "bank_telling", "bank_statement", "bank_progress", "deposit", "debt_operation", "entry",
    "posting", "bank_move", "bank_match", "bank_match_part", "bank_inbox", "bank_file",
)  # fmt: skip
"""Every table that an import writes, in the order in which it does."""

CRASH = """
    CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the connection is gone' USING ERRCODE = '57P01'; END $$;
    CREATE TRIGGER crash AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH STATEMENT EXECUTE FUNCTION crash()
"""
MEND = "DROP FUNCTION crash() CASCADE"


def bring(context: Context, content: bytes) -> str:
    return import_bank_file(context, "f.xml", lambda: nullcontext(io.BytesIO(content)), by="cli").status


def test_a_crash_after_any_write_is_made_good(database: Database, database_url: str) -> None:
    """Each table in turn refuses once, as if the process had died there; then the same file comes again."""
    context = billed(database)
    told = references(context)
    content = camt(
        [Tx(1_200, reference=told[ACME], bank_reference="1"), Tx(70, "who?", bank_reference="2")],
        [Tx(2_400, reference=told[LAB], bank_reference="3"), Tx(80, "who?", bank_reference="4")],
    )
    with psycopg.connect(database_url, autocommit=True) as owner:
        for table in WRITTEN:
            owner.execute(CRASH.format(table).encode())
            with pytest.raises(psycopg.OperationalError):
                bring(context, content)
            owner.execute(MEND.encode())
            database.renew()
            assert failed(context) == {}, table
    bring(context, content)
    assert bring(context, content) == "already_booked"
    assert len(opened(context)) == 2
    assert len(inbox(context)) == 2
    assert (ledger(context)["512000"], ledger(context)["471000"]) == (3_750, -150)
    assert len(rows(context, "SELECT * FROM bank_entry")) == 4
    assert failed(context) == {}
