"""A bill on paper, as a value: everything that is printed and nothing else.

The same value gives the PDF, its HTML view and, as they come, the electronic forms, so that their
totals cannot differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from acquit.core.bill import Bill
from acquit.core.metered_use import MeteredUse
from acquit.core.snapshot import Buyer, Debit, Seller


@dataclass(frozen=True, slots=True)
class BillPaper:
    """An issued bill with its details, and who sold, bought and pays as copied when it was issued.

    `payer` is given when another legal party than the buyer pays; `corrected_on` is the date of the bill
    that a credit note or corrective bill names; `logo` is a PNG, JPEG or SVG file. The paper of a sandbox
    says that it is a test, and not how to pay. `debit` is there when the bill is paid by direct debit.
    `units` are the codes of what details of use count, by the detail's number (UN/ECE Recommendation 20);
    `uses` stand behind the metered lines, in their order. A self-billed paper is made by its buyer for its
    seller, who may contest it until `contest_until`.
    """

    bill: Bill
    seller: Seller
    buyer: Buyer
    payer: Buyer | None = None
    corrected_on: date | None = None
    logo: bytes = b""
    is_test: bool = False
    debit: Debit | None = None
    units: Mapping[int, str] = field(default_factory=dict)
    uses: tuple[MeteredUse, ...] = ()
    contest_until: date | None = None
