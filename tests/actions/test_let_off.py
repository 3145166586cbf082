"""What comes back is in proportion to what was billed after discounts, whatever the discount and the way."""

from datetime import date
from typing import Any, LiteralString

import psycopg
import pytest

from acquit.actions.agree_discount import agree_discount, end_discount
from acquit.actions.agree_minimum_spend import agree_minimum_spend
from acquit.actions.change_service import change_service
from acquit.actions.context import Context
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.credit_bill import credit_bill
from acquit.actions.explain_bill import explain_bill
from acquit.actions.replay_run import replay_run
from acquit.actions.set_legal_entity import set_legal_entity
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.actions.terminate_service import terminate_service
from acquit.core.credit import Part
from acquit.core.discount import Discount
from acquit.core.explanation_text import told
from acquit.core.identifiers import BillId, DiscountId, MinimumSpendId
from acquit.core.minimum_spend import Interval, MinimumSpend, Whose
from acquit.core.money import Currency
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import OrderKind
from acquit.core.service import Ending
from acquit.core.service_change import Wanted
from acquit.store.transaction import Database
from billed import bill, failed, later, rows, subscribe
from founding import FR, PETIT
from metering import event, measure, send
from serving import lines, market, run, sell

EUR = Currency("EUR")
BACK = "S - non utilisé, 20 jours à compter du 11/11/2026"


def agree(context: Context, **given: Any) -> DiscountId:
    """A discount of Petit, half of everything unless told otherwise."""
    values = {"name": "Launch", "from_on": date(2026, 1, 1), "currency": EUR} | (
        given if given.keys() & {"share_bp", "amount_minor"} else {"share_bp": 5_000} | given
    )
    return agree_discount(context, Discount(PETIT, DiscountId(0), **values), by="cli").discount_id


def end(context: Context, service_id: Any, day: date = date(2026, 11, 11)) -> None:
    """The service ends that day, its unused days come back."""
    terminate_service(later(context, day), PETIT, service_id, Ending.NOW, by="cli", refund=True)


def proved(context: Context, *periods: str) -> None:
    assert failed(context) == {}
    for period in periods:
        assert replay_run(context, period, FR).differences == []


def kept(context: Context) -> list[tuple[str, int]]:
    """The lines that keep what had been let off: name and amount."""
    found = rows(
        context,
        "SELECT description, net_minor FROM bill_detail WHERE part LIKE 'back:%' AND correction_no = 0"
        " ORDER BY bill_id, detail_no",
    )
    return [(row.description, row.net_minor) for row in found]


@pytest.mark.parametrize(
    ("given", "name", "off"),
    [
        ({"share_bp": 1_000}, "Launch -10 %", 200),
        ({"share_bp": 2_000, "plan_code": "s"}, "Launch -20 %", 400),
        ({"amount_minor": 900}, "Launch", 600),
    ],
)
def test_in_a_later_month_two_thirds_of_a_discount_are_kept_of_two_thirds_of_the_days(
    given: dict[str, Any], name: str, off: int, database: Database
) -> None:
    context = market(database)
    agree(context, **given)
    service = sell(context).service
    run(context, "2026-11")
    end(context, service.service_id)
    sell(context, "l", date(2026, 12, 1))
    run(context, "2026-12")
    found = lines(context)
    place = found.index((BACK, "11-11", -2_000))
    assert found[place + 1] == (name, "11-11", off)
    assert kept(context) == [(name, off)]
    assert replay_run(context, "2026-11", FR).differences == []
    proved(context, "2026-12")


def test_in_the_same_month_the_discount_of_the_same_bill_counts(database: Database) -> None:
    context = market(database)
    agree(context)
    end(context, sell(context).service.service_id)
    run(context, "2026-11")
    assert [each for each in lines(context) if each[2]] == [
        (BACK, "11-11", -2_000), ("Launch -50 %", "11-11", 1_000),
        ("S", "11-01", 3_000), ("Launch -50 %", "11-01", -1_500),
    ]  # fmt: skip
    run(context, "2026-12")
    proved(context, "2026-11", "2026-12")
    said = " ".join(told(explain_bill(context, BillId("FR00000001"))))
    assert "Of the 20.00 in the line before, 10.00 had been let off" in said
    assert "so 10.00 come back" in said
    french = " ".join(told(explain_bill(context, BillId("FR00000001")), "fr"))
    assert "Sur les 20.00 de la ligne précédente, 10.00 avaient été remis" in french


