"""Conditions on bills: discounts, minimum spends, and credit that pays before anything else."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from acquit.actions.add_credit import Credit, add_credit, credit_of
from acquit.actions.agree_discount import agree_discount, discounts_of, end_discount
from acquit.actions.agree_minimum_spend import agree_minimum_spend, end_minimum_spend
from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.replay_run import replay_run
from acquit.actions.set_purchase_order import set_order_policy, set_purchase_order
from acquit.actions.settle_debt import Receipt, return_payment, settle_debt
from acquit.core.credit import BadCredit as BadPart
from acquit.core.credit import Part
from acquit.core.credit_balance import BadCredit, CreditType, NotInHand
from acquit.core.debt import CannotReverse
from acquit.core.discount import BadDiscount, Discount, DiscountEnded, NoSuchDiscount
from acquit.core.identifiers import AccountId, BillId, DebtId, DiscountId, MinimumSpendId, ServiceId
from acquit.core.journal import ChartIncomplete
from acquit.core.minimum_spend import Interval, MinimumSpend, Whose
from acquit.core.money import Currency
from acquit.core.operator import RoleForbids
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import MatchedBy, Policy
from acquit.core.service import NoSuchService
from acquit.core.terms import NotThePayer
from acquit.store.transaction import Database
from billed import bill, charge, failed, family, later, rows, seller, subscribe
from founding import ACME, FR, LAB, PETIT, SAM, SHOP

EUR = Currency("EUR")
LINES = """
    SELECT d.kind, d.part, d.description, d.net_minor
      FROM bill_detail d JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
     WHERE d.account_id = %(account_id)s ORDER BY d.bill_id, d.detail_no
"""
BOOKED = """
    SELECT e.kind, p.ledger, p.amount_minor
      FROM entry e JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
     WHERE e.account_id = %(account_id)s ORDER BY e.entry_no, p.posting_no
