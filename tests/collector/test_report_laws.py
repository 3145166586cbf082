"""What is true of every report: parts add up to the whole, whatever bills, details and debts there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from acquit.collector.columns import PARQUET
from acquit.collector.derived import (
    BILL_DAY_DIFFERS,
    CHANGE_MONTH_DIFFERS,
    CHANGED_BILL_DIFFERS,
    DERIVED,
    DIFFERS,
    OPEN_DEBT_DIFFERS,
    SERVICE_MONTH_DIFFERS,
    UNORDERED_BILL_DIFFERS,
)
from acquit.collector.queries import MACROS
from acquit.collector.report.answer import Answer, Question
from acquit.collector.report.asking import begin
from acquit.collector.report.whole import PARTS, SECTIONS

AS_OF = date(2026, 4, 10)
CURRENCIES = ("EUR", "USD")


@dataclass(frozen=True)
class Detail:
    domain: str | None
    text: str
    quantity_e4: int | None
    net_minor: int
    days: int | None


@dataclass(frozen=True)
class Bill:
    """A bill with its details, of which some may not have been gathered, and what is owed on it."""

    issued_on: date
    currency: str
    details: tuple[Detail, ...]
    beyond_minor: int
    order: str | None
    order_source: str
    due_days: int | None
    due_source: str
    owed_minor: int | None

    @property
    def net_minor(self) -> int:
        return sum(detail.net_minor for detail in self.details) + self.beyond_minor


DETAILS = some.builds(
    Detail,
    domain=some.sampled_from(["web", "disk", None]),
    text=some.sampled_from(["rent", "rent from 2026-01-01", "backup 01/02/2026"]),
    quantity_e4=some.sampled_from([None, 0, 10_000, 20_000, 33_333, -10_000]),
    net_minor=some.integers(-10_000, 10_000),
    days=some.sampled_from([None, 30, 365]),
)
BILLS = some.builds(
    Bill,
    issued_on=some.dates(date(2026, 1, 1), date(2026, 4, 20)),
    currency=some.sampled_from(CURRENCIES),
    details=some.lists(DETAILS, max_size=4).map(tuple),
    beyond_minor=some.sampled_from([0, 0, 77]),
    order=some.sampled_from([None, "PO-1", "PO-2"]),
    order_source=some.sampled_from(["read", "inferred", "unknown"]),
    due_days=some.sampled_from([None, 0, 15, 45, 120]),
    due_source=some.sampled_from(["read", "inferred"]),
    owed_minor=some.none() | some.integers(-10_000, 10_000),
)


@contextmanager
def tables(bills: list[Bill]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Lend the tables of one account with these bills, its small ones made as the collector makes them."""
    with duckdb.connect() as db:
        db.execute("SET threads = 1")
        db.execute(MACROS)
        for name, columns in PARQUET.items():
            db.execute(f"CREATE TABLE {name} ({columns})")
        db.execute("INSERT INTO account BY NAME SELECT 'main' AS account")
        for number, bill in enumerate(bills):
            insert(db, f"FR{number}", bill)
        for name, query in DERIVED.items():
            db.execute(f"INSERT INTO {name} BY NAME {query}")
        yield db


def insert(db: duckdb.DuckDBPyConnection, bill_id: str, bill: Bill) -> None:
    due_on = None if bill.due_days is None else bill.issued_on + timedelta(days=bill.due_days)
    details_count = None if bill.beyond_minor else len(bill.details)
    db.execute(
        "INSERT INTO bill BY NAME SELECT 'main' AS account, ? AS bill_id, ? AS issued_on, ? AS currency,"
        " ? AS net_minor, 0 AS tax_minor, ? AS total_minor, ? AS purchase_order, ? AS purchase_order_source,"
        " ? AS due_on, ? AS due_source, ? AS details_count, 1 AS versions_count",
        [bill_id, bill.issued_on, bill.currency, bill.net_minor, bill.net_minor, bill.order,
         bill.order_source, due_on, bill.due_source if due_on else "unknown", details_count],
    )  # fmt: skip
    for no, detail in enumerate(bill.details, start=1):
        start = None if detail.days is None else bill.issued_on
        end = None if start is None or detail.days is None else start + timedelta(days=detail.days)
        db.execute(
            "INSERT INTO bill_detail BY NAME SELECT 'main' AS account, ? AS bill_id, ? AS detail_no,"
            " ? AS issued_on, ? AS domain, ? AS description, ? AS quantity_e4, ? AS net_minor, ? AS currency,"
            " ? AS period_start_on, ? AS period_end_on",
            [bill_id, no, bill.issued_on, detail.domain, detail.text, detail.quantity_e4, detail.net_minor,
             bill.currency, start, end],
        )  # fmt: skip
    if bill.owed_minor is not None:
        db.execute(
            "INSERT INTO debt BY NAME SELECT 'main' AS account, ? AS bill_id, ? AS opened_on, ? AS currency,"
            " 'TO_BE_PAID' AS status, ? AS due_minor",
            [bill_id, bill.issued_on, bill.currency, bill.owed_minor],
        )


