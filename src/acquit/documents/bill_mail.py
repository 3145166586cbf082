"""The mail that a bill leaves with: what it is, how much, until when, in the account's language."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from acquit.core.bill import SELF_BILLED, BillKind
from acquit.core.money import Currency
from acquit.documents.sheet import in_fours
from acquit.documents.wording import wording

MAILS: Final = Path(__file__).parent / "mails"
FALLBACK: Final = "en"
OWED: Final = frozenset({BillKind.BILL, BillKind.CORRECTIVE, BillKind.CLAIM, BillKind.DOWN_PAYMENT})


@dataclass(frozen=True, slots=True)
class Announced:
    """What a mail says of a bill; `link` is empty when the paper is attached.

    `buyer` is who writes it where it made the bill in the name of the seller. `to_pay_minor` is what credit
    left to pay; on `collected_on` it is debited, without a day it is asked for.
    """

    kind: BillKind
    bill_id: str
    seller: str
    iban: str
    language: str
    issued_on: date
    due_on: date
    currency: Currency
    total_minor: int
    to_pay_minor: int
    payment_reference: str
    purchase_order: str = ""
    link: str = ""
    collected_on: date | None = None
    buyer: str = ""


def languages() -> frozenset[str]:
    """Return the languages that these mails can be written in."""
    return frozenset(path.stem for path in MAILS.glob("*.toml"))


def write_mail(bill: Announced) -> tuple[str, str]:
    """Return subject and text; a language without a file is written in English."""
    short = bill.language.split("_")[0].lower()
    texts = _texts(short if short in languages() else FALLBACK)
    says, parts = wording(bill.language, bill.currency), texts["parts"]
    collected_on = bill.collected_on or bill.due_on
    values = {
        "bill": bill.bill_id,
        "seller": bill.buyer if bill.kind in SELF_BILLED else bill.seller,
        "buyer": bill.buyer,
        "issued_on": says.day(bill.issued_on),
        "due_on": says.day(bill.due_on),
        "total": says.amount(bill.total_minor),
        "to_pay": says.amount(bill.to_pay_minor),
        "collected_on": says.day(collected_on),
        "reference": bill.payment_reference,
        "iban": in_fours(bill.iban),
        "purchase_order": bill.purchase_order,
        "link": bill.link,
        "how": parts["linked" if bill.link else "attached"],
    }
    said = [parts["greeting"], texts[bill.kind]["opening"]]
    said += [parts["link"]] if bill.link else []
    said += [parts["purchase_order"]] if bill.purchase_order else []
    said += [parts[name] for name in _about_payment(bill)]
    said.append(parts["closing"])
    subject = texts[bill.kind]["subject"].format(**values)
    return subject, "\n\n".join(each.format(**values) for each in said) + "\n"


def _about_payment(bill: Announced) -> list[str]:
    """Return which sentences say how the bill is paid, or that it is."""
    if bill.kind not in OWED:
        return []
    if bill.to_pay_minor == 0:
        return ["paid" if bill.total_minor else "covered"]
    part = ["to-pay"] if bill.to_pay_minor < bill.total_minor else []
    if bill.collected_on is not None:
        return [*part, "debit"]
    return [*part, "payment"] if bill.iban and bill.payment_reference else part


@cache
def _texts(language: str) -> dict[str, Any]:
    return tomllib.loads((MAILS / f"{language}.toml").read_text(encoding="utf-8"))
