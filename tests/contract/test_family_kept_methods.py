"""/me/paymentMean/creditCard and /me/paymentMean/paypal: what an acquirer keeps for the account."""

from collections.abc import Callable
from datetime import date

import pytest

from acquit.actions.register_on_page import set_registration_page
from acquit.actions.take_method_events import take_method_event
from acquit.core.method_on_file import FileKind, MethodEvent, MethodEventKind, OnFile

from .families import Customer, Families
from .given_back import keep_some_methods
from .world import ACME, FR, LAB, PETIT, TODAY

Make = Callable[..., Customer]
CARDS, WALLETS = "/me/paymentMean/creditCard", "/me/paymentMean/paypal"


def test_nothing_is_registered_without_a_page(acme: Customer, customer: Make) -> None:
    for path in (CARDS, WALLETS):
        assert acme.get(path) == []
        status, message = acme.refusal("POST", path, {})
        assert (status, "no page" in message) == (403, True)
        assert acme.refusal("GET", f"{path}/1")[0] == 404
        assert acme.refusal("POST", f"{path}/1/challenge", {"challenge": "1"})[0] == 404
        assert customer(LAB).refusal("POST", path, {})[0] == 403


def test_a_card_is_shown_everywhere_chosen_described_and_removed(
    acme: Customer, customer: Make, families: Families
) -> None:
    keep_some_methods(families.world.context, ACME)
    (card_id,) = acme.get(CARDS)
    path = f"{CARDS}/{card_id}"
    card = acme.get(path)
    assert (card["number"], card["type"], card["state"]) == ("XXXXXXXXXXXX1234", "VISA", "valid")
    assert (card["expirationDate"], card["threeDsValidated"]) == ("2028-10-01", True)
    method = acme.get(f"/me/payment/method/{card_id}")
    assert (method["paymentType"], method["label"]) == ("CREDIT_CARD", "VISA •••• 1234")
    assert method["expirationDate"].startswith("2028-10-01")
    assert method["paymentMeanId"] == card_id
    assert acme.put(path, description="of the office") is None
    assert acme.get(path)["description"] == "of the office"
    before = acme.get("/me/payment/method", default="true")
    acme.post(f"{path}/chooseAsDefaultPaymentMean")
    assert acme.get(path)["defaultPaymentMean"] is True
    assert acme.get("/me/payment/method", default="true") == [card_id]
    assert acme.refusal("POST", f"{path}/challenge", {"challenge": "1"})[0] == 409
    petit = customer(PETIT)
    for verb, target in (("GET", path), ("DELETE", path), ("POST", f"{path}/chooseAsDefaultPaymentMean")):
        assert petit.refusal(verb, target)[0] == 404
    lab = customer(LAB)
    assert lab.get(CARDS) == [card_id], "its parent pays"
    assert lab.refusal("DELETE", path)[0] == 403
    assert acme.refusal("GET", f"{WALLETS}/{card_id}")[0] == 404, "it is no wallet"
    for each in before:
        acme.put(f"/me/payment/method/{each}", default=True)
    acme.delete(path)
    assert acme.get(CARDS) == []
    assert acme.get(f"/me/payment/method/{card_id}")["status"] == "CANCELED"


def test_a_wallet_fails_and_is_over(acme: Customer, families: Families) -> None:
    if not acme.get(WALLETS):
        keep_some_methods(families.world.context, ACME)
    (wallet_id,) = acme.get(WALLETS)
    wallet = acme.get(f"{WALLETS}/{wallet_id}")
    assert (wallet["agreementId"], wallet["email"], wallet["state"]) == ("B-17", "pay@example.com", "valid")
    told = OnFile("stripe", "first-paypal", FileKind.PAYPAL)
    for number, (kind, left) in enumerate(((MethodEventKind.FAILING, 1), (MethodEventKind.EXPIRED, 0))):
        event = MethodEvent(f"over-{number}", kind, ACME, TODAY, told)
        take_method_event(families.world.context, event, by="cli")
        assert len(acme.get(WALLETS)) == left


@pytest.mark.parametrize(("path", "kind"), [(CARDS, FileKind.CARD), (WALLETS, FileKind.PAYPAL)])
def test_a_page_registers_it(acme: Customer, families: Families, path: str, kind: FileKind) -> None:
    set_registration_page(families.world.context, FR, kind, "https://pay.example.com/r", by="cli")
    count = len(acme.get(path))
    made = acme.post(path, description="new", returnUrl="https://acme.example/back")
    assert made["validationType"] == "simpleValidation"
    page = f"https://pay.example.com/r?account={ACME}&registration={made['id']}&return="
    assert made["url"].startswith(page)
    assert acme.post(path)["id"] == made["id"], "while one waits, it is the same"
    assert len(acme.get(path)) == count
    assert acme.get(f"/me/payment/method/{made['id']}")["status"] == "CREATING"
    assert acme.refusal("POST", path, {"returnUrl": "javascript:x"})[0] == 400
    name, over_on = f"new-{kind.value}", date(2029, 1, 1)
    told = OnFile("stripe", name, kind, "VISA", "4242", over_on, False, "B-2", "a@b.example")
    event = MethodEvent(f"new-{kind.value}", MethodEventKind.REGISTERED, ACME, TODAY, told, made["id"])
    take_method_event(families.world.context, event, by="cli")
    assert made["id"] in acme.get(path)
    assert acme.get(f"{path}/{made['id']}")["description"] == "new"
