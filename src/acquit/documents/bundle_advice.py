"""The paper of a bundle: a remittance advice as text, as a table and as a page with its transfer's code.

Text and page speak a language of the papers; the table is for software and has one header.
"""

import csv
import io
from dataclasses import dataclass
from typing import Final

from acquit.core.bundle import Bundle
from acquit.core.money import plain
from acquit.documents.letterhead import Letterhead
from acquit.documents.page import filled
from acquit.documents.payment_code import payment_code
from acquit.documents.wording import wording

HEAD: Final = ("bill", "account", "amount", "currency", "reference")
PAGE_WORDS: Final = (
    "payee", "iban", "reference", "code_alternative", "bill", "of_account", "open", "to_transfer", "how",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Payee:
    """To whom the transfer goes."""

    name: str
    iban: str
    bic: str


def as_table(bundle: Bundle) -> bytes:
    """Return a line for each bill and one for the credit; the amounts add up to the transfer."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    for part in bundle.parts:
        amount = plain(part.amount_minor, bundle.currency)
        writer.writerow((part.bill_id, part.account_id, amount, bundle.currency, bundle.reference))
    if bundle.credit_minor:
        taken = plain(-bundle.credit_minor, bundle.currency)
        writer.writerow(("", bundle.account_id, taken, bundle.currency, bundle.reference))
    return out.getvalue().encode()


def as_text(bundle: Bundle, payee: Payee, language: str) -> bytes:
    """Return the advice as people read it in a mail."""
    says = wording(language, bundle.currency)
    names = [says.say(f"bundle.{name}") for name in ("payee", "iban", "reference")]
    broad = max(map(len, names)) + 2
    told = (payee.name, in_fours(payee.iban), in_fours(bundle.reference))
    title = says.say("bundle.title", number=str(bundle.bundle_id))
    lines = [
        f"{title}: {bundle.account_id}, {says.day(bundle.made_on)}",
        "",
        *(f"{name:<{broad}}{text}" for name, text in zip(names, told, strict=True)),
        "",
        *(
            f"{part.bill_id:<24}{part.account_id:<20}{says.figure(part.amount_minor):>16}"
            for part in bundle.parts
        ),
    ]
    if bundle.credit_minor:
        lines.append(f"{says.say('bundle.credit'):<44}{says.figure(-bundle.credit_minor):>16}")
    total = f"{says.say('bundle.to_transfer')} {bundle.currency}"
    return "\n".join([*lines, f"{total:<44}{says.figure(bundle.amount_minor):>16}", ""]).encode()


def as_page(bundle: Bundle, payee: Payee, sender: Letterhead, language: str) -> bytes:
    """Return the advice as one self-contained page; in euro with the code that a telephone reads."""
    says = wording(language, bundle.currency)
    code = ""
    if bundle.currency == "EUR":
        code = payment_code(payee.name, payee.iban, payee.bic, bundle.reference, bundle.amount_minor) or ""
    rows: list[tuple[str, str, str]] = [
        (part.bill_id, part.account_id, says.figure(part.amount_minor)) for part in bundle.parts
    ]
    if bundle.credit_minor:
        rows.append((says.say("bundle.credit"), bundle.account_id, says.figure(-bundle.credit_minor)))
    return filled(
        "bundle.html",
        sender,
        says.language,
        says.say("bundle.title", number=str(bundle.bundle_id)),
        says={name: says.say(f"bundle.{name}") for name in PAGE_WORDS},
        payee=payee,
        iban=in_fours(payee.iban),
        reference=in_fours(bundle.reference),
        code=code,
        rows=rows,
        total=says.amount(bundle.amount_minor),
    )


def in_fours(text: str) -> str:
    """Return an identifier in groups of four signs, as people read it aloud."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
