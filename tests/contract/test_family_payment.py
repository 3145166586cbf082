"""/me/payment, /me/paymentMean/deferredPaymentAccount and /me/debtAccount."""

from collections.abc import Callable
from datetime import date

import pytest
from ovh.exceptions import BadParametersError, Forbidden, ResourceConflictError, ResourceNotFoundError

from acquit.actions.advance_remittance import approve_remittance, hand_over_remittance
from acquit.actions.end_collections import take_collected, take_return
from acquit.core.identifiers import AccountId, OperatorId
from acquit.core.operator import Operator, Role
from acquit.core.payment_method import MethodStatus
from acquit.store import direct_debits, operators, payment_methods

from .families import Customer, Families
from .signing import collect
from .world import ACME, LAB, PETIT, SHOP

Make = Callable[..., Customer]
CALLBACK = dict.fromkeys(("cancel", "error", "failure", "pending", "success"), "https://example.com/")


def register(families: Families, account_id: AccountId, status: MethodStatus = MethodStatus.VALID) -> int:
    """Write a direct debit that the account registered: no collector does it yet."""
    with families.world.context.database.write() as tx:
        return payment_methods.insert(tx, account_id, "SEPA_DIRECT_DEBIT", None, "FR76…", status=status)


def test_the_granted_method_is_the_default(acme: Customer) -> None:
    (method_id,) = acme.get("/me/payment/method", default=True)
    method = acme.get(f"/me/payment/method/{method_id}")
    assert method["label"] == "PaymentEnterprisewith45daysdelays"
    assert (method["paymentType"], method["paymentSubType"]) == ("ENTERPRISE", "45_DAYS")
    assert (method["status"], method["default"], method["integration"]) == ("VALID", True, "NONE")
    assert acme.get("/me/payment/method", paymentType="ENTERPRISE") == [method_id]
    assert acme.get("/me/payment/method", paymentType="PAYPAL") == []
    assert acme.get("/me/payment/method", status="EXPIRED") == []
    mean = acme.get(f"/me/paymentMean/deferredPaymentAccount/{method['paymentMeanId']}")
    assert (mean["label"], mean["state"], mean["defaultPaymentMean"]) == (method["label"], "valid", True)


def test_a_sub_account_sees_the_payers_methods_and_changes_none(customer: Make) -> None:
    acme, lab = customer(ACME), customer(LAB)
    (method_id,) = lab.get("/me/payment/method", default=True)
    assert lab.get(f"/me/payment/method/{method_id}") == acme.get(f"/me/payment/method/{method_id}")
    for method, path, body in (
        ("PUT", f"/me/payment/method/{method_id}", {"description": "mine"}),
        ("PUT", f"/me/payment/method/{method_id}", {"default": True}),
        ("DELETE", f"/me/payment/method/{method_id}", None),
        ("PUT", f"/me/paymentMean/deferredPaymentAccount/{method_id}", {"description": "mine"}),
        ("POST", f"/me/paymentMean/deferredPaymentAccount/{method_id}/chooseAsDefaultPaymentMean", None),
    ):
        status, message = lab.refusal(method, path, body)
        assert status == 403, message
    assert customer(SHOP).get("/me/payment/method") == []


def test_a_description_is_the_accounts_own(acme: Customer) -> None:
    (method_id,) = acme.get("/me/payment/method", default=True)
    said = acme.put(f"/me/payment/method/{method_id}", description="treasury", billingContactId=1)
    assert said["description"] == "treasury"
    assert acme.put(f"/me/paymentMean/deferredPaymentAccount/{method_id}", description="dept. 4") is None
    assert acme.get(f"/me/payment/method/{method_id}")["description"] == "dept. 4"
    assert acme.put(f"/me/payment/method/{method_id}", description=None)["description"] is None
    with pytest.raises(BadParametersError):
        acme.put(f"/me/payment/method/{method_id}", description="x" * 501)


def test_exactly_one_method_is_the_default(acme: Customer, families: Families) -> None:
    (granted,) = acme.get("/me/payment/method", default=True)
    other = register(families, ACME)
    assert acme.put(f"/me/payment/method/{other}", default=True)["default"] is True
    assert acme.get("/me/payment/method", default=True) == [other]
    with pytest.raises(BadParametersError):
        acme.put(f"/me/payment/method/{other}", default=False)
    path = f"/me/paymentMean/deferredPaymentAccount/{granted}/chooseAsDefaultPaymentMean"
    assert acme.post(path) is None
    assert acme.get("/me/payment/method", default=True) == [granted]
    ended = acme.delete(f"/me/payment/method/{other}")
    assert (ended["status"], ended["default"]) == ("CANCELED", False)
    with pytest.raises(ResourceConflictError):
        acme.put(f"/me/payment/method/{other}", default=True)
    with pytest.raises(ResourceConflictError):
        acme.delete(f"/me/payment/method/{other}")


