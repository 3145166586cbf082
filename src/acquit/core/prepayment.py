"""Prepaid accounts: orders to put money onto them, and to have it transferred back.

What a payer prepays is no supply yet: nobody knows what it will pay for. No VAT is due until it pays a bill.
Source: directive 2006/112/EC, article 65, as read in CJEU C-419/02 (BUPA).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from acquit.core.bank_clue import PREPAY_CODE, PREPAY_DIGITS
from acquit.core.credit_balance import CreditLot, CreditType, NotRetrievable
from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, OrderId
from acquit.core.money import Currency, plain
from acquit.core.numbering import payment_reference
from acquit.core.refund import RefundState

PREPAID_MAX: Final = 100_000_000_000
"""The most that one order prepays, in the smallest unit."""


class BadPrepayment(Invalid):
    """More than nothing is prepaid, and no more than one transfer carries."""

    code = "bad-prepayment"


class NoSuchPrepayOrder(NotFound):
    """The account has no such order."""

    code = "no-such-prepay-order"


class PrepaidAlready(Conflict):
    """The money of the order came already."""

    code = "prepaid-already"


class BadThreshold(Invalid):
    """A threshold is an amount, nothing at least."""

    code = "bad-threshold"


@dataclass(frozen=True, slots=True)
class PrepayOrder:
    """An account wants so much credit; paid, its money is the lot `movement_id`, brought by a deposit.

    With `points` it buys so many, each `worth_minor`: the money waits behind them.
    """

    account_id: AccountId
    order_id: OrderId
    reference: str
    currency: Currency
    amount_minor: int
    ordered_at: datetime
    movement_id: int | None = None
    deposit_id: str | None = None
    points: int = 0
    worth_minor: int = 0

    @property
    def is_paid(self) -> bool:
        """Whether its money came."""
        return self.movement_id is not None


@dataclass(frozen=True, slots=True)
class RetrievedPart:
    """One refund of a retrieval, out of one deposit, as it stands."""

    refund_id: int
    deposit_id: str
    amount_minor: int
    state: RefundState


@dataclass(frozen=True, slots=True)
class Retrieval:
    """An account wants prepaid money back on a bank account of its own; its parts add up to the amount."""

    account_id: AccountId
    order_id: OrderId
    payment_method_id: int
    currency: Currency
    amount_minor: int
    ordered_at: datetime
    parts: tuple[RetrievedPart, ...]

    @property
    def state(self) -> "RetrievalState":
        """Where it is: the part that is least far decides; what was refused or failed counts only alone."""
        states = {part.state for part in self.parts}
        for state, shown in _SHOWN:
            if state in states:
                return shown
        return RetrievalState.ENDED


class RetrievalState(StrEnum):
    """Where a retrieval is."""

    ASKED = "asked"
    APPROVED = "approved"
    PAID = "paid"
    ENDED = "ended"


_SHOWN: Final = (
    (RefundState.ASKED, RetrievalState.ASKED),
    (RefundState.APPROVED, RetrievalState.APPROVED),
    (RefundState.PAID, RetrievalState.PAID),
)


def prepay_reference(order_id: int) -> str:
    """Return what a transfer quotes to pay the order. Source: ISO 11649."""
    return payment_reference(PREPAY_CODE, order_id, PREPAY_DIGITS)


def refuse_prepayment(amount_minor: int, currency: Currency) -> None:
    """Pass when so much can be prepaid by one order. Raises BadPrepayment."""
    if not 0 < amount_minor <= PREPAID_MAX:
        raise BadPrepayment(
            f"{plain(amount_minor, currency)} {currency} cannot be prepaid: order more than 0 and at most "
            f"{plain(PREPAID_MAX, currency)}.",
            parameter="amount",
        )


def refuse_threshold(threshold_minor: int | None, currency: Currency) -> None:
    """Pass when a balance can be below it, or when there is to be none. Raises BadThreshold."""
    if threshold_minor is not None and not 0 <= threshold_minor <= PREPAID_MAX:
        raise BadThreshold(
            f"A threshold is between 0 and {plain(PREPAID_MAX, currency)} {currency}; null takes it away.",
            parameter="alertThreshold",
        )


def refuse_paid(order: PrepayOrder) -> None:
    """Pass while the money of the order is awaited. Raises PrepaidAlready."""
    if order.is_paid:
        raise PrepaidAlready(
            f"Order {order.order_id} is paid: its money is credit {order.movement_id}.",
            order=str(order.order_id),
        )


def balance_minor(lots: Iterable[CreditLot], currency: Currency) -> int:
    """Return what is left of prepaid money in a currency."""
    return sum(lot.left_minor for lot in _prepaid(lots, currency))


def retrieved(
    lots: Sequence[CreditLot], amount_minor: int, currency: Currency
) -> tuple[tuple[CreditLot, int], ...]:
    """Return what of which lot goes back, the oldest first; together it is the amount.

    Raises NotRetrievable when it is nothing, or more than what is left.
    """
    prepaid = sorted(_prepaid(lots, currency), key=lambda lot: lot.movement_id)
    there = sum(lot.left_minor for lot in prepaid)
    if not 0 < amount_minor <= there:
        raise NotRetrievable(
            f"{plain(there, currency)} {currency} are left on the prepaid account and can go back, not "
            f"{plain(amount_minor, currency)}.",
            retrievable=plain(there, currency),
        )
    taken, missing = list[tuple[CreditLot, int]](), amount_minor
    for lot in prepaid:
        part = min(lot.left_minor, missing)
        if part:
            taken.append((lot, part))
            missing -= part
    return tuple(taken)


def _prepaid(lots: Iterable[CreditLot], currency: Currency) -> list[CreditLot]:
    return [
        lot for lot in lots
        if lot.type is CreditType.PREPAID_ACCOUNT and lot.currency == currency and lot.left_minor > 0
    ]  # fmt: skip
