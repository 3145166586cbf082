"""Disputes: objections to a bill or one detail of it; what is not disputed stays due."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from acquit.core.bill import Bill, BillKind
from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency, plain, rounded


class NoSuchDispute(NotFound):
    """The account has no such dispute."""

    code = "no-such-dispute"


class NotDisputable(Invalid):
    """A dispute names a reason and an amount that the bill or the detail has."""

    code = "not-disputable"


class BadMessage(Invalid):
    """A message says something or brings a file with a plain name, not too large."""

    code = "bad-message"


class DisputeClosed(Conflict):
    """The dispute has ended, or would not end."""

    code = "dispute-closed"


class DisputeState(StrEnum):
    """How a dispute stands."""

    OPEN = "open"
    CREDITED = "credited"
    CORRECTED = "corrected"
    REJECTED = "rejected"


EURO: Final = Currency("EUR")


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
    owner: str | None = None
    settled_by: str | None = None
    currency: Currency = EURO


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody said about a dispute, perhaps with a file, which the archive keeps by its SHA-256."""

    message_no: int
    body: str
    written_by: str
    written_at: datetime
    file_name: str | None = None
    file_sha256: str | None = None
    file_bytes: int | None = None


FILE_BYTES_MAX: Final = 10 * 1024 * 1024
_FILE_NAME: Final = re.compile(r"[^\\/\x00-\x1f\x7f]{1,120}")


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


def refuse_message(body: str, file_name: str | None, content: bytes) -> None:
    """Pass when such a message can be kept. Raises BadMessage."""
    if not body.strip() and file_name is None:
        raise BadMessage("A message says something, or brings a file.")
    if file_name is None:
        return
    if _FILE_NAME.fullmatch(file_name) is None or file_name in (".", ".."):
        raise BadMessage("A file's name has 1 to 120 characters, none of them a slash.")
    if not 0 < len(content) <= FILE_BYTES_MAX:
        raise BadMessage(
            f"A file has 1 byte to {FILE_BYTES_MAX // 1024**2} MiB; {file_name} has {len(content)}."
        )


def refuse_wrong_document(dispute: Dispute, state: DisputeState, settled: Bill | None) -> None:
    """Pass when what the dispute ends in is there. Raises DisputeClosed.

    A credit names the credit note, a correction the corrective bill; both correct the disputed bill.
    """
    wanted = {DisputeState.CREDITED: BillKind.CREDIT_NOTE, DisputeState.CORRECTED: BillKind.CORRECTIVE}
    if state not in wanted:
        return
    if settled is None or settled.kind is not wanted[state] or settled.corrects_bill_id != dispute.bill_id:
        raise DisputeClosed(
            f"A dispute that ends {state.value} names the {wanted[state].value} document over bill "
            f"{dispute.bill_id}: issue it first.",
            bill=dispute.bill_id,
        )


def credited_net_minor(dispute: Dispute, bill: Bill) -> int:
    """Return the net amount that gives back the disputed one with its share of the bill's VAT."""
    return rounded(dispute.amount_minor * bill.net_minor, bill.total_minor)


def refuse_closed(dispute: Dispute, state: DisputeState) -> None:
    """Pass when the dispute is open and ends in something. Raises DisputeClosed."""
    if dispute.state is not DisputeState.OPEN:
        raise DisputeClosed(f"Dispute {dispute.dispute_id} ended already: {dispute.state.value}.")
    if state is DisputeState.OPEN:
        raise DisputeClosed("A dispute ends credited, corrected or rejected.")