def test_a_granted_method_goes_only_with_its_term(acme: Customer) -> None:
    (granted,) = acme.get("/me/payment/method", default=True)
    with pytest.raises(Forbidden, match="revokes the term"):
        acme.delete(f"/me/payment/method/{granted}")


def test_the_default_stays_while_services_renew(customer: Make, families: Families) -> None:
    petit = customer(PETIT)
    method_id = register(families, PETIT)
    petit.put(f"/me/payment/method/{method_id}", default=True)
    with pytest.raises(ResourceConflictError, match="renew automatically"):
        petit.delete(f"/me/payment/method/{method_id}")


def test_nothing_is_registered_by_the_customer(acme: Customer) -> None:
    body = {"paymentType": "ENTERPRISE", "callbackUrl": CALLBACK}
    status, message = acme.refusal("POST", "/me/payment/method", body)
    assert (status, "ask sales" in message) == (403, True)
    status, message = acme.refusal("POST", "/me/payment/method", body | {"paymentType": "PAYPAL"})
    assert (status, "availableMethods" in message) == (403, True)
    assert acme.refusal("POST", "/me/payment/method", {"paymentType": "PAYPAL"}) == (
        400, "The input provided isn't valid: 'callbackUrl' is a required property",
    )  # fmt: skip
    offered = acme.get("/me/payment/availableMethods")
    assert [one["paymentSubType"] for one in offered] == ["30_DAYS", "45_DAYS", "60_DAYS"]
    assert not any(one["registerable"] or one["oneshot"] for one in offered)


@pytest.mark.parametrize(
    ("step", "body"), [("challenge", {"challenge": "12"}), ("details", {}), ("finalize", {})]
)
def test_no_registration_is_under_way(acme: Customer, step: str, body: dict[str, str]) -> None:
    (method_id,) = acme.get("/me/payment/method", default=True)
    assert acme.refusal("POST", f"/me/payment/method/{method_id}/{step}", body)[0] == 409
    assert acme.refusal("POST", f"/me/payment/method/999/{step}", body)[0] == 404


def test_a_strangers_method_does_not_exist(customer: Make) -> None:
    (granted,) = customer(ACME).get("/me/payment/method", default=True)
    for stranger in (customer(PETIT), customer(SHOP)):
        for method, path in (
            ("GET", f"/me/payment/method/{granted}"), ("PUT", f"/me/payment/method/{granted}"),
            ("DELETE", f"/me/payment/method/{granted}"),
            ("GET", f"/me/paymentMean/deferredPaymentAccount/{granted}"),
            ("PUT", f"/me/paymentMean/deferredPaymentAccount/{granted}"),
            ("POST", f"/me/paymentMean/deferredPaymentAccount/{granted}/chooseAsDefaultPaymentMean"),
        ):  # fmt: skip
            assert stranger.refusal(method, path)[0] == 404
        (entry,) = stranger.batch(f"/me/payment/method/{granted},")
        assert entry["error"]["class"] == "Client::NotFound"


# ---------------------------------------------------------------- what is owed


def test_the_balance_is_the_sum_of_the_debts(customer: Make) -> None:
    for account_id in (ACME, LAB, SHOP, PETIT):
        caller = customer(account_id)
        balance = caller.get("/me/debtAccount")
        debts = caller.page("/me/debtAccount/debt", Size="5000")
        assert [debt["debtId"] for debt in debts] == caller.get("/me/debtAccount/debt")
        for name in ("dueAmount", "todoAmount", "pendingAmount", "unmaturedAmount"):
            total = sum(debt[name]["priceInUcents"] for debt in debts)
            assert balance[name]["priceInUcents"] == total
        parts = sum(balance[name]["priceInUcents"] for name in ("todoAmount", "unmaturedAmount"))
        assert balance["dueAmount"]["priceInUcents"] == parts


