"""/me/fidelityAccount: the points of a payer, their movements, and an order that they pay."""

from collections.abc import Callable

import requests

from acquit.actions.give_points import give_points, take_points
from acquit.actions.order_prepayment import pay_prepay_order
from acquit.actions.set_points_programme import set_points_programme
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.actions.use_points import use_points
from acquit.core.identifiers import OrderId
from acquit.core.point import Programme

from .families import Customer, Families
from .given_back import give_some_points
from .peopling import new_order
from .world import ACME, EUR, FR, LAB, PETIT, TODAY

Make = Callable[..., Customer]
PATH = "/me/fidelityAccount"


def test_who_is_given_no_points_has_no_account(acme: Customer) -> None:
    assert acme.refusal("GET", PATH)[0] == 404
    assert acme.refusal("PUT", PATH, {"alertThreshold": 1})[0] == 404
    assert acme.refusal("POST", f"{PATH}/creditOrder", {"amount": 1})[0] == 404
    assert acme.get(f"{PATH}/movements") == []
    assert acme.refusal("GET", f"{PATH}/movements/1")[0] == 404


def test_points_and_their_movements(acme: Customer, customer: Make, families: Families) -> None:
    context = families.world.context
    give_some_points(context, ACME)
    take_points(context, ACME, 5, "a mistake", by="cli")
    shown = acme.get(PATH)
    assert (shown["balance"], shown["alertThreshold"], shown["canBeCredited"]) == (85, None, True)
    assert shown["lastUpdate"] >= shown["openDate"]
    ids = acme.get(f"{PATH}/movements")
    moved = [acme.get(f"{PATH}/movements/{each}") for each in ids]
    said = [(m["operation"], m["amount"], m["previousBalance"], m["balance"], m["order"]) for m in moved]
    assert said == [("bonus", 100, 0, 100, 0), ("debit", -10, 100, 90, 0), ("cancel-bonus", -5, 90, 85, 0)]
    assert [m["description"] for m in moved] == ["ten years with us", "Credit", "a mistake"]
    day = moved[0]["date"]
    assert acme.get(f"{PATH}/movements", **{"date.from": day}) == ids
    assert acme.get(f"{PATH}/movements", **{"date.from": "2100-01-01"}) == []
    assert acme.get(f"{PATH}/movements", **{"date.to": "2000-01-01"}) == []
    assert acme.refusal("GET", f"{PATH}/movements?date.from=x")[0] == 400
    assert [each["movementId"] for each in acme.page(f"{PATH}/movements", Sort="amount")] == [
        ids[1], ids[2], ids[0],
    ]  # fmt: skip
    petit = customer(PETIT)
    assert (petit.get(PATH)["balance"], petit.get(f"{PATH}/movements")) == (0, [])
    assert petit.refusal("GET", f"{PATH}/movements/{ids[0]}")[0] == 404
    assert customer(LAB).refusal("GET", PATH)[0] == 404, "the points are those of who pays for it"


def test_a_threshold_is_kept(acme: Customer, families: Families) -> None:
    give_some_points(families.world.context, ACME)
    balance = acme.get(PATH)["balance"]
    assert acme.put(PATH, alertThreshold=50) is None
    assert acme.get(PATH)["alertThreshold"] == 50
    assert acme.put(PATH) is None
    assert acme.get(PATH)["alertThreshold"] == 50
    assert acme.put(PATH, alertThreshold=None, balance=10**6) is None
    assert (acme.get(PATH)["alertThreshold"], acme.get(PATH)["balance"]) == (None, balance)
    for wrong in (-1, 10**10, "many"):
        assert acme.refusal("PUT", PATH, {"alertThreshold": wrong})[0] == 400


