"""Cards and wallets that an acquirer keeps for an account: what it tells of them, and no number ever.

Nothing is charged here: the acquirer collects, and tells of each payment (`core/acquirer`).
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from acquit.core.acquirer import BadEvent, refuse_names
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, PaymentMethodId

_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f]{1,120}")


class BadAddress(Invalid):
    """A page is at an https address."""

    code = "bad-address"


class FileKind(StrEnum):
    """What an acquirer keeps."""

    CARD = "card"
    PAYPAL = "paypal"

    @property
    def payment_type(self) -> str:
        """Return the type of the payment methods of this kind."""
        return "CREDIT_CARD" if self is FileKind.CARD else "PAYPAL"


FILE_TYPES: Final = tuple(kind.payment_type for kind in FileKind)
"""The types of payment methods that acquirers keep."""


class MethodEventKind(StrEnum):
    """What became of a method that is kept."""

    REGISTERED = "registered"
    UPDATED = "updated"
    FAILING = "failing"
    EXPIRED = "expired"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class OnFile:
    """A card or wallet as the acquirer told it last; `expires_on` is the first day on which it is over."""

    acquirer: str
    method: str
    kind: FileKind
    brand: str = ""
    number_end: str = ""
    expires_on: date | None = None
    is_authenticated: bool = False
    agreement: str = ""
    email: str = ""

    @property
    def label(self) -> str:
        """Return what people know it by."""
        if self.kind is FileKind.PAYPAL:
            return f"PayPal {self.email}"
        return f"{self.brand} •••• {self.number_end}"


@dataclass(frozen=True, slots=True)
class MethodEvent:
    """One report about a method; `registration`: the payment method that waited for it, if any."""

    event_id: str
    kind: MethodEventKind
    account_id: AccountId
    occurred_on: date
    told: OnFile
    registration: PaymentMethodId | None = None


def refuse_method_event(event: MethodEvent) -> None:
    """Pass when the event can be kept. Raises BadEvent."""
    told = event.told
    refuse_names(told.acquirer, event.event_id, told.method)
    if event.kind not in (MethodEventKind.REGISTERED, MethodEventKind.UPDATED):
        return
    if told.kind is FileKind.CARD and not (
        _TEXT.fullmatch(told.brand)
        and re.fullmatch(r"[0-9]{4}", told.number_end, re.ASCII)
        and told.expires_on
    ):
        raise BadEvent(
            "Of a card its brand, the four digits at its end (last4) and its last month (expires, as in "
            "2028-09) are told."
        )
    if told.kind is FileKind.PAYPAL and not (_TEXT.fullmatch(told.agreement) and _TEXT.fullmatch(told.email)):
        raise BadEvent("Of a PayPal account its agreement and its e-mail are told.")
