"""Carts and orders on the wire: looked at, ordered, put on the payment term, billed by the next run."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import ovh
import pytest
import requests

from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.run_bills import run_bills
from acquit.adapters.clock import FixedClock
from acquit.api.order_progress import NOT_BEGUN

from .families import Customer, Families
from .world import FR, LAB, PETIT, SHOP


def cart_of(customer: Customer, **more: Any) -> str:
    """A cart of the caller."""
    return str(customer.post("/order/cart", ovhSubsidiary="FR", **more)["cartId"])


def put(
    customer: Customer, cart: str, plan: str = "metal-s", quantity: int = 1, mode: str = "default"
) -> Any:
    """A plan in the cart."""
    return customer.post(
        f"/order/cart/{cart}/eco", planCode=plan, duration="P1M", pricingMode=mode, quantity=quantity
    )


def option(customer: Customer, cart: str, line_id: int, plan: str = "disk-1t") -> Any:
    """An option of a plan in the cart."""
    return customer.post(
        f"/order/cart/{cart}/eco/options", itemId=line_id, planCode=plan, duration="P1M",
        pricingMode="default", quantity=1,
    )  # fmt: skip


def amounts(prices: list[dict[str, Any]]) -> dict[str, float]:
    return {each["label"]: each["price"]["value"] for each in prices}


def method_of(customer: Customer) -> int:
    return int(customer.get("/me/payment/method", default=True)[0])


# ---------------------------------------------------------------- the way of an order


def test_a_plan_of_the_real_catalogue_is_ordered_with_options_and_billed(
    families: Families, acme: Customer, shared_data: Path
) -> None:
    """Cart, options, configuration, checkout, pay with the enterprise method; the next run bills it."""
    world = families.world
    content = (shared_data / "catalog-eco-IE-6751.json.gz").read_bytes()
    import_catalogue(
        world.context, content, by="cli", legal_entity_id=FR, name="eco", from_on=date(2026, 1, 1)
    )
    cart = cart_of(acme, description="a server for the laboratory")
    acme.post(f"/order/cart/{cart}/assign")
    plans = {each["planCode"] for each in acme.get(f"/order/cart/{cart}/eco")}
    assert len(plans) > 100
    plan = sorted(each for each in plans if each.startswith("22sk01"))[0]
    item = put(acme, cart, plan)["itemId"]
    needed = acme.get(f"/order/cart/{cart}/eco/options", planCode=plan)
    chosen = {each["family"]: each["planCode"] for each in reversed(needed) if each["mandatory"]}
    for code in chosen.values():
        option(acme, cart, item, code)
    with pytest.raises(ovh.ResourceConflictError, match="dedicated_datacenter"):
        acme.post(f"/order/cart/{cart}/checkout")
    for each in acme.get(f"/order/cart/{cart}/item/{item}/requiredConfiguration"):
        if each["required"]:
            acme.post(
                f"/order/cart/{cart}/item/{item}/configuration",
                label=each["label"], value=each["allowedValues"][0],
            )  # fmt: skip
    would_be = acme.get(f"/order/cart/{cart}/checkout")
    assert would_be["orderId"] is None
    made = acme.post(f"/order/cart/{cart}/checkout", waiveRetractationPeriod=True)
    assert made["prices"] == would_be["prices"]
    order_id = made["orderId"]
    assert acme.get(f"/me/order/{order_id}/status") == "notPaid"
    assert acme.get(f"/order/cart/{cart}")["readOnly"] is True
    assert acme.get(f"/me/order/{order_id}/availableRegisteredPaymentMean") == [
        {"paymentMean": "ENTERPRISE"}, {"paymentMean": "deferredPaymentAccount"},
    ]  # fmt: skip
    acme.post(f"/me/order/{order_id}/pay", paymentMethod={"id": method_of(acme)})
    assert acme.get(f"/me/order/{order_id}/status") == "delivered"
    assert acme.get(f"/me/order/{order_id}/associatedObject") == {"id": None, "type": None}
    details = acme.page(f"/me/order/{order_id}/details")
    domain = details[0]["domain"]
    assert {detail["domain"] for detail in details} == {domain}
    (extension,) = [
        each["order"]["plan"]
        for detail in details
        for each in [acme.get(f"/me/order/{order_id}/details/{detail['orderDetailId']}/extension")]
        if each["order"]["plan"]["code"] == plan and detail["detailType"] == "DURATION"
    ]
    assert extension["duration"] == "P1M"
    _billed(families, acme, order_id, details)


def _billed(families: Families, acme: Customer, order_id: int, details: list[dict[str, Any]]) -> None:
    """The next run bills the order: the bill with the purchase order, its debt and its paper."""
    domain = details[0]["domain"]
    first = date(2026, 12, 1)
    (report,) = run_bills(replace(families.world.context, clock=FixedClock(first)), FR, "2026-12", by="cli")
    assert report.parked == 0
    found = acme.get(f"/me/order/{order_id}/associatedObject")
    assert found["type"] == "Bill"
    bill = acme.get(f"/me/bill/{found['id']}")
    lines = [each for each in acme.page(f"/me/bill/{found['id']}/details") if each["domain"] == domain]
    first_net = sum(each["totalPrice"]["value"] for each in details)
    by_period = [each for each in lines if each["periodStart"] == "2026-11-23"]
    assert sum(each["totalPrice"]["value"] for each in by_period) == pytest.approx(first_net)
    debt = acme.get(f"/me/bill/{found['id']}/debt")
    assert debt["status"] == "UNMATURED"
    assert debt["orderId"] == bill["orderId"]
    page = requests.get(bill["url"], timeout=60)
    assert (page.status_code, "PO-2026-7" in page.text) == (200, True)
    paper = requests.get(bill["pdfUrl"], timeout=60)
    assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-")


def test_checkout_pays_with_the_preferred_method_when_asked(families: Families, acme: Customer) -> None:
    cart = cart_of(acme)
    item = put(acme, cart)
    assert amounts(item["prices"]) == {
        "PRICE": 100.00, "DISCOUNT": 0, "FEE": 49.00, "RENEW": 100.00, "TOTAL": 149.00,
    }  # fmt: skip
    below = option(acme, cart, item["itemId"])
    assert below["parentItemId"] == item["itemId"]
    assert acme.get(f"/order/cart/{cart}/item/{item['itemId']}")["options"] == [below["itemId"]]
    made = acme.post(f"/order/cart/{cart}/checkout", autoPayWithPreferredPaymentMethod=True)
    assert made["prices"]["withoutTax"]["value"] == 149.01
    assert made["prices"]["tax"]["value"] == 29.80
    assert acme.get(f"/me/order/{made['orderId']}/status") == "delivered"
    payment = acme.get(f"/me/order/{made['orderId']}/payment")
    assert (payment["paymentType"], payment["paymentIdentifier"]) == ("debtAccount", str(method_of(acme)))
    order = acme.get(f"/me/order/{made['orderId']}")
    assert order["url"] == made["url"]
    page = requests.get(order["url"], timeout=60)
    assert (page.status_code, "178,81" in page.text, "Serveur Métal S" in page.text) == (200, True, True)
    assert requests.get(order["url"][:-1] + "x", timeout=60).status_code == 404


def test_asked_twice_it_is_one_order_and_one_service(families: Families, acme: Customer) -> None:
    cart = cart_of(acme)
    put(acme, cart)
    made = acme.post(f"/order/cart/{cart}/checkout")
    again = acme.post(f"/order/cart/{cart}/checkout")
    assert made["orderId"] == again["orderId"]
    before = len(acme.get("/services"))
    for _ in range(2):
        acme.post(f"/me/order/{made['orderId']}/pay", paymentMethod={"id": method_of(acme)})
    acme.post(
        f"/me/order/{made['orderId']}/payWithRegisteredPaymentMean", paymentMean="deferredPaymentAccount"
    )
    assert len(acme.get("/services")) == before + 1


def test_how_far_an_order_is(families: Families, acme: Customer) -> None:
    cart = cart_of(acme)
    put(acme, cart)
    path = f"/me/order/{acme.post(f'/order/cart/{cart}/checkout')['orderId']}"
    validating, *later = acme.get(f"{path}/followUp")
    assert (validating["status"], {each["status"] for each in later}) == ("DOING", {NOT_BEGUN})
    acme.post(f"{path}/pay", paymentMethod={"id": method_of(acme)})
    steps = acme.get(f"{path}/followUp")
    assert {each["step"]: each["status"] for each in steps} == dict.fromkeys(
        ("VALIDATING", "DELIVERING", "AVAILABLE"), "DONE"
    )
    assert [each["label"] for each in steps[0]["history"]] == ["ORDER_STARTED", "PAYMENT_CONFIRMED"]
    assert acme.get(f"{path}/balance") == []
    assert acme.refusal("GET", f"{path}/balance/GIFT")[0] == 404
    behind = acme.page("/me/bill")[0]["orderId"]
    assert {each["status"] for each in acme.get(f"/me/order/{behind}/followUp")} == {"DONE"}


def test_a_cart_of_nobody_is_filled_and_assigned(families: Families, acme: Customer) -> None:
    """As the guides of the public API show it: the cart is started without signing."""
    made = acme.client.post("/order/cart", ovhSubsidiary="FR", _need_auth=False)
    path = f"/order/cart/{made['cartId']}"
    acme.client.post(
        f"{path}/eco", planCode="metal-s", duration="P1M", pricingMode="default", quantity=1, _need_auth=False
    )
    assert acme.client.get(f"{path}/summary", _need_auth=False)["prices"]["withoutTax"]["value"] == 149.00
    assert made["cartId"] not in acme.get("/order/cart")
    with pytest.raises(ovh.ResourceConflictError, match="assign it"):
        acme.post(f"{path}/checkout")
    acme.post(f"{path}/assign")
    acme.post(f"{path}/assign")
    assert made["cartId"] in acme.get("/order/cart")
    with pytest.raises(ovh.ResourceNotFoundError):
        acme.client.get(path, _need_auth=False)
    assert acme.post(f"{path}/checkout")["orderId"]


def test_a_cart_is_edited(families: Families, acme: Customer) -> None:
    cart = cart_of(acme, description="first", expire="2026-12-24T12:00:00Z")
    changed = acme.put(f"/order/cart/{cart}", description="second")
    assert (changed["description"], changed["expire"]) == ("second", "2026-12-24T13:00:00+01:00")
    line = put(acme, cart)["itemId"]
    option(acme, cart, line)
    doubled = acme.put(f"/order/cart/{cart}/item/{line}", quantity=2)
    assert (doubled["settings"]["quantity"], amounts(doubled["prices"])["PRICE"]) == (2, 199.99)
    assert {each["settings"]["quantity"] for each in acme.page(f"/order/cart/{cart}/item")} == {2}
    acme.delete(f"/order/cart/{cart}/item/{line}")
    assert acme.get(f"/order/cart/{cart}/item") == []
    acme.delete(f"/order/cart/{cart}")
    assert acme.refusal("GET", f"/order/cart/{cart}")[0] == 404


# ---------------------------------------------------------------- bad input


def test_bad_input_is_named(families: Families, acme: Customer) -> None:
    cart = cart_of(acme)
    line = put(acme, cart)["itemId"]
    option(acme, cart, line)
    plan = {"planCode": "metal-s", "duration": "P1M", "pricingMode": "default", "quantity": 1}
    extra = {
        "itemId": line,
        "planCode": "disk-1t",
        "duration": "P1M",
        "pricingMode": "default",
        "quantity": 1,
    }
    eco, options = f"/order/cart/{cart}/eco", f"/order/cart/{cart}/eco/options"
    empty = cart_of(acme)
    table = [
        (eco, plan | {"planCode": "nothing"}, 404, "nothing"),
        (eco, plan | {"planCode": "disk-1t"}, 400, "add-on"),
        (eco, plan | {"duration": "a month"}, 400, "duration"),
        (eco, plan | {"duration": "P7M"}, 400, "no price for that period"),
        (eco, plan | {"pricingMode": "upfront99"}, 400, "upfront99"),
        (eco, plan | {"quantity": 0}, 400, "quantity"),
        (eco, plan | {"quantity": -1}, 400, "quantity"),
        (eco, plan | {"quantity": 2_000_000_000}, 400, "quantity"),
        (options, extra, 400, "already"),
        (options, extra | {"planCode": "metal-s"}, 400, "does not take"),
        (options, extra | {"itemId": 1}, 404, "1"),
        (options, extra | {"quantity": 3}, 400, "quantity of its plan"),
        (f"/order/cart/{empty}/checkout", {}, 409, "nothing in this cart"),
        (f"/order/cart/{cart}/item/{line}/configuration", {"label": "a", "value": "b"}, 400, "configure"),
        ("/order/cart", {"ovhSubsidiary": "DE"}, 400, "DE"),
        ("/order/cart", {"ovhSubsidiary": "XX"}, 400, "OvhSubsidiaryEnum"),
        ("/order/cart", {"ovhSubsidiary": "FR", "expire": "2020-01-01"}, 400, "expire"),
    ]  # fmt: skip
    for path, body, status, words in table:
        said = acme.refusal("POST", path, body)
        assert (said[0], words in said[1]) == (status, True), (path, body, said)
    assert len(acme.get(f"/order/cart/{cart}/item")) == 2


def test_an_order_needs_a_payment_term(families: Families) -> None:
    """Petit pays by transfer: nothing here collects money for an order."""
    petit = families.customer(PETIT)
    cart = cart_of(petit)
    put(petit, cart)
    order_id = petit.post(f"/order/cart/{cart}/checkout")["orderId"]
    before = petit.get("/services")
    path = f"/me/order/{order_id}"
    assert petit.get(f"{path}/paymentMethods") == {"available": [], "paymentMethods": [], "registered": []}
    assert petit.refusal("POST", f"{path}/pay", {"paymentMethod": {"id": 1}})[0] == 404
    method = method_of(families.customer())
    assert petit.refusal("POST", f"{path}/pay", {"paymentMethod": {"id": method}})[0] == 404
    said = petit.refusal("POST", f"{path}/payWithRegisteredPaymentMean", {"paymentMean": "ENTERPRISE"})
    assert (said[0], "no registered" in said[1]) == (403, True)
    said = petit.refusal("POST", f"/order/cart/{cart}/checkout", {"autoPayWithPreferredPaymentMethod": True})
    assert (said[0], "ask sales" in said[1]) == (403, True)
    assert (petit.get(f"{path}/status"), petit.get("/services")) == ("notPaid", before)
    assert petit.refusal("GET", f"{path}/payment")[0] == 404


def test_a_sub_account_orders_on_its_payers_term(families: Families) -> None:
    lab = families.customer(LAB)
    cart = cart_of(lab)
    put(lab, cart)
    made = lab.post(f"/order/cart/{cart}/checkout", autoPayWithPreferredPaymentMethod=True)
    assert lab.get(f"/me/order/{made['orderId']}/status") == "delivered"
    assert made["orderId"] not in families.customer().get("/me/order")


# ---------------------------------------------------------------- isolation, and the other orders


def test_anothers_carts_and_orders_are_not_found(families: Families, acme: Customer) -> None:
    cart = cart_of(acme)
    line = put(acme, cart)["itemId"]
    kept = cart_of(acme)
    put(acme, kept)
    order_id = acme.post(f"/order/cart/{kept}/checkout")["orderId"]
    petit, path = families.customer(PETIT), f"/order/cart/{cart}"
    plan = {"planCode": "metal-s", "duration": "P1M", "pricingMode": "default", "quantity": 1}
    calls: list[tuple[str, str, object]] = [
        ("GET", path, None), ("PUT", path, {"description": "mine"}), ("DELETE", path, None),
        ("POST", f"{path}/assign", {}), ("GET", f"{path}/summary", None), ("GET", f"{path}/checkout", None),
        ("POST", f"{path}/checkout", {}), ("GET", f"{path}/item", None), ("GET", f"{path}/item/{line}", None),
        ("PUT", f"{path}/item/{line}", {"quantity": 2}), ("DELETE", f"{path}/item/{line}", None),
        ("GET", f"{path}/eco", None), ("POST", f"{path}/eco", plan),
        ("POST", f"{path}/eco/options", plan | {"itemId": line}),
        ("GET", f"{path}/item/{line}/configuration", None),
        ("GET", f"{path}/item/{line}/requiredConfiguration", None),
        ("GET", f"/me/order/{order_id}", None), ("GET", f"/me/order/{order_id}/details", None),
        ("GET", f"/me/order/{order_id}/status", None),
        ("POST", f"/me/order/{order_id}/pay", {"paymentMethod": {"id": method_of(acme)}}),
    ]  # fmt: skip
    for method, target, body in calls:
        assert petit.refusal(method, target, body)[0] == 404, (method, target)
    own = cart_of(petit)
    assert petit.refusal("GET", f"/order/cart/{own}/item/{line}")[0] == 404
    assert acme.get(f"{path}/item") == [line]


def test_every_bill_has_its_order(families: Families) -> None:
    """What clients join by: the order behind a bill shows its amounts, its lines and the bill itself."""
    shop = families.customer(SHOP)
    orders = shop.get("/me/order")
    for bill in shop.page("/me/bill"):
        assert bill["orderId"] in orders
        order = shop.get(f"/me/order/{bill['orderId']}")
        assert (order["priceWithTax"], order["url"]) == (bill["priceWithTax"], bill["url"])
        assert shop.get(f"/me/order/{bill['orderId']}/associatedObject") == {
            "id": bill["billId"], "type": "Bill",
        }  # fmt: skip
        assert shop.get(f"/me/order/{bill['orderId']}/debt")["orderId"] == bill["orderId"]
        details = shop.page(f"/me/order/{bill['orderId']}/details")
        assert sum(each["totalPrice"]["value"] for each in details) == pytest.approx(
            bill["priceWithoutTax"]["value"]
        )
    asked = shop.post("/me/debtAccount/pay")
    assert shop.get(f"/me/order/{asked['orderId']}") == asked
    assert shop.get(f"/me/order/{asked['orderId']}/status") == "notPaid"
    said = shop.refusal("POST", f"/me/order/{asked['orderId']}/pay", {"paymentMethod": {"id": 1}})
    assert (said[0], "settled by a transfer" in said[1]) == (409, True), said


def test_a_business_does_not_withdraw(families: Families) -> None:
    shop, path = families.customer(SHOP), f"/me/order/{families.customer(SHOP).get('/me/order')[0]}"
    before = shop.get(path)
    status, message = shop.refusal("POST", f"{path}/retraction", {"reason": "other"})
    assert (status, "consumers'" in message) == (403, True)
    assert shop.refusal("POST", f"{path}/retraction", {"reason": "bored"})[0] == 400
    assert shop.post(f"{path}/waiveRetraction") is None
    assert shop.get(path) == before
    for step, body in (("retraction", {"reason": "other"}), ("waiveRetraction", {})):
        assert families.customer(PETIT).refusal("POST", f"{path}/{step}", body)[0] == 404
