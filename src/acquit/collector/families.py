"""The papers that a provider lists for an account, each family by routes of its own.

Bills, corrective bills, down payments and credit notes say what the account owes: they are one table, in
which a paper that two lists tell is there once. Reverse bills say what is owed to the account and
stand apart.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Family:
    """One list of papers: its kind in the journal, where it is read, how its members are called."""

    kind: str
    path: str
    key: str
    detail_key: str
    words: str
    """What people call them."""
    original: str = ""
    """The member that names the bill which is corrected."""
    prefix: str = ""
    """Stands before the kinds of what belongs to it, where its numbers may be those of other papers too."""

    def marked(self, what: str) -> str:
        """Return the kind under which the journal has this of the family: `details`, `papered`, …"""
        return self.prefix + what


BILL: Final = Family("bill", "/me/bill", "billId", "billDetailId", "bills")
CORRECTIVE_BILL: Final = Family(
    "corrective_bill", "/me/correctiveInvoice", "correctiveInvoiceId", "correctiveInvoiceDetailId",
    "corrective bills", "correctedInvoiceId",
)  # fmt: skip
DOWN_PAYMENT: Final = Family(
    "down_payment",
    "/me/downPaymentInvoice",
    "downPaymentInvoiceId",
    "downPaymentInvoiceDetailId",
    "down payments",
)
CREDIT_NOTE: Final = Family(
    "credit_note", "/me/refund", "refundId", "refundDetailId", "credit notes", "originalBillId"
)
REVERSE_BILL: Final = Family(
    "reverse_bill", "/me/reverseBill", "reverseBillId", "reverseBillDetailId", "reverse bills",
    prefix="reverse_",
)  # fmt: skip

OWED: Final = (BILL, CORRECTIVE_BILL, DOWN_PAYMENT, CREDIT_NOTE)
"""What the account owes or gets back; a paper of two lists belongs to the earlier family."""

OTHERS: Final = (CORRECTIVE_BILL, DOWN_PAYMENT, CREDIT_NOTE, REVERSE_BILL)
"""All but bills."""

FAMILIES: Final = (BILL, *OTHERS)
