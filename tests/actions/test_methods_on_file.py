"""Cards and wallets that an acquirer keeps: told once, changed, over, cancelled, registered on a page."""

from datetime import date
from typing import Any

import pytest

from acquit.actions.change_payment_method import change_payment_method, withdraw_payment_method
from acquit.actions.context import Context
from acquit.actions.register_on_page import register_on_page, set_registration_page
from acquit.actions.take_method_events import expire_methods, take_method_event
from acquit.core.acquirer import BadEvent, CardNumber, EventDiffers
from acquit.core.acquirer_file import read_event
from acquit.core.identifiers import AccountId
from acquit.core.method_on_file import BadAddress, FileKind, MethodEvent, OnFile
from acquit.core.operator import RoleForbids
from acquit.core.payment_method import MethodNotUsable, MethodStatus, NotRegisterable, PaymentMethod
from acquit.store import methods_on_file, payment_methods
from acquit.store.transaction import Database
from billed import failed, later
from founding import ACME, FR, LAB, PETIT, SAM
from owing import TESS, owing

CARD: dict[str, Any] = {
    "event": "m1", "kind": "registered", "method": "tok_1", "account": ACME, "on": "2026-11-23",
    "type": "card", "brand": "VISA", "last4": "1234", "expires": "2028-09", "three_ds": True,
}  # fmt: skip
WALLET: dict[str, Any] = {
    "event": "w1", "kind": "registered", "method": "ba_1", "account": PETIT, "on": "2026-11-23",
    "type": "paypal", "agreement": "B-17", "email": "pay@example.com",
}  # fmt: skip
PAGE = "https://pay.example.com/register"


@pytest.fixture
def context(database: Database) -> Context:
    return owing(database)


def tell(context: Context, base: dict[str, Any], **changed: Any) -> bool:
    """The acquirer tells this; return whether it was new."""
    event = read_event("stripe", base | changed)
    assert isinstance(event, MethodEvent)
    return take_method_event(context, event, by="cli").is_new


def methods(context: Context, account_id: AccountId = ACME) -> list[PaymentMethod]:
    with context.database.read() as tx:
        return [each for each in payment_methods.of_account(tx, account_id) if not each.is_granted]


def kept(context: Context) -> dict[int, OnFile]:
    with context.database.read() as tx:
        return methods_on_file.of_account(tx, ACME)


def test_a_card_is_kept_once_and_told_anew(context: Context) -> None:
    assert tell(context, CARD)
    assert not tell(context, CARD), "the same event counts once"
    with pytest.raises(EventDiffers):
        tell(context, CARD, last4="9999")
    with pytest.raises(BadEvent, match="registered before"):
        tell(context, CARD, event="m2")
    (card,) = methods(context)
    assert (card.payment_type, card.label, card.status) == (
        "CREDIT_CARD",
        "VISA •••• 1234",
        MethodStatus.VALID,
    )
    assert (card.expires_on, card.is_default) == (date(2028, 10, 1), False)
    assert tell(context, CARD, event="m3", kind="updated", last4="5678", expires="2030-01")
    assert methods(context)[0].label == "VISA •••• 5678"
    assert kept(context)[card.payment_method_id].expires_on == date(2030, 2, 1)
    assert tell(context, CARD, event="m4", kind="failing")
    assert methods(context)[0].status is MethodStatus.PAUSED
    assert failed(context) == {}


def test_a_card_is_over_after_its_last_month_and_no_default_then(context: Context) -> None:
    tell(context, CARD)
    method_id = methods(context)[0].payment_method_id
    change_payment_method(context, ACME, method_id, by="cli", default=True)
    assert expire_methods(later(context, date(2028, 9, 30)), FR) == 0
    assert expire_methods(later(context, date(2028, 10, 1)), FR) == 1
    assert (methods(context)[0].status, methods(context)[0].is_default) == (MethodStatus.EXPIRED, False)
    assert expire_methods(later(context, date(2028, 10, 2)), FR) == 0
    with pytest.raises(MethodNotUsable):
        change_payment_method(context, ACME, method_id, by="cli", default=True)
    tell(context, CARD, event="m2", kind="updated", expires="2031-09")
    assert methods(context)[0].status is MethodStatus.VALID


def test_a_card_that_is_told_after_its_last_month_is_expired_and_may_be_removed(context: Context) -> None:
    tell(context, CARD, expires="2026-10")
    (card,) = methods(context)
    assert card.status is MethodStatus.EXPIRED
    tell(context, CARD, event="m2", kind="updated", expires="2026-11")
    assert methods(context)[0].status is MethodStatus.VALID
    tell(context, CARD, event="m3", kind="updated", expires="2026-10")
    tell(context, CARD, event="m4", kind="failing")
    assert methods(context)[0].status is MethodStatus.EXPIRED, "it fails because it is over"
    withdraw_payment_method(context, ACME, card.payment_method_id, by="cli")
    assert methods(context)[0].status is MethodStatus.CANCELED
    assert failed(context) == {}


