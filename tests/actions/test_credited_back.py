"""What comes back goes back by credit note, on the bill that it comes from, where the seller wants it."""

from datetime import date
from typing import Any, LiteralString

import psycopg
import pytest

from acquit.actions.agree_discount import agree_discount
from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.explain_bill import explain_bill
from acquit.actions.list_notices import list_notices
from acquit.actions.replay_run import replay_run
from acquit.actions.run_bills import run_bills
from acquit.actions.set_legal_entity import set_legal_entity
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.actions.terminate_service import terminate_service
from acquit.core.credit import Part
from acquit.core.debt import Allocation
from acquit.core.discount import Discount
from acquit.core.explanation_text import told
from acquit.core.identifiers import BillId, DebtId, DiscountId
from acquit.core.money import Currency
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import MatchedBy, OrderKind
from acquit.core.service import Ending
from acquit.store import carried_charges, credit_movements
from acquit.store.transaction import Database
from billed import charge, failed, later, rows
from founding import FR, PETIT
from serving import lines, market, run, sell

NOTES = """
    SELECT bill_id, corrects_bill_id, net_minor, tax_minor, note
      FROM bill
     WHERE kind = 'credit-note'
     ORDER BY bill_id
"""
DRAWS = "SELECT amount_minor FROM purchase_order_draw ORDER BY 1 DESC"
EUR = Currency("EUR")
BACK = 633
"""19 of 30 days of 10.00."""


def ended(database: Database, wanted: str, *, paid: bool = False, ordered: bool = False) -> Context:
    """Addresses of 10.00 a month from 20 November, billed, ended on 1 December, their days given back."""
    context = market(database)
    set_legal_entity(context, FR, {"below_zero": wanted}, by="cli")
    if ordered:
        order = OrderTerms("PO-1", date(2026, 1, 1), kind=OrderKind.BLANKET, amount_max_minor=5_000)
        set_purchase_order(context, PETIT, order, by="cli")
    sold = sell(context, "ip", date(2026, 11, 20), quantity=5)
    run(context, "2026-11")
    if paid:
        (debt,) = rows(context, "SELECT debt_id FROM debt")
        allocation = Allocation(PETIT, DebtId(debt.debt_id), 1_200)
        settle_debt(context, PETIT, Receipt(date(2026, 11, 25), 1_200, EUR), [allocation], by="cli")
    day = later(context, date(2026, 12, 1))
    terminate_service(day, PETIT, sold.service.service_id, Ending.NOW, by="cli", refund=True)
    return day


def december(context: Context, **given: Any) -> Any:
    (report,) = run_bills(context, FR, "2026-12", by="cli", **given)
    return report


def proved(context: Context) -> None:
    assert failed(context) == {}
    for period in ("2026-11", "2026-12"):
        assert replay_run(context, period, FR).differences == []


def test_days_that_nobody_uses_are_taken_back_on_the_bill_that_they_stand_on(database: Database) -> None:
    context = ended(database, "credit-note", ordered=True)
    rehearsed = december(context, dry_run=True)
    assert (rehearsed.bills, rehearsed.carried, rehearsed.credit_notes) == (0, 0, 1)
    assert rows(context, NOTES) == [], "a rehearsal writes nothing"
    report = december(context)
    assert (report.bills, report.parked, report.carried, report.status.value) == (0, 0, 0, "closed")
    assert report.credit_notes == 1
    (note,) = rows(context, NOTES)
    assert (note.bill_id, note.corrects_bill_id) == ("AV00000001", "FR00000001")
    assert (note.net_minor, note.tax_minor) == (BACK, 127)
    assert note.note == "IP - non utilisé, 19 jours à compter du 01/12/2026"
    assert [row.amount_minor for row in rows(context, DRAWS)] == [1000, -BACK]
    assert rows(context, "SELECT * FROM open_charge") == []
    december(context)
    assert len(rows(context, NOTES)) == 1, "once"
    assert "takes FR00000001 of" in " ".join(told(explain_bill(context, BillId("AV00000001"))))
    proved(context)