def answers(db: duckdb.DuckDBPyConnection, question: Question) -> dict[str, Answer]:
    asking = begin(db, question)
    return {answer.name: answer for part in PARTS for answer in part(asking)}


def total(answer: Answer, column: str, currency: str) -> int:
    return sum(answer.value(row, column) for row in answer.rows if answer.currency(row) == currency)


def billed(bills: list[Bill], currency: str, first: date, before: date) -> int:
    return sum(
        bill.net_minor for bill in bills if bill.currency == currency and first <= bill.issued_on < before
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bills=some.lists(BILLS, max_size=8))
def test_parts_add_up_to_the_whole(bills: list[Bill]) -> None:
    with tables(bills) as db:
        for query in DIFFERS.values():
            assert db.execute(query).fetchall() == [], "the small tables say what the large ones say"
        told = answers(db, Question(as_of=AS_OF))
    assert {*told, "headline"} == {name for section in SECTIONS.values() for name in section}
    march, february, april = date(2026, 3, 1), date(2026, 2, 1), date(2026, 4, 1)
    seen = [bill for bill in bills if bill.issued_on <= AS_OF]
    for currency in CURRENCIES:
        owed = sum(bill.owed_minor or 0 for bill in seen if bill.currency == currency)
        for name in ("due", "due-orders", "ageing", "ageing-accounts"):
            assert total(told[name], "due_minor", currency) == owed, name
        for name in ("due", "due-orders", "ageing"):
            sources = [total(told[name], f"{one}_minor", currency) for one in ("read", "inferred", "unknown")]
            assert sum(sources) == owed, name
        net = billed(seen, currency, date.min, date.max)
        for name in ("months", "accounts", "services", "cost-centres", "orders"):
            assert total(told[name], "net_minor", currency) == net, name
        orders = [total(told["orders"], f"{one}_minor", currency) for one in ("read", "inferred", "unknown")]
        assert sum(orders) == net
        without = sum(bill.net_minor for bill in seen if bill.currency == currency and bill.order is None)
        for name in ("without-order", "without-order-reasons"):
            assert total(told[name], "net_minor", currency) == without, name
        difference = billed(bills, currency, march, april) - billed(bills, currency, february, march)
        for name in ("changes", "change-accounts", "change-services"):
            assert total(told[name], "difference_minor", currency) == difference, name
    grown = told["change-accounts"]
    place = grown.columns.index("difference_minor")
    assert all(sum(row[place + 1 :]) == row[place] for row in grown.rows), "an account's reasons add up too"


@pytest.mark.parametrize(
    ("table", "column", "query"),
    [
        ("bill_day", "total_minor", BILL_DAY_DIFFERS),
        ("bill_day", "bills_count", BILL_DAY_DIFFERS),
        ("service_month", "net_minor", SERVICE_MONTH_DIFFERS),
        ("service_month", "details_count", SERVICE_MONTH_DIFFERS),
        ("change_month", "difference_minor", CHANGE_MONTH_DIFFERS),
        ("open_debt", "due_minor", OPEN_DEBT_DIFFERS),
        ("unordered_bill", "total_minor", UNORDERED_BILL_DIFFERS),
    ],
)
def test_a_small_table_that_was_touched_is_found(table: str, column: str, query: str) -> None:
    detail = Detail("web", "rent", 10_000, 500, 30)
    bill = Bill(date(2026, 3, 1), "EUR", (detail,), 0, None, "unknown", 15, "read", 500)
    with tables([bill]) as db:
        db.execute(f"UPDATE {table} SET {column} = {column} + 1")
        assert len(db.execute(query).fetchall()) >= 1


def test_a_changed_bill_that_no_version_tells_is_found() -> None:
    with tables([]) as db:
        db.execute(
            "INSERT INTO changed_bill BY NAME SELECT 'main' AS account, 'FR1' AS bill_id, 2 AS versions_count"
        )
        assert db.execute(CHANGED_BILL_DIFFERS).fetchall() == [("main FR1",)]


def test_a_price_and_a_quantity_that_change_together() -> None:
    """Two at 5.00 become three at 6.00: one more costs 5.00, the higher price of three 3.00."""
    before = Detail("web", "rent 2026-02-01 to 2026-03-01", 20_000, 1_000, 30)
    now = Detail("web", "rent 2026-03-01 to 2026-04-01", 30_000, 1_800, 30)
    bills = [
        Bill(day, "EUR", (detail,), 0, None, "unknown", None, "read", None)
        for day, detail in ((date(2026, 2, 1), before), (date(2026, 3, 1), now))
    ]
    with tables(bills) as db:
        told = answers(db, Question(as_of=AS_OF))["changes"]
    assert [(told.value(row, "reason"), told.value(row, "difference_minor")) for row in told.rows] == [
        ("price", 300),
        ("quantity", 500),
    ]
