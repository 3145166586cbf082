"""Receipts and credit on the wire: what came in, what it paid, what went back, what is in hand."""

import re
from urllib.request import urlopen

import pytest

from acquit.actions.audit_books import audit_books
from acquit.actions.export_bills import build_exports
from acquit.actions.order_prepayment import pay_prepay_order
from acquit.actions.redeem_voucher import make_voucher
from acquit.actions.refund_money import approve_refund, record_refund_paid, refunds_in_state
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.core.identifiers import AccountId, OperatorId, OrderId
from acquit.core.operator import Operator, Role
from acquit.core.refund import RefundState
from acquit.store import bill_exports, operators

from .families import Customer, Families
from .given_back import CODE, give_back_some, voucher
from .signing import sign_mandate
from .world import ACME, EUR, LAB, PETIT, TODAY


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


def test_prepaid_money_is_asked_back_once_and_a_person_decides(given: Families) -> None:
    acme, context = given.customer(), given.world.context
    path = "/me/ovhAccount/prepaid_account-credit/movements"
    (movement_id,) = acme.get(path)
    assert acme.get(f"{path}/{movement_id}")["retrievableAmount"]["value"] == 20
    asked = f"{path}/{movement_id}/requestRefund"
    for amount in (0, -1, 2_001):
        status, message = acme.refusal("POST", asked, {"amount": amount})
        assert (status, message[:20]) == (400, "20.00 EUR of this cr")
    assert given.customer(PETIT).refusal("POST", asked, {"amount": 1})[0] == 404
    assert acme.post(asked, amount=1_500) is None
    assert acme.get("/me/ovhAccount/prepaid_account-credit")["balance"]["value"] == 5
    assert acme.get(f"{path}/{movement_id}")["retrievableAmount"]["value"] == 5
    (_, taken) = acme.get(path)
    assert acme.get(f"{path}/{taken}")["amount"]["value"] == -15
    assert acme.refusal("POST", f"{path}/{taken}/requestRefund", {"amount": 1})[0] == 404
    (refund,) = refunds_in_state(context, RefundState.ASKED)
    assert (refund.account_id, refund.amount_minor) == (ACME, 1_500)
    assert len(acme.get("/me/withdrawal")) == 1, "nothing went back yet"
    with context.database.write() as tx:
        operators.add(tx, Operator(OperatorId("tess"), "Tess", "tess@example.com", Role.TREASURY), "x")
    approve_refund(context, AccountId(ACME), refund.refund_id, by="operator:tess")
    record_refund_paid(context, AccountId(ACME), refund.refund_id, TODAY, by="cli")
    assert len(acme.get("/me/withdrawal")) == 2
    books = {each.name: each for each in audit_books(context)}
    for name in ("credit-lots", "credit-balances", "deposits", "money-conserved", "refunds"):
        assert books[name].differences == (), name


def test_credit_notes_are_exported_and_bills_are_not_among_them(given: Families) -> None:
    acme, context = given.customer(), given.world.context
    while build_exports(context):
        pass
    (note,), bills = acme.get("/me/refund"), acme.get("/me/bill")
    assert acme.refusal("POST", "/me/refund/export", {"archiveType": "csv", "ids": bills[:1]})[0] == 404
    assert acme.refusal("POST", "/me/bill/export", {"archiveType": "csv", "ids": [note]})[0] == 404
    assert given.customer(PETIT).refusal("POST", "/me/refund/export", {"archiveType": "csv"})[0] == 404
    assert acme.post("/me/refund/export", archiveType="csv") is None
    with context.database.read() as tx:
        (export,) = bill_exports.waiting(tx, 10)
    assert export.bill_ids == (note,)
    assert build_exports(context) == 1