def test_what_else_is_charged_is_billed_by_the_same_run(database: Database) -> None:
    context = ended(database, "credit-note")
    sell(context, "ip", date(2026, 12, 1), quantity=1)
    rehearsed, report = december(context, dry_run=True), december(context)
    assert (rehearsed.net_minor, report.net_minor, report.bills) == (200, 200, 1)
    assert [row.net_minor for row in rows(context, NOTES)] == [BACK]
    proved(context)


def test_a_bill_that_comes_to_something_takes_it_as_a_line(database: Database) -> None:
    context = ended(database, "credit-note")
    sell(context, "s", date(2026, 12, 1))
    december(context)
    assert rows(context, NOTES) == []
    assert ("IP - non utilisé, 19 jours à compter du 01/12/2026", "12-01", -BACK) in lines(context)
    proved(context)


@pytest.mark.parametrize(("below_zero", "credit"), [("credit-note", []), ("credit-balance", [BACK + 127])])
def test_what_was_paid_is_unapplied_or_credit_for_the_next_bill(
    below_zero: str, credit: list[int], database: Database
) -> None:
    context = ended(database, below_zero, paid=True)
    december(context)
    with context.database.read() as tx:
        lots = credit_movements.lots(tx, [PETIT]).get(PETIT, ())
    assert [(each.left_minor, each.type.value) for each in lots] == [(each, "DEPOSIT") for each in credit]
    (open_now,) = rows(context, "SELECT sum(effect_minor) AS paid FROM debt_operation")
    assert open_now.paid == -1_200, "the bill is settled: by the note and by what is left of the money"
    proved(context)
    if credit:
        sell(later(context, date(2027, 1, 1)), "s", date(2027, 1, 1))
        run(later(context, date(2027, 1, 1)), "2027-01")
        (used,) = rows(
            context, "SELECT -sum(amount_minor) AS used FROM credit_movement WHERE amount_minor < 0"
        )
        assert used.used == credit[0]
        assert failed(context) == {}


def lowered(database: Database, share_bp: int) -> tuple[Context, Any]:
    """What `ended` is, billed with a discount, and what the run of December did."""
    context = market(database)
    set_legal_entity(context, FR, {"below_zero": "credit-note"}, by="cli")
    agreed = Discount(PETIT, DiscountId(0), "Launch", date(2026, 1, 1), EUR, share_bp=share_bp)
    agree_discount(context, agreed, by="cli")
    sold = sell(context, "ip", date(2026, 11, 20), quantity=5)
    run(context, "2026-11")
    day = later(context, date(2026, 12, 1))
    terminate_service(day, PETIT, sold.service.service_id, Ending.NOW, by="cli", refund=True)
    return day, december(day)


def test_of_what_had_been_let_off_nothing_is_taken_back(database: Database) -> None:
    context, report = lowered(database, 9_000)
    assert (report.carried, report.credit_notes) == (0, 1), "1.00 was billed, 6.33 less 5.70 comes back"
    (note,) = rows(context, NOTES)
    assert (note.net_minor, note.note) == (63, "IP - non utilisé, 19 jours à compter du 01/12/2026")
    assert rows(context, "SELECT * FROM open_charge") == []
    assert sorted(row.amount_minor for row in rows(context, "SELECT amount_minor FROM credited_charge")) == [
        -570, BACK,
    ]  # fmt: skip
    december(context)
    proved(context)


def test_what_nothing_was_paid_for_is_carried_with_what_had_been_let_off(database: Database) -> None:
    context, report = lowered(database, 10_000)
    assert (report.carried, report.carried_minor, report.credit_notes) == (1, 0, 0)
    assert [row.kind for row in rows(context, "SELECT kind FROM open_charge ORDER BY kind")] == [
        "adjustment", "discount", "discount", "renewal",
    ]  # fmt: skip
    december(context)
    proved(context)