def test_an_amount_shared_over_several_lines_is_kept_of_each_as_it_was(database: Database) -> None:
    context = market(database)
    agree(context, amount_minor=4_500)
    first, second = sell(context).service, sell(context).service
    run(context, "2026-11")
    end(context, second.service_id)
    end(context, first.service_id)
    sell(context, "l", date(2026, 12, 1))
    run(context, "2026-12")
    assert kept(context) == [("Launch", 2_000), ("Launch", 1_000)], "all of one, half of the other"
    proved(context, "2026-11", "2026-12")


def test_a_discount_that_ended_meanwhile_is_kept_as_it_was_billed(database: Database) -> None:
    context = market(database)
    number = agree(context)
    service = sell(context).service
    run(context, "2026-11")
    end_discount(context, PETIT, number, by="cli", end_on=date(2026, 12, 1))
    end(context, service.service_id)
    sell(context, "l", date(2026, 12, 1))
    run(context, "2026-12")
    assert kept(context) == [("Launch -50 %", 1_000)]
    proved(context, "2026-11", "2026-12")


def test_a_smaller_plan_and_then_the_end_keep_all_that_was_let_off_of_these_days(database: Database) -> None:
    context = market(database)
    agree(context, share_bp=3_333)
    service = sell(context, "l").service
    run(context, "2026-11")
    change_service(later(context, date(2026, 11, 11)), PETIT, service.service_id, Wanted("s"), by="cli")
    sell(context, "ip", date(2026, 12, 1), quantity=10)
    sell(context, "l", date(2026, 12, 1))
    end(context, service.service_id, date(2026, 11, 21))
    run(context, "2026-12")
    assert [each for _, each in kept(context)] == [667, 334], "half of 13.33, then what is left of 6.67"
    proved(context, "2026-11", "2026-12")


def test_a_larger_plan_keeps_the_discount_where_it_is(database: Database) -> None:
    context = market(database)
    agree(context)
    service = sell(context).service
    run(context, "2026-11")
    change_service(later(context, date(2026, 11, 11)), PETIT, service.service_id, Wanted("l"), by="cli")
    run(context, "2026-12")
    assert kept(context) == []
    proved(context, "2026-11", "2026-12")


def test_a_bill_that_was_corrected_lets_off_once(database: Database) -> None:
    context = market(database)
    agree(context)
    service = sell(context).service
    run(context, "2026-11")
    terms = OrderTerms("PO-1", date(2026, 1, 1), kind=OrderKind.BLANKET, amount_max_minor=90_000)
    set_purchase_order(context, PETIT, terms, by="cli")
    correct_bill(
        context, PETIT, BillId("FR00000001"), "order", Correction(order_reference="PO-1"), by="cli"
    )  # fmt: skip
    end(context, service.service_id)
    sell(context, "l", date(2026, 12, 1))
    run(context, "2026-12")
    assert kept(context) == [("Launch -50 %", 1_000)]
    draws = rows(context, "SELECT sum(amount_minor) AS drawn FROM purchase_order_draw")
    assert draws[0].drawn == 1_500 - 2_000 + 1_000 + 3_000, "the order bears what is billed"
    proved(context, "2026-11", "2026-12")


