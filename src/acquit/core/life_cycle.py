"""The life of an e-invoice after it left: the statuses that platform, buyer and seller tell of it.

"Paid" (212) tells the amount collected per VAT rate, because the VAT of services is due with the money. Each
settlement is split over the rates by what is left of each, so that part payments add up to the bill, rate by
rate, and none is ever more than what is left.

Source: AFNOR XP Z12-012 (statuses), BR-FR-CDV-14; CGI 269-2 c, 290 A.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency, Money

DEPOSITED: Final = 200
DISPUTED: Final = 207
REFUSED: Final = 210
PAID: Final = 212
REJECTED: Final = 213
UNREADABLE: Final = 501

NAMES: Final = {
    200: "Déposée", 201: "Émise", 202: "Reçue", 203: "Mise à disposition", 204: "Prise en charge",
    205: "Approuvée", 206: "Approuvée partiellement", 207: "En litige", 208: "Suspendue", 209: "Complétée",
    210: "Refusée", 211: "Paiement transmis", 212: "Encaissée", 213: "Rejetée", 501: "Irrecevable",
}  # fmt: skip
"""What each status is called in French, the language of the standard."""


class SaidBy(StrEnum):
    """Who told a status."""

    SELLER = "seller"
    BUYER = "buyer"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Status:
    """One status of a bill; `reference` is the operation, dispute or flow that it comes from.

    `collected` holds, for 212 alone, VAT rate in 1/10,000 and amount; negative when money went back.
    """

    account_id: AccountId
    bill_id: BillId
    code: int
    said_by: SaidBy
    reference: str
    happened_at: datetime
    reason_code: str = ""
    reason: str = ""
    collected: tuple[tuple[int, int], ...] = ()


def collected_by_rate(
    amount_minor: int, left: Mapping[int, int], whole: Mapping[int, int]
) -> tuple[tuple[int, int], ...]:
    """Return how a settlement is shared by the rates, in proportion to what is left of each; sums are exact.

    `left` is what of each rate (VAT included) was neither collected nor credited yet, `whole` what the bill
    came to. What is settled beyond what is left, after a credit note on one rate alone, goes by `whole`.
    """
    rates = sorted(whole, reverse=True)
    weights = [max(left.get(rate, 0), 0) for rate in rates]
    beyond = max(amount_minor - sum(weights), 0)
    shares = _shared(amount_minor - beyond, weights)
    extra = _shared(beyond, [max(whole[rate], 0) for rate in rates])
    return tuple(
        (rate, share + more) for rate, share, more in zip(rates, shares, extra, strict=True) if share + more
    )


def left_by_rate(whole: Mapping[int, int], *taken: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return what is left of each rate after what was collected and credited."""
    left = dict(whole)
    for each in taken:
        for rate, amount_minor in each:
            left[rate] = left.get(rate, 0) - amount_minor
    return left


def _shared(amount_minor: int, weights: Sequence[int]) -> list[int]:
    if amount_minor == 0 or not any(weights):
        assert amount_minor == 0, "there is something to share by"
        return [0] * len(weights)
    return [part.minor for part in Money(amount_minor, Currency("EUR")).split(weights)]
