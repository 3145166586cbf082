"""A wrong bill is taken back and billed again in one act: what changes and what stays."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from acquit.actions.context import Context
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.credit_bill import credit_bill
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.core.bill import BillKind, NoSuchBill
from acquit.core.correction import NotCorrectable, NothingToCorrect
from acquit.core.credit import CreditReasonMissing, Part
from acquit.core.debt import Allocation, open_minor, paid_minor
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.money import Currency
from acquit.core.operator import RoleForbids
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import NoSuchPurchaseOrder, OrderKind, OrderLine
from acquit.store import bills, debts
from acquit.store.transaction import Database
from billed import bill, failed, family, later, rows, seller, subscribe
from founding import PETIT, SAM

FIRST, SECOND, THIRD = BillId("FR00000001"), BillId("FR00000002"), BillId("FR00000003")
JANUARY, MARCH = date(2026, 1, 1), date(2027, 3, 1)
RENAMED = """
    INSERT INTO legal_party (legal_party_id, from_on, name, country, siren, street, zip, city, vat_id)
    SELECT legal_party_id, '2026-06-01', 'Petit SA', country, siren, street, zip, city, vat_id
      FROM legal_party
     WHERE name = 'Petit SAS'
"""
DRAWS = """
    SELECT o.reference, sum(d.amount_minor)::bigint AS drawn
      FROM purchase_order o
      LEFT JOIN purchase_order_draw d ON d.purchase_order_id = o.purchase_order_id
     GROUP BY 1 ORDER BY 1
