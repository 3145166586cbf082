"""Corrections and shared bills under crashes: all of it or nothing of it, and done again it completes."""

from datetime import date

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException

from acquit.actions.context import Context
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.actions.share_bills import share_bills
from acquit.core.debt import Allocation
from acquit.core.identifiers import BillId, DebtId
from acquit.core.money import Currency
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import OrderKind
from acquit.store.transaction import Database
from billed import bill, charge, failed, family, rows, seller, subscribe
from founding import ACME, LAB, PETIT

CRASH = """
    CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the connection is gone' USING ERRCODE = '57P01'; END $$;
    CREATE TRIGGER crash AFTER INSERT OR UPDATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION crash()
"""
CORRECTED = (
    "snapshot", "series", "bill", "bill_detail", "bill_tax", "bill_number", "bill_order", "debt",
    "debt_operation", "entry", "posting", "purchase_order_draw", "procrastinate_jobs", "act",
)  # fmt: skip
"""Every table that a correction writes."""

SHARED = ("bill", "bill_detail", "bill_slice", "debt", "posting", "bill_run_page")


def counted(context: Context) -> list[int]:
    """How much there is of everything that a correction writes."""
    return [
        rows(context, "SELECT count(*) AS there FROM bill")[0].there,
        rows(context, "SELECT count(*) AS there FROM debt_operation")[0].there,
        rows(context, "SELECT count(*) AS there FROM entry")[0].there,
        rows(context, "SELECT sum(next_number)::bigint AS there FROM series")[0].there,
    ]


@pytest.mark.parametrize("table", CORRECTED)
def test_after_a_crash_at_any_write_nothing_of_a_correction_is_there(
    table: str, database: Database, database_url: str
) -> None:
    context = seller(database)
    family(context)
    order = OrderTerms("PO", date(2026, 1, 1), kind=OrderKind.BLANKET, amount_max_minor=1_000)
    set_purchase_order(context, PETIT, order, by="cli")
    subscribe(context, PETIT, "srv1")
    bill(context)
    (row,) = rows(context, "SELECT debt_id FROM debt")
    part = Allocation(PETIT, DebtId(row.debt_id), 700)
    settle_debt(context, PETIT, Receipt(date(2026, 12, 1), 700, Currency("EUR")), [part], by="cli")
    before = counted(context)
    street = Correction({"street": "5 rue Neuve"})
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(CRASH.format(table).encode())
        with pytest.raises((psycopg.OperationalError, ConnectorException)):
            correct_bill(context, PETIT, BillId("FR00000001"), "moved", street, by="cli")
        assert counted(context) == before
        assert failed(context) == {}
        owner.execute("DROP FUNCTION crash CASCADE")
    made = correct_bill(context, PETIT, BillId("FR00000001"), "moved", street, by="cli")
    assert (made.credit_note.bill_id, made.bill.bill_id) == ("AV00000001", "FR00000002")
    assert made.settled_minor == 700
    assert failed(context) == {}


@pytest.mark.parametrize("table", SHARED)
def test_after_a_crash_at_any_write_a_shared_bill_completes(
    table: str, database: Database, database_url: str
) -> None:
    context = seller(database)
    family(context)
    share_bills(context, ACME, by="cli")
    subscribe(context, ACME, "a")
    subscribe(context, LAB, "b")
    charge(context, LAB, 7)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(CRASH.format(table).encode())
        with pytest.raises(psycopg.OperationalError, match="connection is gone"):
            bill(context)
        assert failed(context) == {}
        owner.execute("DROP FUNCTION crash CASCADE")
    report = bill(context)
    assert (report.bills, report.net_minor, report.first_number) == (1, 2_200, "FR00000001")
    assert len(rows(context, "SELECT 1 FROM bill_slice")) == 2
    assert bill(context).posted_now == 0
    assert rows(context, "SELECT 1 FROM open_charge") == []
    assert failed(context) == {}
