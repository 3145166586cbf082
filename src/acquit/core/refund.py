"""Refunds: money that goes to a payer, from being asked for to being paid by the bank.

It was unapplied, or is what a reverse bill owes.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency, plain


class NoSuchRefund(NotFound):
    """The payer has no such refund."""

    code = "no-such-refund"


class RefundNotThere(Conflict):
    """The refund is not in a state from which this follows."""

    code = "refund-not-there"


class NotRefundable(Invalid):
    """A refund is more than nothing and no more than what of the deposit is unapplied."""

    code = "not-refundable"


class RefundState(StrEnum):
    """Where a refund is: asked for, approved (to be paid), paid; refused or failed it is unapplied again."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    PAID = "paid"
    FAILED = "failed"


FOLLOWS: Final = {
    RefundState.APPROVED: {RefundState.ASKED},
    RefundState.REFUSED: {RefundState.ASKED},
    RefundState.PAID: {RefundState.APPROVED},
    RefundState.FAILED: {RefundState.APPROVED, RefundState.PAID},
}
"""From which states each state follows; a payment that the bank sends back fails after it was paid."""


@dataclass(frozen=True, slots=True)
class Refund:
    """So much of a deposit that goes back; `cause` tells a refund from what an acquirer took back itself.

    What pays a reverse bill goes the same way: it names the bill and no deposit.
    """

    account_id: AccountId
    refund_id: int
    deposit_id: str
    order_id: int
    currency: Currency
    amount_minor: int
    cause: str
    reason: str
    asked_on: date
    asked_by: str
    asked_at: datetime
    state: RefundState
    state_on: date | None = None
    reverse_bill_id: BillId | None = None

    @property
    def source(self) -> str:
        """What the money comes from: the number of a deposit, or of a reverse bill."""
        return self.reverse_bill_id or self.deposit_id


def refuse_refund(amount_minor: int, unapplied_minor: int, currency: Currency, deposit_id: str) -> None:
    """Pass when so much can go back. Raises NotRefundable."""
    if not 0 < amount_minor <= unapplied_minor:
        raise NotRefundable(
            f"{plain(max(unapplied_minor, 0), currency)} {currency} of deposit {deposit_id} settles nothing "
            f"and can go back, not {plain(amount_minor, currency)}. Undo a settlement or credit a bill.",
            deposit=deposit_id,
        )


def refuse_step(refund: Refund, to: RefundState) -> None:
    """Pass when the refund may become so. Raises RefundNotThere."""
    if refund.state not in FOLLOWS[to]:
        raise RefundNotThere(f"Refund {refund.refund_id} is {refund.state.value}: it cannot be {to.value}.")