def test_debts_and_bills_are_joined_by_their_order(acme: Customer) -> None:
    bills = acme.page("/me/bill")
    debts = {debt["orderId"]: debt for debt in acme.page("/me/debtAccount/debt")}
    assert [debts[bill["orderId"]]["amount"] for bill in bills] == [bill["priceWithTax"] for bill in bills]
    assert acme.get(f"/me/bill/{bills[0]['billId']}/debt") == debts[bills[0]["orderId"]]
    unpaid = acme.page("/me/debtAccount/debt", Filter="status:in=UNPAID,TO_BE_PAID")
    assert [debt["orderId"] for debt in unpaid] == [bills[1]["orderId"]]


def test_an_account_that_never_owed_has_no_balance(customer: Make, families: Families) -> None:
    acme = customer(ACME)
    number = acme.post("/me/subAccount")
    fresh = families.with_key(acme.post(f"/me/subAccount/{number}/createConsumerKey")["consumerKey"])
    with pytest.raises(ResourceNotFoundError):
        fresh.get("/me/debtAccount")
    assert fresh.get("/me/debtAccount/debt") == []
    with pytest.raises(ResourceConflictError):
        fresh.post("/me/debtAccount/pay")


def test_paying_all_or_some(customer: Make) -> None:
    petit = customer(PETIT)
    debts = petit.page("/me/debtAccount/debt")
    order = petit.post("/me/debtAccount/pay")
    assert order["priceWithTax"] == petit.get("/me/debtAccount")["dueAmount"]
    some = petit.post("/me/debtAccount/pay", orderIds=[debts[0]["orderId"]])
    assert some["priceWithTax"] == debts[0]["dueAmount"]
    one = petit.post(f"/me/debtAccount/debt/{debts[0]['debtId']}/pay")
    assert one["orderId"] == some["orderId"]
    foreign = customer(ACME).get("/me/debtAccount/debt")[0]
    assert petit.refusal("POST", "/me/debtAccount/pay", {"orderIds": [foreign]})[0] == 404
    assert petit.refusal("POST", "/me/debtAccount/pay", {"paymentMethodId": 999})[0] == 404
    assert petit.refusal("POST", "/me/debtAccount/pay", {"orderIds": []})[0] == 409


@pytest.mark.parametrize("path", ["", "/operation", "/operation/1000", "/operation/1000/associatedObject"])
def test_a_strangers_debt_does_not_exist(customer: Make, path: str) -> None:
    foreign = customer(ACME).get("/me/debtAccount/debt")[0]
    for stranger in (customer(PETIT), customer(LAB)):
        assert stranger.refusal("GET", f"/me/debtAccount/debt/{foreign}{path}")[0] == 404
        assert stranger.refusal("POST", f"/me/debtAccount/debt/{foreign}/pay")[0] == 404
    assert customer(ACME).refusal("GET", f"/me/debtAccount/debt/{foreign}/operation/9")[0] == 404


def test_debits_are_transactions(families: Families, customer: Make) -> None:
    context, shop = families.world.context, customer(SHOP)
    path = "/me/payment/transaction"
    assert shop.get(path) == []
    made = collect(context, SHOP)
    (key,) = shop.get(path)
    (method,) = shop.get("/me/payment/method", paymentType="SEPA_DIRECT_DEBIT")
    debit = shop.get(f"{path}/{key}")
    assert (debit["status"], debit["type"], debit["paymentMethodId"]) == ("READY", "DEBIT", method)
    assert debit["amount"]["value"] == shop.get("/me/debtAccount")["pendingAmount"]["value"]
    with context.database.write() as tx:
        operators.add(tx, Operator(OperatorId("tess"), "Tess", "tess@example.com", Role.TREASURY), "x")
    approve_remittance(context, made.message_id, by="operator:tess")
    assert shop.get(f"{path}/{key}")["status"] == "READY"
    hand_over_remittance(context, made.message_id, by="cli")
    assert shop.get(path, status="CONFIRMING") == [key]
    take_collected(context, made.message_id, made.amount_minor, date(2026, 11, 23), by="cli")
    assert shop.get(path, status="SUCCESS", paymentMethodId=method) == [key]
    assert shop.get(path, status="CONFIRMING") == shop.get(path, paymentMethodId=1) == []
    with context.database.read() as tx:
        (line,) = direct_debits.of_payer(tx, AccountId(SHOP))
    take_return(context, line.end_to_end, "AM04", line.amount_minor, date(2026, 11, 25), by="cli")
    assert shop.page(path)[0]["status"] == "FAILED"
    with pytest.raises(ResourceNotFoundError):
        customer(PETIT).get(f"{path}/{key}")
