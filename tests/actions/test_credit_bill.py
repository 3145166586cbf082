"""Credit notes: a bill taken back whole, its debt, its order and the books afterwards."""

from datetime import date

import pytest

from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.core.bill import NoSuchBill
from acquit.core.credit import CreditReasonMissing, NotCreditable, Part
from acquit.core.debt import Allocation, DebtStatus, amounts, open_minor, paid_minor, status
from acquit.core.identifiers import BillId, DebtId
from acquit.core.money import Currency
from acquit.core.operator import RoleForbids
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import OrderKind
from acquit.store import debts
from acquit.store.transaction import Database
from billed import bill, failed, family, rows, seller, subscribe
from founding import PETIT, SAM

FIRST = BillId("FR00000001")
LEDGER = "SELECT ledger FROM posting GROUP BY ledger, currency HAVING sum(amount_minor) <> 0"
DRAWS = "SELECT amount_minor FROM purchase_order_draw ORDER BY 1"
NOTES = """
    SELECT bill_id, corrects_bill_id, total_minor, issued_on, note, payment_reference
      FROM bill WHERE kind = 'credit-note'
"""


def test_a_credit_note_takes_the_bill_back(database: Database) -> None:
    context = seller(database)
    family(context)
    order = OrderTerms("PO-1", date(2026, 1, 1), kind=OrderKind.BLANKET, amount_max_minor=1_000)
    set_purchase_order(context, PETIT, order, by="cli")
    subscribe(context, PETIT, "srv1")
    bill(context)

    note = credit_bill(context, PETIT, FIRST, "ordered twice", by="cli")

    assert (note.bill_id, note.corrects_bill_id, note.total_minor) == ("AV00000001", FIRST, 1200)
    assert [(row.bill_id, row.note) for row in rows(context, NOTES)] == [("AV00000001", "ordered twice")]
    assert rows(context, LEDGER) == []
    assert [row.amount_minor for row in rows(context, DRAWS)] == [-1000, 1000]
    with context.database.read() as tx:
        debt = debts.of_bill(tx, PETIT, FIRST)
        assert debt is not None
        operations = debts.operations(tx, PETIT, debt.debt_id)
    on = date(2027, 6, 1)
    assert amounts(debt, operations, on).due_minor == 0
    assert status(debt, operations, on, 8) is DebtStatus.REFUNDED
    assert failed(context) == {}


def test_what_was_paid_for_it_is_unapplied_again(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1")
    bill(context)
    (row,) = rows(context, "SELECT debt_id FROM debt")
    part = Allocation(PETIT, DebtId(row.debt_id), 500)
    settle_debt(context, PETIT, Receipt(date(2026, 12, 1), 500, Currency("EUR")), [part], by="cli")
    credit_bill(context, PETIT, FIRST, "wrong buyer", by="cli")
    assert sorted(each.ledger for each in rows(context, LEDGER)) == ["419100", "512000"]
    assert failed(context) == {}


def test_a_renewal_that_was_credited_is_not_billed_again_by_a_run(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1")
    bill(context)
    credit_bill(context, PETIT, FIRST, "goodwill", by="cli")
    assert bill(context).posted_now == 0
    assert failed(context) == {}


def test_a_bill_of_vat_on_debits_gives_back_collected_vat(database: Database) -> None:
    context = seller(database, vat_on_debits=True)
    family(context)
    subscribe(context, PETIT, "srv1")
    bill(context)
    credit_bill(context, PETIT, FIRST, "goodwill", by="cli")
    assert rows(context, LEDGER) == []
    assert failed(context) == {}


def test_what_cannot_be_credited(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1")
    bill(context)
    with pytest.raises(CreditReasonMissing):
        credit_bill(context, PETIT, FIRST, " ", by="cli")
    with pytest.raises(NoSuchBill):
        credit_bill(context, PETIT, BillId("FR00000002"), "why", by="cli")
    with pytest.raises(RoleForbids):
        credit_bill(context, PETIT, FIRST, "why", by=SAM)
    note = credit_bill(context, PETIT, FIRST, "why", by="cli")
    with pytest.raises(NotCreditable, match="already"):
        credit_bill(context, PETIT, FIRST, "why", by="cli")
    with pytest.raises(NotCreditable, match="itself"):
        credit_bill(context, PETIT, note.bill_id, "why", by="cli")
    assert failed(context) == {}


def pay(context: Context, bill_id: BillId, amount: int) -> None:
    """The payer pays so much of a bill."""
    (row,) = rows(context, "SELECT * FROM debt WHERE bill_id = %(bill_id)s", bill_id=bill_id)
    part = Allocation(row.account_id, DebtId(row.debt_id), amount)
    settle_debt(context, row.payer_id, Receipt(date(2026, 12, 1), amount, Currency("EUR")), [part], by="cli")


def standing(context: Context, bill_id: BillId) -> tuple[int, int]:
    """What is open on a bill, and what money settles of it."""
    with context.database.read() as tx:
        debt = debts.of_bill(tx, PETIT, bill_id)
        assert debt is not None
        operations = debts.operations(tx, PETIT, debt.debt_id)
    return open_minor(debt, operations), paid_minor(operations)


@pytest.mark.parametrize(
    ("paid", "taken", "left"),
    [
        (0, "1:400", (720, 0)),
        (1200, "1:400", (0, 720)),
        (1200, "1:333 1:333", (0, 401)),
        (700, "1:400", (20, 700)),
        (701, "1:1 1:1 1:1 1:997", (0, 0)),
        (1199, "1:7", (0, 1192)),
    ],
)
@pytest.mark.parametrize("on_debits", [False, True])
def test_a_part_is_taken_back_and_money_stays_with_the_rest(
    paid: int, taken: str, left: tuple[int, int], on_debits: bool, database: Database
) -> None:
    context = seller(database, vat_on_debits=on_debits)
    family(context)
    subscribe(context, PETIT, "srv1")
    bill(context)
    if paid:
        pay(context, FIRST, paid)
    for text in taken.split():
        number, amount = map(int, text.split(":"))
        credit_bill(context, PETIT, FIRST, "outage", [Part(number, amount)], by="cli")
        assert failed(context) == {}
    assert standing(context, FIRST) == left
    assert failed(context) == {}


def test_what_is_left_after_parts_is_taken_back_whole(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1", unit_price_ucents=1_003_000_000)
    bill(context)
    credit_bill(context, PETIT, FIRST, "outage", [Part(1, 1)], by="cli")
    credit_bill(context, PETIT, FIRST, "outage", [Part(1, 2)], by="cli")
    note = credit_bill(context, PETIT, FIRST, "the rest", by="cli")
    assert (note.net_minor, note.tax_minor) == (1000, 200)
    assert standing(context, FIRST) == (0, 0)
    with pytest.raises(NotCreditable):
        credit_bill(context, PETIT, FIRST, "once more", by="cli")
    assert failed(context) == {}
