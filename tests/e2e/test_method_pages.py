"""How an account pays, in the manager: a card is looked at, chosen, and removed."""

from pathlib import Path

from acquit.actions.register_on_page import register_on_page, set_registration_page
from acquit.actions.take_method_events import take_method_event
from acquit.core.acquirer_file import read_event
from acquit.core.method_on_file import FileKind, MethodEvent
from acquit.store import payment_methods
from acquit.store.transaction import Database
from e2e.trading import trading, visitor_of
from founding import ACME, FR, LAB, PETIT

PATH = "/manager/payment-methods"


def test_a_card_is_chosen_and_removed(database: Database, tmp_path: Path) -> None:
    context = trading(database, tmp_path / "archive")
    told = read_event(
        "stripe",
        {"event": "m1", "kind": "registered", "method": "tok_1", "account": PETIT, "on": "2026-11-23",
         "type": "card", "brand": "VISA", "last4": "1234", "expires": "2028-09"},
    )  # fmt: skip
    assert isinstance(told, MethodEvent)
    take_method_event(context, told, by="cli")
    set_registration_page(context, FR, FileKind.PAYPAL, "https://pay.example.com", by="cli")
    waits = register_on_page(context, PETIT, FileKind.PAYPAL, by="cli").payment_method_id
    with context.database.read() as tx:
        (card,) = [
            each for each in payment_methods.of_account(tx, PETIT) if each.payment_type == "CREDIT_CARD"
        ]
    petit, number = visitor_of(context, PETIT), str(card.payment_method_id)
    page = petit.get(PATH).text
    assert "VISA •••• 1234" in page
    assert "30 Sept 2028" in page
    chosen = petit.send(PATH, {"act": "default", "method": number})
    assert "This is how you pay from now on" in petit.get(chosen.headers["location"]).text
    with context.database.read() as tx:
        (default,) = [each for each in payment_methods.of_account(tx, PETIT) if each.is_default]
    assert default.payment_method_id == card.payment_method_id
    assert petit.send(PATH, {"act": "remove", "method": number}).status_code == 409, "services renew with it"
    assert petit.send(PATH, {"act": "default", "method": str(waits)}).status_code == 409
    for wrong in ({"act": "sell", "method": number}, {"act": "remove", "method": "x"}):
        assert petit.send(PATH, wrong).status_code == 400
    for other in (visitor_of(context, ACME), visitor_of(context, LAB)):
        assert other.send(PATH, {"act": "remove", "method": number}).status_code == 404
    removed = petit.send(PATH, {"act": "remove", "method": str(waits)})
    assert "The payment method was removed" in petit.get(removed.headers["location"]).text
