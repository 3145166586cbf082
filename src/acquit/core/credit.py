"""Credit notes: documents that take an issued bill back whole; the bill itself never changes."""

from collections.abc import Iterable
from dataclasses import replace

from acquit.core.bill import Bill, BillKind, Issuing
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import BillId, OrderId
from acquit.core.numbering import document_id, payment_reference
from acquit.core.purchase_order import Draw


class NotCreditable(Conflict):
    """A credit note takes back a bill that none took back before."""

    code = "not-creditable"


class CreditReasonMissing(Invalid):
    """A credit note says why."""

    code = "credit-reason-missing"


def refuse_credit(bill: Bill, corrections: Iterable[BillId], reason: str) -> None:
    """Pass when the bill may be taken back. Raises CreditReasonMissing, NotCreditable."""
    if not reason.strip():
        raise CreditReasonMissing("A credit note needs a reason: it is printed on it.", bill=bill.bill_id)
    if bill.kind is BillKind.CREDIT_NOTE:
        raise NotCreditable(f"{bill.bill_id} is a credit note itself.", bill=bill.bill_id)
    before = next(iter(corrections), None)
    if before is not None:
        raise NotCreditable(f"Credit note {before} took bill {bill.bill_id} back already.", bill=bill.bill_id)


def credit_note(bill: Bill, issuing: Issuing, number: int, order_id: OrderId, reason: str) -> Bill:
    """Return the credit note over the whole bill: its amounts and details, and the kind gives the direction.

    Each detail bears the next correction number, so that a charge is still billed once.
    """
    series = issuing.series
    return replace(
        bill,
        bill_id=document_id(series, number),
        order_id=order_id,
        kind=BillKind.CREDIT_NOTE,
        corrects_bill_id=bill.bill_id,
        run_id=None,
        issued_on=issuing.issued_on,
        issued_at=issuing.issued_at,
        due_on=issuing.issued_on,
        term_days=0,
        term_method="net",
        term_grant_id=None,
        payment_reference=payment_reference(series.reference_code, number, series.digits),
        note=reason.strip(),
        seller_hash=issuing.seller_hash,
        details=tuple(replace(each, correction_no=each.correction_no + 1) for each in bill.details),
    )


def given_back(bill: Bill, note: Bill) -> Draw | None:
    """Return what the credit note gives back to the purchase order of the bill, if it quoted one."""
    if bill.purchase_order_account is None or bill.purchase_order_id is None:
        return None
    return Draw(
        bill.purchase_order_account,
        bill.purchase_order_id,
        bill.account_id,
        note.bill_id,
        -bill.net_minor,
        note.issued_on,
    )
