"""One bill's whole story, what was paid, and what is in hand: read, disputed, redeemed."""

import re
from datetime import date
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.actions.open_dispute import close_dispute
from acquit.actions.order_prepayment import pay_prepay_order
from acquit.actions.redeem_voucher import make_voucher
from acquit.core.dispute import DisputeState
from acquit.core.identifiers import BillId
from acquit.core.money import Currency
from acquit.core.voucher import Voucher
from acquit.store import disputes, prepayments
from acquit.store.transaction import Database
from e2e.trading import bill_of, trading, visitor_of
from founding import ACME, FR, LAB, PETIT, SHOP
from owing import pay

EUR = Currency("EUR")


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return trading(database, tmp_path / "archive")


def test_each_cent_is_explained_to_whoever_sees_the_bill(context: Context) -> None:
    labs = bill_of(context, LAB)
    acme = visitor_of(context, ACME)
    assert f"/manager/bills/{labs}/why" in acme.get(f"/manager/bills/{labs}").text
    page = acme.get(f"/manager/bills/{labs}/why").text
    assert f"Bill {labs}" in page
    assert "1 × 10.00 = 10.00 EUR" in page
    assert visitor_of(context, PETIT).get(f"/manager/bills/{labs}/why").status_code == 404


def test_a_dispute_is_opened_kept_from_being_due_and_its_answer_told(context: Context) -> None:
    number, petit = bill_of(context, PETIT), visitor_of(context, PETIT)
    form = f"/manager/bills/{number}/dispute"
    refused = petit.send(form, {"amount": "12.01", "line": "", "reason": "never ordered"})
    assert refused.status_code == 400
    assert 'value="12.01"' in refused.text
    assert petit.send(form, {"amount": "5", "line": "7", "reason": "x"}).status_code == 400
    sent = petit.send(form, {"amount": "5.00", "line": "1", "reason": "never <b>ordered</b>"})
    assert sent.headers["location"] == f"/manager/bills/{number}?done=disputed"
    page = petit.get(sent.headers["location"]).text
    assert "€5.00 of this bill is in dispute." in page
    assert "never &lt;b&gt;ordered" in page
    assert visitor_of(context, ACME).get(form).status_code == 404
    with context.database.read() as tx:
        [opened] = disputes.of_bill(tx, PETIT, BillId(number))
    close_dispute(context, PETIT, opened.dispute_id, DisputeState.REJECTED, "it was ordered", by="cli")
    assert f"Your dispute over bill {number} was answered: it was rejected." in petit.get("/manager").text


def test_a_payment_shows_what_it_paid_and_what_is_left(context: Context) -> None:
    number, petit = bill_of(context, PETIT), visitor_of(context, PETIT)
    assert "No payment has been received yet." in petit.get("/manager/payments").text
    deposit = pay(context, PETIT, 2_000, 1_200)
    assert f"/manager/payments/{deposit}" in petit.get("/manager/payments").text
    page = petit.get(f"/manager/payments/{deposit}").text
    assert "€20.00" in page
    assert "€8.00" in page
    assert f"/manager/bills/{number}" in page
    assert f"/manager/payments/{deposit}" in petit.get(f"/manager/bills/{number}").text
    receipt = petit.get(f"/manager/payments/{deposit}/receipt")
    assert deposit in receipt.text
    shop = visitor_of(context, SHOP)
    assert shop.get(f"/manager/payments/{deposit}").status_code == 404
    assert shop.get(f"/manager/payments/{deposit}/receipt").status_code == 404


def test_a_voucher_becomes_credit_once(context: Context) -> None:
    petit = visitor_of(context, PETIT)
    assert "No credit yet." in petit.get("/manager/credit").text
    voucher = Voucher(FR, 0, "", EUR, 500, until_on=date(2030, 12, 31), words="for the trouble")
    make_voucher(context, voucher, "WELCOME-2026", by="cli")
    wrong = petit.send("/manager/credit", {"code": "WELCOME-2027"})
    assert wrong.status_code == 400
    assert 'value="WELCOME-2027"' in wrong.text
    sent = petit.send("/manager/credit", {"code": "welcome-2026"})
    page = petit.get(sent.headers["location"]).text
    assert re.search(r'<dd class="figure">€5\.00</dd>', page)
    assert "for the trouble" in page
    assert petit.send("/manager/credit", {"code": "welcome-2026"}).status_code == 400
    assert "€5.00 in hand" in petit.get("/manager").text
    assert "Take my credit of €5.00 off" in petit.get("/manager/pay").text


def test_credit_is_ordered_once_and_comes_by_transfer(context: Context) -> None:
    petit = visitor_of(context, PETIT)
    assert petit.send("/manager/credit", {"prepay": "0"}).status_code == 400
    sent = petit.send("/manager/credit", {"prepay": "250,00"})
    petit.send("/manager/credit", {"prepay": "250,00"})
    page = petit.get(sent.headers["location"]).text
    (reference,) = set(re.findall(r"RF\d\d PRP\d[\d ]+", page))
    assert page.count(reference) == 1, "a double click orders once"
    assert "€250.00" in page
    with context.database.read() as tx:
        (order,) = prepayments.every(tx, PETIT)
    pay_prepay_order(context, PETIT, order.order_id, pay(context, PETIT, 25_000), by="cli")
    assert reference not in petit.get("/manager/credit").text
    assert "€250.00" in petit.get("/manager/credit").text
    lab = visitor_of(context, LAB)
    assert "Amount to prepay" not in lab.get("/manager/credit").text
    assert lab.send("/manager/credit", {"prepay": "5"}).status_code == 403