def test_what_was_cancelled_stays_cancelled(context: Context) -> None:
    tell(context, WALLET)
    (wallet,) = methods(context, PETIT)
    assert wallet.label == "PayPal pay@example.com"
    withdraw_payment_method(context, PETIT, wallet.payment_method_id, by="cli")
    assert tell(context, WALLET, event="w2", kind="updated", email="other@example.com")
    assert methods(context, PETIT)[0].status is MethodStatus.CANCELED
    assert methods(context, PETIT)[0].label == "PayPal pay@example.com"
    tell(context, CARD)
    tell(context, CARD, event="m2", kind="removed")
    assert methods(context)[0].status is MethodStatus.CANCELED


@pytest.mark.parametrize(
    "changed",
    [
        {"last4": "12345"}, {"last4": ""}, {"last4": "12a4"}, {"brand": ""}, {"expires": "2028-13"},
        {"expires": ""},
        {"brand": "V\n"}, {"type": "cheque"}, {"three_ds": "yes"}, {"registration": "7"}, {"registration": 7},
        {"registration": True}, {"number": "x"}, {"account": LAB}, {"method": ""}, {"method": "a b"},
        {"kind": "updated"}, {"on": "yesterday"}, {"event": ""}, {"expires": "9999-12"},
        {"type": "paypal", "agreement": "", "email": "a@b.c"},
        {"type": "paypal", "agreement": "B", "email": ""},
        {"account": "ab\0"}, {"brand": "\ud800"}, {"email": "x" * 2_001}, {"\ud800": "x"},
    ],
)  # fmt: skip
def test_an_event_that_cannot_be(context: Context, changed: dict[str, Any]) -> None:
    with pytest.raises(BadEvent):
        tell(context, CARD, **changed)
    assert methods(context) == []


def test_a_card_number_and_another_accounts_method_are_refused(context: Context) -> None:
    with pytest.raises(CardNumber):
        tell(context, CARD, method="4111111111111111")
    tell(context, CARD)
    with pytest.raises(BadEvent, match="keeps no tok_1"):
        tell(context, CARD, event="m2", kind="removed", account=PETIT)
    with pytest.raises(BadEvent, match="of kind card"):
        tell(context, CARD, event="m3", kind="updated", type="paypal", agreement="B", email="a@b.c")
    event = read_event("stripe", CARD | {"event": "m4", "kind": "removed"})
    assert isinstance(event, MethodEvent)
    with pytest.raises(RoleForbids):
        take_method_event(context, event, by=SAM)


def test_a_method_is_registered_on_the_sellers_page(context: Context) -> None:
    with pytest.raises(NotRegisterable, match="no page"):
        register_on_page(context, ACME, FileKind.CARD, by="cli")
    set_registration_page(context, FR, FileKind.CARD, PAGE, by="cli")
    made = register_on_page(
        context, ACME, FileKind.CARD, by="cli", wants_default=True, return_url="https://acme.example/x?a=b&c"
    )
    number = made.payment_method_id
    assert made.url == (
        f"{PAGE}?account={ACME}&registration={number}&return=https%3A%2F%2Facme.example%2Fx%3Fa%3Db%26c"
    )
    assert register_on_page(context, ACME, FileKind.CARD, by="cli").payment_method_id == number
    assert methods(context)[0].status is MethodStatus.CREATING
    with pytest.raises(BadEvent, match="waits for registration"):
        tell(context, WALLET, account=ACME, registration=number)
    with pytest.raises(BadEvent, match="waits for registration"):
        tell(context, CARD, account=PETIT, registration=number)
    tell(context, CARD, registration=number)
    (card,) = methods(context)
    assert (card.payment_method_id, card.status, card.is_default) == (number, MethodStatus.VALID, True)
    assert register_on_page(context, ACME, FileKind.CARD, by="cli").payment_method_id != number
    set_registration_page(context, FR, FileKind.CARD, None, by="cli")
    with pytest.raises(NotRegisterable):
        register_on_page(context, ACME, FileKind.CARD, by="cli")


@pytest.mark.parametrize(
    "url",
    [
        "http://pay.example.com", "https://", "pay", "https://a@b.c/", "https://b.c/#x", "https://b.c/ x",
        "javascript:x",
    ],
)  # fmt: skip
def test_a_page_is_at_an_https_address(context: Context, url: str) -> None:
    with pytest.raises(BadAddress):
        set_registration_page(context, FR, FileKind.CARD, url, by="cli")
    with pytest.raises(RoleForbids):
        set_registration_page(context, FR, FileKind.CARD, PAGE, by=TESS)


def test_nobody_is_sent_back_to_a_script(context: Context) -> None:
    set_registration_page(context, FR, FileKind.CARD, PAGE, by="cli")
    for url in ("javascript:alert(1)", "//x", "", "https://x/\n"):
        with pytest.raises(BadAddress):
            register_on_page(context, ACME, FileKind.CARD, by="cli", return_url=url)
    assert methods(context) == []
