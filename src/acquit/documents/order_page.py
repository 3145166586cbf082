"""A payment order as a web page: which bills it pays, with which references, to which bank account."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from acquit.core.bill import TRANSFER
from acquit.core.payment_order import PaymentOrder
from acquit.documents.letterhead import Letterhead
from acquit.documents.page import filled
from acquit.documents.paper import BillPaper
from acquit.documents.sheet import Payment, payment
from acquit.documents.wording import wording


@dataclass(frozen=True, slots=True)
class Part:
    """One bill of the order: how much of it was open, and how to transfer that."""

    bill_id: str
    due_on: str
    amount: str
    payment: Payment


def render_order_page(order: PaymentOrder, papers: Sequence[BillPaper]) -> bytes:
    """Return the order as one self-contained HTML page; `papers` are those of its bills, not none."""
    says = wording(papers[0].bill.language, order.currency)
    opened = {part.bill_id: part.amount_minor for part in order.debts}
    parts = []
    for paper in papers:
        amount_minor = opened[paper.bill.bill_id]
        bill = replace(paper.bill, total_minor=amount_minor, prepaid_minor=0, payment_means=TRANSFER)
        still_open = replace(paper, bill=bill, debit=None)
        due_on = says.day(paper.bill.due_on)
        parts.append(Part(paper.bill.bill_id, due_on, says.amount(amount_minor), payment(says, still_open)))
    return filled(
        "order.html",
        Letterhead(papers[0].seller, papers[0].logo),
        says.language,
        says.say("pay.title", order=str(order.order_id)),
        says=says.say,
        ordered_on=says.day(order.ordered_at.date()),
        total=says.amount(order.amount_minor),
        parts=parts,
    )