def test_use_that_was_adjusted_down_bears_its_share_and_a_minimum_counts_what_was_paid(
    database: Database,
) -> None:
    context = market(database)
    measure(context)
    agree(context, share_bp=1_000)
    least = MinimumSpend(
        PETIT, MinimumSpendId(0), "Least", 5_000, EUR, Interval.MONTH, Whose.ACCOUNT, date(2026, 11, 1)
    )
    agree_minimum_spend(context, least, by="cli")
    subscribe(context, PETIT, "srv", next_on=date(2026, 1, 1), unit_price_ucents=0)
    send(context, event("t1", "srv", 110))
    bill(context, "2026-10")
    november = later(context, date(2026, 12, 1))
    send(november, event("t2", "srv", 60, corrects="t1"))
    sell(november, "l", date(2026, 11, 1))
    bill(november, "2026-11")
    (back,) = rows(context, "SELECT net_minor FROM bill_detail WHERE part = 'usage:traffic:2026-10:2'")
    assert kept(context) == [("Launch -10 %", -back.net_minor // 10)]
    (made_up,) = rows(context, "SELECT net_minor FROM bill_detail WHERE part LIKE 'minimum:%'")
    spent = rows(
        context,
        "SELECT sum(net_minor) AS net FROM bill_detail WHERE period_start >= '2026-11-01'"
        " AND part NOT LIKE 'minimum:%'",
    )
    assert made_up.net_minor + spent[0].net == 5_000
    proved(context, "2026-10", "2026-11")


def corrected_use(context: Context, day: date, corrects: str, quantity: int, *, alone: bool = False) -> str:
    """An event of October is corrected and billed that day; return the latest bill with an adjustment."""
    now = later(context, day)
    send(now, event(f"{corrects}-anew", "srv", quantity, corrects=corrects))
    if not alone:
        sell(now, "l", day)
    bill(now, f"{day:%Y-%m}")
    found = rows(
        context, "SELECT max(bill_id) AS bill_id FROM bill_detail WHERE part LIKE 'usage:traffic:2026-10:%'"
    )
    return str(found[0].bill_id)


def measured(database: Database, **settings: Any) -> Context:
    """Use of October for 10.00, of which a tenth is let off."""
    context = market(database, **settings)
    measure(context)
    agree(context, share_bp=1_000, end_on=date(2026, 10, 31))
    subscribe(context, PETIT, "srv", next_on=date(2026, 1, 1), unit_price_ucents=0)
    send(context, event("t1", "srv", 60), event("t2", "srv", 50))
    bill(context, "2026-10")
    return context


def test_use_of_which_an_adjustment_was_credited_by_hand_bears_its_share_of_the_rest(
    database: Database,
) -> None:
    context = measured(database)
    more = BillId(corrected_use(context, date(2026, 11, 30), "t2", 250))
    (line,) = rows(
        context, "SELECT detail_no, net_minor FROM bill_detail WHERE part = 'usage:traffic:2026-10:2'"
    )
    assert line.net_minor == 1_000
    credit_bill(later(context, date(2026, 12, 5)), PETIT, more, "Told late", [Part(line.detail_no)], by="cli")
    corrected_use(context, date(2026, 12, 31), "t1", 0)
    assert kept(context) == [("Launch -10 %", 30)]
    proved(context, "2026-10", "2026-11", "2026-12")


def test_use_that_went_back_by_a_credit_note_is_counted_once(database: Database) -> None:
    context = measured(database)
    set_legal_entity(context, FR, {"below_zero": "credit-note"}, by="cli")
    corrected_use(context, date(2026, 11, 30), "t2", 0, alone=True)
    notes = rows(context, "SELECT net_minor FROM bill WHERE kind = 'credit-note'")
    assert [each.net_minor for each in notes] == [500 - 50]
    corrected_use(context, date(2026, 12, 31), "t1", 30)
    assert kept(context) == [("Launch -10 %", 30)]
    proved(context, "2026-10", "2026-11", "2026-12")


def test_a_month_without_a_bill_carries_both_and_the_next_bears_them(database: Database) -> None:
    context = market(database)
    agree(context)
    service = sell(context).service
    run(context, "2026-11")
    end(context, service.service_id)
    run(context, "2026-12")
    run(context, "2026-12")
    sell(context, "l", date(2027, 1, 1))
    run(context, "2027-01")
    assert kept(context) == [("Launch -50 %", 1_000)]
    (number,) = rows(context, "SELECT DISTINCT bill_id FROM bill_detail WHERE part LIKE 'back:%'")
    said = " ".join(told(explain_bill(context, BillId(number.bill_id))))
    assert "kept with what it lowers" in said
    proved(context, "2026-11", "2026-12", "2027-01")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bill_detail SET net_minor = net_minor + 1 WHERE part LIKE 'back:%'",
        "UPDATE bill_detail SET net_minor = -net_minor WHERE part LIKE 'back:%'",
        "UPDATE bill_detail SET part = 'back:adjustment:end' WHERE part LIKE 'back:%'",
        "UPDATE bill_detail SET net_minor = net_minor + 100 WHERE part = '1'",
    ],
)
def test_the_audit_finds_what_was_kept_otherwise(
    statement: LiteralString, database: Database, database_url: str
) -> None:
    context = market(database)
    agree(context)
    end(context, sell(context).service.service_id)
    run(context, "2026-11")
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement)
    assert "let-off-kept" in failed(context)
