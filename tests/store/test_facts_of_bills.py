"""What PostgreSQL itself guards about bills, numbers, debts and the journal, whoever writes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from random import Random
from threading import Barrier

import psycopg
import pytest
from psycopg import errors

from acquit.actions.context import Context
from acquit.core.identifiers import AccountId, LegalEntityId, ServiceId
from acquit.core.journal import Entry, Head, Posting
from acquit.core.money import Currency
from acquit.core.numbering import BadSeries, DocumentKind, Series
from acquit.store import billables, bills, journals, series
from acquit.store.transaction import Database
from billed import bill, failed, family, seller, subscribe
from founding import PETIT

EUR = Currency("EUR")
ON = date(2026, 11, 23)
FACTS = (
    "bill", "bill_detail", "bill_tax", "bill_number", "bill_order", "snapshot", "debt", "debt_operation",
    "deposit", "entry", "posting", "document", "charge", "bill_run_page", "chain_head",
)  # fmt: skip


@pytest.fixture
def context(database: Database) -> Iterator[Context]:
    made = seller(database)
    family(made)
    subscribe(made, PETIT, "srv1")
    bill(made)
    yield made
    assert failed(made) == {}


@pytest.mark.parametrize("table", FACTS)
def test_an_issued_fact_is_never_changed_or_deleted(table: str, context: Context) -> None:
    for change in (f"DELETE FROM {table}", f"SELECT 1 FROM {table} FOR UPDATE"):
        with pytest.raises(errors.InsufficientPrivilege), context.database.write() as tx:
            tx.connection.execute(change.encode())


def test_an_entry_that_does_not_balance_is_refused(context: Context) -> None:
    with context.database.read() as tx:
        head = journals.head(tx, PETIT)
    postings = (Posting("411000", 100, EUR), Posting("706000", -99, EUR))
    entry = Entry(PETIT, head.entry_no + 1, "bill", ON, "x", postings, head.hash, b"x")
    with pytest.raises(errors.CheckViolation, match="off by 1 EUR"), context.database.write() as tx:
        journals.write(tx, [entry])


def test_a_chain_has_no_fork(context: Context) -> None:
    with context.database.read() as tx:
        assert journals.head(tx, AccountId("zz00000-acq")) == Head()
    postings = (Posting("411000", 1, EUR), Posting("706000", -1, EUR))
    entry = Entry(PETIT, 1, "bill", ON, "x", postings, bytes(32), b"x")
    with pytest.raises(errors.UniqueViolation), context.database.write() as tx:
        journals.write(tx, [entry])


def test_a_series_that_clashes_is_refused_at_set_up(context: Context) -> None:
    clashing = Series("again", LegalEntityId("FR"), DocumentKind.BILL, "FR", 8, "9")
    with pytest.raises(BadSeries, match="same numbers"), context.database.write() as tx:
        series.insert(tx, clashing)


def test_blocks_of_contending_writers_leave_no_gap_and_no_double(context: Context, database_url: str) -> None:
    """Eight writers take blocks on rising dates; every third gives up, as a crash would."""
    rng, ready = Random(7), Barrier(8)
    turns = [(writer, turn, rng.randrange(3) == 0) for writer in range(8) for turn in range(6)]

    def write(writer: int) -> None:
        with Database(database_url) as database:
            ready.wait()
            for _, turn, gives_up in (each for each in turns if each[0] == writer):
                try:
                    with database.write() as tx:
                        take(tx, writer, turn)
                        if gives_up:
                            raise InterruptedError
                except InterruptedError:
                    continue

    def take(tx: object, writer: int, turn: int) -> None:
        on = ON + timedelta(days=turn)
        block = series.take(tx, "RC", 100, on, or_later=True)  # type: ignore[arg-type]
        rows = [
            (f"RC{number:08d}", "RC", number, AccountId(f"w{writer}"), block.issued_on)
            for number in range(block.first, block.first + block.count)
        ]
        tx.copy("bill_number", tuple(bills.NUMBER), rows, tuple(bills.NUMBER.values()))  # type: ignore[attr-defined]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with psycopg.connect(database_url, autocommit=True) as owner:
        found = owner.execute(
            "SELECT number, issued_on FROM bill_number WHERE series_id = 'RC' ORDER BY number"
        ).fetchall()
        owner.execute("DELETE FROM bill_number WHERE series_id = 'RC'")
        owner.execute("UPDATE series SET next_number = 1, last_on = NULL WHERE series_id = 'RC'")
    kept = sum(not gives_up for _, _, gives_up in turns)
    assert [number for number, _ in found] == list(range(1, 100 * kept + 1))
    dates = [on for _, on in found]
    assert dates == sorted(dates)


def test_accounts_with_something_to_bill_are_found_by_families(context: Context) -> None:
    for name in ("ab12345-acq", "ab20001-acq", "ab20002-acq"):
        subscribe(context, AccountId(name), f"srv-{name}")
    with context.database.read() as tx:
        pages = billables.due_pages(tx, LegalEntityId("FR"), date(2026, 11, 30), 1)
        none = billables.due_pages(tx, LegalEntityId("FR"), date(2026, 10, 31), 1)
    assert [page.account_ids for page in pages] == [["ab12345-acq", "ab20001-acq"], ["ab20002-acq"]]
    assert none == []
    bill(context)


def test_renewal_dates_move_without_touching_an_index(context: Context, database_url: str) -> None:
    with context.database.write() as tx:
        row = tx.one("SELECT service_id, next_renewal_on FROM service")
        billables.renew(tx, [(PETIT, ServiceId(row.service_id), row.next_renewal_on)])
    with psycopg.connect(database_url) as owner:
        owner.execute("SELECT pg_stat_force_next_flush()")
        definitions = owner.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'service'").fetchall()
    assert not [text for (text,) in definitions if "next_renewal_on" in text]
