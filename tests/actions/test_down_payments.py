"""Down payments: asked for, paid, deducted by the next bills at their rate of VAT, or taken back."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest

from acquit.actions.ask_down_payment import Wanted, ask_down_payment
from acquit.actions.close_period import close_period
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.credit_bill import credit_bill
from acquit.actions.explain_bill import explain_bill
from acquit.actions.export_books import export_fec
from acquit.actions.import_exchange_rates import import_exchange_rates
from acquit.actions.pay_order import pay_order
from acquit.actions.report_vat import report_vat
from acquit.actions.set_legal_party import set_legal_party
from acquit.actions.set_purchase_order import set_order_policy, set_purchase_order
from acquit.actions.settle_debt import Receipt, return_payment, settle_debt
from acquit.actions.share_bills import share_bills
from acquit.core.correction import NotCorrectable
from acquit.core.credit import BadCredit, NotCreditable, Part
from acquit.core.debt import Allocation
from acquit.core.down_payment import BadDownPayment, For, NoDownPayment, Use
from acquit.core.identifiers import AccountId, BillId, DebtId, OrderId, ServiceId
from acquit.core.money import Currency
from acquit.core.operator import RoleForbids
from acquit.core.order_change import OrderTerms
from acquit.core.period import span
from acquit.core.purchase_order import OrderKind, OrderLine, Policy
from acquit.core.service import NoSuchService
from acquit.core.service_order import NoSuchOrder
from acquit.documents.exchange_rate_file import read_rates
from acquit.store import down_payments
from acquit.store.transaction import Database
from advancing import DECEMBER, ask, billed, lines, pay, sound, used, world
from billed import ADDRESSED, ON, bill, failed, later, rows, subscribe
from fec_checker import checked
from founding import ACME, FR, LAB, PETIT, SAM
from ordering import SERVER, ordered, sells
from owing import ledger


def test_paid_then_billed(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    asked = ask(context)
    assert (asked.bill_id, asked.kind, asked.net_minor, asked.tax_minor) == (
        "FRAC00000001", "down-payment", 400, 80,
    )  # fmt: skip
    assert ledger(context) == {"411000": 480, "419110": -400, "445740": -80}
    pay(context, asked)
    assert ledger(context) == {"419110": -400, "445710": -80, "512000": 480}
    bill(context)
    assert billed(context)[1:] == [("FR00000001", "bill", 600, 120, 720)]
    assert lines(context, "FR00000001") == [
        ("renewal", "srv1", 1000, 2000), ("deduction", "FRAC00000001", -400, 2000),
    ]  # fmt: skip
    assert ledger(context) == {
        "411000": 720, "445710": -80, "445740": -120, "512000": 480, "706000": -1000,
    }  # fmt: skip
    sound(context)
    bill(later(context, DECEMBER), "2026-12")
    assert billed(context)[-1] == ("FR00000002", "bill", 1000, 200, 1200)
    sound(context)


def test_only_what_is_paid_is_deducted_and_the_rest_later(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    asked = ask(context, minor=1_500)
    bill(context)
    assert billed(context)[-1] == ("FR00000001", "bill", 1000, 200, 1200)
    pay(context, asked, 601)
    bill(later(context, DECEMBER), "2026-12")
    assert lines(context, "FR00000002")[1:] == [("deduction", asked.bill_id, -501, 2000)]
    pay(context, asked, 1_199)
    bill(later(context, date(2027, 1, 1)), "2027-01")
    assert lines(context, "FR00000003")[1:] == [("deduction", asked.bill_id, -999, 2000)]
    assert [each[-1] for each in used(context)] == [501, 999]
    assert ledger(context).get("419110") is None
    sound(context)


def test_a_bill_that_is_paid_whole_is_issued_and_asks_for_nothing(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    asked = ask(context, minor=2_500)
    pay(context, asked)
    bill(context)
    bill(later(context, DECEMBER), "2026-12")
    assert billed(context)[1:] == [("FR00000001", "bill", 0, 0, 0), ("FR00000002", "bill", 0, 0, 0)]
    assert rows(context, "SELECT 1 FROM open_debt") == []
    assert explain_bill(context, BillId("FR00000001")).bill.total_minor == 0
    bill(later(context, date(2027, 1, 1)), "2027-01")
    assert billed(context)[-1] == ("FR00000003", "bill", 500, 100, 600)
    sound(context)


def test_a_line_of_an_order_counts_what_a_bill_that_asks_for_nothing_took(database: Database) -> None:
    context = world(database)
    agreed = (
        OrderLine(1, "SRV", service_pattern="srv*", amount_max_minor=1_500),
        OrderLine(2, "OTHER", service_pattern="other*", amount_max_minor=50_000),
    )
    terms = OrderTerms("PO-L", date(2026, 1, 1), kind=OrderKind.CLOSED, lines=agreed)
    set_purchase_order(context, PETIT, terms, by="cli")
    subscribe(context, PETIT, "srv1")
    pay(context, ask(context, minor=1_000))
    bill(context)
    bill(later(context, DECEMBER), "2026-12")
    quoted = rows(
        context,
        "SELECT net_minor, purchase_order_reference FROM bill WHERE kind = 'bill' ORDER BY bill_id",
    )
    assert [tuple(row) for row in quoted] == [(0, "PO-L"), (1_000, None)], "the line has 500 left"
    sound(context)


def test_two_down_payments_on_one_order(database: Database) -> None:
    context = world(database)
    sells(context)
    order = ordered(context, SERVER)
    half = ask(context, ACME, None, percent_bp=5_000, order_id=order.order_id)
    rest = ask(context, ACME, 2_000, order_id=order.order_id)
    assert (half.net_minor, rest.net_minor, order.net_minor) == (69_00, 20_00, 138_00)
    with pytest.raises(NoDownPayment, match=r"49\.00 was not asked for yet; 50\.00 is more"):
        ask(context, ACME, 5_000, order_id=order.order_id)
    pay(context, half)
    pay(context, rest)
    subscribe(context, ACME, "elsewhere")
    bill(context)
    assert [each[0] for each in lines(context, "FR00000001")] == ["renewal"]
    pay_order(context, ACME, order.order_id, None, by="cli")
    bill(context)
    assert [each[:3] for each in lines(context, "FR00000002") if each[0] == "deduction"] == [
        ("deduction", half.bill_id, -69_00), ("deduction", rest.bill_id, -20_00),
    ]  # fmt: skip
    assert billed(context)[-1] == ("FR00000002", "bill", 49_00, 9_80, 58_80)
    with pytest.raises(NoDownPayment, match="on bill FR00000002 already"):
        ask(context, ACME, 100, order_id=order.order_id)
    sound(context)


def test_a_service_alone_is_deducted_from_and_never_below_zero(database: Database) -> None:
    context = world(database)
    one, other = subscribe(context, PETIT, "srv1"), subscribe(context, PETIT, "srv2")
    asked = ask(context, minor=1_700, service_id=ServiceId(one))
    pay(context, asked)
    bill(context)
    assert lines(context, "FR00000001")[2:] == [("deduction", asked.bill_id, -1000, 2000)]
    assert billed(context)[-1][2:] == (1000, 200, 1200)
    assert other != one
    sound(context)


def test_two_rates(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    with context.database.write() as tx:
        tx.connection.execute("INSERT INTO vat_rate VALUES ('FR', '2026-12-01', 1960)")
    before = ask(context)
    on = later(context, DECEMBER)
    after = ask(on, minor=300)
    assert (before.taxes[0].vat_rate_bp, after.taxes[0].vat_rate_bp) == (2000, 1960)
    pay(context, before)
    pay(on, after)
    bill(on, "2026-12")
    assert [each for each in lines(context, "FR00000001") if each[0] == "deduction"] == [
        ("deduction", after.bill_id, -300, 1960)
    ]
    sound(context)
    credit_bill(on, PETIT, before.bill_id, "another rate holds", by="cli")
    sound(context)


def test_a_buyer_abroad_bears_no_vat(database: Database) -> None:
    context = world(database)
    abroad = replace(ADDRESSED, country="DE", vat_id="DE136695976", siren="", e_address="")
    set_legal_party(context, PETIT, abroad, by="cli")
    subscribe(context, PETIT, "srv1")
    asked = ask(context)
    assert (asked.tax_minor, asked.taxes[0].vat_category) == (0, "AE")
    pay(context, asked)
    bill(context)
    assert billed(context)[-1][2:] == (600, 0, 600)
    sound(context)


def test_a_sub_account_that_its_parent_pays_for(database: Database) -> None:
    context = world(database)
    share_bills(context, ACME, by="cli")
    subscribe(context, ACME, "own")
    subscribe(context, LAB, "srv1")
    asked = ask(context, LAB)
    assert (asked.account_id, asked.payer_id) == (LAB, ACME)
    pay(context, asked)
    bill(context)
    (shared,) = billed(context)[1:]
    assert shared[2:] == (1600, 320, 1920)
    assert used(context) == [(asked.bill_id, "deducted", "FR00000001", 400)]
    assert [tuple(row) for row in rows(context, "SELECT owner_id, net_minor FROM bill_slice")] == [
        (ACME, 1000), (LAB, 600),
    ]  # fmt: skip
    sound(context)
    credit_bill(context, ACME, BillId("FR00000001"), "twice", by="cli")
    assert used(context)[-1][1:] == ("returned", "AV00000001", -400)
    sound(context)


def test_given_up_before_it_is_used_its_money_is_unapplied(database: Database) -> None:
    context = world(database)
    asked = ask(context)
    pay(context, asked)
    note = credit_bill(context, PETIT, asked.bill_id, "the order was given up", by="cli")
    assert (note.total_minor, used(context)) == (480, [(asked.bill_id, "credited", note.bill_id, 400)])
    assert ledger(context) == {"419100": -480, "512000": 480}
    subscribe(context, PETIT, "srv1")
    bill(context)
    assert billed(context)[-1][2:] == (1000, 200, 1200)
    sound(context)
    with pytest.raises(NotCreditable):
        credit_bill(context, PETIT, asked.bill_id, "again", by="cli")


def test_what_was_deducted_stays_until_the_bill_is_taken_back(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    asked = ask(context, minor=1_500)
    pay(context, asked)
    bill(context)
    first = BillId("FR00000001")
    with pytest.raises(BadCredit, match=r"5.00 EUR net of down payment FRAC00000001 is neither"):
        credit_bill(context, PETIT, asked.bill_id, "too much", [Part(1, 501)], by="cli")
    credit_bill(context, PETIT, asked.bill_id, "the rest", by="cli")
    with pytest.raises(NotCreditable, match="take them back"):
        credit_bill(context, PETIT, asked.bill_id, "all", by="cli")
    note = credit_bill(context, PETIT, first, "never supplied", by="cli")
    assert (note.total_minor, note.net_minor) == (0, 0)
    assert [each[1:] for each in used(context)] == [
        ("deducted", first, 1000), ("credited", "AV00000001", 500), ("returned", "AV00000002", -1000),
    ]  # fmt: skip
    sound(context)
    with pytest.raises(NotCreditable):
        credit_bill(context, PETIT, first, "again", by="cli")
    credit_bill(context, PETIT, asked.bill_id, "all", by="cli")
    assert ledger(context) == {"419100": -1800, "512000": 1800}
    sound(context)


def test_a_part_of_a_bill_is_taken_back_within_what_it_asked_for(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    pay(context, ask(context))
    bill(context)
    first = BillId("FR00000001")
    with pytest.raises(BadCredit, match=r"6.00 EUR net is left"):
        credit_bill(context, PETIT, first, "days not used", [Part(1, 700)], by="cli")
    credit_bill(context, PETIT, first, "days not used", [Part(1, 600)], by="cli")
    sound(context)
    credit_bill(context, PETIT, first, "all of it", by="cli")
    assert used(context)[-1][1:] == ("returned", "AV00000002", -400)
    sound(context)
    bill(later(context, DECEMBER), "2026-12")
    assert billed(context)[-1][2:] == (600, 120, 720)
    sound(context)


def test_a_corrected_bill_deducts_as_the_first_did(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    asked = ask(context)
    pay(context, asked)
    bill(context)
    first = BillId("FR00000001")
    abroad = {"country": "DE", "vat_id": "DE136695976", "siren": "", "e_address": ""}
    with pytest.raises(NotCorrectable, match="taxed otherwise"):
        correct_bill(context, PETIT, first, "abroad", Correction(abroad), by="cli")
    made = correct_bill(context, PETIT, first, "moved", Correction({"street": "3 rue du Port"}), by="cli")
    assert (made.bill.net_minor, made.bill.total_minor) == (600, 720)
    assert [each[1] for each in used(context)] == ["deducted", "returned", "deducted"]
    sound(context)
    with pytest.raises(NotCorrectable, match="down payment"):
        correct_bill(context, PETIT, asked.bill_id, "moved", Correction({"street": "4 quai"}), by="cli")


def test_money_that_comes_back_is_owed_again_and_nothing_is_deducted_twice(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    asked = ask(context)
    pay(context, asked)
    bill(context)
    (row,) = rows(context, "SELECT operation_id FROM debt_operation")
    return_payment(context, PETIT, DebtId(asked.order_id), row.operation_id, "no funds", by="cli")
    assert rows(context, "SELECT open_minor FROM open_debt ORDER BY 1")[0].open_minor == 480
    sound(context)
    pay(context, asked)
    bill(later(context, DECEMBER), "2026-12")
    assert billed(context)[-1][2:] == (1000, 200, 1200)
    sound(context)


def test_a_purchase_order_is_drawn_once(database: Database) -> None:
    context = world(database)
    order = OrderTerms("PO-1", date(2026, 1, 1), kind=OrderKind.BLANKET, amount_max_minor=1_000)
    set_purchase_order(context, PETIT, order, by="cli")
    set_order_policy(context, PETIT, Policy.HOLD, by="cli")
    subscribe(context, PETIT, "srv1")
    asked = ask(context)
    assert asked.purchase_order_reference == "PO-1"
    pay(context, asked)
    with pytest.raises(NoDownPayment, match="spent"):
        ask(context, minor=601)
    bill(context)
    assert billed(context)[-1][2:] == (600, 120, 720)
    assert [row.amount_minor for row in rows(context, "SELECT amount_minor FROM purchase_order_draw")] == [
        400, 600,
    ]  # fmt: skip
    pay(context, ask_more := ask(later(context, DECEMBER), ACME, 100))
    assert ask_more.purchase_order_reference is None
    sound(context)


def test_a_bill_that_is_held_deducts_nothing_yet(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    asked = ask(context)
    pay(context, asked)
    set_order_policy(context, PETIT, Policy.HOLD, by="cli")
    bill(context)
    assert (used(context), rows(context, "SELECT amount_minor FROM held_bill")[0].amount_minor) == ([], 1000)
    set_order_policy(context, PETIT, Policy.PROCEED, by="cli")
    bill(context)
    assert used(context) == [(asked.bill_id, "deducted", "FR00000001", 400)]
    sound(context)


def test_vat_on_debits_is_due_with_the_down_payment(database: Database) -> None:
    context = world(database, vat_on_debits=True)
    subscribe(context, PETIT, "srv1")
    asked = ask(context, minor=333)
    assert ledger(context)["445710"] == -67
    pay(context, asked, 200)
    bill(context)
    assert lines(context, "FR00000001")[1:] == [("deduction", asked.bill_id, -166, 2000)]
    sound(context)


def test_what_cannot_be_asked_for(database: Database) -> None:
    context = world(database)
    with pytest.raises(BadDownPayment, match="either"):
        ask(context, percent_bp=5_000)
    with pytest.raises(BadDownPayment, match="has to be an amount"):
        ask(context, minor=None, percent_bp=5_000)
    with pytest.raises(BadDownPayment, match="more than nothing"):
        ask(context, minor=0)
    with pytest.raises(BadDownPayment, match="reason"):
        ask(context, reason=" ")
    with pytest.raises(NoSuchOrder):
        ask(context, order_id=OrderId(7))
    with pytest.raises(NoSuchService, match="has no service 1"):
        ask(context, service_id=ServiceId(subscribe(context, ACME, "srv1")))
    with pytest.raises(BadDownPayment, match="no later"):
        ask(context, days=31)
    with pytest.raises(BadDownPayment, match="no later"):
        ask(context, days=10**11)
    with pytest.raises(BadDownPayment, match="or later"):
        ask(context, days=-1)
    with pytest.raises(NoDownPayment, match="digits"):
        ask(context, minor=10**17)
    with pytest.raises(RoleForbids):
        ask_down_payment(context, PETIT, Wanted(For(), "why", 100), by=SAM)
    assert billed(context) == []
    assert ask(context, days=0).due_on == ON
    assert failed(context) == {}


def test_postgresql_refuses_to_use_more_than_there_is(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    pay(context, ask(context))
    bill(context)
    again = Use(PETIT, BillId("FRAC00000001"), "deducted", PETIT, BillId("FR00000001"), 1)
    for more, why in (
        (again, "would be used 401, it is of 400"),
        (replace(again, kind="returned", net_minor=-401), "would be used -1"),
        (replace(again, bill_id=BillId("FR00000001")), "FR00000001"),
        (replace(again, kind="returned"), "down_payment_use_check"),
    ):
        with pytest.raises(psycopg.errors.CheckViolation, match=why), context.database.write() as tx:
            down_payments.use(tx, [more])
    sound(context)


def test_a_bill_of_an_earlier_day_deducts_nothing_of_later_ones(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1", next_on=date(2026, 10, 20))
    early = later(context, date(2026, 11, 2))
    pay(context, first := ask(early))
    ask(context, minor=100)
    bill(early, "2026-10")
    assert used(context) == [], "one was paid, the other issued, after the day of the bill"
    bill(context)
    assert used(context) == [(first.bill_id, "deducted", "FR00000002", 400)]
    sound(context)


def test_in_another_currency_it_leaves_the_books_at_what_it_came_in_at(
    database: Database, tmp_path: Path
) -> None:
    context = world(database)
    rates = b"Date,USD\n2026-12-01,1.2500\n2026-11-20,1.0000\n"
    import_exchange_rates(context, rates, by="cli")
    service_id = ServiceId(subscribe(context, LAB, "srv1", currency="USD", next_on=DECEMBER))
    share_bills(context, ACME, by="cli")
    asked = ask(context, LAB, service_id=service_id)
    part = Allocation(LAB, DebtId(asked.order_id), 480)
    settle_debt(context, ACME, Receipt(ON, 480, Currency("USD")), [part], by="cli")
    on = later(context, DECEMBER)
    bill(on, "2026-12")
    assert billed(context)[-1][2:] == (600, 120, 720)
    fec = checked(export_fec(on, FR, span("2026"), tmp_path, rates=read_rates(rates)).path)
    assert (fec.balances["419110"], fec.balances["706000"]) == (0, -880), "4.00 at 1, 6.00 at 1.25"
    assert {key for key in fec.auxiliaries if key[0] == "419110"} == {("419110", ACME)}
    sound(on)


def test_a_month_is_closed_in_between(database: Database, tmp_path: Path) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1", next_on=date(2026, 12, 15))
    pay(context, ask(context))
    on = later(context, DECEMBER)
    close_period(on, FR, "2026-11", by="cli")
    bill(later(context, date(2026, 12, 15)), "2026-12")
    assert billed(context)[-1][2:] == (600, 120, 720)
    after = later(context, date(2027, 1, 2))
    close_period(after, FR, "2026-12", by="cli")
    assert ledger(context) == {
        "411000": 720, "445710": -80, "445740": -120, "487000": -452, "512000": 480, "706000": -548,
    }  # fmt: skip
    for period, due in (("2026-11", 80), ("2026-12", 0)):
        report = report_vat(after, FR, period)
        assert (report.ties, sum(each.tax_minor for each in report.lines)) == (True, due)
    fec = checked(export_fec(after, FR, span("2026"), tmp_path).path)
    assert "419110" not in {ledger for ledger, left in fec.balances.items() if left}
    november = checked(export_fec(after, FR, span("2026-11"), tmp_path).path)
    assert (november.balances["419110"], november.balances["445710"]) == (-400, -80)
    assert failed(context) == {}


def test_two_at_once(database: Database) -> None:
    context = world(database)
    sells(context)
    order = ordered(context, SERVER)

    def asked(account_id: AccountId) -> str:
        what = order.order_id if account_id == ACME else None
        try:
            return ask(context, account_id, 8_000, order_id=what).bill_id
        except NoDownPayment:
            return "refused"

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(asked, [ACME, ACME, PETIT, LAB]))
    assert sorted(found) == ["FRAC00000001", "FRAC00000002", "FRAC00000003", "refused"]
    assert found[2] != "refused" != found[3]
    sound(context)


def test_a_run_and_a_credit_note_at_once_use_it_once(database: Database) -> None:
    context = world(database)
    subscribe(context, PETIT, "srv1")
    asked = ask(context)
    pay(context, asked)
    with ThreadPoolExecutor(2) as threads:
        run = threads.submit(bill, context)
        credit = threads.submit(credit_bill, context, PETIT, asked.bill_id, "given up", by="cli")
        run.result()
        try:
            credit.result()
        except NotCreditable:
            assert billed(context)[-1][2] == 600
        else:
            assert billed(context)[-1][2] in (400, 1000)
    assert len(used(context)) == 1
    sound(context)