"""


@pytest.fixture
def context(database: Database) -> Context:
    """Petit, billed 10.00 EUR and 2.00 VAT on the order PO-1; OTHER lies ready, SMALL is too small."""
    context = seller(database)
    family(context)
    order = OrderTerms("PO-1", JANUARY, date(2027, 1, 1), kind=OrderKind.BLANKET, amount_max_minor=1_000)
    set_purchase_order(context, PETIT, order, by="cli")
    for number, (reference, maximum) in enumerate((("OTHER", 1_500), ("SMALL", 999))):
        start_on, end_on = date(2028 + number, 1, 1), date(2029 + number, 1, 1)
        later_order = replace(
            order, reference=reference, amount_max_minor=maximum, start_on=start_on, end_on=end_on
        )
        set_purchase_order(context, PETIT, later_order, by="cli")
    subscribe(context, PETIT, "srv1")
    bill(context)
    return context


def standing(context: Context, bill_id: BillId) -> tuple[int, int]:
    """What is open on a bill, and what money settles of it."""
    with context.database.read() as tx:
        debt = debts.of_bill(tx, PETIT, bill_id)
        assert debt is not None
        operations = debts.operations(tx, PETIT, debt.debt_id)
    return open_minor(debt, operations), paid_minor(operations)


def drawn(context: Context) -> dict[str, int]:
    return {row.reference: row.drawn or 0 for row in rows(context, DRAWS)}


def buyer(context: Context, bill_id: BillId) -> dict[str, Any]:
    with context.database.read() as tx:
        found = bills.find(tx, PETIT, bill_id)
        assert found is not None
        return bills.snapshot(tx, found.buyer_hash)


def pay(context: Context, bill_id: BillId, amount: int) -> None:
    (row,) = rows(context, "SELECT debt_id FROM debt WHERE bill_id = %(bill_id)s", bill_id=bill_id)
    part = Allocation(PETIT, DebtId(row.debt_id), amount)
    settle_debt(context, PETIT, Receipt(date(2026, 12, 1), amount, Currency("EUR")), [part], by="cli")


def test_another_order_is_drawn_from_and_the_first_has_its_amount_again(context: Context) -> None:
    made = correct_bill(context, PETIT, FIRST, "wrong order", Correction(order_reference="OTHER"), by="cli")
    assert (made.credit_note.bill_id, made.bill.bill_id) == ("AV00000001", SECOND)
    assert (made.bill.kind, made.bill.corrects_bill_id) == (BillKind.CORRECTIVE, FIRST)
    assert (made.bill.purchase_order_reference, made.bill.note) == ("OTHER", "wrong order")
    assert drawn(context) == {"PO-1": 0, "OTHER": 1_000, "SMALL": 0}
    assert (standing(context, FIRST), standing(context, SECOND)) == ((0, 0), (1_200, 0))
    queued = rows(context, "SELECT args FROM procrastinate_jobs ORDER BY id")
    assert {key for row in queued for key in row.args["keys"].split()} >= {"AV00000001", SECOND}
    assert failed(context) == {}


def test_an_order_is_taken_away(context: Context) -> None:
    made = correct_bill(context, PETIT, FIRST, "no order", Correction(order_reference=None), by="cli")
    assert made.bill.purchase_order_reference is None
    assert drawn(context)["PO-1"] == 0
    assert failed(context) == {}


@pytest.mark.parametrize("paid", [1, 700, 1_200])
def test_what_was_paid_settles_the_corrective_bill(paid: int, context: Context) -> None:
    pay(context, FIRST, paid)
    corrected = Correction({"street": "5 rue Neuve", "zip": "44100"})
    made = correct_bill(context, PETIT, FIRST, "moved", corrected, by="cli")
    assert made.settled_minor == paid
    assert (standing(context, FIRST), standing(context, SECOND)) == ((0, 0), (1_200 - paid, paid))
    assert (buyer(context, FIRST)["street"], buyer(context, SECOND)["street"]) == (
        "2 rue du Port",
        "5 rue Neuve",
    )
    assert drawn(context)["PO-1"] == 1_000
    assert failed(context) == {}


def test_another_buyer_may_bear_another_vat_and_what_is_over_is_unapplied(context: Context) -> None:
    pay(context, FIRST, 1_200)
    german = {"name": "Nord GmbH", "country": "DE", "vat_id": "DE811907980", "siren": "", "city": "Köln"}
    made = correct_bill(context, PETIT, FIRST, "wrong buyer", Correction(german), by="cli")
    assert (made.bill.net_minor, made.bill.tax_minor, made.settled_minor) == (1_000, 0, 1_000)
    assert [(each.vat_category, each.exemption_code) for each in made.bill.taxes] == [("AE", "VATEX-EU-AE")]
    assert standing(context, SECOND) == (0, 1_000)
    ledger = rows(
        context, "SELECT ledger, sum(amount_minor)::bigint AS minor FROM posting GROUP BY 1 ORDER BY 1"
    )
    sums = {row.ledger: row.minor for row in ledger if row.minor}
    assert sums == {"419100": -200, "512000": 1_200, "706000": -1_000}
    assert failed(context) == {}


def test_the_due_date_stays_unless_told_otherwise(context: Context) -> None:
    on = later(context, MARCH)
    first = rows(context, "SELECT due_on FROM bill")[0].due_on
    kept = correct_bill(on, PETIT, FIRST, "street", Correction({"street": "x"}), by="cli")
    assert (kept.bill.due_on, kept.bill.issued_on) == (first, MARCH)
    anew = Correction({"street": "y"}, is_due_anew=True)
    again = correct_bill(on, PETIT, kept.bill.bill_id, "again", anew, by="cli")
    assert again.bill.due_on == date(2027, 3, 31)
    assert [each.correction_no for each in again.bill.details] == [4]
    assert failed(context) == {}


def test_the_buyer_as_it_is_now(context: Context) -> None:
    with pytest.raises(NothingToCorrect):
        correct_bill(context, PETIT, FIRST, "party", Correction(is_current_party=True), by="cli")
    with context.database.write() as tx:
        tx.run(RENAMED)
    correct_bill(context, PETIT, FIRST, "party", Correction(is_current_party=True), by="cli")
    assert buyer(context, SECOND)["name"] == "Petit SA"
    assert failed(context) == {}


def test_a_corrected_charge_is_not_billed_again(context: Context) -> None:
    correct_bill(context, PETIT, FIRST, "street", Correction({"street": "x"}), by="cli")
    assert bill(context).posted_now == 0
    assert bill(later(context, date(2026, 12, 1)), "2026-12").posted_now == 1
    assert failed(context) == {}


def test_the_lines_of_a_closed_order_are_drawn_anew(database: Database) -> None:
    context = seller(database)
    family(context)
    lines = (OrderLine(1, "SRV", amount_max_minor=1_000),)
    for reference, year in (("A", 2026), ("B", 2027)):
        order = OrderTerms(
            reference, date(year, 1, 1), date(year + 1, 1, 1), kind=OrderKind.CLOSED, lines=lines
        )
        set_purchase_order(context, PETIT, order, by="cli")
    subscribe(context, PETIT, "srv1")
    bill(context)
    made = correct_bill(context, PETIT, FIRST, "year", Correction(order_reference="B"), by="cli")
    assert [each.purchase_order_line_no for each in made.bill.details] == [1]
    assert drawn(context) == {"A": 0, "B": 1_000}
    assert failed(context) == {}


@pytest.mark.parametrize(
    ("correction", "error", "told"),
    [
        (Correction(), NothingToCorrect, "says all that already"),
        (Correction(order_reference="PO-1"), NothingToCorrect, "says all that already"),
        (Correction({"city": "Nantes"}), NothingToCorrect, "says all that already"),
        (Correction(order_reference="NONE"), NoSuchPurchaseOrder, "NONE"),
        (Correction(order_reference="SMALL"), NotCorrectable, "9.99 EUR are left"),
        (Correction({"siren": "12"}), NotCorrectable, "not 9 digits"),
        (Correction({"country": "DE", "vat_id": ""}), NotCorrectable, "needs its VAT id"),
        (Correction({"name": "☃"}), NotCorrectable, "U+2603"),
        (Correction({"tax_profile": "king"}), NotCorrectable, "no tax profile"),
        (Correction({"name": ""}), NotCorrectable, "name is missing"),
    ],
)
def test_what_is_not_corrected(
    correction: Correction, error: type[Exception], told: str, context: Context
) -> None:
    with pytest.raises(error) as caught:
        correct_bill(context, PETIT, FIRST, "why", correction, by="cli")
    assert told in str(caught.value)
    assert [row.bill_id for row in rows(context, "SELECT bill_id FROM bill")] == [FIRST]
    assert failed(context) == {}


def test_who_may_and_what_was_taken_back_before(context: Context) -> None:
    street = Correction({"street": "x"})
    with pytest.raises(RoleForbids):
        correct_bill(context, PETIT, FIRST, "why", street, by=SAM)
    with pytest.raises(CreditReasonMissing):
        correct_bill(context, PETIT, FIRST, " ", street, by="cli")
    with pytest.raises(NoSuchBill):
        correct_bill(context, AccountId("ab12345-acq"), FIRST, "why", street, by="cli")
    note = credit_bill(context, PETIT, FIRST, "part", [Part(1, 1)], by="cli")
    with pytest.raises(NotCorrectable, match="AV00000001"):
        correct_bill(context, PETIT, FIRST, "why", street, by="cli")
    with pytest.raises(NotCorrectable, match="credit note"):
        correct_bill(context, PETIT, note.bill_id, "why", street, by="cli")
    assert failed(context) == {}
