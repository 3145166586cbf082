"""A receipt as a web page: money that came from an account and what it paid, or money that went back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from acquit.core.money import Currency
from acquit.documents.letterhead import Letterhead
from acquit.documents.page import filled
from acquit.documents.sheet import Said
from acquit.documents.wording import wording


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says; `paid`: bills with what of each was paid; `left_minor`: what paid nothing yet."""

    number: str
    sender: Letterhead
    account_id: str
    language: str
    on: date
    currency: Currency
    amount_minor: int
    reference: str = ""
    paid: tuple[tuple[str, int], ...] = ()
    left_minor: int = 0
    is_refund: bool = False


def render_receipt(receipt: Receipt) -> bytes:
    """Return the receipt as one self-contained HTML page."""
    says = wording(receipt.language, receipt.currency)
    kind = "refund" if receipt.is_refund else "deposit"
    title = says.say(f"receipt.{kind}", number=receipt.number)
    total = says.amount(receipt.amount_minor)
    return filled("receipt.html", receipt.sender, says.language, title, lines=_lines(receipt), total=total)


def _lines(receipt: Receipt) -> Sequence[Said]:
    says = wording(receipt.language, receipt.currency)
    lines = [
        Said(says.say("receipt.on"), says.day(receipt.on)),
        Said(says.say("fact.account"), receipt.account_id),
    ]
    if receipt.reference:
        lines.append(Said(says.say("receipt.reference"), receipt.reference))
    lines += [
        Said(says.say("receipt.paid", bill_id=name), says.amount(minor)) for name, minor in receipt.paid
    ]
    if receipt.left_minor > 0:
        lines.append(Said(says.say("receipt.left"), says.amount(receipt.left_minor)))
    return lines
