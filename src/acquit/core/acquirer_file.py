"""What an acquirer sends, read: one JSON object per event or payout, its members named here.

`{"event": "e1", "kind": "paid", "payment": "p1", "account": "ab12345-acq", "currency": "EUR",
"amount": "24.00", "on": "2026-11-23", "bills": ["FR00000001"]}`; a payout is
`{"event": "po1", "kind": "paid-out", "currency": "EUR", "net": "23.26", "fee": "0.74", "on": "2026-11-30",
"events": ["e1"]}`; what is kept is
`{"event": "m1", "kind": "registered", "method": "tok_1", "account": "ab12345-acq", "on": "2026-11-23",
"type": "card", "brand": "VISA", "last4": "1234", "expires": "2028-09", "three_ds": true}`, or of a wallet
`"type": "paypal", "agreement": "B-1", "email": "…"`; later `updated`, `failing`, `expired`, `removed`.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from acquit.core.acquirer import BadEvent, Event, EventKind, Payout, refuse_card_numbers, refuse_unkept
from acquit.core.identifiers import AccountId, PaymentMethodId
from acquit.core.method_on_file import FileKind, MethodEvent, MethodEventKind, OnFile
from acquit.core.money import EXPONENTS, Currency, parsed
from acquit.core.service import months_after

PAID_OUT: Final = "paid-out"
_EVENT: Final = {"event", "kind", "payment", "account", "currency", "amount", "on", "bills", "reason"}
_METHOD: Final = {
    "event", "kind", "method", "account", "on", "type", "brand", "last4", "expires", "three_ds", "agreement",
    "email", "registration",
}  # fmt: skip
_PAYOUT: Final = {"event", "kind", "currency", "net", "fee", "on", "events"}


def read_event(acquirer: str, told: object) -> Event | Payout | MethodEvent:
    """Return the event, payout or news of a method that the object tells.

    Raises CardNumber, BadEvent, BadAmount.
    """
    refuse_card_numbers(told)
    refuse_unkept(told)
    if not isinstance(told, Mapping) or not all(isinstance(key, str) for key in told):
        raise BadEvent("An event is a JSON object.")
    if told.get("kind") in list(MethodEventKind):
        return _method_event(acquirer, told)
    is_payout = told.get("kind") == PAID_OUT
    unknown = sorted(set(told) - (_PAYOUT if is_payout else _EVENT))
    if unknown:
        raise BadEvent(f"An event has no member {', '.join(unknown)[:80]}.")
    currency = _currency(_text(told, "currency"))
    occurred_on = _day(_text(told, "on"))
    if is_payout:
        return Payout(
            acquirer, _text(told, "event"), currency, parsed(_text(told, "net"), currency),
            parsed(_text(told, "fee"), currency), occurred_on, _texts(told, "events"),
        )  # fmt: skip
    return Event(
        acquirer, _text(told, "event"), _kind(_text(told, "kind")), _text(told, "payment"),
        AccountId(_text(told, "account")), currency, parsed(_text(told, "amount"), currency), occurred_on,
        _texts(told, "bills"), _text(told, "reason", ""),
    )  # fmt: skip


def _method_event(acquirer: str, told: Mapping[str, Any]) -> MethodEvent:
    unknown = sorted(set(told) - _METHOD)
    if unknown:
        raise BadEvent(f"An event of a method has no member {', '.join(unknown)[:80]}.")
    kind, registration = _text(told, "type"), told.get("registration")
    if kind not in list(FileKind):
        raise BadEvent(f"Choose one of {', '.join(FileKind)} as the type.")
    if registration is not None and (not isinstance(registration, int) or isinstance(registration, bool)):
        raise BadEvent("registration is the number that the page was opened with.")
    if not isinstance(told.get("three_ds", False), bool):
        raise BadEvent("three_ds is true or false.")
    on_file = OnFile(
        acquirer, _text(told, "method"), FileKind(kind), _text(told, "brand", ""), _text(told, "last4", ""),
        _month(_text(told, "expires", "")), told.get("three_ds", False), _text(told, "agreement", ""),
        _text(told, "email", ""),
    )  # fmt: skip
    return MethodEvent(
        _text(told, "event"), MethodEventKind(told["kind"]), AccountId(_text(told, "account")),
        _day(_text(told, "on")), on_file, None if registration is None else PaymentMethodId(registration),
    )  # fmt: skip


def _month(text: str) -> date | None:
    """Return the first day after the month, None for an empty text."""
    if not text:
        return None
    try:
        return months_after(date.fromisoformat(f"{text}-01"), 1, 1)
    except (ValueError, OverflowError):
        raise BadEvent(f"{text[:20]!r} is no month, as in 2028-09.") from None


def _text(told: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = told.get(name, default)
    if not isinstance(value, str):
        raise BadEvent(f'{name} is a text, amounts too (as in "24.00"); it is missing or something else.')
    return value


def _texts(told: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = told.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise BadEvent(f"{name} is a list of texts.")
    return tuple(value)


def _currency(text: str) -> Currency:
    if text not in EXPONENTS:
        raise BadEvent(f"{text[:10]!r} is no currency that is billed in.")
    return Currency(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadEvent(f"{text[:20]!r} is no day, as in 2026-11-23.") from None


def _kind(text: str) -> EventKind:
    if text not in list(EventKind):
        raise BadEvent(f"Choose one of {', '.join(EventKind)} and {PAID_OUT} as the kind.")
    return EventKind(text)
