"""Why a bank sends a direct debit or a transfer back, and what follows from it.

Source: EPC173-14, guidance on reason codes for SEPA Direct Debit R-transactions; ISO 20022 external code set
ExternalStatusReason1Code and ExternalReturnReason1Code.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class MandateFate(StrEnum):
    """What becomes of the mandate under which it was collected."""

    GOES_ON = "goes-on"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ReturnReason:
    """A code, what it means, and what follows: the debt is open again in every case.

    `retried`: the debt is collected once more, on a later day. `told`: the payer gets a letter; where the
    fault is the creditor's own, or the payer has died, it gets none.
    """

    code: str
    meaning: str
    mandate: MandateFate
    retried: bool = False
    told: bool = True


_ON, _HOLD, _END = MandateFate.GOES_ON, MandateFate.SUSPENDED, MandateFate.CANCELLED

REASONS: Final[Mapping[str, ReturnReason]] = {
    each.code: each
    for each in (
        ReturnReason("AC01", "the account number is wrong", _HOLD),
        ReturnReason("AC04", "the account is closed", _END),
        ReturnReason("AC06", "the account is blocked", _HOLD),
        ReturnReason("AC13", "the account is a consumer's, the scheme is for businesses", _HOLD),
        ReturnReason("AG01", "the account may not be debited", _HOLD),
        ReturnReason("AG02", "the type of operation or sequence is wrong", _ON, retried=True, told=False),
        ReturnReason("AM04", "there is not enough money on the account", _ON, retried=True),
        ReturnReason("AM05", "the bank takes it for a duplicate", _ON, told=False),
        ReturnReason("BE05", "the creditor identifier is not known", _ON, told=False),
        ReturnReason("CNOR", "the creditor's bank is not in the scheme", _ON, told=False),
        ReturnReason("DNOR", "the debtor's bank is not in the scheme", _HOLD),
        ReturnReason("ED05", "the settlement failed", _ON, retried=True, told=False),
        ReturnReason("FF01", "the file's form is wrong", _ON, retried=True, told=False),
        ReturnReason("FF05", "the scheme in the file is wrong", _ON, retried=True, told=False),
        ReturnReason("MD01", "there is no mandate, or the payer says so", _END),
        ReturnReason("MD02", "data of the mandate are missing or wrong", _HOLD),
        ReturnReason("MD06", "the payer asked its bank for a refund", _HOLD),
        ReturnReason("MD07", "the payer has died", _END, told=False),
        ReturnReason("MS02", "the payer refused it", _HOLD),
        ReturnReason("MS03", "the debtor's bank gives no reason", _ON, retried=True),
        ReturnReason("RC01", "the bank identifier is wrong", _HOLD),
        ReturnReason("RF01", "the reference is not unique", _ON, told=False),
        ReturnReason("RR01", "a regulation needs the debtor's account or identification", _HOLD),
        ReturnReason("RR02", "a regulation needs the debtor's name or address", _HOLD),
        ReturnReason("RR03", "a regulation needs the creditor's name or address", _ON, told=False),
        ReturnReason("RR04", "a regulation forbids it", _HOLD),
        ReturnReason("SL01", "the payer has told its bank which creditors may debit", _HOLD),
        ReturnReason("TM01", "the file came after the bank's closing time", _ON, retried=True, told=False),
    )
}


def reason_of(code: str) -> ReturnReason:
    """Return what follows from a code; after one that is not known a person decides, the mandate waits."""
    known = REASONS.get(code.strip().upper())
    return known or ReturnReason(code.strip().upper() or "NARR", "the bank's code is not known here", _HOLD)


def may_try_again(failures: Iterable[tuple[str, int]], mandate_id: int) -> bool:
    """Whether a debt may be collected under the mandate after these failures (code, mandate).

    Never tried: yes. Failed once for a reason that is tried again: once more. Under a new mandate: yes.
    """
    under = [code for code, failed_under in failures if failed_under == mandate_id]
    return not under or (len(under) == 1 and reason_of(under[0]).retried)
