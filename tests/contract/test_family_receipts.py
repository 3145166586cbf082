"""Receipts and credit on the wire: what came in, what it paid, what went back, what is in hand."""

import re
from urllib.request import urlopen

import pytest

from .families import Families
from .given_back import CODE, give_back_some
from .world import ACME, LAB, PETIT


@pytest.fixture(scope="module")
def given(families: Families) -> Families:
    give_back_some(families.world.context, ACME)
    return families


def test_deposits_tell_what_they_paid(given: Families) -> None:
    acme = given.customer()
    ids = acme.get("/me/deposit")
    assert len(ids) == 3
    (first,) = [each for each in ids if given.world.paid_bill in acme.get(f"/me/deposit/{each}/paidBills")]
    deposit = acme.get(f"/me/deposit/{first}")
    assert deposit["paymentInfo"] == {
        "description": "E2E-1", "paymentType": "transfer", "publicLabel": "VIR ACME",
    }  # fmt: skip
    path = f"/me/deposit/{first}/paidBills/{given.world.paid_bill}"
    assert acme.get(path) == acme.get(f"/me/bill/{given.world.paid_bill}")
    assert acme.get(f"{path}/debt") == acme.get(f"/me/bill/{given.world.paid_bill}/debt")
    assert acme.get(f"{path}/payment")["paymentIdentifier"] == first
    (line,) = acme.get(f"/me/deposit/{first}/details")
    detail = acme.get(f"/me/deposit/{first}/details/{line}")
    assert detail["totalPrice"] == deposit["amount"]
    assert acme.get("/me/deposit", orderId=deposit["orderId"]) == [first]
    assert acme.get("/me/deposit", **{"date.to": "2020-01-01T00:00:00Z"}) == []
    other = next(each for each in ids if each != first)
    assert acme.refusal("GET", f"/me/deposit/{other}/paidBills/{given.world.paid_bill}")[0] == 404
    assert given.customer(PETIT).refusal("GET", f"/me/deposit/{first}")[0] == 404
    assert given.customer(LAB).get("/me/deposit") == []


def test_what_is_unused_of_a_deposit_is_a_line(given: Families) -> None:
    acme = given.customer()
    last = acme.get("/me/deposit")[-1]
    (line,) = acme.page(f"/me/deposit/{last}/details")
    assert (line["description"], line["totalPrice"]["value"]) == ("Not used yet", 25)


@pytest.mark.parametrize(("kind", "says"), [("deposit", "Reçu RC"), ("withdrawal", "Remboursement")])
def test_a_receipt_opens_without_a_login_and_only_with_its_secret(
    kind: str, says: str, given: Families
) -> None:
    acme = given.customer()
    found = acme.get(f"/me/{kind}/{acme.get(f'/me/{kind}')[-1]}")
    assert len(found["password"]) >= 22
    with urlopen(found["pdfUrl"]) as page:
        assert says in page.read().decode()
    wrong = re.sub("passwd=.", "passwd=_", found["pdfUrl"])
    with pytest.raises(OSError, match="404"):
        urlopen(wrong)


def test_a_credit_note_is_a_refund_and_money_back_is_a_withdrawal(given: Families) -> None:
    acme = given.customer()
    (refund_id,) = acme.get("/me/refund")
    refund = acme.get(f"/me/refund/{refund_id}")
    assert (refund["priceWithoutTax"]["value"], refund["priceWithTax"]["value"]) == (1, 1.2)
    assert refund["originalBillId"] in acme.get("/me/bill")
    (detail,) = acme.page(f"/me/refund/{refund_id}/details")
    assert (detail["refundId"], detail["totalPrice"]["value"]) == (refund_id, 1)
    assert acme.get(f"/me/refund/{refund_id}/payment")["paymentType"] == "debtAccount"
    (withdrawal_id,) = acme.get("/me/withdrawal")
    withdrawal = acme.get(f"/me/withdrawal/{withdrawal_id}")
    assert (withdrawal["amount"]["value"], withdrawal["country"]) == (5, "FR")
    assert acme.get("/me/withdrawal", orderId=withdrawal["orderId"]) == [withdrawal_id]
    assert acme.get("/me/withdrawal", **{"date.from": "2099-01-01T00:00:00Z"}) == []
    assert given.customer(PETIT).get("/me/withdrawal") == []


def test_a_code_is_credit_once(given: Families) -> None:
    acme = given.customer()
    assert acme.get("/me/credit/balance") == ["prepaid_account-credit"]
    assert acme.post("/me/voucher/checkValidity", voucher="nothing-like-it") == {"validity": False}
    assert acme.post("/me/voucher/checkValidity", voucher=CODE) == {"validity": True}
    movement = acme.post("/me/credit/code", inputCode=CODE)
    assert (movement["type"], movement["amount"]["value"]) == ("VOUCHER", 5)
    assert acme.refusal("POST", "/me/credit/code", {"inputCode": CODE})[0] == 404
    assert acme.post("/me/voucher/checkValidity", voucher=CODE) == {"validity": False}
    assert acme.get("/me/credit/balance", type="VOUCHER") == ["voucher-credit"]
    balance = acme.get("/me/credit/balance/voucher-credit")
    assert balance["amount"]["value"] == balance["expiring"][0]["amount"]["value"] == 5
    ids = acme.get("/me/credit/balance/voucher-credit/movement")
    assert ids == [movement["movementId"]] == acme.get("/me/voucherAccount/voucher-credit/movements")
    assert acme.get("/me/ovhAccount") == ["prepaid_account-credit"]
    prepaid = acme.get("/me/ovhAccount/prepaid_account-credit")
    assert (prepaid["balance"]["value"], prepaid["isActive"]) == (20, True)
    assert acme.refusal("GET", "/me/voucherAccount/prepaid_account-credit")[0] == 404
    assert given.customer(PETIT).get("/me/credit/balance") == []
