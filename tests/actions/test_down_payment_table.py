"""Down payments as a table: what became of each by a day, and that the books carry the same."""

import csv
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, LiteralString

from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.export_books import export_down_payments
from acquit.actions.settle_debt import return_payment
from acquit.core.identifiers import BillId, DebtId
from acquit.store.transaction import Database
from advancing import DECEMBER, ask, pay, sound, world
from billed import ON, bill, later, rows, subscribe
from founding import FR, LAB, PETIT

JANUARY: Final = date(2027, 1, 1)
NAMES: Final = ("bill", "for", "vat_rate", "total", "paid", "deducted", "credited", "carried")
BOOKED: Final[LiteralString] = """
    SELECT sum(p.amount_minor)::bigint AS minor
      FROM posting p JOIN entry e USING (account_id, entry_no)
     WHERE p.ledger = '419110' AND e.booked_on <= %(on)s
"""


def told(context: Context, on: date, directory: Path) -> list[tuple[str, ...]]:
    """What the table tells at the end of the day; what it carries is what the books do."""
    made = export_down_payments(context, FR, on, directory / f"{on}.csv")
    found = list(csv.DictReader(made.path.read_text().splitlines()))
    (booked,) = rows(context, BOOKED, on=on)
    assert sum(Decimal(each["carried"]) for each in found) * 100 == -(booked.minor or 0)
    return [tuple(each[name] for name in NAMES) for each in found]


def test_a_table_tells_what_the_books_carry_of_each_on_any_day(database: Database, tmp_path: Path) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    whole, open_, given_up = ask(context), ask(context, LAB, 1_500), ask(context, minor=700)
    pay(context, whole)
    pay(context, open_, 300)
    bill(later(context, DECEMBER), "2026-12")
    credit_bill(later(context, JANUARY), PETIT, given_up.bill_id, "given up", by="cli")
    credit_bill(later(context, JANUARY), PETIT, BillId("FR00000001"), "wrong", by="cli")

    first, second, third = whole.bill_id, open_.bill_id, given_up.bill_id
    assert told(context, ON - timedelta(1), tmp_path) == []
    assert told(context, ON, tmp_path) == [
        (first, "account", "20.00", "4.80", "4.80", "0.00", "0.00", "4.00"),
        (second, "account", "20.00", "18.00", "3.00", "0.00", "0.00", "15.00"),
        (third, "account", "20.00", "8.40", "0.00", "0.00", "0.00", "7.00"),
    ]
    assert [each[5:] for each in told(context, DECEMBER, tmp_path)] == [
        ("4.00", "0.00", "0.00"), ("0.00", "0.00", "15.00"), ("0.00", "0.00", "7.00"),
    ]  # fmt: skip
    assert [each[5:] for each in told(context, JANUARY, tmp_path)] == [
        ("0.00", "0.00", "4.00"), ("0.00", "0.00", "15.00"), ("0.00", "7.00", "0.00"),
    ]  # fmt: skip
    sound(context)


def test_money_that_came_back_is_not_told_as_paid(database: Database, tmp_path: Path) -> None:
    context = world(database)
    asked = ask(context)
    pay(context, asked)
    (row,) = rows(context, "SELECT operation_id FROM debt_operation")
    returned = later(context, DECEMBER)
    return_payment(returned, PETIT, DebtId(asked.order_id), row.operation_id, "no funds", by="cli")
    assert told(context, ON, tmp_path)[0][4:] == ("4.80", "0.00", "0.00", "4.00")
    assert told(context, DECEMBER, tmp_path)[0][4:] == ("0.00", "0.00", "0.00", "4.00")
