"""Routes of American sellers: a customer of one has them, to the others they do not exist."""

from collections.abc import Callable
from datetime import date
from typing import LiteralString

import pytest

from acquit.actions.add_credit import Credit, add_credit
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.register_on_page import set_registration_page
from acquit.actions.set_support_level import set_support_level
from acquit.actions.take_method_events import take_method_event
from acquit.api.contract import Route, contract
from acquit.api.routes import ROUTES
from acquit.core.account import SupportLevel
from acquit.core.credit_balance import CreditType
from acquit.core.identifiers import LegalEntityId, PaymentMethodId
from acquit.core.method_on_file import FileKind, MethodEvent, MethodEventKind, OnFile
from acquit.core.money import Currency
from acquit.core.sales_request import AskedTerm
from acquit.core.terms import Term

from .families import Customer, Families
from .given_back import give_back_some
from .peopling import new_order
from .test_family_terms import AMERICA
from .walking import smallest_body
from .world import ACME, PETIT, SHOP, TODAY

Make = Callable[..., Customer]
AMERICAN = [r for r in contract().routes if r.regions == ("us",) and r.key in ROUTES]
CHART: LiteralString = """
    INSERT INTO ledger_account (legal_entity_id, role, number, name)
    SELECT 'US', role, number, name FROM ledger_account WHERE legal_entity_id = 'FR'
"""
MOVE: LiteralString = "UPDATE account SET legal_entity_id = 'US' WHERE account_id = 'cd67890-acq'"


@pytest.fixture(scope="module")
def petit(families: Families) -> Customer:
    """Petit on terms, with money that came and went, and then a customer of an American seller."""
    context = families.world.context
    set_support_level(context, PETIT, SupportLevel.BUSINESS, by="cli")
    grant_enterprise_terms(context, PETIT, AskedTerm(Term(45)), by="cli")
    give_back_some(context, PETIT)
    _order_some(families.customer(PETIT))
    with context.database.write() as tx:
        tx.run(AMERICA)
        tx.run(MOVE)
    return families.customer(PETIT)


def _order_some(petit: Customer) -> None:
    """Petit orders a server twice, and pays the second order."""
    new_order(petit)
    (method,) = petit.get("/me/payment/method", paymentType="ENTERPRISE")
    petit.post(f"/me/order/{new_order(petit)}/pay", paymentMethod={"id": method})


@pytest.mark.parametrize("route", AMERICAN, ids=lambda route: f"{route.method} {route.path}")
def test_elsewhere_they_do_not_exist(route: Route, customer: Make) -> None:
    shop = customer(SHOP)
    path = route.path
    names = {"billId": shop.get("/me/bill")[0], "orderId": str(shop.get("/me/order")[0])}
    for parameter in route.path_parameters:
        path = path.replace("{" + parameter.name + "}", names.get(parameter.name, "1"))
    body = smallest_body(route)
    if body == {"paymentType": "sample"}:
        body = {"paymentType": "PAYPAL"}
    status, message = shop.refusal(route.method, path, body)
    assert (status, message) == (404, "Got an invalid (or empty) URL")
    if route.method == "GET" and path != route.path:
        assert shop.reply("GET", f"{path},", None, {"X-Ovh-Batch": ","}).status_code == 404


@pytest.mark.parametrize("kind", ["deposit", "refund", "withdrawal"])
def test_papers_are_downloaded(petit: Customer, customer: Make, kind: str) -> None:
    for key in petit.get(f"/me/{kind}"):
        assert petit.get(f"/me/{kind}/{key}/download") == petit.get(f"/me/{kind}/{key}")["pdfUrl"]
    assert petit.refusal("GET", f"/me/{kind}/none/download")[0] == 404
    assert petit.get(f"/me/{kind}")


def test_what_is_owed_is_asked_for(petit: Customer) -> None:
    assert petit.get("/me/depositRequest") == []
    bill = petit.get("/me/bill")[-1]
    ordered = petit.post(f"/me/bill/{bill}/debt/pay")["orderId"]
    assert petit.get("/me/depositRequest") == [ordered]
    (shown,) = petit.page("/me/depositRequest", Sort="creationDate")
    assert (shown["id"], shown["orderIds"]) == (ordered, [petit.get(f"/me/bill/{bill}")["orderId"]])
    assert petit.get(f"/me/depositRequest/{ordered}") == shown
    assert petit.get("/me/depositRequest", **{"creationDate.from": "2090-01-01"}) == []
    assert petit.get("/me/depositRequest", **{"creationDate.to": "2090-01-01"}) == [ordered]
    assert petit.refusal("GET", "/me/depositRequest/1")[0] == 404


