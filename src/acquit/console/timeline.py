"""What happened and will happen on a bill's debt, in time order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.core import debt as debts
from acquit.core.debt import RAISING, Operation, OperationKind
from acquit.core.dispute import Dispute, DisputeState
from acquit.store.bill_searches import BillHead

WORDS: Final[Mapping[OperationKind, str]] = {
    OperationKind.PAYMENT: "Payment received",
    OperationKind.CREDIT: "Reduced by a credit note",
    OperationKind.WRITE_OFF: "Written off",
    OperationKind.RETURNED: "Payment returned by the bank",
    OperationKind.REOPENED: "Reopened",
}


OUTCOMES: Final[Mapping[DisputeState, tuple[str, str]]] = {
    DisputeState.CREDITED: ("Dispute settled by a credit", "good"),
    DisputeState.CORRECTED: ("Dispute settled by a corrected bill", "good"),
    DisputeState.REJECTED: ("Dispute rejected", ""),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One event: `kind` is empty, `good`, `bad` or `next` (not yet)."""

    on: date
    words: str
    kind: str = ""
    amount_minor: int | None = None
    note: str = ""


def state_of(head: BillHead, today: date) -> str:
    """Return the wire's status of the bill's debt on that day, `NONE` for a document without a debt."""
    if head.owed is None:
        return "NONE"
    owed = head.owed
    return debts.status(owed.debt, owed.operations, today, owed.unpaid_after_days).value


def timeline(head: BillHead, disputes: Sequence[Dispute], today: date) -> list[Moment]:
    """Return what happened on the bill and its debt, and when it is due, oldest first."""
    moments = [Moment(head.issued_on, "Bill issued", amount_minor=head.total_minor)]
    moments += [moment for dispute in disputes for moment in _argued(dispute)]
    if head.owed is None:
        return moments
    moments += [_moment(operation) for operation in head.owed.operations]
    is_open = debts.open_minor(head.owed.debt, head.owed.operations) > 0
    late = is_open and head.due_on < today
    moments.append(Moment(head.due_on, "Due", "bad" if late else "next" if is_open else ""))
    return sorted(moments, key=lambda moment: moment.on)


def _argued(dispute: Dispute) -> list[Moment]:
    opened = Moment(dispute.opened_at.date(), "Disputed", "bad", dispute.amount_minor, dispute.reason)
    if dispute.closed_at is None:
        return [opened]
    words, kind = OUTCOMES[dispute.state]
    return [opened, Moment(dispute.closed_at.date(), words, kind, note=dispute.outcome)]


def _moment(operation: Operation) -> Moment:
    kind = "bad" if operation.kind in RAISING else "good"
    return Moment(
        operation.occurred_on, WORDS[operation.kind], kind, operation.amount_minor, operation.reason
    )