"""


def world(database: Database) -> Context:
    context = seller(database)
    family(context)
    return context


def discount(account_id: AccountId = PETIT, **given: Any) -> Discount:
    values: dict[str, Any] = {
        "name": "Launch",
        "from_on": date(2026, 1, 1),
        "currency": EUR,
        "share_bp": 1000,
    } | given
    return Discount(account_id, DiscountId(0), **values)


def minimum(account_id: AccountId, amount_minor: int, **given: Any) -> MinimumSpend:
    values: dict[str, Any] = {
        "name": "Minimum spend", "currency": EUR, "interval": Interval.MONTH, "whose": Whose.ACCOUNT,
        "from_on": date(2026, 11, 1),
    } | given  # fmt: skip
    return MinimumSpend(account_id, MinimumSpendId(0), amount_minor=amount_minor, **values)


def lines(context: Context, account_id: AccountId) -> list[tuple[object, ...]]:
    return [tuple(row) for row in rows(context, LINES, account_id=account_id)]


def proved(context: Context, *periods: str) -> None:
    """The books are right, and what was posted is what is decided again."""
    assert failed(context) == {}
    for period in periods:
        assert replay_run(context, period, FR).differences == []


def test_a_discount_is_a_line_behind_the_one_that_it_lowers(database: Database) -> None:
    context = world(database)
    service_id = subscribe(context, PETIT, "srv")
    charge(context, PETIT, service_id)
    agree_discount(context, discount(), by="cli")
    bill(context)
    assert lines(context, PETIT) == [
        ("renewal", "", "Server srv", 1000),
        ("discount", "1", "Launch -10 %", -100),
        ("usage", "", "traffic", 200),
        ("discount", "1:usage", "Launch -10 %", -20),
    ]
    proved(context, "2026-11")


def test_a_line_that_was_lowered_is_credited_with_its_discount(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv")
    agree_discount(context, discount(share_bp=9000), by="cli")
    bill(context)
    first = BillId("FR00000001")
    with pytest.raises(BadPart, match=r"1\.00 EUR net is left .* 20 % of VAT.* 9\.00 cannot"):
        credit_bill(context, PETIT, first, "wrong", [Part(1, 900)], by="cli")
    note = credit_bill(context, PETIT, first, "half", [Part(1, 500), Part(2, -450)], by="cli")
    assert (note.net_minor, note.total_minor) == (50, 60)
    with pytest.raises(BadPart, match=r"0\.50 EUR net is left"):
        credit_bill(context, PETIT, first, "more", [Part(1, 51)], by="cli")
    assert credit_bill(context, PETIT, first, "rest", by="cli").net_minor == 50
    proved(context, "2026-11")


def test_the_rest_of_a_lowered_line_may_be_less_than_what_lowered_it(database: Database) -> None:
    context = world(database)
    lowered = subscribe(context, PETIT, "srv")
    subscribe(context, PETIT, "other")
    agree_discount(context, discount(share_bp=9000, service_id=ServiceId(lowered)), by="cli")
    bill(context)
    credit_bill(context, PETIT, BillId("FR00000001"), "half", [Part(1, 500)], by="cli")
    rest = credit_bill(context, PETIT, BillId("FR00000001"), "rest", by="cli")
    assert rest.net_minor == 600, "5.00 less 9.00 of the one, 10.00 of the other"
    proved(context, "2026-11")


def test_an_amount_is_let_off_beside_a_draft_that_is_held(database: Database) -> None:
    context = world(database)
    service_id = subscribe(context, PETIT, "srv")
    charge(context, PETIT, service_id)
    agree_discount(context, discount(share_bp=None, amount_minor=900), by="cli")
    order = OrderTerms(
        "OLD", date(2026, 1, 1), date(2026, 11, 1), matched_by=MatchedBy.SERVICE_PERIOD
    )  # fmt: skip
    set_purchase_order(context, PETIT, order, by="cli")
    set_order_policy(context, PETIT, Policy.HOLD, by="cli", hold_days_max=5)
    assert (bill(context).net_minor, bill(context).net_minor) == (200, 200), "November's renewal is held"
    assert bill(later(context, date(2026, 12, 1)), "2026-12").posted_now == 1
    assert lines(context, PETIT)[1:] == [
        ("renewal", "", "Server srv", 1000), ("discount", "1", "Launch", -900),
        ("renewal", "", "Server srv", 1000), ("discount", "1", "Launch", -900),
    ]  # fmt: skip
    proved(context, "2026-11", "2026-12")


def test_an_amount_is_let_off_once_per_period_however_often_it_is_run(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "a")
    agree_discount(context, discount(share_bp=None, amount_minor=1200), by="cli")
    assert bill(context, dry_run=True).total_minor == 0
    subscribe(context, PETIT, "b")
    assert bill(context).net_minor == 800
    subscribe(context, PETIT, "c")
    assert bill(context).net_minor == 1800
    assert bill(later(context, date(2026, 12, 1)), "2026-12").net_minor == 1800
    proved(context, "2026-11", "2026-12")


def test_a_discount_concerns_a_service_or_a_plan_until_it_ends(database: Database) -> None:
    context = world(database)
    service_id = subscribe(context, PETIT, "a")
    subscribe(context, PETIT, "b")
    made = agree_discount(context, discount(service_id=ServiceId(service_id)), by="cli")
    agree_discount(context, discount(name="VPS", plan_code="vps-1", share_bp=5000), by="cli")
    agree_discount(context, discount(name="Other", plan_code="vps-2", share_bp=5000), by="cli")
    bill(context)
    assert lines(context, PETIT) == [
        ("renewal", "", "Server a", 1000),
        ("discount", "1", "Launch -10 %", -100),
        ("discount", "2", "VPS -50 %", -450),
        ("renewal", "", "Server b", 1000),
        ("discount", "2", "VPS -50 %", -500),
    ]
    end_discount(context, PETIT, made.discount_id, end_on=date(2026, 12, 1), by="cli")
    with pytest.raises(DiscountEnded):
        end_discount(context, PETIT, made.discount_id, end_on=date(2027, 1, 1), by="cli")
    assert bill(later(context, date(2026, 12, 1)), "2026-12").net_minor == 1000
    assert [each.end_on for each in discounts_of(context, PETIT)] == [date(2026, 12, 1), None, None]
    proved(context, "2026-11", "2026-12")


@pytest.mark.parametrize(
    "given",
    [
        {"share_bp": 0}, {"share_bp": 10_001}, {"share_bp": None}, {"amount_minor": 5}, {"name": " "},
        {"end_on": date(2026, 1, 1)}, {"service_id": ServiceId(1), "plan_code": "vps-1"},
        {"share_bp": None, "amount_minor": -1},
    ],
)  # fmt: skip
def test_what_is_no_discount_is_refused(given: dict[str, Any], database: Database) -> None:
    context = world(database)
    with pytest.raises(BadDiscount):
        agree_discount(context, discount(**given), by="cli")


def test_who_may_agree_and_what_must_be_there(database: Database) -> None:
    context = world(database)
    assert agree_discount(context, discount(), by=SAM).discount_id == 1
    with pytest.raises(RoleForbids):
        agree_discount(context, discount(), by="operator:bob")
    with pytest.raises(NoSuchService):
        agree_discount(context, discount(service_id=ServiceId(7)), by="cli")
    with pytest.raises(NoSuchDiscount):
        end_discount(context, ACME, DiscountId(1), by="cli")


def test_what_is_missing_of_a_minimum_is_billed_when_its_interval_is_over(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv")
    agree_discount(context, discount(), by="cli")
    made = agree_minimum_spend(context, minimum(PETIT, 5000), by="cli")
    assert bill(context).net_minor == 5000
    assert lines(context, PETIT)[-1] == ("adjustment", "minimum:1", "Minimum spend", 4100)
    assert bill(context).posted_now == 0
    end_minimum_spend(context, PETIT, made.minimum_spend_id, end_on=date(2026, 12, 15), by="cli")
    assert bill(later(context, date(2026, 12, 1)), "2026-12").net_minor == 900
    proved(context, "2026-11", "2026-12")


def test_what_is_taken_back_later_does_not_make_a_minimum_wrong(database: Database) -> None:
    context = world(database)
    service_id = subscribe(context, PETIT, "srv")
    agree_minimum_spend(context, minimum(PETIT, 5_000), by="cli")
    bill(later(context, date(2026, 12, 1)), "2026-11")
    charge(
        context, PETIT, service_id, kind="adjustment", quantity_e4=-10_000, period_start=date(2026, 11, 5),
        period_end=date(2026, 11, 5), accepted_on=date(2026, 12, 15),
    )  # fmt: skip
    bill(later(context, date(2027, 1, 1)), "2026-12")
    assert [each[3] for each in lines(context, PETIT)] == [1_000, 4_000, -100, 1_000, 4_000]
    assert failed(context) == {}


def test_a_minimum_is_made_up_even_when_nothing_else_is_billed_and_per_quarter(database: Database) -> None:
    context = world(database)
    agree_minimum_spend(context, minimum(PETIT, 300, interval=Interval.QUARTER), by="cli")
    subscribe(context, PETIT, "srv", next_on=date(2026, 12, 31), unit_price_ucents=100_000_000)
    assert bill(context).bills == 0
    assert bill(later(context, date(2026, 12, 31)), "2026-12").net_minor == 100
    assert bill(later(context, date(2027, 1, 31)), "2027-01").net_minor == 200
    proved(context, "2026-12", "2027-01")


def test_the_minimum_of_a_payer_counts_all_that_it_pays_for(database: Database) -> None:
    context = world(database)
    for account_id in (ACME, LAB, SHOP):
        subscribe(context, account_id, f"srv-{account_id}")
    agree_minimum_spend(context, minimum(ACME, 5000, whose=Whose.PAYER), by="cli")
    with pytest.raises(NotThePayer):
        agree_minimum_spend(context, minimum(LAB, 5000, whose=Whose.PAYER), by="cli")
    bill(context)
    assert lines(context, ACME)[-1] == ("adjustment", "minimum:1", "Minimum spend", 3000)
    proved(context, "2026-11")


def voucher(amount_minor: int, **given: Any) -> Credit:
    values: dict[str, Any] = {"type": CreditType.VOUCHER, "source": "goodwill"} | given
    return Credit(amount_minor, EUR, **values)


def test_credit_pays_a_bill_as_it_is_issued(database: Database) -> None:
    context = world(database)
    subscribe(context, LAB, "srv")
    add_credit(context, ACME, voucher(1000), by="cli")
    bill(context)
    assert [tuple(row) for row in rows(context, BOOKED, account_id=LAB)] == [
        ("bill", "411000", 1200), ("bill", "706000", -1000), ("bill", "445740", -200),
        ("settlement", "419700", 1000), ("settlement", "411000", -1000),
        ("settlement", "445740", 167), ("settlement", "445710", -167),
    ]  # fmt: skip
    lots, history = credit_of(context, ACME)
    assert lots == []
    assert [(each.amount_minor, each.bill_id) for each in history] == [(1000, None), (-1000, "FR00000001")]
    proved(context, "2026-11")


def test_credits_are_used_in_order_and_none_that_expired(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv")
    receipt = settle_debt(context, PETIT, Receipt(date(2026, 11, 20), 900, EUR), by="cli")
    prepaid = Credit(500, EUR, CreditType.PREPAID_ACCOUNT, "transfer", deposit_id=receipt.deposit.deposit_id)
    add_credit(context, PETIT, prepaid, by="cli")
    add_credit(context, PETIT, voucher(300), by="cli")
    add_credit(context, PETIT, voucher(100, expires_on=date(2026, 12, 1)), by="cli")
    add_credit(context, PETIT, voucher(70, type=CreditType.BONUS, expires_on=date(2026, 11, 24)), by="cli")
    bill(later(context, date(2026, 11, 24)))
    _, history = credit_of(context, PETIT)
    assert [(each.type.value, each.amount_minor) for each in history if each.amount_minor < 0] == [
        ("VOUCHER", -100), ("VOUCHER", -300), ("PREPAID_ACCOUNT", -500),
    ]  # fmt: skip
    proved(context, "2026-11")
    with pytest.raises(NotInHand):
        add_credit(context, PETIT, replace(prepaid, amount_minor=401), by="cli")
    assert add_credit(context, PETIT, replace(prepaid, amount_minor=400), by="cli").left_minor == 400
    proved(context)


def test_credit_comes_back_with_a_credit_note_and_no_bank_returns_it(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv")
    add_credit(context, PETIT, voucher(700), by="cli")
    bill(context)
    (paid,) = rows(context, "SELECT debt_id, operation_id FROM debt_operation")
    with pytest.raises(CannotReverse):
        return_payment(context, PETIT, DebtId(paid.debt_id), paid.operation_id, "no funds", by="cli")
    credit_bill(context, PETIT, BillId("FR00000001"), "wrong", by="cli")
    assert [lot.left_minor for lot in credit_of(context, PETIT)[0]] == [700]
    proved(context, "2026-11")


@pytest.mark.parametrize(
    "given",
    [
        {"source": " "},
        {"expires_on": date(2026, 11, 23)},
        {"type": CreditType.DEPOSIT},
        {"deposit_id": "RC1"},
    ],
)
def test_what_is_no_credit_is_refused(given: dict[str, Any], database: Database) -> None:
    context = world(database)
    with pytest.raises(BadCredit):
        add_credit(context, PETIT, voucher(100, **given), by="cli")


def test_credit_needs_its_ledger_accounts_and_its_right(database: Database) -> None:
    context = world(database)
    with pytest.raises(NotThePayer):
        add_credit(context, LAB, voucher(100), by="cli")
    with pytest.raises(RoleForbids):
        add_credit(context, PETIT, voucher(100), by=SAM)
    with context.database.write() as tx:
        tx.run("DELETE FROM ledger_account WHERE role LIKE 'credit%'")
    subscribe(context, PETIT, "srv")
    assert bill(context).bills == 1, "only credit needs them"
    with pytest.raises(ChartIncomplete, match="credit_balance, credit_given"):
        add_credit(context, PETIT, voucher(100), by="cli")
