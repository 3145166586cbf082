"""Write-offs: what of a debt is given up, and by whom it is decided."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.money import Currency


class NoSuchWriteOff(NotFound):
    """The account has no such write-off."""

    code = "no-such-write-off"


class WriteOffDecided(Conflict):
    """The write-off was approved or refused already."""

    code = "write-off-decided"


class ReasonMissing(Invalid):
    """Money is given up, or given back, for a reason that is recorded."""

    code = "reason-missing"


class Decision(StrEnum):
    """How a write-off stands."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class WriteOff:
    """So much of a debt to be given up; `operation_id` is there once it was."""

    account_id: AccountId
    write_off_id: int
    debt_id: DebtId
    bill_id: BillId
    currency: Currency
    amount_minor: int
    reason: str
    asked_on: date
    asked_by: str
    decision: Decision = Decision.ASKED
    operation_id: int | None = None
    decided_by: str | None = None


def refuse_without_reason(reason: str) -> None:
    """Pass when a reason is given. Raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing("Say why: the reason is recorded and read by whoever audits the books.")


def refuse_decided(found: WriteOff) -> None:
    """Pass while nobody decided. Raises WriteOffDecided."""
    if found.decision is not Decision.ASKED:
        raise WriteOffDecided(f"Write-off {found.write_off_id} is {found.decision.value} already.")
