"""/me/downPaymentInvoice: a list of its own, with all that bills have; /me/bill does not list it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from ovh.exceptions import ResourceNotFoundError

from acquit.actions.run_bills import run_bills
from acquit.adapters.clock import FixedClock

from .families import Customer, Families
from .given_back import ask_some
from .world import ACME, FR, LAB

Make = Callable[..., Customer]
LIST = "/me/downPaymentInvoice"
BELOW = ("", "/debt", "/debt/operation", "/details", "/payment")


def test_a_down_payment_is_in_its_own_list(acme: Customer, customer: Make, families: Families) -> None:
    assert acme.get(LIST) == []
    before = acme.get("/me/bill")
    paid, owed = ask_some(families.world.context, ACME)
    assert acme.get(LIST) == [paid.bill_id, owed.bill_id]
    assert acme.get("/me/bill") == before
    shown = acme.get(f"{LIST}/{paid.bill_id}")
    assert (shown["priceWithoutTax"]["value"], shown["tax"]["value"], shown["priceWithTax"]["value"]) == (
        3.0, 0.6, 3.6,
    )  # fmt: skip
    assert (shown["category"], shown["orderId"]) == ("purchase", paid.order_id)
    assert paid.bill_id in shown["pdfUrl"]
    assert shown["password"] in shown["url"]
    assert acme.get(LIST, category="purchase") == [paid.bill_id, owed.bill_id]
    assert acme.get(LIST, category="autorenew") == []
    assert acme.get(LIST, orderId=owed.order_id) == [owed.bill_id]
    assert acme.get(LIST, **{"date.from": "2030-01-01"}) == []
    assert acme.get(LIST, **{"date.to": "2020-01-01"}) == []
    assert acme.page(LIST, Size="100") == [shown, acme.get(f"{LIST}/{owed.bill_id}")]
    assert acme.page(LIST, Filter=f"orderId:eq={owed.order_id}") == [acme.get(f"{LIST}/{owed.bill_id}")]
    assert customer(LAB).get(LIST) == []
    with pytest.raises(ResourceNotFoundError):
        customer(LAB).get(f"{LIST}/{paid.bill_id}")


def test_lines_debt_and_payment_of_one(acme: Customer, families: Families) -> None:
    paid, owed = ask_some(families.world.context, ACME)
    path = f"{LIST}/{paid.bill_id}"
    (line,) = acme.page(f"{path}/details", Size="100")
    assert acme.get(f"{path}/details/{line['downPaymentInvoiceDetailId']}") == line
    assert (line["quantity"], line["totalPrice"]["value"]) == (1, 3.0)
    assert acme.get(f"{path}/debt")["status"] == "PAID"
    (operation,) = acme.get(f"{path}/debt/operation")
    assert acme.get(f"{path}/debt/operation/{operation}")["amount"]["value"] == 3.6
    assert acme.get(f"{path}/debt/operation/{operation}/associatedObject")["type"] == "Deposit"
    assert acme.get(f"{path}/payment")["paymentType"] == "transfer"
    assert acme.refusal("GET", f"{LIST}/{owed.bill_id}/payment")[0] == 404
    assert acme.get(f"{LIST}/{owed.bill_id}/debt")["status"] == "UNMATURED"
    order = acme.post(f"{LIST}/{owed.bill_id}/debt/pay")
    assert order["priceWithTax"]["value"] == 2.4
    assert order["orderId"] in acme.get("/me/order")
    (deposit,) = [
        each for each in acme.get("/me/deposit") if paid.bill_id in acme.get(f"/me/deposit/{each}/paidBills")
    ]
    assert acme.get(f"/me/deposit/{deposit}/paidBills/{paid.bill_id}")["billId"] == paid.bill_id


def test_the_order_behind_it_is_an_order(acme: Customer, families: Families) -> None:
    paid, _ = ask_some(families.world.context, ACME)
    assert paid.order_id in acme.get("/me/order")
    shown = acme.get(f"/me/order/{paid.order_id}")
    assert shown["priceWithTax"]["value"] == 3.6
    assert acme.get(f"/me/order/{paid.order_id}/debt")["amount"]["value"] == 3.6
    assert len(acme.get(f"/me/order/{paid.order_id}/details")) == 1


def test_bills_are_no_down_payments_and_these_no_bills(acme: Customer, families: Families) -> None:
    paid, _ = ask_some(families.world.context, ACME)
    bill = acme.get("/me/bill")[0]
    for below in BELOW:
        assert acme.refusal("GET", f"{LIST}/{bill}{below}")[0] == 404
        assert acme.refusal("GET", f"/me/bill/{paid.bill_id}{below}")[0] == 404
    assert acme.refusal("GET", f"/me/bill/{paid.bill_id}/download")[0] == 404
    assert acme.refusal("POST", f"/me/bill/{paid.bill_id}/debt/pay")[0] == 404
    assert acme.refusal("POST", f"{LIST}/{bill}/debt/pay")[0] == 404


def test_the_next_bill_says_what_it_deducts(acme: Customer, families: Families) -> None:
    paid, _ = ask_some(families.world.context, ACME)
    before = set(acme.get("/me/bill"))
    context = replace(families.world.context, clock=FixedClock(date(2026, 12, 1)))
    run_bills(context, FR, "2026-12", by="cli")
    fresh = sorted(set(acme.get("/me/bill")) - before)
    lines = [line for bill in fresh for line in acme.page(f"/me/bill/{bill}/details", Size="100")]
    (deducted,) = [line for line in lines if line["domain"] == paid.bill_id]
    assert (deducted["quantity"], deducted["totalPrice"]["value"]) == ("-1", -3.0)
    assert paid.bill_id in deducted["description"]