def test_credit_is_ordered_and_money_goes_back(given: Families) -> None:
    acme, context = given.customer(), given.world.context
    (account,) = acme.get("/me/ovhAccount")
    path = f"/me/ovhAccount/{account}"
    before = acme.get(path)["balance"]["value"]
    ordered = acme.post(f"{path}/creditOrder", amount=40_000)
    assert (ordered["priceWithTax"]["value"], ordered["tax"]["value"]) == (400, 0)
    order = f"/me/order/{ordered['orderId']}"
    assert acme.get(order) == ordered
    assert acme.post(f"{path}/creditOrder", amount=40_000) == ordered
    assert (acme.get(f"{order}/status"), acme.get(f"{order}/associatedObject")) == (
        "notPaid", {"id": None, "type": None},
    )  # fmt: skip
    assert acme.refusal("GET", f"{order}/payment")[0] == 404
    with urlopen(ordered["url"]) as page:
        assert "Approvisionnement" in page.read().decode()
    assert acme.refusal("POST", f"{order}/pay", {"paymentMethod": {"id": 1}})[0] == 409
    receipt = Receipt(TODAY, 40_000, EUR, bank_reference="E2E-77", label="VIR")
    deposit_id = settle_debt(context, ACME, receipt, by="cli").deposit.deposit_id
    pay_prepay_order(context, ACME, OrderId(ordered["orderId"]), deposit_id, by="cli")
    assert acme.get(f"{order}/status") == "delivered"
    assert acme.get(f"{order}/associatedObject") == {"id": deposit_id, "type": "Deposit"}
    assert acme.get(f"{order}/payment")["paymentIdentifier"] == "E2E-77"
    assert acme.get(path)["balance"]["value"] == before + 400
    bank = sign_mandate(context, ACME).mandate.payment_method_id
    assert acme.refusal("POST", f"{path}/retrieveMoney", {"amount": 10**9, "bankAccountId": bank})[0] == 400
    assert acme.refusal("POST", f"{path}/retrieveMoney", {"amount": 1, "bankAccountId": 1})[0] == 404
    back = acme.post(f"{path}/retrieveMoney", amount=40_100, bankAccountId=bank)
    order = f"/me/order/{back['orderId']}"
    assert (acme.get(f"{order}/status"), len(acme.get(f"{order}/details"))) == ("checking", 2)
    with context.database.write() as tx:
        operators.add(tx, Operator(OperatorId("rob"), "Rob", "rob@example.com", Role.TREASURY), "x")
    for refund in refunds_in_state(context, RefundState.ASKED):
        approve_refund(context, AccountId(ACME), refund.refund_id, by="operator:rob")
        record_refund_paid(context, AccountId(ACME), refund.refund_id, TODAY, by="cli")
    assert acme.get(f"{order}/status") == "delivered"
    kind = acme.get(f"{order}/associatedObject")
    assert kind["type"] == "Withdrawal"
    assert kind["id"] in acme.get("/me/withdrawal")
    assert acme.get(f"{order}/payment")["paymentType"] == "transfer"
    assert given.customer(PETIT).refusal("GET", order)[0] == 404
    assert all(found.passed for found in audit_books(context))


def test_a_prepaid_account_is_there_for_whoever_pays(given: Families) -> None:
    petit, lab = given.customer(PETIT), given.customer(LAB)
    (account,) = petit.get("/me/ovhAccount")
    path = f"/me/ovhAccount/{account}"
    assert petit.get(path)["balance"]["value"] == 0
    petit.put(path, alertThreshold=12_345)
    assert (petit.get(path)["alertThreshold"], petit.get(path)["canBeCredited"]) == (12_345, True)
    petit.put(path)
    assert petit.get(path)["alertThreshold"] == 12_345
    petit.put(path, alertThreshold=None)
    assert petit.get(path)["alertThreshold"] is None
    assert petit.refusal("PUT", path, {"alertThreshold": -1})[0] == 400
    for amount in (0, -5, 10**12):
        assert petit.refusal("POST", f"{path}/creditOrder", {"amount": amount})[0] == 400
    assert lab.get("/me/ovhAccount") == []
    assert lab.refusal("POST", f"{path}/creditOrder", {"amount": 1})[0] == 404


def test_credit_pays_an_order_and_is_taken_back(given: Families) -> None:
    acme, context = given.customer(), given.world.context
    for code in ("FOR-ORDER", "FOR-OTHER"):
        make_voucher(context, voucher(), code, by="cli")
    acme.post("/me/credit/code", inputCode="FOR-ORDER")
    key = next(each for each in acme.get("/me/order") if _open(acme, each) > 5)
    path, before = f"/me/order/{key}/balance", _open(acme, key)
    assert acme.get(path) == []
    used = acme.post(path, balanceName="voucher-credit")
    assert used["balanceName"] == "voucher-credit"
    assert _open(acme, key) == pytest.approx(before - used["amount"]["value"])
    assert acme.get("/me/credit/balance/voucher-credit")["amount"]["value"] == 0
    assert (acme.get(path), acme.get(f"{path}/voucher-credit")) == (["voucher-credit"], used)
    assert acme.refusal("POST", path, {"balanceName": "voucher-credit"})[0] == 404, "nothing is left"
    assert acme.refusal("POST", path, {"balanceName": "bonus-none"})[0] == 404
    assert acme.refusal("GET", f"{path}/bonus-none")[0] == 404
    acme.delete(f"{path}/voucher-credit")
    assert (acme.get(path), _open(acme, key)) == ([], before)
    assert acme.refusal("DELETE", f"{path}/voucher-credit")[0] == 404
    account = acme.get("/me/ovhAccount")[0]
    credit_order = acme.post(f"/me/ovhAccount/{account}/creditOrder", amount=1_234)["orderId"]
    target = f"/me/order/{credit_order}/balance"
    assert acme.refusal("POST", target, {"balanceName": "voucher-credit"})[0] == 409
    assert acme.refusal("DELETE", f"{target}/voucher-credit")[0] == 404
    asked = acme.post("/me/debtAccount/pay")["orderId"]
    assert acme.post(f"/me/order/{asked}/balance", balanceName="voucher-credit")["amount"] == used["amount"]
    assert given.customer(PETIT).refusal("GET", path)[0] == 404
    assert all(found.passed for found in audit_books(context))


def _open(caller: Customer, order_id: int) -> float:
    """What is open behind an order; nothing when it has no debt."""
    reply = caller.reply("GET", f"/me/order/{order_id}/debt")
    if reply.status_code != 200:
        return 0
    debt = reply.json()
    return float(debt["dueAmount"]["value"] + debt["unmaturedAmount"]["value"])
