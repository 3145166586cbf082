"""Acquirers: who collects cards and wallets for the seller, tells what became of each payment, and pays out.

An acquirer is outside; what it tells comes as events with ids of its own. The same id with the same content
counts once, with another content it is refused. No card number ever comes in.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency, Money, plain

_LONG_NUMBER: Final = re.compile(r"(?<![0-9])[2-6](?:[ -]?[0-9]){12,18}(?![0-9])")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_ID: Final = re.compile(r"[\x21-\x7e]{1,120}")
_UNKEPT: Final = re.compile(r"[\x00\ud800-\udfff]")

TEXT_MAX: Final = 2_000
"""The most characters of one text that an acquirer tells."""


class CardNumber(Invalid):
    """The event holds what looks like a card number; it is neither kept nor repeated."""

    code = "card-number"


class BadEvent(Invalid):
    """An event says who tells it, of which payment, how much and when."""

    code = "bad-event"


class EventDiffers(Conflict):
    """The acquirer told an event of this id before, with another content."""

    code = "event-differs"


class NotPaid(Conflict):
    """A payment that never was paid cannot be charged back or paid out."""

    code = "not-paid"


class BadPayout(Invalid):
    """A payout gathers events of one currency and seller, each once, and is their sum less the fees."""

    code = "bad-payout"


class EventKind(StrEnum):
    """What became of a payment."""

    AUTHORISED = "authorised"
    PAID = "paid"
    FAILED = "failed"
    CHARGED_BACK = "charged-back"


@dataclass(frozen=True, slots=True)
class Event:
    """One report about a payment; `bill_ids` are what a paid one is for, in the order in which it settles."""

    acquirer: str
    event_id: str
    kind: EventKind
    payment: str
    account_id: AccountId
    currency: Currency
    amount_minor: int
    occurred_on: date
    bill_ids: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Payout:
    """An acquirer paid out what these events left with it, less its fees."""

    acquirer: str
    payout_id: str
    currency: Currency
    net_minor: int
    fee_minor: int
    paid_on: date
    event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """What an event is of a payout: positive when paid, negative when charged back; its share of the fees."""

    account_id: AccountId
    event_id: str
    gross_minor: int
    fee_minor: int


def refuse_card_numbers(told: object) -> None:
    """Pass when no text or number in it looks like a card number (ISO/IEC 7812). Raises CardNumber."""
    for each in _written(told):
        _refuse_number(str(each))


def refuse_unkept(told: object) -> None:
    """Pass when every text in it can be kept as it is. Raises BadEvent."""
    for each in _written(told):
        if isinstance(each, str) and (len(each) > TEXT_MAX or _UNKEPT.search(each)):
            raise BadEvent(
                f"A text of an event has at most {TEXT_MAX} characters, none of them NUL or half of a pair."
            )


def _written(told: object) -> Iterator[str | int]:
    """Yield every text and number in it, names too, however deep."""
    waiting = [told]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, str | int) and not isinstance(each, bool):
            yield each
        elif isinstance(each, Sequence):
            waiting += each


def _refuse_number(text: str) -> None:
    for match in _LONG_NUMBER.finditer(text):
        if _passes_luhn(match.group()):
            raise CardNumber(
                "The event holds what looks like a card number. Nothing of it was kept: card numbers stay "
                "with the acquirer, send its own id of the payment."
            )


def _passes_luhn(text: str) -> bool:
    figures = [int(sign) for sign in text if sign.isdigit()][::-1]
    doubled = [
        figure if place % 2 == 0 else sum(divmod(2 * figure, 10)) for place, figure in enumerate(figures)
    ]
    return sum(doubled) % 10 == 0


def refuse_event(event: Event) -> None:
    """Pass when the event can be kept. Raises BadEvent."""
    refuse_names(event.acquirer, event.event_id, event.payment)
    if event.amount_minor <= 0:
        raise BadEvent(
            f"Event {event.event_id} is of {plain(event.amount_minor, event.currency)} {event.currency}: "
            "an amount is more than nothing, the kind gives the direction."
        )


def refuse_names(acquirer: str, *ids: str) -> None:
    """Pass when it is a name of an acquirer, and these are ids of its own. Raises BadEvent."""
    if _NAME.fullmatch(acquirer) is None:
        raise BadEvent("An acquirer's name is 1 to 32 of a-z, 0-9, dash and underscore.")
    if any(_ID.fullmatch(each) is None for each in ids):
        raise BadEvent("Ids of events, payments and payouts are 1 to 120 visible ASCII characters.")


def content_of(told: Event | Payout) -> bytes:
    """Return the SHA-256 by which the same id with another content is found out."""
    text = json.dumps(asdict(told), sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


def is_known(told: Event | Payout, known: bytes | None) -> bool:
    """Whether exactly this was told before. Raises EventDiffers when the id was, with another content."""
    if known is None:
        return False
    if known != content_of(told):
        name = told.event_id if isinstance(told, Event) else told.payout_id
        raise EventDiffers(
            f"{told.acquirer} told {name} before, with another content. An event never changes: ask the "
            "acquirer which one is right; a correction has an id of its own.",
            event=name,
        )
    return True


def payout_lines(
    payout: Payout, gathered: Sequence[tuple[AccountId, str, EventKind, int]]
) -> tuple[PayoutLine, ...]:
    """Return the lines of a payout; the fees are shared in proportion to the amounts, to the last cent.

    Raises BadPayout when gross less fees is not what was paid out.
    """
    refuse_names(payout.acquirer, payout.payout_id)
    signed = [
        (account_id, event_id, -minor if kind is EventKind.CHARGED_BACK else minor)
        for account_id, event_id, kind, minor in gathered
    ]
    gross_minor = sum(minor for _, _, minor in signed)
    if not signed or payout.fee_minor < 0 or gross_minor - payout.fee_minor != payout.net_minor:
        currency = payout.currency
        raise BadPayout(
            f"Payout {payout.payout_id} does not add up: its events come to {plain(gross_minor, currency)}, "
            f"less {plain(payout.fee_minor, currency)} of fees; {plain(payout.net_minor, currency)} "
            f"{currency} was paid out.",
            payout=payout.payout_id,
        )
    fees = Money(payout.fee_minor, payout.currency).split([abs(minor) for _, _, minor in signed])
    return tuple(
        PayoutLine(account_id, event_id, minor, fee.minor)
        for (account_id, event_id, minor), fee in zip(signed, fees, strict=True)
    )