def test_methods_in_their_older_shape(petit: Customer, customer: Make) -> None:
    (key,) = petit.get("/me/paymentMethod")
    shown = petit.get(f"/me/paymentMethod/{key}")
    assert (shown["paymentType"], shown["status"], shown["default"]) == ("ENTERPRISE", "VALID", True)
    assert shown["publicLabel"] == petit.get(f"/me/payment/method/{key}")["label"]
    assert petit.page("/me/paymentMethod") == [shown]
    assert petit.get("/me/paymentMethod", status="VALID", paymentType="ENTERPRISE") == [key]
    assert petit.get("/me/paymentMethod", status="EXPIRED") == []
    assert petit.put(f"/me/paymentMethod/{key}", description="ours")["description"] == "ours"
    assert petit.refusal("PUT", f"/me/paymentMethod/{key}", {"default": False})[0] == 400
    assert petit.refusal("DELETE", f"/me/paymentMethod/{key}")[0] == 403
    assert petit.refusal("POST", "/me/paymentMethod", {"paymentType": "PAYPAL"})[0] == 403
    foreign = customer(ACME).get("/me/payment/method")[0]
    for method in ("GET", "PUT", "DELETE"):
        assert petit.refusal(method, f"/me/paymentMethod/{foreign}")[0] == 404


def test_cards_and_wallets_in_the_older_shape(petit: Customer, families: Families) -> None:
    context, asked = (
        families.world.context,
        {"paymentType": "CREDIT_CARD", "urlCallback": "https://p.example/"},
    )
    assert "no page" in petit.refusal("POST", "/me/paymentMethod", asked)[1]
    set_registration_page(context, LegalEntityId("US"), FileKind.CARD, "https://pay.example.com/r", by="cli")
    made = petit.post("/me/paymentMethod", **asked)
    assert (made["validationType"], made["submitUrl"]) == ("simpleValidation", None)
    assert made["url"].endswith(f"registration={made['id']}&return=https%3A%2F%2Fp.example%2F")
    path = f"/me/paymentMethod/{made['id']}"
    assert petit.get(path)["status"] == "CREATED"
    told = OnFile("stripe", "us-1", FileKind.CARD, "VISA", "1234", date(2028, 10, 1), True)
    registered = MethodEvent(
        "us-1", MethodEventKind.REGISTERED, PETIT, TODAY, told, PaymentMethodId(made["id"])
    )
    take_method_event(context, registered, by="cli")
    card = petit.get(path)
    assert (card["paymentType"], card["status"], card["publicLabel"]) == (
        "CREDIT_CARD", "VALID", "VISA •••• 1234",
    )  # fmt: skip
    assert petit.get("/me/paymentMethod", paymentType="CREDIT_CARD", status="VALID") == [made["id"]]
    (before,) = petit.get("/me/payment/method", default="true")
    assert petit.put(path, default=True)["default"] is True
    petit.put(f"/me/paymentMethod/{before}", default=True)
    for number, (kind, status) in enumerate((("failing", "PAUSED"), ("expired", "EXPIRED"))):
        event = MethodEvent(f"us-over-{number}", MethodEventKind(kind), PETIT, TODAY, told)
        take_method_event(context, event, by="cli")
        assert petit.get(path)["status"] == status
        assert petit.refusal("PUT", path, {"default": True})[0] == 409
    petit.delete(path)
    assert petit.get(path)["status"] == "CANCELED"


def test_what_an_order_set_up(petit: Customer) -> None:
    first = petit.get("/me/order")[0]
    made = {
        petit.get(f"/me/order/{each['orderId']}/status"): each["orderId"]
        for each in petit.page("/me/order", Size="100")
        if each["expirationDate"] is not None
    }
    unpaid, paid = made["notPaid"], made["delivered"]
    (line, *_) = petit.get(f"/me/order/{unpaid}/details")
    assert petit.get(f"/me/order/{unpaid}/details/{line}/operations") == []
    (line, *_) = petit.get(f"/me/order/{paid}/details")
    path = f"/me/order/{paid}/details/{line}/operations"
    (key,) = petit.get(path)
    operation = petit.get(f"{path}/{key}")
    assert (operation["status"], operation["type"], operation["quantity"]) == ("done", "installation", 1)
    service = petit.get(f"/services/{key}")
    assert operation["resource"]["name"] == service["resource"]["name"]
    assert petit.page(path) == [operation]
    assert petit.refusal("GET", f"{path}/1")[0] == 404
    assert petit.refusal("GET", f"/me/order/{paid}/details/1/operations")[0] == 404
    (line, *_) = petit.get(f"/me/order/{first}/details")
    assert petit.get(f"/me/order/{first}/details/{line}/operations") == []


def test_vouchers_pay_what_is_open(petit: Customer, families: Families) -> None:
    with families.world.context.database.write() as tx:
        tx.run(CHART)
    credit = Credit(300, Currency("EUR"), CreditType.VOUCHER, "sorry")
    add_credit(families.world.context, PETIT, credit, by="cli")
    order = next(each["debtId"] for each in petit.page("/me/debtAccount/debt") if each["status"] != "PAID")
    path = f"/me/order/{order}/voucher"
    (prepaid,) = petit.get("/me/credit/balance", type="PREPAID_ACCOUNT")
    assert petit.refusal("POST", path, {"balanceName": prepaid})[0] == 404, "it is no voucher's"
    used = petit.post(path, balanceName="voucher-credit")
    assert (used["amount"]["value"], petit.get(path)) == (3, ["voucher-credit"])
    assert petit.get(f"{path}/voucher-credit") == used
    petit.delete(f"{path}/voucher-credit")
    assert petit.get(path) == []
    assert petit.refusal("GET", f"{path}/voucher-credit")[0] == 404
