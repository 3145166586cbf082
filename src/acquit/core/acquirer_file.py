"""What an acquirer sends, read: one JSON object per event or payout, its members named here.

`{"event": "e1", "kind": "paid", "payment": "p1", "account": "ab12345-acq", "currency": "EUR",
"amount": "24.00", "on": "2026-11-23", "bills": ["FR00000001"]}`; a payout is
`{"event": "po1", "kind": "paid-out", "currency": "EUR", "net": "23.26", "fee": "0.74", "on": "2026-11-30",
"events": ["e1"]}`.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from acquit.core.acquirer import BadEvent, Event, EventKind, Payout, refuse_card_numbers
from acquit.core.identifiers import AccountId
from acquit.core.money import EXPONENTS, Currency, parsed

PAID_OUT: Final = "paid-out"
_EVENT: Final = {"event", "kind", "payment", "account", "currency", "amount", "on", "bills", "reason"}
_PAYOUT: Final = {"event", "kind", "currency", "net", "fee", "on", "events"}


def read_event(acquirer: str, told: object) -> Event | Payout:
    """Return the event or payout that the object tells. Raises CardNumber, BadEvent, BadAmount."""
    refuse_card_numbers(told)
    if not isinstance(told, Mapping) or not all(isinstance(key, str) for key in told):
        raise BadEvent("An event is a JSON object.")
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