def test_points_pay_an_order(acme: Customer, families: Families) -> None:
    context = families.world.context
    give_some_points(context, ACME)
    before = acme.get(PATH)["balance"]
    order = new_order(acme)
    total = round(acme.get(f"/me/order/{order}")["priceWithTax"]["value"] * 100)
    path = f"/me/order/{order}"
    means = {each["paymentMean"] for each in acme.get(f"{path}/availableRegisteredPaymentMean")}
    assert "fidelityAccount" not in means, "they are not worth the order"
    body = {"paymentMean": "fidelityAccount"}
    status, message = acme.refusal("POST", f"{path}/payWithRegisteredPaymentMean", body)
    assert (status, f"{before} points" in message) == (409, True), message
    give_points(context, ACME, total // 10, "a present", by="cli")
    means = {each["paymentMean"] for each in acme.get(f"{path}/availableRegisteredPaymentMean")}
    assert "fidelityAccount" in means
    acme.post(f"{path}/payWithRegisteredPaymentMean", **body)
    assert acme.get(f"{path}/payment")["paymentType"] == "fidelityPoints"
    assert acme.get(f"{path}/status") == "delivered"
    last = acme.page(f"{PATH}/movements")[-1]
    assert (last["operation"], last["order"]) == ("debit", order)
    left = acme.get(PATH)["balance"]
    assert left == before + total // 10 - -(-total // 10)
    acme.post(f"{path}/payWithRegisteredPaymentMean", **body)
    assert acme.get(PATH)["balance"] == left, "asked again, nothing more is paid"
    use_points(context, ACME, left, by="cli")
    assert acme.get(PATH)["balance"] == 0


def test_who_has_no_points_cannot_pay_with_them(customer: Make) -> None:
    petit = customer(PETIT)
    order = new_order(petit)
    path = f"/me/order/{order}/payWithRegisteredPaymentMean"
    assert petit.refusal("POST", path, {"paymentMean": "fidelityAccount"})[0] == 403


def test_points_are_ordered_where_they_are_sold(acme: Customer, customer: Make, families: Families) -> None:
    give_some_points(families.world.context, ACME)
    made = acme.post(f"{PATH}/creditOrder", amount=50)
    assert (made["priceWithTax"]["value"], made["tax"]["value"]) == (5, 0)
    path = f"/me/order/{made['orderId']}"
    (line,) = acme.page(f"{path}/details")
    assert line["description"] == "50 points"
    assert acme.get(f"{path}/status") == "notPaid"
    assert b"50 points" in requests.get(made["url"], timeout=30).content
    assert acme.post(f"{PATH}/creditOrder", amount=50) == made, "asked twice, it is the same order"
    for wrong in (0, -5, 10**11):
        assert acme.refusal("POST", f"{PATH}/creditOrder", {"amount": wrong})[0] == 400
    assert customer(PETIT).refusal("GET", path)[0] == 404
    assert customer(LAB).refusal("POST", f"{PATH}/creditOrder", {"amount": 50})[0] == 404
    before = acme.get(PATH)["balance"]
    credit = acme.get("/me/credit/balance")
    receipt = Receipt(TODAY, 500, EUR)
    paid = settle_debt(families.world.context, ACME, receipt, by="cli").deposit.deposit_id
    pay_prepay_order(families.world.context, ACME, OrderId(made["orderId"]), paid, by="cli")
    assert acme.get(PATH)["balance"] == before + 50
    last = acme.page(f"{PATH}/movements")[-1]
    assert (last["operation"], last["order"]) == ("credit", made["orderId"])
    assert acme.get(f"{path}/status") == "delivered"
    assert acme.get("/me/credit/balance") == credit, "its money waits behind the points"


def test_points_that_are_not_sold_are_refused_with_the_reason(acme: Customer, families: Families) -> None:
    programme = Programme(FR, EUR, TODAY, points=1, per_minor=1_000, worth_minor=10)
    set_points_programme(families.world.context, programme, by="cli")
    assert acme.get(PATH)["canBeCredited"] is False
    status, message = acme.refusal("POST", f"{PATH}/creditOrder", {"amount": 1})
    assert (status, "it sells none" in message) == (403, True)
