"""Disputes: objections to a bill or one detail of it; what is not disputed stays due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from acquit.core.bill import Bill
from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency, plain


class NoSuchDispute(NotFound):
    """The account has no such dispute."""

    code = "no-such-dispute"


class NotDisputable(Invalid):
    """A dispute names a reason and an amount that the bill or the detail has."""

    code = "not-disputable"


class DisputeClosed(Conflict):
    """The dispute has ended, or would not end."""

    code = "dispute-closed"


class DisputeState(StrEnum):
    """How a dispute stands."""

    OPEN = "open"
    CREDITED = "credited"
    CORRECTED = "corrected"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Dispute:
    """An objection to so much of a bill, to be answered by its deadline."""

    account_id: AccountId
    dispute_id: int
    bill_id: BillId
    detail_no: int | None
    amount_minor: int
    reason: str
    state: DisputeState
    opened_by: str
    opened_at: datetime
    deadline_on: date
    closed_by: str | None = None
    closed_at: datetime | None = None
    outcome: str = ""


def disputed_minor(disputes: Iterable[Dispute]) -> int:
    """Return how much open disputes keep from being due."""
    return sum(each.amount_minor for each in disputes if each.state is DisputeState.OPEN)


def refuse_dispute(
    bill: Bill, detail_no: int | None, amount_minor: int, reason: str, others: Iterable[Dispute]
) -> None:
    """Pass when so much may be disputed beside the other disputes of the bill. Raises NotDisputable."""
    if not reason.strip():
        raise NotDisputable("A dispute needs a reason.", bill=bill.bill_id)
    if detail_no is not None and all(detail.detail_no != detail_no for detail in bill.details):
        raise NotDisputable(f"Bill {bill.bill_id} has no detail {detail_no}.", bill=bill.bill_id)
    left = bill.total_minor - disputed_minor(others)
    if not 0 < amount_minor <= left:
        currency = Currency(bill.currency)
        raise NotDisputable(
            f"Between {plain(1, currency)} and {plain(left, currency)} {currency} of bill {bill.bill_id} can "
            f"be disputed, not {plain(amount_minor, currency)}.",
            bill=bill.bill_id,
        )


def refuse_closed(dispute: Dispute, state: DisputeState) -> None:
    """Pass when the dispute is open and ends in something. Raises DisputeClosed."""
    if dispute.state is not DisputeState.OPEN:
        raise DisputeClosed(f"Dispute {dispute.dispute_id} ended already: {dispute.state.value}.")
    if state is DisputeState.OPEN:
        raise DisputeClosed("A dispute ends credited, corrected or rejected.")