def test_what_no_bill_bears_stays_carried(database: Database) -> None:
    context = ended(database, "credit-note")
    credit_bill(context, PETIT, BillId("FR00000001"), "goodwill", [Part(1, 900)], by="cli")
    report = december(context)
    assert (report.carried, report.carried_minor) == (1, -BACK), "1.00 is left of the bill"
    with context.database.read() as tx:
        (waiting,) = carried_charges.carried(tx, FR, date(2026, 12, 31))
    assert (waiting.charges, waiting.net_minor) == (1, -BACK)
    assert list_notices(later(context, date(2027, 2, 1))) == []
    (notice,) = list_notices(later(context, date(2027, 2, 2)))
    assert (notice.account_id, notice.code) == (PETIT, "carried-for-long")
    assert notice.text.startswith("6.33 EUR come back to the account since 2026-12-01 and lower no bill")
    assert "do not bear them whole" in notice.text
    proved(context)


def test_a_bill_beside_which_something_was_carried_takes_it_back_a_month_later(database: Database) -> None:
    context = market(database)
    set_legal_entity(context, FR, {"below_zero": "credit-note"}, by="cli")
    order = OrderTerms("PO-1", date(2026, 1, 1), date(2026, 12, 1), matched_by=MatchedBy.SERVICE_PERIOD)
    set_purchase_order(context, PETIT, order, by="cli")
    sold = sell(context, "ip", date(2026, 11, 20), quantity=5)
    day = later(context, date(2026, 12, 1))
    terminate_service(day, PETIT, sold.service.service_id, Ending.NOW, by="cli", refund=True)
    rehearsed = december(day, dry_run=True)
    for report in (rehearsed, december(day), december(day)):
        assert (report.net_minor, report.carried, report.credit_notes) == (1_000, 1, 0)
    assert december(day, dry_run=True).credit_notes == 0
    (january,) = run_bills(later(day, date(2027, 1, 1)), FR, "2027-01", by="cli")
    assert (january.carried, january.credit_notes) == (0, 1)
    assert failed(day) == {}


def test_what_ends_after_its_bill_is_taken_back_when_the_month_is_run_again(database: Database) -> None:
    context = market(database)
    set_legal_entity(context, FR, {"below_zero": "credit-note"}, by="cli")
    sold = sell(context, "ip", date(2026, 11, 20), quantity=5)
    run(context, "2026-11")
    day = later(context, date(2026, 11, 30))
    terminate_service(day, PETIT, sold.service.service_id, Ending.NOW, by="cli", refund=True)
    run(day, "2026-11")
    assert [row.net_minor for row in rows(context, NOTES)] == [667]
    assert failed(day) == {}


def test_each_bill_takes_back_what_it_bears(database: Database) -> None:
    context = ended(database, "credit-note")
    days = {"period_start": date(2026, 12, 1), "period_end": date(2026, 12, 19)}
    for kind, amount_e4 in (("adjustment", 50_000), ("discount", -40_000)):
        charge(context, PETIT, 10_000, kind=kind, quantity_e4=amount_e4, **days)
    run(context, "2026-11")
    december(context)
    notes = sorted((row.corrects_bill_id, row.net_minor) for row in rows(context, NOTES))
    assert notes == [("FR00000001", BACK - 100), ("FR00000002", 100)]
    proved(context)


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("DELETE FROM credited_charge", "charges-open"),
        ("UPDATE credited_charge SET amount_minor = amount_minor + 1", "charges-credited"),
        ("UPDATE credited_charge SET note_bill_id = 'FR00000001'", "charges-credited"),
    ],
)
def test_the_audit_finds_a_credited_charge_that_was_tampered_with(
    statement: LiteralString, check: str, database: Database, database_url: str
) -> None:
    context = ended(database, "credit-note")
    december(context)
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement)
    assert check in failed(context)
