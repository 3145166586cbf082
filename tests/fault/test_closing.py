"""A closing waits for whoever books, and what was booked is in it; nobody books into it afterwards."""

import threading
from collections.abc import Callable
from datetime import date

import psycopg
import pytest

from acquit.actions.accrue_revenue import accrue_revenue
from acquit.actions.close_period import close_period
from acquit.actions.defer_revenue import defer_revenue
from acquit.core.identifiers import AccountId
from acquit.core.journal import Head, chained, deposit_postings
from acquit.core.money import Currency
from acquit.store import journals
from acquit.store.transaction import Database, Transaction
from billed import bill, failed, family, later, rows, seller, subscribe
from founding import ACME, FR, LAB, SHOP

DECEMBER = date(2026, 12, 1)
OPEN_CHARGE = """
    INSERT INTO charge (account_id, service_id, kind, period_start, period_end, description, quantity_e4,
           unit_price_ucents, currency, accepted_on)
    VALUES (%(account_id)s, 0, 'one-off', '2026-11-16', '2026-12-15', 'x', 10000, 3000000000, 'EUR',
            '2026-11-30')
"""
CHART = {"bank": "512000", "unapplied": "419100"}


def late_entry(tx: Transaction, account_id: AccountId = SHOP) -> None:
    """An entry of the last day of November."""
    postings = deposit_postings(CHART, 100, Currency("EUR"))
    entry = chained(Head(), account_id, "other", date(2026, 11, 30), "x", postings)
    journals.write(tx, [entry])


def begun(act: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_a_closing_waits_for_who_books_and_counts_what_was_booked(database: Database) -> None:
    context = seller(database, date(2026, 11, 2))
    family(context)
    subscribe(context, ACME, "a", next_on=date(2026, 11, 1))
    bill(context)
    with database.write() as tx:
        late_entry(tx)
        closing = begun(lambda: close_period(later(context, DECEMBER), FR, "2026-11", by="cli"))
        closing.join(1.0)
        assert closing.is_alive(), "it waits for the transaction that books"
        assert rows(context, "SELECT FROM period_act WHERE happening = 'closed'") == []
    closing.join(30)
    (act,) = rows(context, "SELECT * FROM period_act WHERE happening = 'closed'")
    assert act.entries == 2
    with pytest.raises(psycopg.errors.CheckViolation, match="closed period"), database.write() as tx:
        late_entry(tx, LAB)


@pytest.mark.parametrize("before", ["journal", "record"])
def test_a_spreading_that_was_killed_is_completed_by_the_next(
    database: Database, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    context = seller(database, date(2026, 11, 2))
    family(context)
    for account_id in (ACME, SHOP):
        subscribe(context, account_id, account_id, next_on=date(2026, 11, 16))
    bill(context)
    with monkeypatch.context() as patched:
        patched.setattr("acquit.actions.defer_revenue.PAGE_ACCOUNTS", 1)
        patched.setattr(*_killing(before))
        with pytest.raises(KeyboardInterrupt):
            defer_revenue(later(context, DECEMBER), FR, "2026-11", by="cli")
    defer_revenue(later(context, DECEMBER), FR, "2026-11", by="cli")
    told = rows(context, "SELECT account_id, count(*) AS n FROM entry WHERE kind = 'deferral' GROUP BY 1")
    assert {row.account_id: row.n for row in told} == {ACME: 1, SHOP: 1}
    assert failed(later(context, DECEMBER)) == {}


def test_an_accrual_that_was_killed_is_completed_by_the_next(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = seller(database, date(2026, 11, 2))
    family(context)
    with database.write() as tx:
        for account_id in (ACME, SHOP):
            tx.run(OPEN_CHARGE, account_id=account_id)
    with monkeypatch.context() as patched:
        patched.setattr("acquit.actions.accrue_revenue.PAGE_ACCOUNTS", 1)
        patched.setattr("acquit.actions.accrue_revenue.journals.write", _once())
        with pytest.raises(KeyboardInterrupt):
            accrue_revenue(later(context, DECEMBER), FR, "2026-11", by="cli")
    accrue_revenue(later(context, DECEMBER), FR, "2026-11", by="cli")
    told = rows(context, "SELECT account_id, count(*) AS n FROM entry WHERE kind = 'accrual' GROUP BY 1")
    assert {row.account_id: row.n for row in told} == {ACME: 1, SHOP: 1}
    assert failed(later(context, DECEMBER)) == {}


def _killing(before: str) -> tuple[str, Callable[..., None]]:
    """Return what is replaced by a kill: the second page's entries, or the record that all is done."""
    if before == "record":
        return "acquit.actions.defer_revenue.periods.record", _interrupt
    return "acquit.actions.defer_revenue.journals.write", _once()


def _once() -> Callable[..., None]:
    """Write the entries of the first page; then comes the kill."""
    written: list[object] = []
    write = journals.write

    def once(tx: Transaction, entries: list[object]) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(entries)
        write(tx, entries)  # type: ignore[arg-type]

    return once


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
